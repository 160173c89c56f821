-- API documents that are served. The id stands in addresses that need no account: it is random.
CREATE TABLE lives (
    id               blob PRIMARY KEY,
    generation_id    blob NOT NULL UNIQUE REFERENCES generations (id) ON DELETE CASCADE,
    -- The OpenAPI document as JSON. Text: the order of its keys is its author's.
    document         text NOT NULL,
    -- Grows with each document: tells a process whether what it has compiled is still it.
    revision         integer NOT NULL,
    latency_ms       integer NOT NULL DEFAULT 0,
    failure_percent  integer NOT NULL DEFAULT 0,
    -- What its records are, for the bounds.
    records          integer NOT NULL DEFAULT 0,
    bytes            integer NOT NULL DEFAULT 0,
    -- Of the newest record.
    position         integer NOT NULL DEFAULT 0,
    mounted_at       text NOT NULL
) STRICT;

CREATE TABLE live_records (
    live_id   blob NOT NULL REFERENCES lives (id) ON DELETE CASCADE,
    kind      text NOT NULL,
    -- The path of the record that it lies under; empty at the top.
    scope     text NOT NULL,
    key       text NOT NULL,
    position  integer NOT NULL,
    body      text NOT NULL,
    PRIMARY KEY (live_id, kind, scope, key)
) STRICT;
CREATE INDEX live_records_position ON live_records (live_id, kind, position);

-- The newest number that was given to a record of a kind.
CREATE TABLE live_numbers (
    live_id  blob NOT NULL REFERENCES lives (id) ON DELETE CASCADE,
    kind     text NOT NULL,
    newest   integer NOT NULL,
    PRIMARY KEY (live_id, kind)
) STRICT;
