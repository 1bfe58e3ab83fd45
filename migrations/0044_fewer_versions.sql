-- Each paper counts its action up, so that nobody decides on what they did not see. An action that this transaction has
-- counted up already was seen by nobody since: another version of its row would say nothing new, and in bulk such
-- versions took most of the time. What proves something still counts each time: a verdict given between two pieces of evidence
-- in one transaction has judged the first alone. So do verdicts and assurances, whose order is the count (seq).
CREATE OR REPLACE FUNCTION app.paper_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a record; moves_evidence boolean;
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'papers are never deleted' USING ERRCODE = 'TL005';
  END IF;
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME <> 'evidence' THEN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'TL005';
  END IF;
  IF TG_TABLE_NAME = 'action_requirements' THEN
    PERFORM FROM actions WHERE provider_id = NEW.provider_id AND id = NEW.action_id AND status = 'not_started' AND cycle = 1
      AND xmin = pg_current_xact_id()::xid AND version = 1;
    IF FOUND THEN
      RETURN NEW;
    END IF;
  END IF;
  moves_evidence := TG_TABLE_NAME IN ('evidence', 'action_requirements');
  IF NOT moves_evidence AND TG_TABLE_NAME NOT IN ('verifications', 'assurances') THEN
    -- its row is of this transaction, so nobody else can touch it before the end
    SELECT cycle INTO a FROM actions WHERE provider_id = NEW.provider_id AND id = NEW.action_id
      AND xmin = pg_current_xact_id()::xid AND CASE WHEN status IN ('closed', 'cancelled') THEN false ELSE true END;
    IF FOUND THEN
      IF NEW.cycle <> a.cycle THEN
        RAISE EXCEPTION 'an earlier cycle is history' USING ERRCODE = 'TL003';
      END IF;
      RETURN NEW;
    END IF;
  END IF;
  UPDATE actions SET version = version + 1, evidence_rev = evidence_rev + moves_evidence::int
    -- said with CASE, so that no partial index looks fit for it: one was chosen over the key while statistics were young
    WHERE provider_id = NEW.provider_id AND id = NEW.action_id AND CASE WHEN status IN ('closed', 'cancelled') THEN false ELSE true END
    RETURNING cycle, evidence_rev, version, status INTO a;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the action is closed, cancelled or not there' USING ERRCODE = 'TL002';
  END IF;
  IF TG_TABLE_NAME = 'action_requirements' THEN
    IF a.status <> 'not_started' OR a.cycle <> 1 THEN
      RAISE EXCEPTION 'the evidence required is agreed when the action is defined' USING ERRCODE = 'TL006';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.cycle <> a.cycle THEN
    RAISE EXCEPTION 'an earlier cycle is history' USING ERRCODE = 'TL003';
  END IF;
  RETURN NEW;
END $$;

-- As in 0011, but that the words beside all events are salted and hashed in one statement, and before anybody has to wait: a
-- statement for each event was begun anew each time, while everybody else who writes to the provider's trail stood by.
CREATE OR REPLACE FUNCTION app.append_events(p_events jsonb)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE p uuid := app.provider(); before bigint; s bigint; h text; l text; e record;
  lines text[] := '{}'; hashes jsonb[]; places bigint[]; names text[]; bodies text[]; salts bytea[];
BEGIN
  WITH given AS MATERIALIZED (
    SELECT x.texts, x.place FROM ROWS FROM (jsonb_to_recordset(p_events) AS (texts jsonb)) WITH ORDINALITY AS x(texts, place)
  ), salted AS MATERIALIZED (
    SELECT g.place, t.key AS name, t.value AS body, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) AS salt
    FROM given g CROSS JOIN LATERAL jsonb_each_text(g.texts) t WHERE t.value IS NOT NULL
  ), hashed AS (
    SELECT y.place, jsonb_object_agg(y.name, encode(sha256(y.salt || convert_to(y.body, 'UTF8')), 'hex')) AS texts FROM salted y GROUP BY y.place
  )
  SELECT (SELECT array_agg(coalesce(d.texts, '{}') ORDER BY g.place) FROM given g LEFT JOIN hashed d ON d.place = g.place), z.* INTO hashes, places, names, bodies, salts
    FROM (SELECT array_agg(y.place), array_agg(y.name), array_agg(y.body), array_agg(y.salt) FROM salted y) z;
  SELECT c.seq, c.hash INTO before, h FROM chain_heads c WHERE c.provider_id = p FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this provider has no trail' USING ERRCODE = 'TL030';
  END IF;
  s := before;
  FOR e IN SELECT x.* FROM jsonb_to_recordset(p_events) AS x(at timestamptz, kind text, actor uuid, review uuid, finding uuid, action uuid, detail jsonb) LOOP
    s := s + 1;
    l := json_build_object('n', s, 'prev', h, 'provider', p,
      'at', to_char(e.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'recorded', to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'kind', e.kind, 'actor', e.actor, 'review', e.review, 'finding', e.finding, 'action', e.action, 'detail', e.detail, 'texts', hashes[s - before])::text;
    h := encode(sha256(convert_to(l, 'UTF8')), 'hex');
    lines := lines || l;
  END LOOP;
  INSERT INTO events (provider_id, seq, at, xid, kind, actor_id, action_id, finding_id, review_id, line)
    SELECT p, before + u.place, x.at, pg_current_xact_id(), x.kind, x.actor, x.action, x.finding, x.review, u.line
    FROM unnest(lines) WITH ORDINALITY AS u(line, place)
    JOIN ROWS FROM (jsonb_to_recordset(p_events) AS (at timestamptz, kind text, actor uuid, review uuid, finding uuid, action uuid)) WITH ORDINALITY
      AS x(at, kind, actor, review, finding, action, place) ON x.place = u.place;
  INSERT INTO event_texts (provider_id, seq, name, salt, body)
    SELECT p, before + u.place, u.name, u.salt, u.body FROM unnest(places, names, salts, bodies) AS u(place, name, salt, body);
  UPDATE chain_heads SET seq = s, hash = h WHERE provider_id = p;
  RETURN s;
END $$;
