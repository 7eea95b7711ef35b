//! Which sentences of a passage speak of the question?

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Sentence;
use crate::words::Stemming;

/// Scores sentences by the share of the question's words that stand in them, weighed by rarity.
pub(super) fn score(
    text: &str,
    sentences: &[Range<usize>],
    stemming: Stemming,
    weights: &HashMap<String, f32>,
) -> Vec<Sentence> {
    let all: f32 = weights.values().sum();
    sentences
        .iter()
        .map(|span| {
            let present: HashSet<String> = stemming
                .terms(text.get(span.clone()).unwrap_or_default())
                .into_iter()
                .map(|term| term.text)
                .collect();
            let weight: f32 = present.iter().filter_map(|stem| weights.get(stem)).sum();
            Sentence {
                span: span.clone(),
                score: if all > 0.0 { (weight / all).clamp(0.0, 1.0) } else { 0.0 },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_words_count_more_than_common_ones() {
        let text = "The notice is short. The pump leaks.";
        let weights = HashMap::from([
            ("the".to_owned(), 0.1),
            ("leak".to_owned(), 4.0),
            ("notic".to_owned(), 2.0),
        ]);
        let scores: Vec<f32> = score(text, &[0..20, 21..36], Stemming::default(), &weights)
            .iter()
            .map(|s| s.score)
            .collect();
        assert!((scores[0] - 2.1 / 6.1).abs() < 1e-6, "{scores:?}");
        assert!((scores[1] - 4.1 / 6.1).abs() < 1e-6, "{scores:?}");
    }

    #[test]
    fn a_question_without_words_scores_nothing() {
        let scores =
            score("One.", &[Range { start: 0, end: 4 }], Stemming::default(), &HashMap::new());
        assert_eq!(scores, [Sentence { span: 0..4, score: 0.0 }]);
    }
}
