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

/// Cells of the bar.
const BAR: usize = 16;
/// The folders' paths, at most, and what stands behind them.
const PATH: usize = 60;
const DOCUMENTS: usize = 20;
/// Columns before what is told below a path.
const INDENT: usize = 2;
/// Lines of a problem that is not chosen. Of thousands only those are laid that can be seen.
const PROBLEM: usize = 2;

/// Something in the list.
enum Entry<'a> {
    Folder(&'a Folder),
    NoFolder,
    Gap,
    Heading,
    Problem(&'a Problem),
}

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    list: &mut List,
) {
    let library = &state.library;
    let body = head(canvas, area, library, keys);
    let told = told(canvas, library, usize::from(body.width));
    put_rows(canvas, below(body, 1), told.iter());
    let taken = u16::try_from(told.len()).unwrap_or(u16::MAX).saturating_add(2);
    let body = below(body, taken);

    let list_of = Listed { library, room: body.width.into(), remove: remove(keys) };
    let mut first = 0;
    let mut selected = (0, 0);
    let mut entries = Vec::new();
    let mut row = 0;
    for entry in list_of.entries() {
        let is_row = matches!(entry, Entry::Folder(_) | Entry::Problem(_));
        let is_selected = is_row && row == library.selected;
        row += usize::from(is_row);
        let height = match entry {
            Entry::Problem(_) if !is_selected => PROBLEM,
            _ => list_of.lay(canvas, &entry, is_selected).len(),
        };
        if is_selected {
            selected = (first, first + height);
        }
        entries.push((first, entry, is_selected));
        first += height;
    }
    let top = list.show(selected, first, body.height.into());
    let visible = entries.partition_point(|(first, ..)| *first <= top).saturating_sub(1);
    for (first, entry, is_selected) in entries.iter().skip(visible) {
        if *first >= top + usize::from(body.height) {
            break;
        }
        let lines = list_of.lay(canvas, entry, *is_selected);
        for (line, row) in (*first..).zip(&lines) {
            let Some(y) = line.checked_sub(top).and_then(|y| u16::try_from(y).ok()) else {
                continue;
            };
            canvas.put_row(body, 0, y, row);
            // The first line bears the mark; the ones below it belong to it.
            if *is_selected && line == *first {
                canvas.paint(rows(body, y, 1), Role::Selected);
            }
        }
    }
}

fn head(canvas: &mut Canvas<'_>, area: Rect, library: &Library, keys: &Keys) -> Rect {
    let content = &library.content;
    let mut told = vec![
        counted(content.folders.len() as u64, "folder", "folders"),
        counted(content.documents, "document", "documents"),
        counted(content.passages, "passage", "passages"),
    ];
    if !content.problems.is_empty() {
        told.push(counted(content.problems.len() as u64, "problem", "problems"));
    }
    let told = told.join(&format!(" {} ", canvas.signs.dot));
    // What can be done stands in the status line, where there is room for it.
    let back = [(Action::Back, "back")];
    let body = hints::head(canvas, area, ("Library", &told), (keys, Context::Library), &back);
    inset(body, 2, 1)
}

