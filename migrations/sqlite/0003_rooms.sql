-- Rooms, who is in them, what was said and how one is let in.
CREATE TABLE rooms (
    id               blob PRIMARY KEY,
    owner_id         blob NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name             text NOT NULL,
    -- The newest message; a new one gets a greater id, so that ids grow in the order in which messages are kept.
    last_message_id  blob,
    created_at       text NOT NULL,
    updated_at       text NOT NULL
) STRICT;
CREATE INDEX rooms_owner_id ON rooms (owner_id);

CREATE TABLE room_members (
    room_id       blob NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id       blob NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role          text NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
    -- The newest message that the member has read; ids grow with time.
    last_read_id  blob,
    joined_at     text NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT;
CREATE INDEX room_members_user_id ON room_members (user_id, joined_at);

CREATE TABLE chat_messages (
    id          blob PRIMARY KEY,
    room_id     blob NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id     blob NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    content     text NOT NULL,
    -- The sender's own id of the message: the same one twice is one message.
    client_id   text,
    edited_at   text,
    created_at  text NOT NULL
) STRICT;
CREATE INDEX chat_messages_room_id ON chat_messages (room_id, id);
CREATE INDEX chat_messages_user_id ON chat_messages (user_id);
CREATE UNIQUE INDEX chat_messages_client_id ON chat_messages (room_id, user_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE room_invites (
    id          blob PRIMARY KEY,
    room_id     blob NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    -- SHA-256 of the token: whoever reads the table cannot join.
    token_hash  blob NOT NULL UNIQUE,
    role        text NOT NULL CHECK (role IN ('editor', 'viewer')),
    max_uses    integer,
    uses        integer NOT NULL DEFAULT 0,
    expires_at  text,
    created_at  text NOT NULL
) STRICT;
CREATE INDEX room_invites_room_id ON room_invites (room_id);
