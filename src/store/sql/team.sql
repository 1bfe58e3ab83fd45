-- Open actions by person, as far as the member sees: of each person the most pressing $6, with the person's counts.
-- With $7 one person's alone, with $8 nobody's.
-- What is owned by nobody, or by someone who has left, stands together (R7).
WITH load AS (
  SELECT a.*, m.id AS person_id, m.name AS person, m.role, m.job_title,
    a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AS to_do,
    coalesce(a.due_on < $5, false) AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AS late
  FROM actions a LEFT JOIN memberships m ON m.provider_id = a.provider_id AND m.id = a.owner_id AND m.ended_at IS NULL
  WHERE a.provider_id = $1 AND a.status NOT IN ('closed', 'cancelled')
    AND ($2 OR ($3 AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = a.provider_id AND ms.member_id = $4
      AND ms.service_id = a.service_id)) OR a.owner_id = $4)
    AND ($7::uuid IS NULL OR m.id = $7) AND (NOT $8 OR m.id IS NULL)
), counted AS (
  SELECT l.*, count(*) OVER person_all AS open_count, count(*) FILTER (WHERE l.late) OVER person_all AS late_count,
    count(*) FILTER (WHERE NOT l.to_do) OVER person_all AS waiting_count,
    row_number() OVER (PARTITION BY l.person_id ORDER BY l.late DESC, l.to_do DESC, l.due_on NULLS LAST, l.number) AS place
  FROM load l WINDOW person_all AS (PARTITION BY l.person_id)
)
SELECT c.number AS "number!", c.version AS "version!", c.what AS "what!", s.id AS "service_id: ServiceId", s.name AS service, s.nation, c.due_on, c.status AS "status!", c.cycle AS "cycle!",
  c.person_id AS "person_id?: MemberId", c.person AS "person?", c.role AS "role?", c.job_title AS "job_title?",
  c.open_count AS "open_count!", c.late_count AS "late_count!", c.waiting_count AS "waiting_count!",
  coalesce(c.updated_at, c.created_at) AS "moved_at!",
  EXISTS (SELECT 1 FROM escalations x WHERE x.provider_id = c.provider_id AND x.action_id = c.id AND x.cycle = c.cycle
    AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = x.provider_id AND d.escalation_id = x.id)) AS "escalated!"
FROM counted c JOIN services s ON s.provider_id = c.provider_id AND s.id = c.service_id
WHERE c.place <= $6
ORDER BY (c.person_id IS NOT NULL), c.late_count DESC, c.person, c.person_id, c.place
LIMIT $9
