//! How is a document cut into passages?
//!
//! A passage holds whole paragraphs where they fit, whole sentences where they don't. It never crosses a page or a
//! heading, where packing starts anew: an edit changes the passages near it and no others. This module is pure; how many
//! tokens a text has is asked of a closure.

use std::collections::HashMap;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::document::{Block, BlockKind, Document, Page, Passage};

/// Goes up whenever the same document gives other passages than before: stored ones are made anew.
pub const SPLITTER_VERSION: u32 = 1;

/// The most tokens of a passage's text, counted by the bundled embedder's tokenizer.
pub const PASSAGE_TOKENS: usize = 190;

/// The most characters of a passage's text: in a script without spaces a long run can count as one unknown token.
pub const PASSAGE_CHARS: usize = 1_200;

/// The most tokens of the context in front of a passage. With the text, a line feed and the two special tokens it stays
/// within the embedder's 256.
pub const CONTEXT_TOKENS: usize = 56;

/// The share of the context that the title, and that the headings, may take; the document's first words get the rest.
const TITLE_TOKENS: usize = 24;
const HEADING_TOKENS: usize = 20;

/// How many of the document's first words the context repeats at most.
const FIRST_WORDS: usize = 30;

/// A paragraph that does not fit begins a new passage when the open one is at least this full; else it is cut.
const FULL_ENOUGH: usize = PASSAGE_TOKENS / 3;

/// Cuts `document` into passages. `name` is the file's name without its ending, which heads the passages of a document
/// that gives itself no title. `count` tells the tokens of a text, special ones not counted; it must not count less for
/// a whole than for a part.
pub fn split(document: &Document, name: &str, count: &dyn Fn(&str) -> usize) -> Vec<Passage> {
    let contexts = Contexts::new(document, name, count);
    let mut splitter = Splitter { count, contexts, passages: Vec::new() };
    let pages = if document.head.paged { document.pages.len() } else { 0 };
    for page in &document.pages {
        splitter.page(page, pages);
    }
    splitter.passages
}

/// The sentences of `text` in order, without the white space between them.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let mut glue = false;
        for (at, piece) in line.split_sentence_bound_indices() {
            let start = line_start + at;
            let trimmed = piece.trim();
            if trimmed.is_empty() {
                continue;
            }
            let begin = start + (piece.len() - piece.trim_start().len());
            let end = begin + trimmed.len();
            let rest = text.get(end..).unwrap_or_default();
            let begins = !glue;
            match found.last_mut() {
                Some(last) if glue => last.end = end,
                _ => found.push(begin..end),
            }
            glue = !ends_sentence(trimmed, rest) || (begins && is_counter(trimmed));
        }
        line_start += line.len();
    }
    found
}

/// Words whose full stop does not end a sentence, in lower case and without it.
const ABBREVIATIONS: &[&str] = &[
    "abs", "al", "approx", "art", "bzw", "ca", "cap", "cf", "ch", "cl", "co", "corp", "dept", "dr",
    "ed", "eds", "eg", "eq", "etc", "evtl", "ex", "exh", "fig", "figs", "ggf", "gem", "hr", "i.e",
    "e.g", "ie", "inc", "jr", "lit", "ltd", "m.e", "max", "min", "mr", "mrs", "ms", "nr", "no",
    "nos", "p", "para", "pp", "prof", "ref", "resp", "s", "sec", "sect", "sr", "st", "tab", "u.s",
    "usw", "v", "vgl", "vol", "vs", "z.b", "d.h", "u.a", "zzgl",
];

/// Whether the piece that Unicode's rules cut off is a sentence's end, seen from the words before and after the cut.
fn ends_sentence(piece: &str, rest: &str) -> bool {
    let Some(body) = piece.strip_suffix('.') else { return true };
    let word = body
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"'))
        .next()
        .unwrap_or_default();
    let lower = word.to_lowercase();
    let next = rest.trim_start().chars().next();
    if ABBREVIATIONS.contains(&lower.as_str()) {
        // `etc.` and `Inc.` do end sentences before a capital; `No.`, `Dr.` and `p.` never do.
        return matches!(lower.as_str(), "etc" | "inc" | "ltd" | "corp" | "co" | "usw" | "al")
            && next.is_none_or(char::is_uppercase);
    }
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    !initial
}

