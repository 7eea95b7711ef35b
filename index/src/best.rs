//! Which few of many scored passages are the best?

use std::cmp::Ordering;

/// Room for this many times the wanted number, so that sorting out happens seldom.
const SLACK: usize = 2;

/// Keeps the best of all that is offered.
#[derive(Clone, Debug)]
pub(crate) struct Best {
    wanted: usize,
    /// What is not above this can't be among the best any more.
    threshold: f32,
    items: Vec<(i64, f32)>,
}

impl Best {
    pub(crate) fn new(wanted: usize) -> Self {
        let threshold = if wanted == 0 { f32::INFINITY } else { f32::NEG_INFINITY };
        Self {
            wanted,
            threshold,
            items: Vec::with_capacity(wanted.saturating_mul(SLACK).min(4096)),
        }
    }

    #[inline]
    pub(crate) fn threshold(&self) -> f32 {
        self.threshold
    }

    #[inline]
    pub(crate) fn offer(&mut self, passage: i64, score: f32) {
        if score > self.threshold {
            self.items.push((passage, score));
            if self.items.len() >= self.wanted.saturating_mul(SLACK) {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        if let Some(last) = self.wanted.checked_sub(1).filter(|last| *last < self.items.len()) {
            let (_, worst, _) = self.items.select_nth_unstable_by(last, better_first);
            self.threshold = worst.1;
            self.items.truncate(self.wanted);
        }
    }

    /// The best first; equal scores in the order of passages.
    pub(crate) fn into_sorted(mut self) -> Vec<(i64, f32)> {
        self.items.sort_unstable_by(better_first);
        self.items.truncate(self.wanted);
        self.items
    }
}

/// The order of hits: by falling score, then by passage, so that a search repeated gives the same.
pub(crate) fn better_first(a: &(i64, f32), b: &(i64, f32)) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_best_are_those_of_a_full_sort(
            scores in proptest::collection::vec(-100_i16..100, 0..300),
            wanted in 0_usize..20,
        ) {
            let mut best = Best::new(wanted);
            let mut all: Vec<(i64, f32)> = (0_i64..).zip(scores.iter().map(|score| f32::from(*score))).collect();
            for (passage, score) in &all {
                best.offer(*passage, *score);
            }
            all.sort_by(better_first);
            let expected: Vec<f32> = all.iter().take(wanted).map(|item| item.1).collect();
            let found: Vec<f32> = best.into_sorted().iter().map(|item| item.1).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
