//! What stands over the question line?
//!
//! The places that are asked, what is pinned and what is left out, each with a sign that takes it away; and how much the
//! filters leave. A name that is too long is cut in its middle: the sign stays.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::inset;
use super::text::{self, Styled};
use super::words::{count, counted};
use crate::state::question::InScope;
use crate::state::target::Target;
use crate::state::{Pane, State};
use crate::theme::Role;

/// Lines that it would like to have.
pub(super) fn height(state: &State) -> u16 {
    u16::from(!chips(state).is_empty() || state.question.in_scope.is_some())
}

/// What each chip says, from left to right.
fn chips(state: &State) -> Vec<(String, Role)> {
    let places = state.question.chips.iter().map(|chip| (format!("@{}", chip.way), Role::Filter));
    let conversation = &state.conversation;
    let told = [
        (conversation.chosen.pinned.len(), "pinned", Role::Phrase),
        (conversation.chosen.excluded.len(), "left out", Role::Without),
    ];
    let told = told.into_iter().filter(|(passages, ..)| *passages > 0);
    let told =
        told.map(|(passages, what, role)| (format!("{} {what}", count(passages as u64)), role));
    places.chain(told).collect()
}

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    if area.is_empty() {
        return;
    }
    let question = &state.question;
    let filters = question.filters();
    let counted = match &question.in_scope {
        _ if filters.is_empty() => String::new(),
        Some(in_scope) if in_scope.filters == filters => told(canvas, in_scope),
        _ => canvas.signs.ellipsis.to_owned(),
    };
    let chips = chips(state);
    let remove = format!(" {}  ", canvas.signs.remove);
    let room = usize::from(area.width).saturating_sub(text::width(&counted) + 2);
    // Names of places give way; counts are short, and say nothing when they are cut.
    let places = question.chips.len();
    let mut widths: Vec<usize> = chips.iter().map(|(chip, _)| text::width(chip)).collect();
    let counts = widths.split_off(places);
    let others = counts.iter().sum::<usize>() + chips.len() * text::width(&remove);
    let widest = widest(&widths, room.saturating_sub(others));
    let mut line = Styled::default();
    let mut removing = Vec::new();
    for (index, (chip, role)) in chips.iter().enumerate() {
        let room = if index < places { widest } else { usize::MAX };
        let chip = text::fit_middle(chip, room, canvas.signs.ellipsis);
        line.push(&chip, canvas.style(*role));
        removing.push(line.width());
        line.push(&remove, canvas.style(Role::Dim));
    }
    let mut line = line.fitted(room, canvas.signs.ellipsis);
    canvas.mark(area, Target::Pane(Pane::Question));
    for (index, from) in removing.into_iter().enumerate() {
        // The sign with the air around it, as far as it is there.
        let width = line.width().saturating_sub(from).min(3);
        if let (Ok(from), Ok(width)) = (u16::try_from(from), u16::try_from(width)) {
            canvas.mark(Rect { width, ..inset(area, from, 0) }, Target::Chip(index));
        }
    }
    if !line.is_empty() && !line.text().ends_with(' ') {
        line.push("  ", canvas.style(Role::Dim));
    }
    line.push(&counted, canvas.style(Role::Dim));
    canvas.put_row(area, 0, 0, &line);
}

/// The most cells that each of several texts may take, so that all of them fit in a room.
fn widest(widths: &[usize], room: usize) -> usize {
    let most = widths.iter().copied().max().unwrap_or_default();
    let fits = |cap: &usize| widths.iter().map(|width| width.min(cap)).sum::<usize>() <= room;
    (1..=most).rev().find(fits).unwrap_or(1)
}

fn told(canvas: &Canvas<'_>, in_scope: &InScope) -> String {
    format!(
        "{} {} {}",
        counted(in_scope.documents, "document", "documents"),
        canvas.signs.dot,
        counted(in_scope.passages, "passage", "passages"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_names_give_way_first() {
        assert_eq!(widest(&[5, 9], 20), 9);
        assert_eq!(widest(&[5, 40], 20), 15);
        assert_eq!(widest(&[30, 40, 3], 20), 8);
        assert_eq!(widest(&[30, 40], 1), 1);
        assert_eq!(widest(&[], 1), 1);
    }
}
