-- What the page of an action shows besides its case, in one row: its finding and place, everything given and decided in
-- every cycle, the newest lines of its trail, and who could take the next step.
SELECT f.number AS finding_number, f.what AS finding_what, f.found_on, s.name AS service_name, u.name AS "unit?",
  (SELECT jsonb_agg(jsonb_build_object('number', r.number, 'title', r.title, 'held_on', r.held_on, 'kind', r.kind) ORDER BY r.held_on, r.number)
     FROM finding_sources x JOIN reviews r ON r.provider_id = x.provider_id AND r.id = x.review_id
     WHERE x.provider_id = f.provider_id AND x.finding_id = f.id) AS sources,
  ARRAY(SELECT CASE WHEN e.framework_id = 'reg' THEN 'Regulation ' || e.code || ': ' || e.title ELSE e.title END FROM framework_entries e
     WHERE e.id = f.regulation OR e.id IN (SELECT x.entry_id FROM finding_framework_entries x WHERE x.provider_id = f.provider_id AND x.finding_id = f.id)
     ORDER BY e.id <> f.regulation, e.framework_id, e.position) AS "bears_on!",
  a.cancel_reason,
  (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'cycle', e.cycle, 'kind', e.kind, 'title', e.title, 'about_on', e.about_on, 'note', e.note,
      'file_name', e.file_name, 'size', b.size, 'reference', e.reference, 'author', m.name, 'author_id', m.id, 'at', e.at, 'withdrawn', e.withdrawn_reason) ORDER BY e.at DESC, e.id DESC)
     FROM evidence e JOIN memberships m ON m.provider_id = e.provider_id AND m.id = e.author_id
     LEFT JOIN blobs b ON b.provider_id = e.provider_id AND b.sha256 = e.sha256
     WHERE e.provider_id = a.provider_id AND e.action_id = a.id) AS evidence,
  (SELECT jsonb_agg(jsonb_build_object('id', v.id, 'cycle', v.cycle, 'by', m.name, 'at', v.at, 'method', v.method, 'sample_size', v.sample_size,
      'met_standard', v.met_standard, 'note', v.note, 'marks', v.marks, 'outcome', v.outcome, 'missing', v.missing, 'new_due_on', v.new_due_on,
      'exception_reason', v.exception_reason, 'what', v.judged -> 'what') ORDER BY v.at DESC, v.seq DESC)
     FROM verifications v JOIN memberships m ON m.provider_id = v.provider_id AND m.id = v.verifier_id
     WHERE v.provider_id = a.provider_id AND v.action_id = a.id) AS verifications,
  (SELECT jsonb_agg(jsonb_build_object('cycle', x.cycle, 'by', m.name, 'at', x.at, 'decision', x.decision, 'note', x.note) ORDER BY x.at DESC, x.seq DESC)
     FROM assurances x JOIN memberships m ON m.provider_id = x.provider_id AND m.id = x.member_id
     WHERE x.provider_id = a.provider_id AND x.action_id = a.id) AS assurances,
  (SELECT jsonb_agg(jsonb_build_object('cycle', c.cycle, 'by', m.name, 'at', c.at, 'note', c.note) ORDER BY c.at DESC)
     FROM closures c JOIN memberships m ON m.provider_id = c.provider_id AND m.id = c.closed_by
     WHERE c.provider_id = a.provider_id AND c.action_id = a.id) AS closures,
  (SELECT jsonb_agg(jsonb_build_object('cycle', r.cycle, 'by', m.name, 'at', r.at, 'reason', r.reason) ORDER BY r.at DESC)
     FROM reopenings r JOIN memberships m ON m.provider_id = r.provider_id AND m.id = r.reopened_by
     WHERE r.provider_id = a.provider_id AND r.action_id = a.id) AS reopenings,
  (SELECT jsonb_agg(jsonb_build_object('cycle', c.cycle, 'field', c.field, 'before', c.before, 'after', c.after, 'reason', c.reason, 'by', m.name, 'at', c.changed_at)
      ORDER BY c.changed_at DESC, c.id DESC)
     FROM action_changes c JOIN memberships m ON m.provider_id = c.provider_id AND m.id = c.changed_by
     WHERE c.provider_id = a.provider_id AND c.action_id = a.id) AS changes,
  (SELECT jsonb_agg(jsonb_build_object('seq', t.seq, 'at', t.at, 'kind', t.kind, 'actor', t.actor, 'detail', t.line::json -> 'detail',
      'texts', (SELECT jsonb_object_agg(x.name, x.body) FROM event_texts x
        WHERE x.provider_id = $1 AND x.seq = t.seq AND x.body IS NOT NULL)) ORDER BY t.seq DESC)
     FROM (SELECT e.seq, e.at, e.kind, e.line, m.name AS actor FROM events e
       LEFT JOIN memberships m ON m.provider_id = e.provider_id AND m.id = e.actor_id
       WHERE e.provider_id = $1 AND e.action_id = a.id ORDER BY e.seq DESC LIMIT $3) t) AS trail,
  (SELECT jsonb_build_object('id', x.id, 'level', x.level, 'cause', x.cause, 'at', x.at) FROM escalations x
     WHERE x.provider_id = a.provider_id AND x.action_id = a.id AND x.cycle = a.cycle
       AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = x.provider_id AND d.escalation_id = x.id)
     ORDER BY x.level DESC, x.at DESC LIMIT 1) AS escalation,
  (SELECT jsonb_build_object('control', d.interim_control, 'by', m.name, 'at', d.at) FROM escalation_decisions d
     JOIN memberships m ON m.provider_id = d.provider_id AND m.id = d.decided_by
     JOIN escalations x ON x.provider_id = d.provider_id AND x.id = d.escalation_id
     WHERE d.provider_id = a.provider_id AND d.action_id = a.id AND x.cycle = a.cycle AND d.interim_control <> '' ORDER BY d.at DESC LIMIT 1) AS interim_control,
  (SELECT jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name, 'role', m.role) ORDER BY m.name, m.id) FROM memberships m
     WHERE m.provider_id = a.provider_id AND m.ended_at IS NULL AND (m.role IN ('quality_lead', 'nominated_individual')
       OR (m.role IN ('deputy_manager', 'registered_manager') AND EXISTS (SELECT 1 FROM member_services ms
         WHERE ms.provider_id = m.provider_id AND ms.member_id = m.id AND ms.service_id = a.service_id)))) AS people
FROM actions a
JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
LEFT JOIN units u ON u.provider_id = f.provider_id AND u.service_id = f.service_id AND u.id = f.unit_id
WHERE a.provider_id = $1 AND a.id = $2
