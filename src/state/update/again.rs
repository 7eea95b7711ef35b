//! What comes of asking again, and of stepping through what an answer cites?

use crate::state::action::Action;
use crate::state::conversation::Turn;
use crate::state::effect::{Effect, Replaced};
use crate::state::notice::Notice;
use crate::state::scroll::{Anchor, Measure, Scroll};
use crate::state::{Pane, State};

impl State {
    /// Has the last question answered again, in the place of its answer.
    pub(super) fn regenerate(&mut self) -> Vec<Effect> {
        if self.conversation.run().is_some() {
            self.tell(Notice::note("an answer is on its way: esc stops it"));
            return Vec::new();
        }
        let Some(before) = self.conversation.turns.pop() else {
            self.tell(Notice::note("nothing was asked here yet"));
            return Vec::new();
        };
        let times = before.times + 1;
        let replaced = Replaced { asked_at: before.asked_at, times };
        let mut effect = self.ask(before.question.clone());
        if let Effect::Ask(ask) = &mut effect {
            ask.replaces = Some(replaced);
        }
        if let Some(turn) = self.conversation.turns.last_mut() {
            turn.times = times;
        }
        self.conversation.replaced = Some(Box::new(before));
        vec![effect]
    }

    /// Has the last question answered again, as if nothing had been asked before it.
    pub(super) fn ask_alone(&mut self) -> Vec<Effect> {
        if !self.conversation.goes_on() && self.conversation.run().is_none() {
            self.tell(Notice::note("the last question was taken with nothing that came before"));
            return Vec::new();
        }
        let mut effects = self.regenerate();
        if let Some(Effect::Ask(ask)) = effects.first_mut() {
            ask.turns.clear();
        }
        effects
    }

    /// Puts the question of the chosen turn into the question line; what was typed there can be recalled.
    pub(super) fn edit_question(&mut self) {
        let Some(turn) = self.conversation.current() else { return };
        let asked = turn.question.clone();
        let typed = std::mem::take(&mut self.question.input);
        self.question.put(&asked);
        if !typed.is_empty() {
            self.question.keep(typed.text().to_owned());
        }
        self.question.recalled = None;
        self.focus = Pane::Question;
    }

    /// Goes to the next number that the chosen answer cites, or the one before, round the ends: its source is chosen.
    pub(super) fn select_citation(&mut self, action: Action) {
        let cited = self.conversation.current().map(Turn::cited).unwrap_or_default();
        let chosen = self.chosen_source().map(|hit| hit.n);
        let at = chosen.and_then(|n| cited.iter().position(|other| *other == n));
        let last = cited.len().saturating_sub(1);
        let to = match (at, action) {
            (Some(at), Action::NextCitation) => (at + 1) % cited.len().max(1),
            (Some(at), _) => at.checked_sub(1).unwrap_or(last),
            (None, Action::NextCitation) => 0,
            (None, _) => last,
        };
        let turn = self.conversation.current();
        let index = turn
            .zip(cited.get(to))
            .and_then(|(turn, n)| turn.hits.iter().position(|hit| hit.n == *n));
        match index {
            Some(index) => {
                self.show_source(index);
                let Measure { item, line, .. } = self.measures.conversation;
                self.conversation.scroll = Scroll::to(Anchor::Chosen { item, line });
            }
            None => self.tell(Notice::note("this answer cites nothing")),
        }
    }
}
