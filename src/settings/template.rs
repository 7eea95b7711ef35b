//! How does a line that the user wrote become the one that is used?
//!
//! A name in {braces} stands for what is known by it. What stands in [brackets] is left out as a whole when something that
//! it names is not known. `{{` and `[[` are the signs themselves.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::meant::Meant;

/// A line with names in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Part {
    Text(String),
    Name(String),
    Group(Template),
}

/// Why a line is no template.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    #[error("`{{{name}}}` stands for nothing here{meant}")]
    Name { name: String, meant: Meant },
    #[error("`{0}` is not closed: write `{0}{0}` where you mean the sign itself")]
    Open(char),
    #[error("brackets can't stand in brackets")]
    Nested,
}

impl Template {
    /// Reads a template in which these names may stand.
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, TemplateError> {
        Self::read(&mut text.chars().peekable(), names, false)
    }

    fn read(
        text: &mut std::iter::Peekable<std::str::Chars<'_>>,
        names: &[&str],
        in_group: bool,
    ) -> Result<Self, TemplateError> {
        let mut template = Self::default();
        while let Some(c) = text.next() {
            match c {
                '{' | '[' if text.next_if_eq(&c).is_some() => template.push(c),
                '}' => {
                    text.next_if_eq(&c);
                    template.push(c);
                }
                ']' if text.next_if_eq(&c).is_some() || !in_group => template.push(c),
                ']' => return Ok(template),
                '{' => {
                    let mut name = String::new();
                    loop {
                        match text.next().ok_or(TemplateError::Open('{'))? {
                            '}' => break,
                            c => name.push(c),
                        }
                    }
                    if !names.contains(&name.as_str()) {
                        let meant = Meant::among(&name, names.iter().copied());
                        return Err(TemplateError::Name { name, meant });
                    }
                    template.parts.push(Part::Name(name));
                }
                '[' if in_group => return Err(TemplateError::Nested),
                '[' => template.parts.push(Part::Group(Self::read(text, names, true)?)),
                c => template.push(c),
            }
        }
        if in_group { Err(TemplateError::Open('[')) } else { Ok(template) }
    }

    fn push(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => self.parts.push(Part::Text(c.to_string())),
        }
    }

    /// The line with what is known by each name; what is not known is nothing.
    pub fn fill(&self, known: &dyn Fn(&str) -> Option<String>) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Name(name) => known(name).unwrap_or_default(),
            Part::Group(group) if group.is_known(known) => group.fill(known),
            Part::Group(_) => String::new(),
        };
        self.parts.iter().map(part).collect()
    }

    /// Whether all that it names is known.
    pub fn is_known(&self, known: &dyn Fn(&str) -> Option<String>) -> bool {
        self.names().all(|name| known(name).is_some())
    }

    /// Whether it names this, outside of brackets.
    pub fn has(&self, wanted: &str) -> bool {
        self.names().any(|name| name == wanted)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) | Part::Group(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["title", "page", "path"];

    #[track_caller]
    fn check(template: &str, filled: &str) {
        let known = |name: &str| match name {
            "title" => Some("Lease {of} the [mill]".to_owned()),
            "path" => Some("/a b.pdf".to_owned()),
            _ => None,
        };
        let template = Template::parse(template, &NAMES).unwrap();
        assert_eq!(template.fill(&known), filled);
    }

    #[test]
    fn names_stand_for_what_is_known_and_brackets_go_with_what_is_not() {
        check("{title}: {path}", "Lease {of} the [mill]: /a b.pdf");
        check("({title}[, p. {page}][ in {path}])", "(Lease {of} the [mill] in /a b.pdf)");
        check("{page}", "");
        check("{{title}} [[1]] }", "{title} [1] }");
        check("", "");
    }

    #[test]
    fn what_can_not_be_read_is_told() {
        let error = |template| Template::parse(template, &NAMES).unwrap_err().to_string();
        assert_eq!(error("{titel}"), "`{titel}` stands for nothing here: did you mean `title`?");
        assert_eq!(error("{quote}"), "`{quote}` stands for nothing here");
        assert_eq!(error("{title"), "`{` is not closed: write `{{` where you mean the sign itself");
        assert_eq!(
            error("[{title}"),
            "`[` is not closed: write `[[` where you mean the sign itself"
        );
        assert_eq!(error("[a [b]]"), "brackets can't stand in brackets");
    }
}
