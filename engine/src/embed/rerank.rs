//! How well does a passage answer a question, when both are read together?
//!
//! A reranker (a cross-encoder) reads a question and a passage at once and gives one number, where an embedder reads
//! each alone: slower, and often better at telling the best of a few. None comes with docent; a folder with an ONNX model
//! and its tokenizer is enough.

use std::fmt;
use std::path::{Path, PathBuf};

use ::fastembed::{
    RerankInitOptionsUserDefined, TextRerank, TokenizerFiles, UserDefinedRerankingModel,
};

use super::fastembed::read_if_present;

/// The most tokens that a pair may have: what rerankers of BERT's kind were trained for. The longest passage with its
/// context has 256 of them, which leaves room for a long question.
const MAX_LENGTH: usize = 512;

/// A reranker run by ONNX Runtime through fastembed.
pub struct Reranker {
    folder: PathBuf,
    model: TextRerank,
}

impl Reranker {
    /// Opens the reranker in `folder`: `model.onnx` there or in `onnx/`, and the tokenizer's files as transformers keeps
    /// them. [`load_runtime`](super::load_runtime) must have been called.
    pub fn open(folder: &Path, threads: usize) -> Result<Self, RerankError> {
        let model = [folder.join("model.onnx"), folder.join("onnx").join("model.onnx")]
            .into_iter()
            .find(|path| path.is_file())
            .ok_or_else(|| RerankError::Missing { path: folder.join("model.onnx") })?;
        let files = TokenizerFiles {
            tokenizer_file: required(folder, "tokenizer.json")?,
            tokenizer_config_file: required(folder, "tokenizer_config.json")?,
            // Both only repeat what the others say.
            config_file: optional(folder, "config.json")?,
            special_tokens_map_file: optional(folder, "special_tokens_map.json")?,
        };
        let options = RerankInitOptionsUserDefined::new()
            .with_max_length(MAX_LENGTH)
            .with_intra_threads(threads.max(1));
        let parts = UserDefinedRerankingModel::new(model.clone(), files);
        let model = TextRerank::try_new_from_user_defined(parts, options)
            .map_err(|source| RerankError::Model { path: model, source })?;
        let mut reranker = Self { folder: folder.to_owned(), model };
        // A model that loads and can't rank is better found now than by a question.
        reranker.score("probe", "probe")?;
        Ok(reranker)
    }

    /// How well `passage` answers `question`, from 0 to 1: the logistic function of what the model gives, which is how
    /// cross-encoders with one output are trained.
    pub fn score(&mut self, question: &str, passage: &str) -> Result<f32, RerankError> {
        let ranked = self.model.rerank(question, [passage], false, Some(1));
        let ranked =
            ranked.map_err(|source| RerankError::Rerank { path: self.folder.clone(), source })?;
        let logit = ranked.first().map_or(f32::NAN, |result| result.score);
        if logit.is_finite() {
            Ok(1.0 / (1.0 + (-logit).exp()))
        } else {
            Err(RerankError::NotFinite { path: self.folder.clone() })
        }
    }
}

impl fmt::Debug for Reranker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reranker").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn required(folder: &Path, name: &str) -> Result<Vec<u8>, RerankError> {
    let path = folder.join(name);
    match read_if_present(&path) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(RerankError::Missing { path }),
        Err(source) => Err(RerankError::Read { path, source }),
    }
}

fn optional(folder: &Path, name: &str) -> Result<Vec<u8>, RerankError> {
    let path = folder.join(name);
    match read_if_present(&path) {
        Ok(bytes) => Ok(bytes.unwrap_or_else(|| b"{}".to_vec())),
        Err(source) => Err(RerankError::Read { path, source }),
    }
}

/// Why a reranker can't rank.
#[derive(Debug, thiserror::Error)]
pub enum RerankError {
    #[error("the reranker's file `{}` is missing: put it there, or take the folder away", .path.display())]
    Missing { path: PathBuf },
    #[error("`{}` can't be read", .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("`{}` is damaged, or not a reranker: get it again, or take its folder away", .path.display())]
    Model {
        path: PathBuf,
        #[source]
        source: ::fastembed::Error,
    },
    #[error("the reranker `{}` gave a score that is no number: take its folder away", .path.display())]
    NotFinite { path: PathBuf },
    #[error("the model in `{}` can't rank passages: get another, or take the folder away", .path.display())]
    Rerank {
        path: PathBuf,
        #[source]
        source: ::fastembed::Error,
    },
}
