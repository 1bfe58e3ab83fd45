-- One page of findings, newest first, with how many actions each has and how they stand. $16 from when and $17 how many make a
-- topic one that keeps coming up in a service; $18 what leaders follow (domain/significance.rs), the rest, or both; $19 only what came back: is linked to an
-- earlier finding.
WITH repeated AS MATERIALIZED (
  SELECT t.service_id, t.topic FROM topics_found t WHERE t.provider_id = $1 AND t.newest[$17::int] >= $16::date AND t.topic <> 'other'
), back AS MATERIALIZED (
  SELECT DISTINCT l.finding_id FROM finding_links l WHERE l.provider_id = $1 AND l.withdrawn_at IS NULL
)
SELECT f.id AS "id: FindingId", f.number, f.what, s.name AS service, u.name AS "unit?", f.risk, f.theme, f.topic, f.found_on, f.disposition,
  f.significance, (r.topic IS NOT NULL) AS "repeated!", (f.id IN (SELECT b.finding_id FROM back b)) AS "came_back!",
  c.open AS "open!", c.late AS "late!", c.unowned AS "unowned!", c.closed AS "closed!"
FROM findings f
JOIN services s ON s.provider_id = f.provider_id AND s.id = f.service_id
LEFT JOIN repeated r ON r.service_id = f.service_id AND r.topic = f.topic
LEFT JOIN units u ON u.provider_id = f.provider_id AND u.service_id = f.service_id AND u.id = f.unit_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE a.status NOT IN ('closed', 'cancelled')) AS open,
    count(*) FILTER (WHERE a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AND a.due_on < $12::date) AS late,
    count(*) FILTER (WHERE a.status NOT IN ('closed', 'cancelled') AND m.id IS NULL) AS unowned,
    count(*) FILTER (WHERE a.status = 'closed') AS closed
  -- what was merged counts by the action that stays, once for each finding
  FROM actions b JOIN actions a ON a.provider_id = b.provider_id AND a.id = coalesce(b.merged_into, b.id) AND (b.merged_into IS NULL OR a.finding_id <> f.id)
  LEFT JOIN memberships m ON m.provider_id = a.provider_id AND m.id = a.owner_id AND m.ended_at IS NULL
  WHERE b.provider_id = f.provider_id AND b.finding_id = f.id) c
WHERE f.provider_id = $1 AND NOT f.undone
  AND ($2::bool OR ($3::bool AND EXISTS (SELECT 1 FROM member_services ms
    WHERE ms.provider_id = f.provider_id AND ms.member_id = $4 AND ms.service_id = f.service_id)) OR f.logged_by = $4)
  AND ($5::uuid IS NULL OR f.service_id = $5)
  AND ($6::text IS NULL OR f.risk = $6)
  AND ($7::text IS NULL OR f.theme = $7)
  AND ($8::text IS NULL OR f.topic = $8)
  AND CASE $9::text
    WHEN 'open' THEN f.disposition = 'actions' AND (c.open > 0 OR c.closed = 0)
    WHEN 'closed' THEN f.disposition <> 'actions' OR (c.open = 0 AND c.closed > 0)
    WHEN 'unowned' THEN f.disposition = 'actions' AND (c.unowned > 0 OR (c.open = 0 AND c.closed = 0))
    ELSE true END
  AND ($10::text IS NULL OR f.what ILIKE $10)
  AND ($18::bool IS NULL OR (f.significance = 'governance' OR f.risk IN ('high', 'critical') OR r.topic IS NOT NULL OR f.id IN (SELECT b.finding_id FROM back b)) = $18)
  AND (NOT $19::bool OR f.id IN (SELECT b.finding_id FROM back b))
  AND (NOT $11::bool OR f.logged_by = $4)
  AND (f.found_on, f.id) < (coalesce($13::date, 'infinity'), coalesce($14::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY f.found_on DESC, f.id DESC
LIMIT $15
