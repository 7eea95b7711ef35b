//! How do the scores of two searches become one?
//!
//! Each search's scores are brought to 0..1 between the worst and the best of the candidates, and summed by weight. A
//! candidate in which too few words fit has the worst score of the words; one that has no vector yet is judged by its words
//! alone, so that what was just read is found as well as what was embedded.

use std::collections::HashMap;

use super::Rank;
use crate::best::better_first;

/// A passage that may become a hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) passage: i64,
    pub(super) score: f32,
    pub(super) words: Option<Rank>,
    pub(super) vector: Option<Rank>,
}

pub(super) fn unranked(passage: i64) -> Candidate {
    Candidate { passage, score: 0.0, words: None, vector: None }
}

/// `scored` has the best first. Its scores keep their proportions: without a second search there is nothing to balance.
pub(super) fn by_words(scored: Vec<(i64, f32)>) -> Vec<Candidate> {
    let best = scored.first().map_or(1.0, |(_, score)| score.max(f32::MIN_POSITIVE));
    (1..)
        .zip(scored)
        .map(|(rank, (passage, score))| Candidate {
            passage,
            score: (score / best).clamp(0.0, 1.0),
            words: Some(Rank { score, rank }),
            vector: None,
        })
        .collect()
}

/// Fuses BM25 scores, the best first, with cosines. The best come first, those of words and at most `count` of the
/// nearest.
pub(super) fn fuse(
    words: &[(i64, f32)],
    mut cosines: Vec<(i64, f32)>,
    dense_weight: f32,
    count: usize,
) -> Vec<Candidate> {
    cosines.sort_unstable_by(better_first);
    let mut candidates: HashMap<i64, Candidate> = HashMap::new();
    for (rank, (passage, score)) in (1..).zip(words) {
        candidates.entry(*passage).or_insert(unranked(*passage)).words =
            Some(Rank { score: *score, rank });
    }
    for (rank, (passage, score)) in (1..).zip(&cosines) {
        let is_near = rank <= count;
        if is_near || candidates.contains_key(passage) {
            candidates.entry(*passage).or_insert(unranked(*passage)).vector =
                Some(Rank { score: *score, rank });
        }
    }
    let word_scale = Scale::of(words.iter().map(|(_, score)| *score));
    let cosine_scale = Scale::of(
        candidates.values().filter_map(|candidate| candidate.vector).map(|rank| rank.score),
    );
    let mut fused: Vec<Candidate> = candidates.into_values().collect();
    for candidate in &mut fused {
        let words = candidate.words.map_or(0.0, |rank| word_scale.place(rank.score));
        candidate.score = match candidate.vector {
            Some(rank) => {
                (1.0 - dense_weight) * words + dense_weight * cosine_scale.place(rank.score)
            }
            None => words,
        };
    }
    fused.sort_unstable_by(|a, b| better_first(&(a.passage, a.score), &(b.passage, b.score)));
    fused
}

/// The range of a search's scores.
struct Scale {
    lowest: f32,
    width: f32,
}

impl Scale {
    fn of(scores: impl Iterator<Item = f32>) -> Self {
        let (lowest, highest) = scores
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), score| {
                (score.min(low), score.max(high))
            });
        Self { lowest, width: highest - lowest }
    }

    /// 0 for the lowest, 1 for the highest. Where all are equal, all are the highest.
    fn place(&self, score: f32) -> f32 {
        if self.width > 0.0 { ((score - self.lowest) / self.width).clamp(0.0, 1.0) } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(candidates: &[Candidate]) -> Vec<i64> {
        candidates.iter().map(|candidate| candidate.passage).collect()
    }

    #[test]
    fn what_both_searches_like_comes_first() {
        let fused = fuse(
            &[(1, 9.0), (2, 8.0), (3, 1.0)],
            vec![(2, 0.8), (4, 0.9), (3, 0.1), (1, 0.2)],
            0.5,
            10,
        );
        assert_eq!(order(&fused), [2, 1, 4, 3]);
        let best = fused.first().unwrap();
        assert_eq!(best.words, Some(Rank { score: 8.0, rank: 2 }));
        assert_eq!(best.vector, Some(Rank { score: 0.8, rank: 2 }));
        assert!((best.score - 0.875).abs() < 1e-6);
    }

    #[test]
    fn scores_of_words_alone_keep_their_proportions() {
        let scores: Vec<f32> =
            by_words(vec![(1, 8.0), (2, 4.0)]).iter().map(|candidate| candidate.score).collect();
        assert_eq!(scores, [1.0, 0.5]);
    }

    #[test]
    fn a_candidate_without_a_vector_is_judged_by_its_words() {
        let fused = fuse(&[(1, 9.0), (2, 8.0), (3, 1.0)], vec![(2, 0.1), (3, 0.9)], 0.5, 10);
        assert_eq!(order(&fused), [1, 3, 2]);
    }

    #[test]
    fn only_the_nearest_join() {
        let fused = fuse(&[(1, 1.0)], vec![(2, 0.9), (3, 0.8), (1, 0.1)], 0.5, 1);
        let mut found = order(&fused);
        found.sort_unstable();
        assert_eq!(found, [1, 2]);
    }
}
