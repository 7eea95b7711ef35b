//! Where in its line does each character stand, when some of its scripts are written from right to left?
//!
//! The bidirectional algorithm of Unicode (UAX #9), one line at a time. Only what is drawn is put in order: text that is
//! kept, copied and searched stays as it was written. A sign that would turn the direction is drawn as a sign, and turns
//! nothing.

use std::borrow::Cow;

use unicode_bidi::{
    BidiClass, BidiDataSource, Direction, HardcodedBidiData, Level, ParagraphBidiInfo,
    get_base_direction_with_data_source,
};

use super::text::{self, Grapheme, Styled, graphemes};
use crate::state::look::RightToLeft;

/// Signs that open and close, or point: from right to left each is drawn as the other.
const MIRRORED: [(&str, &str); 16] = [
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ("<", ">"),
    ("«", "»"),
    ("‹", "›"),
    ("≤", "≥"),
    ("⟨", "⟩"),
    ("⟦", "⟧"),
    ("⌈", "⌉"),
    ("⌊", "⌋"),
    ("「", "」"),
    ("『", "』"),
    ("（", "）"),
    ("［", "］"),
    ("【", "】"),
];

/// A part of a line that is put in order by itself: a paragraph's stretch, a cell of a table, a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// Bytes of the line.
    pub start: usize,
    pub end: usize,
    /// Whether its paragraph is written from right to left.
    pub is_rtl: bool,
}

/// A character where it stands in its line.
#[derive(Clone, Debug)]
pub(super) struct Placed<'a> {
    pub grapheme: Grapheme<'a>,
    /// Cells before it.
    pub column: usize,
    /// What is drawn there, harmless.
    pub symbol: Cow<'a, str>,
}

/// Whether a text holds any character of a script that is written from right to left.
pub(super) fn has_rtl(text: &str) -> bool {
    // Bytes that begin a character from U+0580 on.
    text.bytes().any(|byte| byte >= 0xd6) && text.chars().any(is_rtl)
}

fn is_rtl(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Whether a paragraph is written from right to left: whether its first letter is.
pub(super) fn begins_rtl(paragraph: &str) -> bool {
    get_base_direction_with_data_source(&Drawn, paragraph) == Direction::Rtl
}

/// The characters of a text as they stand from left to right.
pub(super) fn placed(text: &str, is_rtl: bool, order: RightToLeft) -> Vec<Placed<'_>> {
    let base = if is_rtl { Level::rtl() } else { Level::ltr() };
    let info = ParagraphBidiInfo::new_with_data_source(&Drawn, text, Some(base));
    let of_bytes = info.reordered_levels(0..text.len());
    let of = |grapheme: &Grapheme<'_>| of_bytes.get(grapheme.start).copied().unwrap_or(base);
    let (graphemes, levels): (Vec<_>, Vec<_>) =
        graphemes(text).map(|grapheme| (grapheme, of(&grapheme))).unzip();
    let mut column = 0;
    let mut placed = Vec::with_capacity(graphemes.len());
    for index in ParagraphBidiInfo::reorder_visual(&levels) {
        let (Some(grapheme), Some(level)) = (graphemes.get(index), levels.get(index)) else {
            continue;
        };
        let symbol = if level.is_rtl() { mirrored(grapheme) } else { grapheme.symbol() };
        placed.push(Placed { grapheme: *grapheme, column, symbol });
        column += grapheme.width;
    }
    if order == RightToLeft::Words {
        turn_words(&mut placed);
    }
    placed
}

