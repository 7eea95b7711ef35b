//! How is a folder asked for?

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::prompt;
use super::text::Styled;
use crate::keys::Keys;
use crate::state::action::Action;
use crate::state::path::PathLine;
use crate::state::{Context, FolderPrompt};
use crate::theme::Role;

/// Candidates that are shown.
const CANDIDATES: usize = 6;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    keys: &Keys,
    folder: &FolderPrompt,
) -> Option<Position> {
    let told = match &folder.refused {
        Some(reason) => Styled::new(reason.as_str(), canvas.style(Role::Error)),
        None => Styled::new(candidates(canvas, &folder.line).join("\n"), canvas.style(Role::Dim)),
    };
    prompt::panel(canvas, area, "Add a folder", (&told, &hint(keys)), |canvas, line| {
        prompt::draw(canvas, line, &folder.line.input, "a folder's path")
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

/// Paths that could be meant; the one that stands in the line is marked.
pub(super) fn candidates(canvas: &Canvas<'_>, line: &PathLine) -> Vec<String> {
    let taken = line.taken.as_ref().map(|(index, _)| *index);
    let first = taken.unwrap_or_default().saturating_sub(CANDIDATES - 1);
    let shown = line.candidates.iter().enumerate().skip(first).take(CANDIDATES);
    let mut lines: Vec<String> = shown
        .map(|(index, candidate)| {
            let sign = if taken == Some(index) { canvas.signs.chosen } else { " " };
            format!("{sign} {candidate}")
        })
        .collect();
    let more = line.candidates.len().saturating_sub(first + lines.len());
    if more > 0 {
        lines.push(format!("  {} {more} more", canvas.signs.ellipsis));
    }
    lines
}
