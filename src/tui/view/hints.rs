//! Which keys are told where they can be pressed?

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::text::Styled;
use crate::keys::Keys;
use crate::state::Context;
use crate::state::action::Action;
use crate::theme::Role;

/// An action and the word or two for it, the most important first.
pub(super) type Hint = (Action, &'static str);

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

/// Writes as many hints as there is room for behind `from`, ending at the right edge.
pub(super) fn put_right(
    canvas: &mut Canvas<'_>,
    area: Rect,
    (from, y): (u16, u16),
    (keys, context): (&Keys, Context),
    hints: &[Hint],
) {
    let mut line = Styled::default();
    let room = usize::from(area.width.saturating_sub(from));
    for hint in hints.iter().filter_map(|wanted| hint(canvas, keys, context, *wanted)) {
        let mut longer = line.clone();
        if !longer.is_empty() {
            longer.push(GAP, canvas.style(Role::Dim));
        }
        longer.append(&hint);
        if longer.width() > room {
            break;
        }
        line = longer;
    }
    canvas.put_row_right(area, from, y, &line);
}

/// The head of a view on the panes: its title, what is told beside it, and its keys; a line under it. Returns what is left
/// of the area.
pub(super) fn head(
    canvas: &mut Canvas<'_>,
    area: Rect,
    (title, beside): (&str, &str),
    (keys, context): (&Keys, Context),
    hints: &[Hint],
) -> Rect {
    let line = super::inset(super::rows(area, 0, 1), 1, 1);
    let x = canvas.put_fitting(line, 0, 0, (title, line.width), Role::Heading);
    let room = line.width.saturating_sub(x + 3);
    let x = canvas.put_fitting(line, x + 3, 0, (beside, room), Role::Dim);
    put_right(canvas, line, (x + 3, 0), (keys, context), hints);
    canvas.rule(area, 1);
    super::below(area, 2)
}
