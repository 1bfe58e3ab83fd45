-- The escalations of a service raised from $3 to before $4, oldest first, each with every decision on it. $5 how many.
SELECT e.id AS "id: EscalationId", e.level, e.alone, e.cause, e.due_on, e.upon AS "upon: Json<Upon>", e.at, a.number, a.what, a.risk, o.name AS "owner?",
  (SELECT json_agg(json_build_object('decision', d.decision, 'by', m.name, 'at', d.at, 'risk', d.risk, 'delay_reason', d.delay_reason, 'support_needed', d.support_needed,
      'interim_control', d.interim_control, 'because', d.because, 'revised_due_on', d.revised_due_on,
      'control', json_build_object('from', d.control_from, 'check_on', d.control_check_on, 'until', d.control_until)) ORDER BY d.at, d.id)
    FROM escalation_decisions d JOIN memberships m ON m.provider_id = $1 AND m.id = d.decided_by
    WHERE d.provider_id = $1 AND d.escalation_id = e.id) AS "decisions: Json<Vec<LogDecision>>"
FROM actions a
JOIN escalations e ON e.provider_id = $1 AND e.action_id = a.id AND e.at >= $3 AND e.at < $4
LEFT JOIN memberships o ON o.provider_id = $1 AND o.id = a.owner_id
WHERE a.provider_id = $1 AND a.service_id = $2
ORDER BY e.at, e.id
LIMIT $5
