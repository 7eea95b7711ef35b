//! What is the user told in passing?

use std::time::Duration;

/// A line above the question line that goes away by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub kind: Kind,
    /// What happened, to which thing, and what to do about it.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something was done.
    Note,
    /// Something could not be done.
    Error,
}

impl Notice {
    pub fn note(text: impl Into<String>) -> Self {
        Self { kind: Kind::Note, text: text.into() }
    }

    pub fn error(text: impl Into<String>) -> Self {
        Self { kind: Kind::Error, text: text.into() }
    }

    /// How long it stands: what went wrong takes longer to read.
    pub fn stands(&self) -> Duration {
        match self.kind {
            Kind::Note => Duration::from_secs(4),
            Kind::Error => Duration::from_secs(12),
        }
    }
}
