//! What comes of what is done to conversations in their list?

use super::moved;
use crate::state::State;
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::message::DeskReport;
use crate::state::notice::Notice;

impl State {
    pub(super) fn act_in_conversations(&mut self, action: Action) -> Vec<Effect> {
        let conversations = &mut self.conversations;
        match action {
            Action::NextPane | Action::PreviousPane => self.move_focus(action == Action::NextPane),
            Action::Open => {
                if let Some(head) = conversations.heads.get(conversations.selected) {
                    return vec![Effect::OpenConversation(head.id)];
                }
            }
            Action::Delete => return self.delete_conversation(),
            Action::Undo => return self.restore_conversation(),
            _ => {
                let count = conversations.heads.len();
                if let Some(selected) = moved(conversations.selected, count, action) {
                    conversations.selected = selected;
                }
            }
        }
        Vec::new()
    }

    fn delete_conversation(&mut self) -> Vec<Effect> {
        let conversations = &mut self.conversations;
        if conversations.selected >= conversations.heads.len() {
            return Vec::new();
        }
        let head = conversations.heads.remove(conversations.selected);
        conversations.deleted.push(head.id);
        conversations.clamp();
        let mut effects = Vec::new();
        if self.conversation.id == Some(head.id) {
            effects = self.leave_conversation();
        }
        self.tell(Notice::note(format!("deleted `{}`: u brings it back", head.title)));
        effects.push(Effect::DeleteConversation(head.id));
        effects
    }

    fn restore_conversation(&mut self) -> Vec<Effect> {
        let Some(id) = self.conversations.deleted.pop() else {
            self.tell(Notice::note("nothing was deleted"));
            return Vec::new();
        };
        vec![Effect::RestoreConversation(id)]
    }

    pub(super) fn desk_reports(&mut self, report: DeskReport) {
        match report {
            DeskReport::Listed(heads) => {
                self.conversations.heads = heads;
                self.conversations.clamp();
            }
            DeskReport::Opened { id, turns } => self.open_conversation(id, turns),
            DeskReport::History(history) => self.question.remember(history),
        }
    }
}
