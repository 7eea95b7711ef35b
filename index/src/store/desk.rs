//! Which questions were asked, and what was answered?
//!
//! Any docent writes here, so every change is one short transaction. Nothing here can be made anew from the documents:
//! it is never dropped, and copied before a migration. A damaged desk is renamed to a name that nothing has, and all that
//! can still be read in it goes into the new one: see [`salvage`].
//!
//! Here, too, a docent that does not write the library asks the one that does: see [`Request`].

mod salvage;
mod search;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

pub use self::salvage::Salvaged;
pub use self::search::FoundConversation;
use super::library::{path_bytes, path_from};
use super::{Home, StoreError, create_if_missing, migrate};
use crate::query::parted;

const STEPS: [&str; 5] = [
    include_str!("desk.sql"),
    include_str!("desk2.sql"),
    include_str!("desk3.sql"),
    include_str!("desk4.sql"),
    include_str!("desk5.sql"),
];

/// A desk up to this size is checked whole whenever it is opened, which takes some tens of milliseconds then; a larger one
/// when something in it could not be read. Bytes.
const CHECKED_AT_OPENING: u64 = 32 << 20;

/// Nobody waits any longer for the answer to a request that was made so long ago. Seconds.
const ANSWERS_KEPT: i64 = 86_400;

/// The database of conversations.
#[derive(Debug)]
pub struct Desk {
    connection: Connection,
    path: PathBuf,
    /// Which file at the path is open.
    identity: Option<(u64, u64)>,
    salvaged: Option<Salvaged>,
}

/// What a docent asks of the one that writes the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Let a folder join the library, by its absolute path.
    Add(PathBuf),
    /// Take a folder out of it.
    Remove(PathBuf),
    /// Read again what lies at an absolute path: a document, or all documents in a folder.
    ReadAgain(PathBuf),
    /// Let indexing rest.
    Pause,
    /// Let it go on.
    Resume,
    /// Something that only a newer docent knows.
    Unknown(String),
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Done,
    /// There was nothing to be done, and why.
    Needless(String),
    /// It can't be done, and why.
    Refused(String),
}

/// The number of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(i64);

/// A request that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub id: RequestId,
    pub request: Request,
    /// Seconds since 1970.
    pub asked_at: i64,
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Seconds since 1970.
    pub asked_at: i64,
    pub question: String,
    /// JSON with copies of all that is cited.
    pub answer: String,
    /// JSON of how its sources were found; none where that is not known.
    pub why: Option<String>,
}

