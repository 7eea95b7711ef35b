//! In which words, lines and blocks does a person read a page's glyphs?
//!
//! Pure: glyphs come in, text with its places goes out. All distances are shares of an em, so that nothing depends on
//! the size of the print. The order is the stream's, in which nearly all producers write what is read one after the
//! other; [`super::order`] puts pages right whose stream jumps about.

use std::collections::HashMap;
use std::ops::Range;

use unicode_normalization::char::{canonical_combining_class, compose};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use crate::document::{Block, BlockKind, Rect, Word};
use crate::extract::hyphen;

use super::interpreter::Glyph;
use super::number;
use super::order;

/// A gap that parts words.
const WORD_GAP: f32 = 0.15;
/// A jump across the writing direction that begins a line.
const LINE_JUMP: f32 = 0.5;
/// A distance of baselines that begins a paragraph.
const PARAGRAPH_JUMP: f32 = 1.7;
/// The widest distance of baselines within a paragraph.
const DOUBLE_SPACE: f32 = 2.6;
/// How much wider than the lines before a distance must be to begin a paragraph.
const LOOSER: f32 = 1.3;
/// A gap that parts the cells of a table's row.
const CELL_GAP: f32 = 2.0;
/// A move back along the line of so much is no kerning.
const BACK: f32 = 0.6;
/// Glyphs this near each other with the same text are one glyph printed twice, for boldness or a shadow.
const OVERPRINT: f32 = 0.1;
/// In lines of so many words, spaces that are wider than this, in ems, are wider than people print them.
const LOOSE_WORDS: usize = 5;
const LOOSE_GAP: f32 = 0.6;
/// So many dots in a line lead the eye.
const LEADER_DOTS: usize = 6;
/// How many glyphs back a hole in the line is looked for.
const HOLE_REACH: usize = 512;

/// A page's text and its parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Laid {
    pub(super) text: String,
    pub(super) blocks: Vec<Block>,
    pub(super) words: Vec<Word>,
}

/// A run of glyphs on one baseline.
#[derive(Clone, Debug)]
pub(super) struct Line {
    words: Vec<Piece>,
    pub(super) direction: (f32, f32),
    /// Where the line stands across its direction, growing from line to line.
    pub(super) baseline: f32,
    /// From where to where it reaches along its direction.
    pub(super) from: f32,
    pub(super) to: f32,
    /// Of most of its glyphs.
    pub(super) size: f32,
    bold: bool,
    /// How many gaps part cells.
    cells: usize,
    /// It begins with a mark that stands apart.
    item: bool,
    /// It is the row of a table.
    row: bool,
    pub(super) bounds: Rect,
}

/// A word, or what of it stands on one line.
#[derive(Clone, Debug)]
struct Piece {
    text: String,
    bounds: Rect,
}

/// Lays a page's glyphs out; `beads` are the places that the file gives the order of.
pub(super) fn lay_out(mut glyphs: Vec<Glyph>, beads: &[Rect]) -> Laid {
    clean(&mut glyphs);
    straighten(&mut glyphs);
    drop_overprints(&mut glyphs);
    join_accents(&mut glyphs);
    let mut lines = order::in_reading_order(lines(&glyphs), beads);
    mark_rows(&mut lines);
    assemble(&lines)
}

