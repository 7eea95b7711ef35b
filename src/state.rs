//! What is on the screen, and what comes of what happens?
//!
//! The pure core: [`State::update`] is the only way in and its effects are the only way out. No clock, no files, no
//! threads, no terminal.

pub mod action;
pub mod conversation;
pub mod copying;
pub mod document;
pub mod effect;
pub mod input;
pub mod library;
pub mod look;
pub mod message;
pub mod model;
pub mod notice;
pub mod path;
pub mod picker;
pub mod question;
pub mod scroll;
pub mod target;
pub mod tree;
pub mod why;

#[cfg(test)]
pub(crate) mod tests;
mod update;

use std::path::PathBuf;
use std::time::Duration;

use docent_index::query;

use self::action::Action;
use self::conversation::{Conversation, Conversations, Turn};
use self::document::DocumentView;
use self::input::Input;
use self::library::Library;
use self::look::{Look, Panes, Shown, WIDTHS};
use self::message::{Moment, Size};
use self::model::Model;
use self::notice::Notice;
use self::path::PathLine;
use self::picker::Picker;
use self::question::{Preview, Question};
use self::scroll::{Measures, Scroll};
use self::target::Target;
use self::why::WhyView;
use crate::seal::Seal;
use crate::settings::{self, Template};

/// Under this width the sources are an overlay.
pub const WIDE: u16 = 100;
/// Under this width the conversations are an overlay.
pub const WIDEST: u16 = 130;

/// The conversations beside take a sixth, within these, unless the user wants otherwise.
const CONVERSATIONS: (u16, u16) = (28, 40);
/// The sources beside take two fifths, within these, unless the user wants otherwise.
const SOURCES: (u16, u16) = (34, 64);
/// Columns that the conversation keeps beside them.
const NARROWEST: u16 = 38;

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
    /// What would be found for the question that is being typed.
    pub preview: Option<Preview>,
    pub conversation: Conversation,
    pub sources: Sources,
    pub conversations: Conversations,
    pub library: Library,
    pub model: Model,
    pub look: Look,
    /// Whether clicks and the wheel come here.
    pub has_mouse: bool,
    /// Whether the terminal's user looks at it; terminals that do not tell are looked at.
    pub is_looked_at: bool,
    /// What was clicked last, and when.
    clicked: Option<(Target, Duration)>,
    /// When a click took a row, and with it the list that was there; none once a key was pressed.
    taken: Option<Duration>,
    /// The pane whose edge the mouse holds, and the panes before.
    pub dragged: Option<(Pane, Panes)>,
    /// The folder that docent was started in.
    pub folder: PathBuf,
    /// How a quote that is copied is cited.
    pub reference: Template,
    /// What is told in passing, with the time since the start until which it stands.
    pub notice: Option<(Notice, Duration)>,
    /// Until then, since the start, another request to quit quits.
    quitting: Option<Duration>,
    /// A question that is asked when the one in work has ended.
    waiting: Option<String>,
    /// The first start's prompt has been shown, or was not needed.
    welcomed: bool,
    /// The block of code that was copied last.
    copied: Option<Copied>,
    /// What was asked for by its name, the last one first.
    used: Vec<Action>,
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
    /// The first thing to see where nothing is watched.
    Welcome(Welcome),
    /// Asks for a folder.
    Folder(FolderPrompt),
    Document(Box<DocumentView>),
    /// Why the source that is chosen is there.
    Why(WhyView),
    Library,
    Models,
    /// The themes, one of which is looked at: by its index among all that can be chosen.
    Themes {
        selected: usize,
    },
    Export(ExportPrompt),
    Rename(RenamePrompt),
    /// One of many is chosen by a few letters.
    Picker(Box<Picker>),
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
    Welcome,
    Folder,
    Document,
    /// A line that is typed at the foot of the document.
    DocumentPrompt,
    Why,
    /// The words that a list is searched for.
    Find,
    Library,
    Models,
    Themes,
    Export,
    Rename,
    Picker,
    Help,
}

impl Context {
    /// Whether characters that no key is bound to are typed there.
    pub fn is_typed_in(self) -> bool {
        matches!(
            self,
            Self::Question
                | Self::Welcome
                | Self::Folder
                | Self::DocumentPrompt
                | Self::Find
                | Self::Export
                | Self::Rename
                | Self::Picker
        )
    }
}

/// The sources that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Index of the source that is chosen.
    pub selected: usize,
    pub scroll: Scroll,
}

/// A block of code in the answer of the turn with a serial number, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Copied {
    serial: u64,
    block: usize,
}

/// What can be settled at the first start, all of it later as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Welcome {
    pub folder: FolderPrompt,
    pub field: Field,
}

/// What keys go to at the first start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field {
    #[default]
    Folders,
    Model,
    Theme,
}

