//! How are documents, files, passages and vectors written to the library's database and read from it?
//!
//! Each function is one statement or a few; transactions and the derived indexes are the caller's.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use sha2::{Digest as _, Sha256};

use super::fulltext::{Entry, Label};
use super::snapshot::Place;
use super::vectors::PassageSet;
use super::{EmbedderId, StoreError, create_if_missing, migrate, pack};
use crate::document::{
    ContentHash, Document, DocumentId, Fingerprint, FolderId, Passage, PassageId, Problem,
    ProblemKind,
};
use crate::extract::{Format, Recognition, is_for_ocr};
use crate::scan::{KnownFile, Versions};
use crate::words::Stemming;

const STEPS: [&str; 3] =
    [include_str!("library.sql"), include_str!("library2.sql"), include_str!("library3.sql")];

/// Names of a document's files that are indexed; more copies of the same content add nothing to find.
const MOST_NAMES: usize = 8;

/// A watched root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub id: FolderId,
    /// Absolute.
    pub path: PathBuf,
}

/// A document that is in the library already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundDocument {
    pub id: DocumentId,
    /// By which it was read; with older ones it is to be read again.
    pub versions: Versions,
}

/// All that was made of a content.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    pub content: ContentHash,
    pub format: Format,
    pub versions: Versions,
    pub document: &'a Document,
    pub passages: &'a [Passage],
    /// Seconds since 1970.
    pub indexed_at: i64,
}

/// How much is in the library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub folders: u64,
    pub files: u64,
    /// Distinct contents; a file that could not be read at all has none.
    pub documents: u64,
    pub pages: u64,
    pub passages: u64,
    /// Those of the passages that have a vector of the embedder that was asked for.
    pub embedded: u64,
    pub problems: u64,
}

/// A document with pages that OCR is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    pub content: ContentHash,
    /// Absolute; one of its files.
    pub path: PathBuf,
    /// A BCP 47 tag, where the document says it.
    pub language: Option<String>,
    /// The numbers of the pages that OCR has not read yet, in order; none when all it takes is to read the document anew.
    pub unread: Vec<u32>,
}

/// A problem and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedProblem {
    /// Absolute.
    pub path: PathBuf,
    pub problem: Problem,
}

/// Opens the writer's connection, and makes the database where there is none.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    // Made here so that SQLite gives its log, which has the rights of the database, no others.
    create_if_missing(path)?;
    let failed = |source| StoreError::Database { path: path.to_owned(), source };
    let mut connection = Connection::open(path).map_err(failed)?;
    configure(&connection).map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    // The hashes by which vectors are taken over go to all places of their index: it should stay in memory. In KiB.
    connection.pragma_update(None, "cache_size", -32_768).map_err(failed)?;
    // A power cut can lose the last transactions, which are read again from the files, and damages nothing.
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
    migrate::migrate(&mut connection, path, &STEPS)?;
    // Touches the parts that everything else stands on, so that damage shows here, where it can be mended.
    generation(&connection).and_then(|_| folders(&connection)).map_err(failed)?;
    if is_cut_short(&connection, path).map_err(failed)? {
        return Err(StoreError::Damaged {
            path: path.to_owned(),
            what: "its end is missing".into(),
        });
    }
    Ok(connection)
}

/// Whether the file is shorter than it says. What stands in the log is not in the file yet.
fn is_cut_short(connection: &Connection, path: &Path) -> rusqlite::Result<bool> {
    let number = |pragma| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let told = number("PRAGMA page_count")? * number("PRAGMA page_size")?;
    let length = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Ok(length(Path::new(&log)) == 0 && length(path) < told.cast_unsigned())
}