/// Whether a character shows nothing: joiners, marks of direction, and what is no character.
pub(super) fn is_unseen(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Replaces characters that a reader does not want: ligatures and presentation forms by their letters, every space by
/// the plain one, soft hyphens by hyphens; what can't be seen goes.
fn clean(glyphs: &mut [Glyph]) {
    for glyph in glyphs {
        if glyph.text.iter().all(char::is_ascii_graphic) {
            continue;
        }
        glyph.text = glyph
            .text
            .iter()
            .flat_map(|character| {
                let mut replaced: super::encoding::Text = smallvec::SmallVec::new();
                match *character {
                    '\u{ad}' | '\u{2010}' | '\u{2011}' => replaced.push('-'),
                    unseen if is_unseen(unseen) => {}
                    space if space.is_whitespace() => replaced.push(' '),
                    control if control.is_control() => {}
                    ligature @ ('\u{fb00}'..='\u{fdff}'
                    | '\u{fe70}'..='\u{fefc}'
                    | '\u{f900}'..='\u{faff}') => {
                        replaced.extend(std::iter::once(ligature).nfkc());
                    }
                    other => replaced.push(other),
                }
                replaced
            })
            .collect();
    }
}

/// Glyphs of a font for vertical writing that are placed one by one side by side are read as the horizontal line that
/// they form.
fn straighten(glyphs: &mut [Glyph]) {
    let (mut down, mut aside) = (0_usize, 0_usize);
    for pair in glyphs.windows(2) {
        if let [first, second] = pair
            && first.vertical
            && second.vertical
        {
            let step = between(first.start, second.start);
            let (along, beside) = (dot(step, first.direction), -dot(step, across(first.direction)));
            if along.abs() < 0.1 * first.size && beside > 0.0 && beside < 1.5 * first.size {
                aside += 1;
            } else if along > 0.0 && beside.abs() < 0.1 * first.size {
                down += 1;
            }
        }
    }
    if aside <= down {
        return;
    }
    for glyph in glyphs.iter_mut().filter(|glyph| glyph.vertical) {
        let (x, y) = across(glyph.direction);
        let direction = (-x, -y);
        let half = glyph.width / 2.0;
        let middle = glyph.start;
        glyph.start = (middle.0 - direction.0 * half, middle.1 - direction.1 * half);
        glyph.end = (middle.0 + direction.0 * half, middle.1 + direction.1 * half);
        glyph.direction = direction;
        glyph.vertical = false;
    }
}

fn drop_overprints(glyphs: &mut Vec<Glyph>) {
    /// By character and cell of the page: which glyph it was, and where it began.
    type Seen = HashMap<(char, i32, i32), Vec<(usize, f32, f32)>>;
    const CELL: f32 = 4.0;
    let mut seen: Seen = HashMap::with_capacity(glyphs.len());
    let mut index = 0_usize;
    glyphs.retain(|glyph| {
        index += 1;
        let Some(character) = glyph.text.first().copied().filter(|character| *character != ' ')
        else {
            return true;
        };
        let (x, y) = glyph.start;
        let reach = (glyph.size.min(glyph.em) * OVERPRINT).min(CELL / 2.0);
        let cell = |value: f32| number::whole((value / CELL).floor());
        for column in cell(x - reach)..=cell(x + reach) {
            for row in cell(y - reach)..=cell(y + reach) {
                let near = seen.get(&(character, column, row)).is_some_and(|places| {
                    places.iter().any(|(other, other_x, other_y)| {
                        // The glyph right before is no overprint: fonts without widths put all on one place.
                        *other + 1 < index
                            && (other_x - x).abs() < reach
                            && (other_y - y).abs() < reach
                    })
                });
                if near {
                    return false;
                }
            }
        }
        let places = seen.entry((character, cell(x), cell(y))).or_default();
        // Beyond a few, it is no text that a person reads.
        if places.len() < 16 {
            places.push((index, x, y));
        }
        true
    });
}

/// Joins accents that are printed over a letter as glyphs of their own to the letter.
fn join_accents(glyphs: &mut Vec<Glyph>) {
    let mut joined = vec![false; glyphs.len()];
    for index in 0..glyphs.len() {
        let (Some([first, second]), Some([first_joined, second_joined])) =
            (glyphs.get_mut(index..index + 2), joined.get_mut(index..index + 2))
        else {
            break;
        };
        if let Some(composed) = composed(first, second) {
            second.text = smallvec::SmallVec::from_slice(&[composed]);
            *first_joined = true;
        } else if let Some(composed) = composed(second, first) {
            first.text = smallvec::SmallVec::from_slice(&[composed]);
            *second_joined = true;
        }
    }
    let mut joined = joined.into_iter();
    glyphs.retain(|_| !joined.next().unwrap_or(false));
}

fn composed(accent: &Glyph, letter: &Glyph) -> Option<char> {
    let [mark] = accent.text.as_slice() else { return None };
    let [base] = letter.text.as_slice() else { return None };
    let mark = match mark {
        '`' | '\u{2cb}' => '\u{300}',
        '\u{b4}' | '\u{2ca}' => '\u{301}',
        '^' | '\u{2c6}' => '\u{302}',
        '~' | '\u{2dc}' => '\u{303}',
        '\u{af}' => '\u{304}',
        '\u{2d8}' => '\u{306}',
        '\u{2d9}' => '\u{307}',
        '\u{a8}' => '\u{308}',
        '\u{2da}' => '\u{30a}',
        '\u{2dd}' => '\u{30b}',
        '\u{2c7}' => '\u{30c}',
        '\u{b8}' => '\u{327}',
        '\u{2db}' => '\u{328}',
        _ => return None,
    };
    let base = match base {
        'ı' => 'i',
        'ȷ' => 'j',
        base if base.is_alphabetic() => *base,
        _ => return None,
    };
    let middle = f32::midpoint(accent.start.0, accent.end.0);
    let (left, right) = (letter.start.0.min(letter.end.0), letter.start.0.max(letter.end.0));
    let over =
        middle > left && middle < right && (accent.start.1 - letter.start.1).abs() < letter.size;
    over.then(|| compose(base, mark)).flatten()
}

fn dot(left: (f32, f32), right: (f32, f32)) -> f32 {
    left.0 * right.0 + left.1 * right.1
}

/// The direction from a line to the next one: a quarter turn from the writing direction, down for upright text.
pub(super) fn across(direction: (f32, f32)) -> (f32, f32) {
    (-direction.1, direction.0)
}

/// What lies between two glyphs of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// The same word goes on.
    Joined,
    Space,
    Cell,
}

/// Collects glyphs in the stream's order into lines.
struct Liner<'a> {
    lines: Vec<Line>,
    /// The glyphs of the line in work.
    members: Vec<&'a Glyph>,
    baseline: f32,
    size: f32,
    from: f32,
    to: f32,
    has_right_to_left: bool,
}

/// Where a glyph goes.
enum Place {
    /// Behind the last one of the line.
    End,
    /// Into a hole that the line has.
    Hole(usize),
    NewLine,
}

fn lines(glyphs: &[Glyph]) -> Vec<Line> {
    let mut liner = Liner {
        lines: Vec::new(),
        members: Vec::new(),
        baseline: 0.0,
        size: 0.0,
        from: 0.0,
        to: 0.0,
        has_right_to_left: false,
    };
    for glyph in glyphs {
        match liner.place(glyph) {
            Place::End => liner.push(glyph, None),
            Place::Hole(index) => liner.push(glyph, Some(index)),
            Place::NewLine => {
                liner.end_line();
                liner.push(glyph, None);
            }
        }
    }
    liner.end_line();
    liner.lines
}

