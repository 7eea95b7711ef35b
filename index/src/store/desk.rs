//! Which questions were asked, and what was answered?
//!
//! Any docent writes here, so every change is one short transaction. Nothing here can be made anew from the documents:
//! it is never dropped, and copied before a migration.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::library::{path_bytes, path_from};
use super::{Home, StoreError, migrate, open_private};

const STEPS: [&str; 1] = [include_str!("desk.sql")];

/// The database of conversations.
#[derive(Debug)]
pub struct Desk {
    connection: Connection,
    path: PathBuf,
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Seconds since 1970.
    pub asked_at: i64,
    pub question: String,
    /// JSON with copies of all that is cited.
    pub answer: String,
}

/// Turns that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub id: i64,
    pub title: String,
    /// Seconds since 1970.
    pub started_at: i64,
    /// In the order in which they were asked.
    pub turns: Vec<Turn>,
}

impl Desk {
    /// Opens the desk of a home, and makes it where there is none.
    pub fn open(home: &Path) -> Result<Self, StoreError> {
        super::create_private_folder(home)?;
        let path = Home(home).desk();
        drop(open_private(&path, false)?);
        let failed = |source| StoreError::Database { path: path.clone(), source };
        let mut connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        migrate::migrate_with_copy(&mut connection, &path, &STEPS)?;
        Ok(Self { connection, path })
    }

    /// Saves a turn, in the given conversation or a new one that is titled by the question. Returns the conversation's
    /// number.
    pub fn save_turn(&mut self, conversation: Option<i64>, turn: &Turn) -> Result<i64, StoreError> {
        let failed = |source| StoreError::Database { path: self.path.clone(), source };
        let transaction = self.connection.transaction().map_err(failed)?;
        let number = match conversation {
            Some(number) => number,
            None => transaction
                .query_row(
                    "INSERT INTO conversation (title, started_at) VALUES (?1, ?2) RETURNING id",
                    params![turn.question, turn.asked_at],
                    |row| row.get(0),
                )
                .map_err(failed)?,
        };
        transaction
            .execute(
                "INSERT INTO turn (conversation_id, asked_at, question, answer) VALUES (?1, ?2, ?3, ?4)",
                params![number, turn.asked_at, turn.question, turn.answer],
            )
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(number)
    }

    /// A conversation by its number; none when there is none.
    pub fn conversation(&self, number: i64) -> Result<Option<Conversation>, StoreError> {
        self.database(self.read_conversation(
            "SELECT id, title, started_at FROM conversation WHERE id = ?1",
            [number],
        ))
    }

    /// The conversation with the latest turn.
    pub fn last_conversation(&self) -> Result<Option<Conversation>, StoreError> {
        self.database(self.read_conversation(
            "SELECT id, title, started_at FROM conversation
             WHERE id = (SELECT conversation_id FROM turn ORDER BY id DESC LIMIT 1)",
            [],
        ))
    }

    fn read_conversation(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> rusqlite::Result<Option<Conversation>> {
        let found = self
            .connection
            .query_row(sql, parameters, |row| {
                Ok(Conversation {
                    id: row.get(0)?,
                    title: row.get(1)?,
                    started_at: row.get(2)?,
                    turns: Vec::new(),
                })
            })
            .optional()?;
        let Some(mut conversation) = found else { return Ok(None) };
        conversation.turns = self
            .connection
            .prepare_cached("SELECT asked_at, question, answer FROM turn WHERE conversation_id = ?1 ORDER BY id")?
            .query_map([conversation.id], |row| {
                Ok(Turn { asked_at: row.get(0)?, question: row.get(1)?, answer: row.get(2)? })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Some(conversation))
    }

    /// Notes a watched folder, should the library be lost.
    pub(super) fn keep_folder(&self, path: &Path) -> Result<(), StoreError> {
        self.database(
            self.connection
                .execute("INSERT OR IGNORE INTO folder (path) VALUES (?1)", [path_bytes(path)]),
        )
        .map(drop)
    }

    pub(super) fn forget_folder(&self, path: &Path) -> Result<(), StoreError> {
        self.database(
            self.connection.execute("DELETE FROM folder WHERE path = ?1", [path_bytes(path)]),
        )
        .map(drop)
    }

    pub(super) fn folders(&self) -> Result<Vec<PathBuf>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached("SELECT path FROM folder ORDER BY path")?
                .query_map([], |row| Ok(path_from(row.get(0)?)))?
                .collect()
        };
        self.database(read())
    }

    fn database<T>(&self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|source| StoreError::Database { path: self.path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(question: &str) -> Turn {
        Turn { asked_at: 5, question: question.to_owned(), answer: "{}".to_owned() }
    }

    #[test]
    fn turns_are_found_again_in_their_conversation() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        assert_eq!(desk.last_conversation().unwrap(), None);
        let first = desk.save_turn(None, &turn("What is the rent?")).unwrap();
        let second = desk.save_turn(None, &turn("Who signed?")).unwrap();
        desk.save_turn(Some(first), &turn("And the deposit?")).unwrap();
        drop(desk);
        let desk = Desk::open(home.path()).unwrap();
        let last = desk.last_conversation().unwrap().unwrap();
        assert_eq!(
            (last.id, last.title.as_str(), last.turns.len()),
            (first, "What is the rent?", 2)
        );
        assert_eq!(desk.conversation(second).unwrap().unwrap().turns, [turn("Who signed?")]);
        assert_eq!(desk.conversation(99).unwrap(), None);
    }

    #[test]
    fn a_turn_in_a_conversation_that_is_not_there_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        assert!(desk.save_turn(Some(7), &turn("Lost?")).is_err());
    }
}
