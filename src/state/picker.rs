//! Which of many rows is meant by a few letters?

use std::cmp::Reverse;
use std::ops::Range;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use unicode_segmentation::UnicodeSegmentation as _;

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
    /// Indices of the rows that fit, the best first.
    fitting: Vec<usize>,
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
    pub choice: Choice,
}

/// What comes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Do(Action),
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
        let fitting = (0..rows.len()).collect();
        Self { rows, typed: String::new(), fitting, selected: 0 }
    }

    /// Keeps the rows that hold the letters of each word of `typed` in their order, the best first and of equally good ones
    /// the first; chooses the best.
    pub(super) fn fit(&mut self, typed: &str) {
        if typed == self.typed {
            return;
        }
        let pattern = pattern(typed);
        let mut matcher = matcher();
        let (mut haystack, mut buffer) = (String::new(), Vec::new());
        let rows = self.rows.iter().enumerate();
        let mut scored: Vec<(u32, usize)> = rows
            .filter_map(|(index, row)| {
                row.write(&mut haystack);
                let score = pattern.score(Utf32Str::new(&haystack, &mut buffer), &mut matcher)?;
                Some((score, index))
            })
            .collect();
        scored.sort_by_key(|(score, _)| Reverse(*score));
        self.fitting = scored.into_iter().map(|(_, index)| index).collect();
        typed.clone_into(&mut self.typed);
        self.selected = 0;
    }

    /// All of them, as they were given.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
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
        let index = self.fitting.get(self.selected)?;
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

    /// So many of the rows that fit, from the one with the index `top`.
    pub fn shown(&self, top: usize, count: usize) -> Vec<Fitting<'_>> {
        let pattern = pattern(&self.typed);
        let mut matcher = matcher();
        let (mut haystack, mut buffer, mut found) = (String::new(), Vec::new(), Vec::new());
        let indices = self.fitting.iter().enumerate().skip(top).take(count);
        indices
            .filter_map(|(place, index)| {
                let row = self.rows.get(*index)?;
                row.write(&mut haystack);
                found.clear();
                pattern.indices(Utf32Str::new(&haystack, &mut buffer), &mut matcher, &mut found);
                let (in_text, in_name) = row.stretches(&haystack, &found);
                Some(Fitting { row, is_selected: place == self.selected, in_text, in_name })
            })
            .collect()
    }
}

impl Row {
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

fn pattern(typed: &str) -> Pattern {
    Pattern::new(typed, CaseMatching::Smart, Normalization::Smart, AtomKind::Fuzzy)
}

fn matcher() -> Matcher {
    Matcher::new(Config::DEFAULT)
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
        check(&ACTIONS, "mdls", &["choose the model [m]o[d]e[l][s]"]);
        // What holds the letters more closely comes first.
        check(
            &ACTIONS,
            "pane next",
            &[
                "go to the next [p][a][n][e] [n][e][x][t]-pane",
                "ex[p]ort the convers[a]tio[n] [e][x]por[t]",
            ],
        );
        check(&ACTIONS, "xyz", &[]);
    }

    #[test]
    fn accents_and_case_need_not_be_typed_and_count_when_they_are() {
        let rows = [("Müller", ""), ("Muller", "")];
        check(&rows, "mul", &["[M][ü][l]ler ", "[M][u][l]ler "]);
        check(&rows, "mül", &["[M][ü][l]ler "]);
        check(&[("iso", ""), ("ISO", "")], "ISO", &["[I][S][O] "]);
        check(&[("e\u{301}te\u{301} 字", "")], "te字", &["e\u{301}[t][e\u{301}] [字] "]);
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
