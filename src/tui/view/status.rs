//! What stands in the last line: how things are, in measured numbers, and which keys help?

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::header::NARROW;
use super::hints::{self, Hint};
use super::text::Styled;
use super::words::{count, float, percent, rate, seconds, time_left, tokens};
use super::{inset, text};
use crate::keys::Keys;
use crate::seal::Seal;
use crate::state::action::Action;
use crate::state::library::{Progress, Stage};
use crate::state::model::ModelState;
use crate::state::tree::RowKind;
use crate::state::{Context, State};
use crate::theme::Role;

/// Cells of the bars.
const BAR: usize = 8;
/// Cells that a reason or a name may take.
const LONGEST: usize = 44;

/// Something that is told.
struct Part {
    content: Styled,
    /// Parts of a group follow each other closely.
    group: u8,
    /// The highest is left out first where there is no room for all.
    rank: u8,
}

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, keys: &Keys) {
    let area = inset(area, 1, 1);
    let mut parts = parts(canvas, area, state);
    let mut hints: Vec<(u8, (Action, Styled))> = (0..)
        .zip(hints_of(state))
        .filter_map(|(index, wanted)| {
            let hint = hints::hint(canvas, keys, state.context(), wanted)?;
            // The first hint is the way to all others; how to stop what runs matters next.
            let rank = match (index, wanted.0) {
                (0, _) => 1,
                (_, Action::Back) => 2,
                _ => 40 + index,
            };
            Some((rank, (wanted.0, hint)))
        })
        .collect();
    loop {
        let told = joined(&parts);
        let width = told.width();
        let hinted: usize = hints.iter().map(|(_, (_, hint))| hint.width() + 3).sum();
        if width + hinted <= usize::from(area.width) {
            canvas.put_row(area, 0, 0, &told);
            let hints: Vec<_> = hints.into_iter().map(|(_, hint)| hint).collect();
            hints::put_joined(canvas, area, 0, &hints);
            return;
        }
        let part = parts.iter().map(|part| part.rank).max();
        let hint = hints.iter().map(|(rank, _)| *rank).max();
        match part.max(hint) {
            Some(rank) => {
                parts.retain(|part| part.rank != rank);
                hints.retain(|(other, _)| *other != rank);
            }
            None => return,
        }
    }
}

/// The parts in one line.
fn joined(parts: &[Part]) -> Styled {
    let mut line = Styled::default();
    let mut group = None;
    for part in parts {
        if let Some(group) = group {
            let gap = if group == part.group { " " } else { "   " };
            line.push(gap, ratatui::style::Style::new());
        }
        group = Some(part.group);
        line.append(&part.content);
    }
    line
}

/// The seal in a sign and words.
pub(super) fn seal(canvas: &Canvas<'_>, state: &State) -> Styled {
    let (sign, words, role) = match &state.seal {
        Seal::Sealed => (canvas.signs.sealed, "sealed", Role::Sealed),
        Seal::Open { .. } => (canvas.signs.open, "not sealed", Role::Open),
    };
    Styled::new(format!("{sign} {words}"), canvas.style(role))
}

fn parts(canvas: &Canvas<'_>, area: Rect, state: &State) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut push = |group, rank, content| parts.push(Part { content, group, rank });
    let styled = |text: String, role| Styled::new(text, canvas.style(role));
    // In a narrow terminal it stands in the head.
    if area.width + 2 >= NARROW {
        push(0, 0, seal(canvas, state));
    }
    let name = |text: &str| text::fit(text, LONGEST, canvas.signs.ellipsis).into_owned();
    match &state.model.state {
        ModelState::Quotes => push(1, 20, styled("quotes".to_owned(), Role::Dim)),
        ModelState::Refused { .. } => {
            push(1, 20, styled("quotes".to_owned(), Role::Dim));
            push(1, 21, styled("(model refused)".to_owned(), Role::Error));
        }
        ModelState::Loading { path, share } => {
            let file = path.file_stem().unwrap_or_default().to_string_lossy();
            push(1, 22, styled(name(&file), Role::Dim));
            let loading = format!("loading {}", percent(f64::from(*share)));
            push(1, 11, styled(loading, Role::Dim));
        }
        ModelState::Ready(loaded) => {
            push(1, 20, styled(name(&loaded.name), Role::Dim));
            if let Some(used) = context_used(state) {
                let meter = format!("{}/{}", tokens(used), tokens(loaded.context));
                push(2, 32, styled("ctx".to_owned(), Role::Dim));
                push(2, 31, canvas.bar(BAR, float(used) / float(loaded.context.max(1))));
                push(2, 30, styled(meter, Role::Dim));
            }
        }
    }
    if !state.library.is_empty() {
        stage(canvas, &state.library.stage, &mut push);
    }
    if let Some(usage) = last_usage(state) {
        let writing = usage.seconds - usage.first_token_seconds;
        if usage.written_tokens > 1 && writing > 0.0 {
            let speed = format!("{} tok/s", rate_of_writing(float(usage.written_tokens) / writing));
            push(4, 15, styled(speed, Role::Dim));
            let first = format!("{} {}", canvas.signs.dot, seconds(usage.first_token_seconds));
            push(4, 25, styled(first, Role::Dim));
        }
    }
    parts
}

fn rate_of_writing(per_second: f64) -> String {
    if per_second < 99.95 { format!("{per_second:.1}") } else { format!("{per_second:.0}") }
}

