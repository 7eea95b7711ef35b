//! What comes of taking away what stands over the question line?

use crate::state::State;
use crate::state::effect::Effect;
use crate::state::notice::Notice;

impl State {
    /// Takes one chip away, by its index among all of them as they stand from left to right.
    pub(super) fn take_chip(&mut self, index: usize) -> Vec<Effect> {
        let places = self.question.chips.len();
        if index < places {
            self.question.chips.remove(index);
            Vec::new()
        } else if index == places && !self.conversation.chosen.pinned.is_empty() {
            self.unpin_all()
        } else if !self.conversation.chosen.excluded.is_empty() {
            self.take_all_in()
        } else {
            Vec::new()
        }
    }

    /// What was left out can be found again.
    pub(super) fn take_all_in(&mut self) -> Vec<Effect> {
        if self.conversation.chosen.excluded.is_empty() {
            self.tell(Notice::note("nothing is left out here"));
            return Vec::new();
        }
        self.conversation.chosen.excluded.clear();
        self.tell(Notice::note("what was left out can be found again"));
        self.look_anew()
    }

    /// Nothing stays among the sources that a question does not find.
    pub(super) fn unpin_all(&mut self) -> Vec<Effect> {
        if self.conversation.chosen.pinned.is_empty() {
            self.tell(Notice::note("nothing is pinned here"));
            return Vec::new();
        }
        self.conversation.chosen.pinned.clear();
        self.tell(Notice::note("nothing is pinned any longer"));
        self.look_anew()
    }

    /// What was found for the line as it stands is no longer what would be found.
    fn look_anew(&mut self) -> Vec<Effect> {
        self.preview = None;
        self.question.seen = (String::new(), Vec::new());
        self.conversation.kept_passages().into_iter().collect()
    }
}
