-- What was said, in plain text: in it conversations are searched. A turn's answer also holds copies of all that it cites.

CREATE TABLE said (
    turn_id INTEGER PRIMARY KEY REFERENCES turn (id) ON DELETE CASCADE,
    -- The question, a line feed, the answer.
    text    TEXT NOT NULL
);
INSERT INTO said (turn_id, text)
    SELECT id, question || char(10)
        || coalesce(CASE WHEN json_valid(answer) THEN json_extract(answer, '$.answer') END, '')
    FROM turn;
CREATE TRIGGER turn_is_said AFTER INSERT ON turn BEGIN
    INSERT INTO said (turn_id, text) VALUES (
        new.id,
        new.question || char(10)
            || coalesce(CASE WHEN json_valid(new.answer) THEN json_extract(new.answer, '$.answer') END, '')
    );
END;
