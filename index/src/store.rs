//! Where is everything that docent has read kept, and how is it found again?
//!
//! [`Store`] is the one writer of the library, [`Snapshot`] one of any number of readers, [`Desk`] the conversations. The
//! truth is in SQLite; the full-text index and the vector files are derived from it. Each is written after it, carries
//! its generation, and is mended by the next writer when it was lost, damaged or left behind.
//!
//! Nothing here reads a document's file or makes a vector: texts and vectors come in as arguments.

mod check;
mod desk;
pub(crate) mod fulltext;
mod library;
mod made;
mod migrate;
mod mounts;
pub(crate) mod names;
mod pack;
mod shelves;
pub(crate) mod snapshot;
pub(crate) mod vectors;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

pub use self::check::{check, is_check_due};
pub use self::desk::{
    Conversation, Desk, FoundConversation, Head, Reply, Request, RequestId, Salvaged, Turn, Waiting,
};
use self::fulltext::FulltextWriter;
pub use self::library::{Counts, Folder, FoundDocument, LocatedProblem, Reading, Scan};
pub use self::made::ahead_of;
pub use self::shelves::{Extent, Shelved, ShelvedFile, Shelves};
pub use self::snapshot::{Place, Snapshot, StoredDocument, StoredPage, StoredPassage, StoredText};
use self::vectors::{PassageSet, VectorWriter};
use crate::document::{ContentHash, DocumentId, Fingerprint, FolderId, PassageId, ProblemKind};
use crate::extract::{Format, Recognition};
use crate::scan::{KnownFile, Mount, Versions};

/// A file of vectors is written anew when more than one in this many is of a passage that is gone.
const DEAD_PART: usize = 4;

/// A SHA-256 over everything that decides which vector a text gets. Displays as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EmbedderId(pub [u8; 32]);

impl fmt::Display for EmbedderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        ContentHash(self.0).fmt(formatter)
    }
}

impl fmt::Debug for EmbedderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[derive(Debug, Error)]
pub enum StoreError {
    /// Another docent writes; reading goes on.
    #[error("another docent is writing to `{}`; wait for it, or close it", path.display())]
    Locked { path: PathBuf },
    /// Nothing has been written in this home yet.
    #[error("there is no library at `{}` yet; add a folder first", path.display())]
    Missing { path: PathBuf },
    /// Only the writer migrates.
    #[error("`{}` was written by an older docent and is not brought over yet", path.display())]
    Older { path: PathBuf },
    #[error(
        "`{}` was written by a newer docent (version {found}, this one knows {known}); use that one, or another --home",
        path.display()
    )]
    Newer { path: PathBuf, found: usize, known: usize },
    /// An argument that the library can't hold.
    #[error("`{}` is not an absolute path; give the whole path of a folder", path.display())]
    NotAbsolute { path: PathBuf },
    #[error(
        "vectors of {found} numbers came from an embedder that gave {expected} before; embed again with one model"
    )]
    Dimension { expected: usize, found: usize },
    /// What a database or the full text holds is not what its schema says, or not what was written.
    #[error("`{}` is damaged: {what}", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("can't read or write `{}`", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("can't read or write the database `{}`", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error("can't read or write the full-text index `{}`", path.display())]
    Fulltext { path: PathBuf, source: Box<tantivy::TantivyError> },
}

impl StoreError {
    /// Whether a database does not hold what its schema says, or seems not to.
    ///
    /// Of the library, opening the [`Store`] again finds out and begins it anew; of the desk, [`Desk::reopen`].
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            // A flipped bit in the number of a schema gives one that no docent will ever have.
            Self::Newer { found, .. } => *found > MOST_STEPS,
            Self::Database { source, .. } => is_damage(source),
            _ => false,
        }
    }

    /// As [`is_damage`](Self::is_damage), of the library, which can be made anew from the documents.
    pub fn is_library_damage(&self) -> bool {
        let (Self::Damaged { path, .. } | Self::Newer { path, .. } | Self::Database { path, .. }) =
            self
        else {
            return false;
        };
        self.is_damage() && path.file_name().is_some_and(|name| name == LIBRARY)
    }
}

/// Statements are fixed and tested on the schema: what they can't make sense of is not what was written.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    match error {
        Error::SqliteFailure(failure, _) => {
            matches!(
                failure.code,
                rusqlite::ErrorCode::DatabaseCorrupt
                    | rusqlite::ErrorCode::NotADatabase
                    // No such table or column.
                    | rusqlite::ErrorCode::Unknown
            ) || failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ
        }
        Error::SqlInputError { .. }
        | Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..)
        | Error::QueryReturnedNoRows => true,
        _ => false,
    }
}

