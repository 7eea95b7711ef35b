//! What does the user read when something goes wrong, and which exit code does a shell see?
//!
//! Libraries say what happened and to which thing; here it is decided whose fault it is and what to do about it.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use docent_engine::answer::AnswerError;
use docent_engine::embed::{EmbedError, RerankError};
use docent_index::query::QueryError;
use docent_index::retrieve::RetrieveError;
use docent_index::store::StoreError;

use crate::child::ChildError;
use crate::child::model::LoadError;
use crate::fs::{self, FileError};
use crate::ingest::IngestError;
use crate::plain;
use crate::settings::SettingsError;
use crate::theme::ThemeError;

/// How work that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, or answered.
    Done,
    /// Nothing in the documents supports an answer, or no passage was found.
    Nothing,
    /// Stopped by the user; what was done is kept.
    Interrupted,
}

impl Outcome {
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Nothing => 1,
            Self::Interrupted => 130,
        })
    }
}

/// An error as the user is told it: what happened, why, and what to do. Ends the work; the exit code is 2, and 130
/// after an interruption.
#[derive(Debug)]
pub struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
    interrupted: bool,
}

impl Failure {
    /// A failure that is told by `error` and its sources.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { error: error.into(), hints: Vec::new(), interrupted: false }
    }

    /// The user stopped the work.
    pub fn interrupted() -> Self {
        Self { interrupted: true, ..Self::new("interrupted") }
    }

    /// Adds a thing to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.interrupted { 130 } else { 2 })
    }

    /// Whether the user stopped the work, which needs no telling.
    pub fn is_interruption(&self) -> bool {
        self.interrupted
    }

    /// Whether the reader of standard output went away.
    pub fn is_broken_pipe(&self) -> bool {
        self.errors().any(|error| {
            error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        })
    }

    /// The error and its sources, outermost first.
    fn errors(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        let outermost: &(dyn Error + 'static) = self.error.as_ref();
        std::iter::successors(Some(outermost), |error: &&(dyn Error + 'static)| (*error).source())
    }

    /// Whether the disk is full: the one cause that looks alike under every library.
    fn is_disk_full(&self) -> bool {
        self.errors().any(|error| {
            let text = error.to_string();
            error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::StorageFull)
                || text.contains("No space left on device")
                || text.contains("database or disk is full")
        })
    }
}

impl Failure {
    /// What happened, with its causes.
    fn what(&self) -> String {
        let mut told: Vec<String> = Vec::new();
        for error in self.errors() {
            let by_system = error.downcast_ref::<io::Error>().map(fs::reason);
            let text = by_system.unwrap_or_else(|| error.to_string());
            // Some libraries repeat their source in their own text, or the other way round.
            if !told.iter().any(|earlier| earlier.contains(&text) || text.contains(earlier)) {
                told.push(text);
            }
        }
        told.join(": ")
    }

    /// As one line for the screen, without hints that are for a command line.
    pub fn on_screen(&self) -> String {
        let full = if self.is_disk_full() { "; make room on the disk that it lies on" } else { "" };
        plain::line(&format!("{}{full}", self.what())).into_owned()
    }
}

impl fmt::Display for Failure {
    /// One line for the error with its causes, one for each hint. Names and paths in it may hold anything: nothing that
    /// steers a terminal comes through.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "error: {}", plain::line(&self.what()))?;
        let disk_full = self
            .is_disk_full()
            .then(|| "make room on the disk that it lies on, then run it again".to_owned());
        for hint in self.hints.iter().chain(&disk_full) {
            writeln!(formatter, "hint: {}", plain::line(hint))?;
        }
        Ok(())
    }
}

impl Failure {
    /// A faulty query, with a mark under the place that is wrong.
    pub fn from_query(error: &QueryError, typed: &str) -> Self {
        let before = typed.get(..error.span().start).unwrap_or_default();
        let wrong = typed.get(error.span()).unwrap_or_default();
        let hint = format!("in the query: {before}»{wrong}«");
        Self::new(error.to_string()).hint(hint)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::Missing { .. } => Some("docent --index FOLDER reads a folder"),
            StoreError::Older { .. } => {
                Some("docent --index brings it over, as does opening the screen")
            }
            error if error.is_library_damage() => Some(
                "run docent --index: it checks that file, and reads the documents anew if it must",
            ),
            _ => None,
        };
        let failure = Self::new(error);
        hint.into_iter().fold(failure, Self::hint)
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Store(error) => error.into(),
            error => Self::new(error),
        }
    }
}

impl From<RetrieveError> for Failure {
    fn from(error: RetrieveError) -> Self {
        match error {
            RetrieveError::Cancelled => Self::interrupted(),
            RetrieveError::Store(error) => error.into(),
        }
    }
}

/// Failures whose own words say what to do.
macro_rules! told_by_themselves {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error)
            }
        }
    )+};
}

told_by_themselves!(
    SettingsError,
    ThemeError,
    LoadError,
    FileError,
    EmbedError,
    RerankError,
    AnswerError,
    ChildError,
    io::Error,
    serde_json::Error
);