/// A line for a folder's path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderPrompt {
    pub line: PathLine,
    /// Why what was entered can't be added.
    pub refused: Option<String>,
}

/// A line for the file that a conversation is written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportPrompt {
    pub line: PathLine,
    pub of: Exported,
    /// Where a bare name lands.
    pub folder: PathBuf,
    /// The file is there already: entered once more, it is replaced.
    pub exists: bool,
    pub refused: Option<String>,
}

/// Which conversation is written to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Empty before it has one.
    pub title: String,
    /// Its number, when it is not the one that is open.
    pub id: Option<i64>,
}

/// A line for a conversation's title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenamePrompt {
    pub id: i64,
    pub input: Input,
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
            preview: None,
            conversation: Conversation::default(),
            sources: Sources::FIRST,
            conversations: Conversations::default(),
            library: Library::default(),
            model: Model::default(),
            look: Look::default(),
            has_mouse: true,
            is_looked_at: true,
            clicked: None,
            taken: None,
            dragged: None,
            folder: PathBuf::new(),
            reference: settings::reference(),
            notice: None,
            quitting: None,
            waiting: None,
            welcomed: false,
            copied: None,
            used: Vec::new(),
            next_run: 0,
            next_serial: 0,
        }
    }

    /// The turn whose sources are shown: what is being typed, where passages were found for it, else the one that is
    /// chosen.
    pub fn shown(&self) -> Option<&Turn> {
        let preview = self.preview.as_ref().and_then(Preview::found);
        preview.or_else(|| self.conversation.current())
    }

    /// Where keys go now.
    pub fn context(&self) -> Context {
        match self.layers.last() {
            Some(Layer::Welcome(_)) => Context::Welcome,
            Some(Layer::Folder(_)) => Context::Folder,
            Some(Layer::Document(view)) if view.prompt.is_some() => Context::DocumentPrompt,
            Some(Layer::Document(_)) => Context::Document,
            Some(Layer::Why(_)) => Context::Why,
            Some(Layer::Library) if self.library.tree.is_finding => Context::Find,
            Some(Layer::Library) => Context::Library,
            Some(Layer::Models) => Context::Models,
            Some(Layer::Themes { .. }) => Context::Themes,
            Some(Layer::Export(_)) => Context::Export,
            Some(Layer::Rename(_)) => Context::Rename,
            Some(Layer::Picker(_)) => Context::Picker,
            Some(Layer::Help { .. }) => Context::Help,
            None => match self.focus {
                Pane::Question => Context::Question,
                Pane::Conversation => Context::Conversation,
                Pane::Sources => Context::Sources,
                Pane::Conversations if self.conversations.search.is_finding => Context::Find,
                Pane::Conversations => Context::Conversations,
            },
        }
    }

    /// The title of the conversation that is open; none before it has one.
    pub fn title(&self) -> Option<&str> {
        let conversation = &self.conversation;
        let head = conversation
            .id
            .and_then(|id| self.conversations.heads.iter().find(|head| head.id == id));
        let first = conversation.turns.first().map(|turn| query::parted(&turn.question).0);
        head.map(|head| head.title.as_str()).or(first)
    }

    /// The panes that stand side by side, from left to right and then below; the others come as overlays when they have
    /// the focus.
    pub fn has_conversations_beside(&self) -> bool {
        self.conversations_width().is_some()
    }

    pub fn has_sources_beside(&self) -> bool {
        let width = self.size.width;
        match self.look.panes.sources.shown {
            Shown::Auto => width >= WIDE,
            Shown::Always => width >= SOURCES.0 + NARROWEST,
            Shown::Never => false,
        }
    }

    /// Columns of the conversations, where they stand beside the conversation.
    pub fn conversations_width(&self) -> Option<u16> {
        let pane = self.look.panes.conversations;
        let sources = if self.has_sources_beside() { SOURCES.0 } else { 0 };
        let room = self.size.width.saturating_sub(NARROWEST + sources);
        let is_beside = match pane.shown {
            Shown::Auto => self.size.width >= WIDEST,
            Shown::Always => room >= CONVERSATIONS.0,
            Shown::Never => false,
        };
        let usual = (self.size.width / 6).clamp(CONVERSATIONS.0, CONVERSATIONS.1);
        let width = pane.width.unwrap_or(usual).min(room).max(WIDTHS.0);
        is_beside.then_some(width)
    }

    /// Columns of the sources, where they stand beside the conversation.
    pub fn sources_width(&self) -> Option<u16> {
        if !self.has_sources_beside() {
            return None;
        }
        let middle = self.size.width.saturating_sub(self.conversations_width().unwrap_or(0));
        let usual = (middle / 5 * 2).clamp(SOURCES.0, SOURCES.1);
        let width = self.look.panes.sources.width.unwrap_or(usual);
        Some(width.min(middle.saturating_sub(NARROWEST)).max(WIDTHS.0))
    }
}
