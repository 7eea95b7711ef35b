//! How are folders, their progress and what could not be read shown?

use std::path::Path;

use ratatui::layout::Rect;

use super::canvas::{Canvas, put_rows};
use super::text::{self, Styled};
use super::words::{count, counted, float, rate, time_left};
use super::{List, below, hints, inset, rows};
use crate::keys::Keys;
use crate::state::action::Action;
use crate::state::library::{Folder, Library, Problem, Progress, Stage};
use crate::state::{Context, State};
use crate::theme::Role;

const BAR: usize = 16;
/// The path's column, at most.
const PATH: usize = 60;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    list: &mut List,
) {
    let library = &state.library;
    let content = &library.content;
    let dot = canvas.signs.dot;
    let mut beside = vec![
        counted(content.folders.len() as u64, "folder", "folders"),
        counted(content.documents, "document", "documents"),
        counted(content.passages, "passage", "passages"),
    ];
    if !content.problems.is_empty() {
        beside.push(counted(content.problems.len() as u64, "problem", "problems"));
    }
    let pause = if library.stage == Stage::Paused { "go on" } else { "pause" };
    let hints = [
        (Action::Back, "back"),
        (Action::Add, "add"),
        (Action::Remove, "remove"),
        (Action::Pause, pause),
        (Action::Help, "help"),
    ];
    let beside = beside.join(&format!(" {dot} "));
    let body = hints::head(canvas, area, ("Library", &beside), (keys, Context::Library), &hints);
    let body = inset(body, 2, 1);
    let told = told(canvas, library, usize::from(body.width));
    put_rows(canvas, below(body, 1), told.iter());
    let taken = u16::try_from(told.len()).unwrap_or(u16::MAX).saturating_add(2);
    let body = below(body, taken);

    let remove = keys.chord(Context::Library, Action::Remove);
    let remove = remove.map(|chord| chord.to_string()).unwrap_or_default();
    let room = usize::from(body.width);
    let mut lines: Vec<Styled> = Vec::new();
    let mut selected = (0, 1);
    let mut end = |lines: &[Styled], index: usize, first: usize| {
        if index == library.selected {
            selected = (first, lines.len());
        }
    };
    for (index, folder) in content.folders.iter().enumerate() {
        let first = lines.len();
        lines.push(folder_line(canvas, room, folder));
        if library.leaving.as_deref() == Some(&*folder.path) {
            let text = format!(
                "{remove} once more takes it out of the library; its files stay as they are"
            );
            let mut asked = Styled::new("  ", canvas.style(Role::Error));
            asked.push(&text, canvas.style(Role::Error));
            lines.extend(asked.wrapped(room));
        }
        end(&lines, index, first);
    }
    if content.folders.is_empty() && library.stage != Stage::Opening {
        lines.push(Styled::new("no folder is watched", canvas.style(Role::Dim)));
    }
    if !content.problems.is_empty() {
        lines.push(Styled::default());
        lines.push(Styled::new("What could not be read", canvas.style(Role::Heading)));
    }
    for (index, problem) in (content.folders.len()..).zip(&content.problems) {
        let first = lines.len();
        problem_lines(canvas, room, problem, &content.folders, &mut lines);
        end(&lines, index, first);
    }
    // The first line of what is chosen bears the mark; the ones below it belong to it.
    let top = list.show(selected, lines.len(), body.height.into());
    for (y, (index, line)) in (0..body.height).zip(lines.iter().enumerate().skip(top)) {
        canvas.put_row(body, 0, y, line);
        if index == selected.0 && library.rows() > 0 {
            canvas.paint(rows(body, y, 1), Role::Selected);
        }
    }
}

