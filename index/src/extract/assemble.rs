//! What can be told of a document only when all of its pages are known?
//!
//! Running headers and footers, headings, and under which headings each block stands. The parts come from another
//! process that has read hostile bytes: nothing in them is trusted, and the work is linear in their size.

use std::collections::HashMap;

use crate::document::{Block, BlockKind, Document, OutlineEntry, Page, Rect};
use crate::language;

use super::{Part, hyphen};

/// The share of a page's height, from either end, in which running headers and footers stand.
const MARGIN: f32 = 0.14;
/// The same for the line at the very end of a page with wide margins.
const WIDE_MARGIN: f32 = 0.2;
/// A longer text is no running one; notices of secrecy are long.
const MAX_RUNNING_BYTES: usize = 700;
/// On so many pages a line must come back to be a running one.
const RUNNING_PAGES: usize = 3;
/// As [`RUNNING_PAGES`], for a line that the file itself says to be a running one.
const TAGGED_PAGES: usize = 2;
/// A file that names its headings has one on every so many pages, at least.
const TAGGED_REACH: usize = 8;
/// How many blocks from either end of a page may be running ones.
const RUNNING_BLOCKS: usize = 4;
/// A heading is at least so much larger than the body's text.
const HEADING_SIZE: f32 = 1.14;
const MAX_HEADING_CHARACTERS: usize = 200;
/// Among so many blocks over a form field the one in its column is looked for.
const NEAR_BLOCKS: usize = 64;
/// More levels than people number.
const MAX_LEVELS: usize = 6;

/// Collects the parts of a document until the last one is in.
#[derive(Debug, Default)]
pub struct Assembler {
    document: Document,
}

impl Assembler {
    pub fn push(&mut self, part: Part) {
        match part {
            Part::Head(head) => self.document.head = head,
            Part::Page(page) => self.put(sound(page)),
            Part::Problem(problem) => self.document.problems.push(problem),
        }
    }

    /// Puts a page behind the others, or in the place of the one with its number.
    fn put(&mut self, page: Page) {
        let place = usize::try_from(page.number).ok().and_then(|number| number.checked_sub(1));
        let pages = &mut self.document.pages;
        match place.and_then(|place| pages.get_mut(place)) {
            Some(before) if before.number == page.number => *before = page,
            _ => pages.push(page),
        }
    }

    /// The document as far as its parts have come in.
    pub fn finish(self) -> Document {
        let mut document = self.document;
        if document.head.paged {
            hyphen::resolve(&mut document.pages);
            settle_tagged_lines(&mut document.pages);
            mark_running_blocks(&mut document.pages);
            let outline = std::mem::take(&mut document.head.outline);
            if settle_tagged_headings(&mut document.pages, outline.len()) {
                mark_like_tagged(&mut document.pages);
                fill_headings(&mut document.pages, &[]);
            } else {
                let open = if outline.is_empty() {
                    Vec::new()
                } else {
                    mark_outlined(&mut document.pages, &outline)
                };
                let found = outline.len() - open.len();
                if found * 2 < outline.len() || outline.is_empty() {
                    mark_by_print(&mut document.pages);
                }
                fill_headings(&mut document.pages, &open);
            }
            document.head.outline = outline;
        } else {
            fill_headings(&mut document.pages, &[]);
        }
        document.head.language = language::of_document(&document);
        document
    }
}

/// The page without what contradicts itself: blocks and words that do not lie in its text in order.
fn sound(mut page: Page) -> Page {
    let is_hostile =
        |character: char| character.is_control() && character != '\n' && character != '\t';
    if page.text.chars().any(is_hostile) {
        // Places would shift if these were taken out; no reader of ours gives them.
        return Page { number: page.number, label: page.label, size: page.size, ..Page::default() };
    }
    let text = page.text;
    let mut end = 0;
    let mut is_added = false;
    page.blocks.retain(|block| {
        is_added |= block.kind.is_added();
        let lies = block.span.start >= end
            && text.get(block.span.clone()).is_some()
            && block.kind.is_added() == is_added;
        if lies {
            end = block.span.end;
        }
        lies
    });
    let mut end = 0;
    page.words.retain(|word| {
        let (from, to) = (word.span.start as usize, word.span.end as usize);
        let lies = from >= end && text.get(from..to).is_some();
        if lies {
            end = to;
        }
        lies
    });
    page.lines.retain(|mark| text.is_char_boundary(mark.offset));
    page.text = text;
    page
}

