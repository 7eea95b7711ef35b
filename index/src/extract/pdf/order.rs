//! In which order are a page's lines read?
//!
//! The stream's order is nearly always the reader's. It is left only for a reason that the page itself gives: the file
//! says the order (article beads), lines run across a gutter between columns of prose, or the stream jumps up and down.

use crate::document::Rect;

use super::layout::Line;
use super::number;

/// So many lines in a row must have the gutter at the same place.
const GUTTER_LINES: usize = 8;
/// A gutter is at least so wide, in ems.
const GUTTER_WIDTH: f32 = 1.1;
/// Columns of prose have at least so many words a line, and fill so much of their width: cells of tables do not.
const PROSE_WORDS: f32 = 3.5;
const PROSE_FILL: f32 = 0.75;
/// A stream jumps about when more than so many lines, and such a share, stand above the one before in its own column.
const JUMPS: usize = 8;
const JUMP_SHARE: f32 = 0.25;
/// Shorter lines are labels and parts of formulas, which may stand anywhere.
const JUMP_WORDS: usize = 4;
/// So many words are looked at on a page in search of gutters: a grid of cells has many gaps, and none is one.
const MAX_SOUGHT: usize = 2_000_000;
/// No page that a person reads has more lines; looking for gutters takes the square of them.
const MAX_LINES: usize = 2000;
/// Cuts in cuts.
const MAX_CUTS: usize = 24;

/// The lines in reading order. `beads` are the places that the file names in the order in which they are read.
pub(super) fn in_reading_order(lines: Vec<Line>, beads: &[Rect]) -> Vec<Line> {
    if !beads.is_empty() {
        by_beads(lines, beads)
    } else if lines.len() > MAX_LINES {
        lines
    } else {
        by_cuts(split_at_gutters(&lines))
    }
}

fn by_beads(lines: Vec<Line>, beads: &[Rect]) -> Vec<Line> {
    let mut current = 0;
    let mut placed: Vec<(usize, Line)> = lines
        .into_iter()
        .map(|line| {
            let x = f32::midpoint(line.bounds.left, line.bounds.right);
            let y = f32::midpoint(line.bounds.top, line.bounds.bottom);
            let inside = |bead: &Rect| {
                (bead.left..=bead.right).contains(&x) && (bead.top..=bead.bottom).contains(&y)
            };
            // What stands in no bead stays with what the stream has before it.
            current = beads.iter().position(inside).unwrap_or(current);
            (current, line)
        })
        .collect();
    placed.sort_by_key(|(bead, _)| *bead);
    placed.into_iter().map(|(_, line)| line).collect()
}

fn is_upright(line: &Line) -> bool {
    line.direction.0 > 0.99
}

/// A stretch of lines that all leave the same room free.
struct Gutter {
    left: f32,
    right: f32,
    end: usize,
    crossing: usize,
}

/// Takes lines apart that run across the gutter between two columns of prose, and puts the left column first.
fn split_at_gutters(lines: &[Line]) -> Vec<Line> {
    let mut ordered = Vec::with_capacity(lines.len());
    let mut start = 0;
    let mut sought = 0;
    while let Some(rest) = lines.get(start..).filter(|rest| !rest.is_empty()) {
        let columns = widest_gutter(rest, &mut sought).and_then(|gutter| {
            let part = rest.get(..gutter.end)?;
            columns_of(part, f32::midpoint(gutter.left, gutter.right))
                .map(|columns| (gutter.end, columns))
        });
        if let Some((end, (left, right))) = columns {
            ordered.extend(left);
            ordered.extend(right);
            start += end;
        } else {
            ordered.extend(rest.first().cloned());
            start += 1;
        }
    }
    ordered
}

/// The gutter that runs down from the first line over most lines. `sought` counts the words that are looked at.
fn widest_gutter(lines: &[Line], sought: &mut usize) -> Option<Gutter> {
    let first = lines.first().filter(|line| is_upright(line))?;
    let mut best: Option<Gutter> = None;
    for (left, right) in first.gaps(GUTTER_WIDTH) {
        let mut gutter = Gutter { left, right, end: 1, crossing: 1 };
        let mut last = first;
        for line in lines.iter().skip(1) {
            let step = line.baseline - last.baseline;
            *sought += line.word_count();
            if *sought > MAX_SOUGHT {
                return None;
            }
            if !is_upright(line) || step < -0.1 * line.size || step > 3.0 * line.size {
                break;
            }
            if line.to > gutter.left && line.from < gutter.right {
                let shared = line.gaps(GUTTER_WIDTH).into_iter().find_map(|(left, right)| {
                    let (left, right) = (left.max(gutter.left), right.min(gutter.right));
                    (right - left >= GUTTER_WIDTH * line.size).then_some((left, right))
                });
                let Some((left, right)) = shared else { break };
                (gutter.left, gutter.right) = (left, right);
                gutter.crossing += 1;
            }
            gutter.end += 1;
            last = line;
        }
        if gutter.crossing >= GUTTER_LINES && best.as_ref().is_none_or(|best| best.end < gutter.end)
        {
            best = Some(gutter);
        }
    }
    best
}

