//! How do lists of small numbers and short texts lie in a database cell?
//!
//! As numbers of variable length, seven bits a byte, lowest first. Reading never fails loudly: a cell that is cut short
//! ends early, which loses a highlight, not a document.

use std::ops::Range;

use crate::document::{LineMark, Rect, Word};

/// Steps of a point in which places on a page are kept: a sixteenth is finer than any screen shows.
const STEPS_PER_POINT: f32 = 16.0;

pub(super) fn texts(texts: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        number(&mut bytes, text.len() as u64);
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

pub(super) fn read_texts(bytes: &[u8]) -> Vec<String> {
    let mut cell = Cell(bytes);
    let mut texts = Vec::new();
    while let Some(text) = cell.text() {
        texts.push(text);
    }
    texts
}

/// Ranges in ascending order that do not overlap.
pub(super) fn spans(spans: &[Range<usize>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(spans.len() * 3);
    let mut end = 0;
    for span in spans {
        number(&mut bytes, span.start.saturating_sub(end) as u64);
        number(&mut bytes, span.len() as u64);
        end = span.end;
    }
    bytes
}

pub(super) fn read_spans(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut cell = Cell(bytes);
    let mut spans = Vec::new();
    let mut end = 0_usize;
    while let (Some(gap), Some(length)) = (cell.length(), cell.length()) {
        let start = end.saturating_add(gap);
        end = start.saturating_add(length);
        spans.push(start..end);
    }
    spans
}

pub(super) fn lines(marks: &[LineMark]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(marks.len() * 2);
    let (mut offset, mut line) = (0, 0);
    for mark in marks {
        number(&mut bytes, mark.offset.saturating_sub(offset) as u64);
        signed(&mut bytes, i64::from(mark.line) - i64::from(line));
        (offset, line) = (mark.offset, mark.line);
    }
    bytes
}

pub(super) fn read_lines(bytes: &[u8]) -> Vec<LineMark> {
    let mut cell = Cell(bytes);
    let mut marks = Vec::new();
    let (mut offset, mut line) = (0_usize, 0_i64);
    while let (Some(step), Some(lines)) = (cell.length(), cell.signed()) {
        offset = offset.saturating_add(step);
        line = line.saturating_add(lines);
        marks.push(LineMark { offset, line: u32::try_from(line).unwrap_or(0) });
    }
    marks
}

pub(super) fn words(words: &[Word]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(words.len() * 8);
    let mut end = 0;
    let mut corner = (0, 0);
    for word in words {
        signed(&mut bytes, i64::from(word.span.start) - i64::from(end));
        number(&mut bytes, u64::from(word.span.end.saturating_sub(word.span.start)));
        end = word.span.end;
        let (left, top) = (steps(word.bounds.left), steps(word.bounds.top));
        signed(&mut bytes, left - corner.0);
        signed(&mut bytes, top - corner.1);
        signed(&mut bytes, steps(word.bounds.right) - left);
        signed(&mut bytes, steps(word.bounds.bottom) - top);
        corner = (left, top);
    }
    bytes
}

pub(super) fn read_words(bytes: &[u8]) -> Vec<Word> {
    let mut cell = Cell(bytes);
    let mut words = Vec::new();
    let mut end = 0_i64;
    let mut corner = (0_i64, 0_i64);
    while let Some(word) = read_word(&mut cell, &mut end, &mut corner) {
        words.push(word);
    }
    words
}

fn read_word(cell: &mut Cell<'_>, end: &mut i64, corner: &mut (i64, i64)) -> Option<Word> {
    let start = end.saturating_add(cell.signed()?);
    *end = start.saturating_add(i64::try_from(cell.number()?).ok()?);
    corner.0 = corner.0.saturating_add(cell.signed()?);
    corner.1 = corner.1.saturating_add(cell.signed()?);
    let right = corner.0.saturating_add(cell.signed()?);
    let bottom = corner.1.saturating_add(cell.signed()?);
    Some(Word {
        span: u32::try_from(start).ok()?..u32::try_from(*end).ok()?,
        bounds: Rect {
            left: points(corner.0),
            top: points(corner.1),
            right: points(right),
            bottom: points(bottom),
        },
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from f32 saturates, and a page is no larger"
)]
fn steps(points: f32) -> i64 {
    i64::from((points * STEPS_PER_POINT).round() as i32)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "24 bits hold a sixteenth of a point on every page size of PDF"
)]
fn points(steps: i64) -> f32 {
    steps as f32 / STEPS_PER_POINT
}

fn number(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7f);
            break;
        }
        bytes.push(low | 0x80);
    }
}

/// The sign goes into the lowest bit, so that small steps back are short as well.
fn signed(bytes: &mut Vec<u8>, value: i64) {
    number(bytes, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

struct Cell<'a>(&'a [u8]);

impl Cell<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn text(&mut self) -> Option<String> {
        let length = self.length()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            names in proptest::collection::vec(".{0,20}", 0..5),
            gaps in proptest::collection::vec((0_usize..300, 0_usize..5000), 0..20),
            places in proptest::collection::vec((-2000.0_f32..2000.0, -2000.0_f32..2000.0, 0.0_f32..500.0), 0..20),
        ) {
            prop_assert_eq!(read_texts(&texts(&names)), names);

            let mut end = 0;
            let ranges: Vec<_> = gaps.iter().map(|(gap, length)| {
                let start = end + gap;
                end = start + length;
                start..end
            }).collect();
            prop_assert_eq!(read_spans(&spans(&ranges)), ranges);

            let mut offset = 0;
            let marks: Vec<_> = gaps.iter().map(|(line, step)| {
                offset += step;
                LineMark { offset, line: u32::try_from(*line).unwrap() }
            }).collect();
            prop_assert_eq!(read_lines(&lines(&marks)), marks);

            let boxes: Vec<_> = places.iter().zip(0_u32..).map(|((left, top, size), at)| Word {
                span: at * 5..at * 5 + 4,
                bounds: Rect { left: *left, top: *top, right: left + size, bottom: top + size },
            }).collect();
            let back = read_words(&words(&boxes));
            prop_assert_eq!(back.len(), boxes.len());
            for (word, kept) in boxes.iter().zip(&back) {
                prop_assert_eq!(&word.span, &kept.span);
                prop_assert!((word.bounds.right - kept.bounds.right).abs() <= 0.04);
                prop_assert!((word.bounds.top - kept.bounds.top).abs() <= 0.04);
            }
        }

        #[test]
        fn a_cell_of_any_bytes_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            drop((read_texts(&bytes), read_spans(&bytes), read_lines(&bytes), read_words(&bytes)));
        }
    }
}
