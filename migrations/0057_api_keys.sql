-- Keys with which a provider's own programs read findings, actions and measures: what each may read, of which service or all, until
-- when. Only a hash is kept. Making one and ending one stand in the trail; that one was used is noted once an hour, and is not told.
CREATE TABLE api_keys (
  provider_id  uuid NOT NULL REFERENCES providers,
  id           uuid NOT NULL,
  name         text NOT NULL CONSTRAINT api_keys_have_a_name CHECK (length(name) BETWEEN 1 AND 80 AND name = btrim(name)),
  secret_hash  bytea NOT NULL CONSTRAINT api_keys_hash_is_sha256 CHECK (length(secret_hash) = 32),
  reads        text[] NOT NULL CONSTRAINT api_keys_read_something CHECK (cardinality(reads) > 0 AND reads <@ ARRAY['findings', 'actions', 'measures']),
  service_id   uuid,
  made_by      uuid NOT NULL,
  made_at      timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  ended_by     uuid,
  ended_at     timestamptz,
  used_at      timestamptz,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT api_keys_are_secret UNIQUE (provider_id, secret_hash),
  CONSTRAINT api_keys_expire CHECK (expires_at > made_at AND expires_at <= made_at + interval '366 days'),
  CONSTRAINT api_keys_are_ended_by_somebody CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, made_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, ended_by) REFERENCES memberships
);
CREATE INDEX api_keys_newest_first ON api_keys (provider_id, made_at DESC, id DESC);
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_keys USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT, UPDATE (ended_by, ended_at, used_at) ON api_keys TO throughline_app;
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OF ended_at ON api_keys
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event('');

-- What was ended stays ended.
CREATE FUNCTION app.api_key_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'a key that was ended stays as it is' USING ERRCODE = 'TL005';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.api_key_guard() FROM PUBLIC;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION app.api_key_guard();
