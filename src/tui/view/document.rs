//! How does a whole document look, with what is cited in it?

use std::path::PathBuf;
use std::sync::Arc;

use ratatui::layout::{Position, Rect};

use super::bidi;
use super::canvas::Canvas;
use super::text::{self, Styled, wrap};
use super::words::counted;
use super::{below, hints, inset, measure, prompt, rows};
use crate::keys::Keys;
use crate::state::Context;
use crate::state::action::Action;
use crate::state::document::{DocumentView, Mark, Page, PromptKind, Search};
use crate::state::scroll::{Anchor, Measure};
use crate::theme::Role;

/// Longer lines are hard to read.
const WIDEST: u16 = 100;
/// Columns of the bar beside what is cited.
const BAR: u16 = 3;
/// Columns at the right for the number that cites.
const CITED: u16 = 12;
/// From this width on there is room for them.
const WIDE: u16 = 76;
/// From this width on there is room for a document's date.
const DATED: u16 = 120;

/// A document's lines for one width.
#[derive(Debug)]
pub(super) struct Laid {
    path: PathBuf,
    /// Holding them keeps their address from being another document's.
    pages: Arc<[Page]>,
    room: usize,
    lines: Vec<Line>,
    /// Where each page begins.
    firsts: Vec<usize>,
    top: Option<Top>,
    /// A line of a page as it was counted in another width, and the line here that has its text.
    moved: Option<(usize, usize, usize)>,
}

/// What stands at the top, told by its place in the text, so that it is found again among lines of another width.
#[derive(Clone, Copy, Debug)]
struct Top {
    line: usize,
    /// The page and the byte where the first line of text begins there.
    text: (u32, u32),
    /// Lines before that one.
    air: usize,
}

/// A line of a document.
#[derive(Clone, Copy, Debug)]
enum Line {
    /// The head of a page, by its index.
    Head(u32),
    Empty(u32),
    /// Bytes of a page's text.
    Text {
        page: u32,
        start: u32,
        end: u32,
    },
}

impl Line {
    fn page(self) -> usize {
        let (Self::Head(page) | Self::Empty(page) | Self::Text { page, .. }) = self;
        page as usize
    }
}

/// The document's part of the screen.
struct Parts {
    note: Rect,
    body: Rect,
    foot: Rect,
}

impl Parts {
    fn of(view: Rect, document: &DocumentView) -> Self {
        let rest = below(view, 2);
        let room = usize::from(view.width.saturating_sub(4).max(1));
        let mut note_rows = 0_u16;
        if let Some(note) = &document.opened.note {
            wrap(note, room, room, |_| note_rows = note_rows.saturating_add(1));
        }
        let note_rows = note_rows.min(3).min(rest.height / 2);
        let foot_rows = u16::from(document.prompt.is_some() || document.search.is_some());
        let body_rows = rest.height.saturating_sub(note_rows + foot_rows);
        Self {
            note: rows(rest, 0, note_rows),
            body: rows(rest, note_rows, body_rows),
            foot: rows(rest, note_rows + body_rows, foot_rows),
        }
    }
}

/// Columns of the line numbers, with the air behind them; none in a document with pages.
fn gutter(document: &DocumentView) -> u16 {
    if document.opened.paged {
        return 0;
    }
    let pages = document.opened.pages.iter();
    let last = pages.filter_map(|page| page.lines.last()).map(|(_, line)| *line).max();
    last.map_or(0, |last| u16::try_from(last.to_string().len()).unwrap_or_default() + 2)
}

fn room(document: &DocumentView, view: Rect) -> usize {
    let right = if view.width >= WIDE { CITED } else { 1 };
    let room = view.width.saturating_sub(BAR + gutter(document) + right);
    usize::from(room.clamp(1, WIDEST))
}

