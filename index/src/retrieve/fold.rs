//! Which of the passages found say the same?
//!
//! Versions and copies of a document bring the same passage again. It is one hit, unless what differs may be what is
//! asked for: a figure, a name, a negation.

use std::cmp::Ordering;

use crate::words;

/// Passages of which more than one word in so many differs are two.
const ALIKE: usize = 12;

/// Words that turn a sentence round, as they are told apart: without accents.
const NEGATIONS: [&str; 39] = [
    "aucun", "aucune", "cannot", "except", "ikke", "inte", "jamais", "kein", "keine", "keinem",
    "keinen", "keiner", "keines", "neither", "nem", "never", "nicht", "nie", "niet", "no", "non",
    "none", "nor", "not", "nunca", "nur", "ohne", "only", "ou", "pas", "sans", "senza", "sin",
    "unless", "weder", "without", "без", "не", "нет",
];

/// The words of a passage, to be compared with those of others.
#[derive(Debug)]
pub(super) struct Words {
    /// In the order of the alphabet, each with whether it may be what is asked for.
    words: Vec<(String, bool)>,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let mut words: Vec<(String, bool)> = words::exact(text)
            .into_iter()
            .map(|term| {
                let first = text.get(term.span).and_then(|word| word.chars().next());
                // Where words are not parted, a pair of characters may be any of them.
                let is_name = first.is_some_and(|c| c.is_uppercase() || words::is_unspaced(c));
                let matters = is_name
                    || term.text.contains(char::is_numeric)
                    || NEGATIONS.contains(&term.text.as_str());
                (term.text, matters)
            })
            .collect();
        words.sort_unstable();
        Self { words }
    }

    /// Whether both say the same in nearly the same words.
    pub(super) fn are_alike(&self, other: &Self) -> bool {
        let allowed = self.words.len().max(other.words.len()) / ALIKE;
        let (mut left, mut right) = (self.words.iter().peekable(), other.words.iter().peekable());
        let mut differing = 0;
        loop {
            let different = match (left.peek(), right.peek()) {
                (None, None) => return true,
                (Some(_), None) => left.next(),
                (None, Some(_)) => right.next(),
                (Some(a), Some(b)) => match a.0.cmp(&b.0) {
                    Ordering::Less => left.next(),
                    Ordering::Greater => right.next(),
                    Ordering::Equal => {
                        left.next();
                        right.next();
                        None
                    }
                },
            };
            if let Some((_, matters)) = different {
                differing += 1;
                if *matters || differing > allowed {
                    return false;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAUSE: &str = "The tenant pays the rent by the third working day of each month to the account of the \
         landlord, who confirms each payment in writing to Harbour Ltd within 10 days.";

    #[track_caller]
    fn check(from: &str, to: &str, expected: bool) {
        let (one, other) = (Words::of(CLAUSE), Words::of(&CLAUSE.replace(from, to)));
        assert_eq!(one.are_alike(&other), expected, "{from} to {to}");
        assert_eq!(other.are_alike(&one), expected, "{to} to {from}");
    }

    #[test]
    fn signs_case_and_a_few_words_make_no_other_passage() {
        check("", "", true);
        check("rent by", "RENT — by", true);
        check("confirms", "acknowledges", true);
    }

    #[test]
    fn what_may_be_asked_for_does() {
        check("10 days", "14 days", false);
        check("Harbour", "Quay", false);
        check("The tenant", "Somebody", false);
        check("pays", "never pays", false);
    }

    #[test]
    fn many_words_do() {
        check("pays the rent by the third", "settles what is due on the first", false);
    }

    #[test]
    fn passages_without_words_are_alike_only_among_themselves() {
        assert!(Words::of("…").are_alike(&Words::of("—")));
        assert!(!Words::of("…").are_alike(&Words::of("Yes")));
    }
}