/// Whether every table has the columns that it was made with.
pub(super) fn has_all_columns(connection: &Connection) -> rusqlite::Result<bool> {
    let columns = |connection: &Connection| -> rusqlite::Result<Vec<(String, String)>> {
        connection
            .prepare(
                "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
                 WHERE t.type = 'table' ORDER BY 1, 2",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    };
    let model = Connection::open_in_memory()?;
    STEPS.iter().try_for_each(|step| model.execute_batch(step))?;
    let wanted = columns(&model)?;
    let found: HashSet<_> = columns(connection)?.into_iter().collect();
    Ok(wanted.iter().all(|column| found.contains(column)))
}

/// The folders that a damaged database still tells.
pub(super) fn legible_folders(damaged: &Path) -> Vec<PathBuf> {
    let flags =
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(damaged, flags)
        .and_then(|connection| folders(&connection))
        .map(|folders| folders.into_iter().map(|folder| folder.path).collect())
        .unwrap_or_default()
}

/// Opens a reader's connection.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::Database { path: path.to_owned(), source };
    if !path.exists() {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let flags =
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    configure(&connection).map_err(failed)?;
    let version: u32 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    match (version as usize).cmp(&STEPS.len()) {
        std::cmp::Ordering::Equal => Ok(connection),
        // The writer has made the file and not yet its tables.
        std::cmp::Ordering::Less if version == 0 => {
            Err(StoreError::Missing { path: path.to_owned() })
        }
        std::cmp::Ordering::Less => Err(StoreError::Older { path: path.to_owned() }),
        std::cmp::Ordering::Greater => Err(StoreError::Newer {
            path: path.to_owned(),
            found: version as usize,
            known: STEPS.len(),
        }),
    }
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Sorting and other scratch data hold text: it goes to no file.
    connection.pragma_update(None, "temp_store", "MEMORY")
}

pub(super) fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(unix)]
pub(super) fn path_from(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes))
}

