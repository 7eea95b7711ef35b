//! Which of many rows is meant by a few letters?

mod fit;

use std::cmp::Reverse;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use self::fit::{Fit, Wanted};
use super::Context;
use super::action::Action;
use super::input::Input;
use super::question::Chip;

/// Rows by which it goes when a page is asked for.
const PAGE: usize = 10;

/// A view in which a few letters choose one of many rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picker {
    pub kind: PickerKind,
    /// The letters.
    pub input: Input,
    pub choices: Choices,
    /// The rows are still to come.
    pub is_waiting: bool,
}

/// What is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickerKind {
    /// What is to be done where keys go to this context.
    Action(Context),
    /// A question that was asked before.
    Past,
    /// A folder or a file of the library.
    Place,
}

/// Rows, and those of them that fit what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    rows: Vec<Row>,
    typed: String,
    /// Indices of the rows that fit, and how; the best first.
    fitting: Vec<(usize, Fit)>,
    /// Index among those that fit.
    selected: usize,
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is; letters are looked for here.
    pub text: String,
    /// Another name of it, where letters are looked for as well; may be empty.
    pub name: String,
    /// What is told beside it; may be empty.
    pub note: String,
    /// Other words that it is looked for by, which are not shown.
    pub also: &'static str,
    pub choice: Choice,
}

/// What comes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Do(Action),
    /// It is done in another view: only who types finds it.
    Elsewhere(Context, Action),
    /// A past question by its index in the history.
    Past(usize),
    Place(Chip),
}

/// A row with the stretches of it, in bytes, that fit what was typed.
#[derive(Debug)]
pub struct Fitting<'a> {
    pub row: &'a Row,
    pub is_selected: bool,
    pub in_text: Vec<Range<usize>>,
    pub in_name: Vec<Range<usize>>,
}

impl Picker {
    pub fn new(kind: PickerKind, rows: Vec<Row>) -> Self {
        Self { kind, input: Input::default(), choices: Choices::new(rows), is_waiting: false }
    }

    /// Its rows come [later](Self::fill).
    pub fn waiting(kind: PickerKind) -> Self {
        Self { is_waiting: true, ..Self::new(kind, Vec::new()) }
    }

    pub(super) fn fill(&mut self, rows: Vec<Row>) {
        self.choices = Choices::new(rows);
        self.is_waiting = false;
        self.typed();
    }

    /// Begins with letters that stand there already, where a row fits them.
    #[must_use]
    pub(super) fn begun(mut self, typed: &str) -> Self {
        self.choices.fit(typed);
        if self.choices.fitting.is_empty() {
            self.choices.fit("");
        } else {
            self.input = Input::new(typed);
        }
        self
    }

    /// Takes over that letters were typed or taken away.
    pub(super) fn typed(&mut self) {
        self.choices.fit(self.input.text());
    }
}

impl Choices {
    pub fn new(rows: Vec<Row>) -> Self {
        let mut choices = Self { rows, ..Self::default() };
        choices.show_all();
        choices
    }

    /// Keeps the rows that hold each word of `typed`, those first in which it begins a word; where none does, those of which
    /// it is an abbreviation. Of equally good ones the first comes first; chooses the best.
    pub(super) fn fit(&mut self, typed: &str) {
        if typed == self.typed {
            return;
        }
        typed.clone_into(&mut self.typed);
        self.selected = 0;
        if typed.trim().is_empty() {
            return self.show_all();
        }
        let mut wanted = Wanted::new(typed);
        let mut fitting = self.scored(|row, text| wanted.together(text, row.also));
        if fitting.is_empty() {
            fitting = self.scored(|_, text| wanted.scattered(text));
        }
        fitting.sort_by_key(|(_, fit, score)| (*fit, Reverse(*score)));
        self.fitting = fitting.into_iter().map(|(index, fit, _)| (index, fit)).collect();
    }

    fn show_all(&mut self) {
        let shown = self.rows.iter().enumerate().filter(|(_, row)| !row.is_elsewhere());
        self.fitting = shown.map(|(index, _)| (index, Fit::Begins)).collect();
    }