/// The characters of a line as they stand from left to right, each part of it by itself.
pub(super) fn placed_row<'r>(row: &'r Styled, order: RightToLeft) -> Vec<Placed<'r>> {
    let text = row.text();
    let mut all = Vec::with_capacity(text.len());
    let mut column = 0;
    let mut place = |start: usize, part: Vec<Placed<'r>>| {
        let width: usize = part.iter().map(|placed| placed.grapheme.width).sum();
        all.extend(part.into_iter().map(|placed| Placed {
            grapheme: Grapheme { start: start + placed.grapheme.start, ..placed.grapheme },
            column: column + placed.column,
            ..placed
        }));
        column += width;
    };
    let mut at = 0;
    let units = if order == RightToLeft::Terminal { &[] } else { row.units() };
    for unit in units {
        let before = text.get(at..unit.start).unwrap_or_default();
        place(at, in_order(before));
        let part = text.get(unit.start..unit.end).unwrap_or_default();
        place(unit.start, placed(part, unit.is_rtl, order));
        at = unit.end;
    }
    place(at, in_order(text.get(at..).unwrap_or_default()));
    all
}

/// The cells before the character of a line that begins at a byte, or before what comes behind the line.
pub(super) fn column_of(row: &Styled, byte: usize, order: RightToLeft) -> usize {
    let before = || text::width(row.text().get(..byte).unwrap_or_default());
    if row.units().is_empty() || order == RightToLeft::Terminal {
        return before();
    }
    let placed = placed_row(row, order);
    let found = placed.iter().find(|placed| placed.grapheme.start == byte);
    found.map_or_else(before, |placed| placed.column)
}

/// The characters of a text one behind the other.
fn in_order(text: &str) -> Vec<Placed<'_>> {
    let mut column = 0;
    let mut placed = Vec::with_capacity(text.len());
    for grapheme in graphemes(text) {
        placed.push(Placed { grapheme, column, symbol: grapheme.symbol() });
        column += grapheme.width;
    }
    placed
}

fn mirrored<'a>(grapheme: &Grapheme<'a>) -> Cow<'a, str> {
    let other = MIRRORED.iter().find_map(|(open, close)| match grapheme.text {
        text if text == *open => Some(*close),
        text if text == *close => Some(*open),
        _ => None,
    });
    other.map_or_else(|| grapheme.symbol(), Cow::Borrowed)
}

/// Turns the letters of each word around once more: the terminal will turn them back.
fn turn_words(placed: &mut [Placed<'_>]) {
    let is_letter = |placed: &Placed<'_>| {
        placed.grapheme.width == 1 && placed.grapheme.text.chars().all(is_rtl)
    };
    for word in placed.chunk_by_mut(|one, other| is_letter(one) && is_letter(other)) {
        let symbols: Vec<_> = word.iter().rev().map(|placed| placed.symbol.clone()).collect();
        for (placed, symbol) in word.iter_mut().zip(symbols) {
            placed.symbol = symbol;
        }
    }
}

/// The direction classes of characters as they are drawn.
struct Drawn;

