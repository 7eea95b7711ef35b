//! Where does each document lie, and how much is in it?
//!
//! For lists of the library: a reader of the database alone. It needs neither the full text nor vectors, so that a list is
//! there also when these are damaged, and costs what is asked of it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _};

use super::library::{self, Folder, LocatedProblem};
use super::{Home, StoreError};
use crate::document::{DocumentId, FolderId};

/// One of any number of readers.
#[derive(Debug)]
pub struct Shelves {
    path: PathBuf,
    /// Which file at the path is open.
    identity: Option<(u64, u64)>,
    connection: Connection,
}

/// All that lies in the library, as it was at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shelved {
    pub folders: Vec<Folder>,
    /// In the order of their folders' numbers and then of their paths' bytes.
    pub files: Vec<ShelvedFile>,
    /// Ordered by path and page.
    pub problems: Vec<LocatedProblem>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelvedFile {
    pub folder: FolderId,
    /// Below its folder.
    pub path: PathBuf,
    pub document: DocumentId,
    /// As the document tells it.
    pub title: Option<String>,
}

/// How much is in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Whether its places are named by pages; by lines otherwise.
    pub paged: bool,
    pub pages: u32,
    pub passages: u64,
    /// When it was read: seconds since 1970.
    pub indexed_at: i64,
}

impl Shelves {
    pub fn open(home: &Path) -> Result<Self, StoreError> {
        let path = Home(home).library();
        // Before it is opened: should another one come between, it is opened once more than needed.
        let identity = super::identity(&path);
        let connection = library::open_to_read(&path)?;
        Ok(Self { path, identity, connection })
    }

    /// Whether this is still the library of its home: a damaged one is set aside. Then it is to be opened again.
    pub fn is_current(&self) -> bool {
        super::identity(&self.path) == self.identity
    }

    /// Another number when the writer has written anything since the last time.
    pub fn version(&self) -> Result<i64, StoreError> {
        self.database(self.connection.query_row("PRAGMA data_version", [], |row| row.get(0)))
    }

    /// All that lies in the library now.
    pub fn all(&mut self) -> Result<Shelved, StoreError> {
        let read = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            let files = transaction
                .prepare_cached(
                    "SELECT f.folder_id, f.path, f.document_id, d.title
                     FROM file f JOIN document d ON d.id = f.document_id
                     ORDER BY f.folder_id, f.path",
                )?
                .query_map([], |row| {
                    Ok(ShelvedFile {
                        folder: FolderId(row.get(0)?),
                        path: library::path_from(row.get(1)?),
                        document: DocumentId(row.get(2)?),
                        title: row.get(3)?,
                    })
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Shelved {
                folders: library::folders(&transaction)?,
                files,
                problems: library::problems(&transaction)?,
            })
        };
        let all = read(&mut self.connection);
        self.database(all)
    }

    /// How much is in a document; none when it is no longer there.
    pub fn extent(&self, document: DocumentId) -> Result<Option<Extent>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT paged, indexed_at,
                            (SELECT count(*) FROM page WHERE document_id = ?1),
                            (SELECT count(*) FROM passage WHERE document_id = ?1)
                     FROM document WHERE id = ?1",
                )?
                .query_row([document.0], |row| {
                    Ok(Extent {
                        paged: row.get(0)?,
                        indexed_at: row.get(1)?,
                        pages: row.get(2)?,
                        passages: row.get::<_, i64>(3)?.cast_unsigned(),
                    })
                })
                .optional()
        };
        self.database(read())
    }

    fn database<T>(&self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|source| super::database_error(&self.path, source))
    }
}
