//! Does the hyphen at a line's end belong to the word?
//!
//! A page can't tell: `co-` before `branded` is a compound, `con-` before `tract` is none. The document's other words
//! can, so the layout leaves a mark where the line broke, and it is resolved when all pages are in.

use std::collections::HashMap;
use std::ops::Range;

use crate::document::{LineMark, Page, Word};

/// Stands for a hyphen at a line's end between two letters; the readers take soft hyphens of the file for plain ones,
/// so that it has no other meaning in their text.
pub(super) const BREAK: char = '\u{ad}';
/// No longer half of a word is looked up.
const MAX_HALF: usize = 64;
/// Two words that are this long and stand alone this often are taken for the halves of a compound, if nothing else tells.
const HALF_CHARACTERS: usize = 4;
const HALF_COUNT: u32 = 2;

/// Replaces every mark by a hyphen or by nothing.
pub(super) fn resolve(pages: &mut [Page]) {
    let mut counts: HashMap<String, u32> = HashMap::new();
    for (before, after) in
        pages.iter().flat_map(|page| breaks(&page.text)).map(|(_, halves)| halves)
    {
        for key in [compound(before, after), whole(before, after), lower(before), lower(after)] {
            counts.entry(key).or_default();
        }
    }
    if counts.is_empty() {
        return;
    }
    for page in pages.iter() {
        for word in page.text.split(|character| !is_of_word(character)) {
            // Words that are broken themselves say nothing.
            if word.len() <= MAX_HALF * 2 + 1
                && !word.contains(BREAK)
                && let Some(count) = counts.get_mut(&lower(word.trim_matches('-')))
            {
                *count += 1;
            }
        }
    }
    for page in pages.iter_mut().filter(|page| page.text.contains(BREAK)) {
        resolve_page(page, &counts);
    }
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | BREAK)
}

fn lower(word: &str) -> String {
    word.to_lowercase()
}

fn compound(before: &str, after: &str) -> String {
    format!("{}-{}", lower(before), lower(after))
}

fn whole(before: &str, after: &str) -> String {
    format!("{}{}", lower(before), lower(after))
}

/// The marks of a text: where each stands, and what stands before and after it up to the next hyphen or the word's end.
fn breaks(text: &str) -> impl Iterator<Item = (Range<usize>, (&str, &str))> {
    text.match_indices(BREAK).map(move |(place, mark)| {
        let end = place + mark.len();
        let (before, after) =
            (text.get(..place).unwrap_or_default(), text.get(end..).unwrap_or_default());
        let length = |character: char| character.len_utf8();
        let is_in = |character: &char| character.is_alphanumeric();
        let left: usize = before.chars().rev().take(MAX_HALF).take_while(is_in).map(length).sum();
        let right: usize = after.chars().take(MAX_HALF).take_while(is_in).map(length).sum();
        let before = before.get(place - left..).unwrap_or_default();
        (place..end, (before, after.get(..right).unwrap_or_default()))
    })
}

fn is_compound(before: &str, after: &str, counts: &HashMap<String, u32>) -> bool {
    let count = |key: &str| counts.get(key).copied().unwrap_or_default();
    let (parted, joined) = (count(&compound(before, after)), count(&whole(before, after)));
    if parted > 0 || joined > 0 {
        return parted > joined;
    }
    [before, after]
        .iter()
        .all(|half| half.chars().count() >= HALF_CHARACTERS && count(&lower(half)) >= HALF_COUNT)
}

fn resolve_page(page: &mut Page, counts: &HashMap<String, u32>) {
    let mut text = String::with_capacity(page.text.len());
    // Behind which places of the old text how many bytes are gone.
    let mut gone: Vec<(usize, usize)> = Vec::new();
    let mut done = 0;
    for (mark, (before, after)) in breaks(&page.text) {
        text.push_str(page.text.get(done..mark.start).unwrap_or_default());
        if is_compound(before, after, counts) {
            text.push('-');
        }
        done = mark.end;
        gone.push((mark.start, mark.end - text.len()));
    }
    text.push_str(page.text.get(done..).unwrap_or_default());
    page.text = text;
    let moved = |place: usize| {
        let before = gone.partition_point(|(mark, _)| *mark < place);
        let shift = before.checked_sub(1).and_then(|last| gone.get(last)).map_or(0, |(_, by)| *by);
        place.saturating_sub(shift)
    };
    for block in &mut page.blocks {
        block.span = moved(block.span.start)..moved(block.span.end);
    }
    for Word { span, .. } in &mut page.words {
        let moved = |place: u32| {
            usize::try_from(place).ok().and_then(|place| u32::try_from(moved(place)).ok())
        };
        *span = moved(span.start).unwrap_or(span.start)..moved(span.end).unwrap_or(span.end);
    }
    for LineMark { offset, .. } in &mut page.lines {
        *offset = moved(*offset);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::string_slice, reason = "the spans are what is tested")]

    use super::*;
    use crate::document::{Block, BlockKind, Rect};

    /// One page a text, with a block over all of it and a word for each run of letters.
    fn resolved(texts: &[&str]) -> Vec<Page> {
        let bounds = Rect { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 };
        let page = |text: &&str| {
            let mut words = Vec::new();
            let mut start = 0;
            for word in text.split_inclusive([' ', BREAK]) {
                let end = start + word.trim_end_matches(' ').len();
                let place = |place: usize| u32::try_from(place).unwrap_or_default();
                words.push(Word { span: place(start)..place(end), bounds });
                start += word.len();
            }
            let block = Block {
                kind: BlockKind::Paragraph,
                span: 0..text.len(),
                bounds: None,
                font_size: None,
                bold: false,
                headings: Vec::new(),
            };
            Page { text: (*text).to_owned(), blocks: vec![block], words, ..Page::default() }
        };
        let mut pages: Vec<Page> = texts.iter().map(page).collect();
        resolve(&mut pages);
        pages
    }

    #[track_caller]
    fn check(texts: &[&str], expected: &str) {
        assert_eq!(resolved(texts)[0].text, expected);
    }

    #[test]
    fn a_break_inside_a_word_leaves_nothing() {
        check(&["the con\u{ad}tract ends"], "the contract ends");
        check(&["the con\u{ad}tract ends", "a con tract con tract"], "the contract ends");
    }

    #[test]
    fn a_compound_that_the_document_writes_elsewhere_keeps_its_hyphen() {
        check(&["a Co\u{ad}branded site", "the co-branded, one"], "a Co-branded site");
        check(&["to speed\u{ad}up", "a speed-up", "speedup speedup"], "to speedup");
    }

    #[test]
    fn two_words_of_their_own_are_a_compound() {
        let alone = "every language is independent, a language, and independent";
        check(&["it is language\u{ad}independent", alone], "it is language-independent");
        let whole = "languageindependent";
        check(&["it is language\u{ad}independent", alone, whole], "it is languageindependent");
    }

    #[test]
    fn spans_keep_to_their_words() {
        let pages = resolved(&["é con\u{ad}tract of a well\u{ad}known kind", "well-known"]);
        let page = &pages[0];
        assert_eq!(page.text, "é contract of a well-known kind");
        let words: Vec<&str> = page
            .words
            .iter()
            .map(|word| &page.text[word.span.start as usize..word.span.end as usize])
            .collect();
        assert_eq!(words, ["é", "con", "tract", "of", "a", "well-", "known", "kind"]);
        assert_eq!(page.blocks[0].span, 0..page.text.len());
    }

    #[test]
    fn marks_without_words_go() {
        check(&["\u{ad} a\u{ad}\u{ad}b \u{ad}"], " ab ");
    }
}
