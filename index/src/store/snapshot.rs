//! What does the library hold, at one moment?
//!
//! A snapshot is a read transaction of the database together with the full text and the vector files as they were when it
//! was taken. It never waits for the writer, nor the writer for it. What the derived indexes know and the database does
//! not is left out of every search.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use tantivy::Index;

use super::fulltext::{self, FulltextReader};
use super::library::{self, Counts, Folder, LocatedProblem};
use super::names::Names;
use super::vectors::{PassageSet, VectorSet};
use super::{EmbedderId, Home, StoreError, pack};
use crate::document::{ContentHash, DocumentId, FolderId, LineMark, PassageId, Problem, Word};

/// One of any number of readers. It can move to another thread, not be shared between them.
pub struct Snapshot {
    home: PathBuf,
    path: PathBuf,
    /// Which file at the path is open.
    identity: Option<(u64, u64)>,
    connection: Connection,
    fulltext: Option<FulltextReader>,
    /// The embedders whose files have been asked for.
    vectors: RefCell<HashMap<EmbedderId, VectorSet>>,
    generation: u64,
    passages: Passages,
    languages: Vec<Option<String>>,
    files: OnceCell<Vec<FileRow>>,
    names: OnceCell<Names>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Snapshot")
            .field("home", &self.home)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// All passages that can be found.
#[derive(Debug, Default)]
pub(crate) struct Passages {
    /// With their documents.
    pub(crate) all: Vec<(i64, i64)>,
    pub(crate) set: PassageSet,
    pub(crate) documents: usize,
}

/// A file, by which its document is filtered.
#[derive(Clone, Debug)]
pub(crate) struct FileRow {
    pub(crate) document: i64,
    pub(crate) place: Place,
    pub(crate) modified_ns: i64,
    pub(crate) format: String,
    /// The date that the document gives itself.
    pub(crate) date: Option<String>,
}

/// Where a document lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The watched folder, absolute.
    pub folder: PathBuf,
    /// The file below it.
    pub file: PathBuf,
}

impl Place {
    /// Absolute.
    pub fn path(&self) -> PathBuf {
        if self.file.as_os_str().is_empty() {
            self.folder.clone()
        } else {
            self.folder.join(&self.file)
        }
    }

    /// The way to the file from the watched folder, whose own name is the first.
    pub fn way(&self) -> PathBuf {
        let mut way = PathBuf::from(self.folder.file_name().unwrap_or_default());
        way.extend(&self.file);
        way
    }
}

/// What the library holds of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    pub id: DocumentId,
    pub content: ContentHash,
    /// A [`Format`](crate::extract::Format)'s name.
    pub format: String,
    pub title: Option<String>,
    pub language: Option<String>,
    pub date: Option<String>,
    pub tags: Vec<String>,
    /// Whether its places are named by pages; by lines otherwise.
    pub paged: bool,
    /// Seconds since 1970.
    pub indexed_at: i64,
    /// In ascending order.
    pub places: Vec<Place>,
    /// How many pages it has.
    pub pages: u32,
    pub problems: Vec<Problem>,
}

/// What the library holds of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPage {
    /// Counts from 1.
    pub number: u32,
    pub label: Option<String>,
    pub text: String,
    pub lines: Vec<LineMark>,
    /// Their bounds are kept to a sixteenth of a point.
    pub words: Vec<Word>,
    /// How sure OCR is of the text, from 0 to 1; none for a page with a text of its own.
    pub recognised: Option<f32>,
}

/// A page's text without the places of its words.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredText {
    /// Counts from 1.
    pub number: u32,
    pub label: Option<String>,
    pub text: String,
    pub lines: Vec<LineMark>,
    /// As in [`StoredPage::recognised`].
    pub recognised: Option<f32>,
}

