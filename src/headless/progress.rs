//! How does a user see how far indexing is? As a bar on a terminal, as plain lines elsewhere.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::ingest::Step;

/// Elsewhere than on a terminal a line is written this often.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows steps on standard error.
pub(super) enum Progress {
    Silent,
    Bar { bar: ProgressBar, step: Option<Step> },
    Lines { step: Option<Step>, written: Instant },
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
            Self::Lines { step: None, written: Instant::now() }
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
            Self::Lines { step, written } => {
                let is_new = step.is_none_or(|before| name(before) != name(now));
                if is_new || written.elapsed() >= LINE_EVERY || (done == of && of > 0) {
                    let line = if of == 0 {
                        name(now).to_owned()
                    } else {
                        format!("{} {done} of {of}", name(now))
                    };
                    // Nobody is left to tell when standard error is gone.
                    drop(writeln!(stderr().lock(), "{line}"));
                    *written = Instant::now();
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
