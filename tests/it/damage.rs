//! What does a user see when a file in docent's home is damaged?

use std::os::unix::fs::FileExt as _;
use std::path::Path;

use docent_index::store::Desk;

use crate::docent::Docent;

const PAGE: u64 = 4096;

/// Overwrites part of a file, from a page on.
fn overwrite(path: &Path, pages: std::ops::Range<u64>) {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    for page in pages {
        file.write_all_at(&[0xa5; 4096], page * PAGE).unwrap();
    }
}

#[test]
fn damage_that_a_search_comes_to_is_told_and_mended_by_the_next_start() {
    let docent = Docent::with_fixtures();
    let before = docent.json(["--status"]);
    let found = docent.found("notice period of the tenant");
    let library = docent.home().join("library.sqlite");
    let pages = library.metadata().unwrap().len() / PAGE;
    // Its first pages, which say what is where, are whole.
    overwrite(&library, pages / 4..pages);
    let damaged = std::fs::read(&library).unwrap();

    let searched = docent.run(["--search", "notice period of the tenant"]);
    assert_eq!(searched.code, Some(2), "{searched:?}");
    assert!(searched.stderr.contains("library.sqlite"), "{searched:?}");
    assert!(searched.stderr.contains("hint: run docent --index"), "{searched:?}");

    let indexed = docent.run(["--index"]);
    assert_eq!(indexed.code, Some(0), "{indexed:?}");
    assert!(indexed.stderr.contains("database was damaged: it is kept as"), "{indexed:?}");
    assert_eq!(std::fs::read(docent.home().join("library.sqlite.damaged")).unwrap(), damaged);
    assert_eq!(docent.json(["--status"]), before);
    assert_eq!(docent.found("notice period of the tenant"), found);
    let again = docent.run(["--index"]);
    assert!(!again.stderr.contains("damaged"), "{again:?}");
}

#[test]
fn a_damaged_desk_is_told_and_stands_in_nobodys_way() {
    let docent = Docent::with_fixtures();
    for question in [
        "What is the notice period of the tenant?",
        "At what bearing temperature does the HX 65-200 have to be stopped?",
    ] {
        assert_eq!(docent.run(["--ask", question]).code, Some(0));
    }
    let path = docent.home().join("desk.sqlite");
    overwrite(&path, 0..1);
    let damaged = std::fs::read(&path).unwrap();
    let searched = docent.run(["--search", "notice period of the tenant"]);
    assert_eq!(searched.code, Some(0), "{searched:?}");
    assert_eq!(std::fs::read(&path).unwrap(), damaged, "a search does not touch it");
    let indexed = docent.run(["--index"]);
    assert_eq!(indexed.code, Some(0), "{indexed:?}");
    assert!(indexed.stderr.contains("desk.sqlite.damaged-1"), "{indexed:?}");
    assert_eq!(std::fs::read(docent.home().join("desk.sqlite.damaged-1")).unwrap(), damaged);
    let asked =
        docent.run(["--ask", "At what bearing temperature does the HX 65-200 have to be stopped?"]);
    assert_eq!(asked.code, Some(0), "{asked:?}");
    assert_eq!(Desk::open(docent.home()).unwrap().heads().unwrap().len(), 1);
    let folders = &docent.json(["--status"])["folders"];
    assert_eq!(folders.as_array().unwrap().len(), 1, "the library knows its folders");
}
