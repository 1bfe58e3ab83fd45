-- The same as figures.sql, from the rows a month was signed with. $1 the provider, $2 the meeting, $3 the month's end, $4 its last day, $5 how many of
-- what lacks something are named.
WITH r AS MATERIALIZED (
  SELECT g.figure, g.number, g.service_id, g.theme, g.topic, g.counted, g.amount, g.whole FROM governance_rows g WHERE g.provider_id = $1 AND g.meeting_id = $2
), named AS (
  SELECT n.figure, n.number, n.service_id FROM (
    SELECT r.figure, r.number, r.service_id, row_number() OVER (PARTITION BY r.figure ORDER BY r.number) AS place FROM r WHERE r.figure IN ('m6', 'm9') AND NOT r.counted) n
  WHERE n.place <= $5
)
SELECT
  (SELECT json_agg(json_build_array(v.figure, v.numerator, v.denominator)) FROM (
    SELECT r.figure,
      CASE r.figure WHEN 'm5' THEN sum(r.amount) WHEN 'm8_days' THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY r.amount) ELSE count(*) FILTER (WHERE r.counted) END AS numerator,
      CASE r.figure WHEN 'm5' THEN sum(r.whole) ELSE count(*) END AS denominator
    FROM r GROUP BY r.figure) v) AS "values: Json<Vec<(Figure, f64, f64)>>",
  (SELECT json_agg(json_build_array(h.theme, s.slug, s.name, h.open, h.back) ORDER BY s.name, h.theme) FROM (
    SELECT r.theme, r.service_id, count(*) AS open, count(*) FILTER (WHERE r.counted) AS back FROM r WHERE r.figure = 'open_findings' GROUP BY r.theme, r.service_id) h
    JOIN services s ON s.provider_id = $1 AND s.id = h.service_id) AS "heat: Json<Vec<Heat>>",
  (SELECT json_agg(json_build_array(d.amount, d.n)) FROM (SELECT r.amount, count(*) AS n FROM r WHERE r.figure = 'm10_overdue' GROUP BY r.amount) d) AS "days: Json<Vec<(f64, i64)>>",
  (SELECT json_agg(json_build_array(t.topic, s.name, s.slug, t.n, y.n) ORDER BY y.n DESC, t.n DESC, s.name, t.topic) FROM (
    SELECT r.topic, r.service_id, count(*) AS n FROM r WHERE r.figure = 'm7' AND r.counted GROUP BY r.topic, r.service_id) t
    JOIN services s ON s.provider_id = $1 AND s.id = t.service_id
    CROSS JOIN LATERAL (SELECT count(*) AS n FROM findings f WHERE f.provider_id = $1 AND f.service_id = t.service_id AND f.topic = t.topic
      AND f.found_on > $4::date - 365 AND f.found_on <= $4::date
      AND f.logged_at < $3 AND EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = $1 AND l.finding_id = f.id
        AND l.linked_at < $3 AND (l.withdrawn_at IS NULL OR l.withdrawn_at >= $3))) y) AS "repeats: Json<Vec<Again>>",
  (SELECT json_agg(json_build_array(n.number, f.what, s.name) ORDER BY n.number) FROM named n JOIN services s ON s.provider_id = $1 AND s.id = n.service_id
    CROSS JOIN LATERAL (SELECT f.what FROM findings f WHERE f.provider_id = $1 AND f.number = n.number OFFSET 0) f WHERE n.figure = 'm6') AS "undecided: Json<Vec<(i32, String, String)>>",
  (SELECT json_agg(json_build_array(n.number, a.what, s.name) ORDER BY n.number) FROM named n JOIN services s ON s.provider_id = $1 AND s.id = n.service_id
    CROSS JOIN LATERAL (SELECT a.what FROM actions a WHERE a.provider_id = $1 AND a.number = n.number OFFSET 0) a WHERE n.figure = 'm9') AS "unmeasured: Json<Vec<(i32, String, String)>>"
