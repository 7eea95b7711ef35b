//! How does a folder with an ONNX model become an embedder?

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ::fastembed::{
    InitOptionsUserDefined, Pooling, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Embed, EmbedError, EmbedderId};

/// Where sentence-transformers cuts a text when `sentence_bert_config.json` doesn't say it. The longest passage with its
/// header has 256 tokens of the bundled embedder.
const DEFAULT_MAX_LENGTH: usize = 256;

/// The longest text of a tokenizer that does not say it: no embedder reads as much.
const DEFAULT_TOKENS: u64 = 1 << 20;

/// How an embedder uses the machine.
///
/// Measured on 2 cores with passages of 137 tokens: two sessions of one thread embed 50 to 53 a second in 345 MB, one
/// session of two threads 47 in 217 MB. Beside other work the difference grows to twice (25 against 14), because the two
/// threads of one session wait for each other at every layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Copies of the model (90 MB each for the bundled one) that work on different texts at a time. At least 1.
    pub sessions: usize,
    /// Threads that work together on one text. At least 1.
    pub threads: usize,
}

impl Settings {
    /// Fastest for a single text, and smallest. `cores` are physical ones.
    pub fn for_questions(cores: usize) -> Self {
        Self { sessions: 1, threads: cores }
    }

    /// Fastest for a library. `cores` are physical ones; with more than four of them, each session gets several, so that
    /// the memory stays bounded.
    pub fn for_library(cores: usize) -> Self {
        let sessions = cores.clamp(1, 4);
        Self { sessions, threads: cores / sessions }
    }
}

/// An embedder run by ONNX Runtime through fastembed.
pub struct FastEmbedder {
    id: EmbedderId,
    folder: PathBuf,
    prefixes: Prefixes,
    dimension: usize,
    /// Never empty.
    sessions: Vec<TextEmbedding>,
}

