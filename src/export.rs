//! How does an answer with its citations become a file that lasts? Answers in, bytes out.

use std::fmt::{self, Write as _};
use std::path::Path;

use docent_index::extract::EXPORT_SIGN;
use docent_index::query;
use serde::Serialize;

use crate::error::Failure;
use crate::json::{Answered, Citation, SCHEMA};
use crate::{answer, plain};

/// The forms of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Markdown,
    Json,
}

/// What a `.json` holds.
#[derive(Serialize)]
struct Exported<'a> {
    schema: u32,
    /// RFC 3339, UTC.
    at: String,
    answers: &'a [Answered],
}

impl Form {
    /// Tells the form by the file's ending.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "md" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// The form of the file at `path`.
pub fn form(path: &Path) -> Result<Form, Failure> {
    Form::of(path).ok_or_else(|| {
        Failure::new(format!("can't tell the form of `{}` by its ending", path.display()))
            .hint("end it in .md or .json")
    })
}

/// What stands in the file of an export that is made now.
pub fn bytes(form: Form, answers: &[Answered]) -> serde_json::Result<Vec<u8>> {
    let at = answer::time(jiff::Timestamp::now().as_second());
    match form {
        Form::Markdown => Ok(markdown(answers, &at).into_bytes()),
        Form::Json => serde_json::to_vec_pretty(&Exported { schema: SCHEMA, at, answers }),
    }
}

/// The answers as Markdown with footnotes. `exported_at` is RFC 3339.
fn markdown(answers: &[Answered], exported_at: &str) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    _ = write_markdown(&mut text, answers, exported_at);
    text
}

fn write_markdown(text: &mut String, answers: &[Answered], exported_at: &str) -> fmt::Result {
    writeln!(text, "{EXPORT_SIGN}")?;
    for (index, answered) in answers.iter().enumerate() {
        // Footnotes of several answers in one file need numbers of their own.
        let note =
            |n: u32| if answers.len() == 1 { n.to_string() } else { format!("{}-{n}", index + 1) };
        let (words, ways) = query::parted(&answered.question);
        writeln!(text, "\n# {}\n", plain::line(words))?;
        if !ways.is_empty() {
            let ways: Vec<String> =
                ways.iter().map(|way| format!("`{}`", plain::line(way))).collect();
            writeln!(text, "Asked in {}.\n", ways.join(", "))?;
        }
        writeln!(text, "{}\n", with_footnotes(answered, &note))?;
        for citation in &answered.citations {
            write_footnote(text, &note(citation.hit.n), citation)?;
        }
        writeln!(text, "\n---\n")?;
        write_how(text, answered)?;
    }
    writeln!(text, "\nExported {exported_at}.")
}

/// How an answer came about, and how much of the library it rests on.
fn write_how(text: &mut String, answered: &Answered) -> fmt::Result {
    let read = &answered.read;
    let done = if answered.abstained { "Not answered" } else { "Answered" };
    write!(
        text,
        "{done} by {} from {} of {} passages in scope",
        plain::line(&answered.model),
        read.passages,
        read.in_scope,
    )?;
    if read.unembedded() > 0 {
        let embedded = read.embedded.unwrap_or_default();
        write!(text, ", of which {embedded} could be found by their meaning as yet, all by words")?;
    }
    writeln!(text, "; {} documents in scope could not be read.", read.unread_documents)
}

fn write_footnote(text: &mut String, note: &str, citation: &Citation) -> fmt::Result {
    let hit = &citation.hit;
    write!(text, "[^{note}]: *{}*", plain::line(&hit.title))?;
    for part in [hit.place(), hit.heading.join(" › ")] {
        if !part.is_empty() {
            write!(text, ", {}", plain::line(&part))?;
        }
    }
    writeln!(text, ": {}", escaped(&format!("“{}”", plain::line(&citation.quote))))?;
    writeln!(
        text,
        "    `{}`, SHA-256 {}, indexed {}",
        plain::line(&hit.path.to_string_lossy()),
        citation.sha256,
        citation.indexed_at
    )
}

/// The answer, each `[n]` that names a citation turned into a footnote.
fn with_footnotes(answered: &Answered, note: &dyn Fn(u32) -> String) -> String {
    let answer = plain::text(&answered.answer);
    let is_verbatim = answered.is_verbatim();
    let answer = if is_verbatim { escaped(&answer) } else { answer.into_owned() };
    answered.citations.iter().fold(answer, |text, citation| {
        let n = citation.hit.n;
        let written = if is_verbatim { format!("\\[{n}\\]") } else { format!("[{n}]") };
        text.replace(&written, &format!("[^{}]", note(n)))
    })
}

/// A document's own words, so that Markdown shows them as they are: `[****]` is what was blacked out in a contract.
fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    let mut before = ' ';
    // What may begin a list or a heading: nothing, or the figures of a number.
    let mut is_beginning = true;
    let mut rest = words.chars().peekable();
    while let Some(letter) = rest.next() {
        let is_in_a_word =
            before.is_alphanumeric() && rest.peek().is_some_and(|after| after.is_alphanumeric());
        let means_something = match letter {
            '\\' | '`' | '*' | '[' | ']' | '<' | '|' | '~' | '&' => true,
            '_' => !is_in_a_word,
            '#' | '>' | '+' | '-' | '=' | '.' | ')' => is_beginning,
            _ => false,
        };
        if means_something {
            text.push('\\');
        }
        text.push(letter);
        before = letter;
        is_beginning = letter == '\n' || is_beginning && letter.is_ascii_digit();
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser};

    use super::*;

    /// What a reader of the Markdown sees, with what most programs know beside the common rules.
    fn shown(markdown: &str) -> String {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS;
        Parser::new_ext(markdown, options)
            .map(|event| match event {
                Event::Text(text) => text.into_string(),
                Event::SoftBreak => "\n".to_owned(),
                Event::Start(_) | Event::End(_) => String::new(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    proptest! {
        #[test]
        fn documents_own_words_are_read_as_they_are(
            words in "[a-z1(“]([a-c12 .,)(_*`#>+=|~&;\\[\\]<!$:^-]|\\\\|\n[a-c1#>.)+=|-]){0,40}[a-z.]"
        ) {
            // White space at the ends of lines means nothing.
            let words = words.lines().map(str::trim).collect::<Vec<_>>().join("\n");
            prop_assume!(!words.contains("\n\n"));
            prop_assert_eq!(shown(&escaped(&words)), words);
        }
    }

    #[test]
    fn a_redaction_is_kept() {
        assert_eq!(shown(&escaped("until [****] prior to [__]")), "until [****] prior to [__]");
        assert_eq!(escaped("a_file_name 8.2 Law"), "a_file_name 8.2 Law");
    }
}
