//! `--themes`: what the screen can be drawn in.

use serde::Serialize;

use super::{Session, print, print_json, shown};
use crate::error::{Failure, Outcome};
use crate::json::SCHEMA;
use crate::state::look::AUTO;
use crate::theme::Background;
use crate::{plain, settings};

/// What `--themes --json` prints.
#[derive(Serialize)]
struct Listed {
    schema: u32,
    /// The one that is chosen; `auto` follows the terminal's background.
    chosen: String,
    themes: Vec<Theme>,
}

#[derive(Serialize)]
struct Theme {
    /// What `--theme` takes.
    name: String,
    /// The background that it is made for: `dark` or `light`; null for one without colours.
    background: Option<&'static str>,
    /// Whether it lies in the home folder.
    own: bool,
    usable: bool,
    /// Why it can't be used.
    reason: Option<String>,
}

pub(super) fn run(session: &Session<'_>) -> Result<Outcome, Failure> {
    let home = session.home()?;
    let themes = settings::themes(&home)?;
    let chosen = session.settings.theme.name().to_owned();
    let listed: Vec<Theme> = themes
        .names()
        .map(|name| {
            let theme = themes.load(name);
            let background = theme.as_ref().ok().and_then(crate::theme::Theme::background);
            Theme {
                name: name.to_owned(),
                background: background.map(|background| match background {
                    Background::Dark => "dark",
                    Background::Light => "light",
                }),
                own: themes.is_own(name),
                usable: theme.is_ok(),
                reason: theme.err().map(|error| error.to_string()),
            }
        })
        .collect();
    if session.cli.json {
        print_json(&Listed { schema: SCHEMA, chosen, themes: listed })?;
        return Ok(Outcome::Done);
    }
    let width = listed.iter().map(|theme| theme.name.chars().count()).max().unwrap_or_default();
    let mark = |name: &str| if chosen == name { "*" } else { " " };
    print(&format!("{} {AUTO:<width$}   follows the terminal's background\n", mark(AUTO)))?;
    for theme in &listed {
        let told = match (&theme.reason, theme.background) {
            (Some(reason), _) => format!("can't be used: {reason}"),
            (None, Some(background)) => format!("for {background} backgrounds"),
            (None, None) => "without colours".to_owned(),
        };
        let own = if theme.own { ", your own" } else { "" };
        let line = format!("{} {:<width$}   {told}{own}", mark(&theme.name), theme.name);
        print(&format!("{}\n", plain::line(&line)))?;
    }
    let folder = home.join(settings::THEMES);
    session.note(&format!(
        "F7 on the screen shows them; a file NAME.toml in `{}` is one of your own: `inherits = \"dark\"` and a table \
         `[palette]` with the shades that are to differ, such as `accent = \"#7fb4e8\"`",
        shown(&folder)
    ));
    Ok(Outcome::Done)
}
