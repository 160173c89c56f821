-- A long result is moved into the object storage under this key some time after its generation has ended; the row then
-- holds its beginning, which is all that is searched.
ALTER TABLE generations ADD COLUMN result_key text;
-- What is to be moved.
CREATE INDEX generations_long ON generations (id) WHERE result_key IS NULL AND octet_length(result) > 262144;
-- What an account leaves behind when it goes is found by its key.
CREATE UNIQUE INDEX generations_result_key ON generations (result_key) WHERE result_key IS NOT NULL;
