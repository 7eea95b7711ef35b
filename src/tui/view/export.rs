//! How is a file's name asked for?

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::text::Styled;
use super::{below, inset, prompt, rows};
use crate::keys::Keys;
use crate::state::action::Action;
use crate::state::{Context, ExportPrompt};
use crate::theme::Role;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    keys: &Keys,
    export: &ExportPrompt,
) -> Option<Position> {
    let (text, role) = if let Some(reason) = &export.refused {
        (reason.clone(), Role::Error)
    } else if export.exists {
        let enter = chord(keys, Action::Confirm);
        (format!("A file is there already: {enter} once more replaces it."), Role::Error)
    } else {
        ("The ending chooses the form: .md or .json".to_owned(), Role::Dim)
    };
    let (enter, escape) = (chord(keys, Action::Confirm), chord(keys, Action::Back));
    let hint = format!("{enter} writes it   {escape} closes");
    boxed(canvas, area, "Export the conversation", (&text, role), &hint)
        .and_then(|line| prompt::draw(canvas, line, &export.input, "a file's path"))
}

fn chord(keys: &Keys, action: Action) -> String {
    keys.chord(Context::Export, action).map(|chord| chord.to_string()).unwrap_or_default()
}

/// A box at the foot of `area` with a line to type in, what is told under it, and its keys. Returns where the line is.
pub(super) fn boxed(
    canvas: &mut Canvas<'_>,
    area: Rect,
    title: &str,
    (told, role): (&str, Role),
    hint: &str,
) -> Option<Rect> {
    let width = area.width.min(84);
    let room = width.saturating_sub(4);
    let told = Styled::new(told, canvas.style(role)).wrapped(room.into());
    let height = u16::try_from(told.len()).unwrap_or(u16::MAX).saturating_add(4).min(area.height);
    let left = (area.width - width) / 2;
    let outer = rows(inset(area, left, area.width - width - left), area.height - height, height);
    let inner = canvas.boxed(outer, title);
    canvas.put(inner, 0, 0, canvas.signs.prompt, Role::Accent);
    super::canvas::put_rows(canvas, rows(inner, 1, inner.height.saturating_sub(2)), told.iter());
    canvas.put_fitting(
        below(inner, inner.height.saturating_sub(1).max(1)),
        0,
        0,
        (hint, inner.width),
        Role::Dim,
    );
    (!inner.is_empty()).then(|| rows(inset(inner, 2, 0), 0, 1))
}
