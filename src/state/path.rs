//! Which path is typed, and which ones could be meant?

use super::effect::{Effect, Sought};
use super::input::Input;

/// A line for a path that can be completed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathLine {
    pub input: Input,
    /// Paths that begin as what is typed.
    pub candidates: Vec<String>,
    /// The candidate that stands in the line, and what was typed before it was put there.
    pub taken: Option<(usize, String)>,
}

impl PathLine {
    pub fn new(path: impl Into<String>) -> Self {
        Self { input: Input::new(path), ..Self::default() }
    }

    /// The line has changed: what it could mean is asked for anew.
    pub(super) fn typed(&mut self, sought: Sought) -> Effect {
        self.taken = None;
        Effect::Complete { typed: self.input.text().to_owned(), sought }
    }

    /// Takes over what a beginning could mean, if that is still what stands there.
    pub(super) fn completed(&mut self, typed: &str, paths: Vec<String>) {
        if self.input.text() == typed && self.taken.is_none() {
            self.candidates = paths;
        }
    }

    /// Puts in what all candidates have in common, else one candidate after the other.
    pub(super) fn complete(&mut self, forward: bool, sought: Sought) -> Option<Effect> {
        let common = common_start(&self.candidates);
        let is_progress = self.taken.is_none() && common.len() > self.input.text().len() && forward;
        if is_progress {
            self.input = Input::new(common);
            return Some(self.typed(sought));
        }
        let count = self.candidates.len();
        let index = match (&self.taken, forward) {
            (None, true) => 0,
            (None, false) => count.saturating_sub(1),
            (Some((index, _)), true) => (index + 1) % count.max(1),
            (Some((index, _)), false) => (index + count.saturating_sub(1)) % count.max(1),
        };
        let Some(candidate) = self.candidates.get(index) else {
            return self.taken.is_none().then(|| self.typed(sought));
        };
        let typed = match self.taken.take() {
            Some((_, typed)) => typed,
            None => self.input.text().to_owned(),
        };
        self.input = Input::new(candidate);
        self.taken = Some((index, typed));
        None
    }
}

/// The longest beginning that all texts share.
fn common_start(texts: &[String]) -> &str {
    let Some((first, others)) = texts.split_first() else { return "" };
    others.iter().fold(first.as_str(), |common, text| {
        let end = common
            .char_indices()
            .zip(text.chars())
            .find(|((_, a), b)| a != b)
            .map_or(common.len().min(text.len()), |((at, _), _)| at);
        common.get(..end).unwrap_or_default()
    })
}
