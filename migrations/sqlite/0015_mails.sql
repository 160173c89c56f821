-- Mails that are to be sent, and for some days the fact that they were. Who they are for and what they say is sealed,
-- because it holds links that sign in, and gone as soon as the mail has left or was given up.
CREATE TABLE mails (
    id          blob PRIMARY KEY,
    kind        text NOT NULL,
    -- Waiting mails of an account go with it. Empty for the one that says that it is gone.
    user_id     blob REFERENCES users (id) ON DELETE CASCADE,
    sealed      blob,
    created_at  text NOT NULL,
    -- After this it is of no use to anybody.
    expires_at  text NOT NULL,
    -- Not to be claimed before: the end of a pause, or of the lease of who sends it now.
    run_at      text NOT NULL,
    -- How often it was claimed; who holds an older number holds it no more.
    tries       integer NOT NULL DEFAULT 0,
    ended_at    text,
    outcome     text CHECK (outcome IN ('sent', 'given_up')),
    CHECK ((sealed IS NULL) = (ended_at IS NOT NULL))
) STRICT;
CREATE INDEX mails_run_at ON mails (run_at, id) WHERE ended_at IS NULL;
CREATE INDEX mails_ended_at ON mails (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX mails_user_id ON mails (user_id, kind, created_at);
