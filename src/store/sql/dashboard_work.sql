-- What needs this member now, in order of danger. Parameters as dashboard_numbers.sql; $6 the level at which this member decides.
WITH seen AS (
  SELECT s.id, s.name, s.nation FROM services s WHERE s.provider_id = $1 AND ($4::text IS NULL OR s.slug = $4)
    AND ($3::bool OR EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = s.provider_id AND ms.member_id = $2 AND ms.service_id = s.id))
), going AS (
  SELECT a.id, a.number, a.what, a.approver, a.status, a.cycle, a.due_on, a.verify_by, a.owner_id, a.service_id, f.topic, f.risk, seen.name AS service, seen.nation,
    a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AS with_owner, a.provider_id
  FROM seen JOIN actions a ON a.provider_id = $1 AND a.service_id = seen.id
    AND a.status IN ('not_started', 'in_progress', 'submitted', 'sent_back', 'ineffective', 'verified')
  JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
), ranked AS (
  SELECT g.*, e.id AS escalation_id, e.at AS escalated_at, o.name AS owner, (o.id IS NULL OR o.ended_at IS NOT NULL) AS unowned,
    coalesce(c.interim_control, '') AS interim_control,
    CASE
      WHEN g.with_owner AND g.due_on < $5 AND g.risk IN ('high', 'critical') AND c.interim_control IS NULL THEN 1
      WHEN e.id IS NOT NULL THEN 2
      WHEN g.status = 'ineffective' THEN 3
      WHEN g.status = 'submitted' AND g.verify_by < $5 THEN 4
      WHEN g.with_owner AND g.due_on < $5 THEN 5
      WHEN g.with_owner AND (o.id IS NULL OR o.ended_at IS NOT NULL) THEN 6
      WHEN g.status = 'verified' THEN 7
      WHEN g.status = 'submitted' THEN 8
      WHEN g.cycle > 1 THEN 9
    END AS danger
  FROM going g
  LEFT JOIN memberships o ON o.provider_id = g.provider_id AND o.id = g.owner_id
  LEFT JOIN LATERAL (SELECT e.id, e.at FROM escalations e WHERE e.provider_id = g.provider_id AND e.action_id = g.id AND e.cycle = g.cycle
    AND g.owner_id IS DISTINCT FROM $2 AND (e.level = $6 OR ($6 = 2 AND NOT EXISTS (SELECT 1 FROM member_services ms
      JOIN memberships m ON m.provider_id = ms.provider_id AND m.id = ms.member_id AND m.role = 'registered_manager' AND m.ended_at IS NULL
      WHERE ms.provider_id = $1 AND ms.service_id = g.service_id AND m.id IS DISTINCT FROM g.owner_id)))
    AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = e.provider_id AND d.escalation_id = e.id)
    ORDER BY e.at DESC, e.id LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT d.interim_control FROM escalation_decisions d JOIN escalations x ON x.provider_id = d.provider_id AND x.id = d.escalation_id
    WHERE g.with_owner AND g.due_on < $5 AND d.provider_id = g.provider_id AND d.action_id = g.id AND x.cycle = g.cycle AND d.interim_control <> ''
    ORDER BY d.at DESC LIMIT 1) c ON true
)
SELECT number, what, approver, status, cycle, due_on, verify_by, topic, risk, service, nation, owner AS "owner?", unowned AS "unowned!",
  escalation_id AS "escalation?: EscalationId", escalated_at AS "escalated_at?", interim_control AS "interim_control!", danger AS "danger!"
FROM ranked WHERE danger IS NOT NULL
ORDER BY danger, CASE risk WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, coalesce(verify_by, due_on), number
LIMIT $7
