//! Which questions are in work, and how is one stopped?

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::library;
use crate::state::effect::Run;

/// The questions in work. While there is one, indexing rests.
#[derive(Debug)]
pub(super) struct Runs {
    tokens: Mutex<HashMap<Run, CancellationToken>>,
    library: Sender<library::Order>,
}

impl Runs {
    pub(super) fn new(library: Sender<library::Order>) -> Self {
        Self { tokens: Mutex::default(), library }
    }

    /// The run is in work until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>, run: Run, parent: &CancellationToken) -> Running {
        let cancel = parent.child_token();
        self.tokens().insert(run, cancel.clone());
        Running { run, cancel, runs: Arc::clone(self) }
    }

    pub(super) fn stop(&self, run: Run) {
        if let Some(token) = self.tokens().get(&run) {
            token.cancel();
        }
    }

    pub(super) fn are_any(&self) -> bool {
        !self.tokens().is_empty()
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<Run, CancellationToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question in work, with the token that stops it.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) run: Run,
    pub(super) cancel: CancellationToken,
    runs: Arc<Runs>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.runs.tokens().remove(&self.run);
        // Indexing may go on. A library that is gone has nothing to go on with.
        drop(self.runs.library.send(library::Order::Look));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_in_work_until_it_is_dropped_and_then_the_library_looks_up() {
        let (library, orders) = std::sync::mpsc::channel();
        let runs = Arc::new(Runs::new(library));
        let running = runs.begin(Run(1), &CancellationToken::new());
        let other = runs.begin(Run(2), &CancellationToken::new());
        runs.stop(Run(1));
        assert!(running.cancel.is_cancelled() && !other.cancel.is_cancelled());
        drop(running);
        assert!(runs.are_any());
        drop(other);
        assert!(!runs.are_any());
        assert_eq!(
            orders.try_iter().collect::<Vec<_>>(),
            [library::Order::Look, library::Order::Look]
        );
        runs.stop(Run(1));
    }
}