    /// The rows that fit, each with its index and score.
    fn scored(
        &self,
        mut fit: impl FnMut(&Row, &str) -> Option<(Fit, u32)>,
    ) -> Vec<(usize, Fit, u32)> {
        let mut haystack = String::new();
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(index, row)| {
            row.write(&mut haystack);
            let (fit, score) = fit(row, &haystack)?;
            Some((index, fit, score))
        })
        .collect()
    }

    /// All of them, as they were given.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many rows letters are looked for in; before any is typed, how many are shown.
    pub fn len(&self) -> usize {
        if self.typed.trim().is_empty() { self.fitting.len() } else { self.rows.len() }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows fit.
    pub fn fitting(&self) -> usize {
        self.fitting.len()
    }

    /// Index of the row that is chosen among those that fit.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// The row that is chosen.
    pub fn choice(&self) -> Option<&Choice> {
        let (index, _) = self.fitting.get(self.selected)?;
        self.rows.get(*index).map(|row| &row.choice)
    }

    /// Chooses one of the rows that fit by its index.
    pub(super) fn select(&mut self, index: usize) {
        self.selected = index.min(self.fitting.len().saturating_sub(1));
    }

    /// Goes up or down, from one end to the other; false for any other action.
    pub(super) fn go(&mut self, action: Action) -> bool {
        let Some(last) = self.fitting.len().checked_sub(1) else { return false };
        self.selected = match action {
            Action::Up => self.selected.checked_sub(1).unwrap_or(last),
            Action::Down if self.selected == last => 0,
            Action::Down => self.selected + 1,
            Action::PageUp => self.selected.saturating_sub(PAGE),
            Action::PageDown => (self.selected + PAGE).min(last),
            _ => return false,
        };
        true
    }

    /// Chooses the first or the last of the rows that fit.
    pub(super) fn go_to_end(&mut self, is_last: bool) {
        self.selected = if is_last { self.fitting.len().saturating_sub(1) } else { 0 };
    }

    /// So many of the rows that fit, from the one with the index `top`.
    pub fn shown(&self, top: usize, count: usize) -> Vec<Fitting<'_>> {
        let mut wanted = Wanted::new(&self.typed);
        let mut haystack = String::new();
        let indices = self.fitting.iter().enumerate().skip(top).take(count);
        indices
            .filter_map(|(place, (index, fit))| {
                let row = self.rows.get(*index)?;
                row.write(&mut haystack);
                let (in_text, in_name) =
                    row.stretches(&haystack, wanted.characters(&haystack, *fit));
                Some(Fitting { row, is_selected: place == self.selected, in_text, in_name })
            })
            .collect()
    }
}

impl Row {
    fn is_elsewhere(&self) -> bool {
        matches!(self.choice, Choice::Elsewhere(..))
    }

    /// Writes that in which letters are looked for.
    fn write(&self, haystack: &mut String) {
        haystack.clear();
        haystack.push_str(&self.text);
        haystack.push(' ');
        haystack.push_str(&self.name);
    }