/// Turns that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub id: i64,
    pub title: String,
    /// Seconds since 1970.
    pub started_at: i64,
    /// JSON of the passages that its next questions are to have among their sources, or not; none where there are none.
    pub passages: Option<String>,
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
    /// Opens the desk of a home, and makes it where there is none. One that is damaged is set aside and begun anew with all
    /// that can be read in it: see [`salvaged`](Self::salvaged).
    pub fn open(home: &Path) -> Result<Self, StoreError> {
        super::create_private_folder(home)?;
        Self::open_or_salvage(home, CHECKED_AT_OPENING)
    }

    /// As [`open`](Self::open), after something could not be read in the desk: checks all of it, however large it is.
    pub fn reopen(home: &Path) -> Result<Self, StoreError> {
        Self::open_or_salvage(home, u64::MAX)
    }

    fn open_or_salvage(home: &Path, checked: u64) -> Result<Self, StoreError> {
        salvage::finish(home)?;
        match Self::open_at(&Home(home).desk(), checked) {
            Err(error) if error.is_damage() => salvage::begin_anew(home, checked),
            opened => opened,
        }
    }

    /// `checked` is up to which size, in bytes, all of it is checked.
    fn open_at(path: &Path, checked: u64) -> Result<Self, StoreError> {
        let path = path.to_owned();
        create_if_missing(&path)?;
        // Before it is opened: should another one come between, it is opened once more than needed.
        let identity = super::identity(&path);
        let failed = |source| StoreError::Database { path: path.clone(), source };
        let mut connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        // What is purged is overwritten, not only unlinked.
        connection.pragma_update(None, "secure_delete", true).map_err(failed)?;
        // Before the migration: what is damaged must not be written to.
        if path.metadata().is_ok_and(|metadata| metadata.len() <= checked) {
            super::check::quickly(&connection, &path)?;
            is_legible(&connection).map_err(failed)?;
        }
        migrate::migrate_with_copy(&mut connection, &path, &STEPS)?;
        Ok(Self { connection, path, identity, salvaged: None })
    }

    /// What became of the desk that was here before, when it was found damaged at opening.
    pub fn salvaged(&self) -> Option<&Salvaged> {
        self.salvaged.as_ref()
    }

    /// Whether this is still the desk of its home: another docent may have set it aside. Then it is to be opened again.
    pub fn is_current(&self) -> bool {
        super::identity(&self.path) == self.identity
    }

    /// Saves a turn, in the given conversation if it is still there, else in a new one that is titled by the question.
    /// Returns the conversation's number.
    pub fn save_turn(&mut self, conversation: Option<i64>, turn: &Turn) -> Result<i64, StoreError> {
        self.save(conversation, None, turn)
    }

    /// As [`save_turn`](Self::save_turn), in the place of the conversation's last turn, if that has the same question and
    /// was asked at `asked_at`, in seconds since 1970.
    pub fn save_instead(
        &mut self,
        conversation: Option<i64>,
        asked_at: i64,
        turn: &Turn,
    ) -> Result<i64, StoreError> {
        self.save(conversation, Some(asked_at), turn)
    }

    fn save(
        &mut self,
        conversation: Option<i64>,
        replaced: Option<i64>,
        turn: &Turn,
    ) -> Result<i64, StoreError> {
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
                    params![parted(&turn.question).0, turn.asked_at],
                    |row| row.get(0),
                )
                .map_err(failed)?,
        };
        if let Some(asked_at) = replaced {
            transaction
                .execute(
                    "DELETE FROM turn WHERE id = (SELECT max(id) FROM turn WHERE conversation_id = ?1)
                     AND asked_at = ?2 AND question = ?3",
                    params![number, asked_at, turn.question],
                )
                .map_err(failed)?;
        }
        transaction
            .execute(
                "INSERT INTO turn (conversation_id, asked_at, question, answer, why) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![number, turn.asked_at, turn.question, turn.answer, turn.why],
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
            "SELECT id, title, started_at, passages FROM conversation WHERE id = ?1 AND deleted_at IS NULL",
            [number],
        ))
    }

    /// The conversation with the latest turn.
    pub fn last_conversation(&self) -> Result<Option<Conversation>, StoreError> {
        self.database(self.read_conversation(
            "SELECT id, title, started_at, passages FROM conversation
             WHERE id = (SELECT t.conversation_id FROM turn t JOIN conversation c ON c.id = t.conversation_id
                         WHERE c.deleted_at IS NULL ORDER BY t.id DESC LIMIT 1)",
            [],
        ))
    }

    /// Gives a conversation another title. False when there is none.
    pub fn rename(&mut self, number: i64, title: &str) -> Result<bool, StoreError> {
        let done = self.connection.execute(
            "UPDATE conversation SET title = ?2 WHERE id = ?1 AND deleted_at IS NULL",
            params![number, title],
        );
        Ok(self.database(done)? > 0)
    }

    /// Keeps the passages that a conversation's next questions are to have among their sources, or not, as JSON. False when
    /// there is no such conversation.
    pub fn choose_passages(
        &mut self,
        number: i64,
        passages: Option<&str>,
    ) -> Result<bool, StoreError> {
        let done = self.connection.execute(
            "UPDATE conversation SET passages = ?2 WHERE id = ?1",
            params![number, passages],
        );
        Ok(self.database(done)? > 0)
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
                    passages: row.get(3)?,
                    turns: Vec::new(),
                })
            })
            .optional()?;
        let Some(mut conversation) = found else { return Ok(None) };
        conversation.turns = self
            .connection
            .prepare_cached(
                "SELECT asked_at, question, answer, why FROM turn WHERE conversation_id = ?1 ORDER BY id",
            )?
            .query_map([conversation.id], |row| {
                Ok(Turn {
                    asked_at: row.get(0)?,
                    question: row.get(1)?,
                    answer: row.get(2)?,
                    why: row.get(3)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Some(conversation))
    }

    /// Asks the docent that writes the library. `at` is in seconds since 1970.
    pub fn ask(&mut self, request: &Request, at: i64) -> Result<RequestId, StoreError> {
        let (kind, path) = match request {
            Request::Add(path) => ("add", Some(path)),
            Request::Remove(path) => ("remove", Some(path)),
            Request::ReadAgain(path) => ("read-again", Some(path)),
            Request::Pause => ("pause", None),
            Request::Resume => ("resume", None),
            Request::Unknown(kind) => (kind.as_str(), None),
        };
        let asked = self.connection.query_row(
            "INSERT INTO request (asked_at, kind, path) VALUES (?1, ?2, ?3) RETURNING id",
            params![at, kind, path.map(|path| path_bytes(path))],
            |row| row.get(0).map(RequestId),
        );
        self.database(asked)
    }

    /// The reply to a request, if there is one; it is forgotten then.
    pub fn take_reply(&mut self, request: RequestId) -> Result<Option<Reply>, StoreError> {
        let read = self
            .connection
            .prepare_cached("SELECT outcome, coalesce(reason, '') FROM request WHERE id = ?1 AND outcome IS NOT NULL")
            .and_then(|mut statement| {
                statement
                    .query_row([request.0], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))
                    .optional()
            });
        let Some((outcome, reason)) = self.database(read)? else { return Ok(None) };
        self.database(self.connection.execute("DELETE FROM request WHERE id = ?1", [request.0]))?;
        Ok(Some(match outcome.as_str() {
            "done" => Reply::Done,
            "needless" => Reply::Needless(reason),
            _ => Reply::Refused(reason),
        }))
    }

    /// Takes a request back. False when it has been replied to, or is not known.
    pub fn withdraw(&mut self, request: RequestId) -> Result<bool, StoreError> {
        let done = self
            .connection
            .execute("DELETE FROM request WHERE id = ?1 AND outcome IS NULL", [request.0]);
        Ok(self.database(done)? > 0)
    }

    /// The requests that nobody has replied to, in the order in which they were made.
    pub fn requests(&self) -> Result<Vec<Waiting>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT id, kind, path, asked_at FROM request WHERE outcome IS NULL ORDER BY id",
                )?
                .query_map([], |row| {
                    let kind: String = row.get(1)?;
                    let path = row.get::<_, Option<Vec<u8>>>(2)?.map(path_from);
                    let request = match (kind.as_str(), path) {
                        ("add", Some(path)) => Request::Add(path),
                        ("remove", Some(path)) => Request::Remove(path),
                        ("read-again", Some(path)) => Request::ReadAgain(path),
                        ("pause", None) => Request::Pause,
                        ("resume", None) => Request::Resume,
                        _ => Request::Unknown(kind),
                    };
                    Ok(Waiting { id: RequestId(row.get(0)?), request, asked_at: row.get(3)? })
                })?
                .collect()
        };
        self.database(read())
    }

    /// Whether a request waits.
    pub(super) fn has_requests(&self) -> Result<bool, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT 1 FROM request WHERE outcome IS NULL")
            .and_then(|mut statement| statement.exists([]));
        self.database(found)
    }

    /// Replies to a request. `at` is in seconds since 1970; replies that nobody has taken for a day are forgotten.
    pub fn reply(&mut self, request: RequestId, reply: &Reply, at: i64) -> Result<(), StoreError> {
        let (outcome, reason) = match reply {
            Reply::Done => ("done", None),
            Reply::Needless(reason) => ("needless", Some(reason)),
            Reply::Refused(reason) => ("refused", Some(reason)),
        };
        let failed = |source| StoreError::Database { path: self.path.clone(), source };
        let transaction = self.connection.transaction().map_err(failed)?;
        transaction
            .execute(
                "UPDATE request SET outcome = ?2, reason = ?3 WHERE id = ?1",
                params![request.0, outcome, reason],
            )
            .map_err(failed)?;
        transaction
            .execute(
                "DELETE FROM request WHERE outcome IS NOT NULL AND asked_at < ?1",
                [at - ANSWERS_KEPT],
            )
            .map_err(failed)?;
        transaction.commit().map_err(failed)
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

/// A text that is none would keep all conversations from being listed.
fn is_legible(connection: &Connection) -> rusqlite::Result<()> {
    for (table, column) in [("conversation", "title"), ("turn", "question"), ("turn", "answer")] {
        if !connection.table_exists(None, table)? {
            continue;
        }
        let mut statement = connection.prepare(&format!("SELECT {column} FROM {table}"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            row.get_ref(0)?.as_str()?;
        }
    }
    Ok(())
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
        let (question, answer) = (question.to_owned(), "{}".to_owned());
        Turn { asked_at: 5, question, answer, why: None }
    }

    #[test]
    fn how_sources_were_found_and_what_is_chosen_of_them_is_kept() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        let explained = Turn { why: Some("{\"found\": 1}".to_owned()), ..turn("Who signed?") };
        let id = desk.save_turn(None, &turn("What is the rent?")).unwrap();
        desk.save_turn(Some(id), &explained).unwrap();
        assert!(desk.choose_passages(id, Some("[1]")).unwrap());
        assert!(!desk.choose_passages(id + 1, Some("[1]")).unwrap());
        drop(desk);
        let mut desk = Desk::open(home.path()).unwrap();
        let kept = desk.conversation(id).unwrap().unwrap();
        assert_eq!(kept.turns, [turn("What is the rent?"), explained]);
        assert_eq!(kept.passages.as_deref(), Some("[1]"));
        desk.choose_passages(id, None).unwrap();
        assert_eq!(desk.last_conversation().unwrap().unwrap().passages, None);
    }

    #[test]
    fn an_answer_takes_the_place_of_the_last_one_to_the_same_question() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        let asked = turn("What is the rent?");
        let id = desk.save_turn(None, &asked).unwrap();
        desk.save_turn(Some(id), &turn("Who signed?")).unwrap();
        let again = Turn { asked_at: asked.asked_at + 5, ..turn("Who signed?") };
        let questions = |desk: &Desk| -> Vec<(String, i64)> {
            let turns = desk.conversation(id).unwrap().unwrap().turns;
            turns.into_iter().map(|turn| (turn.question, turn.asked_at)).collect()
        };
        assert_eq!(desk.save_instead(Some(id), asked.asked_at, &again).unwrap(), id);
        let expected =
            [(asked.question.clone(), asked.asked_at), (again.question.clone(), again.asked_at)];
        assert_eq!(questions(&desk), expected);
        // What is not the last one stays.
        desk.save_instead(Some(id), asked.asked_at, &asked).unwrap();
        assert_eq!(questions(&desk).len(), 3);
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

    #[test]
    fn a_conversation_can_be_renamed_as_long_as_it_is_there() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        let rent = desk.save_turn(None, &turn("What is the rent?")).unwrap();
        assert!(desk.rename(rent, "Rent").unwrap());
        desk.save_turn(Some(rent), &turn("And the deposit?")).unwrap();
        assert_eq!(titles(&desk), ["Rent"]);
        desk.delete(rent, 6).unwrap();
        assert!(!desk.rename(rent, "Gone").unwrap());
        desk.restore(rent).unwrap();
        assert_eq!(titles(&desk), ["Rent"]);
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
        let conversation = desk.conversation(1).unwrap().unwrap();
        assert_eq!((conversation.passages, &conversation.turns[0].why), (None, &None));
        assert!(home.path().join("desk.sqlite.1").exists());
    }

    /// A desk with many turns, closed, whose file is damaged then.
    fn damaged(damage: impl FnOnce(&mut Vec<u8>)) -> (tempfile::TempDir, Vec<u8>) {
        let home = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(home.path()).unwrap();
        for number in 0..20 {
            let first = desk.save_turn(None, &turn(&format!("What is clause {number}?"))).unwrap();
            let answer = "A long answer. ".repeat(number * 40);
            let second = Turn { answer, ..turn(&format!("And clause {number} b?")) };
            desk.save_turn(Some(first), &second).unwrap();
        }
        desk.keep_folder(Path::new("/library")).unwrap();
        drop(desk);
        let path = Home(home.path()).desk();
        let mut bytes = std::fs::read(&path).unwrap();
        damage(&mut bytes);
        std::fs::write(&path, &bytes).unwrap();
        (home, bytes)
    }

    fn questions(desk: &Desk) -> usize {
        let heads = desk.heads().unwrap();
        heads.iter().map(|head| desk.conversation(head.id).unwrap().unwrap().turns.len()).sum()
    }

    #[test]
    fn a_damaged_desk_is_kept_as_it_is_and_what_can_be_read_is_in_the_new_one() {
        let (_sound, bytes) = damaged(|_| {});
        let pages = bytes.len() / 4096;
        assert!(pages > 20);
        let mut salvages = 0;
        for page in 1..pages {
            let (home, bytes) = damaged(|bytes| bytes[page * 4096..][..4096].fill(0xa5));
            let desk = match Desk::open(home.path()) {
                Ok(desk) => desk,
                Err(error) => panic!("page {page}: {error}"),
            };
            // Pages that were freed hold nothing.
            let Some(salvaged) = desk.salvaged().cloned() else { continue };
            salvages += 1;
            assert_eq!(std::fs::read(&salvaged.aside).unwrap(), bytes, "page {page}");
            assert_eq!(salvaged.turns, questions(&desk) as u64, "page {page}");
            drop(desk);
            let mut desk = Desk::open(home.path()).unwrap();
            assert_eq!(desk.salvaged(), None);
            // Only the root of a table leads to all of it.
            let roots = salvaged.turns == 0 || salvaged.turns >= 26;
            assert!(roots, "page {page}: {salvaged:?}");
            desk.save_turn(None, &turn("Is it written to?")).unwrap();
            assert_eq!(questions(&desk) as u64, salvaged.turns + 1);
        }
        assert!(salvages > 15, "{salvages} of {pages}");
    }

    #[test]
    fn a_desk_that_is_no_database_is_kept_and_a_new_one_begun() {
        for damage in [
            (|bytes: &mut Vec<u8>| bytes[0] ^= 1) as fn(&mut Vec<u8>),
            |bytes| bytes.truncate(5000),
            |bytes| bytes.truncate(10),
            |bytes| bytes.fill(b'x'),
        ] {
            let (home, bytes) = damaged(damage);
            let mut desk = Desk::open(home.path()).unwrap();
            let aside = desk.salvaged().unwrap().aside.clone();
            assert_eq!(std::fs::read(aside).unwrap(), bytes);
            desk.save_turn(None, &turn("Is it written to?")).unwrap();
            drop(desk);
            // A second one goes to another name.
            let path = Home(home.path()).desk();
            std::fs::write(&path, "no database at all, though long enough to be looked at")
                .unwrap();
            let second = Desk::open(home.path()).unwrap().salvaged().unwrap().aside.clone();
            assert!(second.to_str().unwrap().ends_with("desk.sqlite.damaged-2"), "{second:?}");
        }
    }

    #[test]
    fn a_new_desk_that_was_finished_before_a_kill_is_taken() {
        let (home, _) = damaged(|_| {});
        let path = Home(home.path()).desk();
        // As it is between both renamings.
        std::fs::rename(&path, path.with_extension("sqlite.fresh")).unwrap();
        assert_eq!(questions(&Desk::open(home.path()).unwrap()), 40);
        // One that was not finished is made again.
        std::fs::write(path.with_extension("sqlite.fresh"), "half of it").unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[..16].fill(b'x');
        std::fs::write(&path, &bytes).unwrap();
        let desk = Desk::open(home.path()).unwrap();
        assert!(desk.salvaged().is_some());
        assert!(!path.with_extension("sqlite.fresh").exists());
    }

    #[test]
    fn a_desk_that_was_set_aside_is_told_from_the_new_one() {
        let home = tempfile::tempdir().unwrap();
        let open = Desk::open(home.path()).unwrap();
        assert!(open.is_current());
        let path = Home(home.path()).desk();
        std::fs::rename(&path, home.path().join("aside")).unwrap();
        assert!(!open.is_current());
        drop(Desk::open(home.path()).unwrap());
        assert!(!open.is_current());
    }

    #[test]
    fn requests_wait_for_a_writer_and_replies_for_who_asked() {
        let home = tempfile::tempdir().unwrap();
        let (mut asker, mut writer) =
            (Desk::open(home.path()).unwrap(), Desk::open(home.path()).unwrap());
        let folder = || PathBuf::from("/notes");
        let requests = [
            Request::Add(folder()),
            Request::Remove(folder()),
            Request::ReadAgain(folder().join("lease.pdf")),
            Request::Pause,
            Request::Resume,
            Request::Unknown("dance".to_owned()),
        ];
        let ids: Vec<_> = requests.iter().map(|r| asker.ask(r, 7).unwrap()).collect();
        let waiting = writer.requests().unwrap();
        let asked: Vec<_> = waiting.iter().map(|waiting| waiting.request.clone()).collect();
        assert_eq!(asked, requests);
        assert!(waiting.iter().all(|waiting| waiting.asked_at == 7));
        assert_eq!(asker.take_reply(ids[0]).unwrap(), None);
        writer.reply(ids[0], &Reply::Done, 8).unwrap();
        writer.reply(ids[1], &Reply::Refused("it is busy".to_owned()), 8).unwrap();
        assert!(asker.withdraw(ids[2]).unwrap());
        assert!(!asker.withdraw(ids[0]).unwrap(), "it has been replied to");
        assert_eq!(writer.requests().unwrap().len(), 3);
        assert_eq!(asker.take_reply(ids[0]).unwrap(), Some(Reply::Done));
        assert_eq!(asker.take_reply(ids[0]).unwrap(), None);
        // Who asked for this is gone.
        writer.reply(ids[3], &Reply::Done, 8 + ANSWERS_KEPT).unwrap();
        assert_eq!(asker.take_reply(ids[1]).unwrap(), None);
    }
}
