//! How does the screen look, by the user's choice?
//!
//! What is chosen here is remembered from one start to the next.

use crate::theme::Background;

/// The name that stands for [`ThemeChoice::Auto`].
pub const AUTO: &str = "auto";

/// Columns that a pane gets or loses at a time.
const STEP: u16 = 4;

/// Columns that a pane can have.
pub const WIDTHS: (u16, u16) = (16, 200);

/// The theme that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// What fits the terminal's background.
    #[default]
    Auto,
    Named(String),
}

impl ThemeChoice {
    /// The one that is written like this.
    pub fn named(name: &str) -> Self {
        if name == AUTO { Self::Auto } else { Self::Named(name.to_owned()) }
    }

    /// How it is written.
    pub fn name(&self) -> &str {
        match self {
            Self::Auto => AUTO,
            Self::Named(name) => name,
        }
    }
}

/// Whether a pane stands beside the conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Where there is much room.
    #[default]
    Auto,
    /// Wherever there is any room.
    Always,
    /// Only as an overlay when it is called.
    Never,
}

impl Shown {
    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "shown",
            Self::Never => "hidden",
        }
    }
}

/// Who puts what is written from right to left in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RightToLeft {
    /// Docent: the terminal shows cells as they come.
    #[default]
    Docent,
    /// Docent the words, and the terminal the letters of each.
    Words,
    /// The terminal, whatever comes.
    Terminal,
}

/// How a pane stands beside the conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    pub shown: Shown,
    /// In columns; what suits the terminal otherwise.
    pub width: Option<u16>,
}

impl Beside {
    /// Makes it wider or narrower than it is now, in columns.
    pub fn resize(&mut self, now: u16, wider: bool) {
        let wanted = if wider { now.saturating_add(STEP) } else { now.saturating_sub(STEP) };
        self.width = Some(wanted.clamp(WIDTHS.0, WIDTHS.1));
    }
}

/// The panes beside the conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    pub conversations: Beside,
    pub sources: Beside,
}

/// Something that was chosen and is to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Theme(ThemeChoice),
    Panes(Panes),
    /// What writes answers, as `--model` takes it.
    Model(String),
    /// What makes vectors, as `--embedder` takes it.
    Embedder(String),
}

/// The looks that are chosen and those that can be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    pub theme: ThemeChoice,
    /// What can be chosen beside [`ThemeChoice::Auto`].
    pub themes: Vec<Listed>,
    /// The terminal's, when it is known.
    pub background: Option<Background>,
    pub panes: Panes,
}

/// A theme that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    /// The terminals that it is made for; none for one without colours, and where it can't be read.
    pub background: Option<Background>,
    /// Whether the user made it.
    pub is_own: bool,
    /// Why it can't be used.
    pub fault: Option<String>,
}

impl Look {
    /// The name of the theme that a choice comes to.
    pub fn name_of<'a>(&self, choice: &'a ThemeChoice) -> &'a str {
        match choice {
            ThemeChoice::Auto => self.background.unwrap_or(Background::Dark).theme(),
            ThemeChoice::Named(name) => name,
        }
    }

    /// Why a choice can't be used.
    pub fn fault(&self, choice: &ThemeChoice) -> Option<&str> {
        let listed = self.themes.iter().find(|listed| listed.name == choice.name())?;
        listed.fault.as_deref()
    }

    /// What can be chosen, in the order of the list.
    pub fn choices(&self) -> impl Iterator<Item = ThemeChoice> {
        let named = self.themes.iter().map(|listed| ThemeChoice::Named(listed.name.clone()));
        std::iter::once(ThemeChoice::Auto).chain(named)
    }
}
