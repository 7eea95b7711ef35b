//! The library's tree: rows that are asked for and come.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{after, effects, in_context, measures, ready};
use crate::state::action::Action;
use crate::state::effect::{Effect, WantedRows};
use crate::state::library::Problem;
use crate::state::message::{LibraryReport, Message, Rows};
use crate::state::tree::{Reading, Row, RowKind};
use crate::state::{Context, State};

fn row(path: &str, depth: usize) -> Row {
    let path = PathBuf::from(path);
    let scan = Problem {
        page: None,
        reason: "has no text layer, only pictures".into(),
        hint: "install tesseract".into(),
    };
    let problems = if path.ends_with("scan.pdf") { vec![scan] } else { Vec::new() };
    let kind = match path.extension() {
        Some(_) => RowKind::Document { state: Reading::Read, extent: None },
        None => {
            RowKind::Folder { is_open: false, read: 4, waiting: 0, problems: 0, missing: false }
        }
    };
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    Row { path, name, title: String::new(), depth, problems, kind }
}

/// All rows of a small library of which `/cases` is open.
pub(super) fn rows(number: u64) -> Rows {
    let rows = vec![
        row("/cases", 0),
        row("/cases/oak", 1),
        row("/cases/lease.pdf", 1),
        row("/cases/scan.pdf", 1),
        row("/notes", 0),
    ];
    Rows { number, first: 0, total: rows.len(), rows, files: 4, problems: 1, selected: 2 }
}

/// The library view with its rows.
pub(super) fn listed_library() -> State {
    let state = after(ready(), [Message::Do(Action::Library)]);
    let mut state = after(state, [told(rows(1)), Message::Drawn(measures())]);
    state.library.tree.open.insert("/cases".into());
    state
}

fn told(rows: Rows) -> Message {
    Message::Library(LibraryReport::Rows(Box::new(rows)))
}

/// Rows that could be asked for in any test, some of them few of many.
pub(super) fn any_rows() -> impl Strategy<Value = Rows> {
    (0_u64..9, 0_usize..3, 0_usize..9).prop_map(|(number, part, selected)| {
        let all = rows(number);
        match part {
            0 => Rows { number, ..Rows::default() },
            1 => Rows { selected, ..all },
            _ => Rows { first: 900, total: 2_000, selected: 902, ..all },
        }
    })
}

/// What is asked for by the only effect.
#[track_caller]
fn wanted(effects: &[Effect]) -> &WantedRows {
    match effects {
        [Effect::ListLibrary(wanted)] => wanted,
        other => panic!("{other:?}"),
    }
}

fn act(state: &mut State, actions: &[Action]) -> Vec<Effect> {
    effects(state, actions.iter().copied().map(Message::Do))
}

/// The path of the chosen row.
fn chosen(state: &State) -> Option<&Path> {
    state.library.tree.chosen().map(|row| &*row.path)
}

#[test]
fn a_folder_leaves_only_when_asked_twice() {
    let mut state = listed_library();
    state.library.tree.selected = 0;
    assert!(act(&mut state, &[Action::Remove]).is_empty());
    assert!(act(&mut state, &[Action::End, Action::Remove]).is_empty());
    assert_eq!(act(&mut state, &[Action::Remove]), [Effect::RemoveFolder("/notes".into())]);
    // What lies in a folder leaves by itself when it is told to be left out.
    state.library.tree.selected = 2;
    assert!(act(&mut state, &[Action::Remove, Action::Remove]).is_empty());
    assert!(state.notice.unwrap().0.text.contains(".docentignore"));
}

#[test]
fn folders_open_and_close_and_documents_open() {
    let mut state = listed_library();
    state.library.tree.selected = 1;
    let asked = act(&mut state, &[Action::Open]);
    assert!(wanted(&asked).open.contains(Path::new("/cases/oak")));
    assert_eq!(wanted(&asked).chosen, Some((1, "/cases/oak".into())));
    let asked = act(&mut state, &[Action::Collapse]);
    assert!(!wanted(&asked).open.contains(Path::new("/cases/oak")));
    assert!(act(&mut state, &[Action::Collapse]).is_empty());
    assert_eq!(chosen(&state), Some(Path::new("/cases")));
    assert!(act(&mut state, &[Action::Expand]).is_empty(), "an open one is entered");
    assert_eq!(chosen(&state), Some(Path::new("/cases/oak")));
    let opened = act(&mut state, &[Action::Down, Action::Open]);
    let [Effect::OpenDocument(document)] = opened.as_slice() else { panic!("{opened:?}") };
    assert_eq!((&*document.path, &*document.passage), (Path::new("/cases/lease.pdf"), ""));
    assert_eq!(
        act(&mut state, &[Action::ReadAgain]),
        [Effect::ReadAgain("/cases/lease.pdf".into())]
    );
}

#[test]
fn the_chosen_row_is_stayed_on_when_others_come() {
    let mut state = listed_library();
    assert_eq!(chosen(&state), Some(Path::new("/cases/lease.pdf")));
    let asked =
        effects(&mut state, [Message::Library(LibraryReport::Content(Box::new(super::content())))]);
    let number = wanted(&asked).number;
    assert!(wanted(&asked).look);
    let mut more = rows(number);
    more.rows.insert(1, row("/cases/new", 1));
    (more.total, more.selected) = (6, 0);
    state = after(state, [told(more.clone())]);
    assert_eq!(chosen(&state), Some(Path::new("/cases/lease.pdf")));
    // When it has gone, the place is what the answer says.
    more.rows.remove(3);
    (more.total, more.selected, more.number) = (5, 3, number + 1);
    let asked = act(&mut state, &[Action::Problems]);
    assert_eq!(wanted(&asked).number, number + 1);
    state = after(state, [told(more)]);
    assert_eq!(chosen(&state), Some(Path::new("/cases/scan.pdf")));
}

