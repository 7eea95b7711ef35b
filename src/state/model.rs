//! What writes the answers?

use std::path::PathBuf;

use docent_engine::catalog::Origin;

/// The model as the screen last heard of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    pub state: ModelState,
    /// Where files are looked for; none before they have been.
    pub folder: Option<PathBuf>,
    /// The models that can be chosen, and files that can't be used.
    pub found: Vec<Found>,
    /// Bytes of memory that are free when no model is loaded; none where the system does not tell.
    pub free: Option<u64>,
    /// Whether the user has chosen what answers.
    pub is_chosen: bool,
    /// Which row of the list is chosen; the one behind the last file is "none".
    pub selected: usize,
}

/// Whether a model answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ModelState {
    /// The sentences that answer, word for word.
    #[default]
    Quotes,
    /// Quotes until it is loaded.
    Loading {
        path: PathBuf,
        /// From 0 to 1.
        share: f32,
    },
    Ready(Loaded),
    /// Quotes, because it can't be loaded.
    Refused {
        path: PathBuf,
        reason: String,
    },
}

/// A model that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub path: PathBuf,
    /// As it is shown.
    pub name: String,
    /// Tokens that prompt and answer may have together.
    pub context: usize,
}

impl Model {
    /// Bytes that the loaded model takes.
    pub fn taken(&self) -> u64 {
        let ModelState::Ready(loaded) = &self.state else { return 0 };
        let found = self.found.iter().find(|found| found.path == loaded.path);
        found.and_then(|found| found.needs).unwrap_or_default()
    }
}

/// A model on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    /// As it is shown, and as `--model` takes it.
    pub name: String,
    pub origin: Origin,
    pub quantization: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Tokens that prompt and answer could have together.
    pub context: usize,
    /// Bytes of memory that it needs for that; none where it can't be used.
    pub needs: Option<u64>,
    /// Why it can't be used.
    pub fault: Option<String>,
}
