//! How are the embedder and the model made ready to work?
//!
//! With and without the screen in the same way.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use docent_engine::embed::{
    Bundled, EmbedError, EmbedderId, FastEmbedder, Settings, TokenCounter, embedder_id,
    load_runtime,
};
use docent_engine::generate::{Date, llama};
use docent_index::store::{Snapshot, StoreError};
use tokio_util::sync::CancellationToken;

use crate::child::model::{LoadError, ModelProcess};
use crate::ingest::vector_id;

/// Tokens that prompt and answer may have together: enough for the evidence of a few turns, little enough memory for a
/// laptop. A model that was trained for less gets less.
pub const CONTEXT_TOKENS: u32 = 8192;

/// A smaller file holds a model of a few layers, which threads only keep waiting for each other.
const SMALL_MODEL_BYTES: u64 = 32 << 20;

/// The bundled embedder, loaded.
pub fn embedder(parts: &Bundled, settings: Settings) -> Result<FastEmbedder, EmbedError> {
    load_runtime(&parts.runtime)?;
    FastEmbedder::open(&parts.embedder, settings, None)
}

/// The embedder for several threads: what it is, is found out once.
#[derive(Debug)]
pub struct Embedders {
    parts: Bundled,
    /// The folder of the one that is wanted instead of the bundled one.
    wanted: Option<PathBuf>,
    id: Mutex<Option<EmbedderId>>,
    bundled_id: Mutex<Option<EmbedderId>>,
}

impl Embedders {
    /// The bundled embedder, or the one in the folder `wanted`.
    pub fn new(parts: Bundled, wanted: Option<PathBuf>) -> Self {
        Self { parts, wanted, id: Mutex::default(), bundled_id: Mutex::default() }
    }

    fn folder(&self) -> &Path {
        self.wanted.as_deref().unwrap_or(&self.parts.embedder)
    }

    /// Which vectors it makes. Reads the whole model at the first time.
    pub fn id(&self) -> Result<EmbedderId, EmbedError> {
        known(&self.id, self.folder())
    }

    /// The one that makes the library's vectors from now on.
    pub fn open(&self, settings: Settings) -> Result<FastEmbedder, EmbedError> {
        load_runtime(&self.parts.runtime)?;
        FastEmbedder::open(self.folder(), settings, Some(self.id()?))
    }

    /// The one whose vectors answer: another one than the bundled has to have made as many before it is asked, so that a
    /// change takes nothing away while it lasts.
    pub fn open_for_questions(
        &self,
        home: &Path,
        settings: Settings,
    ) -> Result<FastEmbedder, EmbedError> {
        if self.is_waiting(home)? { embedder(&self.parts, settings) } else { self.open(settings) }
    }

    /// Whether the embedder with this id is no longer, or not yet, the one whose vectors answer.
    pub fn is_outdated(&self, id: &EmbedderId, home: &Path) -> bool {
        self.wanted.is_some()
            && self.id().is_ok_and(|wanted| wanted != *id)
            && self.is_waiting(home).is_ok_and(|waiting| !waiting)
    }

    /// Whether the bundled embedder has to answer for the one that is wanted.
    fn is_waiting(&self, home: &Path) -> Result<bool, EmbedError> {
        if self.wanted.is_none() {
            return Ok(false);
        }
        let (wanted, bundled) = (self.id()?, known(&self.bundled_id, &self.parts.embedder)?);
        let counts = || {
            let snapshot = Snapshot::open(home)?;
            let embedded = |id| Ok(snapshot.counts(Some(&vector_id(id)))?.embedded);
            Ok::<_, StoreError>((embedded(&wanted)?, embedded(&bundled)?))
        };
        // A library that can't be read tells so itself when it is asked.
        Ok(counts().is_ok_and(|(wanted, bundled)| wanted < bundled))
    }

    /// What passages are measured with, whichever embedder is wanted: so that they stay the same.
    pub fn counter(&self) -> Result<TokenCounter, EmbedError> {
        TokenCounter::open(&self.parts.embedder)
    }
}

/// The id of the embedder in `folder`, found out once.
fn known(id: &Mutex<Option<EmbedderId>>, folder: &Path) -> Result<EmbedderId, EmbedError> {
    // Who comes second waits for the first one's finding.
    let mut known = id.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(id) = &*known {
        return Ok(id.clone());
    }
    Ok(known.insert(embedder_id(folder)?).clone())
}

/// The model in the file at `path`, loaded in a child of its own, which ends with the thread that calls this. `progress`
/// gets the share that is loaded, from 0 to 1.
pub fn model(
    path: &Path,
    cores: usize,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(f32),
) -> Result<ModelProcess, LoadError> {
    let small = path.metadata().is_ok_and(|file| file.len() < SMALL_MODEL_BYTES);
    let today = jiff::Zoned::now();
    let settings = llama::Settings {
        context: CONTEXT_TOKENS,
        threads: if small { 1 } else { u32::try_from(cores).unwrap_or(1) },
        gpu_layers: 0,
        mmap: true,
        date: Some(Date {
            year: today.year().into(),
            month: today.month().unsigned_abs(),
            day: today.day().unsigned_abs(),
        }),
        thinking: false,
    };
    ModelProcess::load(path, settings, cancel, progress)
}

/// How many threads work is shared among.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}
