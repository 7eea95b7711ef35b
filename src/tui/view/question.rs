//! How does the question line look?

use std::ops::Range;

use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use docent_index::query::{self, Term};

use super::bidi;
use super::canvas::{Canvas, cells, put_rows};
use super::regions::Regions;
use super::text::{self, LineSpan, Styled};
use super::words::{count, counted};
use super::{List, chips, has_focus, inset, notice, picker, rows};
use crate::keys::Keys;
use crate::meant::Meant;
use crate::state::action::Action;
use crate::state::input::Input;
use crate::state::picker::{Choices, PickerKind};
use crate::state::question::{Preview, Question};
use crate::state::scroll::{Measure, Measures};
use crate::state::target::Target;
use crate::state::{Context, Pane, State};
use crate::theme::Role;

/// It grows with what is typed up to this; then it scrolls.
const HIGHEST: usize = 10;
/// Columns before the text: air, the sign, air.
const LEFT: u16 = 3;
const RIGHT: u16 = 1;
/// Columns of the sign before what is wrong.
const FAULT: usize = 4;
/// Columns of the line above it for how much lies below.
const MORE: usize = 18;
/// Commands that are shown at once.
const COMMANDS: usize = 8;

/// Lines that it would like to have.
pub(super) fn height(state: &State, width: u16) -> u16 {
    let lines = lines(&state.question.input, room(width)).len().clamp(1, HIGHEST);
    u16::try_from(lines).unwrap_or(1)
}

fn room(width: u16) -> usize {
    // One cell is kept for the cursor behind the last character.
    usize::from(width.saturating_sub(LEFT + RIGHT + 1))
}

fn lines(input: &Input, room: usize) -> Vec<LineSpan> {
    let mut lines = Vec::new();
    text::wrap(input.text(), room, room, |span| lines.push(span));
    lines
}

/// Lines that what is wrong would like to have.
pub(super) fn fault_height(state: &State, width: u16) -> u16 {
    let Some((told, _)) = told(&state.question) else { return 0 };
    let room = room(width).saturating_sub(FAULT);
    let mut lines = 0_u16;
    text::wrap(&told, room, room, |_| lines = lines.saturating_add(1));
    lines
}

/// Draws the notice, the lines around the question and the question; returns where the cursor stands when keys go there.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    regions: &Regions,
    (state, keys): (&State, &Keys),
    measures: &Measures,
) -> Option<Position> {
    notice::draw(canvas, regions.notice, state);
    canvas.rule(regions.rule_above, 0);
    found(canvas, regions, state, keys);
    canvas.rule(regions.rule_below, 0);
    for (pane, measure) in
        [(regions.conversation, measures.conversation), (regions.sources, measures.sources)]
    {
        if let Some(pane) = pane {
            let width = pane.width.saturating_sub(2);
            more(canvas, Rect { x: pane.x, width, ..regions.rule_above }, &measure);
        }
    }
    chips::draw(canvas, inset(regions.scope, LEFT, RIGHT), state);
    fault(canvas, inset(regions.fault, LEFT, RIGHT), &state.question);
    let area = regions.question;
    let is_in_focus = has_focus(state, Pane::Question);
    let role = if is_in_focus { Role::Accent } else { Role::Dim };
    canvas.put(area, 1, 0, canvas.signs.prompt, role);
    let area = inset(area, LEFT, RIGHT);
    let input = &state.question.input;
    if input.is_empty() {
        let ask = format!("ask about your documents{}", canvas.signs.ellipsis);
        // From a pane of its own keys, that is a way off.
        let context = state.context();
        let is_in_pane =
            matches!(context, Context::Conversation | Context::Sources | Context::Conversations);
        let way = keys.chord(context, Action::Back).filter(|_| is_in_pane);
        let placeholder = way.map_or_else(|| ask.clone(), |chord| format!("{chord}: {ask}"));
        canvas.put_fitting(area, 0, 0, (&placeholder, area.width), Role::Placeholder);
    }
    let lines = lines(input, room(regions.question.width));
    let cursor = input.cursor();
    let row = lines.iter().rposition(|line| line.start <= cursor).unwrap_or_default();
    let top = (row + 1).saturating_sub(area.height.into());
    let typed = coloured(canvas, &state.question);
    let mut cursor_column = 0;
    for ((y, index), line) in (0..area.height).zip(top..).zip(lines.iter().skip(top)) {
        let has_cursor = index == row;
        let end = if has_cursor { line.end.max(cursor) } else { line.end };
        let typed = Typed::of(&typed, line.start..end);
        canvas.put_row(area, 0, y, &typed.line);
        mark_typed(canvas, rows(area, y, 1), &typed);
        if has_cursor {
            cursor_column = bidi::column_of(&typed.line, cursor - line.start, canvas.order);
        }
    }
    if !is_in_focus || area.is_empty() {
        return None;
    }
    let column = u16::try_from(cursor_column).unwrap_or(u16::MAX).min(area.width - 1);
    let row = u16::try_from(row - top).unwrap_or_default();
    Some(Position { x: area.x + column, y: area.y + row })
}

