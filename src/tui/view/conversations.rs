//! How is the list of conversations drawn?

use std::ops::Range;

use docent_index::store::Head;
use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::text::{self, Styled};
use super::words::counted;
use super::{List, below, has_focus, inset, prompt, rows, title_role};
use crate::keys::Keys;
use crate::state::action::Action;
use crate::state::target::Target;
use crate::state::{Context, Pane, RenamePrompt, State};
use crate::theme::Role;

/// From this width on there is room for more than titles.
const WITH_NUMBER: u16 = 54;

/// A line of the list.
enum Line<'a> {
    Day(String),
    Conversation(usize, &'a Head),
    /// What is told of the one above.
    Told(usize, &'a Head),
    /// What was found in the one above.
    Excerpt(usize, &'a str),
}

impl Line<'_> {
    /// Whether it belongs to the conversation above.
    fn is_below(&self) -> bool {
        matches!(self, Self::Told(..) | Self::Excerpt(..))
    }
}

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    list: &mut List,
) -> Option<Position> {
    let area = inset(area, 1, 1);
    let room = area.width;
    canvas.put_fitting(area, 1, 0, ("Conversations", room), title_role(state, Pane::Conversations));
    let conversations = &state.conversations;
    let shown = conversations.shown();
    let mut body = below(area, 2);
    let search = &conversations.search;
    let mut cursor = None;
    if search.is_finding || search.found.is_some() {
        let line = rows(area, 1, 1);
        canvas.put(line, 1, 0, "/", Role::Accent);
        let line = inset(line, 3, 1);
        if search.is_finding {
            cursor = prompt::draw(canvas, line, &search.input, "words that were said");
        } else {
            canvas.put_fitting(line, 0, 0, (search.input.text(), line.width), Role::Text);
        }
    }
    if shown.is_empty() {
        let nothing =
            if search.found.is_some() { "no conversation has these words" } else { "none yet" };
        canvas.put_fitting(body, 1, 0, (nothing, room), Role::Dim);
    }
    let undo = keys.chord(Context::Conversations, Action::Undo);
    if let Some(undo) = undo.filter(|_| !conversations.deleted.is_empty()) {
        let text = deleted(canvas, &conversations.deleted, &undo.to_string(), room.into());
        let foot = below(body, body.height.saturating_sub(1));
        canvas.put_fitting(foot, 1, 0, (&text, room), Role::Dim);
        body = rows(body, 0, body.height.saturating_sub(2));
    }
    let words: Vec<String> =
        search.input.text().split_whitespace().map(str::to_lowercase).collect();
    let words = if search.found.is_some() { words } else { Vec::new() };
    // Where titles have no room beside them, the chosen one's number stands below.
    let is_narrow = room.saturating_sub(4) < WITH_NUMBER;
    let told_below =
        (is_narrow && has_focus(state, Pane::Conversations)).then_some(conversations.selected);
    let lines = lines(&shown, &state.moment.now, told_below);
    let is_selected = |line: &Line<'_>| matches!(line, Line::Conversation(index, _) if *index == conversations.selected);
    let selected = lines.iter().position(is_selected).unwrap_or_default();
    // The day above is part of what is chosen, and what was found below.
    let others = lines.iter().skip(selected + 1).take_while(|line| line.is_below());
    let last = selected + 1 + others.count();
    let has_day = selected > 0 && matches!(lines.get(selected - 1), Some(Line::Day(_)));
    let first = selected - usize::from(has_day);
    let top = list.show((first, last), lines.len(), body.height.into());
    for (y, line) in (0..body.height).zip(lines.iter().skip(top)) {
        match line {
            Line::Day(day) => {
                canvas.put_fitting(body, 1, y, (day, room), Role::Dim);
            }
            Line::Told(index, head) => {
                let line = rows(body, y, 1);
                canvas.mark(line, Target::Conversation(*index));
                canvas.paint(line, Role::Selected);
                let told = told(head, &state.moment.now);
                canvas.put_fitting(body, 3, y, (&told, room.saturating_sub(4)), Role::Selected);
            }
            Line::Excerpt(index, text) => {
                canvas.mark(rows(body, y, 1), Target::Conversation(*index));
                let excerpt = marked(canvas, text, &words, Role::Dim);
                let room = usize::from(room.saturating_sub(5));
                let excerpt = excerpt.fitted(room, canvas.signs.ellipsis);
                canvas.put_row(body, 4, y, &excerpt);
            }
            Line::Conversation(index, head) => {
                canvas.mark(rows(body, y, 1), Target::Conversation(*index));
                let is_open = state.conversation.id == Some(head.id);
                let is_chosen = is_selected(line) && has_focus(state, Pane::Conversations);
                if is_chosen {
                    canvas.put(body, 0, y, canvas.signs.chosen, Role::Accent);
                }
                if is_open {
                    canvas.put(body, 1, y, canvas.signs.loaded, Role::Accent);
                }
                let mut room = room.saturating_sub(4);
                if room >= WITH_NUMBER {
                    let told = told(head, &state.moment.now);
                    let width = u16::try_from(text::width(&told)).unwrap_or(room);
                    room = room.saturating_sub(width + 2);
                    canvas.put(body, 5 + room, y, &told, Role::Dim);
                }
                let title = marked(canvas, &head.title, &words, Role::Text);
                let title = title.fitted(room.into(), canvas.signs.ellipsis);
                canvas.put_row(body, 3, y, &title);
                if is_chosen {
                    canvas.paint(rows(body, y, 1), Role::Selected);
                }
            }
        }
    }
    cursor
}

