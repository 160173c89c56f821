-- Generations and the jobs that make them. A job is deleted in the transaction that ends its generation.
CREATE TABLE generations (
    id             uuid PRIMARY KEY,
    user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    type           text NOT NULL CHECK (type IN ('code', 'api', 'ui', 'cli')),
    title          text NOT NULL,
    prompt         text NOT NULL,
    result         text NOT NULL DEFAULT '',
    language       text,
    status         text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    progress       bigint NOT NULL DEFAULT 0,
    error_code     text,
    error_message  text,
    model          text,
    parent_id      uuid REFERENCES generations (id) ON DELETE SET NULL,
    room_id        uuid REFERENCES rooms (id) ON DELETE SET NULL,
    starred        boolean NOT NULL DEFAULT false,
    metadata       jsonb NOT NULL,
    -- The position of the last event, so that the end can be told again when the journal is gone.
    attempt        bigint NOT NULL DEFAULT 1,
    last_seq       bigint NOT NULL DEFAULT 0,
    -- The starter's own id of it: the same one twice is one generation.
    client_id      text,
    created_at     timestamptz NOT NULL,
    completed_at   timestamptz
);
CREATE INDEX generations_user_id ON generations (user_id, created_at, id);
CREATE INDEX generations_type ON generations (user_id, type, created_at, id);
CREATE INDEX generations_room_id ON generations (room_id, created_at, id) WHERE room_id IS NOT NULL;
CREATE INDEX generations_parent_id ON generations (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX generations_unended ON generations (user_id) WHERE completed_at IS NULL;
CREATE UNIQUE INDEX generations_client_id ON generations (user_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE jobs (
    generation_id     uuid PRIMARY KEY REFERENCES generations (id) ON DELETE CASCADE,
    state             text NOT NULL CHECK (state IN ('ready', 'running')),
    run_at            timestamptz NOT NULL,
    -- Grows with every claim; a write that carries an older number is refused.
    fence             bigint NOT NULL DEFAULT 0,
    worker_id         uuid,
    lease_until       timestamptz,
    cancel_requested  boolean NOT NULL DEFAULT false,
    payload           jsonb NOT NULL
);
CREATE INDEX jobs_ready ON jobs (state, run_at);
CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 'running';
