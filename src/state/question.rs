//! What stands in the question line, and what would be asked by it?

use std::time::Duration;

use docent_index::query::{self, Query, QueryError, Term};

use super::conversation::{Answering, Turn};
use super::effect::Run;
use super::input::Input;
use super::picker::Choices;
use crate::json::Hit;

/// How long nothing is typed before it is looked for what would be found.
pub(super) const REST: Duration = Duration::from_millis(150);

/// How long nothing is typed before it is told what is wrong where the cursor stands: who goes on typing may put it right.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The question line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub input: Input,
    /// Questions that were asked before, the latest last.
    pub history: Vec<String>,
    pub recalled: Option<Recalled>,
    /// What is asked lies in one of these; anywhere when there is none.
    pub chips: Vec<Chip>,
    /// How much the filters of the line leave, as it was counted last.
    pub in_scope: Option<InScope>,
    /// The commands that can be meant by what stands behind a slash; none while there is no slash, or when they were
    /// closed.
    pub commands: Option<Choices>,
    pub(super) rest: Rest,
    /// What stood there when it was looked at last.
    pub(super) seen: (String, Vec<Chip>),
}

/// A question that is recalled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// Among those that were asked.
    pub index: usize,
    /// What was being typed before, and the chips over it.
    pub draft: String,
    pub chips: Vec<Chip>,
}

/// A folder or a file that questions are limited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    /// The way to it as the query language's `path:` takes it.
    pub way: String,
}

/// How much some filters leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InScope {
    /// As a query.
    pub filters: String,
    pub documents: u64,
    pub passages: u64,
}

/// How long ago something was typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rest {
    /// Long ago: nothing comes of waiting any more.
    #[default]
    Long,
    /// At this time, since the start.
    Typing(Duration),
    /// At this time; what would be found is being looked for.
    Short(Duration),
}

/// What would be found for the question that is being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// With the passages; no answer ever comes.
    pub turn: Turn,
    /// Whether passages have been found for it, or for what stood there a moment before.
    is_found: bool,
}

impl Question {
    /// What stands behind the slash of a command; two slashes, or a space, begin a question.
    pub fn command(&self) -> Option<&str> {
        self.input.text().strip_prefix('/').filter(|rest| !rest.starts_with('/'))
    }

    /// The words of the line as they are asked: of two slashes at its beginning one.
    pub(super) fn words(&self) -> &str {
        let text = self.input.text();
        let escaped = if text.starts_with("//") { text.get(1..) } else { None };
        escaped.unwrap_or(text).trim()
    }

    /// What is asked when it is sent: the words with the chips as filters, where these do not stand there already.
    pub(super) fn asked(&self) -> String {
        let words = self.words();
        let written: Vec<Term> = query::pieces(words).filter_map(|piece| piece.term.ok()).collect();
        let missing = self.chips.iter().map(Chip::filter).filter(|term| !written.contains(term));
        let filters = Query { terms: missing.collect() }.to_string();
        [words, &filters]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The filters of the line and its chips as a query; empty where there is none.
    pub fn filters(&self) -> String {
        if self.command().is_some() {
            return Query { terms: self.chips.iter().map(Chip::filter).collect() }.to_string();
        }
        let asked = self.asked();
        let terms = query::pieces(&asked).filter_map(|piece| piece.term.ok());
        Query { terms: terms.filter(Term::is_filter).collect() }.to_string()
    }

    /// What is wrong in the line. Where the cursor stands it is told only after a while.
    pub fn fault(&self) -> Option<QueryError> {
        let error = self.error()?;
        (self.rest == Rest::Long || !self.is_at(&error)).then_some(error)
    }

    /// What is said of a word that looks like a filter and is none; while it is being typed nothing.
    pub fn hint(&self) -> Option<String> {
        if self.command().is_some() || self.fault().is_some() || self.rest != Rest::Long {
            return None;
        }
        query::unknown_filter(self.input.text()).map(unknown_filter)
    }

    fn error(&self) -> Option<QueryError> {
        if self.command().is_some() {
            return None;
        }
        query::pieces(self.input.text()).find_map(|piece| piece.term.err())
    }

    fn is_at(&self, error: &QueryError) -> bool {
        let span = error.span();
        (span.start..=span.end).contains(&self.input.cursor())
    }

    /// When something comes of nothing being typed, since the start.
    pub(super) fn wakes(&self) -> Option<Duration> {
        match self.rest {
            Rest::Long => None,
            Rest::Typing(at) => Some(at + REST),
            Rest::Short(at) => {
                let is_told = self.error().is_some_and(|error| self.is_at(&error))
                    || query::unknown_filter(self.input.text()).is_some();
                is_told.then_some(at + PATIENCE)
            }
        }
    }

    /// Whether what is typed next begins a word of a question.
    pub(super) fn begins_a_word(&self) -> bool {
        let before = self.input.text().get(..self.input.cursor()).unwrap_or_default();
        self.command().is_none() && before.chars().next_back().is_none_or(char::is_whitespace)
    }

    /// Puts a question there as it was asked: with the chips that it had, where it had some.
    pub(super) fn put(&mut self, asked: &str) {
        let (words, ways) = query::parted(asked);
        let escape = if words.starts_with('/') { "/" } else { "" };
        self.input = Input::new(format!("{escape}{words}"));
        if !ways.is_empty() {
            self.chips = ways.into_iter().map(|way| Chip { way }).collect();
        }
    }

    /// Recalls one of the questions that were asked; what stands there comes back after the latest one.
    pub(super) fn recall(&mut self, index: usize) {
        let Some(past) = self.history.get(index).cloned() else { return };
        let (draft, chips) = match self.recalled.take() {
            Some(before) => (before.draft, before.chips),
            None => (self.input.text().to_owned(), self.chips.clone()),
        };
        self.chips.clone_from(&chips);
        self.put(&past);
        self.recalled = Some(Recalled { index, draft, chips });
    }
}

/// What is said of a word that looks like a filter and is none.
pub fn unknown_filter(name: &str) -> String {
    let known: Vec<&str> = query::FILTERS.iter().map(|(name, ..)| *name).collect();
    format!("{name}: is searched as a word: filters are {}", known.join(", "))
}

impl Chip {
    pub(super) fn filter(&self) -> Term {
        Term::Path(self.way.clone())
    }
}

impl Preview {
    /// A search that begins; what was found before is shown until it has found something.
    pub(super) fn begun(turn: Turn, before: Option<Self>) -> Self {
        match before {
            Some(Self { turn: Turn { hits, .. }, is_found }) => {
                Self { turn: Turn { hits, ..turn }, is_found }
            }
            None => Self { turn, is_found: false },
        }
    }

