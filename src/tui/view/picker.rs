//! How does choosing one of many by a few letters look?

use std::ops::Range;

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::text::{self, Styled};
use super::words::count;
use super::{List, below, inset, prompt, rows};
use crate::keys::Keys;
use crate::state::Context;
use crate::state::action::Action;
use crate::state::picker::{Choice, Choices, Fitting, Picker, PickerKind, Row};
use crate::state::target::Target;
use crate::theme::Role;

/// Under this height of a view it takes all of it; it takes two thirds of a higher one.
const LOW: u16 = 20;
/// Lines beside the rows: the title, the line that is typed, the keys, the line under them.
const AROUND: u16 = 4;
/// Columns before a row: air, the sign, air.
const LEFT: u16 = 3;
/// Cells between the columns of a row.
const GAP: usize = 3;
/// The widest text that has other columns beside it, and the narrowest that makes room for them.
const TEXT: usize = 56;
const NARROWEST: usize = 24;

/// Draws it at the foot of `area` and returns where the cursor stands.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    keys: &Keys,
    picker: &Picker,
    list: &mut List,
) -> Option<Position> {
    let choices = &picker.choices;
    // As high as all rows would have it: what is typed moves nothing but rows.
    let wanted = u16::try_from(choices.len()).unwrap_or(u16::MAX).saturating_add(AROUND);
    // Before they are there, as high as many.
    let wanted = if picker.is_waiting { u16::MAX } else { wanted };
    let most = if area.height < LOW { area.height } else { area.height / 3 * 2 };
    let height = wanted.max(AROUND + 1).min(most);
    let panel = below(area, area.height - height);
    canvas.clear(panel);
    canvas.mark(panel, Target::Layer);
    canvas.rule(panel, 0);
    let title = format!(" {} ", title(picker.kind));
    let x = canvas.put_fitting(panel, 1, 0, (&title, panel.width), Role::Focus);
    if !picker.is_waiting {
        let (fitting, all) = (count(choices.fitting() as u64), count(choices.len() as u64));
        let edge = inset(panel, 0, 2);
        canvas.put_right(edge, x + 2, 0, &format!(" {fitting} of {all} "), Role::Dim);
    }
    canvas.put(panel, 1, 1, canvas.signs.prompt, Role::Accent);
    let body = rows(panel, 2, height.saturating_sub(AROUND));
    if picker.is_waiting {
        let told = format!("looking{}", canvas.signs.ellipsis);
        canvas.put(inset(body, LEFT, 1), 0, 0, &told, Role::Dim);
    } else {
        draw_rows(canvas, body, (keys, picker.kind), choices, list);
    }
    let foot = below(panel, height.saturating_sub(2).max(2));
    let hint = hint(keys, picker.kind);
    canvas.put_fitting(inset(foot, LEFT, 1), 0, 0, (&hint, foot.width), Role::Dim);
    canvas.rule(foot, 1);
    let line = inset(rows(panel, 1, 1), LEFT, 1);
    prompt::draw(canvas, line, &picker.input, "a few letters of it")
}

fn title(kind: PickerKind) -> &'static str {
    match kind {
        PickerKind::Action(_) => "What can be done",
        PickerKind::Past => "Earlier questions",
        PickerKind::Place => "Folders and files to ask",
    }
}

/// What the keys do.
fn hint(keys: &Keys, kind: PickerKind) -> String {
    let chord = |action| {
        keys.chord(Context::Picker, action).map(|chord| chord.to_string()).unwrap_or_default()
    };
    let takes = match kind {
        PickerKind::Action(_) => "does it",
        PickerKind::Past => "takes it into the line",
        PickerKind::Place => "asks there alone",
    };
    format!("{} {takes}   {} closes", chord(Action::Confirm), chord(Action::Back))
}

/// Draws the rows that fit as far as there is room, so that the chosen one can be seen.
pub(super) fn draw_rows(
    canvas: &mut Canvas<'_>,
    area: Rect,
    (keys, kind): (&Keys, PickerKind),
    choices: &Choices,
    list: &mut List,
) {
    if choices.fitting() == 0 {
        let line = inset(area, LEFT, 1);
        canvas.put_fitting(line, 0, 0, ("nothing fits these letters", line.width), Role::Dim);
        return;
    }
    let height = usize::from(area.height);
    let selected = choices.selected();
    let top = list.show((selected, selected + 1), choices.fitting(), height);
    let shown = choices.shown(top, height);
    let columns = Columns::of(choices.rows(), usize::from(area.width.saturating_sub(LEFT + 1)));
    for (y, fitting) in (0..area.height).zip(&shown) {
        let line = rows(area, y, 1);
        canvas.mark(line, Target::Row(top + usize::from(y)));
        if fitting.is_selected {
            canvas.paint(line, Role::Selected);
            canvas.put(line, 1, 0, canvas.signs.chosen, Role::Selected);
        }
        let row = columns.row(canvas, (keys, kind), fitting);
        canvas.put_row(inset(line, LEFT, 1), 0, 0, &row);
    }
}

