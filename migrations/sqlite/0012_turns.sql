-- The turn of each user's next job. It stays when their jobs have ended: who asks again at once has had their turn.
CREATE TABLE turns (
    user_id  blob PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    next     integer NOT NULL
) STRICT;
CREATE INDEX turns_next ON turns (next);
INSERT INTO turns (user_id, next)
SELECT user_id, MAX(turn) + 1 FROM jobs WHERE user_id IS NOT NULL GROUP BY user_id;
-- A claim reads them in this order and stops at the first.
DROP INDEX jobs_ready;
CREATE INDEX jobs_ready ON jobs (state, turn, run_at, generation_id);
