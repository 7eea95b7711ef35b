//! What is copied, and how is a quote cited with it?

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::json::{Answered, Hit};
use crate::plain;
use crate::settings::Template;

/// The longest text that is copied, in bytes. Terminals begin to refuse at 100,000, and base64 makes four bytes of three.
pub const LONGEST: usize = 74_994;

/// A quote, and where it stands. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    pub quote: String,
    pub title: String,
    /// What is printed on the page, else its number.
    pub page: String,
    /// The heading that it stands under, and its lines in formats without pages.
    pub section: String,
    pub path: String,
}

impl Reference {
    /// A stretch of a passage that was found.
    pub fn of(hit: &Hit, quote: &str) -> Self {
        let heading = hit.heading.last().map_or("", String::as_str);
        let lines = if hit.page.is_none() { hit.place() } else { String::new() };
        Self {
            quote: quote.to_owned(),
            title: hit.title.clone(),
            page: hit.page.map(|number| page(number, hit.label.as_deref())).unwrap_or_default(),
            section: section(heading, &lines),
            path: hit.path.to_string_lossy().into_owned(),
        }
    }

    /// As it is cited.
    pub fn told(&self, template: &Template) -> String {
        template.fill(&|name| {
            let value = match name {
                "quote" => &self.quote,
                "title" => &self.title,
                "page" => &self.page,
                "section" => &self.section,
                "path" => return Some(plain::line(&self.path).into_owned()),
                _ => return None,
            };
            // Lines end differently where it is pasted.
            let words: Vec<&str> = value.split_whitespace().collect();
            (!words.is_empty()).then(|| plain::line(&words.join(" ")).into_owned())
        })
    }
}

/// A page as it is cited: by what is printed on it, where that is known.
pub fn page(number: u32, label: Option<&str>) -> String {
    let label = label.map(str::trim).filter(|label| !label.is_empty());
    label.map_or_else(|| number.to_string(), str::to_owned)
}

/// A heading, and lines, as far as there are any.
pub fn section(heading: &str, lines: &str) -> String {
    let parts = [heading, lines].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

/// An answer, and below it each quote that it cites.
pub fn with_sources(answered: &Answered, template: &Template) -> String {
    let mut text = answered.answer.trim_end().to_owned();
    for (index, citation) in answered.citations.iter().enumerate() {
        text.push_str(if index == 0 { "\n\n" } else { "\n" });
        let reference = Reference::of(&citation.hit, &citation.quote);
        let number = citation.hit.n.to_string();
        text.extend(["[", &number, "] ", &reference.told(template)]);
    }
    text
}

/// The paragraph around a stretch of a page's text, in bytes: its lines, and those before and behind that go on with the
/// same sentence.
pub fn paragraph(text: &str, span: &Range<usize>) -> Range<usize> {
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        lines.push(start..start + line.len());
        start += line.len() + 1;
    }
    let said = |index: usize| lines.get(index).and_then(|line| text.get(line.clone()));
    let goes_on = |index: usize| match (said(index), said(index + 1)) {
        (Some(line), Some(next)) => goes_on(line, next),
        _ => false,
    };
    let mut first = lines.partition_point(|line| line.end < span.start);
    let mut last = lines.partition_point(|line| line.end < span.end).max(first);
    while first > 0 && goes_on(first - 1) {
        first -= 1;
    }
    while goes_on(last) {
        last += 1;
    }
    let start = lines.get(first).map_or(span.start, |line| line.start);
    let end = lines.get(last).map_or(span.end, |line| line.end);
    start..end
}

/// Whether a line ends within a sentence that the next one goes on with.
fn goes_on(line: &str, next: &str) -> bool {
    /// A shorter line that ends without a full stop is a heading, or an item.
    const FULL: usize = 50;
    let (line, next) = (line.trim(), next.trim());
    let Some(first) = next.chars().next() else { return false };
    if line.is_empty() || line.starts_with('#') {
        return false;
    }
    let is_open = line.ends_with([',', '-', '\u{ad}']);
    let has_ended = line.ends_with(['.', '!', '?', ':', ';', '”', '"', '…']);
    let begins_an_item = matches!(first, '#' | '-' | '*' | '•' | '|' | '>') || first.is_numeric();
    is_open && !begins_an_item
        || first.is_lowercase()
        || !has_ended && !begins_an_item && line.chars().count() >= FULL
}

/// The blocks of code in an answer, in order, each ending with its last line.
pub fn code_blocks(markdown: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut is_code = false;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                is_code = true;
                blocks.push(String::new());
            }
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Text(text) if is_code => {
                if let Some(block) = blocks.last_mut() {
                    block.push_str(&text);
                }
            }
            _ => {}
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::reference;
    use crate::state::tests::{answered, hit};

    #[test]
    fn a_quote_is_cited_by_what_is_printed_on_its_page() {
        let cited = |hit: &Hit| Reference::of(hit, "Six\n\u{1b}[2J.").told(&reference());
        let paged = hit(1);
        let expected = "“Six \u{fffd}[2J.” (Lease agreement 1, p. vii, 12.3 Break clause)";
        assert_eq!(cited(&paged), expected);
        let lined = Hit { page: None, label: None, lines: Some((3, 9)), ..paged };
        assert_eq!(
            cited(&lined),
            "“Six \u{fffd}[2J.” (Lease agreement 1, 12.3 Break clause, lines 3-9)"
        );
    }

    #[test]
    fn an_answer_goes_with_the_quotes_that_it_cites() {
        assert_eq!(
            with_sources(&answered("Why?"), &reference()),
            "The Tenant may end this Lease. [2]\n\n[2] “The Tenant may end this Lease.” (Lease agreement 2, p. vii, 12.3 Break clause)"
        );
    }

    #[test]
    fn a_paragraph_is_more_than_a_line_where_its_sentence_goes_on() {
        let check = |text: &str, word: &str, expected: &str| {
            let start = text.find(word).unwrap();
            let paragraph = paragraph(text, &(start..start + word.len()));
            assert_eq!(text.get(paragraph), Some(expected));
        };
        let wrapped = "# Notes\n\nThe pump was opened and its seal, which had been leaking\nSince Monday, was changed\nby Ann.\n\nNext week: oil.";
        let whole = "The pump was opened and its seal, which had been leaking\nSince Monday, was changed\nby Ann.";
        check(wrapped, "seal", whole);
        check(wrapped, "Ann", whole);
        check(wrapped, "oil", "Next week: oil.");
        check(wrapped, "Notes", "# Notes");
        let blocks = "12.3 Break clause\nThe Tenant may leave.\nThe Landlord repairs the roof.\n- one\n- two";
        check(blocks, "Tenant", "The Tenant may leave.");
        check(blocks, "roof", "The Landlord repairs the roof.");
        check(blocks, "two", "- two");
        check("seal", "seal", "seal");
    }

    #[test]
    fn blocks_of_code_are_told_from_text() {
        let markdown =
            "Run `make`:\n\n```sh\nmake\n  test [1]\n```\n\n- or\n\n  ```\n  cargo\n  ```\n";
        assert_eq!(code_blocks(markdown), ["make\n  test [1]\n", "cargo\n"]);
        assert!(code_blocks("none").is_empty());
    }
}
