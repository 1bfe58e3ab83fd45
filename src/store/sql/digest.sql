-- What the week brings a member: of each part how many, and the first $10. $5 today, $6 the Sunday of the week; $7 whether
-- they hear of others' work, $8 whether of what waits for a check, $9 whether they may check what a manager owned (R15),
-- $11 whether what is minor is left out for them, and only counted (R4), $12 from when and $13 how many findings make a topic a repeated one.
WITH seen AS MATERIALIZED (
  SELECT s.id FROM services s WHERE s.provider_id = $1
    AND ($3 OR ($4 AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $2 AND ms.service_id = s.id)))
), barred AS MATERIALIZED (
  SELECT $2::uuid AS id UNION ALL SELECT m.id FROM memberships m WHERE NOT $9::bool AND m.provider_id = $1 AND m.role = 'registered_manager'
), repeated AS MATERIALIZED (
  SELECT t.service_id, t.topic FROM topics_found t WHERE $11::bool AND t.provider_id = $1 AND t.service_id = ANY(ARRAY(SELECT seen.id FROM seen))
    AND t.newest[$13::int] >= $12::date AND t.topic <> 'other'
), others AS MATERIALIZED (
  SELECT a.id, a.number, a.due_on, coalesce(a.due_on < $5, false) AS late,
    NOT $11 OR a.significance = 'governance' OR a.risk IN ('high', 'critical') OR a.cycle > 1 OR (a.service_id, a.topic) IN (SELECT r.service_id, r.topic FROM repeated r) AS shown,
    coalesce((SELECT u.barrier IS NOT NULL FROM updates u WHERE u.provider_id = $1 AND u.action_id = a.id AND u.cycle = a.cycle
      ORDER BY u.at DESC, u.id DESC LIMIT 1), false) AS blocked
  FROM actions a WHERE $7::bool AND a.provider_id = $1 AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')
    AND a.owner_id IS DISTINCT FROM $2 AND a.service_id = ANY(ARRAY(SELECT seen.id FROM seen))
), told AS (
  SELECT CASE WHEN a.due_on < $5 THEN 'late' WHEN a.status IN ('sent_back', 'ineffective') THEN 'back' ELSE 'week' END AS part,
    a.id, a.number, a.due_on AS day
  FROM actions a WHERE a.provider_id = $1 AND a.owner_id = $2 AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')
    AND (a.due_on <= $6 OR a.status IN ('sent_back', 'ineffective'))
  UNION ALL
  SELECT 'team_late', o.id, o.number, o.due_on FROM others o WHERE o.late AND o.shown
  UNION ALL
  SELECT 'blocked', o.id, o.number, o.due_on FROM others o WHERE o.blocked AND o.shown
  UNION ALL
  SELECT 'minor', o.id, o.number, o.due_on FROM others o WHERE (o.late OR o.blocked) AND NOT o.shown
  UNION ALL
  SELECT 'to_verify', a.id, a.number, a.verify_by FROM actions a
  WHERE $8::bool AND a.provider_id = $1 AND a.status = 'submitted' AND a.service_id = ANY(ARRAY(SELECT seen.id FROM seen))
    AND NOT EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle
      AND w.member_id IN (SELECT barred.id FROM barred))
    AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = $1 AND e.action_id = a.id AND e.cycle = a.cycle AND e.author_id = $2
      AND e.withdrawn_at IS NULL)
), placed AS (
  SELECT t.*, count(*) OVER (PARTITION BY t.part) AS total, row_number() OVER (PARTITION BY t.part ORDER BY t.day NULLS LAST, t.number) AS place FROM told t
)
SELECT p.part AS "part!", p.total AS "total!", p.number AS "number!", p.day AS "day?", a.what AS "what!", s.name AS "service!"
FROM placed p
JOIN actions a ON a.provider_id = $1 AND a.id = p.id
JOIN services s ON s.provider_id = $1 AND s.id = a.service_id
WHERE p.place <= CASE WHEN p.part = 'minor' THEN 1 ELSE $10::bigint END
ORDER BY p.part, p.place
