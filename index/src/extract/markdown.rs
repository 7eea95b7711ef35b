//! How is a Markdown note read?
//!
//! The text is what a reader sees: markup is taken away, links keep their words, tables become rows. Front matter gives
//! title, tags and date; every block knows its headings and source lines.

use std::ops::{ControlFlow, Range};

use pulldown_cmark::{CodeBlockKind, Event, MetadataBlockKind, Options, Parser, Tag, TagEnd};

use super::builder::PageBuilder;
use super::text::decode_or_report;
use super::{Part, Sink};
use crate::document::{BlockKind, Head, Page, Problem, ProblemKind};

/// Reads a Markdown file.
pub(super) fn read(bytes: &[u8], sink: &mut Sink<'_>) {
    let Some(source) = decode_or_report(bytes, sink) else { return };
    let (head, page) = convert(source.trim_start_matches('\u{feff}'));
    if sink(Part::Head(head)) == ControlFlow::Break(()) {
        return;
    }
    if page.text.is_empty() {
        _ = sink(Part::Problem(Problem { kind: ProblemKind::Empty, page: None }));
    } else {
        _ = sink(Part::Page(page));
    }
}

fn convert(source: &str) -> (Head, Page) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_WIKILINKS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS;
    let lines = LineIndex::new(source);
    let mut head = Head::default();
    let mut page = PageBuilder::default();
    let mut first_heading: Option<String> = None;
    let mut heading_text: Option<String> = None;
    let mut metadata = false;
    let mut code = false;
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        match event {
            Event::Start(Tag::MetadataBlock(_)) => metadata = true,
            Event::End(TagEnd::MetadataBlock(
                MetadataBlockKind::YamlStyle | MetadataBlockKind::PlusesStyle,
            )) => {
                metadata = false;
            }
            Event::Text(text) if metadata => front_matter(&text, &mut head),
            Event::Start(Tag::Heading { level, .. }) => {
                page.begin_block(BlockKind::Heading { level: level as u8 });
                heading_text = (level as u8 == 1 && first_heading.is_none()).then(String::new);
            }
            Event::End(TagEnd::Heading(_)) => {
                page.end_block();
                first_heading = first_heading.or(heading_text.take());
            }
            Event::Start(Tag::Item | Tag::DefinitionListTitle | Tag::DefinitionListDefinition) => {
                page.begin_block(BlockKind::ListItem);
            }
            // Inside an item its first paragraph goes on in the item's own block.
            Event::Start(Tag::Paragraph | Tag::HtmlBlock | Tag::FootnoteDefinition(_)) => {
                page.continue_or_begin(BlockKind::Paragraph);
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented | CodeBlockKind::Fenced(_))) => {
                page.begin_block(BlockKind::Code);
                code = true;
            }
            Event::End(TagEnd::CodeBlock) => {
                page.end_block();
                code = false;
            }
            Event::Start(Tag::TableHead | Tag::TableRow) => page.begin_block(BlockKind::TableRow),
            Event::Start(Tag::TableCell) => page.begin_cell(),
            Event::End(
                TagEnd::Paragraph
                | TagEnd::Item
                | TagEnd::TableHead
                | TagEnd::TableRow
                | TagEnd::HtmlBlock
                | TagEnd::FootnoteDefinition
                | TagEnd::DefinitionListTitle
                | TagEnd::DefinitionListDefinition,
            ) => page.end_block(),
            Event::Text(text)
            | Event::Code(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text) => {
                if let Some(title) = &mut heading_text {
                    title.push_str(&text);
                }
                if !code {
                    inline_tags(&text, &range, source, &mut head.tags);
                }
                page.text(
                    if code { text.trim_end_matches('\n') } else { &text },
                    lines.line(range.start),
                );
                if code {
                    page.line_feed();
                }
            }
            Event::Html(html) => {
                page.text(without_tags(&html).trim_end_matches('\n'), lines.line(range.start));
                page.space();
            }
            Event::InlineHtml(html) => page.text(&without_tags(&html), lines.line(range.start)),
            Event::SoftBreak => page.space(),
            Event::HardBreak => page.line_feed(),
            Event::TaskListMarker(done) => {
                page.text(if done { "[x] " } else { "[ ] " }, lines.line(range.start));
            }
            Event::FootnoteReference(_) | Event::Rule | Event::Start(_) | Event::End(_) => {}
        }
    }
    head.title = head
        .title
        .or(first_heading)
        .map(|title| title.trim().to_owned())
        .filter(|title| !title.is_empty());
    head.tags.sort_unstable();
    head.tags.dedup();
    (head, page.finish())
}

