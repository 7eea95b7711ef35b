//! What is on the screen, and what comes of what happens?
//!
//! The pure core: [`State::update`] is the only way in and its effects are the only way out. No clock, no files, no
//! threads, no terminal.

pub mod action;
pub mod conversation;
pub mod document;
pub mod effect;
pub mod input;
pub mod library;
pub mod message;
pub mod model;
pub mod notice;
pub mod scroll;

#[cfg(test)]
pub(crate) mod tests;
mod update;

use std::time::Duration;

use self::conversation::{Conversation, Conversations};
use self::document::DocumentView;
use self::input::Input;
use self::library::Library;
use self::message::{Moment, Size};
use self::model::Model;
use self::notice::Notice;
use self::scroll::{Measures, Scroll};
use crate::seal::Seal;

/// Under this width the sources are an overlay.
pub const WIDE: u16 = 100;
/// Under this width the conversations are an overlay.
pub const WIDEST: u16 = 130;

/// All that the screen shows.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub moment: Moment,
    pub size: Size,
    pub measures: Measures,
    pub seal: Seal,
    /// The pane that keys go to when no layer lies on it.
    pub focus: Pane,
    /// What lies on the panes; keys go to the last one.
    pub layers: Vec<Layer>,
    pub question: Question,
    pub conversation: Conversation,
    pub sources: Sources,
    pub conversations: Conversations,
    pub library: Library,
    pub model: Model,
    /// What is told in passing, with the time since the start until which it stands.
    pub notice: Option<(Notice, Duration)>,
    /// Until then, since the start, another request to quit quits.
    quitting: Option<Duration>,
    /// A question that is asked when the one in work has ended.
    waiting: Option<String>,
    /// The first start's prompt has been shown, or was not needed.
    welcomed: bool,
    next_run: u64,
    next_serial: u64,
}

/// A region of the main view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Question,
    Conversation,
    Sources,
    Conversations,
}

/// A view on top of the panes.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// Asks for a folder; the first thing to see where nothing is watched.
    Folder(FolderPrompt),
    Document(Box<DocumentView>),
    Library,
    Models,
    Export(ExportPrompt),
    /// The keys of what lies below it.
    Help {
        of: Context,
        scroll: Scroll,
    },
}

/// Where keys go: each context has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    Question,
    Conversation,
    Sources,
    Conversations,
    Folder,
    Document,
    /// A line that is typed at the foot of the document.
    DocumentPrompt,
    Library,
    Models,
    Export,
    Help,
}

/// The question line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub input: Input,
    /// Questions that were asked before, the latest last.
    pub history: Vec<String>,
    /// The one that is recalled, by its index, with what was being typed before.
    pub recalled: Option<(usize, String)>,
}

/// The sources of the turn that is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Index of the source that is chosen.
    pub selected: usize,
    pub scroll: Scroll,
}

/// A line for a folder's path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderPrompt {
    pub input: Input,
    /// Folders that begin as what is typed.
    pub candidates: Vec<String>,
    /// The candidate that stands in the line, and what was typed before it was put there.
    pub taken: Option<(usize, String)>,
    /// Why what was entered can't be added.
    pub refused: Option<String>,
}

/// A line for the file that a conversation is written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportPrompt {
    pub input: Input,
    /// The file is there already: entered once more, it is replaced.
    pub exists: bool,
    pub refused: Option<String>,
}

impl Sources {
    /// What is shown of sources that have just come.
    const FIRST: Self = Self { selected: 0, scroll: Scroll::TOP };
}

impl State {
    /// The first screen: nothing is known of the library yet.
    pub fn new(seal: Seal, size: Size, moment: Moment) -> Self {
        Self {
            moment,
            size,
            measures: Measures::default(),
            seal,
            focus: Pane::Question,
            layers: Vec::new(),
            question: Question::default(),
            conversation: Conversation::default(),
            sources: Sources::FIRST,
            conversations: Conversations::default(),
            library: Library::default(),
            model: Model::default(),
            notice: None,
            quitting: None,
            waiting: None,
            welcomed: false,
            next_run: 0,
            next_serial: 0,
        }
    }

    /// Where keys go now.
    pub fn context(&self) -> Context {
        match self.layers.last() {
            Some(Layer::Folder(_)) => Context::Folder,
            Some(Layer::Document(view)) if view.prompt.is_some() => Context::DocumentPrompt,
            Some(Layer::Document(_)) => Context::Document,
            Some(Layer::Library) => Context::Library,
            Some(Layer::Models) => Context::Models,
            Some(Layer::Export(_)) => Context::Export,
            Some(Layer::Help { .. }) => Context::Help,
            None => match self.focus {
                Pane::Question => Context::Question,
                Pane::Conversation => Context::Conversation,
                Pane::Sources => Context::Sources,
                Pane::Conversations => Context::Conversations,
            },
        }
    }

    /// The panes that stand side by side, from left to right and then below; the others come as overlays when they have
    /// the focus.
    pub fn has_conversations_beside(&self) -> bool {
        self.size.width >= WIDEST
    }

    pub fn has_sources_beside(&self) -> bool {
        self.size.width >= WIDE
    }
}