/// A number that counts a clause or an item (`12.`, `3.1.`): it stands before its sentence.
fn is_counter(piece: &str) -> bool {
    piece.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// Signs of a leader (`. . . . 7`) between a title and its page number.
const LEADER_DOTS: usize = 4;

/// How many entries make a table of contents.
const CONTENTS_ENTRIES: usize = 3;

/// Whether the page holds a table of contents: entries with leaders to the document's pages whose numbers never fall, as
/// those of a price list would. It repeats the headings, so that questions find it before the text that it leads to, and answers none.
fn has_contents(page: &Page, pages: usize) -> bool {
    let numbers: Vec<u32> =
        page.blocks.iter().flat_map(|block| contents_entries(block_text(page, block))).collect();
    let lead_to_pages =
        numbers.iter().all(|number| usize::try_from(*number).is_ok_and(|number| number <= pages));
    numbers.len() >= CONTENTS_ENTRIES && numbers.is_sorted() && lead_to_pages
}

/// The numbers that follow leaders in `text`.
fn contents_entries(text: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut dots = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '.' | '\u{2024}' => dots += 1,
            '\u{2025}' => dots += 2,
            '…' => dots += 3,
            // A leader's dots stand apart; typesetters tie the number to them by a word joiner.
            ' ' | '\u{a0}' | '\u{2060}' => {}
            c => {
                if let Some(mut number) = c.to_digit(10).filter(|_| dots >= LEADER_DOTS) {
                    while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
                        number = number.saturating_mul(10).saturating_add(digit);
                        rest.next();
                    }
                    numbers.push(number);
                }
                dots = 0;
            }
        }
    }
    numbers
}

fn block_text<'a>(page: &'a Page, block: &Block) -> &'a str {
    page.text.get(block.span.clone()).unwrap_or_default()
}

struct Splitter<'a> {
    count: &'a dyn Fn(&str) -> usize,
    contexts: Contexts<'a>,
    passages: Vec<Passage>,
}

/// A stretch of a page that is not cut further: a whole block that fits, a sentence or a piece of one.
struct Unit {
    span: Range<usize>,
    tokens: usize,
    chars: usize,
    /// Whether it begins a block.
    begins_block: bool,
}

/// The passage that is being filled.
#[derive(Default)]
struct Pack {
    span: Option<Range<usize>>,
    tokens: usize,
    chars: usize,
}

impl Pack {
    fn fits(&self, unit: &Unit) -> bool {
        self.tokens + unit.tokens <= PASSAGE_TOKENS && self.chars + 1 + unit.chars <= PASSAGE_CHARS
    }

    fn add(&mut self, unit: &Unit) {
        let start = self.span.as_ref().map_or(unit.span.start, |span| span.start);
        self.span = Some(start..unit.span.end);
        self.tokens += unit.tokens;
        self.chars += 1 + unit.chars;
    }
}

