//! What stands over the question line?
//!
//! The places that are asked, what is pinned and what is left out, each with a sign that takes it away; and how much the
//! filters leave. A name that is too long is cut in its middle: the sign stays.

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::inset;
use super::text::{self, Styled};
use super::words::{count, counted};
use crate::state::question::Question;
use crate::state::target::Target;
use crate::state::{Pane, State};
use crate::theme::Role;

/// Lines that it would like to have.
pub(super) fn height(state: &State) -> u16 {
    let (places, counts) = chips(state);
    u16::from(!places.is_empty() || !counts.is_empty() || state.question.in_scope.is_some())
}

/// Fewer cells of a place tell nobody which one it is.
const LEAST: usize = 12;

struct Chip<'a> {
    sign: &'static str,
    text: Cow<'a, str>,
    role: Role,
}

impl Chip<'_> {
    fn width(&self) -> usize {
        text::width(self.sign) + text::width(&self.text)
    }
}

/// The places, and how many passages are chosen, from left to right.
fn chips(state: &State) -> (Vec<Chip<'_>>, Vec<Chip<'_>>) {
    let places = state.question.chips.iter().map(|chip| Chip {
        sign: "@",
        text: Cow::Borrowed(&chip.way),
        role: Role::Filter,
    });
    let chosen = &state.conversation.chosen;
    let counts = [
        (chosen.pinned.len(), "pinned", Role::Phrase),
        (chosen.excluded.len(), "left out", Role::Without),
    ];
    let counts = counts.into_iter().filter(|(passages, ..)| *passages > 0);
    let counts = counts.map(|(passages, what, role)| Chip {
        sign: "",
        text: Cow::Owned(format!("{} {what}", count(passages as u64))),
        role,
    });
    (places.collect(), counts.collect())
}

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    if area.is_empty() {
        return;
    }
    let (mut places, counts) = chips(state);
    let remove = format!(" {}  ", canvas.signs.remove);
    let removes = (places.len() + counts.len()) * text::width(&remove);
    let taken = counts.iter().map(Chip::width).sum::<usize>() + removes;
    let widths: Vec<usize> = places.iter().map(Chip::width).collect();
    let longest = widths.iter().copied().max().unwrap_or_default();
    // Names of places give way, but what is counted goes before they say nothing any more.
    let (counted, room, widest) = in_scope(canvas, &state.question)
        .into_iter()
        .map(|counted| {
            let room = usize::from(area.width).saturating_sub(text::width(&counted) + 2);
            let widest = widest(&widths, room.saturating_sub(taken));
            (counted, room, widest)
        })
        .reduce(|one, other| if one.2 >= longest.min(LEAST) { one } else { other })
        .unwrap_or_default();
    for place in &mut places {
        let room = widest.saturating_sub(text::width(place.sign));
        let fitted = text::fit_middle(&place.text, room, canvas.signs.ellipsis).into_owned();
        place.text = Cow::Owned(fitted);
    }
    let mut line = Styled::default();
    let mut removing = Vec::new();
    for chip in places.iter().chain(&counts) {
        line.push(chip.sign, canvas.style(chip.role));
        line.append(&Styled::new(&*chip.text, canvas.style(chip.role)).unit());
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

/// How much the filters leave, in more and in fewer words.
fn in_scope(canvas: &Canvas<'_>, question: &Question) -> Vec<String> {
    let filters = question.filters();
    let told = match &question.in_scope {
        _ if filters.is_empty() => None,
        Some(in_scope) if in_scope.filters == filters => Some((
            counted(in_scope.documents, "document", "documents"),
            counted(in_scope.passages, "passage", "passages"),
        )),
        _ => return vec![canvas.signs.ellipsis.to_owned()],
    };
    let told = told.map_or_else(Vec::new, |(documents, passages)| {
        vec![format!("{documents} {} {passages}", canvas.signs.dot), documents]
    });
    told.into_iter().chain([String::new()]).collect()
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