    /// The characters with these numbers as bytes of the text, and of the name.
    fn stretches(
        &self,
        haystack: &str,
        characters: &[u32],
    ) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
        let (mut in_text, mut in_name) = (Vec::new(), Vec::new());
        let name = self.text.len() + 1;
        for (number, (start, character)) in (0_u32..).zip(haystack.grapheme_indices(true)) {
            if !characters.contains(&number) {
                continue;
            }
            let end = start + character.len();
            if end <= self.text.len() {
                in_text.push(start..end);
            } else if let Some(from) = start.checked_sub(name) {
                in_name.push(from..end - name);
            }
        }
        (in_text, in_name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn choices(texts: &[(&str, &str)]) -> Choices {
        let row = |(index, (text, name)): (usize, &(&str, &str))| Row {
            text: (*text).to_owned(),
            name: (*name).to_owned(),
            note: String::new(),
            also: "",
            choice: Choice::Past(index),
        };
        Choices::new(texts.iter().enumerate().map(row).collect())
    }

    /// The rows that fit, letters that were typed in brackets.
    #[track_caller]
    fn check(rows: &[(&str, &str)], typed: &str, expected: &[&str]) {
        let mut choices = choices(rows);
        choices.fit(typed);
        let bracketed = |text: &str, stretches: &[Range<usize>]| {
            let mut shown = String::new();
            for (start, character) in text.grapheme_indices(true) {
                let is_marked = stretches.iter().any(|stretch| stretch.start == start);
                let (left, right) = if is_marked { ("[", "]") } else { ("", "") };
                shown.extend([left, character, right]);
            }
            shown
        };
        let shown: Vec<String> = choices
            .shown(0, 9)
            .iter()
            .map(|fitting| {
                let text = bracketed(&fitting.row.text, &fitting.in_text);
                format!("{text} {}", bracketed(&fitting.row.name, &fitting.in_name))
            })
            .collect();
        assert_eq!(shown, expected, "{typed:?}");
    }

    const ACTIONS: [(&str, &str); 3] = [
        ("export the conversation", "export"),
        ("choose the model", "models"),
        ("go to the next pane", "next-pane"),
    ];

    #[test]
    fn letters_are_looked_for_in_their_order_in_text_and_name() {
        check(
            &ACTIONS,
            "",
            &[
                "export the conversation export",
                "choose the model models",
                "go to the next pane next-pane",
            ],
        );
        // Letters that stand together, in whatever order the words are.
        check(&ACTIONS, "pane next", &["go to the [n][e][x][t] [p][a][n][e] next-pane"]);
        check(&ACTIONS, "port", &["ex[p][o][r][t] the conversation export"]);
        // Where there are none, an abbreviation.
        check(&ACTIONS, "mdls", &["choose the model [m]o[d]e[l][s]"]);
        check(&ACTIONS, "ec", &["[e]xport the [c]onversation export"]);
        check(&ACTIONS, "xyz", &[]);
        check(&ACTIONS, "otd", &[]);
    }

    #[test]
    fn what_is_done_elsewhere_and_other_words_for_it_are_found_by_who_types() {
        let row = |text: &str, also, choice| Row {
            text: text.to_owned(),
            name: String::new(),
            note: String::new(),
            also,
            choice,
        };
        let mut choices = Choices::new(vec![
            row("library: add a folder", "", Choice::Elsewhere(Context::Library, Action::Add)),
            row("choose the theme", "colours settings", Choice::Do(Action::Themes)),
        ]);
        assert_eq!((choices.fitting(), choices.len()), (1, 1));
        choices.fit("add");
        assert_eq!((choices.fitting(), choices.len()), (1, 2));
        assert_eq!(choices.choice(), Some(&Choice::Elsewhere(Context::Library, Action::Add)));
        choices.fit("settings");
        assert_eq!(choices.choice(), Some(&Choice::Do(Action::Themes)));
        assert!(choices.shown(0, 1)[0].in_text.is_empty());
        choices.fit(" ");
        assert_eq!((choices.fitting(), choices.len()), (1, 1));
    }

    #[test]
    fn accents_and_case_need_not_be_typed_and_count_when_they_are() {
        let rows = [("Müller", ""), ("Muller", "")];
        check(&rows, "mul", &["[M][ü][l]ler ", "[M][u][l]ler "]);
        check(&rows, "mül", &["[M][ü][l]ler "]);
        check(&[("iso", ""), ("ISO", "")], "ISO", &["[I][S][O] "]);
        check(&[("e\u{301}te\u{301} 字", "")], "te 字", &["e\u{301}[t][e\u{301}] [字] "]);
    }

    #[test]
    fn going_on_from_an_end_comes_to_the_other() {
        let mut choices = choices(&ACTIONS);
        let mut at = Vec::new();
        for action in [Action::Up, Action::Down, Action::Down, Action::PageDown, Action::PageUp] {
            assert!(choices.go(action));
            at.push(choices.selected());
        }
        assert_eq!(at, [2, 0, 1, 2, 0]);
        assert!(!choices.go(Action::Left));
        assert!(!Choices::default().go(Action::Down));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_marks_whole_characters(
            rows in proptest::collection::vec((".{0,20}", ".{0,8}"), 0..6),
            typed in "[a-zé字\\\\ \u{301}]{0,4}|.{0,4}",
        ) {
            let mut choices = choices(
                &rows.iter().map(|(text, name)| (text.as_str(), name.as_str())).collect::<Vec<_>>(),
            );
            choices.fit(&typed);
            for fitting in choices.shown(0, 9) {
                let Row { text, name, .. } = fitting.row;
                prop_assert!(fitting.in_text.iter().all(|stretch| text.get(stretch.clone()).is_some()));
                prop_assert!(fitting.in_name.iter().all(|stretch| name.get(stretch.clone()).is_some()));
            }
        }
    }
}
