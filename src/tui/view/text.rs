//! How does text fill lines of cells?
//!
//! Everything is measured by grapheme clusters, exactly as it is drawn later. What steers a terminal is measured, and
//! drawn, as the sign that stands for it.

use std::borrow::Cow;

use ratatui::buffer::CellWidth as _;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;

use super::bidi::{self, Unit};
use crate::plain;

/// Cells that a tab takes.
const TAB: usize = 4;

/// Bytes of the longest cluster that is drawn whole: a family of emoji with skin tones has 41, and what is longer is
/// marks heaped on a letter to break a screen.
const LONGEST_CLUSTER: usize = 64;

/// Wide signs that begin no line, and those that end none: what is closed or said goes with what is before it, what is
/// opened with what comes behind.
const BEGINS_NO_LINE: &str =
    "、。，．：；！？）］｝」』】〉》〕・ー々…‥ぁぃぅぇぉっゃゅょァィゥェォッャュョ";
const ENDS_NO_LINE: &str = "（［｛「『【〈《〔";

/// What a reader sees as one character.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grapheme<'a> {
    /// Bytes from the beginning of the text.
    pub start: usize,
    pub text: &'a str,
    /// In cells.
    pub width: usize,
}

impl<'a> Grapheme<'a> {
    /// What is put into its cell, harmless.
    pub(super) fn symbol(&self) -> Cow<'a, str> {
        match self.text {
            "\t" | "\u{a0}" => Cow::Borrowed(" "),
            text => harmless(text),
        }
    }

    /// A line may end before it, and it is left out there.
    fn is_space(&self) -> bool {
        matches!(self.text, " " | "\t" | "\n" | "\u{3000}")
    }
}

/// The graphemes of a text in order.
pub(super) fn graphemes(text: &str) -> impl Iterator<Item = Grapheme<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..)?;
        let cluster = first_cluster(rest)?;
        let grapheme = Grapheme { start, text: cluster, width: cluster_width(cluster) };
        start += cluster.len();
        Some(grapheme)
    })
}

fn first_cluster(text: &str) -> Option<&str> {
    let mut characters = text.chars();
    let first = characters.next()?;
    // Most of all text is found so.
    let joins_none = |c: char| c.is_ascii() && c != '\r' || is_simple(c);
    if joins_none(first) && characters.next().is_none_or(|c| c.is_ascii() || is_simple(c)) {
        return text.get(..first.len_utf8());
    }
    text.graphemes(true).next()
}

/// A character that joins no other of its kind, is no control, and takes one cell: nearly all of Latin script, with its
/// punctuation and currencies.
fn is_simple(c: char) -> bool {
    matches!(
        c,
        ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{2010}'..='\u{2027}'
            | '\u{2030}'..='\u{205e}' | '\u{20a0}'..='\u{20bf}'
    )
}

fn cluster_width(cluster: &str) -> usize {
    match cluster.as_bytes() {
        b"\t" => TAB,
        [byte] if !byte.is_ascii_control() => 1,
        _ if cluster.len() < 4 && is_one(cluster, is_simple) => 1,
        _ => usize::from(harmless(cluster).cell_width()),
    }
}

/// Whether a cluster is one character of a kind.
fn is_one(cluster: &str, is_of_kind: fn(char) -> bool) -> bool {
    let mut characters = cluster.chars();
    characters.next().is_some_and(is_of_kind) && characters.next().is_none()
}

/// A cluster without what steers a terminal, and without heaps of marks.
fn harmless(cluster: &str) -> Cow<'_, str> {
    let cluster = match cluster.chars().next() {
        Some(first) if cluster.len() > LONGEST_CLUSTER => {
            cluster.get(..first.len_utf8()).unwrap_or_default()
        }
        _ => cluster,
    };
    plain::line(cluster)
}

/// How many cells a text takes in one line.
pub(super) fn width(text: &str) -> usize {
    if text.chars().all(is_simple) {
        return text.chars().count();
    }
    graphemes(text).map(|grapheme| grapheme.width).sum()
}

