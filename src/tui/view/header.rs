//! What stands at the head of the screen?

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::words::counted;
use super::{has_focus, rows, status};
use crate::state::{Pane, State};
use crate::theme::Role;

/// Under this width the seal stands in the head instead of the counts.
pub(super) const NARROW: u16 = 80;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let line = rows(area, 0, 1);
    let x = canvas.put(line, 1, 0, "docent", Role::Heading);
    let start = if area.width < NARROW {
        canvas.put_row_right(edge(line), x + 2, 0, &status::seal(canvas, state))
    } else {
        let content = &state.library.content;
        let counts = format!(
            "{} {} {}",
            counted(content.passages, "passage", "passages"),
            canvas.signs.dot,
            counted(content.documents, "document", "documents"),
        );
        // Before the library is open nothing is known, which is not the same as nothing being there.
        let counts = if content.folders.is_empty() { "" } else { &counts };
        canvas.put_right(edge(line), x + 2, 0, counts, Role::Dim)
    };
    let room = start.saturating_sub(x + 6);
    let role = if has_focus(state, Pane::Conversation) { Role::Focus } else { Role::Text };
    match state.title() {
        Some(title) => canvas.put_fitting(line, x + 3, 0, (title, room), role),
        None => canvas.put_fitting(line, x + 3, 0, ("new conversation", room), Role::Dim),
    };
    if area.height > 1 {
        canvas.rule(area, 1);
    }
}

/// The line without its last column.
fn edge(line: Rect) -> Rect {
    Rect { width: line.width.saturating_sub(1), ..line }
}