/// The document's lines: those that were laid before where they still hold.
pub(super) fn lay(before: Option<Laid>, document: &DocumentView, view: Rect) -> Laid {
    let opened = &document.opened;
    let room = room(document, view);
    let is_same = |laid: &Laid| laid.path == opened.path && Arc::ptr_eq(&laid.pages, &opened.pages);
    match before.filter(is_same) {
        Some(laid) if laid.room == room => Laid { moved: None, ..laid },
        before => {
            let mut laid = lay_pages(document, room);
            if let Some(before) = before {
                laid.stand_as(&before, document.scroll.anchor);
            }
            laid
        }
    }
}

fn lay_pages(document: &DocumentView, room: usize) -> Laid {
    let opened = &document.opened;
    let mut lines = Vec::new();
    let mut firsts = Vec::with_capacity(opened.pages.len());
    for (page, content) in (0..).zip(opened.pages.iter()) {
        if page > 0 {
            lines.push(Line::Empty(page));
        }
        firsts.push(lines.len());
        if opened.paged {
            lines.extend([Line::Head(page), Line::Empty(page)]);
        }
        lay_text(page, &content.text, room, &mut lines);
    }
    let (path, pages) = (opened.path.clone(), Arc::clone(&opened.pages));
    Laid { path, pages, room, lines, firsts, top: None, moved: None }
}

/// Blocks of several lines are set apart by an empty line; single ones (headings, items, rows) stand close.
fn lay_text(page: u32, text: &str, room: usize, lines: &mut Vec<Line>) {
    let mut start = 0;
    let (mut was_long, mut was_empty) = (false, false);
    for (index, block) in text.split('\n').enumerate() {
        let at = lines.len();
        if index > 0 {
            lines.push(Line::Empty(page));
        }
        wrap(block, room, room, |span| {
            let offset = |at: usize| u32::try_from(start + at).unwrap_or(u32::MAX);
            lines.push(Line::Text { page, start: offset(span.start), end: offset(span.end) });
        });
        let is_long = lines.len() - at > 1 + usize::from(index > 0);
        // An empty line of the text's own is enough.
        if index > 0 && (block.is_empty() || was_empty || !is_long && !was_long) {
            lines.remove(at);
        }
        (was_long, was_empty) = (is_long, block.is_empty());
        start += block.len() + 1;
    }
}

impl Laid {
    /// The line where a page begins.
    fn first(&self, page: usize) -> usize {
        self.firsts.get(page).copied().unwrap_or(self.lines.len())
    }

    /// The line in which a stretch begins.
    fn line_of(&self, mark: &Mark) -> usize {
        self.line_at((mark.page, mark.span.start))
    }

    /// The line with a byte of a page's text.
    fn line_at(&self, (page, byte): (usize, usize)) -> usize {
        let first = self.first(page);
        let lines = self.lines.get(first..self.first(page + 1)).unwrap_or_default();
        let begins =
            |line: &Line| matches!(*line, Line::Text { start, .. } if start as usize <= byte);
        first + lines.iter().rposition(begins).unwrap_or_default()
    }

    /// The line that an anchor stands for.
    fn at(&self, item: usize, line: usize) -> usize {
        match self.moved {
            Some((page, counted, here)) if (page, counted) == (item, line) => here,
            _ => self.first(item).saturating_add(line),
        }
    }

    /// Remembers what stands at the top, unless it does so already.
    fn stand(&mut self, line: usize) {
        if self.top.is_some_and(|top| top.line == line) {
            return;
        }
        let mut from = self.lines.iter().skip(line).enumerate();
        self.top = from.find_map(|(air, of)| match *of {
            Line::Text { page, start, .. } => Some(Top { line, text: (page, start), air }),
            Line::Head(_) | Line::Empty(_) => None,
        });
    }

