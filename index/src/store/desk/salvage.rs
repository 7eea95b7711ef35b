//! What can still be read in a damaged desk?
//!
//! SQLite refuses a table as a whole when one of its pages is damaged. Here rows are asked for one by one, from both ends,
//! so that only those on the damaged pages are missing. The damaged file itself stays under another name: who can read
//! more in it has all that there is.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::{Desk, StoreError};
use crate::store::{Home, open_private, remove_if_there};

/// What became of a damaged desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged {
    /// Where it lies now, as it was.
    pub aside: PathBuf,
    /// How many turns could be read and are in the new one.
    pub turns: u64,
    /// How many are known to be missing; there may be more where whole pages can't be read.
    pub lost: u64,
}

impl fmt::Display for Salvaged {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aside, turns, lost } = self;
        write!(
            formatter,
            "the file of conversations was damaged and is kept as `{}`: {turns} turns could be read in it and are kept",
            aside.display()
        )?;
        if *lost > 0 { write!(formatter, ", {lost} could not") } else { Ok(()) }
    }
}

/// No desk has more rows in a table: somebody would have to ask for years without a pause.
const MOST_ROWS: u32 = 1 << 22;

/// A table with its columns; the first one is its key.
struct Table {
    name: &'static str,
    columns: &'static [&'static str],
}

/// Parents before their children.
const TABLES: [Table; 4] = [
    Table {
        name: "conversation",
        columns: &["id", "title", "started_at", "deleted_at", "passages"],
    },
    Table {
        name: "turn",
        columns: &["id", "conversation_id", "asked_at", "question", "answer", "why"],
    },
    Table { name: "history", columns: &["id", "question", "asked_at"] },
    Table { name: "folder", columns: &["path"] },
];

/// Takes the place of the desk when it is finished.
const FRESH: &str = ".fresh";

/// Sets the desk of a home aside and begins a new one with what can be read in it. `checked` is up to which size, in bytes,
/// it is looked whether another docent has done so already.
///
/// The new one is finished first: a kill leaves the damaged one, from which it is made again, or both.
pub(super) fn begin_anew(home: &Path, checked: u64) -> Result<Desk, StoreError> {
    let held = lock(home)?;
    let path = Home(home).desk();
    match Desk::open_at(&path, checked) {
        Err(error) if error.is_damage() => {}
        opened => return opened,
    }
    let fresh = with(&path, FRESH);
    for ending in ["", "-wal", "-shm"] {
        remove_if_there(&with(&fresh, ending))?;
    }
    let mut desk = Desk::open_at(&fresh, 0)?;
    let (turns, lost) = salvage(&path, &mut desk)?;
    let Desk { connection, .. } = desk;
    // What stands in its log goes into the file, which alone is renamed.
    let closed = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .and_then(|()| connection.close().map_err(|(_, error)| error));
    closed.map_err(|source| StoreError::Database { path: fresh, source })?;
    let aside = set_aside(&path)?;
    put_fresh(&path)?;
    let mut desk = Desk::open_at(&path, checked)?;
    desk.salvaged = Some(Salvaged { aside, turns, lost });
    drop::<File>(held);
    Ok(desk)
}

/// Puts a new desk, whose making ended in a kill at the last moment, in its place where there is none.
pub(super) fn finish(home: &Path) -> Result<(), StoreError> {
    let path = Home(home).desk();
    if path.exists() || !with(&path, FRESH).exists() {
        return Ok(());
    }
    let held = lock(home)?;
    if !path.exists() && with(&path, FRESH).exists() {
        put_fresh(&path)?;
    }
    drop::<File>(held);
    Ok(())
}

fn put_fresh(path: &Path) -> Result<(), StoreError> {
    fs::rename(with(path, FRESH), path)
        .map_err(|source| StoreError::Io { path: path.to_owned(), source })
}

/// Whoever holds this alone begins a desk anew.
fn lock(home: &Path) -> Result<File, StoreError> {
    let path = home.join("desk.lock");
    let file = open_private(&path)?;
    file.lock().map_err(|source| StoreError::Io { path, source })?;
    Ok(file)
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Renames a database with its log, so that both can still be opened together, to a name that nothing has.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let aside = (1..u32::MAX)
        .map(|number| with(path, &format!(".damaged-{number}")))
        .find(|aside| !aside.exists() && !with(aside, "-wal").exists())
        .unwrap_or_else(|| with(path, ".damaged"));
    // The log goes first: a desk without its log would be another desk.
    for ending in ["-wal", ""] {
        let from = with(path, ending);
        match fs::rename(&from, with(&aside, ending)) {
            Err(error) if ending == "-wal" && error.kind() == io::ErrorKind::NotFound => {}
            renamed => renamed.map_err(|source| StoreError::Io { path: from, source })?,
        }
    }
    remove_if_there(&with(path, "-shm"))?;
    Ok(aside)
}