/// What the library holds of a passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPassage {
    pub id: PassageId,
    pub document: DocumentId,
    /// Counts from 1; also in formats without pages, where it is 1.
    pub page: u32,
    /// Bytes in the page's text.
    pub span: Range<usize>,
    pub text: String,
    pub lines: Option<(u32, u32)>,
    pub headings: Vec<String>,
    /// Bytes in `text`.
    pub sentences: Vec<Range<usize>>,
    pub context: String,
}

const PASSAGE_COLUMNS: &str =
    "id, document_id, page, start, text, first_line, last_line, headings, sentences, context";

impl Snapshot {
    /// Takes a snapshot of a home's library as it is now.
    pub fn open(home: &Path) -> Result<Self, StoreError> {
        let path = Home(home).library();
        // Before it is opened: should another one come between, it is opened once more than needed.
        let identity = super::identity(&path);
        let connection = library::open_to_read(&path)?;
        let mut snapshot = Self {
            home: home.to_owned(),
            path,
            identity,
            connection,
            fulltext: None,
            vectors: RefCell::default(),
            generation: 0,
            passages: Passages::default(),
            languages: Vec::new(),
            files: OnceCell::new(),
            names: OnceCell::new(),
        };
        snapshot.take()?;
        Ok(snapshot)
    }

    /// Takes it again, as it is now. Costs little when nothing has changed.
    pub fn refresh(&mut self) -> Result<(), StoreError> {
        if super::identity(&self.path) != self.identity {
            // The writer has set a damaged database aside and begun a new one.
            *self = Self::open(&self.home)?;
            return Ok(());
        }
        self.release()?;
        self.take()
    }

    /// Ends the read transaction, until which the writer's log can only grow. For one that waits a long time; it is to be
    /// [refreshed](Self::refresh) before it is asked again.
    pub fn release(&mut self) -> Result<(), StoreError> {
        // It has ended already when taking it failed before.
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.database(self.connection.execute_batch("COMMIT"))
    }

    /// Another number when the writer has written anything between two [refreshes](Self::refresh).
    pub fn version(&self) -> Result<i64, StoreError> {
        self.database(self.connection.query_row("PRAGMA data_version", [], |row| row.get(0)))
    }

    /// The derived indexes first: what they know too much is left out, what they did not know could not be found.
    fn take(&mut self) -> Result<(), StoreError> {
        let is_current = self.fulltext.as_mut().is_some_and(|fulltext| fulltext.reload().is_ok());
        if !is_current {
            // There was none yet, or the writer has begun a damaged one anew.
            check_fulltext(&Home(&self.home).fulltext())?;
            self.fulltext = FulltextReader::open(&Home(&self.home).fulltext());
        }
        for (embedder, set) in self.vectors.get_mut() {
            *set = VectorSet::open(&Home(&self.home).vectors(embedder), set)?;
        }
        self.database(self.connection.execute_batch("BEGIN"))?;
        let generation = self.database(library::generation(&self.connection))?;
        if generation != self.generation {
            let all = self.database(library::living_passages(&self.connection))?;
            let set = all.iter().map(|(passage, _)| *passage).collect();
            let documents =
                all.iter().map(|(_, document)| *document).collect::<BTreeSet<_>>().len();
            self.passages = Passages { all, set, documents };
            self.languages = self.database(library::languages(&self.connection))?;
            self.files = OnceCell::new();
            self.names = OnceCell::new();
            self.generation = generation;
        }
        Ok(())
    }

    /// Whether the writer has put what is not found yet: it is [published](super::Store::publish) within moments.
    pub fn is_behind(&self) -> bool {
        self.fulltext.as_ref().and_then(FulltextReader::generation) != Some(self.generation)
    }

    pub fn folders(&self) -> Result<Vec<Folder>, StoreError> {
        self.database(library::folders(&self.connection))
    }

    /// Where the documents lie that something was read of, those of a directory beside each other.
    pub fn places(&self) -> Result<impl Iterator<Item = &Place>, StoreError> {
        Ok(self.files()?.iter().map(|file| &file.place))
    }

