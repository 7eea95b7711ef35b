//! How does each thing on the screen look?
//!
//! Everything is drawn by its role, never by a colour of its own. A theme gives roles their colours; what it leaves out is
//! the terminal's own. Where there are no colours, roles are told apart by bold, underline, reverse and dim.

mod file;
mod indexed;
mod role;
mod signs;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use thiserror::Error;

use self::file::Definition;
pub use self::role::Role;
pub use self::signs::Signs;
use crate::fs::{self, FileError};
use crate::meant::Meant;

/// The themes that docent comes with, by their names.
const SHIPPED: [(&str, &str); 13] = [
    ("dark", include_str!("../themes/dark.toml")),
    ("light", include_str!("../themes/light.toml")),
    ("high-contrast", include_str!("../themes/high-contrast.toml")),
    (MONO, include_str!("../themes/mono.toml")),
    ("catppuccin-latte", include_str!("../themes/catppuccin-latte.toml")),
    ("catppuccin-mocha", include_str!("../themes/catppuccin-mocha.toml")),
    ("gruvbox-dark", include_str!("../themes/gruvbox-dark.toml")),
    ("gruvbox-light", include_str!("../themes/gruvbox-light.toml")),
    ("nord", include_str!("../themes/nord.toml")),
    ("solarized-dark", include_str!("../themes/solarized-dark.toml")),
    ("solarized-light", include_str!("../themes/solarized-light.toml")),
    ("tokyo-night", include_str!("../themes/tokyo-night.toml")),
    ("tokyo-night-day", include_str!("../themes/tokyo-night-day.toml")),
];

/// The largest file of a theme that is read, in bytes.
const LARGEST: u64 = 64 << 10;

/// What the file of a theme ends in.
const ENDING: &str = "toml";

/// The theme without colours.
const MONO: &str = "mono";

/// The themes that can be chosen: those that docent comes with, and the user's own, which come first where names are the
/// same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Themes {
    own: BTreeMap<String, String>,
}

impl Themes {
    /// The user's own are the files in `folder`.
    pub fn with_own(folder: &Path) -> Result<Self, FileError> {
        let mut own = BTreeMap::new();
        for path in fs::list(folder)? {
            let name = path.file_stem().and_then(OsStr::to_str);
            let Some(name) = name.filter(|_| path.extension() == Some(OsStr::new(ENDING))) else {
                continue;
            };
            if let Some(bytes) = fs::read_file(&path, LARGEST)? {
                own.insert(name.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        Ok(Self { own })
    }

    /// Docent's own first, then the user's.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let own = self.own.keys().map(String::as_str);
        let docents = SHIPPED.iter().map(|(name, _)| *name);
        docents.chain(own.filter(|name| shipped(name).is_none()))
    }

    /// Whether the user made it.
    pub fn is_own(&self, name: &str) -> bool {
        self.own.contains_key(name)
    }

    /// The theme with this name, for a terminal with all colours.
    pub fn load(&self, name: &str) -> Result<Theme, ThemeError> {
        let names = || self.names();
        if !names().any(|known| known == name) {
            let meant = Meant::among(name, names());
            return Err(ThemeError::Unknown { theme: name.to_owned(), meant });
        }
        Theme::parse(name, &|wanted| {
            let own = self.own.get(wanted).cloned();
            own.or_else(|| shipped(wanted).map(str::to_owned))
        })
    }
}

fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
}

/// Whether a terminal is dark or light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

impl Background {
    /// Of a colour as red, green, blue.
    pub fn of([red, green, blue]: [u8; 3]) -> Self {
        // The weights of ITU-R BT.601, in thousandths.
        let brightness = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
        if brightness > 127_500 { Self::Light } else { Self::Dark }
    }

    /// What `COLORFGBG` says: text and background as numbers of the sixteen colours, the background last.
    pub fn hinted(colorfgbg: &str) -> Option<Self> {
        match colorfgbg.rsplit(';').next()?.parse::<u8>().ok()? {
            0..=6 | 8 => Some(Self::Dark),
            7 | 9..=15 => Some(Self::Light),
            _ => None,
        }
    }

    /// The theme that is taken on it where none is chosen.
    pub fn theme(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }
}

/// The colours that a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    None,
    /// Its user's own sixteen.
    Sixteen,
    /// 240 fixed ones behind them.
    Indexed,
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
        } else if term.is_some_and(|term| term.contains("256color")) {
            // Whoever comes by SSH has no `COLORTERM`, as a rule.
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

/// A style for each role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: String,
    /// The background that its colours are chosen for, as red, green, blue; none where it has no colours.
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
    /// Known once they are wanted.
    indexed_foreground: Option<Color>,
    indexed_background: Option<Color>,
    modifier: Modifier,
}