/// A line of what is typed.
struct Typed {
    line: Styled,
    /// Bytes of the text.
    span: Range<usize>,
    is_rtl: bool,
}

impl Typed {
    fn of(text: &Styled, span: Range<usize>) -> Self {
        let is_rtl = bidi::begins_rtl(text::line_at(text.text(), span.start));
        let mut line = text.slice(span.start, span.end).in_paragraph(is_rtl);
        if is_rtl {
            // The cursor stands there when it is behind the last letter, which is the one at the left.
            line.end_with(" ", Style::new());
        }
        Self { line, span, is_rtl }
    }
}

/// Tells where in the text a click on its line is: on a character before it, beside the last one at the end.
fn mark_typed(canvas: &mut Canvas<'_>, row: Rect, typed: &Typed) {
    let Typed { line, span, is_rtl } = typed;
    canvas.mark(row, Target::Typed(if *is_rtl { span.start } else { span.end }));
    for placed in bidi::placed_row(line, canvas.order) {
        let columns = placed.column..placed.column + placed.grapheme.width;
        canvas.mark(cells(row, columns), Target::Typed(span.start + placed.grapheme.start));
    }
}

/// Where the sources are not beside, tells that passages are found while the question is typed.
fn found(canvas: &mut Canvas<'_>, regions: &Regions, state: &State, keys: &Keys) {
    let found = state.preview.as_ref().and_then(Preview::found);
    let hits = found.map_or(&[][..], |turn| &turn.hits);
    let Some(best) = hits.first().filter(|_| regions.sources.is_none()) else { return };
    let area = regions.rule_above;
    let room = usize::from(area.width).saturating_sub(MORE);
    let mut told = Styled::new(format!(" {} found", hits.len()), canvas.style(Role::Dim));
    if let Some(chord) = keys.chord(Context::Question, Action::Source1) {
        told.push(&format!("   {chord}"), canvas.style(Role::Key));
        told.push(" ", canvas.style(Role::Dim));
        let left = room.saturating_sub(told.width() + 1);
        let title = text::fit(&best.title, left, canvas.signs.ellipsis);
        told.append(&Styled::new(title.as_ref(), canvas.style(Role::Dim)).unit());
        let place = format!(", {}", best.place());
        if title.len() == best.title.len() && told.width() + text::width(&place) < room {
            told.push(&place, canvas.style(Role::Dim));
        }
    }
    told.push(" ", canvas.style(Role::Dim));
    canvas.put_row(area, 1, 0, &told);
}

