//! How are passages embedded without keeping the library waiting?
//!
//! On a thread of its own, a few at a time, beside the reading: loading the embedder takes a second, and embedding a few
//! passages as long where other work holds the cores, while a note that was just saved is read in a moment. What waits for
//! a vector is in the store; only what is in work is in memory.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use docent_index::document::PassageId;
use docent_index::store::{EmbedderId, Store, StoreError};

/// How many batches are with the thread: the one in work, and one that it finds when it has done that.
const BATCHES: usize = 2;

/// While files are read, few are embedded at a time, and then the embedder rests so many times as long as it worked: text is
/// what can be searched first.
const GENTLY: usize = 8;
const REST: u32 = 3;

/// How often it is looked for passages beside the reading where none waited, and which part of the time that may take.
const LOOK: Duration = Duration::from_millis(100);
const LOOKING_PART: u32 = 20;

/// How long the end waits for each text that can be in work: a process had better not leave while ONNX Runtime works in it.
const PATIENCE: Duration = Duration::from_millis(125);

type Waiting = Vec<(PassageId, String)>;

/// What came of a batch.
struct Batch<E> {
    passages: Vec<PassageId>,
    vectors: Result<Vec<Vec<f32>>, E>,
}

/// A thread that makes vectors until this is dropped.
pub struct Vectors<E> {
    /// None at the end.
    texts: Option<SyncSender<Waiting>>,
    made: Receiver<Batch<E>>,
    /// Waited for and not kept yet.
    ready: VecDeque<Batch<E>>,
    /// Nothing more is to be begun.
    closed: Arc<AtomicBool>,
    at_once: usize,
    /// Passages that are with the thread, in so many batches.
    in_work: HashSet<PassageId>,
    batches: usize,
    /// When the batch in work was handed over, and until when the thread rests where it is to be gentle.
    handed: Instant,
    rest_until: Instant,
    /// Whether anything was ever made.
    is_open: bool,
    thread: Option<JoinHandle<()>>,
}

impl<E> fmt::Debug for Vectors<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vectors").field("in_work", &self.in_work).finish_non_exhaustive()
    }
}

