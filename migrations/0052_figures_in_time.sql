-- The figures of a month in time for whoever opens the page, with 50,000 actions as with 500: what they count is found in
-- narrow indexes, service by service, and what an action was at the end of a month in its lines of the trail, without reading them.

-- Where a line leaves its action: with its owner (o), with a verifier and until when (v2026-11-20), verified and waiting for its
-- closure (w), closed (c), called off (x), where it was, but moved by somebody (empty: domain/staleness.rs); none for what the program
-- does by itself. Counted from the line alone, by the database alone.
CREATE FUNCTION app.leaves(kind text, line text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
  WHEN kind IN ('action_defined', 'submission_taken_back', 'reopened') THEN 'o'
  WHEN kind = 'submitted' THEN 'v' || coalesce(line::jsonb #>> '{detail,verify_by}', '')
  WHEN kind = 'verification_voided' THEN CASE WHEN line::jsonb #>> '{detail,because}' = 'owner_changed' THEN 'o' ELSE 'v' || coalesce(line::jsonb #>> '{detail,verify_by}', '') END
  WHEN kind = 'verified' THEN CASE WHEN line::jsonb #>> '{detail,outcome}' = 'complete' THEN 'w' ELSE 'o' END
  WHEN kind = 'assurance_recorded' THEN CASE WHEN line::jsonb #>> '{detail,decision}' = 'assured' THEN 'w' ELSE 'o' END
  WHEN kind = 'closed' THEN 'c'
  WHEN kind IN ('cancelled', 'merged_into') THEN 'x'
  WHEN kind IN ('owner_changed', 'reworded', 'due_date_moved', 'update_added', 'evidence_added', 'evidence_withdrawn', 'escalation_decided', 'took_in') THEN ''
END $$;
ALTER TABLE events ADD COLUMN leaves text GENERATED ALWAYS AS (app.leaves(kind, line)) STORED;
CREATE INDEX events_that_move ON events (provider_id, action_id, seq) INCLUDE (at, leaves) WHERE leaves IS NOT NULL;
CREATE INDEX events_of_owners ON events (provider_id, at) WHERE kind = 'owner_changed';

-- A verdict keeps the last day of the window it answered, a closure what it closed: neither changes, and both are counted by the month.
ALTER TABLE verifications ADD COLUMN service_id uuid, ADD COLUMN verify_by date;
ALTER TABLE closures ADD COLUMN service_id uuid, ADD COLUMN finding_id uuid, ADD COLUMN action_number integer, ADD COLUMN found_on date;
ALTER TABLE verifications NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER USER;
ALTER TABLE closures NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER USER;
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE actions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE findings NO FORCE ROW LEVEL SECURITY;
UPDATE verifications v SET service_id = a.service_id,
  verify_by = (SELECT nullif(substr(e.leaves, 2), '')::date FROM events e WHERE e.provider_id = v.provider_id AND e.action_id = v.action_id AND e.leaves LIKE 'v%' AND e.at <= v.at ORDER BY e.seq DESC LIMIT 1)
  FROM actions a WHERE a.provider_id = v.provider_id AND a.id = v.action_id;
UPDATE closures c SET service_id = a.service_id, finding_id = a.finding_id, action_number = a.number, found_on = f.found_on
  FROM actions a JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id WHERE a.provider_id = c.provider_id AND a.id = c.action_id;
ALTER TABLE findings FORCE ROW LEVEL SECURITY;
ALTER TABLE actions FORCE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE closures FORCE ROW LEVEL SECURITY, ENABLE TRIGGER USER;
ALTER TABLE verifications FORCE ROW LEVEL SECURITY, ENABLE TRIGGER USER;
ALTER TABLE verifications ALTER service_id SET NOT NULL;
ALTER TABLE closures ALTER service_id SET NOT NULL, ALTER finding_id SET NOT NULL, ALTER action_number SET NOT NULL, ALTER found_on SET NOT NULL;

CREATE FUNCTION app.verification_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  SELECT a.service_id, a.verify_by INTO NEW.service_id, NEW.verify_by FROM actions a WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id;
  RETURN NEW;
END $$;
CREATE FUNCTION app.closure_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  SELECT a.service_id, a.finding_id, a.number INTO NEW.service_id, NEW.finding_id, NEW.action_number FROM actions a WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id;
  SELECT f.found_on INTO NEW.found_on FROM findings f WHERE f.provider_id = NEW.provider_id AND f.id = NEW.finding_id;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.verification_place(), app.closure_place() FROM PUBLIC;
CREATE TRIGGER c_place BEFORE INSERT ON verifications FOR EACH ROW EXECUTE FUNCTION app.verification_place();
CREATE TRIGGER c_place BEFORE INSERT ON closures FOR EACH ROW EXECUTE FUNCTION app.closure_place();

DROP INDEX actions_cancelled_by_day;
CREATE INDEX actions_that_are_open ON actions (provider_id, service_id) INCLUDE (id, number, finding_id, theme, topic, risk, cycle, status, due_on, owner_id, created_at, updated_at)
  WHERE status NOT IN ('closed', 'cancelled');
CREATE INDEX actions_that_ended ON actions (provider_id, service_id, updated_at) INCLUDE (id, number, finding_id, theme, topic, risk, due_on, owner_id, created_at)
  WHERE status IN ('closed', 'cancelled');
CREATE INDEX verifications_of_a_service_by_day ON verifications (provider_id, service_id, at) INCLUDE (id, action_id, verify_by);
CREATE INDEX closures_of_a_service_by_day ON closures (provider_id, service_id, at) INCLUDE (id, action_id, cycle, finding_id, action_number, found_on);
CREATE INDEX reviews_of_what_people_say ON reviews (provider_id, id) WHERE kind IN ('complaint', 'feedback_round');

-- The open actions as they stood just before an instant, with the dates and owners of then. One that nobody moved since stands as it
-- did; what ended since was moved since.
DROP FUNCTION app.open_at(uuid, uuid[], timestamptz);
CREATE FUNCTION app.open_at(p uuid, p_services uuid[], p_until timestamptz)
RETURNS TABLE (id uuid, number integer, finding_id uuid, service_id uuid, theme text, topic text, risk text, cycle integer, with_owner boolean, due_on date, owner_id uuid, moved_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT a.id, a.number, a.finding_id, a.service_id, a.theme, a.topic, a.risk, a.cycle,
    a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective'), a.due_on, a.owner_id, coalesce(a.updated_at, a.created_at)
  FROM unnest(p_services) AS s(id) JOIN actions a ON a.provider_id = p AND a.service_id = s.id AND a.status NOT IN ('closed', 'cancelled')
  WHERE a.created_at < p_until AND (a.updated_at IS NULL OR a.updated_at < p_until)
  UNION ALL
  SELECT m.id, m.number, m.finding_id, m.service_id, m.theme, m.topic, m.risk,
    -- as many rounds as began by then: each by a reopening or an ineffective verdict
    1 + (SELECT count(*)::int FROM reopenings r WHERE r.provider_id = p AND r.action_id = m.id AND r.at < p_until)
      + (SELECT count(*)::int FROM verifications v WHERE v.provider_id = p AND v.action_id = m.id AND v.outcome = 'ineffective' AND v.at < p_until),
    stood.leaves = 'o', CASE WHEN d.found THEN d.before ELSE m.due_on END, CASE WHEN o.found THEN o.before ELSE m.owner_id END, moved.at
  FROM (
    SELECT a.id, a.number, a.finding_id, a.service_id, a.theme, a.topic, a.risk, a.due_on, a.owner_id
    FROM unnest(p_services) AS s(id) JOIN actions a ON a.provider_id = p AND a.service_id = s.id AND a.status NOT IN ('closed', 'cancelled')
    WHERE a.created_at < p_until AND a.updated_at >= p_until
    UNION ALL
    SELECT a.id, a.number, a.finding_id, a.service_id, a.theme, a.topic, a.risk, a.due_on, a.owner_id
    FROM unnest(p_services) AS s(id) JOIN actions a ON a.provider_id = p AND a.service_id = s.id AND a.status IN ('closed', 'cancelled') AND a.updated_at >= p_until
    WHERE a.created_at < p_until
  ) m
  -- where it was left, and when somebody moved it last
  CROSS JOIN LATERAL (SELECT e.leaves FROM events e WHERE e.provider_id = p AND e.action_id = m.id AND e.leaves IS NOT NULL AND e.leaves <> '' AND e.at < p_until ORDER BY e.seq DESC LIMIT 1) stood
  CROSS JOIN LATERAL (SELECT e.at FROM events e WHERE e.provider_id = p AND e.action_id = m.id AND e.leaves IS NOT NULL AND e.at < p_until ORDER BY e.seq DESC LIMIT 1) moved
  LEFT JOIN LATERAL (SELECT true AS found, c.before::date AS before FROM action_changes c WHERE c.provider_id = p AND c.action_id = m.id
    AND c.field = 'due_on' AND c.changed_at >= p_until ORDER BY c.changed_at, c.id LIMIT 1) d ON true
  LEFT JOIN (SELECT DISTINCT ON (e.action_id) e.action_id, true AS found, (e.line::jsonb #>> '{detail,from}')::uuid AS before FROM events e
    WHERE e.provider_id = p AND e.kind = 'owner_changed' AND e.at >= p_until ORDER BY e.action_id, e.seq) o ON o.action_id = m.id
  WHERE stood.leaves NOT IN ('c', 'x');
END $$;

-- The same with what the figures count of them on the last day.
CREATE FUNCTION app.standing_at(p uuid, p_services uuid[], p_until timestamptz, p_last date)
RETURNS TABLE (id uuid, number integer, finding_id uuid, service_id uuid, theme text, topic text, high boolean, late boolean, due_on date, decided boolean, unsafe boolean, unowned boolean,
  stale boolean, moved_at timestamptz, ever_decided boolean)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE fresh timestamptz := (p_last - 13)::timestamp AT TIME ZONE 'Europe/London';
BEGIN
  RETURN QUERY
  SELECT s.id, s.number, s.finding_id, s.service_id, s.theme, s.topic, k.high, k.late, s.due_on,
    -- in its first round every decision is of this round
    d.ever AND (s.cycle = 1 OR EXISTS (SELECT 1 FROM escalation_decisions d JOIN escalations x ON x.provider_id = p AND x.id = d.escalation_id AND x.cycle = s.cycle
      WHERE d.provider_id = p AND d.action_id = s.id AND d.at < p_until)),
    k.late AND k.high AND NOT (d.ever AND EXISTS (SELECT 1 FROM escalation_decisions d JOIN escalations x ON x.provider_id = p AND x.id = d.escalation_id AND x.cycle = s.cycle
      WHERE d.provider_id = p AND d.action_id = s.id AND d.at < p_until AND d.interim_control <> '' AND (d.control_until IS NULL OR d.control_until >= p_last))),
    s.owner_id IS NULL OR s.owner_id IN (SELECT m.id FROM memberships m WHERE m.provider_id = p AND m.ended_at < p_until),
    s.moved_at < fresh, s.moved_at, d.ever
  FROM app.open_at(p, p_services, p_until) s
  CROSS JOIN LATERAL (SELECT s.risk IN ('high', 'critical') AS high, coalesce(s.with_owner AND s.due_on < p_last, false) AS late OFFSET 0) k
  CROSS JOIN LATERAL (SELECT (k.late OR k.high) AND EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = p AND d.action_id = s.id AND d.at < p_until) AS ever OFFSET 0) d;
END $$;

-- The findings of what stands so, each with whether it came back, and for high risks whether anything was decided on any of its actions.
CREATE FUNCTION app.came_back_by(p uuid, p_until timestamptz) RETURNS SETOF uuid LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT DISTINCT l.finding_id FROM finding_links l WHERE l.provider_id = p AND l.linked_at < p_until AND (l.withdrawn_at IS NULL OR l.withdrawn_at >= p_until);
END $$;
CREATE FUNCTION app.decided_by(p uuid, p_finding uuid, p_until timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT 1 FROM actions a JOIN escalation_decisions d ON d.provider_id = p AND d.action_id = a.id AND d.at < p_until WHERE a.provider_id = p AND a.finding_id = p_finding);
END $$;

-- What was closed between two instants, with everything the figures count of it.
CREATE FUNCTION app.closed_between(p uuid, p_services uuid[], p_from timestamptz, p_until timestamptz)
RETURNS TABLE (id uuid, number integer, finding_id uuid, service_id uuid, first_time boolean, of_feedback boolean, feedback boolean, days integer, reopened boolean, improved boolean)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT c.id, c.action_number, c.finding_id, c.service_id,
    -- nothing closes without its evidence: whether it was all there the first time anybody checked, since it was last closed
    NOT EXISTS (SELECT 1 FROM verifications x WHERE x.provider_id = p AND x.action_id = c.action_id AND x.outcome <> 'complete'
        AND x.cycle <= c.cycle AND x.cycle > coalesce((SELECT max(k.cycle) FROM closures k WHERE k.provider_id = p AND k.action_id = c.action_id AND k.cycle < c.cycle), 0))
      -- nor did a closure audit find since that it does not stand up (R26)
      AND c.id NOT IN (SELECT q.closure_id FROM closure_audit_results q WHERE q.provider_id = p AND NOT q.stands_up),
    f.said, f.said AND EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = p AND e.action_id = c.action_id AND e.cycle = c.cycle AND e.kind = 'feedback' AND e.withdrawn_at IS NULL),
    (c.at AT TIME ZONE 'Europe/London')::date - c.found_on, o.reopened,
    -- somebody looked again and it held; or, while nobody has, a measure showed improvement when it was closed
    NOT o.reopened AND coalesce((SELECT s.result = 'held' FROM sustain_checks s WHERE s.provider_id = p AND s.action_id = c.action_id AND s.cycle = c.cycle AND s.result IS NOT NULL ORDER BY s.at DESC LIMIT 1),
      EXISTS (SELECT 1 FROM measured_improvements i WHERE i.provider_id = p AND i.closure_id = c.id))
  FROM unnest(p_services) AS s(id) JOIN closures c ON c.provider_id = p AND c.service_id = s.id AND c.at >= p_from AND c.at < p_until
  CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM finding_sources y WHERE y.provider_id = p AND y.finding_id = c.finding_id
    AND y.review_id IN (SELECT r.id FROM reviews r WHERE r.provider_id = p AND r.kind IN ('complaint', 'feedback_round'))) AS said OFFSET 0) f
  CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM reopenings r WHERE r.provider_id = p AND r.action_id = c.action_id AND r.cycle = c.cycle) AS reopened OFFSET 0) o;
