//! What can be meant by a place on the screen?

use super::Pane;
use super::action::Action;

/// What stands where the mouse is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A pane where nothing else stands.
    Pane(Pane),
    /// A turn of the conversation, by its index.
    Turn(usize),
    /// The number of a source in an answer.
    Citation { turn: usize, n: u32 },
    /// A source by its index.
    Source(usize),
    /// A conversation by its index in the list.
    Conversation(usize),
    /// The view on top.
    Layer,
    /// A row of the list on top, by its index.
    Row(usize),
    /// What is typed in the question line, by the byte before which the cursor is put.
    Typed(usize),
    /// What takes away a folder or file that the question is limited to, by its index.
    Chip(usize),
    /// What a key that is told there asks for.
    Hint(Action),
    /// The line between the conversation and a pane beside it.
    Edge(Pane),
}
