//! What does a PDF say, page by page?
//!
//! Built on lopdf's objects, with an own content interpreter and layout. The modules in the order of the way: the
//! file's objects ([`source`] with [`lock`]), tokens ([`lexer`]), fonts ([`font`] with [`cmap`], [`encoding`], [`standard`]), glyphs on
//! the page ([`interpreter`], [`geometry`], [`layer`]), words and blocks ([`layout`], [`order`]), what was filled in and noted on the
//! page ([`annotation`]), what the file itself says its blocks are ([`tag`]). Where that finds nothing, a second reader is asked ([`second`]). Nothing here knows other pages
//! than its own: that is [`super::assemble`].

mod annotation;
mod cmap;
mod encoding;
mod font;
mod geometry;
#[cfg(test)]
mod hostile;
mod inflate;
mod interpreter;
#[cfg(any(test, fuzzing))]
pub mod laws;
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
mod tag;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::ops::ControlFlow;

use unicode_normalization::UnicodeNormalization as _;

use crate::document::{Head, Page, Problem, ProblemKind, Rect};

use super::{Part, Sink};
use geometry::Frame;
use interpreter::{Fonts, Glyph, Shows};
use layer::HiddenLayers;
use layout::Laid;
use second::Second;
use source::{PageNode, Source, Unopened};
use tag::{Structure, Tagged};

/// Reads a PDF; parts go to `sink` as they are ready: the head first, then each page in order, problems at any time. At the
/// end, pages that were read better the second time come once more.
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
    let source = match Source::open(bytes) {
        Ok(source) => source,
        Err(unopened) => {
            let kind = match unopened {
                Unopened::Password => ProblemKind::Password,
                Unopened::Damaged => ProblemKind::Damaged,
            };
            return read_without_source(Second::open(bytes).as_ref(), kind, sink);
        }
    };
    let second = || {
        let tame = || (!source.has_endless_widths()).then(|| Second::open(bytes)).flatten();
        second.get_or_init(tame).as_ref()
    };
    let pages = source.pages();
    if pages.is_empty() {
        return read_without_source(second(), ProblemKind::Damaged, sink);
    }
    let labels = outline::page_labels(&source, pages.len());
    let label = |index: usize| labels.get(index).cloned().flatten();
    sink(Part::Head(outline::head(&source, &pages)))?;
    let layers = HiddenLayers::of(&source);
    let structure = Structure::of(&source);
    let mut fonts = Fonts::default();
    let mut tally = Tally::default();
    let mut poor = Vec::new();
    for (index, node) in pages.iter().enumerate() {
        let frame = Frame::of(&source, node);
        let shows =
            interpreter::run(&source, node, &frame, &layers, structure.as_ref(), &mut fonts);
        let known = (shows.is_poor() && !shows.cut).then(|| shows.known());
        let laid = |glyphs, tagged| {
            whole_layout(glyphs, tagged, &source, node, &frame, &layers, &mut fonts)
        };
        let found = send(index, label(index), &frame, shows, laid, sink)?;
        match known {
            Some(known) => poor.push((index, node, frame, known, found)),
            None => tally.count(found, sink)?,
        }
    }
    // Behind all pages, since it has no bounds of its own: should it end this process, they have been sent. A page that it
    // reads better is sent once more.
    let cache = Second::cache();
    for (index, node, frame, known, found) in poor {
        let other = second().filter(|second| second.page_count() == pages.len());
        let other = other.and_then(|second| second.shows(index, &cache));
        let found = match other.filter(|other| other.known() > known) {
            Some(shows) => {
                let laid = |glyphs, tagged| {
                    whole_layout(glyphs, tagged, &source, node, &frame, &layers, &mut fonts)
                };
                send(index, label(index), &frame, shows, laid, sink)?
            }
            None => found,
        };
        tally.count(found, sink)?;
    }
    if annotation::is_made_when_opened(&source) {
        sink(problem(ProblemKind::XfaForm, None))?;
    }
    if source.is_damaged(pages.len()) {
        sink(problem(ProblemKind::Damaged, None))?;
    }
    tally.finish(sink)
}

