-- The actions of some findings, with what proves each: evidence of this cycle, newest verdict, closure.
SELECT a.finding_id AS "finding: FindingId", a.number, a.what, a.success_test, a.status, a.cycle, s.nation, a.due_on, a.verify_by, a.follow_up_on,
  a.owner_id AS "owner_id: MemberId", o.name AS "owner?", (o.ended_at IS NOT NULL) AS "owner_left?", a.cancel_reason,
  t.number AS "merged_into?", CASE WHEN t.finding_id <> a.finding_id THEN t.status END AS merged_status,
  ARRAY(SELECT r.kind FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id ORDER BY r.kind) AS "required!",
  ARRAY(SELECT r.kind FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id
    AND EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = r.provider_id AND e.action_id = r.action_id AND e.cycle = a.cycle
      AND e.kind = r.kind AND e.withdrawn_at IS NULL) ORDER BY r.kind) AS "given!",
  EXISTS (SELECT 1 FROM escalations x WHERE x.provider_id = a.provider_id AND x.action_id = a.id AND x.cycle = a.cycle
    AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = x.provider_id AND d.escalation_id = x.id)) AS "escalated!",
  v.outcome AS "outcome?", v.name AS "verifier?", v.at AS "verified_at?", c.name AS "closer?", c.at AS "closed_at?",
  EXISTS (SELECT 1 FROM closures_not_lasting n JOIN finding_links l ON l.provider_id = n.provider_id AND l.id = n.link_id AND l.withdrawn_at IS NULL
    WHERE n.provider_id = a.provider_id AND n.action_id = a.id AND n.closure_id = a.closure_id) AS "came_back!"
FROM actions a
JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
LEFT JOIN actions t ON t.provider_id = a.provider_id AND t.id = a.merged_into
LEFT JOIN memberships o ON o.provider_id = a.provider_id AND o.id = a.owner_id
LEFT JOIN LATERAL (SELECT v.outcome, m.name, v.at FROM verifications v JOIN memberships m ON m.provider_id = v.provider_id AND m.id = v.verifier_id
  WHERE v.provider_id = a.provider_id AND v.action_id = a.id AND v.cycle = a.cycle ORDER BY v.seq DESC LIMIT 1) v ON true
LEFT JOIN LATERAL (SELECT m.name, c.at FROM closures c JOIN memberships m ON m.provider_id = c.provider_id AND m.id = c.closed_by
  WHERE c.provider_id = a.provider_id AND c.action_id = a.id AND c.id = a.closure_id) c ON true
WHERE a.provider_id = $1 AND a.finding_id = ANY ($2::uuid[])
ORDER BY a.number
