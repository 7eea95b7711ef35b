//! Why is a source there?

use std::path::PathBuf;

use docent_engine::generate::Message;
use docent_index::retrieve::Rank;
use serde::{Deserialize, Serialize, Serializer};

use super::effect::Passage;
use super::scroll::Scroll;

/// How the sources of a question were found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Why {
    /// The words that were looked for.
    pub looked_for: String,
    /// What narrowed the search, as it is written in a question; empty where nothing did.
    pub filters: String,
    pub in_scope_documents: u64,
    /// Passages that the user has excluded from this conversation.
    pub excluded: u64,
    /// The part of a score that the vectors made, from 0 to 1; the words made the rest.
    pub dense_weight: f32,
    /// One for each source, in their order.
    pub reasons: Vec<Reason>,
}

/// What the searches said of a source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reason {
    /// BM25; none where no word fits.
    pub words: Option<Rank>,
    /// The cosine of question and passage; none without vectors.
    pub vector: Option<Rank>,
    /// Both together; none where neither search found it.
    pub fused: Option<Rank>,
    /// From 0 to 1; none without a reranker.
    pub reranked: Option<f32>,
    pub pinned: bool,
    /// Other places of the same text.
    #[serde(serialize_with = "paths")]
    pub also: Vec<PathBuf>,
}

/// The view that tells it, of the source that is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhyView {
    pub scroll: Scroll,
    /// Whether the prompt is unfolded.
    pub has_prompt: bool,
}

impl WhyView {
    pub(super) const FIRST: Self = Self { scroll: Scroll::TOP, has_prompt: false };
}

/// What a model was told: the messages that its template frames.
pub type Prompt = Vec<Message>;

/// How an answer came about, as the desk keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptWhy {
    pub why: Why,
    #[serde(default)]
    pub prompt: Prompt,
}

/// The passages that are chosen in a conversation, as the desk keeps them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// What stays among the sources of its next questions.
    pub pinned: Vec<Passage>,
    /// What is left out of them.
    pub excluded: Vec<Passage>,
}

fn paths<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.to_string_lossy()))
}
