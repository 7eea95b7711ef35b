//! How does a question with its evidence become a cited answer?
//!
//! Two answerers behind one trait: `quote` gives the sentences that answer, word for word; `model` lets a GGUF write.
//! Neither can cite what it was not given.

pub(crate) mod citation;
mod citing;
pub mod model;
pub mod quote;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::generate::{GenerateError, Message};
use crate::prompt::PromptError;

/// A numbered passage that an answer may cite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The number that cites it, from 1 in the order of rank.
    pub n: u32,
    /// The document's title.
    pub title: String,
    /// Where it stands, as a reader is told it: `p. 7`, `lines 3-9`.
    pub place: String,
    /// The titles of the headings it stands under, outermost first.
    pub headings: Vec<String>,
    pub text: String,
    /// What was cut off before and behind it, to be read with it: the rest of its paragraph.
    pub before: String,
    pub after: String,
    /// The sentences of `text`, in order.
    pub sentences: Vec<Sentence>,
    /// How well it fits the question, from 0 to 1, best first; comparable within one question only.
    pub score: f32,
}

/// A sentence of a passage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    /// Bytes in the passage's text.
    pub span: Range<usize>,
    /// How well its words fit the question's, from 0 to 1.
    pub score: f32,
}

/// A question that was answered before in the same conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub question: String,
    pub answer: String,
}

/// All that an answerer is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'a> {
    pub text: &'a str,
    /// What it asks about the documents that it names; none where it names none.
    pub about: Option<&'a str>,
    /// The numbers of the evidence from these documents, which alone is quoted; none where it names none.
    pub named: Option<&'a [u32]>,
    /// What a question is taken with that goes on from earlier ones; empty where it stands alone. Its own words decide.
    pub beside: &'a str,
    /// Whether it is in another language than the one that the embedder knows.
    pub is_foreign: bool,
    /// Oldest first.
    pub turns: &'a [Turn],
    /// Best first, numbered from 1 without a gap.
    pub evidence: &'a [Evidence],
}

/// What an answerer tells while it works.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress<'a> {
    /// What the model is told, whole, before it reads it: the messages that its template frames.
    Prompt(&'a [Message]),
    /// The model reads its prompt.
    Reading { tokens: usize, of: usize },
    /// The next piece of what the model thinks before it answers: no part of the answer, and checked by nobody.
    Thought(&'a str),
    /// The next piece of the answer's text, whole characters, with citations as `[n]`.
    Text(&'a str),
    /// The next of the answer's claims that is whole. It comes before the text by which it is known that it is, so that
    /// its mark can be shown where the text ends.
    Claim(&'a Claim),
}

/// A finished (or stopped) answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The whole text with citations as `[n]`; the concatenation of all [`Progress::Text`].
    pub text: String,
    /// Whether the answerer holds that nothing in the evidence supports an answer. `text` then says so.
    pub abstained: bool,
    pub claims: Vec<Claim>,
    /// The quotes behind the citations, one or more for each cited number, in the order of citation.
    pub quotes: Vec<Quote>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    /// Numbers of the evidence that the model could not be given, because its context is too small.
    pub dropped: Vec<u32>,
    /// Numbers of the evidence of which the model was given only the sentences that fit the question best.
    pub shortened: Vec<u32>,
    /// Whether the context was full, so that the sources of earlier turns, or earlier turns, were taken out of it.
    pub forgotten: bool,
    /// None where no model wrote it.
    pub usage: Option<Usage>,
}

/// One sentence of an answer with the evidence it cites.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Without the citations.
    pub text: String,
    /// Numbers of the evidence, ascending, without doubles.
    pub cites: Vec<u32>,
    /// What was checked about it; none where nothing was.
    pub mark: Option<Mark>,
    /// Why it has that mark, where that needs saying.
    pub reason: Option<String>,
}

/// What a check of a claim against the evidence it cites has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It stands there word for word.
    Quoted,
}

/// A stretch of a passage that a citation stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The number of the evidence.
    pub n: u32,
    /// Bytes in its text.
    pub span: Range<usize>,
}

/// What a model's answer cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Of these, how many had to be read anew; the rest was kept from before.
    pub read_tokens: usize,
    pub written_tokens: usize,
    /// Seconds until the first token of the answer.
    pub first_token_seconds: f64,
    /// Seconds in all.
    pub seconds: f64,
}

/// What an answer says when nothing in the evidence supports one, as far as its reader can tell.
pub const ABSTENTION: &str = "The documents do not answer this.";

/// What an answer says when a measure alone found too little support: the nearest passages may still hold an answer.
pub const UNSURE: &str = "No passage clearly answers this.";

impl Answer {
    /// Where nothing in `evidence` supports an answer.
    pub fn abstention(evidence: &[Evidence]) -> Self {
        let text = if evidence.is_empty() { ABSTENTION } else { UNSURE };
        Self { text: text.to_owned(), abstained: true, ..Self::default() }
    }
}

/// Answers questions from evidence.
pub trait Answerer {
    /// The name shown under an answer: the model's, or `quotes`.
    fn name(&self) -> &str;

    /// Answers `question`, telling its text as it comes. After `cancel` it returns within a second with what it has,
    /// `stopped` set.
    fn answer(
        &mut self,
        question: &Question<'_>,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Answer, AnswerError>;
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    #[error(transparent)]
    Prompt(#[from] PromptError<GenerateError>),
    #[error(transparent)]
    Generate(#[from] GenerateError),
}
