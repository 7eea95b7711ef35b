//! Which questions were asked, and what was answered?
//!
//! Any docent writes here, so every change is one short transaction. Nothing here can be made anew from the documents:
//! it is never dropped, and copied before a migration.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::library::{path_bytes, path_from};
use super::{Home, StoreError, migrate, open_private};

const STEPS: [&str; 2] = [include_str!("desk.sql"), include_str!("desk2.sql")];

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

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub id: i64,
    pub title: String,
    /// When its last question was asked: seconds since 1970.
    pub asked_at: i64,
    pub turns: u64,
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
        // What is purged is overwritten, not only unlinked.
        connection.pragma_update(None, "secure_delete", true).map_err(failed)?;
        migrate::migrate_with_copy(&mut connection, &path, &STEPS)?;
        Ok(Self { connection, path })
    }

    /// Saves a turn, in the given conversation if it is still there, else in a new one that is titled by the question.
    /// Returns the conversation's number.
    pub fn save_turn(&mut self, conversation: Option<i64>, turn: &Turn) -> Result<i64, StoreError> {
        let failed = |source| StoreError::Database { path: self.path.clone(), source };
        let transaction = self.connection.transaction().map_err(failed)?;
        let known = match conversation {
            Some(number) => transaction
                .query_row("SELECT id FROM conversation WHERE id = ?1", [number], |row| row.get(0))
                .optional()
                .map_err(failed)?,
            None => None,
        };
        let number = match known {
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

    /// All conversations that are not deleted, the one with the latest turn first.
    pub fn heads(&self) -> Result<Vec<Head>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT c.id, c.title, t.asked_at, count(*), max(t.id) FROM conversation c
                     JOIN turn t ON t.conversation_id = c.id
                     WHERE c.deleted_at IS NULL GROUP BY c.id ORDER BY max(t.id) DESC",
                )?
                .query_map([], |row| {
                    Ok(Head {
                        id: row.get(0)?,
                        title: row.get(1)?,
                        asked_at: row.get(2)?,
                        turns: row.get::<_, i64>(3)?.cast_unsigned(),
                    })
                })?
                .collect()
        };
        self.database(read())
    }

    /// A conversation by its number; none when there is none, or when it is deleted.
    pub fn conversation(&self, number: i64) -> Result<Option<Conversation>, StoreError> {
        self.database(self.read_conversation(
            "SELECT id, title, started_at FROM conversation WHERE id = ?1 AND deleted_at IS NULL",
            [number],
        ))
    }

    /// The conversation with the latest turn.
    pub fn last_conversation(&self) -> Result<Option<Conversation>, StoreError> {
        self.database(self.read_conversation(
            "SELECT id, title, started_at FROM conversation
             WHERE id = (SELECT t.conversation_id FROM turn t JOIN conversation c ON c.id = t.conversation_id
                         WHERE c.deleted_at IS NULL ORDER BY t.id DESC LIMIT 1)",
            [],
        ))
    }

    /// Deletes a conversation; until it is [purged](Self::purge) it can be [brought back](Self::restore). `at` is in
    /// seconds since 1970. False when there is none.
    pub fn delete(&mut self, number: i64, at: i64) -> Result<bool, StoreError> {
        let done = self.connection.execute(
            "UPDATE conversation SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL",
            [number, at],
        );
        Ok(self.database(done)? > 0)
    }

    /// Takes a deletion back. False when there is none to be taken back.
    pub fn restore(&mut self, number: i64) -> Result<bool, StoreError> {
        let done = self.connection.execute(
            "UPDATE conversation SET deleted_at = NULL WHERE id = ?1 AND deleted_at IS NOT NULL",
            [number],
        );
        Ok(self.database(done)? > 0)
    }

    /// Forgets for good those of the conversations that are still deleted, with the questions that were asked in them
    /// alone.
    pub fn purge(&mut self, numbers: &[i64]) -> Result<(), StoreError> {
        let failed = |source| StoreError::Database { path: self.path.clone(), source };
        let transaction = self.connection.transaction().map_err(failed)?;
        let mut purged = 0;
        for number in numbers {
            purged += purge(&transaction, *number).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        if purged > 0 {
            // The log holds what was there before. Another docent may be reading: then it is emptied later.
            self.database(self.connection.query_row(
                "PRAGMA wal_checkpoint(TRUNCATE)",
                [],
                |_| Ok(()),
            ))?;
        }
        Ok(())
    }

    /// Conversations that were deleted before `at`, in seconds since 1970.
    pub fn deleted_before(&self, at: i64) -> Result<Vec<i64>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached("SELECT id FROM conversation WHERE deleted_at < ?1")?
                .query_map([at], |row| row.get(0))?
                .collect()
        };
        self.database(read())
    }

    /// Keeps a question for recalling it. `at` is in seconds since 1970.
    pub fn remember(&mut self, question: &str, at: i64) -> Result<(), StoreError> {
        let done = self.connection.execute(
            "INSERT OR REPLACE INTO history (question, asked_at) VALUES (?1, ?2)",
            params![question, at],
        );
        self.database(done).map(drop)
    }

    /// The last `limit` questions that were asked, each once, the latest last.
    pub fn history(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached("SELECT question FROM history ORDER BY id DESC LIMIT ?1")?
                .query_map([limit], |row| row.get(0))?
                .collect()
        };
        let mut questions = self.database(read())?;
        questions.reverse();
        Ok(questions)
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

