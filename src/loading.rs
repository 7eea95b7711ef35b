//! How are the embedder and the model made ready to work?
//!
//! With and without the screen in the same way.

use std::collections::HashMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use docent_engine::answer::model;
use docent_engine::catalog::Place;
use docent_engine::embed::{
    Bundled, Embed as _, EmbedError, EmbedderId, FastEmbedder, Settings, TokenCounter, embedder_id,
    load_runtime,
};
use docent_engine::generate::{Date, Sampling, llama};
use docent_index::store;
use tokio_util::sync::CancellationToken;

use crate::child::model::{LoadError, ModelProcess};
use crate::ingest::vector_id;
use crate::models;
use crate::state::model::Maker;

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

/// How often it is looked by itself whether another embedder's vectors are to answer, while one takes another's place: it
/// is counted in the library then, which takes a tenth of a second with a hundred thousand passages.
const LOOK: Duration = Duration::from_secs(10);

/// The embedder for several threads: what it is, is found out once.
#[derive(Debug)]
pub struct Embedders {
    parts: Bundled,
    home: PathBuf,
    places: Vec<Place>,
    maker: Mutex<Maker>,
    /// By their folders.
    ids: Mutex<HashMap<PathBuf, EmbedderId>>,
    /// Those that were to make the vectors before.
    before: Mutex<Vec<PathBuf>>,
    looked: Mutex<Option<Instant>>,
}

impl Embedders {
    /// `maker` is to make the vectors of the library in `home`; in it, and in `places`, are others.
    pub fn new(parts: Bundled, maker: Maker, home: PathBuf, places: Vec<Place>) -> Self {
        Self {
            parts,
            home,
            places,
            maker: Mutex::new(maker),
            ids: Mutex::default(),
            before: Mutex::default(),
            looked: Mutex::default(),
        }
    }

    /// Lets another one make the vectors from now on. Who has opened one keeps it.
    pub fn choose(&self, maker: Maker) {
        let before = self.folder();
        locked(&self.before).push(before);
        *locked(&self.maker) = maker;
        // It may hold other files than when it was looked at.
        locked(&self.ids).remove(&self.folder());
        self.look_again();
    }

    pub fn maker(&self) -> Maker {
        locked(&self.maker).clone()
    }

    /// Whether vectors are made: not where what was chosen for it is gone.
    pub fn makes(&self) -> bool {
        !matches!(*locked(&self.maker), Maker::Gone(_))
    }

    /// Where the one lies that makes the vectors; where none does, the bundled one stands in.
    fn folder(&self) -> PathBuf {
        match &*locked(&self.maker) {
            Maker::Folder(folder) => folder.clone(),
            Maker::Bundled | Maker::Gone(_) => self.parts.embedder.clone(),
        }
    }

    /// Which vectors it makes. Reads the whole model at the first time.
    pub fn id(&self) -> Result<EmbedderId, EmbedError> {
        self.id_of(&self.folder())
    }

    fn id_of(&self, folder: &Path) -> Result<EmbedderId, EmbedError> {
        // Who comes second waits for the first one's finding.
        let mut ids = locked(&self.ids);
        if let Some(id) = ids.get(folder) {
            return Ok(id.clone());
        }
        let id = embedder_id(folder)?;
        Ok(ids.entry(folder.to_owned()).or_insert(id).clone())
    }

    /// Whether this is the embedder that comes with docent.
    pub fn is_bundled(&self, id: &EmbedderId) -> bool {
        self.id_of(&self.parts.embedder).is_ok_and(|bundled| bundled == *id)
    }

    /// The one that makes the library's vectors from now on.
    pub fn open(&self, settings: Settings) -> Result<FastEmbedder, EmbedError> {
        self.open_in(&self.folder(), settings)
    }

    /// The one whose vectors answer, so that a change takes nothing away while it lasts: the one that makes them, or
    /// another one on this machine as long as that has more to tell.
    pub fn open_for_questions(&self, settings: Settings) -> Result<FastEmbedder, EmbedError> {
        self.open_in(&self.answering()?, settings)
    }

    fn open_in(&self, folder: &Path, settings: Settings) -> Result<FastEmbedder, EmbedError> {
        load_runtime(&self.parts.runtime)?;
        FastEmbedder::open(folder, settings, Some(self.id_of(folder)?))
    }

    /// Whether the embedder with this id is no longer, or not yet, the one whose vectors answer.
    pub fn is_outdated(&self, id: &EmbedderId) -> bool {
        if self.makes() && self.id().is_ok_and(|own| own == *id) {
            return false;
        }
        let now = Instant::now();
        let mut looked = locked(&self.looked);
        if looked.is_some_and(|at| now.duration_since(at) < LOOK) {
            return false;
        }
        *looked = Some(now);
        self.answering()
            .and_then(|folder| self.id_of(&folder))
            .is_ok_and(|answering| answering != *id)
    }

    /// Has the next question look whose vectors answer: some have come to an end.
    pub fn look_again(&self) {
        *locked(&self.looked) = None;
    }

    /// The folder of the one whose vectors answer.
    fn answering(&self) -> Result<PathBuf, EmbedError> {
        let own = self.id()?;
        // A library that can't be read tells so itself when it is asked.
        let ahead = store::ahead_of(&self.home, &vector_id(&own)).unwrap_or_default();
        let folder = ahead.iter().find_map(|id| self.folder_of(id));
        Ok(folder.unwrap_or_else(|| self.folder()))
    }

    /// The folder of the embedder that made vectors with this id, if it is on this machine.
    fn folder_of(&self, id: &store::EmbedderId) -> Option<PathBuf> {
        let before = locked(&self.before).clone();
        let near = before.into_iter().chain([self.parts.embedder.clone()]);
        // They are looked for only where none of those is meant.
        let far = || models::embedders(&self.home, &self.places).into_iter().map(|far| far.folder);
        let is_it =
            |folder: &PathBuf| self.id_of(folder).is_ok_and(|other| vector_id(&other) == *id);
        near.chain(std::iter::once_with(far).flatten()).find(is_it)
    }

    /// What passages are measured with, whichever embedder is wanted: so that they stay the same.
    pub fn counter(&self) -> Result<TokenCounter, EmbedError> {
        TokenCounter::open(&self.parts.embedder)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
