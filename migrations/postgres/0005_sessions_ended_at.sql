-- Every process asks which sessions ended lately: their access tokens are good no more.
CREATE INDEX sessions_ended_at ON sessions (ended_at, id) WHERE ended_at IS NOT NULL;
