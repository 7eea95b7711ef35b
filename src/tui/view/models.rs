//! How is the list of models drawn?

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::text::Styled;
use super::words::{percent, size};
use super::{List, below, hints, inset, rows};
use crate::keys::Keys;
use crate::state::action::Action;
use crate::state::model::{Found, ModelState};
use crate::state::{Context, State};
use crate::theme::Role;

/// Cells of the columns behind the name.
const QUANTIZATION: usize = 10;
const SIZE: usize = 9;
/// The name's column, at most.
const NAME: usize = 44;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    list: &mut List,
) {
    let hints = [(Action::Back, "back"), (Action::Open, "load"), (Action::Help, "help")];
    let body = hints::head(canvas, area, ("Models", ""), (keys, Context::Models), &hints);
    let body = inset(below(body, 1), 1, 1);
    let model = &state.model;
    let mut lines: Vec<Styled> = Vec::new();
    let mut selected = (0, 1);
    for (index, found) in model.found.iter().enumerate() {
        let first = lines.len();
        lines.extend(file(canvas, usize::from(body.width), found, state));
        if index == model.selected {
            selected = (first, lines.len());
        }
    }
    if model.found.is_empty() {
        let text = "No GGUF file is there. Put one into the folder `models` in docent's home, or name one with --model.";
        lines.extend(Styled::new(text, canvas.style(Role::Dim)).wrapped(body.width.into()));
        lines.push(Styled::default());
    }
    let is_in_use = matches!(model.state, ModelState::Quotes | ModelState::Refused { .. });
    let mut none = mark(canvas, is_in_use);
    none.push("none: quotes only", canvas.style(Role::Text));
    none.push("   the sentences that answer, word for word", canvas.style(Role::Dim));
    if model.selected >= model.found.len() {
        selected = (lines.len(), lines.len() + 1);
    }
    lines.push(none);
    let top = list.show(selected, lines.len(), body.height.into());
    for (y, (index, line)) in (0..body.height).zip(lines.iter().enumerate().skip(top)) {
        canvas.put_row(body, 0, y, line);
        if index == selected.0 {
            canvas.paint(rows(body, y, 1), Role::Selected);
        }
    }
}

/// The sign of what answers now.
fn mark(canvas: &Canvas<'_>, is_in_use: bool) -> Styled {
    let sign = if is_in_use { canvas.signs.loaded } else { " " };
    Styled::new(format!(" {sign} "), canvas.style(Role::Accent))
}

fn file(canvas: &Canvas<'_>, room: usize, found: &Found, state: &State) -> Vec<Styled> {
    let (is_in_use, told, role) = match &state.model.state {
        ModelState::Ready(loaded) if loaded.path == found.path => {
            let told = format!(
                "loaded {} context of {} tokens",
                canvas.signs.dot,
                super::words::count(loaded.context as u64)
            );
            (true, told, Role::Dim)
        }
        ModelState::Loading { path, share } if *path == found.path => {
            (false, format!("loading {}", percent(f64::from(*share))), Role::Accent)
        }
        ModelState::Refused { path, reason } if *path == found.path => {
            (false, format!("{} {reason}", canvas.signs.fault), Role::Error)
        }
        _ => match &found.fault {
            Some(fault) => (false, format!("{} {fault}", canvas.signs.fault), Role::Error),
            None => (false, String::new(), Role::Dim),
        },
    };
    let mut line = mark(canvas, is_in_use);
    let dim = canvas.style(Role::Dim);
    let name_room = room.saturating_sub(line.width() + QUANTIZATION + SIZE + 4).clamp(8, NAME);
    let pad = |line: &mut Styled, from: usize, room: usize| {
        let gap = (from + room).saturating_sub(line.width()) + 2;
        line.push(&" ".repeat(gap), dim);
    };
    let start = line.width();
    let is_usable = found.fault.is_none();
    let name_role = if is_usable { Role::Text } else { Role::Dim };
    line.push(
        &super::text::fit(&found.name, name_room, canvas.signs.ellipsis),
        canvas.style(name_role),
    );
    pad(&mut line, start, name_room);
    let start = line.width();
    let quantization = found.quantization.as_deref().unwrap_or_default();
    line.push(&super::text::fit(quantization, QUANTIZATION, canvas.signs.ellipsis), dim);
    pad(&mut line, start, QUANTIZATION);
    let start = line.width();
    line.push(&size(found.size), dim);
    if told.is_empty() {
        return vec![line];
    }
    pad(&mut line, start, SIZE);
    // Beside where there is room, else below.
    let left = room.saturating_sub(line.width());
    if super::text::width(&told) <= left {
        line.push(&told, canvas.style(role));
        return vec![line];
    }
    let mut lines = vec![line];
    for below in Styled::new(told, canvas.style(role)).wrapped(room.saturating_sub(5).max(1)) {
        let mut indented = Styled::new("     ", dim);
        indented.append(&below);
        lines.push(indented);
    }
    lines
}
