-- Sign-ins, the refresh tokens that keep them alive, and the keys that sign access tokens.
CREATE TABLE sessions (
    id            blob PRIMARY KEY,
    user_id       blob NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_agent    text,
    ip            text NOT NULL,
    created_at    text NOT NULL,
    last_used_at  text NOT NULL,
    expires_at    text NOT NULL,
    ended_at      text,
    end_reason    text CHECK (end_reason IN ('logout', 'reused', 'revoked'))
) STRICT;
CREATE INDEX sessions_user_id ON sessions (user_id, created_at, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- One line for each session: every token but the newest has been used.
CREATE TABLE refresh_tokens (
    -- SHA-256 of the token: whoever reads the table cannot use it.
    token_hash      blob PRIMARY KEY,
    session_id      blob NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at      text NOT NULL,
    used_at         text,
    -- With the used token itself and the server's key, this gives the successor again.
    successor_seed  blob
) STRICT;
CREATE INDEX refresh_tokens_session_id ON refresh_tokens (session_id);

CREATE TABLE signing_keys (
    -- The `kid` of tokens.
    id          text PRIMARY KEY,
    state       text NOT NULL CHECK (state IN ('next', 'current', 'retired')),
    -- The private key in PEM, sealed with the master key.
    sealed      blob NOT NULL,
    created_at  text NOT NULL,
    retired_at  text
) STRICT;
CREATE UNIQUE INDEX signing_keys_current ON signing_keys (state) WHERE state = 'current';
