//! Where does a point of a content stream lie on the page as it is shown?

use std::ops::Mul;

use hayro::hayro_syntax::object::{self, Dict};
use hayro::hayro_syntax::page::{Page, Rotation};
use hayro::kurbo::Affine;
use lopdf::Object;

use super::number;
use crate::document::Rect;

use super::source::{PageNode, Source, as_dictionary, as_number};

/// US Letter, for pages that name no size.
const DEFAULT_BOX: [f32; 4] = [0.0, 0.0, 612.0, 792.0];

/// Page trees are a few levels deep.
const MAX_TREE_DEPTH: usize = 64;
/// In points; PDF's own bound is 14,400, and units may be larger.
const MAX_SIDE: f32 = 1e6;

/// More articles than a page has.
const MAX_BEADS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) a: f32,
    pub(super) b: f32,
    pub(super) c: f32,
    pub(super) d: f32,
    pub(super) e: f32,
    pub(super) f: f32,
}

impl Matrix {
    pub(super) const IDENTITY: Self = Self::new(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);

    #[expect(
        clippy::many_single_char_names,
        reason = "the names that PDF gives to a matrix's numbers"
    )]
    pub(super) const fn new(a: f32, b: f32, c: f32, d: f32, e: f32, f: f32) -> Self {
        Self { a, b, c, d, e, f }
    }

    #[expect(
        clippy::many_single_char_names,
        reason = "the names that PDF gives to a matrix's numbers"
    )]
    pub(super) fn from_slice(numbers: &[f32]) -> Option<Self> {
        match numbers {
            [a, b, c, d, e, f, ..] => Some(Self::new(*a, *b, *c, *d, *e, *f)),
            _ => None,
        }
    }

    pub(super) fn translation(x: f32, y: f32) -> Self {
        Self::new(1.0, 0.0, 0.0, 1.0, x, y)
    }

    pub(super) fn point(&self, x: f32, y: f32) -> (f32, f32) {
        (self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f)
    }

    /// As [`Matrix::point`], for a direction.
    pub(super) fn vector(&self, x: f32, y: f32) -> (f32, f32) {
        (self.a * x + self.c * y, self.b * x + self.d * y)
    }
}

/// First the left matrix, then the right one.
impl Mul for Matrix {
    type Output = Self;

    #[expect(
        clippy::many_single_char_names,
        reason = "the names that PDF gives to a matrix's numbers"
    )]
    fn mul(self, then: Self) -> Self {
        let (a, b) = then.vector(self.a, self.b);
        let (c, d) = then.vector(self.c, self.d);
        let (e, f) = then.point(self.e, self.f);
        Self { a, b, c, d, e, f }
    }
}

impl From<Matrix> for Affine {
    fn from(Matrix { a, b, c, d, e, f }: Matrix) -> Self {
        Self::new([a, b, c, d, e, f].map(f64::from))
    }
}

/// A page's frame: the way to it from the content stream's space, and its size in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) matrix: Matrix,
    pub(super) width: f32,
    pub(super) height: f32,
}

impl Frame {
    pub(super) fn of(source: &Source, node: &PageNode<'_>) -> Self {
        let media = node.media_box.and_then(|media| rectangle(source, media));
        let crop = node.crop_box.and_then(|crop| rectangle(source, crop));
        let quarters =
            node.rotation.and_then(as_number).map_or(0, |angle| number::whole(angle / 90.0));
        Self::new(media, crop, quarters)
    }

    /// The same for a page that hayro found.
    pub(super) fn of_other(page: &Page<'_>) -> Self {
        let corners = |bounds: object::Rect| {
            upright([bounds.x0, bounds.y0, bounds.x1, bounds.y1].map(number::narrow))
        };
        // For a box that is not there hayro takes another paper than is taken here.
        let media = corners(page.media_box()).filter(|_| has_box(page, b"MediaBox"));
        let crop = corners(page.crop_box()).filter(|_| has_box(page, b"CropBox"));
        let quarters = match page.rotation() {
            Rotation::None => 0,
            Rotation::Horizontal => 1,
            Rotation::Flipped => 2,
            Rotation::FlippedHorizontal => 3,
        };
        Self::new(media, crop, quarters)
    }

