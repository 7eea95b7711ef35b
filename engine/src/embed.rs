//! Which vector stands for a text?
//!
//! [`Embed`] is what the library and the quote answerer need of an embedder. The one implementation is
//! [`FastEmbedder`]: an embedder is a folder that holds an ONNX model beside the files that sentence-transformers keeps
//! with it. A [`Reranker`] looks again at the best passages that were found. Nothing here fetches a file or decides which embedder is used.

mod bundled;
mod fastembed;
mod rerank;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokenizers::Tokenizer;

pub use self::bundled::Bundled;
pub use self::fastembed::{
    FastEmbedder, Settings, check_embedder, embedder_id, load_runtime, model_path,
};
pub use self::rerank::{RerankError, Reranker};

/// Turns texts into vectors of one length, each of Euclidean length 1, so that a dot product is a cosine.
pub trait Embed: Send {
    /// Which embedder made the vectors; vectors of different ids can't be compared.
    fn id(&self) -> &EmbedderId;

    /// Numbers in a vector.
    fn dimension(&self) -> usize;

    /// The vectors of `passages`, in their order.
    fn embed_passages(&mut self, passages: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError>;

    /// The vector of a question that is to be compared with passages.
    fn embed_query(&mut self, query: &str) -> Result<Vec<f32>, EmbedError>;
}

impl<E: Embed + ?Sized> Embed for &mut E {
    fn id(&self) -> &EmbedderId {
        (**self).id()
    }

    fn dimension(&self) -> usize {
        (**self).dimension()
    }

    fn embed_passages(&mut self, passages: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        (**self).embed_passages(passages)
    }

    fn embed_query(&mut self, query: &str) -> Result<Vec<f32>, EmbedError> {
        (**self).embed_query(query)
    }
}

/// The SHA-256 over everything that decides what vectors an embedder makes: model, tokenizer, pooling and prefixes.
/// 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmbedderId(String);

impl EmbedderId {
    /// The id that `digits` writes; none unless they are 64 lower-case hexadecimal digits.
    pub fn parse(digits: &str) -> Option<Self> {
        let valid = digits.len() == 64
            && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(digits.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hash itself.
    pub fn bytes(&self) -> [u8; 32] {
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
                .unwrap_or_default()
        };
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(self.0.as_bytes().chunks_exact(2)) {
            if let [high, low] = digits {
                *byte = digit(*high) << 4 | digit(*low);
            }
        }
        bytes
    }
}

impl fmt::Display for EmbedderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for EmbedderId {
    type Error = &'static str;

    fn try_from(digits: String) -> Result<Self, Self::Error> {
        Self::parse(&digits).ok_or("an embedder's id has 64 lower-case hexadecimal digits")
    }
}

impl From<EmbedderId> for String {
    fn from(id: EmbedderId) -> Self {
        id.0
    }
}

/// Counts tokens as the embedder does. Cheap to clone and to share between threads.
#[derive(Clone)]
pub struct TokenCounter {
    tokenizer: Arc<Tokenizer>,
}

impl TokenCounter {
    /// Reads `tokenizer.json` in `folder`.
    pub fn open(folder: &Path) -> Result<Self, EmbedError> {
        let path = folder.join("tokenizer.json");
        let bytes = fastembed::read(&path)?;
        let mut tokenizer = Tokenizer::from_bytes(&bytes)
            .map_err(|source| EmbedError::Tokenizer { path: path.clone(), source })?;
        // The file may say that texts are cut and padded to the length that the model was trained with (128): a count
        // would then never tell that a passage is too long.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|source| EmbedError::Tokenizer { path, source })?;
        Ok(Self { tokenizer: Arc::new(tokenizer) })
    }

    /// How many tokens `text` has, without the special ones that frame it in the model. A word that the tokenizer
    /// doesn't know may be a single token however long it is.
    pub fn count(&self, text: &str) -> usize {
        // A tokenizer can fail on a text only by a vocabulary without an unknown token. No text has more tokens than
        // bytes, so the caller keeps to its limit.
        self.tokenizer.encode_fast(text, false).map_or(text.len(), |encoding| encoding.len())
    }
}

impl fmt::Debug for TokenCounter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TokenCounter").finish_non_exhaustive()
    }
}

/// Why there are no vectors.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    #[error("the embedder's file `{}` is missing: install docent again", .path.display())]
    Missing { path: PathBuf },
    #[error("`{}` can't be read", .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("ONNX Runtime's library `{}` is missing: install docent again", .path.display())]
    RuntimeMissing { path: PathBuf },
    #[error("`{}` is not a library of ONNX Runtime that docent can use (1.24 or later): install docent again", .path.display())]
    Runtime {
        path: PathBuf,
        #[source]
        source: ort::LoadDynamicError,
    },
    #[error("`{}` is damaged, or not what an embedder needs there: install docent again", .path.display())]
    Settings {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("`{}` asks for {what}, which docent does not know: name another embedder", .path.display())]
    Unsupported { path: PathBuf, what: String },
    #[error("the tokenizer `{}` is damaged: install docent again", .path.display())]
    Tokenizer {
        path: PathBuf,
        #[source]
        source: tokenizers::Error,
    },
    #[error("the model `{}` is damaged, or not a text embedder: install docent again", .path.display())]
    Model {
        path: PathBuf,
        #[source]
        source: ::fastembed::Error,
    },
    #[error("the embedder `{}` gave vectors that are no numbers: name another embedder", .path.display())]
    NotFinite { path: PathBuf },
    #[error("the embedder `{}` stopped while it worked", .path.display())]
    Embed {
        path: PathBuf,
        #[source]
        source: ::fastembed::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_64_lower_case_hexadecimal_digits() {
        let digits = "0123456789abcdef".repeat(4);
        assert_eq!(EmbedderId::parse(&digits).unwrap().as_str(), digits);
        for wrong in [
            &"0".repeat(63),
            &digits.to_uppercase(),
            "",
            &format!("{digits}0"),
            &digits.replace('0', "/"),
        ] {
            assert_eq!(EmbedderId::parse(wrong), None, "{wrong}");
        }
        assert!(serde_json::from_str::<EmbedderId>("\"../../etc\"").is_err());
    }
}