/// Returns how many conversations went: one or none.
fn purge(transaction: &Transaction<'_>, number: i64) -> rusqlite::Result<usize> {
    let is_deleted = "(SELECT id FROM conversation WHERE id = ?1 AND deleted_at IS NOT NULL)";
    transaction.execute(
        &format!(
            "DELETE FROM history
             WHERE question IN (SELECT question FROM turn WHERE conversation_id IN {is_deleted})
               AND question NOT IN (SELECT question FROM turn WHERE conversation_id <> ?1)"
        ),
        [number],
    )?;
    transaction.execute(&format!("DELETE FROM conversation WHERE id IN {is_deleted}"), [number])
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
    fn a_turn_of_a_conversation_that_another_docent_has_purged_begins_a_new_one() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        let lost = desk.save_turn(None, &turn("What is the rent?")).unwrap();
        desk.delete(lost, 6).unwrap();
        assert_eq!(desk.save_turn(Some(lost), &turn("And the deposit?")).unwrap(), lost);
        desk.purge(&[lost]).unwrap();
        let new = desk.save_turn(Some(lost), &turn("And the garden?")).unwrap();
        assert_ne!(new, lost);
        assert_eq!(titles(&desk), ["And the garden?"]);
    }

    fn titles(desk: &Desk) -> Vec<String> {
        desk.heads().unwrap().into_iter().map(|head| head.title).collect()
    }

    #[test]
    fn heads_tell_the_latest_conversation_first() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        let rent = desk.save_turn(None, &turn("What is the rent?")).unwrap();
        desk.save_turn(None, &turn("Who signed?")).unwrap();
        desk.save_turn(Some(rent), &Turn { asked_at: 9, ..turn("And the deposit?") }).unwrap();
        assert_eq!(
            desk.heads().unwrap(),
            [
                Head { id: rent, title: "What is the rent?".to_owned(), asked_at: 9, turns: 2 },
                Head { id: rent + 1, title: "Who signed?".to_owned(), asked_at: 5, turns: 1 },
            ]
        );
    }

    #[test]
    fn a_deleted_conversation_can_be_brought_back_until_it_is_purged() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        let rent = desk.save_turn(None, &turn("What is the rent?")).unwrap();
        let signed = desk.save_turn(None, &turn("Who signed?")).unwrap();
        assert!(desk.delete(signed, 100).unwrap());
        assert!(!desk.delete(signed, 200).unwrap(), "it is deleted already");
        assert_eq!(titles(&desk), ["What is the rent?"]);
        assert_eq!(desk.conversation(signed).unwrap(), None);
        assert_eq!(desk.last_conversation().unwrap().unwrap().id, rent);
        assert!(desk.restore(signed).unwrap());
        assert_eq!(titles(&desk), ["Who signed?", "What is the rent?"]);
        desk.delete(signed, 100).unwrap();
        assert!(desk.deleted_before(100).unwrap().is_empty());
        assert_eq!(desk.deleted_before(101).unwrap(), [signed]);
        desk.purge(&[rent, signed]).unwrap();
        assert!(!desk.restore(signed).unwrap());
        assert_eq!(titles(&desk), ["What is the rent?"], "what is not deleted is not purged");
    }

    #[test]
    fn what_is_purged_stands_in_no_file() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        let question = "Is the Zanzibar account overdrawn?";
        desk.save_turn(None, &turn("What is the rent?")).unwrap();
        let secret = desk.save_turn(None, &turn(question)).unwrap();
        desk.remember(question, 5).unwrap();
        let stands = || {
            std::fs::read_dir(home.path()).unwrap().any(|entry| {
                let bytes = std::fs::read(entry.unwrap().path()).unwrap();
                bytes.windows(8).any(|window| window == b"Zanzibar")
            })
        };
        assert!(stands());
        desk.delete(secret, 6).unwrap();
        desk.purge(&[secret]).unwrap();
        assert!(!stands());
    }

    #[test]
    fn history_tells_each_question_once_the_latest_last() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        for question in ["a", "b", "a", "c"] {
            desk.remember(question, 5).unwrap();
        }
        assert_eq!(desk.history(10).unwrap(), ["b", "a", "c"]);
        assert_eq!(desk.history(2).unwrap(), ["a", "c"]);
    }

    #[test]
    fn a_purged_conversation_takes_its_own_questions_out_of_the_history() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        for question in ["never answered", "shared", "own"] {
            desk.remember(question, 5).unwrap();
        }
        desk.save_turn(None, &turn("shared")).unwrap();
        let other = desk.save_turn(None, &turn("shared")).unwrap();
        desk.save_turn(Some(other), &turn("own")).unwrap();
        desk.delete(other, 6).unwrap();
        assert_eq!(desk.history(10).unwrap().len(), 3);
        desk.purge(&[other]).unwrap();
        assert_eq!(desk.history(10).unwrap(), ["never answered", "shared"]);
    }

    #[test]
    fn an_older_desk_keeps_its_turns_and_its_questions_become_history() {
        let home = tempfile::tempdir().unwrap();
        let path = Home(home.path()).desk();
        let mut connection = Connection::open(&path).unwrap();
        migrate::migrate(&mut connection, &path, &STEPS[..1]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO conversation (title, started_at) VALUES ('rent', 5);
                 INSERT INTO turn (conversation_id, asked_at, question, answer) VALUES
                    (1, 5, 'rent', '{}'), (1, 6, 'deposit', '{}'), (1, 7, 'rent', '{}');",
            )
            .unwrap();
        drop(connection);
        let desk = Desk::open(home.path()).unwrap();
        assert_eq!(desk.history(10).unwrap(), ["deposit", "rent"]);
        let head = Head { id: 1, title: "rent".to_owned(), asked_at: 7, turns: 3 };
        assert_eq!(desk.heads().unwrap(), [head]);
        assert!(home.path().join("desk.sqlite.1").exists());
    }
}