impl FastEmbedder {
    /// Opens the embedder in `folder`; [`load_runtime`] must have been called. `known_id` spares reading the whole model
    /// for its hash: give it only when the files are known to be those that [`embedder_id`] saw.
    pub fn open(
        folder: &Path,
        settings: Settings,
        known_id: Option<EmbedderId>,
    ) -> Result<Self, EmbedError> {
        let description = Description::read(folder)?;
        let files = TokenizerFiles {
            tokenizer_file: read(&folder.join("tokenizer.json"))?,
            tokenizer_config_file: tokenizer_config(folder)?,
            // Both only repeat what the others say.
            config_file: optional(&folder.join("config.json"))?.unwrap_or_else(|| b"{}".to_vec()),
            special_tokens_map_file: optional(&folder.join("special_tokens_map.json"))?
                .unwrap_or_else(|| b"{}".to_vec()),
        };
        let path = model_path(folder);
        let model = read(&path)?;
        let id = known_id.unwrap_or_else(|| description.id(&model, &files.tokenizer_file));
        let model = UserDefinedEmbeddingModel::new(model, files).with_pooling(description.pooling);
        let options = InitOptionsUserDefined::new()
            .with_max_length(description.max_length)
            .with_intra_threads(settings.threads.max(1));
        let copies = vec![model; settings.sessions.max(1)];
        let sessions = copies
            .into_iter()
            .map(|model| TextEmbedding::try_new_from_user_defined(model, options.clone()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| EmbedError::Model { path: path.clone(), source })?;
        let mut embedder = Self {
            id,
            folder: folder.to_owned(),
            prefixes: description.prefixes,
            dimension: 0,
            sessions,
        };
        // The length of the vectors stands in no file that every embedder has. And a model that loads but can't embed
        // is better found now than in the middle of a library.
        let probe = embedder.embed_query("probe").map_err(|error| match error {
            EmbedError::Embed { source, .. } => EmbedError::Model { path, source },
            other => other,
        })?;
        embedder.dimension = probe.len();
        Ok(embedder)
    }

    /// The vectors of `texts`, one text a run: no padding is ever computed, and the memory stays that of the longest
    /// text. On a CPU larger batches bring nothing, because a single passage keeps the vector units busy.
    fn embed(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut vectors = vec![Vec::new(); texts.len()];
        let open = Mutex::new(texts.iter().zip(&mut vectors));
        let work = |session: &mut TextEmbedding| -> Result<(), ::fastembed::Error> {
            loop {
                let next = open.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                let Some((text, vector)) = next else { return Ok(()) };
                *vector = session.embed([text], Some(1))?.pop().unwrap_or_default();
            }
        };
        let outcome = match self.sessions.as_mut_slice() {
            [first, others @ ..] if texts.len() > 1 => std::thread::scope(|scope| {
                let workers: Vec<_> =
                    others.iter_mut().map(|session| scope.spawn(|| work(session))).collect();
                let mine = work(first);
                workers.into_iter().fold(mine, |outcome, worker| {
                    let theirs =
                        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                    outcome.and(theirs)
                })
            }),
            [first, ..] => work(first),
            [] => Ok(()),
        };
        outcome.map_err(|source| EmbedError::Embed { path: self.folder.clone(), source })?;
        let finite = vectors
            .iter()
            .all(|vector| !vector.is_empty() && vector.iter().all(|value| value.is_finite()));
        if finite { Ok(vectors) } else { Err(EmbedError::NotFinite { path: self.folder.clone() }) }
    }
}

impl Embed for FastEmbedder {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn embed_passages(&mut self, passages: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        if self.prefixes.passage.is_empty() {
            return self.embed(passages);
        }
        let texts: Vec<String> =
            passages.iter().map(|text| format!("{}{text}", self.prefixes.passage)).collect();
        self.embed(&texts.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn embed_query(&mut self, query: &str) -> Result<Vec<f32>, EmbedError> {
        let text = format!("{}{query}", self.prefixes.query);
        Ok(self.embed(&[&text])?.pop().unwrap_or_default())
    }
}

impl fmt::Debug for FastEmbedder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FastEmbedder")
            .field("id", &self.id)
            .field("folder", &self.folder)
            .field("dimension", &self.dimension)
            .finish_non_exhaustive()
    }
}

/// Loads ONNX Runtime's library at `path` (absolute) for this process; the first one that loads stays. Must come before
/// any embedder is opened.
pub fn load_runtime(path: &Path) -> Result<(), EmbedError> {
    static LOADED: Mutex<bool> = Mutex::new(false);
    let mut loaded = LOADED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if *loaded {
        return Ok(());
    }
    if !path.is_file() {
        return Err(EmbedError::RuntimeMissing { path: path.to_owned() });
    }
    // The builder is dropped unbuilt: fastembed makes the process's one environment itself, and refuses to when
    // another exists.
    drop(
        ort::init_from(path)
            .map_err(|source| EmbedError::Runtime { path: path.to_owned(), source })?,
    );
    *loaded = true;
    Ok(())
}

/// The id of the embedder in `folder`. Reads the whole model (90 MB take about 0.1 s): a caller that asks at each start
/// keeps it together with the sizes and times of the files.
pub fn embedder_id(folder: &Path) -> Result<EmbedderId, EmbedError> {
    let description = Description::read(folder)?;
    Ok(description.id(&read(&model_path(folder))?, &read(&folder.join("tokenizer.json"))?))
}

/// Whether the files in `folder` describe an embedder that docent can run; its model is not opened.
pub fn check_embedder(folder: &Path) -> Result<(), EmbedError> {
    Description::read(folder)?;
    for path in [model_path(folder), folder.join("tokenizer.json")] {
        if !path.is_file() {
            return Err(EmbedError::Missing { path });
        }
    }
    Ok(())
}

/// Where the model of the embedder in `folder` lies: beside the other files, or in a folder of its own, as repositories
/// have it that hold it in several formats.
pub fn model_path(folder: &Path) -> PathBuf {
    let path = folder.join("model.onnx");
    let beside = folder.join("onnx").join("model.onnx");
    if !path.is_file() && beside.is_file() { beside } else { path }
}

/// The tokenizer's settings with what fastembed needs of them: it refuses to open a tokenizer without a longest text,
/// which is known by other means, and without a token for padding, which is never used here.
fn tokenizer_config(folder: &Path) -> Result<Vec<u8>, EmbedError> {
    let path = folder.join("tokenizer_config.json");
    let mut settings: serde_json::Map<String, serde_json::Value> =
        read_settings(&path)?.unwrap_or_default();
    if !settings.get("model_max_length").is_some_and(serde_json::Value::is_number) {
        settings.insert("model_max_length".to_owned(), DEFAULT_TOKENS.into());
    }
    let padding = settings.get("pad_token").map(|token| token.get("content").unwrap_or(token));
    if !padding.is_some_and(serde_json::Value::is_string) {
        settings.insert("pad_token".to_owned(), "[PAD]".into());
    }
    serde_json::to_vec(&settings).map_err(|source| EmbedError::Settings { path, source })
}

/// Reads a file of an embedder.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, EmbedError> {
    optional(path)?.ok_or_else(|| EmbedError::Missing { path: path.to_owned() })
}

