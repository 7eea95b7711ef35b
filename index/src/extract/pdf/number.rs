//! How do a PDF's numbers become Rust's, without a surprise at the edges?

/// The nearest whole number towards zero; the ends of the range for what lies beyond, 0 for what is no number.
#[expect(clippy::cast_possible_truncation, reason = "saturating is what is wanted")]
pub(super) fn whole(value: f32) -> i32 {
    value as i32
}

/// The nearest representable number.
#[expect(clippy::cast_precision_loss, reason = "coordinates and widths are far below the loss")]
pub(super) fn real(value: i64) -> f32 {
    value as f32
}

/// An offset in a page's text, whose length is bounded far below four billion bytes.
pub(super) fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// As [`real`], for counts.
#[expect(clippy::cast_precision_loss, reason = "used for shares and averages")]
pub(super) fn share(value: usize) -> f32 {
    value as f32
}

/// The nearest number of single precision.
#[expect(clippy::cast_possible_truncation, reason = "coordinates on a page")]
pub(super) fn narrow(value: f64) -> f32 {
    value as f32
}
