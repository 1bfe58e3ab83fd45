-- As in 0045, but that a closure whose evidence a closure audit found not to stand up no longer counts as one with all its
-- evidence (M1, R26).
CREATE OR REPLACE FUNCTION app.figure_rows(p uuid, p_services uuid[], p_whole boolean, p_from timestamptz, p_until timestamptz, p_first date, p_last date, p_only text)
RETURNS TABLE (figure text, about text, subject_id uuid, number integer, service_id uuid, theme text, topic text, counted boolean, amount double precision, whole double precision)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  -- by the month of closure: M1, M3, M8, M9
  IF p_only IS NULL OR p_only IN ('m1', 'm3', 'm8_days', 'm8_reopened', 'm9') THEN
    RETURN QUERY
    WITH closed AS MATERIALIZED (
      SELECT c.id, c.action_id, c.cycle, c.at, a.number, a.finding_id, a.service_id, a.theme, a.topic, a.created_at
      FROM closures c CROSS JOIN LATERAL (SELECT a.* FROM actions a WHERE a.provider_id = p AND a.id = c.action_id OFFSET 0) a
      WHERE c.provider_id = p AND c.at >= p_from AND c.at < p_until AND a.service_id = ANY(p_services)
    )
    SELECT v.figure, 'action'::text, c.id, c.number, c.service_id, c.theme, c.topic, v.counted, v.amount, NULL::double precision
    FROM closed c
    CROSS JOIN LATERAL (
      -- nothing closes without its evidence: whether it was all there the first time anybody checked, since it was last closed
      SELECT 'm1'::text AS figure, NOT EXISTS (SELECT 1 FROM verifications x WHERE x.provider_id = p AND x.action_id = c.action_id AND x.outcome <> 'complete'
          AND x.cycle <= c.cycle AND x.cycle > coalesce((SELECT max(k.cycle) FROM closures k WHERE k.provider_id = p AND k.action_id = c.action_id AND k.cycle < c.cycle), 0))
        -- nor did a closure audit find since that it does not stand up (R26)
        AND NOT EXISTS (SELECT 1 FROM closure_audit_results q WHERE q.provider_id = p AND q.closure_id = c.id AND NOT q.stands_up) AS counted,
        NULL::double precision AS amount WHERE p_only IS NULL OR p_only = 'm1'
      UNION ALL
      SELECT 'm3', EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = p AND e.action_id = c.action_id AND e.cycle = c.cycle AND e.kind = 'feedback' AND e.withdrawn_at IS NULL), NULL
        WHERE (p_only IS NULL OR p_only = 'm3') AND EXISTS (SELECT 1 FROM finding_sources s JOIN reviews r ON r.provider_id = p AND r.id = s.review_id
          WHERE s.provider_id = p AND s.finding_id = c.finding_id AND r.kind IN ('complaint', 'feedback_round'))
      UNION ALL
      SELECT 'm8_days', true, ((c.at AT TIME ZONE 'Europe/London')::date - (SELECT f.found_on FROM findings f WHERE f.provider_id = p AND f.id = c.finding_id))::double precision
        WHERE p_only IS NULL OR p_only = 'm8_days'
      UNION ALL
      SELECT 'm8_reopened', EXISTS (SELECT 1 FROM reopenings r WHERE r.provider_id = p AND r.action_id = c.action_id AND r.cycle = c.cycle), NULL
        WHERE p_only IS NULL OR p_only = 'm8_reopened'
      UNION ALL
      -- somebody looked again and it held; or, while nobody has, a measure showed improvement when it was closed
      SELECT 'm9', NOT EXISTS (SELECT 1 FROM reopenings r WHERE r.provider_id = p AND r.action_id = c.action_id AND r.cycle = c.cycle) AND coalesce(
          (SELECT s.result = 'held' FROM sustain_checks s WHERE s.provider_id = p AND s.action_id = c.action_id AND s.cycle = c.cycle AND s.result IS NOT NULL ORDER BY s.at DESC LIMIT 1),
          EXISTS (SELECT 1 FROM measured_improvements i WHERE i.provider_id = p AND i.action_id = c.action_id AND i.closure_id = c.id)), NULL
        WHERE p_only IS NULL OR p_only = 'm9'
    ) v;
  END IF;

  -- by the month of the verdict
  IF p_only IS NULL OR p_only = 'm8_window' THEN
    RETURN QUERY
    SELECT 'm8_window'::text, 'action'::text, v.id, a.number, a.service_id, a.theme, a.topic,
      coalesce((v.at AT TIME ZONE 'Europe/London')::date <= w.verify_by, true), NULL::double precision, NULL::double precision
    FROM verifications v
    CROSS JOIN LATERAL (SELECT a.* FROM actions a WHERE a.provider_id = p AND a.id = v.action_id OFFSET 0) a
    -- the window of the submission it answered
    LEFT JOIN LATERAL (SELECT (e.line::jsonb #>> '{detail,verify_by}')::date AS verify_by FROM events e
      WHERE e.provider_id = p AND e.action_id = v.action_id AND e.kind IN ('submitted', 'verification_voided') AND e.at <= v.at
        AND e.line::jsonb #> '{detail,verify_by}' IS NOT NULL ORDER BY e.seq DESC LIMIT 1) w ON true
    WHERE v.provider_id = p AND v.at >= p_from AND v.at < p_until AND a.service_id = ANY(p_services);
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
      EXISTS (SELECT 1 FROM finding_links l JOIN findings e ON e.provider_id = p AND e.id = l.earlier_id
        WHERE l.provider_id = p AND l.finding_id = f.id AND l.withdrawn_at IS NULL AND e.found_on >= f.found_on - 365), NULL::double precision, NULL::double precision
    FROM findings f WHERE f.provider_id = p AND f.service_id = ANY(p_services) AND f.found_on BETWEEN p_first AND p_last AND f.logged_at < p_until;
  END IF;

  -- as they stood when the month ended, or stand now
  IF p_only IS NULL OR p_only IN ('m2', 'm6', 'open_findings', 'm10_open', 'm10_overdue', 'm10_no_control', 'm10_unowned', 'm10_stale') THEN
    RETURN QUERY
    WITH standing AS MATERIALIZED (
      SELECT a.*, a.with_owner AND a.due_on < p_last AS late FROM app.open_at(p, p_services, p_until) a
    )
    SELECT v.figure, 'action'::text, s.id, s.number, s.service_id, s.theme, s.topic, v.counted, v.amount, NULL::double precision
    FROM standing s
    CROSS JOIN LATERAL (
      SELECT 'm10_open'::text AS figure, true AS counted, NULL::double precision AS amount WHERE p_only IS NULL OR p_only = 'm10_open'
      UNION ALL
      SELECT 'm10_overdue', true, (p_last - s.due_on)::double precision WHERE s.late AND (p_only IS NULL OR p_only = 'm10_overdue')
      UNION ALL
      SELECT 'm2', EXISTS (SELECT 1 FROM escalation_decisions d JOIN escalations x ON x.provider_id = p AND x.id = d.escalation_id AND x.cycle = s.cycle
          WHERE d.provider_id = p AND d.action_id = s.id AND d.at < p_until), NULL WHERE s.late AND (p_only IS NULL OR p_only = 'm2')
      UNION ALL
      SELECT 'm10_no_control', true, NULL WHERE s.late AND s.risk IN ('high', 'critical') AND (p_only IS NULL OR p_only = 'm10_no_control')
        AND NOT EXISTS (SELECT 1 FROM escalation_decisions d JOIN escalations x ON x.provider_id = p AND x.id = d.escalation_id AND x.cycle = s.cycle
          WHERE d.provider_id = p AND d.action_id = s.id AND d.at < p_until AND d.interim_control <> '' AND (d.control_until IS NULL OR d.control_until >= p_last))
      UNION ALL
      SELECT 'm10_unowned', true, NULL WHERE (p_only IS NULL OR p_only = 'm10_unowned') AND (s.owner_id IS NULL
        OR EXISTS (SELECT 1 FROM memberships m WHERE m.provider_id = p AND m.id = s.owner_id AND m.ended_at < p_until))
      UNION ALL
      SELECT 'm10_stale', true, (p_last - (s.moved_at AT TIME ZONE 'Europe/London')::date)::double precision
        WHERE (p_only IS NULL OR p_only = 'm10_stale') AND p_last - (s.moved_at AT TIME ZONE 'Europe/London')::date >= 14
    ) v
    UNION ALL
    SELECT v.figure, 'finding'::text, f.finding_id, x.number, f.service_id, f.theme, f.topic, v.counted, NULL, NULL
    FROM (SELECT s.finding_id, s.service_id, s.theme, s.topic, s.risk FROM standing s
      WHERE p_only IS NULL OR p_only = 'open_findings' OR (p_only = 'm6' AND s.risk IN ('high', 'critical'))
      GROUP BY s.finding_id, s.service_id, s.theme, s.topic, s.risk) f
    CROSS JOIN LATERAL (SELECT g.number FROM findings g WHERE g.provider_id = p AND g.id = f.finding_id OFFSET 0) x
    CROSS JOIN LATERAL (
      SELECT 'open_findings'::text AS figure, EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = p AND l.finding_id = f.finding_id
          AND l.linked_at < p_until AND (l.withdrawn_at IS NULL OR l.withdrawn_at >= p_until)) AS counted WHERE p_only IS NULL OR p_only = 'open_findings'
      UNION ALL
      SELECT 'm6', EXISTS (SELECT 1 FROM actions a JOIN escalation_decisions d ON d.provider_id = p AND d.action_id = a.id AND d.at < p_until
          WHERE a.provider_id = p AND a.finding_id = f.finding_id) WHERE f.risk IN ('high', 'critical') AND (p_only IS NULL OR p_only = 'm6')
    ) v;
  END IF;
END $$;
