//! Which documents are called by a word?
//!
//! A document is called by the words of its files' names and of its title. They are kept in memory, in the order of
//! their letters, so that a question's words are looked up and no name is read.

use crate::words;

/// Bytes of a name that are kept from each of its words on, and what is left of its last word.
const KEPT: usize = 32;

/// The names of all documents.
#[derive(Debug, Default)]
pub(crate) struct Names {
    tails: Vec<Tail>,
}

/// A name from one of its words on, without what stands between words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tail {
    letters: Box<str>,
    /// Bytes of its first word.
    first: usize,
    document: i64,
}

impl Names {
    pub(crate) fn of<'a>(names: impl Iterator<Item = (i64, &'a str)>) -> Self {
        let mut tails = Vec::new();
        for (document, name) in names {
            let parts = words::parts(name);
            for (at, first) in parts.iter().enumerate() {
                let mut letters = String::new();
                for part in parts.iter().skip(at) {
                    if letters.len() >= KEPT {
                        break;
                    }
                    letters.push_str(part);
                }
                tails.push(Tail { letters: letters.into(), first: first.len(), document });
            }
        }
        tails.sort_unstable();
        tails.dedup();
        Self { tails }
    }

    /// The documents in whose names `letters` begin at a word: those of a word, or of several that stand beside each
    /// other. Fewer letters than `shortest` are a word only whole; more can be the beginning of words written together.
    /// A document may come more than once.
    pub(crate) fn called<'a>(
        &'a self,
        letters: &'a str,
        shortest: usize,
    ) -> impl Iterator<Item = i64> + 'a {
        let start = self.tails.partition_point(|tail| *tail.letters < *letters);
        let is_long = letters.chars().count() >= shortest;
        self.tails
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(move |tail| tail.letters.starts_with(letters))
            .filter(move |tail| is_long || tail.first == letters.len())
            .map(|tail| tail.document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_called_by_words_of_its_name_and_beginnings_of_what_is_written_together() {
        let names = [
            (1, "QUAYTRADINGLTD_04_29_2019-SUPPLY AGREEMENT"),
            (2, "HarbourMillInc Lease Agreement2"),
            (3, "harbour-mill-calls"),
            (3, "Calls about the mill"),
        ];
        let names = Names::of(names.into_iter());
        let check = |letters: &str, expected: &[i64]| {
            let mut called: Vec<i64> = names.called(letters, 5).collect();
            called.sort_unstable();
            called.dedup();
            assert_eq!(called, expected, "{letters}");
        };
        check("quaytrading", &[1]);
        check("quayt", &[1]);
        check("quay", &[]);
        check("trading", &[]);
        check("agreement", &[1, 2]);
        check("mill", &[2, 3]);
        check("harbourmill", &[2, 3]);
        check("harbourmilllease", &[]);
        check("about", &[3]);
        check("thethe", &[]);
        check("leasehold", &[]);
        assert_eq!(names.called("quay", 4).collect::<Vec<_>>(), [1]);
    }
}