/// No database will ever have gone through so many steps.
const MOST_STEPS: usize = 100;

const LIBRARY: &str = "library.sqlite";

/// Notes that the library's database seems to be damaged, so that the next writer checks all of it.
fn suspect(library: &Path, error: &StoreError) {
    if error.is_library_damage() {
        // Where nothing can be written, the writer has other troubles.
        drop(create_private(&suspicion(library)));
    }
}

/// Whether something could not be read in a home's library; the next [`Store::open`] checks all of it.
pub fn is_suspect(home: &Path) -> bool {
    suspicion(&Home(home).library()).exists()
}

fn suspicion(library: &Path) -> PathBuf {
    library.with_extension("suspect")
}

/// Where things lie in docent's home.
pub(crate) struct Home<'a>(pub(crate) &'a Path);

impl Home<'_> {
    fn library(&self) -> PathBuf {
        self.0.join(LIBRARY)
    }
    fn desk(&self) -> PathBuf {
        self.0.join("desk.sqlite")
    }
    fn lock(&self) -> PathBuf {
        self.0.join("writer.lock")
    }
    fn fulltext(&self) -> PathBuf {
        self.0.join("fulltext")
    }
    fn all_vectors(&self) -> PathBuf {
        self.0.join("vectors")
    }
    fn vectors(&self, embedder: &EmbedderId) -> PathBuf {
        self.all_vectors().join(embedder.to_string())
    }
}

/// The writer of the library.
///
/// What is put is in the database when the call returns, and found by new snapshots once it has been
/// [published](Self::publish). What is removed is found by no new snapshot from then on.
#[derive(Debug)]
pub struct Store {
    home: PathBuf,
    connection: Connection,
    path: PathBuf,
    fulltext: FulltextWriter,
    vectors: BTreeMap<i64, VectorWriter>,
    /// Documents whose full-text entries are to be made again.
    changed: BTreeSet<i64>,
    /// Those of them that have no entries yet.
    fresh: HashSet<i64>,
    /// For each embedder a passage before which none waits for a vector.
    queue_starts: HashMap<i64, i64>,
    set_aside: Option<PathBuf>,
    /// None, and why, when conversations can't be read: the library can do without.
    desk: Result<Desk, StoreError>,
    /// Held as long as this lives; the system lets go of it when the process dies.
    _lock: File,
}

impl Store {
    /// Opens the library of a home for writing, and makes or mends what is not there or not sound.
    ///
    /// A damaged database is renamed (see [`set_aside`](Self::set_aside)) and an empty one begun, with the same folders:
    /// their documents are to be read again. All of it is checked when something could not be read since the last time;
    /// otherwise what everything stands on. The desk is another thing: see [`desk_trouble`](Self::desk_trouble).
    pub fn open(home: &Path) -> Result<Self, StoreError> {
        create_private_folder(home)?;
        let path = Home(home).lock();
        let lock = lock(&path)?;
        let held = |lock: &File| {
            lock.try_clone().map_err(|source| StoreError::Io { path: path.clone(), source })
        };
        let library = Home(home).library();
        let opened = match Self::open_sound(home, held(&lock)?, None) {
            Err(error) if error.is_library_damage() => {
                // Who knows the folders must be there before the one that told them is put away.
                drop(Desk::open(home)?);
                let aside = set_aside(&library)?;
                Self::open_sound(home, lock, Some(aside))
            }
            opened => opened,
        }?;
        remove_if_there(&suspicion(&library))?;
        Ok(opened)
    }

    /// Opens the library as it is, and mends what is derived from it.
    fn open_sound(home: &Path, lock: File, set_aside: Option<PathBuf>) -> Result<Self, StoreError> {
        let places = Home(home);
        let desk = Desk::open(home);
        let path = places.library();
        let connection = library::open(&path)?;
        if suspicion(&path).exists() && set_aside.is_none() {
            check::wholly(&connection, &path, &CancellationToken::new())?;
        }
        for folder in [places.fulltext(), places.all_vectors()] {
            make_way(&folder)?;
        }
        let fulltext = FulltextWriter::open(&places.fulltext())?;
        let mut store = Self {
            home: home.to_owned(),
            connection,
            path,
            fulltext,
            vectors: BTreeMap::new(),
            changed: BTreeSet::new(),
            fresh: HashSet::new(),
            queue_starts: HashMap::new(),
            set_aside,
            desk,
            _lock: lock,
        };
        store.restore_folders()?;
        store.mend_fulltext()?;
        store.mend_vectors()?;
        store.publish()?;
        Ok(store)
    }

