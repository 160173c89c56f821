-- Access tokens that are dead before their time: of a user, or made from a session or an API key, up to this moment.
CREATE TABLE token_cuts (
    subject  uuid PRIMARY KEY,
    cut_at   timestamptz NOT NULL
);
CREATE INDEX token_cuts_cut_at ON token_cuts (cut_at, subject);

-- Secrets that work once: links in mails, and sign-ins that wait for their second factor.
CREATE TABLE one_time_tokens (
    -- SHA-256 of the token: whoever reads the table cannot use it.
    token_hash  bytea PRIMARY KEY,
    kind        text NOT NULL,
    user_id     uuid REFERENCES users (id) ON DELETE CASCADE,
    data        jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX one_time_tokens_user_id ON one_time_tokens (user_id, kind);
CREATE INDEX one_time_tokens_expires_at ON one_time_tokens (expires_at);

CREATE TABLE api_keys (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name          text NOT NULL,
    -- How the key begins, for its owner to know it by.
    prefix        text NOT NULL,
    -- SHA-256 of the key.
    key_hash      bytea NOT NULL UNIQUE,
    -- Words with blanks between them.
    scopes        text NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    last_used_at  timestamptz
);
CREATE INDEX api_keys_user_id ON api_keys (user_id, created_at, id);

-- The second factor. It counts once it is confirmed.
CREATE TABLE totp (
    user_id       uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- The secret, sealed with the master key.
    sealed        bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    confirmed_at  timestamptz,
    -- The last time step whose code was taken: each is good once.
    last_step     bigint NOT NULL DEFAULT 0
);

CREATE TABLE recovery_codes (
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- A keyed hash of the code.
    code_hash  bytea NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- Who did what, to whom, from where. Users are named by their bare ids, which outlive them here.
CREATE TABLE audit (
    id          uuid PRIMARY KEY,
    at          timestamptz NOT NULL,
    action      text NOT NULL,
    actor_id    uuid,
    subject_id  uuid,
    ip          text,
    user_agent  text,
    detail      jsonb NOT NULL DEFAULT '{}',
    trace_id    text
);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_actor_id ON audit (actor_id, at, id);
CREATE INDEX audit_subject_id ON audit (subject_id, at, id);

-- Entries are never changed, but for the place, which is taken away with its person, and not deleted young.
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.ip IS NULL AND NEW.user_agent IS NULL
        AND (NEW.id, NEW.at, NEW.action, NEW.detail) = (OLD.id, OLD.at, OLD.action, OLD.detail)
        AND NEW.actor_id IS NOT DISTINCT FROM OLD.actor_id
        AND NEW.subject_id IS NOT DISTINCT FROM OLD.subject_id
        AND NEW.trace_id IS NOT DISTINCT FROM OLD.trace_id THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND OLD.at < (SELECT max(at) FROM audit) - interval '23 hours' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
