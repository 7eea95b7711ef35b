//! How are the embedder and the model made ready to work?
//!
//! With and without the screen in the same way.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use docent_engine::answer::model;
use docent_engine::embed::{
    Bundled, Embed as _, EmbedError, EmbedderId, FastEmbedder, Settings, TokenCounter, embedder_id,
    load_runtime,
};
use docent_engine::generate::{Date, Sampling, llama};
use docent_index::store::{Snapshot, StoreError};
use tokio_util::sync::CancellationToken;

use crate::child::model::{LoadError, ModelProcess};
use crate::ingest::vector_id;

/// How a model is to run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Running {
    /// Tokens that prompt and answer may have together. A model that was trained for less gets less.
    pub context: u32,
    /// Otherwise the number of physical cores, and one for a tiny model.
    pub threads: Option<u16>,
    /// Layers on a graphics card, where there is one that this build can use.
    pub gpu_layers: u32,
    pub seed: u32,
    /// 0 takes the likeliest word always.
    pub temperature: f32,
}

impl Running {
    /// How its answers are written.
    pub fn answers(&self) -> model::Settings {
        let chance =
            Sampling { seed: self.seed, temperature: self.temperature, ..Sampling::default() };
        model::Settings { sampling: chance, ..model::Settings::default() }
    }
}

impl Default for Running {
    /// A context for the evidence of a few turns, that costs little enough memory for a laptop.
    fn default() -> Self {
        let Sampling { seed, temperature, .. } = Sampling::default();
        Self { context: 8192, threads: None, gpu_layers: 0, seed, temperature }
    }
}

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
    wanted: Mutex<Wanted>,
    bundled_id: Mutex<Option<EmbedderId>>,
}

/// The embedder that is to make the vectors.
#[derive(Clone, Debug, Default)]
struct Wanted {
    /// Of another one than the bundled.
    folder: Option<PathBuf>,
    id: Option<EmbedderId>,
}

impl Embedders {
    /// The bundled embedder, or the one in the folder `wanted`.
    pub fn new(parts: Bundled, wanted: Option<PathBuf>) -> Self {
        let wanted = Mutex::new(Wanted { folder: wanted, id: None });
        Self { parts, wanted, bundled_id: Mutex::default() }
    }

    /// Lets the one in another folder, or the bundled one, make the vectors from now on. Who has opened one keeps it.
    pub fn choose(&self, wanted: Option<PathBuf>) {
        *self.wanted() = Wanted { folder: wanted, id: None };
    }

    /// The folder of the one that is wanted instead of the bundled one.
    pub fn chosen(&self) -> Option<PathBuf> {
        self.wanted().folder.clone()
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder(&self, wanted: &Wanted) -> PathBuf {
        wanted.folder.clone().unwrap_or_else(|| self.parts.embedder.clone())
    }

    /// Which vectors it makes. Reads the whole model at the first time.
    pub fn id(&self) -> Result<EmbedderId, EmbedError> {
        // Who comes second waits for the first one's finding.
        let mut wanted = self.wanted();
        if let Some(id) = &wanted.id {
            return Ok(id.clone());
        }
        let id = embedder_id(&self.folder(&wanted))?;
        Ok(wanted.id.insert(id).clone())
    }

    /// The one that makes the library's vectors from now on.
    pub fn open(&self, settings: Settings) -> Result<FastEmbedder, EmbedError> {
        load_runtime(&self.parts.runtime)?;
        let id = self.id()?;
        let folder = self.folder(&self.wanted());
        FastEmbedder::open(&folder, settings, Some(id))
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
        self.id().is_ok_and(|wanted| wanted != *id)
            && self.is_waiting(home).is_ok_and(|waiting| !waiting)
    }

    /// Whether the bundled embedder has to answer for the one that is wanted.
    fn is_waiting(&self, home: &Path) -> Result<bool, EmbedError> {
        if self.chosen().is_none() {
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

/// How many texts an embedder embeds a second, as measured now; none where there are too few to measure.
pub fn rate(embedder: &mut FastEmbedder, texts: &[&str]) -> Result<Option<f64>, EmbedError> {
    // The first one is slower than the others will be.
    let Some((first, others)) = texts.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Ok(None);
    };
    embedder.embed_passages(&[first])?;
    let started = Instant::now();
    embedder.embed_passages(others)?;
    let seconds = started.elapsed().as_secs_f64().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "they are few")]
    let count = others.len() as f64;
    Ok(Some(count / seconds))
}

/// The model in the file at `path`, loaded in a child of its own, which ends with the thread that calls this. What it need
/// not read again after a restart is kept in `home`. `progress` gets the share that is loaded, from 0 to 1.
pub fn model(
    path: &Path,
    running: &Running,
    home: &Path,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(f32),
) -> Result<ModelProcess, LoadError> {
    let small = path.metadata().is_ok_and(|file| file.len() < SMALL_MODEL_BYTES);
    let usual = || if small { 1 } else { u32::try_from(physical_cores()).unwrap_or(1) };
    let today = jiff::Zoned::now();
    let settings = llama::Settings {
        context: running.context,
        threads: running.threads.map_or_else(usual, u32::from),
        gpu_layers: running.gpu_layers,
        mmap: true,
        date: Some(Date {
            year: today.year().into(),
            month: today.month().unsigned_abs(),
            day: today.day().unsigned_abs(),
        }),
        thinking: false,
    };
    ModelProcess::load(path, settings, home, cancel, progress)
}

/// How many threads work is shared among.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// The cores that compute, two threads of one counting once: llama.cpp's threads wait for each other, and are slower when
/// two share a core.
fn physical_cores() -> usize {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    match distinct_cores(&told) {
        0 => cores(),
        physical => physical.min(cores()),
    }
}

/// The number of distinct pairs of a socket and a core in it, as Linux tells them; 0 where it does not.
fn distinct_cores(told: &str) -> usize {
    let mut seen = std::collections::BTreeSet::new();
    let mut socket = "";
    for line in told.lines() {
        match line.split_once(':').map(|(name, value)| (name.trim(), value.trim())) {
            Some(("physical id", value)) => socket = value,
            Some(("core id", value)) => {
                seen.insert((socket, value));
            }
            _ => {}
        }
    }
    seen.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_of_one_core_count_once() {
        let core = |socket, core| {
            format!("processor\t: 0\nphysical id\t: {socket}\ncore id\t\t: {core}\n\n")
        };
        let told = [core(0, 0), core(0, 0), core(0, 1), core(1, 0)].concat();
        assert_eq!(distinct_cores(&told), 3);
        assert_eq!(distinct_cores("processor : 0\nmodel name : arm\n"), 0);
        assert!(physical_cores() >= 1);
    }
}