/// Bytes of a text that stand in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineSpan {
    pub start: usize,
    /// White space at which the line was ended is left out.
    pub end: usize,
    /// Where the next line begins.
    pub next: usize,
}

/// Fills lines of so many cells, the first one with `first` cells. Lines end at line feeds, else before a word that has
/// no room, else inside of it: behind a sign that joins its parts, before a capital, or where the room ends. A text has at
/// least one line.
pub(super) fn wrap(text: &str, first: usize, rest: usize, mut line: impl FnMut(LineSpan)) {
    let is_all_simple = text.chars().all(is_simple);
    let (mut start, mut room) = (0, first.max(1));
    loop {
        let left = text.get(start..).unwrap_or_default();
        let span = if is_all_simple {
            line_between_words(left, room)
                .unwrap_or_else(|| line_of(left.len(), left.char_indices().map(Sign::simple), room))
        } else {
            line_of(left.len(), graphemes(left).map(Sign::from), room)
        };
        line(LineSpan { start, end: start + span.end, next: start + span.next });
        start += span.next;
        room = rest.max(1);
        // A line feed at the end has an empty line behind it.
        if start == text.len() && !left.ends_with('\n') {
            break;
        }
    }
}
/// What of a grapheme matters for filling lines.
struct Sign {
    start: usize,
    after: usize,
    width: usize,
    kind: Kind,
    first: char,
}

impl Sign {
    /// A character that is simple.
    fn simple((start, first): (usize, char)) -> Self {
        let kind = if first == ' ' { Kind::Space } else { Kind::Plain };
        Self { start, after: start + first.len_utf8(), width: 1, kind, first }
    }

    /// Whether a part of a long name begins with it, behind the sign before it.
    fn begins_a_part(&self, before: char) -> bool {
        matches!(before, '_' | '-' | '.' | '/' | '\\') && self.first.is_alphanumeric()
            || before.is_lowercase() && self.first.is_uppercase()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Space,
    LineFeed,
    /// Ends no line.
    Opening,
    /// Begins no line.
    Closing,
}

impl From<Grapheme<'_>> for Sign {
    fn from(grapheme: Grapheme<'_>) -> Self {
        let Grapheme { start, text, width } = grapheme;
        let kind = match text {
            "\n" | "\r\n" => Kind::LineFeed,
            _ if grapheme.is_space() => Kind::Space,
            text if width > 1 && BEGINS_NO_LINE.contains(text) => Kind::Closing,
            text if width > 1 && ENDS_NO_LINE.contains(text) => Kind::Opening,
            _ => Kind::Plain,
        };
        let first = text.chars().next().unwrap_or_default();
        Self { start, after: start + text.len(), width, kind, first }
    }
}

/// The first line of a text whose characters are simple, as [`line_of`] finds it, when it ends between words: a whole
/// document is laid out in one frame.
fn line_between_words(text: &str, room: usize) -> Option<LineSpan> {
    let mut behind = text.chars();
    let _last = behind.nth(room.saturating_sub(1));
    let over = text.len() - behind.as_str().trim_start_matches(' ').len();
    let (written, next) = if over == text.len() {
        (text, text.len())
    } else {
        let space = text.get(..over)?.rfind(' ')?;
        (text.get(..space)?, space + 1)
    };
    let end = written.trim_end_matches(' ').len();
    (end > 0 || next == text.len()).then_some(LineSpan { start: 0, end, next })
}

