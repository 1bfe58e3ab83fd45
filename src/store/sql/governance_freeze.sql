-- Freezes a month in one look: every figure, and the rows it counts. $1 to $7 as in app.figure_rows, $8 the meeting, $9 and $10 the figures
-- with their targets.
WITH r AS MATERIALIZED (
  SELECT x.* FROM app.figure_rows($1, $2, $3, $4, $5, $6, $7, NULL) x WHERE x.figure = ANY($9::text[])
), v AS (
  SELECT r.figure,
    CASE r.figure WHEN 'm5' THEN sum(r.amount) WHEN 'm8_days' THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY r.amount) ELSE count(*) FILTER (WHERE r.counted) END AS numerator,
    CASE r.figure WHEN 'm5' THEN sum(r.whole) ELSE count(*) END AS denominator
  FROM r GROUP BY r.figure
), kept AS (
  INSERT INTO governance_figures (provider_id, meeting_id, figure, numerator, denominator, target)
  SELECT $1, $8, f.figure, coalesce(v.numerator, 0), coalesce(v.denominator, 0), f.target
  FROM unnest($9::text[], $10::float8[]) AS f(figure, target) LEFT JOIN v ON v.figure = f.figure
)
INSERT INTO governance_rows (provider_id, meeting_id, figure, number, subject_id, about, service_id, theme, topic, counted, amount, whole)
SELECT $1, $8, r.figure, r.number, r.subject_id, r.about, r.service_id, r.theme, r.topic, r.counted, r.amount, r.whole FROM r
