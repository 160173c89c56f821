-- Accounts, the ways to sign in to them, and settings of the whole system.
CREATE TABLE users (
    id              blob PRIMARY KEY,
    email           text NOT NULL UNIQUE,
    password_hash   text,
    name            text NOT NULL,
    avatar_url      text,
    -- The first provider this account was made with; every linked one is in identities.
    oauth_provider  text,
    oauth_id        text,
    role            text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    email_verified  integer NOT NULL DEFAULT 0,
    mfa_enabled     integer NOT NULL DEFAULT 0,
    disabled        integer NOT NULL DEFAULT 0,
    preferences     text NOT NULL DEFAULT '{}',
    created_at      text NOT NULL,
    updated_at      text NOT NULL
) STRICT;

CREATE TABLE identities (
    provider    text NOT NULL,
    subject     text NOT NULL,
    user_id     blob NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email       text,
    created_at  text NOT NULL,
    PRIMARY KEY (provider, subject)
) STRICT;
CREATE INDEX identities_user_id ON identities (user_id);

CREATE TABLE settings (
    key         text PRIMARY KEY,
    value       text NOT NULL,
    updated_at  text NOT NULL
) STRICT;
