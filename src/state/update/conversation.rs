//! What comes of going through questions and answers?

use super::scroll_by_action;
use crate::state::action::Action;
use crate::state::conversation::{Conversation, Turn};
use crate::state::effect::Effect;
use crate::state::message::SavedTurn;
use crate::state::scroll::{Anchor, Scroll};
use crate::state::why::Chosen;
use crate::state::{Pane, Sources, State};

impl State {
    pub(super) fn act_in_conversation(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::NextPane | Action::PreviousPane => self.move_focus(action == Action::NextPane),
            Action::PreviousTurn | Action::NextTurn => {
                self.select_turn(action == Action::NextTurn);
            }
            Action::Open => return self.open_source(),
            Action::Unfold => {
                if let Some(turn) = self.conversation.current_mut() {
                    turn.is_thought_shown = !turn.is_thought_shown && !turn.thought.is_empty();
                }
            }
            Action::Regenerate => return self.regenerate(),
            Action::AskAlone => return self.ask_alone(),
            Action::TakeAllIn => return self.take_all_in(),
            Action::UnpinAll => return self.unpin_all(),
            Action::EditQuestion => self.edit_question(),
            Action::NextCitation | Action::PreviousCitation => self.select_citation(action),
            Action::Copy => return self.copy_answer(),
            Action::CopyWithSources => return self.copy_answer_with_sources(),
            Action::CopyCode => return self.copy_code(),
            _ if action.source().is_some() => self.select_source(action),
            _ => {
                let height = self.measures.conversation.height;
                scroll_by_action(&mut self.conversation.scroll, action, height);
            }
        }
        Vec::new()
    }

    pub(super) fn select_turn(&mut self, forward: bool) {
        self.preview = None;
        let count = self.conversation.turns.len();
        let Some(last) = count.checked_sub(1) else { return };
        let at = self.conversation.selected.unwrap_or(last).min(last);
        let to = if forward { at + 1 } else { at.saturating_sub(1) };
        self.conversation.selected = (to < last).then_some(to);
        self.conversation.scroll =
            if to < last { Scroll::to(Anchor::Item(to)) } else { Scroll::END };
        self.show_cited();
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.next_serial += 1;
        self.next_serial
    }

    /// Leaves the conversation; what runs in it is stopped and kept with it.
    pub(super) fn begin_conversation(&mut self) -> Vec<Effect> {
        let effects = self.leave_conversation();
        self.layers.clear();
        self.focus = Pane::Question;
        effects
    }

    pub(super) fn leave_conversation(&mut self) -> Vec<Effect> {
        let stop = self.conversation.run().map(Effect::Stop);
        self.conversation = Conversation::default();
        self.question.chips.clear();
        self.sources = Sources::FIRST;
        self.waiting = None;
        stop.into_iter().collect()
    }

    pub(super) fn open_conversation(&mut self, id: i64, turns: Vec<SavedTurn>, chosen: Chosen) {
        let turns =
            turns.into_iter().map(|turn| Turn::from_saved(self.next_serial(), turn)).collect();
        self.conversation = Conversation { id: Some(id), turns, chosen, ..Conversation::default() };
        if let Some((_, words)) = self.conversations.going.take().filter(|(going, _)| *going == id)
        {
            self.conversation.go_to_words(&words);
        }
        self.preview = None;
        self.question.chips.clear();
        self.show_cited();
        self.layers.clear();
        self.focus = Pane::Question;
    }
}
