-- Money: what every call to a provider cost, sums by day and month that budgets are held against, and limits for single
-- users. Micro-dollars throughout (1 USD = 1,000,000).
CREATE TABLE usage_entries (
    id                         blob PRIMARY KEY,
    -- What was paid stays on the books when its generation or its user is deleted.
    generation_id              blob REFERENCES generations (id) ON DELETE SET NULL,
    user_id                    blob REFERENCES users (id) ON DELETE SET NULL,
    -- The user's role when the call was made.
    role                       text NOT NULL,
    kind                       text NOT NULL,
    provider                   text NOT NULL,
    model                      text NOT NULL,
    -- The day (UTC, YYYY-MM-DD) in which the call began; its cost belongs to this day and its month.
    day                        text NOT NULL,
    state                      text NOT NULL CHECK (state IN ('reserved', 'settled')),
    -- What is held in the counters for this call; 0 when no limit applied, and once it is settled.
    reserved_micros            integer NOT NULL CHECK (reserved_micros >= 0),
    cost_micros                integer NOT NULL DEFAULT 0 CHECK (cost_micros >= 0),
    -- While reserved: the most that the call can use.
    input_tokens               integer NOT NULL,
    output_tokens              integer NOT NULL,
    -- The prices of this call, for whoever has to settle it later.
    input_micros_per_million   integer NOT NULL,
    output_micros_per_million  integer NOT NULL,
    -- Answered without a call.
    cached                     integer NOT NULL DEFAULT 0,
    reserved_at                text NOT NULL,
    settled_at                 text
) STRICT;
CREATE INDEX usage_entries_user_id ON usage_entries (user_id, day);
CREATE INDEX usage_entries_day ON usage_entries (day);
CREATE INDEX usage_entries_generation_id ON usage_entries (generation_id) WHERE generation_id IS NOT NULL;
CREATE INDEX usage_entries_open ON usage_entries (reserved_at) WHERE state = 'reserved';

-- One row for whoever has spent, in each period. Always written in one order: see `usage.rs`.
CREATE TABLE usage_counters (
    scope            text NOT NULL CHECK (scope IN ('installation', 'role', 'user')),
    -- The role or the user's id; empty for the installation.
    subject          text NOT NULL,
    period           text NOT NULL CHECK (period IN ('day', 'month')),
    -- YYYY-MM-DD or YYYY-MM, in UTC.
    key              text NOT NULL,
    reserved_micros  integer NOT NULL CHECK (reserved_micros >= 0),
    spent_micros     integer NOT NULL CHECK (spent_micros >= 0),
    PRIMARY KEY (scope, subject, period, key)
) STRICT;

-- What an administrator allows one user instead of what the settings allow everyone; null: as the settings say.
CREATE TABLE budgets (
    user_id       blob PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    day_micros    integer CHECK (day_micros >= 0),
    month_micros  integer CHECK (month_micros >= 0),
    updated_at    text NOT NULL
) STRICT;