    /// Where the damaged database was put, when one was found.
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Why conversations can't be read or written, if they can't. Folders are kept by the library alone then, and nobody
    /// can ask anything of this writer.
    pub fn desk_trouble(&self) -> Option<&StoreError> {
        self.desk.as_ref().err()
    }

    /// What became of a desk that was found damaged when this was opened.
    pub fn salvaged(&self) -> Option<&Salvaged> {
        self.desk.as_ref().ok().and_then(Desk::salvaged)
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Whether another docent asks something of this one. Takes microseconds.
    pub fn has_requests(&self) -> bool {
        // A desk that can't be read is the matter of who keeps conversations in it.
        self.desk
            .as_ref()
            .is_ok_and(|desk| !desk.is_current() || desk.has_requests().unwrap_or_default())
    }

    /// What other docents ask of this one, in the order in which they did.
    pub fn requests(&mut self) -> Result<Vec<Waiting>, StoreError> {
        if self.desk.as_ref().is_ok_and(|desk| !desk.is_current()) {
            self.desk = Desk::open(&self.home);
        }
        self.desk.as_ref().map_or(Ok(Vec::new()), Desk::requests)
    }

    /// Replies to one of them. `at` is in seconds since 1970.
    pub fn reply(&mut self, request: RequestId, reply: &Reply, at: i64) -> Result<(), StoreError> {
        self.desk.as_mut().map_or(Ok(()), |desk| desk.reply(request, reply, at))
    }

    /// In the order in which they were added.
    pub fn folders(&self) -> Result<Vec<Folder>, StoreError> {
        self.database(library::folders(&self.connection))
    }

    /// Adds a folder by its absolute path, or finds the one that is there.
    pub fn add_folder(&mut self, path: &Path) -> Result<FolderId, StoreError> {
        if !path.is_absolute() {
            return Err(StoreError::NotAbsolute { path: path.to_owned() });
        }
        if let Ok(desk) = &self.desk {
            desk.keep_folder(path)?;
        }
        self.database(library::add_folder(&self.connection, path))
    }

    /// Takes a folder out of the library: nothing in it answers any more. Its documents are forgotten by
    /// [`sweep`](Self::sweep) unless they also lie elsewhere.
    pub fn remove_folder(&mut self, folder: FolderId) -> Result<(), StoreError> {
        let found = self.folders()?.into_iter().find(|known| known.id == folder);
        if let (Some(found), Ok(desk)) = (found, &self.desk) {
            desk.forget_folder(&found.path)?;
        }
        let documents =
            self.transaction(|transaction| library::remove_folder(transaction, folder))?;
        self.changed.extend(documents);
        Ok(())
    }

    pub fn known_files(&self, folder: FolderId) -> Result<Vec<KnownFile>, StoreError> {
        self.database(library::known_files(&self.connection, folder))
    }

    /// The file systems that lay in a folder when it was read, ordered by path.
    pub fn mounts(&self, folder: FolderId) -> Result<Vec<Mount>, StoreError> {
        self.database(mounts::mounts(&self.connection, folder))
    }

    /// Replaces what [`mounts`](Self::mounts) gives.
    pub fn set_mounts(&mut self, folder: FolderId, mounts: &[Mount]) -> Result<(), StoreError> {
        self.transaction(|transaction| mounts::set_mounts(transaction, folder, mounts))
    }

    /// The contents of all documents that were made by these versions, also those without a file, each with the format that
    /// it was read as: the same bytes under another ending are another document.
    pub fn contents(
        &self,
        versions: Versions,
    ) -> Result<HashSet<(ContentHash, Format)>, StoreError> {
        self.database(library::contents(&self.connection, versions))
    }

    /// The document with a content, also one without a file.
    pub fn find_document(
        &self,
        content: &ContentHash,
    ) -> Result<Option<FoundDocument>, StoreError> {
        self.database(library::find_document(&self.connection, content))
    }

    /// Puts what was read in a content, in one transaction; an older reading of the same content is replaced. It answers
    /// once a file is [put](Self::put_file) to it.
    ///
    /// A passage whose embedded text is that of a passage in the library, its own former reading or the file's former
    /// content, takes over its vectors. For that the former content must still be there: forget by
    /// [`sweep`](Self::sweep) at the end.
    pub fn put_document(&mut self, reading: &Reading<'_>) -> Result<DocumentId, StoreError> {
        let put = self.transaction(|transaction| library::put_document(transaction, reading))?;
        for (embedder, passage, vector) in put.taken_over {
            if let Some(writer) = self.vectors.get_mut(&embedder) {
                writer.push(passage, &vector);
            }
        }
        self.changed.insert(put.document.0);
        if put.is_new {
            self.fresh.insert(put.document.0);
        }
        Ok(put.document)
    }

    /// Says that a file, below a folder, has a document's content. Its former content stays until [`sweep`](Self::sweep).
    pub fn put_file(
        &mut self,
        folder: FolderId,
        path: &Path,
        document: DocumentId,
        fingerprint: &Fingerprint,
        hashed_at_ns: i64,
    ) -> Result<(), StoreError> {
        let put = self.transaction(|transaction| {
            library::put_file(transaction, folder, path, document, fingerprint, hashed_at_ns)
        })?;
        if put.former != Some(document.0) {
            self.changed.insert(document.0);
            self.changed.extend(put.former);
        }
        if let Some(first) = put.first_passage {
            for start in self.queue_starts.values_mut() {
                *start = (*start).min(first);
            }
        }
        Ok(())
    }

    /// Forgets a file. Its document answers no more under this path; see [`sweep`](Self::sweep) for the document itself.
    pub fn remove_file(&mut self, folder: FolderId, path: &Path) -> Result<(), StoreError> {
        let document =
            self.transaction(|transaction| library::remove_file(transaction, folder, path))?;
        self.changed.extend(document);
        Ok(())
    }

    /// Replaces what is known of the files and folders, below a watched one, that can't be read. A file's problem also
    /// goes when it is [put](Self::put_file).
    pub fn set_problems(
        &mut self,
        folder: FolderId,
        problems: &[(PathBuf, ProblemKind)],
    ) -> Result<(), StoreError> {
        self.transaction(|transaction| library::set_problems(transaction, folder, problems))
    }

    /// Adds the problem of a file that turned out to be unreadable when it was to be read.
    pub fn add_problem(
        &mut self,
        folder: FolderId,
        path: &Path,
        kind: ProblemKind,
    ) -> Result<(), StoreError> {
        self.transaction(|transaction| library::add_problem(transaction, folder, path, kind))
    }

    /// Forgets the documents that no file has, with their passages and vectors. To be called when all changes have been
    /// followed: until then a file that was moved or edited finds what it needs. Returns how many there were.
    pub fn sweep(&mut self) -> Result<usize, StoreError> {
        let documents = self.transaction(library::sweep)?;
        self.changed.extend(&documents);
        Ok(documents.len())
    }

    /// The documents with pages that OCR is to read.
    pub fn scans(&self) -> Result<Vec<Scan>, StoreError> {
        self.database(library::scans(&self.connection))
    }

    /// Keeps what OCR read on a page of a content, until no document has that content any more.
    pub fn put_recognition(
        &mut self,
        content: &ContentHash,
        page: u32,
        recognition: &Recognition,
    ) -> Result<(), StoreError> {
        self.database(library::put_recognition(&self.connection, content, page, recognition))
    }

    /// What OCR read in a content, by page.
    pub fn recognitions(
        &self,
        content: &ContentHash,
    ) -> Result<BTreeMap<u32, Recognition>, StoreError> {
        self.database(library::recognitions(&self.connection, content))
    }

    /// Passages without a vector of this embedder with the text that it is to be given, oldest first.
    pub fn unembedded(
        &mut self,
        embedder: &EmbedderId,
        limit: usize,
    ) -> Result<Vec<(PassageId, String)>, StoreError> {
        let number =
            self.database(library::embedder(&self.connection, embedder))?.map(|(number, _)| number);
        let start = number.and_then(|number| self.queue_starts.get(&number).copied()).unwrap_or(0);
        let waiting = self.database(library::unembedded(&self.connection, number, start, limit))?;
        if let (Some(number), Some((first, _))) = (number, waiting.first()) {
            self.queue_starts.insert(number, first.0);
        }
        Ok(waiting)
    }

    /// Puts vectors, in one transaction. Those of passages that are gone, or have one already, are dropped.
    pub fn put_vectors<V: AsRef<[f32]>>(
        &mut self,
        embedder: &EmbedderId,
        vectors: &[(PassageId, V)],
    ) -> Result<(), StoreError> {
        let Some(dimension) = vectors.first().map(|(_, vector)| vector.as_ref().len()) else {
            return Ok(());
        };
        let known = self.database(library::embedder(&self.connection, embedder))?;
        let expected = known.map_or(dimension, |(_, dimension)| dimension);
        if let Some((_, wrong)) =
            vectors.iter().find(|(_, vector)| vector.as_ref().len() != expected)
        {
            return Err(StoreError::Dimension { expected, found: wrong.as_ref().len() });
        }
        let (number, put) = self.transaction(|transaction| {
            library::put_vectors(transaction, embedder, dimension, vectors)
        })?;
        let put: HashSet<i64> = put.into_iter().collect();
        let generation = self.database(library::generation(&self.connection))?;
        let writer =
            match self.vectors.entry(number) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => entry.insert(
                    VectorWriter::open(&Home(&self.home).vectors(embedder), dimension, generation)?,
                ),
            };
        for (passage, vector) in vectors.iter().filter(|(passage, _)| put.contains(&passage.0)) {
            writer.push(passage.0, vector.as_ref());
        }
        Ok(())
    }