/// The first line of a text of so many bytes with these signs.
fn line_of(length: usize, signs: impl Iterator<Item = Sign>, room: usize) -> LineSpan {
    let mut used = 0;
    // Where the line can end: at the end of a word, with the beginning of the next one.
    let mut opportunity: Option<LineSpan> = None;
    // Where a part of a long word begins, with the cells until there.
    let mut part: Option<(usize, usize)> = None;
    let mut before = ' ';
    // The end of what is not white space.
    let mut end = 0;
    let mut was_wide = false;
    let mut was_opening = false;
    for sign in signs {
        if sign.kind == Kind::LineFeed {
            return LineSpan { start: 0, end, next: sign.after };
        }
        if sign.kind == Kind::Space {
            used += sign.width;
            // White space at the beginning of a text's own line is its indent.
            if end > 0 {
                opportunity = Some(LineSpan { start: 0, end, next: sign.after });
            }
            (was_wide, part) = (false, None);
            continue;
        }
        // Scripts with wide signs have no spaces: a line can end before and after each of them.
        let is_wide = sign.width > 1;
        let is_bound = was_opening || sign.kind == Kind::Closing;
        let goes_on = end == sign.start && end > 0;
        if goes_on && (is_wide || was_wide) && !is_bound {
            opportunity = Some(LineSpan { start: 0, end, next: sign.start });
        }
        was_wide = is_wide;
        was_opening = sign.kind == Kind::Opening;
        if goes_on && sign.begins_a_part(before) {
            part = Some((sign.start, used));
        }
        before = sign.first;
        if used + sign.width > room && sign.start > 0 {
            let inside = |at| LineSpan { start: 0, end: at, next: at };
            // A short part would leave most of the line empty.
            let part = part.filter(|(_, until)| until * 3 > room).map(|(at, _)| inside(at));
            let here = LineSpan { start: 0, end, next: sign.start };
            return opportunity.or(part).unwrap_or(here);
        }
        used += sign.width;
        end = sign.after;
    }
    LineSpan { start: 0, end, next: length }
}

/// As much of a text as fits, with a sign at its end when that is not all.
pub(super) fn fit<'a>(text: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    if text.len() <= room && text.is_ascii() || width(text) <= room {
        return Cow::Borrowed(text);
    }
    let Some(left) = room.checked_sub(width(ellipsis)) else { return Cow::Borrowed("") };
    let mut used = 0;
    let end = graphemes(text)
        .find(|grapheme| {
            used += grapheme.width;
            used > left
        })
        .map_or(text.len(), |grapheme| grapheme.start);
    let kept = text.get(..end).unwrap_or_default().trim_end();
    Cow::Owned(format!("{kept}{ellipsis}"))
}

/// As much of a text's end as fits, with a sign in front when that is not all: a path is told by its end.
pub(super) fn fit_end<'a>(text: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    let mut over = width(text).saturating_sub(room);
    if over == 0 {
        return Cow::Borrowed(text);
    }
    if room < width(ellipsis) {
        return Cow::Borrowed("");
    }
    over += width(ellipsis);
    let start = graphemes(text)
        .find(|grapheme| {
            let is_kept = over == 0;
            over = over.saturating_sub(grapheme.width);
            is_kept
        })
        .map_or(text.len(), |grapheme| grapheme.start);
    Cow::Owned(format!("{ellipsis}{}", text.get(start..).unwrap_or_default()))
}

/// As much of a title as fits; of a file's name, which stands for many titles, its beginning and its end.
pub(super) fn fit_title<'a>(title: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    if is_file_name(title) { fit_middle(title, room, ellipsis) } else { fit(title, room, ellipsis) }
}

fn is_file_name(title: &str) -> bool {
    title.contains('_') || !title.contains(' ')
}

/// The beginning and the end of a text, as much as fits, with a sign between them when that is not all: files in one folder
/// often differ at their names' ends alone.
pub(super) fn fit_middle<'a>(text: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    match middle(text, room, ellipsis) {
        None => Cow::Borrowed(text),
        Some(_) if room < width(ellipsis) => Cow::Borrowed(""),
        Some((before, behind)) => Cow::Owned(format!(
            "{}{ellipsis}{}",
            text.get(..before).unwrap_or_default(),
            text.get(behind..).unwrap_or_default()
        )),
    }
}

