-- Findings like one that is being written, of the twelve months before it: the same topic in the same unit and service first,
-- then the same topic elsewhere, then others with the same words; within each those with the most words in common, then the newest.
-- $2 to $4 who looks (store/scope.rs), $5 the finding itself, $6 its topic, unless that says nothing, $7 its service, $8 its unit, $9 what was
-- found, $10 from and $11 to which day, $12 its review, whose other findings are not looked for, $13 the share of words that others must have in
-- common, $14 of how many words at least.
WITH asked AS MATERIALIZED (
  -- any of the words; more than the first two hundred letters make the comparison slow and no better
  SELECT q.words, numnode(q.words) >= 2 * $14::int - 1 AS enough, ts_rank('{1,1,1,1}', strip(to_tsvector('english', left($9::text, 200))), q.words) AS whole
  FROM (SELECT replace(plainto_tsquery('english', left($9, 200))::text, '&', '|')::tsquery AS words) q
), near AS MATERIALIZED (
  SELECT f.id, f.number, f.found_on, CASE WHEN f.topic <> $6 OR $6 IS NULL THEN 4 WHEN f.service_id <> $7::uuid THEN 3
      WHEN f.unit_id IS DISTINCT FROM $8::uuid THEN 2 ELSE 1 END AS place,
    ts_rank('{1,1,1,1}', f.words, asked.words) AS likeness
  FROM asked, findings f
  WHERE f.provider_id = $1 AND f.found_on BETWEEN $10::date AND $11::date AND f.id <> $5::uuid AND NOT f.undone
    AND ($2::bool OR ($3::bool AND f.service_id = ANY(ARRAY(SELECT ms.service_id FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $4)))
      OR f.logged_by = $4)
    AND (f.topic = $6::text OR (asked.enough AND f.words @@ asked.words))
    AND f.id <> ALL(ARRAY(SELECT x.finding_id FROM finding_sources x WHERE x.provider_id = $1 AND x.review_id = $12::uuid))
), chosen AS (
  (SELECT * FROM near n WHERE n.place <= 2 ORDER BY n.place, n.likeness DESC, n.found_on DESC, n.number DESC LIMIT 4)
  UNION ALL
  (SELECT * FROM near n WHERE n.place = 3 ORDER BY n.likeness DESC, n.found_on DESC, n.number DESC LIMIT 2)
  UNION ALL
  (SELECT n.* FROM near n, asked WHERE n.place = 4 AND n.likeness >= $13::float8 * asked.whole ORDER BY n.likeness DESC, n.found_on DESC, n.number DESC LIMIT 2)
)
SELECT c.number AS "number!", f.what, s.name AS service, u.name AS "unit?", f.found_on, f.disposition,
  k.open AS "open!", k.closed AS "closed!", (SELECT (max(e.at) AT TIME ZONE 'Europe/London')::date FROM actions a JOIN closures e ON e.provider_id = $1 AND e.action_id = a.id AND e.id = a.closure_id
    WHERE a.provider_id = $1 AND a.finding_id = f.id) AS closed_on
FROM chosen c
JOIN findings f ON f.provider_id = $1 AND f.id = c.id
JOIN services s ON s.provider_id = $1 AND s.id = f.service_id
LEFT JOIN units u ON u.provider_id = $1 AND u.service_id = f.service_id AND u.id = f.unit_id
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE a.status NOT IN ('closed', 'cancelled')) AS open, count(*) FILTER (WHERE a.status = 'closed') AS closed
  FROM actions b JOIN actions a ON a.provider_id = $1 AND a.id = coalesce(b.merged_into, b.id) WHERE b.provider_id = $1 AND b.finding_id = f.id) k
ORDER BY c.place, c.likeness DESC, f.found_on DESC, c.number DESC