impl<'a> Liner<'a> {
    fn place(&self, glyph: &Glyph) -> Place {
        let Some(before) = self.members.last() else { return Place::NewLine };
        let direction = before.direction;
        if dot(direction, glyph.direction) < 0.99 {
            return Place::NewLine;
        }
        let size = self.size.max(glyph.size);
        let em = f32::midpoint(before.em, glyph.em);
        let jump = (dot(glyph.start, across(direction)) - self.baseline).abs();
        let last_jump = dot(between(before.start, glyph.start), across(direction)).abs();
        if jump.min(last_jump) > LINE_JUMP * size {
            return Place::NewLine;
        }
        if dot(between(before.end, glyph.start), direction) >= -BACK * em {
            return Place::End;
        }
        self.place_back(before, glyph, em)
    }

    /// For a glyph that begins before the end of the last one: goes on in right-to-left scripts, fills a hole that was
    /// left in the line, else begins a line.
    fn place_back(&self, before: &Glyph, glyph: &Glyph, em: f32) -> Place {
        let direction = before.direction;
        if has_right_to_left(before) || has_right_to_left(glyph) || self.has_right_to_left {
            let to_before = dot(between(glyph.end, before.start), direction);
            let to_line = self.from - dot(glyph.end, direction);
            let gap =
                if to_before > -BACK * em { to_before.min(to_line.max(0.0)) } else { to_line };
            if gap > -BACK * em && gap < CELL_GAP * 2.0 * em {
                return Place::End;
            }
        }
        // A glyph over the last one, such as a stroke through it.
        if dot(between(before.start, glyph.start), direction) > -BACK * em {
            return Place::End;
        }
        let (from, to) = (dot(glyph.start, direction), dot(glyph.end, direction));
        if from < self.from || self.has_right_to_left {
            return Place::NewLine;
        }
        let first = self.members.len().saturating_sub(HOLE_REACH);
        let members = self.members.get(first..).unwrap_or_default();
        let hole = members.windows(2).position(|pair| {
            let [left, right] = pair else { return false };
            // Right behind its neighbour, or in a gap of a few letters: a glyph of another font inside a word or a word
            // that was set later, not a cell of a table.
            let behind = from - dot(left.end, direction);
            let width = dot(between(left.end, right.start), direction);
            behind >= -WORD_GAP * em
                && (behind <= BACK * em || width <= CELL_GAP * 2.0 * em)
                && dot(right.start, direction) >= to - WORD_GAP * em
        });
        hole.map_or(Place::NewLine, |index| Place::Hole(first + index + 1))
    }

    fn push(&mut self, glyph: &'a Glyph, place: Option<usize>) {
        if self.members.is_empty() {
            self.size = 0.0;
            self.from = f32::MAX;
            self.to = f32::MIN;
            self.has_right_to_left = false;
        }
        if glyph.size > self.size * 1.05 {
            self.size = glyph.size;
            self.baseline = dot(glyph.start, across(glyph.direction));
        }
        self.from = self.from.min(dot(glyph.start, glyph.direction));
        self.to = self.to.max(dot(glyph.end, glyph.direction));
        self.has_right_to_left |= has_right_to_left(glyph);
        match place {
            Some(index) if index <= self.members.len() => self.members.insert(index, glyph),
            _ => self.members.push(glyph),
        }
    }

    fn end_line(&mut self) {
        let members = std::mem::take(&mut self.members);
        let has_text =
            members.iter().any(|glyph| glyph.text.iter().any(|character| *character != ' '));
        let Some(first) = members.first().filter(|_| has_text) else { return };
        let direction = first.direction;
        let is_tracked = is_tracked(&members);
        let members = if self.has_right_to_left { in_logical_order(members) } else { members };
        let mut line = Line {
            words: Vec::new(),
            direction,
            baseline: self.baseline,
            from: f32::MAX,
            to: f32::MIN,
            size: most(&members),
            bold: false,
            cells: 0,
            item: false,
            row: false,
            bounds: EMPTY,
        };
        let mut bold = 0_i32;
        let mut word = String::new();
        let mut bounds = EMPTY;
        // The glyph before, and the last one that is no space.
        let mut before: Option<&Glyph> = None;
        let mut last: Option<&Glyph> = None;
        for glyph in members {
            if before.is_some_and(|before| step(before, glyph, is_tracked) != Step::Joined) {
                line.end_word(&mut word, &mut bounds);
            }
            before = Some(glyph);
            let reach = reach(glyph);
            for character in &glyph.text {
                if *character == ' ' {
                    line.end_word(&mut word, &mut bounds);
                    continue;
                }
                if word.is_empty()
                    && last.is_some_and(|last| step(last, glyph, is_tracked) == Step::Cell)
                {
                    if line.is_only_a_mark() {
                        line.item = true;
                    } else {
                        line.cells += 1;
                    }
                }
                last = Some(glyph);
                word.push(*character);
                bounds = union(bounds, reach);
                bold += if glyph.bold { 1 } else { -1 };
                line.from =
                    line.from.min(dot(glyph.start, direction)).min(dot(glyph.end, direction));
                line.to = line.to.max(dot(glyph.end, direction)).max(dot(glyph.start, direction));
            }
        }
        line.end_word(&mut word, &mut bounds);
        line.bold = bold > 0;
        self.lines.push(line);
    }
}

