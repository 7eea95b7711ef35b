//! What does a page say, as an OCR program read it in its picture?
//!
//! The words with their places go through the same layout as glyphs do, so that a scan has columns, tables and joined
//! words like any other page. Which program it was does not matter here, but for its way to write: Tesseract's TSV.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::interpreter::Glyph;
use super::{annotation, layout};
use crate::document::{Page, Problem, ProblemKind};
use crate::extract::Part;

/// Points in an inch.
const POINTS: f32 = 72.0;
/// From the foot of a `g` to the top of a `d`, and from its foot to the line, in ems: what most print has.
const FULL_HEIGHT: f32 = 0.93;
const DESCENT: f32 = 0.21;
const DESCENDERS: &str = "gjpqyQçş,;()[]{}|/@$§ß";
/// A line of so many words tells how the page lies, if it lies no more askew than this (some six degrees).
const LONG_LINE: usize = 5;
const MAX_SLOPE: f32 = 0.1;
/// Beyond this the gap is left to the layout, which may take it for the gap between cells.
const PLAIN_GAP: f32 = 1.0;
/// Surer words than this are kept, in percent; of signs without a letter or digit more is asked, as specks look like them.
const SURE: f32 = 20.0;
const SURE_SIGN: f32 = 70.0;
/// A page whose words are less sure than this, on average, is not to be relied on: Tesseract gives clean print 90 % and
/// more, and below this every sixth word and more is wrong.
const DOUBTFUL: f32 = 0.7;

/// What an OCR program read in a page's picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recognition {
    /// Tab-separated, twelve columns: level, numbers of page, block, paragraph, line and word, left, top, width and height
    /// in pixels, confidence in percent, text. Words are of level 5; a page without any still has its own line, of level 1.
    /// Empty where the program failed on it.
    pub tsv: String,
    /// Of the picture.
    pub dots_per_inch: f32,
}

/// Puts what was recognised, by page, in the place of what a reader gave for pages without text of their own, and gives the
/// problems that are left.
pub fn with_recognised(part: Part, recognised: &BTreeMap<u32, Recognition>) -> Vec<Part> {
    match part {
        Part::Page(page) => match recognised.get(&page.number) {
            Some(recognition) => recognised_page(page, recognition),
            None => vec![Part::Page(page)],
        },
        Part::Problem(problem) if is_for_ocr(problem.kind) => {
            let is_answered = match problem.page {
                Some(page) => recognised.contains_key(&page),
                None => !recognised.is_empty(),
            };
            if is_answered { Vec::new() } else { vec![Part::Problem(problem)] }
        }
        other => vec![other],
    }
}

/// Whether OCR is the remedy.
pub fn is_for_ocr(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::NoText | ProblemKind::Garbled)
}

fn recognised_page(page: Page, recognition: &Recognition) -> Vec<Part> {
    let all = words(recognition);
    // A page on which nothing stands is no problem; one of which not even a page is told was not read.
    let is_blank = all.is_empty() && !recognition.tsv.is_empty();
    let kept: Vec<Word<'_>> = all.into_iter().filter(Word::is_kept).collect();
    let problem = |kind| Part::Problem(Problem { kind, page: Some(page.number) });
    if kept.is_empty() {
        let nothing = problem(ProblemKind::Unrecognised);
        return if is_blank { vec![Part::Page(page)] } else { vec![Part::Page(page), nothing] };
    }
    let (mut sum, mut weight) = (0.0, 0.0);
    for word in &kept {
        let letters = super::number::share(word.text.chars().count());
        sum += word.confidence * letters;
        weight += letters;
    }
    let confidence = (sum / weight / 100.0).clamp(0.0, 1.0);
    let mut laid = layout::lay_out(glyphs(&kept), &[]);
    annotation::keep(&page, &mut laid);
    let doubt = (confidence < DOUBTFUL).then(|| problem(ProblemKind::Doubtful));
    let page = Page {
        text: laid.text,
        blocks: laid.blocks,
        words: laid.words,
        recognised: Some(confidence),
        ..page
    };
    std::iter::once(Part::Page(page)).chain(doubt).collect()
}

/// A word; lengths in points from the page's top left corner.
#[derive(Debug)]
struct Word<'a> {
    /// Block, paragraph and line.
    line: (&'a str, &'a str, &'a str),
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
    /// Percent.
    confidence: f32,
    text: &'a str,
}

impl Word<'_> {
    fn is_kept(&self) -> bool {
        let needed = if self.text.chars().any(char::is_alphanumeric) { SURE } else { SURE_SIGN };
        self.confidence >= needed
    }
}

fn words(recognition: &Recognition) -> Vec<Word<'_>> {
    let scale = POINTS / recognition.dots_per_inch;
    let word = |line| word(line, scale);
    recognition.tsv.lines().filter_map(word).collect()
}

