-- API documents that are served. The id stands in addresses that need no account: it is random.
CREATE TABLE lives (
    id               uuid PRIMARY KEY,
    generation_id    uuid NOT NULL UNIQUE REFERENCES generations (id) ON DELETE CASCADE,
    -- The OpenAPI document as JSON. Text: the order of its keys is its author's.
    document         text NOT NULL,
    -- Grows with each document: tells a process whether what it has compiled is still it.
    revision         bigint NOT NULL,
    latency_ms       bigint NOT NULL DEFAULT 0,
    failure_percent  bigint NOT NULL DEFAULT 0,
    -- What its records are, for the bounds.
    records          bigint NOT NULL DEFAULT 0,
    bytes            bigint NOT NULL DEFAULT 0,
    -- Of the newest record.
    position         bigint NOT NULL DEFAULT 0,
    mounted_at       timestamptz NOT NULL
);

CREATE TABLE live_records (
    live_id   uuid NOT NULL REFERENCES lives (id) ON DELETE CASCADE,
    kind      text NOT NULL,
    -- The path of the record that it lies under; empty at the top.
    scope     text NOT NULL,
    key       text NOT NULL,
    position  bigint NOT NULL,
    body      text NOT NULL,
    PRIMARY KEY (live_id, kind, scope, key)
);
CREATE INDEX live_records_position ON live_records (live_id, kind, position);

-- The newest number that was given to a record of a kind.
CREATE TABLE live_numbers (
    live_id  uuid NOT NULL REFERENCES lives (id) ON DELETE CASCADE,
    kind     text NOT NULL,
    newest   bigint NOT NULL,
    PRIMARY KEY (live_id, kind)
);
