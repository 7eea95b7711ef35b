//! What is a document made of, and how is a place in it named?
//!
//! Plain data that every station of the way shares. Nothing here reads a file or a database.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The row of one distinct content in the library; identical files share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocumentId(pub i64);

/// The row of one passage. A number is never used again for another passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PassageId(pub i64);

/// The row of one watched root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FolderId(pub i64);

/// The SHA-256 of a file's bytes; it says which content a file has. Displays as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What a stat tells of a file: as long as it stays the same, the file is not read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970 (UTC).
    pub modified_ns: i64,
    pub inode: u64,
}

/// A rectangle on a page as it is shown (after /Rotate and cropping), in points of 1/72 inch, from the top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

/// A word of a page's text and where it stands on the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// Bytes in the page's text.
    pub span: Range<u32>,
    pub bounds: Rect,
}

/// What a block of text is to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockKind {
    /// Level 1 is the highest.
    Heading {
        level: u8,
    },
    Paragraph,
    ListItem,
    /// The cells of one row in reading order.
    TableRow,
    Code,
    /// Text that stands at the head of many pages; kept in the page's text, left out of passages.
    RunningHeader,
    /// As [`BlockKind::RunningHeader`], at the foot.
    RunningFooter,
    /// What is filled in a field of a form, behind the field's label.
    FormField,
    /// A note or a comment that somebody put on the page.
    Annotation,
}

impl BlockKind {
    /// Whether it is no part of what the page itself says: somebody filled it in or put it on later.
    pub fn is_added(self) -> bool {
        matches!(self, Self::FormField | Self::Annotation)
    }
}

/// A stretch of a page's text that belongs together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    /// Bytes in the page's text. Blocks are in reading order and do not overlap; form fields and annotations come last.
    pub span: Range<usize>,
    /// Where it stands; none in formats without pages.
    pub bounds: Option<Rect>,
    /// The size of most of its glyphs in points, as shown; none in formats without pages.
    pub font_size: Option<f32>,
    /// Most of its glyphs are of a bold font.
    pub bold: bool,
    /// The titles of the headings above it, outermost first; a heading's own title is not in it.
    pub headings: Vec<String>,
}

/// Where a line of the source begins in the page's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineMark {
    /// Byte in the page's text. Marks ascend; text from here to the next mark comes from this line.
    pub offset: usize,
    /// Counts from 1.
    pub line: u32,
}

/// One page; a note is a document of one page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Counts from 1.
    pub number: u32,
    /// What is printed on the page as its number (`vii`, `A-3`), where the document says it.
    pub label: Option<String>,
    /// NFC, without control characters but line feed and tab. Blocks are parted by line feeds; a paragraph's own lines
    /// are joined by spaces, and words that were hyphenated at a line's end are whole.
    pub text: String,
    pub blocks: Vec<Block>,
    /// Empty in formats without pages.
    pub words: Vec<Word>,
    /// Empty in formats with pages.
    pub lines: Vec<LineMark>,
    /// Width and height in points as it is shown; none in formats without pages.
    pub size: Option<(f32, f32)>,
    /// The text was read in the page's picture by OCR: how sure it is of its words, from 0 to 1.
    pub recognised: Option<f32>,
}

impl Page {
    /// The text of the page itself, without what is filled in its form and what is noted on it.
    pub fn own_text(&self) -> &str {
        let added = self.blocks.iter().find(|block| block.kind.is_added());
        let end = added.map_or(self.text.len(), |block| block.span.start);
        self.text.get(..end).unwrap_or_default().trim_end_matches('\n')
    }

    /// The first and the last line of the source from which a stretch of the text comes, counted from 1; none in formats
    /// with pages.
    pub fn source_lines(&self, span: &Range<usize>) -> Option<(u32, u32)> {
        let line = |offset: usize| {
            let next = self.lines.partition_point(|mark| mark.offset <= offset);
            self.lines.get(next.saturating_sub(1)).map(|mark| mark.line)
        };
        line(span.start).zip(line(span.end.saturating_sub(1)))
    }
}

/// Everything that was read in a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub head: Head,
    pub pages: Vec<Page>,
    pub problems: Vec<Problem>,
}

/// What a document says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub title: Option<String>,
    /// A BCP 47 tag, where the document says it.
    pub language: Option<String>,
    pub tags: Vec<String>,
    /// The date that the document gives itself, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Whether its places are named by pages; by lines otherwise.
    pub paged: bool,
    /// The table of contents that the file carries beside its text, in order; empty where it has none.
    pub outline: Vec<OutlineEntry>,
}

/// A title in the table of contents that a file carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineEntry {
    pub title: String,
    /// 1 is the highest.
    pub level: u8,
    /// The number of the page that it leads to.
    pub page: u32,
}

/// Why a document, or a part of it, could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub kind: ProblemKind,
    /// The page it concerns; the whole document otherwise.
    pub page: Option<u32>,
}

