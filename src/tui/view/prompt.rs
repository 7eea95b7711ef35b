//! How is a line that is typed drawn, with its cursor?

use ratatui::layout::{Position, Rect};

use super::bidi;
use super::canvas::{Canvas, put_rows};
use super::text::{self, Styled};
use super::{below, inset, rows};
use crate::state::input::Input;
use crate::state::target::Target;
use crate::theme::Role;

/// Columns before what is typed: air, the sign, air.
const LEFT: u16 = 3;

/// Draws one line that moves sideways so that the cursor can be seen, and returns where the cursor stands.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &Input,
    placeholder: &str,
) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    if input.is_empty() {
        canvas.put_fitting(area, 0, 0, (placeholder, area.width), Role::Placeholder);
    }
    let typed = input.text();
    let before = typed.get(..input.cursor()).unwrap_or_default();
    // One cell is kept for the cursor behind the last character.
    let room = usize::from(area.width.saturating_sub(1));
    let mut hidden = text::width(before).saturating_sub(room);
    let start = text::graphemes(typed)
        .find(|grapheme| {
            let is_shown = hidden == 0;
            hidden = hidden.saturating_sub(grapheme.width);
            is_shown
        })
        .map_or(typed.len(), |grapheme| grapheme.start);
    let role = if input.is_marked() { Role::Selected } else { Role::Text };
    let is_rtl = bidi::begins_rtl(typed);
    let shown = Styled::new(typed.get(start..).unwrap_or_default(), canvas.style(role));
    let mut shown = shown.cut(if is_rtl { room } else { area.width.into() }).in_paragraph(is_rtl);
    if is_rtl {
        // The cursor stands there when it is behind the last letter.
        shown.end_with(" ", canvas.style(Role::Text));
    }
    canvas.put_row(area, 0, 0, &shown);
    let column = bidi::column_of(&shown, input.cursor() - start, canvas.order).min(room);
    let column = u16::try_from(column).unwrap_or_default();
    Some(Position { x: area.x + column, y: area.y })
}

/// A panel at the foot of `area`, in the place of the question line: a title in the line above it, the line to type in,
/// what is told under that, and its keys.
pub(super) fn panel(
    canvas: &mut Canvas<'_>,
    area: Rect,
    title: &str,
    (told, hint): (&Styled, &str),
    line: impl FnOnce(&mut Canvas<'_>, Rect) -> Option<Position>,
) -> Option<Position> {
    let room = area.width.saturating_sub(LEFT + 1);
    let told = if told.is_empty() { Vec::new() } else { told.wrapped(room.into()) };
    let height = u16::try_from(told.len()).unwrap_or(u16::MAX).saturating_add(4);
    let height = height.min(area.height);
    let panel = below(area, area.height - height);
    canvas.clear(panel);
    canvas.mark(panel, Target::Layer);
    canvas.rule(panel, 0);
    let title = text::fit(title, area.width.saturating_sub(4).into(), canvas.signs.ellipsis);
    canvas.put_fitting(panel, 1, 0, (&format!(" {title} "), area.width), Role::Focus);
    canvas.put(panel, 1, 1, canvas.signs.prompt, Role::Accent);
    let inner = inset(panel, LEFT, 1);
    let cursor = line(canvas, rows(inner, 1, 1));
    put_rows(canvas, rows(inner, 2, height.saturating_sub(4)), told.iter());
    let foot = below(panel, height.saturating_sub(2).max(2));
    canvas.put_fitting(inset(foot, LEFT, 1), 0, 0, (hint, room), Role::Dim);
    canvas.rule(foot, 1);
    cursor
}
