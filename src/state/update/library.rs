//! What comes of what is done to the library, and of what it tells?

use std::path::PathBuf;

use super::moved;
use crate::state::action::Action;
use crate::state::effect::{Effect, Wanted};
use crate::state::input::Input;
use crate::state::library::{Library, Stage};
use crate::state::message::LibraryReport;
use crate::state::notice::Notice;
use crate::state::tree::RowKind;
use crate::state::{Context, FolderPrompt, Layer, State, Welcome};

impl State {
    /// Shows the library as it is now, or leaves it.
    pub(super) fn toggle_library(&mut self) -> Vec<Effect> {
        self.library.leaving = None;
        let library = &mut self.library;
        // What is hardly anything is shown at once.
        if let ([only], 0) = (library.content.folders.as_slice(), library.tree.rows.total) {
            library.tree.open.insert(only.path.clone());
        }
        let look = library.tree.look();
        self.toggle(Layer::Library, Some(look))
    }

    pub(super) fn act_in_library(&mut self, action: Action) -> Vec<Effect> {
        if action != Action::Remove {
            self.library.leaving = None;
        }
        let tree = &mut self.library.tree;
        if action == Action::Open && tree.opens_later() {
            return Vec::new();
        }
        let chosen = tree.chosen();
        let is_folder = chosen.is_some_and(|row| matches!(row.kind, RowKind::Folder { .. }));
        let path = chosen.map(|row| row.path.clone());
        match (action, path) {
            (Action::Add, _) => self.raise(Layer::Folder(FolderPrompt::default())),
            (Action::Pause, _) => {
                return vec![Effect::Pause(self.library.stage != Stage::Paused)];
            }
            (Action::Find, _) => {
                tree.is_finding = true;
                tree.filter.mark();
            }
            (Action::Problems, _) => {
                tree.only_problems = !tree.only_problems;
                return self.show_rows();
            }
            (Action::Remove, Some(path)) => return self.remove_folder(path),
            (Action::ReadAgain, Some(path)) => return vec![Effect::ReadAgain(path)],
            (Action::Open, Some(path)) if is_folder => return self.open_folder(path, None),
            (Action::Expand, Some(path)) if is_folder => return self.open_folder(path, Some(true)),
            (Action::Collapse, Some(path)) => {
                let is_open = is_folder && !tree.is_filtered() && tree.open.contains(&path);
                return if is_open {
                    self.open_folder(path, Some(false))
                } else {
                    tree.choose_parent().into_iter().collect()
                };
            }
            (Action::Open, Some(path)) => return vec![Effect::OpenDocument(whole(path))],
            _ => return self.move_in_library(action),
        }
        Vec::new()
    }

    /// What is typed to find something in the library.
    pub(super) fn act_in_library_find(&mut self, action: Action) -> Vec<Effect> {
        let tree = &mut self.library.tree;
        match action {
            Action::Confirm => tree.is_finding = false,
            Action::Up | Action::Down | Action::PageUp | Action::PageDown => {
                return self.move_in_library(action);
            }
            _ => {
                let before = tree.filter.text().len();
                tree.filter.edit(action);
                if tree.filter.text().len() != before {
                    return vec![tree.find()];
                }
            }
        }
        Vec::new()
    }

    fn move_in_library(&mut self, action: Action) -> Vec<Effect> {
        let page = self.measures.library.height;
        let tree = &mut self.library.tree;
        let to = moved(tree.selected, tree.rows.total, page, action);
        to.and_then(|to| tree.choose(to)).into_iter().collect()
    }

    /// Opens a folder or closes it: as `wanted`, else as it is not. An open one is entered.
    fn open_folder(&mut self, path: PathBuf, wanted: Option<bool>) -> Vec<Effect> {
        let tree = &mut self.library.tree;
        let is_open = tree.is_filtered() || tree.open.contains(&path);
        if wanted == Some(true) && is_open {
            let next = tree.selected + 1;
            let depth = |index| tree.row(index).map(|row| row.depth);
            let is_inside = depth(next) > depth(tree.selected);
            return if is_inside { tree.choose(next).into_iter().collect() } else { Vec::new() };
        }
        if tree.is_filtered() {
            // All that fits is shown as long as something is filtered.
            return Vec::new();
        }
        if is_open {
            tree.open.remove(&path);
        } else {
            tree.open.insert(path);
        }
        vec![tree.look()]
    }

