//! What does docent print as JSON, and what do exports and saved turns hold?
//!
//! These shapes are a promise to other programs: fields may be added, none is renamed or dropped while [`SCHEMA`] stays.

use std::path::{Path, PathBuf};

use docent_engine::answer::{Claim, Usage};
use serde::{Deserialize, Serialize, Serializer};

/// The version of every shape here; each object that is printed alone carries it.
pub const SCHEMA: u32 = 1;

/// What is said where [`Answered::forgotten`] is set.
pub const FORGOTTEN: &str = "the model's context was full: earlier sources were left out";

/// A passage that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Its rank from 1, and the number that cites it.
    pub n: u32,
    /// Absolute.
    #[serde(serialize_with = "path")]
    pub path: PathBuf,
    #[serde(serialize_with = "path")]
    pub folder: PathBuf,
    /// Below the folder.
    #[serde(serialize_with = "path")]
    pub file: PathBuf,
    /// The document's title, else its file's name.
    pub title: String,
    /// Counted from 1; null in formats without pages.
    pub page: Option<u32>,
    /// What is printed on the page as its number.
    pub label: Option<String>,
    /// How sure OCR is of the page's words, from 0 to 1; null for a page with a text of its own.
    #[serde(default)]
    pub ocr: Option<f32>,
    /// First and last line; null in formats with pages.
    pub lines: Option<(u32, u32)>,
    /// The titles of the headings it stands under, outermost first.
    pub heading: Vec<String>,
    /// How well it fits, from 0 to 1; comparable within one question only.
    pub score: f32,
    /// The passage alone, 190 tokens at most.
    pub text: String,
    /// What was cut off before and behind it, to be read with it: the rest of its paragraph.
    #[serde(default)]
    pub before: String,
    #[serde(default)]
    pub after: String,
    /// First byte in `text`, and the one behind the last, of each sentence that fits the question best.
    #[serde(default)]
    pub highlights: Vec<(usize, usize)>,
}

impl Hit {
    /// Where it stands, as a reader is told it: `p. 7 (printed vii)`, `lines 3-9`; and whether it was read by OCR.
    pub fn place(&self) -> String {
        match (self.page, self.lines) {
            (Some(page), _) => {
                let printed = match &self.label {
                    Some(label) if *label != page.to_string() => format!(" (printed {label})"),
                    _ => String::new(),
                };
                let ocr = self.ocr.map_or(String::new(), |sure| format!(", {}", by_ocr(sure)));
                format!("p. {page}{printed}{ocr}")
            }
            (None, Some((first, last))) if first == last => format!("line {first}"),
            (None, Some((first, last))) => format!("lines {first}-{last}"),
            (None, None) => String::new(),
        }
    }
}

/// A passage that an answer cites.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    #[serde(flatten)]
    pub hit: Hit,
    /// The sentences of the passage that the answer stands on.
    pub quote: String,
    /// SHA-256 of the document's file, in hexadecimal digits.
    pub sha256: String,
    /// When the document was read: RFC 3339, UTC.
    pub indexed_at: String,
}

/// How much of the library an answer rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Passages that the answerer was given.
    pub passages: u64,
    pub in_scope: u64,
    /// Documents in scope of which nothing could be read.
    pub unread_documents: u64,
    /// How many of the passages in scope had a vector; null where vectors did not count.
    #[serde(default)]
    pub embedded: Option<u64>,
}

/// A question with its answer: what `--ask --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    pub schema: u32,
    pub question: String,
    /// What was looked for, where the question goes on from earlier ones; null where it stands alone.
    #[serde(default)]
    pub understood: Option<String>,
    /// The phrases of earlier questions that it was taken with; empty where it stands alone, and where a model put it
    /// into words.
    #[serde(default)]
    pub carried: Vec<String>,
    /// With citations as `[n]`.
    pub answer: String,
    /// Whether nothing in the documents supports an answer.
    pub abstained: bool,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    pub claims: Vec<Claim>,
    /// In the order of their numbers.
    pub citations: Vec<Citation>,
    pub hits: Vec<Hit>,
    /// Numbers of the hits that were to be read and did not fit the model's context.
    pub dropped: Vec<u32>,
    /// Numbers of the hits of which the model read only the sentences that fit the question best.
    #[serde(default)]
    pub shortened: Vec<u32>,
    /// Whether the model's context was full, so that the sources of earlier turns, or earlier turns, were taken out of it.
    #[serde(default)]
    pub forgotten: bool,
    pub read: Read,
    /// The model's name, or `quotes`.
    pub model: String,
    pub seconds: f64,
    /// What the model's answer cost; null without a model.
    pub usage: Option<Usage>,
}

impl Read {
    /// How many passages could be found by their words alone: they had no vector yet.
    pub fn unembedded(&self) -> u64 {
        self.embedded.map_or(0, |embedded| self.in_scope.saturating_sub(embedded))
    }
}

impl Answered {
    /// Whether no model wrote it: it is in documents' own words, which are no Markdown.
    pub const fn is_verbatim(&self) -> bool {
        self.usage.is_none()
    }

    /// The answer's text with its citations taken away.
    pub fn without_citations(&self) -> String {
        let text = self.citations.iter().fold(self.answer.clone(), |text, citation| {
            text.replace(&format!("[{}]", citation.hit.n), "")
        });
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// What `--search --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Searched {
    pub schema: u32,
    pub query: String,
    pub hits: Vec<Hit>,
}

/// The mark of a page that was read by OCR, which is so sure of its words, from 0 to 1.
pub fn by_ocr(sure: f32) -> String {
    format!("OCR {:.0} %", sure * 100.0)
}

/// Writes a path; what in it is no UTF-8, which JSON can't hold, as U+FFFD.
pub fn path<S: Serializer>(path: impl AsRef<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.as_ref().to_string_lossy())
}
