//! What writes the answers?

use std::path::PathBuf;

/// The model as the screen last heard of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    pub state: ModelState,
    /// Where files are looked for; none before they have been.
    pub folder: Option<PathBuf>,
    /// The files that can be chosen.
    pub found: Vec<Found>,
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

/// A GGUF file on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    /// As it is shown; the file's name where its header can't be read.
    pub name: String,
    pub quantization: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Why it can't be used.
    pub fault: Option<String>,
}
