//! How are the library's folders and documents shown, and how far each is?

use jiff::Timestamp;
use ratatui::layout::{Position, Rect};

use super::canvas::{Canvas, put_rows};
use super::text::{self, Styled};
use super::words::{ago, count, counted, float, rate, time_left};
use super::{List, below, hints, inset, prompt, rows};
use crate::keys::Keys;
use crate::state::action::Action;
use crate::state::library::{Library, Problem, Progress, Stage};
use crate::state::scroll::Measure;
use crate::state::target::Target;
use crate::state::tree::{Extent, Reading, Row, RowKind, Tree};
use crate::state::{Context, State};
use crate::theme::Role;

/// Cells of the bars.
const BAR: usize = 16;
const SMALL_BAR: usize = 10;
/// From this room on progress is told in words.
const WIDE: usize = 76;
/// Columns that a folder's content stands to the right of it.
const INDENT: usize = 2;
/// The sign before a folder, with the space behind it.
const SIGN: usize = 2;
/// Columns that names have at least, and what they leave to the facts beside them in a wide and in a narrow view.
const NAMES: usize = 12;
const FACTS: (usize, usize) = (40, 20);
/// Columns of what a document holds, and of when it was read.
const PAGES: usize = 12;
const PASSAGES: usize = 16;
const WHEN: usize = 16;
const GAP: usize = 3;
/// Columns between a file's name and its title.
const TITLE: usize = 2;
/// Lines for what is told of the chosen row.
const TOLD: u16 = 3;
/// From this height on they have room.
const HIGH: u16 = 12;
/// From this height on a line parts them from the rows.
const HIGHER: u16 = 20;

/// Where the list stands, and of which rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stand {
    list: List,
    /// Which rows were drawn last, and which of them was chosen.
    drawn: (u64, usize),
}

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    stand: &mut Stand,
) -> (Measure, Option<Position>) {
    let library = &state.library;
    let tree = &library.tree;
    let body = head(canvas, area, library, keys);
    if library.is_empty() {
        let add =
            keys.chord(Context::Library, Action::Add).map(|chord| format!(": {chord} adds one"));
        let text = format!("No folder is watched yet{}.", add.unwrap_or_default());
        canvas.put_fitting(below(body, 1), 0, 0, (&text, body.width), Role::Dim);
        return (Measure { height: body.height.into(), ..Measure::default() }, None);
    }
    let mut told = stage(canvas, library, usize::from(body.width));
    // Otherwise rows matter more.
    if area.height >= HIGHER {
        told.extend(vectors(canvas, library, usize::from(body.width)));
    }
    let air = u16::from(area.height >= HIGHER);
    put_rows(canvas, below(body, air), told.iter());
    let taken = u16::try_from(told.len()).unwrap_or(u16::MAX).saturating_add(2 * air);
    let mut body = below(body, taken);
    let mut cursor = None;
    if tree.is_finding || tree.is_filtered() {
        cursor = filter(canvas, rows(body, 0, 1), tree);
        body = below(body, 1 + air);
    }
    let mut details = details(canvas, (state, keys), body.width.into());
    // Where there is little room, what need not be told leaves its line to a row.
    // All that is wrong can be read, as long as rows have as much room.
    let most = TOLD.max(body.height / 2);
    let needed = u16::try_from(details.len()).unwrap_or(most).min(most);
    let detail_rows = match area.height {
        HIGHER.. => TOLD.max(needed) + air,
        HIGH.. => needed,
        _ => 0,
    };
    let list_rows = body.height.saturating_sub(detail_rows);
    let foot = below(body, list_rows);
    if air > 0 && needed > 0 {
        canvas.rule(foot, 0);
    }
    let foot = below(foot, air);
    shorten(canvas, &mut details, foot);
    put_rows(canvas, foot, details.iter());
    let body = rows(body, 0, list_rows);

    // Who stays on a row while others come and go above it stays where he is on the screen, too.
    let (number, before) = stand.drawn;
    if number != tree.rows.number {
        let top = stand.list.top + tree.selected;
        stand.list.top = top.saturating_sub(before);
    }
    stand.drawn = (tree.rows.number, tree.selected);
    let height = usize::from(body.height);
    let total = tree.rows.total;
    let top = stand.list.show((tree.selected, tree.selected + 1), total, height);
    let measure = Measure { top, height, lines: total, item: tree.selected, ..Measure::default() };
    if total == 0 {
        let text = nothing(library);
        let lines = Styled::new(text, canvas.style(Role::Dim)).wrapped(usize::from(body.width));
        put_rows(canvas, body, lines.iter());
        return (measure, cursor);
    }
    let columns = Columns::of(tree, usize::from(body.width));
    for (y, index) in (0..body.height).zip(top..total) {
        let Some(row) = tree.row(index) else { continue };
        let line = columns.lay(canvas, row, state);
        canvas.put_row(body, 0, y, &line);
        canvas.mark(rows(body, y, 1), Target::Row(index));
        if index == tree.selected {
            canvas.paint(rows(body, y, 1), Role::Selected);
        }
    }
    (measure, cursor)
}

