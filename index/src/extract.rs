//! How does a file become a document?
//!
//! Each format has a reader that gives a document in parts: its head, then its pages in order, and problems as they
//! come. What needs sight of all pages (running headers, headings by size) is done by the [`Assembler`] when the last
//! part is in. Readers never fail: they return what they could read, and problems. They touch no file: bytes come in.

mod assemble;
mod builder;
mod hyphen;
mod markdown;
mod own;
mod pdf;
mod text;

use std::ops::ControlFlow;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::assemble::Assembler;
#[cfg(any(test, fuzzing))]
pub use self::pdf::laws;
pub use self::pdf::ocr::{Recognition, is_for_ocr, with_recognised};
pub use self::pdf::render::{Picture, Renderer};
use crate::document::{Head, Page, Problem, ProblemKind};

/// Goes up whenever a reader gives other text than before: documents read by an older one are read again.
pub const EXTRACTOR_VERSION: u32 = 3;

/// A kind of file that docent reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    Pdf,
    Markdown,
    Text,
}

/// Endings of documents that people keep beside those that docent reads, and expect to be asked.
const NOT_READ: [&str; 14] = [
    "doc", "docm", "docx", "eml", "epub", "msg", "odp", "ods", "odt", "pages", "pptx", "rtf",
    "xls", "xlsx",
];

/// Whether a file's ending says that it is a document of a format that docent does not read. Other files are no documents:
/// nobody misses them in an answer.
pub fn is_unread_document(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| NOT_READ.contains(&ending.as_str()))
}

impl Format {
    /// Tells the format by the file's ending, in either case; none for files that docent does not read.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "pdf" => Some(Self::Pdf),
            "md" | "markdown" | "mdown" | "mkd" => Some(Self::Markdown),
            "txt" | "text" | "log" => Some(Self::Text),
            _ => None,
        }
    }

    /// The name that `type:` filters and the store use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Markdown => "markdown",
            Self::Text => "text",
        }
    }

    /// The format whose [`name`](Self::name) this is.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pdf, Self::Markdown, Self::Text].into_iter().find(|format| format.name() == name)
    }

    /// Whether its reader must run in a process of its own: hostile bytes can exhaust memory or the stack.
    pub fn is_complex(self) -> bool {
        matches!(self, Self::Pdf)
    }
}

/// A part of a document, in the order a reader gives them: the head first, then pages, problems at any place. A page whose
/// number has come before takes that one's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Part {
    Head(Head),
    Page(Page),
    Problem(Problem),
}

/// Takes the parts; `Break` makes the reader stop.
pub type Sink<'a> = dyn FnMut(Part) -> ControlFlow<()> + 'a;

/// The first line of what docent itself exports as Markdown or HTML; other forms have its words in a line of their own. Such
/// a file is a problem and no document, whatever its name and its ending, so that answers don't become evidence.
pub const EXPORT_SIGN: &str = "<!-- docent export 1 -->";

/// Reads a file's bytes.
pub fn read(format: Format, bytes: &[u8], sink: &mut Sink<'_>) {
    if !format.is_complex() && own::is_export(bytes) {
        if sink(Part::Head(Head::default())).is_continue() {
            _ = sink(Part::Problem(Problem { kind: ProblemKind::OwnExport, page: None }));
        }
        return;
    }
    match format {
        Format::Pdf => pdf::read(bytes, sink),
        Format::Markdown => markdown::read(bytes, sink),
        Format::Text => text::read(bytes, sink),
    }
}