    /// `embedder` is the one whose vectors are counted.
    pub fn counts(&self, embedder: Option<&EmbedderId>) -> Result<Counts, StoreError> {
        self.database(library::counts(&self.connection, embedder))
    }

    /// All problems, ordered by path and page.
    pub fn problems(&self) -> Result<Vec<LocatedProblem>, StoreError> {
        self.database(library::problems(&self.connection))
    }

    /// How many distinct documents lie in each folder; a folder without any is left out.
    pub fn documents_of_folders(&self) -> Result<HashMap<FolderId, u64>, StoreError> {
        self.database(library::documents_of_folders(&self.connection))
    }

    /// The document with a content, if it lies somewhere.
    pub fn document_with(&self, content: &ContentHash) -> Result<Option<DocumentId>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT id FROM document d
                     WHERE sha256 = ?1 AND EXISTS (SELECT 1 FROM file f WHERE f.document_id = d.id)",
                )?
                .query_row([content.0], |row| row.get(0).map(DocumentId))
                .optional()
        };
        self.database(read())
    }

    /// The document at an absolute path.
    pub fn document_at(&self, path: &Path) -> Result<Option<DocumentId>, StoreError> {
        for folder in self.folders()? {
            let Ok(below) = path.strip_prefix(&folder.path) else { continue };
            let read = || {
                self.connection
                    .prepare_cached(
                        "SELECT document_id FROM file WHERE folder_id = ?1 AND path = ?2",
                    )?
                    .query_row(params![folder.id.0, library::path_bytes(below)], |row| {
                        row.get(0).map(DocumentId)
                    })
                    .optional()
            };
            if let Some(found) = self.database(read())? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Every document that lies somewhere, in the order of their numbers.
    pub fn documents(&self) -> Result<Vec<DocumentId>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached("SELECT DISTINCT document_id FROM file ORDER BY document_id")?
                .query_map([], |row| row.get(0).map(DocumentId))?
                .collect()
        };
        self.database(read())
    }

    pub fn document(&self, document: DocumentId) -> Result<Option<StoredDocument>, StoreError> {
        self.database(self.read_document(document.0))
    }

    fn read_document(&self, document: i64) -> rusqlite::Result<Option<StoredDocument>> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT sha256, format, title, language, date, paged, indexed_at,
                        (SELECT count(*) FROM page WHERE document_id = ?1)
                 FROM document WHERE id = ?1",
            )?
            .query_row([document], |row| {
                Ok(StoredDocument {
                    id: DocumentId(document),
                    content: ContentHash(row.get(0)?),
                    format: row.get(1)?,
                    title: row.get(2)?,
                    language: row.get(3)?,
                    date: row.get(4)?,
                    tags: Vec::new(),
                    paged: row.get(5)?,
                    indexed_at: row.get(6)?,
                    places: Vec::new(),
                    pages: row.get(7)?,
                    problems: Vec::new(),
                })
            })
            .optional()?;
        let Some(mut found) = found else { return Ok(None) };
        found.tags = self
            .connection
            .prepare_cached("SELECT name FROM tag WHERE document_id = ?1 ORDER BY name")?
            .query_map([document], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        found.places = self
            .connection
            .prepare_cached(
                "SELECT r.path, f.path FROM file f JOIN folder r ON r.id = f.folder_id WHERE f.document_id = ?1",
            )?
            .query_map([document], |row| place(row, 0, 1))?
            .collect::<rusqlite::Result<_>>()?;
        found.places.sort_unstable();
        found.problems = self
            .connection
            .prepare_cached(
                "SELECT page, kind FROM problem WHERE document_id = ?1 ORDER BY page, id",
            )?
            .query_map([document], |row| {
                Ok(Problem { page: row.get(0)?, kind: library::problem_kind(row, 1)? })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Some(found))
    }

    /// A page by its number, which counts from 1.
    pub fn page(
        &self,
        document: DocumentId,
        number: u32,
    ) -> Result<Option<StoredPage>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached("SELECT label, text, lines, words, recognised FROM page WHERE document_id = ?1 AND number = ?2")?
                .query_row(params![document.0, number], |row| {
                    Ok(StoredPage {
                        number,
                        label: row.get(0)?,
                        text: row.get(1)?,
                        lines: pack::read_lines(row.get_ref(2)?.as_blob()?),
                        words: pack::read_words(row.get_ref(3)?.as_blob()?),
                        recognised: row.get(4)?,
                    })
                })
                .optional()
        };
        self.database(read())
    }

    /// The text of all pages, in their order.
    pub fn texts(&self, document: DocumentId) -> Result<Vec<StoredText>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT number, label, text, lines, recognised FROM page WHERE document_id = ?1 ORDER BY number",
                )?
                .query_map([document.0], |row| {
                    Ok(StoredText {
                        number: row.get(0)?,
                        label: row.get(1)?,
                        text: row.get(2)?,
                        lines: pack::read_lines(row.get_ref(3)?.as_blob()?),
                        recognised: row.get(4)?,
                    })
                })?
                .collect()
        };
        self.database(read())
    }

    /// What is printed on a page as its number, and how sure OCR is of its text where it read it.
    pub(crate) fn page_marks(
        &self,
        document: DocumentId,
        number: u32,
    ) -> Result<(Option<String>, Option<f32>), StoreError> {
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT label, recognised FROM page WHERE document_id = ?1 AND number = ?2",
                )?
                .query_row(params![document.0, number], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        };
        Ok(self.database(read())?.unwrap_or_default())
    }

    pub fn passage(&self, passage: PassageId) -> Result<Option<StoredPassage>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(&format!("SELECT {PASSAGE_COLUMNS} FROM passage WHERE id = ?1"))?
                .query_row([passage.0], passage_from)
                .optional()
        };
        self.database(read())
    }

    /// All passages of a document, in reading order.
    pub fn passages_of(&self, document: DocumentId) -> Result<Vec<StoredPassage>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(&format!(
                    "SELECT {PASSAGE_COLUMNS} FROM passage WHERE document_id = ?1 ORDER BY id"
                ))?
                .query_map([document.0], passage_from)?
                .collect()
        };
        self.database(read())
    }

    /// The passages of a document with exactly this text, in reading order.
    pub fn passages_reading(
        &self,
        document: DocumentId,
        text: &str,
    ) -> Result<Vec<PassageId>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT id FROM passage WHERE document_id = ?1 AND text = ?2 ORDER BY id",
                )?
                .query_map(params![document.0, text], |row| row.get(0).map(PassageId))?
                .collect()
        };
        self.database(read())
    }

    /// Up to `before` passages before one and `after` behind it, itself between them, in the document's reading order.
    pub(crate) fn neighbours(
        &self,
        passage: PassageId,
        before: usize,
        after: usize,
    ) -> Result<Vec<StoredPassage>, StoreError> {
        let limit = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let read = || {
            let mut passages: Vec<StoredPassage> = self
                .connection
                .prepare_cached(&format!(
                    "SELECT {PASSAGE_COLUMNS} FROM passage
                     WHERE document_id = (SELECT document_id FROM passage WHERE id = ?1) AND id < ?1
                     ORDER BY id DESC LIMIT ?2"
                ))?
                .query_map(params![passage.0, limit(before)], passage_from)?
                .collect::<rusqlite::Result<_>>()?;
            passages.reverse();
            let behind: Vec<StoredPassage> = self
                .connection
                .prepare_cached(&format!(
                    "SELECT {PASSAGE_COLUMNS} FROM passage
                     WHERE document_id = (SELECT document_id FROM passage WHERE id = ?1) AND id >= ?1
                     ORDER BY id LIMIT ?2"
                ))?
                .query_map(params![passage.0, limit(after).saturating_add(1)], passage_from)?
                .collect::<rusqlite::Result<_>>()?;
            passages.extend(behind);
            Ok(passages)
        };
        self.database(read())
    }

    /// The text between two passages of a page that follow each other; none where more than a few signs stand there.
    pub(crate) fn between(
        &self,
        earlier: &StoredPassage,
        later: &StoredPassage,
    ) -> Result<Option<String>, StoreError> {
        let Some(length) =
            later.span.start.checked_sub(earlier.span.end).filter(|length| *length <= 8)
        else {
            return Ok(None);
        };
        let as_number = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT substr(CAST(text AS BLOB), ?3, ?4) FROM page WHERE document_id = ?1 AND number = ?2",
                )?
                .query_row(
                    params![
                        earlier.document.0,
                        earlier.page,
                        as_number(earlier.span.end.saturating_add(1)),
                        as_number(length)
                    ],
                    |row| row.get::<_, Vec<u8>>(0),
                )
                .optional()
        };
        Ok(self.database(read())?.and_then(|between| String::from_utf8(between).ok()))
    }

    /// The stems by which a question may name a document.
    pub(crate) fn naming(&self, document: DocumentId) -> Result<HashSet<String>, StoreError> {
        let label = self.database(library::label_of(&self.connection, document.0))?;
        let Some(label) = label else { return Ok(HashSet::new()) };
        let entries = self.database(library::first_entries_of(&self.connection, document.0))?;
        let passages = entries.iter().map(|entry| (&*entry.context, &*entry.text));
        let naming = fulltext::naming_text(&label.names, passages);
        Ok(label.stemming.terms(&naming).into_iter().map(|term| term.text).collect())
    }

    /// The tags of the documents' languages, the commonest first; none for documents of which nobody knows it.
    pub(crate) fn languages(&self) -> &[Option<String>] {
        &self.languages
    }

    pub(crate) fn fulltext(&self) -> Option<&FulltextReader> {
        self.fulltext.as_ref()
    }

    pub(crate) fn vectors(&self, embedder: &EmbedderId) -> Result<VectorSet, StoreError> {
        if let Some(set) = self.vectors.borrow().get(embedder) {
            return Ok(set.clone());
        }
        let set = VectorSet::open(&Home(&self.home).vectors(embedder), &VectorSet::default())?;
        self.vectors.borrow_mut().insert(*embedder, set.clone());
        Ok(set)
    }

    /// The exact vectors of those of the passages that have one.
    pub(crate) fn exact_vectors(
        &self,
        embedder: &EmbedderId,
        passages: impl Iterator<Item = i64>,
    ) -> Result<Vec<(i64, Vec<f32>)>, StoreError> {
        let Some((number, _)) = self.database(library::embedder(&self.connection, embedder))?
        else {
            return Ok(Vec::new());
        };
        let mut vectors = Vec::new();
        for passage in passages {
            let vector = self.database(library::vector(&self.connection, number, passage))?;
            vectors.extend(vector.map(|vector| (passage, vector)));
        }
        Ok(vectors)
    }

    pub(crate) fn all_passages(&self) -> &Passages {
        &self.passages
    }

    pub(crate) fn files(&self) -> Result<&[FileRow], StoreError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let read = || -> rusqlite::Result<Vec<FileRow>> {
            self.connection
                .prepare_cached(
                    "SELECT f.document_id, r.path, f.path, f.mtime_ns, d.format, d.date
                     FROM file f JOIN folder r ON r.id = f.folder_id JOIN document d ON d.id = f.document_id
                     ORDER BY r.path, f.path",
                )?
                .query_map([], |row| {
                    Ok(FileRow {
                        document: row.get(0)?,
                        place: place(row, 1, 2)?,
                        modified_ns: row.get(3)?,
                        format: row.get(4)?,
                        date: row.get(5)?,
                    })
                })?
                .collect()
        };
        let files = self.database(read())?;
        Ok(self.files.get_or_init(|| files))
    }

    /// The names of all documents, by the words that they are called by.
    pub(crate) fn names(&self) -> Result<&Names, StoreError> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let read = || -> rusqlite::Result<Vec<(i64, String)>> {
            self.connection
                .prepare_cached("SELECT id, title FROM document WHERE title IS NOT NULL")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        let titles = self.database(read())?;
        let mut names = titles;
        for file in self.files()? {
            let name = file.place.path();
            let name = name.file_stem().unwrap_or_default().to_string_lossy();
            names.push((file.document, name.into_owned()));
        }
        let names = Names::of(names.iter().map(|(document, name)| (*document, name.as_str())));
        Ok(self.names.get_or_init(|| names))
    }

    /// The documents that bear a tag, in any case.
    pub(crate) fn tagged(&self, tag: &str) -> Result<BTreeSet<i64>, StoreError> {
        let wanted = tag.to_lowercase();
        let read = || {
            let mut documents = BTreeSet::new();
            let mut statement =
                self.connection.prepare_cached("SELECT document_id, name FROM tag")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                if row.get_ref(1)?.as_str()?.to_lowercase() == wanted {
                    documents.insert(row.get(0)?);
                }
            }
            Ok(documents)
        };
        self.database(read())
    }

    /// Documents with a problem and no passage: there is something in them that was not read.
    pub(crate) fn unread_documents(&self) -> Result<BTreeSet<i64>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT DISTINCT p.document_id FROM problem p
                     WHERE p.kind NOT IN ('empty', 'own_export')
                       AND NOT EXISTS (SELECT 1 FROM passage a WHERE a.document_id = p.document_id)",
                )?
                .query_map([], |row| row.get(0))?
                .collect()
        };
        self.database(read())
    }

    /// Files and folders that could not be read at all.
    pub(crate) fn unread_places(&self) -> Result<Vec<Place>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT r.path, x.path FROM file_problem x JOIN folder r ON r.id = x.folder_id
                     WHERE x.kind <> 'own_export'",
                )?
                .query_map([], |row| place(row, 0, 1))?
                .collect()
        };
        self.database(read())
    }

    fn database<T>(&self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|source| super::database_error(&self.path, source))
    }
}

