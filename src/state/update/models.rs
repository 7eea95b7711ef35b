//! What comes of choosing a model, and of what becomes of it?

use super::{LIST_PAGE, moved};
use crate::cli::NO_MODEL;
use crate::state::State;
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::library::Stage;
use crate::state::look::Choice;
use crate::state::message::ModelReport;
use crate::state::model::{Change, Maker, ModelState};
use crate::state::notice::Notice;

impl State {
    pub(super) fn act_in_models(&mut self, action: Action) -> Vec<Effect> {
        if action == Action::Open && self.model.chosen_embedder().is_some() {
            return self.choose_embedder();
        }
        let model = &mut self.model;
        model.change = None;
        match action {
            Action::Open => return self.choose_model(),
            Action::Unload => {
                (model.is_chosen, model.remembers) = (true, None);
                model.selected = model.found.len();
                return vec![Effect::UnloadModel];
            }
            Action::ReadAgain => return vec![Effect::ListModels],
            _ => {
                if let Some(selected) = moved(model.selected, model.rows(), LIST_PAGE, action) {
                    model.selected = selected;
                }
            }
        }
        Vec::new()
    }

    /// Lets the chosen one answer from now on, and at the next start.
    fn choose_model(&mut self) -> Vec<Effect> {
        let model = &mut self.model;
        let Some(found) = model.found.get(model.selected) else {
            (model.is_chosen, model.remembers) = (true, None);
            self.layers.pop();
            let kept = self.remember(NO_MODEL.to_owned(), "answers are quotes");
            return vec![Effect::UnloadModel, kept];
        };
        if let Some(fault) = &found.fault {
            let notice = Notice::error(format!("`{}` can't be used: {fault}", found.name));
            self.tell(notice);
            return Vec::new();
        }
        let (path, typed) = (found.path.clone(), found.typed.clone());
        (model.is_chosen, model.remembers) = (true, None);
        self.layers.pop();
        if let ModelState::Ready(loaded) = &model.state
            && loaded.path == path
        {
            // It answers already.
            let told = format!("`{}` answers", loaded.name);
            return vec![self.remember(typed, &told)];
        }
        // Not before it is loaded: one that is too large for this machine would be tried again at each start.
        model.remembers = Some((path.clone(), typed));
        vec![Effect::LoadModel(path)]
    }

    /// Remembers what writes answers, and says so.
    fn remember(&mut self, typed: String, told: &str) -> Effect {
        self.tell(Notice::note(format!("{told} from now on, also at the next start")));
        Effect::Keep(Choice::Model(typed))
    }

    /// Says first what a change costs, and makes it when it is asked for once more.
    fn choose_embedder(&mut self) -> Vec<Effect> {
        let model = &mut self.model;
        let Some(chosen) = model.chosen_embedder().cloned() else { return Vec::new() };
        if let Some(fault) = &chosen.fault {
            self.tell(Notice::error(format!("`{}` can't be used: {fault}", chosen.name)));
        } else if model.maker.is(chosen.folder.as_deref()) {
            self.tell(Notice::note(format!("`{}` makes the vectors already", chosen.name)));
        } else if self.library.stage == Stage::Elsewhere {
            self.tell(Notice::note(
                "another docent makes the vectors of this library: change the embedder there",
            ));
        } else {
            match &model.change {
                Some(change) if change.folder == chosen.folder => {
                    if change.cost.is_some() {
                        model.change = None;
                        model.maker = Maker::of(chosen.folder.clone());
                        // Where there is no other one, there is nothing to choose from any more.
                        model.selected = model.selected.min(model.rows() - 1);
                        let told = format!(
                            "`{}` makes the vectors from now on, also at the next start",
                            chosen.name
                        );
                        self.tell(Notice::note(told));
                        return vec![
                            Effect::ChooseEmbedder(chosen.folder),
                            Effect::Keep(Choice::Embedder(chosen.typed)),
                        ];
                    }
                }
                _ => {
                    model.change = Some(Change { folder: chosen.folder.clone(), cost: None });
                    return vec![Effect::WeighEmbedder(chosen.folder)];
                }
            }
        }
        Vec::new()
    }

    pub(super) fn model_reports(&mut self, report: ModelReport) -> Vec<Effect> {
        let model = &mut self.model;
        match report {
            ModelReport::Listed { folder, found, free, suitable, embedders, maker } => {
                // Who has chosen a file stays on it, and begins on the one that answers.
                let chosen = match model.found.get(model.selected) {
                    Some(found) => Some(found.path.clone()),
                    None if model.folder.is_some() => None,
                    None => model.state.path().cloned(),
                };
                let was_none = model.folder.is_some() && chosen.is_none();
                model.folder = Some(folder);
                let row_of_embedder = model.selected.checked_sub(model.found.len() + 1);
                model.found = found;
                (model.embedders, model.maker) = (embedders, maker);
                let index =
                    model.found.iter().position(|found| Some(&found.path) == chosen.as_ref());
                model.selected = match (index, row_of_embedder) {
                    (Some(index), _) => index,
                    (None, Some(row)) if was_none => model.found.len() + 1 + row,
                    (None, None) if was_none => model.found.len(),
                    (None, _) => model.selected,
                };
                model.selected = model.selected.min(model.rows() - 1);
                // What is loaded makes room for the next one.
                model.free = free.map(|free| free.saturating_add(model.taken()));
                let is_open = !model.is_chosen && model.state == ModelState::Quotes;
                return suitable.filter(|_| is_open).map(Effect::LoadModel).into_iter().collect();
            }
            ModelReport::Weighed { folder, cost } => {
                let is_wanted = |change: &&mut Change| change.folder == folder;
                match (model.change.as_mut().filter(is_wanted), cost) {
                    (None, _) => {}
                    (Some(change), Ok(cost)) => change.cost = Some(cost),
                    (Some(_), Err(reason)) => {
                        model.change = None;
                        self.tell(Notice::error(reason));
                    }
                }
            }
            ModelReport::Loading { path, share } => {
                model.state = ModelState::Loading { path, share };
            }
            ModelReport::Loaded(loaded) => {
                let is_chosen = |(path, _): &mut (_, _)| *path == loaded.path;
                let remembered = model.remembers.take_if(is_chosen);
                let told = format!("`{}` answers", loaded.name);
                model.state = ModelState::Ready(loaded);
                let kept = remembered.map(|(_, typed)| self.remember(typed, &told));
                return kept.into_iter().collect();
            }
            ModelReport::Unloaded => model.state = ModelState::Quotes,
            ModelReport::Refused { path, reason } => {
                model.remembers.take_if(|(chosen, _)| *chosen == path);
                model.state = ModelState::Refused { path, reason: reason.clone() };
                self.tell(Notice::error(reason));
            }
        }
        Vec::new()
    }
}