fn head(canvas: &mut Canvas<'_>, area: Rect, library: &Library, keys: &Keys) -> Rect {
    let content = &library.content;
    let dot = canvas.signs.dot;
    if library.is_empty() {
        let back = [(Action::Back, "back")];
        let body = hints::head(canvas, area, ("Library", &[]), (keys, Context::Library), &back);
        return inset(body, 2, 1);
    }
    let mut told = vec![
        counted(content.folders.len() as u64, "folder", "folders"),
        format!(" {dot} {}", counted(content.documents, "document", "documents")),
    ];
    // Files are counted, as in the rows: one may have several problems. Where there is little room, what went wrong matters
    // more than how much there is.
    let rows = &library.tree.rows;
    let problems = if rows.number > 0 { rows.problems } else { content.problems };
    if problems > 0 {
        let files = counted(problems, "file", "files");
        told.push(format!(" {dot} {files} with problems"));
    }
    let passages = format!(" {dot} {}", counted(content.passages, "passage", "passages"));
    told.insert(if usize::from(area.width) < WIDE { told.len() } else { 2 }, passages);
    // What can be done stands in the status line, where there is room for it.
    let back = [(Action::Back, "back")];
    let body = hints::head(canvas, area, ("Library", &told), (keys, Context::Library), &back);
    inset(body, 2, 1)
}

/// Why there is no row.
fn nothing(library: &Library) -> &'static str {
    let tree = &library.tree;
    if !tree.filter.text().trim().is_empty() {
        "nothing has these words in its name, its title or its folders' names"
    } else if tree.only_problems {
        "everything could be read"
    } else {
        ""
    }
}

/// What is looked for, with the cursor while it is typed.
fn filter(canvas: &mut Canvas<'_>, area: Rect, tree: &Tree) -> Option<Position> {
    let mut x = canvas.put(area, 0, 0, "/", Role::Accent) + 1;
    if tree.only_problems {
        x = canvas.put(area, x, 0, "what could not be read", Role::Text) + 2;
    }
    let found = counted(tree.rows.files, "file", "files");
    let found_room = u16::try_from(found.len()).unwrap_or_default() + 2;
    let line = inset(area, x, found_room);
    let cursor = if tree.is_finding {
        prompt::draw(canvas, line, &tree.filter, "words of a name, a title or a folder")
    } else {
        canvas.put_fitting(line, 0, 0, (tree.filter.text(), line.width), Role::Text);
        None
    };
    canvas.put_right(area, x, 0, &found, Role::Dim);
    cursor
}