fn block_text<'a>(text: &'a str, block: &Block) -> &'a str {
    text.get(block.span.clone()).unwrap_or_default()
}

/// The text as it comes back from page to page: figures and page numbers in Roman numerals made alike.
fn running_key(text: &str) -> Option<String> {
    if text.len() > MAX_RUNNING_BYTES {
        return None;
    }
    let mut key = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let is_roman = word.len() <= 8
            && word.bytes().all(|byte| matches!(byte, b'i' | b'v' | b'x' | b'l' | b'c'));
        if !key.is_empty() {
            key.push(' ');
        }
        if is_roman {
            key.push('#');
            continue;
        }
        for character in word.chars() {
            if character.is_numeric() {
                if !key.ends_with('#') {
                    key.push('#');
                }
            } else {
                key.extend(character.to_lowercase());
            }
        }
    }
    // Signs and parts of formulas stand at the same place by chance.
    let says_something =
        key.contains('#') || key.chars().filter(|character| character.is_alphabetic()).count() >= 3;
    says_something.then_some(key)
}

/// The blocks in the head's and the foot's margin of a page: their index, and whether it is the head.
fn margin_blocks(page: &Page) -> Vec<(usize, bool)> {
    let Some((_, height)) = page.size else { return Vec::new() };
    let own = || page.blocks.iter().filter(|block| !block.kind.is_added());
    let bounds = || own().filter_map(|block| block.bounds);
    let first = bounds().map(|bounds| bounds.top).fold(f32::MAX, f32::min);
    let last = bounds().map(|bounds| bounds.bottom).fold(f32::MIN, f32::max);
    let margin = |block: &Block| {
        let bounds = block.bounds?;
        let is_line = bounds.bottom - bounds.top < 2.0 * block.font_size.unwrap_or_default();
        let share = |is_outermost| if is_line && is_outermost { WIDE_MARGIN } else { MARGIN };
        if bounds.bottom < height * share(bounds.top <= first) {
            Some(true)
        } else if bounds.top > height * (1.0 - share(bounds.bottom >= last)) {
            Some(false)
        } else {
            None
        }
    };
    let mut found: Vec<(usize, bool, f32)> = page
        .blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| !block.kind.is_added())
        .filter_map(|(index, block)| {
            let head = margin(block)?;
            let bounds = block.bounds?;
            Some((index, head, if head { bounds.top } else { height - bounds.bottom }))
        })
        .collect();
    found.sort_by(|one, other| one.2.total_cmp(&other.2));
    let mut taken = [0_usize; 2];
    found.retain(|(_, head, _)| {
        let [heads, feet] = &mut taken;
        let count = if *head { heads } else { feet };
        *count += 1;
        *count <= RUNNING_BLOCKS
    });
    found.into_iter().map(|(index, head, _)| (index, head)).collect()
}

/// Lines that the file itself says to be running ones. What stands on one page only is kept as text: programs take a
/// letter's head for one, too.
fn settle_tagged_lines(pages: &mut [Page]) {
    let is_running =
        |block: &Block| matches!(block.kind, BlockKind::RunningHeader | BlockKind::RunningFooter);
    let mut counts: HashMap<String, usize> = HashMap::new();
    for page in pages.iter() {
        for block in page.blocks.iter().filter(|block| is_running(block)) {
            if let Some(key) = running_key(block_text(&page.text, block)) {
                *counts.entry(key).or_default() += 1;
            }
        }
    }
    for page in pages {
        let Page { text, blocks, .. } = page;
        for block in blocks.iter_mut().filter(|block| is_running(block)) {
            let is_alone = match running_key(block_text(text, block)) {
                Some(key) => {
                    let is_number = !key.chars().any(char::is_alphabetic);
                    !is_number && counts.get(&key).is_none_or(|count| *count < TAGGED_PAGES)
                }
                None => block_text(text, block).chars().any(char::is_alphabetic),
            };
            if is_alone {
                block.kind = BlockKind::Paragraph;
            }
        }
    }
}

