//! What can the user ask for?
//!
//! One table: each action has a name, by which keys are bound to it, a description, and other words that it is looked for
//! by. From it come the help, the palette and the commands.

use super::Context;

/// Makes the actions with their names and descriptions.
macro_rules! actions {
    ($($action:ident $name:literal $description:literal $(or $also:literal)?,)+) => {
        /// Something that the user asks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $(#[doc = $description] $action,)+
        }

        impl Action {
            pub const ALL: &'static [Self] = &[$(Self::$action,)+];

            /// The name that keys are bound by.
            pub fn name(self) -> &'static str {
                match self { $(Self::$action => $name,)+ }
            }

            /// What it does, in the words of the help.
            pub fn description(self) -> &'static str {
                match self { $(Self::$action => $description,)+ }
            }

            /// Other words that people type who look for it.
            pub fn also(self) -> &'static str {
                match self { $(Self::$action => concat!($($also)?),)+ }
            }
        }
    };
}

actions! {
    Send "send" "send the question",
    Confirm "confirm" "take what is typed",
    NewLine "new-line" "begin a new line",
    Up "up" "go up",
    Down "down" "go down",
    PageUp "page-up" "go up by a screen",
    PageDown "page-down" "go down by a screen",
    Top "top" "go to the beginning",
    End "end" "go to the end",
    Open "open" "open it",
    Back "back" "close, or stop what runs" or "cancel escape abort",
    NextPane "next-pane" "go to the next pane",
    PreviousPane "previous-pane" "go to the pane before",
    PreviousTurn "previous-turn" "show the sources of the question before",
    NextTurn "next-turn" "show the sources of the next question",
    Source1 "source-1" "go to source 1",
    Source2 "source-2" "go to source 2",
    Source3 "source-3" "go to source 3",
    Source4 "source-4" "go to source 4",
    Source5 "source-5" "go to source 5",
    Source6 "source-6" "go to source 6",
    Source7 "source-7" "go to source 7",
    Source8 "source-8" "go to source 8",
    Source9 "source-9" "go to source 9",
    View "view" "open it in the system's viewer" or "external pdf okular evince",
    Edit "edit" "open it in your editor" or "change vim",
    NextCitation "next-citation" "go to the next number that is cited",
    PreviousCitation "previous-citation" "go to the number that is cited before",
    Regenerate "regenerate" "answer the last question again" or "retry redo repeat",
    AskAlone "ask-alone" "answer the last question without what came before" or "fresh standalone retry",
    EditQuestion "edit-question" "put the question into the question line" or "edit change",
    Pin "pin" "keep it among the sources of the next questions, or let it go" or "favourite star",
    Exclude "exclude" "leave it out of the next questions, or take it in again" or "hide ignore remove",
    UnpinAll "unpin-all" "let all go that is pinned here" or "clear",
    TakeAllIn "take-all-in" "take in again all that is left out here" or "include clear undo",
    Why "why" "show why it is here" or "explain score reason",
    Unfold "unfold" "open what is folded, or fold it",
    Copy "copy" "copy it; a quote with its reference" or "clipboard yank",
    CopyWithSources "copy-with-sources" "copy the answer with its sources" or "clipboard citations references",
    CopyCode "copy-code" "copy the next block of code",
    Search "search" "search in the document" or "find",
    NextHit "next-hit" "go to the next hit",
    PreviousHit "previous-hit" "go to the hit before",
    Cited "cited" "go to what is cited",
    GoToPage "go-to-page" "go to a page by its number",
    NextPage "next-page" "go to the next page",
    PreviousPage "previous-page" "go to the page before",
    Complete "complete" "complete the path",
    CompleteBack "complete-back" "complete by the candidate before",
    Add "add" "add a folder" or "watch open directory new",
    Remove "remove" "take it out of the library" or "delete forget unwatch folder",
    ReadAgain "read-again" "read it again" or "refresh reload reindex update",
    Expand "expand" "show what is in it",
    Collapse "collapse" "hide what is in it, or go to its folder",
    Find "find" "show only what has the words that are typed" or "search filter",
    Problems "problems" "show only what could not be read, or all again" or "errors failed unread",
    Unload "unload" "answer by quotes only" or "no model without",
    Pause "pause" "let indexing rest, or go on" or "stop resume wait",
    Delete "delete" "delete it" or "remove erase",
    Undo "undo" "bring back what was deleted" or "restore undelete",
    Rename "rename" "give it another title" or "change name",
    NewConversation "new-conversation" "begin a new conversation" or "clear reset start over chat",
    Conversations "conversations" "show the conversations" or "chats sessions past",
    Models "models" "choose the model" or "settings llm ai switch load",
    Library "library" "show folders and problems" or "files documents index",
    Themes "themes" "choose the theme" or "settings colours colors appearance dark light",
    Wider "wider" "make the pane wider" or "resize",
    Narrower "narrower" "make the pane narrower" or "resize",
    ToggleConversations "toggle-conversations" "show or hide the conversations beside" or "sidebar",
    ToggleSources "toggle-sources" "show or hide the sources beside" or "sidebar",
    Export "export" "export the conversation" or "save write download markdown json",
    Mouse "mouse" "give the mouse to the terminal, or take it back" or "select clicks",
    Suspend "suspend" "stop, until the shell lets docent go on" or "background",
    Palette "palette" "find what can be done by its name",
    History "history" "search the questions that were asked" or "find recall past",
    Scope "scope" "choose the folders and files to ask" or "filter limit only",
    Compose "compose" "write the question in your editor" or "vim multiline",
    Help "help" "show the keys" or "shortcuts keybindings manual",
    Quit "quit" "quit, when asked for twice" or "exit leave",
    Left "left" "go left",
    Right "right" "go right",
    WordLeft "word-left" "go a word left",
    WordRight "word-right" "go a word right",
    LineStart "line-start" "go to the line's beginning",
    LineEnd "line-end" "go to the line's end",
    Backspace "backspace" "delete to the left",
    DeleteRight "delete-right" "delete to the right",
    DeleteWordLeft "delete-word-left" "delete the word to the left",
    DeleteToStart "delete-to-start" "delete to the line's beginning" or "clear",
    DeleteToEnd "delete-to-end" "delete to the line's end",
}