    /// Makes everything that was put so far found by new snapshots: commits the full text, then writes the vectors. About
    /// 15 ms; to be called once a second or every 500 documents, and at the end.
    pub fn publish(&mut self) -> Result<(), StoreError> {
        let generation = self.database(library::generation(&self.connection))?;
        // Should this fail halfway, the next attempt removes what this one has added.
        let fresh = std::mem::take(&mut self.fresh);
        for document in &self.changed {
            if !fresh.contains(document) {
                self.fulltext.remove(*document);
            }
            if let Some(label) = self.database(library::label_of(&self.connection, *document))? {
                let entries = self.database(library::entries_of(&self.connection, *document))?;
                self.fulltext.add(&label, &entries)?;
            }
        }
        if self.fulltext.generation() != Some(generation) {
            self.fulltext.commit(generation)?;
        }
        self.changed.clear();
        for (embedder, writer) in &mut self.vectors {
            writer.publish(generation)?;
            if writer.needs_merge() {
                let keep = library::embedded(&self.connection, *embedder)
                    .map_err(|source| database_error(&self.path, source))?;
                writer.merge_small(&keep, generation)?;
            }
        }
        Ok(())
    }

    /// `embedder` is the one whose vectors are counted.
    pub fn counts(&self, embedder: Option<&EmbedderId>) -> Result<Counts, StoreError> {
        self.database(library::counts(&self.connection, embedder))
    }