fn between(from: (f32, f32), to: (f32, f32)) -> (f32, f32) {
    (to.0 - from.0, to.1 - from.1)
}

fn has_right_to_left(glyph: &Glyph) -> bool {
    glyph.text.iter().any(|character| is_right_to_left(*character))
}

/// The room between two glyphs that follow each other, on whichever side the second stands.
fn room(before: &Glyph, glyph: &Glyph) -> f32 {
    let direction = before.direction;
    if dot(between(before.start, glyph.start), direction) >= 0.0 {
        dot(between(before.end, glyph.start), direction)
    } else {
        dot(between(glyph.end, before.start), direction)
    }
}

fn step(before: &Glyph, glyph: &Glyph, is_tracked: bool) -> Step {
    let em = f32::midpoint(before.em, glyph.em);
    let room = room(before, glyph) - if is_tracked { before.tracking } else { 0.0 };
    if room > CELL_GAP * em {
        Step::Cell
    } else if room > WORD_GAP * em {
        Step::Space
    } else {
        Step::Joined
    }
}

/// Whether the line is set with the same extra room behind every glyph. Producers also use that room for the gap
/// between two words alone, and take it back inside the words: then it is a gap.
fn is_tracked(members: &[&Glyph]) -> bool {
    let (mut with, mut without) = (0_usize, 0_usize);
    for pair in members.windows(2) {
        if let [before, glyph] = pair
            && before.tracking > WORD_GAP * 0.3 * before.em
            && !before.text.contains(&' ')
            && !glyph.text.contains(&' ')
        {
            if room(before, glyph) >= before.tracking * 0.8 {
                with += 1;
            } else {
                without += 1;
            }
        }
    }
    with > without
}

impl Line {
    fn end_word(&mut self, word: &mut String, bounds: &mut Rect) {
        if word.is_empty() {
            return;
        }
        let text = std::mem::take(word);
        let text = if is_nfc_quick(text.chars()) == IsNormalized::Yes {
            text
        } else {
            text.nfc().collect()
        };
        self.bounds = union(self.bounds, *bounds);
        self.words.push(Piece { text, bounds: *bounds });
        *bounds = EMPTY;
    }

    pub(super) fn word_count(&self) -> usize {
        self.words.len()
    }

    /// Whether most of its characters are letters.
    pub(super) fn is_wordy(&self) -> bool {
        let characters = || self.words.iter().flat_map(|word| word.text.chars());
        characters().filter(|character| character.is_alphabetic()).count() * 3
            >= characters().count() * 2
    }

    /// The gaps between words that are wider than a number of ems, for an upright line.
    pub(super) fn gaps(&self, ems: f32) -> Vec<(f32, f32)> {
        let pairs = self.words.windows(2).filter_map(|pair| match pair {
            [word, next] => Some((word.bounds.right, next.bounds.left)),
            _ => None,
        });
        pairs.filter(|(left, right)| right - left > ems * self.size).collect()
    }

    /// What of an upright line lies left and right of a place.
    pub(super) fn split(self, place: f32) -> (Option<Self>, Option<Self>) {
        let (left, right): (Vec<Piece>, Vec<Piece>) = self
            .words
            .iter()
            .cloned()
            .partition(|word| f32::midpoint(word.bounds.left, word.bounds.right) < place);
        let part = |words: Vec<Piece>| {
            let bounds = words.iter().fold(EMPTY, |bounds, word| union(bounds, word.bounds));
            let cells = 0;
            (!words.is_empty()).then_some(Self {
                words,
                bounds,
                from: bounds.left,
                to: bounds.right,
                cells,
                ..self
            })
        };
        (part(left), part(right))
    }

    /// Whether it is nothing yet but an item's mark, behind which a wide gap is no cell's.
    fn is_only_a_mark(&self) -> bool {
        let is_mark = |word: &str| {
            is_item_mark(word) || word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit())
        };
        matches!(self.words.as_slice(), [word] if is_mark(&word.text))
    }

    /// Whether it is a sentence's line whose words all stand far apart, as in the text under a scan when its letters are
    /// narrower than those in the picture: most gaps are wider than a space and are no cells' gaps.
    fn is_loose_prose(&self) -> bool {
        if self.direction.0 < 0.99 || self.word_count() < LOOSE_WORDS || !self.is_wordy() {
            return false;
        }
        let spaces = self.word_count() - 1;
        self.gaps(LOOSE_GAP).len() * 2 > spaces && self.gaps(CELL_GAP).len() * 2 <= spaces
    }

    /// Whether dots lead the eye across it, as to the page's number in a table of contents.
    fn has_leader(&self) -> bool {
        let dots = |word: &Piece| {
            let count = word.text.bytes().filter(|byte| *byte == b'.').count();
            if count == word.text.len() || count >= LEADER_DOTS { count } else { 0 }
        };
        self.words.iter().map(dots).sum::<usize>() >= LEADER_DOTS
    }

    fn first_character(&self) -> Option<char> {
        self.words.first()?.text.chars().next()
    }

    fn last_characters(&self) -> (Option<char>, Option<char>) {
        let mut backwards =
            self.words.last().map(|word| word.text.chars().rev()).into_iter().flatten();
        let last = backwards.next();
        (backwards.next(), last)
    }

    /// Whether its last word is two or more capitals before a hyphen.
    fn ends_in_capitals(&self) -> bool {
        let mut letters =
            self.words.last().map(|word| word.text.chars().rev()).into_iter().flatten().skip(1);
        letters.next().is_some_and(char::is_uppercase)
            && letters.next().is_some_and(char::is_uppercase)
    }

    fn is_row(&self) -> bool {
        self.row
    }
}

