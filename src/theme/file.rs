//! How is a theme written down?

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier};
use serde::Deserialize;

use super::{Look, Role, ThemeError};
use crate::meant::Meant;

/// What a theme with all that it inherits comes to.
#[derive(Debug)]
pub(super) struct Definition {
    pub background: Option<[u8; 3]>,
    pub looks: [Look; Role::ALL.len()],
}

impl Default for Definition {
    fn default() -> Self {
        Self { background: None, looks: [Look::default(); Role::ALL.len()] }
    }
}

/// Shades by their names.
type Palette = BTreeMap<String, [u8; 3]>;

/// A theme's file.
#[derive(Debug, Deserialize)]
struct File {
    /// The theme whose shades and roles it takes over where it does not define them.
    inherits: Option<String>,
    /// The background that its colours are chosen for.
    background: Option<String>,
    /// Shades by their names: what roles are coloured with, here and in themes that inherit this one.
    #[serde(default)]
    palette: BTreeMap<String, String>,
    #[serde(flatten)]
    roles: BTreeMap<String, Entry>,
}

/// A role in a theme's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// A shade of the palette, or `#rrggbb`.
    colour: Option<String>,
    /// The same, behind the text.
    background: Option<String>,
    /// One of the sixteen colours, `on` one of them, or both: `black on cyan`.
    sixteen: Option<String>,
    #[serde(default)]
    modifiers: Vec<Name>,
}

impl Entry {
    fn uses(&self, shade: &str) -> bool {
        [&self.colour, &self.background].into_iter().flatten().any(|used| used == shade)
    }
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
    Strike,
}

impl Name {
    fn modifier(self) -> Modifier {
        match self {
            Self::Bold => Modifier::BOLD,
            Self::Dim => Modifier::DIM,
            Self::Italic => Modifier::ITALIC,
            Self::Underline => Modifier::UNDERLINED,
            Self::Reverse => Modifier::REVERSED,
            Self::Strike => Modifier::CROSSED_OUT,
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
    let files = lineage(name, source)?;
    let mut definition = Definition::default();
    let mut palette = Palette::new();
    // Who has it last: a role is made of the shades of the theme that is asked for, whoever defines the role.
    let mut entries: [Option<(&str, &Entry)>; Role::ALL.len()] = [None; Role::ALL.len()];
    for (theme, file) in files.iter().rev() {
        let inherited = palette.clone();
        for (name, value) in &file.palette {
            let is_used = || file.roles.values().any(|entry| entry.uses(name));
            if file.inherits.is_some() && !inherited.contains_key(name) && !is_used() {
                return Err(ThemeError::Shade {
                    theme: theme.clone(),
                    shade: name.clone(),
                    meant: Meant::among(name, inherited.keys().map(String::as_str)),
                });
            }
            palette.insert(name.clone(), shade(theme, value, &inherited)?);
        }
        if let Some(background) = &file.background {
            definition.background = Some(shade(theme, background, &palette)?);
        }
        for (name, entry) in &file.roles {
            let role = Role::ALL.iter().find(|role| role.name() == name).ok_or_else(|| {
                ThemeError::Role {
                    theme: theme.clone(),
                    role: name.clone(),
                    meant: Meant::among(name, Role::ALL.iter().map(|role| role.name())),
                }
            })?;
            if let Some(slot) = entries.get_mut(*role as usize) {
                *slot = Some((theme.as_str(), entry));
            }
        }
    }
    for (look, entry) in definition.looks.iter_mut().zip(entries) {
        if let Some((theme, entry)) = entry {
            *look = entry.look(theme, &palette)?;
        }
    }
    Ok(definition)
}

/// The file of a theme and those of what it inherits, the nearest first.
fn lineage(
    name: &str,
    source: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<(String, File)>, ThemeError> {
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
    Ok(files)
}

impl Entry {
    fn look(&self, theme: &str, palette: &Palette) -> Result<Look, ThemeError> {
        let shade = |value: &String| shade(theme, value, palette);
        let (sixteen_foreground, sixteen_background) = match &self.sixteen {
            Some(value) => sixteen(theme, value)?,
            None => (None, None),
        };
        let modifier = self.modifiers.iter().map(|name| name.modifier()).collect();
        Ok(Look {
            foreground: self.colour.as_ref().map(shade).transpose()?,
            background: self.background.as_ref().map(shade).transpose()?,
            sixteen_foreground,
            sixteen_background,
            modifier,
            ..Look::default()
        })
    }
}

/// A shade of the palette by its name, or a colour as it is written.
fn shade(theme: &str, value: &str, palette: &Palette) -> Result<[u8; 3], ThemeError> {
    let found = colour(value).or_else(|| palette.get(value).copied());
    found.ok_or_else(|| ThemeError::Colour {
        theme: theme.to_owned(),
        value: value.to_owned(),
        meant: Meant::among(value, palette.keys().map(String::as_str)),
    })
}

/// Red, green and blue of `#rrggbb`.
fn colour(value: &str) -> Option<[u8; 3]> {
    let digits = value.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
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
