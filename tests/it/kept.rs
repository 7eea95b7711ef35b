//! What does a home hold, without the numbers that differ from run to run?

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use docent_index::query::Query;
use docent_index::retrieve::{Request, Search};
use docent_index::store::{EmbedderId, Snapshot};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use tokio_util::sync::CancellationToken;

/// All of a library that does not differ between two that were made of the same files.
#[derive(Debug, PartialEq)]
pub(crate) struct Kept {
    /// Rows of each kind, as they would be printed.
    rows: BTreeMap<&'static str, BTreeSet<String>>,
}

/// What is compared: everything but numbers of rows, times, inodes and the whereabouts of the folder.
const ROWS: [(&str, &str); 7] = [
    (
        "document",
        "SELECT sha256, format, extractor_version, splitter_version, title, language, date, paged FROM document",
    ),
    ("tag", "SELECT d.sha256, t.name FROM tag t JOIN document d ON d.id = t.document_id"),
    ("file", "SELECT f.path, d.sha256, f.size FROM file f JOIN document d ON d.id = f.document_id"),
    ("file_problem", "SELECT path, kind FROM file_problem"),
    (
        "problem",
        "SELECT d.sha256, p.page, p.kind FROM problem p JOIN document d ON d.id = p.document_id",
    ),
    (
        "page",
        "SELECT d.sha256, p.number, p.label, p.text, p.lines, p.words, p.recognised
         FROM page p JOIN document d ON d.id = p.document_id",
    ),
    (
        "passage",
        "SELECT d.sha256, row_number() OVER (PARTITION BY d.id ORDER BY p.id), p.page, p.start, p.text, p.first_line,
                p.last_line, p.headings, p.sentences, p.context, p.embedded_hash,
                (SELECT group_concat(hex(e.sha256)) FROM vector v JOIN embedder e ON e.id = v.embedder_id
                 WHERE v.passage_id = p.id)
         FROM passage p JOIN document d ON d.id = p.document_id",
    ),
];

impl Kept {
    /// What the library of a home holds, after making sure that it is sound in itself.
    #[track_caller]
    pub(crate) fn of(home: &Path) -> Self {
        let library = open(&home.join("library.sqlite"));
        check_sound(&library);
        check_found(home, &library);
        let read = |(name, sql): &(&'static str, &str)| {
            let mut statement = library.prepare(sql).unwrap();
            let columns = statement.column_count();
            let rows = statement
                .query_map([], |row| {
                    let values: Vec<Value> =
                        (0..columns).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?;
                    Ok(format!("{values:?}"))
                })
                .unwrap();
            (*name, rows.map(Result::unwrap).collect())
        };
        Self { rows: ROWS.iter().map(read).collect() }
    }

    /// Fails with the rows that one of both lacks.
    #[track_caller]
    pub(crate) fn check(&self, expected: &Self, when: &str) {
        for (name, rows) in &self.rows {
            let expected = &expected.rows[name];
            let short = |row: &&String| row.chars().take(400).collect::<String>();
            let missing: Vec<_> =
                expected.difference(rows).map(|row| short(&row)).take(3).collect();
            let strange: Vec<_> =
                rows.difference(expected).map(|row| short(&row)).take(3).collect();
            assert!(
                missing.is_empty() && strange.is_empty(),
                "{when}: of {name}, missing: {missing:#?}, strange: {strange:#?}"
            );
        }
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.rows[name].len()
    }
}

pub(crate) fn open(database: &Path) -> Connection {
    Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

#[track_caller]
fn check_sound(library: &Connection) {
    let number = |sql: &str| library.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let told: String = library.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(told, "ok");
    assert!(!library.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
    for (orphans, sql) in [
        (
            "documents that no file has",
            "SELECT count(*) FROM document WHERE id NOT IN (SELECT document_id FROM file)",
        ),
        (
            "what OCR read in contents that no document has",
            "SELECT count(*) FROM recognition WHERE sha256 NOT IN (SELECT sha256 FROM document)",
        ),
        (
            "passages without a vector",
            "SELECT count(*) FROM passage WHERE id NOT IN (SELECT passage_id FROM vector)",
        ),
    ] {
        assert_eq!(number(sql), 0, "{orphans}");
    }
}

/// Each passage is found by its words and by its vector: the indexes hold what the database holds.
#[track_caller]
fn check_found(home: &Path, library: &Connection) {
    let snapshot = Snapshot::open(home).unwrap();
    let mut statement = library
        .prepare(
            "SELECT p.text, v.vector, e.sha256 FROM passage p JOIN vector v ON v.passage_id = p.id
             JOIN embedder e ON e.id = v.embedder_id",
        )
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let text: String = row.get(0).unwrap();
        let vector: Vec<u8> = row.get(1).unwrap();
        let vector: Vec<f32> =
            vector.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let embedder = EmbedderId(row.get(2).unwrap());
        let found = |query: &Query, top, vector: Option<(&EmbedderId, &[f32])>| -> Vec<String> {
            let cancel = CancellationToken::new();
            let search = Search::prepare(&snapshot, Request::new(query, top), &cancel).unwrap();
            let found = search.run(vector, &cancel).unwrap();
            found.hits.into_iter().map(|hit| hit.text).collect()
        };
        // No word of it is in any text: vectors decide alone.
        let strange = Query::plain("qxqxqx");
        let near = found(&strange, 3, Some((&embedder, &vector)));
        assert!(near.contains(&text), "by its vector: {text:?} among {near:#?}");
        let words: Vec<&str> = text
            .split(|sign: char| !sign.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let words = words.iter().take(12).copied().collect::<Vec<_>>().join(" ");
        let by_words = found(&Query::plain(&words), 30, None);
        assert!(words.is_empty() || by_words.contains(&text), "by its words: {text:?}");
    }
}
