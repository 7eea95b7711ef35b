-- Where file systems begin in a watched folder, itself among them (the empty path): what is mounted there can be away, and
-- an empty folder in its stead.

CREATE TABLE mount (
    folder_id INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    path      BLOB NOT NULL,
    device    INTEGER NOT NULL,
    PRIMARY KEY (folder_id, path)
) WITHOUT ROWID;
