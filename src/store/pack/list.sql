-- The packs a member may see, newest first: those all of whose services are within their reach. $4 one of them, $5 and $6 only older ones, $7 how many.
SELECT p.id AS "id: PackId", p.purpose, p.naming, p.found_from, p.found_to, p.themes, p.state, a.name AS "asked_by?", p.asked_at,
  ARRAY(SELECT s.name FROM pack_services x JOIN services s ON s.provider_id = $1 AND s.id = x.service_id
    WHERE x.provider_id = $1 AND x.pack_id = p.id ORDER BY s.name, s.id) AS "services!",
  ARRAY(SELECT s.id FROM pack_services x JOIN services s ON s.provider_id = $1 AND s.id = x.service_id
    WHERE x.provider_id = $1 AND x.pack_id = p.id ORDER BY s.name, s.id) AS "service_ids!: Vec<ServiceId>",
  (SELECT count(*) FROM pack_findings f WHERE f.provider_id = $1 AND f.pack_id = p.id) AS "findings!",
  (SELECT count(*) FROM pack_withheld w WHERE w.provider_id = $1 AND w.pack_id = p.id) AS "withheld!",
  p.made_at, p.sha256, p.size, p.files, p.lines, p.head_line, p.seal_line, p.seal_hash, p.failed_because,
  w.name AS "withdrawn_by?", p.withdrawn_at, p.withdrawn_reason
FROM packs p
LEFT JOIN memberships a ON a.provider_id = $1 AND a.id = p.asked_by
LEFT JOIN memberships w ON w.provider_id = $1 AND w.id = p.withdrawn_by
WHERE p.provider_id = $1 AND ($4::uuid IS NULL OR p.id = $4)
  AND ($2::bool OR NOT EXISTS (SELECT 1 FROM pack_services x WHERE x.provider_id = $1 AND x.pack_id = p.id
    AND NOT EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $3 AND ms.service_id = x.service_id)))
  AND (p.asked_at, p.id) < (coalesce($5::timestamptz, 'infinity'), coalesce($6::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY p.asked_at DESC, p.id DESC
LIMIT $7