    /// Takes over what was found; false when that is not waited for.
    pub(super) fn report(&mut self, run: Run, hits: Vec<Hit>, in_scope: u64) -> bool {
        if self.turn.run() != Some(run) {
            return false;
        }
        self.turn.hits = hits;
        self.turn.in_scope = in_scope;
        self.turn.answer = Answering::Nothing { reason: String::new() };
        self.is_found = true;
        true
    }

    /// What there is to be shown.
    pub fn found(&self) -> Option<&Turn> {
        self.is_found.then_some(&self.turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str, chips: &[&str]) -> Question {
        let chips = chips.iter().map(|way| Chip { way: (*way).to_owned() }).collect();
        Question { input: Input::new(text), chips, ..Question::default() }
    }

    #[track_caller]
    fn check(text: &str, chips: &[&str], asked: &str, filters: &str) {
        let question = question(text, chips);
        assert_eq!((question.asked().as_str(), question.filters().as_str()), (asked, filters));
        Query::parse(&question.asked()).unwrap();
    }

    #[test]
    fn chips_are_asked_as_filters_that_do_not_stand_there_already() {
        check(" Who signed? ", &[], "Who signed?", "");
        check(
            "Who signed? type:pdf",
            &["cases/oak field", "notes"],
            "Who signed? type:pdf path:\"cases/oak field\" path:notes",
            "type:pdf path:\"cases/oak field\" path:notes",
        );
        check("Who signed? path:notes", &["notes"], "Who signed? path:notes", "path:notes");
        check("//etc or not", &[], "/etc or not", "");
        check(" /etc", &[], "/etc", "");
        check("/models", &["notes"], "/models path:notes", "path:notes");
    }

    #[test]
    fn a_slash_begins_a_command_and_two_do_not() {
        for (text, command) in [
            ("/", Some("")),
            ("/exp", Some("exp")),
            ("//exp", None),
            (" /exp", None),
            ("a/b", None),
            ("", None),
        ] {
            assert_eq!(question(text, &[]).command(), command, "{text:?}");
        }
    }

    #[test]
    fn what_is_put_there_is_asked_as_it_is() {
        for asked in ["Who signed?", "/etc or not", "//x"] {
            let mut question = Question::default();
            question.put(asked);
            assert_eq!((question.asked().as_str(), question.command()), (asked, None));
        }
    }

    #[test]
    fn a_filter_that_is_none_is_told_when_typing_rests() {
        let mut question = question("rent author:smith", &[]);
        question.rest = Rest::Typing(Duration::ZERO);
        assert_eq!(question.hint(), None);
        question.rest = Rest::Short(Duration::ZERO);
        assert_eq!(question.wakes(), Some(PATIENCE));
        question.rest = Rest::Long;
        assert!(question.hint().unwrap().starts_with("author: is searched as a word"));
        assert!(question.hint().unwrap().contains("file, dir, path"));
    }

    #[test]
    fn a_fault_is_told_where_the_cursor_is_not_or_after_a_while() {
        let mut question = question("since:20 rent", &[]);
        question.rest = Rest::Typing(Duration::ZERO);
        assert!(question.fault().is_some());
        question.input.move_to(8);
        assert!(question.fault().is_none());
        assert_eq!(question.wakes(), Some(REST));
        question.rest = Rest::Short(Duration::ZERO);
        assert_eq!(question.wakes(), Some(PATIENCE));
        question.rest = Rest::Long;
        assert!(question.fault().is_some());
        assert_eq!(question.wakes(), None);
    }
}