impl<E: Send + 'static> Vectors<E> {
    /// Starts the thread, which is cheap. `embed` is given up to `at_once` texts at a time, on the thread; `wake` is called when their vectors are there.
    pub fn start(
        at_once: usize,
        mut embed: impl FnMut(&[&str]) -> Result<Vec<Vec<f32>>, E> + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let (texts, waiting) = mpsc::sync_channel::<Waiting>(BATCHES);
        let (done, made) = mpsc::channel();
        let closed = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("vectors".to_owned()).spawn({
            let closed = Arc::clone(&closed);
            move || {
                for batch in waiting {
                    if closed.load(Ordering::Relaxed) {
                        break;
                    }
                    let texts: Vec<&str> = batch.iter().map(|(_, text)| text.as_str()).collect();
                    let vectors = embed(&texts);
                    let passages = batch.iter().map(|(passage, _)| *passage).collect();
                    if done.send(Batch { passages, vectors }).is_err() {
                        break;
                    }
                    wake();
                }
            }
        })?;
        let now = Instant::now();
        Ok(Self {
            texts: Some(texts),
            made,
            ready: VecDeque::new(),
            closed,
            at_once,
            in_work: HashSet::new(),
            batches: 0,
            handed: now,
            rest_until: now,
            is_open: false,
            thread: Some(thread),
        })
    }

    /// Whether passages were handed over whose vectors have not been kept.
    pub fn is_busy(&self) -> bool {
        self.batches > 0
    }

    /// Puts the vectors that have been made into the store. How many there were.
    pub fn keep(&mut self, store: &mut Store, id: &EmbedderId) -> Result<usize, E>
    where
        E: From<StoreError>,
    {
        let mut kept = 0;
        while let Some(batch) = self.next_made() {
            self.batches = self.batches.saturating_sub(1);
            for passage in &batch.passages {
                self.in_work.remove(passage);
            }
            let now = Instant::now();
            // In the first batch the embedder was opened, which tells nothing of the next one.
            if self.is_open {
                self.rest_until = now + REST * now.saturating_duration_since(self.handed);
            }
            self.is_open = true;
            self.handed = now;
            let vectors: Vec<_> = batch.passages.into_iter().zip(batch.vectors?).collect();
            store.put_vectors(id, &vectors)?;
            kept += vectors.len();
        }
        Ok(kept)
    }

    /// Hands over passages that wait for a vector, as far as there is room. Whether any are in work then.
    pub fn feed(&mut self, store: &mut Store, id: &EmbedderId) -> Result<bool, E>
    where
        E: From<StoreError>,
    {
        while self.batches < BATCHES && self.feed_one(self.at_once, store, id)? {}
        Ok(self.is_busy())
    }

    /// As [`feed`](Self::feed), but leaves most of the time to other work.
    pub fn feed_gently(&mut self, store: &mut Store, id: &EmbedderId) -> Result<(), E>
    where
        E: From<StoreError>,
    {
        let now = Instant::now();
        if !self.is_busy()
            && now >= self.rest_until
            && !self.feed_one(self.at_once.min(GENTLY), store, id)?
        {
            // To find nothing may take a look at every passage.
            self.rest_until = now + LOOK.max(now.elapsed() * LOOKING_PART);
        }
        Ok(())
    }

    /// Whether there was anything to hand over.
    fn feed_one(&mut self, at_once: usize, store: &mut Store, id: &EmbedderId) -> Result<bool, E>
    where
        E: From<StoreError>,
    {
        // What is in work waits as well, as far as the store knows.
        let mut waiting = store.unembedded(id, at_once + self.in_work.len())?;
        waiting.retain(|(passage, _)| !self.in_work.contains(passage));
        waiting.truncate(at_once);
        let Some(texts) = self.texts.as_ref().filter(|_| !waiting.is_empty()) else {
            return Ok(false);
        };
        if !self.is_busy() {
            self.handed = Instant::now();
        }
        self.in_work.extend(waiting.iter().map(|(passage, _)| *passage));
        self.batches += 1;
        // A thread that is gone has left why: it is found when its work is looked for.
        drop(texts.send(waiting));
        Ok(true)
    }

    /// Waits for vectors to be made, if any are, so long at most.
    pub fn wait(&mut self, longest: Duration) {
        if self.is_busy() && self.ready.is_empty() {
            match self.made.recv_timeout(longest) {
                Ok(batch) => self.ready.push_back(batch),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.panic(),
            }
        }
    }

    fn next_made(&mut self) -> Option<Batch<E>> {
        if let Some(batch) = self.ready.pop_front() {
            return Some(batch);
        }
        match self.made.try_recv() {
            Ok(batch) => Some(batch),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.panic();
                None
            }
        }
    }

    /// Goes on with the panic that ended the thread, if one did.
    fn panic(&mut self) {
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
    }
}