/// Whether the headings that the file itself names are all that are needed, with so many entries in its contents;
/// otherwise they are taken back.
fn settle_tagged_headings(pages: &mut [Page], entries: usize) -> bool {
    let is_heading = |block: &Block| matches!(block.kind, BlockKind::Heading { .. });
    let (mut headings, mut heading_bytes, mut bytes) = (0_usize, 0, 0);
    for block in pages.iter().flat_map(|page| &page.blocks) {
        bytes += block.span.len();
        if is_heading(block) {
            headings += 1;
            heading_bytes += block.span.len();
        }
    }
    // Where a third of the text is headings, somebody used them for large print.
    let is_sound = heading_bytes * 3 <= bytes;
    let is_enough =
        headings > 0 && headings * 2 >= entries && headings * TAGGED_REACH >= pages.len();
    if is_sound && is_enough {
        return true;
    }
    for block in
        pages.iter_mut().flat_map(|page| &mut page.blocks).filter(|block| is_heading(block))
    {
        block.kind = BlockKind::Paragraph;
    }
    false
}

fn mark_running_blocks(pages: &mut [Page]) {
    // How many pages have it, and the last one of them.
    let mut counts: HashMap<(String, bool), (usize, usize)> = HashMap::new();
    let margins: Vec<Vec<(usize, bool)>> = pages.iter().map(margin_blocks).collect();
    let body = body_size(pages);
    let key = |page: &Page, index: usize, head: bool| {
        let block = page.blocks.get(index)?;
        let text = block_text(&page.text, block);
        // Chapters that are counted in large print are headings: only what comes back unchanged is a running line.
        let is_large = block.font_size.is_some_and(|size| size >= body * HEADING_SIZE);
        let key = running_key(text)?;
        Some((if is_large { text.to_owned() } else { key }, head))
    };
    for (number, (page, margin)) in pages.iter().zip(&margins).enumerate() {
        for (index, head) in margin {
            if let Some(key) = key(page, *index, *head) {
                let (count, last) = counts.entry(key).or_insert((0, usize::MAX));
                if *last != number {
                    *count += 1;
                    *last = number;
                }
            }
        }
    }
    for (page, margin) in pages.iter_mut().zip(&margins) {
        for (index, head) in margin {
            let running = key(page, *index, *head)
                .and_then(|key| counts.get(&key))
                .is_some_and(|(count, _)| *count >= RUNNING_PAGES);
            if let Some(block) = page.blocks.get_mut(*index).filter(|_| running) {
                block.kind =
                    if *head { BlockKind::RunningHeader } else { BlockKind::RunningFooter };
            }
        }
    }
}

fn is_text(block: &Block) -> bool {
    matches!(block.kind, BlockKind::Paragraph | BlockKind::ListItem)
}

/// The letters and digits of a title without its number, so that a contents' entry and the print compare.
fn title_key(title: &str) -> Option<String> {
    let title = title.trim_start_matches(|character: char| !character.is_alphabetic());
    let key: String = title
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    (!key.is_empty()).then_some(key)
}

/// Marks the blocks that the table of contents names; returns the entries that no block was found for.
fn mark_outlined<'a>(pages: &mut [Page], outline: &'a [OutlineEntry]) -> Vec<&'a OutlineEntry> {
    let mut keys: HashMap<u32, HashMap<String, Vec<usize>>> = HashMap::new();
    let mut open = Vec::new();
    for entry in outline {
        let Some(index) = (entry.page as usize).checked_sub(1).filter(|index| *index < pages.len())
        else {
            continue;
        };
        let Some(page) = pages.get_mut(index) else { continue };
        let blocks = keys.entry(entry.page).or_insert_with(|| {
            let mut blocks: HashMap<String, Vec<usize>> = HashMap::new();
            // The largest print last, and of the same the first: that is the one that is taken.
            let mut candidates: Vec<(usize, &Block)> =
                page.blocks.iter().enumerate().rev().collect();
            candidates.sort_by_key(|(_, block)| tenths(block.font_size));
            for (index, block) in candidates {
                let text = block_text(&page.text, block);
                if text.len() <= MAX_HEADING_CHARACTERS * 2
                    && !matches!(block.kind, BlockKind::RunningHeader | BlockKind::RunningFooter)
                    && !block.kind.is_added()
                    && let Some(key) = title_key(text)
                {
                    blocks.entry(key).or_default().push(index);
                }
            }
            blocks
        });
        let block = title_key(&entry.title)
            .and_then(|key| blocks.get_mut(&key)?.pop())
            .and_then(|index| page.blocks.get_mut(index));
        match block {
            Some(block) => block.kind = BlockKind::Heading { level: entry.level.clamp(1, 6) },
            None => open.push(entry),
        }
    }
    open
}

