//! How does docent greet who starts it first?

use ratatui::layout::{Position, Rect};

use super::canvas::{Canvas, put_rows};
use super::text::{self, Styled};
use super::words::{count, counted, percent};
use super::{below, folder, inset, prompt, rows};
use crate::keys::Keys;
use crate::models::fit;
use crate::seal::Seal;
use crate::state::action::Action;
use crate::state::library::Stage;
use crate::state::look::ThemeChoice;
use crate::state::model::ModelState;
use crate::state::target::Target;
use crate::state::{Context, Field, State, Welcome};
use crate::theme::Role;

/// Columns of the greeting, and of the labels in it.
const WIDEST: u16 = 92;
const LABEL: usize = 15;
/// Cells that a folder's path may take.
const PATH: usize = 48;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    welcome: &Welcome,
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
    let mut first = label(canvas, welcome.field == Field::Folders, "1", "Folders");
    first.push(canvas.signs.prompt, canvas.style(Role::Accent));
    lines.push(first);
    // What stands under the line begins where it does.
    let column = LABEL + 2;
    let mut under = |text: &str, role| {
        lines.extend(styled(text, role).indented(room, column, column));
    };
    if let Some(reason) = &welcome.folder.refused {
        under(reason, Role::Error);
    }
    for candidate in folder::candidates(canvas, &welcome.folder.line) {
        under(&candidate, Role::Dim);
    }
    under(&hint(state, keys), Role::Dim);
    lines.extend(folders(canvas, state, room, column));
    lines.push(Styled::default());

    let mut model = label(canvas, welcome.field == Field::Model, "2", "Model");
    let (name, beside) = model_line(state);
    model.push(&name, canvas.style(Role::Text));
    model.push("   ", canvas.style(Role::Text));
    model.push(&beside, canvas.style(Role::Dim));
    let model_at = lines.len();
    lines.extend(model.indented(room, 0, LABEL));
    lines.push(Styled::default());

    let mut theme = label(canvas, welcome.field == Field::Theme, "3", "Theme");
    let (name, beside) = theme_line(state, keys, welcome.field == Field::Theme);
    theme.push(&name, canvas.style(Role::Text));
    theme.push(&format!("   {beside}"), canvas.style(Role::Dim));
    let theme_at = lines.len();
    lines.extend(theme.indented(room, 0, LABEL));
    lines.push(Styled::default());
    lines.extend(styled(ready(state), Role::Dim).wrapped(room));

    // In a low terminal the line to type in is what matters.
    let skip = (at + 2).saturating_sub(area.height.into()).min(at);
    put_rows(canvas, area, lines.iter().skip(skip));
    for (field, (first, end)) in
        [(at, model_at), (model_at, theme_at), (theme_at, theme_at + 1)].into_iter().enumerate()
    {
        let [first, end] =
            [first, end].map(|line| u16::try_from(line.saturating_sub(skip)).unwrap_or(u16::MAX));
        canvas.mark(rows(area, first, end.saturating_sub(first)), Target::Row(field));
    }
    if welcome.field != Field::Folders {
        return None;
    }
    let row = u16::try_from(at - skip).unwrap_or_default();
    let column = u16::try_from(column).unwrap_or_default();
    let line = inset(rows(area, row, 1), column, 0);
    prompt::draw(canvas, line, &welcome.folder.line.input, "a folder's path")
}

/// A label with its number, and a sign where keys go to it.
fn label(canvas: &Canvas<'_>, is_chosen: bool, number: &str, name: &str) -> Styled {
    let sign = if is_chosen { canvas.signs.chosen } else { " " };
    let mut label = Styled::new(format!("{sign} "), canvas.style(Role::Accent));
    label.push(&format!("{number}  "), canvas.style(Role::Dim));
    label.push(name, canvas.style(if is_chosen { Role::Focus } else { Role::Strong }));
    label.pad(LABEL);
    label
}

/// What the keys do now.
fn hint(state: &State, keys: &Keys) -> String {
    let chord = |action| {
        keys.chord(Context::Welcome, action).map(|chord| chord.to_string()).unwrap_or_default()
    };
    let (complete, confirm, back) =
        (chord(Action::Complete), chord(Action::Confirm), chord(Action::Back));
    if state.library.content.folders.is_empty() {
        format!("{complete} completes   {confirm} adds   {back} later")
    } else {
        format!("{confirm} to ask, or another folder to add it")
    }
}

/// The folders that are in the library by now, and how far they are.
fn folders(canvas: &Canvas<'_>, state: &State, room: usize, column: usize) -> Vec<Styled> {
    let library = &state.library;
    let told = |folder: &crate::state::library::Folder| {
        let mut line = Styled::new(" ".repeat(column), canvas.style(Role::Text));
        line.push(&format!("{} ", canvas.signs.done), canvas.style(Role::Accent));
        let path = folder.path.to_string_lossy();
        line.push(&text::fit_end(&path, PATH, canvas.signs.ellipsis), canvas.style(Role::Text));
        line.push(&format!("   {} read", count(folder.documents)), canvas.style(Role::Dim));
        line.fitted(room, canvas.signs.ellipsis)
    };
    let mut lines: Vec<Styled> = library.content.folders.iter().map(told).collect();
    if let (Stage::Reading(progress), false) = (&library.stage, lines.is_empty()) {
        let of = counted(progress.of as u64, "document", "documents");
        let told = format!("reading {} of {of}", count(progress.done as u64));
        lines.extend(Styled::new(told, canvas.style(Role::Dim)).indented(room, column, column));
    }
    lines
}

/// From when on questions can be asked.
fn ready(state: &State) -> &'static str {
    if state.library.content.documents > 0 {
        "You can ask now."
    } else {
        "You can ask as soon as the first document is read."
    }
}

/// Which theme is chosen, and how another one is.
fn theme_line(state: &State, keys: &Keys, is_chosen: bool) -> (String, String) {
    let look = &state.look;
    let name = match &look.theme {
        ThemeChoice::Auto => "follows the terminal".to_owned(),
        ThemeChoice::Named(name) => name.clone(),
    };
    let beside = if is_chosen {
        let chord = |action| {
            keys.chord(Context::Welcome, action).map(|chord| chord.to_string()).unwrap_or_default()
        };
        let (left, right) = (chord(Action::Left), chord(Action::Right));
        format!("{left} and {right} change it   {} shows all", chord(Action::Confirm))
    } else {
        match &look.theme {
            ThemeChoice::Auto => look.name_of(&look.theme).to_owned(),
            ThemeChoice::Named(_) => String::new(),
        }
    };
    (name, beside)
}

/// What will answer, and what else could.
fn model_line(state: &State) -> (String, String) {
    let model = &state.model;
    let usable = model.found.iter().filter(|found| found.fault.is_none()).count();
    match &model.state {
        ModelState::Ready(loaded) => {
            let found = model.found.iter().find(|found| found.path == loaded.path);
            let told = found.and_then(|found| {
                let fits = fit(found.needs?, model.free?);
                Some(format!("{}: {fits}", found.origin.name()))
            });
            let told = told.map(|told| format!("{told}   ")).unwrap_or_default();
            (loaded.name.clone(), format!("{told}or none: quotes only"))
        }
        ModelState::Loading { path, share } => {
            let found = model.found.iter().find(|found| found.path == *path);
            let name = found.map_or_else(
                || path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                |found| found.name.clone(),
            );
            (name, format!("loading {}", percent(f64::from(*share))))
        }
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
