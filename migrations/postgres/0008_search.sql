-- The words of each generation. They are made by the store, so that both databases find the same.
CREATE TABLE generation_search (
    generation_id  uuid PRIMARY KEY REFERENCES generations (id) ON DELETE CASCADE,
    -- Words of title, prompt and result, and `#` with the starter's id and the room's, which narrow a search in the index.
    words          tsvector NOT NULL
);
CREATE INDEX generation_search_words ON generation_search USING gin (words);
-- Rows that are there already are indexed by the store when it has run this migration.
INSERT INTO settings (key, value, updated_at) VALUES ('search.index', '"missing"', now());