/// Takes title, tags, date and language out of front matter.
///
/// Front matter in the wild is often not quite YAML; three keys need no more than lines, and a line that is not
/// understood costs nothing but itself.
fn front_matter(text: &str, head: &mut Head) {
    let mut in_tags = false;
    for line in text.lines() {
        if in_tags && let Some(tag) = line.trim_start().strip_prefix("- ") {
            head.tags.extend(tag_name(tag));
            continue;
        }
        in_tags = false;
        let Some((key, value)) = line.split_once([':', '=']) else { continue };
        let value = unquoted(value);
        match key.trim().to_ascii_lowercase().as_str() {
            "title" if !value.is_empty() => head.title = Some(value.to_owned()),
            "date" | "created" if head.date.is_none() => head.date = day(value),
            "lang" | "language" if !value.is_empty() => head.language = Some(value.to_owned()),
            "tags" | "tag" | "keywords" => {
                in_tags = value.is_empty();
                head.tags
                    .extend(value.trim_matches(['[', ']']).split([',', ' ']).filter_map(tag_name));
            }
            _ => {}
        }
    }
}

fn unquoted(value: &str) -> &str {
    let value = value.trim();
    ['"', '\'']
        .iter()
        .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

fn tag_name(text: &str) -> Option<String> {
    let tag = unquoted(text).trim_start_matches('#').to_lowercase();
    (!tag.is_empty()).then_some(tag)
}

/// The day at the beginning of a date, when it is written `YYYY-MM-DD`.
fn day(value: &str) -> Option<String> {
    let day = value.get(..10)?;
    let shape = day
        .bytes()
        .enumerate()
        .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    shape.then(|| day.to_owned())
}

/// Collects `#tag` in running text: after white space or at the beginning, with a letter in it.
fn inline_tags(text: &str, range: &Range<usize>, source: &str, tags: &mut Vec<String>) {
    let before = source.get(..range.start).and_then(|before| before.chars().next_back());
    let mut may_begin = before.is_none_or(char::is_whitespace);
    for word in text.split_inclusive(char::is_whitespace) {
        if may_begin && let Some(tag) = word.trim_end().strip_prefix('#') {
            let end = tag
                .find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '/')))
                .unwrap_or(tag.len());
            let tag = tag.get(..end).unwrap_or_default();
            if tag.chars().any(char::is_alphabetic) {
                tags.extend(tag_name(tag));
            }
        }
        may_begin = word.ends_with(char::is_whitespace);
    }
}

/// HTML with its tags taken away; what stands between them stays.
fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut depth = false;
    for c in html.chars() {
        match c {
            '<' => depth = true,
            '>' if depth => depth = false,
            c if !depth => text.push(c),
            '\n' => text.push('\n'),
            _ => {}
        }
    }
    text
}

/// Tells the line of a byte.
struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    fn new(source: &str) -> Self {
        Self {
            starts: std::iter::once(0)
                .chain(source.match_indices('\n').map(|(at, _)| at + 1))
                .collect(),
        }
    }

    /// Counts from 1.
    fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|&start| start <= offset)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str = "---\ntitle: \"Seal wear\"\ntags: [plant, pumps]\ndate: 2025-03-04\n---\n# Pump 7\n\nThe *mechanical* seal\nleaks, see [[Manual|the manual]]. #urgent\n\n## Parts\n\n- one seal kit\n- [x] two **bolts**\n\n| part | price |\n|------|-------|\n| kit | 84 € |\n\n```sh\nls -l\npwd\n```\n";

    #[test]
    fn front_matter_gives_title_tags_and_date() {
        let (head, _) = convert(NOTE);
        assert_eq!(head.title.as_deref(), Some("Seal wear"));
        assert_eq!(head.date.as_deref(), Some("2025-03-04"));
        assert_eq!(head.tags, ["plant", "pumps", "urgent"]);
    }

    #[test]
    fn text_is_what_a_reader_sees() {
        let (_, page) = convert(NOTE);
        insta::assert_snapshot!(page.text, @r"
        Pump 7
        The mechanical seal leaks, see the manual. #urgent
        Parts
        one seal kit
        [x] two bolts
        part | price
        kit | 84 €
        ls -l
        pwd
        ");
    }

    #[test]
    fn blocks_know_their_headings_and_lines() {
        let (_, page) = convert(NOTE);
        let kit = page
            .blocks
            .iter()
            .find(|block| {
                page.text.get(block.span.clone()).is_some_and(|text| text.starts_with("kit"))
            })
            .unwrap();
        assert_eq!(kit.headings, ["Pump 7", "Parts"]);
        assert_eq!(kit.kind, BlockKind::TableRow);
        let mark = page.lines.iter().rfind(|mark| mark.offset <= kit.span.start).unwrap();
        assert_eq!(mark.line, 18);
    }

    #[test]
    fn the_first_heading_is_the_title_where_nothing_else_is() {
        assert_eq!(convert("intro\n\n# A `b` c\n").0.title.as_deref(), Some("A b c"));
        assert_eq!(convert("no heading").0.title, None);
    }

    #[test]
    fn a_loose_list_keeps_its_items_apart() {
        let (_, page) = convert("1. first\n\n2. second\n\n   more of it\n");
        assert_eq!(page.text, "first\nsecond\nmore of it");
    }
}