/// Cells that the columns of all rows take.
struct Columns {
    text: usize,
    /// Of names and notes; none where they have no room, or there is none.
    beside: Option<usize>,
    room: usize,
}

impl Columns {
    fn of(rows: &[Row], room: usize) -> Self {
        /// The longest chord that is likely.
        const KEY: usize = 12;
        // What is done elsewhere has no key beside it, and may take its room.
        let here = || rows.iter().filter(|row| !matches!(row.choice, Choice::Elsewhere(..)));
        let longest = |width: fn(&Row) -> usize| here().map(width).max().unwrap_or_default();
        let beside = longest(|row| text::width(&row.name).max(text::width(&row.note)));
        if beside == 0 {
            return Self { text: room, beside: None, room };
        }
        // Where there is room for all of it, a name is not cut.
        let most = room.saturating_sub(GAP + beside + GAP + KEY).max(TEXT);
        let text = longest(|row| text::width(&row.text)).min(most);
        let has_room = text + GAP + beside + GAP + KEY <= room;
        if has_room {
            return Self { text, beside: Some(beside), room };
        }
        // A note says more than a key, unless it leaves no room for what it is about.
        let has_notes = rows.iter().any(|row| !row.note.is_empty());
        let others = GAP + if has_notes { beside } else { KEY };
        let left = room.saturating_sub(others);
        let text = if left >= NARROWEST { text.min(left) } else { text.min(room) };
        Self { text, beside: has_notes.then_some(beside), room }
    }

    fn row(
        &self,
        canvas: &Canvas<'_>,
        (keys, kind): (&Keys, PickerKind),
        fitting: &Fitting<'_>,
    ) -> Styled {
        let ellipsis = canvas.signs.ellipsis;
        let row = marked(canvas, fitting, (&fitting.row.text, Role::Text), &fitting.in_text);
        // Nothing stands beside what has no key.
        let is_alone = self.beside.is_none() && matches!(fitting.row.choice, Choice::Elsewhere(..));
        let text = if is_alone { self.room } else { self.text };
        let mut row = match kind {
            PickerKind::Place => row.fitted_middle(text, ellipsis),
            PickerKind::Action(_) | PickerKind::Past => row.fitted(text, ellipsis),
        };
        let mut column = self.text + GAP;
        if let Some(beside) = self.beside {
            row.pad(column);
            let named = (fitting.row.name.as_str(), Role::Dim);
            row.append(&marked(canvas, fitting, named, &fitting.in_name));
            row.append(&marked(canvas, fitting, (&fitting.row.note, Role::Dim), &[]));
            column += beside + GAP;
        }
        if let (Choice::Do(action), PickerKind::Action(context)) = (&fitting.row.choice, kind)
            && let Some(chord) = keys.chord(context, *action)
        {
            let chord = chord.to_string();
            if column + text::width(&chord) <= self.room {
                row.pad(column);
                let role = if fitting.is_selected { Role::Selected } else { Role::Key };
                row.push(&chord, canvas.style(role));
            }
        }
        row.fitted(self.room, ellipsis)
    }
}

/// A text with the letters that fit.
fn marked(
    canvas: &Canvas<'_>,
    fitting: &Fitting<'_>,
    (text, role): (&str, Role),
    stretches: &[Range<usize>],
) -> Styled {
    let role = if fitting.is_selected { Role::Selected } else { role };
    let (plain, letter) = (canvas.style(role), canvas.style(Role::Letter));
    let mut styled = Styled::default();
    let mut at = 0;
    for stretch in stretches {
        styled.push(text.get(at..stretch.start).unwrap_or_default(), plain);
        // On the chosen row the colours behind the letters stay.
        let letter = if fitting.is_selected { plain.patch(letter) } else { letter };
        styled.push(text.get(stretch.clone()).unwrap_or_default(), letter);
        at = stretch.end;
    }
    styled.push(text.get(at..).unwrap_or_default(), plain);
    styled
}
