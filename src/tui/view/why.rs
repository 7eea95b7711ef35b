//! Why is a source there, and what was the model told?

use docent_engine::generate::Role as Speaker;
use docent_index::retrieve::Rank;
use ratatui::layout::Rect;

use super::canvas::{Canvas, put_rows};
use super::question::more;
use super::text::Styled;
use super::words::{count, counted, percent};
use super::{below, hints, inset, measure, rows};
use crate::answer::EVIDENCE;
use crate::json::Hit;
use crate::keys::Keys;
use crate::state::action::Action;
use crate::state::conversation::{Answering, Turn};
use crate::state::scroll::Measure;
use crate::state::why::{Reason, Why, WhyView};
use crate::state::{Context, State};
use crate::theme::Role;

/// Columns of what is told, before the telling.
const NAMES: usize = 12;
/// Longer lines are hard to read.
const WIDEST: usize = 96;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    view: &WhyView,
) -> Measure {
    let turn = state.shown();
    let chosen = turn.and_then(|turn| turn.hits.get(state.sources.selected).map(|hit| (turn, hit)));
    let beside =
        chosen.map(|(_, hit)| [format!("[{}] {}", hit.n, hit.title), format!(", {}", hit.place())]);
    let title = ("Why this source", beside.as_ref().map_or(&[][..], |parts| parts.as_slice()));
    let wanted = [(Action::Back, "back"), (Action::Unfold, "prompt")];
    let body = hints::head(canvas, area, title, (keys, Context::Why), &wanted);
    let body = inset(below(body, 1), 2, 1);
    let foot = below(body, body.height.saturating_sub(1));
    let body = rows(body, 0, body.height.saturating_sub(1));
    let room = usize::from(body.width).clamp(1, WIDEST);
    let lines = match chosen {
        Some((turn, hit)) => {
            let told = Told { canvas, state, turn, hit, room };
            told.lines(view.has_prompt)
        }
        None => Styled::new("there is no source", canvas.style(Role::Dim)).wrapped(room),
    };
    let measure = measure(view.scroll, (lines.len(), body.height), |_| 0, |_| 0);
    put_rows(canvas, body, lines.iter().skip(measure.top));
    more(canvas, foot, &measure);
    measure
}

/// A source, and what is told of it.
struct Told<'a> {
    canvas: &'a Canvas<'a>,
    state: &'a State,
    turn: &'a Turn,
    hit: &'a Hit,
    room: usize,
}

