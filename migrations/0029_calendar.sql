-- A member's due dates and windows for their own calendar, by a secret link. Only the hash is kept; making another link, or
-- none, ends the one before. It is about oneself alone and nothing of the line, so the trail says nothing of it.
CREATE TABLE calendar_feeds (
  provider_id  uuid NOT NULL,
  member_id    uuid NOT NULL,
  token_hash   bytea NOT NULL CONSTRAINT calendar_feeds_hash_is_sha256 CHECK (length(token_hash) = 32),
  made_at      timestamptz NOT NULL,
  PRIMARY KEY (provider_id, member_id),
  CONSTRAINT calendar_feeds_are_secret UNIQUE (provider_id, token_hash),
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships
);
ALTER TABLE calendar_feeds ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendar_feeds FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON calendar_feeds USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT, DELETE, UPDATE (token_hash, made_at) ON calendar_feeds TO throughline_app;
