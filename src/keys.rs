//! Which key asks for what?
//!
//! One table, read from TOML, from which keys are looked up and help and hints are made.

mod chord;

use std::collections::HashMap;
use std::ops::Range;

use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use self::chord::{Chord, ChordError, Key};
use crate::meant::Meant;
use crate::state::Context;
use crate::state::action::Action;

/// The keys that docent comes with.
const DEFAULT: &str = include_str!("keys/default.toml");

/// Chords and the actions they are bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// In the order of the file within each place.
    bindings: Vec<Binding>,
    actions: HashMap<(Place, Chord), Action>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Binding {
    place: Place,
    action: Action,
    chords: Vec<Chord>,
}

/// What a chord can be bound in: a context, or what several of them share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    In(Context),
    Typing,
    Moving,
    Everywhere,
}

impl Place {
    const ALL: [(&'static str, Self); 20] = [
        ("everywhere", Self::Everywhere),
        ("typing", Self::Typing),
        ("moving", Self::Moving),
        ("question", Self::In(Context::Question)),
        ("conversation", Self::In(Context::Conversation)),
        ("sources", Self::In(Context::Sources)),
        ("conversations", Self::In(Context::Conversations)),
        ("welcome", Self::In(Context::Welcome)),
        ("folder", Self::In(Context::Folder)),
        ("document", Self::In(Context::Document)),
        ("document-prompt", Self::In(Context::DocumentPrompt)),
        ("why", Self::In(Context::Why)),
        ("find", Self::In(Context::Find)),
        ("library", Self::In(Context::Library)),
        ("models", Self::In(Context::Models)),
        ("themes", Self::In(Context::Themes)),
        ("export", Self::In(Context::Export)),
        ("rename", Self::In(Context::Rename)),
        ("picker", Self::In(Context::Picker)),
        ("help", Self::In(Context::Help)),
    ];

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, place)| *place)
    }

    /// Whether text is typed there, so that bare characters are no keys.
    fn is_typed_in(self) -> bool {
        match self {
            Self::In(context) => context.is_typed_in(),
            Self::Typing | Self::Everywhere => true,
            Self::Moving => false,
        }
    }
}