impl Splitter<'_> {
    /// `pages` is how many of them the document has; 0 where its places have no pages.
    fn page(&mut self, page: &Page, pages: usize) {
        let contents = has_contents(page, pages);
        let mut pack = Pack::default();
        let mut headings: &[String] = &[];
        let mut kind = BlockKind::Paragraph;
        // Headings that nothing followed yet: they head the next text, or are text themselves when none comes.
        let mut bare: Option<Range<usize>> = None;
        for block in &page.blocks {
            if contents && !contents_entries(block_text(page, block)).is_empty() {
                self.close(page, &mut pack, headings);
                continue;
            }
            match block.kind {
                BlockKind::RunningHeader | BlockKind::RunningFooter => {
                    self.close(page, &mut pack, headings);
                }
                BlockKind::Heading { .. } => {
                    self.close(page, &mut pack, headings);
                    let start = bare.map_or(block.span.start, |span| span.start);
                    bare = Some(start..block.span.end);
                }
                BlockKind::Paragraph
                | BlockKind::ListItem
                | BlockKind::TableRow
                | BlockKind::Code
                | BlockKind::FormField
                | BlockKind::Annotation => {
                    // What is filled in or noted makes passages of its own: the page's own stay as they are.
                    let begins_added = block.kind.is_added() && block.kind != kind;
                    if block.headings != headings || begins_added {
                        self.close(page, &mut pack, headings);
                        headings = &block.headings;
                    }
                    if let Some(span) = bare.take().filter(|_| begins_added) {
                        self.bare(page, &span);
                    }
                    kind = block.kind;
                    self.block(page, block, &mut pack);
                }
            }
        }
        self.close(page, &mut pack, headings);
        if let Some(span) = bare {
            self.bare(page, &span);
        }
    }

    /// Makes passages of headings that no text follows.
    fn bare(&mut self, page: &Page, span: &Range<usize>) {
        let mut pack = Pack::default();
        for unit in self.units(page, span) {
            if !pack.fits(&unit) {
                self.close(page, &mut pack, &[]);
            }
            pack.add(&unit);
        }
        self.close(page, &mut pack, &[]);
    }

    fn block(&mut self, page: &Page, block: &Block, pack: &mut Pack) {
        let units = self.units(page, &block.span);
        let tokens: usize = units.iter().map(|unit| unit.tokens).sum();
        let chars: usize = units.iter().map(|unit| unit.chars + 1).sum();
        let whole = tokens <= PASSAGE_TOKENS && chars <= PASSAGE_CHARS;
        let whole_fits =
            pack.tokens + tokens <= PASSAGE_TOKENS && pack.chars + chars <= PASSAGE_CHARS;
        if !whole_fits && (whole || pack.tokens >= FULL_ENOUGH) {
            self.close(page, pack, &block.headings);
        }
        // Parts of about the same size read better than full ones and a tail.
        let room = PASSAGE_TOKENS.saturating_sub(pack.tokens);
        let parts = tokens.saturating_sub(room).div_ceil(PASSAGE_TOKENS) + 1;
        let target = if whole { PASSAGE_TOKENS } else { (pack.tokens + tokens).div_ceil(parts) };
        for unit in &units {
            let over =
                pack.tokens + unit.tokens / 2 > target && pack.span.is_some() && !unit.begins_block;
            if over || !pack.fits(unit) {
                self.close(page, pack, &block.headings);
            }
            pack.add(unit);
        }
    }

    /// The sentences of a block, cut further where one alone is too long.
    fn units(&self, page: &Page, span: &Range<usize>) -> Vec<Unit> {
        let text = page.text.get(span.clone()).unwrap_or_default();
        let mut units = Vec::new();
        for sentence in sentences(text) {
            let start = span.start + sentence.start;
            let sentence = text.get(sentence).unwrap_or_default();
            self.fitting(sentence, start, &mut units);
        }
        if let Some(first) = units.first_mut() {
            first.begins_block = true;
        }
        units
    }

    /// Adds `text`, which begins at `start` of the page, whole or in halves of halves, cut at white space where there is
    /// some.
    fn fitting(&self, text: &str, start: usize, units: &mut Vec<Unit>) {
        let chars = text.chars().count();
        // Counting takes memory by the length: what is too long anyway is not counted.
        let tokens = if chars < PASSAGE_CHARS { (self.count)(text) } else { usize::MAX };
        if chars < 2 || (tokens <= PASSAGE_TOKENS && chars < PASSAGE_CHARS) {
            units.push(Unit {
                span: start..start + text.len(),
                tokens,
                chars,
                begins_block: false,
            });
            return;
        }
        let middle = text.char_indices().nth(chars / 2).map_or(0, |(at, _)| at);
        let (before, after) = text.split_at_checked(middle).unwrap_or((text, ""));
        let cut = match (before.rfind(char::is_whitespace), after.find(char::is_whitespace)) {
            (Some(left), Some(right)) if middle - left > right => middle + right,
            (Some(left), _) => left,
            (None, Some(right)) => middle + right,
            (None, None) => middle,
        };
        let (left, right) = text.split_at_checked(cut).unwrap_or((text, ""));
        let (left, right) = if cut == 0 { (before, after) } else { (left, right) };
        self.fitting(left.trim_end(), start, units);
        let right_start = start + left.len() + (right.len() - right.trim_start().len());
        if !right.trim().is_empty() {
            self.fitting(right.trim(), right_start, units);
        }
    }

    /// Makes the passage of what is packed.
    fn close(&mut self, page: &Page, pack: &mut Pack, headings: &[String]) {
        let Some(span) = std::mem::take(pack).span else { return };
        let text = page.text.get(span.clone()).unwrap_or_default().to_owned();
        let lines = page.source_lines(&span);
        let context = self.contexts.get(headings, self.passages.is_empty());
        self.passages.push(Passage {
            page: page.number,
            sentences: sentences(&text),
            span,
            text,
            lines,
            headings: headings.to_vec(),
            context,
        });
    }
}