#[cfg(not(unix))]
pub(super) fn path_from(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn generation(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT generation FROM state")?
        .query_row([], |row| row.get::<_, i64>(0))
        .map(i64::cast_unsigned)
}

fn step_generation(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE state SET generation = generation + 1")?
        .execute([])
        .map(drop)
}

pub(super) fn folders(connection: &Connection) -> rusqlite::Result<Vec<Folder>> {
    connection
        .prepare_cached("SELECT id, path FROM folder ORDER BY id")?
        .query_map([], |row| {
            Ok(Folder { id: FolderId(row.get(0)?), path: path_from(row.get(1)?) })
        })?
        .collect()
}

/// The folders that hold documents, with how many distinct ones.
pub(super) fn documents_of_folders(
    connection: &Connection,
) -> rusqlite::Result<HashMap<FolderId, u64>> {
    connection
        .prepare_cached(
            "SELECT folder_id, count(DISTINCT document_id) FROM file GROUP BY folder_id",
        )?
        .query_map([], |row| Ok((FolderId(row.get(0)?), row.get::<_, i64>(1)?.cast_unsigned())))?
        .collect()
}

pub(super) fn add_folder(connection: &Connection, path: &Path) -> rusqlite::Result<FolderId> {
    let bytes = path_bytes(path);
    connection.execute("INSERT OR IGNORE INTO folder (path) VALUES (?1)", [bytes])?;
    connection
        .query_row("SELECT id FROM folder WHERE path = ?1", [bytes], |row| row.get(0))
        .map(FolderId)
}

/// Returns the documents that lay in it.
pub(super) fn remove_folder(
    transaction: &Transaction<'_>,
    folder: FolderId,
) -> rusqlite::Result<Vec<i64>> {
    let documents = transaction
        .prepare("SELECT DISTINCT document_id FROM file WHERE folder_id = ?1")?
        .query_map([folder.0], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    transaction.execute("DELETE FROM folder WHERE id = ?1", [folder.0])?;
    step_generation(transaction)?;
    Ok(documents)
}

pub(super) fn known_files(
    connection: &Connection,
    folder: FolderId,
) -> rusqlite::Result<Vec<KnownFile>> {
    connection
        .prepare_cached(
            "SELECT f.path, f.size, f.mtime_ns, f.inode, f.document_id, f.hashed_at, d.extractor_version, d.splitter_version
             FROM file f JOIN document d ON d.id = f.document_id WHERE f.folder_id = ?1 ORDER BY f.path",
        )?
        .query_map([folder.0], |row| {
            Ok(KnownFile {
                path: path_from(row.get(0)?),
                fingerprint: Fingerprint {
                    size: row.get::<_, i64>(1)?.cast_unsigned(),
                    modified_ns: row.get(2)?,
                    inode: row.get::<_, i64>(3)?.cast_unsigned(),
                },
                document: DocumentId(row.get(4)?),
                hashed_at_ns: row.get(5)?,
                versions: Versions { extractor: row.get(6)?, splitter: row.get(7)? },
            })
        })?
        .collect()
}

pub(super) fn contents(
    connection: &Connection,
    versions: Versions,
) -> rusqlite::Result<HashSet<(ContentHash, Format)>> {
    connection
        .prepare_cached(
            "SELECT sha256, format FROM document WHERE extractor_version = ?1 AND splitter_version = ?2",
        )?
        .query_map(params![versions.extractor, versions.splitter], |row| {
            let format: String = row.get(1)?;
            Ok(Format::from_name(&format).map(|format| Ok((ContentHash(row.get(0)?), format))))
        })?
        .filter_map(|row| row.and_then(Option::transpose).transpose())
        .collect()
}

pub(super) fn find_document(
    connection: &Connection,
    content: &ContentHash,
) -> rusqlite::Result<Option<FoundDocument>> {
    connection
        .prepare_cached(
            "SELECT id, extractor_version, splitter_version FROM document WHERE sha256 = ?1",
        )?
        .query_row([content.0], |row| {
            Ok(FoundDocument {
                id: DocumentId(row.get(0)?),
                versions: Versions { extractor: row.get(1)?, splitter: row.get(2)? },
            })
        })
        .optional()
}

/// What putting a document did.
pub(super) struct PutDocument {
    pub(super) document: DocumentId,
    pub(super) is_new: bool,
    /// Embedder, passage and the vector that it got from a passage with the same embedded text.
    pub(super) taken_over: Vec<(i64, i64, Vec<f32>)>,
}

pub(super) fn put_document(
    transaction: &Transaction<'_>,
    reading: &Reading<'_>,
) -> rusqlite::Result<PutDocument> {
    let head = &reading.document.head;
    let former = find_document(transaction, &reading.content)?.map(|found| found.id.0);
    let document: i64 = transaction
        .prepare_cached(
            "INSERT INTO document (sha256, format, extractor_version, splitter_version, title, language, date, paged, indexed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (sha256) DO UPDATE SET
                format = ?2, extractor_version = ?3, splitter_version = ?4, title = ?5, language = ?6, date = ?7,
                paged = ?8, indexed_at = ?9
             RETURNING id",
        )?
        .query_row(
            params![
                reading.content.0,
                reading.format.name(),
                reading.versions.extractor,
                reading.versions.splitter,
                head.title,
                head.language,
                head.date,
                head.paged,
                reading.indexed_at,
            ],
            |row| row.get(0),
        )?;
    let mut old_passages: Vec<i64> = Vec::new();
    if former.is_some() {
        old_passages = transaction
            .prepare_cached("SELECT id FROM passage WHERE document_id = ?1")?
            .query_map([document], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for table in ["page", "tag", "problem"] {
            transaction
                .execute(&format!("DELETE FROM {table} WHERE document_id = ?1"), [document])?;
        }
    }
    for tag in &head.tags {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO tag (document_id, name) VALUES (?1, ?2)")?
            .execute(params![document, tag])?;
    }
    for problem in &reading.document.problems {
        transaction
            .prepare_cached("INSERT INTO problem (document_id, page, kind) VALUES (?1, ?2, ?3)")?
            .execute(params![document, problem.page, problem.kind.name()])?;
    }
    for page in &reading.document.pages {
        transaction
            .prepare_cached("INSERT INTO page (document_id, number, label, text, lines, words, recognised) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute(params![
                document,
                page.number,
                page.label,
                page.text,
                pack::lines(&page.lines),
                pack::words(&page.words),
                page.recognised,
            ])?;
    }
    let mut taken_over = Vec::new();
    for passage in reading.passages {
        let id = put_passage(transaction, document, passage)?;
        taken_over.extend(take_over_vectors(transaction, id)?);
    }
    for passage in old_passages {
        transaction.prepare_cached("DELETE FROM passage WHERE id = ?1")?.execute([passage])?;
    }
    step_generation(transaction)?;
    Ok(PutDocument { document: DocumentId(document), is_new: former.is_none(), taken_over })
}

fn put_passage(
    transaction: &Transaction<'_>,
    document: i64,
    passage: &Passage,
) -> rusqlite::Result<i64> {
    let hash: [u8; 32] = Sha256::digest(passage.embedded_text()).into();
    let (half, _) = hash.split_at(16);
    transaction
        .prepare_cached(
            "INSERT INTO passage (document_id, page, start, text, first_line, last_line, headings, sentences, context, embedded_hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .insert(params![
            document,
            passage.page,
            i64::try_from(passage.span.start).unwrap_or(i64::MAX),
            passage.text,
            passage.lines.map(|(first, _)| first),
            passage.lines.map(|(_, last)| last),
            pack::texts(&passage.headings),
            pack::spans(&passage.sentences),
            passage.context,
            half,
        ])
}

fn take_over_vectors(
    transaction: &Transaction<'_>,
    passage: i64,
) -> rusqlite::Result<Vec<(i64, i64, Vec<f32>)>> {
    let taken = transaction
        .prepare_cached(
            "INSERT INTO vector (passage_id, embedder_id, vector)
             SELECT ?1, v.embedder_id, v.vector
             FROM passage new JOIN passage old ON old.embedded_hash = new.embedded_hash AND old.id <> new.id
             JOIN vector v ON v.passage_id = old.id
             WHERE new.id = ?1 GROUP BY v.embedder_id",
        )?
        .execute([passage])?;
    if taken == 0 {
        return Ok(Vec::new());
    }
    transaction
        .prepare_cached("SELECT embedder_id, vector FROM vector WHERE passage_id = ?1")?
        .query_map([passage], |row| {
            Ok((row.get(0)?, passage, vector_from(row.get_ref(1)?.as_blob()?)))
        })?
        .collect()
}

/// What putting a file did.
pub(super) struct PutFile {
    /// The document that the path had before.
    pub(super) former: Option<i64>,
    /// The first of the document's passages.
    pub(super) first_passage: Option<i64>,
}

pub(super) fn put_file(
    transaction: &Transaction<'_>,
    folder: FolderId,
    path: &Path,
    document: DocumentId,
    fingerprint: &Fingerprint,
    hashed_at_ns: i64,
) -> rusqlite::Result<PutFile> {
    let bytes = path_bytes(path);
    let former = file_document(transaction, folder, bytes)?;
    transaction
        .prepare_cached(
            "INSERT INTO file (folder_id, path, document_id, size, mtime_ns, inode, hashed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (folder_id, path) DO UPDATE SET
                document_id = ?3, size = ?4, mtime_ns = ?5, inode = ?6, hashed_at = ?7",
        )?
        .execute(params![
            folder.0,
            bytes,
            document.0,
            fingerprint.size.cast_signed(),
            fingerprint.modified_ns,
            fingerprint.inode.cast_signed(),
            hashed_at_ns,
        ])?;
    transaction
        .prepare_cached("DELETE FROM file_problem WHERE folder_id = ?1 AND path = ?2")?
        .execute(params![folder.0, bytes])?;
    let first_passage = transaction
        .prepare_cached("SELECT min(id) FROM passage WHERE document_id = ?1")?
        .query_row([document.0], |row| row.get(0))?;
    step_generation(transaction)?;
    Ok(PutFile { former, first_passage })
}

fn file_document(
    connection: &Connection,
    folder: FolderId,
    path: &[u8],
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT document_id FROM file WHERE folder_id = ?1 AND path = ?2")?
        .query_row(params![folder.0, path], |row| row.get(0))
        .optional()
}

/// Returns its document.
pub(super) fn remove_file(
    transaction: &Transaction<'_>,
    folder: FolderId,
    path: &Path,
) -> rusqlite::Result<Option<i64>> {
    let bytes = path_bytes(path);
    let document = file_document(transaction, folder, bytes)?;
    // Its problem, if it has one, was found by the scan that misses it: it may be there and too large.
    transaction
        .prepare_cached("DELETE FROM file WHERE folder_id = ?1 AND path = ?2")?
        .execute(params![folder.0, bytes])?;
    step_generation(transaction)?;
    Ok(document)
}

pub(super) fn set_problems(
    transaction: &Transaction<'_>,
    folder: FolderId,
    problems: &[(PathBuf, ProblemKind)],
) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM file_problem WHERE folder_id = ?1", [folder.0])?;
    problems.iter().try_for_each(|(path, kind)| add_problem(transaction, folder, path, *kind))
}

