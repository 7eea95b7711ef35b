//! In which conversations was something said?
//!
//! All that was said is gone through, in any case of its letters and also inside of words. With 10,000 turns that is 6.6 MB
//! of text and takes under a tenth of a second; in the answers as they are kept, with copies of what they cite, it would
//! take seven times as long. A full-text index would answer in a few milliseconds where a word is nearly whole, in as long
//! where one letter of it is there, and finds only what begins like it: it is not worth to be kept in step.

use std::collections::HashMap;

use super::{Desk, Head};
use crate::store::StoreError;

/// Characters of an excerpt before and from what was looked for.
const BEFORE: usize = 24;
const FROM: usize = 120;

/// Words that are looked for at most; the others are taken for found.
const WORDS: usize = 64;

/// A conversation that has all the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundConversation {
    pub head: Head,
    /// A stretch of a question or an answer with one of the words, in one line; none where the title alone has them.
    pub excerpt: Option<String>,
}

/// What was found in a conversation so far: a bit for each word.
#[derive(Default)]
struct Seen {
    all: u64,
    /// Of the turn that has most of them, with its number.
    best: u64,
    turn: i64,
}

impl Desk {
    /// The conversations in which all `words` occur, in the title or in what was said, the one with the latest turn first.
    /// All of them without a word.
    pub fn search(&self, words: &str) -> Result<Vec<FoundConversation>, StoreError> {
        let words: Vec<String> =
            words.split_whitespace().take(WORDS).map(str::to_lowercase).collect();
        let heads = self.heads()?;
        let wanted = bits(&words, |_| true);
        let mut seen: HashMap<i64, Seen> = heads
            .iter()
            .map(|head| (head.id, Seen { all: found(&head.title, &words), ..Seen::default() }))
            .collect();
        if !words.is_empty() {
            self.database(self.look_through(&words, &mut seen))?;
        }
        let mut conversations = Vec::new();
        for head in heads {
            let Some(seen) = seen.get(&head.id).filter(|seen| seen.all == wanted) else { continue };
            let excerpt = if seen.best == 0 {
                None
            } else {
                let text = self.database(self.said(seen.turn))?;
                words.iter().find_map(|word| excerpt(&text, word))
            };
            conversations.push(FoundConversation { head, excerpt });
        }
        Ok(conversations)
    }

    fn look_through(
        &self,
        words: &[String],
        seen: &mut HashMap<i64, Seen>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "SELECT t.conversation_id, t.id, s.text FROM turn t JOIN said s ON s.turn_id = t.id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(seen) = seen.get_mut(&row.get::<_, i64>(0)?) else { continue };
            let here = found(row.get_ref(2)?.as_str()?, words);
            seen.all |= here;
            if here.count_ones() > seen.best.count_ones() {
                (seen.best, seen.turn) = (here, row.get(1)?);
            }
        }
        Ok(())
    }

    fn said(&self, turn: i64) -> rusqlite::Result<String> {
        self.connection
            .prepare_cached("SELECT text FROM said WHERE turn_id = ?1")?
            .query_row([turn], |row| row.get(0))
    }
}

/// The words that occur in a text.
fn found(text: &str, words: &[String]) -> u64 {
    let text = text.to_lowercase();
    bits(words, |word| text.contains(word))
}

fn bits(words: &[String], is_it: impl Fn(&str) -> bool) -> u64 {
    let set = words.iter().enumerate().filter(|(_, word)| is_it(word));
    set.fold(0, |bits, (index, _)| bits | 1 << index)
}

