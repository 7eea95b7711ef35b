//! How does a user see how far indexing is? As a bar on a terminal, as plain lines elsewhere.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::ingest::Step;

/// Elsewhere than on a terminal a line is written this often.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// From when on a rate means something.
const ENOUGH: Duration = Duration::from_secs(1);

/// Shows steps on standard error.
pub(super) enum Progress {
    Silent,
    Bar { bar: ProgressBar, step: Option<Step> },
    Lines { step: Option<Step>, written: Instant, begun: (Instant, usize) },
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        if quiet {
            Self::Silent
        } else if stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            // A template that is wrong would show in the first run; the default style is a bar as well.
            if let Ok(style) =
                ProgressStyle::with_template("{msg:11} {bar:32} {pos}/{len}  {per_sec}  {eta} left")
            {
                bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
            }
            Self::Bar { bar, step: None }
        } else {
            let now = Instant::now();
            Self::Lines { step: None, written: now, begun: (now, 0) }
        }
    }

    pub(super) fn show(&mut self, now: Step) {
        let (done, of) = counts(now);
        match self {
            Self::Silent => {}
            Self::Bar { bar, step } => {
                if step.is_none_or(|before| name(before) != name(now)) {
                    bar.reset();
                    bar.set_message(name(now));
                }
                bar.set_length(of as u64);
                bar.set_position(done as u64);
                *step = Some(now);
            }
            Self::Lines { step, written, begun } => {
                let time = Instant::now();
                let is_new = step.is_none_or(|before| name(before) != name(now));
                if is_new {
                    *begun = (time, done);
                }
                let is_due = time.duration_since(*written) >= LINE_EVERY;
                if is_new || is_due || (done == of && of > 0) {
                    let line =
                        line(now, done.saturating_sub(begun.1), time.duration_since(begun.0));
                    // Nobody is left to tell when standard error is gone.
                    drop(writeln!(stderr().lock(), "{line}"));
                    *written = time;
                }
                *step = Some(now);
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        if let Self::Bar { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

/// A step in words; `recent` of what is done was done in the last `time`.
#[expect(clippy::cast_precision_loss, reason = "counts of files and passages are far below 2^52")]
fn line(step: Step, recent: usize, time: Duration) -> String {
    let (done, of) = counts(step);
    if of == 0 {
        return name(step).to_owned();
    }
    let line = format!("{} {done} of {of}", name(step));
    if time < ENOUGH || recent == 0 {
        return line;
    }
    let rate = recent as f64 / time.as_secs_f64();
    let left = match of.saturating_sub(done) {
        0 => String::new(),
        left => format!(", {:.0} s left", left as f64 / rate),
    };
    format!("{line}, {rate:.1} a second{left}")
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Scanning => "looking",
        Step::Reading { .. } => "reading",
        Step::Embedding { .. } => "embedding",
        Step::Recognising { .. } => "reading scans",
    }
}

fn counts(step: Step) -> (usize, usize) {
    match step {
        Step::Scanning => (0, 0),
        Step::Reading { done, of }
        | Step::Embedding { done, of }
        | Step::Recognising { done, of } => (done, of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_rate_and_the_time_left_once_they_mean_something() {
        let step = Step::Reading { done: 30, of: 90 };
        assert_eq!(line(step, 1, Duration::from_millis(100)), "reading 30 of 90");
        let told = line(step, 20, Duration::from_secs(10));
        assert_eq!(told, "reading 30 of 90, 2.0 a second, 30 s left");
        let last = Step::Embedding { done: 90, of: 90 };
        assert_eq!(line(last, 80, Duration::from_secs(10)), "embedding 90 of 90, 8.0 a second");
        assert_eq!(line(Step::Scanning, 0, Duration::from_secs(10)), "looking");
    }
}
