//! How does each thing on the screen look?
//!
//! Everything is drawn by its role, never by a colour of its own. A theme gives roles their colours; what it leaves out is
//! the terminal's own. Where there are no colours, roles are told apart by bold, underline, reverse and dim.

mod file;
mod role;
mod signs;

use ratatui::style::{Color, Modifier, Style};
use thiserror::Error;

use self::file::Definition;
pub use self::role::Role;
pub use self::signs::Signs;
use crate::meant::Meant;

/// The themes that docent comes with, by their names. The first one is taken where none is chosen.
const SHIPPED: [(&str, &str); 3] = [
    ("dark", include_str!("../themes/dark.toml")),
    ("light", include_str!("../themes/light.toml")),
    (MONO, include_str!("../themes/mono.toml")),
];

/// The theme without colours.
const MONO: &str = "mono";

/// The colours that a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    None,
    /// Its user's own sixteen.
    Sixteen,
    True,
}

impl Colours {
    /// What the environment says of the terminal: whether `NO_COLOR` is set to something, `COLORTERM` and `TERM`.
    pub fn of(no_color: bool, colorterm: Option<&str>, term: Option<&str>) -> Self {
        if no_color || term == Some("dumb") {
            Self::None
        } else if matches!(colorterm, Some("truecolor" | "24bit"))
            || term.is_some_and(|term| term.ends_with("-direct"))
        {
            Self::True
        } else {
            Self::Sixteen
        }
    }
}

/// A style for each role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: String,
    /// The background that its colours are chosen for, as red, green, blue; none where it has no colours. Never painted.
    background: Option<[u8; 3]>,
    roles: [Look; Role::ALL.len()],
    /// How a role looks without colours.
    plain: [Modifier; Role::ALL.len()],
    colours: Colours,
}

/// A role's look as a theme defines it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    foreground: Option<[u8; 3]>,
    background: Option<[u8; 3]>,
    sixteen_foreground: Option<Color>,
    sixteen_background: Option<Color>,
    modifier: Modifier,
}

/// Why a theme can't be used. `line` counts from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ThemeError {
    #[error("theme `{theme}` is no valid TOML: {source}")]
    Syntax { theme: String, source: toml::de::Error },
    #[error("theme `{theme}` has no role `{role}`{meant}")]
    Role { theme: String, role: String, meant: Meant },
    #[error("theme `{theme}`: `{value}` is no colour: write `#rrggbb`")]
    Colour { theme: String, value: String },
    #[error("theme `{theme}`: `{value}` is none of the sixteen colours{meant}")]
    Sixteen { theme: String, value: String, meant: Meant },
    #[error("theme `{theme}` inherits `{parent}`, which is not there")]
    Parent { theme: String, parent: String },
    #[error("theme `{theme}` inherits itself by way of `{parent}`")]
    Cycle { theme: String, parent: String },
}

impl Theme {
    /// The names of the themes that docent comes with.
    pub fn all() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The theme with this name, for a terminal with all colours.
    pub fn named(name: &str) -> Option<Self> {
        Self::load(name).ok()
    }

    /// The same theme for a terminal that has these colours.
    #[must_use]
    pub fn in_colours(self, colours: Colours) -> Self {
        Self { colours, ..self }
    }

    /// How a role looks.
    pub fn style(&self, role: Role) -> Style {
        let index = role as usize;
        let (Some(look), Some(plain)) = (self.roles.get(index), self.plain.get(index)) else {
            return Style::new();
        };
        let true_colour = |[red, green, blue]: [u8; 3]| Color::Rgb(red, green, blue);
        let (foreground, background) = match self.colours {
            Colours::None => (None, None),
            Colours::Sixteen => (look.sixteen_foreground, look.sixteen_background),
            Colours::True => (look.foreground.map(true_colour), look.background.map(true_colour)),
        };
        let has_colour = foreground.is_some() || background.is_some();
        Style {
            fg: foreground,
            bg: background,
            add_modifier: if has_colour { look.modifier } else { *plain },
            ..Style::new()
        }
    }

    fn load(name: &str) -> Result<Self, ThemeError> {
        Self::parse(name, &|wanted| {
            SHIPPED
                .iter()
                .find(|(known, _)| *known == wanted)
                .map(|(_, source)| (*source).to_owned())
        })
    }

