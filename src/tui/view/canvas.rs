//! How does something get into the cells of the screen?
//!
//! The only place that writes cells: whatever is drawn is cut to its region here, and made harmless.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::text::{self, Styled, graphemes};
use crate::state::target::Target;
use crate::theme::{Background, Role, Signs, Theme};

/// The screen while a frame is drawn.
#[derive(Debug)]
pub(super) struct Canvas<'a> {
    pub buffer: &'a mut Buffer,
    pub theme: &'a Theme,
    pub signs: &'a Signs,
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
        let area = area.intersection(self.buffer.area);
        if y >= area.height || x >= area.width {
            return x;
        }
        let row = area.y + y;
        let end = area.right();
        let mut column = area.x + x;
        for grapheme in graphemes(text) {
            let Ok(width) = u16::try_from(grapheme.width) else { break };
            if width == 0 {
                continue;
            }
            let Some(after) = column.checked_add(width).filter(|after| *after <= end) else {
                break;
            };
            if let Some(cell) = self.buffer.cell_mut((column, row)) {
                cell.set_symbol(&grapheme.symbol()).set_style(style);
            }
            // The cells behind the first one: hidden by a wide sign, empty behind a tab.
            for hidden in column + 1..after {
                if let Some(cell) = self.buffer.cell_mut((hidden, row)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
            column = after;
        }
        column - area.x
    }

    /// Writes text with its styles, as [`put`](Self::put).
    pub(super) fn put_row(&mut self, area: Rect, x: u16, y: u16, row: &Styled) -> u16 {
        row.pieces().fold(x, |x, (text, style)| self.put_styled(area, x, y, text, style))
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