/// Sizes in tenths of a point, so that they count as keys; 0 for what is no size.
fn tenths(size: Option<f32>) -> u32 {
    let size = size.filter(|size| (0.5..2000.0).contains(size)).unwrap_or_default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 20,000"
    )]
    let tenths = (size * 10.0).round() as u32;
    tenths
}

/// The size of most text, in points; 0 where none says its size.
fn body_size(pages: &[Page]) -> f32 {
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    for block in pages.iter().flat_map(|page| &page.blocks).filter(|block| is_text(block)) {
        *sizes.entry(tenths(block.font_size)).or_default() += block.span.len();
    }
    let body = sizes
        .into_iter()
        .filter(|(size, _)| *size > 0)
        .max_by_key(|(size, length)| (*length, *size));
    #[expect(clippy::cast_precision_loss, reason = "at most 20,000")]
    let body = body.map_or(0.0, |(size, _)| size as f32 / 10.0);
    body
}

/// The ranks of headings in the body's own size.
const BOLD_RANK: u32 = 1;
const CAPITAL_RANK: u32 = 0;
/// A line in capitals is a heading up to so many characters, where at most one in so many blocks is such a line.
const MAX_CAPITAL_CHARACTERS: usize = 80;
const CAPITAL_SHARE: usize = 4;

/// What print tells of headings: the body's text that they stand out of.
struct Print {
    body: f32,
    body_is_bold: bool,
}

impl Print {
    fn of(pages: &[Page]) -> Self {
        let (mut bold, mut plain) = (0_usize, 0_usize);
        for block in pages.iter().flat_map(|page| &page.blocks).filter(|block| is_text(block)) {
            if block.bold {
                bold += block.span.len();
            } else {
                plain += block.span.len();
            }
        }
        Self { body: body_size(pages), body_is_bold: bold > plain }
    }

    /// The size of a block that could be a heading, in tenths of a point, or one of the ranks below all sizes.
    fn rank(&self, page: &Page, block: &Block) -> Option<u32> {
        let text = block_text(&page.text, block).trim();
        let length = text.chars().take(MAX_HEADING_CHARACTERS + 1).count();
        let letters = text
            .chars()
            .take(MAX_HEADING_CHARACTERS)
            .filter(|character| character.is_alphabetic())
            .count();
        let ends_open = text.ends_with([',', ';', '.', ':']) && !text.ends_with("...");
        if length > MAX_HEADING_CHARACTERS || letters < 2 || letters * 3 < length {
            return None;
        }
        let size = block.font_size?;
        if size >= self.body * HEADING_SIZE {
            return Some(tenths(Some(size)));
        }
        if size < self.body * 0.97 || ends_open {
            return None;
        }
        if block.bold && !self.body_is_bold && length <= 120 {
            return Some(BOLD_RANK);
        }
        let is_capital = letters >= 4
            && length <= MAX_CAPITAL_CHARACTERS
            && !text.chars().any(char::is_lowercase)
            && text.chars().any(char::is_uppercase);
        is_capital.then_some(CAPITAL_RANK)
    }
}

