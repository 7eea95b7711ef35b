//! Which file systems lay where in a watched folder when it was read?

use rusqlite::{Connection, Transaction, params};

use super::library::{path_bytes, path_from};
use crate::document::FolderId;
use crate::scan::Mount;

pub(super) fn mounts(connection: &Connection, folder: FolderId) -> rusqlite::Result<Vec<Mount>> {
    connection
        .prepare_cached("SELECT path, device FROM mount WHERE folder_id = ?1 ORDER BY path")?
        .query_map([folder.0], |row| {
            Ok(Mount {
                path: path_from(row.get(0)?),
                device: row.get::<_, i64>(1)?.cast_unsigned(),
            })
        })?
        .collect()
}

pub(super) fn set_mounts(
    transaction: &Transaction<'_>,
    folder: FolderId,
    mounts: &[Mount],
) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM mount WHERE folder_id = ?1", [folder.0])?;
    for mount in mounts {
        transaction
            .prepare_cached("INSERT INTO mount (folder_id, path, device) VALUES (?1, ?2, ?3)")?
            .execute(params![folder.0, path_bytes(&mount.path), mount.device.cast_signed()])?;
    }
    Ok(())
}