/// The key that takes a folder out.
fn remove(keys: &Keys) -> String {
    let chord = keys.chord(Context::Library, Action::Remove);
    chord.map(|chord| chord.to_string()).unwrap_or_default()
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
        Stage::Embedding(progress) => measured(canvas, progress, ("embedding", "passages")),
        Stage::Recognising(progress) => measured(canvas, progress, ("reading scans", "pages")),
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
    if waiting > 0 {
        let text = if content.embedded == 0 {
            "passages are found by their words until they have their vectors".to_owned()
        } else {
            format!(
                "{} of {} have their vector; the others are found by their words",
                count(content.embedded),
                counted(content.passages, "passage", "passages"),
            )
        };
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

/// The list of folders and problems.
struct Listed<'a> {
    library: &'a Library,
    /// Cells of its lines.
    room: usize,
    /// The key that takes a folder out.
    remove: String,
}

impl<'a> Listed<'a> {
    fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let library = self.library;
        let content = &library.content;
        let none = library.is_empty().then_some(Entry::NoFolder);
        let heading = (!content.problems.is_empty()).then_some([Entry::Gap, Entry::Heading]);
        let folders = content.folders.iter().map(Entry::Folder);
        let problems = content.problems.iter().map(Entry::Problem);
        folders.chain(none).chain(heading.into_iter().flatten()).chain(problems)
    }

    fn lay(&self, canvas: &Canvas<'_>, entry: &Entry<'_>, is_selected: bool) -> Vec<Styled> {
        match entry {
            Entry::Folder(folder) => self.folder(canvas, folder),
            Entry::NoFolder => vec![Styled::new("no folder is watched", canvas.style(Role::Dim))],
            Entry::Gap => vec![Styled::default()],
            Entry::Heading => {
                vec![Styled::new("What could not be read", canvas.style(Role::Heading))]
            }
            Entry::Problem(problem) => self.problem(canvas, problem, is_selected),
        }
    }

    /// A folder's path with its documents, and below it what must be known of it.
    fn folder(&self, canvas: &Canvas<'_>, folder: &Folder) -> Vec<Styled> {
        let longest = self.library.content.folders.iter();
        let longest = longest.map(|folder| text::width(&folder.path.to_string_lossy())).max();
        let path_room = longest.unwrap_or_default().min(PATH);
        let path_room = path_room.min(self.room.saturating_sub(DOCUMENTS)).max(8);
        let path = folder.path.to_string_lossy();
        let path = text::fit_end(&path, path_room, canvas.signs.ellipsis);
        let mut line = Styled::new(path, canvas.style(Role::Text));
        line.pad(path_room + 3);
        let documents = count(folder.documents);
        let most = self.library.content.folders.iter().map(|folder| folder.documents).max();
        let digits = count(most.unwrap_or_default()).len();
        let name = if folder.documents == 1 { "document" } else { "documents" };
        line.push(&format!("{documents:>digits$} {name}"), canvas.style(Role::Dim));
        let mut lines = vec![line];
        let mut below = |told: String| {
            let told = Styled::new(told, canvas.style(Role::Error));
            lines.extend(told.indented(self.room, INDENT, INDENT));
        };
        if folder.missing {
            below(format!("{} not there now: what was read in it is kept", canvas.signs.fault));
        }
        if self.library.leaving.as_deref() == Some(&*folder.path) {
            let remove = &self.remove;
            below(format!(
                "{remove} once more takes it out of the library; its files stay as they are"
            ));
        }
        lines
    }

    /// A problem's file with the reason, and below it what to do; in whole where it is chosen.
    fn problem(&self, canvas: &Canvas<'_>, problem: &Problem, is_selected: bool) -> Vec<Styled> {
        let room = self.room;
        let ellipsis = canvas.signs.ellipsis;
        let page = problem.page.map(|page| format!("p. {page} ")).unwrap_or_default();
        let reason = format!("{page}{}", problem.reason);
        let mut line = Styled::new(format!("{} ", canvas.signs.fault), canvas.style(Role::Error));
        let indent = line.width();
        let path = below_folder(&problem.path, &self.library.content.folders);
        let path_room = room.saturating_sub(indent + text::width(&reason) + 3).max(room / 2);
        let path =
            if is_selected { path.into() } else { text::fit_end(&path, path_room, ellipsis) };
        line.push(&path, canvas.style(Role::Text));
        line.push("   ", canvas.style(Role::Text));
        if is_selected {
            line.push(&reason, canvas.style(Role::Text));
            let mut lines = line.indented(room, 0, indent);
            let hint = Styled::new(problem.hint.as_str(), canvas.style(Role::Dim));
            lines.extend(hint.indented(room, indent, indent));
            return lines;
        }
        let left = room.saturating_sub(line.width());
        line.push(&text::fit(&reason, left, ellipsis), canvas.style(Role::Text));
        let mut hint = Styled::new(" ".repeat(indent), canvas.style(Role::Dim));
        let left = room.saturating_sub(indent);
        hint.push(&text::fit(&problem.hint, left, ellipsis), canvas.style(Role::Dim));
        vec![line, hint]
    }
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
