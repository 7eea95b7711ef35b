//! How does a database come to the schema that this program knows?
//!
//! A database carries the number of steps that have been taken in `PRAGMA user_version`; the steps after it are taken in
//! one transaction. A step is never changed once it has been released.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::StoreError;

/// Takes the steps that a database lacks. Returns whether there were any.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    steps: &[&str],
) -> Result<bool, StoreError> {
    let failed = |source| StoreError::Database { path: path.to_owned(), source };
    let taken = version(connection, path)?;
    let known = steps.len();
    if taken > known {
        return Err(StoreError::Newer { path: path.to_owned(), found: taken, known });
    }
    if taken == known {
        return Ok(false);
    }
    // Another docent may be opening the same database: whoever comes second finds the steps taken.
    let transaction = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(failed)?;
    let taken = version(&transaction, path)?;
    for step in steps.iter().skip(taken) {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction
        .pragma_update(None, "user_version", u32::try_from(known).unwrap_or(u32::MAX))
        .map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(true)
}

/// As [`migrate`], for what can't be made anew: an older database is first copied to `<path>.<version>`.
pub(super) fn migrate_with_copy(
    connection: &mut Connection,
    path: &Path,
    steps: &[&str],
) -> Result<bool, StoreError> {
    let taken = version(connection, path)?;
    if taken > 0 && taken < steps.len() {
        let mut copy = path.as_os_str().to_owned();
        copy.push(format!(".{taken}"));
        let copy = PathBuf::from(copy);
        // An existing copy is of the same version and older: a step that failed must not cost the good one.
        if !copy.exists() {
            super::create_private(&copy)?;
            let name = copy.to_str().ok_or_else(|| StoreError::Io {
                path: copy.clone(),
                source: std::io::Error::from(std::io::ErrorKind::InvalidFilename),
            })?;
            connection
                .execute("VACUUM INTO ?1", [name])
                .map_err(|source| StoreError::Database { path: copy.clone(), source })?;
        }
    }
    migrate(connection, path, steps)
}

fn version(connection: &Connection, path: &Path) -> Result<usize, StoreError> {
    connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0))
        .map(|version| version as usize)
        .map_err(|source| StoreError::Database { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [&str; 2] =
        ["CREATE TABLE a (x INTEGER)", "ALTER TABLE a ADD COLUMN y INTEGER DEFAULT 5"];

    fn database() -> (tempfile::TempDir, PathBuf, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.sqlite");
        let connection = Connection::open(&path).unwrap();
        (folder, path, connection)
    }

    #[test]
    fn steps_are_taken_once() {
        let (_folder, path, mut connection) = database();
        assert!(migrate(&mut connection, &path, &STEPS[..1]).unwrap());
        connection.execute("INSERT INTO a VALUES (1)", []).unwrap();
        assert!(migrate(&mut connection, &path, &STEPS).unwrap());
        assert!(!migrate(&mut connection, &path, &STEPS).unwrap());
        let row: (i64, i64) = connection
            .query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(row, (1, 5));
    }

    #[test]
    fn a_newer_database_is_refused() {
        let (_folder, path, mut connection) = database();
        connection.pragma_update(None, "user_version", 3).unwrap();
        let error = migrate(&mut connection, &path, &STEPS).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 3, known: 2, .. }), "{error}");
    }

    #[test]
    fn what_cannot_be_made_anew_is_copied_first() {
        let (_folder, path, mut connection) = database();
        migrate_with_copy(&mut connection, &path, &STEPS[..1]).unwrap();
        connection.execute("INSERT INTO a VALUES (7)", []).unwrap();
        migrate_with_copy(&mut connection, &path, &STEPS).unwrap();
        let copy = Connection::open(path.with_extension("sqlite.1")).unwrap();
        let (columns, x): (i64, i64) = copy
            .query_row(
                "SELECT (SELECT count(*) FROM pragma_table_info('a')), x FROM a",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!((columns, x), (1, 7));
    }
}