/// How far the index is.
fn told(canvas: &Canvas<'_>, library: &Library, room: usize) -> Vec<Styled> {
    let dim = |text: String| Styled::new(text, canvas.style(Role::Dim));
    let more = canvas.signs.ellipsis;
    let content = &library.content;
    let stage = match &library.stage {
        Stage::Opening => dim(format!("opening the library{more}")),
        Stage::Scanning => dim(format!("looking for changes{more}")),
        Stage::Reading(progress) => measured(canvas, progress, ("reading", "documents")),
        Stage::Embedding(progress) => measured(
            canvas,
            progress,
            ("embedding", "passages, which are found by their words meanwhile"),
        ),
        Stage::Ready => dim("up to date: changes on the disk are followed".to_owned()),
        Stage::Paused => dim("indexing rests until you let it go on".to_owned()),
        Stage::Elsewhere => {
            dim("another docent writes this index; this one reads what it writes".to_owned())
        }
        Stage::Failed(reason) => {
            Styled::new(format!("{} {reason}", canvas.signs.fault), canvas.style(Role::Error))
        }
    };
    let mut lines = stage.wrapped(room);
    let waiting = content.passages.saturating_sub(content.embedded);
    if waiting > 0 && !matches!(library.stage, Stage::Embedding(_)) {
        let text = format!(
            "{} of {} have their vector; the others are found by their words",
            count(content.embedded),
            counted(content.passages, "passage", "passages"),
        );
        lines.extend(dim(text).wrapped(room));
    }
    if let Some(watching) = &content.watching {
        lines.extend(dim(watching.clone()).wrapped(room));
    }
    lines
}

fn measured(canvas: &Canvas<'_>, progress: &Progress, (verb, things): (&str, &str)) -> Styled {
    let Progress { done, of, per_second } = *progress;
    let style = canvas.style(Role::Dim);
    let mut line = Styled::new(format!("{verb}   "), style);
    line.append(&canvas.bar(BAR, float(done) / float(of.max(1))));
    line.push(&format!("   {} of {} {things}", count(done as u64), count(of as u64)), style);
    if let Some(per_second) = per_second {
        let dot = canvas.signs.dot;
        line.push(&format!(" {dot} {} a second", rate(per_second)), style);
        if let Some(left) = time_left(of.saturating_sub(done), per_second) {
            line.push(&format!(" {dot} {left} left"), style);
        }
    }
    line
}

fn folder_line(canvas: &Canvas<'_>, room: usize, folder: &Folder) -> Styled {
    let told = if folder.missing {
        format!("{} is not there now; what was read in it is kept", canvas.signs.fault)
    } else {
        counted(folder.documents, "document", "documents")
    };
    let role = if folder.missing { Role::Error } else { Role::Dim };
    let path = folder.path.to_string_lossy();
    let path_room = room.saturating_sub(text::width(&told) + 3).max(8);
    let path = text::fit_end(&path, path_room, canvas.signs.ellipsis);
    let mut line = Styled::new(path, canvas.style(Role::Text));
    let gap = path_room.min(PATH).saturating_sub(line.width()) + 3;
    line.push(&" ".repeat(gap), canvas.style(Role::Text));
    line.push(&told, canvas.style(role));
    line
}

fn problem_lines(
    canvas: &Canvas<'_>,
    room: usize,
    problem: &Problem,
    folders: &[Folder],
    lines: &mut Vec<Styled>,
) {
    let page = problem.page.map(|page| format!("p. {page} ")).unwrap_or_default();
    let reason = format!("{page}{}", problem.reason);
    let sign = Styled::new(format!("{} ", canvas.signs.fault), canvas.style(Role::Error));
    let path = below_folder(&problem.path, folders);
    let path_room = room.saturating_sub(sign.width() + text::width(&reason) + 3).max(room / 2);
    let path = text::fit_end(&path, path_room, canvas.signs.ellipsis).into_owned();
    let mut line = sign;
    let indent = line.width();
    line.push(&path, canvas.style(Role::Text));
    line.push("   ", canvas.style(Role::Text));
    line.push(&reason, canvas.style(Role::Text));
    let hanging = |styled: Styled, lines: &mut Vec<Styled>| {
        for (index, part) in styled.wrapped_hanging(room, indent).into_iter().enumerate() {
            let mut whole = Styled::default();
            if index > 0 {
                whole.push(&" ".repeat(indent), canvas.style(Role::Text));
            }
            whole.append(&part);
            lines.push(whole);
        }
    };
    hanging(line, lines);
    let mut hint = Styled::new(" ".repeat(indent), canvas.style(Role::Dim));
    hint.push(&problem.hint, canvas.style(Role::Dim));
    hanging(hint, lines);
}

/// A path as it is below its folder, which goes by its own name.
fn below_folder(path: &Path, folders: &[Folder]) -> String {
    let inside = folders.iter().find_map(|folder| {
        let below = path.strip_prefix(&folder.path).ok()?;
        let name = folder.path.file_name()?;
        Some(Path::new(name).join(below))
    });
    inside.as_deref().unwrap_or(path).to_string_lossy().into_owned()
}
