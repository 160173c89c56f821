-- Administrators' own prompt templates. A text is never changed: a change is a new row.
CREATE TABLE prompt_versions (
    id          uuid PRIMARY KEY,
    type        text NOT NULL CHECK (type IN ('code', 'api', 'ui', 'cli')),
    -- Counts from 1 within a type.
    number      bigint NOT NULL,
    -- Number of the built-in template when it was written.
    base        bigint NOT NULL,
    text        text NOT NULL,
    note        text,
    user_id     uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at  timestamptz NOT NULL,
    UNIQUE (type, number)
);
CREATE INDEX prompt_versions_created_at ON prompt_versions (type, created_at, id);

-- Which one was put in use, when and by whom: the last step of a type holds.
CREATE TABLE prompt_steps (
    type        text NOT NULL CHECK (type IN ('code', 'api', 'ui', 'cli')),
    step        bigint NOT NULL,
    -- Null is the built-in template.
    number      bigint,
    user_id     uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (type, step),
    FOREIGN KEY (type, number) REFERENCES prompt_versions (type, number)
);