/// What is being done to the index.
fn stage(canvas: &Canvas<'_>, stage: &Stage, push: &mut impl FnMut(u8, u8, Styled)) {
    const GROUP: u8 = 3;
    let styled = |text: &str, role| Styled::new(text, canvas.style(role));
    let more = canvas.signs.ellipsis;
    match stage {
        Stage::Opening => push(GROUP, 10, styled(&format!("opening the library{more}"), Role::Dim)),
        Stage::Scanning => {
            push(GROUP, 10, styled(&format!("looking for changes{more}"), Role::Dim));
        }
        Stage::Reading(progress) => measured(canvas, "reading", progress, push),
        Stage::Embedding(progress) => measured(canvas, "embedding", progress, push),
        Stage::Recognising(progress) => measured(canvas, "reading scans", progress, push),
        Stage::Ready => push(GROUP, 23, styled("up to date", Role::Dim)),
        Stage::Paused => push(GROUP, 10, styled("indexing rests", Role::Dim)),
        Stage::Elsewhere => {
            push(GROUP, 23, styled("another docent indexes", Role::Dim));
        }
        Stage::Failed(reason) => {
            let reason = text::fit(reason, LONGEST, more).into_owned();
            push(GROUP, 10, styled(&format!("{} not indexing", canvas.signs.fault), Role::Error));
            push(GROUP, 24, styled(&reason, Role::Error));
        }
    }
}

fn measured(
    canvas: &Canvas<'_>,
    what: &str,
    progress: &Progress,
    push: &mut impl FnMut(u8, u8, Styled),
) {
    const GROUP: u8 = 3;
    let styled = |text: String| Styled::new(text, canvas.style(Role::Dim));
    let Progress { done, of, per_second } = *progress;
    push(GROUP, 24, styled(what.to_owned()));
    push(GROUP, 10, styled(format!("{}/{}", count(done as u64), count(of as u64))));
    push(GROUP, 33, canvas.bar(BAR, float(done) / float(of.max(1))));
    if let Some(per_second) = per_second {
        push(GROUP, 26, styled(format!("{}/s", rate(per_second))));
        if let Some(left) = time_left(of.saturating_sub(done), per_second) {
            push(GROUP, 27, styled(left));
        }
    }
}

/// What the last answer has cost, if a model wrote it.
fn last_usage(state: &State) -> Option<docent_engine::answer::Usage> {
    state.conversation.turns.iter().rev().find_map(|turn| turn.answered())?.usage
}

/// Tokens of the model's context that the last answer has filled.
fn context_used(state: &State) -> Option<usize> {
    let usage = last_usage(state)?;
    Some(usage.prompt_tokens.saturating_add(usage.written_tokens))
}

/// The keys that matter most where keys go now.
fn hints_of(state: &State) -> Vec<Hint> {
    let is_running = state.conversation.run().is_some();
    let mut hints = vec![(Action::Help, "help")];
    let stop = is_running.then_some((Action::Back, "stop"));
    match state.context() {
        Context::Question => {
            hints.extend(stop);
            hints.push((Action::Palette, "all"));
            hints.push((Action::NextPane, "panes"));
            hints.push((Action::Library, "library"));
        }
        Context::Conversation => {
            hints.extend(stop);
            hints.push((Action::NextCitation, "cited"));
            hints.push((Action::Open, "open"));
            hints.push((Action::Copy, "copy"));
            hints.push((Action::NextPane, "panes"));
        }
        Context::Sources if state.shown().is_none_or(|turn| turn.hits.is_empty()) => {
            hints.push((Action::NextPane, "panes"));
        }
        Context::Sources => {
            hints.push((Action::Open, "open"));
            hints.push((Action::Pin, "pin"));
            hints.push((Action::Exclude, "leave out"));
            hints.push((Action::Why, "why"));
            hints.push((Action::Copy, "copy"));
            hints.push((Action::View, "viewer"));
            let turn = state.shown();
            let hit = turn.and_then(|turn| turn.hits.get(state.sources.selected));
            if hit.is_some_and(|hit| hit.page.is_none()) {
                hints.push((Action::Edit, "editor"));
            }
        }
        Context::Conversations if state.conversations.heads.is_empty() => {
            hints.push((Action::NewConversation, "new"));
        }
        Context::Conversations => {
            hints.push((Action::Open, "open"));
            hints.push((Action::Find, "find"));
            hints.push((Action::NewConversation, "new"));
            hints.push((Action::Rename, "rename"));
            hints.push((Action::Delete, "delete"));
        }
        Context::Library if state.library.is_empty() => hints.push((Action::Add, "add")),
        Context::Library => {
            let pause = if state.library.stage == Stage::Paused { "go on" } else { "pause" };
            let tree = &state.library.tree;
            let chosen = tree.chosen().map(|row| &row.kind);
            match chosen {
                Some(RowKind::Folder { is_open: true, .. }) => hints.push((Action::Open, "close")),
                Some(_) => hints.push((Action::Open, "open")),
                None => {}
            }
            hints.push((Action::Add, "add"));
            if tree.chosen().is_some_and(|row| row.depth == 0) {
                hints.push((Action::Remove, "remove"));
            }
            hints.push((Action::ReadAgain, "read again"));
            hints.push((Action::Find, "find"));
            let problems = if tree.only_problems { "all" } else { "problems" };
            hints.push((Action::Problems, problems));
            hints.push((Action::Pause, pause));
        }
        Context::Find => {
            hints.push((Action::Confirm, "done"));
            hints.push((Action::Back, "all"));
        }
        // These views tell their keys themselves.
        Context::Welcome
        | Context::Folder
        | Context::Document
        | Context::DocumentPrompt
        | Context::Why
        | Context::Models
        | Context::Themes
        | Context::Export
        | Context::Rename
        | Context::Picker => {}
        Context::Help => return Vec::new(),
    }
    hints
}
