//! What does another reader see where the first one sees nothing?
//!
//! hayro has its own parser, decryption and fonts, so it fails on other files than lopdf and docent's interpreter. It is
//! opened only for a document of which a page is missing or says nothing, and taken only where it knows more.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro::hayro_interpret::font::{Glyph as DrawnGlyph, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::{BfString, WritingMode};
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, RenderContent, SoftMask, interpret_page,
};
use hayro::hayro_syntax::Pdf;
use hayro::kurbo::{Affine, BezPath, Point, Rect};
use smallvec::SmallVec;

use super::encoding::{Text, is_private};
use super::geometry::Frame;
use super::interpreter::{Glyph, MAX_GLYPHS, Shows};
use super::number::narrow;
use super::source::MAX_PAGES;

/// Outlines, and so widths, are in thousandths of an em.
const EM: f64 = 1000.0;
/// What a glyph whose width is not known is taken for, in ems.
const WIDTH: f64 = 0.5;

/// A file as hayro opens it.
pub(super) struct Second {
    pdf: Pdf,
}

impl Second {
    /// None where it can't be opened or has no pages.
    pub(super) fn open(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.to_vec();
        let pdf = guarded(|| Pdf::new(bytes).ok())?;
        (!pdf.pages().is_empty()).then_some(Self { pdf })
    }

    pub(super) fn page_count(&self) -> usize {
        self.pdf.pages().len().min(MAX_PAGES)
    }

    /// The frame of a page; `index` counts from 0.
    pub(super) fn frame(&self, index: usize) -> Option<Frame> {
        self.pdf.pages().get(index).map(Frame::of_other)
    }

    /// What is kept from page to page.
    pub(super) fn cache<'a>() -> InterpreterCache<'a> {
        InterpreterCache::new()
    }

    /// What a page shows, as far as it can be read; `index` counts from 0.
    pub(super) fn shows<'a>(&'a self, index: usize, cache: &InterpreterCache<'a>) -> Option<Shows> {
        let page = self.pdf.pages().get(index)?;
        let frame = Frame::of_other(page);
        let bounds = Rect::new(0.0, 0.0, frame.width.into(), frame.height.into());
        let settings =
            InterpreterSettings { render_content: RenderContent::PAGE, ..Default::default() };
        let mut device = Glyphs { shows: Shows::default(), bounds };
        _ = guarded(|| {
            let way = frame.matrix.into();
            let mut context = Context::new(way, bounds, cache, self.pdf.xref(), settings);
            interpret_page(page, &mut context, &mut device);
            Some(())
        });
        Some(device.shows)
    }
}

/// Runs foreign code on hostile bytes: what makes it panic has no result.
pub(super) fn guarded<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok().flatten()
}

/// Takes the glyphs of what is drawn.
struct Glyphs {
    shows: Shows,
    bounds: Rect,
}

impl Glyphs {
    fn take(&mut self, glyph: &DrawnGlyph<'_>, to_page: Affine, vertical: bool) {
        if self.shows.glyphs.len() >= MAX_GLYPHS {
            self.shows.cut = true;
            return;
        }
        let width = match glyph {
            DrawnGlyph::Outline(glyph) => glyph.advance_width(),
            DrawnGlyph::Type3(glyph) => glyph.advance_width(),
        };
        let width = width.map_or(WIDTH * EM, f64::from);
        let origin = to_page * Point::ZERO;
        let along = to_page * Point::new(EM, 0.0) - origin;
        let across = to_page * Point::new(0.0, EM) - origin;
        let (length, height) = (along.hypot(), across.hypot());
        let inside = self.bounds.inflate(height / 2.0, height / 2.0).contains(origin);
        if !(origin.is_finite() && length > 0.01 && height > 0.01 && inside) {
            return;
        }
        let mut text: Text = match glyph.as_unicode() {
            Some(BfString::Char(character)) => SmallVec::from_slice(&[character]),
            Some(BfString::String(text)) => text.chars().collect(),
            None => SmallVec::new(),
        };
        if text.iter().all(|character| says_nothing(*character)) {
            self.shows.unknown += 1;
            text = SmallVec::from_slice(&[char::REPLACEMENT_CHARACTER]);
        }
        let (size, em) = (narrow(height), narrow(length));
        let (start, end, direction) = if vertical {
            let middle = origin + along * (width / EM / 2.0);
            let down = -across / height;
            (middle, middle + down * height, down)
        } else {
            (origin, origin + along * (width / EM), along / length)
        };
        self.shows.glyphs.push(Glyph {
            text,
            start: (narrow(start.x), narrow(start.y)),
            end: (narrow(end.x), narrow(end.y)),
            direction: (narrow(direction.x), narrow(direction.y)),
            size,
            em,
            tracking: 0.0,
            ascent: 0.8,
            descent: -0.2,
            bold: false,
            vertical,
            width: if vertical { narrow(width / EM) * em } else { 0.0 },
        });
    }
}

/// Controls and private characters are codes that were passed through; the last ones are what programs write that know
/// no better.
fn says_nothing(character: char) -> bool {
    character.is_control() || is_private(character) || matches!(character, '\u{fffd}'..='\u{ffff}')
}

impl<'a> Device<'a> for Glyphs {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            let vertical = run.writing_mode() == WritingMode::Vertical;
            self.take(glyph, props.transform * glyph.transform(), vertical);
        }
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {
        self.shows.has_pictures = true;
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn pop_clip(&mut self) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_transparency_group(&mut self) {}
}
