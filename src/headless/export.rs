//! `--export FILE --conversation ID`: writes a conversation that is kept to a file.

use std::path::Path;

use docent_index::store::{Conversation, Desk};

use super::Session;
use crate::cli::Which;
use crate::error::{Failure, Outcome};
use crate::json::Answered;
use crate::{answer, export, fs};

pub(super) fn run(session: &Session<'_>, which: Which, path: &Path) -> Result<Outcome, Failure> {
    let form = export::form(path)?;
    let desk = Desk::open(&session.home()?)?;
    let conversation = conversation(&desk, which)?;
    let answers: Vec<Answered> =
        conversation.turns.iter().map(answer::from_kept).collect::<Result<_, _>>()?;
    fs::write(path, &export::bytes(form, &answers)?)?;
    session.note(&format!("`{}` is written to `{}`", conversation.title, path.display()));
    Ok(Outcome::Done)
}

/// One of the conversations that are kept.
pub(super) fn conversation(desk: &Desk, which: Which) -> Result<Conversation, Failure> {
    let found = match which {
        Which::Last => desk.last_conversation()?,
        Which::Number(number) => desk.conversation(number)?,
    };
    found.ok_or_else(|| missing(which))
}

fn missing(which: Which) -> Failure {
    match which {
        Which::Last => Failure::new("there is no conversation yet")
            .hint("docent --ask QUESTION begins one, and so does a question on the screen"),
        Which::Number(number) => Failure::new(format!("there is no conversation {number}"))
            .hint("`--conversation last` is the one with the latest question"),
    }
}
