//! What does a PDF say, page by page?
//!
//! Built on lopdf's objects, with an own content interpreter and layout. The modules in the order of the way: the
//! file's objects ([`source`] with [`lock`]), tokens ([`lexer`]), fonts ([`font`] with [`cmap`], [`encoding`], [`standard`]), glyphs on
//! the page ([`interpreter`], [`geometry`], [`layer`]), words and blocks ([`layout`], [`order`]), what was filled in and noted on the
//! page ([`annotation`]). Where that finds nothing, a second reader is asked ([`second`]). Nothing here knows other pages
//! than its own: that is [`super::assemble`].

mod annotation;
mod cmap;
mod encoding;
mod font;
mod geometry;
mod interpreter;
mod layer;
mod layout;
mod lexer;
mod lock;
mod number;
pub(super) mod ocr;
mod order;
mod outline;
pub(super) mod render;
mod second;
mod source;
mod standard;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::ops::ControlFlow;

use unicode_normalization::UnicodeNormalization as _;

use crate::document::{Head, Page, Problem, ProblemKind};

use super::{Part, Sink};
use geometry::Frame;
use interpreter::{Fonts, Glyph, Shows};
use layer::HiddenLayers;
use layout::Laid;
use second::Second;
use source::{Source, Unopened};

/// Reads a PDF; parts go to `sink` as they are ready: the head first, then each page in order, problems at any time.
/// Never fails: what can't be read is a problem.
pub(super) fn read(bytes: &[u8], sink: &mut Sink<'_>) {
    // The sink's wish to stop is looked at inside; at the end there is nothing left to stop.
    let _: ControlFlow<()> = read_parts(bytes, sink);
}

fn read_parts(bytes: &[u8], sink: &mut Sink<'_>) -> ControlFlow<()> {
    if bytes.is_empty() {
        return sink(problem(ProblemKind::Empty, None));
    }
    let second = OnceCell::new();
    let second = || second.get_or_init(|| Second::open(bytes)).as_ref();
    let source = match Source::open(bytes) {
        Ok(source) => source,
        Err(unopened) => {
            let kind = match unopened {
                Unopened::Password => ProblemKind::Password,
                Unopened::Damaged => ProblemKind::Damaged,
            };
            return read_without_source(second(), kind, sink);
        }
    };
    let pages = source.pages();
    if pages.is_empty() {
        return read_without_source(second(), ProblemKind::Damaged, sink);
    }
    let mut labels = outline::page_labels(&source, pages.len()).into_iter();
    sink(Part::Head(outline::head(&source, &pages)))?;
    let layers = HiddenLayers::of(&source);
    let mut fonts = Fonts::default();
    let mut tally = Tally::default();
    for (index, node) in pages.iter().enumerate() {
        let frame = Frame::of(&source, node);
        let mut shows = interpreter::run(&source, node, &frame, &layers, &mut fonts);
        if shows.lost || shows.is_garbled() {
            let other = second().filter(|second| second.page_count() == pages.len());
            let other = other.and_then(|second| second.shows(index));
            shows = other.filter(|other| other.known() > shows.known()).unwrap_or(shows);
        }
        let laid = |glyphs| {
            let mut laid = layout::lay_out(glyphs, &geometry::beads(&source, node, &frame));
            annotation::add(&mut laid, &source, node, &frame, &layers, &mut fonts);
            laid
        };
        let label = labels.next().flatten();
        tally.page(index, label, (frame.width, frame.height), shows, laid, sink)?;
    }
    if source.is_damaged(pages.len()) {
        sink(problem(ProblemKind::Damaged, None))?;
    }
    tally.finish(sink)
}

/// Reads a file of which lopdf gets no page: what the second reader has of it, or only why there is nothing.
fn read_without_source(
    second: Option<&Second>,
    kind: ProblemKind,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let Some(second) = second else { return sink(problem(kind, None)) };
    sink(Part::Head(Head { paged: true, ..Head::default() }))?;
    let mut tally = Tally::default();
    for index in 0..second.page_count() {
        let shows = second.shows(index).unwrap_or_default();
        let size = second.size(index).unwrap_or_default();
        let laid = |glyphs| layout::lay_out(glyphs, &[]);
        tally.page(index, None, size, shows, laid, sink)?;
    }
    if kind != ProblemKind::Password {
        sink(problem(kind, None))?;
    }
    tally.finish(sink)
}

fn problem(kind: ProblemKind, page: Option<u32>) -> Part {
    Part::Problem(Problem { kind, page })
}

/// What the pages so far were like.
#[derive(Debug, Default)]
struct Tally {
    pages: usize,
    /// Pages with pictures and without text.
    textless: Vec<u32>,
    any_text: bool,
}

impl Tally {
    fn page(
        &mut self,
        index: usize,
        label: Option<String>,
        size: (f32, f32),
        shows: Shows,
        lay_out: impl FnOnce(Vec<Glyph>) -> Laid,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        let (has_pictures, cut, garbled) = (shows.has_pictures, shows.cut, shows.is_garbled());
        let laid = lay_out(shows.glyphs);
        self.pages += 1;
        self.any_text |= !laid.text.is_empty();
        // A scanned form stays one, whatever is filled in.
        if has_pictures && laid.blocks.iter().all(|block| block.kind.is_added()) {
            self.textless.push(number);
        }
        sink(Part::Page(Page {
            number,
            label,
            text: laid.text,
            blocks: laid.blocks,
            words: laid.words,
            lines: Vec::new(),
            size: Some(size),
            recognised: None,
        }))?;
        if garbled {
            sink(problem(ProblemKind::Garbled, Some(number)))?;
        }
        if cut {
            sink(problem(ProblemKind::TooLarge, Some(number)))?;
        }
        ControlFlow::Continue(())
    }

    fn finish(self, sink: &mut Sink<'_>) -> ControlFlow<()> {
        if self.pages > 0 && !self.any_text {
            return sink(problem(ProblemKind::NoText, None));
        }
        for page in self.textless {
            sink(problem(ProblemKind::NoText, Some(page)))?;
        }
        ControlFlow::Continue(())
    }
}

fn nfc(text: &str) -> String {
    text.nfc().collect()
}
