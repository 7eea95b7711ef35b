//! What is told in passing?

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::text::{self, Styled};
use super::{below, inset};
use crate::state::State;
use crate::state::notice::Kind;
use crate::theme::Role;

/// More lines than this hide what the notice is about.
const MOST: u16 = 4;
/// Columns before and behind it, and the sign with the space behind it.
const MARGIN: u16 = 1;

/// Lines that the notice takes; none without one.
pub(super) fn height(state: &State, width: u16) -> u16 {
    let Some((notice, _)) = &state.notice else { return 0 };
    let room = usize::from(width.saturating_sub(2 * MARGIN + 2));
    let mut lines = 0_u16;
    text::wrap(&notice.text, room, room, |_| lines = lines.saturating_add(1));
    lines.min(MOST)
}

/// Where it stands on a view that fills the screen: at its foot.
pub(super) fn over(view: Rect, state: &State) -> Rect {
    let height = height(state, view.width).min(view.height);
    below(view, view.height - height)
}

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let Some((notice, _)) = &state.notice else { return };
    canvas.clear(area);
    let (sign, role) = match notice.kind {
        Kind::Note => (canvas.signs.dot, Role::Note),
        Kind::Error => (canvas.signs.fault, Role::Error),
    };
    let area = inset(area, MARGIN, MARGIN);
    let start = canvas.put(area, 0, 0, sign, role) + 1;
    let area = inset(area, start, 0);
    let lines = Styled::new(notice.text.as_str(), canvas.style(role)).wrapped(area.width.into());
    let is_cut = lines.len() > usize::from(area.height);
    for (y, line) in (0..area.height).zip(&lines) {
        let x = canvas.put_row(area, 0, y, line);
        if is_cut && y + 1 == area.height {
            canvas.put(area, x.min(area.width.saturating_sub(1)), y, canvas.signs.ellipsis, role);
        }
    }
}
