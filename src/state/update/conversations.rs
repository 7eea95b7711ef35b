//! What comes of what is done to conversations in their list?

use super::{LIST_PAGE, moved};
use crate::state::action::Action;
use crate::state::conversation::Search;
use crate::state::effect::Effect;
use crate::state::input::Input;
use crate::state::message::DeskReport;
use crate::state::notice::Notice;
use crate::state::{Layer, RenamePrompt, State};

impl State {
    pub(super) fn act_in_conversations(&mut self, action: Action) -> Vec<Effect> {
        let conversations = &mut self.conversations;
        match action {
            Action::NextPane | Action::PreviousPane => self.move_focus(action == Action::NextPane),
            Action::Open if conversations.search.is_awaited() => conversations.search.opens = true,
            Action::Open => return self.open_chosen_conversation(),
            Action::Find => {
                conversations.search.is_finding = true;
                conversations.search.input.mark();
                return vec![conversations.search.look()];
            }
            Action::Rename => {
                if let Some(head) = conversations.chosen() {
                    let prompt = RenamePrompt { id: head.id, input: Input::marked(&*head.title) };
                    self.raise(Layer::Rename(prompt));
                }
            }
            Action::Delete => return self.delete_conversation(),
            Action::Undo => return self.restore_conversation(),
            _ => self.move_in_conversations(action),
        }
        Vec::new()
    }

    fn open_chosen_conversation(&mut self) -> Vec<Effect> {
        let conversations = &mut self.conversations;
        let Some(id) = conversations.chosen().map(|head| head.id) else { return Vec::new() };
        let search = &conversations.search;
        conversations.going = search.found.is_some().then(|| (id, search.input.text().to_owned()));
        vec![Effect::OpenConversation(id)]
    }

    fn move_in_conversations(&mut self, action: Action) {
        let conversations = &mut self.conversations;
        let count = conversations.shown().len();
        if let Some(selected) = moved(conversations.selected, count, LIST_PAGE, action) {
            conversations.selected = selected;
        }
    }

    /// What is typed to find a conversation.
    pub(super) fn act_in_conversations_find(&mut self, action: Action) -> Vec<Effect> {
        let search = &mut self.conversations.search;
        match action {
            Action::Confirm => search.is_finding = false,
            Action::Up | Action::Down | Action::PageUp | Action::PageDown => {
                self.move_in_conversations(action);
            }
            _ => {
                let before = search.input.text().len();
                search.input.edit(action);
                if search.input.text().len() != before {
                    return vec![search.look()];
                }
            }
        }
        Vec::new()
    }

    /// Shows all conversations again when some were looked for, with the chosen one still chosen. Whether some were.
    pub(super) fn show_all_conversations(&mut self) -> bool {
        let conversations = &mut self.conversations;
        let search = &conversations.search;
        if !search.is_finding && search.found.is_none() {
            return false;
        }
        let chosen = conversations.chosen().map(|head| head.id);
        // What comes late is not what is looked for next.
        let asked = search.asked;
        conversations.search = Search { asked, told: asked, ..Search::default() };
        let index = conversations.heads.iter().position(|head| Some(head.id) == chosen);
        conversations.selected = index.unwrap_or_default();
        true
    }

    pub(super) fn act_in_rename_prompt(&mut self, action: Action) -> Vec<Effect> {
        let Some(Layer::Rename(prompt)) = self.layers.last_mut() else { return Vec::new() };
        if action != Action::Confirm {
            prompt.input.edit(action);
            return Vec::new();
        }
        let (id, title) = (prompt.id, prompt.input.text().trim().to_owned());
        if title.is_empty() {
            return Vec::new();
        }
        self.layers.pop();
        let conversations = &mut self.conversations;
        let found = conversations.search.found.iter_mut().flatten().map(|found| &mut found.head);
        for head in conversations.heads.iter_mut().chain(found).filter(|head| head.id == id) {
            head.title.clone_from(&title);
        }
        conversations.changes += 1;
        vec![Effect::RenameConversation { id, title }]
    }

    fn delete_conversation(&mut self) -> Vec<Effect> {
        let conversations = &mut self.conversations;
        let Some(head) = conversations.chosen().cloned() else { return Vec::new() };
        conversations.heads.retain(|other| other.id != head.id);
        if let Some(found) = &mut conversations.search.found {
            found.retain(|found| found.head.id != head.id);
        }
        conversations.deleted.push(head.clone());
        conversations.changes += 1;
        conversations.clamp();
        let mut effects = Vec::new();
        if self.conversation.id == Some(head.id) {
            effects = self.leave_conversation();
        }
        // The list says how it is brought back.
        self.notice = None;
        effects.push(Effect::DeleteConversation(head.id));
        effects
    }

    fn restore_conversation(&mut self) -> Vec<Effect> {
        let conversations = &mut self.conversations;
        let Some(head) = conversations.deleted.pop() else {
            self.tell(Notice::note("nothing was deleted"));
            return Vec::new();
        };
        let (id, notice) = (head.id, Notice::note(format!("`{}` is back", head.title)));
        let index = conversations.heads.partition_point(|other| other.asked_at > head.asked_at);
        conversations.heads.insert(index, head);
        conversations.changes += 1;
        if conversations.search.found.is_none() {
            conversations.selected = index;
        }
        self.tell(notice);
        vec![Effect::RestoreConversation(id)]
    }

    pub(super) fn desk_reports(&mut self, report: DeskReport) -> Vec<Effect> {
        match report {
            DeskReport::Listed { changes, .. } if changes < self.conversations.changes => {}
            DeskReport::Listed { heads, .. } => {
                let chosen = self.conversations.chosen().map(|head| head.id);
                let conversations = &mut self.conversations;
                conversations.heads = heads;
                if conversations.search.found.is_some() {
                    return vec![conversations.search.look()];
                }
                // Who has chosen one stays on it when another one comes before it.
                let index = conversations.heads.iter().position(|head| Some(head.id) == chosen);
                conversations.selected = index.unwrap_or(conversations.selected);
                conversations.clamp();
            }
            DeskReport::Found { number, conversations: found } => {
                let chosen = self.conversations.chosen().map(|head| head.id);
                let conversations = &mut self.conversations;
                let search = &mut conversations.search;
                if number != search.asked || !search.is_awaited() {
                    return Vec::new();
                }
                let index = found.iter().position(|found| Some(found.head.id) == chosen);
                search.found = Some(found);
                search.told = number;
                let opens = std::mem::take(&mut search.opens);
                conversations.selected = index.unwrap_or_default();
                if opens {
                    return self.open_chosen_conversation();
                }
            }
            DeskReport::Opened { id, turns, chosen } => self.open_conversation(id, turns, chosen),
            DeskReport::History(history) => self.question.remember(history),
        }
        Vec::new()
    }
}

impl Search {
    /// Whether what is typed has not been looked for yet.
    fn is_awaited(&self) -> bool {
        self.told < self.asked
    }

    /// Looks for what is typed.
    pub(super) fn look(&mut self) -> Effect {
        self.asked += 1;
        self.opens = false;
        Effect::SearchConversations { number: self.asked, words: self.input.text().to_owned() }
    }
}
