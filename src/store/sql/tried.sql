-- What was tried before: the actions of the earlier findings of which a finding is the recurrence, and its own that
-- did not work or did not last, with their earlier words, their closures and the evidence that stands, as far as the member sees those findings ($3 to $5, store/scope.rs).
SELECT json_agg(json_build_object('number', t.number, 'finding', t.finding, 'what', t.what, 'status', t.status,
    'wordings', coalesce((SELECT json_agg(c.before ORDER BY c.changed_at DESC, c.id DESC) FROM action_changes c
      WHERE c.provider_id = $1 AND c.action_id = t.id AND c.field = 'what' AND c.before IS NOT NULL), '[]'),
    'closures', coalesce((SELECT json_agg(json_build_object('note', k.note, 'by', m.name, 'at', k.at) ORDER BY k.at DESC) FROM closures k
      JOIN memberships m ON m.provider_id = $1 AND m.id = k.closed_by WHERE k.provider_id = $1 AND k.action_id = t.id), '[]'),
    'evidence', coalesce((SELECT json_agg(json_build_object('kind', e.kind, 'title', e.title) ORDER BY e.at, e.id) FROM evidence e
      WHERE e.provider_id = $1 AND e.action_id = t.id AND e.withdrawn_at IS NULL), '[]')) ORDER BY t.found_on DESC, t.number) AS "tried: Json<Vec<Tried>>"
FROM (SELECT DISTINCT a.id, a.number, a.what, a.status, f.number AS finding, f.found_on FROM findings f
  JOIN actions b ON b.provider_id = $1 AND b.finding_id = f.id
  JOIN actions a ON a.provider_id = $1 AND a.id = coalesce(b.merged_into, b.id)
  WHERE f.provider_id = $1 AND f.id = ANY(ARRAY(SELECT $2 UNION SELECT l.earlier_id FROM finding_links l WHERE l.provider_id = $1 AND l.finding_id = $2 AND l.withdrawn_at IS NULL))
    AND (f.id <> $2 OR EXISTS (SELECT 1 FROM sustain_checks k WHERE k.provider_id = $1 AND k.action_id = a.id AND k.result = 'lost')
      OR EXISTS (SELECT 1 FROM verifications v WHERE v.provider_id = $1 AND v.action_id = a.id AND v.outcome = 'ineffective'))
    AND ($3::bool OR ($4::bool AND f.service_id = ANY(ARRAY(SELECT ms.service_id FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $5)))
      OR f.logged_by = $5)
  ORDER BY f.found_on DESC, a.number LIMIT 30) t
