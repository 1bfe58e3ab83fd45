-- What lists and figures ask most often, kept where they ask it, by the database alone.

-- What was found never changes (finding_guard), so an action may carry it: lists need not read the findings as well.
ALTER TABLE actions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE findings NO FORCE ROW LEVEL SECURITY;
ALTER TABLE actions DISABLE TRIGGER USER;
ALTER TABLE actions ADD COLUMN risk text, ADD COLUMN theme text, ADD COLUMN topic text, ADD COLUMN significance text;
UPDATE actions a SET risk = f.risk, theme = f.theme, topic = f.topic, significance = f.significance
  FROM findings f WHERE f.provider_id = a.provider_id AND f.id = a.finding_id;
ALTER TABLE actions ALTER COLUMN risk SET NOT NULL, ALTER COLUMN theme SET NOT NULL, ALTER COLUMN topic SET NOT NULL,
  ALTER COLUMN significance SET NOT NULL;
ALTER TABLE actions ENABLE TRIGGER USER;
ALTER TABLE findings FORCE ROW LEVEL SECURITY;
ALTER TABLE actions FORCE ROW LEVEL SECURITY;

CREATE FUNCTION app.carry_finding() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  SELECT f.risk, f.theme, f.topic, f.significance INTO NEW.risk, NEW.theme, NEW.topic, NEW.significance
    FROM findings f WHERE f.provider_id = NEW.provider_id AND f.id = NEW.finding_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'an action answers a finding' USING ERRCODE = '23503';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER carry_finding BEFORE INSERT ON actions FOR EACH ROW EXECUTE FUNCTION app.carry_finding();

-- Escalations of an action's present cycle that have no decision yet (R13): on every manager's pages, among many that have.
CREATE TABLE undecided_escalations (
  provider_id    uuid NOT NULL,
  escalation_id  uuid NOT NULL,
  action_id      uuid NOT NULL,
  service_id     uuid NOT NULL,
  cycle          integer NOT NULL,
  level          integer NOT NULL,
  at             timestamptz NOT NULL,
  PRIMARY KEY (provider_id, escalation_id),
  FOREIGN KEY (provider_id, escalation_id) REFERENCES escalations,
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, service_id) REFERENCES services
);
CREATE INDEX undecided_escalations_of_an_action ON undecided_escalations (provider_id, action_id);
CREATE INDEX undecided_escalations_of_a_service ON undecided_escalations (provider_id, service_id);
ALTER TABLE escalations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE escalation_decisions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE actions NO FORCE ROW LEVEL SECURITY;
INSERT INTO undecided_escalations
  SELECT e.provider_id, e.id, e.action_id, a.service_id, e.cycle, e.level, e.at
  FROM escalations e JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id
  WHERE e.cycle = a.cycle AND a.status NOT IN ('closed', 'cancelled')
    AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = e.provider_id AND d.escalation_id = e.id);
ALTER TABLE actions FORCE ROW LEVEL SECURITY;
ALTER TABLE escalation_decisions FORCE ROW LEVEL SECURITY;
ALTER TABLE escalations FORCE ROW LEVEL SECURITY;

ALTER TABLE undecided_escalations ENABLE ROW LEVEL SECURITY;
ALTER TABLE undecided_escalations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON undecided_escalations USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT ON undecided_escalations TO throughline_app;

CREATE FUNCTION app.note_escalation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO undecided_escalations
    SELECT NEW.provider_id, NEW.id, NEW.action_id, a.service_id, NEW.cycle, NEW.level, NEW.at FROM actions a
    WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id AND NEW.cycle >= a.cycle AND a.status NOT IN ('closed', 'cancelled');
  RETURN NULL;
END $$;
CREATE TRIGGER note_escalation AFTER INSERT ON escalations FOR EACH ROW EXECUTE FUNCTION app.note_escalation();

CREATE FUNCTION app.note_decision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM undecided_escalations u WHERE u.provider_id = NEW.provider_id AND u.escalation_id = NEW.escalation_id;
  RETURN NULL;
END $$;
CREATE TRIGGER note_decision AFTER INSERT ON escalation_decisions FOR EACH ROW EXECUTE FUNCTION app.note_decision();

-- What was closed, called off or begun again needs no decision any more; its escalation stays in the log.
CREATE FUNCTION app.note_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM undecided_escalations u WHERE u.provider_id = NEW.provider_id AND u.action_id = NEW.id
    AND (u.cycle < NEW.cycle OR NEW.status IN ('closed', 'cancelled'));
  RETURN NULL;
