-- The actions of one owner: all that go on, and those closed since $3; with the evidence still needed and what was said
-- when it came back.
WITH mine AS (
  SELECT a.*, NULL::timestamptz AS closed_at FROM actions a
  WHERE a.provider_id = $1 AND a.owner_id = $2 AND a.status NOT IN ('closed', 'cancelled')
  UNION ALL
  SELECT a.*, c.at FROM closures c JOIN actions a ON a.provider_id = c.provider_id AND a.id = c.action_id AND a.closure_id = c.id
  WHERE c.provider_id = $1 AND c.at >= $3 AND a.owner_id = $2 AND a.status = 'closed'
)
SELECT a.number AS "number!", a.what AS "what!", s.name AS service, s.nation, a.due_on, a.status AS "status!", a.cycle AS "cycle!",
  a.verify_by, a.extensions AS "extensions!", a.closed_at, coalesce(a.updated_at, a.created_at) AS "moved_at!",
  ARRAY(SELECT r.kind FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id
    AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle
      AND e.kind = r.kind AND e.withdrawn_at IS NULL) ORDER BY r.kind) AS "missing!",
  said.words AS "said?", said.name AS "said_by?"
FROM mine a
JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
LEFT JOIN LATERAL (
  SELECT said.words, m.name FROM (
    SELECT coalesce(v.missing, v.note) AS words, v.verifier_id AS who, v.at FROM verifications v
    WHERE v.provider_id = a.provider_id AND v.action_id = a.id AND v.cycle >= a.cycle - 1 AND v.outcome <> 'complete'
    UNION ALL
    SELECT x.note, x.member_id, x.at FROM assurances x
    WHERE x.provider_id = a.provider_id AND x.action_id = a.id AND x.cycle = a.cycle AND x.decision = 'challenged'
    UNION ALL
    SELECT r.reason, r.reopened_by, r.at FROM reopenings r
    WHERE r.provider_id = a.provider_id AND r.action_id = a.id AND r.cycle = a.cycle - 1
  ) said JOIN memberships m ON m.provider_id = a.provider_id AND m.id = said.who
  ORDER BY said.at DESC LIMIT 1
) said ON a.status IN ('sent_back', 'ineffective') OR (a.status = 'in_progress' AND a.cycle > 1)
ORDER BY a.due_on NULLS LAST, a.number
LIMIT 500