    /// Takes over from lines of another width what stood at the top, if it is to stand there still.
    fn stand_as(&mut self, before: &Self, anchor: Anchor) {
        let Anchor::At { item, line } = anchor else { return };
        let counted = before.first(item).saturating_add(line);
        let Some(top) = before.top.filter(|top| top.line == counted) else { return };
        let (page, start) = top.text;
        let mut here = self.line_at((page as usize, start as usize));
        for _ in 0..top.air {
            let above = here.checked_sub(1).and_then(|line| self.lines.get(line));
            if !matches!(above, Some(Line::Head(_) | Line::Empty(_))) {
                break;
            }
            here -= 1;
        }
        self.top = Some(Top { line: here, ..top });
        self.moved = Some((item, line, here));
    }
}

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    view: Rect,
    keys: &Keys,
    document: &DocumentView,
    laid: &mut Laid,
) -> (Measure, Option<Position>) {
    let parts = Parts::of(view, document);
    let body = parts.body;
    let third = usize::from(body.height / 3);
    let measure = measure(
        document.scroll,
        (laid.lines.len(), body.height),
        |anchor| match anchor {
            Anchor::Item(index) => laid.first(index),
            Anchor::At { item, line } => laid.at(item, line),
            Anchor::Mark(index) => document
                .marks()
                .get(index)
                .map_or(0, |mark| laid.line_of(mark).saturating_sub(third)),
            Anchor::Line(_) | Anchor::End | Anchor::Chosen { .. } => 0,
        },
        |top| laid.firsts.partition_point(|first| *first <= top).max(1) - 1,
    );
    laid.stand(measure.top);
    head(canvas, view, keys, document, laid, &measure);
    if let Some(note) = &document.opened.note {
        let room = usize::from(parts.note.width.saturating_sub(4).max(1));
        let mut text = Styled::new(note.as_str(), canvas.style(Role::Error)).wrapped(room);
        text.truncate(parts.note.height.into());
        canvas.put(parts.note, 1, 0, canvas.signs.fault, Role::Error);
        super::canvas::put_rows(canvas, inset(parts.note, 3, 1), text.iter());
    }
    for (y, line) in (0..body.height).zip(laid.lines.iter().skip(measure.top)) {
        match *line {
            Line::Head(page) => {
                page_head(canvas, rows(body, y, 1), document, page as usize, laid.room);
            }
            Line::Empty(_) => {}
            Line::Text { page, start, end } => {
                let line = Mark { page: page as usize, span: start as usize..end as usize };
                text_line(canvas, rows(body, y, 1), document, &line, laid.room);
            }
        }
    }
    (measure, foot(canvas, parts.foot, document))
}

fn head(
    canvas: &mut Canvas<'_>,
    view: Rect,
    keys: &Keys,
    document: &DocumentView,
    laid: &Laid,
    measure: &Measure,
) {
    let opened = &document.opened;
    let page_index = visible_page(laid, measure);
    let mut place = match opened.pages.get(page_index) {
        Some(page) if opened.is_excerpt && opened.paged => {
            vec![format!("page {}", page.number), page.remarks()]
        }
        Some(page) if opened.is_excerpt => {
            page.lines.first().map(|(_, line)| format!("from line {line}")).into_iter().collect()
        }
        Some(page) if opened.paged => {
            let last = opened.pages.last().map_or(page.number, |last| last.number);
            vec![format!("page {} of {last}", page.number), page.remarks()]
        }
        Some(page) => {
            let last = page.lines.last().map_or(0, |(_, line)| *line);
            vec![counted(last.into(), "line", "lines")]
        }
        None => Vec::new(),
    };
    // Its keys matter more.
    let date = opened.date.as_ref().filter(|_| view.width >= DATED);
    place.extend(date.map(|date| format!(" {} of {date}", canvas.signs.dot)));
    let context =
        if document.prompt.is_some() { Context::DocumentPrompt } else { Context::Document };
    let wanted: &[hints::Hint] = if document.prompt.is_some() {
        &[(Action::Back, "back"), (Action::Confirm, "go")]
    } else if document.search.is_some() {
        &[
            (Action::Back, "back"),
            (Action::NextHit, "next"),
            (Action::PreviousHit, "before"),
            (Action::Search, "search"),
        ]
    } else if opened.is_excerpt {
        // Its file is gone, or no longer the library's.
        &[(Action::Back, "back"), (Action::Search, "search"), (Action::Copy, "copy")]
    } else if opened.paged {
        &[
            (Action::Back, "back"),
            (Action::Search, "search"),
            (Action::Cited, "cited"),
            (Action::GoToPage, "page"),
            (Action::View, "viewer"),
            (Action::Copy, "copy"),
        ]
    } else {
        &[
            (Action::Back, "back"),
            (Action::Search, "search"),
            (Action::Cited, "cited"),
            (Action::View, "viewer"),
            (Action::Edit, "editor"),
            (Action::Copy, "copy"),
        ]
    };
    // A title may take half of the line: the page stands beside it.
    let room = usize::from(view.width / 2);
    let title = text::fit_title(&opened.title, room, canvas.signs.ellipsis).into_owned();
    hints::head(canvas, view, (&title, &place), (keys, context), wanted);
}

