//! What is looked for when a question goes on from earlier ones?
//!
//! Its own words, with phrases of the earlier questions beside them that count less; or the words of a model, where one
//! answers. What a query says about where to look stays as it was typed, and who asks elsewhere asks anew.

use docent_engine::answer::Turn;
use docent_engine::follow_up::{carried, says_nothing};
use docent_index::query::{Query, Term};

use crate::json::Answered;

/// A question that goes on from earlier ones, as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FollowUp {
    /// What is looked for.
    pub(crate) query: Query,
    pub(crate) by: Understanding,
}

/// How it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Understanding {
    /// With these phrases of the questions before.
    Beside(Vec<String>),
    /// As a model has put it.
    Written(String),
}

impl FollowUp {
    /// With the words of the questions before; none where the question stands alone.
    pub(crate) fn by_words(query: &Query, turns: &[Turn]) -> Option<Self> {
        let question = query.question();
        if question.trim().is_empty() {
            // Filters alone ask for all that they leave.
            return None;
        }
        let turns: Vec<(String, Turn)> = turns
            .iter()
            .map(|turn| {
                let (question, filters) = match Query::parse(&turn.question) {
                    Ok(query) => (query.question(), filters(&query)),
                    Err(_) => (turn.question.clone(), String::new()),
                };
                (filters, Turn { question, answer: turn.answer.clone() })
            })
            .collect();
        // Who looks elsewhere asks anew, unless there is nothing in the question to look for: "And here?"
        let here = filters(query);
        let is_elsewhere = |filters: &String| *filters != here && !says_nothing(&question);
        let elsewhere = turns.iter().rposition(|(filters, _)| is_elsewhere(filters));
        let turns = turns.into_iter().skip(elsewhere.map_or(0, |last| last + 1));
        let turns: Vec<Turn> = turns.map(|(_, turn)| turn).collect();
        let phrases = carried(&question, &turns)?;
        Some(Self { query: query.clone(), by: Understanding::Beside(phrases) })
    }

    /// In the words of a model.
    pub(crate) fn by_model(query: &Query, text: String) -> Self {
        Self { query: in_words(query, &text), by: Understanding::Written(text) }
    }

    /// What is looked for where a question is `query`, and what is beside it.
    pub(crate) fn sought<'a>(of: Option<&'a Self>, query: &'a Query) -> (&'a Query, String) {
        of.map_or_else(|| (query, String::new()), |of| (&of.query, of.beside()))
    }

    fn beside(&self) -> String {
        match &self.by {
            Understanding::Beside(phrases) => phrases.join(" "),
            Understanding::Written(_) => String::new(),
        }
    }

    /// Tells it with an answer.
    pub(crate) fn tell(self, answered: &mut Answered) {
        match self.by {
            Understanding::Beside(phrases) => {
                let asked = self.query.question();
                answered.understood = Some(format!("{} {}", asked.trim(), phrases.join(" ")));
                answered.carried = phrases;
            }
            Understanding::Written(text) => answered.understood = Some(text),
        }
    }
}

/// What narrows a query down.
fn filters(query: &Query) -> String {
    let filters = query.terms.iter().filter(|term| term.is_filter()).cloned();
    Query { terms: filters.collect() }.to_string()
}

/// The same query with other words.
fn in_words(query: &Query, text: &str) -> Query {
    let kept = query.terms.iter().filter(|term| !matches!(term, Term::Word(_))).cloned();
    Query { terms: kept.chain(Query::plain(text).terms).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(question: &str) -> Turn {
        Turn { question: question.to_owned(), answer: "In the cellar.".to_owned() }
    }

    #[track_caller]
    fn check(question: &str, before: &[&str], expected: &str) {
        let before: Vec<Turn> = before.iter().map(|question| turn(question)).collect();
        let query = Query::parse(question).unwrap();
        let follow_up = FollowUp::by_words(&query, &before);
        let (wanted, beside) = FollowUp::sought(follow_up.as_ref(), &query);
        assert_eq!((wanted, beside.as_str()), (&query, expected), "{question}");
    }

    #[test]
    fn a_follow_up_is_asked_as_it_was_typed_with_what_it_leaves_out_beside() {
        let pump = "Where is the feed pump? file:pump -old";
        check("and its \"warm side\" file:pump -old", &[pump], "feed pump");
        check("Where is the feed pump? file:pump", &[pump], "");
        check("and its warm side", &[], "");
    }

    #[test]
    fn who_looks_elsewhere_asks_anew() {
        let packets = "How does packet switching work?";
        check("flood since:2027", &[packets], "");
        check("file:rhine", &[packets], "");
        check("and who named it? type:pdf", &[packets], "");
        check("and who named it?", &[packets], "packet switching work");
        check("And here? type:pdf", &[packets], "packet switching work");
        check("Who named it? type:pdf", &[packets, "Where is the pump? type:pdf"], "pump");
        check("And why? type:pdf", &["Where is the pump?", "And who has it? type:pdf"], "pump");
        check(
            "And who oiled it? type:pdf",
            &["Where is the pump?", "And who has it? type:pdf"],
            "",
        );
    }

    #[test]
    fn a_model_writes_words_and_leaves_the_filters() {
        let query = Query::parse("and its \"warm side\" file:pump -old").unwrap();
        let by_model = FollowUp::by_model(&query, "Where is the pump's warm side?".to_owned());
        let looked_for = by_model.query.to_string();
        assert_eq!(looked_for, "\"warm side\" file:pump -\"old\" Where is the pump's warm side?");
        assert_eq!(by_model.beside(), "");
    }
}
