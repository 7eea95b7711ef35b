//! How does the question line look?

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::notice;
use super::regions::Regions;
use super::text::{self, LineSpan};
use super::{has_focus, inset};
use crate::state::input::Input;
use crate::state::scroll::{Measure, Measures};
use crate::state::{Pane, State};
use crate::theme::Role;

/// It grows with what is typed up to this; then it scrolls.
const HIGHEST: usize = 10;
/// Columns before the text: air, the sign, air.
const LEFT: u16 = 3;
const RIGHT: u16 = 1;

/// Lines that it would like to have.
pub(super) fn height(state: &State, width: u16) -> u16 {
    let lines = lines(&state.question.input, room(width)).len().clamp(1, HIGHEST);
    u16::try_from(lines).unwrap_or(1)
}

fn room(width: u16) -> usize {
    // One cell is kept for the cursor behind the last character.
    usize::from(width.saturating_sub(LEFT + RIGHT + 1))
}

fn lines(input: &Input, room: usize) -> Vec<LineSpan> {
    let mut lines = Vec::new();
    text::wrap(input.text(), room, room, |span| lines.push(span));
    lines
}

/// Draws the notice, the lines around the question and the question; returns where the cursor stands when keys go there.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    regions: &Regions,
    state: &State,
    measures: &Measures,
) -> Option<Position> {
    notice::draw(canvas, regions.notice, state);
    canvas.rule(regions.rule_above, 0);
    canvas.rule(regions.rule_below, 0);
    for (pane, measure) in
        [(regions.conversation, measures.conversation), (regions.sources, measures.sources)]
    {
        if let Some(pane) = pane {
            let width = pane.width.saturating_sub(2);
            more(canvas, Rect { x: pane.x, width, ..regions.rule_above }, &measure);
        }
    }
    let area = regions.question;
    let is_in_focus = has_focus(state, Pane::Question);
    let role = if is_in_focus { Role::Accent } else { Role::Dim };
    canvas.put(area, 1, 0, canvas.signs.prompt, role);
    let area = inset(area, LEFT, RIGHT);
    let input = &state.question.input;
    if input.is_empty() {
        let placeholder = format!("ask about your documents{}", canvas.signs.ellipsis);
        canvas.put_fitting(area, 0, 0, (&placeholder, area.width), Role::Placeholder);
    }
    let lines = lines(input, room(regions.question.width));
    let cursor = input.cursor();
    let row = lines.iter().rposition(|line| line.start <= cursor).unwrap_or_default();
    let top = (row + 1).saturating_sub(area.height.into());
    for (y, line) in (0..area.height).zip(lines.iter().skip(top)) {
        let typed = input.text().get(line.start..line.end).unwrap_or_default();
        canvas.put(area, 0, y, typed, Role::Text);
    }
    if !is_in_focus || area.is_empty() {
        return None;
    }
    let start = lines.get(row).map_or(0, |line| line.start);
    let column = text::width(input.text().get(start..cursor).unwrap_or_default());
    let column = u16::try_from(column).unwrap_or(u16::MAX).min(area.width - 1);
    let row = u16::try_from(row - top).unwrap_or_default();
    Some(Position { x: area.x + column, y: area.y + row })
}

/// Says at the right of the line under a region how much of it lies below.
pub(super) fn more(canvas: &mut Canvas<'_>, area: Rect, measure: &Measure) {
    let below = measure.lines.saturating_sub(measure.top + measure.height);
    if below > 0 {
        let text = format!(" {} {below} more ", canvas.signs.below);
        canvas.put_right(area, 2, 0, &text, Role::Dim);
    }
}