/// The reasons for which a document is not read, wholly or in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProblemKind {
    Password,
    NoText,
    /// A page whose glyphs can't be told in Unicode.
    Garbled,
    /// Its text was read in a picture by OCR, which was not sure of it.
    Doubtful,
    /// OCR found no text in its picture.
    Unrecognised,
    /// A form whose pages are made by the program that opens it.
    XfaForm,
    Damaged,
    Empty,
    TooLarge,
    UnknownFormat,
    PermissionDenied,
    /// Any other failure of the file system; it may pass.
    Unreadable,
    TimedOut,
    OutOfMemory,
    Crashed,
    /// A place that is empty where another file system lay before.
    Away,
    /// Written by docent itself: answers must not become evidence.
    OwnExport,
}

impl ProblemKind {
    /// The name that the store and JSON use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::NoText => "no_text",
            Self::Garbled => "garbled",
            Self::Doubtful => "doubtful",
            Self::Unrecognised => "unrecognised",
            Self::XfaForm => "xfa_form",
            Self::Damaged => "damaged",
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::UnknownFormat => "unknown_format",
            Self::PermissionDenied => "permission_denied",
            Self::Unreadable => "unreadable",
            Self::TimedOut => "timed_out",
            Self::OutOfMemory => "out_of_memory",
            Self::Crashed => "crashed",
            Self::Away => "away",
            Self::OwnExport => "own_export",
        }
    }

    pub const ALL: [Self; 17] = [
        Self::Password,
        Self::NoText,
        Self::Garbled,
        Self::Doubtful,
        Self::Unrecognised,
        Self::XfaForm,
        Self::Damaged,
        Self::Empty,
        Self::TooLarge,
        Self::UnknownFormat,
        Self::PermissionDenied,
        Self::Unreadable,
        Self::TimedOut,
        Self::OutOfMemory,
        Self::Crashed,
        Self::Away,
        Self::OwnExport,
    ];

    /// The kind whose [`name`](Self::name) this is.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Why, in plain words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Password => "opens only with a password or a certificate",
            Self::NoText => "has no text layer, only pictures",
            Self::Garbled => "its fonts do not say which letters they draw",
            Self::Doubtful => "was read by OCR, which is not sure of many words",
            Self::Unrecognised => "is a picture in which OCR found no text",
            Self::XfaForm => "is a form that only Adobe Acrobat can show (XFA)",
            Self::Damaged => "is damaged",
            Self::Empty => "is empty",
            Self::TooLarge => "is larger than the size limit",
            Self::UnknownFormat => "is of a format that docent does not read",
            Self::PermissionDenied => "may not be read by you",
            Self::Unreadable => "could not be read from the disk",
            Self::TimedOut => "took too long to read",
            Self::OutOfMemory => "needs too much memory to read",
            Self::Crashed => "made the reader stop",
            Self::Away => "holds nothing, and is not the drive that was read here before",
            Self::OwnExport => "was written by docent: answers are not evidence",
        }
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Password => "save a copy that opens without it in the folder",
            Self::NoText | Self::Garbled => {
                "read by OCR at the end if installed: sudo apt install tesseract-ocr (macOS: brew install tesseract)"
            }
            Self::Doubtful => "check the page itself, or scan it again with more dots an inch",
            Self::Unrecognised => {
                "if there is writing on it, install its language for Tesseract or type it into a note"
            }
            Self::XfaForm => "open it in Acrobat and print it to a new PDF",
            Self::Damaged => {
                "get the file again from where it came, or open and save it with a PDF program"
            }
            Self::Empty => "put the content back or delete the file",
            Self::TooLarge => "split the file into smaller ones",
            Self::UnknownFormat => "save it as PDF, Markdown or plain text",
            Self::PermissionDenied => "give yourself the right to read it",
            Self::Unreadable => {
                "check the disk or the network drive; it is read again at the next indexing"
            }
            Self::TimedOut | Self::OutOfMemory | Self::Crashed => {
                "print it to a new PDF; what could be read before is kept"
            }
            Self::Away => {
                "mount it again: what was read is kept; if it is to stay empty, take the folder out of the library"
            }
            Self::OwnExport => "nothing; it is left out on purpose",
        }
    }
}

/// The unit that is embedded, ranked and shown. Never crosses a page or a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The number of the page that it stands on.
    pub page: u32,
    /// Bytes in that page's text; `text` is exactly this stretch of it.
    pub span: Range<usize>,
    pub text: String,
    /// First and last line in the source, counted from 1; none in formats with pages.
    pub lines: Option<(u32, u32)>,
    /// The titles of the headings it stands under, outermost first.
    pub headings: Vec<String>,
    /// Bytes in `text`, in order, white space between them left out.
    pub sentences: Vec<Range<usize>>,
    /// The context that is embedded and indexed in front of it, never shown as its text.
    pub context: String,
}

impl Passage {
    /// What the embedder is given: the context, a line feed and the text.
    pub fn embedded_text(&self) -> String {
        format!("{}\n{}", self.context, self.text)
    }
}
