//! What is looked for when a question goes on from earlier ones?
//!
//! Its words with those that it leaves out; or the words of a model, where one answers. What a query says about where to
//! look stays as it was typed.

use docent_engine::answer::Turn;
use docent_engine::follow_up::carried;
use docent_index::query::{Query, Term};

/// A question that goes on from earlier ones, as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FollowUp {
    /// As it stands alone.
    pub(crate) text: String,
    /// What is looked for.
    pub(crate) query: Query,
    /// Whether a model wrote it.
    pub(crate) by_model: bool,
}

impl FollowUp {
    /// By the words of the questions before; none where the question stands alone.
    pub(crate) fn by_words(query: &Query, turns: &[Turn]) -> Option<Self> {
        let turns: Vec<Turn> = turns
            .iter()
            .map(|turn| {
                let question = Query::parse(&turn.question).map(|query| query.question());
                let question = question.unwrap_or_else(|_| turn.question.clone());
                Turn { question, answer: turn.answer.clone() }
            })
            .collect();
        let text = carried(&query.question(), &turns)?;
        Some(Self { query: in_words(query, &text), text, by_model: false })
    }

    /// In the words of a model.
    pub(crate) fn by_model(query: &Query, text: String) -> Self {
        Self { query: in_words(query, &text), text, by_model: true }
    }
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

    #[test]
    fn a_follow_up_keeps_where_to_look_and_takes_over_what_for() {
        let query = Query::parse("and its \"warm side\" file:pump -old").unwrap();
        let before = [turn("Where is the feed pump? type:pdf")];
        let follow_up = FollowUp::by_words(&query, &before).unwrap();
        assert_eq!(follow_up.text, "and its warm side feed pump");
        let looked_for = "\"warm side\" file:pump -\"old\" and its warm side feed pump";
        assert_eq!(follow_up.query.to_string(), looked_for);
        assert_eq!(FollowUp::by_words(&query, &[]), None);
        let alone = Query::parse("Where is the feed pump?").unwrap();
        assert_eq!(FollowUp::by_words(&alone, &before), None);
        let by_model = FollowUp::by_model(&query, "Where is the pump's warm side?".to_owned());
        assert!(by_model.query.to_string().ends_with("-\"old\" Where is the pump's warm side?"));
    }
}
