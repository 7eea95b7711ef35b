//! Which embedders have made more vectors than another?
//!
//! While one of them takes another's place, the vectors that are there already answer: a reader of the database alone tells
//! whose they are.

use std::path::Path;

use rusqlite::Connection;

use super::{EmbedderId, Home, StoreError, library};

/// The embedders that have made vectors of at least as many passages as this one, and of some of which it has made none
/// yet; the one with the most first.
pub fn ahead_of(home: &Path, embedder: &EmbedderId) -> Result<Vec<EmbedderId>, StoreError> {
    let path = Home(home).library();
    let connection = library::open_to_read(&path)?;
    ahead(&connection, embedder).map_err(|source| StoreError::Database { path, source })
}

fn ahead(connection: &Connection, embedder: &EmbedderId) -> rusqlite::Result<Vec<EmbedderId>> {
    let known = library::embedders(connection)?;
    let own = known.iter().find(|(_, id, _)| id == embedder).map(|(number, ..)| *number);
    if known.len() == usize::from(own.is_some()) {
        // Nothing need be counted where no other has made any.
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(
        "SELECT v.embedder_id, count(*),
                sum(NOT EXISTS (SELECT 1 FROM vector w WHERE w.passage_id = v.passage_id AND w.embedder_id = ?1))
         FROM (SELECT DISTINCT document_id FROM file) f
         CROSS JOIN passage p ON p.document_id = f.document_id
         CROSS JOIN vector v ON v.passage_id = p.id
         GROUP BY v.embedder_id ORDER BY count(*) DESC",
    )?;
    let made: Vec<(i64, i64, i64)> = statement
        .query_map([own], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let of_own = made.iter().find(|(number, ..)| Some(*number) == own).map_or(0, |made| made.1);
    let is_ahead = |(number, made, missing): &(i64, i64, i64)| {
        Some(*number) != own && *made >= of_own && *missing > 0
    };
    let id_of = |(number, ..): &(i64, i64, i64)| {
        known.iter().find(|(known, ..)| known == number).map(|(_, id, _)| *id)
    };
    Ok(made.iter().filter(|made| is_ahead(made)).filter_map(id_of).collect())
}
