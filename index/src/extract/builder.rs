//! How is the one page of a note put together?
//!
//! Keeps the promises of [`Page`]: composed text without control characters, blocks in order, a mark for every source
//! line, the path of headings over each block.

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use crate::document::{Block, BlockKind, LineMark, Page};

/// Builds a page from text in reading order.
#[derive(Debug, Default)]
pub(super) struct PageBuilder {
    text: String,
    blocks: Vec<Block>,
    lines: Vec<LineMark>,
    /// Level and title of the headings that are open.
    headings: Vec<(u8, String)>,
    open: Option<(BlockKind, usize)>,
}

impl PageBuilder {
    /// Begins a block, ending the one that is open.
    pub(super) fn begin_block(&mut self, kind: BlockKind) {
        self.end_block();
        self.open = Some((kind, self.text.len()));
    }

    /// Begins a block unless one is open that has no text yet, as a list item has before its first paragraph.
    pub(super) fn continue_or_begin(&mut self, kind: BlockKind) {
        if self.open.is_none() || self.in_block() {
            self.begin_block(kind);
        }
    }

    /// Begins the next cell of a table row.
    pub(super) fn begin_cell(&mut self) {
        if self.in_block() {
            self.text.push_str(" | ");
        }
    }

    /// Adds text that begins on `line` of the source to the open block. A line feed in it stays one and begins the next
    /// source line.
    pub(super) fn text(&mut self, text: &str, line: u32) {
        for (at, (line, part)) in (line..).zip(text.split('\n')).enumerate() {
            if at > 0 {
                self.line_feed();
            }
            let start = self.text.len();
            let part = if self.in_block() { part } else { part.trim_start() };
            push_clean(&mut self.text, part);
            if self.text.len() > start && self.lines.last().is_none_or(|mark| mark.line < line) {
                self.lines.push(LineMark { offset: start, line });
            }
        }
    }

    /// Adds a space between two pieces of the open block, unless there is white space already.
    pub(super) fn space(&mut self) {
        if self.in_block() && !self.text.ends_with([' ', '\n', '\t']) {
            self.text.push(' ');
        }
    }

    /// Adds a line feed inside the open block.
    pub(super) fn line_feed(&mut self) {
        if self.in_block() {
            self.text.truncate(self.text.trim_end_matches(' ').len());
            self.text.push('\n');
        }
    }

    /// Whether the open block has text.
    fn in_block(&self) -> bool {
        self.open.is_some_and(|(_, start)| start < self.text.len())
    }

    /// Ends the open block; one without text leaves no trace.
    pub(super) fn end_block(&mut self) {
        let Some((kind, start)) = self.open.take() else { return };
        let end = self.text.trim_end().len().max(start);
        self.text.truncate(end);
        if end == start {
            return;
        }
        while self.lines.last().is_some_and(|mark| mark.offset >= end) {
            self.lines.pop();
        }
        let title = self.text.get(start..end).unwrap_or_default().replace('\n', " ");
        if let BlockKind::Heading { level } = kind {
            self.headings.retain(|(open, _)| *open < level);
        }
        let headings = self.headings.iter().map(|(_, title)| title.clone()).collect();
        self.blocks.push(Block {
            kind,
            span: start..end,
            bounds: None,
            font_size: None,
            bold: false,
            headings,
        });
        if let BlockKind::Heading { level } = kind {
            self.headings.push((level, title));
        }
        self.text.push('\n');
    }

    /// Adds a whole heading.
    pub(super) fn heading(&mut self, level: u8, title: &str, line: u32) {
        self.begin_block(BlockKind::Heading { level });
        self.text(title, line);
        self.end_block();
    }

    /// The page, number 1.
    pub(super) fn finish(mut self) -> Page {
        self.end_block();
        self.text.truncate(self.text.trim_end().len());
        Page {
            number: 1,
            text: self.text,
            blocks: self.blocks,
            lines: self.lines,
            ..Page::default()
        }
    }
}

/// Appends `piece` composed (NFC), without control characters and bidirectional overrides.
fn push_clean(text: &mut String, piece: &str) {
    let clean =
        piece.chars().filter(|&c| !is_unwanted(c)).map(|c| if parts_words(c) { ' ' } else { c });
    // A mark at the beginning of the piece could compose with the letter before it; pieces are whole words or begin
    // after white space or markup, where nothing composes.
    if is_nfc_quick(piece.chars()) == IsNormalized::Yes {
        text.extend(clean);
    } else {
        text.extend(clean.nfc());
    }
}

/// Ends of lines and pages other than the line feed.
fn parts_words(c: char) -> bool {
    matches!(c, '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Control characters but the tab, the byte order mark, and the signs that turn the direction of writing.
fn is_unwanted(c: char) -> bool {
    (c.is_control() && c != '\t' && !parts_words(c)) || c == '\u{feff}' || turns_direction(c)
}

/// Whether the character turns the direction of writing of what stands beside it.
pub(super) fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
