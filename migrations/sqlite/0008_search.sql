-- The words of each generation. They are made by the store, so that both databases find the same.
CREATE TABLE generation_search (
    -- What the full-text table calls a row; generations have no number of their own that stays.
    id             integer PRIMARY KEY AUTOINCREMENT,
    generation_id  blob NOT NULL UNIQUE REFERENCES generations (id) ON DELETE CASCADE
) STRICT;
-- `words` of title, prompt and result; `owners` is the starter's id and the room's, which narrow a search in the index.
-- The ascii tokenizer keeps letters of other scripts as they are: the store has already cut and lowered the words.
CREATE VIRTUAL TABLE generation_words USING fts5 (
    words, owners, content = '', contentless_delete = 1, tokenize = 'ascii', detail = 'column'
);
CREATE TRIGGER generation_search_deleted AFTER DELETE ON generation_search BEGIN
    DELETE FROM generation_words WHERE rowid = old.id;
END;
-- Rows that are there already are indexed by the store when it has run this migration.
INSERT INTO settings (key, value, updated_at) VALUES ('search.index', '"missing"', '1970-01-01T00:00:00+00:00');
