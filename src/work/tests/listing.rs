//! The library's rows, as the screen asks for them.

use std::path::Path;

use super::{Place, Screen};
use crate::state::effect::{Effect, WantedRows};
use crate::state::library::Stage;
use crate::state::message::{LibraryReport, Message, Rows};
use crate::state::notice::{Kind, Notice};
use crate::state::tree::{Reading, Row, RowKind};

/// All rows with these folders open.
fn wanted(number: u64, open: &[&Path]) -> WantedRows {
    let open = open.iter().map(|path| (*path).to_owned()).collect();
    WantedRows { number, open, around: 100, look: true, ..WantedRows::default() }
}

#[track_caller]
fn rows(screen: &mut Screen, wanted: WantedRows) -> Rows {
    let number = wanted.number;
    screen.act(Effect::ListLibrary(Box::new(wanted)));
    screen.wait(|message| match message {
        Message::Library(LibraryReport::Rows(rows)) if rows.number == number => Some(*rows),
        _ => None,
    })
}

fn names(rows: &Rows) -> Vec<&str> {
    rows.rows.iter().map(|row| row.name.as_str()).collect()
}

/// When a document was read; none while it is being read again.
fn read_at(row: &Row) -> Option<i64> {
    match row.kind {
        RowKind::Document { extent: Some(extent), state: Reading::Read } => Some(extent.read_at),
        _ => None,
    }
}

#[test]
fn the_library_is_told_in_rows_and_what_is_wanted_is_read_again() {
    let place = Place::new();
    place.write("cases/oak/call.md", "She called about the break date.\n");
    place.write("cases/broken.pdf", "%PDF-1.7 and nothing else");
    let mut screen = place.ready();
    let root = place.root();
    let all = rows(&mut screen, wanted(1, &[]));
    // The user's home is this folder.
    assert_eq!((names(&all), all.total, all.files), (vec!["~"], 1, 3));
    let cases = root.join("cases");
    let open = [root.as_path(), cases.as_path()];
    let all = rows(&mut screen, wanted(2, &open));
    assert_eq!(names(&all), ["~", "cases", "oak", "broken.pdf", "lease.md"]);
    let RowKind::Folder { read, waiting, problems, missing, .. } = all.rows[0].kind else {
        panic!("{all:?}")
    };
    assert_eq!((waiting, problems, missing), (0, 1, false));
    assert!(read >= 2, "{read}");
    assert!(!all.rows[3].problems.is_empty());
    let RowKind::Document { extent: Some(extent), .. } = all.rows[4].kind else {
        panic!("{all:?}")
    };
    assert!(!extent.paged && extent.passages >= 2, "{extent:?}");

    // A part of the rows, around the one that was chosen.
    let chosen = Some((2, cases.join("broken.pdf")));
    let part = rows(&mut screen, WantedRows { chosen, around: 1, ..wanted(3, &open) });
    assert_eq!(
        (names(&part), part.first, part.total, part.selected),
        (vec!["oak", "broken.pdf", "lease.md"], 2, 5, 3)
    );
    let filter = WantedRows { filter: "OAK call".to_owned(), ..wanted(4, &[]) };
    let found = rows(&mut screen, filter);
    assert_eq!((names(&found), found.selected), (vec!["~", "cases", "oak", "call.md"], 3));

    let lease = root.join("lease.md");
    let before = read_at(&all.rows[4]).unwrap();
    let mut number = 4;
    // Its time of reading is told in seconds.
    loop {
        screen.act(Effect::ReadAgain(lease.clone()));
        let told = format!("`{}` is read again", lease.display());
        assert_eq!(screen.wait_for_notice(), Notice::note(told));
        number += 1;
        let again = read_at(&rows(&mut screen, wanted(number, &open)).rows[4]);
        if again.is_some_and(|again| again > before) {
            break;
        }
    }
    assert_eq!(screen.found("\"repairs the roof\""), ["lease.md"]);
    screen.act(Effect::ReadAgain("/nowhere/at/all".into()));
    let refused = screen.wait_for_notice();
    assert_eq!(
        (refused.kind, refused.text.as_str()),
        (Kind::Error, "`/nowhere/at/all` is not in the library")
    );
}

#[test]
fn what_rests_is_told_as_waiting() {
    let place = Place::new();
    let mut screen = place.ready();
    screen.act(Effect::Pause(true));
    screen.until(|screen| screen.stage == Stage::Paused);
    let root = place.root();
    screen.act(Effect::ReadAgain(root.clone()));
    assert_eq!(screen.wait_for_notice().kind, Kind::Note);
    let all = rows(&mut screen, wanted(1, &[&root]));
    assert_eq!(names(&all), ["~", "lease.md"]);
    screen.act(Effect::Pause(false));
    screen.until(|screen| screen.stage == Stage::Ready);
}

#[test]
fn a_second_docent_lists_what_the_first_one_writes_and_has_it_read_again() {
    let place = Place::new();
    let mut first = place.ready();
    let mut second = Screen::open(place.setting());
    second.until(|screen| screen.stage == Stage::Elsewhere && screen.content.documents == 1);
    let root = place.root();
    assert_eq!(names(&rows(&mut second, wanted(1, &[&root]))), ["~", "lease.md"]);
    second.act(Effect::ReadAgain(root.join("lease.md")));
    let told = format!("`{}` is read again", root.join("lease.md").display());
    assert_eq!(second.wait_for_notice(), Notice::note(told));
    first.until(|screen| matches!(screen.stage, Stage::Scanning | Stage::Reading(_)));
    first.until(|screen| screen.stage == Stage::Ready);
    place.write("pump.md", "The pump leaks.\n");
    second.until(|screen| screen.content.documents == 2);
    assert_eq!(names(&rows(&mut second, wanted(2, &[&root]))), ["~", "lease.md", "pump.md"]);
}
