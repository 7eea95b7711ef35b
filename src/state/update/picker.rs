//! What comes of picking one of many?

use super::elsewhere::elsewhere;
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::message::Place;
use crate::state::notice::Notice;
use crate::state::picker::{Choice, Picker, PickerKind, Row};
use crate::state::question::Chip;
use crate::state::{Context, Layer, State};

/// How many actions that were asked for by name come first in the palette.
const USED: usize = 3;

impl State {
    /// Shows all that can be done where keys go now; closes it when it is open.
    pub(super) fn open_palette(&mut self) -> Vec<Effect> {
        let of = self.context();
        if of == Context::Picker {
            self.layers.pop();
            return Vec::new();
        }
        let row = |action: Action| Row {
            text: action.description().to_owned(),
            name: action.name().to_owned(),
            note: String::new(),
            also: action.also(),
            choice: Choice::Do(action),
        };
        let mut offered = Action::in_context(of);
        offered.retain(|action| *action != Action::Palette && self.is_offered(*action));
        // What was asked for by its name before may be wanted again; what every hand knows is not looked for here.
        offered.sort_by_key(|action| {
            let used = self.used.iter().position(|used| used == action);
            let is_known = action.is_motion() || action.is_usual();
            (used.unwrap_or(self.used.len()), is_known, action.breadth())
        });
        let sources = self.shown().map_or(0, |turn| turn.hits.len());
        let elsewhere = elsewhere(of, sources).map(|(view, context, action)| Row {
            text: format!("{view}: {}", action.description()),
            name: action.name().to_owned(),
            note: String::new(),
            also: action.also(),
            choice: Choice::Elsewhere(context, action),
        });
        let rows = offered.into_iter().map(row).chain(elsewhere).collect();
        self.raise(Layer::Picker(Box::new(Picker::new(PickerKind::Action(of), rows))));
        Vec::new()
    }

    /// Whether there is anything that an action could be done to.
    fn is_offered(&self, action: Action) -> bool {
        let sources = self.shown().map_or(0, |turn| turn.hits.len());
        match action {
            Action::AskAlone => self.conversation.goes_on(),
            Action::UnpinAll => !self.conversation.chosen.pinned.is_empty(),
            Action::TakeAllIn => !self.conversation.chosen.excluded.is_empty(),
            _ => action.source().is_none_or(|number| number <= sources),
        }
    }

    /// Shows the questions that were asked, the latest first; what stands in the question line is looked for among them.
    pub(super) fn open_history(&mut self) {
        let history = &self.question.history;
        if history.is_empty() {
            self.tell(Notice::note("no question was asked yet"));
            return;
        }
        let rows = history.iter().enumerate().rev().map(|(index, question)| Row {
            text: question.replace('\n', " "),
            name: String::new(),
            note: String::new(),
            also: "",
            choice: Choice::Past(index),
        });
        let picker = Picker::new(PickerKind::Past, rows.collect());
        let picker = picker.begun(self.question.input.text().trim());
        self.raise(Layer::Picker(Box::new(picker)));
    }

    /// Shows what a question can be limited to.
    pub(super) fn open_places(&mut self) -> Vec<Effect> {
        if self.library.is_empty() {
            self.tell(Notice::note("there is no folder in the library yet"));
            return Vec::new();
        }
        self.raise(Layer::Picker(Box::new(Picker::waiting(PickerKind::Place))));
        vec![Effect::ListPlaces]
    }

    pub(super) fn placed(&mut self, places: Vec<Place>) {
        let waiting = self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Picker(picker) if picker.kind == PickerKind::Place => Some(picker),
            _ => None,
        });
        let Some(picker) = waiting else { return };
        let rows = places.into_iter().map(|place| Row {
            text: match place.documents {
                Some(_) => format!("{}/", place.way),
                None => place.way.clone(),
            },
            name: String::new(),
            note: place.documents.map(counted).unwrap_or_default(),
            also: "",
            choice: Choice::Place(Chip { way: place.way }),
        });
        picker.fill(rows.collect());
    }

    pub(super) fn act_in_picker(&mut self, action: Action) -> Vec<Effect> {
        let Some(Layer::Picker(picker)) = self.layers.last_mut() else { return Vec::new() };
        if action == Action::Backspace
            && picker.kind == PickerKind::Place
            && picker.input.is_empty()
        {
            // The sign that opened it is taken back.
            self.layers.pop();
            return Vec::new();
        }
        if matches!(action, Action::Confirm | Action::Open) {
            let Some(choice) = picker.choices.choice().cloned() else { return Vec::new() };
            self.layers.pop();
            return self.choose(choice);
        }
        let (cursor, end) = (picker.input.cursor(), picker.input.text().len());
        match action {
            // Where the line goes no further, the rows do.
            Action::LineEnd if cursor == end => picker.choices.go_to_end(true),
            Action::LineStart if cursor == 0 => picker.choices.go_to_end(false),
            _ if picker.choices.go(action) => {}
            _ => {
                picker.input.edit(action);
                picker.typed();
            }
        }
        Vec::new()
    }

    pub(super) fn choose(&mut self, choice: Choice) -> Vec<Effect> {
        match choice {
            // It was asked for by its name: nobody does that by mistake.
            Choice::Do(Action::Quit) => vec![Effect::Quit],
            Choice::Do(action) => {
                self.used.retain(|used| *used != action);
                self.used.insert(0, action);
                self.used.truncate(USED);
                self.act(action)
            }
            Choice::Elsewhere(context, action) => self.act_elsewhere(context, action),
            Choice::Past(index) => {
                self.question.recall(index);
                Vec::new()
            }
            Choice::Place(chip) => {
                self.add_chip(chip);
                Vec::new()
            }
        }
    }
}

fn counted(documents: u64) -> String {
    if documents == 1 { "1 document".to_owned() } else { format!("{documents} documents") }
}