/// Marks what looks like the headings that the file itself names: people forget some.
fn mark_like_tagged(pages: &mut [Page]) {
    let print = Print::of(pages);
    let mut levels: HashMap<u32, HashMap<u8, usize>> = HashMap::new();
    let mut blocks = 0_usize;
    for page in pages.iter() {
        for block in &page.blocks {
            blocks += 1;
            if let BlockKind::Heading { level } = block.kind
                && let Some(rank) = print.rank(page, block)
            {
                *levels.entry(rank).or_default().entry(level).or_default() += 1;
            }
        }
    }
    let level_of = |page: &Page, block: &Block| {
        let counts = is_text(block).then(|| levels.get(&print.rank(page, block)?)).flatten()?;
        counts.iter().max_by_key(|(level, count)| (**count, **level)).map(|(level, _)| *level)
    };
    let alike: Vec<Vec<Option<u8>>> = pages
        .iter()
        .map(|page| page.blocks.iter().map(|block| level_of(page, block)).collect())
        .collect();
    if alike.iter().flatten().flatten().count() * 4 > blocks {
        return;
    }
    for (page, levels) in pages.iter_mut().zip(alike) {
        for (block, level) in page.blocks.iter_mut().zip(levels) {
            if let Some(level) = level {
                block.kind = BlockKind::Heading { level };
            }
        }
    }
}

/// Marks headings by their print: larger than the body's text, bold in a body that is not, or in capitals.
fn mark_by_print(pages: &mut [Page]) {
    let print = Print::of(pages);
    let rank =
        |page: &Page, block: &Block| is_text(block).then(|| print.rank(page, block)).flatten();
    // The sizes of headings, the largest first, are their levels; bold ones of the body's size come after them.
    let mut ranks: HashMap<u32, usize> = HashMap::new();
    let mut blocks = 0_usize;
    for page in pages.iter() {
        for block in &page.blocks {
            blocks += 1;
            if let Some(rank) = rank(page, block) {
                *ranks.entry(rank).or_default() += 1;
            }
        }
    }
    // Where every other block would be a heading, print says nothing (slides, forms).
    if ranks.get(&CAPITAL_RANK).is_some_and(|count| count * CAPITAL_SHARE > blocks) {
        ranks.remove(&CAPITAL_RANK);
    }
    if ranks.values().sum::<usize>() * 2 > blocks {
        ranks.remove(&CAPITAL_RANK);
        ranks.remove(&BOLD_RANK);
    }
    let mut order: Vec<u32> = ranks.into_keys().collect();
    order.sort_unstable_by(|one, other| other.cmp(one));
    let levels = levels_of(&order);
    for page in pages {
        let kinds: Vec<Option<u8>> =
            page.blocks.iter().map(|block| levels.get(&rank(page, block)?).copied()).collect();
        for (block, level) in page.blocks.iter_mut().zip(kinds) {
            if let Some(level) = level {
                block.kind = BlockKind::Heading { level };
            }
        }
    }
}

/// From sizes (largest first) to levels; sizes within a twentieth of each other share one.
fn levels_of(sizes: &[u32]) -> HashMap<u32, u8> {
    let mut levels = HashMap::new();
    let mut level = 0_u8;
    let mut first = u32::MAX;
    for size in sizes {
        if levels.is_empty() || size * 20 < first * 19 {
            level = level.saturating_add(1).min(6);
            first = *size;
        }
        levels.insert(*size, level);
    }
    levels
}

/// Tells every block the headings that it stands under. `open` are contents' entries without a block: they count from
/// the beginning of their page.
fn fill_headings(pages: &mut [Page], open: &[&OutlineEntry]) {
    let mut open_by_page: HashMap<u32, Vec<&OutlineEntry>> = HashMap::new();
    for entry in open {
        open_by_page.entry(entry.page).or_default().push(entry);
    }
    let mut path: Vec<(u8, String)> = Vec::new();
    for page in pages {
        for entry in open_by_page.remove(&page.number).unwrap_or_default() {
            enter(&mut path, entry.level.clamp(1, 6), &entry.title);
        }
        let Page { text, blocks, .. } = page;
        let own = blocks.iter().position(|block| block.kind.is_added()).unwrap_or(blocks.len());
        let (own, added) = blocks.split_at_mut(own);
        for block in own.iter_mut() {
            if let BlockKind::Heading { level } = block.kind {
                let title = block_text(text, block).to_owned();
                leave(&mut path, level);
                block.headings = path.iter().map(|(_, title)| title.clone()).collect();
                enter(&mut path, level, &title);
            } else {
                block.headings = path.iter().map(|(_, title)| title.clone()).collect();
            }
        }
        head_added(text, own, added);
    }
}

