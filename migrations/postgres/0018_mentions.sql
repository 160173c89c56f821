-- Who is spoken of in a message: members count what speaks of them and what they have not read.
CREATE TABLE message_mentions (
    message_id  uuid NOT NULL REFERENCES chat_messages (id) ON DELETE CASCADE,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room_id     uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    PRIMARY KEY (message_id, user_id)
);
CREATE INDEX message_mentions_user_id ON message_mentions (user_id, room_id, message_id);
CREATE INDEX message_mentions_room_id ON message_mentions (room_id, message_id);

-- The Idempotency-Key that a room was made with, and a digest of what was asked: the same request again gives this room.
ALTER TABLE rooms ADD COLUMN idempotency_key text;
ALTER TABLE rooms ADD COLUMN request_hash bytea;
CREATE UNIQUE INDEX rooms_idempotency_key ON rooms (owner_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
