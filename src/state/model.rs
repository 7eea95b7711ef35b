//! What writes the answers?

use std::path::{Path, PathBuf};

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
    /// Which row of the list is chosen; the one behind the last file is "none", embedders follow.
    pub selected: usize,
    /// What is to be remembered when the file that was chosen is loaded: the file, and the name it is chosen by.
    pub(super) remembers: Option<(PathBuf, String)>,
    /// The bundled one first.
    pub embedders: Vec<Embedder>,
    /// What makes the vectors.
    pub maker: Maker,
    /// The one that is chosen when it is asked for once more.
    pub change: Option<Change>,
}

/// What makes the vectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Maker {
    /// The embedder that comes with docent.
    #[default]
    Bundled,
    /// The one in this folder.
    Folder(PathBuf),
    /// Nothing: what was chosen by this name is not on this machine, and what was made before answers.
    Gone(String),
}

impl Maker {
    /// The one in a folder, else the bundled one.
    pub fn of(folder: Option<PathBuf>) -> Self {
        folder.map_or(Self::Bundled, Self::Folder)
    }

    /// Whether it is the one in this folder, or the bundled one.
    pub fn is(&self, folder: Option<&Path>) -> bool {
        match self {
            Self::Bundled => folder.is_none(),
            Self::Folder(own) => folder == Some(own),
            Self::Gone(_) => false,
        }
    }
}

/// An embedder on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedder {
    /// As it is shown.
    pub name: String,
    /// As `--embedder` takes it.
    pub typed: String,
    /// Where it was found.
    pub origin: &'static str,
    /// None for the bundled one.
    pub folder: Option<PathBuf>,
    /// Bytes of its model.
    pub size: u64,
    /// Why it can't be used.
    pub fault: Option<String>,
}

/// A change of the embedder that is thought of.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// As in [`Embedder`].
    pub folder: Option<PathBuf>,
    /// None while it is measured.
    pub cost: Option<Cost>,
}

/// What it takes until an embedder has made all vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Passages without a vector of its.
    pub missing: u64,
    /// All passages.
    pub of: u64,
    /// Passages that it embeds, as measured; none where there are too few to measure.
    pub per_second: Option<f64>,
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

impl ModelState {
    /// The file of the model that answers, or is to.
    pub fn path(&self) -> Option<&PathBuf> {
        match self {
            Self::Ready(loaded) => Some(&loaded.path),
            Self::Loading { path, .. } | Self::Refused { path, .. } => Some(path),
            Self::Quotes => None,
        }
    }
}

impl Model {
    /// Files, "none" and embedders.
    pub fn rows(&self) -> usize {
        self.found.len() + 1 + self.shown_embedders().len()
    }

    /// The embedders that can be chosen: none of them where there is no choice.
    pub fn shown_embedders(&self) -> &[Embedder] {
        let has_choice = self.embedders.len() > 1 || self.maker != Maker::Bundled;
        if has_choice { &self.embedders } else { &[] }
    }

    /// The embedder whose row is chosen.
    pub fn chosen_embedder(&self) -> Option<&Embedder> {
        self.shown_embedders().get(self.selected.checked_sub(self.found.len() + 1)?)
    }

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
    /// As it is shown.
    pub name: String,
    /// As `--model` takes it: its name, where that means no other.
    pub typed: String,
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
    /// None where it can't be used.
    pub details: Option<Details>,
}

/// What the head of a model's file says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// The kind of network: `qwen3`.
    pub architecture: String,
    pub parameters: u64,
    /// Tokens that it was trained to read at once.
    pub trained: Option<u64>,
    /// Whether the file says how a conversation is told to the model.
    pub has_template: bool,
}
