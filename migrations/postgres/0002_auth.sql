-- Sign-ins, the refresh tokens that keep them alive, and the keys that sign access tokens.
CREATE TABLE sessions (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_agent    text,
    ip            text NOT NULL,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    end_reason    text CHECK (end_reason IN ('logout', 'reused', 'revoked'))
);
CREATE INDEX sessions_user_id ON sessions (user_id, created_at, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- One line for each session: every token but the newest has been used.
CREATE TABLE refresh_tokens (
    -- SHA-256 of the token: whoever reads the table cannot use it.
    token_hash      bytea PRIMARY KEY,
    session_id      uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at      timestamptz NOT NULL,
    used_at         timestamptz,
    -- With the used token itself and the server's key, this gives the successor again.
    successor_seed  bytea
);
CREATE INDEX refresh_tokens_session_id ON refresh_tokens (session_id);

CREATE TABLE signing_keys (
    -- The `kid` of tokens.
    id          text PRIMARY KEY,
    state       text NOT NULL CHECK (state IN ('next', 'current', 'retired')),
    -- The private key in PEM, sealed with the master key.
    sealed      bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    retired_at  timestamptz
);
CREATE UNIQUE INDEX signing_keys_current ON signing_keys (state) WHERE state = 'current';
