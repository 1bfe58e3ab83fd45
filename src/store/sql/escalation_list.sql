-- A page of escalations. $2 the member, $3 whether they see the whole provider, $4 a service's part of the address or all,
-- $5 which: mine, others, decided; $6 and $7 the key to begin after, $8 how many, $9 the level at which this member decides (0: none),
-- $10 whether they are the nominated individual: the third level is theirs too (that of their own work is the quality lead's), and what reached the quality lead alone is not, if there is one.
WITH seen AS (
  SELECT s.id, s.name, s.nation FROM services s WHERE s.provider_id = $1 AND ($4::text IS NULL OR s.slug = $4)
    AND ($3::bool OR EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = s.provider_id AND ms.member_id = $2 AND ms.service_id = s.id))
)
SELECT e.id AS "id: EscalationId", e.level, e.alone, e.cause, e.due_on, e.upon AS "upon: Json<Upon>", e.at, a.number, a.what, a.status, f.risk, f.topic, seen.name AS service, seen.nation,
  o.name AS "owner?", a.owner_id AS "owner_id: MemberId", o.role AS "owner_role?", d.decision AS "decision?", d.by_name AS "decided_by?", d.at AS "decided_at?", d.interim_control AS "interim_control?",
  d.because AS "because?", d.revised_due_on AS "revised_due_on?"
FROM escalations e
JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id
JOIN seen ON seen.id = a.service_id
JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
LEFT JOIN memberships o ON o.provider_id = a.provider_id AND o.id = a.owner_id
LEFT JOIN LATERAL (SELECT d.decision, d.at, d.interim_control, d.because, d.revised_due_on, m.name AS by_name FROM escalation_decisions d
  JOIN memberships m ON m.provider_id = d.provider_id AND m.id = d.decided_by
  WHERE d.provider_id = e.provider_id AND d.escalation_id = e.id ORDER BY d.at DESC LIMIT 1) d ON true
WHERE e.provider_id = $1
  -- what was closed, cancelled or begun again needs no decision any more; its escalation stays in the log
  AND CASE WHEN $5::text = 'decided' THEN d.decision IS NOT NULL ELSE d.decision IS NULL AND e.cycle = a.cycle AND a.status NOT IN ('closed', 'cancelled')
    -- theirs: of their level, or of the first where no other manager is there to decide (R12); never their own lateness
    AND ($5 = 'mine') = ($9::int > 0 AND a.owner_id IS DISTINCT FROM $2 AND ((e.level = $9 AND NOT ($10 AND e.alone AND EXISTS (SELECT 1 FROM memberships q WHERE q.provider_id = $1 AND q.role = 'quality_lead'
      AND q.ended_at IS NULL AND q.id IS DISTINCT FROM a.owner_id))) OR (e.level = 3 AND ($10::bool OR ($9 = 2 AND o.role = 'nominated_individual'))) OR ($9 = 2 AND NOT EXISTS (SELECT 1 FROM member_services ms
      JOIN memberships m ON m.provider_id = $1 AND m.id = ms.member_id AND m.role = 'registered_manager' AND m.ended_at IS NULL
      WHERE ms.provider_id = $1 AND ms.service_id = a.service_id AND m.id IS DISTINCT FROM a.owner_id)))) END
  AND ($6::timestamptz IS NULL OR CASE WHEN $5 = 'decided' THEN (e.at, e.id) < ($6, $7::uuid) ELSE (e.at, e.id) > ($6, $7::uuid) END)
ORDER BY CASE WHEN $5 = 'decided' THEN NULL ELSE e.at END, CASE WHEN $5 = 'decided' THEN NULL ELSE e.id END, e.at DESC, e.id DESC
LIMIT $8
