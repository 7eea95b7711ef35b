//! Where are docent's own things: its home, and the parts of the program beside the binary?

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use docent_engine::catalog::{Origin, Place};
use docent_engine::embed::Bundled;

use crate::error::Failure;
use crate::state::look::RightToLeft;

/// What the process was started with, read once by `main`.
#[derive(Clone, Debug)]
pub struct Environment {
    /// `$XDG_DATA_HOME`.
    pub data_home: Option<PathBuf>,
    /// `$XDG_CACHE_HOME`.
    pub cache_home: Option<PathBuf>,
    /// `$HOME`.
    pub user_home: Option<PathBuf>,
    /// The binary that runs.
    pub program: Option<PathBuf>,
    /// `$VISUAL`, else `$EDITOR`.
    pub editor: Option<OsString>,
    pub terminal: TerminalFacts,
}

/// What the process was told of its terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalFacts {
    /// Whether `$NO_COLOR` is set to anything.
    pub no_color: bool,
    /// `$COLORTERM`.
    pub colours: Option<String>,
    /// `$TERM`.
    pub kind: Option<String>,
    /// The first of `$LC_ALL`, `$LC_CTYPE` and `$LANG` that says something.
    pub locale: Option<String>,
    /// `$COLORFGBG`: the numbers of its colours, the background's last.
    pub background: Option<String>,
    /// `$TERM_PROGRAM`.
    pub program: Option<String>,
    /// `$KONSOLE_VERSION`, `$KITTY_WINDOW_ID` and `$VTE_VERSION`: what these terminals are known by.
    pub konsole: Option<String>,
    pub kitty: Option<String>,
    pub vte: Option<String>,
    /// `$TMUX`, else `$STY`: a program stands between docent and the terminal that was told of before.
    pub multiplexer: Option<String>,
}

impl TerminalFacts {
    /// Whether it can be asked for its background: all can, but those that would print what they do not understand.
    pub fn answers(&self) -> bool {
        !matches!(self.kind.as_deref(), None | Some("dumb" | "linux"))
    }

    /// Who puts in order what is written from right to left. Most terminals don't, and those on VTE and mintty leave it when
    /// they are told to, unless something between keeps that from them. Konsole, mlterm and Apple's do it always; kitty
    /// does it for the letters of each word.
    pub fn right_to_left(&self) -> RightToLeft {
        let kind = self.kind.as_deref().unwrap_or_default();
        let program = self.program.as_deref().unwrap_or_default();
        let is_obstinate = self.konsole.is_some()
            || kind.starts_with("mlterm")
            || matches!(program, "Apple_Terminal" | "mlterm")
            || self.vte.is_some() && self.multiplexer.is_some();
        if is_obstinate {
            RightToLeft::Terminal
        } else if self.kitty.is_some() || kind == "xterm-kitty" {
            RightToLeft::Words
        } else {
            RightToLeft::Docent
        }
    }

    /// Whether it shows more than ASCII: unless it is said that it does not. Many who have no locale at all do.
    pub fn has_unicode(&self) -> bool {
        let Some(locale) = &self.locale else { return true };
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf") || !(locale.contains('.') || matches!(&*locale, "c" | "posix"))
    }
}

/// The folder that holds all that docent keeps: `--home`, else `docent` in the user's data folder as the XDG base
/// directory specification names it.
pub fn home(flag: Option<&Path>, environment: &Environment) -> Result<PathBuf, Failure> {
    let data_home = || environment.data_home.clone().filter(|path| path.is_absolute());
    let user_home = || environment.user_home.clone().filter(|path| path.is_absolute());
    flag.map(Path::to_owned)
        .or_else(|| Some(data_home()?.join("docent")))
        .or_else(|| Some(user_home()?.join(".local/share/docent")))
        .ok_or_else(|| {
            Failure::new("no place for docent's data: neither `XDG_DATA_HOME` nor `HOME` is set")
                .hint("name a folder with `--home DIR`")
        })
}

