-- A page of actions and what stands around it, in one row. $2 the member, $3 whether they see the whole provider, $4 a service's part of the
-- address or all, $5 the statuses, $6 and $7 the due dates from and before, $8 whether only dated ones count, $9 theme, $10 risk, $11 words,
-- $12 newest first, $13 and $14 the key to begin after, $15 only unowned, $16 only those that came back, $17 windows that passed before,
-- $18 how many, $19 the member's services, $20 to $22 which numbers their menu shows, $23 only those nobody moved since,
-- $24 what leaders follow (domain/significance.rs), the rest, or both, $25 from when and $28 how many findings make a topic a repeated one, $26 whether they
-- check what a manager owned, $27 today, $29 only what was merged, or not, $30 whether their menu counts sustain checks.
WITH seen AS MATERIALIZED (
  SELECT s.id, s.slug, s.name, s.nation FROM services s WHERE s.provider_id = $1 AND ($3::bool OR s.id = ANY($19::uuid[]))
), repeated AS MATERIALIZED (
  SELECT t.service_id, t.topic FROM topics_found t WHERE $24::bool IS NOT NULL AND t.provider_id = $1 AND t.service_id = ANY(ARRAY(SELECT seen.id FROM seen WHERE $4::text IS NULL OR seen.slug = $4))
    AND t.newest[$28::int] >= $25::date AND t.topic <> 'other'
), barred AS MATERIALIZED (
  SELECT $2::uuid AS id UNION ALL SELECT m.id FROM memberships m WHERE NOT $26::bool AND m.provider_id = $1 AND m.role = 'registered_manager'
), fits AS MATERIALIZED (
  SELECT a.id, a.number, a.what, a.status, a.cycle, a.due_on, a.verify_by, seen.name AS service, seen.nation, a.risk, a.topic, a.owner_id,
    $24::bool IS NULL OR (a.significance = 'governance' OR a.risk IN ('high', 'critical') OR (a.cycle > 1 OR a.finding_id IN (SELECT l.finding_id FROM finding_links l WHERE l.provider_id = $1 AND l.withdrawn_at IS NULL)) OR (a.service_id, a.topic) IN (SELECT r.service_id, r.topic FROM repeated r)) = $24 AS shown,
    coalesce(a.updated_at, a.created_at) AS moved_at,
    CASE WHEN $12::bool THEN date '2000-01-01' - coalesce(a.due_on, date '2000-01-01') ELSE coalesce(a.due_on - date '2000-01-01', 1000000) END AS place
  FROM seen JOIN actions a ON a.provider_id = $1 AND a.service_id = seen.id AND a.status = ANY($5)
  WHERE ($4::text IS NULL OR seen.slug = $4)
    AND ($6::date IS NULL OR a.due_on >= $6) AND ($7::date IS NULL OR a.due_on < $7) AND (NOT $8::bool OR a.due_on IS NOT NULL)
    AND ($9::text IS NULL OR a.theme = $9) AND ($10::text IS NULL OR a.risk = $10)
    AND ($11::text IS NULL OR a.what ILIKE $11 OR EXISTS (SELECT 1 FROM findings f WHERE f.provider_id = $1 AND f.id = a.finding_id AND f.what ILIKE $11))
    AND (NOT $15::bool OR a.owner_id IS NULL OR a.owner_id IN (SELECT m.id FROM memberships m WHERE m.provider_id = $1 AND m.ended_at IS NOT NULL))
    AND ($29::bool IS NULL OR (a.merged_into IS NOT NULL) = $29) AND (NOT $16::bool OR (a.cycle > 1 OR a.finding_id IN (SELECT l.finding_id FROM finding_links l WHERE l.provider_id = $1 AND l.withdrawn_at IS NULL))) AND ($17::date IS NULL OR a.verify_by < $17)
    AND ($23::timestamptz IS NULL OR coalesce(a.updated_at, a.created_at) < $23)
), page AS (
  SELECT * FROM fits f WHERE f.shown AND ($13::int IS NULL OR (f.place, f.number) > ($13, $14::int)) ORDER BY f.place, f.number LIMIT $18
)
SELECT (SELECT json_agg(json_build_array(p.number, p.what, p.status, p.cycle, p.due_on, p.verify_by, p.service, p.nation, p.risk, p.topic, o.name,
    o.id IS NULL OR o.ended_at IS NOT NULL, p.moved_at, p.place,
    coalesce((SELECT true FROM undecided_escalations u WHERE u.provider_id = $1 AND u.action_id = p.id LIMIT 1), false)) ORDER BY p.place, p.number)
  FROM page p LEFT JOIN memberships o ON o.provider_id = $1 AND o.id = p.owner_id) AS "rows: Json<Vec<Listed>>",
  (SELECT json_agg(json_build_array(seen.slug, seen.name) ORDER BY seen.name) FROM seen) AS "services: Json<Vec<(String, String)>>",
  (SELECT count(*) FROM fits f WHERE $24 AND NOT f.shown) AS "left_out!",
  (SELECT count(*) FROM fits f WHERE $24 AND NOT f.shown AND f.due_on < $27::date AND f.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')) AS "left_out_late!",
  (SELECT count(*) FROM actions a WHERE $20::bool AND a.provider_id = $1 AND a.owner_id = $2
     AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')) AS "my_actions!",
  (SELECT count(*) FROM actions a WHERE $21::bool AND a.provider_id = $1 AND a.status = 'submitted' AND a.service_id = ANY(ARRAY(SELECT seen.id FROM seen))
     AND a.owner_id NOT IN (SELECT barred.id FROM barred)
     AND (a.owner_changes = 0 OR coalesce((SELECT false FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id IN (SELECT barred.id FROM barred) LIMIT 1), true))
     AND (a.id, a.cycle) NOT IN (SELECT e.action_id, e.cycle FROM evidence e WHERE e.provider_id = $1 AND e.author_id = $2 AND e.withdrawn_at IS NULL)) AS "to_verify!",
  (SELECT count(*) FROM undecided_escalations u WHERE $22::bool AND u.provider_id = $1 AND u.service_id = ANY(ARRAY(SELECT seen.id FROM seen))) AS "escalations!",
  (SELECT count(*) FROM sustain_checks c JOIN actions a ON a.provider_id = $1 AND a.id = c.action_id AND a.status = 'closed' AND a.cycle = c.cycle
     WHERE $30::bool AND c.provider_id = $1 AND c.result IS NULL AND c.due_on <= $27 AND c.service_id = ANY(ARRAY(SELECT seen.id FROM seen))
     AND NOT EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = $2)) AS "sustain_checks!"
