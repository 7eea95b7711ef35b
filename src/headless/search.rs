//! `--search`: prints the passages that fit best, without an answer.

use super::{Session, print, print_json};
use crate::answer;
use crate::error::{Failure, Outcome};
use crate::json::{Hit, SCHEMA, Searched};
use crate::plain;

pub(super) fn run(session: &Session<'_>, query: &str) -> Result<Outcome, Failure> {
    let snapshot = session.snapshot()?;
    let mut finder = session.finder()?;
    let top = usize::from(session.cli.top);
    let parsed = answer::query(query)?;
    let found = finder.find(&snapshot, &parsed, &session.scope()?, top, &session.cancel)?;
    let hits = answer::hits(&found);
    let outcome = if hits.is_empty() { Outcome::Nothing } else { Outcome::Done };
    if session.cli.json {
        print_json(&Searched { schema: SCHEMA, query: query.to_owned(), hits })?;
    } else {
        print(&hits.iter().map(told).collect::<Vec<_>>().join("\n"))?;
        if outcome == Outcome::Nothing {
            session.note(&format!("nothing found in {} passages", found.in_scope_passages));
        }
    }
    Ok(outcome)
}

/// A passage with its number, title, place and score; its text indented.
fn told(hit: &Hit) -> String {
    let path = hit.path.to_string_lossy();
    let text = plain::text(&hit.text).replace('\n', "\n    ");
    format!("{}  {:.2}\n    {}\n    {text}\n", source_line(hit), hit.score, plain::line(&path))
}

/// `[1] Title, p. 7 · Heading › Heading`.
pub(super) fn source_line(hit: &Hit) -> String {
    let mut line = format!("[{}] {}", hit.n, hit.title);
    for (sign, part) in [(", ", hit.place()), (" · ", hit.heading.join(" › "))] {
        if !part.is_empty() {
            line += sign;
            line += &part;
        }
    }
    plain::line(&line).into_owned()
}