/// Makes the contexts of a document's passages: title, headings, the document's first words.
struct Contexts<'a> {
    count: &'a dyn Fn(&str) -> usize,
    title: String,
    first_words: String,
    made: HashMap<(Vec<String>, bool), String>,
}

impl<'a> Contexts<'a> {
    fn new(document: &Document, name: &str, count: &'a dyn Fn(&str) -> usize) -> Self {
        let title = document.head.title.clone().unwrap_or_else(|| {
            // A name without a word in it (`10009203`, `scan_0007`) says nothing and costs tokens.
            let name = name.replace('_', " ");
            let has_word =
                name.split(|c: char| !c.is_alphabetic()).any(|word| word.chars().count() > 4);
            if has_word { name } else { String::new() }
        });
        let title = first_that_fit(&title, TITLE_TOKENS, usize::MAX, count);
        let first_words = document
            .pages
            .iter()
            .flat_map(|page| page.blocks.iter().map(move |block| (page, block)))
            .filter(|(_, block)| {
                !matches!(block.kind, BlockKind::RunningHeader | BlockKind::RunningFooter)
                    && !block.kind.is_added()
            })
            .filter_map(|(page, block)| page.text.get(block.span.clone()))
            .flat_map(str::split_whitespace)
            .take(FIRST_WORDS)
            .collect::<Vec<_>>()
            .join(" ");
        // What the title says already need not be said again.
        let first_words = first_words
            .strip_prefix(title.as_str())
            .map_or(first_words.as_str(), str::trim_start)
            .to_owned();
        Self { count, title, first_words, made: HashMap::new() }
    }

    fn get(&mut self, headings: &[String], first: bool) -> String {
        let key = (headings.to_vec(), first);
        if let Some(context) = self.made.get(&key) {
            return context.clone();
        }
        let context = self.make(headings, first);
        self.made.entry(key).or_insert(context).clone()
    }

    fn make(&self, headings: &[String], first: bool) -> String {
        let path = headings
            .iter()
            .filter(|heading| **heading != self.title)
            .map(String::as_str)
            .collect::<Vec<_>>();
        // The innermost headings say most.
        let mut kept = Vec::new();
        let mut left = HEADING_TOKENS;
        for heading in path.iter().rev() {
            let heading = first_that_fit(heading, left, usize::MAX, self.count);
            if heading.is_empty() {
                break;
            }
            left -= (self.count)(&heading).min(left);
            kept.push(heading);
        }
        kept.reverse();
        let mut parts: Vec<String> =
            [self.title.clone()].into_iter().chain(kept).filter(|part| !part.is_empty()).collect();
        if !first {
            let used: usize = parts.iter().map(|part| (self.count)(part) + 1).sum();
            let words = first_that_fit(
                &self.first_words,
                CONTEXT_TOKENS.saturating_sub(used + 1),
                FIRST_WORDS,
                self.count,
            );
            parts.extend((!words.is_empty()).then_some(words));
        }
        first_that_fit(&parts.join(". "), CONTEXT_TOKENS, usize::MAX, self.count)
    }
}

