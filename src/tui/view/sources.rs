//! How do the passages that an answer stands on look?

use std::ops::Range;

use ratatui::layout::Rect;

use super::canvas::{Canvas, put_rows};
use super::text::{self, Styled};
use super::{below, has_focus, inset, measure, rows, title_role};
use crate::json::Hit;
use crate::state::conversation::{Answering, Conversation, Turn};
use crate::state::scroll::{Anchor, Measure};
use crate::state::target::Target;
use crate::state::{Pane, State};
use crate::theme::Role;

/// Lines of a passage that is not chosen.
const EXCERPT: usize = 3;
/// Columns before a source's text.
const INDENT: usize = 6;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) -> Measure {
    let is_beside = area.x > 0;
    if is_beside {
        let is_held = matches!(state.dragged, Some((Pane::Sources, _)));
        let role = if is_held { Role::Accent } else { Role::Border };
        canvas.upright(area, 0, role);
    }
    let area = inset(area, if is_beside { 2 } else { 1 }, 1);
    let turn = state.shown();
    title(canvas, area, state, turn);
    let body = below(area, 2);
    let Some(turn) = turn else {
        let text = "The passages that an answer stands on come here.";
        let body = inset(body, 1, 0);
        let lines = Styled::new(text, canvas.style(Role::Dim)).wrapped(body.width.into());
        put_rows(canvas, body, lines.iter());
        return Measure { height: body.height.into(), ..Measure::default() };
    };
    if turn.hits.is_empty() {
        let text = match turn.answer {
            Answering::Searching(_) => format!("searching{}", canvas.signs.ellipsis),
            Answering::Reading { .. }
            | Answering::Writing { .. }
            | Answering::Done(_)
            | Answering::Nothing { .. } => "no passage was found".to_owned(),
        };
        canvas.put_fitting(body, 1, 0, (&text, body.width), Role::Dim);
    }
    let room = usize::from(body.width);
    let mut firsts = Vec::new();
    let mut lines = Vec::new();
    for (index, hit) in turn.hits.iter().enumerate() {
        firsts.push(lines.len());
        let is_selected = index == state.sources.selected;
        let source = Source { hit, turn, conversation: &state.conversation, is_selected };
        source.lay(canvas, room, has_focus(state, Pane::Sources), &mut lines);
        lines.push(Styled::default());
    }
    lines.pop();
    let sources_end = lines.len();
    if !turn.hits.is_empty() {
        left_out(canvas, (turn, &state.conversation), room, &mut lines);
    }
    let first = |index: usize| firsts.get(index).copied().unwrap_or(lines.len());
    let measure = measure(
        state.sources.scroll,
        (lines.len(), body.height),
        |anchor| match anchor {
            Anchor::Item(index) | Anchor::Mark(index) => first(index),
            Anchor::At { item, line } => first(item).saturating_add(line),
            Anchor::Line(_) | Anchor::End | Anchor::Chosen { .. } => 0,
        },
        |top| firsts.partition_point(|first| *first <= top).max(1) - 1,
    );
    put_rows(canvas, body, lines.iter().skip(measure.top));
    for (index, first) in firsts.iter().enumerate() {
        let end = firsts.get(index + 1).copied().unwrap_or(sources_end);
        let shown = first.saturating_sub(measure.top)..end.saturating_sub(measure.top);
        let (Ok(from), Ok(to)) = (u16::try_from(shown.start), u16::try_from(shown.end)) else {
            break;
        };
        canvas.mark(rows(body, from, to.saturating_sub(from)), Target::Source(index));
    }
    measure
}

