-- What the page of an action shows besides its case, in one row: its finding and place, everything given and decided in
-- every cycle, the newest lines of its trail, and who could take the next step.
SELECT f.number AS finding_number, f.what AS finding_what, f.found_on, s.name AS service_name, u.name AS "unit?",
  (SELECT json_agg(json_build_object('number', r.number, 'title', r.title, 'held_on', r.held_on, 'kind', r.kind) ORDER BY r.held_on, r.number)
     FROM finding_sources x JOIN reviews r ON r.provider_id = x.provider_id AND r.id = x.review_id
     WHERE x.provider_id = f.provider_id AND x.finding_id = f.id) AS "sources: Json<Vec<Source>>",
  ARRAY(SELECT CASE WHEN e.framework_id = 'reg' THEN 'Regulation ' || e.code || ': ' || e.title ELSE e.title END FROM framework_entries e
     WHERE e.id = f.regulation OR e.id IN (SELECT x.entry_id FROM finding_framework_entries x WHERE x.provider_id = f.provider_id AND x.finding_id = f.id)
     ORDER BY e.id <> f.regulation, e.framework_id, e.position) AS "bears_on!",
  a.cancel_reason,
  -- every paper with who wrote it, whatever it is: one look at the members instead of one for each table
  (SELECT json_agg(json_build_array(h.said, m.id, m.name, h.at) ORDER BY h.at DESC, h.place DESC, h.id DESC) FROM (
     SELECT e.author_id AS by, e.at, json_build_object('paper', 'evidence', 'id', e.id, 'cycle', e.cycle, 'kind', e.kind, 'title', e.title, 'about_on', e.about_on, 'note', e.note,
         'file_name', e.file_name, 'size', (SELECT b.size FROM blobs b WHERE b.provider_id = e.provider_id AND b.sha256 = e.sha256), 'reference', e.reference, 'withdrawn', e.withdrawn_reason, 'withdrawn_at', e.withdrawn_at,
         'withdrawn_by', CASE WHEN e.withdrawn_by IS NOT NULL THEN (SELECT w.name FROM memberships w WHERE w.provider_id = $1 AND w.id = e.withdrawn_by) END) AS said, 0 AS place, e.id
       FROM evidence e WHERE e.provider_id = $1 AND e.action_id = $2
     UNION ALL
     SELECT v.verifier_id, v.at, json_build_object('paper', 'verification', 'cycle', v.cycle, 'method', v.method, 'sample_size', v.sample_size, 'met_standard', v.met_standard, 'note', v.note,
         'marks', v.marks, 'outcome', v.outcome, 'missing', v.missing, 'new_due_on', v.new_due_on, 'exception_reason', v.exception_reason, 'what', v.judged -> 'what'), v.seq, v.id
       FROM verifications v WHERE v.provider_id = $1 AND v.action_id = $2
     UNION ALL
     SELECT x.member_id, x.at, json_build_object('paper', 'assurance', 'cycle', x.cycle, 'decision', x.decision, 'note', x.note), x.seq, x.id
       FROM assurances x WHERE x.provider_id = $1 AND x.action_id = $2
     UNION ALL
     SELECT c.closed_by, c.at, json_build_object('paper', 'closure', 'cycle', c.cycle, 'note', c.note,
         'improved', (SELECT json_agg(i.said ORDER BY i.said) FROM measured_improvements i WHERE i.provider_id = $1 AND i.closure_id = c.id)), 0, c.id
       FROM closures c WHERE c.provider_id = $1 AND c.action_id = $2
     UNION ALL
     SELECT r.reopened_by, r.at, json_build_object('paper', 'reopening', 'cycle', r.cycle, 'reason', r.reason), 0, r.id FROM reopenings r WHERE r.provider_id = $1 AND r.action_id = $2
     UNION ALL
     SELECT c.changed_by, c.changed_at, json_build_object('paper', 'change', 'field', c.field, 'before', c.before, 'after', c.after, 'reason', c.reason), 0, c.id
       FROM action_changes c WHERE c.provider_id = $1 AND c.action_id = $2
     UNION ALL
     SELECT d.decided_by, d.at, json_build_object('paper', 'control', 'control', d.interim_control, 'days', json_build_object('from', d.control_from, 'check_on', d.control_check_on, 'until', d.control_until)), 0, d.id
       FROM escalation_decisions d JOIN escalations x ON x.provider_id = $1 AND x.id = d.escalation_id
       WHERE d.provider_id = $1 AND d.action_id = $2 AND d.interim_control <> '' AND x.cycle = a.cycle
   ) h JOIN memberships m ON m.provider_id = $1 AND m.id = h.by) AS "papers: Json<Vec<Paper>>",
  t.seqs AS "seqs?", t.ats AS "ats?", t.kinds AS "kinds?", t.actors AS "actors?: Vec<Option<String>>", t.lines AS "lines?",
  x.seqs AS "text_seqs?", x.names AS "text_names?", x.bodies AS "text_bodies?",
  (SELECT json_build_object('id', x.id, 'level', x.level, 'cause', x.cause, 'at', x.at) FROM undecided_escalations u
     JOIN escalations x ON x.provider_id = $1 AND x.id = u.escalation_id
     WHERE u.provider_id = $1 AND u.action_id = $2 ORDER BY x.level DESC, x.at DESC LIMIT 1) AS "escalation: Json<Escalation>",
  (SELECT json_build_object('standing', w.standing, 'by', m.name, 'at', w.at) FROM weekly_entries w JOIN memberships m ON m.provider_id = $1 AND m.id = w.by
     WHERE w.provider_id = $1 AND w.action_id = $2 ORDER BY w.at DESC, w.round DESC LIMIT 1) AS "reviewed: Json<Reviewed>",
  (SELECT json_agg(json_build_object('id', c.id, 'cycle', c.cycle, 'due_on', c.due_on, 'lasting', c.result, 'method', c.method, 'sample_size', c.sample_size,
       'met_standard', c.met_standard, 'measure_said', c.measure_said, 'note', c.note, 'at', c.at,
       'by', (SELECT m.name FROM memberships m WHERE m.provider_id = $1 AND m.id = c.checked_by)) ORDER BY c.due_on, c.id)
     FROM sustain_checks c WHERE c.provider_id = $1 AND c.action_id = $2) AS "sustain: Json<Vec<SustainCheck>>",
  (SELECT json_agg(json_build_object('id', m.id, 'name', m.name, 'role', m.role) ORDER BY m.name, m.id) FROM memberships m
     WHERE m.provider_id = $1 AND m.ended_at IS NULL AND (m.role IN ('safeguarding_lead', 'quality_lead', 'nominated_individual')
       OR (m.role IN ('deputy_manager', 'registered_manager') AND m.id = ANY(ARRAY(SELECT ms.member_id FROM member_services ms
         WHERE ms.provider_id = $1 AND ms.service_id = a.service_id))))) AS "people: Json<Vec<Colleague>>",
  -- what these papers are kept under (kept.rs), as of this same statement
  a.version, t.seqs[1] AS "line?",
  (SELECT count(*) FROM finding_sources y WHERE y.provider_id = $1 AND y.finding_id = a.finding_id) AS "source_count!",
  (SELECT count(*) FROM finding_framework_entries y WHERE y.provider_id = $1 AND y.finding_id = a.finding_id) AS "entry_count!",
  (SELECT y.revision FROM revisions y WHERE y.provider_id = $1) AS "revision?"
