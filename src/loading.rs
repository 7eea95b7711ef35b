//! How are the embedder and the model made ready to work?
//!
//! With and without the screen in the same way.

use std::num::NonZero;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use docent_engine::embed::{
    Bundled, EmbedError, EmbedderId, FastEmbedder, Settings, TokenCounter, embedder_id,
    load_runtime,
};
use docent_engine::generate::{Date, llama};
use tokio_util::sync::CancellationToken;

use crate::child::model::{LoadError, ModelProcess};

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

/// The bundled embedder for several threads: what it is, is found out once.
#[derive(Debug)]
pub struct Embedders {
    parts: Bundled,
    id: Mutex<Option<EmbedderId>>,
}

impl Embedders {
    pub fn new(parts: Bundled) -> Self {
        Self { parts, id: Mutex::default() }
    }

    /// Which vectors it makes. Reads the whole model at the first time.
    pub fn id(&self) -> Result<EmbedderId, EmbedError> {
        // Who comes second waits for the first one's finding.
        let mut known = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = &*known {
            return Ok(id.clone());
        }
        Ok(known.insert(embedder_id(&self.parts.embedder)?).clone())
    }

    pub fn open(&self, settings: Settings) -> Result<FastEmbedder, EmbedError> {
        load_runtime(&self.parts.runtime)?;
        FastEmbedder::open(&self.parts.embedder, settings, Some(self.id()?))
    }

    /// What passages are measured with.
    pub fn counter(&self) -> Result<TokenCounter, EmbedError> {
        TokenCounter::open(&self.parts.embedder)
    }
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
