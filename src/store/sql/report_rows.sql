-- The first rows behind every figure of a month, in the order of their numbers, with how many each figure has. $1 to $7 as in
-- app.figure_rows, $8 how many rows a figure is shown with, $9 the meeting whose frozen rows are read instead.
WITH r AS (
  SELECT x.figure, x.about, x.subject_id, x.number, x.service_id, x.counted, x.amount, x.whole FROM app.figure_rows($1, $2, $3, $4, $5, $6, $7, NULL) x WHERE $9::uuid IS NULL
  UNION ALL
  SELECT g.figure, g.about, g.subject_id, g.number, g.service_id, g.counted, g.amount, g.whole FROM governance_rows g WHERE g.provider_id = $1 AND g.meeting_id = $9
), n AS MATERIALIZED (
  SELECT r.*, row_number() OVER (PARTITION BY r.figure ORDER BY r.number, r.subject_id) AS place, count(*) OVER (PARTITION BY r.figure) AS of_figure FROM r
)
SELECT n.figure AS "figure!", max(n.of_figure) AS "all!",
  json_agg(json_build_array(n.subject_id, n.about, n.number, s.name, n.counted, n.amount, n.whole, CASE n.about
    WHEN 'action' THEN (SELECT a.what FROM actions a WHERE a.provider_id = $1 AND a.number = n.number)
    WHEN 'finding' THEN (SELECT f.what FROM findings f WHERE f.provider_id = $1 AND f.number = n.number)
    ELSE (SELECT m.name FROM measures m WHERE m.provider_id = $1 AND m.id = n.subject_id) END) ORDER BY n.place) AS "rows!: Json<Vec<Row>>"
FROM n LEFT JOIN services s ON s.provider_id = $1 AND s.id = n.service_id WHERE n.place <= $8 GROUP BY n.figure