    /// Takes a watched folder out of the library when it is asked for twice.
    fn remove_folder(&mut self, path: PathBuf) -> Vec<Effect> {
        let is_watched = self.library.tree.chosen().is_some_and(|row| row.depth == 0);
        if !is_watched {
            self.tell(Notice::note(
                "only a watched folder is taken out as a whole; to leave out something in it, name it in a `.docentignore` there",
            ));
            return Vec::new();
        }
        if self.library.leaving.take_if(|leaving| *leaving == path).is_some() {
            return vec![Effect::RemoveFolder(path)];
        }
        self.library.leaving = Some(path);
        Vec::new()
    }

    /// Shows all again when something was filtered. Whether something was.
    pub(super) fn show_all(&mut self) -> Option<Vec<Effect>> {
        let tree = &mut self.library.tree;
        if !tree.is_finding && !tree.is_filtered() {
            return None;
        }
        tree.is_finding = false;
        tree.only_problems = false;
        tree.filter = Input::default();
        Some(self.show_rows())
    }

    /// What is shown has changed; the chosen row stays in sight.
    fn show_rows(&mut self) -> Vec<Effect> {
        let Library { tree, content, .. } = &mut self.library;
        if let Some(path) = tree.chosen().map(|row| row.path.clone()) {
            let roots: Vec<PathBuf> =
                content.folders.iter().map(|folder| folder.path.clone()).collect();
            tree.open_around(&path, &roots);
        }
        vec![tree.look()]
    }

    /// Asks for the rows anew where they are shown.
    fn refresh_rows(&mut self) -> Vec<Effect> {
        let is_shown = self.layers.iter().any(|layer| matches!(layer, Layer::Library));
        if is_shown { vec![self.library.tree.look()] } else { Vec::new() }
    }

    pub(super) fn library_reports(&mut self, report: LibraryReport) -> Vec<Effect> {
        match report {
            LibraryReport::Stage(stage) => {
                let before = std::mem::replace(&mut self.library.stage, stage);
                let now = &self.library.stage;
                if std::mem::discriminant(&before) != std::mem::discriminant(now) {
                    return self.refresh_rows();
                }
            }
            LibraryReport::Content(content) => {
                let before = std::mem::replace(&mut self.library.content, *content);
                if self.library.stage == Stage::Opening {
                    // Who tells what is in it has opened it, and looks for changes next.
                    self.library.stage = Stage::Scanning;
                }
                // Only once: who closes it has seen it.
                if !std::mem::replace(&mut self.welcomed, true)
                    && self.library.content.folders.is_empty()
                {
                    self.raise(Layer::Welcome(Welcome::default()));
                }
                let mut effects = self.refresh_rows();
                if before.passages != self.library.content.passages {
                    effects.extend(self.count_again());
                }
                return effects;
            }
            LibraryReport::Rows(rows) => {
                let opens = self.library.tree.take(*rows);
                if opens && self.context() == Context::Library {
                    return self.act_in_library(Action::Open);
                }
            }
            LibraryReport::FolderAdded(path) => {
                match self.layers.last_mut() {
                    Some(Layer::Folder(_)) => drop(self.layers.pop()),
                    // Others may follow.
                    Some(Layer::Welcome(welcome)) => welcome.folder = FolderPrompt::default(),
                    _ => {}
                }
                self.tell(Notice::note(format!("`{}` is in the library", path.display())));
                // Who added it wants to see it.
                let is_shown = matches!(self.layers.last(), Some(Layer::Library));
                if is_shown {
                    return vec![self.library.tree.go_to_folder(path)];
                }
                self.library.tree.open.insert(path);
            }
            LibraryReport::FolderRefused { typed, reason } => match self.folder_prompt() {
                Some(prompt) if prompt.line.input.text().trim() == typed => {
                    prompt.refused = Some(reason);
                }
                _ => self.tell(Notice::error(reason)),
            },
        }
        Vec::new()
    }
}

/// A document that is opened for itself, not for what is cited.
fn whole(path: PathBuf) -> Wanted {
    Wanted {
        path,
        sha256: None,
        page: None,
        passage: String::new(),
        section: String::new(),
        highlights: Vec::new(),
        n: 0,
        is_cited: false,
        kept: None,
    }
}
