-- Links that show one generation to whoever has them.
CREATE TABLE shares (
    generation_id  blob PRIMARY KEY REFERENCES generations (id) ON DELETE CASCADE,
    -- SHA-256 of the token: whoever reads the table cannot use it.
    token_hash     blob NOT NULL UNIQUE,
    -- With the server's key, this gives the token again.
    seed           blob NOT NULL,
    created_at     text NOT NULL
) STRICT;

-- Files that users put into a prompt's context. Their bytes are in the object storage, as `uploads/<id>`.
CREATE TABLE uploads (
    id               blob PRIMARY KEY,
    user_id          blob NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name             text NOT NULL,
    media_type       text NOT NULL,
    bytes            integer NOT NULL,
    -- SHA-256 of name and bytes: tells whether a key is used again for the same.
    digest           blob NOT NULL,
    idempotency_key  text,
    created_at       text NOT NULL,
    used_at          text NOT NULL
) STRICT;
CREATE INDEX uploads_user_id ON uploads (user_id, used_at);
CREATE INDEX uploads_used_at ON uploads (used_at, id);
CREATE UNIQUE INDEX uploads_idempotency_key ON uploads (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- What the retention looks at, oldest first.
CREATE INDEX generations_completed_at ON generations (completed_at, id) WHERE completed_at IS NOT NULL;
