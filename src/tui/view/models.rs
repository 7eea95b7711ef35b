//! How is the list of models drawn?

use std::path::Path;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::text::{self, Styled};
use super::words::{count, percent, size, tokens};
use super::{List, below, hints, inset, rows};
use crate::keys::Keys;
use crate::models::fit;
use crate::state::action::Action;
use crate::state::model::{Found, ModelState};
use crate::state::{Context, State};
use crate::theme::Role;

/// Cells of the columns before and behind the name, and between them.
const SIGN: usize = 3;
const QUANTIZATION: usize = 8;
const SIZE: usize = 6;
const GAP: usize = 3;
/// The name's column.
const NARROWEST: usize = 8;
const NAME: usize = 44;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    list: &mut List,
) {
    let hints = [(Action::Back, "back"), (Action::Open, "choose")];
    let free = state.model.free.map(|free| format!("free memory {}", size(free)));
    let title = ("Models", free.as_deref().unwrap_or_default());
    let body = hints::head(canvas, area, title, (keys, Context::Models), &hints);
    let body = inset(below(body, 1), 1, 1);
    let model = &state.model;
    let room = usize::from(body.width);
    let longest = model.found.iter().map(|found| text::width(&found.name)).max();
    let origin_room = model.found.iter().map(|found| text::width(found.origin.name())).max();
    let origin_room = origin_room.unwrap_or_default();
    let others = SIGN + origin_room + QUANTIZATION + SIZE + 3 * GAP;
    let name_room =
        longest.unwrap_or_default().min(NAME).min(room.saturating_sub(others)).max(NARROWEST);
    let mut lines: Vec<Styled> = Vec::new();
    let mut selected = (0, 1);
    for (index, found) in model.found.iter().enumerate() {
        let first = lines.len();
        lines.extend(file(canvas, (room, name_room, origin_room), found, state));
        if index == model.selected {
            selected = (first, lines.len());
        }
    }
    if model.found.is_empty() {
        let folder = model.folder.as_deref().unwrap_or(Path::new("models")).display();
        let text = format!(
            "No model was found on this machine. Put a GGUF file into `{folder}` (make the folder), or name one with --model."
        );
        lines.extend(Styled::new(&text, canvas.style(Role::Dim)).indented(room, 1, 1));
        lines.push(Styled::default());
    }
    let is_in_use = matches!(model.state, ModelState::Quotes | ModelState::Refused { .. });
    let mut none = mark(canvas, is_in_use);
    none.push("none: quotes only", canvas.style(Role::Text));
    let told = "   the sentences that answer, word for word";
    let told = text::fit(told, room.saturating_sub(none.width()), canvas.signs.ellipsis);
    none.push(&told, canvas.style(Role::Dim));
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

/// A file's line, and where there is no room beside it, what is told of it below.
fn file(
    canvas: &Canvas<'_>,
    (room, name_room, origin_room): (usize, usize, usize),
    found: &Found,
    state: &State,
) -> Vec<Styled> {
    let fault = |reason: &str| (format!("{} {reason}", canvas.signs.fault), Role::Error);
    let mut is_in_use = false;
    let (told, role) = match (&state.model.state, &found.fault) {
        (ModelState::Ready(loaded), _) if loaded.path == found.path => {
            is_in_use = true;
            (format!("context of {} tokens", count(loaded.context as u64)), Role::Dim)
        }
        (ModelState::Loading { path, share }, _) if *path == found.path => {
            (format!("loading {}", percent(f64::from(*share))), Role::Accent)
        }
        (ModelState::Refused { path, reason }, _) if *path == found.path => fault(reason),
        (_, Some(reason)) => fault(reason),
        (_, None) => {
            let needs = found.needs.unwrap_or_default();
            let needed = format!("{} at {} tokens", size(needs), tokens(found.context));
            let told = match state.model.free {
                Some(free) => format!("{} ({needed})", fit(needs, free)),
                None => needed,
            };
            (told, Role::Dim)
        }
    };
    let dim = canvas.style(Role::Dim);
    let ellipsis = canvas.signs.ellipsis;
    let mut line = mark(canvas, is_in_use);
    let indent = line.width();
    let name_role = if found.fault.is_none() { Role::Text } else { Role::Dim };
    line.push(&text::fit(&found.name, name_room, ellipsis), canvas.style(name_role));
    let mut column = indent + name_room + GAP;
    line.pad(column);
    line.push(found.origin.name(), dim);
    column += origin_room + GAP;
    line.pad(column);
    let quantization = found.quantization.as_deref().unwrap_or_default();
    line.push(&text::fit(quantization, QUANTIZATION, ellipsis), dim);
    column += QUANTIZATION + GAP;
    line.pad(column);
    if found.size > 0 {
        line.push(&size(found.size), dim);
    }
    if told.is_empty() {
        return vec![line];
    }
    let beside = column + SIZE + GAP;
    if beside + text::width(&told) <= room {
        line.pad(beside);
        line.push(&told, canvas.style(role));
        return vec![line];
    }
    let mut lines = vec![line];
    lines.extend(Styled::new(told, canvas.style(role)).indented(room, indent, indent));
    lines
}
