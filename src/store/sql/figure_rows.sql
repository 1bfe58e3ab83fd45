-- One page of the rows behind a figure, in the order of their numbers, with how many there are in all and how many of them are counted.
-- $1 to $8 as in app.figure_rows; $9 only those counted or not, $10 a theme, $11 a topic, $12 a service by its part of the address, $13 and
-- $14 the fewest and most days, $15 and $16 after which number and subject, $17 how many, $18 the meeting
-- whose frozen rows are read instead.
WITH all_rows AS (
  SELECT x.* FROM app.figure_rows($1, $2, $3, $4, $5, $6, $7, $8) x WHERE $18::uuid IS NULL
  UNION ALL
  SELECT g.figure, g.about, g.subject_id, g.number, g.service_id, g.theme, g.topic, g.counted, g.amount, g.whole FROM governance_rows g
    WHERE g.provider_id = $1 AND g.meeting_id = $18 AND g.figure = $8
), r AS MATERIALIZED (
  SELECT x.* FROM all_rows x
  WHERE ($9::bool IS NULL OR x.counted = $9) AND ($10::text IS NULL OR x.theme = $10) AND ($11::text IS NULL OR x.topic = $11)
    AND ($12::text IS NULL OR x.service_id = (SELECT s.id FROM services s WHERE s.provider_id = $1 AND s.slug = $12))
    AND ($13::float8 IS NULL OR x.amount >= $13) AND ($14::float8 IS NULL OR x.amount <= $14)
), page AS MATERIALIZED (
  SELECT r.* FROM r WHERE (r.number, r.subject_id) > ($15, $16) ORDER BY r.number, r.subject_id LIMIT $17
)
SELECT t.rows AS "rows!", t.counted AS "counted!", t.amount AS "amount!", t.whole AS "whole!",
  (SELECT json_agg(json_build_array(p.subject_id, p.about, p.number, s.name, p.counted, p.amount, p.whole, CASE p.about
      WHEN 'action' THEN (SELECT a.what FROM actions a WHERE a.provider_id = $1 AND a.number = p.number)
      WHEN 'finding' THEN (SELECT f.what FROM findings f WHERE f.provider_id = $1 AND f.number = p.number)
      ELSE (SELECT m.name FROM measures m WHERE m.provider_id = $1 AND m.id = p.subject_id) END) ORDER BY p.number, p.subject_id)
    FROM page p LEFT JOIN services s ON s.provider_id = $1 AND s.id = p.service_id) AS "page: Json<Vec<Row>>"
FROM (SELECT count(*) AS rows, count(*) FILTER (WHERE r.counted) AS counted, coalesce(sum(r.amount), 0) AS amount, coalesce(sum(r.whole), 0) AS whole FROM r) t
