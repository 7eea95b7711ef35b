//! What comes of typing a folder?

use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::input::Input;
use crate::state::{FolderPrompt, Layer, State};

impl State {
    pub(super) fn act_in_folder_prompt(&mut self, action: Action) -> Vec<Effect> {
        let Some(Layer::Folder(prompt)) = self.layers.last_mut() else { return Vec::new() };
        match action {
            Action::Confirm => {
                let typed = prompt.input.text().trim().to_owned();
                if typed.is_empty() {
                    self.layers.pop();
                    return Vec::new();
                }
                vec![Effect::AddFolder { typed }]
            }
            Action::Complete | Action::Down => prompt.complete(true),
            Action::CompleteBack | Action::Up => prompt.complete(false),
            _ => {
                let before = prompt.input.text().len();
                prompt.input.edit(action);
                if prompt.input.text().len() == before { Vec::new() } else { prompt.typed() }
            }
        }
    }
}

impl FolderPrompt {
    /// The line has changed: what it could mean is asked for anew.
    pub(super) fn typed(&mut self) -> Vec<Effect> {
        self.refused = None;
        self.taken = None;
        vec![Effect::Complete { typed: self.input.text().to_owned() }]
    }

    /// Puts in what all candidates have in common, else one candidate after the other.
    fn complete(&mut self, forward: bool) -> Vec<Effect> {
        let common = common_start(&self.candidates);
        let is_progress = self.taken.is_none() && common.len() > self.input.text().len() && forward;
        if is_progress {
            self.input = Input::new(common);
            return self.typed();
        }
        let count = self.candidates.len();
        let index = match (&self.taken, forward) {
            (None, true) => 0,
            (None, false) => count.saturating_sub(1),
            (Some((index, _)), true) => (index + 1) % count.max(1),
            (Some((index, _)), false) => (index + count.saturating_sub(1)) % count.max(1),
        };
        let Some(candidate) = self.candidates.get(index) else {
            return if self.taken.is_none() { self.typed() } else { Vec::new() };
        };
        let typed = match self.taken.take() {
            Some((_, typed)) => typed,
            None => self.input.text().to_owned(),
        };
        self.input = Input::new(candidate);
        self.taken = Some((index, typed));
        self.refused = None;
        Vec::new()
    }
}

/// The longest beginning that all texts share.
fn common_start(texts: &[String]) -> &str {
    let Some((first, others)) = texts.split_first() else { return "" };
    others.iter().fold(first.as_str(), |common, text| {
        let end = common
            .char_indices()
            .zip(text.chars())
            .find(|((_, a), b)| a != b)
            .map_or(common.len().min(text.len()), |((at, _), _)| at);
        common.get(..end).unwrap_or_default()
    })
}