impl Told<'_> {
    fn lines(&self, has_prompt: bool) -> Vec<Styled> {
        let index = self.state.sources.selected;
        let mut lines = Vec::new();
        if let Some(why) = &self.turn.why {
            if let Some(reason) = why.reasons.get(index) {
                self.reason(reason, why, &mut lines);
            }
            self.search(why, &mut lines);
        } else {
            let text = "How it was found was not written down: an older docent has answered this, or it was asked without the screen. Ask again to see it.";
            lines.extend(Styled::new(text, self.style(Role::Dim)).wrapped(self.room));
        }
        self.entry("given", &self.reading(), &mut lines);
        lines.push(Styled::default());
        self.prompt(has_prompt, &mut lines);
        lines
    }

    fn style(&self, role: Role) -> ratatui::style::Style {
        self.canvas.style(role)
    }

    /// A name, and beside it what is told.
    fn entry(&self, name: &str, told: &str, lines: &mut Vec<Styled>) {
        let mut entry = Styled::new(name, self.style(Role::Dim));
        entry.pad(NAMES);
        let room = self.room.saturating_sub(NAMES).max(1);
        for (index, line) in
            Styled::new(told, self.style(Role::Text)).wrapped(room).iter().enumerate()
        {
            let mut row = if index == 0 { entry.clone() } else { Styled::default() };
            row.pad(NAMES);
            row.append(line);
            lines.push(row);
        }
    }

    fn reason(&self, reason: &Reason, why: &Why, lines: &mut Vec<Styled>) {
        let ranked = |rank: &Rank, measure: &str| {
            format!("rank {}, {measure} {:.2}", count(rank.rank as u64), rank.score)
        };
        let words = reason.words.as_ref().map_or_else(
            || "none of the question's words fits".to_owned(),
            |rank| ranked(rank, "BM25"),
        );
        self.entry("words", &words, lines);
        let vector = match &reason.vector {
            Some(rank) => ranked(rank, "cosine"),
            None if why.dense_weight > 0.0 => {
                "not among the nearest, or not embedded yet".to_owned()
            }
            None => "not asked: words decide alone here".to_owned(),
        };
        self.entry("meaning", &vector, lines);
        let fused = match &reason.fused {
            Some(rank) if why.dense_weight > 0.0 => format!(
                "{}: {} words, {} meaning",
                ranked(rank, "score"),
                percent(f64::from(1.0 - why.dense_weight)),
                percent(f64::from(why.dense_weight))
            ),
            Some(rank) => ranked(rank, "score"),
            None => "found by neither: it is here because it is pinned".to_owned(),
        };
        self.entry("together", &fused, lines);
        if let Some(reranked) = reason.reranked {
            self.entry("reranker", &format!("{reranked:.2}, which is its score"), lines);
        }
        if reason.pinned {
            self.entry("pinned", "you had it kept among the sources when this was asked", lines);
        }
        for path in &reason.also {
            self.entry("also in", &path.display().to_string(), lines);
        }
    }

    fn search(&self, why: &Why, lines: &mut Vec<Styled>) {
        lines.push(Styled::default());
        let looked_for =
            if why.looked_for.is_empty() { "no words" } else { why.looked_for.as_str() };
        self.entry("looked for", looked_for, lines);
        let filters = if why.filters.is_empty() { "none" } else { why.filters.as_str() };
        self.entry("filters", filters, lines);
        let scope = format!(
            "{} in {}",
            counted(self.turn.in_scope, "passage", "passages"),
            counted(why.in_scope_documents, "document", "documents")
        );
        self.entry("scope", &scope, lines);
        if why.excluded > 0 {
            let left_out = counted(why.excluded, "passage", "passages");
            self.entry("left out", &format!("{left_out}, by you, when this was asked"), lines);
        }
    }

    /// Whether who answers was given it.
    fn reading(&self) -> String {
        let n = self.hit.n;
        let answered = self.turn.answered();
        let is_among = |numbers: fn(&crate::json::Answered) -> &[u32]| {
            answered.is_some_and(|answered| numbers(answered).contains(&n))
        };
        if usize::try_from(n).unwrap_or(usize::MAX) > EVIDENCE {
            format!("no: an answer reads the first {EVIDENCE}")
        } else if is_among(|answered| &answered.dropped) {
            "no: it did not fit the model's context".to_owned()
        } else if is_among(|answered| &answered.shortened) {
            "yes, its sentences that fit the question best".to_owned()
        } else if matches!(self.turn.answer, Answering::Searching(_) | Answering::Nothing { .. }) {
            "nothing has answered".to_owned()
        } else {
            "yes, whole".to_owned()
        }
    }

    /// The prompt, folded to a line or in whole.
    fn prompt(&self, has_prompt: bool, lines: &mut Vec<Styled>) {
        let prompt = &self.turn.prompt;
        if prompt.is_empty() {
            let text = if self.turn.answered().is_some_and(|answered| answered.usage.is_some()) {
                "The prompt of this answer is no longer known."
            } else {
                "No model was asked."
            };
            lines.extend(Styled::new(text, self.style(Role::Dim)).wrapped(self.room));
            return;
        }
        let signs = self.canvas.signs;
        let sign = if has_prompt { signs.below } else { signs.chosen };
        let words: usize =
            prompt.iter().map(|message| message.content.split_whitespace().count()).sum();
        let head = format!(
            "{sign} The prompt as the model saw it: {}, {}",
            counted(prompt.len() as u64, "message", "messages"),
            counted(words as u64, "word", "words")
        );
        lines.extend(Styled::new(head, self.style(Role::Heading)).wrapped(self.room));
        if !has_prompt {
            return;
        }
        for message in prompt {
            lines.push(Styled::default());
            let speaker = match message.role {
                Speaker::System => "rules",
                Speaker::User => "asked",
                Speaker::Assistant => "answered",
            };
            lines.push(Styled::new(speaker, self.style(Role::Strong)));
            let text = Styled::new(message.content.as_str(), self.style(Role::Text));
            lines.extend(text.indented(self.room, 2, 2));
        }
    }
}