END $$;

-- The verdicts between two instants, each with whether it came within its window.
CREATE FUNCTION app.verdicts_between(p uuid, p_services uuid[], p_from timestamptz, p_until timestamptz)
RETURNS TABLE (id uuid, action_id uuid, service_id uuid, in_window boolean)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT v.id, v.action_id, v.service_id, coalesce((v.at AT TIME ZONE 'Europe/London')::date <= v.verify_by, true)
  FROM unnest(p_services) AS s(id) JOIN verifications v ON v.provider_id = p AND v.service_id = s.id AND v.at >= p_from AND v.at < p_until;
END $$;

-- The rows behind the figures, as before (0045, 0047): p_services are the services looked at, p_whole whether that is the whole provider, p_from and
-- p_until the month's instants (until now, for the month that runs), p_first and p_last its days (until today), p_only one figure.
CREATE OR REPLACE FUNCTION app.figure_rows(p uuid, p_services uuid[], p_whole boolean, p_from timestamptz, p_until timestamptz, p_first date, p_last date, p_only text)
RETURNS TABLE (figure text, about text, subject_id uuid, number integer, service_id uuid, theme text, topic text, counted boolean, amount double precision, whole double precision)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  -- by the month of closure: M1, M3, M8, M9
  IF p_only IS NULL OR p_only IN ('m1', 'm3', 'm8_days', 'm8_reopened', 'm9') THEN
    RETURN QUERY
    SELECT v.figure, 'action'::text, c.id, c.number, c.service_id, f.theme, f.topic, v.counted, v.amount, NULL::double precision
    FROM app.closed_between(p, p_services, p_from, p_until) c
    CROSS JOIN LATERAL (SELECT f.theme, f.topic FROM findings f WHERE f.provider_id = p AND f.id = c.finding_id OFFSET 0) f
    CROSS JOIN LATERAL (VALUES ('m1'::text, c.first_time, NULL::double precision, true), ('m3', c.feedback, NULL, c.of_feedback), ('m8_days', true, c.days, true),
      ('m8_reopened', c.reopened, NULL, true), ('m9', c.improved, NULL, true)) AS v(figure, counted, amount, fits)
    WHERE v.fits AND (p_only IS NULL OR v.figure = p_only);
  END IF;

  -- by the month of the verdict
  IF p_only IS NULL OR p_only = 'm8_window' THEN
    RETURN QUERY
    SELECT 'm8_window'::text, 'action'::text, v.id, a.number, v.service_id, a.theme, a.topic, v.in_window, NULL::double precision, NULL::double precision
    FROM app.verdicts_between(p, p_services, p_from, p_until) v
    CROSS JOIN LATERAL (SELECT a.* FROM actions a WHERE a.provider_id = p AND a.id = v.action_id OFFSET 0) a;
  END IF;

  -- by the due date: what came due, and what is still to be done today has not come due yet
  IF p_only IS NULL OR p_only = 'm4' THEN
    RETURN QUERY
    SELECT 'm4'::text, 'action'::text, a.id, a.number, a.service_id, a.theme, a.topic, e.done_on IS NOT NULL, NULL::double precision, NULL::double precision
    FROM actions a
    LEFT JOIN LATERAL (SELECT (e.at AT TIME ZONE 'Europe/London')::date AS done_on FROM events e WHERE e.provider_id = p AND e.action_id = a.id
      AND e.kind = 'submitted' AND e.at < p_until AND (e.at AT TIME ZONE 'Europe/London')::date <= a.due_on ORDER BY e.seq LIMIT 1) e ON true
    WHERE a.provider_id = p AND a.topic = 'missed_follow_up' AND a.status <> 'cancelled' AND a.due_on BETWEEN p_first AND p_last
      AND a.service_id = ANY(p_services) AND a.created_at < p_until
      AND (e.done_on IS NOT NULL OR a.due_on < (p_until AT TIME ZONE 'Europe/London')::date);
  END IF;

  -- by the period of the reading
  IF p_only IS NULL OR p_only = 'm5' THEN
    RETURN QUERY
    SELECT 'm5'::text, 'measure'::text, m.id, to_char(r.period, 'YYYYMMDD')::integer, m.service_id, ''::text, ''::text, true, r.numerator, r.denominator
    FROM measures m
    CROSS JOIN LATERAL (SELECT DISTINCT ON (r.period) r.period, r.numerator, r.denominator FROM readings r
      WHERE r.provider_id = p AND r.measure_id = m.id AND r.period BETWEEN p_first AND p_last ORDER BY r.period, r.round DESC) r
    WHERE m.provider_id = p AND m.feedback AND (m.service_id = ANY(p_services) OR (p_whole AND m.service_id IS NULL)) AND r.numerator IS NOT NULL;
  END IF;

  -- by the day it was found
  IF p_only IS NULL OR p_only = 'm7' THEN
    RETURN QUERY
    SELECT 'm7'::text, 'finding'::text, f.id, f.number, f.service_id, f.theme, f.topic,
      f.id IN (SELECT l.finding_id FROM finding_links l WHERE l.provider_id = p AND l.withdrawn_at IS NULL)
        AND EXISTS (SELECT 1 FROM finding_links l JOIN findings e ON e.provider_id = p AND e.id = l.earlier_id
          WHERE l.provider_id = p AND l.finding_id = f.id AND l.withdrawn_at IS NULL AND e.found_on >= f.found_on - 365), NULL::double precision, NULL::double precision
    FROM unnest(p_services) AS s(id) JOIN findings f ON f.provider_id = p AND f.service_id = s.id AND f.found_on BETWEEN p_first AND p_last
    WHERE f.logged_at < p_until;
  END IF;

  -- as they stood when the month ended, or stand now
  IF p_only IS NULL OR p_only IN ('m2', 'm10_open', 'm10_overdue', 'm10_no_control', 'm10_unowned', 'm10_stale') THEN
    RETURN QUERY
    SELECT v.figure, 'action'::text, s.id, s.number, s.service_id, s.theme, s.topic, v.counted, v.amount::double precision, NULL::double precision
    FROM app.standing_at(p, p_services, p_until, p_last) s
    CROSS JOIN LATERAL (
      SELECT 'm10_open'::text AS figure, true AS counted, NULL::integer AS amount WHERE p_only IS NULL OR p_only = 'm10_open'
      UNION ALL SELECT 'm10_overdue', true, p_last - s.due_on WHERE s.late AND (p_only IS NULL OR p_only = 'm10_overdue')
      UNION ALL SELECT 'm2', s.decided, NULL WHERE s.late AND (p_only IS NULL OR p_only = 'm2')
      UNION ALL SELECT 'm10_no_control', true, NULL WHERE s.unsafe AND (p_only IS NULL OR p_only = 'm10_no_control')
      UNION ALL SELECT 'm10_unowned', true, NULL WHERE s.unowned AND (p_only IS NULL OR p_only = 'm10_unowned')
      UNION ALL SELECT 'm10_stale', true, p_last - (s.moved_at AT TIME ZONE 'Europe/London')::date WHERE s.stale AND (p_only IS NULL OR p_only = 'm10_stale')
    ) v;
  END IF;
  IF p_only IS NULL OR p_only IN ('m6', 'open_findings') THEN
    RETURN QUERY
    SELECT v.figure, 'finding'::text, f.finding_id, x.number, f.service_id, f.theme, f.topic, v.counted, NULL::double precision, NULL::double precision
    FROM (SELECT s.finding_id, s.service_id, s.theme, s.topic, s.high, bool_or(s.ever_decided) AS ever FROM app.standing_at(p, p_services, p_until, p_last) s
      WHERE p_only IS DISTINCT FROM 'm6' OR s.high GROUP BY s.finding_id, s.service_id, s.theme, s.topic, s.high) f
    CROSS JOIN LATERAL (SELECT g.number FROM findings g WHERE g.provider_id = p AND g.id = f.finding_id OFFSET 0) x
    CROSS JOIN LATERAL (
      SELECT 'open_findings'::text AS figure, f.finding_id IN (SELECT b.id FROM app.came_back_by(p, p_until) AS b(id)) AS counted WHERE p_only IS NULL OR p_only = 'open_findings'
      UNION ALL SELECT 'm6', f.ever OR app.decided_by(p, f.finding_id, p_until) WHERE f.high AND (p_only IS NULL OR p_only = 'm6')
    ) v;
  END IF;
END $$;
REVOKE ALL ON FUNCTION app.leaves(text, text), app.open_at(uuid, uuid[], timestamptz), app.standing_at(uuid, uuid[], timestamptz, date), app.came_back_by(uuid, timestamptz),
  app.decided_by(uuid, uuid, timestamptz), app.closed_between(uuid, uuid[], timestamptz, timestamptz), app.verdicts_between(uuid, uuid[], timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.open_at(uuid, uuid[], timestamptz), app.standing_at(uuid, uuid[], timestamptz, date), app.came_back_by(uuid, timestamptz),
  app.decided_by(uuid, uuid, timestamptz), app.closed_between(uuid, uuid[], timestamptz, timestamptz), app.verdicts_between(uuid, uuid[], timestamptz, timestamptz) TO throughline_app;