/// Where an action can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    In(&'static [Context]),
    Everywhere,
    /// Wherever there are rows or lines to go through.
    Moving,
    /// There, but not where characters are typed.
    Reading,
    /// Where characters are typed.
    Typing,
}

impl Action {
    /// All that can be asked for in a context: first what is its own, then what can be asked for everywhere, then what
    /// moves about and edits.
    pub fn in_context(context: Context) -> Vec<Self> {
        let mut fitting: Vec<Self> =
            Self::ALL.iter().copied().filter(|action| action.fits(context)).collect();
        let group = |action: &Self| match action.place() {
            Place::In(_) => 0,
            Place::Everywhere => 1,
            Place::Moving | Place::Reading | Place::Typing => 2,
        };
        fitting.sort_by_key(group);
        fitting
    }

    /// Whether it only moves about or edits, which nobody asks for by name.
    pub fn is_motion(self) -> bool {
        matches!(self.place(), Place::Moving | Place::Reading | Place::Typing)
    }

    /// Whether it is done by a key that is known from elsewhere, or told on the screen, which few ask for by name.
    pub fn is_usual(self) -> bool {
        let is_key = matches!(
            self,
            Self::Send
                | Self::Confirm
                | Self::NewLine
                | Self::Open
                | Self::Back
                | Self::NextPane
                | Self::PreviousPane
                | Self::Complete
                | Self::CompleteBack
        );
        is_key || self.source().is_some()
    }

    /// In how many contexts it can be asked for, where these are counted: what belongs to few says more of where one is.
    pub fn breadth(self) -> usize {
        match self.place() {
            Place::In(contexts) => contexts.len(),
            Place::Everywhere | Place::Moving | Place::Reading | Place::Typing => usize::MAX,
        }
    }

    /// Whether it can be asked for in a context.
    pub fn fits(self, context: Context) -> bool {
        match self.place() {
            Place::In(contexts) => contexts.contains(&context),
            Place::Everywhere | Place::Moving => true,
            Place::Reading => !context.is_typed_in(),
            Place::Typing => context.is_typed_in(),
        }
    }