/// The page that most of the upper third belongs to: a page's last line at the top is not where the reader is.
fn visible_page(laid: &Laid, measure: &Measure) -> usize {
    let reading = measure.top + measure.height.min(measure.lines) / 3;
    laid.lines.get(reading).or(laid.lines.last()).map_or(0, |line| line.page())
}

/// The line that parts a page from the one before.
fn page_head(
    canvas: &mut Canvas<'_>,
    area: Rect,
    document: &DocumentView,
    index: usize,
    room: usize,
) {
    let Some(page) = document.opened.pages.get(index) else { return };
    let text = format!("page {}{} ", page.number, page.remarks());
    let area = inset(area, BAR, 1);
    let x = canvas.put(area, 0, 0, &text, Role::Dim);
    let room = u16::try_from(room).unwrap_or(u16::MAX);
    let width = area.width.min(room).saturating_sub(x);
    canvas.rule(Rect { x: area.x + x.min(area.width), width, ..area }, 0);
}

fn text_line(
    canvas: &mut Canvas<'_>,
    area: Rect,
    document: &DocumentView,
    line: &Mark,
    room: usize,
) {
    let opened = &document.opened;
    let Some(page) = opened.pages.get(line.page) else { return };
    let gutter = gutter(document);
    if gutter > 0 {
        let first = page.lines.partition_point(|(start, _)| *start < line.span.start);
        // The line's own number, where one begins in it.
        if let Some((_, number)) = page
            .lines
            .get(first)
            .filter(|(start, _)| *start < line.span.end.max(line.span.start + 1))
        {
            let numbers = Rect { width: gutter - 2, ..inset(area, BAR, 0) };
            canvas.put_right(numbers, 0, 0, &number.to_string(), Role::Dim);
        }
    }
    let paragraph = text::line_at(&page.text, line.span.start);
    let styled = marked(canvas, document, page, line).in_paragraph(bidi::begins_rtl(paragraph));
    let text_area = inset(area, BAR + gutter, 0);
    canvas.put_row(text_area, 0, 0, &styled);
    let mut cited = overlapping(&opened.cited, line).peekable();
    if let Some(mark) = cited.peek() {
        canvas.put(area, 1, 0, canvas.signs.cited_bar, Role::CitedBar);
        // All of it is one passage: its number stands where that begins.
        let begins = opened.cited.first() == Some(*mark) && mark.span.start >= line.span.start;
        let right = u16::try_from(room).unwrap_or(u16::MAX).saturating_add(2);
        if begins && area.width >= WIDE {
            let text = if opened.is_cited {
                format!("cited [{}]", opened.n)
            } else {
                format!("source {}", opened.n)
            };
            canvas.put(text_area, right, 0, &text, Role::Citation);
        }
    }
}

/// The marks that share a part with a line. Marks are in reading order.
fn overlapping<'m>(marks: &'m [Mark], line: &Mark) -> impl Iterator<Item = &'m Mark> {
    let (page, start, end) = (line.page, line.span.start, line.span.end);
    let first = marks.partition_point(|mark| (mark.page, mark.span.end) <= (page, start));
    marks.iter().skip(first).take_while(move |mark| (mark.page, mark.span.start) < (page, end))
}