#[test]
fn rows_are_asked_for_before_they_are_reached_and_once() {
    let mut state = listed_library();
    let many: Vec<Row> = (0..401).map(|n| row(&format!("/cases/{n}.pdf"), 1)).collect();
    let asked = act(&mut state, &[Action::Problems]);
    let number = wanted(&asked).number;
    let rows = Rows {
        number,
        first: 0,
        rows: many,
        total: 10_000,
        files: 9_999,
        problems: 1,
        selected: 0,
    };
    state = after(state, [told(rows)]);
    let mut asked = Vec::new();
    for _ in 0..300 {
        asked.extend(act(&mut state, &[Action::Down]));
    }
    let wanted = wanted(&asked);
    assert!(!wanted.look && (250..300).contains(&wanted.selected), "{}", wanted.selected);
    // The parent of what is far away is found by who knows all rows.
    let asked = act(&mut state, &[Action::End]);
    assert_eq!(asked.len(), 1);
    assert_eq!(state.library.tree.selected, 9_999);
    assert!(state.library.tree.chosen().is_none());
}

#[test]
fn the_folder_around_is_found_also_where_its_row_is_not_known() {
    let mut state = listed_library();
    let asked = act(&mut state, &[Action::Problems]);
    let many: Vec<Row> = (0..401).map(|n| row(&format!("/cases/{n}.pdf"), 1)).collect();
    let number = wanted(&asked).number;
    let rows = Rows {
        number,
        first: 5_000,
        rows: many,
        total: 10_000,
        files: 9_999,
        problems: 1,
        selected: 5_200,
    };
    state = after(state, [told(rows)]);
    let asked = act(&mut state, &[Action::Collapse]);
    assert_eq!(wanted(&asked).chosen, Some((0, "/cases".into())));
    let number = wanted(&asked).number;
    state = after(state, [told(super::library::rows(number)), Message::Drawn(measures())]);
    assert_eq!(state.library.tree.selected, 2);
}

#[test]
fn what_is_typed_filters_and_escape_shows_all_again_around_the_chosen_row() {
    let mut state = listed_library();
    state = after(state, [Message::Do(Action::Find)]);
    assert_eq!(state.context(), Context::Find);
    let asked = effects(&mut state, ["l", "e"].map(|c| Message::Paste(c.into())));
    let [_, Effect::ListLibrary(last)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(last.filter, "le");
    let found = Rows {
        rows: vec![row("/cases", 0), row("/cases/oak", 1), row("/cases/oak/lease.pdf", 2)],
        total: 3,
        selected: 2,
        ..rows(last.number)
    };
    state = after(state, [told(found), Message::Do(Action::Confirm)]);
    assert_eq!(state.context(), Context::Library);
    assert_eq!(state.library.tree.filter.text(), "le");
    state.library.tree.selected = 2;
    let asked = act(&mut state, &[Action::Back]);
    assert_eq!(wanted(&asked).filter, "");
    assert!(wanted(&asked).open.contains(Path::new("/cases/oak")));
    assert_eq!(wanted(&asked).chosen, Some((2, "/cases/oak/lease.pdf".into())));
    assert!(act(&mut state, &[Action::Back]).is_empty());
    assert_eq!(state.context(), Context::Question);
}

#[test]
fn enter_opens_what_is_found_also_when_it_comes_first() {
    let mut state = listed_library();
    let typed = [Message::Do(Action::Find), Message::Paste("scan".into())];
    let asked = effects(&mut state, typed);
    let found = Rows {
        rows: vec![row("/cases", 0), row("/cases/scan.pdf", 1)],
        total: 2,
        selected: 1,
        ..rows(wanted(&asked).number)
    };
    assert!(act(&mut state, &[Action::Confirm, Action::Open]).is_empty());
    let opened = effects(&mut state, [told(found)]);
    let [Effect::OpenDocument(document)] = opened.as_slice() else { panic!("{opened:?}") };
    assert_eq!(document.path, Path::new("/cases/scan.pdf"));
}

#[test]
fn a_library_of_one_folder_is_open_from_the_start() {
    let mut state = ready();
    state.library.content.folders.truncate(1);
    let asked = act(&mut state, &[Action::Library]);
    assert!(wanted(&asked).open.contains(Path::new("/cases")));
}

#[test]
fn a_folder_that_is_added_is_gone_to() {
    let state = after(listed_library(), [Message::Do(Action::Problems), Message::Do(Action::Add)]);
    let mut state = state;
    let added = Message::Library(LibraryReport::FolderAdded("/new".into()));
    let asked = state.update(added);
    let [Effect::ListLibrary(wanted)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(wanted.chosen, Some((0, "/new".into())));
    assert!(wanted.open.contains(Path::new("/new")) && !wanted.only_problems);
}

#[test]
fn what_was_looked_for_is_marked_when_it_is_looked_for_again() {
    let state = after(in_context(Context::Find), [Action::Confirm, Action::Find].map(Message::Do));
    assert!(state.library.tree.filter.is_marked());
    let state = after(state, [Message::Type('x')]);
    assert_eq!(state.library.tree.filter.text(), "x");
}