FROM actions a
JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
LEFT JOIN units u ON u.provider_id = f.provider_id AND u.service_id = f.service_id AND u.id = f.unit_id
LEFT JOIN LATERAL (SELECT array_agg(l.seq ORDER BY l.seq DESC) AS seqs, array_agg(l.at ORDER BY l.seq DESC) AS ats, array_agg(l.kind ORDER BY l.seq DESC) AS kinds,
  array_agg(m.name ORDER BY l.seq DESC) AS actors, array_agg(l.line ORDER BY l.seq DESC) AS lines
  FROM (SELECT e.seq, e.at, e.kind, e.line, e.actor_id FROM events e WHERE e.provider_id = $1 AND e.action_id = $2 ORDER BY e.seq DESC LIMIT $3) l
  LEFT JOIN memberships m ON m.provider_id = $1 AND m.id = l.actor_id) t ON true
LEFT JOIN LATERAL (SELECT array_agg(y.seq) AS seqs, array_agg(y.name) AS names, array_agg(y.body) AS bodies
  FROM (SELECT y.seq, y.name, y.body FROM event_texts y WHERE y.provider_id = $1 AND y.seq = ANY(t.seqs) AND y.body IS NOT NULL ORDER BY y.seq, y.name) y) x ON true
WHERE a.provider_id = $1 AND a.id = $2
