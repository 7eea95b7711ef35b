//! How is the list of themes drawn?
//!
//! Beside what it changes, so that each can be seen as it would be.

use ratatui::layout::Rect;

use super::canvas::{Canvas, put_rows};
use super::text::{self, Styled};
use super::{List, below, hints, inset, rows};
use crate::keys::Keys;
use crate::state::Context;
use crate::state::action::Action;
use crate::state::look::{Look, ThemeChoice};
use crate::state::target::Target;
use crate::theme::{Background, Role};

/// Columns of the list, where the terminal has twice as many.
const WIDTH: u16 = 44;
const NARROWEST: u16 = 26;
/// Columns before a name.
const INDENT: u16 = 4;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    view: Rect,
    (look, selected): (&Look, usize),
    keys: &Keys,
    list: &mut List,
) {
    let width = (view.width / 2).clamp(NARROWEST, WIDTH).min(view.width);
    let area = inset(view, view.width - width, 0);
    canvas.clear(area);
    canvas.mark(area, Target::Layer);
    canvas.upright(area, 0, Role::Border);
    let area = inset(area, 2, 1);
    canvas.put_fitting(area, 1, 0, ("Themes", area.width), Role::Focus);
    let foot = below(area, area.height.saturating_sub(1));
    let keep = [(Action::Back, "back"), (Action::Open, "keep it")];
    hints::put_right(canvas, foot, 0, (keys, Context::Themes), &keep);
    let body = below(area, 2);
    let fault = look.choices().nth(selected).and_then(|choice| look.fault(&choice));
    let fault = Styled::new(fault.unwrap_or_default(), canvas.style(Role::Error));
    let fault = if fault.is_empty() { Vec::new() } else { fault.wrapped(body.width.into()) };
    let fault_rows = u16::try_from(fault.len()).unwrap_or(u16::MAX).min(body.height / 2);
    let body = rows(body, 0, body.height.saturating_sub(2 + fault_rows));
    put_rows(canvas, rows(area, foot.y - area.y - fault_rows, fault_rows), fault.iter());
    let count = look.choices().count();
    let top = list.show((selected, selected + 1), count, body.height.into());
    for (y, (index, choice)) in (0..body.height).zip(look.choices().enumerate().skip(top)) {
        let is_selected = index == selected;
        let sign = match (is_selected, choice == look.theme) {
            (true, _) => canvas.signs.chosen,
            (false, true) => canvas.signs.loaded,
            (false, false) => " ",
        };
        canvas.mark(rows(body, y, 1), Target::Row(index));
        canvas.put(body, 2, y, sign, Role::Accent);
        let role = if look.fault(&choice).is_some() { Role::Error } else { Role::Text };
        let room = body.width.saturating_sub(INDENT);
        let x = canvas.put_fitting(body, INDENT, y, (choice.name(), room), role);
        let told = told(look, &choice);
        let told =
            text::fit(&told, usize::from(body.width.saturating_sub(x + 2)), canvas.signs.ellipsis);
        canvas.put_right(body, x + 2, y, &told, Role::Dim);
        if is_selected {
            canvas.paint(rows(body, y, 1), Role::Selected);
        }
    }
}

/// What is told beside a name.
fn told(look: &Look, choice: &ThemeChoice) -> String {
    let background = |background| match background {
        Some(Background::Dark) => "dark",
        Some(Background::Light) => "light",
        None => "no colours",
    };
    let Some(listed) = look.themes.iter().find(|listed| listed.name == choice.name()) else {
        return "as the terminal".to_owned();
    };
    match &listed.fault {
        Some(_) => "can't be used".to_owned(),
        None if listed.is_own => format!("{}, yours", background(listed.background)),
        None => background(listed.background).to_owned(),
    }
}
