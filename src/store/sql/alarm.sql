-- The loudest thing of a member's services (R13), as the dashboard has it (dashboard.sql: its dangers 1 and 2), from the open actions of high
-- risk alone. $2 whether they see the whole provider, $3 their services, $4 today, $5 the member, $6 the level at which they decide,
-- $7 whether they decide at all, $8 whether they are the nominated individual.
WITH seen AS MATERIALIZED (
  SELECT s.id FROM services s WHERE s.provider_id = $1 AND ($2::bool OR s.id = ANY($3::uuid[]))
), grave AS MATERIALIZED (
  SELECT a.id, a.cycle, a.risk, a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AND a.due_on < $4 AS late FROM actions a
  WHERE a.provider_id = $1 AND a.service_id = ANY(ARRAY(SELECT seen.id FROM seen)) AND a.status NOT IN ('closed', 'cancelled') AND a.risk IN ('high', 'critical')
), unsafe AS MATERIALIZED (
  SELECT g.id, g.risk, 1 AS danger, NULL::date AS check_on, NULL::uuid AS control_of, NULL::int AS level FROM grave g
  WHERE g.late AND NOT EXISTS (SELECT 1 FROM escalation_decisions d
    JOIN escalations x ON x.provider_id = $1 AND x.id = d.escalation_id AND x.cycle = g.cycle
    WHERE d.provider_id = $1 AND d.action_id = g.id AND d.interim_control <> '' AND (d.control_until IS NULL OR d.control_until >= $4))
), unchecked AS MATERIALIZED (
  SELECT g.id, g.risk, 2 AS danger, c.check_on, c.escalation_id AS control_of, c.level FROM controls_to_check c JOIN grave g ON g.id = c.action_id
  WHERE c.provider_id = $1 AND c.service_id = ANY(ARRAY(SELECT seen.id FROM seen)) AND c.check_on < $4 AND (c.until IS NULL OR c.until >= $4)
), first AS MATERIALIZED (
  SELECT a.id, a.number, a.service_id, a.owner_id, d.danger, d.check_on, d.control_of, d.level
  FROM (SELECT * FROM unsafe UNION ALL SELECT * FROM unchecked WHERE NOT EXISTS (SELECT 1 FROM unsafe)) d
  JOIN actions a ON a.provider_id = $1 AND a.id = d.id
  ORDER BY CASE d.risk WHEN 'critical' THEN 0 ELSE 1 END, coalesce(a.verify_by, a.due_on), a.number LIMIT 1
)
SELECT f.number, f.danger AS "danger!", coalesce(f.check_on, (SELECT u.check_on FROM unchecked u WHERE u.id = f.id)) AS check_on,
  (SELECT count(*) FROM unsafe) AS "without_control!",
  -- theirs: of their level, or of the first where no other manager is there to decide (R12); never their own lateness
  coalesce((SELECT u.escalation_id FROM undecided_escalations u WHERE u.provider_id = $1 AND u.action_id = f.id AND f.owner_id IS DISTINCT FROM $5
    AND ((u.level = $6 AND NOT ($8 AND u.alone AND EXISTS (SELECT 1 FROM memberships q WHERE q.provider_id = $1 AND q.role = 'quality_lead'
      AND q.ended_at IS NULL AND q.id IS DISTINCT FROM f.owner_id))) OR (u.level = 3 AND ($8::bool OR ($6 = 2 AND (SELECT o.role FROM memberships o WHERE o.provider_id = $1 AND o.id = f.owner_id) = 'nominated_individual')))
      OR ($6 = 2 AND NOT EXISTS (SELECT 1 FROM member_services ms
      JOIN memberships m ON m.provider_id = $1 AND m.id = ms.member_id AND m.role = 'registered_manager' AND m.ended_at IS NULL
      WHERE ms.provider_id = $1 AND ms.service_id = f.service_id AND m.id IS DISTINCT FROM f.owner_id)))
    ORDER BY u.at DESC, u.escalation_id LIMIT 1),
    (SELECT c.escalation_id FROM controls_to_check c WHERE $7::bool AND c.provider_id = $1 AND c.action_id = f.id AND c.check_on < $4 AND (c.until IS NULL OR c.until >= $4)
      AND f.owner_id IS DISTINCT FROM $5 AND c.level <= CASE WHEN $8 THEN 3 ELSE $6 END LIMIT 1)) AS escalation_id
FROM first f
