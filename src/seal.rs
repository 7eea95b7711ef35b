//! Can anything leave this process, and is that enforced?
//!
//! docent gives up the network before it does anything else: the kernel refuses it every socket but local ones, and what
//! it starts later inherits that. Children that read foreign bytes or run a model give up nearly all the rest as well.
//! What a kernel can't enforce is told in words, and docent goes on.

pub mod attempt;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;

use std::fmt;
use std::path::PathBuf;

use attempt::{Attempt, Outcome};

/// What came of closing the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seal {
    /// The kernel refuses every way out, and it was tried.
    Sealed,
    /// It is not enforced, and why.
    Open { reason: String },
}

impl fmt::Display for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed => formatter.write_str("sealed"),
            Self::Open { reason } => write!(formatter, "not sealed: {reason}"),
        }
    }
}

impl Seal {
    /// What that means, in whole sentences. Asks the kernel how far children can be confined.
    pub fn explanation(&self) -> String {
        let network = match self {
            Self::Sealed => "The kernel refuses docent every connection: each way out was tried at the start and was \
                             refused. Only a viewer or an editor that you open yourself is free of it."
                .to_owned(),
            Self::Open { reason } => format!(
                "Nothing keeps docent from a network: {reason}. It holds no code that would use one. Linux with \
                 seccomp can enforce it."
            ),
        };
        if files_are_confined() {
            return network;
        }
        format!(
            "{network} The process that runs a model can read other files, though it can change and send none: only \
             Linux 5.13 or later with Landlock can close them."
        )
    }
}

/// Closes the network to this process and to all that it starts from now on, for good, and tries whether it holds. Meant
/// for the first moment of a program, before there is a second thread.
pub fn close() -> Seal {
    let closed = refuse_network().and_then(|()| {
        let escaped = attempt::ways_out().into_iter().find(|attempt| !attempt.is_refused());
        escaped.map_or(Ok(()), |attempt| Err(told(&attempt)))
    });
    match closed {
        Ok(()) => Seal::Sealed,
        Err(reason) => Seal::Open { reason },
    }
}

fn told(attempt: &Attempt) -> String {
    match &attempt.outcome {
        Outcome::Failed { reason } => {
            format!("{} was not refused but failed ({reason})", attempt.what)
        }
        Outcome::Refused | Outcome::Done => format!("{} was not refused", attempt.what),
    }
}

/// What a child is left with, beside its memory and its pipes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Nothing.
    None,
    /// Threads, and these files to read.
    Read(Vec<PathBuf>),
    /// Threads, these files and the system's folders to read, and graphics cards to compute on. Where files can't be
    /// closed, the cards stay closed too: they are opened for writing.
    Compute(Vec<PathBuf>),
    /// To become a program in these folders, with threads and with all that lies there to read.
    Become(Vec<PathBuf>),
}

/// The kernel does not take all rights away.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    #[cfg(target_os = "linux")]
    #[error("the kernel refuses a filter of system calls")]
    Calls(#[source] seccompiler::Error),
    #[cfg(target_os = "linux")]
    #[error("the kernel refuses rules for files")]
    Files(#[source] landlock::RulesetError),
    #[error("this kernel has no Landlock")]
    NoLandlock,
    #[error("this system can't confine a process")]
    System,
}

/// Gives up all rights but these, for good, as far as the kernel knows how. Meant for a child that has one thread and has
/// not yet seen a byte of what it is to be protected from.
#[cfg(target_os = "linux")]
pub fn confine(rights: &Rights) -> Result<(), ConfineError> {
    // Files first: the filter refuses the calls that make rules for files. Each is worth having without the other.
    let (files, calls) = match rights {
        Rights::None => (files::close_all_but(&[]), calls::allow_memory_and_pipes()),
        Rights::Read(paths) => (files::close_all_but(paths), calls::allow_threads_and_reading()),
        Rights::Compute(paths) => match files::close_all_but_cards(paths) {
            Ok(()) => (Ok(()), calls::allow_threads_and_opening()),
            open => (open, calls::allow_threads_and_reading()),
        },
        Rights::Become(folders) => {
            (files::close_all_but_running(folders), calls::allow_to_become_a_program())
        }
    };
    files.and(calls.map_err(ConfineError::Calls))
}

/// Gives up all rights but these: not on this system.
#[cfg(not(target_os = "linux"))]
pub fn confine(_rights: &Rights) -> Result<(), ConfineError> {
    Err(ConfineError::System)
}

#[cfg(target_os = "linux")]
fn refuse_network() -> Result<(), String> {
    calls::refuse_network().map_err(|error| match error {
        seccompiler::Error::Seccomp(error) | seccompiler::Error::Prctl(error) => {
            format!("this kernel takes no seccomp filter ({error})")
        }
        seccompiler::Error::Backend(_) => "docent has no filter for this processor".to_owned(),
        other => other.to_string(),
    })
}

#[cfg(not(target_os = "linux"))]
fn refuse_network() -> Result<(), String> {
    Err("this system has no seccomp".to_owned())
}

#[cfg(target_os = "linux")]
fn files_are_confined() -> bool {
    files::can_be_closed()
}

#[cfg(not(target_os = "linux"))]
fn files_are_confined() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_enforced_is_told_with_its_reason() {
        let open = Seal::Open { reason: "this kernel takes no seccomp filter".to_owned() };
        assert_eq!(open.to_string(), "not sealed: this kernel takes no seccomp filter");
        assert!(open.explanation().contains("this kernel takes no seccomp filter"));
        assert_eq!(Seal::Sealed.to_string(), "sealed");
    }
}