/// Gives form fields and annotations the headings of the text that they stand at: of the nearest block that begins over
/// their foot, in their own column where there is one.
fn head_added(text: &str, own: &[Block], added: &mut [Block]) {
    if added.is_empty() {
        return;
    }
    let mut by_top: Vec<(Rect, &Block)> =
        own.iter().filter_map(|block| Some((block.bounds?, block))).collect();
    by_top.sort_by(|(one, _), (other, _)| one.top.total_cmp(&other.top));
    for block in added {
        let Some(place) = block.bounds else { continue };
        let begun = by_top.partition_point(|(bounds, _)| bounds.top < place.bottom);
        let over = by_top.get(..begun).unwrap_or_default();
        let is_beside = |bounds: &Rect| bounds.left < place.right && bounds.right > place.left;
        let near = over.iter().rev().take(NEAR_BLOCKS).find(|(bounds, _)| is_beside(bounds));
        let Some((_, nearest)) = near.or(over.last()) else { continue };
        block.headings.clone_from(&nearest.headings);
        if matches!(nearest.kind, BlockKind::Heading { .. }) {
            block.headings.push(title(block_text(text, nearest)));
        }
    }
}

fn leave(path: &mut Vec<(u8, String)>, level: u8) {
    while path.last().is_some_and(|(above, _)| *above >= level) {
        path.pop();
    }
}

fn enter(path: &mut Vec<(u8, String)>, level: u8, title: &str) {
    leave(path, level);
    let title = self::title(title);
    if !title.is_empty() && path.len() < MAX_LEVELS {
        path.push((level, title));
    }
}