/// What is typed, each part of the query language as what it is, and what is wrong underlined.
fn coloured(canvas: &Canvas<'_>, question: &Question) -> Styled {
    let text = question.input.text();
    if question.command().is_some() {
        return Styled::new(text, canvas.style(Role::Filter));
    }
    let fault = question.fault().map(|fault| fault.span());
    let mut styled = Styled::default();
    let mut at = 0;
    for piece in query::pieces(text) {
        let role = match piece.term {
            Ok(Term::Word(_)) | Err(_) => Role::Text,
            Ok(Term::Phrase(_)) => Role::Phrase,
            Ok(Term::Without(_)) => Role::Without,
            Ok(_) => Role::Filter,
        };
        let wrong = fault.clone().filter(|fault| piece.span.contains(&fault.start));
        let end = wrong.as_ref().map_or(piece.span.end, |wrong| wrong.start);
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        styled.push(part(at, piece.span.start), canvas.style(Role::Text));
        styled.push(part(piece.span.start, end), canvas.style(role));
        let wrongly = canvas.style(Role::Error).add_modifier(Modifier::UNDERLINED);
        styled.push(part(end, piece.span.end), wrongly);
        at = piece.span.end;
    }
    styled.push(text.get(at..).unwrap_or_default(), canvas.style(Role::Text));
    styled
}

/// What is told of the line: what is wrong with it, else what may not be meant.
fn told(question: &Question) -> Option<(String, Role)> {
    let fault = question.fault().map(|fault| (fault.to_string(), Role::Error));
    fault.or_else(|| question.hint().map(|hint| (hint, Role::Note)))
}

/// That, under the line.
fn fault(canvas: &mut Canvas<'_>, area: Rect, question: &Question) {
    let Some((told, role)) = told(question) else { return };
    let style = canvas.style(role);
    canvas.put(area, 0, 0, canvas.signs.fault, role);
    let area = inset(area, u16::try_from(FAULT).unwrap_or_default(), 0);
    let lines = Styled::new(told, style).wrapped(area.width.into());
    put_rows(canvas, area, lines.iter());
}

/// Draws the commands that can be meant, on what lies above the line.
pub(super) fn draw_commands(
    canvas: &mut Canvas<'_>,
    regions: &Regions,
    (state, keys): (&State, &Keys),
    list: &mut List,
) {
    let Some(commands) = &state.question.commands else { return };
    if !has_focus(state, Pane::Question) {
        return;
    }
    let bottom = regions.rule_above.y;
    let room = bottom.saturating_sub(regions.view.y);
    let wanted = commands.fitting().clamp(1, COMMANDS);
    let height = u16::try_from(wanted + 1).unwrap_or(u16::MAX).min(room);
    let area = Rect { y: bottom - height, height, ..regions.rule_above };
    canvas.clear(area);
    canvas.mark(area, Target::Pane(Pane::Question));
    canvas.rule(area, 0);
    canvas.put_fitting(area, 1, 0, (" Commands ", area.width), Role::Focus);
    let body = rows(area, 1, height.saturating_sub(1));
    if commands.fitting() == 0 {
        let told = no_command(commands, state.question.command().unwrap_or_default());
        let line = inset(body, LEFT, RIGHT);
        canvas.put_fitting(line, 0, 0, (&told, line.width), Role::Dim);
        return;
    }
    let kind = PickerKind::Action(Context::Question);
    picker::draw_rows(canvas, body, (keys, kind), commands, list);
}

fn no_command(commands: &Choices, typed: &str) -> String {
    let names = commands.rows().iter().map(|row| row.text.as_str());
    let meant = Meant::among(typed.trim(), names).to_string();
    let meant = if meant.is_empty() { ": a slash alone shows all" } else { &meant };
    format!("no command is called so{meant}")
}

/// Says at the right of the line under a region how much of it lies below.
pub(super) fn more(canvas: &mut Canvas<'_>, area: Rect, measure: &Measure) {
    let lines = measure.lines.saturating_sub(measure.top + measure.height);
    let told = match measure.items_below {
        Some(items) => counted(items as u64, "more question", "more questions"),
        None if lines > 0 => format!("{} more", count(lines as u64)),
        None => return,
    };
    canvas.put_right(area, 2, 0, &format!(" {} {told} ", canvas.signs.below), Role::Dim);
}
