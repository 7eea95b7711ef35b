//! What can reach the state from outside?
//!
//! A closed list: input, time, what the last frame measured, and the reports of work. Failures are messages too.

use std::path::PathBuf;
use std::time::Duration;

use docent_engine::answer::Claim;
use docent_index::store::{FoundConversation, Head};
use jiff::Zoned;

use super::action::Action;
use super::document::Opened;
use super::effect::Run;
use super::library::{Content, Stage};
use super::model::{Cost, Embedder, Found, Loaded, Maker};
use super::notice::Notice;
use super::question::InScope;
use super::scroll::Measures;
use super::target::Target;
use super::tree::Row;
use super::why::{Chosen, Prompt, Why};
use crate::json::{Answered, Hit};
use crate::theme::Background;

/// Everything that happens to the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A key that is bound, or another way to ask for the same.
    Do(Action),
    /// A character that no key is bound to.
    Type(char),
    /// Text from the terminal's clipboard, as it came.
    Paste(String),
    Resize(Size),
    Click(Target),
    /// The wheel was turned on something, by so many lines; up when negative.
    Wheel {
        target: Target,
        lines: isize,
    },
    /// The mouse was moved to a column of the screen with its button down.
    Drag(u16),
    /// The button was let go.
    Release,
    /// The terminal's user looks at it, or elsewhere.
    Looked(bool),
    /// Sent when [`State::wakes`](super::State::wakes) asked for it, and in front of input.
    Tick(Moment),
    /// What the frame that was just drawn measured.
    Drawn(Measures),

    Library(LibraryReport),
    /// Of a question in work; reports of a run that is over are dropped.
    Answering(Run, AnswerReport),
    /// What would be found for a question that is being typed.
    Previewed {
        run: Run,
        hits: Vec<Hit>,
        in_scope: u64,
    },
    /// What a question can be limited to.
    Places(Vec<Place>),
    Counted(InScope),
    Model(ModelReport),
    Desk(DeskReport),
    /// What could be meant by the beginning of a path that was typed.
    Completed {
        typed: String,
        paths: Vec<String>,
    },
    Document(Result<Box<Opened>, Notice>),
    Exported(ExportReport),
    /// What the terminal has told of its background.
    Background(Background),
    /// An editor that had the terminal has ended.
    Edited,
    /// A text as it was left in an editor.
    Composed(String),
    Notice(Notice),
}

/// A folder or a file of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The way to it as the query language's `path:` takes it.
    pub way: String,
    /// How many documents lie in a folder; none of a file.
    pub documents: Option<u64>,
}

/// How large the terminal is, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u16,
    pub height: u16,
}

/// A moment, as it came from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Since the program started; never goes back.
    pub since_start: Duration,
    /// The wall clock with the user's time zone.
    pub now: Zoned,
}

/// What the library tells.
#[derive(Clone, Debug, PartialEq)]
pub enum LibraryReport {
    Stage(Stage),
    Content(Box<Content>),
    /// A folder has joined the library.
    FolderAdded(PathBuf),
    /// Rows that were asked for.
    Rows(Box<Rows>),
    /// What was typed as a folder can't join, and why.
    FolderRefused {
        typed: String,
        reason: String,
    },
}

/// Rows of the library's tree that follow each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Of what was asked for.
    pub number: u64,
    /// The number of the first row here, of all.
    pub first: usize,
    pub rows: Vec<Row>,
    /// How many rows there are.
    pub total: usize,
    /// How many files are among them, or in folders that are not open.
    pub files: u64,
    /// How many files of the library could not be read, or not in whole, whatever is shown.
    pub problems: u64,
    /// The row that is chosen now, of all.
    pub selected: usize,
}

/// How far a question is.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerReport {
    /// The passages that fit best, before the answer is begun.
    Found { hits: Vec<Hit>, in_scope: u64, unread_documents: u64 },
    /// How they were found; comes behind them.
    Why(Box<Why>),
    /// What the model is told.
    Prompt(Prompt),
    /// The model reads its prompt.
    Reading { tokens: usize, of: usize },
    /// The next piece of what the model thinks before it answers.
    Thought(String),
    /// The next piece of the answer.
    Text(String),
    /// The next of its claims that is whole. It may come before the last of its text.
    Claim(Claim),
    /// The end: the answer as it was kept, in which conversation, and what went wrong, if anything. What was written until
    /// then is in the answer.
    Ended { answered: Box<Answered>, conversation: Option<i64>, failure: Option<Notice> },
    /// There is no answer, not even a part of one.
    Failed(Notice),
}

/// What becomes of the model.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelReport {
    /// The models that can be chosen.
    Listed {
        /// Docent's own folder of models.
        folder: PathBuf,
        found: Vec<Found>,
        /// Bytes of memory that are free now; none where the system does not tell.
        free: Option<u64>,
        /// The one to begin with.
        suitable: Option<PathBuf>,
        /// The bundled one first.
        embedders: Vec<Embedder>,
        /// What makes the vectors.
        maker: Maker,
    },
    /// What a change to the embedder in a folder, or the bundled one, costs; or why it can't be made.
    Weighed {
        folder: Option<PathBuf>,
        cost: Result<Cost, String>,
    },
    /// The share that is loaded, from 0 to 1.
    Loading {
        path: PathBuf,
        share: f32,
    },
    Loaded(Loaded),
    /// Answers are quotes.
    Unloaded,
    Refused {
        path: PathBuf,
        reason: String,
    },
}

/// What the desk tells.
#[derive(Clone, Debug, PartialEq)]
pub enum DeskReport {
    /// All conversations, the latest first.
    /// How many changes of the list, of all that were ordered, have been made in it.
    Listed {
        heads: Vec<Head>,
        changes: u64,
    },
    Opened {
        id: i64,
        turns: Vec<SavedTurn>,
        chosen: Chosen,
    },
    /// What was looked for, with its number; the latest first.
    Found {
        number: u64,
        conversations: Vec<FoundConversation>,
    },
    /// Questions that were asked before, the latest last.
    History(Vec<String>),
}

/// A turn as the desk keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedTurn {
    /// Seconds since 1970.
    pub asked_at: i64,
    pub answered: Answered,
    /// How it came about, as it was written down; none where that is not known.
    pub why: Option<String>,
}

/// What became of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportReport {
    Written(PathBuf),
    /// A file is there already; it is left as it was.
    Exists(PathBuf),
    Refused {
        reason: String,
    },
}