/// The folders in which programs keep models, docent's own first: where each has them unless it was told otherwise.
pub fn model_places(home: &Path, environment: &Environment) -> Vec<Place> {
    let absolute =
        |path: &Option<PathBuf>| path.clone().filter(|path: &PathBuf| path.is_absolute());
    let user = absolute(&environment.user_home);
    let in_user = |below: &str| user.as_ref().map(|user| user.join(below));
    let is_mac = cfg!(target_os = "macos");
    let cache = absolute(&environment.cache_home).or_else(|| in_user(".cache"));
    let data = absolute(&environment.data_home).or_else(|| in_user(".local/share"));
    let (data, own_cache) = if is_mac {
        (in_user("Library/Application Support"), in_user("Library/Caches"))
    } else {
        (data, cache.clone())
    };
    let below = |folder: &Option<PathBuf>, below: &str| Some(folder.as_ref()?.join(below));
    let fixed = |path: &str| Some(PathBuf::from(path));
    let places = [
        (Origin::Docent, Some(home.join("models"))),
        (Origin::Ollama, in_user(".ollama/models")),
        // As a service, Ollama is a user of its own; systems differ in where that one is at home.
        (Origin::Ollama, fixed("/usr/share/ollama/.ollama/models")),
        (Origin::Ollama, fixed("/var/lib/ollama")),
        (Origin::Ollama, fixed("/var/lib/ollama/models")),
        (Origin::Ollama, fixed("/var/lib/ollama/.ollama/models")),
        (Origin::LmStudio, in_user(".lmstudio/models")),
        (Origin::LmStudio, below(&cache, "lm-studio/models")),
        (Origin::LlamaCpp, below(&own_cache, "llama.cpp")),
        // What newer versions of llama.cpp fetch lies there as well.
        (Origin::HuggingFace, below(&cache, "huggingface/hub")),
        (Origin::Gpt4All, below(&data, "nomic.ai/GPT4All")),
        (Origin::Jan, below(&data, "Jan/data")),
        (Origin::Jan, in_user(".config/Jan/data")),
        (Origin::Jan, in_user("jan")),
    ];
    places
        .into_iter()
        .filter_map(|(origin, folder)| Some(Place { origin, folder: folder? }))
        .collect()
}

/// Finds the parts of the program beside its binary, as they lie in a carried folder, or in `docent` beside the binary's
/// folder, as they lie after a build.
pub fn parts(environment: &Environment) -> Result<Bundled, Failure> {
    let beside = environment.program.as_deref().and_then(Path::parent);
    let built = beside.and_then(Path::parent).map(|target| target.join("docent"));
    let candidates: Vec<Bundled> = [built, beside.map(Path::to_owned)]
        .into_iter()
        .flatten()
        .map(|folder| Bundled::in_folder(&folder))
        .collect();
    match candidates.iter().find(|parts| parts.check().is_ok()).or(candidates.last()) {
        Some(parts) => {
            parts.check()?;
            Ok(parts.clone())
        }
        None => {
            Err(Failure::new("can't tell where the program lies")
                .hint("start it by its whole path"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_puts_in_order_what_is_written_from_right_to_left_is_known_by_the_terminal() {
        let told = |fact: &str| Some(fact.to_owned());
        let facts = TerminalFacts { kind: told("xterm-256color"), ..Default::default() };
        let vte = TerminalFacts { vte: told("7600"), ..facts.clone() };
        for (facts, expected) in [
            (facts.clone(), RightToLeft::Docent),
            (vte.clone(), RightToLeft::Docent),
            (TerminalFacts { multiplexer: told("/tmp/tmux,1,0"), ..vte }, RightToLeft::Terminal),
            (TerminalFacts { konsole: told("230800"), ..facts.clone() }, RightToLeft::Terminal),
            (
                TerminalFacts { program: told("Apple_Terminal"), ..facts.clone() },
                RightToLeft::Terminal,
            ),
            (TerminalFacts { kind: told("mlterm-256color"), ..facts }, RightToLeft::Terminal),
            (TerminalFacts { kind: told("xterm-kitty"), ..Default::default() }, RightToLeft::Words),
        ] {
            assert_eq!(facts.right_to_left(), expected, "{facts:?}");
        }
    }

    #[test]
    fn a_terminal_has_unicode_unless_its_locale_says_otherwise() {
        let has_unicode = |locale: &str| {
            TerminalFacts { locale: Some(locale.to_owned()), ..Default::default() }.has_unicode()
        };
        assert!(TerminalFacts::default().has_unicode());
        assert!(has_unicode("en_GB.UTF-8") && has_unicode("C.utf8") && has_unicode("de_DE"));
        assert!(!has_unicode("C") && !has_unicode("POSIX") && !has_unicode("de_DE.ISO-8859-1"));
    }
}
