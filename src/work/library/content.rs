//! What is told of the library, and how often?

use std::collections::HashMap;
use std::time::{Duration, Instant};

use docent_index::document::FolderId;
use docent_index::store::{self, Counts, EmbedderId, Snapshot, Store, StoreError};

use crate::state::library::{Content, Folder, Progress, Stage};
use crate::state::message::{LibraryReport, Message};
use crate::work::inbox::Inbox;
use crate::work::pulse::Throttle;

/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// How often the content is told at most.
const CONTENT_EVERY: Duration = Duration::from_secs(1);

/// Counting may take this part of the time at most: a large library is counted less often.
const COUNTING_PART: u32 = 20;

/// What the library holds now, as its writer knows it. `watching` says how changes are noticed.
pub(super) fn of_store(
    store: &Store,
    embedder: &EmbedderId,
    watching: Option<String>,
) -> Result<Content, StoreError> {
    let counts = store.counts(Some(embedder))?;
    let folders = folders(store.folders()?, &store.documents_of_folders()?);
    Ok(content(counts, folders, watching))
}

/// The same for one who only reads.
pub(super) fn of_snapshot(
    snapshot: &Snapshot,
    embedder: &EmbedderId,
) -> Result<Content, StoreError> {
    let counts = snapshot.counts(Some(embedder))?;
    let folders = folders(snapshot.folders()?, &snapshot.documents_of_folders()?);
    Ok(content(counts, folders, None))
}

fn content(counts: Counts, folders: Vec<Folder>, watching: Option<String>) -> Content {
    Content {
        folders,
        documents: counts.documents,
        passages: counts.passages,
        embedded: counts.embedded,
        problems: counts.problems,
        watching,
    }
}

fn folders(known: Vec<store::Folder>, documents: &HashMap<FolderId, u64>) -> Vec<Folder> {
    let mut folders: Vec<Folder> = known
        .into_iter()
        .map(|folder| Folder {
            documents: documents.get(&folder.id).copied().unwrap_or_default(),
            missing: !folder.path.is_dir(),
            path: folder.path,
        })
        .collect();
    folders.sort_by(|a, b| a.path.cmp(&b.path));
    folders
}

/// Tells the screen, and nothing twice.
#[derive(Debug)]
pub(super) struct Teller {
    inbox: Inbox,
    stage: Stage,
    progress: Throttle,
    /// Whether the content has changed since it was told.
    stale: bool,
    /// When it may be told again.
    due: Instant,
    content: Option<Content>,
}

impl Teller {
    pub(super) fn new(inbox: Inbox) -> Self {
        Self {
            inbox,
            stage: Stage::Opening,
            progress: Throttle::new(PROGRESS_EVERY),
            stale: true,
            due: Instant::now(),
            content: None,
        }
    }

    /// The stage that was told last.
    pub(super) fn now(&self) -> &Stage {
        &self.stage
    }

    pub(super) fn stage(&mut self, stage: Stage) {
        if stage == self.stage {
            return;
        }
        let is_same = std::mem::discriminant(&stage) == std::mem::discriminant(&self.stage);
        let is_last = matches!(
            stage,
            Stage::Reading(Progress { done, of, .. })
                | Stage::Embedding(Progress { done, of, .. })
                | Stage::Recognising(Progress { done, of, .. }) if done >= of
        );
        if !is_same || self.progress.passes(Instant::now()) || is_last {
            self.stage = stage.clone();
            self.inbox.tell(Message::Library(LibraryReport::Stage(stage)));
        }
    }

    /// The content has changed and is to be told when it is time.
    pub(super) fn is_stale(&mut self) {
        self.stale = true;
    }

    /// When the content is to be told again, if it is.
    pub(super) fn due(&self) -> Option<Instant> {
        self.stale.then_some(self.due)
    }

    /// Tells the content if it has changed; `now_or_never` though it was told a moment ago.
    pub(super) fn tell<E>(
        &mut self,
        now_or_never: bool,
        content: impl FnOnce() -> Result<Content, E>,
    ) -> Result<(), E> {
        let started = Instant::now();
        if !self.stale || (!now_or_never && started < self.due) {
            return Ok(());
        }
        let content = content()?;
        self.due = started + CONTENT_EVERY.max(started.elapsed() * COUNTING_PART);
        self.content(content);
        Ok(())
    }

    pub(super) fn content(&mut self, content: Content) {
        self.stale = false;
        if self.content.as_ref() != Some(&content) {
            self.content = Some(content.clone());
            self.inbox.tell(Message::Library(LibraryReport::Content(Box::new(content))));
        }
    }
}