/// A line for another title.
pub(super) fn rename(
    canvas: &mut Canvas<'_>,
    area: Rect,
    keys: &Keys,
    rename: &RenamePrompt,
) -> Option<Position> {
    let chord = |action| {
        keys.chord(Context::Rename, action).map(|chord| chord.to_string()).unwrap_or_default()
    };
    let hint = format!("{} takes it   {} closes", chord(Action::Confirm), chord(Action::Back));
    let nothing = Styled::default();
    prompt::panel(canvas, area, "Rename the conversation", (&nothing, &hint), |canvas, line| {
        prompt::draw(canvas, line, &rename.input, "a title")
    })
}

/// A text with the words that are looked for marked in it.
fn marked(canvas: &Canvas<'_>, text: &str, words: &[String], role: Role) -> Styled {
    let (plain, found) = (canvas.style(role), canvas.style(Role::Highlight));
    let mut styled = Styled::default();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = words.iter().filter_map(|word| begins(rest, word)).max();
        let (part, after) =
            rest.split_at_checked(length.unwrap_or(letter.len_utf8())).unwrap_or((rest, ""));
        styled.push(part, if length.is_some() { found } else { plain });
        rest = after;
    }
    styled
}

/// How many bytes at the beginning of a text are the word, in any case.
fn begins(text: &str, word: &str) -> Option<usize> {
    let mut word = word.chars().peekable();
    for (at, letter) in text.char_indices() {
        if word.peek().is_none() {
            return Some(at);
        }
        for lower in letter.to_lowercase() {
            word.next_if_eq(&lower)?;
        }
    }
    word.peek().is_none().then_some(text.len())
}

/// When it was asked last, how long it is, and the number that `--conversation` takes.
fn told(head: &Head, now: &Zoned) -> String {
    let asked = Timestamp::from_second(head.asked_at).unwrap_or_default();
    let time = asked.to_zoned(now.time_zone().clone()).strftime("%H:%M");
    let questions = counted(head.turns, "question", "questions");
    format!("{time}   {questions}   no. {}", head.id)
}

/// What was deleted, and how it comes back: by its title, where there is room for one.
fn deleted(canvas: &Canvas<'_>, deleted: &[Head], undo: &str, room: usize) -> String {
    /// A shorter title says nothing.
    const TITLE: usize = 8;
    let what = format!(" deleted {} {undo} undoes", canvas.signs.dot);
    let title_room = room.saturating_sub(text::width(&what) + 2);
    match deleted {
        [only] if title_room >= TITLE => {
            format!("{}{what}", text::fit(&only.title, title_room, canvas.signs.ellipsis))
        }
        _ => format!("{}{what}", deleted.len()),
    }
}

/// The conversations under their days, with what is told of the one with the index `told_below`.
fn lines<'a>(
    shown: &[(&'a Head, Option<&'a str>)],
    now: &Zoned,
    told_below: Option<usize>,
) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    // When the day that was told last begins and ends: days are found out once, not for each of thousands of conversations.
    let mut day_told = 0..0;
    for (index, (head, excerpt)) in shown.iter().enumerate() {
        if !day_told.contains(&head.asked_at) {
            let asked = Timestamp::from_second(head.asked_at).unwrap_or_default();
            let asked = asked.to_zoned(now.time_zone().clone());
            lines.push(Line::Day(day(asked.date(), now.date())));
            day_told = bounds(&asked);
        }
        lines.push(Line::Conversation(index, head));
        lines.extend((told_below == Some(index)).then_some(Line::Told(index, head)));
        lines.extend(excerpt.map(|excerpt| Line::Excerpt(index, excerpt)));
    }
    lines
}

/// The seconds since 1970 of a day; none where they can't be told.
fn bounds(day: &Zoned) -> Range<i64> {
    let start = day.start_of_day().ok();
    let end = start.as_ref().and_then(|start| start.tomorrow().ok());
    match (start, end) {
        (Some(start), Some(end)) => start.timestamp().as_second()..end.timestamp().as_second(),
        _ => 0..0,
    }
}

/// A day as it is called today.
fn day(date: Date, today: Date) -> String {
    if date == today {
        "Today".to_owned()
    } else if today.yesterday().is_ok_and(|yesterday| date == yesterday) {
        "Yesterday".to_owned()
    } else if date.year() == today.year() {
        date.strftime("%-d %B").to_string()
    } else {
        date.strftime("%-d %B %Y").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_in_any_case() {
        assert_eq!(begins("LEASE of", "lease"), Some(5));
        assert_eq!(begins("Überwurf", "über"), Some(5));
        assert_eq!(begins("lea", "lease"), None);
        assert_eq!(begins("lease", "lease"), Some(5));
        assert_eq!(begins("İx", "i\u{307}x"), Some(3));
        assert_eq!(begins("İx", "i"), None);
        assert_eq!(begins("", "a"), None);
    }
}