/// The size of most glyphs.
fn most(members: &[&Glyph]) -> f32 {
    let mut counts: Vec<(f32, usize)> = Vec::new();
    for glyph in members {
        let length = glyph.text.iter().filter(|character| **character != ' ').count();
        if let Some((_, count)) =
            counts.iter_mut().find(|(size, _)| (*size - glyph.size).abs() < 0.05)
        {
            *count += length;
        } else if counts.len() < 64 {
            counts.push((glyph.size, length));
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(1.0, |(size, _)| size)
}

const EMPTY: Rect = Rect { left: f32::MAX, top: f32::MAX, right: f32::MIN, bottom: f32::MIN };

fn union(one: Rect, other: Rect) -> Rect {
    Rect {
        left: one.left.min(other.left),
        top: one.top.min(other.top),
        right: one.right.max(other.right),
        bottom: one.bottom.max(other.bottom),
    }
}

/// The box of a glyph as people see it: from its pen's way, as high as its font.
fn reach(glyph: &Glyph) -> Rect {
    let (above, below) = if glyph.vertical {
        (0.5 * glyph.size, 0.5 * glyph.size)
    } else {
        (glyph.ascent * glyph.size, -glyph.descent * glyph.size)
    };
    let (x, y) = across(glyph.direction);
    let corners = [
        (glyph.start.0 - x * above, glyph.start.1 - y * above),
        (glyph.end.0 - x * above, glyph.end.1 - y * above),
        (glyph.start.0 + x * below, glyph.start.1 + y * below),
        (glyph.end.0 + x * below, glyph.end.1 + y * below),
    ];
    corners
        .into_iter()
        .fold(EMPTY, |bounds, (x, y)| union(bounds, Rect { left: x, top: y, right: x, bottom: y }))
}

/// Digits run from left to right in every script.
fn is_right_to_left(character: char) -> bool {
    let is_digit = matches!(character, '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}');
    !is_digit
        && matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// A line with right-to-left script, in the order in which it is read. Producers write such lines either in that order
/// or as they look from left to right; the way the pen goes tells which.
fn in_logical_order(members: Vec<&Glyph>) -> Vec<&Glyph> {
    let mut forward = 0_i32;
    for pair in members.windows(2) {
        if let [first, second] = pair
            && has_right_to_left(first)
            && has_right_to_left(second)
        {
            forward +=
                if dot(between(first.start, second.start), first.direction) > 0.0 { 1 } else { -1 };
        }
    }
    if forward <= 0 {
        return members;
    }
    // As it looks: the line is turned round, and runs of other scripts and of digits in it are turned back.
    let right = members.iter().filter(|glyph| has_right_to_left(glyph)).count();
    let letters = members
        .iter()
        .filter(|glyph| glyph.text.iter().any(|character| character.is_alphabetic()))
        .count();
    let base_right = right * 2 > letters;
    let sides: Vec<Option<bool>> = members
        .iter()
        .map(|glyph| {
            let has_letter = glyph.text.iter().any(|character| character.is_alphanumeric());
            if has_right_to_left(glyph) { Some(true) } else { has_letter.then_some(false) }
        })
        .collect();
    // Neutral glyphs go with their neighbours where these agree, else with the line.
    let mut following = Vec::with_capacity(sides.len());
    let mut next = None;
    for side in sides.iter().rev() {
        following.push(next);
        next = side.or(next);
    }
    let mut last = None;
    let mut runs: Vec<(bool, Range<usize>)> = Vec::new();
    for (index, (side, next)) in sides.iter().zip(following.into_iter().rev()).enumerate() {
        let neutral = if last == next { last.unwrap_or(base_right) } else { base_right };
        let side_here = side.unwrap_or(neutral);
        last = side.or(last);
        match runs.last_mut() {
            Some((known, run)) if *known == side_here => run.end = index + 1,
            _ => runs.push((side_here, index..index + 1)),
        }
    }
    if base_right {
        runs.reverse();
    }
    let mut ordered = Vec::with_capacity(members.len());
    for (is_right, run) in runs {
        let part = members.get(run).unwrap_or_default();
        if is_right {
            ordered.extend(part.iter().rev());
        } else {
            ordered.extend(part);
        }
    }
    ordered
}

/// A line with several gaps is a row, and one with a single gap beside another such line: alone, it may be anything.
fn mark_rows(lines: &mut [Line]) {
    for line in lines.iter_mut().filter(|line| line.cells > 0 && line.is_loose_prose()) {
        line.cells = 0;
    }
    let cells: Vec<usize> = lines.iter().map(|line| line.cells).collect();
    for (index, line) in lines.iter_mut().enumerate() {
        let beside = |place: Option<usize>| {
            place.and_then(|place| cells.get(place)).is_some_and(|cells| *cells > 0)
        };
        line.row = line.cells > 1
            || line.cells == 1 && (beside(index.checked_sub(1)) || beside(index.checked_add(1)));
    }
}

/// Puts lines together to blocks, and blocks to a page.
fn assemble(lines: &[Line]) -> Laid {
    let mut laid = Laid::default();
    let mut block: Vec<&Line> = Vec::new();
    for line in lines {
        if !goes_on(&block, line) {
            laid.add_block(&block);
            block.clear();
        }
        block.push(line);
    }
    laid.add_block(&block);
    laid
}

/// Whether a line belongs to the block before it.
fn goes_on(block: &[&Line], line: &Line) -> bool {
    let (Some(first), Some(last)) = (block.first(), block.last()) else { return false };
    if dot(last.direction, line.direction) < 0.99
        || last.is_row()
        || line.is_row()
        || last.has_leader()
    {
        return false;
    }
    let size = last.size.max(line.size);
    if last.size.min(line.size) < size * 0.85 || last.bold != line.bold && block.len() == 1 {
        return false;
    }
    let distance = line.baseline - last.baseline;
    if distance < -0.1 * size {
        return false;
    }
    // The rest of a line that was interrupted, or a line that was set in pieces.
    if distance < LINE_JUMP * size {
        return line.from > last.from;
    }
    let before = block
        .len()
        .checked_sub(2)
        .and_then(|index| block.get(index))
        .map(|before| last.baseline - before.baseline);
    let before = before.filter(|before| *before > LINE_JUMP * size);
    // Double-spaced print keeps its paragraphs when the lines before are as loose; a paragraph's first two lines are told by
    // a sentence that goes on.
    let is_open = !ends_sentence(last) && line.first_character().is_some_and(char::is_lowercase);
    let first_distance =
        if is_open && last.to > line.to - size { DOUBLE_SPACE } else { PARAGRAPH_JUMP };
    let widest =
        before.map_or(first_distance * size, |before| (before * LOOSER).min(DOUBLE_SPACE * size));
    if distance > widest {
        return false;
    }
    let left = block.iter().map(|line| line.from).fold(f32::MAX, f32::min);
    let right = block.iter().map(|line| line.to).fold(f32::MIN, f32::max);
    if line.from > right || line.to < left {
        return false;
    }
    // A number that stands at a line's beginning by chance, `3.5 tonnes`, is in the middle of a sentence.
    let is_amount = is_open_number(line) && !ends_sentence(last) && !starts_item(first);
    let is_mark_by_chance = is_amount || is_reference(first, line) || is_initial(block, line);
    if starts_item(line) && !is_mark_by_chance && line.from <= first.from + 0.5 * size {
        return false;
    }
    // A first line that is indented begins a paragraph, unless the block's own first line hangs out.
    let indented = line.from - last.from;
    let ends_short =
        last.to < right - 2.0 * size || block.len() == 1 && last.to < line.to - 3.0 * size;
    if indented > 0.8 * size && indented < 4.0 * size {
        let hangs = block.len() == 1 && !ends_short;
        return hangs || starts_item(first);
    }
    // A page's number or a title in the middle of the line below a paragraph's end.
    if indented >= 4.0 * size && ends_sentence(last) && !starts_item(last) {
        return false;
    }
    !(ends_short
        && block.len() > 1
        && last.to < right - (right - left) * 0.4
        && ends_sentence(last))
}

fn ends_sentence(line: &Line) -> bool {
    matches!(line.last_characters().1, Some('.' | '!' | '?' | ':' | '。'))
}

/// Whether a line begins with a list's mark.
fn starts_item(line: &Line) -> bool {
    let mut words = line.words.iter();
    let (Some(first), Some(_)) = (words.next(), words.next()) else { return false };
    line.item || is_item_mark(&first.text)
}

/// Whether a line begins with a number of parts before a word in small letters.
fn is_open_number(line: &Line) -> bool {
    let mut words = line.words.iter();
    let (Some(first), Some(second)) = (words.next(), words.next()) else { return false };
    first.text.contains('.')
        && first.text.ends_with(|last: char| last.is_ascii_digit())
        && second.text.starts_with(char::is_lowercase)
}

/// Whether a line of prose begins with what it refers to, as in `[14] suggested`.
fn is_reference(first: &Line, line: &Line) -> bool {
    let begins_bracketed =
        |line: &Line| line.words.first().is_some_and(|word| word.text.starts_with('['));
    let next = line.words.get(1).and_then(|word| word.text.chars().next());
    begins_bracketed(line) && !begins_bracketed(first) && next.is_some_and(char::is_lowercase)
}

/// Whether a line begins with an initial of a name that begins on the full line before.
fn is_initial(block: &[&Line], line: &Line) -> bool {
    let (Some(first), Some(last)) = (block.first(), block.last()) else { return false };
    let Some(name) = last.words.last() else { return false };
    line.words
        .first()
        .is_some_and(|word| word.text.starts_with(|letter: char| letter.is_ascii_uppercase()))
        && name.text.starts_with(char::is_uppercase)
        && name.text.ends_with(char::is_lowercase)
        && !starts_item(first)
        && last.word_count() > 3
        && last.to > line.to - 2.0 * last.size
}

fn is_item_mark(word: &str) -> bool {
    if let Some(character) = only(word) {
        return matches!(
            character,
            '•' | '◦'
                | '▪'
                | '‣'
                | '●'
                | '○'
                | '■'
                | '□'
                | '–'
                | '-'
                | '*'
                | '·'
                | '➢'
                | '✓'
                | '⁃'
                | '∙'
                | '▶'
                | '►'
                | '\u{f0b7}'
                | '\u{f0a7}'
        );
    }
    // `1.2`, `3.4.5`
    let number = word.strip_suffix('.').unwrap_or(word);
    let is_part = |part: &str| {
        (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if word.len() <= 12 && number.contains('.') && number.split('.').all(is_part) {
        return true;
    }
    let inner = word
        .strip_suffix([')', '.', ']'])
        .map(|inner| inner.strip_prefix(['(', '[']).unwrap_or(inner));
    inner.is_some_and(|inner| {
        !inner.is_empty()
            && inner.len() <= 4
            && (inner.bytes().all(|byte| byte.is_ascii_digit())
                || only(inner).is_some_and(|letter| letter.is_ascii_alphabetic())
                || inner.bytes().all(|byte| matches!(byte, b'i' | b'v' | b'x')))
    })
}

fn only(word: &str) -> Option<char> {
    let mut characters = word.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// What stands between a line and the next one in a block.
enum Joint {
    Space,
    Nothing,
    /// Whether the hyphen at the line's end goes is told by the document's other words.
    Hyphen,
}

fn joint(line: &Line, next: &Line) -> Joint {
    let (before_last, last) = line.last_characters();
    let Some(first) = next.first_character() else { return Joint::Space };
    // A mark that begins a line would compose with what stands before it, or change places with its marks.
    if canonical_combining_class(first) != 0 {
        return Joint::Space;
    }
    match (before_last, last) {
        // `PDF-` before `based` is a compound's own hyphen.
        (Some(_), Some('-')) if line.ends_in_capitals() => Joint::Nothing,
        (Some(before), Some('-')) if before.is_alphabetic() && first.is_lowercase() => {
            Joint::Hyphen
        }
        (Some(before), Some('-')) if before.is_alphanumeric() && first.is_alphanumeric() => {
            Joint::Nothing
        }
        (_, Some(last)) if is_unspaced(last) && is_unspaced(first) => Joint::Nothing,
        _ => Joint::Space,
    }
}

/// Whether words of the character's script are written without spaces. Latin letters of full width are not.
pub(super) fn is_unspaced(character: char) -> bool {
    let is_wide_letter = matches!(character, '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}');
    !is_wide_letter
        && matches!(character, '\u{3001}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff01}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}' | '\u{e00}'..='\u{e7f}')
}

impl Laid {
    fn add_block(&mut self, lines: &[&Line]) {
        let Some(first) = lines.first() else { return };
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let start = self.text.len();
        let mut bounds = EMPTY;
        let mut bold = 0_i32;
        for (index, line) in lines.iter().enumerate() {
            bounds = union(bounds, line.bounds);
            bold += if line.bold { 1 } else { -1 };
            for (place, word) in line.words.iter().enumerate() {
                if place > 0 {
                    self.text.push(' ');
                }
                let from = self.text.len();
                self.text.push_str(&word.text);
                self.words.push(Word {
                    span: number::offset(from)..number::offset(self.text.len()),
                    bounds: word.bounds,
                });
            }
            let Some(next) = lines.get(index + 1) else { continue };
            match joint(line, next) {
                Joint::Space => self.text.push(' '),
                Joint::Nothing => {}
                Joint::Hyphen => {
                    self.text.pop();
                    self.text.push(hyphen::BREAK);
                    if let Some(word) = self.words.last_mut() {
                        word.span.end = number::offset(self.text.len());
                    }
                }
            }
        }
        let kind = if first.is_row() {
            BlockKind::TableRow
        } else if starts_item(first) {
            BlockKind::ListItem
        } else {
            BlockKind::Paragraph
        };
        self.blocks.push(Block {
            kind,
            span: start..self.text.len(),
            bounds: Some(bounds),
            font_size: Some(first.size),
            bold: bold > 0,
            headings: Vec::new(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of glyphs half an em wide from a place on, in a direction.
    fn run(text: &str, start: (f32, f32), direction: (f32, f32), size: f32) -> Vec<Glyph> {
        let half = size / 2.0;
        let mut pen = start;
        text.chars()
            .map(|character| {
                let start = pen;
                pen = (pen.0 + direction.0 * half, pen.1 + direction.1 * half);
                Glyph {
                    text: smallvec::SmallVec::from_slice(&[character]),
                    start,
                    end: pen,
                    direction,
                    size,
                    em: size,
                    tracking: 0.0,
                    ascent: 0.8,
                    descent: -0.2,
                    bold: false,
                    vertical: false,
                    width: half,
                }
            })
            .collect()
    }

    #[track_caller]
    fn check(runs: &[Vec<Glyph>], expected: &str) {
        assert_eq!(lay_out(runs.concat(), &[]).text, expected);
    }

    const RIGHT: (f32, f32) = (1.0, 0.0);

    #[test]
    fn a_gap_parts_words_and_a_kern_does_not() {
        let runs = |gap: f32| {
            vec![run("ab", (0.0, 50.0), RIGHT, 10.0), run("cd", (10.0 + gap, 50.0), RIGHT, 10.0)]
        };
        check(&runs(1.0), "abcd");
        check(&runs(2.0), "ab cd");
    }

    #[test]
    fn a_raised_figure_stays_on_its_line() {
        let runs = [
            run("word", (0.0, 50.0), RIGHT, 10.0),
            run("1", (20.0, 46.0), RIGHT, 6.0),
            run("on", (26.0, 50.0), RIGHT, 10.0),
        ];
        check(&runs, "word1 on");
    }

    #[test]
    fn a_loose_line_begins_a_paragraph() {
        let line = |y: f32| run("word", (0.0, y), RIGHT, 10.0);
        check(&[line(50.0), line(62.0), line(90.0)], "word word\nword");
    }

    #[test]
    fn text_that_runs_up_the_page_is_read_upwards() {
        let up = (0.0, -1.0);
        check(
            &[run("one", (50.0, 200.0), up, 10.0), run("two", (62.0, 200.0), up, 10.0)],
            "one two",
        );
    }

    #[test]
    fn letters_set_apart_by_tracking_are_one_word() {
        let mut glyphs = run("TITLE", (0.0, 50.0), RIGHT, 10.0);
        for (index, glyph) in (0_i16..).zip(&mut glyphs) {
            glyph.start.0 += f32::from(index) * 4.0;
            glyph.end.0 += f32::from(index) * 4.0;
            glyph.tracking = 4.0;
        }
        check(&[glyphs], "TITLE");
    }

    #[test]
    fn a_letter_that_is_set_later_fills_its_hole() {
        let runs = [
            run("B", (0.0, 50.0), RIGHT, 10.0),
            run("ch", (10.0, 50.0), RIGHT, 10.0),
            run("ạ", (5.0, 50.0), RIGHT, 10.0),
        ];
        check(&runs, "Bạch");
    }

    #[test]
    fn a_bullet_begins_a_list_item() {
        let runs = [run("• one", (0.0, 50.0), RIGHT, 10.0), run("• two", (0.0, 62.0), RIGHT, 10.0)];
        let laid = lay_out(runs.concat(), &[]);
        assert_eq!(laid.text, "• one\n• two");
        assert!(laid.blocks.iter().all(|block| block.kind == BlockKind::ListItem));
    }

    #[test]
    fn a_number_before_a_wide_gap_is_no_cell() {
        let runs = [
            run("1.1", (0.0, 50.0), RIGHT, 10.0),
            run("The term is", (60.0, 50.0), RIGHT, 10.0),
            run("two years long", (60.0, 62.0), RIGHT, 10.0),
            run("1.2", (0.0, 74.0), RIGHT, 10.0),
            run("It ends", (60.0, 74.0), RIGHT, 10.0),
        ];
        check(&runs, "1.1 The term is two years long\n1.2 It ends");
    }

    #[test]
    fn a_reference_or_an_initial_at_a_line_s_beginning_is_no_mark() {
        let line = |text: &str, y: f32| run(text, (0.0, y), RIGHT, 10.0);
        check(
            &[line("has been shown by Satish et al.", 50.0), line("[14] suggested to do so", 62.0)],
            "has been shown by Satish et al. [14] suggested to do so",
        );
        check(
            &[line("[13] A book of some length.", 50.0), line("[14] van Rossum on it", 62.0)],
            "[13] A book of some length.\n[14] van Rossum on it",
        );
        check(
            &[line("the tune was composed by Maria", 50.0), line("C. Tiddeman in 1875", 62.0)],
            "the tune was composed by Maria C. Tiddeman in 1875",
        );
        check(
            &[line("Parts of it are", 50.0), line("A. The first part of it", 62.0)],
            "Parts of it are\nA. The first part of it",
        );
    }

    #[test]
    fn the_number_of_the_page_is_no_part_of_the_paragraph_over_it() {
        let runs = [
            run("A line that fills the page's width and", (0.0, 50.0), RIGHT, 10.0),
            run("ends here.", (0.0, 62.0), RIGHT, 10.0),
            run("5", (90.0, 74.0), RIGHT, 10.0),
        ];
        check(&runs, "A line that fills the page's width and ends here.\n5");
    }

    #[test]
    fn words_under_a_scan_that_stand_far_apart_are_prose() {
        let line = |places: &[(&str, f32)], y: f32| -> Vec<Glyph> {
            places.iter().flat_map(|(text, x)| run(text, (*x, y), RIGHT, 10.0)).collect()
        };
        let first =
            [("have", 0.0), ("been", 28.0), ("able", 56.0), ("to", 84.0), ("transform", 118.0)];
        let second =
            [("the", 0.0), ("optimality", 22.0), ("of", 96.0), ("a", 114.0), ("set.", 127.0)];
        check(
            &[line(&first, 50.0), line(&second, 62.0)],
            "have been able to transform the optimality of a set.",
        );
        let first =
            [("Rent", 0.0), ("per", 22.0), ("month", 39.0), ("from", 120.0), ("May", 142.0)];
        let second =
            [("Fee", 0.0), ("per", 17.0), ("order", 34.0), ("from", 120.0), ("June", 142.0)];
        check(
            &[line(&first, 50.0), line(&second, 62.0)],
            "Rent per month from May\nFee per order from June",
        );
    }

    #[test]
    fn an_entry_of_the_contents_ends_with_its_leader() {
        let line = |text: &str, y: f32| run(text, (0.0, y), RIGHT, 10.0);
        check(
            &[line("Abstract . . . . . . . 11", 50.0), line("Introduction ........ 12", 62.0)],
            "Abstract . . . . . . . 11\nIntroduction ........ 12",
        );
    }

    #[test]
    fn marks_of_lists_are_told_from_words() {
        for mark in ["•", "1.", "(a)", "[12]", "iv)", "2.3", "1.2.10."] {
            assert!(is_item_mark(mark), "{mark}");
        }
        for word in ["a", "Word.", "12", "12345.", "()"] {
            assert!(!is_item_mark(word), "{word}");
        }
    }
}
