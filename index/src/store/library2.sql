-- Pages that have no text of their own are read in their picture by OCR, which takes seconds a page: what it gave is kept by
-- content and page, and outlives a new reading of the document.

CREATE TABLE recognition (
    sha256        BLOB NOT NULL,
    page          INTEGER NOT NULL,
    tsv           TEXT NOT NULL,
    dots_per_inch REAL NOT NULL,
    PRIMARY KEY (sha256, page)
) WITHOUT ROWID;

-- How sure OCR is of a page's words, from 0 to 1; null for a page with a text of its own.
ALTER TABLE page ADD COLUMN recognised REAL;