impl BidiDataSource for Drawn {
    fn bidi_class(&self, c: char) -> BidiClass {
        use BidiClass::{B, FSI, LRE, LRI, LRO, ON, PDF, PDI, RLE, RLI, RLO, WS};
        match HardcodedBidiData.bidi_class(c) {
            LRE | LRO | RLE | RLO | PDF | LRI | RLI | FSI | PDI => ON,
            _ if matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}') => ON,
            B => WS,
            class => class,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hebrew letters are written as capitals here, Arabic ones as Greek letters.
    fn real(text: &str) -> String {
        let real = |c: char| match c {
            'A'..='V' => char::from_u32(0x5d0 + u32::from(c) - u32::from('A')).unwrap(),
            'α'..='ω' => char::from_u32(0x628 + u32::from(c) - u32::from('α')).unwrap(),
            c => c,
        };
        text.chars().map(real).collect()
    }

    /// Shows a line as it is drawn, Hebrew and Arabic letters as above.
    fn shown(placed: &[Placed<'_>]) -> String {
        let back = |c: char| match u32::from(c) {
            code @ 0x5d0..=0x5e5 => char::from_u32(code - 0x5d0 + u32::from('A')).unwrap(),
            code @ 0x628..=0x640 => char::from_u32(code - 0x628 + u32::from('α')).unwrap(),
            _ => c,
        };
        placed.iter().flat_map(|placed| placed.symbol.chars()).map(back).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let text = real(text);
        assert_eq!(shown(&placed(&text, begins_rtl(&text), RightToLeft::Docent)), expected);
    }

    #[test]
    fn what_is_written_from_right_to_left_stands_so() {
        check("plain [1] (so).", "plain [1] (so).");
        check("ABC DEF.", ".FED CBA");
        check("αβγ δεζ.", ".ζεδ γβα");
        // In Latin text, and the other way round.
        check("the word ABC DEF means", "the word FED CBA means");
        check("ABC lease agreement DEF", "FED lease agreement CBA");
        // Numbers are read from left to right in both.
        check("ABC 2,400 € DEF 1.5.2027", "1.5.2027 FED € 2,400 CBA");
        check("αβγ 12 δεζ", "ζεδ 12 γβα");
        // What opens and closes does so on its side, a citation keeps its form.
        check("ABC (DEF) GHI [12].", ".[12] IHG (FED) CBA");
        check("ABC [1][2] ✓✓.", ".✓✓ [2][1] CBA");
        check("see ABC [1] and", "see [1] CBA and");
        // Marks stay on their letters.
        check("A\u{5b0}BC", "CBA\u{5b0}");
        check("漢字 AB 漢", "漢字 BA 漢");
    }

    #[test]
    fn a_sign_that_would_turn_the_direction_turns_nothing() {
        check("a\u{202e}bc", "a\u{fffd}bc");
        check("a\u{2067}bc\u{2069} d", "a\u{fffd}bc\u{fffd} d");
        check("\u{200f}abc", "\u{fffd}abc");
        check("\u{202d}AB", "BA\u{fffd}");
    }

    #[test]
    fn a_terminal_that_turns_words_gets_their_letters_as_they_are_written() {
        let text = real("ABC, DEF x");
        let placed = placed(&text, true, RightToLeft::Words);
        assert_eq!(shown(&placed), "x DEF ,ABC");
        // Where each stands is where it will be seen.
        assert_eq!(placed[2].grapheme.text, real("F"));
    }

    #[test]
    fn each_part_of_a_line_is_put_in_order_by_itself() {
        let plain = ratatui::style::Style::new();
        let mut row = Styled::new("1. ", plain);
        row.append(&Styled::new(real("AB (x)"), plain).unit());
        row.push("  ", plain);
        row.append(&Styled::new(real("CD"), plain).unit());
        let placed = placed_row(&row, RightToLeft::Docent);
        assert_eq!(shown(&placed), "1. (x) BA  DC");
        assert!(placed.iter().enumerate().all(|(column, placed)| placed.column == column));
        let starts: Vec<usize> = placed.iter().map(|placed| placed.grapheme.start).collect();
        assert_eq!(starts, [0, 1, 2, 10, 9, 8, 7, 5, 3, 11, 12, 15, 13]);
    }

    #[test]
    fn every_letter_that_is_written_from_right_to_left_is_known() {
        use BidiClass::{AL, AN, R};
        for c in '\0'..=char::MAX {
            assert!(is_rtl(c) || !matches!(Drawn.bidi_class(c), R | AL | AN), "{c:?}");
            assert!(!is_rtl(c) || u32::from(c) >= 0x580);
        }
        assert!(!has_rtl("plain “quotes” – 漢字 ✓") && has_rtl("a ש") && has_rtl("ﷺ"));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_doubled(
            text in "([a-z0-9 (\\[\\])]{0,5}|[אבגשׁ]{0,5}|[عربي]{0,5}|\\PC{0,4}|[\u{200e}\u{202e}\u{2067}\t]{0,2}){0,6}",
            is_rtl: bool,
        ) {
            for order in [RightToLeft::Docent, RightToLeft::Words] {
                let placed = placed(&text, is_rtl, order);
                let mut starts: Vec<usize> = placed.iter().map(|placed| placed.grapheme.start).collect();
                starts.sort_unstable();
                prop_assert_eq!(starts, graphemes(&text).map(|grapheme| grapheme.start).collect::<Vec<_>>());
                let mut column = 0;
                for placed in &placed {
                    prop_assert_eq!(placed.column, column);
                    column += placed.grapheme.width;
                }
            }
        }
    }
}