/// Says when the full text is damaged: what reads it would trust its bytes, and could end in the middle of anything. A
/// writer makes it anew when it opens the library. Takes a tenth of a second for each gigabyte that was read before.
fn check_fulltext(folder: &Path) -> Result<(), StoreError> {
    // A writer may put other files in the place of these meanwhile.
    for _ in 0..3 {
        if !folder.join("meta.json").exists() {
            return Ok(());
        }
        let damaged = Index::open_in_dir(folder).and_then(|index| index.validate_checksum());
        if damaged.is_ok_and(|files| files.is_empty()) {
            return Ok(());
        }
    }
    Err(StoreError::Damaged {
        path: folder.to_owned(),
        what: "docent --index makes it anew".to_owned(),
    })
}

fn place(row: &Row<'_>, folder: usize, file: usize) -> rusqlite::Result<Place> {
    Ok(Place {
        folder: library::path_from(row.get(folder)?),
        file: library::path_from(row.get(file)?),
    })
}

fn passage_from(row: &Row<'_>) -> rusqlite::Result<StoredPassage> {
    let text: String = row.get(4)?;
    let start = usize::try_from(row.get::<_, i64>(3)?).unwrap_or_default();
    let lines: (Option<u32>, Option<u32>) = (row.get(5)?, row.get(6)?);
    let mut sentences = pack::read_spans(row.get_ref(8)?.as_blob()?);
    sentences.retain(|sentence| text.get(sentence.clone()).is_some());
    Ok(StoredPassage {
        id: PassageId(row.get(0)?),
        document: DocumentId(row.get(1)?),
        page: row.get(2)?,
        span: start..start + text.len(),
        lines: lines.0.zip(lines.1),
        headings: pack::read_texts(row.get_ref(7)?.as_blob()?),
        sentences,
        context: row.get(9)?,
        text,
    })
}
