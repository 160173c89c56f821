-- Access tokens that are dead before their time: of a user, or made from a session or an API key, up to this moment.
CREATE TABLE token_cuts (
    subject  blob PRIMARY KEY,
    cut_at   text NOT NULL
) STRICT;
CREATE INDEX token_cuts_cut_at ON token_cuts (cut_at, subject);

-- Secrets that work once: links in mails, and sign-ins that wait for their second factor.
CREATE TABLE one_time_tokens (
    -- SHA-256 of the token: whoever reads the table cannot use it.
    token_hash  blob PRIMARY KEY,
    kind        text NOT NULL,
    user_id     blob REFERENCES users (id) ON DELETE CASCADE,
    data        text NOT NULL DEFAULT '{}',
    created_at  text NOT NULL,
    expires_at  text NOT NULL
) STRICT;
CREATE INDEX one_time_tokens_user_id ON one_time_tokens (user_id, kind);
CREATE INDEX one_time_tokens_expires_at ON one_time_tokens (expires_at);

CREATE TABLE api_keys (
    id            blob PRIMARY KEY,
    user_id       blob NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name          text NOT NULL,
    -- How the key begins, for its owner to know it by.
    prefix        text NOT NULL,
    -- SHA-256 of the key.
    key_hash      blob NOT NULL UNIQUE,
    -- Words with blanks between them.
    scopes        text NOT NULL,
    created_at    text NOT NULL,
    expires_at    text,
    last_used_at  text
) STRICT;
CREATE INDEX api_keys_user_id ON api_keys (user_id, created_at, id);

-- The second factor. It counts once it is confirmed.
CREATE TABLE totp (
    user_id       blob PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- The secret, sealed with the master key.
    sealed        blob NOT NULL,
    created_at    text NOT NULL,
    confirmed_at  text,
    -- The last time step whose code was taken: each is good once.
    last_step     integer NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE recovery_codes (
    user_id    blob NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- A keyed hash of the code.
    code_hash  blob NOT NULL,
    used_at    text,
    PRIMARY KEY (user_id, code_hash)
) STRICT;

-- Who did what, to whom, from where. Users are named by their bare ids, which outlive them here.
CREATE TABLE audit (
    id          blob PRIMARY KEY,
    at          text NOT NULL,
    action      text NOT NULL,
    actor_id    blob,
    subject_id  blob,
    ip          text,
    user_agent  text,
    detail      text NOT NULL DEFAULT '{}',
    trace_id    text
) STRICT;
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_actor_id ON audit (actor_id, at, id);
CREATE INDEX audit_subject_id ON audit (subject_id, at, id);

-- Entries are never changed, but for the place, which is taken away with its person, and not deleted young.
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
WHEN NEW.ip IS NOT NULL OR NEW.user_agent IS NOT NULL OR NEW.id <> OLD.id OR NEW.at <> OLD.at
    OR NEW.action <> OLD.action OR NEW.detail <> OLD.detail OR NEW.actor_id IS NOT OLD.actor_id
    OR NEW.subject_id IS NOT OLD.subject_id OR NEW.trace_id IS NOT OLD.trace_id
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN julianday(OLD.at) > julianday((SELECT max(at) FROM audit)) - 23.0 / 24
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
