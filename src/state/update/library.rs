//! What comes of what is done to the library, and of what it tells?

use super::moved;
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::library::Stage;
use crate::state::message::LibraryReport;
use crate::state::notice::Notice;
use crate::state::{FolderPrompt, Layer, State};

impl State {
    pub(super) fn act_in_library(&mut self, action: Action) -> Vec<Effect> {
        if action != Action::Remove {
            self.library.leaving = None;
        }
        match action {
            Action::Add => self.raise(Layer::Folder(FolderPrompt::default())),
            Action::Remove => {
                let Some(folder) = self.library.folder().map(|folder| folder.path.clone()) else {
                    return Vec::new();
                };
                if self.library.leaving.take_if(|leaving| *leaving == folder).is_some() {
                    return vec![Effect::RemoveFolder(folder)];
                }
                self.library.leaving = Some(folder);
            }
            Action::Pause => {
                return vec![Effect::Pause(self.library.stage != Stage::Paused)];
            }
            _ => {
                let library = &mut self.library;
                if let Some(selected) = moved(library.selected, library.rows(), action) {
                    library.selected = selected;
                }
            }
        }
        Vec::new()
    }

    pub(super) fn library_reports(&mut self, report: LibraryReport) -> Vec<Effect> {
        match report {
            LibraryReport::Stage(stage) => self.library.stage = stage,
            LibraryReport::Content(content) => {
                self.library.content = *content;
                self.library.selected =
                    self.library.selected.min(self.library.rows().saturating_sub(1));
                // Only once: who closes it has seen it.
                if !std::mem::replace(&mut self.welcomed, true)
                    && self.library.content.folders.is_empty()
                {
                    self.raise(Layer::Folder(FolderPrompt::default()));
                }
            }
            LibraryReport::FolderAdded(path) => {
                if matches!(self.layers.last(), Some(Layer::Folder(_))) {
                    self.layers.pop();
                }
                self.tell(Notice::note(format!("`{}` is in the library", path.display())));
            }
            LibraryReport::FolderRefused { typed, reason } => match self.layers.last_mut() {
                Some(Layer::Folder(prompt)) if prompt.input.text().trim() == typed => {
                    prompt.refused = Some(reason);
                }
                _ => self.tell(Notice::error(reason)),
            },
        }
        Vec::new()
    }
}
