//! How do questions and answers look?

use docent_engine::answer::Mark;
use docent_index::query;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::{Canvas, put_rows};
use super::markdown::{self, Look};
use super::refusal::nearest;
use super::text::{self, Styled};
use super::turns::{MadeFor, Turns};
use super::words::{count, counted, seconds};
use super::{below, has_focus, inset, rows, unfinished};
use crate::answer::EVIDENCE;
use crate::json::{Answered, FORGOTTEN};
use crate::keys::Keys;
use crate::state::action::Action;
use crate::state::conversation::{Answering, Turn};
use crate::state::library::Stage;
use crate::state::question::unknown_filter;
use crate::state::scroll::Measure;
use crate::state::target::Target;
use crate::state::{Context, Pane, State};
use crate::theme::Role;

/// Longer lines are hard to read.
const WIDEST: usize = 96;
/// Columns before a question's bar and behind the text.
const LEFT: u16 = 1;
const RIGHT: u16 = 2;

/// What of a turn's looks can change when it is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Looks {
    is_thought_shown: bool,
    /// Whether the key that opens and folds it is this turn's now.
    has_keys: bool,
    /// The citation that is chosen.
    pub(super) chosen: Option<u32>,
    /// Nothing is parted from what comes behind it.
    is_last: bool,
}

impl Looks {
    pub(super) fn of(turn: &Turn, state: &State) -> Self {
        let conversation = &state.conversation;
        let is_current = || conversation.current().is_some_and(|other| other.serial == turn.serial);
        let has_keys = has_focus(state, Pane::Conversation) && is_current();
        let chosen = turn.hits.get(state.sources.selected).filter(|_| has_keys);
        let is_thought_shown = turn.is_thought_shown;
        let last = conversation.turns.last();
        let is_last = last.is_some_and(|last| last.serial == turn.serial);
        Self { is_thought_shown, has_keys, chosen: chosen.map(|hit| hit.n), is_last }
    }
}

/// Draws the conversation.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    turns: &mut Turns,
) -> Measure {
    if state.conversation.turns.is_empty() {
        begin(canvas, inset(area, LEFT + 2, RIGHT), state);
        return Measure { height: area.height.into(), ..Measure::default() };
    }
    let room = usize::from(area.width.saturating_sub(LEFT + RIGHT)).min(WIDEST);
    let made_for = MadeFor { room, has_sources: state.has_sources_beside() };
    let shown = turns.shown(state, (made_for, area.height.into()), |turn, looks| {
        lay(canvas, turn, room, looks, (state, keys))
    });
    // The turn whose sources are shown, when it was chosen.
    let chosen = state.conversation.selected;
    for (y, (turn, line, row)) in (0..area.height).zip(shown.rows) {
        canvas.put_row(area, LEFT, y, row);
        mark(canvas, inset(rows(area, y, 1), LEFT, 0), turn, row);
        if line == 0 && chosen == Some(turn) {
            canvas.put(area, 0, y, canvas.signs.chosen, Role::Accent);
        }
    }
    shown.measure
}

/// Tells what the row of a turn is: a click on a number goes to its source.
fn mark(canvas: &mut Canvas<'_>, row: Rect, turn: usize, line: &Styled) {
    canvas.mark(row, Target::Turn(turn));
    let text = line.text();
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let from = text.len() - rest.len() + open;
        rest = rest.get(open + 1..).unwrap_or_default();
        let number = rest.split_once(']').map_or("", |(number, _)| number);
        if let Ok(n) = number.parse() {
            let cells = canvas.cells_of(row, line, from..from + number.len() + 2);
            canvas.mark(cells, Target::Citation { turn, n });
        }
    }
}

/// What stands there before the first question.
fn begin(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let content = &state.library.content;
    let text = if state.library.stage == Stage::Opening {
        format!("opening the library{}", canvas.signs.ellipsis)
    } else if state.library.is_empty() {
        "No folder is watched yet: add one to have documents to ask.".to_owned()
    } else if content.passages == 0 {
        "You can ask as soon as the first document is read.".to_owned()
    } else {
        format!(
            "Ask {}. The passages that fit come first, then the answer with its sources.",
            counted(content.documents, "document", "documents"),
        )
    };
    let area = below(area, 1);
    let room = usize::from(area.width).min(60);
    put_rows(canvas, area, Styled::new(text, canvas.style(Role::Dim)).wrapped(room).iter());
}

