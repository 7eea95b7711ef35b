//! What does a PDF say, page by page?
//!
//! Built on lopdf's objects, with an own content interpreter and layout. The modules in the order of the way: the
//! file's objects ([`source`]), tokens ([`lexer`]), fonts ([`font`] with [`cmap`], [`encoding`], [`standard`]), glyphs on
//! the page ([`interpreter`], [`geometry`]), words and blocks ([`layout`], [`order`]). Nothing here knows other pages
//! than its own: that is [`super::assemble`].

mod cmap;
mod encoding;
mod font;
mod geometry;
mod interpreter;
mod layout;
mod lexer;
mod number;
mod order;
mod outline;
mod source;
mod standard;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use unicode_normalization::UnicodeNormalization as _;

use crate::document::{Page, Problem, ProblemKind};

use super::{Part, Sink};
use geometry::Frame;
use interpreter::{Fonts, HiddenLayers};
use source::{Source, Unopened};

/// Reads a PDF; parts go to `sink` as they are ready: the head first, then each page in order, problems at any time.
/// Never fails: what can't be read is a problem.
pub(super) fn read(bytes: &[u8], sink: &mut Sink<'_>) {
    // The sink's wish to stop is looked at inside; at the end there is nothing left to stop.
    let _: ControlFlow<()> = read_parts(bytes, sink);
}

fn read_parts(bytes: &[u8], sink: &mut Sink<'_>) -> ControlFlow<()> {
    let problem = |kind: ProblemKind, page: Option<u32>| Part::Problem(Problem { kind, page });
    if bytes.is_empty() {
        return sink(problem(ProblemKind::Empty, None));
    }
    let source = match Source::open(bytes) {
        Ok(source) => source,
        Err(Unopened::Password) => return sink(problem(ProblemKind::Password, None)),
        Err(Unopened::Damaged) => return sink(problem(ProblemKind::Damaged, None)),
    };
    let pages = source.pages();
    let mut labels = outline::page_labels(&source, pages.len()).into_iter();
    sink(Part::Head(outline::head(&source, &pages)))?;
    let layers = HiddenLayers::of(&source);
    let mut fonts = Fonts::default();
    let mut textless = Vec::new();
    let mut any_text = false;
    for (number, node) in (1_u32..).zip(&pages) {
        let frame = Frame::of(&source, node);
        let shows = interpreter::run(&source, node, &frame, &layers, &mut fonts);
        let glyph_count = shows.glyphs.len();
        let unknown = shows.unknown;
        let laid = layout::lay_out(shows.glyphs, &geometry::beads(&source, node, &frame));
        if laid.text.is_empty() {
            if shows.has_pictures {
                textless.push(number);
            }
        } else {
            any_text = true;
        }
        sink(Part::Page(Page {
            number,
            label: labels.next().flatten(),
            text: laid.text,
            blocks: laid.blocks,
            words: laid.words,
            lines: Vec::new(),
            size: Some((frame.width, frame.height)),
        }))?;
        if unknown * 2 > glyph_count {
            sink(problem(ProblemKind::Garbled, Some(number)))?;
        }
        if shows.cut {
            sink(problem(ProblemKind::TooLarge, Some(number)))?;
        }
    }
    if source.is_damaged(pages.len()) {
        sink(problem(ProblemKind::Damaged, None))?;
    }
    if !pages.is_empty() && !any_text {
        sink(problem(ProblemKind::NoText, None))?;
    } else {
        for page in textless {
            sink(problem(ProblemKind::NoText, Some(page)))?;
        }
    }
    ControlFlow::Continue(())
}

fn nfc(text: &str) -> String {
    text.nfc().collect()
}
