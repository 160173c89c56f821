-- Links that show one generation to whoever has them.
CREATE TABLE shares (
    generation_id  uuid PRIMARY KEY REFERENCES generations (id) ON DELETE CASCADE,
    -- SHA-256 of the token: whoever reads the table cannot use it.
    token_hash     bytea NOT NULL UNIQUE,
    -- With the server's key, this gives the token again.
    seed           bytea NOT NULL,
    created_at     timestamptz NOT NULL
);

-- Files that users put into a prompt's context. Their bytes are in the object storage, as `uploads/<id>`.
CREATE TABLE uploads (
    id               uuid PRIMARY KEY,
    user_id          uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name             text NOT NULL,
    media_type       text NOT NULL,
    bytes            bigint NOT NULL,
    -- SHA-256 of name and bytes: tells whether a key is used again for the same.
    digest           bytea NOT NULL,
    idempotency_key  text,
    created_at       timestamptz NOT NULL,
    used_at          timestamptz NOT NULL
);
CREATE INDEX uploads_user_id ON uploads (user_id, used_at);
CREATE INDEX uploads_used_at ON uploads (used_at, id);
CREATE UNIQUE INDEX uploads_idempotency_key ON uploads (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- What the retention looks at, oldest first.
CREATE INDEX generations_completed_at ON generations (completed_at, id) WHERE completed_at IS NOT NULL;