/// Makes the lines of a turn.
fn lay(
    canvas: &Canvas<'_>,
    turn: &Turn,
    room: usize,
    looks: Looks,
    around: (&State, &Keys),
) -> Vec<Styled> {
    let mut lines = Vec::new();
    let bar =
        Styled::new(format!("{} ", canvas.signs.question_bar), canvas.style(Role::QuestionBar));
    let inner = room.saturating_sub(2).max(1);
    let (words, ways) = query::parted(&turn.question);
    let mut asked = Styled::new(words, canvas.style(Role::Question)).wrapped(inner);
    if !ways.is_empty() {
        let place = format!("in {}", places(&ways));
        let place = text::fit_middle(&place, inner, canvas.signs.ellipsis);
        asked.push(Styled::new(place, canvas.style(Role::Dim)));
    }
    for line in asked {
        let mut barred = bar.clone();
        barred.append(&line);
        lines.push(barred);
    }
    lines.push(Styled::default());
    let indent = Styled::new("  ", Style::new());
    for line in answer(canvas, turn, inner, looks, around) {
        let mut indented = indent.clone();
        indented.append(&line);
        lines.push(indented);
    }
    if !looks.is_last {
        lines.push(Styled::default());
    }
    lines
}

/// The last names of the ways to some folders and files.
fn places(ways: &[String]) -> String {
    let names = ways.iter().map(|way| way.rsplit('/').find(|name| !name.is_empty()).unwrap_or(way));
    names.collect::<Vec<_>>().join(", ")
}

/// The lines under a question.
fn answer(
    canvas: &Canvas<'_>,
    turn: &Turn,
    room: usize,
    looks: Looks,
    (state, keys): (&State, &Keys),
) -> Vec<Styled> {
    let more = canvas.signs.ellipsis;
    let sources = u32::try_from(turn.hits.len()).unwrap_or(u32::MAX);
    let chosen = looks.chosen;
    let claims = turn.claims();
    let look = Look { theme: canvas.theme, signs: canvas.signs, room, sources, chosen, claims };
    let dim = |text: &str| Styled::new(text, canvas.style(Role::Dim)).wrapped(room);
    let mut lines = thought(canvas, turn, room, looks, keys);
    lines.extend(match &turn.answer {
        Answering::Searching(_) => dim(&format!("searching{more}")),
        // What it thinks about it stands there already.
        Answering::Reading { .. } if !turn.thought.is_empty() => Vec::new(),
        Answering::Reading { tokens, of, .. } => dim(&reading(canvas, turn, (*tokens, *of), state)),
        Answering::Writing { text, .. } => {
            // Quotes come without that a model was told anything.
            let mut lines = if turn.prompt.is_empty() {
                markdown::verbatim_lines(text, look)
            } else {
                markdown::unfinished_lines(text, look)
            };
            let cursor = (canvas.signs.cursor, canvas.style(Role::Cursor));
            match lines.last_mut().filter(|line| line.width() < room) {
                Some(last) => last.push(cursor.0, cursor.1),
                None => lines.push(Styled::new(cursor.0, cursor.1)),
            }
            lines
        }
        Answering::Done(answered) => {
            let mut lines = if answered.is_verbatim() {
                markdown::verbatim_lines(&answered.answer, look)
            } else {
                markdown::lines(&answered.answer, look)
            };
            if !lines.is_empty() {
                lines.push(Styled::default());
            }
            lines.extend(nearest(canvas, answered, room));
            for note in notes(canvas, (turn, answered), room, (state, keys)) {
                lines.extend(Styled::new(note, canvas.style(Role::Dim)).wrapped(room));
            }
            lines
        }
        Answering::Nothing { reason } => {
            Styled::new(reason.as_str(), canvas.style(Role::Note)).wrapped(room)
        }
    });
    lines
}

/// What the reader is told while the model reads.
fn reading(
    canvas: &Canvas<'_>,
    turn: &Turn,
    (tokens, of): (usize, usize),
    state: &State,
) -> String {
    let passages = turn.hits.len().min(EVIDENCE) as u64;
    let asked = jiff::Timestamp::from_second(turn.asked_at).unwrap_or_default();
    let waited = state.moment.now.timestamp().duration_since(asked).as_secs().max(0);
    let passages = counted(passages, "passage", "passages");
    let reading = format!("reading {passages}{} {waited} s", canvas.signs.ellipsis);
    if of == 0 {
        return reading;
    }
    let (tokens, of) = (count(tokens as u64), count(of as u64));
    format!("{reading} {} {tokens} of {of} tokens", canvas.signs.dot)
}

