//! How is a line that is typed drawn, with its cursor?

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::text;
use crate::state::input::Input;
use crate::theme::Role;

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
    canvas.put(area, 0, 0, typed.get(start..).unwrap_or_default(), Role::Text);
    let column = text::width(typed.get(start..input.cursor()).unwrap_or_default()).min(room);
    let column = u16::try_from(column).unwrap_or_default();
    Some(Position { x: area.x + column, y: area.y })
}