END $$;
CREATE TRIGGER note_end AFTER UPDATE OF status, cycle ON actions FOR EACH ROW
  WHEN (NEW.cycle <> OLD.cycle OR NEW.status IN ('closed', 'cancelled')) EXECUTE FUNCTION app.note_end();

-- Members who have left are few, and asked for wherever an owner is named (R7).
CREATE INDEX memberships_that_ended ON memberships (provider_id, id) WHERE ended_at IS NOT NULL;

-- Appends lines in the order given, each an object of at, kind, actor, review, finding, action, detail and texts. The head
-- row is the lock: one writer at a time in a provider, so events are written last. It is read and written once, however
-- many lines there are: a version of it for each line made a long transaction slower with every line.
CREATE FUNCTION app.append_events(p_events jsonb)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE p uuid := app.provider(); s bigint; h text; l text; e record; t record; salt bytea; hashes jsonb;
  seqs bigint[] := '{}'; lines text[] := '{}'; text_seqs bigint[] := '{}'; salts bytea[] := '{}'; names text[] := '{}'; bodies text[] := '{}';
BEGIN
  SELECT c.seq, c.hash INTO s, h FROM chain_heads c WHERE c.provider_id = p FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this provider has no trail' USING ERRCODE = 'TL030';
  END IF;
  FOR e IN SELECT x.* FROM jsonb_to_recordset(p_events) AS x(at timestamptz, kind text, actor uuid, review uuid, finding uuid, action uuid, detail jsonb, texts jsonb) LOOP
    s := s + 1;
    hashes := '{}';
    FOR t IN SELECT key, value FROM jsonb_each_text(e.texts) WHERE value IS NOT NULL ORDER BY key LOOP
      salt := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
      text_seqs := text_seqs || s; names := names || t.key; bodies := bodies || t.value; salts := salts || salt;
      hashes := hashes || jsonb_build_object(t.key, encode(sha256(salt || convert_to(t.value, 'UTF8')), 'hex'));
    END LOOP;
    l := json_build_object('n', s, 'prev', h, 'provider', p,
      'at', to_char(e.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'recorded', to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'kind', e.kind, 'actor', e.actor, 'review', e.review, 'finding', e.finding, 'action', e.action, 'detail', e.detail, 'texts', hashes)::text;
    h := encode(sha256(convert_to(l, 'UTF8')), 'hex');
    seqs := seqs || s; lines := lines || l;
  END LOOP;
  INSERT INTO events (provider_id, seq, at, xid, kind, actor_id, action_id, finding_id, review_id, line)
    SELECT p, u.seq, x.at, pg_current_xact_id(), x.kind, x.actor, x.action, x.finding, x.review, u.line
    FROM unnest(seqs, lines) WITH ORDINALITY AS u(seq, line, place)
    JOIN ROWS FROM (jsonb_to_recordset(p_events) AS (at timestamptz, kind text, actor uuid, review uuid, finding uuid, action uuid)) WITH ORDINALITY
      AS x(at, kind, actor, review, finding, action, place) ON x.place = u.place;
  INSERT INTO event_texts (provider_id, seq, name, salt, body) SELECT p, u.seq, u.name, u.salt, u.body FROM unnest(text_seqs, names, salts, bodies) AS u(seq, name, salt, body);
  UPDATE chain_heads SET seq = s, hash = h WHERE provider_id = p;
  RETURN s;
END $$;
GRANT EXECUTE ON FUNCTION app.append_events(jsonb) TO throughline_app;

CREATE OR REPLACE FUNCTION app.append_event(p_at timestamptz, p_kind text, p_actor uuid, p_review uuid, p_finding uuid, p_action uuid, p_detail jsonb, p_texts jsonb)
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT app.append_events(jsonb_build_array(jsonb_build_object('at', p_at, 'kind', p_kind, 'actor', p_actor, 'review', p_review,
    'finding', p_finding, 'action', p_action, 'detail', p_detail, 'texts', p_texts)))
$$;

-- After much was loaded at once: plans that were made while tables were empty are made anew, by what is there now. The
-- server does so by itself, but only every minute.
CREATE FUNCTION app.learn_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  ANALYZE actions, action_owners, action_requirements, findings, finding_sources, reviews, evidence, updates, verifications, assurances, closures,
    escalations, escalation_decisions, undecided_escalations, events, event_texts, memberships, member_services, services;
END $$;
GRANT EXECUTE ON FUNCTION app.learn_statistics() TO throughline_app;
