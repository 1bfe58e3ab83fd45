-- One page of reviews, newest first, with how their findings stand.
SELECT r.id AS "id: ReviewId", r.number, r.kind, r.title, s.name AS service, r.held_on, (r.score * 100)::int4 AS score,
  r.signed_off_at IS NOT NULL AS "signed_off!", c.findings AS "findings!", c.open AS "open!"
FROM reviews r
JOIN services s ON s.provider_id = r.provider_id AND s.id = r.service_id
CROSS JOIN LATERAL (
  SELECT count(*) AS findings,
    count(*) FILTER (WHERE f.disposition = 'actions' AND NOT (
      EXISTS (SELECT 1 FROM actions a WHERE a.provider_id = f.provider_id AND a.finding_id = f.id AND a.status = 'closed')
      AND NOT EXISTS (SELECT 1 FROM actions a WHERE a.provider_id = f.provider_id AND a.finding_id = f.id AND a.status NOT IN ('closed', 'cancelled')))) AS open
  FROM finding_sources x JOIN findings f ON f.provider_id = x.provider_id AND f.id = x.finding_id
  WHERE x.provider_id = r.provider_id AND x.review_id = r.id) c
WHERE r.provider_id = $1
  AND ($2::bool OR ($3::bool AND EXISTS (SELECT 1 FROM member_services ms
    WHERE ms.provider_id = r.provider_id AND ms.member_id = $4 AND ms.service_id = r.service_id)))
  AND ($5::uuid IS NULL OR r.service_id = $5)
  AND ($6::text IS NULL OR r.kind = $6)
  AND (NOT $7::bool OR (r.kind = 'audit' AND r.signed_off_at IS NULL))
  AND (r.held_on, r.id) < (coalesce($8::date, 'infinity'), coalesce($9::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY r.held_on DESC, r.id DESC
LIMIT $10