/// Why a table of keys can't be used. `line` counts from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeysError {
    #[error("the keys are no valid TOML: {0}")]
    Syntax(#[source] toml::de::Error),
    #[error("line {line}: there is no place `{name}`{meant}")]
    Place { line: usize, name: String, meant: Meant },
    #[error("line {line}: there is no action `{name}`{meant}")]
    Action { line: usize, name: String, meant: Meant },
    #[error("line {line}: {source}")]
    Chord { line: usize, source: ChordError },
    #[error("line {line}: `{name}` must be a table of actions: `[{name}]`")]
    NoTable { line: usize, name: String },
    #[error("line {line}: `{action}` must be a chord or a list of chords: `{action} = \"ctrl+x\"`")]
    NoChord { line: usize, action: &'static str },
    #[error("line {line}: `{chord}` is typed as text there: bind it with ctrl+ or alt+")]
    Typed { line: usize, chord: Chord },
    #[error("line {line}: `{chord}` is bound to `{first}` already")]
    Twice { line: usize, chord: Chord, first: &'static str },
}

impl Default for Keys {
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads it")]
    fn default() -> Self {
        Self::parse(DEFAULT).expect("the keys that docent comes with can be read")
    }
}

impl Keys {
    /// Reads a table of keys.
    pub fn parse(source: &str) -> Result<Self, KeysError> {
        let document = DeTable::parse(source).map_err(KeysError::Syntax)?;
        let mut keys = Self { bindings: Vec::new(), actions: HashMap::new() };
        keys.read(source, document.get_ref())?;
        Ok(keys)
    }

    /// Lays a table of `source` over what is there: an action has the chords that the table gives it in a place, and no
    /// others there; who had such a chord in the same place before loses it.
    pub fn lay_over(&mut self, source: &str, table: &DeTable<'_>) -> Result<(), KeysError> {
        let mut given = Self { bindings: Vec::new(), actions: HashMap::new() };
        given.read(source, table)?;
        for Binding { place, action, chords } in given.bindings {
            let is_it = |binding: &Binding| binding.place == place && binding.action == action;
            for binding in self.bindings.iter_mut().filter(|binding| binding.place == place) {
                binding.chords.retain(|chord| !chords.contains(chord));
            }
            self.actions.retain(|(at, _), bound| *at != place || *bound != action);
            self.actions.extend(chords.iter().map(|chord| ((place, *chord), action)));
            match self.bindings.iter_mut().find(|binding| is_it(binding)) {
                Some(binding) => binding.chords = chords,
                None => self.bindings.push(Binding { place, action, chords }),
            }
        }
        Ok(())
    }

    /// What is bound, as it is written down: the name of each place, an action and its chords.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, Action, &[Chord])> {
        Place::ALL.iter().flat_map(|(name, place)| {
            let of_place = self.bindings.iter().filter(move |binding| binding.place == *place);
            of_place.map(|binding| (*name, binding.action, binding.chords.as_slice()))
        })
    }

    fn read(&mut self, source: &str, table: &DeTable<'_>) -> Result<(), KeysError> {
        for (name, value) in in_order(table) {
            let line = line_of(source, &name.span());
            let name = name.get_ref().as_ref();
            let place = Place::from_name(name).ok_or_else(|| KeysError::Place {
                line,
                name: name.to_owned(),
                meant: Meant::among(name, Place::ALL.iter().map(|(name, _)| *name)),
            })?;
            let DeValue::Table(table) = value.get_ref() else {
                return Err(KeysError::NoTable { line, name: name.to_owned() });
            };
            for (name, value) in in_order(table) {
                self.bind(source, place, name, value)?;
            }
        }
        Ok(())
    }

    fn bind(
        &mut self,
        source: &str,
        place: Place,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), KeysError> {
        let line = line_of(source, &name.span());
        let name = name.get_ref().as_ref();
        let action = Action::from_name(name).ok_or_else(|| KeysError::Action {
            line,
            name: name.to_owned(),
            meant: Meant::among(name, Action::ALL.iter().map(|action| action.name())),
        })?;
        let no_chord = KeysError::NoChord { line, action: action.name() };
        let written = match value.get_ref() {
            DeValue::String(chord) => vec![(chord.as_ref(), value.span())],
            DeValue::Array(chords) => chords
                .iter()
                .map(|chord| Some((chord.get_ref().as_str()?, chord.span())))
                .collect::<Option<_>>()
                .ok_or(no_chord)?,
            _ => return Err(no_chord),
        };
        let mut chords = Vec::new();
        for (chord, span) in written {
            let line = line_of(source, &span);
            let chord: Chord = chord.parse().map_err(|source| KeysError::Chord { line, source })?;
            if place.is_typed_in() && chord.typed().is_some() {
                return Err(KeysError::Typed { line, chord });
            }
            if let Some(first) = self.actions.insert((place, chord), action) {
                return Err(KeysError::Twice { line, chord, first: first.name() });
            }
            chords.push(chord);
        }
        self.bindings.push(Binding { place, action, chords });
        Ok(())
    }

    /// What a chord asks for in a context.
    pub fn action(&self, context: Context, chord: Chord) -> Option<Action> {
        places(context).iter().find_map(|place| self.actions.get(&(*place, chord)).copied())
    }

    /// All that can be asked for in a context, with the chords that ask for it: the context's own first, then what it
    /// shares with others.
    pub fn bindings(&self, context: Context) -> Vec<(Action, Vec<Chord>)> {
        self.groups(context).into_iter().flatten().collect()
    }

    /// As [`bindings`](Self::bindings), parted into what is the context's own, what it shares with some and with all
    /// others. An action stands where it is bound first.
    pub fn groups(&self, context: Context) -> [Vec<(Action, Vec<Chord>)>; 3] {
        let mut listed: Vec<(usize, Action, Vec<Chord>)> = Vec::new();
        for (group, place) in places(context).into_iter().enumerate() {
            for binding in self.bindings.iter().filter(|binding| binding.place == place) {
                let effective: Vec<Chord> = binding
                    .chords
                    .iter()
                    .copied()
                    .filter(|chord| self.action(context, *chord) == Some(binding.action))
                    .collect();
                match listed.iter_mut().find(|(_, action, _)| *action == binding.action) {
                    Some((_, _, chords)) => {
                        for chord in effective {
                            if !chords.contains(&chord) {
                                chords.push(chord);
                            }
                        }
                    }
                    None if effective.is_empty() => {}
                    None => listed.push((group, binding.action, effective)),
                }
            }
        }
        [0, 1, 2].map(|wanted| {
            let of_group = listed.iter().filter(|(group, ..)| *group == wanted);
            of_group.map(|(_, action, chords)| (*action, chords.clone())).collect()
        })
    }

    /// The chord that is shown for an action.
    pub fn chord(&self, context: Context, action: Action) -> Option<Chord> {
        let bindings = self.bindings(context);
        let (_, chords) = bindings.into_iter().find(|(bound, _)| *bound == action)?;
        chords.first().copied()
    }
}

/// Where a context's chords are looked up, in this order.
fn places(context: Context) -> [Place; 3] {
    let shared = if context.is_typed_in() { Place::Typing } else { Place::Moving };
    [Place::In(context), shared, Place::Everywhere]
}

/// A table's entries as they follow each other in the file.
fn in_order<'t, 's>(
    table: &'t DeTable<'s>,
) -> Vec<(&'t Spanned<std::borrow::Cow<'s, str>>, &'t Spanned<DeValue<'s>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

fn line_of(source: &str, span: &Range<usize>) -> usize {
    source.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tests::CONTEXTS;

    #[track_caller]
    fn check(context: Context, chord: &str, action: Option<Action>) {
        assert_eq!(Keys::default().action(context, chord.parse().unwrap()), action, "{chord}");
    }

    #[test]
    fn a_chord_is_looked_up_in_its_context_then_in_what_contexts_share() {
        check(Context::Question, "enter", Some(Action::Send));
        check(Context::Sources, "enter", Some(Action::Open));
        check(Context::Question, "ctrl+u", Some(Action::DeleteToStart));
        check(Context::Document, "ctrl+u", Some(Action::PageUp));
        check(Context::Document, "f1", Some(Action::Help));
        check(Context::Question, "?", None);
        check(Context::Library, "?", Some(Action::Help));
        check(Context::Library, "space", Some(Action::Pause));
        check(Context::Document, "space", Some(Action::PageDown));
        check(Context::Conversations, "ctrl+n", Some(Action::NewConversation));
    }

    #[test]
    fn everywhere_there_is_a_way_back_a_way_out_and_help() {
        for context in CONTEXTS {
            check(context, "esc", Some(Action::Back));
            check(context, "ctrl+c", Some(Action::Quit));
            check(context, "f1", Some(Action::Help));
        }
    }

    #[test]
    fn the_palette_offers_every_action_somewhere_and_what_has_a_key_where_it_has_it() {
        let keys = Keys::default();
        for action in Action::ALL {
            let name = action.name();
            assert!(CONTEXTS.iter().any(|context| action.fits(*context)), "{name}");
            for context in CONTEXTS {
                let is_bound = keys.chord(context, *action).is_some();
                assert!(!is_bound || action.fits(context), "{name} has a key in {context:?}");
            }
        }
    }

    #[test]
    fn a_binding_lists_only_the_chords_that_work() {
        let keys = Keys::default();
        for context in CONTEXTS {
            let bindings = keys.bindings(context);
            for (action, chords) in &bindings {
                assert!(!chords.is_empty());
                for chord in chords {
                    assert_eq!(keys.action(context, *chord), Some(*action));
                }
            }
            let mut actions: Vec<Action> = bindings.iter().map(|(action, _)| *action).collect();
            actions.sort_unstable();
            actions.dedup();
            assert_eq!(actions.len(), bindings.len(), "{context:?} lists an action twice");
        }
        assert_eq!(keys.bindings(Context::Question)[0].0, Action::Send);
    }

    #[test]
    fn what_is_laid_over_replaces_the_binding_of_its_place() {
        let laid = |source: &str| {
            let mut keys = Keys::default();
            keys.lay_over(source, DeTable::parse(source).unwrap().get_ref()).unwrap();
            keys
        };
        let chord = |text: &str| text.parse::<Chord>().unwrap();
        let keys = laid("[sources]\nopen = [\"x\", \"space\"]\nview = []\n");
        let in_sources = |text| keys.action(Context::Sources, chord(text));
        assert_eq!(in_sources("x"), Some(Action::Open));
        assert_eq!(in_sources("enter"), None);
        assert_eq!(in_sources("o"), None);
        assert_eq!(keys.action(Context::Conversation, chord("enter")), Some(Action::Open));
        assert_eq!(keys.chord(Context::Sources, Action::Open), Some(chord("x")));
        // A chord that was another action's there is that one's no more.
        let keys = laid("[everywhere]\nhelp = \"ctrl+n\"\n");
        assert_eq!(keys.action(Context::Question, chord("ctrl+n")), Some(Action::Help));
        assert_eq!(keys.chord(Context::Question, Action::NewConversation), None);
        assert_eq!(keys.action(Context::Question, chord("f1")), None);
        // Two of the user's own for one chord are a mistake.
        let twice = "[everywhere]\nhelp = \"f5\"\nquit = \"f5\"\n";
        let error = Keys::default().lay_over(twice, DeTable::parse(twice).unwrap().get_ref());
        assert_eq!(error.unwrap_err().to_string(), "line 3: `f5` is bound to `help` already");
        assert_eq!(laid(""), Keys::default());
    }

    #[track_caller]
    fn check_error(source: &str, message: &str) {
        assert_eq!(Keys::parse(source).unwrap_err().to_string(), message);
    }

    #[test]
    fn what_can_not_be_bound_is_told_with_what_was_meant() {
        check_error(
            "\n[questoin]\nsend = \"enter\"",
            "line 2: there is no place `questoin`: did you mean `question`?",
        );
        check_error(
            "[question]\nsned = \"enter\"",
            "line 2: there is no action `sned`: did you mean `send`?",
        );
        check_error("[question]\ndance = \"enter\"", "line 2: there is no action `dance`");
        check_error(
            "[question]\nsend = \"ctrl+entre\"",
            "line 2: there is no key `entre`: did you mean `enter`?",
        );
        check_error(
            "[question]\nsend = \"crtl+x\"",
            "line 2: there is no modifier `crtl`: did you mean `ctrl`?",
        );
        check_error(
            "[question]\nsend = [\n\"enter\",\n\"x\"]",
            "line 4: `x` is typed as text there: bind it with ctrl+ or alt+",
        );
        check_error(
            "[models]\nopen = \"x\"\nback = \"x\"",
            "line 3: `x` is bound to `open` already",
        );
        check_error("question = 3", "line 1: `question` must be a table of actions: `[question]`");
        check_error(
            "[question]\nsend = 3",
            "line 2: `send` must be a chord or a list of chords: `send = \"ctrl+x\"`",
        );
        assert!(Keys::parse("[question").unwrap_err().to_string().contains("no valid TOML"));
    }
}