/// As many whole words from the beginning of `text` as stay within `tokens`, at most `words`.
fn first_that_fit(
    text: &str,
    tokens: usize,
    words: usize,
    count: &dyn Fn(&str) -> usize,
) -> String {
    let mut words: Vec<&str> =
        text.split_whitespace().take(words.min(4 * CONTEXT_TOKENS)).collect();
    loop {
        let joined = words.join(" ");
        let too_long = joined.chars().count().saturating_sub(8 * CONTEXT_TOKENS);
        let over = if too_long > 0 { too_long } else { count(&joined).saturating_sub(tokens) };
        if over == 0 {
            return joined;
        }
        // A word has at least one token, seldom more than four.
        words.truncate(words.len().saturating_sub((over / 4).max(1)));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::string_slice, reason = "what surprises a test fails it")]

    use std::ops::ControlFlow;

    use proptest::prelude::*;

    use super::*;
    use crate::extract::{self, Format, Part};

    /// Words and punctuation signs: near enough to word pieces for the laws of splitting.
    fn count(text: &str) -> usize {
        text.split_word_bounds().filter(|word| !word.trim().is_empty()).count()
    }

    fn note(source: &str) -> Document {
        let mut document = Document::default();
        extract::read(Format::Markdown, source.as_bytes(), &mut |part| {
            match part {
                Part::Head(head) => document.head = head,
                Part::Page(page) => document.pages.push(page),
                Part::Problem(problem) => document.problems.push(problem),
            }
            ControlFlow::Continue(())
        });
        document
    }

    fn words(count: usize) -> String {
        (0..count).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check_sentences(text: &str, expected: &[&str]) {
        let found: Vec<_> = sentences(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        check_sentences("The pump stops. It is hot.", &["The pump stops.", "It is hot."]);
        check_sentences(
            "See No. 5 of Dr. Adler's list. Then go.",
            &["See No. 5 of Dr. Adler's list.", "Then go."],
        );
        check_sentences(
            "12.3 Break clause. J. Smith may leave.",
            &["12.3 Break clause.", "J. Smith may leave."],
        );
        check_sentences("3. The fee is due.", &["3. The fee is due."]);
        check_sentences(
            "Es gilt § 5 Abs. 2. Die Miete ist z.B. monatlich fällig.",
            &["Es gilt § 5 Abs. 2.", "Die Miete ist z.B. monatlich fällig."],
        );
        check_sentences(
            "条約は署名された。効力は翌年に生じた。",
            &["条約は署名された。", "効力は翌年に生じた。"],
        );
        check_sentences("one line\nanother line", &["one line", "another line"]);
    }

    #[test]
    fn short_paragraphs_share_a_passage_until_a_heading() {
        let passages = split(
            &note("# Lease\n\nFirst rule.\n\nSecond rule.\n\n## Rent\n\nIt is 900.\n"),
            "lease",
            &count,
        );
        let texts: Vec<_> = passages.iter().map(|passage| passage.text.as_str()).collect();
        assert_eq!(texts, ["First rule.\nSecond rule.", "It is 900."]);
        assert_eq!(passages[1].headings, ["Lease", "Rent"]);
        assert_eq!(passages[1].lines, Some((9, 9)));
        assert_eq!(passages[1].context, "Lease. Rent. First rule. Second rule. Rent It is 900.");
    }

    #[test]
    fn a_long_paragraph_is_cut_in_like_parts_at_sentences() {
        let sentence = format!("W{}.", words(60));
        let passages = split(&note(&[sentence.as_str(); 5].join(" ")), "notes", &count);
        let sizes: Vec<_> = passages.iter().map(|passage| passage.sentences.len()).collect();
        assert_eq!(sizes, [3, 2]);
    }

    #[test]
    fn an_edit_under_one_heading_leaves_the_others_alone() {
        let section = |text: &str| {
            format!("## A\n\n{}\n\n## B\n\n{text}\n\n## C\n\n{}\n", words(300), words(250))
        };
        let before = split(&note(&section("old text")), "n", &count);
        let after = split(&note(&section("new text and more of it")), "n", &count);
        let changed = after
            .iter()
            .filter(|passage| !before.iter().any(|old| old.text == passage.text))
            .count();
        assert_eq!(changed, 1);
    }

    #[test]
    fn headings_without_text_are_found_too() {
        let passages = split(&note("# Lease agreement\n\n## Oakfield House\n"), "lease", &count);
        assert_eq!(passages.len(), 1);
        assert_eq!(passages[0].text, "Lease agreement\nOakfield House");
    }

    #[test]
    fn a_table_of_contents_is_no_passage_and_a_price_list_is_one() {
        let entries = "1 Rent . . . . . . 1\n\n2 Repairs ......... \u{2060}3\n\n3 Notices . . . . 12\n\nThe lease begins here.\n";
        let texts = |source: &str| {
            let mut document = note(source);
            document.head.paged = true;
            document.pages.resize(12, Page::default());
            split(&document, "n", &count)
                .into_iter()
                .map(|passage| passage.text)
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(entries), ["The lease begins here."]);
        assert_eq!(texts("Coffee ..... 3\n\nTea ..... 2\n\nCake ..... 5\n").len(), 1);
        assert_eq!(texts("Deposit .... 500\n\nRent .... 900\n\nTotal .... 1400\n").len(), 1);
    }

    #[test]
    fn a_script_without_spaces_is_cut_by_length() {
        let passages =
            split(&note(&"条".repeat(3000)), "treaty", &|text| usize::from(!text.is_empty()));
        assert!(passages.iter().all(|passage| passage.text.chars().count() <= PASSAGE_CHARS));
        assert_eq!(
            passages.iter().map(|passage| passage.text.chars().count()).sum::<usize>(),
            3000
        );
    }

    proptest! {
        #[test]
        fn passages_keep_their_promises(source in "([A-Za-z0-9äß条。.!? ,\n#*-]{0,40}|# [a-z]{1,9}\n\n|([a-z]{1,9} ){200}|\n\n){0,30}") {
            let document = note(&source);
            let passages = split(&document, "some name", &count);
            let mut last = 0;
            for passage in &passages {
                let page = &document.pages[0];
                prop_assert_eq!(&page.text[passage.span.clone()], passage.text.as_str());
                prop_assert!(passage.span.start >= last, "passages are in order and do not overlap");
                last = passage.span.end;
                prop_assert!(count(&passage.text) <= PASSAGE_TOKENS);
                prop_assert!(passage.text.chars().count() <= PASSAGE_CHARS);
                prop_assert!(count(&passage.context) <= CONTEXT_TOKENS);
                prop_assert!(!passage.text.trim().is_empty());
                for sentence in &passage.sentences {
                    prop_assert!(!passage.text[sentence.clone()].trim().is_empty());
                }
            }
            // Every letter outside headings is in a passage.
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            let body: usize = document.pages.iter().flat_map(|page| page.blocks.iter().map(move |block| (page, block)))
                .filter(|(_, block)| !matches!(block.kind, BlockKind::Heading { .. }))
                .map(|(page, block)| letters(&page.text[block.span.clone()])).sum();
            let held: usize = passages.iter().map(|passage| letters(&passage.text)).sum();
            prop_assert!(held >= body);
        }
    }
}