pub(super) fn add_problem(
    transaction: &Transaction<'_>,
    folder: FolderId,
    path: &Path,
    kind: ProblemKind,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO file_problem (folder_id, path, kind) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![folder.0, path_bytes(path), kind.name()])
        .map(drop)
}

/// Returns the documents that went.
pub(super) fn sweep(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<i64>> {
    let documents: Vec<i64> = transaction
        .prepare("SELECT id FROM document d WHERE NOT EXISTS (SELECT 1 FROM file f WHERE f.document_id = d.id)")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for document in &documents {
        transaction.prepare_cached("DELETE FROM document WHERE id = ?1")?.execute([document])?;
    }
    if !documents.is_empty() {
        transaction.execute(
            "DELETE FROM recognition WHERE sha256 NOT IN (SELECT sha256 FROM document)",
            [],
        )?;
        step_generation(transaction)?;
    }
    Ok(documents)
}

/// The documents with pages that OCR is to read, each at one of its places, those that were read last first.
pub(super) fn scans(connection: &Connection) -> rusqlite::Result<Vec<Scan>> {
    let kinds: Vec<String> = ProblemKind::ALL
        .into_iter()
        .filter(|kind| is_for_ocr(*kind))
        .map(|kind| format!("'{}'", kind.name()))
        .collect();
    let kinds = kinds.join(", ");
    // The other columns are of the row with the least path.
    let documents: Vec<(i64, Scan)> = connection
        .prepare(&format!(
            "SELECT d.id, d.sha256, d.language, min(r.path), f.path
             FROM document d JOIN file f ON f.document_id = d.id JOIN folder r ON r.id = f.folder_id
             WHERE d.id IN (SELECT document_id FROM problem WHERE kind IN ({kinds}))
             GROUP BY d.id ORDER BY d.id DESC"
        ))?
        .query_map([], |row| {
            let place = Place { folder: path_from(row.get(3)?), file: path_from(row.get(4)?) };
            let scan = Scan {
                content: ContentHash(row.get(1)?),
                path: place.path(),
                language: row.get(2)?,
                unread: Vec::new(),
            };
            Ok((row.get(0)?, scan))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut pages = connection.prepare(&format!(
        "SELECT p.number FROM page p WHERE p.document_id = ?1
           AND EXISTS (SELECT 1 FROM problem q WHERE q.document_id = ?1 AND q.kind IN ({kinds})
                       AND (q.page = p.number OR q.page IS NULL AND p.text = ''))
           AND NOT EXISTS (SELECT 1 FROM recognition c WHERE c.sha256 = ?2 AND c.page = p.number)
         ORDER BY p.number"
    ))?;
    documents
        .into_iter()
        .map(|(id, mut scan)| {
            scan.unread = pages
                .query_map(params![id, scan.content.0], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(scan)
        })
        .collect()
}

pub(super) fn put_recognition(
    connection: &Connection,
    content: &ContentHash,
    page: u32,
    recognition: &Recognition,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO recognition (sha256, page, tsv, dots_per_inch) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![content.0, page, recognition.tsv, recognition.dots_per_inch])
        .map(drop)
}

pub(super) fn recognitions(
    connection: &Connection,
    content: &ContentHash,
) -> rusqlite::Result<BTreeMap<u32, Recognition>> {
    connection
        .prepare_cached("SELECT page, tsv, dots_per_inch FROM recognition WHERE sha256 = ?1")?
        .query_map([content.0], |row| {
            Ok((row.get(0)?, Recognition { tsv: row.get(1)?, dots_per_inch: row.get(2)? }))
        })?
        .collect()
}

/// The number and dimension of an embedder that has given vectors.
pub(super) fn embedder(
    connection: &Connection,
    embedder: &EmbedderId,
) -> rusqlite::Result<Option<(i64, usize)>> {
    connection
        .prepare_cached("SELECT id, dimension FROM embedder WHERE sha256 = ?1")?
        .query_row([embedder.0], |row| Ok((row.get(0)?, row.get::<_, u32>(1)? as usize)))
        .optional()
}

pub(super) fn embedders(
    connection: &Connection,
) -> rusqlite::Result<Vec<(i64, EmbedderId, usize)>> {
    connection
        .prepare_cached("SELECT id, sha256, dimension FROM embedder")?
        .query_map([], |row| {
            Ok((row.get(0)?, EmbedderId(row.get(1)?), row.get::<_, u32>(2)? as usize))
        })?
        .collect()
}

pub(super) fn unembedded(
    connection: &Connection,
    embedder: Option<i64>,
    start: i64,
    limit: usize,
) -> rusqlite::Result<Vec<(PassageId, String)>> {
    connection
        .prepare_cached(
            "SELECT p.id, p.context, p.text FROM passage p
             WHERE p.id >= ?2
               AND NOT EXISTS (SELECT 1 FROM vector v WHERE v.passage_id = p.id AND v.embedder_id = ?1)
               AND EXISTS (SELECT 1 FROM file f WHERE f.document_id = p.document_id)
             ORDER BY p.id LIMIT ?3",
        )?
        .query_map(params![embedder, start, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            let (context, text): (String, String) = (row.get(1)?, row.get(2)?);
            Ok((PassageId(row.get(0)?), format!("{context}\n{text}")))
        })?
        .collect()
}

/// Returns the embedder's number and the passages whose vectors were new.
pub(super) fn put_vectors<V: AsRef<[f32]>>(
    transaction: &Transaction<'_>,
    embedder: &EmbedderId,
    dimension: usize,
    vectors: &[(PassageId, V)],
) -> rusqlite::Result<(i64, Vec<i64>)> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO embedder (sha256, dimension) VALUES (?1, ?2)")?
        .execute(params![embedder.0, i64::try_from(dimension).unwrap_or(i64::MAX)])?;
    let number = transaction
        .prepare_cached("SELECT id FROM embedder WHERE sha256 = ?1")?
        .query_row([embedder.0], |row| row.get(0))?;
    let mut put = Vec::with_capacity(vectors.len());
    let mut statement = transaction.prepare_cached(
        "INSERT OR IGNORE INTO vector (passage_id, embedder_id, vector) SELECT id, ?2, ?3 FROM passage WHERE id = ?1",
    )?;
    for (passage, vector) in vectors {
        let bytes: Vec<u8> =
            vector.as_ref().iter().flat_map(|number| number.to_le_bytes()).collect();
        if statement.execute(params![passage.0, number, bytes])? > 0 {
            put.push(passage.0);
        }
    }
    Ok((number, put))
}

/// The passages that have a vector.
pub(super) fn embedded(connection: &Connection, embedder: i64) -> rusqlite::Result<PassageSet> {
    connection
        .prepare_cached("SELECT passage_id FROM vector WHERE embedder_id = ?1")?
        .query_map([embedder], |row| row.get::<_, i64>(0))?
        .collect()
}

pub(super) fn each_vector(
    connection: &Connection,
    embedder: i64,
    mut visit: impl FnMut(i64, &[f32]),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT passage_id, vector FROM vector WHERE embedder_id = ?1 ORDER BY passage_id",
    )?;
    let mut rows = statement.query([embedder])?;
    while let Some(row) = rows.next()? {
        visit(row.get(0)?, &vector_from(row.get_ref(1)?.as_blob()?));
    }
    Ok(())
}

/// A passage's exact vector.
pub(super) fn vector(
    connection: &Connection,
    embedder: i64,
    passage: i64,
) -> rusqlite::Result<Option<Vec<f32>>> {
    connection
        .prepare_cached("SELECT vector FROM vector WHERE passage_id = ?1 AND embedder_id = ?2")?
        .query_row([passage, embedder], |row| Ok(vector_from(row.get_ref(0)?.as_blob()?)))
        .optional()
}

fn vector_from(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// What the full text is to hold of a document beside its passages; none when no file has it.
pub(super) fn label_of(connection: &Connection, document: i64) -> rusqlite::Result<Option<Label>> {
    let mut names: Vec<String> = connection
        .prepare_cached("SELECT path FROM file WHERE document_id = ?1")?
        .query_map([document], |row| {
            let path = path_from(row.get(0)?);
            Ok(path.file_stem().map(OsStr::to_string_lossy).unwrap_or_default().into_owned())
        })?
        .collect::<rusqlite::Result<_>>()?;
    if names.is_empty() {
        return Ok(None);
    }
    names.sort_unstable();
    names.dedup();
    names.truncate(MOST_NAMES);
    let names = names.join("\n");
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(names.as_bytes());
    let language: Option<String> = connection
        .prepare_cached(
            "SELECT sha256, extractor_version, splitter_version, language FROM document WHERE id = ?1",
        )?
        .query_row([document], |row| {
            hasher.update(row.get_ref(0)?.as_blob()?);
            hasher.update(&row.get::<_, u32>(1)?.to_le_bytes());
            hasher.update(&row.get::<_, u32>(2)?.to_le_bytes());
            let language: Option<String> = row.get(3)?;
            hasher.update(language.as_deref().unwrap_or_default().as_bytes());
            Ok(language)
        })?;
    let stemming = Stemming::of(language.as_deref());
    Ok(Some(Label { document, names, stemming, stamp: u64::from(hasher.finalize()) }))
}

/// The languages of the documents that lie in a folder, each with how many there are, the commonest first.
pub(super) fn languages(connection: &Connection) -> rusqlite::Result<Vec<Option<String>>> {
    connection
        .prepare_cached(
            "SELECT language FROM document WHERE id IN (SELECT document_id FROM file)
             GROUP BY language ORDER BY count(*) DESC, language",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

pub(super) fn entries_of(connection: &Connection, document: i64) -> rusqlite::Result<Vec<Entry>> {
    connection
        .prepare_cached("SELECT id, context, text FROM passage WHERE document_id = ?1 ORDER BY id")?
        .query_map([document], |row| {
            Ok(Entry { passage: row.get(0)?, context: row.get(1)?, text: row.get(2)? })
        })?
        .collect()
}

/// The entries at a document's beginning that tell its name.
pub(super) fn first_entries_of(
    connection: &Connection,
    document: i64,
) -> rusqlite::Result<Vec<Entry>> {
    connection
        .prepare_cached(
            "SELECT id, context, text FROM passage WHERE document_id = ?1 ORDER BY id LIMIT 4",
        )?
        .query_map([document], |row| {
            Ok(Entry { passage: row.get(0)?, context: row.get(1)?, text: row.get(2)? })
        })?
        .collect()
}

/// What the full text should hold: each passage's document and stamp.
pub(super) fn expected_entries(
    connection: &Connection,
) -> rusqlite::Result<HashMap<i64, (i64, u64)>> {
    let mut stamps: HashMap<i64, u64> = HashMap::new();
    let mut expected = HashMap::new();
    for (passage, document) in living_passages(connection)? {
        let stamp = if let Some(stamp) = stamps.get(&document) {
            *stamp
        } else {
            let stamp = label_of(connection, document)?.map_or(0, |label| label.stamp);
            stamps.insert(document, stamp);
            stamp
        };
        expected.insert(passage, (document, stamp));
    }
    Ok(expected)
}

/// The passages of documents that some file has, with their documents.
pub(super) fn living_passages(connection: &Connection) -> rusqlite::Result<Vec<(i64, i64)>> {
    connection
        .prepare_cached(
            "SELECT p.id, p.document_id FROM (SELECT DISTINCT document_id FROM file) f
             JOIN passage p ON p.document_id = f.document_id",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub(super) fn counts(
    connection: &Connection,
    asked: Option<&EmbedderId>,
) -> rusqlite::Result<Counts> {
    let number = match asked {
        Some(asked) => embedder(connection, asked)?.map(|(number, _)| number),
        None => None,
    };
    let count = |sql: &str| -> rusqlite::Result<u64> {
        connection
            .prepare_cached(sql)?
            .query_row([], |row| row.get::<_, i64>(0))
            .map(i64::cast_unsigned)
    };
    Ok(Counts {
        folders: count("SELECT count(*) FROM folder")?,
        files: count("SELECT count(*) FROM file")?,
        documents: count("SELECT count(DISTINCT document_id) FROM file")?,
        pages: count(
            "SELECT count(*) FROM page WHERE document_id IN (SELECT document_id FROM file)",
        )?,
        passages: count(
            "SELECT count(*) FROM passage WHERE document_id IN (SELECT document_id FROM file)",
        )?,
        embedded: connection
            .prepare_cached(
                "SELECT count(*) FROM vector v JOIN passage p ON p.id = v.passage_id
                 WHERE v.embedder_id = ?1 AND p.document_id IN (SELECT document_id FROM file)",
            )?
            .query_row([number], |row| row.get::<_, i64>(0))?
            .cast_unsigned(),
        problems: count(
            "SELECT (SELECT count(*) FROM file_problem)
                  + (SELECT count(*) FROM problem p JOIN file f ON f.document_id = p.document_id)",
        )?,
    })
}

pub(super) fn problems(connection: &Connection) -> rusqlite::Result<Vec<LocatedProblem>> {
    let mut problems: Vec<LocatedProblem> = connection
        .prepare_cached(
            "SELECT r.path, x.path, NULL, x.kind FROM file_problem x JOIN folder r ON r.id = x.folder_id
             UNION ALL
             SELECT r.path, f.path, p.page, p.kind FROM problem p
             JOIN file f ON f.document_id = p.document_id JOIN folder r ON r.id = f.folder_id",
        )?
        .query_map([], |row| {
            Ok(LocatedProblem {
                path: joined(row, 0, 1)?,
                problem: Problem { page: row.get(2)?, kind: problem_kind(row, 3)? },
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    problems.sort_by(|a, b| (&a.path, a.problem.page).cmp(&(&b.path, b.problem.page)));
    Ok(problems)
}

/// A reason that this program does not know is still a reason.
pub(super) fn problem_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<ProblemKind> {
    Ok(ProblemKind::from_name(&row.get::<_, String>(column)?).unwrap_or(ProblemKind::Unreadable))
}

/// The path that a folder's and a path below it make.
pub(super) fn joined(row: &Row<'_>, folder: usize, below: usize) -> rusqlite::Result<PathBuf> {
    let (folder, below) = (path_from(row.get(folder)?), path_from(row.get(below)?));
    Ok(if below.as_os_str().is_empty() { folder } else { folder.join(below) })
}
