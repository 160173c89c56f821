-- Accounts that are being erased. There is no reference to the account: the row outlives it, and goes when all is gone.
CREATE TABLE erasures (
    user_id      blob PRIMARY KEY,
    created_at   text NOT NULL,
    -- Until this moment one process erases it; then any other may take it over.
    lease_until  text NOT NULL,
    -- Grows with every claim.
    fence        integer NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX erasures_lease_until ON erasures (lease_until);

-- Objects whose rows an erasure has deleted. A row goes when its object is gone.
CREATE TABLE erasure_objects (
    user_id  blob NOT NULL REFERENCES erasures (user_id) ON DELETE CASCADE,
    key      text NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;

-- Copies of all that is kept of a user, for the user. The archive is in the object storage, as `exports/<id>`.
CREATE TABLE exports (
    id               blob PRIMARY KEY,
    user_id          blob NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status           text NOT NULL CHECK (status IN ('queued', 'running', 'ready', 'failed')),
    -- 0 to 100.
    progress         integer NOT NULL DEFAULT 0,
    -- Of the archive, once it is ready.
    bytes            integer,
    idempotency_key  text,
    -- Grows with every claim; a write that carries an older number is refused.
    fence            integer NOT NULL DEFAULT 0,
    lease_until      text,
    created_at       text NOT NULL,
    completed_at     text
) STRICT;
CREATE INDEX exports_user_id ON exports (user_id, created_at, id);
-- One at a time.
CREATE UNIQUE INDEX exports_unended ON exports (user_id) WHERE completed_at IS NULL;
CREATE INDEX exports_claim ON exports (created_at, id) WHERE completed_at IS NULL;
CREATE INDEX exports_completed_at ON exports (completed_at, id) WHERE completed_at IS NOT NULL;
CREATE UNIQUE INDEX exports_idempotency_key ON exports (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- For the list of accounts, the newest first.
CREATE INDEX users_created_at ON users (created_at, id);
-- What one user wrote, in its order.
DROP INDEX chat_messages_user_id;
CREATE INDEX chat_messages_user_id ON chat_messages (user_id, id);