/// The lines on either side of a gutter; none where they are not prose.
fn columns_of(lines: &[Line], gutter: f32) -> Option<(Vec<Line>, Vec<Line>)> {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for line in lines {
        let (before, behind) = line.clone().split(gutter);
        left.extend(before);
        right.extend(behind);
    }
    (is_prose(&left) && is_prose(&right)).then_some((left, right))
}

fn is_prose(lines: &[Line]) -> bool {
    let count = number::share(lines.len().max(1));
    let widest = lines.iter().map(|line| line.to - line.from).fold(f32::MIN_POSITIVE, f32::max);
    let filled: f32 = lines.iter().map(|line| (line.to - line.from) / widest).sum();
    let words: usize = lines.iter().map(Line::word_count).sum();
    let wordy = lines.iter().filter(|line| line.is_wordy()).count();
    lines.len() >= GUTTER_LINES
        && wordy * 4 >= lines.len() * 3
        && filled / count >= PROSE_FILL
        && number::share(words) / count >= PROSE_WORDS
}

/// Orders the lines of a page whose stream jumps about by cutting it along its white space.
fn by_cuts(lines: Vec<Line>) -> Vec<Line> {
    let jumps = lines
        .windows(2)
        .filter(|pair| match pair {
            [last, line] => {
                let shared = line.to.min(last.to) - line.from.max(last.from);
                is_upright(last)
                    && is_upright(line)
                    && line.baseline < last.baseline - line.size
                    && last.is_wordy()
                    && line.is_wordy()
                    && last.word_count().min(line.word_count()) >= JUMP_WORDS
                    && shared > 0.3 * (line.to - line.from).min(last.to - last.from)
            }
            _ => false,
        })
        .count();
    let jumps_about =
        jumps > JUMPS && number::share(jumps) > JUMP_SHARE * number::share(lines.len());
    if !jumps_about || !lines.iter().all(is_upright) {
        return lines;
    }
    let mut order = Vec::with_capacity(lines.len());
    cut(&lines, (0..lines.len()).collect(), MAX_CUTS, &mut order);
    let mut waiting: Vec<Option<Line>> = lines.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| waiting.get_mut(index)?.take()).collect()
}

/// One cut at the widest white space of a group, across or down, and the same for its halves.
fn cut(lines: &[Line], mut group: Vec<usize>, cuts_left: usize, order: &mut Vec<usize>) {
    let line = |index: &usize| lines.get(*index);
    let bounds = |index: &usize| {
        line(index).map_or((0.0, 0.0, 0.0, 0.0), |line| {
            (line.bounds.left, line.bounds.right, line.bounds.top, line.bounds.bottom)
        })
    };
    let size = group.iter().filter_map(line).map(|line| line.size).fold(0.0, f32::max);
    if group.len() > 2 && cuts_left > 0 {
        group.sort_by(|one, other| bounds(one).0.total_cmp(&bounds(other).0));
        let aside = widest_gap(group.iter().map(|index| (bounds(index).0, bounds(index).1)));
        if let Some((place, _)) =
            aside.filter(|(place, gap)| *gap > size && *place > 1 && group.len() - place > 1)
        {
            let right = group.split_off(place);
            cut(lines, group, cuts_left - 1, order);
            cut(lines, right, cuts_left - 1, order);
            return;
        }
        group.sort_by(|one, other| bounds(one).2.total_cmp(&bounds(other).2));
        let down = widest_gap(group.iter().map(|index| (bounds(index).2, bounds(index).3)));
        if let Some((place, _)) = down.filter(|(_, gap)| *gap > 0.3 * size) {
            let below = group.split_off(place);
            cut(lines, group, cuts_left - 1, order);
            cut(lines, below, cuts_left - 1, order);
            return;
        }
    }
    group.sort_by(|one, other| {
        let key = |index: &usize| {
            line(index).map_or((0, 0.0), |line| {
                (number::whole(line.baseline / (size * 0.5).max(1.0)), line.from)
            })
        };
        let (one, other) = (key(one), key(other));
        one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
    });
    order.extend(group);
}

/// The widest gap between stretches that are sorted by their beginning: before which of them, and how wide.
fn widest_gap(stretches: impl Iterator<Item = (f32, f32)>) -> Option<(usize, f32)> {
    let mut reached = f32::MAX;
    let mut widest: Option<(usize, f32)> = None;
    for (index, (from, to)) in stretches.enumerate() {
        if index > 0 && from > reached && widest.is_none_or(|(_, gap)| from - reached > gap) {
            widest = Some((index, from - reached));
        }
        reached = if index == 0 { to } else { reached.max(to) };
    }
    widest
}
