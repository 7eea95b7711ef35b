//! What does the screen know of the library?

use std::path::PathBuf;

use super::tree::Tree;

/// The library as the screen last heard of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    pub stage: Stage,
    pub content: Content,
    pub tree: Tree,
    /// The folder that leaves the library when it is asked for once more.
    pub leaving: Option<PathBuf>,
}

/// What is being done to the index.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stage {
    #[default]
    Opening,
    Scanning,
    /// Documents: text becomes searchable as it is read.
    Reading(Progress),
    /// Passages: they can be found by their words meanwhile.
    Embedding(Progress),
    /// Pages that are only pictures: nothing of them can be found meanwhile.
    Recognising(Progress),
    /// All that is on the disk is in the index, and changes are followed.
    Ready,
    /// The user lets it rest.
    Paused,
    /// Another docent writes this home's index; this one reads it.
    Elsewhere,
    /// It can't go on, and why.
    Failed(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    pub done: usize,
    pub of: usize,
    /// Measured over the last seconds; none before there is enough to measure.
    pub per_second: Option<f64>,
}

/// What the index holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// By their paths.
    pub folders: Vec<Folder>,
    pub documents: u64,
    pub passages: u64,
    /// Passages that have their vector.
    pub embedded: u64,
    /// How much could not be read.
    pub problems: u64,
    /// How changes are noticed, where it is not by the kernel's own events.
    pub watching: Option<String>,
}

/// A watched root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Absolute.
    pub path: PathBuf,
    pub documents: u64,
    /// It is not there now; what was read in it is kept.
    pub missing: bool,
}

/// What could not be read in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The page it concerns; the whole file otherwise.
    pub page: Option<u32>,
    pub reason: String,
    pub hint: String,
}

impl Library {
    /// Whether nothing is watched, as on the first start; not known before the library has been opened.
    pub fn is_empty(&self) -> bool {
        self.stage != Stage::Opening && self.content.folders.is_empty()
    }
}