impl<E> Drop for Vectors<E> {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        self.texts = None;
        let texts = u32::try_from(self.at_once).unwrap_or(u32::MAX);
        let deadline = Instant::now() + PATIENCE.saturating_mul(texts);
        while let Some(thread) = self.thread.take() {
            match self.made.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(_) => self.thread = Some(thread),
                // Its panic is told where its work is looked for; here nobody looks any more.
                Err(RecvTimeoutError::Disconnected) => drop(thread.join()),
                // One that is still busy is left to end with the process.
                Err(RecvTimeoutError::Timeout) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use docent_index::document::{ContentHash, Document, Fingerprint, Passage};
    use docent_index::extract::Format;
    use docent_index::scan::Versions;
    use docent_index::store::Reading;

    use super::*;

    const ID: EmbedderId = EmbedderId([7; 32]);
    const LONG: Duration = Duration::from_mins(1);

    /// A store with a document of so many passages.
    fn store(passages: usize) -> (tempfile::TempDir, Store) {
        let home = tempfile::tempdir().unwrap();
        let mut store = Store::open(home.path()).unwrap();
        let passage = |number| Passage {
            page: 1,
            span: 0..1,
            text: format!("{number}"),
            lines: Some((1, 1)),
            headings: Vec::new(),
            sentences: Vec::new(),
            context: String::new(),
        };
        let passages: Vec<_> = (0..passages).map(passage).collect();
        let reading = Reading {
            content: ContentHash::of(b""),
            format: Format::Text,
            versions: Versions { extractor: 1, splitter: 1 },
            document: &Document::default(),
            passages: &passages,
            indexed_at: 0,
        };
        let folder = store.add_folder(Path::new("/notes")).unwrap();
        let document = store.put_document(&reading).unwrap();
        let fingerprint = Fingerprint { size: 0, modified_ns: 0, inode: 0 };
        store.put_file(folder, Path::new("a.txt"), document, &fingerprint, 0).unwrap();
        (home, store)
    }

    fn embedded(store: &Store) -> u64 {
        store.counts(Some(&ID)).unwrap().embedded
    }

    #[expect(clippy::unnecessary_wraps, reason = "an embedder can fail")]
    fn embed(texts: &[&str]) -> Result<Vec<Vec<f32>>, StoreError> {
        Ok(texts.iter().map(|_| vec![1.0, 0.0]).collect())
    }

    #[test]
    fn every_passage_is_embedded_once_and_few_at_a_time() {
        let (_home, mut store) = store(50);
        let (told, batches) = mpsc::channel();
        let embed = move |texts: &[&str]| {
            told.send(texts.len()).unwrap();
            embed(texts)
        };
        let mut vectors = Vectors::start(8, embed, || {}).unwrap();
        while vectors.feed(&mut store, &ID).unwrap() {
            assert!(vectors.in_work.len() <= BATCHES * 8);
            vectors.wait(LONG);
            vectors.keep(&mut store, &ID).unwrap();
        }
        assert_eq!(embedded(&store), 50);
        drop(vectors);
        let batches: Vec<usize> = batches.iter().collect();
        assert_eq!(batches.iter().sum::<usize>(), 50);
        assert!(batches.iter().all(|batch| *batch <= 8));
    }

    #[test]
    fn beside_the_reading_it_rests_between_two_batches() {
        let (_home, mut store) = store(50);
        let mut vectors = Vectors::start(8, embed, || {}).unwrap();
        vectors.feed_gently(&mut store, &ID).unwrap();
        vectors.feed_gently(&mut store, &ID).unwrap();
        assert_eq!(vectors.in_work.len(), 8, "one batch at a time");
        vectors.wait(LONG);
        assert_eq!(vectors.keep(&mut store, &ID).unwrap(), 8);
        vectors.rest_until = Instant::now() + LONG;
        vectors.feed_gently(&mut store, &ID).unwrap();
        assert!(!vectors.is_busy());
        vectors.rest_until = Instant::now();
        vectors.feed_gently(&mut store, &ID).unwrap();
        assert!(vectors.is_busy());
    }

    #[test]
    fn what_fails_is_told_and_what_waits_stays() {
        let (_home, mut store) = store(3);
        let fail = |_: &[&str]| Err(StoreError::Missing { path: "/nowhere".into() });
        let mut vectors = Vectors::start(8, fail, || {}).unwrap();
        vectors.feed(&mut store, &ID).unwrap();
        vectors.wait(LONG);
        assert!(vectors.keep(&mut store, &ID).is_err());
        assert_eq!(store.unembedded(&ID, 10).unwrap().len(), 3);
    }

    #[test]
    fn a_mistake_of_the_embedder_is_not_waited_for() {
        let (_home, mut store) = store(3);
        let panic = |_: &[&str]| -> Result<Vec<Vec<f32>>, StoreError> { panic!("on purpose") };
        let mut vectors = Vectors::start(8, panic, || {}).unwrap();
        vectors.feed(&mut store, &ID).unwrap();
        let waited = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| vectors.wait(LONG)));
        assert_eq!(waited.unwrap_err().downcast_ref(), Some(&"on purpose"));
    }
}