/// What the model thought before it answered: folded to one line, or that and all of it.
fn thought(
    canvas: &Canvas<'_>,
    turn: &Turn,
    room: usize,
    looks: Looks,
    keys: &Keys,
) -> Vec<Styled> {
    if turn.thought.is_empty() {
        return Vec::new();
    }
    let words = turn.thought.split_whitespace().count() as u64;
    let words = counted(words, "word", "words");
    let signs = canvas.signs;
    let is_shown = looks.is_thought_shown;
    let sign = if is_shown { signs.below } else { signs.chosen };
    let told = if matches!(turn.answer, Answering::Reading { .. }) {
        format!("{sign} thinking{} {words}", signs.ellipsis)
    } else {
        format!("{sign} thought for {words}")
    };
    let mut head = Styled::new(told, canvas.style(Role::Dim));
    let chord = keys.chord(Context::Conversation, Action::Unfold);
    if let Some(chord) = chord.filter(|_| looks.has_keys) {
        head.push(&format!("   {chord}"), canvas.style(Role::Key));
        head.push(if is_shown { " folds it" } else { " opens it" }, canvas.style(Role::Dim));
    }
    let mut lines = vec![head.fitted(room, signs.ellipsis)];
    if is_shown {
        let text = Styled::new(turn.thought.trim(), canvas.style(Role::Dim));
        lines.extend(text.indented(room, 2, 2));
    }
    lines.push(Styled::default());
    lines
}

/// What is told under an answer.
fn notes(
    canvas: &Canvas<'_>,
    (turn, answered): (&Turn, &Answered),
    room: usize,
    (state, keys): (&State, &Keys),
) -> Vec<String> {
    let dot = canvas.signs.dot;
    let mut notes = Vec::new();
    // Also with the sources beside: those are another question's when one looks back.
    notes.extend(answered.citations.iter().map(|citation| {
        let hit = &citation.hit;
        format!("[{}] {}, {}", hit.n, hit.title, hit.place())
    }));
    if let Some(name) = query::unknown_filter(&turn.question) {
        notes.push(unknown_filter(name));
    }
    if !answered.carried.is_empty() {
        let way = keys.chord(Context::Conversation, Action::AskAlone);
        let way =
            way.map_or(String::new(), |chord| format!(" ({chord} in this pane asks without)"));
        notes.push(format!("taken with: {}{way}", answered.carried.join(", ")));
    } else if let Some(understood) = &answered.understood {
        notes.push(format!("understood as: {understood}"));
    }
    if answered.stopped {
        notes.push("stopped: this is the part that was written".to_owned());
    }
    let marked = answered.claims.iter().filter(|claim| claim.mark == Some(Mark::Quoted)).count();
    let claims = answered.claims.len();
    if marked > 0 {
        let sign = canvas.signs.quoted;
        let claims = counted(claims as u64, "claim", "claims");
        notes.push(format!("{claims}: {marked} quoted {sign}"));
    }
    let read = &answered.read;
    let mut from = Vec::new();
    if read.in_scope > 0 || !answered.abstained {
        from.push(format!(
            "from {} of {} in scope{}",
            count(read.passages),
            counted(read.in_scope, "passage", "passages"),
            match read.unread_documents {
                0 => String::new(),
                unread => format!(", {} not read", counted(unread, "document", "documents")),
            }
        ));
    }
    from.push(answered.model.clone());
    from.push(seconds(answered.seconds));
    if let Some(usage) = &answered.usage {
        let (read, written) = (usage.read_tokens as u64, usage.written_tokens as u64);
        from.push(format!("{} read, {} written", counted(read, "token", "tokens"), count(written)));
    }
    notes.extend(filled(&from, &format!(" {dot} "), room));
    notes.extend(unfinished::notes(read, turn.meanwhile.as_ref()));
    if !answered.dropped.is_empty() {
        let numbers: Vec<String> = answered.dropped.iter().map(|n| format!("[{n}]")).collect();
        notes.push(format!("did not fit the model's context: {}", numbers.join(" ")));
    }
    if answered.forgotten {
        notes.push(FORGOTTEN.to_owned());
    }
    if !answered.hits.is_empty() && !state.has_sources_beside() {
        let sources = answered.hits.len() as u64;
        let sources = if answered.abstained {
            counted(sources, "nearest passage", "nearest passages")
        } else {
            counted(sources, "source", "sources")
        };
        let way = keys.chord(Context::Question, Action::Source1);
        let way = way.map_or(String::new(), |chord| format!(" ({chord})"));
        notes.push(format!("{sources}{way}"));
    }
    notes
}

/// Lines of whole parts: none ends with what stands between them.
fn filled(parts: &[String], between: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        let width = text::width(between) + text::width(part);
        match lines.last_mut().filter(|line| text::width(line) + width <= room) {
            Some(line) => line.extend([between, part]),
            None => lines.push(part.clone()),
        }
    }
    lines
}
