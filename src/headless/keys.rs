//! `--keys`: the keys of the screen as they are set now.

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::{Session, print, print_json};
use crate::error::{Failure, Outcome};
use crate::json::SCHEMA;
use crate::state::action::Action;

/// What `--keys --json` prints.
#[derive(Serialize)]
struct Listed {
    schema: u32,
    keys: Vec<Binding>,
}

#[derive(Serialize)]
struct Binding {
    /// The name of its table in the settings file, below `keys`.
    place: &'static str,
    action: &'static str,
    chords: Vec<String>,
    description: &'static str,
}

pub(super) fn run(session: &Session<'_>) -> Result<Outcome, Failure> {
    let keys = &session.settings.keys;
    let binding = |(place, action, chords): (&'static str, Action, &[_])| Binding {
        place,
        action: action.name(),
        chords: chords.iter().map(ToString::to_string).collect(),
        description: action.description(),
    };
    let bindings: Vec<Binding> = keys.all().map(binding).collect();
    if session.cli.json {
        print_json(&Listed { schema: SCHEMA, keys: bindings })?;
    } else {
        print(&tables(&bindings))?;
    }
    Ok(Outcome::Done)
}

/// The bindings as the settings file takes them, with what each does.
fn tables(bindings: &[Binding]) -> String {
    let told = |binding: &Binding| {
        let chords: Vec<String> = binding
            .chords
            .iter()
            .map(|chord| toml::Value::from(chord.as_str()).to_string())
            .collect();
        match chords.as_slice() {
            [chord] => format!("{} = {chord}", binding.action),
            chords => format!("{} = [{}]", binding.action, chords.join(", ")),
        }
    };
    let width = bindings.iter().map(|binding| told(binding).width()).max().unwrap_or_default();
    let mut text = String::new();
    let mut place = "";
    for binding in bindings {
        if binding.place != place {
            let gap = if place.is_empty() { "" } else { "\n" };
            place = binding.place;
            text.push_str(&[gap, "[keys.", place, "]\n"].concat());
        }
        let told = told(binding);
        let gap = " ".repeat(width - told.width());
        text.push_str(&[&told, &gap, "  # ", binding.description, "\n"].concat());
    }
    text
}
