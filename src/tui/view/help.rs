//! How are the keys of a view told? The key table itself tells them.

use docent_index::query;
use ratatui::layout::Rect;

use super::canvas::{Canvas, put_rows};
use super::question::more;
use super::text::{self, Styled};
use super::{below, hints, inset, measure, rows};
use crate::keys::{Chord, Keys};
use crate::state::Context;
use crate::state::action::Action;
use crate::state::scroll::{Measure, Scroll};
use crate::theme::Role;

/// Cells of the keys, and of a column with what they do.
const KEYS: usize = 28;
const COLUMN: usize = 64;
const MOST_COLUMNS: usize = 3;

/// What signs do that are typed at the beginning of a question, or of a word.
const TYPED: [(&str, &str); 3] = [
    ("@", "choose the folders and files to ask"),
    ("/", "do something by its name"),
    ("?", "show these keys"),
];

/// What signs mean in a question.
const WRITTEN: [(&str, &str); 3] = [
    ("\"notice period\"", "these words must stand there as they are"),
    ("-draft", "this word must not stand there; so -\"two words\""),
    ("backspace", "at the line's beginning: takes the last `@` chip over the line away"),
];
/// What is said under an answer and beside a source.
const SAID: [(&str, &str); 4] = [
    ("quotes", "no model wrote the answer: its sentences stand in the documents word for word"),
    ("passages in scope", "all that could be found: what filters and chips leave of the library"),
    ("0.94", "how well a source fits, from 0 to 1, among the sources of one question only"),
    ("sealed", "the system refuses docent every network connection; it was tried at the start"),
];

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    keys: &Keys,
    of: Context,
    scroll: Scroll,
) -> Measure {
    let body = hints::head(
        canvas,
        area,
        ("Keys", &[place(of).to_owned()]),
        (keys, Context::Help),
        &[(Action::Back, "back")],
    );
    let body = inset(below(body, 1), 2, 1);
    let foot = below(body, body.height.saturating_sub(1));
    let columns = (usize::from(body.width) / COLUMN).clamp(1, MOST_COLUMNS);
    let column = usize::from(body.width) / columns;
    let told = told(canvas, keys, of, column.saturating_sub(2));
    let height = told.len().div_ceil(columns);
    let lines: Vec<Styled> = (0..height)
        .map(|y| {
            let mut line = Styled::default();
            for (index, entry) in told.iter().skip(y).step_by(height.max(1)).enumerate() {
                line.pad(index * column);
                line.append(entry);
            }
            line
        })
        .collect();
    let body = rows(body, 0, body.height.saturating_sub(1));
    let measure = measure(scroll, (lines.len(), body.height), |_| 0, |_| 0);
    put_rows(canvas, body, lines.iter().skip(measure.top));
    more(canvas, foot, &measure);
    measure
}

/// Each action with its keys, in lines of so many cells. What is shared with other contexts is set apart.
fn told(canvas: &Canvas<'_>, keys: &Keys, of: Context, room: usize) -> Vec<Styled> {
    let mut lines = Vec::new();
    let [mut own, shared, everywhere] = keys.groups(of).map(|group| entries(&group));
    if of == Context::Question {
        own.extend(TYPED.map(|(sign, does)| (sign.to_owned(), does)));
    }
    let (written, told) =
        if of == Context::Question { (written(), said()) } else { <_>::default() };
    // How text is edited and lists are moved in is what most people know already.
    let groups = [own, written, told, everywhere, shared];
    let longest = groups.iter().flatten().map(|(chords, _)| text::width(chords)).max();
    let key_room = longest.unwrap_or_default().min(KEYS).min(room / 2);
    for group in groups {
        if !lines.is_empty() && !group.is_empty() {
            lines.push(Styled::default());
        }
        for (chords, description) in group {
            let chords = Styled::new(chords, canvas.style(Role::Key)).wrapped(key_room);
            let description = Styled::new(description, canvas.style(Role::Text))
                .wrapped(room.saturating_sub(key_room + 2).max(1));
            for index in 0..chords.len().max(description.len()) {
                let mut line = chords.get(index).cloned().unwrap_or_default();
                line.pad(key_room + 2);
                if let Some(description) = description.get(index) {
                    line.append(description);
                }
                lines.push(line);
            }
        }
    }
    lines
}

/// What can be written in a question beside its words: the filters by the names that the query language has for them.
fn written() -> Vec<(String, &'static str)> {
    let filters = query::FILTERS;
    let filters = filters.map(|(name, value, leaves)| (format!("{name}:{value}"), leaves));
    let signs = WRITTEN.map(|(sign, means)| (sign.to_owned(), means));
    signs.into_iter().chain(filters).collect()
}

/// What the words under an answer and beside a source mean.
fn said() -> Vec<(String, &'static str)> {
    SAID.map(|(word, means)| (word.to_owned(), means)).to_vec()
}

/// The chords of each action and what it does; nine lines that would differ in a number are one.
fn entries(group: &[(Action, Vec<Chord>)]) -> Vec<(String, &'static str)> {
    let is_source = |action: &Action| action.source().is_some();
    let mut sources = group.iter().filter(|(action, _)| is_source(action));
    let first = sources.next().and_then(|(_, chords)| chords.first());
    let last = sources.next_back().and_then(|(_, chords)| chords.first());
    let (mut entries, mut has_sources) = (Vec::new(), false);
    for (action, chords) in group {
        match first.zip(last) {
            Some((first, last)) if is_source(action) => {
                if !has_sources {
                    entries.push((format!("{first} to {last}"), "go to the source of that number"));
                }
                has_sources = true;
            }
            _ => {
                let chords: Vec<String> = chords.iter().map(ToString::to_string).collect();
                entries.push((chords.join(", "), action.description()));
            }
        }
    }
    entries
}

/// What a context is called.
fn place(context: Context) -> &'static str {
    match context {
        Context::Question => "of the question line",
        Context::Conversation => "of the conversation",
        Context::Sources => "of the sources",
        Context::Conversations => "of the list of conversations",
        Context::Welcome => "of the first start",
        Context::Find => "of the line to find something",
        Context::Rename => "of the line for a title",
        Context::Folder => "of the line for a folder",
        Context::Document => "of the document",
        Context::DocumentPrompt => "of the line in the document",
        Context::Why => "of why a source is there",
        Context::Library => "of the library",
        Context::Models => "of the list of models",
        Context::Themes => "of the list of themes",
        Context::Export => "of the line for a file",
        Context::Picker => "of the line that chooses",
        Context::Help => "of the help",
    }
}
