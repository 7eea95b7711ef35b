//! What does the user want otherwise than docent does by itself?
//!
//! Defaults, then the settings file in the home folder, then flags: each is laid over what comes before it. Only what is
//! to differ stands in the file; docent changes it when something is chosen on the screen, and never writes defaults.

mod keep;
mod read;
mod template;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::keep::keep;
pub use self::template::{Template, TemplateError};
use crate::child::reader::FILE_BYTES;
use crate::fs::{self, FileError};
use crate::keys::{Keys, KeysError};
use crate::loading::Running;
use crate::meant::Meant;
use crate::state::look::{Panes, RightToLeft, ThemeChoice};
use crate::theme::Themes;

/// Every setting with its default, as a file; a test holds it to what the program does.
pub const DEFAULT: &str = include_str!("settings/default.toml");

/// The settings file's name in the home folder.
const FILE: &str = "settings.toml";

/// The folder of the user's own themes in the home folder.
pub const THEMES: &str = "themes";

/// A larger file is no settings file.
const LARGEST: u64 = 1 << 20;

/// What a viewer's words may name.
const VIEWER_NAMES: [&str; 4] = ["path", "page", "line", "search"];

/// What a copied quote may be told with.
const REFERENCE_NAMES: [&str; 5] = ["title", "page", "section", "quote", "path"];

/// How a quote is copied where nothing else is said.
const REFERENCE: &str = "“{quote}” ({title}[, p. {page}][, {section}])";

/// All that can be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub theme: ThemeChoice,
    pub signs: SignChoice,
    /// Who puts in order what is written from right to left; who does so in this terminal, as far as it tells, otherwise.
    pub right_to_left: Option<RightToLeft>,
    /// Whether clicks and the wheel are docent's.
    pub mouse: bool,
    /// As `--model` takes it; what suits this machine otherwise.
    pub model: Option<String>,
    /// As `--embedder` takes it; docent's own otherwise.
    pub embedder: Option<String>,
    pub running: Running,
    /// Whether pages that are only pictures are read.
    pub ocr: bool,
    /// The largest file that is read, in bytes.
    pub largest_file: u64,
    /// What shows documents, where the user does not leave that to docent.
    pub viewer: Option<Viewer>,
    /// How a quote is copied, of `title`, `page`, `section`, `quote` and `path`.
    pub reference: Template,
    pub panes: Panes,
    pub keys: Keys,
}

/// The signs that are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignChoice {
    /// Those that the locale can show.
    Auto,
    Unicode,
    Ascii,
}

/// A program that shows a document, with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    words: Vec<Template>,
}

impl Viewer {
    /// Reads a program with its arguments; none where none of these holds `{path}`.
    pub fn of(words: &[&str]) -> Result<Option<Self>, TemplateError> {
        let words = words.iter().map(|word| Template::parse(word, &VIEWER_NAMES));
        let words: Vec<Template> = words.collect::<Result<_, _>>()?;
        let has_path = words.iter().skip(1).any(|word| word.has("path"));
        Ok(has_path.then_some(Self { words }))
    }

    /// The program and its arguments, with what is known of the document by the names `path`, `page`, `line` and
    /// `search`. A word that names what is not known is left out.
    pub fn command(&self, known: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
        let words = self.words.iter().filter(|word| word.is_known(known));
        words.map(|word| word.fill(known)).collect()
    }

    /// Whether it can be told a line, and so is for documents without pages as well.
    pub fn takes_lines(&self) -> bool {
        self.words.iter().any(|word| word.has("line"))
    }
}

/// Why settings can't be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("`{}` is larger than any settings file", path.display())]
    Large { path: PathBuf },
    #[error("`{}`: {source}", path.display())]
    Content { path: PathBuf, source: Fault },
}

/// What is wrong with the content of a settings file. `line` counts from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    #[error("line {line}: {message}")]
    Syntax { line: usize, message: String },
    #[error("line {line}: there is no setting `{name}`{meant}")]
    Name { line: usize, name: String, meant: Meant },
    #[error("line {line}: `{name}` must be {wanted}{meant}")]
    Value { line: usize, name: String, wanted: &'static str, meant: Meant },
    #[error("line {line}: `{name}`: {source}")]
    Template { line: usize, name: String, source: TemplateError },
    #[error(transparent)]
    Keys(KeysError),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::Auto,
            signs: SignChoice::Auto,
            right_to_left: None,
            mouse: true,
            model: None,
            embedder: None,
            running: Running::default(),
            ocr: true,
            largest_file: FILE_BYTES,
            viewer: None,
            reference: reference(),
            panes: Panes::default(),
            keys: Keys::default(),
        }
    }
}

impl Settings {
    /// The defaults with the settings file of a home folder laid over them, where there is one.
    pub fn of_home(home: &Path) -> Result<Self, SettingsError> {
        let path = file(home);
        let mut settings = Self::default();
        if let Some(source) = text(&path)? {
            settings.lay_over(&source).map_err(|source| SettingsError::Content { path, source })?;
        }
        Ok(settings)
    }
}

/// How a quote is copied where nothing else is said.
pub fn reference() -> Template {
    // It is a line of this program, and a test reads it.
    Template::parse(REFERENCE, &REFERENCE_NAMES).unwrap_or_default()
}

/// The themes that can be chosen in a home folder.
pub fn themes(home: &Path) -> Result<Themes, FileError> {
    Themes::with_own(&home.join(THEMES))
}

fn file(home: &Path) -> PathBuf {
    home.join(FILE)
}

/// The text of a settings file; none where there is no such file.
fn text(path: &Path) -> Result<Option<String>, SettingsError> {
    match fs::read_file(path, LARGEST) {
        Ok(Some(bytes)) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(error) => {
                let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
                let line = before.filter(|byte| **byte == b'\n').count() + 1;
                let message = "it is no text in UTF-8".to_owned();
                let source = Fault::Syntax { line, message };
                Err(SettingsError::Content { path: path.to_owned(), source })
            }
        },
        Ok(None) => Err(SettingsError::Large { path: path.to_owned() }),
        Err(error) if error.source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
