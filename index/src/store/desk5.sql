-- What belongs to questions beside their answers, as JSON that the program alone reads.

-- How the sources of a turn were found, and what the model was told; null where it is not known.
ALTER TABLE turn ADD COLUMN why TEXT;
-- The passages that stay among the sources of a conversation's next questions, and those that are left out of them; null
-- where there are none.
ALTER TABLE conversation ADD COLUMN passages TEXT;