/// A heading's text as one line of bounded length.
fn title(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_HEADING_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Head, Word};

    fn block(kind: BlockKind, span: std::ops::Range<usize>, font_size: f32) -> Block {
        let bounds = Some(Rect { left: 50.0, top: 300.0, right: 500.0, bottom: 310.0 });
        Block { kind, span, bounds, font_size: Some(font_size), bold: false, headings: Vec::new() }
    }

    fn document(head: Head, pages: Vec<Page>) -> Document {
        let mut assembler = Assembler::default();
        assembler.push(Part::Head(head));
        for page in pages {
            assembler.push(Part::Page(page));
        }
        assembler.finish()
    }

    fn page(number: u32, blocks: &[(&str, BlockKind, f32)]) -> Page {
        let mut page = Page { number, size: Some((600.0, 800.0)), ..Page::default() };
        for (text, kind, size) in blocks {
            if !page.text.is_empty() {
                page.text.push('\n');
            }
            let start = page.text.len();
            page.text.push_str(text);
            page.blocks.push(block(*kind, start..page.text.len(), *size));
        }
        page
    }

    #[test]
    fn larger_print_is_a_heading_of_the_level_of_its_size() {
        let long =
            "A paragraph that is long enough to be what most of the text is set in. ".repeat(4);
        let blocks = [
            ("Title", BlockKind::Paragraph, 20.0),
            ("Part", BlockKind::Paragraph, 14.0),
            (long.as_str(), BlockKind::Paragraph, 10.0),
            ("Other part", BlockKind::Paragraph, 14.0),
            (long.as_str(), BlockKind::Paragraph, 10.0),
        ];
        let document = document(Head { paged: true, ..Head::default() }, vec![page(1, &blocks)]);
        let headings: Vec<String> =
            document.pages[0].blocks.iter().map(|block| block.headings.join("/")).collect();
        assert_eq!(headings, ["", "Title", "Title/Part", "Title", "Title/Other part"]);
    }

    #[test]
    fn a_short_line_in_capitals_is_a_heading_unless_much_is() {
        let long = "A paragraph that is long enough. ".repeat(4);
        let kinds = |share: usize| {
            let mut blocks = vec![("2. TERM OF THE LEASE", BlockKind::ListItem, 10.0)];
            blocks.extend([(long.as_str(), BlockKind::Paragraph, 10.0)].repeat(share));
            let pages = vec![page(1, &blocks)];
            document(Head { paged: true, ..Head::default() }, pages).pages[0].blocks[0].kind
        };
        assert_eq!(kinds(3), BlockKind::Heading { level: 1 });
        assert_eq!(kinds(2), BlockKind::ListItem);
    }

    #[test]
    fn a_number_at_the_foot_of_a_page_with_wide_margins_is_a_running_one() {
        let pages = (1..=3)
            .map(|number: u32| {
                let label = number.to_string();
                let text = format!("Some text of page {number}.");
                let mut page = page(
                    number,
                    &[(&text, BlockKind::Paragraph, 10.0), (&label, BlockKind::Paragraph, 10.0)],
                );
                let foot = Rect { left: 300.0, top: 650.0, right: 305.0, bottom: 660.0 };
                page.blocks[1].bounds = Some(foot);
                page
            })
            .collect();
        let document = document(Head { paged: true, ..Head::default() }, pages);
        for page in document.pages {
            assert_eq!(page.blocks[0].kind, BlockKind::Paragraph);
            assert_eq!(page.blocks[1].kind, BlockKind::RunningFooter);
        }
    }

    #[test]
    fn headings_of_a_reader_are_kept_and_carried_to_their_blocks() {
        let blocks = [
            ("One", BlockKind::Heading { level: 1 }, 10.0),
            ("Sub", BlockKind::Heading { level: 3 }, 10.0),
            ("text", BlockKind::Paragraph, 10.0),
            ("Two", BlockKind::Heading { level: 1 }, 10.0),
            ("more", BlockKind::Paragraph, 10.0),
        ];
        let document = document(Head::default(), vec![page(1, &blocks)]);
        let headings: Vec<String> =
            document.pages[0].blocks.iter().map(|block| block.headings.join("/")).collect();
        assert_eq!(headings, ["", "One", "One/Sub", "", "Two"]);
    }

    #[test]
    fn an_entry_of_the_contents_without_a_block_counts_from_its_page() {
        let outline = vec![OutlineEntry { title: "Chapter".to_owned(), level: 1, page: 2 }];
        let pages = vec![
            page(1, &[("before", BlockKind::Paragraph, 10.0)]),
            page(2, &[("inside", BlockKind::Paragraph, 10.0)]),
        ];
        let document = document(Head { paged: true, outline, ..Head::default() }, pages);
        assert!(document.pages[0].blocks[0].headings.is_empty());
        assert_eq!(document.pages[1].blocks[0].headings, ["Chapter"]);
    }

    #[test]
    fn parts_that_contradict_themselves_lose_what_does() {
        let bounds = Rect { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 };
        let mut hostile = Page { number: 1, text: "aé b".to_owned(), ..Page::default() };
        let (start, end) = (5, 1);
        for span in [0..2, 3..99, start..end, 0..1, 0..1, 4..5] {
            hostile.blocks.push(block(BlockKind::Paragraph, span, f32::NAN));
        }
        hostile.words.push(Word { span: 2..9, bounds });
        hostile.words.push(Word { span: 0..3, bounds });
        let bell = Page { number: 2, text: "a\u{7}".to_owned(), ..Page::default() };
        let outline = vec![OutlineEntry { title: String::new(), level: 0, page: 0 }];
        let document =
            document(Head { paged: true, outline, ..Head::default() }, vec![hostile, bell]);
        let spans: Vec<_> =
            document.pages[0].blocks.iter().map(|block| block.span.clone()).collect();
        assert_eq!(spans, [0..1, 4..5]);
        assert_eq!(document.pages[0].words.len(), 1);
        assert!(document.pages[1].text.is_empty());
    }

    #[test]
    fn figures_and_roman_numerals_do_not_part_running_lines() {
        assert_eq!(running_key("Page 12 of 30"), running_key("Page 3 of 30"));
        assert_eq!(running_key("xii Preface"), running_key("v Preface"));
        assert_eq!(running_key("x ="), Some("# =".to_owned()));
        assert_eq!(running_key("b"), None);
    }
}
