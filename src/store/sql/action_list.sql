-- A page of actions. $2 the member, $3 whether they see the whole provider, $4 a service's part of the address or all, $5 the statuses,
-- $6 and $7 the due dates from and before, $8 whether only dated ones count, $9 theme, $10 risk, $11 words, $12 newest first,
-- $13 and $14 the key to begin after, $15 only unowned, $16 only those that came back, $17 windows that passed before, $18 how many,
-- $19 only those nobody moved since.
WITH seen AS (
  SELECT s.id, s.name, s.nation FROM services s WHERE s.provider_id = $1 AND ($4::text IS NULL OR s.slug = $4)
    AND ($3::bool OR EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = s.provider_id AND ms.member_id = $2 AND ms.service_id = s.id))
), listed AS (
  SELECT a.*, seen.name AS service, seen.nation, f.risk, f.theme, f.topic, o.name AS owner, (o.id IS NULL OR o.ended_at IS NOT NULL) AS unowned,
    coalesce(a.updated_at, a.created_at) AS moved_at,
    CASE WHEN $12::bool THEN date '2000-01-01' - coalesce(a.due_on, date '2000-01-01') ELSE coalesce(a.due_on - date '2000-01-01', 1000000) END AS place
  FROM seen JOIN actions a ON a.provider_id = $1 AND a.service_id = seen.id AND a.status = ANY($5)
  JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
  LEFT JOIN memberships o ON o.provider_id = a.provider_id AND o.id = a.owner_id
  WHERE ($6::date IS NULL OR a.due_on >= $6) AND ($7::date IS NULL OR a.due_on < $7) AND (NOT $8::bool OR a.due_on IS NOT NULL)
    AND ($9::text IS NULL OR f.theme = $9) AND ($10::text IS NULL OR f.risk = $10)
    AND ($11::text IS NULL OR a.what ILIKE $11 OR f.what ILIKE $11)
    AND (NOT $15::bool OR o.id IS NULL OR o.ended_at IS NOT NULL) AND (NOT $16::bool OR a.cycle > 1)
    AND ($17::date IS NULL OR a.verify_by < $17) AND ($19::timestamptz IS NULL OR coalesce(a.updated_at, a.created_at) < $19)
), page AS (
  SELECT * FROM listed WHERE $13::int IS NULL OR (place, number) > ($13, $14::int) ORDER BY place, number LIMIT $18
)
SELECT p.number, p.what, p.status, p.cycle, p.due_on, p.verify_by, p.service, p.nation, p.risk, p.topic, p.owner AS "owner?", p.unowned AS "unowned!", p.moved_at AS "moved_at!", p.place AS "place!",
  EXISTS (SELECT 1 FROM escalations e WHERE e.provider_id = $1 AND e.action_id = p.id AND e.cycle = p.cycle
    AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = e.provider_id AND d.escalation_id = e.id)) AS "escalated!"
FROM page p ORDER BY p.place, p.number
