//! What does the head of a GGUF say of the model in it, and what is wrong with it?
//!
//! Reads the head of a model's file by itself before llama.cpp sees it: llama.cpp gives no reason when it refuses a
//! file, and a hostile file should meet as little C++ as possible. No count or length in the file is believed before it
//! is checked against a bound and against the bytes that are there. The weights are not read, only measured.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::keys::{Keys, Value};
use super::kinds;
use super::shape::{MAX_LAYERS, Shape};

/// Keys and tensors of any model stay far under this; the largest mixtures of experts have a few thousand tensors.
const MAX_ENTRIES: u64 = 100_000;
/// Bytes of a key, by GGUF's specification.
const MAX_KEY: u64 = 65_535;
/// Bytes of a tensor's name, by ggml.
const MAX_NAME: u64 = 63;
/// Bytes of a name that is kept.
const MAX_LABEL: u64 = 4_096;
/// Bytes of a text that is kept. Chat templates are the longest, up to 30 kB.
const MAX_TEXT: u64 = 1 << 20;
/// Elements of an array. The largest vocabularies have 260,000 tokens, and their merges are twice as many.
const MAX_ELEMENTS: u64 = 10_000_000;
/// Bytes before the weights. A vocabulary with its merges takes up to 15 MB.
const MAX_HEADER: u64 = 256 << 20;
/// Files of one model; the largest that are offered have a few dozen.
const MAX_PARTS: u64 = 1_000;

/// What a model's file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The kind of network: `llama`, `qwen3`, `gemma3`.
    pub architecture: String,
    /// The model's name as its maker wrote it.
    pub name: Option<String>,
    /// The number of parameters as its maker wrote it: `8B`.
    pub size_label: Option<String>,
    /// The number of parameters as counted in this file.
    pub parameters: u64,
    /// Parameters that are used for each token: fewer than all in a mixture of experts.
    pub active_parameters: u64,
    /// How the weights are stored: `Q4_K_M`.
    pub quantization: Option<String>,
    /// Tokens that the model was trained to read at once.
    pub context_length: Option<u64>,
    /// What decides how much memory it works in.
    pub shape: Shape,
    /// The template (in Jinja) that makes one text of a conversation.
    pub chat_template: Option<String>,
    /// The kind of tokenizer: `gpt2`, `llama`.
    pub tokenizer: String,
    /// Tokens in the vocabulary.
    pub vocabulary: u64,
    /// The token that begins a text.
    pub bos: Option<u64>,
    /// The token that ends a text.
    pub eos: Option<u64>,
    /// All files of the model, this one first. llama.cpp opens the others by itself.
    pub parts: Vec<PathBuf>,
    /// Bytes of all parts.
    pub bytes: u64,
}

impl Header {
    /// Reads the head of the file at `path` and checks that the file is whole and a model that writes text.
    pub fn read(path: &Path) -> Result<Self, HeaderError> {
        read(path).map_err(|fault| HeaderError { path: path.to_owned(), fault })
    }
}

