-- Everything a month of governance shows, in one row. $1 the provider, $2 the services looked at, $3 whether they are the whole provider, $4 and
-- $5 the month's instants, $6 and $7 its days (app.figure_rows), $8 how many of what lacks something are named. What is counted is said once,
-- in the functions of the database that the rows come from as well (migration 0052); here it is added up without making the rows.
WITH s AS MATERIALIZED (
  SELECT x.finding_id, x.service_id, x.theme, x.high, x.late, x.due_on, x.decided, x.unsafe, x.unowned, x.stale, x.ever_decided FROM app.standing_at($1, $2, $5, $7) x
), f AS MATERIALIZED (
  SELECT o.finding_id, o.service_id, o.theme, o.high, o.high AND (o.ever OR app.decided_by($1, o.finding_id, $5)) AS decided,
    o.finding_id IN (SELECT b.id FROM app.came_back_by($1, $5) AS b(id)) AS back
  FROM (SELECT s.finding_id, s.service_id, s.theme, s.high, bool_or(s.ever_decided) AS ever FROM s GROUP BY s.finding_id, s.service_id, s.theme, s.high) o
), c AS MATERIALIZED (
  SELECT x.* FROM app.closed_between($1, $2, $4, $5) x
), few AS MATERIALIZED (
  SELECT x.figure, x.service_id, x.topic, x.counted, x.amount, x.whole FROM app.figure_rows($1, $2, $3, $4, $5, $6, $7, 'm4') x
  UNION ALL SELECT x.figure, x.service_id, x.topic, x.counted, x.amount, x.whole FROM app.figure_rows($1, $2, $3, $4, $5, $6, $7, 'm5') x
  UNION ALL SELECT x.figure, x.service_id, x.topic, x.counted, x.amount, x.whole FROM app.figure_rows($1, $2, $3, $4, $5, $6, $7, 'm7') x
), v(figure, numerator, denominator) AS (
  SELECT n.* FROM (SELECT count(*) AS open, count(*) FILTER (WHERE s.late) AS late, count(*) FILTER (WHERE s.late AND s.decided) AS decided, count(*) FILTER (WHERE s.unsafe) AS unsafe,
      count(*) FILTER (WHERE s.unowned) AS unowned, count(*) FILTER (WHERE s.stale) AS stale FROM s) t
    CROSS JOIN LATERAL (VALUES ('m10_open', t.open, t.open), ('m10_overdue', t.late, t.late), ('m2', t.decided, t.late), ('m10_no_control', t.unsafe, t.unsafe),
      ('m10_unowned', t.unowned, t.unowned), ('m10_stale', t.stale, t.stale)) n
  UNION ALL
  SELECT n.* FROM (SELECT count(*) AS open, count(*) FILTER (WHERE f.back) AS back, count(*) FILTER (WHERE f.high) AS high, count(*) FILTER (WHERE f.decided) AS decided FROM f) t
    CROSS JOIN LATERAL (VALUES ('open_findings', t.back, t.open), ('m6', t.decided, t.high)) n
  UNION ALL
  SELECT n.* FROM (SELECT count(*) AS closed, count(*) FILTER (WHERE c.first_time) AS first_time, count(*) FILTER (WHERE c.of_feedback) AS of_feedback, count(*) FILTER (WHERE c.feedback) AS feedback,
      count(*) FILTER (WHERE c.reopened) AS reopened, count(*) FILTER (WHERE c.improved) AS improved FROM c) t
    CROSS JOIN LATERAL (VALUES ('m1', t.first_time, t.closed), ('m3', t.feedback, t.of_feedback), ('m8_reopened', t.reopened, t.closed), ('m9', t.improved, t.closed)) n
  UNION ALL
  SELECT 'm8_days', percentile_cont(0.5) WITHIN GROUP (ORDER BY c.days), count(*) FROM c
  UNION ALL
  SELECT 'm8_window', count(*) FILTER (WHERE x.in_window), count(*) FROM app.verdicts_between($1, $2, $4, $5) x
  UNION ALL
  SELECT few.figure, CASE few.figure WHEN 'm5' THEN sum(few.amount) ELSE count(*) FILTER (WHERE few.counted) END, CASE few.figure WHEN 'm5' THEN sum(few.whole) ELSE count(*) END FROM few GROUP BY few.figure
), undecided AS (
  SELECT n.number, n.what, f.service_id FROM f CROSS JOIN LATERAL (SELECT g.number, g.what FROM findings g WHERE g.provider_id = $1 AND g.id = f.finding_id OFFSET 0) n
  WHERE f.high AND NOT f.decided ORDER BY n.number LIMIT $8
), unmeasured AS (
  SELECT c.number, c.service_id FROM c WHERE NOT c.improved ORDER BY c.number LIMIT $8
)
SELECT
  (SELECT json_agg(json_build_array(v.figure, v.numerator, v.denominator)) FROM v WHERE v.denominator > 0) AS "values: Json<Vec<(Figure, f64, f64)>>",
  (SELECT json_agg(json_build_array(h.theme, s.slug, s.name, h.open, h.back) ORDER BY s.name, h.theme) FROM (
    SELECT f.theme, f.service_id, count(*) AS open, count(*) FILTER (WHERE f.back) AS back FROM f GROUP BY f.theme, f.service_id) h
    JOIN services s ON s.provider_id = $1 AND s.id = h.service_id) AS "heat: Json<Vec<Heat>>",
  (SELECT json_agg(json_build_array(d.days, d.n)) FROM (SELECT $7::date - s.due_on AS days, count(*) AS n FROM s WHERE s.late GROUP BY s.due_on) d) AS "days: Json<Vec<(f64, i64)>>",
  (SELECT json_agg(json_build_array(t.topic, s.name, s.slug, t.n, y.n) ORDER BY y.n DESC, t.n DESC, s.name, t.topic) FROM (
    SELECT few.topic, few.service_id, count(*) AS n FROM few WHERE few.figure = 'm7' AND few.counted GROUP BY few.topic, few.service_id) t
    JOIN services s ON s.provider_id = $1 AND s.id = t.service_id
    CROSS JOIN LATERAL (SELECT count(*) AS n FROM findings f WHERE f.provider_id = $1 AND f.service_id = t.service_id AND f.topic = t.topic
      AND f.found_on > $7::date - 365 AND f.found_on <= $7::date
      AND f.logged_at < $5 AND EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = $1 AND l.finding_id = f.id AND l.withdrawn_at IS NULL)) y) AS "repeats: Json<Vec<Again>>",
  (SELECT json_agg(json_build_array(n.number, n.what, s.name) ORDER BY n.number) FROM undecided n JOIN services s ON s.provider_id = $1 AND s.id = n.service_id) AS "undecided: Json<Vec<(i32, String, String)>>",
  (SELECT json_agg(json_build_array(n.number, a.what, s.name) ORDER BY n.number) FROM unmeasured n JOIN services s ON s.provider_id = $1 AND s.id = n.service_id
    CROSS JOIN LATERAL (SELECT a.what FROM actions a WHERE a.provider_id = $1 AND a.number = n.number OFFSET 0) a) AS "unmeasured: Json<Vec<(i32, String, String)>>"
