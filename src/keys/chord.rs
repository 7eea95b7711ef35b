//! How is a key with its modifiers named, whatever the terminal makes of it?

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use thiserror::Error;

use crate::meant::Meant;

/// A key with what is held down beside it. Always the same value for the same chord: shift is part of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chord {
    key: Key,
    ctrl: bool,
    alt: bool,
    shift: bool,
}

/// A key without what is held down beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Home,
    End,
    PageUp,
    PageDown,
    Up,
    Down,
    Left,
    Right,
    F(u8),
    /// One that can't be bound.
    Unnamed,
}

/// Names of keys; the first name of a key is the one that is shown.
const NAMES: [(&str, Key); 23] = [
    ("enter", Key::Enter),
    ("return", Key::Enter),
    ("esc", Key::Esc),
    ("escape", Key::Esc),
    ("tab", Key::Tab),
    ("space", Key::Char(' ')),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("del", Key::Delete),
    ("insert", Key::Insert),
    ("home", Key::Home),
    ("end", Key::End),
    ("pageup", Key::PageUp),
    ("page-up", Key::PageUp),
    ("pgup", Key::PageUp),
    ("pagedown", Key::PageDown),
    ("page-down", Key::PageDown),
    ("pgdn", Key::PageDown),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("plus", Key::Char('+')),
];

const MODIFIERS: [&str; 3] = ["ctrl", "alt", "shift"];

/// Why a text names no chord.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChordError {
    #[error("there is no key `{name}`{meant}")]
    Key { name: String, meant: Meant },
    #[error("there is no modifier `{name}`{meant}")]
    Modifier { name: String, meant: Meant },
}

impl Chord {
    fn new(key: Key, ctrl: bool, alt: bool, shift: bool) -> Self {
        let plain = Self { key, ctrl, alt, shift };
        match key {
            // Terminals send the same byte for both.
            Key::Char('h' | 'H') if ctrl && !shift => {
                Self { key: Key::Backspace, ctrl: false, ..plain }
            }
            // Held with ctrl, letters come as small or as large ones.
            Key::Char(c) if ctrl => Self { key: Key::Char(small(c)), ..plain },
            Key::Char(c) if shift => Self { key: Key::Char(large(c)), shift: false, ..plain },
            _ => plain,
        }
    }

    /// The character that it types where it is not bound.
    pub fn typed(self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

/// The small letter, where it is one character.
fn small(c: char) -> char {
    let mut small = c.to_lowercase();
    small.next().filter(|_| small.next().is_none()).unwrap_or(c)
}

/// The large letter, where it is one character.
fn large(c: char) -> char {
    let mut large = c.to_uppercase();
    large.next().filter(|_| large.next().is_none()).unwrap_or(c)
}

impl From<KeyEvent> for Chord {
    fn from(event: KeyEvent) -> Self {
        let mut shift = event.modifiers.contains(KeyModifiers::SHIFT);
        let key = match event.code {
            KeyCode::Char(c) => Key::Char(c),
            KeyCode::Enter => Key::Enter,
            KeyCode::Esc => Key::Esc,
            KeyCode::Tab => Key::Tab,
            KeyCode::BackTab => {
                shift = true;
                Key::Tab
            }
            KeyCode::Backspace => Key::Backspace,
            KeyCode::Delete => Key::Delete,
            KeyCode::Insert => Key::Insert,
            KeyCode::Home => Key::Home,
            KeyCode::End => Key::End,
            KeyCode::PageUp => Key::PageUp,
            KeyCode::PageDown => Key::PageDown,
            KeyCode::Up => Key::Up,
            KeyCode::Down => Key::Down,
            KeyCode::Left => Key::Left,
            KeyCode::Right => Key::Right,
            KeyCode::F(number) => Key::F(number),
            _ => Key::Unnamed,
        };
        let held = |modifier| event.modifiers.contains(modifier);
        Self::new(key, held(KeyModifiers::CONTROL), held(KeyModifiers::ALT), shift)
    }
}

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(written: &str) -> Result<Self, ChordError> {
        let mut parts: Vec<&str> = written.split('+').collect();
        let name = parts.pop().unwrap_or_default();
        // A plus sign itself, alone or behind modifiers.
        let name = if name.is_empty() && parts.pop_if(|part| part.is_empty()).is_some() {
            "+"
        } else {
            name
        };
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        for part in parts {
            match part {
                "ctrl" => ctrl = true,
                "alt" => alt = true,
                "shift" => shift = true,
                _ => {
                    return Err(ChordError::Modifier {
                        name: part.to_owned(),
                        meant: Meant::among(part, MODIFIERS),
                    });
                }
            }
        }
        let key = key_from_name(name).ok_or_else(|| ChordError::Key {
            name: name.to_owned(),
            meant: Meant::among(name, NAMES.iter().map(|(name, _)| *name)),
        })?;
        Ok(Self::new(key, ctrl, alt, shift))
    }
}

fn key_from_name(name: &str) -> Option<Key> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control()).then_some(Key::Char(c));
    }
    let function =
        || name.strip_prefix('f')?.parse().ok().filter(|number| *number > 0 && *number <= 24);
    NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, key)| *key)
        .or_else(|| function().map(Key::F))
}