/// Where the left-out middle of a text begins and ends; none when all of it fits.
fn middle(text: &str, room: usize, ellipsis: &str) -> Option<(usize, usize)> {
    let all = width(text);
    if all <= room {
        return None;
    }
    let left = room.saturating_sub(width(ellipsis));
    let (head, tail) = (left - left / 2, left / 2);
    let (mut used, mut before, mut behind) = (0, None, text.len());
    for grapheme in graphemes(text) {
        if used + grapheme.width > head {
            before.get_or_insert(grapheme.start);
        }
        if all - used <= tail {
            behind = grapheme.start;
            break;
        }
        used += grapheme.width;
    }
    let before = before.unwrap_or(text.len()).min(behind);
    // White space beside the sign says nothing.
    let kept = text.get(..before).unwrap_or_default().trim_end().len();
    let tail = text.get(behind..).unwrap_or_default();
    Some((kept, behind + tail.len() - tail.trim_start().len()))
}

/// Text with a style for each stretch of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Styled {
    text: String,
    /// Where each stretch ends, ascending, with its style.
    runs: Vec<(usize, Style)>,
    /// The parts that are put in order by themselves, ascending; none where all is written from left to right.
    units: Vec<Unit>,
}

impl Styled {
    pub(super) fn new(text: impl Into<String>, style: Style) -> Self {
        let text = text.into();
        let runs = if text.is_empty() { Vec::new() } else { vec![(text.len(), style)] };
        Self { text, runs, units: Vec::new() }
    }

    pub(super) fn push(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        let end = self.text.len();
        match self.runs.last_mut() {
            Some((last, same)) if *same == style => *last = end,
            _ => self.runs.push((end, style)),
        }
    }

    pub(super) fn append(&mut self, other: &Self) {
        let before = self.text.len();
        for (text, style) in other.pieces() {
            self.push(text, style);
        }
        let moved = |unit: &Unit| Unit {
            start: before + unit.start,
            end: before + unit.end,
            is_rtl: unit.is_rtl,
        };
        self.units.extend(other.units.iter().map(moved));
    }

    /// The same as one part that is put in order by itself, as a paragraph.
    pub(super) fn unit(self) -> Self {
        let is_rtl = || bidi::begins_rtl(&self.text);
        let is_rtl = bidi::has_rtl(&self.text) && is_rtl();
        self.in_paragraph(is_rtl)
    }

    /// The same as a line of a paragraph that is written from right to left or not.
    pub(super) fn in_paragraph(mut self, is_rtl: bool) -> Self {
        self.units.clear();
        if is_rtl || bidi::has_rtl(&self.text) {
            self.units.push(Unit { start: 0, end: self.text.len(), is_rtl });
        }
        self
    }

    pub(super) fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The style of a byte.
    pub(super) fn style_at(&self, byte: usize) -> Style {
        let index = self.runs.partition_point(|(end, _)| *end <= byte);
        self.runs.get(index).map_or(Style::new(), |(_, style)| *style)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn width(&self) -> usize {
        width(&self.text)
    }

    /// Ties what is pushed next to the last word: a space at the end becomes one at which no line ends. Behind a bracket
    /// nothing is tied: a row of citations would be one long word.
    pub(super) fn tie(&mut self) {
        if self.text.ends_with(' ') && !self.text.ends_with("] ") {
            self.text.pop();
            self.text.push('\u{a0}');
            let end = self.text.len();
            if let Some((last, _)) = self.runs.last_mut() {
                *last = end;
            }
        }
    }

    /// The stretches in order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (&str, Style)> {
        let mut start = 0;
        self.runs.iter().map(move |(end, style)| {
            let piece = self.text.get(start..*end).unwrap_or_default();
            start = *end;
            (piece, *style)
        })
    }

