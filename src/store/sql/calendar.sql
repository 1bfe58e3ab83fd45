-- The days of a member's calendar. $5 whether they check, $6 whether they may check what a manager owned (R15).
WITH seen AS MATERIALIZED (
  SELECT s.id FROM services s WHERE s.provider_id = $1
    AND ($3 OR ($4 AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $2 AND ms.service_id = s.id)))
), barred AS MATERIALIZED (
  SELECT $2::uuid AS id UNION ALL SELECT m.id FROM memberships m WHERE NOT $6::bool AND m.provider_id = $1 AND m.role = 'registered_manager'
), days AS (
  SELECT a.id, a.due_on AS day, false AS to_check FROM actions a
  WHERE a.provider_id = $1 AND a.owner_id = $2 AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AND a.due_on IS NOT NULL
  UNION ALL
  SELECT a.id, a.verify_by, true FROM actions a
  WHERE $5::bool AND a.provider_id = $1 AND a.status = 'submitted' AND a.verify_by IS NOT NULL AND a.service_id = ANY(ARRAY(SELECT seen.id FROM seen))
    AND NOT EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle
      AND w.member_id IN (SELECT barred.id FROM barred))
    AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = $1 AND e.action_id = a.id AND e.cycle = a.cycle AND e.author_id = $2
      AND e.withdrawn_at IS NULL)
)
SELECT a.id AS "id!: ActionId", a.number AS "number!", a.what AS "what!", s.name AS "service!", d.day AS "day!", d.to_check AS "to_check!",
  coalesce(a.updated_at, a.created_at) AS "moved_at!"
FROM days d
JOIN actions a ON a.provider_id = $1 AND a.id = d.id
JOIN services s ON s.provider_id = $1 AND s.id = a.service_id
ORDER BY d.day, a.number LIMIT $7