impl fmt::Display for Chord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [self.ctrl, self.alt, self.shift].into_iter().zip(MODIFIERS) {
            if held {
                write!(formatter, "{name}+")?;
            }
        }
        match self.key {
            Key::Char(c) if c != ' ' => write!(formatter, "{c}"),
            Key::F(number) => write!(formatter, "f{number}"),
            key => {
                let named = NAMES.iter().find(|(_, known)| *known == key);
                formatter.write_str(named.map_or("unnamed", |(name, _)| *name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: KeyCode, modifiers: KeyModifiers, written: &str) {
        let chord = Chord::from(KeyEvent::new(code, modifiers));
        assert_eq!(chord, written.parse().unwrap(), "{chord}");
    }

    #[test]
    fn what_a_terminal_sends_is_the_chord_that_is_written() {
        let none = KeyModifiers::NONE;
        check(KeyCode::Char('g'), none, "g");
        check(KeyCode::Char('G'), KeyModifiers::SHIFT, "G");
        check(KeyCode::Char('g'), KeyModifiers::SHIFT, "shift+g");
        check(KeyCode::Char('?'), KeyModifiers::SHIFT, "?");
        check(KeyCode::Char('C'), KeyModifiers::CONTROL, "ctrl+c");
        check(KeyCode::BackTab, KeyModifiers::SHIFT, "shift+tab");
        check(KeyCode::BackTab, none, "shift+tab");
        check(KeyCode::Char('h'), KeyModifiers::CONTROL, "backspace");
        check(KeyCode::Char(' '), none, "space");
        check(KeyCode::Enter, KeyModifiers::ALT, "alt+enter");
        check(KeyCode::F(1), none, "f1");
        check(KeyCode::Char('+'), KeyModifiers::CONTROL, "ctrl++");
        check(KeyCode::Char('ß'), KeyModifiers::SHIFT, "ß");
    }

    #[test]
    fn a_chord_is_read_as_it_is_shown() {
        for written in
            ["ctrl+c", "alt+enter", "shift+tab", "f12", "space", "+", "alt+1", "N", "pageup"]
        {
            let chord: Chord = written.parse().unwrap();
            assert_eq!(chord.to_string(), written);
            assert_eq!(chord.to_string().parse::<Chord>(), Ok(chord));
        }
    }

    #[test]
    fn only_bare_characters_are_typed() {
        let typed = |written: &str| written.parse::<Chord>().unwrap().typed();
        assert_eq!(typed("shift+x"), Some('X'));
        assert_eq!(typed("space"), Some(' '));
        assert_eq!(typed("ctrl+x"), None);
        assert_eq!(typed("enter"), None);
    }

    #[test]
    fn what_names_no_key_is_refused() {
        for written in ["", "ctrl+", "f0", "f99", "ctrl+shift", "\u{1b}"] {
            assert!(written.parse::<Chord>().is_err(), "{written}");
        }
    }
}
