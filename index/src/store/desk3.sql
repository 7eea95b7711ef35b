-- A docent that does not write the library asks the one that does. What was asked stays until somebody writes; the answer
-- stays until whoever asked has read it. Times are seconds since 1970.

CREATE TABLE request (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    asked_at INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    -- Absolute, as bytes; null where the kind needs none.
    path     BLOB,
    -- Null until it is answered.
    outcome  TEXT,
    reason   TEXT
);
