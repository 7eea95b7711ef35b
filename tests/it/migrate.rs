//! Does a home that an older docent wrote go on?
//!
//! `fixtures/stores` holds what the programs of their time wrote: see its README.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use docent_index::document::ContentHash;
use docent_index::extract::EXTRACTOR_VERSION;
use docent_index::split::SPLITTER_VERSION;
use docent_index::store::{Desk, Snapshot};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::docent::{Docent, fixture};
use crate::kept::{Kept, open};

/// The older schemas of which there is a home: of the library, and of the desk.
const LIBRARIES: [u32; 2] = [1, 2];
const DESKS: [u32; 4] = [1, 2, 3, 4];

/// A home as a docent of that schema left it, with the documents that were read.
pub(crate) fn old_store(schema: u32) -> Docent {
    let docent = Docent::new();
    let library = docent.library().canonicalize().unwrap();
    for name in ["library", "desk"] {
        let packed = std::fs::File::open(fixture(&format!("stores/{schema}/{name}.sqlite.gz")));
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(packed.unwrap()).read_to_end(&mut bytes).unwrap();
        let path = docent.home().join(name).with_extension("sqlite");
        std::fs::write(&path, bytes).unwrap();
        // It was written of another place.
        let database = Connection::open(path).unwrap();
        let folder = library.as_os_str().as_encoded_bytes();
        assert_eq!(database.execute("UPDATE folder SET path = ?1", [folder]).unwrap(), 1);
    }
    for file in files(docent.home()) {
        let to = docent.library().join(&file);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(fixture("library").join(&file), to).unwrap();
    }
    docent
}

fn files(home: &Path) -> BTreeSet<String> {
    let library = open(&home.join("library.sqlite"));
    let mut statement = library.prepare("SELECT CAST(path AS TEXT) FROM file").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// What the embedder was given for each passage, which may come more than once.
fn embedded(home: &Path) -> Vec<Vec<u8>> {
    let library = open(&home.join("library.sqlite"));
    let mut statement = library
        .prepare("SELECT embedded_hash FROM passage WHERE id IN (SELECT passage_id FROM vector)")
        .unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn an_older_library_is_taken_over_and_embeds_only_what_is_new() {
    for schema in LIBRARIES {
        let docent = old_store(schema);
        let old = embedded(docent.home());
        let library = open(&docent.home().join("library.sqlite"));
        let outdated: i64 = library
            .query_row(
                "SELECT count(*) FROM document WHERE (extractor_version, splitter_version) <> (?1, ?2)",
                [EXTRACTOR_VERSION, SPLITTER_VERSION],
                |row| row.get(0),
            )
            .unwrap();
        drop(library);
        let files = files(docent.home()).len();
        // Who only reads changes nothing, and says who does.
        let refused = docent.run(["--search", "notice"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(
            refused.stderr.contains("an older docent") && refused.stderr.contains("docent --index")
        );
        let summary = docent.json(["--index"]);
        let new = embedded(docent.home());
        let fresh = new.iter().filter(|hash| !old.contains(hash)).count();
        let done = ["files", "read", "unchanged", "gone", "embedded"].map(|name| &summary[name]);
        let read = usize::try_from(outdated).unwrap();
        assert_eq!(done, [files, read, files - read, 0, fresh].map(Value::from).each_ref());

        let expected = Docent::new();
        let printed = expected.run(["--index".as_ref(), docent.library().as_os_str()]);
        assert_eq!(printed.code, Some(0), "{printed:?}");
        let expected = Kept::of(expected.home());
        assert!(expected.count("passage") > 20);
        Kept::of(docent.home()).check(&expected, &format!("schema {schema}"));
        let again = docent.json(["--index"]);
        assert_eq!((&again["read"], &again["embedded"]), (&json!(0), &json!(0)));
    }
}

#[test]
fn the_conversations_of_an_older_docent_are_kept_and_their_citations_open() {
    for schema in DESKS {
        let docent = old_store(schema);
        let turns = |path: &Path| -> Vec<(i64, String, String)> {
            let desk = Connection::open(path).unwrap();
            let mut statement =
                desk.prepare("SELECT asked_at, question, answer FROM turn ORDER BY id").unwrap();
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            statement.query_map([], row).unwrap().map(Result::unwrap).collect()
        };
        let path = docent.home().join("desk.sqlite");
        let before = turns(&path);
        assert_eq!(before.len(), 2);
        docent.index();
        assert_eq!(turns(&path), before);
        // A desk can't be made anew: its older self is kept beside it.
        assert_eq!(turns(&path.with_extension(format!("sqlite.{schema}"))), before);

        let desk = Desk::open(docent.home()).unwrap();
        assert_eq!(desk.heads().unwrap().len(), 2);
        let snapshot = Snapshot::open(docent.home()).unwrap();
        let mut cited = 0;
        for (_, _, answer) in before {
            let answer: Value = serde_json::from_str(&answer).unwrap();
            for citation in answer["citations"].as_array().unwrap() {
                let hash = citation["sha256"].as_str().unwrap().as_bytes();
                let mut bytes = [0; 32];
                for (byte, digits) in bytes.iter_mut().zip(hash.chunks(2)) {
                    *byte = u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap();
                }
                let document = snapshot.document_with(&ContentHash(bytes)).unwrap().unwrap();
                let quote = citation["quote"].as_str().unwrap();
                let page = citation["page"].as_u64().unwrap_or(1);
                let page = snapshot.page(document, u32::try_from(page).unwrap()).unwrap().unwrap();
                let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(words(&page.text).contains(&words(quote)), "{quote:?} on {:?}", page.text);
                cited += 1;
            }
        }
        assert!(cited >= 2);
        let exported = docent.library().join("last.json");
        let name = exported.to_str().unwrap();
        let printed = docent.run(["--export", name, "--conversation", "last"]);
        assert_eq!(printed.code, Some(0), "{printed:?}");
    }
}

/// What a newer docent has written is neither read nor touched; a desk of its does not keep the library from being used.
#[test]
fn what_a_newer_docent_wrote_is_left_alone() {
    for (name, code) in [("library", 2), ("desk", 0)] {
        let docent = Docent::new();
        docent.write("lease.md", "# Lease\n\nThe landlord repairs the roof within six weeks.\n");
        docent.index();
        drop(Desk::open(docent.home()).unwrap());
        let path = docent.home().join(name).with_extension("sqlite");
        let database = Connection::open(&path).unwrap();
        database.pragma_update(None, "user_version", 9).unwrap();
        drop(database);
        let before = std::fs::read(&path).unwrap();
        let indexed = docent.run(["--index"]);
        assert_eq!(indexed.code, Some(code), "{indexed:?}");
        assert!(indexed.stderr.contains("was written by a newer docent (version 9"), "{indexed:?}");
        let searched = docent.run(["--search", "roof"]);
        assert_eq!(searched.code, Some(code), "{searched:?}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
