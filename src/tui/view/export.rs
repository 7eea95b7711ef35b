//! How is a file's name asked for?

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::text::Styled;
use super::{folder, prompt};
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
        let mut lines = vec!["The ending chooses the form: .md or .json".to_owned()];
        let typed = export.line.input.text();
        if !typed.contains('/') && !typed.starts_with('~') && export.folder.has_root() {
            lines.push(format!("It goes into `{}`", export.folder.display()));
        }
        lines.extend(folder::candidates(canvas, &export.line));
        (lines.join("\n"), Role::Dim)
    };
    let (enter, escape) = (chord(keys, Action::Confirm), chord(keys, Action::Back));
    let tab = chord(keys, Action::Complete);
    let hint = format!("{enter} writes it   {tab} completes   {escape} closes");
    let told = Styled::new(text, canvas.style(role));
    let title = match export.of.title.as_str() {
        "" => "Export the conversation".to_owned(),
        title => format!("Export the conversation `{title}`"),
    };
    prompt::panel(canvas, area, &title, (&told, &hint), |canvas, line| {
        prompt::draw(canvas, line, &export.line.input, "a file's path")
    })
}

fn chord(keys: &Keys, action: Action) -> String {
    keys.chord(Context::Export, action).map(|chord| chord.to_string()).unwrap_or_default()
}
