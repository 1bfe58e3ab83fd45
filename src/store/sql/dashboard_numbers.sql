-- What a manager's services look like today, in one row. $2 the member, $3 whether they see the whole provider,
-- $4 one service or all, $5 today, $6 the last day that counts as soon, $7 the level at which this member decides, $8 whether they
-- decide at all, $9 and $10 whether their menu counts what waits for verification and what is escalated (as menu.rs does).
WITH seen AS (
  SELECT s.id FROM services s WHERE s.provider_id = $1 AND ($4::text IS NULL OR s.slug = $4)
    AND ($3::bool OR EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = s.provider_id AND ms.member_id = $2 AND ms.service_id = s.id))
), going AS MATERIALIZED (
  SELECT a.id, a.cycle, a.status, a.due_on, a.verify_by, a.owner_id, a.service_id, f.theme, f.risk,
    a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AS with_owner
  FROM seen JOIN actions a ON a.provider_id = $1 AND a.service_id = seen.id
    AND a.status IN ('not_started', 'in_progress', 'submitted', 'sent_back', 'ineffective', 'verified')
  JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
), undecided AS (
  -- theirs: of their level, or of the first where no other manager is there to decide (R12); never their own lateness
  SELECT count(*) AS n FROM going g
  JOIN escalations e ON e.provider_id = $1 AND e.action_id = g.id AND e.cycle = g.cycle
  WHERE $8::bool AND g.owner_id IS DISTINCT FROM $2
    AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = e.provider_id AND d.escalation_id = e.id)
    AND (e.level = $7 OR ($7 = 2 AND NOT EXISTS (SELECT 1 FROM member_services ms
      JOIN memberships m ON m.provider_id = ms.provider_id AND m.id = ms.member_id AND m.role = 'registered_manager' AND m.ended_at IS NULL
      WHERE ms.provider_id = $1 AND ms.service_id = g.service_id AND m.id IS DISTINCT FROM g.owner_id)))
)
SELECT
  count(*) FILTER (WHERE with_owner AND due_on < $5) AS "late!",
  count(*) FILTER (WHERE with_owner AND due_on < $5 AND risk IN ('high', 'critical')) AS "late_high!",
  (SELECT n FROM undecided) AS "undecided!",
  count(*) FILTER (WHERE status = 'submitted') AS "to_verify!",
  count(*) FILTER (WHERE status = 'submitted' AND verify_by < $5) AS "verify_late!",
  count(*) FILTER (WHERE status = 'verified') AS "to_close!",
  count(*) FILTER (WHERE with_owner AND due_on BETWEEN $5 AND $6) AS "soon!",
  count(*) FILTER (WHERE cycle > 1) AS "came_back!",
  count(*) FILTER (WHERE owner_id IS NULL OR EXISTS (SELECT 1 FROM memberships m
    WHERE m.provider_id = $1 AND m.id = owner_id AND m.ended_at IS NOT NULL)) AS "unowned!",
  count(*) AS "open!",
  (SELECT coalesce(jsonb_agg(jsonb_build_array(t.theme, t.open, t.late) ORDER BY t.open DESC, t.theme), '[]') FROM (
    SELECT theme, count(*) AS open, count(*) FILTER (WHERE with_owner AND due_on < $5) AS late FROM going GROUP BY theme) t) AS "themes!",
  (SELECT coalesce(jsonb_agg(jsonb_build_array(s.slug, s.name) ORDER BY s.name), '[]') FROM services s WHERE s.provider_id = $1
    AND ($3 OR EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = s.provider_id AND ms.member_id = $2 AND ms.service_id = s.id))) AS "services!",
  (SELECT count(*) FROM actions mine WHERE mine.provider_id = $1 AND mine.owner_id = $2
    AND mine.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')) AS "mine!",
  -- service by service, unless all are seen: what waits in other services is not read
  CASE WHEN $3 THEN (SELECT count(*) FROM actions a WHERE $9::bool AND a.provider_id = $1 AND a.status = 'submitted' AND a.owner_id IS DISTINCT FROM $2)
  ELSE (SELECT coalesce(sum(w.n), 0)::bigint FROM member_services ms, LATERAL (SELECT count(*) AS n FROM actions a
    WHERE $9 AND a.provider_id = $1 AND a.service_id = ms.service_id AND a.status = 'submitted' AND a.owner_id IS DISTINCT FROM $2) w
    WHERE ms.provider_id = $1 AND ms.member_id = $2) END AS "menu_to_verify!",
  CASE WHEN $3 THEN (SELECT count(*) FROM escalations e JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id
    WHERE $10::bool AND e.provider_id = $1 AND a.status NOT IN ('closed', 'cancelled') AND e.cycle = a.cycle
    AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = e.provider_id AND d.escalation_id = e.id))
  ELSE (SELECT coalesce(sum(w.n), 0)::bigint FROM member_services ms, LATERAL (SELECT sum((SELECT count(*) FROM escalations e
      WHERE e.provider_id = $1 AND e.action_id = a.id AND e.cycle = a.cycle
      AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = $1 AND d.escalation_id = e.id))) AS n
    FROM actions a WHERE $10 AND a.provider_id = $1 AND a.service_id = ms.service_id
    AND a.status IN ('not_started', 'in_progress', 'submitted', 'sent_back', 'ineffective', 'verified')) w
    WHERE ms.provider_id = $1 AND ms.member_id = $2) END AS "menu_escalations!"
FROM going
