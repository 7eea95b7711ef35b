//! What comes of writing answers to a file?

use docent_index::query;

use crate::state::action::Action;
use crate::state::conversation::Turn;
use crate::state::effect::{Effect, Sought};
use crate::state::message::ExportReport;
use crate::state::notice::Notice;
use crate::state::path::PathLine;
use crate::state::{ExportPrompt, Exported, Layer, Pane, State};

/// The longest name that is proposed for an export, in characters.
const FILE_NAME: usize = 60;

impl State {
    pub(super) fn act_in_export_prompt(&mut self, action: Action) -> Vec<Effect> {
        let answers = self.conversation.answers();
        let Some(Layer::Export(prompt)) = self.layers.last_mut() else { return Vec::new() };
        if action == Action::Confirm {
            let (typed, replace) = (prompt.line.input.text().trim().to_owned(), prompt.exists);
            if typed.is_empty() {
                return Vec::new();
            }
            return vec![match prompt.of.id {
                Some(id) => Effect::ExportConversation { id, typed, replace },
                None => Effect::Export { answers, typed, replace },
            }];
        }
        if matches!(action, Action::Complete | Action::CompleteBack) {
            let forward = action == Action::Complete;
            (prompt.exists, prompt.refused) = (false, None);
            return prompt.line.complete(forward, Sought::File).into_iter().collect();
        }
        let before = prompt.line.input.text().len();
        prompt.line.input.edit(action);
        if prompt.line.input.text().len() == before { Vec::new() } else { prompt.typed() }
    }

    /// Asks for a file for the conversation that is chosen in the list, when that has the keys, else for the open one.
    pub(super) fn begin_export(&mut self) -> Vec<Effect> {
        let is_in_list = self.layers.is_empty() && self.focus == Pane::Conversations;
        let chosen = self.conversations.chosen().filter(|_| is_in_list);
        let folder = self.folder.clone();
        if let Some(head) = chosen.filter(|head| Some(head.id) != self.conversation.id) {
            let of = Exported { title: head.title.clone(), id: Some(head.id) };
            let line = PathLine::new(format!("{}.md", file_name(&head.title)));
            let prompt = ExportPrompt { line, of, folder, ..ExportPrompt::default() };
            return self.toggle(Layer::Export(prompt), None);
        }
        let Some(first) = self.conversation.turns.iter().find_map(Turn::answered) else {
            self.tell(Notice::note("there is no answer to export yet"));
            return Vec::new();
        };
        let line = PathLine::new(format!("{}.md", file_name(query::parted(&first.question).0)));
        let of = Exported { title: self.title().unwrap_or_default().to_owned(), id: None };
        let prompt = ExportPrompt { line, of, folder, ..ExportPrompt::default() };
        self.toggle(Layer::Export(prompt), None)
    }

    pub(super) fn export_reports(&mut self, report: ExportReport) {
        match (report, self.layers.last_mut()) {
            (ExportReport::Written(path), top) => {
                if matches!(top, Some(Layer::Export(_))) {
                    self.layers.pop();
                }
                self.tell(Notice::note(format!("written to `{}`", path.display())));
            }
            (ExportReport::Exists(_), Some(Layer::Export(prompt))) => prompt.exists = true,
            (ExportReport::Exists(path), _) => {
                let told = format!("`{}` is there already: nothing is written", path.display());
                self.tell(Notice::error(told));
            }
            (ExportReport::Refused { reason }, Some(Layer::Export(prompt))) => {
                prompt.refused = Some(reason);
            }
            (ExportReport::Refused { reason }, _) => self.tell(Notice::error(reason)),
        }
    }
}

impl ExportPrompt {
    /// Another name is another file.
    pub(super) fn typed(&mut self) -> Vec<Effect> {
        self.exists = false;
        self.refused = None;
        vec![self.line.typed(Sought::File)]
    }
}

/// A file's name from a question: its words with hyphens between them.
fn file_name(question: &str) -> String {
    let words = question.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = String::new();
    for word in words {
        if name.chars().count() + word.chars().count() >= FILE_NAME {
            break;
        }
        if !name.is_empty() {
            name.push('-');
        }
        name.extend(word.chars().flat_map(char::to_lowercase));
    }
    if name.is_empty() { "answer".to_owned() } else { name }
}
