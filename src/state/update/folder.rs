//! What comes of typing a folder?

use crate::state::action::Action;
use crate::state::effect::{Effect, Sought};
use crate::state::{Field, FolderPrompt, Layer, State};

impl State {
    pub(super) fn act_in_folder_prompt(&mut self, action: Action) -> Vec<Effect> {
        let Some(Layer::Folder(prompt)) = self.layers.last_mut() else { return Vec::new() };
        match action {
            Action::Confirm => {
                let added = prompt.add();
                if added.is_none() {
                    self.layers.pop();
                }
                added.into_iter().collect()
            }
            Action::Down => prompt.edit(Action::Complete),
            Action::Up => prompt.edit(Action::CompleteBack),
            _ => prompt.edit(action),
        }
    }

    /// At the first start Enter adds what is typed, opens what is chosen, and leaves when nothing is left to be settled.
    pub(super) fn act_in_welcome(&mut self, action: Action) -> Vec<Effect> {
        let has_folder = !self.library.content.folders.is_empty();
        let Some(Layer::Welcome(welcome)) = self.layers.last_mut() else { return Vec::new() };
        match (action, welcome.field) {
            (Action::Up, Field::Theme) | (Action::Down, Field::Folders) => {
                welcome.field = Field::Model;
            }
            (Action::Up, _) => welcome.field = Field::Folders,
            (Action::Down, _) => welcome.field = Field::Theme,
            (Action::Confirm, Field::Folders) if welcome.folder.is_question() => {
                if !has_folder {
                    let reason = "no folder is there to ask yet: type the path of one first";
                    welcome.folder.refused = Some(reason.to_owned());
                    return Vec::new();
                }
                let typed = welcome.folder.line.input.take();
                self.layers.pop();
                self.question.input.paste(&typed);
                return self.send();
            }
            (Action::Confirm, Field::Folders) => {
                let added = welcome.folder.add();
                match (&added, has_folder) {
                    (Some(_), _) => {}
                    (None, true) => drop(self.layers.pop()),
                    (None, false) => welcome.field = Field::Model,
                }
                return added.into_iter().collect();
            }
            (Action::Confirm | Action::Open, Field::Model) => {
                return self.toggle(Layer::Models, Some(Effect::ListModels));
            }
            (Action::Confirm | Action::Open, Field::Theme) => return self.begin_themes(),
            (Action::Left | Action::Right, Field::Theme) => {
                return self.step_theme(action == Action::Right);
            }
            (_, Field::Folders) => return welcome.folder.edit(action),
            (_, Field::Model | Field::Theme) => {}
        }
        Vec::new()
    }

    /// The line for a folder that is typed in now.
    pub(super) fn folder_prompt(&mut self) -> Option<&mut FolderPrompt> {
        match self.layers.last_mut()? {
            Layer::Folder(prompt) => Some(prompt),
            Layer::Welcome(welcome) => Some(&mut welcome.folder),
            _ => None,
        }
    }
}

impl FolderPrompt {
    /// The line has changed: what it could mean is asked for anew.
    pub(super) fn typed(&mut self) -> Vec<Effect> {
        self.refused = None;
        vec![self.line.typed(Sought::Folder)]
    }

    /// Lets the folder that is typed join the library, if one is.
    fn add(&self) -> Option<Effect> {
        let typed = self.line.input.text().trim().to_owned();
        (!typed.is_empty()).then_some(Effect::AddFolder { typed })
    }

    /// Whether what is typed is rather a question than a folder.
    fn is_question(&self) -> bool {
        let typed = self.line.input.text().trim();
        !typed.contains(['/', '\\'])
            && (typed.ends_with('?') || typed.split_whitespace().count() > 3)
    }

    fn edit(&mut self, action: Action) -> Vec<Effect> {
        if matches!(action, Action::Complete | Action::CompleteBack) {
            self.refused = None;
            let completed = self.line.complete(action == Action::Complete, Sought::Folder);
            return completed.into_iter().collect();
        }
        let before = self.line.input.text().len();
        self.line.input.edit(action);
        if self.line.input.text().len() == before { Vec::new() } else { self.typed() }
    }
}