    fn place(self) -> Place {
        use Context::{
            Conversation, Conversations, Document, DocumentPrompt, Export, Find, Folder, Library,
            Models, Picker, Question, Rename, Sources, Themes, Welcome, Why,
        };
        match self {
            Self::Back
            | Self::Conversations
            | Self::Models
            | Self::Library
            | Self::Export
            | Self::NewConversation
            | Self::Themes
            | Self::Wider
            | Self::Narrower
            | Self::ToggleConversations
            | Self::ToggleSources
            | Self::Mouse
            | Self::Suspend
            | Self::Palette
            | Self::Help
            | Self::Quit => Place::Everywhere,
            Self::Send | Self::NewLine | Self::History | Self::Scope | Self::Compose => {
                Place::In(&[Question])
            }
            Self::NextPane | Self::PreviousPane => {
                Place::In(&[Question, Conversation, Sources, Conversations])
            }
            Self::PreviousTurn | Self::NextTurn => Place::In(&[Conversation, Sources]),
            Self::Source1
            | Self::Source2
            | Self::Source3
            | Self::Source4
            | Self::Source5
            | Self::Source6
            | Self::Source7
            | Self::Source8
            | Self::Source9
            | Self::UnpinAll
            | Self::TakeAllIn => Place::In(&[Question, Conversation, Sources]),
            Self::Open => {
                Place::In(&[Conversation, Sources, Conversations, Library, Models, Themes])
            }
            Self::View | Self::Edit => Place::In(&[Sources, Document]),
            Self::NextCitation | Self::PreviousCitation => Place::In(&[Conversation]),
            Self::Regenerate
            | Self::AskAlone
            | Self::EditQuestion
            | Self::CopyWithSources
            | Self::CopyCode => Place::In(&[Question, Conversation]),
            Self::Unfold => Place::In(&[Question, Conversation, Why]),
            Self::Copy => Place::In(&[Question, Conversation, Sources, Document]),
            Self::Pin | Self::Exclude | Self::Why => Place::In(&[Sources]),
            Self::Delete | Self::Undo | Self::Rename => Place::In(&[Conversations]),
            Self::Confirm => {
                Place::In(&[Welcome, Folder, DocumentPrompt, Find, Export, Rename, Picker])
            }
            Self::Complete | Self::CompleteBack => Place::In(&[Welcome, Folder, Export]),
            Self::Find => Place::In(&[Conversations, Library]),
            Self::ReadAgain => Place::In(&[Library, Models]),
            Self::Unload => Place::In(&[Models]),
            Self::Search
            | Self::NextHit
            | Self::PreviousHit
            | Self::Cited
            | Self::GoToPage
            | Self::NextPage
            | Self::PreviousPage => Place::In(&[Document]),
            Self::Add
            | Self::Remove
            | Self::Pause
            | Self::Expand
            | Self::Collapse
            | Self::Problems => Place::In(&[Library]),
            Self::Up | Self::Down | Self::PageUp | Self::PageDown => Place::Moving,
            Self::Top | Self::End => Place::Reading,
            Self::Left
            | Self::Right
            | Self::WordLeft
            | Self::WordRight
            | Self::LineStart
            | Self::LineEnd
            | Self::Backspace
            | Self::DeleteRight
            | Self::DeleteWordLeft
            | Self::DeleteToStart
            | Self::DeleteToEnd => Place::Typing,
        }
    }

    /// The action whose [`name`](Self::name) this is.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }

    /// The number of the source that it goes to.
    pub fn source(self) -> Option<usize> {
        let first = Self::Source1 as usize;
        let number = (self as usize).checked_sub(first)? + 1;
        (number <= 9).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_found_by_its_name() {
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(*action));
        }
        assert_eq!(Action::from_name("dance"), None);
    }

    #[test]
    fn what_is_a_contexts_own_comes_first() {
        let in_library = Action::in_context(Context::Library);
        let at = |wanted| in_library.iter().position(|action| *action == wanted).unwrap();
        assert!(at(Action::Pause) < at(Action::Back) && at(Action::Quit) < at(Action::Up));
        assert!(!in_library.contains(&Action::Send) && !in_library.contains(&Action::Left));
        assert_eq!(in_library.last(), Some(&Action::End));
    }

    #[test]
    fn sources_are_numbered() {
        assert_eq!(Action::Source1.source(), Some(1));
        assert_eq!(Action::Source9.source(), Some(9));
        assert_eq!(Action::View.source(), None);
        assert_eq!(Action::Send.source(), None);
    }
}