    /// How many distinct documents lie in each folder; a folder without any is left out.
    pub fn documents_of_folders(&self) -> Result<HashMap<FolderId, u64>, StoreError> {
        self.database(library::documents_of_folders(&self.connection))
    }

    /// All problems, ordered by path and page.
    pub fn problems(&self) -> Result<Vec<LocatedProblem>, StoreError> {
        self.database(library::problems(&self.connection))
    }

    /// A library that was lost knows its folders from the desk, and the other way round.
    fn restore_folders(&mut self) -> Result<(), StoreError> {
        let known: BTreeSet<PathBuf> =
            self.folders()?.into_iter().map(|folder| folder.path).collect();
        let mut kept: BTreeSet<PathBuf> = match &self.desk {
            Ok(desk) => desk.folders()?.into_iter().collect(),
            Err(_) => BTreeSet::new(),
        };
        if let (Some(aside), true) = (&self.set_aside, kept.is_empty()) {
            kept.extend(library::legible_folders(aside));
        }
        for path in kept.difference(&known) {
            self.database(library::add_folder(&self.connection, path))?;
        }
        if let Ok(desk) = &self.desk {
            known.difference(&kept).try_for_each(|path| desk.keep_folder(path))?;
        }
        Ok(())
    }

    /// Finds the documents whose entries are not those that the database asks for.
    fn mend_fulltext(&mut self) -> Result<(), StoreError> {
        let generation = self.database(library::generation(&self.connection))?;
        if self.fulltext.generation() != Some(generation) {
            let expected = self.database(library::expected_entries(&self.connection))?;
            self.changed = self.fulltext.differing(expected)?;
        }
        Ok(())
    }

