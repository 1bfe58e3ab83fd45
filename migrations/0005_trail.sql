-- The trail: one hash chain for each provider. A line is the exact bytes an outsider is given; each names the hash
-- of the line before. Free text stands beside the chain as salt and text, of which the line holds only the hash:
-- it can be erased lawfully and the chain still verifies.

CREATE TABLE events (
  provider_id  uuid NOT NULL REFERENCES providers,
  seq          bigint NOT NULL,
  at           timestamptz NOT NULL,
  xid          xid8 NOT NULL,
  kind         text NOT NULL,
  actor_id     uuid,
  action_id    uuid,
  finding_id   uuid,
  review_id    uuid,
  line         text NOT NULL,
  PRIMARY KEY (provider_id, seq)
);
CREATE INDEX events_of_an_action ON events (provider_id, action_id, seq) WHERE action_id IS NOT NULL;
CREATE INDEX events_of_a_finding ON events (provider_id, finding_id, seq) WHERE finding_id IS NOT NULL;
CREATE INDEX events_of_a_review ON events (provider_id, review_id, seq) WHERE review_id IS NOT NULL;

CREATE TABLE event_texts (
  provider_id  uuid NOT NULL,
  seq          bigint NOT NULL,
  name         text NOT NULL,
  salt         bytea,
  body         text,
  erased_at    timestamptz,
  PRIMARY KEY (provider_id, seq, name),
  CONSTRAINT event_texts_erased_is_gone CHECK (CASE WHEN erased_at IS NULL THEN salt IS NOT NULL AND body IS NOT NULL ELSE salt IS NULL AND body IS NULL END),
  FOREIGN KEY (provider_id, seq) REFERENCES events
);

CREATE TABLE chain_heads (
  provider_id  uuid PRIMARY KEY REFERENCES providers,
  seq          bigint NOT NULL,
  hash         text NOT NULL
) WITH (fillfactor = 50);

-- A provider begins with its chain and its counters.
CREATE FUNCTION app.begin_provider() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO chain_heads VALUES (NEW.id, 0, encode(sha256(convert_to(NEW.id::text, 'UTF8')), 'hex'));
  INSERT INTO reference_counters VALUES (NEW.id, 'review', 0), (NEW.id, 'finding', 0), (NEW.id, 'action', 0);
  RETURN NULL;
END $$;
CREATE TRIGGER begin_provider AFTER INSERT ON providers FOR EACH ROW EXECUTE FUNCTION app.begin_provider();

-- Appends one line. The head row is the lock: one writer at a time in a provider, so events are written last.
-- `p_at` is when it happened by the program's clock; `recorded` is the database's own time.
CREATE FUNCTION app.append_event(p_at timestamptz, p_kind text, p_actor uuid, p_review uuid, p_finding uuid, p_action uuid, p_detail jsonb, p_texts jsonb)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE p uuid := app.provider(); s bigint; h text; l text; t record; salts bytea[] := '{}'; names text[] := '{}'; bodies text[] := '{}'; hashes jsonb := '{}'; salt bytea;
BEGIN
  SELECT c.seq + 1, c.hash INTO s, h FROM chain_heads c WHERE c.provider_id = p FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this provider has no trail' USING ERRCODE = 'TL030';
  END IF;
  FOR t IN SELECT key, value FROM jsonb_each_text(p_texts) WHERE value IS NOT NULL ORDER BY key LOOP
    salt := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
    names := names || t.key; bodies := bodies || t.value; salts := salts || salt;
    hashes := hashes || jsonb_build_object(t.key, encode(sha256(salt || convert_to(t.value, 'UTF8')), 'hex'));
  END LOOP;
  l := json_build_object('n', s, 'prev', h, 'provider', p,
    'at', to_char(p_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'recorded', to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'kind', p_kind, 'actor', p_actor, 'review', p_review, 'finding', p_finding, 'action', p_action, 'detail', p_detail, 'texts', hashes)::text;
  INSERT INTO events VALUES (p, s, p_at, pg_current_xact_id(), p_kind, p_actor, p_action, p_finding, p_review, l);
  INSERT INTO event_texts (provider_id, seq, name, salt, body) SELECT p, s, n, x, b FROM unnest(names, salts, bodies) AS u(n, x, b);
  UPDATE chain_heads SET seq = s, hash = encode(sha256(convert_to(l, 'UTF8')), 'hex') WHERE provider_id = p;
  RETURN s;
END $$;
REVOKE ALL ON FUNCTION app.append_event(timestamptz, text, uuid, uuid, uuid, uuid, jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.append_event(timestamptz, text, uuid, uuid, uuid, uuid, jsonb, jsonb) TO throughline_app;

CREATE FUNCTION app.no_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the trail is append-only' USING ERRCODE = 'TL031';
END $$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION app.no_rewrite();
CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON event_texts FOR EACH STATEMENT EXECUTE FUNCTION app.no_rewrite();

-- No change without its event: looked at when the transaction commits. The head row is held until then, so the newest
-- line (of the action, where there is one) is this transaction's own. What happens to an action is told of that action.
CREATE FUNCTION app.must_have_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r record := coalesce(NEW, OLD); of_action uuid; newest xid8;
BEGIN
  IF TG_ARGV[0] = 'id' THEN of_action := r.id; ELSIF TG_ARGV[0] = 'action_id' THEN of_action := r.action_id; END IF;
  IF of_action IS NULL THEN
    SELECT e.xid INTO newest FROM events e WHERE e.provider_id = r.provider_id ORDER BY e.seq DESC LIMIT 1;
  ELSE
    SELECT e.xid INTO newest FROM events e WHERE e.provider_id = r.provider_id AND e.action_id = of_action ORDER BY e.seq DESC LIMIT 1;
  END IF;
  IF newest IS DISTINCT FROM pg_current_xact_id() THEN
    RAISE EXCEPTION 'a change to % without an event', TG_TABLE_NAME USING ERRCODE = 'TL032';
  END IF;
  RETURN NULL;
END $$;
DO $$ DECLARE t text; names text; BEGIN
  FOREACH t IN ARRAY ARRAY['memberships', 'services', 'units', 'member_services', 'closure_standards', 'escalation_policies', 'reviews', 'findings',
      'finding_sources', 'finding_framework_entries', 'actions', 'action_changes', 'updates', 'evidence', 'verifications', 'assurances', 'closures',
      'reopenings', 'escalations', 'escalation_decisions'] LOOP
    SELECT c.column_name INTO names FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name = t
      AND c.column_name = CASE t WHEN 'actions' THEN 'id' ELSE 'action_id' END;
    EXECUTE format('CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event(%L)', t, coalesce(names, ''));
  END LOOP;
END $$;
