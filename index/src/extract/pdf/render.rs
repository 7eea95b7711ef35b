//! What does a page look like?
//!
//! For pages that say nothing of their letters: they are drawn, and the letters are recognised in the picture.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings};
use serde::{Deserialize, Serialize};

use super::geometry::Frame;
use super::number;
use super::second::guarded;
use crate::document::ProblemKind;

/// The most pixels of a picture: an A3 page at 300 dots per inch has 17 million. Drawing takes some eight bytes for each.
const MAX_PIXELS: f32 = 20e6;
/// The most pixels in a row or a column.
const MAX_SIDE: f32 = 30_000.0;
/// Points in an inch.
const POINTS: f32 = 72.0;

/// A page as it looks, on white.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    pub height: u32,
    /// Fewer than were asked for, for a very large page.
    pub dots_per_inch: f32,
    /// One byte a pixel, 0 is black, row by row from the top.
    pub gray: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Picture({} x {})", self.width, self.height)
    }
}

/// A PDF of which pages can be drawn.
pub struct Renderer {
    pdf: Pdf,
}

impl std::fmt::Debug for Renderer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Renderer")
    }
}

impl Renderer {
    /// Opens a file; the error is why it can't be.
    pub fn open(bytes: Vec<u8>) -> Result<Self, ProblemKind> {
        let opened = guarded(|| Some(Pdf::new(bytes))).ok_or(ProblemKind::Crashed)?;
        let pdf = opened.map_err(|error| match error {
            LoadPdfError::Decryption(DecryptionError::PasswordProtected) => ProblemKind::Password,
            LoadPdfError::Decryption(_) | LoadPdfError::Invalid => ProblemKind::Damaged,
        })?;
        Ok(Self { pdf })
    }

    /// Draws a page, turned and cropped as it is shown: a place at `(x, y)` points on the page is at
    /// `x * dots_per_inch / 72` pixels from the left, and likewise from the top. `page` counts from 1. None where there is
    /// no such page or it can't be drawn.
    ///
    /// Takes as much memory and time as the page wants, beside its bounded picture.
    pub fn picture(&self, page: u32, dots_per_inch: f32) -> Option<Picture> {
        guarded(|| {
            let page = self.pdf.pages().get(usize::try_from(page).ok()?.checked_sub(1)?)?;
            let frame = Frame::of_other(page);
            let scale = (dots_per_inch / POINTS)
                .min((MAX_PIXELS / (frame.width * frame.height)).sqrt())
                .min(MAX_SIDE / frame.width.max(frame.height));
            let [width, height] = [frame.width, frame.height]
                .map(|side| u16::try_from(number::whole(side * scale)).unwrap_or(u16::MAX).max(1));
            let mut context = RenderContext::new(width, height);
            hayro::render_into(
                page,
                &RenderCache::new(),
                &InterpreterSettings::default(),
                &RenderSettings::default(),
                &mut context,
                Affine::scale(scale.into()) * Affine::from(frame.matrix),
            );
            let mut drawn = Pixmap::new(width, height);
            let on_white =
                RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..Default::default() };
            context.render_with(&mut drawn, &mut Resources::default(), on_white);
            // The ground is opaque, so that the colours are as they are seen. Weights of ITU-R BT.601, in 256ths.
            let gray = drawn.data().iter().map(|pixel| {
                let [red, green, blue] = [pixel.r, pixel.g, pixel.b].map(u32::from);
                u8::try_from((77 * red + 150 * green + 29 * blue) >> 8).unwrap_or(u8::MAX)
            });
            Some(Picture {
                width: width.into(),
                height: height.into(),
                dots_per_inch: scale * POINTS,
                gray: gray.collect(),
            })
        })
    }
}
