-- The desk's first schema. Times are seconds since 1970.

CREATE TABLE conversation (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    title      TEXT NOT NULL,
    started_at INTEGER NOT NULL
);

CREATE TABLE turn (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    asked_at        INTEGER NOT NULL,
    question        TEXT NOT NULL,
    -- JSON with copies of everything that is cited: it is shown when the library no longer has it.
    answer          TEXT NOT NULL
);
CREATE INDEX turn_conversation ON turn (conversation_id);

-- The watched folders once more: the library can be rebuilt from the documents, but not the knowledge of where they lie.
CREATE TABLE folder (
    path BLOB PRIMARY KEY
) WITHOUT ROWID;