/// Why a theme can't be used. `line` counts from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ThemeError {
    #[error("theme `{theme}` is no valid TOML: {source}")]
    Syntax { theme: String, source: toml::de::Error },
    #[error("theme `{theme}` has no role `{role}`{meant}")]
    Role { theme: String, role: String, meant: Meant },
    #[error("there is no theme `{theme}`{meant}")]
    Unknown { theme: String, meant: Meant },
    #[error("theme `{theme}`: nothing is drawn in the shade `{shade}`{meant}")]
    Shade { theme: String, shade: String, meant: Meant },
    #[error(
        "theme `{theme}`: `{value}` is neither a shade of its palette nor a colour as `#rrggbb`{meant}"
    )]
    Colour { theme: String, value: String, meant: Meant },
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

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which terminals its colours are chosen for; none where it has no colours.
    pub fn background(&self) -> Option<Background> {
        self.background.map(Background::of)
    }

    /// What is painted behind everything, and the colour of text on it, on a terminal with this background: nothing where
    /// the theme is made for it. A terminal that does not tell is taken for dark, as most are.
    pub fn ground(&self, terminal: Option<Background>) -> Option<(Color, Color)> {
        let terminal = terminal.unwrap_or(Background::Dark);
        let behind = self.background.filter(|_| self.background() != Some(terminal))?;
        let text = self.style(Role::Text).fg?;
        let [red, green, blue] = behind;
        match self.colours {
            Colours::True => Some((Color::Rgb(red, green, blue), text)),
            Colours::Indexed => Some((Color::Indexed(indexed::nearest(behind, None)), text)),
            Colours::None | Colours::Sixteen => None,
        }
    }

    pub fn colours(&self) -> Colours {
        self.colours
    }

    /// The same theme for a terminal that has these colours.
    #[must_use]
    pub fn in_colours(mut self, colours: Colours) -> Self {
        self.colours = colours;
        if colours == Colours::Indexed {
            for (role, look) in Role::ALL.iter().zip(&mut self.roles) {
                let background = look.background.map(|colour| indexed::nearest(colour, None));
                let behind = background.map(indexed::colour).or(self.background);
                // Lines between regions are no text.
                let behind = behind.filter(|_| *role != Role::Border);
                let foreground = look.foreground.map(|colour| indexed::nearest(colour, behind));
                look.indexed_foreground = foreground.map(Color::Indexed);
                look.indexed_background = background.map(Color::Indexed);
            }
        }
        self
    }

    /// Two themes by whose colours a test can tell which roles a cell was drawn with: each role has its number as a
    /// colour. In the first, roles that colour what lies behind do nothing else, so that both can be read; in the second
    /// they colour what is written too, so that what came last can be read.
    #[cfg(test)]
    pub(crate) fn of_roles() -> (Self, Self) {
        let mut apart = Self::load("dark").unwrap();
        let mut together = apart.clone();
        for (number, look) in (0..).zip(&mut together.roles) {
            let coloured = |colour: Option<_>| colour.map(|_| [0, 0, number]);
            look.foreground = coloured(look.foreground);
            look.background = coloured(look.background);
        }
        apart.roles = together.roles;
        for look in &mut apart.roles {
            look.foreground.take_if(|_| look.background.is_some());
        }
        (apart, together)
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
            Colours::Indexed => (look.indexed_foreground, look.indexed_background),
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
        Self::parse(name, &|wanted| shipped(wanted).map(str::to_owned))
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
                let contrast = indexed::contrast(foreground, background);
                // Lines between regions are no text.
                let least = if *role == Role::Border { 1.3 } else { 4.5 };
                assert!(contrast >= least, "{name}: {} has {contrast:.2}", role.name());
            }
        }
    }

    #[test]
    fn text_stands_out_where_there_are_256_colours() {
        for name in Theme::all() {
            let theme = Theme::load(name).unwrap().in_colours(Colours::Indexed);
            let Some(assumed) = theme.background else { continue };
            for role in Role::ALL.iter().filter(|role| **role != Role::Border) {
                let colour = |colour| match colour {
                    Some(Color::Indexed(index)) => Some(indexed::colour(index)),
                    _ => None,
                };
                let style = theme.style(*role);
                let background = colour(style.bg).unwrap_or(assumed);
                let Some(foreground) = colour(style.fg) else { continue };
                let contrast = indexed::contrast(foreground, background);
                assert!(contrast >= 4.5, "{name}: {} has {contrast:.2}", role.name());
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
    fn a_hit_is_seen_in_what_is_marked_whatever_the_colours() {
        for name in Theme::all() {
            for colours in [Colours::True, Colours::Indexed, Colours::Sixteen, Colours::None] {
                let theme = Theme::load(name).unwrap().in_colours(colours);
                let modifier = |role| theme.style(role).add_modifier;
                assert_ne!(modifier(Role::Hit), modifier(Role::Highlight), "{name} {colours:?}");
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
        check(false, None, Some("xterm-256color"), Colours::Indexed);
        check(false, None, Some("linux"), Colours::Sixteen);
        check(false, None, Some("dumb"), Colours::None);
        check(false, None, None, Colours::Sixteen);
    }

    fn parsed(own: &str) -> Result<Theme, ThemeError> {
        Theme::parse("own", &|name| match name {
            "own" => Some(own.to_owned()),
            "loop" => Some("inherits = \"own\"".to_owned()),
            _ => shipped(name).map(str::to_owned),
        })
    }

    #[test]
    fn a_theme_takes_over_what_it_does_not_say() {
        let dark = Theme::load("dark").unwrap();
        let own = parsed("inherits = \"dark\"\n[error]\ncolour = \"#010203\"").unwrap();
        assert_eq!(own.style(Role::Accent), dark.style(Role::Accent));
        assert_eq!(own.style(Role::Error).fg, Some(Color::Rgb(1, 2, 3)));
    }

    #[test]
    fn a_theme_with_a_palette_of_its_own_draws_what_it_inherits_in_it() {
        let own = parsed("inherits = \"dark\"\n[palette]\naccent = \"#010203\"").unwrap();
        for role in [Role::Accent, Role::Citation, Role::QuestionBar] {
            assert_eq!(own.style(role).fg, Some(Color::Rgb(1, 2, 3)));
        }
        let dark = Theme::load("dark").unwrap();
        assert_eq!(own.style(Role::Error), dark.style(Role::Error));
        // A theme may give its own roles shades of its own, and call one shade by another.
        let own = "inherits = \"dark\"\n[palette]\npeach = \"#040506\"\ndim = \"text\"\n[code]\ncolour = \"peach\"";
        let own = parsed(own).unwrap();
        assert_eq!(own.style(Role::Code).fg, Some(Color::Rgb(4, 5, 6)));
        assert_eq!(own.style(Role::Dim).fg, dark.style(Role::Text).fg);
    }

    #[test]
    fn the_users_themes_are_files_that_come_before_docents_own() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Themes::with_own(&folder.path().join("none")).unwrap(), Themes::default());
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("mine.toml", "inherits = \"nord\"");
        write("light.toml", "inherits = \"dark\"");
        write("readme.txt", "these are mine");
        let themes = Themes::with_own(folder.path()).unwrap();
        let names: Vec<_> = themes.names().collect();
        assert_eq!(names.len(), Theme::all().count() + 1);
        assert_eq!(names.last(), Some(&"mine"));
        assert!(themes.is_own("mine") && themes.is_own("light") && !themes.is_own("nord"));
        assert_eq!(themes.load("light").unwrap().background(), Some(Background::Dark));
        assert_eq!(
            themes.load("mein").unwrap_err().to_string(),
            "there is no theme `mein`: did you mean `mine`?"
        );
    }

    #[test]
    fn a_theme_for_other_terminals_brings_its_background() {
        let ground = |colours, terminal| {
            Theme::named("nord").unwrap().in_colours(colours).ground(terminal).map(|(back, _)| back)
        };
        let nord = Color::Rgb(0x2e, 0x34, 0x40);
        assert_eq!(ground(Colours::True, Some(Background::Light)), Some(nord));
        assert_eq!(ground(Colours::True, Some(Background::Dark)), None);
        assert_eq!(ground(Colours::True, None), None);
        let light = Theme::named("light").unwrap();
        assert!(light.ground(None).is_some() && light.ground(Some(Background::Light)).is_none());
        assert_eq!(ground(Colours::Sixteen, Some(Background::Light)), None);
        assert!(ground(Colours::Indexed, Some(Background::Light)).is_some());
        let mono = Theme::named("mono").unwrap();
        assert_eq!(mono.ground(Some(Background::Light)), None);
    }

    #[test]
    fn a_background_is_dark_or_light() {
        assert_eq!(Background::of([0x16, 0x18, 0x1d]), Background::Dark);
        assert_eq!(Background::of([0xfd, 0xf6, 0xe3]), Background::Light);
        for name in Theme::all() {
            let background = Theme::load(name).unwrap().background();
            let is_light = ["light", "latte", "day"].iter().any(|word| name.ends_with(word));
            let expected = if is_light { Background::Light } else { Background::Dark };
            assert!(background.is_none_or(|background| background == expected), "{name}");
        }
        for (hint, background) in [
            ("15;0", Some(Background::Dark)),
            ("0;default;15", Some(Background::Light)),
            ("0;7", Some(Background::Light)),
            ("7;8", Some(Background::Dark)),
            ("default;default", None),
            ("", None),
        ] {
            assert_eq!(Background::hinted(hint), background, "{hint}");
        }
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
            "theme `own`: `blue` is neither a shade of its palette nor a colour as `#rrggbb`",
        );
        check_error(
            "[accent]\nsixteen = \"bleu\"",
            "theme `own`: `bleu` is none of the sixteen colours: did you mean `blue`?",
        );
        check_error(
            "inherits = \"dark\"\n[accent]\ncolour = \"acccent\"",
            "theme `own`: `acccent` is neither a shade of its palette nor a colour as `#rrggbb`: did you mean `accent`?",
        );
        check_error(
            "inherits = \"dark\"\n[palette]\nacent = \"#000000\"",
            "theme `own`: nothing is drawn in the shade `acent`: did you mean `accent`?",
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