/// A page's own text in its order, and what was filled in and noted on it.
fn whole_layout<'a>(
    glyphs: Vec<Glyph>,
    tagged: Vec<Tagged>,
    source: &'a Source,
    node: &PageNode<'a>,
    frame: &Frame,
    layers: &HiddenLayers,
    fonts: &mut Fonts<'a>,
) -> Laid {
    let mut laid = layout::lay_out(glyphs, &geometry::beads(source, node, frame));
    tag::apply(&mut laid, tagged, frame.height);
    annotation::add(&mut laid, source, node, frame, layers, fonts);
    laid
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
    let cache = Second::cache();
    for index in 0..second.page_count() {
        let Some((frame, shows)) = second.frame(index).zip(second.shows(index, &cache)) else {
            continue;
        };
        let laid = |glyphs, _| layout::lay_out(glyphs, &[]);
        let found = send(index, None, &frame, shows, laid, sink)?;
        tally.count(found, sink)?;
    }
    if kind != ProblemKind::Password {
        sink(problem(kind, None))?;
    }
    tally.finish(sink)
}

fn problem(kind: ProblemKind, page: Option<u32>) -> Part {
    Part::Problem(Problem { kind, page })
}

/// What was found on a page.
#[derive(Debug)]
struct Found {
    number: u32,
    has_text: bool,
    /// It shows pictures and no text of its own.
    is_textless: bool,
    problems: Vec<ProblemKind>,
}

/// Lays a page out and sends it.
fn send(
    index: usize,
    label: Option<String>,
    frame: &Frame,
    shows: Shows,
    lay_out: impl FnOnce(Vec<Glyph>, Vec<Tagged>) -> Laid,
    sink: &mut Sink<'_>,
) -> ControlFlow<(), Found> {
    let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
    let has_pictures = shows.has_pictures;
    let mut problems = Vec::new();
    if shows.is_garbled() {
        problems.push(ProblemKind::Garbled);
    }
    if shows.cut {
        problems.push(ProblemKind::TooLarge);
    }
    let mut laid = lay_out(shows.glyphs, shows.tagged);
    keep_on_page(&mut laid, frame);
    let has_text = !laid.text.is_empty();
    // A scanned form stays one, whatever is filled in.
    let is_textless = has_pictures && laid.blocks.iter().all(|block| block.kind.is_added());
    sink(Part::Page(Page {
        number,
        label,
        text: laid.text,
        blocks: laid.blocks,
        words: laid.words,
        lines: Vec::new(),
        size: Some((frame.width, frame.height)),
        recognised: None,
    }))?;
    ControlFlow::Continue(Found { number, has_text, is_textless, problems })
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
    fn count(&mut self, found: Found, sink: &mut Sink<'_>) -> ControlFlow<()> {
        self.pages += 1;
        self.any_text |= found.has_text;
        if found.is_textless {
            self.textless.push(found.number);
        }
        found.problems.into_iter().try_for_each(|kind| sink(problem(kind, Some(found.number))))
    }

    fn finish(mut self, sink: &mut Sink<'_>) -> ControlFlow<()> {
        if self.pages > 0 && !self.any_text {
            return sink(problem(ProblemKind::NoText, None));
        }
        self.textless.sort_unstable();
        for page in self.textless {
            sink(problem(ProblemKind::NoText, Some(page)))?;
        }
        ControlFlow::Continue(())
    }
}

/// Cuts what reaches beyond the page's edges off the places of its text.
fn keep_on_page(laid: &mut Laid, frame: &Frame) {
    let Frame { width, height, .. } = *frame;
    // What is no number becomes one here.
    let on = |place: f32, end: f32| place.max(0.0).min(end.max(0.0));
    let bounds = laid.words.iter_mut().map(|word| &mut word.bounds);
    let bounds = bounds.chain(laid.blocks.iter_mut().filter_map(|block| block.bounds.as_mut()));
    for bounds in bounds {
        *bounds = Rect {
            left: on(bounds.left, width),
            top: on(bounds.top, height),
            right: on(bounds.right, width),
            bottom: on(bounds.bottom, height),
        };
    }
}

fn nfc(text: &str) -> String {
    text.nfc().collect()
}