/// How far the index is.
fn stage(canvas: &Canvas<'_>, library: &Library, room: usize) -> Vec<Styled> {
    let dim = |text: String| Styled::new(text, canvas.style(Role::Dim));
    let more = canvas.signs.ellipsis;
    let stage = match &library.stage {
        Stage::Opening => dim(format!("opening the library{more}")),
        Stage::Scanning => dim(format!("looking for changes{more}")),
        Stage::Reading(progress) => measured(canvas, progress, ("reading", "documents"), room),
        Stage::Embedding(progress) => measured(canvas, progress, ("embedding", "passages"), room),
        Stage::Recognising(progress) => {
            measured(canvas, progress, ("reading scans", "pages"), room)
        }
        Stage::Ready => dim("up to date: changes on the disk are followed".to_owned()),
        Stage::Paused => dim("indexing rests until you let it go on".to_owned()),
        Stage::Elsewhere => {
            dim("another docent writes this index; this one reads what it writes".to_owned())
        }
        Stage::Failed(reason) => {
            Styled::new(format!("{} {reason}", canvas.signs.fault), canvas.style(Role::Error))
        }
    };
    stage.wrapped(room)
}

/// How much can be found by its meaning, and how changes are noticed where it is not by the kernel.
fn vectors(canvas: &Canvas<'_>, library: &Library, room: usize) -> Vec<Styled> {
    let dim = |text: String| Styled::new(text, canvas.style(Role::Dim));
    let content = &library.content;
    let mut lines = Vec::new();
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

fn measured(
    canvas: &Canvas<'_>,
    progress: &Progress,
    (verb, things): (&str, &str),
    room: usize,
) -> Styled {
    let Progress { done, of, per_second } = *progress;
    let style = canvas.style(Role::Dim);
    let is_wide = room >= WIDE;
    let (bar, gap) = if is_wide { (BAR, "   ") } else { (SMALL_BAR, " ") };
    let mut line = Styled::new(format!("{verb}{gap}"), style);
    line.append(&canvas.bar(bar, float(done) / float(of.max(1))));
    let (done_told, of_told) = (count(done as u64), count(of as u64));
    let counts = if is_wide {
        format!("{gap}{done_told} of {of_told} {things}")
    } else {
        format!("{gap}{done_told}/{of_told}")
    };
    line.push(&counts, style);
    if let Some(per_second) = per_second {
        let dot = canvas.signs.dot;
        let second = if is_wide { " a second" } else { "/s" };
        line.push(&format!(" {dot} {}{second}", rate(per_second)), style);
        if let Some(left) = time_left(of.saturating_sub(done), per_second) {
            line.push(&format!(" {dot} {left} left"), style);
        }
    }
    line
}

/// What is told of the chosen row: its place, all that is wrong with it, and its title.
fn details(canvas: &Canvas<'_>, (state, keys): (&State, &Keys), room: usize) -> Vec<Styled> {
    let library = &state.library;
    let Some(row) = library.tree.chosen() else { return Vec::new() };
    let path = row.path.to_string_lossy();
    let path = text::fit_end(&path, room, canvas.signs.ellipsis).into_owned();
    let mut lines = vec![Styled::new(path, canvas.style(Role::Dim))];
    let missing = matches!(row.kind, RowKind::Folder { missing: true, .. });
    if library.leaving.as_ref() == Some(&row.path) {
        let remove = keys.chord(Context::Library, Action::Remove);
        let remove = remove.map(|chord| chord.to_string()).unwrap_or_default();
        let text =
            format!("{remove} once more takes it out of the library; its files stay as they are");
        lines.extend(Styled::new(text, canvas.style(Role::Error)).wrapped(room));
    } else if missing {
        let text = "it is not there now: what was read in it is kept";
        lines.extend(Styled::new(text, canvas.style(Role::Error)).wrapped(room));
    }
    for problem in &row.problems {
        let mut line = Styled::new(reason(problem), canvas.style(Role::Text));
        line.push(&format!(": {}", problem.hint), canvas.style(Role::Dim));
        lines.extend(line.wrapped(room));
    }
    if !row.title.is_empty() {
        let title = text::fit_title(&row.title, room, canvas.signs.ellipsis);
        lines.push(Styled::new(title, canvas.style(Role::Dim)));
    }
    lines
}

/// Leaves out what has no room, and says that there is more.
fn shorten(canvas: &Canvas<'_>, lines: &mut Vec<Styled>, area: Rect) {
    if lines.len() > usize::from(area.height) {
        lines.truncate(area.height.into());
        if let Some(last) = lines.last_mut() {
            let more = canvas.signs.ellipsis;
            last.push(&format!(" {more}"), canvas.style(Role::Dim));
            *last = last.fitted(area.width.into(), more);
        }
    }
}

fn reason(problem: &Problem) -> String {
    let page = problem.page.map(|page| format!("p. {page} ")).unwrap_or_default();
    format!("{page}{}", problem.reason)
}

/// Where in a line is what.
struct Columns {
    room: usize,
    /// Cells of the names with what stands before them.
    names: usize,
    has_passages: bool,
    has_pages: bool,
}

impl Columns {
    fn of(tree: &Tree, room: usize) -> Self {
        let widths = tree.rows.rows.iter().map(|row| indent(row) + text::width(&row.name));
        // Files are told apart by their names: facts have what these leave.
        let has_problems = || tree.rows.rows.iter().any(|row| !row.problems.is_empty());
        let facts = match room {
            WIDE.. if has_problems() => FACTS.0,
            WIDE.. => PAGES + GAP + WHEN,
            _ => FACTS.1,
        };
        let most = room.saturating_sub(GAP + facts);
        let names = widths.max().unwrap_or_default().clamp(NAMES.min(most), most);
        // Titles have what all facts leave.
        let titled = tree
            .rows
            .rows
            .iter()
            .filter(|row| !row.title.is_empty())
            .map(|row| indent(row) + text::width(&row.name) + TITLE + text::width(&row.title));
        let spare = room.saturating_sub(GAP + PAGES + GAP + PASSAGES + GAP + WHEN);
        let names = names.max(titled.max().unwrap_or_default().min(spare));
        let facts = room.saturating_sub(names + GAP);
        Self {
            room,
            names,
            has_pages: facts >= PAGES + GAP + WHEN,
            has_passages: facts >= PAGES + GAP + PASSAGES + GAP + WHEN,
        }
    }

    fn lay(&self, canvas: &Canvas<'_>, row: &Row, state: &State) -> Styled {
        let more = canvas.signs.ellipsis;
        let mut line = Styled::new(" ".repeat(row.depth * INDENT), canvas.style(Role::Dim));
        let sign = match row.kind {
            RowKind::Folder { is_open: true, .. } => canvas.signs.below,
            RowKind::Folder { is_open: false, .. } => canvas.signs.chosen,
            RowKind::Document { .. } => " ",
        };
        line.push(&format!("{sign} "), canvas.style(Role::Dim));
        let role = match row.kind {
            RowKind::Folder { .. } => Role::Strong,
            RowKind::Document { state: Reading::Refused | Reading::Waiting, .. } => Role::Dim,
            RowKind::Document { .. } => Role::Text,
        };
        let room = self.names.saturating_sub(indent(row));
        let name = match row.depth {
            0 => text::fit_end(&row.name, room, more),
            _ => text::fit_middle(&row.name, room, more),
        };
        line.append(&Styled::new(name, canvas.style(role)).unit());
        let room = self.names.saturating_sub(line.width() + TITLE);
        if !row.title.is_empty() && room >= NAMES {
            line.push(&" ".repeat(TITLE), canvas.style(Role::Dim));
            let title = text::fit(&row.title, room, more).into_owned();
            line.append(&Styled::new(title, canvas.style(Role::Dim)).unit());
        }
        match &row.kind {
            RowKind::Folder { read, waiting, problems, missing, .. } => {
                // Its name is short: where it matters, what is told of it begins before the column.
                let after = line.width() + GAP;
                let counts = (*read, *waiting, *problems);
                let facts = folder(canvas, counts, *missing, self.room.saturating_sub(after));
                let column = self.room.saturating_sub(facts.width()).min(self.names + GAP);
                line.pad(column.max(after));
                line.append(&facts);
            }
            RowKind::Document { state: reading, extent } => {
                line.pad(self.names + GAP);
                self.document(canvas, &mut line, (row, *reading, *extent), state);
            }
        }
        line.fitted(self.room, more)
    }

    fn document(
        &self,
        canvas: &Canvas<'_>,
        line: &mut Styled,
        (row, reading, extent): (&Row, Reading, Option<Extent>),
        state: &State,
    ) {
        let dim = canvas.style(Role::Dim);
        if let Some(extent) = extent.filter(|_| self.has_pages) {
            let pages = if extent.paged {
                counted(extent.pages.into(), "page", "pages")
            } else {
                String::new()
            };
            line.push(&format!("{pages:>PAGES$}"), dim);
            line.push(&" ".repeat(GAP), dim);
        } else if self.has_pages && !row.problems.is_empty() {
            line.push(&" ".repeat(PAGES + GAP), dim);
        }
        match reading {
            Reading::Waiting => return line.push("waiting", dim),
            Reading::InWork => return line.push("being read", canvas.style(Role::Accent)),
            Reading::Read | Reading::Refused => {}
        }
        if let [first, others @ ..] = row.problems.as_slice() {
            line.push(&format!("{} ", canvas.signs.fault), canvas.style(Role::Error));
            line.push(&reason(first), canvas.style(Role::Text));
            if !others.is_empty() {
                line.push(&format!(" (and {} more)", others.len()), dim);
            }
            return;
        }
        let Some(extent) = extent else { return };
        if self.has_passages {
            let passages = counted(extent.passages, "passage", "passages");
            line.push(&format!("{passages:>PASSAGES$}"), dim);
            line.push(&" ".repeat(GAP), dim);
        }
        let now = &state.moment.now;
        let read = Timestamp::from_second(extent.read_at).unwrap_or_default();
        line.push(&format!("read {}", ago(read, now)), dim);
    }
}

/// Columns before a row's name.
fn indent(row: &Row) -> usize {
    row.depth * INDENT + SIGN
}

/// What is in a folder.
fn folder(
    canvas: &Canvas<'_>,
    (read, waiting, problems): (u64, u64, u64),
    missing: bool,
    room: usize,
) -> Styled {
    let mut line = Styled::default();
    let dim = canvas.style(Role::Dim);
    let gap = " ".repeat(GAP);
    line.push(&format!("{:>7} read", count(read)), dim);
    let told = |problems: String| {
        let mut rest = Styled::default();
        if waiting > 0 {
            rest.push(&format!("{} waiting", count(waiting)), dim);
        }
        let missing = if missing { "not there now" } else { "" };
        for fault in [&*problems, missing].into_iter().filter(|fault| !fault.is_empty()) {
            if !rest.is_empty() {
                rest.push(&gap, dim);
            }
            rest.push(&format!("{} ", canvas.signs.fault), canvas.style(Role::Error));
            rest.push(fault, dim);
        }
        rest
    };
    let mut rest = match problems {
        0 => told(String::new()),
        problems => told(format!("{} with problems", count(problems))),
    };
    if problems > 0 && line.width() + GAP + rest.width() > room {
        // The sign before it says what is counted.
        rest = told(count(problems));
    }
    if rest.is_empty() {
        return line;
    }
    line.push(&gap, dim);
    // Where nothing is read yet there is nothing to be seen of its progress.
    let has_progress = read > 0 && waiting > 0;
    if has_progress && line.width() + SMALL_BAR + 1 + rest.width() <= room {
        #[expect(clippy::cast_precision_loss, reason = "a bar has few cells")]
        let share = read as f64 / (read + waiting) as f64;
        line.append(&canvas.bar(SMALL_BAR, share));
        line.push(" ", dim);
    }
    line.append(&rest);
    line
}
