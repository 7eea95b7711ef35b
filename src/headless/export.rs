//! `--export FILE --conversation ID`: writes a conversation that is kept to a file.

use std::path::Path;

use docent_index::store::Desk;

use super::Session;
use crate::cli::Which;
use crate::error::{Failure, Outcome};
use crate::json::Answered;
use crate::{answer, export, fs};

pub(super) fn run(session: &Session<'_>, which: Which, path: &Path) -> Result<Outcome, Failure> {
    let form = export::form(path)?;
    let desk = Desk::open(&session.home()?)?;
    let found = match which {
        Which::Last => desk.last_conversation()?,
        Which::Number(number) => desk.conversation(number)?,
    };
    let conversation = found.ok_or_else(|| missing(which))?;
    let answers: Vec<Answered> =
        conversation.turns.iter().map(answer::from_kept).collect::<Result<_, _>>()?;
    fs::write(path, &export::bytes(form, &answers)?)?;
    session.note(&format!("`{}` is written to `{}`", conversation.title, path.display()));
    Ok(Outcome::Done)
}

fn missing(which: Which) -> Failure {
    match which {
        Which::Last => Failure::new("there is no conversation yet")
            .hint("docent --ask QUESTION begins one, and so does a question on the screen"),
        Which::Number(number) => Failure::new(format!("there is no conversation {number}"))
            .hint("`--conversation last` is the one with the latest question"),
    }
}
