//! In which order are the lines of a page read whose stream jumps about?

use super::layout::Line;

/// The lines in reading order.
pub(super) fn in_reading_order(lines: Vec<Line>) -> Vec<Line> {
    lines
}
