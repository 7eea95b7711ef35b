-- Conversations that were deleted can be brought back for a while. Questions are kept from the moment they are asked, so
-- that they can be recalled also when they were never answered. Times are seconds since 1970.

ALTER TABLE conversation ADD COLUMN deleted_at INTEGER;

CREATE TABLE history (
    -- The question that was asked last has the highest number.
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    question TEXT NOT NULL UNIQUE,
    asked_at INTEGER NOT NULL
);
INSERT INTO history (question, asked_at)
    SELECT question, max(asked_at) FROM turn GROUP BY question ORDER BY max(id);