/// What the user has left out of the next questions and is not among the sources, so that it is not forgotten.
fn left_out(
    canvas: &Canvas<'_>,
    (turn, conversation): (&Turn, &Conversation),
    room: usize,
    lines: &mut Vec<Styled>,
) {
    let excluded = conversation.chosen.excluded.iter();
    let mut hidden = excluded.filter(|passage| !turn.hits.iter().any(|hit| passage.is(hit)));
    let Some(first) = hidden.next() else { return };
    let dim = canvas.style(Role::Dim);
    lines.push(Styled::default());
    lines.extend(Styled::new("  left out (/take-all-in takes it in again):", dim).wrapped(room));
    for passage in std::iter::once(first).chain(hidden) {
        let name = passage.path.file_name().unwrap_or_default().to_string_lossy();
        let place = passage.page.map(|page| format!(", p. {page}")).unwrap_or_default();
        let left = room.saturating_sub(INDENT + text::width(&place));
        let name = text::fit_middle(&name, left, canvas.signs.ellipsis);
        let mut line = Styled::new(" ".repeat(INDENT), dim);
        line.append(&Styled::new(name, canvas.style(Role::Excluded)).unit());
        line.push(&place, dim);
        lines.push(line);
    }
}

fn title(canvas: &mut Canvas<'_>, area: Rect, state: &State, turn: Option<&Turn>) {
    let is_abstention = turn.and_then(Turn::answered).is_some_and(|answered| answered.abstained);
    let name = if is_abstention { "Nearest passages" } else { "Sources" };
    let conversation = &state.conversation;
    let is_preview = state.preview.as_ref().is_some_and(|preview| preview.found().is_some());
    let title = match conversation.selected.filter(|_| conversation.turns.len() > 1) {
        _ if is_preview => "Found while you type".to_owned(),
        Some(index) => format!("{name} of question {}", index + 1),
        None => name.to_owned(),
    };
    let room = area.width.saturating_sub(6);
    let x = canvas.put_fitting(area, 1, 0, (&title, room), title_role(state, Pane::Sources));
    if let Some(turn) = turn.filter(|turn| !turn.hits.is_empty()) {
        canvas.put_right(area, x + 1, 0, &turn.hits.len().to_string(), Role::Dim);
    }
}

/// A passage with what the answer made of it.
struct Source<'a> {
    hit: &'a Hit,
    turn: &'a Turn,
    conversation: &'a Conversation,
    is_selected: bool,
}

