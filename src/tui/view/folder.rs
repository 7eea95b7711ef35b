//! How is a folder asked for, and how does docent greet who starts it first?

use ratatui::layout::{Position, Rect};

use super::canvas::{Canvas, put_rows};
use super::text::Styled;
use super::words::{counted, percent};
use super::{below, inset, prompt, rows};
use crate::keys::Keys;
use crate::seal::Seal;
use crate::state::action::Action;
use crate::state::model::ModelState;
use crate::state::{Context, FolderPrompt, State};
use crate::theme::Role;

/// Candidates that are shown.
const CANDIDATES: usize = 6;
/// Columns of the greeting, and of the labels in it.
const WIDEST: u16 = 92;
const LABEL: usize = 13;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    folder: &FolderPrompt,
) -> Option<Position> {
    if state.library.is_empty() {
        return greet(canvas, area, state, keys, folder);
    }
    let told = match &folder.refused {
        Some(reason) => Styled::new(reason.as_str(), canvas.style(Role::Error)),
        None => Styled::new(candidates(canvas, folder).join("\n"), canvas.style(Role::Dim)),
    };
    prompt::panel(canvas, area, "Add a folder", (&told, &hint(keys)), |canvas, line| {
        prompt::draw(canvas, line, &folder.input, "a folder's path")
    })
}

/// What the keys do.
fn hint(keys: &Keys) -> String {
    let chord = |action| {
        keys.chord(Context::Folder, action).map(|chord| chord.to_string()).unwrap_or_default()
    };
    let (complete, confirm, back) =
        (chord(Action::Complete), chord(Action::Confirm), chord(Action::Back));
    format!("{complete} completes   {confirm} adds   {back} closes")
}

/// Folders that could be meant; the one that stands in the line is marked.
fn candidates(canvas: &Canvas<'_>, folder: &FolderPrompt) -> Vec<String> {
    let taken = folder.taken.as_ref().map(|(index, _)| *index);
    let first = taken.unwrap_or_default().saturating_sub(CANDIDATES - 1);
    let shown = folder.candidates.iter().enumerate().skip(first).take(CANDIDATES);
    let mut lines: Vec<String> = shown
        .map(|(index, candidate)| {
            let sign = if taken == Some(index) { canvas.signs.chosen } else { " " };
            format!("{sign} {candidate}")
        })
        .collect();
    let more = folder.candidates.len().saturating_sub(first + lines.len());
    if more > 0 {
        lines.push(format!("  {} {more} more", canvas.signs.ellipsis));
    }
    lines
}

/// The first screen where nothing is watched.
fn greet(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    folder: &FolderPrompt,
) -> Option<Position> {
    let width = area.width.saturating_sub(4).min(WIDEST);
    let left = (area.width - width) / 2;
    let top = if area.height > 18 { area.height / 5 } else { 1 };
    let area = below(inset(area, left, area.width - width - left), top);
    let room = usize::from(area.width);
    let styled = |text: &str, role| Styled::new(text, canvas.style(role));
    let mut lines = Vec::new();
    let promise = match &state.seal {
        Seal::Sealed => {
            "docent answers from your documents, and nothing leaves this machine.".to_owned()
        }
        Seal::Open { reason } => format!(
            "docent answers from your documents. That nothing leaves this machine is not enforced here: {reason}."
        ),
    };
    lines.extend(styled(&promise, Role::Heading).wrapped(room));
    lines.push(Styled::default());

    let at = lines.len();
    let mut first = label(canvas, "1", "Folders");
    first.push(canvas.signs.prompt, canvas.style(Role::Accent));
    lines.push(first);
    // What stands under the line begins where it does.
    let column = LABEL + 2;
    let mut under = |text: &str, role| {
        lines.extend(styled(text, role).indented(room, column, column));
    };
    if let Some(reason) = &folder.refused {
        under(reason, Role::Error);
    }
    for candidate in candidates(canvas, folder) {
        under(&candidate, Role::Dim);
    }
    under(&hint(keys), Role::Dim);
    lines.push(Styled::default());

    let mut model = label(canvas, "2", "Model");
    let (name, beside) = model_line(state);
    model.push(&name, canvas.style(Role::Text));
    model.push("   ", canvas.style(Role::Text));
    model.push(&beside, canvas.style(Role::Dim));
    lines.extend(model.indented(room, 0, LABEL));
    lines.push(Styled::default());
    lines.extend(
        styled("You can ask as soon as the first document is read.", Role::Dim).wrapped(room),
    );

    // In a low terminal the line to type in is what matters.
    let skip = (at + 2).saturating_sub(area.height.into()).min(at);
    put_rows(canvas, area, lines.iter().skip(skip));
    let row = u16::try_from(at - skip).unwrap_or_default();
    let column = u16::try_from(column).unwrap_or_default();
    prompt::draw(canvas, inset(rows(area, row, 1), column, 0), &folder.input, "a folder's path")
}

fn label(canvas: &Canvas<'_>, number: &str, name: &str) -> Styled {
    let mut label = Styled::new(format!("{number}  "), canvas.style(Role::Dim));
    label.push(name, canvas.style(Role::Strong));
    label.pad(LABEL);
    label
}

/// What will answer, and what else could.
fn model_line(state: &State) -> (String, String) {
    let usable = state.model.found.iter().filter(|found| found.fault.is_none()).count();
    match &state.model.state {
        ModelState::Ready(loaded) => (loaded.name.clone(), "or none: quotes only".to_owned()),
        ModelState::Loading { path, share } => (
            path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            format!("loading {}", percent(f64::from(*share))),
        ),
        ModelState::Refused { reason, .. } => ("quotes".to_owned(), reason.clone()),
        ModelState::Quotes if usable > 0 => (
            "quotes".to_owned(),
            format!("or one of {} found", counted(usable as u64, "model", "models")),
        ),
        ModelState::Quotes => (
            "quotes".to_owned(),
            "the sentences that answer, word for word; no model is needed".to_owned(),
        ),
    }
}
