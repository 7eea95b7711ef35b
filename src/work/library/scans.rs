//! How are scans read without keeping the library waiting?
//!
//! On a thread of its own, after everything else, a second or more a page. It is stopped for a question and begun again:
//! what was read is kept page by page.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use docent_engine::embed::TokenCounter;
use docent_index::document::ContentHash;
use docent_index::store::{Scan, Store};
use tokio_util::sync::CancellationToken;

use super::Order;
use crate::error::Failure;
use crate::ingest::scans::{Progress, ScanReader, Work};
use crate::ingest::{self, IngestError};
use crate::loading::Embedders;
use crate::work::inbox::Inbox;
use crate::work::thread::{Thread, guarded};

/// How long the end waits for a page in work: no longer than it takes to end a child.
const PATIENCE: Duration = Duration::from_secs(1);

/// What comes of reading scans.
#[derive(Debug)]
pub(super) enum Made {
    Some(Progress),
    /// The scan is done, or left.
    End(Result<(), Failure>),
    /// Tesseract is not installed.
    Unavailable,
}

/// The scans that are to be read.
#[derive(Debug, Default)]
pub(super) struct Queue {
    is_listed: bool,
    /// The next one last.
    waiting: Vec<Scan>,
    /// Those that can't be read are not tried again and again.
    begun: HashSet<ContentHash>,
    /// Pages that were read since there was nothing to read, and how many there are with those that wait.
    pub(super) done: usize,
    pub(super) of: usize,
}

impl Queue {
    /// There may be others than are listed.
    pub(super) fn is_stale(&mut self) {
        self.is_listed = false;
    }

    /// What was begun and left is to be done after all.
    pub(super) fn begin_again(&mut self) {
        self.begun.clear();
        self.is_listed = false;
    }

    /// Nothing of what is listed can be read.
    pub(super) fn give_up(&mut self) {
        self.waiting.clear();
    }

    pub(super) fn next(&mut self, store: &Store) -> Result<Option<Work>, IngestError> {
        if !self.is_listed {
            let mut scans = store.scans()?;
            scans.retain(|scan| !self.begun.contains(&scan.content));
            scans.reverse();
            self.of = self.done + scans.iter().map(|scan| scan.unread.len()).sum::<usize>();
            self.waiting = scans;
            self.is_listed = true;
        }
        let Some(scan) = self.waiting.pop() else {
            (self.done, self.of) = (0, 0);
            return Ok(None);
        };
        self.begun.insert(scan.content);
        Work::new(store, scan).map(Some)
    }
}

/// A thread that reads scans until this is dropped.
#[derive(Debug)]
pub(super) struct Scans {
    /// None at the end.
    work: Option<Sender<(Work, CancellationToken)>>,
    made: Receiver<Made>,
    /// Stops what is in work.
    current: Option<CancellationToken>,
    thread: Option<Thread>,
}

impl Scans {
    /// Sends [`Order::Look`] to `wake` when something is made.
    pub(super) fn start(
        embedders: Arc<Embedders>,
        inbox: Inbox,
        wake: Sender<Order>,
    ) -> io::Result<Self> {
        let (work, waiting) = mpsc::channel::<(Work, CancellationToken)>();
        let (sender, made) = mpsc::channel();
        let thread = Thread::start("scans", move || {
            ingest::give_way();
            let mut tools = None;
            let tell = |made| sender.send(made).is_ok() && wake.send(Order::Look).is_ok();
            for (work, cancel) in waiting {
                let end = guarded(&inbox, "reading a scan", || {
                    read(&mut tools, &embedders, &work, &cancel, &tell)
                });
                let end = end.unwrap_or_else(|| {
                    Made::End(Err(Failure::new("reading a scan ended in a mistake")))
                });
                if !tell(end) {
                    break;
                }
            }
        })?;
        Ok(Self { work: Some(work), made, current: None, thread: Some(thread) })
    }

    /// Whether a scan is in work.
    pub(super) fn is_busy(&self) -> bool {
        self.current.is_some()
    }

    pub(super) fn read(&mut self, work: Work) {
        let cancel = CancellationToken::new();
        let job = (work, cancel.clone());
        // A thread that is gone has left why.
        if self.work.as_ref().is_some_and(|work| work.send(job).is_ok()) {
            self.current = Some(cancel);
        }
    }

    /// Leaves the scan in work, which ends a moment later. Whether there was one that was not being left already.
    pub(super) fn stop(&self) -> bool {
        let Some(cancel) = self.current.as_ref().filter(|cancel| !cancel.is_cancelled()) else {
            return false;
        };
        cancel.cancel();
        true
    }

    /// What has been made, if it is there.
    pub(super) fn take(&mut self) -> Option<Made> {
        let made = self.made.try_recv().ok()?;
        if !matches!(made, Made::Some(_)) {
            self.current = None;
        }
        Some(made)
    }
}

impl Drop for Scans {
    fn drop(&mut self) {
        self.stop();
        self.work = None;
        if let Some(thread) = self.thread.take() {
            thread.join(Instant::now() + PATIENCE);
        }
    }
}

fn read(
    tools: &mut Option<(ScanReader, TokenCounter)>,
    embedders: &Embedders,
    work: &Work,
    cancel: &CancellationToken,
    tell: &impl Fn(Made) -> bool,
) -> Made {
    if tools.is_none() {
        let Some(reader) = ScanReader::find(cancel) else {
            return if cancel.is_cancelled() { Made::End(Ok(())) } else { Made::Unavailable };
        };
        match embedders.counter() {
            Ok(counter) => *tools = Some((reader, counter)),
            Err(error) => return Made::End(Err(error.into())),
        }
    }
    let Some((reader, counter)) = tools else { return Made::End(Ok(())) };
    let mut tell = |made| {
        if !tell(Made::Some(made)) {
            cancel.cancel();
        }
        Ok(())
    };
    Made::End(reader.read(work, counter, cancel, &mut tell).map_err(Failure::from))
}
