//! How does a conversation become the next words?
//!
//! [`Generate`] is what an answer needs of a model. All that goes in and out is plain data that can cross a pipe, because
//! llama.cpp ends its process when an assertion fails or memory runs out: [`llama`] is meant to live in a child process,
//! and whoever speaks to it implements the same trait by forwarding each method.

pub mod llama;
pub mod prefix;

mod citation;
mod outgoing;
mod reasoning;
mod template;
mod vocabulary;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

pub use self::prefix::Prefix;
pub use self::template::Date;

/// Continues conversations.
pub trait Generate {
    fn model(&self) -> &ModelInfo;

    /// The exact number of tokens of the prompt that `messages` make, with all that the model's template adds.
    fn count_prompt(&mut self, messages: &[Message]) -> Result<usize, GenerateError>;

    /// Tokens of each text by itself, outside of any template.
    fn count_texts(&mut self, texts: &[String]) -> Result<Vec<usize>, GenerateError>;

    /// Writes the assistant's next message. After `cancel` it returns with what it has, within about a
    /// second on an idle machine: the tokens that are being read are read to their end.
    fn generate(
        &mut self,
        request: &GenerateRequest,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(GenerateProgress),
    ) -> Result<Generation, GenerateError>;
}

/// A loaded model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// As it is shown: the maker's name with the quantization, or the file's name.
    pub name: String,
    pub path: PathBuf,
    /// Tokens that prompt and answer may have together, as it is loaded.
    pub context: usize,
    /// Tokens that it was trained for, where the file says it.
    pub trained_context: Option<u64>,
    pub parameters: u64,
    /// How the weights are stored: `Q4_K_M`.
    pub quantization: Option<String>,
    /// Whether it thinks aloud before it answers, which takes tokens beside those of the answer.
    pub thinks: bool,
    /// Whether it can go back to an earlier place in what it has read, without reading again.
    pub rewinds: bool,
    /// What is not as it could be, each in a sentence for the user.
    pub caveats: Vec<String>,
}

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    System,
    User,
    Assistant,
}

impl Role {
    /// The name that chat templates use.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One message of a conversation. Its content is always plain text: what looks like a model's control token in it is
/// read letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub content: String,
}

/// What to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateRequest {
    /// The last one is the user's.
    pub messages: Vec<Message>,
    /// Tokens after which the answer ends at the latest. A model that thinks aloud has as many for that, and then has to
    /// come to its answer.
    pub max_tokens: usize,
    /// The only numbers that may stand alone in square brackets in the answer.
    pub citable: Vec<u32>,
    pub sampling: Sampling,
}

/// How the next token is chosen among the likely ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 takes the likeliest always.
    pub temperature: f32,
    /// Only so many of the likeliest are looked at.
    pub top_k: u32,
    /// Only tokens with at least this share of the likeliest one's probability are looked at.
    pub min_p: f32,
    /// The same seed repeats an answer on the same machine.
    pub seed: u32,
}

impl Default for Sampling {
    /// Nearly always the likeliest token: an answer from evidence is no place for invention. The little chance left keeps
    /// small models from repeating one sentence for ever.
    fn default() -> Self {
        Self { temperature: 0.2, top_k: 40, min_p: 0.1, seed: 0 }
    }
}

/// What is told during generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GenerateProgress {
    /// The prompt is being read; tokens that were kept from before count as read.
    Reading { tokens: usize, of: usize },
    /// The next piece of text, whole characters.
    Text(String),
    /// The state after what all prompts begin with, when it was read and not restored: to be kept for the next start.
    Prefix(Prefix),
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generation {
    /// The concatenation of all [`GenerateProgress::Text`]. Reasoning stands between `<think>` and `</think>`, also where
    /// the model's template has begun it.
    pub text: String,
    pub stop: Stop,
    pub prompt_tokens: usize,
    /// Of the prompt's tokens, those that were not kept from before.
    pub read_tokens: usize,
    pub written_tokens: usize,
    /// Seconds until the first token was chosen.
    pub first_token_seconds: f64,
    /// Seconds in all.
    pub seconds: f64,
}

/// Why generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The model ended its message.
    End,
    MaxTokens,
    ContextFull,
    Cancelled,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum GenerateError {
    #[error(
        "the prompt has {tokens} tokens and the model's context holds {context}: set a larger context with `--context`, or ask a shorter question"
    )]
    PromptTooLong { tokens: usize, context: usize },
    #[error(
        "llama.cpp stopped in the middle of the prompt or answer (code {code}): ask again, or choose another model"
    )]
    Decode { code: i32 },
    #[error(
        "the model gives no usable probabilities: its file is damaged; download it again or choose another model"
    )]
    NotFinite,
    /// For those who forward to a process.
    #[error("the model's process ended ({reason}): ask again, or choose a smaller model")]
    Gone { reason: String },
}
