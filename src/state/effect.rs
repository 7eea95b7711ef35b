//! What does the state ask of the world?
//!
//! Plain data that can be compared; `work` carries it out and answers with messages.

use std::collections::BTreeSet;
use std::path::PathBuf;

use docent_engine::answer::Turn;
use serde::{Deserialize, Serialize};

use super::look::Choice;
use super::why::Chosen;
use crate::json::{Answered, Hit, path};

/// The number of a question in work. A number is used once, so that what comes late can be told from what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run(pub u64);

/// Something to be done outside of the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Find passages and answer; keep the turn at its end.
    Ask(Ask),
    /// Stop this run: it ends with what it has.
    Stop(Run),
    /// Find passages for what is being typed; of several only the last is wanted.
    Preview(Preview),
    /// What would be found is not wanted any more.
    StopPreview,
    /// List the folders and files that a question can be limited to.
    ListPlaces,
    /// Count what filters leave; of several only the last are wanted.
    Count {
        /// As a query.
        filters: String,
    },
    /// Let the user write a text in an editor, which gets the terminal until it ends.
    Compose {
        text: String,
        /// Where to begin; counts from 1.
        line: u32,
    },

    /// List the paths that begin with what was typed.
    Complete {
        typed: String,
        sought: Sought,
    },
    /// Let a folder join the library, as it was typed.
    AddFolder {
        typed: String,
    },
    RemoveFolder(PathBuf),
    /// Read a document, or all that lies in a folder, though it has not changed.
    ReadAgain(PathBuf),
    /// Tell rows of the library's tree.
    ListLibrary(Box<WantedRows>),
    /// Let indexing rest, or go on.
    Pause(bool),

    ListModels,
    LoadModel(PathBuf),
    UnloadModel,
    /// Measure what it takes to let the embedder in this folder, or the bundled one, make all vectors.
    WeighEmbedder(Option<PathBuf>),
    ChooseEmbedder(Option<PathBuf>),

    /// Tell the conversations as they are now: another docent may have kept some.
    ListConversations,
    OpenConversation(i64),
    /// Find the conversations in which all words occur; what was looked for before need not be told any more.
    SearchConversations {
        number: u64,
        words: String,
    },
    RenameConversation {
        id: i64,
        title: String,
    },
    DeleteConversation(i64),
    /// Take a deletion back.
    RestoreConversation(i64),
    /// Keep which passages are chosen in a conversation.
    KeepPassages {
        conversation: i64,
        chosen: Chosen,
    },

    OpenDocument(Wanted),
    /// Show a file in the user's viewer.
    View {
        path: PathBuf,
        page: Option<u32>,
        line: Option<u32>,
        /// Words that stand there.
        search: Option<String>,
    },
    /// Open a file in the user's editor, which gets the terminal until it ends.
    Edit {
        path: PathBuf,
        line: Option<u32>,
    },

    /// Put text on the clipboard of the terminal: at most [`LONGEST`](super::copying::LONGEST) bytes, harmless.
    Copy(String),

    /// Write answers to a file as it was typed; its ending chooses the form.
    Export {
        answers: Vec<Answered>,
        typed: String,
        replace: bool,
    },

    /// The same with the answers of a conversation that is not open.
    ExportConversation {
        id: i64,
        typed: String,
        replace: bool,
    },

    /// Remember what was chosen.
    Keep(Choice),

    /// Stop as the shell does it, until it lets docent go on.
    Suspend,
    Quit,
}

/// What a path that is typed is to lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    Folder,
    File,
}

/// A question to be answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub run: Run,
    /// In the query language.
    pub question: String,
    /// Where the turn is kept; a new conversation otherwise.
    pub conversation: Option<i64>,
    /// What was asked before in the same conversation, oldest first.
    pub turns: Vec<Turn>,
    /// What is among the sources whatever is asked.
    pub pinned: Vec<Passage>,
    /// What is left out of both searches.
    pub excluded: Vec<Passage>,
    /// The turn whose place the answer takes.
    pub replaces: Option<Replaced>,
    /// Seconds since 1970.
    pub asked_at: i64,
}

/// A turn whose question is answered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// When it was asked, in seconds since 1970.
    pub asked_at: i64,
    /// How often its question has been answered again, this time included: each time in other words.
    pub times: u32,
}

/// A passage as it is known beyond one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Absolute.
    #[serde(serialize_with = "path")]
    pub path: PathBuf,
    /// Counts from 1; none in formats without pages.
    pub page: Option<u32>,
    pub text: String,
}

impl Passage {
    pub fn of(hit: &Hit) -> Self {
        Self { path: hit.path.clone(), page: hit.page, text: hit.text.clone() }
    }

    /// Whether a hit is this passage.
    pub fn is(&self, hit: &Hit) -> bool {
        self.text == hit.text && self.page == hit.page && self.path == hit.path
    }
}

/// Which rows of the library's tree are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedRows {
    /// Comes back with the rows; what was asked for before need not be told any more.
    pub number: u64,
    /// The folders whose content is shown; all of them when something is filtered.
    pub open: BTreeSet<PathBuf>,
    /// Words that what is shown has in its path below the library's folders.
    pub filter: String,
    /// Whether only what could not be read is shown.
    pub only_problems: bool,
    /// The number of the chosen row, when the one with this depth and path is no longer there.
    pub selected: usize,
    pub chosen: Option<(usize, PathBuf)>,
    /// How many rows before and behind the chosen one.
    pub around: usize,
    /// Whether it is to be looked for what has changed.
    pub look: bool,
}

/// A question that is being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    pub run: Run,
    /// In the query language.
    pub question: String,
    /// What was asked before in the same conversation, oldest first.
    pub turns: Vec<Turn>,
    pub pinned: Vec<Passage>,
    pub excluded: Vec<Passage>,
}

/// A document to be shown, and the place in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Absolute.
    pub path: PathBuf,
    /// Of the content that was cited, in hexadecimal digits; the document at the path, whatever it holds now, otherwise.
    pub sha256: Option<String>,
    /// Counts from 1; none in formats without pages.
    pub page: Option<u32>,
    /// The passage that is looked for on the page.
    pub passage: String,
    /// The title of the heading it stands under; empty where it stands under none.
    pub section: String,
    /// What is marked: stretches of the passage, in bytes.
    pub highlights: Vec<(usize, usize)>,
    /// Its number among the sources.
    pub n: u32,
    /// Whether the answer cites it.
    pub is_cited: bool,
    /// The passage as it was found, which is shown where its document is gone; none where a document is opened without
    /// one.
    pub kept: Option<Box<KeptPassage>>,
}

/// A passage of a turn, whose document may be gone.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptPassage {
    pub hit: Hit,
    /// When it was found: seconds since 1970.
    pub found_at: i64,
}
