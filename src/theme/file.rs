//! How is a theme written down?

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier};
use serde::Deserialize;

use super::{Look, Role, ThemeError};
use crate::meant::Meant;

/// What a theme with all that it inherits comes to.
#[derive(Debug, Default)]
pub(super) struct Definition {
    pub background: Option<[u8; 3]>,
    pub looks: [Look; Role::ALL.len()],
}

/// A theme's file.
#[derive(Debug, Deserialize)]
struct File {
    /// The theme whose roles it takes over where it does not define them.
    inherits: Option<String>,
    /// The background that its colours are chosen for.
    background: Option<String>,
    #[serde(flatten)]
    roles: BTreeMap<String, Entry>,
}

/// A role in a theme's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// `#rrggbb`.
    colour: Option<String>,
    /// `#rrggbb`, behind the text.
    background: Option<String>,
    /// One of the sixteen colours, `on` one of them, or both: `black on cyan`.
    sixteen: Option<String>,
    #[serde(default)]
    modifiers: Vec<Name>,
}

/// What letters can be beside coloured.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    Bold,
    Dim,
    Italic,
    Underline,
    Reverse,
}

impl Name {
    fn modifier(self) -> Modifier {
        match self {
            Self::Bold => Modifier::BOLD,
            Self::Dim => Modifier::DIM,
            Self::Italic => Modifier::ITALIC,
            Self::Underline => Modifier::UNDERLINED,
            Self::Reverse => Modifier::REVERSED,
        }
    }
}

/// The names of the sixteen colours.
const SIXTEEN: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// Reads a theme and what it inherits.
pub(super) fn resolve(
    name: &str,
    source: &dyn Fn(&str) -> Option<String>,
) -> Result<Definition, ThemeError> {
    let mut files: Vec<(String, File)> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(wanted) = next {
        let heir = files.last().map_or(name, |(heir, _)| heir.as_str());
        if files.iter().any(|(known, _)| *known == wanted) {
            return Err(ThemeError::Cycle { theme: name.to_owned(), parent: heir.to_owned() });
        }
        let text = source(&wanted)
            .ok_or_else(|| ThemeError::Parent { theme: heir.to_owned(), parent: wanted.clone() })?;
        let file: File = toml::from_str(&text)
            .map_err(|source| ThemeError::Syntax { theme: wanted.clone(), source })?;
        let parent = file.inherits.clone();
        files.push((wanted, file));
        next = parent;
    }
    let mut definition = Definition::default();
    for (theme, file) in files.iter().rev() {
        if let Some(background) = &file.background {
            definition.background = Some(colour(theme, background)?);
        }
        for (name, entry) in &file.roles {
            let role = Role::ALL.iter().find(|role| role.name() == name).ok_or_else(|| {
                ThemeError::Role {
                    theme: theme.clone(),
                    role: name.clone(),
                    meant: Meant::among(name, Role::ALL.iter().map(|role| role.name())),
                }
            })?;
            if let Some(look) = definition.looks.get_mut(*role as usize) {
                *look = entry.look(theme)?;
            }
        }
    }
    Ok(definition)
}

impl Entry {
    fn look(&self, theme: &str) -> Result<Look, ThemeError> {
        let given =
            |value: &Option<String>| value.as_deref().map(|value| colour(theme, value)).transpose();
        let (sixteen_foreground, sixteen_background) = match &self.sixteen {
            Some(value) => sixteen(theme, value)?,
            None => (None, None),
        };
        let modifier = self.modifiers.iter().map(|name| name.modifier()).collect();
        Ok(Look {
            foreground: given(&self.colour)?,
            background: given(&self.background)?,
            sixteen_foreground,
            sixteen_background,
            modifier,
        })
    }
}

/// Red, green and blue of `#rrggbb`.
fn colour(theme: &str, value: &str) -> Result<[u8; 3], ThemeError> {
    let parse = || {
        let digits = value.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some([red, green, blue])
    };
    parse().ok_or_else(|| ThemeError::Colour { theme: theme.to_owned(), value: value.to_owned() })
}

/// The colours of `cyan`, `on blue`, `black on cyan`: of the text and behind it.
fn sixteen(theme: &str, value: &str) -> Result<(Option<Color>, Option<Color>), ThemeError> {
    let named = |name: &str| {
        let name = name.trim();
        let found = SIXTEEN.iter().find(|(known, _)| *known == name).map(|(_, colour)| *colour);
        found.ok_or_else(|| ThemeError::Sixteen {
            theme: theme.to_owned(),
            value: name.to_owned(),
            meant: Meant::among(name, SIXTEEN.iter().map(|(name, _)| *name)),
        })
    };
    if let Some(background) = value.strip_prefix("on ") {
        return Ok((None, Some(named(background)?)));
    }
    match value.split_once(" on ") {
        Some((foreground, background)) => Ok((Some(named(foreground)?), Some(named(background)?))),
        None => Ok((Some(named(value)?), None)),
    }
}