impl Source<'_> {
    /// Whether the answer cites it, also while it is being written.
    fn is_cited(&self) -> bool {
        match &self.turn.answer {
            Answering::Writing { text, .. } => text.contains(&format!("[{}]", self.hit.n)),
            _ => self.turn.citation(self.hit.n).is_some(),
        }
    }

    /// The stretches that answer.
    fn highlights(&self) -> Vec<Range<usize>> {
        let text = &self.hit.text;
        let stretches = self.turn.highlights(self.hit).into_iter();
        stretches
            .map(|(start, end)| start..end)
            .filter(|span| text.get(span.clone()).is_some())
            .collect()
    }

    fn lay(&self, canvas: &Canvas<'_>, room: usize, has_focus: bool, lines: &mut Vec<Styled>) {
        let hit = self.hit;
        let ellipsis = canvas.signs.ellipsis;
        let dim = canvas.style(Role::Dim);
        let sign = if self.is_selected { canvas.signs.chosen } else { " " };
        let mut first = Styled::new(format!("{sign} "), canvas.style(Role::Accent));
        // A source that the answer cites bears its number as it stands in the answer.
        if self.is_cited() {
            first.push(&format!("[{}]", hit.n), canvas.style(Role::Citation));
        } else {
            first.push(&format!(" {} ", hit.n), dim);
        }
        first.pad(INDENT.max(first.width() + 1));
        let score = format!("{:.2}", hit.score.clamp(0.0, 1.0));
        let title_room = room.saturating_sub(first.width() + 2 + score.len()).max(1);
        let title_role = match self.is_selected && has_focus {
            _ if self.is_excluded() => Role::Excluded,
            true => Role::Focus,
            false => Role::Strong,
        };
        let place = self.place(canvas);
        if self.is_selected {
            // What is chosen is told in whole.
            let title = Styled::new(hit.title.as_str(), canvas.style(title_role));
            let title = title.wrapped(title_room);
            let mut title = title.iter();
            title.next().into_iter().for_each(|line| first.append(line));
            first.pad(room.saturating_sub(score.len()));
            first.push(&score, dim);
            lines.push(first);
            lines.extend(title.flat_map(|line| line.indented(room, INDENT, INDENT)));
            if !place.is_empty() {
                lines.extend(Styled::new(place, dim).indented(room, INDENT, INDENT));
            }
            lines.extend(self.whole(canvas).indented(room, INDENT, INDENT));
            return;
        }
        let title = text::fit_title(&hit.title, title_room, ellipsis);
        first.push(&title, canvas.style(title_role));
        first.pad(room.saturating_sub(score.len()));
        first.push(&score, dim);
        lines.push(first);
        if !place.is_empty() {
            let place = Styled::new(place, dim).fitted(room.saturating_sub(INDENT), ellipsis);
            lines.extend(place.indented(room, INDENT, INDENT));
        }
        let excerpt = self.excerpt(canvas).indented(room, INDENT, INDENT);
        let is_cut = excerpt.len() > EXCERPT;
        lines.extend(excerpt.into_iter().take(EXCERPT));
        if let Some(last) = lines.last_mut().filter(|_| is_cut) {
            let mut cut = last.cut(room.saturating_sub(text::width(ellipsis)));
            cut.end_with(ellipsis, dim);
            *last = cut;
        }
    }

    /// What the user has made of it, page and headings.
    fn place(&self, canvas: &Canvas<'_>) -> String {
        let headings = self.hit.heading.join(&format!(" {} ", canvas.signs.path));
        let mark = if self.is_excluded() {
            "left out"
        } else if self.conversation.is_pinned(self.hit) {
            "pinned"
        } else {
            ""
        };
        let parts = [mark.to_owned(), self.hit.place(), headings];
        let told: Vec<&str> =
            parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        told.join(&format!(" {} ", canvas.signs.dot))
    }

    fn is_excluded(&self) -> bool {
        self.conversation.is_excluded(self.hit)
    }

    /// The passage with what it was cut out of, which is not part of it.
    fn whole(&self, canvas: &Canvas<'_>) -> Styled {
        let dim = canvas.style(Role::Dim);
        let mut whole = Styled::default();
        if !self.hit.before.is_empty() {
            whole.push(&format!("{} ", self.hit.before), dim);
        }
        whole.append(&self.marked(canvas, 0, (Role::Text, Role::Highlight)));
        if !self.hit.after.is_empty() {
            whole.push(&format!(" {}", self.hit.after), dim);
        }
        whole
    }

    /// The passage from where it answers.
    fn excerpt(&self, canvas: &Canvas<'_>) -> Styled {
        let start = self.highlights().first().map_or(0, |first| first.start);
        let mut excerpt = Styled::default();
        if start > 0 {
            excerpt.push(canvas.signs.ellipsis, canvas.style(Role::Dim));
        }
        excerpt.append(&self.marked(canvas, start, (Role::Dim, Role::Text)));
        excerpt
    }

    fn marked(&self, canvas: &Canvas<'_>, from: usize, (plain, marked): (Role, Role)) -> Styled {
        let text = &self.hit.text;
        let (plain, marked) =
            if self.is_excluded() { (Role::Excluded, Role::Excluded) } else { (plain, marked) };
        let mut styled = Styled::default();
        let mut at = from;
        for highlight in self.highlights() {
            let start = highlight.start.max(at);
            styled.push(text.get(at..start).unwrap_or_default(), canvas.style(plain));
            styled.push(text.get(start..highlight.end).unwrap_or_default(), canvas.style(marked));
            at = highlight.end.max(at);
        }
        styled.push(text.get(at..).unwrap_or_default(), canvas.style(plain));
        styled
    }
}
