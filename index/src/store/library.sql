-- The library's first schema. Paths are bytes below their folder; times are nanoseconds since 1970 unless they say otherwise.

CREATE TABLE state (
    -- Goes up with every transaction that changes what can be found. What is derived from here carries it. It begins at
    -- random, so that what is left of a lost library is never taken for this one's.
    generation INTEGER NOT NULL
);
INSERT INTO state (generation) VALUES (abs(random() % 1000000000) * 1000000);

CREATE TABLE folder (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    path BLOB NOT NULL UNIQUE
);

-- One row a distinct content.
CREATE TABLE document (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256            BLOB NOT NULL UNIQUE,
    format            TEXT NOT NULL,
    extractor_version INTEGER NOT NULL,
    splitter_version  INTEGER NOT NULL,
    title             TEXT,
    language          TEXT,
    date              TEXT,
    paged             INTEGER NOT NULL,
    -- Seconds since 1970.
    indexed_at        INTEGER NOT NULL
);

CREATE TABLE tag (
    document_id INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    PRIMARY KEY (document_id, name)
) WITHOUT ROWID;

CREATE TABLE file (
    id          INTEGER PRIMARY KEY,
    folder_id   INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    path        BLOB NOT NULL,
    document_id INTEGER NOT NULL REFERENCES document (id),
    size        INTEGER NOT NULL,
    mtime_ns    INTEGER NOT NULL,
    inode       INTEGER NOT NULL,
    hashed_at   INTEGER NOT NULL,
    UNIQUE (folder_id, path)
);
CREATE INDEX file_document ON file (document_id);

-- What kept a file or a folder from being read at all. The empty path is the watched folder itself.
CREATE TABLE file_problem (
    folder_id INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    path      BLOB NOT NULL,
    kind      TEXT NOT NULL,
    PRIMARY KEY (folder_id, path)
) WITHOUT ROWID;

-- What was found amiss in a document's content.
CREATE TABLE problem (
    id          INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    page        INTEGER,
    kind        TEXT NOT NULL
);
CREATE INDEX problem_document ON problem (document_id);

CREATE TABLE page (
    id          INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    label       TEXT,
    text        TEXT NOT NULL,
    lines       BLOB NOT NULL,
    words       BLOB NOT NULL,
    UNIQUE (document_id, number)
);

CREATE TABLE passage (
    -- AUTOINCREMENT: a number is never used again, so that a derived hit can't name another text.
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id   INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    page          INTEGER NOT NULL,
    start         INTEGER NOT NULL,
    text          TEXT NOT NULL,
    first_line    INTEGER,
    last_line     INTEGER,
    headings      BLOB NOT NULL,
    sentences     BLOB NOT NULL,
    context       TEXT NOT NULL,
    -- The first half of the SHA-256 of what the embedder is given.
    embedded_hash BLOB NOT NULL
);
CREATE INDEX passage_document ON passage (document_id);
CREATE INDEX passage_embedded ON passage (embedded_hash);

CREATE TABLE embedder (
    id        INTEGER PRIMARY KEY,
    sha256    BLOB NOT NULL UNIQUE,
    dimension INTEGER NOT NULL
);

CREATE TABLE vector (
    passage_id  INTEGER NOT NULL REFERENCES passage (id) ON DELETE CASCADE,
    embedder_id INTEGER NOT NULL REFERENCES embedder (id),
    -- Little-endian f32.
    vector      BLOB NOT NULL,
    UNIQUE (passage_id, embedder_id)
);