/// The text around a word, in one line.
fn excerpt(text: &str, word: &str) -> Option<String> {
    let begins = |rest: &str| {
        let mut letters = rest.chars().flat_map(char::to_lowercase);
        word.chars().all(|letter| letters.next() == Some(letter))
    };
    let at =
        text.char_indices().map(|(at, _)| at).find(|at| text.get(*at..).is_some_and(begins))?;
    let (before, from) = text.split_at_checked(at)?;
    let start = before.char_indices().rev().nth(BEFORE - 1).map_or(0, |(at, _)| at);
    // It begins with a whole word, where there is one in reach.
    let lead = before.get(start..)?;
    let lead = match (start, lead.find(char::is_whitespace)) {
        (0, _) | (_, None) => lead,
        (_, Some(space)) => lead.get(space..)?,
    };
    let end = from.char_indices().nth(FROM).map_or(from.len(), |(at, _)| at);
    let whole = format!("{lead}{}", from.get(..end)?);
    let joined = whole.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Turn;

    fn save(desk: &mut Desk, conversation: Option<i64>, question: &str, answer: &str) -> i64 {
        let answer = format!("{{\"schema\":1,\"answer\":{answer:?},\"hits\":[\"zeppelin\"]}}");
        let turn = Turn { asked_at: 5, question: question.to_owned(), answer, why: None };
        desk.save_turn(conversation, &turn).unwrap()
    }

    #[track_caller]
    fn check(desk: &Desk, words: &str, expected: &[(i64, Option<&str>)]) {
        let found = desk.search(words).unwrap();
        let found: Vec<_> =
            found.iter().map(|found| (found.head.id, found.excerpt.as_deref())).collect();
        assert_eq!(found, expected, "{words}");
    }

    #[test]
    fn what_was_said_is_found_in_titles_questions_and_answers() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        let lease = save(&mut desk, None, "May the tenant leave?", "Only with SIX months’ notice.");
        save(&mut desk, Some(lease), "And the roof?", "The landlord\nrepairs it.");
        let pump = save(&mut desk, None, "Why does the pump leak?", "Its Überwurfmutter is worn.");
        desk.rename(pump, "Hall nine").unwrap();
        let notice = "leave? Only with SIX months’ notice.";
        check(&desk, "", &[(pump, None), (lease, None)]);
        check(&desk, "six", &[(lease, Some(notice))]);
        check(&desk, "ROOF", &[(lease, Some("And the roof? The landlord repairs it."))]);
        let worn = "the pump leak? Its Überwurfmutter is worn.";
        check(&desk, "überwurf", &[(pump, Some(worn))]);
        // Words may stand in different turns, and in the title.
        check(&desk, "months landlord", &[(lease, Some(notice))]);
        check(&desk, "nine", &[(pump, None)]);
        let leak = "Why does the pump leak? Its Überwurfmutter is worn.";
        check(&desk, "nine leak", &[(pump, Some(leak))]);
        check(&desk, "months pump", &[]);
        // What is only cited was not said.
        check(&desk, "zeppelin", &[]);
        desk.delete(lease, 9).unwrap();
        check(&desk, "six", &[]);
        desk.purge(&[lease]).unwrap();
        let left: i64 =
            desk.connection.query_row("SELECT count(*) FROM said", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1, "what is purged is found nowhere");
    }

    #[test]
    fn an_answer_that_is_no_json_is_searched_by_its_question() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        let (question, answer) = ("Why?".into(), "{broken".into());
        let turn = Turn { asked_at: 5, question, answer, why: None };
        let id = desk.save_turn(None, &turn).unwrap();
        check(&desk, "why", &[(id, Some("Why?"))]);
    }

    #[test]
    fn an_excerpt_is_one_line_around_the_word() {
        let long = format!("{} here it is {}", "before ".repeat(30), "after ".repeat(60));
        let cut = excerpt(&long, "here").unwrap();
        assert!(cut.starts_with("before before") && cut.len() < 160, "{cut}");
        assert_eq!(excerpt("İstanbul is large", "large").unwrap(), "İstanbul is large");
        assert_eq!(excerpt("a\n\n b", "b").unwrap(), "a b");
        assert_eq!(excerpt("nothing", "else"), None);
    }
}