fn word(line: &str, scale: f32) -> Option<Word<'_>> {
    let columns: Vec<&str> = line.split('\t').collect();
    let ["5", _, block, paragraph, row, _, left, top, width, height, confidence, text] =
        columns.as_slice()
    else {
        return None;
    };
    let number = |column: &str| column.parse::<f32>().ok().filter(|number| number.is_finite());
    let (left, top) = (number(left)? * scale, number(top)? * scale);
    let (right, bottom) = (left + number(width)? * scale, top + number(height)? * scale);
    let text = text.trim();
    (!text.is_empty() && right > left && bottom > top).then_some(Word {
        line: (block, paragraph, row),
        left,
        top,
        right,
        bottom,
        confidence: number(confidence)?,
        text,
    })
}

/// Each word as one glyph, in the order in which they were recognised.
fn glyphs(words: &[Word<'_>]) -> Vec<Glyph> {
    let slope = slope(words);
    let mut glyphs: Vec<Glyph> = Vec::with_capacity(words.len() * 2);
    for paragraph in
        words.chunk_by(|one, other| (one.line.0, one.line.1) == (other.line.0, other.line.1))
    {
        // A paragraph is set in one size; most of its long words reach from foot to top.
        let mut heights: Vec<f32> = paragraph.iter().map(|word| word.bottom - word.top).collect();
        heights.sort_unstable_by(f32::total_cmp);
        let em = heights.get(heights.len() * 9 / 10).copied().unwrap_or(1.0) / FULL_HEIGHT;
        let mut before: Option<&Word<'_>> = None;
        for word in paragraph {
            let has_foot = word.text.contains(|character| DESCENDERS.contains(character));
            let base = if has_foot { word.bottom - DESCENT * em } else { word.bottom };
            // The layout sees straight lines; the words' boxes stay where they are.
            let base = base - slope * word.left;
            let glyph = |text: &str, from: f32, to: f32| Glyph {
                text: text.chars().collect(),
                start: (from, base),
                end: (to, base),
                direction: (1.0, 0.0),
                size: em,
                em,
                tracking: 0.0,
                ascent: (base - word.top) / em,
                descent: (base - word.bottom) / em,
                bold: false,
                vertical: false,
                width: 0.0,
            };
            if let Some(before) = before.filter(|before| before.line == word.line)
                && word.left - before.right < PLAIN_GAP * em
                && !(is_unspaced(before.text) && is_unspaced(word.text))
            {
                glyphs.push(glyph(" ", before.right, word.left));
            }
            glyphs.push(glyph(word.text, word.left, word.right));
            before = Some(word);
        }
    }
    glyphs
}

/// How far lines sink for each point to the right: pages lie askew on the glass. Of most of the long lines.
fn slope(words: &[Word<'_>]) -> f32 {
    let mut slopes: Vec<f32> = words
        .chunk_by(|one, other| one.line == other.line)
        .filter_map(|line| {
            // The middles of words that reach below the line lie lower, in all places alike.
            let (first, last) = (line.first()?, line.last()?);
            let middle = |word: &Word<'_>| f32::midpoint(word.top, word.bottom);
            let run = last.left - first.left;
            (line.len() >= LONG_LINE).then(|| (middle(last) - middle(first)) / run)
        })
        .filter(|slope| slope.abs() < MAX_SLOPE)
        .collect();
    slopes.sort_unstable_by(f32::total_cmp);
    slopes.get(slopes.len() / 2).copied().unwrap_or_default()
}

/// Whether it is of a script that puts no space between words.
fn is_unspaced(text: &str) -> bool {
    text.chars().all(layout::is_unspaced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Block, BlockKind, Rect};

    /// Lines of words, a paragraph to each, at 144 dots an inch: `(paragraph, line, left, top, confidence, text)`.
    fn recognition(words: &[(u32, u32, u32, u32, f32, &str)]) -> Recognition {
        let head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n1\t1\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t\n";
        let lines = words.iter().map(|(paragraph, line, left, top, confidence, text)| {
            let width = 10 * text.chars().count();
            format!("5\t1\t1\t{paragraph}\t{line}\t1\t{left}\t{top}\t{width}\t20\t{confidence}\t{text}\n")
        });
        let tsv = std::iter::once(head.to_owned()).chain(lines).collect();
        Recognition { tsv, dots_per_inch: 144.0 }
    }

    fn page(recognition: &Recognition) -> Vec<Part> {
        let page = Page { number: 3, label: Some("iii".to_owned()), ..Page::default() };
        recognised_page(page, recognition)
    }

    #[test]
    fn what_is_filled_in_on_a_scan_stays() {
        let bounds = Some(Rect { left: 50.0, top: 50.0, right: 90.0, bottom: 60.0 });
        let block = |kind, span| Block {
            kind,
            span,
            bounds,
            font_size: None,
            bold: false,
            headings: Vec::new(),
        };
        let page = Page {
            text: "\u{fffd}\nName: Eve".to_owned(),
            blocks: vec![block(BlockKind::Paragraph, 0..3), block(BlockKind::FormField, 4..13)],
            ..Page::default()
        };
        let parts = recognised_page(page, &recognition(&[(1, 1, 100, 100, 95.0, "Applicant")]));
        let [Part::Page(page)] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!(page.text, "Applicant\nName: Eve");
        assert_eq!(page.blocks[1].kind, BlockKind::FormField);
    }

    #[test]
    fn words_become_a_page_with_their_places() {
        let parts = page(&recognition(&[
            (1, 1, 100, 100, 95.0, "Termination"),
            (2, 1, 100, 160, 91.0, "Notice"),
            (2, 1, 170, 160, 91.0, "of"),
            (2, 1, 200, 160, 91.0, "termi-"),
            (2, 2, 100, 184, 91.0, "nation"),
            (2, 2, 170, 184, 91.0, "counts."),
            (2, 2, 400, 184, 12.0, "l"),
            (2, 2, 410, 184, 40.0, "·"),
        ]));
        let [Part::Page(page)] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!(page.text, "Termination\nNotice of termi\u{ad}nation counts.");
        assert_eq!((page.number, page.label.as_deref()), (3, Some("iii")));
        assert!(page.recognised.is_some_and(|confidence| (0.91..0.95).contains(&confidence)));
        let first = page.words[0].bounds;
        assert!((first.left - 50.0).abs() < 0.1 && (first.right - 105.0).abs() < 0.1);
        assert!((first.top - 50.0).abs() < 0.1 && (first.bottom - 60.0).abs() < 0.1);
    }

    #[test]
    fn lines_of_a_page_that_lies_askew_are_one_paragraph() {
        let words: Vec<(u32, u32, u32, u32, f32, &str)> = (0..4_u32)
            .flat_map(|line| {
                // It sinks by two dots a word, so that the end of a line stands lower than the next one's beginning.
                (0..if line == 3 { 1 } else { 14 }).map(move |word| {
                    (1, line + 1, 100 + 50 * word, 100 + 24 * line + 2 * word, 95.0, "xxxx")
                })
            })
            .collect();
        let parts = page(&recognition(&words));
        let [Part::Page(page)] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!(page.blocks.len(), 1, "{}", page.text);
        let last = page.words[13].bounds;
        assert!((last.top - 63.0).abs() < 0.1 && (last.bottom - 73.0).abs() < 0.1, "{last:?}");
    }

    #[test]
    fn doubt_and_nothing_are_told_and_a_blank_page_is_not() {
        let kinds = |parts: &[Part]| -> Vec<(ProblemKind, Option<u32>)> {
            let problem = |part: &Part| match part {
                Part::Problem(problem) => Some((problem.kind, problem.page)),
                _ => None,
            };
            parts.iter().filter_map(problem).collect()
        };
        let doubtful = page(&recognition(&[(1, 1, 0, 0, 55.0, "Wohl")]));
        assert_eq!(kinds(&doubtful), [(ProblemKind::Doubtful, Some(3))]);
        let specks = page(&recognition(&[(1, 1, 0, 0, 30.0, "~"), (1, 1, 40, 0, 3.0, "fi")]));
        assert_eq!(kinds(&specks), [(ProblemKind::Unrecognised, Some(3))]);
        assert_eq!(kinds(&page(&recognition(&[]))), []);
        let failed = Recognition { tsv: String::new(), dots_per_inch: 300.0 };
        assert_eq!(kinds(&page(&failed)), [(ProblemKind::Unrecognised, Some(3))]);
    }

    #[test]
    fn what_was_recognised_takes_the_place_of_the_problem() {
        let recognised = BTreeMap::from([(2, recognition(&[(1, 1, 100, 100, 95.0, "Read")]))]);
        let problem = |kind, page| Part::Problem(Problem { kind, page });
        let gone = |part| with_recognised(part, &recognised).is_empty();
        assert!(gone(problem(ProblemKind::NoText, Some(2))));
        assert!(gone(problem(ProblemKind::NoText, None)));
        assert!(!gone(problem(ProblemKind::NoText, Some(1))));
        assert!(!gone(problem(ProblemKind::Damaged, None)));
        let page = |number| Part::Page(Page { number, ..Page::default() });
        assert_eq!(with_recognised(page(1), &recognised), [page(1)]);
        assert_ne!(with_recognised(page(2), &recognised), [page(2)]);
    }
}
