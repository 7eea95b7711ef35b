//! Which keys are told where they can be pressed?

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::text::{self, Styled};
use crate::keys::Keys;
use crate::state::Context;
use crate::state::action::Action;
use crate::state::target::Target;
use crate::theme::Role;

/// An action and the word or two for it.
pub(super) type Hint = (Action, &'static str);

/// Between hints.
const GAP: &str = "   ";

/// A key with what it does.
pub(super) fn hint(
    canvas: &Canvas<'_>,
    keys: &Keys,
    context: Context,
    (action, label): Hint,
) -> Option<Styled> {
    let chord = keys.chord(context, action)?;
    let mut hint = Styled::new(chord.to_string(), canvas.style(Role::Key));
    hint.push(" ", canvas.style(Role::Dim));
    hint.push(label, canvas.style(Role::Dim));
    Some(hint)
}

/// Writes as many hints as there is room for behind `from`, ending at the right edge. The first one is kept longest, and
/// stands at the edge, where it is always found; the others follow each other in front of it.
pub(super) fn put_right(
    canvas: &mut Canvas<'_>,
    area: Rect,
    from: u16,
    (keys, context): (&Keys, Context),
    hints: &[Hint],
) {
    let told = |wanted: &Hint| Some((wanted.0, hint(canvas, keys, context, *wanted)?));
    let told = hints.iter().filter_map(told).collect();
    let room = usize::from(area.width.saturating_sub(from));
    put_joined(canvas, area, from, &fitting(told, room));
}

/// The first hints for which there is room.
fn fitting(mut hints: Vec<(Action, Styled)>, room: usize) -> Vec<(Action, Styled)> {
    let mut used = 0;
    let fit = hints.iter().take_while(|(_, hint)| {
        used += hint.width() + if used == 0 { 0 } else { GAP.len() };
        used <= room
    });
    let fit = fit.count();
    hints.truncate(fit);
    hints
}

/// Writes hints in one line that ends at the right edge, when there is room for it behind `from`; the first one stands at
/// its end. A click on one does what its key does.
pub(super) fn put_joined(
    canvas: &mut Canvas<'_>,
    area: Rect,
    from: u16,
    hints: &[(Action, Styled)],
) {
    let widths: usize = hints.iter().map(|(_, hint)| hint.width() + GAP.len()).sum();
    let start = u16::try_from(widths.saturating_sub(GAP.len())).ok();
    let start = start.and_then(|width| area.width.checked_sub(width));
    let Some(mut x) = start.filter(|start| *start >= from) else { return };
    let line = super::rows(area, 0, 1);
    let others = hints.iter().skip(1);
    for (index, (action, hint)) in others.chain(hints.first()).enumerate() {
        if index > 0 {
            x = canvas.put(line, x, 0, GAP, Role::Dim);
        }
        let end = canvas.put_row(line, x, 0, hint);
        let place = Rect { x: line.x + x, width: end.saturating_sub(x), ..line };
        canvas.mark(place, Target::Hint(*action));
        x = end;
    }
}

/// The head of a view on the panes: its title, what is told beside it, and its keys; a line under it. Of what is told, as
/// many parts stand there as have room whole. Returns what is left of the area.
pub(super) fn head(
    canvas: &mut Canvas<'_>,
    area: Rect,
    (title, beside): (&str, &[String]),
    (keys, context): (&Keys, Context),
    hints: &[Hint],
) -> Rect {
    let line = super::inset(super::rows(area, 0, 1), 1, 1);
    let x = canvas.put_fitting(line, 0, 0, (title, line.width), Role::Heading) + 3;
    // The way back is told however narrow it is.
    let back = hints.first().and_then(|wanted| hint(canvas, keys, context, *wanted));
    let back = back.map_or(0, |back| u16::try_from(back.width() + GAP.len()).unwrap_or_default());
    let room = line.width.saturating_sub(x + back);
    let mut told = String::new();
    for part in beside {
        let width = text::width(&told) + text::width(part);
        if !told.is_empty() && width > usize::from(room) {
            break;
        }
        told.push_str(part);
    }
    let x = canvas.put_fitting(line, x, 0, (&told, room), Role::Dim) + 3;
    put_right(canvas, line, x, (keys, context), hints);
    canvas.rule(area, 1);
    super::below(area, 2)
}
