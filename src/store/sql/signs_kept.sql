-- Signs of the whole provider as they were found last, but those of services in which something happened since. $2 today (what was found on
-- another day counts for nothing), $3 one sign or all, $4 and $5 the day and id to begin after, $6 how many rows of each sign, $7 and of
-- what was put aside.
WITH made AS MATERIALIZED (
  SELECT app.services_with_news($1, c.seq, c.counted_at) AS news FROM sign_counts_made c
  WHERE c.provider_id = $1 AND (c.counted_at AT TIME ZONE 'Europe/London')::date = $2::date
), counts AS MATERIALIZED (
  SELECT c.sign, c.quiet, sum(c.total)::bigint AS total FROM made CROSS JOIN LATERAL (SELECT c.* FROM sign_counts c
    WHERE c.provider_id = $1 AND c.service_id <> ALL(made.news) AND ($3::text IS NULL OR c.sign = $3) OFFSET 0) c GROUP BY c.sign, c.quiet
), page AS MATERIALIZED (
  SELECT k.*, x.total FROM counts x CROSS JOIN LATERAL (SELECT k.* FROM signs_kept k
    WHERE k.provider_id = $1 AND k.sign = x.sign AND k.quiet = x.quiet AND k.service_id <> ALL((SELECT news FROM made)::uuid[])
      AND ($4::date IS NULL OR (k.since, k.subject_id) > ($4, $5::uuid))
    ORDER BY k.since, k.subject_id LIMIT CASE WHEN x.quiet THEN $7::bigint ELSE $6::bigint END) k
)
SELECT (SELECT news FROM made) AS "news: Vec<Uuid>",
  EXISTS (SELECT 1 FROM sign_counts_made c, revisions v WHERE c.provider_id = $1 AND v.provider_id = $1 AND v.revision = c.revision) AS "exact!",
  EXISTS (SELECT 1 FROM measures m WHERE m.provider_id = $1 AND m.service_id IS NULL AND m.target IS NOT NULL) AS "beyond!",
  (SELECT json_agg(json_build_array(c.sign, c.quiet, c.total)) FROM counts c) AS "counts: Json<Vec<(Sign, bool, u64)>>",
  (SELECT json_agg(json_build_array(p.sign, p.subject_id, y.action, y.finding, y.what, s.name, p.since, p.n, p.note, q.until_on, q.reason, q.by)
      ORDER BY p.sign, p.since, p.subject_id)
    FROM page p
    CROSS JOIN LATERAL (
      SELECT a.number AS action, NULL::int AS finding, a.what FROM actions a WHERE p.about = 'action' AND a.provider_id = $1 AND a.id = p.subject_id
      UNION ALL SELECT NULL, f.number, f.what FROM findings f WHERE p.about = 'finding' AND f.provider_id = $1 AND f.id = p.subject_id
      UNION ALL SELECT NULL, NULL, m.name FROM measures m WHERE p.about = 'measure' AND m.provider_id = $1 AND m.id = p.subject_id) y
    CROSS JOIN LATERAL (SELECT s.name FROM services s WHERE s.provider_id = $1 AND s.id = p.service_id OFFSET 0) s
    LEFT JOIN LATERAL (SELECT k.until_on, k.reason, (SELECT m.name FROM memberships m WHERE m.provider_id = $1 AND m.id = k.by) AS by FROM sign_acknowledgements k
      WHERE p.quiet AND k.provider_id = $1 AND k.sign = p.sign AND k.subject_id = p.subject_id ORDER BY k.round DESC LIMIT 1) q ON true) AS "rows: Json<Vec<KeptRow>>"
