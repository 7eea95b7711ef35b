//! How is the list of conversations drawn?

use docent_index::store::Head;
use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::text;
use super::words::counted;
use super::{List, below, has_focus, inset, rows, title_role};
use crate::keys::Keys;
use crate::state::action::Action;
use crate::state::target::Target;
use crate::state::{Context, Pane, State};
use crate::theme::Role;

/// From this width on there is room for more than titles.
const WITH_NUMBER: u16 = 54;

/// A line of the list.
enum Line<'a> {
    Day(String),
    Conversation(usize, &'a Head),
}

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    list: &mut List,
) {
    let area = inset(area, 1, 1);
    let room = area.width;
    canvas.put_fitting(area, 1, 0, ("Conversations", room), title_role(state, Pane::Conversations));
    let conversations = &state.conversations;
    let mut body = below(area, 2);
    if conversations.heads.is_empty() {
        canvas.put_fitting(body, 1, 0, ("none yet", room), Role::Dim);
    }
    let undo = keys.chord(Context::Conversations, Action::Undo);
    if let Some(undo) = undo.filter(|_| !conversations.deleted.is_empty()) {
        let count = conversations.deleted.len();
        let text = format!("{count} deleted {} {undo} undoes", canvas.signs.dot);
        let foot = below(body, body.height.saturating_sub(1));
        canvas.put_fitting(foot, 1, 0, (&text, room), Role::Dim);
        body = rows(body, 0, body.height.saturating_sub(2));
    }
    let lines = lines(&conversations.heads, &state.moment.now);
    let is_selected = |line: &Line<'_>| matches!(line, Line::Conversation(index, _) if *index == conversations.selected);
    let selected = lines.iter().position(is_selected).unwrap_or_default();
    // The day above is part of what is chosen.
    let first = selected.saturating_sub(1);
    let top = list.show((first, selected + 1), lines.len(), body.height.into());
    for (y, line) in (0..body.height).zip(lines.iter().skip(top)) {
        match line {
            Line::Day(day) => {
                canvas.put_fitting(body, 1, y, (day, room), Role::Dim);
            }
            Line::Conversation(index, head) => {
                canvas.mark(rows(body, y, 1), Target::Conversation(*index));
                let is_open = state.conversation.id == Some(head.id);
                let is_chosen = is_selected(line) && has_focus(state, Pane::Conversations);
                let sign = match (is_chosen, is_open) {
                    (true, _) => canvas.signs.chosen,
                    (false, true) => canvas.signs.loaded,
                    (false, false) => " ",
                };
                canvas.put(body, 1, y, sign, Role::Accent);
                let mut room = room.saturating_sub(4);
                if room >= WITH_NUMBER {
                    let told = told(head, &state.moment.now);
                    let width = u16::try_from(text::width(&told)).unwrap_or(room);
                    room = room.saturating_sub(width + 2);
                    canvas.put(body, 5 + room, y, &told, Role::Dim);
                }
                canvas.put_fitting(body, 3, y, (&head.title, room), Role::Text);
                if is_chosen {
                    canvas.paint(rows(body, y, 1), Role::Selected);
                }
            }
        }
    }
}

/// When it was asked last, how long it is, and the number that `--conversation` takes.
fn told(head: &Head, now: &Zoned) -> String {
    let asked = Timestamp::from_second(head.asked_at).unwrap_or_default();
    let time = asked.to_zoned(now.time_zone().clone()).strftime("%H:%M");
    let questions = counted(head.turns, "question", "questions");
    format!("{time}   {questions}   no. {}", head.id)
}

/// The conversations under their days.
fn lines<'a>(heads: &'a [Head], now: &Zoned) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let mut last = None;
    for (index, head) in heads.iter().enumerate() {
        let asked = Timestamp::from_second(head.asked_at).unwrap_or_default();
        let date = asked.to_zoned(now.time_zone().clone()).date();
        if last != Some(date) {
            lines.push(Line::Day(day(date, now.date())));
            last = Some(date);
        }
        lines.push(Line::Conversation(index, head));
    }
    lines
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