    /// From the boxes (left, bottom, right, top) and the quarter turns, clockwise.
    fn new(media: Option<[f32; 4]>, crop: Option<[f32; 4]>, quarters: i32) -> Self {
        let media = media.unwrap_or(DEFAULT_BOX);
        let crop = crop.and_then(|crop| intersection(media, crop));
        let [left, bottom, right, top] = crop.unwrap_or(media);
        let (width, height) = (right - left, top - bottom);
        match quarters.rem_euclid(4) {
            1 => Self {
                matrix: Matrix::new(0.0, 1.0, 1.0, 0.0, -bottom, -left),
                width: height,
                height: width,
            },
            2 => Self { matrix: Matrix::new(-1.0, 0.0, 0.0, 1.0, right, -bottom), width, height },
            3 => Self {
                matrix: Matrix::new(0.0, -1.0, -1.0, 0.0, top, right),
                width: height,
                height: width,
            },
            _ => Self { matrix: Matrix::new(1.0, 0.0, 0.0, -1.0, -left, top), width, height },
        }
    }

    /// Where a rectangle of the page's own space (left, bottom, right, top) is shown.
    pub(super) fn shown(&self, [left, bottom, right, top]: [f32; 4]) -> Rect {
        let (one, other) = (self.matrix.point(left, bottom), self.matrix.point(right, top));
        Rect {
            left: one.0.min(other.0),
            top: one.1.min(other.1),
            right: one.0.max(other.0),
            bottom: one.1.max(other.1),
        }
    }
}

/// The places of a page's article beads as they are shown, in the order in which they are read.
pub(super) fn beads(source: &Source, node: &PageNode<'_>, frame: &Frame) -> Vec<Rect> {
    let beads = node.dictionary.and_then(|page| source.array(page, b"B")).unwrap_or_default();
    let places = beads.iter().take(MAX_BEADS).filter_map(|bead| {
        let bead = as_dictionary(source.resolve(bead))?;
        Some(frame.shown(rectangle(source, source.get(bead, b"R")?)?))
    });
    places.collect()
}

/// Left, bottom, right, top; none where it encloses nothing or more than any page has.
pub(super) fn rectangle(source: &Source, object: &Object) -> Option<[f32; 4]> {
    let numbers = source.numbers(object.as_array().ok()?);
    upright(numbers.get(..4)?.try_into().ok()?)
}

/// The same from any two opposite corners.
fn upright([x, y, to_x, to_y]: [f32; 4]) -> Option<[f32; 4]> {
    let rectangle = [f32::min(x, to_x), f32::min(y, to_y), f32::max(x, to_x), f32::max(y, to_y)];
    let is_side = |length: f32| length > 1.0 && length <= MAX_SIDE;
    (is_side(rectangle[2] - rectangle[0]) && is_side(rectangle[3] - rectangle[1]))
        .then_some(rectangle)
}

/// Whether the page, or what it inherits from, has a box under this key.
fn has_box(page: &Page<'_>, key: &[u8]) -> bool {
    fn parent<'a>(node: &Dict<'a>) -> Option<Dict<'a>> {
        node.get(b"Parent")
    }
    std::iter::successors(Some(page.raw().clone()), parent)
        .take(MAX_TREE_DEPTH)
        .any(|node| node.get::<object::Rect>(key).is_some())
}

fn intersection(outer: [f32; 4], inner: [f32; 4]) -> Option<[f32; 4]> {
    let both = [
        outer[0].max(inner[0]),
        outer[1].max(inner[1]),
        outer[2].min(inner[2]),
        outer[3].min(inner[3]),
    ];
    (both[2] - both[0] > 1.0 && both[3] - both[1] > 1.0).then_some(both)
}
