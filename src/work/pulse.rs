//! How often is something told, and how fast does it go?

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Lets something through at most so often.
#[derive(Debug)]
pub(super) struct Throttle {
    every: Duration,
    last: Option<Instant>,
}

impl Throttle {
    pub(super) fn new(every: Duration) -> Self {
        Self { every, last: None }
    }

    /// Whether it is time again; then the next time is counted from `now`.
    pub(super) fn passes(&mut self, now: Instant) -> bool {
        let passes = self.last.is_none_or(|last| now.saturating_duration_since(last) >= self.every);
        if passes {
            self.last = Some(now);
        }
        passes
    }
}

/// How far back a rate looks, and from when on it means something.
const WINDOW: Duration = Duration::from_secs(5);
const ENOUGH: Duration = Duration::from_secs(1);

/// How many a second, over the last seconds.
#[derive(Debug, Default)]
pub(super) struct Rate {
    /// When, and how many were done until then.
    samples: VecDeque<(Instant, usize)>,
}

impl Rate {
    /// Notes that `done` are done. After a rest it is to be begun anew.
    pub(super) fn note(&mut self, now: Instant, done: usize) {
        while self.samples.len() > 2
            && self.samples.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW)
        {
            self.samples.pop_front();
        }
        self.samples.push_back((now, done));
    }

    /// None before there is enough to measure.
    #[expect(clippy::cast_precision_loss, reason = "counts of passages are far below 2^52")]
    pub(super) fn per_second(&self) -> Option<f64> {
        let ((first, before), (last, after)) = (self.samples.front()?, self.samples.back()?);
        let time = last.duration_since(*first);
        (time >= ENOUGH).then(|| after.saturating_sub(*before) as f64 / time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttle_lets_one_through_in_its_time() {
        let start = Instant::now();
        let mut throttle = Throttle::new(Duration::from_millis(100));
        let passed: Vec<bool> = [0, 50, 99, 100, 150, 250]
            .into_iter()
            .map(|at| throttle.passes(start + Duration::from_millis(at)))
            .collect();
        assert_eq!(passed, [true, false, false, true, false, true]);
    }

    #[test]
    fn a_rate_is_measured_over_the_last_seconds() {
        let start = Instant::now();
        let mut rate = Rate::default();
        rate.note(start, 0);
        assert_eq!(rate.per_second(), None);
        for second in 1..=20_u32 {
            // Slow at first, then ten times as fast.
            let done = if second <= 10 { second } else { 10 + 10 * (second - 10) };
            rate.note(start + Duration::from_secs(second.into()), done as usize);
        }
        assert_eq!(rate.per_second(), Some(10.0));
    }
}