    /// A part of it by its bytes.
    pub(super) fn slice(&self, start: usize, end: usize) -> Self {
        let mut part = Self::default();
        let mut from = 0;
        for (until, style) in &self.runs {
            let (first, last) = (from.max(start), (*until).min(end));
            if first < last {
                part.push(self.text.get(first..last).unwrap_or_default(), *style);
            }
            from = *until;
        }
        let cut = |unit: &Unit| {
            let (first, last) = (unit.start.max(start), unit.end.min(end));
            let unit =
                Unit { start: first - start.min(first), end: last.saturating_sub(start), ..*unit };
            (first < last).then_some(unit)
        };
        part.units = self.units.iter().filter_map(cut).collect();
        part
    }

    /// As much of it as fits into so many cells.
    pub(super) fn cut(&self, room: usize) -> Self {
        let mut used = 0;
        let cut = graphemes(&self.text).find(|grapheme| {
            used += grapheme.width;
            used > room
        });
        self.slice(0, cut.map_or(self.text.len(), |grapheme| grapheme.start))
    }

    /// As [`fit`], with its styles.
    pub(super) fn fitted(&self, room: usize, ellipsis: &str) -> Self {
        let whole = if self.units.is_empty() { self.clone().unit() } else { self.clone() };
        if whole.width() <= room {
            return whole;
        }
        let Some(left) = room.checked_sub(width(ellipsis)) else { return Self::default() };
        let cut = whole.cut(left);
        let mut fitted = cut.slice(0, cut.text.trim_end().len());
        let style = fitted.runs.last().map_or(Style::new(), |(_, style)| *style);
        fitted.end_with(ellipsis, style);
        fitted
    }

    /// Pushes a sign that belongs to the part before it.
    pub(super) fn end_with(&mut self, sign: &str, style: Style) {
        let before = self.text.len();
        self.push(sign, style);
        let end = self.text.len();
        if let Some(unit) = self.units.last_mut().filter(|unit| unit.end == before) {
            unit.end = end;
        }
    }

    /// As [`fit_middle`], with its styles.
    pub(super) fn fitted_middle(&self, room: usize, ellipsis: &str) -> Self {
        let Some((before, behind)) = middle(&self.text, room, ellipsis) else {
            return self.clone();
        };
        if room < width(ellipsis) {
            return Self::default();
        }
        let mut fitted = self.slice(0, before);
        let style = fitted.runs.last().or(self.runs.first()).map_or(Style::new(), |(_, s)| *s);
        fitted.push(ellipsis, style);
        fitted.append(&self.slice(behind, self.text.len()));
        fitted
    }

    /// Its lines when each has so many cells.
    pub(super) fn wrapped(&self, room: usize) -> Vec<Self> {
        self.indented(room, 0, 0)
    }

    /// Its lines within so many cells, the first one moved to the right by `first` cells and the others by `rest`.
    pub(super) fn indented(&self, room: usize, first: usize, rest: usize) -> Vec<Self> {
        let has_rtl = bidi::has_rtl(&self.text);
        let mut lines: Vec<Self> = Vec::new();
        wrap(&self.text, room.saturating_sub(first), room.saturating_sub(rest), |span| {
            let indent = if lines.is_empty() { first } else { rest };
            let mut part = self.slice(span.start, span.end);
            if has_rtl {
                part = part.in_paragraph(bidi::begins_rtl(line_at(&self.text, span.start)));
            }
            if indent == 0 {
                lines.push(part);
                return;
            }
            let mut line = Self::new(" ".repeat(indent), Style::new());
            line.append(&part);
            lines.push(line);
        });
        lines
    }

    /// Adds spaces until it is so wide.
    pub(super) fn pad(&mut self, cells: usize) {
        let missing = cells.saturating_sub(self.width());
        self.push(&" ".repeat(missing), Style::new());
    }
}