/// A line's text with what is cited and what was searched for.
fn marked(canvas: &Canvas<'_>, document: &DocumentView, page: &Page, line: &Mark) -> Styled {
    let text = |start: usize, end: usize| page.text.get(start..end).unwrap_or_default();
    let whole = text(line.span.start, line.span.end);
    let mut stretches = Vec::new();
    for mark in overlapping(&document.opened.cited, line) {
        stretches.push((mark, Role::Highlight));
    }
    if let Some(search) = &document.search {
        let current = search.hits.get(search.current);
        for mark in overlapping(&search.hits, line) {
            let role = if current == Some(mark) { Role::CurrentHit } else { Role::Hit };
            stretches.push((mark, role));
        }
    }
    if stretches.is_empty() {
        return Styled::new(whole, canvas.style(Role::Text));
    }
    // Where the look changes.
    let mut edges = vec![line.span.start, line.span.end];
    for (mark, _) in &stretches {
        edges.extend([mark.span.start, mark.span.end]);
    }
    edges.retain(|edge| {
        (line.span.start..=line.span.end).contains(edge) && page.text.is_char_boundary(*edge)
    });
    edges.sort_unstable();
    edges.dedup();
    let mut styled = Styled::default();
    for (start, end) in edges.iter().zip(edges.iter().skip(1)) {
        // What was searched for lies over what is cited.
        let over =
            stretches.iter().rfind(|(mark, _)| mark.span.start <= *start && mark.span.end >= *end);
        let role = over.map_or(Role::Text, |(_, role)| *role);
        styled.push(text(*start, *end), canvas.style(role));
    }
    styled
}

/// The line that is typed at the foot, or how the search stands.
fn foot(canvas: &mut Canvas<'_>, area: Rect, document: &DocumentView) -> Option<Position> {
    let area = inset(area, 1, 1);
    if let Some(prompt) = &document.prompt {
        let (label, placeholder) = match prompt.kind {
            PromptKind::Search => ("search ", "words"),
            PromptKind::Page => ("page ", "a number, or what is printed on it"),
        };
        let x = canvas.put(area, 0, 0, label, Role::Accent);
        let told = match (&prompt.missed, &document.search) {
            (Some(missed), _) => Styled::new(missed.as_str(), canvas.style(Role::Error)),
            (None, Some(search)) if prompt.kind == PromptKind::Search => {
                Styled::new(place(search), canvas.style(Role::Dim))
            }
            (None, _) => Styled::default(),
        };
        let end = canvas.put_row_right(area, x + 2, 0, &told);
        let typed = Rect { width: end.saturating_sub(2).max(x + 1), ..area };
        return prompt::draw(canvas, inset(typed, x, 0), &prompt.input, placeholder);
    }
    if let Some(search) = &document.search {
        let (open, close) = canvas.signs.quotes;
        let text = format!("{open}{}{close}   {}", search.words, place(search));
        canvas.put_fitting(area, 0, 0, (&text, area.width), Role::Dim);
    }
    None
}

/// Which of the hits was gone to.
fn place(search: &Search) -> String {
    let (current, count) = (search.current + 1, search.hits.len());
    let is_first = search.current == search.first && search.first > 0;
    let here = if is_first { ", the first from here on" } else { "" };
    format!("{current} of {count}{here}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::view::sample;

    #[test]
    fn a_document_is_laid_once_for_a_width() {
        let mut document = sample::paged_document();
        let wide = Rect::new(0, 0, 100, 30);
        let laid = lay(None, &document, wide);
        let (lines, count) = (laid.lines.as_ptr(), laid.lines.len());
        document.scroll.by(9);
        let again = lay(Some(laid), &document, Rect { height: 20, ..wide });
        assert_eq!((again.lines.as_ptr(), again.lines.len()), (lines, count));
        let narrow = lay(Some(again), &document, Rect { width: 40, ..wide });
        assert!(narrow.lines.len() > count);
        // Another text under the same name is another document.
        document.opened.pages = document.opened.pages.iter().take(1).cloned().collect();
        assert!(lay(Some(narrow), &document, wide).lines.len() < count);
    }
}
