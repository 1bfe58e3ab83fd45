-- An action as it is judged: nothing here is read by a rule, it is kept for whoever asks later what was looked at.
SELECT jsonb_build_object(
  'what', a.what, 'success_test', a.success_test, 'due_on', a.due_on, 'risk', f.risk, 'cycle', a.cycle, 'evidence_rev', a.evidence_rev,
  'required', (SELECT jsonb_agg(r.kind ORDER BY r.kind) FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id),
  'owners', (SELECT jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name) ORDER BY m.id) FROM action_owners o
      JOIN memberships m ON m.provider_id = o.provider_id AND m.id = o.member_id
      WHERE o.provider_id = a.provider_id AND o.action_id = a.id AND o.cycle = a.cycle),
  'evidence', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'kind', e.kind, 'title', e.title, 'about_on', e.about_on, 'author', e.author_id,
        'sha256', encode(e.sha256, 'hex'), 'file_name', e.file_name, 'reference', e.reference) ORDER BY e.id), '[]')
      FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle AND e.withdrawn_at IS NULL)
  ) AS "judged!"
FROM actions a JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
WHERE a.provider_id = $1 AND a.id = $2
