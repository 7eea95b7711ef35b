//! How are passages embedded without keeping the library waiting?
//!
//! On a thread of its own: loading the embedder takes a second, and embedding a few passages as long where other work
//! holds the cores, while a note that was just saved is read in a moment.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use docent_engine::embed::{Embed as _, FastEmbedder, Settings};
use docent_index::document::PassageId;

use super::Order;
use crate::error::Failure;
use crate::ingest;
use crate::loading::Embedders;
use crate::work::inbox::Inbox;
use crate::work::thread::{Thread, guarded};

/// Passages with their vectors.
pub(super) type Embedded = Vec<(PassageId, Vec<f32>)>;

/// A thread that makes vectors until this is dropped.
#[derive(Debug)]
pub(super) struct Vectors {
    /// None at the end.
    texts: Option<Sender<Vec<(PassageId, String)>>>,
    made: Receiver<Result<Embedded, Failure>>,
    is_busy: bool,
    thread: Option<Thread>,
}

/// How long the end waits for what is in work: a process had better not leave while ONNX Runtime works in it.
const PATIENCE: Duration = Duration::from_secs(1);

impl Vectors {
    /// Sends [`Order::Look`] to `wake` when something is made.
    pub(super) fn start(
        embedders: Arc<Embedders>,
        cores: usize,
        inbox: Inbox,
        wake: Sender<Order>,
    ) -> io::Result<Self> {
        let (texts, waiting) = mpsc::channel::<Vec<(PassageId, String)>>();
        let (done, made) = mpsc::channel();
        let thread = Thread::start("vectors", move || {
            ingest::give_way();
            let mut embedder = None;
            for passages in waiting {
                let made = guarded(&inbox, "embedding", || {
                    embed(&mut embedder, &embedders, cores, &passages)
                });
                let made =
                    made.unwrap_or_else(|| Err(Failure::new("embedding ended in a mistake")));
                if done.send(made).is_err() || wake.send(Order::Look).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { texts: Some(texts), made, is_busy: false, thread: Some(thread) })
    }

    /// Whether passages were handed over whose vectors have not been taken.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy
    }

    pub(super) fn make(&mut self, passages: Vec<(PassageId, String)>) {
        // A thread that is gone has left why.
        self.is_busy = self.texts.as_ref().is_some_and(|texts| texts.send(passages).is_ok());
    }

    /// What has been made, if it is there.
    pub(super) fn take(&mut self) -> Option<Result<Embedded, Failure>> {
        let made = self.made.try_recv().ok()?;
        self.is_busy = false;
        Some(made)
    }
}

impl Drop for Vectors {
    fn drop(&mut self) {
        self.texts = None;
        if let Some(thread) = self.thread.take() {
            thread.join(Instant::now() + PATIENCE);
        }
    }
}

fn embed(
    embedder: &mut Option<FastEmbedder>,
    embedders: &Embedders,
    cores: usize,
    passages: &[(PassageId, String)],
) -> Result<Embedded, Failure> {
    let embedder = match embedder {
        Some(embedder) => embedder,
        empty => empty.insert(embedders.open(Settings::for_library(cores))?),
    };
    let texts: Vec<&str> = passages.iter().map(|(_, text)| text.as_str()).collect();
    let vectors = embedder.embed_passages(&texts)?;
    Ok(passages.iter().map(|(passage, _)| *passage).zip(vectors).collect())
}
