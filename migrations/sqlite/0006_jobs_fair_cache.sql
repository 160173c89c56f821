-- Fairness: `turn` is a job's virtual start (start-time fair queueing). A user's hundredth job has a turn a hundred higher
-- than their first, so another user's one job does not wait for all of them.
ALTER TABLE jobs ADD COLUMN user_id blob REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE jobs ADD COLUMN turn integer NOT NULL DEFAULT 0;
-- When it was first claimed: the deadline of the whole counts from here, also after a takeover.
ALTER TABLE jobs ADD COLUMN started_at text;
UPDATE jobs SET user_id = (SELECT g.user_id FROM generations g WHERE g.id = jobs.generation_id);
DROP INDEX jobs_ready;
CREATE INDEX jobs_ready ON jobs (state, turn, run_at);
CREATE INDEX jobs_user_id ON jobs (user_id, state);

-- What was asked, hashed: the same idempotency key with another request is refused.
ALTER TABLE generations ADD COLUMN request_hash text;
-- What was asked beside the prompt (temperature, uploads), for making it anew. Its job's payload is the same.
ALTER TABLE generations ADD COLUMN request text;

-- Which generation makes, or has made, the answer to equal requests. `key` is the hash of every input that shapes it.
CREATE TABLE generation_cache (
    key            text PRIMARY KEY,
    generation_id  blob NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
    -- `flight` while it is being made, `kept` when it can be given again.
    state          text NOT NULL CHECK (state IN ('flight', 'kept')),
    made_at        text NOT NULL
) STRICT;
CREATE INDEX generation_cache_made_at ON generation_cache (made_at);
CREATE INDEX generation_cache_generation_id ON generation_cache (generation_id);
