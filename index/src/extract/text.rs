//! How is a plain text file read, whatever its encoding?
//!
//! Lines that were wrapped by hand are joined again; paragraphs, list items and headings are told by blank lines and
//! shape. The decoding here serves the other text formats too.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::builder::PageBuilder;
use super::{Part, Sink};
use crate::document::{BlockKind, Head, Problem, ProblemKind};

/// Share of characters that no text holds (control characters) above which a file is taken for a binary one.
const BINARY_SHARE: f64 = 0.02;

/// A line at least this long, followed by another one, was wrapped by an editor and not ended by its writer.
const WRAPPED_LINE_CHARS: usize = 45;

/// A heading in plain text is at most this long.
const HEADING_CHARS: usize = 80;

/// Reads a plain text file.
pub(super) fn read(bytes: &[u8], sink: &mut Sink<'_>) {
    let Some(source) = decode_or_report(bytes, sink) else { return };
    if sink(Part::Head(Head::default())).is_break() {
        return;
    }
    let mut page = PageBuilder::default();
    let lines: Vec<&str> = source.lines().collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if line.trim().is_empty() {
            at += 1;
            continue;
        }
        let rest = lines.get(at..).unwrap_or_default();
        let length = rest.iter().position(|line| line.trim().is_empty()).unwrap_or(rest.len());
        paragraph(rest.get(..length).unwrap_or_default(), at, &mut page);
        at += length;
    }
    let page = page.finish();
    if page.text.is_empty() {
        _ = sink(Part::Problem(Problem { kind: ProblemKind::Empty, page: None }));
    } else {
        _ = sink(Part::Page(page));
    }
}

/// Decodes `bytes`, or tells `sink` why it can't be text.
pub(super) fn decode_or_report(bytes: &[u8], sink: &mut Sink<'_>) -> Option<String> {
    let problem = if bytes.is_empty() {
        ProblemKind::Empty
    } else {
        match decode(bytes) {
            Some(text) => return Some(text),
            None => ProblemKind::UnknownFormat,
        }
    };
    _ = sink(Part::Problem(Problem { kind: problem, page: None }));
    None
}

/// The text of a file in whatever encoding it has: by its byte order mark, else UTF-8 where valid, else UTF-16 where
/// every second byte is mostly zero, else the best guess from the letters. None when it is no text.
fn decode(bytes: &[u8]) -> Option<String> {
    let encoding = Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| std::str::from_utf8(bytes).is_ok().then_some(UTF_8))
        .or_else(|| utf16_without_mark(bytes))
        .unwrap_or_else(|| {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            detector.guess(None, Utf8Detection::Allow)
        });
    let (text, _, _) = encoding.decode(bytes);
    let strange = text
        .chars()
        .filter(|&c| {
            c == '\u{fffd}'
                || (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}'))
        })
        .count();
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    let share = strange as f64 / text.chars().count().max(1) as f64;
    (share <= BINARY_SHARE).then(|| text.into_owned())
}

fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..bytes.len().min(4096) & !1)?;
    let zeros =
        |parity: usize| sample.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let half = sample.len() / 2;
    if half < 8 {
        None
    } else if zeros(1) * 10 > half * 6 && zeros(0) * 10 < half {
        Some(UTF_16LE)
    } else if zeros(0) * 10 > half * 6 && zeros(1) * 10 < half {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Adds the lines of one paragraph, the first of which has the index `first` in the file.
fn paragraph(lines: &[&str], first: usize, page: &mut PageBuilder) {
    if let [line] = lines
        && is_heading(line)
    {
        page.heading(1, line.trim(), line_number(first));
        return;
    }
    if let [title, underline] = lines
        && let Some(level) = underline_level(underline)
    {
        page.heading(level, title.trim(), line_number(first));
        return;
    }
    let filled = lines.split_last().is_some_and(|(_, before)| {
        !before.is_empty()
            && before.iter().all(|line| line.trim_end().chars().count() >= WRAPPED_LINE_CHARS)
    });
    let mut open = false;
    for (index, line) in lines.iter().enumerate() {
        let item = is_list_item(line);
        if open && (item || !filled) {
            // A line that its writer ended: it stays a line, and an item is a block of its own.
            page.end_block();
            open = false;
        }
        if open {
            page.space();
        } else {
            page.begin_block(if item { BlockKind::ListItem } else { BlockKind::Paragraph });
            open = true;
        }
        page.text(line.trim(), line_number(first + index));
    }
    page.end_block();
}

fn line_number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// A line by itself in capitals, or one that counts articles or sections.
fn is_heading(line: &str) -> bool {
    let line = line.trim();
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 4
        && line.chars().count() <= HEADING_CHARS
        && !line.ends_with(['.', ';', ',', ':'])
        && !line.chars().any(char::is_lowercase)
        && line.chars().any(char::is_uppercase)
}

/// The level of a heading that is underlined in the manner of Markdown.
fn underline_level(line: &str) -> Option<u8> {
    let line = line.trim();
    let all = |sign: char| line.chars().count() >= 3 && line.chars().all(|c| c == sign);
    if all('=') {
        Some(1)
    } else if all('-') {
        Some(2)
    } else {
        None
    }
}

/// Whether the line begins with a bullet or a count such as `3.`, `b)` or `(iv)`.
pub(super) fn is_list_item(line: &str) -> bool {
    let line = line.trim_start();
    let Some((mark, rest)) = line.split_once(char::is_whitespace) else { return false };
    if rest.trim().is_empty() {
        return false;
    }
    if matches!(mark, "-" | "*" | "+" | "•" | "–" | "◦" | "▪" | "·" | "o") {
        return true;
    }
    let inner = mark.strip_prefix('(').unwrap_or(mark);
    let Some(inner) = inner.strip_suffix([')', '.']) else { return false };
    let letters = inner.chars().all(|c| c.is_ascii_lowercase());
    let digits = inner.chars().all(|c| c.is_ascii_digit());
    !inner.is_empty()
        && ((digits && inner.len() <= 3) || (letters && (inner.len() == 1 || is_roman(inner))))
}

fn is_roman(text: &str) -> bool {
    text.len() <= 5 && text.chars().all(|c| matches!(c, 'i' | 'v' | 'x'))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::string_slice, reason = "what surprises a test fails it")]

    use std::ops::ControlFlow;

    use super::*;
    use crate::document::Page;

    fn page(bytes: &[u8]) -> Page {
        let mut pages = Vec::new();
        read(bytes, &mut |part| {
            if let Part::Page(page) = part {
                pages.push(page);
            }
            ControlFlow::Continue(())
        });
        pages.pop().expect("the file has text")
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(page(bytes).text, expected);
    }

    #[test]
    fn wrapped_lines_are_joined_and_short_ones_stay() {
        check(
            b"The tenant shall keep the garden in good order and\nshall not fell any tree.\n\nMilk\nBread\n",
            "The tenant shall keep the garden in good order and shall not fell any tree.\nMilk\nBread",
        );
    }

    #[test]
    fn encodings_are_told_apart() {
        check("Die Miete beträgt 1.200 €".as_bytes(), "Die Miete beträgt 1.200 €");
        check(
            b"Die Miete betr\xe4gt 1.200 \x80, die K\xfcndigung drei Monate",
            "Die Miete beträgt 1.200 €, die Kündigung drei Monate",
        );
        let utf16: Vec<u8> =
            "Überprüfung der Pumpe".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&utf16, "Überprüfung der Pumpe");
        let mut marked = vec![0xff, 0xfe];
        marked.extend(&utf16);
        check(&marked, "Überprüfung der Pumpe");
    }

    #[test]
    fn decomposed_letters_are_composed_and_control_characters_dropped() {
        check("cafe\u{301} \u{1b}[31mred\u{202e}".as_bytes(), "café [31mred");
    }

    #[test]
    fn a_binary_file_is_a_problem_and_no_text() {
        let mut parts = Vec::new();
        read(&[0, 1, 2, 3, 200, 7, 0, 0, 8, 9], &mut |part| {
            parts.push(part);
            ControlFlow::Continue(())
        });
        assert_eq!(
            parts,
            [Part::Problem(Problem { kind: ProblemKind::UnknownFormat, page: None })]
        );
    }

    #[test]
    fn headings_stand_over_what_follows() {
        let page = page(b"SCHEDULE OF RENT\n\nThe rent is 900 a month.\n\nRepairs\n-------\n\nThe landlord repairs the roof.");
        let headings: Vec<_> = page.blocks.iter().map(|block| block.headings.join(" > ")).collect();
        assert_eq!(
            headings,
            ["", "SCHEDULE OF RENT", "SCHEDULE OF RENT", "SCHEDULE OF RENT > Repairs"]
        );
    }

    #[test]
    fn every_place_knows_its_line() {
        let page = page(
            b"One\n\nTwo is a line that is long enough to have been wrapped\nand goes on here.\n",
        );
        let lines: Vec<_> = page
            .lines
            .iter()
            .map(|mark| (mark.line, page.text[mark.offset..].chars().next().unwrap()))
            .collect();
        assert_eq!(lines, [(1, 'O'), (3, 'T'), (4, 'a')]);
    }
}