fn optional(path: &Path) -> Result<Option<Vec<u8>>, EmbedError> {
    read_if_present(path).map_err(|source| EmbedError::Read { path: path.to_owned(), source })
}

pub(super) fn read_if_present(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    match std::fs::File::open(path) {
        Ok(mut file) => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(Some(bytes))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What sentence-transformers' files say of how a model's output becomes a vector.
#[derive(Debug)]
struct Description {
    pooling: Pooling,
    /// Tokens, with the special ones.
    max_length: usize,
    prefixes: Prefixes,
}

/// What is put before a text.
#[derive(Debug, Default, PartialEq, Eq)]
struct Prefixes {
    query: String,
    passage: String,
}

impl Description {
    fn read(folder: &Path) -> Result<Self, EmbedError> {
        let pooling = read_modules(folder)?;
        let length: Length =
            read_settings(&folder.join("sentence_bert_config.json"))?.unwrap_or_default();
        Ok(Self {
            pooling: read_pooling(&folder.join(pooling).join("config.json"))?,
            max_length: length.max_seq_length.unwrap_or(DEFAULT_MAX_LENGTH),
            prefixes: read_prefixes(&folder.join("config_sentence_transformers.json"))?,
        })
    }

    /// Each part is hashed by itself first, so that bytes can't move from one part to the next unseen.
    fn id(&self, model: &[u8], tokenizer: &[u8]) -> EmbedderId {
        let pooling = match self.pooling {
            Pooling::Cls => "cls",
            Pooling::Mean => "mean",
        };
        let length = self.max_length.to_string();
        let parts = [
            model,
            tokenizer,
            pooling.as_bytes(),
            length.as_bytes(),
            self.prefixes.query.as_bytes(),
            self.prefixes.passage.as_bytes(),
        ];
        let whole = parts
            .iter()
            .fold(Sha256::new(), |whole, part| whole.chain_update(Sha256::digest(part)));
        let digits = whole.finalize().iter().fold(String::with_capacity(64), |mut digits, byte| {
            digits.extend(
                [byte >> 4, byte & 15]
                    .into_iter()
                    .filter_map(|digit| char::from_digit(digit.into(), 16)),
            );
            digits
        });
        EmbedderId(digits)
    }
}

#[derive(Debug, Default, Deserialize)]
struct Length {
    max_seq_length: Option<usize>,
}

fn read_settings<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Option<T>, EmbedError> {
    let Some(bytes) = optional(path)? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|source| EmbedError::Settings { path: path.to_owned(), source })
}

/// Refuses a model whose vectors need more than a transformer, pooling and normalizing: without the rest (a dense layer,
/// say) they would be silently wrong. Gives the name of the folder that says how it is pooled.
fn read_modules(folder: &Path) -> Result<String, EmbedError> {
    #[derive(Deserialize)]
    struct Module {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        path: String,
    }
    let path = folder.join("modules.json");
    let modules: Vec<Module> = read_settings(&path)?.unwrap_or_default();
    let name = |module: &Module| module.kind.rsplit('.').next().unwrap_or_default().to_owned();
    let known =
        |module: &&Module| matches!(&*name(module), "Transformer" | "Pooling" | "Normalize");
    match modules.iter().find(|module| !known(module)) {
        None => {
            let pooling = modules.into_iter().find(|module| name(module) == "Pooling");
            let is_name = |path: &String| {
                Path::new(path).components().count() == 1 && !path.starts_with(['.', '/'])
            };
            let own = pooling.map(|module| module.path).filter(is_name);
            Ok(own.unwrap_or_else(|| "1_Pooling".to_owned()))
        }
        Some(module) => {
            Err(EmbedError::Unsupported { what: format!("the module `{}`", module.kind), path })
        }
    }
}

/// Mean pooling where the file is absent, as sentence-transformers does with a bare model.
fn read_pooling(path: &Path) -> Result<Pooling, EmbedError> {
    type Modes = serde_json::Map<String, serde_json::Value>;
    let Some(modes) = read_settings::<Modes>(path)? else { return Ok(Pooling::Mean) };
    let chosen: Vec<&str> = modes
        .iter()
        .filter(|(name, value)| name.starts_with("pooling_mode_") && value.as_bool() == Some(true))
        .map(|(name, _)| name.as_str())
        .collect();
    match *chosen {
        [] | ["pooling_mode_mean_tokens"] => Ok(Pooling::Mean),
        ["pooling_mode_cls_token"] => Ok(Pooling::Cls),
        _ => Err(EmbedError::Unsupported {
            path: path.to_owned(),
            what: format!("the pooling `{}`", chosen.join(" + ")),
        }),
    }
}

fn read_prefixes(path: &Path) -> Result<Prefixes, EmbedError> {
    #[derive(Default, Deserialize)]
    struct Prompts {
        #[serde(default)]
        prompts: std::collections::BTreeMap<String, String>,
        default_prompt_name: Option<String>,
    }
    let prompts: Prompts = read_settings(path)?.unwrap_or_default();
    let named = |names: &[&str]| {
        let default = prompts.default_prompt_name.as_deref();
        let name = names
            .iter()
            .copied()
            .chain(default)
            .find(|name| prompts.prompts.contains_key(*name))?;
        prompts.prompts.get(name).cloned()
    };
    Ok(Prefixes {
        query: named(&["query", "search_query"]).unwrap_or_default(),
        passage: named(&["passage", "document", "search_document"]).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_bare_model_is_pooled_by_the_mean_without_prefixes() {
        let folder = folder(&[]);
        let description = Description::read(folder.path()).unwrap();
        assert_eq!(description.pooling, Pooling::Mean);
        assert_eq!(description.max_length, 256);
        assert_eq!(description.prefixes, Prefixes::default());
    }

    #[test]
    fn pooling_length_and_prefixes_are_read() {
        let folder = folder(&[
            (
                "1_Pooling/config.json",
                r#"{"word_embedding_dimension": 8, "pooling_mode_cls_token": true}"#,
            ),
            ("sentence_bert_config.json", r#"{"max_seq_length": 512}"#),
            (
                "config_sentence_transformers.json",
                r#"{"prompts": {"query": "query: ", "document": "passage: "}}"#,
            ),
        ]);
        let description = Description::read(folder.path()).unwrap();
        assert_eq!(description.pooling, Pooling::Cls);
        assert_eq!(description.max_length, 512);
        assert_eq!(
            description.prefixes,
            Prefixes { query: "query: ".into(), passage: "passage: ".into() }
        );
    }

    #[test]
    fn each_part_changes_the_id() {
        let description = |pooling, max_length, query: &str, passage: &str| Description {
            pooling,
            max_length,
            prefixes: Prefixes { query: query.into(), passage: passage.into() },
        };
        let ids = std::collections::BTreeSet::from([
            description(Pooling::Mean, 256, "", "").id(b"model", b"tokenizer"),
            description(Pooling::Mean, 256, "", "").id(b"modelt", b"okenizer"),
            description(Pooling::Cls, 256, "", "").id(b"model", b"tokenizer"),
            description(Pooling::Mean, 512, "", "").id(b"model", b"tokenizer"),
            description(Pooling::Mean, 256, "q", "").id(b"model", b"tokenizer"),
            description(Pooling::Mean, 256, "", "q").id(b"model", b"tokenizer"),
        ]);
        assert_eq!(ids.len(), 6);
    }

    #[test]
    fn what_would_give_wrong_vectors_is_refused_by_name() {
        let check = |name: &str, text: &str, expected: &str| {
            let folder = folder(&[(name, text)]);
            let error = Description::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains(name), "{error}");
        };
        check("modules.json", r#"[{"type": "sentence_transformers.models.Dense"}]"#, "Dense");
        check(
            "1_Pooling/config.json",
            r#"{"pooling_mode_max_tokens": true}"#,
            "pooling_mode_max_tokens",
        );
        check("sentence_bert_config.json", "{", "damaged");
    }
}
