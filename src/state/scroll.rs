//! Which part of something long is shown?
//!
//! Only a frame knows how many lines a text takes. So a position is kept as what was asked for, and each drawn frame says
//! which line that came to be.

/// Where a region stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scroll {
    pub anchor: Anchor,
    /// Lines below the anchor; negative above it.
    pub lines: isize,
}

/// What a position is counted from: the line that stands at the top of the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Counts from 0.
    Line(usize),
    /// The last line stands at the foot, also when more lines come.
    End,
    /// An item of the region by its index: a turn of the conversation, a source, a page of the document.
    Item(usize),
    /// A line of an item, from 0.
    At { item: usize, line: usize },
    /// A marked stretch of the document by its index, or what was looked for in a turn of the conversation; some lines above
    /// it are shown too.
    Mark(usize),
    /// What is chosen in the region, which comes into view: where it stands there already, with this line of this item at the
    /// top, that line stays there.
    Chosen { item: usize, line: usize },
}

/// What a frame measured of a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// The line at the top, from 0: never so low that less than a region's height follows, where there is so much.
    pub top: usize,
    /// Lines that the region shows at once.
    pub height: usize,
    /// Lines that there are, as far as that is known.
    pub lines: usize,
    /// The item whose line stands at the top.
    pub item: usize,
    /// Which of its lines that is, from 0.
    pub line: usize,
    /// Items that begin below what is shown, when it is not known how many lines they take.
    pub items_below: Option<usize>,
}

/// What a frame measured of all regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measures {
    pub conversation: Measure,
    pub sources: Measure,
    pub document: Measure,
    pub why: Measure,
    pub help: Measure,
    pub library: Measure,
}

impl Scroll {
    pub const TOP: Self = Self { anchor: Anchor::Line(0), lines: 0 };
    pub const END: Self = Self { anchor: Anchor::End, lines: 0 };

    pub fn to(anchor: Anchor) -> Self {
        Self { anchor, lines: 0 }
    }

    /// Goes down by so many lines, up when negative.
    pub fn by(&mut self, lines: isize) {
        self.lines = self.lines.saturating_add(lines);
    }

    /// The line at the top, when the region has `lines` lines, shows `height` of them, and `line_of` tells at which line
    /// an item or a mark begins.
    pub fn top(self, lines: usize, height: usize, line_of: impl Fn(Anchor) -> usize) -> usize {
        let last = lines.saturating_sub(height);
        let anchor = match self.anchor {
            Anchor::Line(line) => line,
            Anchor::End => last,
            other => line_of(other),
        };
        anchor.saturating_add_signed(self.lines).min(last)
    }

    /// Takes over what a frame has measured. A region that stands at its end stays there; one that stands by an item or a
    /// mark stays by it when another width moves its lines, until it comes to an end.
    pub fn settle(&mut self, measure: &Measure) {
        if !self.stands_by_something() || measure.is_at_an_end() {
            self.settle_at(Anchor::Line(measure.top), measure);
        }
    }

    /// The same for a region whose items move each other: where it was moved to, it stands by the line of an item.
    pub fn settle_by_item(&mut self, measure: &Measure) {
        if self.lines != 0 || !self.stands_by_something() || measure.is_at_an_end() {
            self.settle_at(Anchor::At { item: measure.item, line: measure.line }, measure);
        }
    }

    fn stands_by_something(self) -> bool {
        matches!(self.anchor, Anchor::Item(_) | Anchor::Mark(_))
    }

    fn settle_at(&mut self, top: Anchor, measure: &Measure) {
        let follows = self.anchor == Anchor::End && self.lines >= 0;
        let is_down = self.lines > 0 || matches!(self.anchor, Anchor::Chosen { .. });
        let comes_to_end = measure.is_at_end() && is_down;
        *self = if follows || comes_to_end { Self::END } else { Self::to(top) };
    }
}

impl Measure {
    fn is_at_end(&self) -> bool {
        self.top + self.height >= self.lines
    }

    fn is_at_an_end(&self) -> bool {
        self.top == 0 || self.is_at_end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(scroll: Scroll, lines: usize) -> Measure {
        let top = scroll.top(lines, 10, |_| 0);
        Measure { top, height: 10, lines, ..Measure::default() }
    }

    #[test]
    fn the_end_is_followed_until_the_user_goes_up_and_again_when_he_comes_back() {
        let mut scroll = Scroll::END;
        assert_eq!(measured(scroll, 30).top, 20);
        scroll.settle(&measured(scroll, 30));
        assert_eq!(measured(scroll, 35).top, 25);
        scroll.by(-3);
        scroll.settle(&measured(scroll, 35));
        assert_eq!(scroll, Scroll::to(Anchor::Line(22)));
        assert_eq!(measured(scroll, 50).top, 22);
        scroll.by(100);
        scroll.settle(&measured(scroll, 50));
        assert_eq!(scroll, Scroll::END);
    }

    #[test]
    fn a_mark_is_stood_by_when_its_line_moves() {
        let mut scroll = Scroll { anchor: Anchor::Mark(0), lines: 2 };
        let measure = |scroll: Scroll, lines, mark| Measure {
            top: scroll.top(lines, 10, |_| mark),
            height: 10,
            lines,
            ..Measure::default()
        };
        scroll.settle(&measure(scroll, 100, 40));
        assert_eq!(measure(scroll, 200, 80).top, 82);
        // Where it can go no further, no way is counted that was not gone.
        scroll.by(1_000);
        scroll.settle(&measure(scroll, 200, 80));
        scroll.by(-1);
        assert_eq!(measure(scroll, 200, 80).top, 189);
    }

    #[test]
    fn what_was_chosen_leaves_the_region_where_it_has_come_to() {
        let chosen = Scroll::to(Anchor::Chosen { item: 0, line: 5 });
        let measure = Measure { height: 10, lines: 30, item: 1, line: 2, ..Measure::default() };
        let mut scroll = chosen;
        scroll.settle_by_item(&Measure { top: 12, ..measure });
        assert_eq!(scroll, Scroll::to(Anchor::At { item: 1, line: 2 }));
        // At the end it follows what comes.
        let mut scroll = chosen;
        scroll.settle_by_item(&Measure { top: 20, ..measure });
        assert_eq!(scroll, Scroll::END);
    }

    #[test]
    fn a_position_never_leaves_what_is_there() {
        for (scroll, top) in [
            (Scroll { anchor: Anchor::Line(3), lines: -9 }, 0),
            (Scroll { anchor: Anchor::Line(99), lines: 0 }, 20),
            (Scroll { anchor: Anchor::Item(1), lines: 2 }, 2),
        ] {
            assert_eq!(scroll.top(30, 10, |_| 0), top);
        }
        assert_eq!(Scroll::END.top(4, 10, |_| 0), 0);
    }
}
