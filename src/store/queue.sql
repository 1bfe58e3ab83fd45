-- What waits for a check, the independent ones first, then what was verified and waits for assurance or closure.
(SELECT a.number AS "number!", a.what AS "what!", a.status AS "status!", s.name AS "service!", s.nation AS "nation!", f.risk AS "risk!", f.topic AS "topic!",
  o.name AS "owner?", a.verify_by AS "verify_by!", a.submitted_at AS "submitted_at!", a.approver AS "approver!",
  (SELECT count(*) FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle AND e.withdrawn_at IS NULL) AS "evidence!",
  h.owned AS "owned!", h.managers AS "managers!", h.gave AS "gave!", false AS "assured!", h.blocked AS "blocked!"
FROM actions a
JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
LEFT JOIN memberships o ON o.provider_id = a.provider_id AND o.id = a.owner_id
CROSS JOIN LATERAL (SELECT x.owned, x.managers, x.gave, (x.owned OR x.gave OR (x.managers AND NOT $5)) AS blocked FROM (SELECT
  EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = a.provider_id AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = $4) AS owned,
  EXISTS (SELECT 1 FROM action_owners w JOIN memberships m ON m.provider_id = w.provider_id AND m.id = w.member_id
    WHERE w.provider_id = a.provider_id AND w.action_id = a.id AND w.cycle = a.cycle AND m.role = 'registered_manager') AS managers,
  EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle
    AND e.withdrawn_at IS NULL AND e.author_id = $4) AS gave) x) h
WHERE a.provider_id = $1 AND a.status = 'submitted'
  AND ($2 OR ($3 AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = a.provider_id AND ms.member_id = $4 AND ms.service_id = a.service_id)))
  AND ($6::bool IS NULL OR (h.blocked, a.verify_by, a.number) > ($6, $7::date, $8::int))
ORDER BY h.blocked, a.verify_by, a.number LIMIT $9)
UNION ALL
(SELECT a.number, a.what, a.status, s.name, s.nation, f.risk, f.topic, o.name, a.verify_by, a.submitted_at, a.approver,
  (SELECT count(*) FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle AND e.withdrawn_at IS NULL),
  EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = a.provider_id AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = $4),
  EXISTS (SELECT 1 FROM action_owners w JOIN memberships m ON m.provider_id = w.provider_id AND m.id = w.member_id
    WHERE w.provider_id = a.provider_id AND w.action_id = a.id AND w.cycle = a.cycle AND m.role = 'registered_manager'),
  false,
  coalesce((SELECT x.decision = 'assured' AND x.evidence_rev = a.evidence_rev AND x.seq >= coalesce((SELECT max(v.seq) FROM verifications v
      WHERE v.provider_id = a.provider_id AND v.action_id = a.id AND v.cycle = a.cycle), 0)
    FROM assurances x WHERE x.provider_id = a.provider_id AND x.action_id = a.id AND x.cycle = a.cycle ORDER BY x.seq DESC LIMIT 1), false),
  false
FROM actions a
JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
LEFT JOIN memberships o ON o.provider_id = a.provider_id AND o.id = a.owner_id
WHERE a.provider_id = $1 AND a.status = 'verified' AND $6::bool IS NULL
  AND ($2 OR ($3 AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = a.provider_id AND ms.member_id = $4 AND ms.service_id = a.service_id)))
ORDER BY a.submitted_at, a.number LIMIT $10)
