//! What comes of choosing a model, and of what becomes of it?

use super::moved;
use crate::state::State;
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::message::ModelReport;
use crate::state::model::ModelState;
use crate::state::notice::Notice;

impl State {
    pub(super) fn act_in_models(&mut self, action: Action) -> Vec<Effect> {
        let model = &mut self.model;
        if action != Action::Open {
            // One row more than files: answers without a model.
            if let Some(selected) = moved(model.selected, model.found.len() + 1, action) {
                model.selected = selected;
            }
            return Vec::new();
        }
        let Some(found) = model.found.get(model.selected) else {
            model.is_chosen = true;
            self.layers.pop();
            return vec![Effect::UnloadModel];
        };
        if let Some(fault) = &found.fault {
            let notice = Notice::error(format!("`{}` can't be used: {fault}", found.name));
            self.tell(notice);
            return Vec::new();
        }
        let path = found.path.clone();
        model.is_chosen = true;
        self.layers.pop();
        vec![Effect::LoadModel(path)]
    }

    pub(super) fn model_reports(&mut self, report: ModelReport) -> Vec<Effect> {
        let model = &mut self.model;
        match report {
            ModelReport::Listed { folder, found, free, suitable } => {
                model.folder = Some(folder);
                model.found = found;
                // What is loaded makes room for the next one.
                model.free = free.map(|free| free.saturating_add(model.taken()));
                model.selected = model.selected.min(model.found.len());
                let is_open = !model.is_chosen && model.state == ModelState::Quotes;
                return suitable.filter(|_| is_open).map(Effect::LoadModel).into_iter().collect();
            }
            ModelReport::Loading { path, share } => {
                model.state = ModelState::Loading { path, share };
            }
            ModelReport::Loaded(loaded) => model.state = ModelState::Ready(loaded),
            ModelReport::Unloaded => model.state = ModelState::Quotes,
            ModelReport::Refused { path, reason } => {
                model.state = ModelState::Refused { path, reason: reason.clone() };
                self.tell(Notice::error(reason));
            }
        }
        Vec::new()
    }
}