/// The text's own line that a byte stands in.
pub(super) fn line_at(text: &str, byte: usize) -> &str {
    let (before, behind) = text.split_at_checked(byte).unwrap_or((text, ""));
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = behind.find('\n').map_or(text.len(), |at| byte + at);
    text.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::string_slice, reason = "spans of a wrapped text stand on its characters")]

    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, first: usize, rest: usize) -> Vec<&str> {
        let mut lines = Vec::new();
        wrap(text, first, rest, |span| lines.push(&text[span.start..span.end]));
        lines
    }

    #[track_caller]
    fn check(text: &str, room: usize, expected: &[&str]) {
        assert_eq!(lines(text, room, room), expected);
    }

    #[test]
    fn lines_end_between_words_and_inside_of_words_that_are_too_long() {
        check("", 5, &[""]);
        check("one two three", 7, &["one two", "three"]);
        check("one two three", 8, &["one two", "three"]);
        check("one  two", 4, &["one", "two"]);
        check("abcdefghij k", 4, &["abcd", "efgh", "ij k"]);
        check("a bcdefghij", 4, &["a", "bcde", "fghi", "j"]);
        check("one\n\n  two", 9, &["one", "", "  two"]);
        check("  indented text", 10, &["  indented", "text"]);
        check("one\u{a0}[1] two", 9, &["one\u{a0}[1]", "two"]);
        check("trailing   ", 8, &["trailing"]);
        // Long names end where one of their parts does.
        let name = "N2KINC_10_16_1997-EX-10.16-SPONSORSHIP AGREEMENT";
        check(name, 30, &["N2KINC_10_16_1997-EX-10.16-", "SPONSORSHIP AGREEMENT"]);
        check("a harbourMillOffice", 9, &["a", "harbour", "Mill", "Office"]);
        check("a.bcdefghij", 6, &["a.bcde", "fghij"]);
        check("three of", 0, &["t", "h", "r", "e", "e", "o", "f"]);
    }

    #[test]
    fn wide_signs_take_two_cells_and_need_no_spaces() {
        check("漢字漢字", 5, &["漢字", "漢字"]);
        // What is closed stays with what is before it, what is opened with what comes behind.
        check("漢字漢。字", 6, &["漢字", "漢。字"]);
        check("漢字「漢字", 6, &["漢字", "「漢字"]);
        check("。。。。", 4, &["。。", "。。"]);
        check("ab漢字", 3, &["ab", "漢", "字"]);
        check("漢", 1, &["漢"]);
        check("👩‍👩‍👧👩‍👩‍👧", 3, &["👩‍👩‍👧", "👩‍👩‍👧"]);
    }

    #[test]
    fn the_first_line_can_have_less_room() {
        assert_eq!(lines("one two three", 3, 9), ["one", "two three"]);
    }

    #[test]
    fn a_text_that_does_not_fit_says_so() {
        assert_eq!(fit("lease.pdf", 9, "…"), "lease.pdf");
        assert_eq!(fit("lease agreement", 7, "…"), "lease…");
        assert_eq!(fit("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(fit("lease", 0, "…"), "");
        assert_eq!(fit_end("/home/me/lease.pdf", 10, "…"), "…lease.pdf");
        assert_eq!(fit_end("lease.pdf", 10, "…"), "lease.pdf");
        assert_eq!(fit_end("漢字漢字", 4, "…"), "…字");
        assert_eq!(fit_end("lease", 2, "..."), "");
        assert_eq!(fit_middle("cs_0111_minutes_b.pdf", 13, "…"), "cs_011…_b.pdf");
        assert_eq!(fit_middle("lease of the mill", 9, "…"), "leas…mill");
        assert_eq!(fit_middle("漢字漢字漢", 6, "…"), "漢…漢");
        assert_eq!(fit_middle("lease.pdf", 9, "…"), "lease.pdf");
        assert_eq!(fit_middle("lease", 2, "..."), "");
        let bold = Style::new().bold();
        let mut name = Styled::new("cs_0111", Style::new());
        name.push("_b.pdf", bold);
        let fitted = name.fitted_middle(9, "…");
        let pieces: Vec<_> = fitted.pieces().collect();
        assert_eq!(pieces, [("cs_0…", Style::new()), (".pdf", bold)]);
    }

    #[test]
    fn what_steers_a_terminal_is_drawn_as_a_sign() {
        let symbols = |text| graphemes(text).map(|g| g.symbol().into_owned()).collect::<String>();
        assert_eq!(symbols("a\u{1b}[2J\u{202e}b\tc\u{a0}d"), "a\u{fffd}[2J\u{fffd}b c d");
        assert_eq!(width("a\u{1b}\u{202e}\tb"), 1 + 1 + 1 + 4 + 1);
        assert_eq!(symbols(&format!("a{}", "\u{301}".repeat(500))), "a");
    }

    #[test]
    fn what_is_taken_for_simple_is() {
        let simple: Vec<char> = ('\0'..='\u{ffff}').filter(|c| is_simple(*c)).collect();
        assert!(simple.len() > 700);
        for c in &simple {
            let text = c.to_string();
            assert_eq!(harmless(&text), text);
            assert_eq!(usize::from(text.as_str().cell_width()), 1, "{c:?}");
        }
        // None joins what follows.
        for second in ['a', 'é', '‼', '©', '\u{2ff}'] {
            for first in &simple {
                let pair = format!("{first}{second}");
                assert_eq!(pair.graphemes(true).count(), 2, "{pair}");
            }
        }
    }

    #[test]
    fn styles_stay_on_their_words() {
        let bold = Style::new().bold();
        let mut styled = Styled::new("one ", Style::new());
        styled.push("two three", bold);
        let lines = styled.wrapped(8);
        assert_eq!(lines[0].pieces().collect::<Vec<_>>(), [("one ", Style::new()), ("two", bold)]);
        assert_eq!(lines[1].pieces().collect::<Vec<_>>(), [("three", bold)]);
    }

    proptest! {
        #[test]
        fn the_short_ways_fill_a_line_as_the_long_one(
            text in "([a-zé“”–€]{0,9}| {1,3}){0,20}|([a-zA-Z.-]{0,9}| {1,3}){0,20}",
            room in 1_usize..24,
        ) {
            let long = line_of(text.len(), graphemes(&text).map(Sign::from), room);
            let simple = line_of(text.len(), text.char_indices().map(Sign::simple), room);
            prop_assert_eq!(simple, long);
            if let Some(span) = line_between_words(&text, room) {
                prop_assert_eq!(span, long);
            }
        }

        #[test]
        fn no_line_is_wider_than_its_room_and_nothing_is_lost(
            text in "([a-z ]{0,12}|\\PC{0,6}|[漢字é👩‍👧\u{301}\n\t]{0,6}){0,8}",
            (first, rest) in (1_usize..30, 1_usize..30),
        ) {
            let (mut next, mut room) = (0, first);
            wrap(&text, first, rest, |span| {
                assert_eq!(span.start, next);
                assert!(span.start <= span.end && span.end <= span.next);
                let line = &text[span.start..span.end];
                // A sign that is wider than the whole line stands alone in it, and is clipped when it is drawn.
                assert!(width(line) <= room || graphemes(line).filter(|g| g.width > 0).count() == 1
                    || line.starts_with([' ', '\t']), "{line:?}");
                assert!(text[span.end..span.next].trim().is_empty());
                (next, room) = (span.next, rest);
            });
            prop_assert_eq!(next, text.len());
        }

        #[test]
        fn what_is_cut_fits(text in "\\PC{0,20}", room in 0_usize..20) {
            prop_assert!(width(&fit(&text, room, "…")) <= room);
            prop_assert!(width(&fit_end(&text, room, "…")) <= room);
            let middle = fit_middle(&text, room, "…");
            prop_assert!(width(&middle) <= room);
            let styled = Styled::new(text.as_str(), Style::new()).fitted_middle(room, "…");
            prop_assert_eq!(&*middle, styled.text());
        }
    }
}
