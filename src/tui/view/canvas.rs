//! How does something get into the cells of the screen?
//!
//! The only place that writes cells: whatever is drawn is cut to its region here, made harmless, and put in the order in
//! which it is read.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::bidi;
use super::text::{self, Styled, graphemes};
use crate::state::look::RightToLeft;
use crate::state::target::Target;
use crate::theme::{Background, Role, Signs, Theme};

/// The screen while a frame is drawn.
#[derive(Debug)]
pub(super) struct Canvas<'a> {
    pub buffer: &'a mut Buffer,
    pub theme: &'a Theme,
    pub signs: &'a Signs,
    /// Who puts in order what is written from right to left.
    pub order: RightToLeft,
    /// What a click is meant for: what was drawn last counts.
    pub targets: &'a mut Vec<(Rect, Target)>,
}

impl Canvas<'_> {
    pub(super) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Tells what a click on `area` is meant for.
    pub(super) fn mark(&mut self, area: Rect, target: Target) {
        let area = area.intersection(self.buffer.area);
        if !area.is_empty() {
            self.targets.push((area, target));
        }
    }

    /// Writes from `x` in the line `y` of `area` (both counted in the area) and returns the column behind it.
    pub(super) fn put(&mut self, area: Rect, x: u16, y: u16, text: &str, role: Role) -> u16 {
        self.put_styled(area, x, y, text, self.style(role))
    }

    pub(super) fn put_styled(
        &mut self,
        area: Rect,
        x: u16,
        y: u16,
        text: &str,
        style: Style,
    ) -> u16 {
        if self.order == RightToLeft::Terminal || !bidi::has_rtl(text) {
            return self.put_plain(area, x, y, text, style);
        }
        let Some(mut pen) = self.pen(area, x, y) else { return x };
        let start = pen.column;
        for placed in bidi::placed(text, bidi::begins_rtl(text), self.order) {
            if !self.write(&mut pen, &placed.symbol, placed.grapheme.width, style) {
                break;
            }
        }
        x + (pen.column - start)
    }

    /// Writes text as it comes.
    fn put_plain(&mut self, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
        let Some(mut pen) = self.pen(area, x, y) else { return x };
        let start = pen.column;
        for grapheme in graphemes(text) {
            if !self.write(&mut pen, &grapheme.symbol(), grapheme.width, style) {
                break;
            }
        }
        x + (pen.column - start)
    }

    /// Where writing begins; none where there is no room.
    fn pen(&self, area: Rect, x: u16, y: u16) -> Option<Pen> {
        let area = area.intersection(self.buffer.area);
        (y < area.height && x < area.width).then(|| Pen {
            column: area.x + x,
            row: area.y + y,
            end: area.right(),
        })
    }

    /// Writes one character; false where there is no room for it.
    fn write(&mut self, pen: &mut Pen, symbol: &str, width: usize, style: Style) -> bool {
        if width == 0 {
            return true;
        }
        let after = u16::try_from(width).ok().and_then(|width| pen.column.checked_add(width));
        let Some(after) = after.filter(|after| *after <= pen.end) else { return false };
        if let Some(cell) = self.buffer.cell_mut((pen.column, pen.row)) {
            cell.set_symbol(symbol).set_style(style);
        }
        // The cells behind the first one: hidden by a wide sign, empty behind a tab.
        for hidden in pen.column + 1..after {
            if let Some(cell) = self.buffer.cell_mut((hidden, pen.row)) {
                cell.reset();
                cell.set_style(style);
            }
        }
        pen.column = after;
        true
    }

    /// Writes text with its styles, as [`put`](Self::put), each part of it in its order.
    pub(super) fn put_row(&mut self, area: Rect, x: u16, y: u16, row: &Styled) -> u16 {
        if row.units().is_empty() {
            return row
                .pieces()
                .fold(x, |x, (text, style)| self.put_styled(area, x, y, text, style));
        }
        if self.order == RightToLeft::Terminal {
            return row
                .pieces()
                .fold(x, |x, (text, style)| self.put_plain(area, x, y, text, style));
        }
        let Some(mut pen) = self.pen(area, x, y) else { return x };
        let start = pen.column;
        for placed in bidi::placed_row(row, self.order) {
            let style = row.style_at(placed.grapheme.start);
            if !self.write(&mut pen, &placed.symbol, placed.grapheme.width, style) {
                break;
            }
        }
        x + (pen.column - start)
    }

    /// The cells of a row that a stretch of it takes when the row is written from the left edge of `area`.
    pub(super) fn cells_of(&self, area: Rect, row: &Styled, stretch: Range<usize>) -> Rect {
        if row.units().is_empty() {
            let columns = |end| text::width(row.text().get(..end).unwrap_or_default());
            let (first, end) = (columns(stretch.start), columns(stretch.end));
            return cells(area, first..end);
        }
        let placed = bidi::placed_row(row, self.order);
        let of = |placed: &&bidi::Placed<'_>| stretch.contains(&placed.grapheme.start);
        let columns = || placed.iter().filter(of);
        let first = columns().map(|placed| placed.column).min().unwrap_or_default();
        let end = columns().map(|placed| placed.column + placed.grapheme.width).max();
        cells(area, first..end.unwrap_or(first))
    }

    /// Writes text so that it ends at the right edge of `area`, when there is room for all of it behind `from`. Returns
    /// the column where it begins, or the area's width.
    pub(super) fn put_right(
        &mut self,
        area: Rect,
        from: u16,
        y: u16,
        text: &str,
        role: Role,
    ) -> u16 {
        self.put_row_right(area, from, y, &Styled::new(text, self.style(role)))
    }

    pub(super) fn put_row_right(&mut self, area: Rect, from: u16, y: u16, row: &Styled) -> u16 {
        let start = u16::try_from(row.width()).ok().and_then(|width| area.width.checked_sub(width));
        match start.filter(|start| *start >= from) {
            Some(start) => {
                self.put_row(area, start, y, row);
                start
            }
            None => area.width,
        }
    }

    /// As much of `text` as fits into `room` cells from `x`.
    pub(super) fn put_fitting(
        &mut self,
        area: Rect,
        x: u16,
        y: u16,
        (text, room): (&str, u16),
        role: Role,
    ) -> u16 {
        let fitting = text::fit(text, usize::from(room), self.signs.ellipsis).into_owned();
        self.put(area, x, y, &fitting, role)
    }

    /// A line across `area` at `y`.
    pub(super) fn rule(&mut self, area: Rect, y: u16) {
        let line = self.signs.horizontal.repeat(usize::from(area.width));
        self.put(area, 0, y, &line, Role::Border);
    }

    /// A line down `area` at `x`.
    pub(super) fn upright(&mut self, area: Rect, x: u16, role: Role) {
        for y in 0..area.height {
            self.put(area, x, y, self.signs.vertical, role);
        }
    }

    /// Gives all cells of `area` this style, whatever theirs was.
    pub(super) fn paint(&mut self, area: Rect, role: Role) {
        self.buffer.set_style(area, Style::reset().patch(self.style(role)));
    }

    /// Puts the theme's background behind all that has none of its own, where it is made for other terminals than this one:
    /// light text could not be read on a light ground.
    pub(super) fn ground(&mut self, terminal: Option<Background>) {
        let Some((ground, text)) = self.theme.ground(terminal) else { return };
        for cell in &mut self.buffer.content {
            if cell.bg == Color::Reset {
                cell.bg = ground;
            }
            if cell.fg == Color::Reset {
                cell.fg = text;
            }
        }
    }

    /// Takes everything out of `area`.
    pub(super) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            // A wide sign that reaches into the area goes as a whole.
            let before = area.left().checked_sub(1);
            if let Some(cell) = before.and_then(|x| self.buffer.cell_mut((x, y)))
                && text::width(cell.symbol()) > 1
            {
                cell.set_symbol(" ");
            }
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// A bar of so many cells, filled to `share` (from 0 to 1).
    pub(super) fn bar(&self, cells: usize, share: f64) -> Styled {
        // At most the number of cells, which is small.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "the share is between 0 and 1, and cells are few"
        )]
        let full = ((share.clamp(0.0, 1.0) * cells as f64).round() as usize).min(cells);
        let mut bar = Styled::new(self.signs.full.repeat(full), self.style(Role::Progress));
        bar.push(&self.signs.empty.repeat(cells - full), self.style(Role::Border));
        bar
    }
}

/// Some columns of an area, as far as it has them.
pub(super) fn cells(area: Rect, columns: Range<usize>) -> Rect {
    let from = u16::try_from(columns.start).unwrap_or(u16::MAX);
    let width = u16::try_from(columns.len()).unwrap_or(u16::MAX);
    let behind = super::inset(area, from, 0);
    Rect { width: behind.width.min(width), ..behind }
}

/// Where the next character is written, and the column at which there is no more room.
struct Pen {
    column: u16,
    row: u16,
    end: u16,
}

/// A region's rows from the one at `top`, cut to its height.
pub(super) fn put_rows<'r>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    rows: impl Iterator<Item = &'r Styled>,
) {
    for (y, row) in (0..area.height).zip(rows) {
        canvas.put_row(area, 0, y, row);
    }
}