    /// Reads the theme with this name from where `source` finds it and the themes it inherits.
    fn parse(name: &str, source: &dyn Fn(&str) -> Option<String>) -> Result<Self, ThemeError> {
        let Definition { background, looks } = file::resolve(name, source)?;
        let mono = file::resolve(MONO, source)?;
        Ok(Self {
            name: name.to_owned(),
            background,
            roles: looks,
            plain: mono.looks.map(|look| look.modifier),
            colours: Colours::True,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the relative luminances of two colours, as WCAG 2 defines it.
    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let luminance = |colour: [u8; 3]| {
            let [red, green, blue] = colour.map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_shipped_theme_can_be_read() {
        for name in Theme::all() {
            assert_eq!(Theme::load(name).unwrap().name, name);
        }
        assert_eq!(Theme::named("pink"), None);
    }

    #[test]
    fn text_stands_out_from_its_background() {
        for name in Theme::all() {
            let theme = Theme::load(name).unwrap();
            let Some(assumed) = theme.background else { continue };
            let text = theme.roles[Role::Text as usize].foreground;
            for role in Role::ALL {
                let look = theme.roles[*role as usize];
                let (Some(foreground), background) =
                    (look.foreground.or(text), look.background.unwrap_or(assumed))
                else {
                    panic!("{name} must say which colour it assumes for text");
                };
                let contrast = contrast(foreground, background);
                // Lines between regions are no text.
                let least = if *role == Role::Border { 1.3 } else { 4.5 };
                assert!(contrast >= least, "{name}: {} has {contrast:.2}", role.name());
            }
        }
    }

    #[test]
    fn without_colours_nothing_has_one_and_what_must_be_told_apart_differs() {
        for name in Theme::all() {
            let theme = Theme::load(name).unwrap().in_colours(Colours::None);
            for role in Role::ALL {
                let style = theme.style(*role);
                assert_eq!((style.fg, style.bg), (None, None));
                let allowed =
                    Modifier::BOLD | Modifier::UNDERLINED | Modifier::REVERSED | Modifier::DIM;
                assert!(allowed.contains(style.add_modifier), "{}", role.name());
            }
            for (one, other) in [
                (Role::Text, Role::Dim),
                (Role::Text, Role::Citation),
                (Role::Text, Role::Highlight),
                (Role::Text, Role::Selected),
                (Role::Hit, Role::CurrentHit),
                (Role::Highlight, Role::Hit),
                (Role::Title, Role::Focus),
            ] {
                assert_ne!(theme.style(one), theme.style(other), "{}", one.name());
            }
        }
    }

    #[test]
    fn sixteen_colours_are_the_terminals_own() {
        for name in Theme::all() {
            let theme = Theme::load(name).unwrap().in_colours(Colours::Sixteen);
            for role in Role::ALL {
                let style = theme.style(*role);
                for colour in [style.fg, style.bg].into_iter().flatten() {
                    assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)), "{colour}");
                }
            }
        }
    }

    #[test]
    fn the_environment_tells_the_colours() {
        let check = |no_color, colorterm, term, colours| {
            assert_eq!(Colours::of(no_color, colorterm, term), colours);
        };
        check(true, Some("truecolor"), Some("xterm-256color"), Colours::None);
        check(false, Some("truecolor"), Some("xterm-256color"), Colours::True);
        check(false, None, Some("xterm-direct"), Colours::True);
        check(false, None, Some("xterm-256color"), Colours::Sixteen);
        check(false, None, Some("linux"), Colours::Sixteen);
        check(false, None, Some("dumb"), Colours::None);
        check(false, None, None, Colours::Sixteen);
    }

    fn parsed(own: &str) -> Result<Theme, ThemeError> {
        Theme::parse("own", &|name| match name {
            "own" => Some(own.to_owned()),
            "loop" => Some("inherits = \"own\"".to_owned()),
            _ => {
                SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
            }
        })
    }

    #[test]
    fn a_theme_takes_over_what_it_does_not_say() {
        let dark = Theme::load("dark").unwrap();
        let own = parsed("inherits = \"dark\"\n[error]\ncolour = \"#010203\"").unwrap();
        assert_eq!(own.style(Role::Accent), dark.style(Role::Accent));
        assert_eq!(own.style(Role::Error).fg, Some(Color::Rgb(1, 2, 3)));
    }

    #[track_caller]
    fn check_error(own: &str, message: &str) {
        assert_eq!(parsed(own).unwrap_err().to_string(), message);
    }

    #[test]
    fn what_a_theme_can_not_say_is_told_with_what_was_meant() {
        check_error(
            "[acent]\ncolour = \"#000000\"",
            "theme `own` has no role `acent`: did you mean `accent`?",
        );
        check_error(
            "[accent]\ncolour = \"blue\"",
            "theme `own`: `blue` is no colour: write `#rrggbb`",
        );
        check_error(
            "[accent]\nsixteen = \"bleu\"",
            "theme `own`: `bleu` is none of the sixteen colours: did you mean `blue`?",
        );
        check_error("inherits = \"none\"", "theme `own` inherits `none`, which is not there");
        check_error("inherits = \"loop\"", "theme `own` inherits itself by way of `loop`");
        assert!(
            parsed("[accent]\nblink = true").unwrap_err().to_string().contains("unknown field")
        );
        let blinking = parsed("[accent]\nmodifiers = [\"blink\"]").unwrap_err().to_string();
        assert!(blinking.contains("unknown variant `blink`"), "{blinking}");
    }
}
