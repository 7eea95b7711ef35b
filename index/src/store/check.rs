//! Does a database hold what its schema says?
//!
//! SQLite notices damage only on the pages that it comes to, and none inside of a text. The whole check goes over all of
//! them and compares every passage with the hash that it was stored with. With 100,000 passages (580 MB, read before) it
//! takes 2 s: 1.2 s for the structure, .3 s for rows without their parents, .4 s for the hashes. Too long to be made at
//! every start, it is made when something could not be read, and now and then in the background: [`check`].
//!
//! A flipped bit in a path, a title, or a page's text beside its passages is noticed by nothing.

use std::ops::Not as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use super::{Home, StoreError, library};

/// A week: what is read once in a while is not worn out by reading, and what is flipped is found before it is forgotten.
const EVERY: Duration = Duration::from_hours(7 * 24);

/// The structure alone: what keeps SQLite from reading.
pub(super) fn quickly(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let told = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, String>(0));
    told("PRAGMA quick_check(1)")
        .map_err(|source| StoreError::Database { path: path.to_owned(), source })
        .and_then(|told| sound(path, &told))
}

fn sound(path: &Path, told: &str) -> Result<(), StoreError> {
    if told == "ok" { Ok(()) } else { Err(damaged(path, told)) }
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), what: what.to_owned() }
}

/// Everything in the library's database, as far as it gets before `cancel`.
pub(super) fn wholly(
    connection: &Connection,
    path: &Path,
    cancel: &CancellationToken,
) -> Result<(), StoreError> {
    let failed = |source| StoreError::Database { path: path.to_owned(), source };
    let told = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, String>(0));
    let has_orphans = || connection.prepare("PRAGMA foreign_key_check")?.exists([]);
    sound(path, &told("PRAGMA integrity_check(1)").map_err(failed)?)?;
    if !cancel.is_cancelled() && has_orphans().map_err(failed)? {
        return Err(damaged(path, "a row belongs to one that is not there"));
    }
    if !library::has_all_columns(connection).map_err(failed)? {
        return Err(damaged(path, "a table is not as it was made"));
    }
    if !passages_are_whole(connection, cancel).map_err(failed)? {
        return Err(damaged(path, "a passage is not as it was stored"));
    }
    Ok(())
}

/// Whether all texts of passages have the hashes that they were stored with.
fn passages_are_whole(
    connection: &Connection,
    cancel: &CancellationToken,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare("SELECT context, text, embedded_hash FROM passage")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()?.filter(|_| !cancel.is_cancelled()) {
        let mut hasher = Sha256::new();
        hasher.update(row.get_ref(0)?.as_bytes()?);
        hasher.update(b"\n");
        hasher.update(row.get_ref(1)?.as_bytes()?);
        let hash: [u8; 32] = hasher.finalize().into();
        if !hash.starts_with(row.get_ref(2)?.as_blob()?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// When the last check found nothing is the time of this file.
fn checked(library: &Path) -> PathBuf {
    library.with_extension("checked")
}

/// Whether it is time for another [`check`] of a home's library: there has been none for a week.
pub fn is_check_due(home: &Path, now: SystemTime) -> bool {
    checked(&Home(home).library())
        .metadata()
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|last| now.duration_since(last).is_ok_and(|since| since < EVERY))
        .not()
}

/// Goes over the whole database of a home's library, beside a writer if there is one. Damage is an error for which
/// [`is_damage`](StoreError::is_damage) holds; the next [`Store::open`](super::Store::open) then begins the library anew.
pub fn check(home: &Path, cancel: &CancellationToken) -> Result<(), StoreError> {
    let path = Home(home).library();
    library::open_to_read(&path)
        .and_then(|connection| wholly(&connection, &path, cancel))
        .inspect_err(|error| super::suspect(&path, error))?;
    if cancel.is_cancelled() { Ok(()) } else { super::create_private(&checked(&path)).map(drop) }
}