/// Why a file can't be used as a model. Reads as one sentence: the path, then the fault.
#[derive(Debug)]
pub struct HeaderError {
    pub path: PathBuf,
    pub fault: Fault,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` {}", self.path.display(), self.fault)
    }
}

impl std::error::Error for HeaderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The fault itself is already said.
        self.fault.source()
    }
}

/// What is wrong with a model's file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("does not exist: get the model again, or name another file")]
    Missing,
    #[error("is a link to a file that is not there: get the model again")]
    DeadLink,
    #[error("is empty: download it again")]
    Empty,
    #[error("can't be read")]
    Read(#[source] std::io::Error),
    #[error("is not a GGUF file: docent runs models in the format GGUF only")]
    NotGguf,
    #[error(
        "is a GGUF of version {0}, and docent reads versions 2 and 3: get a newer file of the model"
    )]
    Version(u32),
    #[error("is a GGUF for big-endian machines: get the little-endian file of the model")]
    BigEndian,
    #[error(
        "ends at byte {size}, in the middle of the model, which needs at least {needed}: download it again"
    )]
    Truncated { size: u64, needed: u64 },
    #[error(
        "claims {what} larger than any model has: it is damaged, or made to do harm; get it from another source"
    )]
    TooLarge { what: String },
    #[error("is damaged: {what}; download it again")]
    Malformed { what: String },
    #[error("has no tokenizer, so it can't read text: get the whole model")]
    NoTokenizer,
    #[error("is of the kind `{kind}`, which {purpose}: choose an instruct model")]
    NotText { kind: String, purpose: &'static str },
    #[error(
        "is of the kind `{kind}`, which docent's llama.cpp does not know: get another model, or a newer docent"
    )]
    UnknownNetwork { kind: String },
    #[error(
        "stores weights in a way that docent's llama.cpp {does_not_know} (number {kind}): get another quantization of the model"
    )]
    UnknownWeights { kind: u32, does_not_know: &'static str },
    #[error(
        "holds the part that reads pictures in the same file, which llama.cpp does not load: get the model's GGUF from its maker, where that part is a file of its own"
    )]
    PicturesInside,
    #[error("is part {number} of {count}: open the first part")]
    NotFirstPart { number: u64, count: u64 },
    #[error("is the first of {count} parts, and `{}` is missing: put all parts in one folder", .missing.display())]
    PartMissing { count: u64, missing: PathBuf },
}

impl Fault {
    /// All that is known of it, in words that follow the file's name.
    pub fn told(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}

fn read(path: &Path) -> Result<Header, Fault> {
    let part = Part::read(path)?;
    let architecture = part.architecture.clone().unwrap_or_default();
    if let Some((kind, purpose)) = part.other_use(&architecture) {
        return Err(Fault::NotText { kind, purpose });
    }
    let count = part.split_count.unwrap_or(1).max(1);
    if let Some(number) = part.split_number.filter(|number| count > 1 && *number > 0) {
        return Err(Fault::NotFirstPart { number: number.saturating_add(1), count });
    }
    if architecture.is_empty() {
        return Err(Fault::Malformed { what: "it does not say which network it is".to_owned() });
    }
    if !kinds::is_known_network(&architecture) {
        return Err(Fault::UnknownNetwork { kind: shortened(&architecture) });
    }
    let (Some(tokenizer), Some(vocabulary)) = (part.tokenizer, part.vocabulary) else {
        return Err(Fault::NoTokenizer);
    };
    if tokenizer == "none" || tokenizer == "no_vocab" || vocabulary == 0 {
        return Err(Fault::NoTokenizer);
    }
    if count > MAX_PARTS {
        return Err(Fault::TooLarge { what: "a number of parts".to_owned() });
    }
    let (mut parts, mut weights) = (vec![path.to_owned()], part.weights);
    let mut bytes = part.bytes;
    for number in 2..=count {
        let sibling = sibling(path, number, count)?;
        if !sibling.is_file() {
            return Err(Fault::PartMissing { count, missing: sibling });
        }
        let other = Part::read(&sibling)?;
        bytes = bytes.saturating_add(other.bytes);
        weights.add(&other.weights);
        parts.push(sibling);
    }
    if weights.parameters == 0 {
        let purpose = "holds no weights";
        return Err(Fault::NotText { kind: "vocabulary only".to_owned(), purpose });
    }
    if weights.for_pictures {
        return Err(Fault::PicturesInside);
    }
    let shape = Shape::of(&architecture, &part.keys).ok_or_else(|| Fault::Malformed {
        what: format!(
            "it does not say how large its network is (`{architecture}.block_count`, at most {MAX_LAYERS}, and \
             `{architecture}.embedding_length`)"
        ),
    })?;
    let number = |name: &str| part.keys.number(&format!("{architecture}.{name}"));
    Ok(Header {
        context_length: number("context_length"),
        shape,
        name: part.name,
        size_label: part.size_label,
        parameters: weights.parameters,
        active_parameters: weights.active(number("expert_count"), number("expert_used_count")),
        quantization: part.file_type.and_then(kinds::quantization).map(str::to_owned),
        chat_template: part.chat_template,
        tokenizer,
        vocabulary,
        bos: part.bos,
        eos: part.eos,
        parts,
        bytes,
        architecture,
    })
}

/// The path of part `number` of `count`, where `first` is the path of part 1: llama.cpp's own rule of naming.
fn sibling(first: &Path, number: u64, count: u64) -> Result<PathBuf, Fault> {
    let misnamed = || Fault::Malformed {
        what: format!("the first of {count} parts does not end in `-00001-of-{count:05}.gguf`"),
    };
    let name = first.file_name().and_then(|name| name.to_str()).ok_or_else(misnamed)?;
    let stem = name.strip_suffix(&format!("-00001-of-{count:05}.gguf")).ok_or_else(misnamed)?;
    Ok(first.with_file_name(format!("{stem}-{number:05}-of-{count:05}.gguf")))
}

/// What the tensors of a file hold.
#[derive(Debug, Default)]
struct Weights {
    parameters: u64,
    /// Those of experts, of which a token needs a few.
    of_experts: u64,
    /// Whether some belong to a part that reads pictures or sound.
    for_pictures: bool,
}

impl Weights {
    fn add(&mut self, other: &Self) {
        self.parameters = self.parameters.saturating_add(other.parameters);
        self.of_experts = self.of_experts.saturating_add(other.of_experts);
        self.for_pictures |= other.for_pictures;
    }

    fn take(&mut self, name: &str, elements: u64) {
        self.parameters = self.parameters.saturating_add(elements);
        if name.contains("_exps.") {
            self.of_experts = self.of_experts.saturating_add(elements);
        }
        self.for_pictures |=
            ["v.", "mm.", "a."].iter().any(|beginning| name.starts_with(beginning));
    }

    /// Parameters that a token is computed with, where it needs `used` of `experts`.
    fn active(&self, experts: Option<u64>, used: Option<u64>) -> u64 {
        let (Some(experts), Some(used)) = (experts.filter(|count| *count > 0), used) else {
            return self.parameters;
        };
        let each = self.of_experts / experts;
        let idle = self.of_experts.saturating_sub(each.saturating_mul(used.min(experts)));
        self.parameters.saturating_sub(idle)
    }
}

/// One file of a model.
#[derive(Debug, Default)]
struct Part {
    architecture: Option<String>,
    /// `model`, `adapter`, `mmproj`.
    kind: Option<String>,
    name: Option<String>,
    size_label: Option<String>,
    file_type: Option<u64>,
    chat_template: Option<String>,
    tokenizer: Option<String>,
    vocabulary: Option<u64>,
    bos: Option<u64>,
    eos: Option<u64>,
    /// Counts from 0.
    split_number: Option<u64>,
    split_count: Option<u64>,
    alignment: Option<u64>,
    /// Those of the network.
    keys: Keys,
    weights: Weights,
    bytes: u64,
}

impl Part {
    fn read(path: &Path) -> Result<Self, Fault> {
        let mut reader = Reader::open(path)?;
        if reader.size == 0 {
            return Err(Fault::Empty);
        }
        if &reader.bytes::<4>().map_err(|fault| match fault {
            Fault::Truncated { .. } => Fault::NotGguf,
            other => other,
        })? != b"GGUF"
        {
            return Err(Fault::NotGguf);
        }
        match reader.u32()? {
            2 | 3 => {}
            version if (1..=3).contains(&version.swap_bytes()) => return Err(Fault::BigEndian),
            version => return Err(Fault::Version(version)),
        }
        let tensors = reader.count("a number of tensors", MAX_ENTRIES)?;
        let keys = reader.count("a number of keys", MAX_ENTRIES)?;
        let mut part = Self { bytes: reader.size, ..Self::default() };
        let mut seen = Seen::default();
        for _ in 0..keys {
            let key = reader.text("a key", MAX_KEY)?;
            if key.is_empty() {
                return Err(Fault::Malformed { what: "a key has no name".to_owned() });
            }
            seen.take(&key, "key")?;
            let kind = reader.u32()?;
            part.take(&key, kind, &mut reader)?;
        }
        part.measure_tensors(tensors, &mut reader)?;
        Ok(part)
    }

    /// Reads the value of `key`, and keeps it if it is one that matters.
    fn take(&mut self, key: &str, kind: u32, reader: &mut Reader) -> Result<(), Fault> {
        let text = match key {
            "general.architecture" => Some((&mut self.architecture, MAX_LABEL)),
            "general.type" => Some((&mut self.kind, MAX_LABEL)),
            "general.name" => Some((&mut self.name, MAX_LABEL)),
            "general.size_label" => Some((&mut self.size_label, MAX_LABEL)),
            "tokenizer.ggml.model" => Some((&mut self.tokenizer, MAX_LABEL)),
            "tokenizer.chat_template" => Some((&mut self.chat_template, MAX_TEXT)),
            _ => None,
        };
        if let Some((text, most)) = text {
            if kind != values::STRING {
                return Err(Fault::Malformed { what: format!("the key `{key}` is no text") });
            }
            *text = Some(reader.text(&format!("`{key}`"), most)?);
            return Ok(());
        }
        let number = match key {
            "general.file_type" => Some(&mut self.file_type),
            "general.alignment" => Some(&mut self.alignment),
            "tokenizer.ggml.bos_token_id" => Some(&mut self.bos),
            "tokenizer.ggml.eos_token_id" => Some(&mut self.eos),
            "split.no" => Some(&mut self.split_number),
            "split.count" => Some(&mut self.split_count),
            _ => None,
        };
        if let Some(number) = number {
            let value = reader.integer(kind)?;
            *number = Some(value.ok_or_else(|| Fault::Malformed {
                what: format!("the key `{}` is no number", shortened(key)),
            })?);
            return Ok(());
        }
        if !self.keys.wants(key) {
            let elements = reader.skip(key, kind)?;
            if key == "tokenizer.ggml.tokens" {
                self.vocabulary = elements;
            }
        } else if let Some(value) = reader.network_value(key, kind)? {
            self.keys.keep(key, value);
        }
        Ok(())
    }

    /// Reads where each tensor lies, and finds whether they follow each other as llama.cpp expects it, and whether the
    /// file is long enough for all of them.
    fn measure_tensors(&mut self, tensors: u64, reader: &mut Reader) -> Result<(), Fault> {
        let too_large = || Fault::TooLarge { what: "a tensor".to_owned() };
        let alignment = self.alignment.unwrap_or(32);
        if !alignment.is_power_of_two() || alignment > MAX_HEADER {
            return Err(Fault::Malformed { what: format!("its alignment is {alignment}") });
        }
        let mut seen = Seen::default();
        let (mut next, mut end_of_data) = (0_u64, 0_u64);
        for _ in 0..tensors {
            let name = reader.text("a tensor's name", MAX_NAME)?;
            seen.take(&name, "tensor")?;
            let damaged =
                |what: &str| Fault::Malformed { what: format!("the tensor `{name}` {what}") };
            let dimensions = reader.u32()?;
            if dimensions > 4 {
                return Err(damaged(&format!("has {dimensions} dimensions")));
            }
            let (mut elements, mut row) = (1_u64, 1_u64);
            for dimension in 0..dimensions {
                let length = reader.u64()?;
                elements = elements
                    .checked_mul(length)
                    .filter(|elements| i64::try_from(*elements).is_ok())
                    .ok_or_else(too_large)?;
                if dimension == 0 {
                    row = length;
                }
            }
            let kind = reader.u32()?;
            let (block, bytes) = kinds::tensor_block(kind).ok_or(Fault::UnknownWeights {
                kind,
                does_not_know: if kind < kinds::TENSOR_KINDS {
                    "no longer reads"
                } else {
                    "does not know yet"
                },
            })?;
            if row.checked_rem(block) != Some(0) {
                return Err(damaged(&format!("has rows of {row}, which its blocks don't fill")));
            }
            let length = (elements / block).checked_mul(bytes).ok_or_else(too_large)?;
            let offset = reader.u64()?;
            if offset != next {
                return Err(damaged("does not lie behind the one before it"));
            }
            end_of_data = offset.checked_add(length).ok_or_else(too_large)?;
            next = end_of_data.checked_next_multiple_of(alignment).ok_or_else(too_large)?;
            self.weights.take(&name, elements);
        }
        let start_of_data =
            reader.position.checked_next_multiple_of(alignment).ok_or_else(too_large)?;
        let needed = start_of_data.checked_add(end_of_data).ok_or_else(too_large)?;
        if tensors > 0 && needed > reader.size {
            return Err(Fault::Truncated { size: reader.size, needed });
        }
        Ok(())
    }

    /// What this file is and does, where it is no model that writes text.
    fn other_use(&self, architecture: &str) -> Option<(String, &'static str)> {
        if let Some(kind) = self.kind.as_deref().filter(|kind| *kind != "model") {
            let purpose = match kind {
                "mmproj" => "reads pictures for another model",
                "adapter" => "changes another model",
                _ => "does not write text",
            };
            return Some((shortened(kind), purpose));
        }
        if let Some(purpose) = kinds::other_use(architecture) {
            return Some((architecture.to_owned(), purpose));
        }
        // Embedders and rerankers that were made of a model that writes keep its network, and say what they do instead.
        let pools = self.keys.number(&format!("{architecture}.pooling_type"));
        pools
            .is_some_and(|pooling| pooling > 0)
            .then(|| ("embedder".to_owned(), "makes vectors or sorts passages"))
    }
}

/// Names that were there already, by their hashes: a hostile file could have gigabytes of names, and two of its own that
/// are taken for one harm nobody else.
#[derive(Debug, Default)]
struct Seen(HashSet<u64>);

impl Seen {
    fn take(&mut self, name: &str, what: &str) -> Result<(), Fault> {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        if self.0.insert(hasher.finish()) {
            return Ok(());
        }
        Err(Fault::Malformed { what: format!("the {what} `{}` is there twice", shortened(name)) })
    }
}

/// A name that may be of any length, as it is told.
fn shortened(name: &str) -> String {
    const TOLD: usize = 60;
    let mut told: String = name.chars().take(TOLD).collect();
    if told.len() < name.len() {
        told.push('…');
    }
    told
}

/// A file with its length, read forward.
#[derive(Debug)]
struct Reader {
    file: BufReader<File>,
    size: u64,
    position: u64,
}

impl Reader {
    fn open(path: &Path) -> Result<Self, Fault> {
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound if path.is_symlink() => Fault::DeadLink,
            ErrorKind::NotFound => Fault::Missing,
            _ => Fault::Read(error),
        };
        // Opening a pipe would wait for someone who writes into it.
        if !path.metadata().map_err(failed)?.is_file() {
            return Err(Fault::NotGguf);
        }
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(Fault::Read)?;
        Ok(Self {
            file: BufReader::with_capacity(1 << 16, file),
            size: metadata.len(),
            position: 0,
        })
    }

    /// Moves over `length` bytes, which must be there.
    fn advance(&mut self, length: u64) -> Result<(), Fault> {
        let end = self.position.saturating_add(length);
        if end > self.size {
            return Err(Fault::Truncated { size: self.size, needed: end });
        }
        if end > MAX_HEADER {
            return Err(Fault::TooLarge { what: "a header".to_owned() });
        }
        self.position = end;
        Ok(())
    }

    fn bytes<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Fault> {
        self.advance(LENGTH as u64)?;
        let mut bytes = [0; LENGTH];
        self.file.read_exact(&mut bytes).map_err(Fault::Read)?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Fault> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn count(&mut self, what: &str, limit: u64) -> Result<u64, Fault> {
        let count = self.u64()?;
        if count > limit { Err(Fault::TooLarge { what: what.to_owned() }) } else { Ok(count) }
    }

    /// A text of at most `limit` bytes. What isn't UTF-8 in it becomes U+FFFD.
    fn text(&mut self, what: &str, limit: u64) -> Result<String, Fault> {
        let length = self.u64()?;
        self.advance(length)?;
        if length > limit {
            return Err(Fault::TooLarge { what: what.to_owned() });
        }
        let mut bytes = Vec::new();
        self.file.by_ref().take(length).read_to_end(&mut bytes).map_err(Fault::Read)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn pass(&mut self, length: u64) -> Result<(), Fault> {
        self.advance(length)?;
        // `advance` has bounded the length far below this type's.
        self.file.seek_relative(i64::try_from(length).unwrap_or(i64::MAX)).map_err(Fault::Read)
    }

    /// Reads a number that isn't negative; none where the value is something else.
    fn integer(&mut self, kind: u32) -> Result<Option<u64>, Fault> {
        Ok(match kind {
            values::U8 | values::BOOL => Some(u64::from(u8::from_le_bytes(self.bytes()?))),
            values::I8 => u64::try_from(i8::from_le_bytes(self.bytes()?)).ok(),
            values::U16 => Some(u64::from(u16::from_le_bytes(self.bytes()?))),
            values::I16 => u64::try_from(i16::from_le_bytes(self.bytes()?)).ok(),
            values::U32 => Some(u64::from(self.u32()?)),
            values::I32 => u64::try_from(i32::from_le_bytes(self.bytes()?)).ok(),
            values::U64 => Some(self.u64()?),
            values::I64 => u64::try_from(i64::from_le_bytes(self.bytes()?)).ok(),
            _ => None,
        })
    }

    /// Reads a value of the network's: a number, a yes or no, or one of them for each layer; none for anything else.
    fn network_value(&mut self, key: &str, kind: u32) -> Result<Option<Value>, Fault> {
        if kind != values::ARRAY {
            if values::is_integer(kind) {
                return Ok(self.integer(kind)?.map(Value::Number));
            }
            self.skip(key, kind)?;
            return Ok(None);
        }
        let element = self.u32()?;
        let elements = self.count(&format!("`{}`", shortened(key)), MAX_ELEMENTS)?;
        if !values::is_integer(element) || elements > Keys::LONGEST_LIST {
            self.skip_elements(key, element, elements)?;
            return Ok(None);
        }
        // What is negative or missing there says "none".
        let list = (0..elements).map(|_| Ok(self.integer(element)?.unwrap_or_default()));
        Ok(Some(Value::List(list.collect::<Result<_, Fault>>()?)))
    }

    /// Passes over a value; gives the number of elements if it is an array.
    fn skip(&mut self, key: &str, kind: u32) -> Result<Option<u64>, Fault> {
        if kind == values::STRING {
            let length = self.u64()?;
            self.pass(length)?;
            return Ok(None);
        }
        if kind != values::ARRAY {
            self.pass(values::width(kind).ok_or_else(|| unknown_value(key, kind))?)?;
            return Ok(None);
        }
        let element = self.u32()?;
        let elements = self.count(&format!("`{}`", shortened(key)), MAX_ELEMENTS)?;
        self.skip_elements(key, element, elements)?;
        Ok(Some(elements))
    }

    fn skip_elements(&mut self, key: &str, element: u32, elements: u64) -> Result<(), Fault> {
        if element == values::STRING {
            for _ in 0..elements {
                let length = self.u64()?;
                self.pass(length)?;
            }
            return Ok(());
        }
        let width = values::width(element).ok_or_else(|| unknown_value(key, element))?;
        self.pass(elements.saturating_mul(width))
    }
}

fn unknown_value(key: &str, kind: u32) -> Fault {
    Fault::Malformed { what: format!("the key `{}` is of the unknown kind {kind}", shortened(key)) }
}

/// The kinds of values, as GGUF numbers them.
mod values {
    pub(super) const U8: u32 = 0;
    pub(super) const I8: u32 = 1;
    pub(super) const U16: u32 = 2;
    pub(super) const I16: u32 = 3;
    pub(super) const U32: u32 = 4;
    pub(super) const I32: u32 = 5;
    pub(super) const F32: u32 = 6;
    pub(super) const BOOL: u32 = 7;
    pub(super) const STRING: u32 = 8;
    pub(super) const ARRAY: u32 = 9;
    pub(super) const U64: u32 = 10;
    pub(super) const I64: u32 = 11;
    pub(super) const F64: u32 = 12;

    pub(super) fn is_integer(kind: u32) -> bool {
        !matches!(kind, F32 | F64) && width(kind).is_some()
    }

    /// Bytes of a value of a kind of fixed length.
    pub(super) fn width(kind: u32) -> Option<u64> {
        match kind {
            U8 | I8 | BOOL => Some(1),
            U16 | I16 => Some(2),
            U32 | I32 | F32 => Some(4),
            U64 | I64 | F64 => Some(8),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a GGUF: keys first, then one tensor of 64 bytes.
    struct Writer {
        keys: Vec<u8>,
        count: u64,
    }

    impl Writer {
        fn new() -> Self {
            Self { keys: Vec::new(), count: 0 }
        }

        fn raw(mut self, key: &str, kind: u32, value: &[u8]) -> Self {
            self.keys.extend((key.len() as u64).to_le_bytes());
            self.keys.extend(key.as_bytes());
            self.keys.extend(kind.to_le_bytes());
            self.keys.extend(value);
            self.count += 1;
            self
        }

        fn text(self, key: &str, value: &str) -> Self {
            self.raw(
                key,
                values::STRING,
                &[&(value.len() as u64).to_le_bytes(), value.as_bytes()].concat(),
            )
        }

        fn number(self, key: &str, value: u32) -> Self {
            self.raw(key, values::U32, &value.to_le_bytes())
        }

        /// A model that can be used, so far as its header goes.
        fn model() -> Self {
            let token = [&1_u64.to_le_bytes()[..], b"a"].concat();
            let tokens =
                [&values::STRING.to_le_bytes()[..], &2_u64.to_le_bytes(), &token, &token].concat();
            Self::new()
                .text("general.architecture", "llama")
                .text("general.name", "Tiny")
                .number("general.file_type", 15)
                .number("llama.context_length", 2048)
                .number("llama.block_count", 2)
                .number("llama.embedding_length", 64)
                .text("tokenizer.ggml.model", "gpt2")
                .raw("tokenizer.ggml.tokens", values::ARRAY, &tokens)
                .number("tokenizer.ggml.eos_token_id", 1)
        }

        fn bytes(self) -> Vec<u8> {
            let mut bytes = [
                &b"GGUF"[..],
                &3_u32.to_le_bytes(),
                &1_u64.to_le_bytes(),
                &self.count.to_le_bytes(),
                &self.keys,
                &1_u64.to_le_bytes(),
                b"w",
                &2_u32.to_le_bytes(),
                &4_u64.to_le_bytes(),
                &4_u64.to_le_bytes(),
                &0_u32.to_le_bytes(),
                &0_u64.to_le_bytes(),
            ]
            .concat();
            bytes.resize(bytes.len().next_multiple_of(32) + 64, 0);
            bytes
        }
    }

    fn read_bytes(bytes: &[u8]) -> Result<Header, Fault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        std::fs::write(&path, bytes).unwrap();
        Header::read(&path).map_err(|error| error.fault)
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        let message = read_bytes(bytes).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_model_tells_what_it_is() {
        let header =
            read_bytes(&Writer::model().text("tokenizer.chat_template", "{{ messages }}").bytes())
                .unwrap();
        assert_eq!(header.architecture, "llama");
        assert_eq!(header.name.as_deref(), Some("Tiny"));
        assert_eq!(header.quantization.as_deref(), Some("Q4_K_M"));
        assert_eq!(header.context_length, Some(2048));
        assert_eq!(header.chat_template.as_deref(), Some("{{ messages }}"));
        assert_eq!((header.vocabulary, header.eos, header.bos), (2, Some(1), None));
        assert_eq!(header.parameters, 16);
        assert_eq!(header.parts.len(), 1);
    }

    #[test]
    fn what_is_no_model_is_named() {
        check(b"", "is empty");
        check(b"GG", "is not a GGUF");
        check(b"%PDF-1.7 and so on", "is not a GGUF");
        check(b"GGUF\x01\0\0\0", "version 1");
        check(b"GGUF\x63\0\0\0", "version 99");
        check(b"GGUF\0\0\0\x03", "big-endian");
        check(&Writer::new().text("general.architecture", "clip").bytes(), "`clip`");
        check(&Writer::model().text("general.type", "mmproj").bytes(), "`mmproj`");
        check(&Writer::new().text("general.architecture", "llama").bytes(), "no tokenizer");
        check(
            &Writer::model().number("split.count", 3).number("split.no", 1).bytes(),
            "part 2 of 3",
        );
    }

    #[test]
    fn a_file_that_lies_about_lengths_is_refused_without_belief() {
        let huge = u64::MAX.to_le_bytes();
        check(&[b"GGUF\x03\0\0\0", &huge[..], &huge[..]].concat(), "a number of tensors larger");
        check(&Writer::model().raw("x", values::STRING, &huge).bytes(), "ends at byte");
        let array = [&values::STRING.to_le_bytes()[..], &huge].concat();
        check(&Writer::model().raw("x", values::ARRAY, &array).bytes(), "`x` larger");
        let array = [&values::ARRAY.to_le_bytes()[..], &1_u64.to_le_bytes()].concat();
        check(&Writer::model().raw("x", values::ARRAY, &array).bytes(), "unknown kind 9");
        check(&Writer::model().raw("x", 77, &[]).bytes(), "unknown kind 77");
        check(&Writer::model().number("general.alignment", 3).bytes(), "alignment is 3");
        check(&Writer::new().number("general.name", 3).bytes(), "is no text");
    }

    #[test]
    fn a_file_cut_anywhere_is_told_to_be_cut() {
        let bytes = Writer::model().bytes();
        for length in 8..bytes.len() {
            let fault = read_bytes(&bytes[..length]).unwrap_err();
            assert!(
                matches!(fault, Fault::Truncated { size, needed } if size == length as u64 && needed > size),
                "{fault}"
            );
        }
    }

    #[test]
    fn all_parts_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join("big-00001-of-00002.gguf");
        let second = folder.path().join("big-00002-of-00002.gguf");
        std::fs::write(
            &first,
            Writer::model().number("split.count", 2).number("split.no", 0).bytes(),
        )
        .unwrap();
        let error = Header::read(&first).unwrap_err().to_string();
        assert!(error.contains(&second.display().to_string()), "{error}");
        std::fs::write(
            &second,
            Writer::new().number("split.count", 2).number("split.no", 1).bytes(),
        )
        .unwrap();
        let header = Header::read(&first).unwrap();
        assert_eq!((header.parts, header.parameters), (vec![first, second], 32));
    }

    proptest! {
        #[test]
        fn no_change_of_bytes_makes_the_reader_panic(
            changes in proptest::collection::vec((0_usize..400, any::<u8>()), 1..6),
        ) {
            let mut bytes = Writer::model().bytes();
            let length = bytes.len();
            for (at, byte) in changes {
                bytes[at % length] = byte;
            }
            // Whether it is refused depends on the bytes; that it ends is what is asked.
            drop(read_bytes(&bytes));
        }
    }
}
