//! How well does a row fit what was typed?
//!
//! Letters that stand together are what most people mean. Scattered ones are an abbreviation, and count only where each
//! run of them begins a word, or where all of them lie in one word that begins with the first.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// So many letters begin another word for something; fewer begin too many.
const MEANING: usize = 3;

/// What was typed, to be looked for in many rows.
pub(super) struct Wanted {
    /// The letters of each word together.
    together: Pattern,
    /// The letters of each word in their order.
    scattered: Pattern,
    matcher: Matcher,
    /// Kept between rows, as matching wants them.
    buffer: Vec<char>,
    found: Vec<u32>,
}

/// How well a row fits; what fits better is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Each word begins a word of the row.
    Begins,
    /// Each begins a word of the row, or one of the other words for it.
    Means,
    /// Each stands somewhere in the row.
    Holds,
    /// Each is an abbreviation of something in the row.
    Abbreviates,
}

impl Wanted {
    pub(super) fn new(typed: &str) -> Self {
        let pattern = |kind| Pattern::new(typed, CaseMatching::Smart, Normalization::Smart, kind);
        Self {
            together: pattern(AtomKind::Substring),
            scattered: pattern(AtomKind::Fuzzy),
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
            found: Vec::new(),
        }
    }

    /// How well a row of these texts fits by letters that stand together, with a score: more is better.
    pub(super) fn together(&mut self, text: &str, also: &str) -> Option<(Fit, u32)> {
        let (mut worst, mut score) = (Fit::Begins, 0);
        for atom in &self.together.atoms {
            let shown = found(&mut self.matcher, &mut self.buffer, &mut self.found, atom, text);
            let (fit, points) = match shown {
                Some((points, true)) => (Fit::Begins, points),
                shown => {
                    let also = if atom.needle_text().len() < MEANING { "" } else { also };
                    let meant =
                        found(&mut self.matcher, &mut self.buffer, &mut self.found, atom, also);
                    match (shown, meant) {
                        (_, Some((points, true))) => (Fit::Means, points),
                        (Some((points, _)), _) => (Fit::Holds, points),
                        (None, _) => return None,
                    }
                }
            };
            worst = worst.max(fit);
            score += points;
        }
        Some((worst, score))
    }

    /// The same for an abbreviation.
    pub(super) fn scattered(&mut self, text: &str) -> Option<(Fit, u32)> {
        let mut score = 0;
        for atom in &self.scattered.atoms {
            self.found.clear();
            let text = Utf32Str::new(text, &mut self.buffer);
            score += u32::from(atom.indices(text, &mut self.matcher, &mut self.found)?);
            if !is_abbreviation(text, &self.found) {
                return None;
            }
        }
        Some((Fit::Abbreviates, score))
    }

    /// The numbers of the characters of a row's text that fit.
    pub(super) fn characters(&mut self, text: &str, fit: Fit) -> &[u32] {
        self.found.clear();
        let pattern = if fit == Fit::Abbreviates { &self.scattered } else { &self.together };
        let text = Utf32Str::new(text, &mut self.buffer);
        for atom in &pattern.atoms {
            // A word that stands only among the other words for it marks nothing.
            atom.indices(text, &mut self.matcher, &mut self.found);
        }
        &self.found
    }
}

/// The score of a word in a text, and whether it begins a word there.
fn found(
    matcher: &mut Matcher,
    buffer: &mut Vec<char>,
    found: &mut Vec<u32>,
    atom: &Atom,
    text: &str,
) -> Option<(u32, bool)> {
    found.clear();
    let text = Utf32Str::new(text, buffer);
    let score = atom.indices(text, matcher, found)?;
    let begins = found.first().is_none_or(|first| begins_a_word(text, *first));
    Some((score.into(), begins))
}

/// Whether each run of letters begins a word, or all lie in one word that begins with the first of them.
fn is_abbreviation(text: Utf32Str<'_>, found: &[u32]) -> bool {
    let Some((first, others)) = found.split_first() else { return true };
    if !begins_a_word(text, *first) {
        return false;
    }
    let last = others.last().unwrap_or(first);
    let is_one_word = (*first..=*last).all(|at| at == *first || !begins_a_word(text, at))
        && (*first..=*last).all(|at| letter(text, at).is_some_and(char::is_alphanumeric));
    let runs = found.iter().zip(others).filter(|(before, at)| **before + 1 != **at);
    is_one_word || runs.map(|(_, at)| *at).all(|at| begins_a_word(text, at))
}

/// Whether a word begins with a character: behind what is no letter, at a change of case, at the first digit.
fn begins_a_word(text: Utf32Str<'_>, at: u32) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|before| letter(text, before)) else {
        return true;
    };
    let Some(this) = letter(text, at) else { return false };
    !before.is_alphanumeric()
        || before.is_lowercase() && this.is_uppercase()
        || !before.is_numeric() && this.is_numeric()
        // Each character of a script without spaces may begin a word.
        || !this.is_alphanumeric()
}

fn letter(text: Utf32Str<'_>, at: u32) -> Option<char> {
    (at < u32::try_from(text.len()).unwrap_or(u32::MAX)).then(|| text.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, (text, also): (&str, &str), expected: Option<Fit>) {
        let mut wanted = Wanted::new(typed);
        let fit = wanted.together(text, also).or_else(|| wanted.scattered(text));
        assert_eq!(fit.map(|(fit, _)| fit), expected, "{typed:?} in {text:?}");
    }

    #[test]
    fn beginnings_of_words_fit_best_and_scattered_letters_only_as_abbreviations() {
        let lease = ("cases/oakfield/Lease of the millHouse_2024.pdf", "contract");
        check("lease", lease, Some(Fit::Begins));
        check("oak 2024", lease, Some(Fit::Begins));
        check("house", lease, Some(Fit::Begins));
        check("contr lease", lease, Some(Fit::Means));
        check("tract", lease, None);
        check("co", ("lease.pdf", "contract"), None);
        check("field", lease, Some(Fit::Holds));
        check("olm", lease, Some(Fit::Abbreviates));
        check("lse", lease, Some(Fit::Abbreviates));
        check("ese", lease, None);
        check("clear", ("close, or stop what runs", ""), None);
        check("字", ("大字", ""), Some(Fit::Holds));
        check("", lease, Some(Fit::Begins));
    }
}
