//! What comes of asking by name for what is done in another view?

use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::notice::Notice;
use crate::state::{Context, Layer, Pane, State};

/// What views are called in the list of all that can be done, and what can be asked for in them from anywhere.
const VIEWS: [(&str, Context, &[Action]); 4] = [
    (
        "library",
        Context::Library,
        &[
            Action::Add,
            Action::Remove,
            Action::ReadAgain,
            Action::Find,
            Action::Problems,
            Action::Pause,
        ],
    ),
    (
        "conversations",
        Context::Conversations,
        &[Action::Find, Action::Rename, Action::Delete, Action::Undo],
    ),
    ("models", Context::Models, &[Action::Unload]),
    (
        "sources",
        Context::Sources,
        &[Action::View, Action::Edit, Action::Pin, Action::Exclude, Action::Why],
    ),
];

/// What can be asked for in another view than the one that keys go to, where so many sources are shown: the name of the
/// view, its context, the action.
pub(super) fn elsewhere(
    of: Context,
    sources: usize,
) -> impl Iterator<Item = (&'static str, Context, Action)> {
    let others = VIEWS.into_iter().filter(move |(_, context, _)| {
        *context != of && (*context != Context::Sources || sources > 0)
    });
    others.flat_map(move |(view, context, actions)| {
        let is_here = move |action: &&Action| {
            // These mean something else in each view.
            !matches!(action, Action::Find | Action::ReadAgain) && action.fits(of)
        };
        let actions = actions.iter().filter(move |action| !is_here(action));
        actions.map(move |action| (view, context, *action))
    })
}

impl State {
    /// Shows another view and does it there; what is done to one of its rows waits until that is chosen.
    pub(super) fn act_elsewhere(&mut self, context: Context, action: Action) -> Vec<Effect> {
        let mut effects = Vec::new();
        match context {
            Context::Library => {
                self.library.tree.is_finding = false;
                if !matches!(self.layers.last(), Some(Layer::Library)) {
                    effects = self.toggle_library();
                }
            }
            Context::Models => {
                if !matches!(self.layers.last(), Some(Layer::Models)) {
                    effects = self.act(Action::Models);
                }
            }
            Context::Sources => {
                self.layers.clear();
                self.focus = Pane::Sources;
            }
            _ => {
                self.conversations.search.is_finding = false;
                if self.context() != Context::Conversations {
                    effects = self.act(Action::Conversations);
                }
            }
        }
        let is_open_chosen = self.conversation.id.is_some()
            && self.conversations.chosen().map(|head| head.id) == self.conversation.id;
        let wanted = match (context, action) {
            (Context::Library, Action::Remove) => "choose the folder that is to be taken out",
            (Context::Library, Action::ReadAgain) => "choose what is to be read again",
            (Context::Conversations, Action::Delete) => "choose the conversation to be deleted",
            (Context::Conversations, Action::Rename) if !is_open_chosen => {
                "choose the conversation that gets another title"
            }
            _ => {
                effects.extend(self.act(action));
                return effects;
            }
        };
        self.tell(Notice::note(wanted));
        effects
    }
}