/// Copies what can be read. Returns how many turns were, and how many were seen and could not be.
fn salvage(damaged: &Path, desk: &mut Desk) -> Result<(u64, u64), StoreError> {
    // A copy is read: opening a database writes to it when it has a log.
    let copy = damaged.with_extension("reading");
    let copied = copy_with_log(damaged, &copy);
    let result = copied.and_then(|()| read_copy(&copy, desk));
    for ending in ["", "-wal", "-shm"] {
        // What is left is of no harm, and overwritten the next time.
        drop(fs::remove_file(with(&copy, ending)));
    }
    result
}

fn copy_with_log(from: &Path, to: &Path) -> Result<(), StoreError> {
    for ending in ["", "-wal"] {
        let (from, to) = (with(from, ending), with(to, ending));
        let failed = |source| StoreError::Io { path: from.clone(), source };
        let mut reader = match File::open(&from) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened.map_err(failed)?,
        };
        let mut writer = crate::store::create_private(&to)?;
        io::copy(&mut reader, &mut writer).map_err(failed)?;
    }
    Ok(())
}

fn read_copy(copy: &Path, desk: &mut Desk) -> Result<(u64, u64), StoreError> {
    let failed = |source| StoreError::Database { path: desk.path.clone(), source };
    let Ok(damaged) = Connection::open(copy) else { return Ok((0, 0)) };
    // A damaged page must not stop the sound ones from being read.
    drop(damaged.pragma_update(None, "cell_size_check", false));
    let transaction = desk.connection.transaction().map_err(failed)?;
    transaction.pragma_update(None, "defer_foreign_keys", true).map_err(failed)?;
    let (mut turns, mut lost) = (0, 0);
    for table in &TABLES {
        let known = columns(&damaged, table);
        if known.is_empty() {
            continue;
        }
        let list = known.join(", ");
        let places = (1..=known.len()).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ");
        let name = table.name;
        let insert = format!("INSERT OR IGNORE INTO {name} ({list}) VALUES ({places})");
        for key in keys(&damaged, table) {
            let read = row(&damaged, table, &known, &key);
            // A row that does not fit is damaged as well: a null where there must be a text.
            let is_kept =
                read.is_ok_and(|row| transaction.execute(&insert, params_from_iter(row)).is_ok());
            if name == "turn" {
                *(if is_kept { &mut turns } else { &mut lost }) += 1;
            }
        }
    }
    // Turns whose conversation can't be read are shown under their own questions.
    transaction
        .execute_batch(
            "INSERT INTO conversation (id, title, started_at)
                 SELECT conversation_id, question, min(asked_at) FROM turn
                 WHERE conversation_id NOT IN (SELECT id FROM conversation) GROUP BY conversation_id",
        )
        .map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok((turns, lost))
}

/// Those of the columns that the damaged table has: it may be of an older schema.
fn columns(damaged: &Connection, table: &Table) -> Vec<&'static str> {
    let has =
        |column: &&&str| damaged.prepare(&format!("SELECT {column} FROM {}", table.name)).is_ok();
    table.columns.iter().filter(has).copied().collect()
}

/// The keys of a table, as far as they can be reached from its beginning and from its end.
fn keys(damaged: &Connection, table: &Table) -> Vec<Value> {
    let Some(key) = table.columns.first() else { return Vec::new() };
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for direction in ["ASC", "DESC"] {
        let sql = format!("SELECT {key} FROM {} ORDER BY {key} {direction}", table.name);
        let Ok(mut statement) = damaged.prepare(&sql) else { continue };
        let Ok(mut rows) = statement.query([]) else { continue };
        // A damaged tree can lead in circles.
        let mut steps = 0;
        while let (Ok(Some(row)), true) = (rows.next(), steps < MOST_ROWS) {
            steps += 1;
            let Ok(value) = row.get::<_, Value>(0) else { continue };
            if seen.insert(format!("{value:?}")) {
                found.push(value);
            } else if direction == "DESC" {
                // From here on all was found from the beginning.
                break;
            }
        }
    }
    found
}

fn row(
    damaged: &Connection,
    table: &Table,
    columns: &[&str],
    key: &Value,
) -> rusqlite::Result<Vec<Value>> {
    let name = table.columns.first().copied().unwrap_or_default();
    let sql = format!("SELECT {} FROM {} WHERE {name} = ?1", columns.join(", "), table.name);
    damaged.prepare_cached(&sql)?.query_row([key], |row| {
        (0..columns.len())
            .map(|column| {
                match row.get_ref(column)? {
                    // A flipped bit must not cost a whole answer.
                    ValueRef::Text(bytes) => {
                        Ok(Value::Text(String::from_utf8_lossy(bytes).into_owned()))
                    }
                    _ => row.get(column),
                }
            })
            .collect()
    })
}