    /// Makes each embedder's files hold the vectors that the database holds.
    fn mend_vectors(&mut self) -> Result<(), StoreError> {
        let generation = self.database(library::generation(&self.connection))?;
        let mut folders = HashSet::new();
        for (number, embedder, dimension) in self.database(library::embedders(&self.connection))? {
            let folder = Home(&self.home).vectors(&embedder);
            let mut writer = VectorWriter::open(&folder, dimension, generation)?;
            folders.insert(folder);
            let expected = self.database(library::embedded(&self.connection, number))?;
            let mut present = PassageSet::default();
            let (mut alive, mut all) = (0, 0);
            for passage in writer.set().passages() {
                all += 1;
                if expected.contains(passage) && !present.contains(passage) {
                    alive += 1;
                    present.insert(passage);
                }
            }
            if alive < expected.len() {
                self.database(library::each_vector(
                    &self.connection,
                    number,
                    |passage, vector| {
                        if !present.contains(passage) {
                            writer.push(passage, vector);
                        }
                    },
                ))?;
                writer.publish(generation)?;
            }
            if (all - alive) * DEAD_PART > all {
                writer.merge_all(&expected, generation)?;
            } else if writer.needs_merge() {
                writer.merge_small(&expected, generation)?;
            }
            self.vectors.insert(number, writer);
        }
        remove_other_folders(&Home(&self.home).all_vectors(), &folders)
    }

    fn transaction<T>(
        &mut self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let done = || {
            let transaction = self.connection.transaction()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        done().map_err(|source| database_error(&self.path, source))
    }

    fn database<T>(&self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|source| database_error(&self.path, source))
    }
}

/// An error of the library's database; the next writer hears of it when it may be damage.
fn database_error(path: &Path, source: rusqlite::Error) -> StoreError {
    let error = StoreError::Database { path: path.to_owned(), source };
    suspect(path, &error);
    error
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let file = open_private(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_owned() }),
        Err(fs::TryLockError::Error(source)) => {
            Err(StoreError::Io { path: path.to_owned(), source })
        }
    }
}

/// Renames a damaged database to `<path>.damaged`, over an earlier one, and removes its log.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let aside = beside(".damaged");
    fs::rename(path, &aside).map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    remove_if_there(&beside("-wal"))?;
    remove_if_there(&beside("-shm"))?;
    Ok(aside)
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Io { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Removes what stands in the place of a folder and is none.
fn make_way(folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() { Ok(()) } else { remove_if_there(folder) }
}

/// Removes the vectors of embedders that the database does not know.
fn remove_other_folders(parent: &Path, kept: &HashSet<PathBuf>) -> Result<(), StoreError> {
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(StoreError::Io { path: parent.to_owned(), source }),
    };
    for entry in entries {
        let path =
            entry.map_err(|source| StoreError::Io { path: parent.to_owned(), source })?.path();
        if path.is_dir() && !kept.contains(&path) {
            fs::remove_dir_all(&path).map_err(|source| StoreError::Io { path, source })?;
        }
    }
    Ok(())
}

/// Makes a folder, and those above it, that only its owner can enter. One that is there stays as it is.
pub(crate) fn create_private_folder(path: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| StoreError::Io { path: path.to_owned(), source })
}

/// Makes an empty file, or empties one, that only its owner can read.
pub(crate) fn create_private(path: &Path) -> Result<File, StoreError> {
    private(path, OpenOptions::new().write(true).create(true).truncate(true))
}

/// Opens a file, or makes one that only its owner can read.
fn open_private(path: &Path) -> Result<File, StoreError> {
    private(path, OpenOptions::new().write(true).create(true).truncate(false))
}

/// Makes an empty file that only its owner can read where there is none, and leaves one that is there alone: when a process
/// closes a file, it loses the locks that SQLite holds on it through other handles.
fn create_if_missing(path: &Path) -> Result<(), StoreError> {
    match private(path, OpenOptions::new().write(true).create_new(true)) {
        Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
            Ok(())
        }
        made => made.map(drop),
    }
}

fn private(path: &Path, options: &mut OpenOptions) -> Result<File, StoreError> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path).map_err(|source| StoreError::Io { path: path.to_owned(), source })
}

/// Tells a file from another one that takes its name; none where there is no file, or no way to tell.
pub(crate) fn identity(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        _ = path;
        None
    }
}

/// Takes the rights of all but the owner from a file that another crate has made.
pub(crate) fn hide(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))
    }
    #[cfg(not(unix))]
    Ok(())
}

#[cfg(test)]
mod tests;
