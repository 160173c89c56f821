-- When each signing key does what, and the keys whose time is over.
ALTER TABLE signing_keys ADD COLUMN activated_at timestamptz;
-- An operator wants the next key to sign from then on.
ALTER TABLE signing_keys ADD COLUMN sign_from timestamptz;
UPDATE signing_keys SET activated_at = created_at WHERE state <> 'next';
CREATE UNIQUE INDEX signing_keys_next ON signing_keys (state) WHERE state = 'next';

-- Tokens of these keys are refused, whatever they say and whoever still holds the public half. The keys themselves are gone.
CREATE TABLE ended_keys (
    id        text PRIMARY KEY,
    ended_at  timestamptz NOT NULL,
    -- By an operator, because somebody else may have it.
    revoked   boolean NOT NULL
);
