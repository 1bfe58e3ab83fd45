-- An action with everything the rules need of its finding, its service and its papers of this cycle.
SELECT a.id AS "id: ActionId", a.number, a.finding_id AS "finding_id: FindingId", a.service_id AS "service_id: ServiceId",
  s.nation, a.what, a.success_test, a.wording_override, a.due_on, a.follow_up_on, a.status, a.cycle, a.version, a.evidence_rev,
  a.verification_working_days, a.approver, a.submitted_at, a.verify_by, a.rewordings, a.extensions, a.owner_changes, a.created_at, coalesce(a.updated_at, a.created_at) AS "moved_at!",
  a.measured_improvement, f.risk, f.theme, f.topic,
  (SELECT t.number FROM actions t WHERE t.provider_id = a.provider_id AND t.id = a.merged_into) AS merged_into,
  EXISTS (SELECT 1 FROM actions m WHERE m.provider_id = a.provider_id AND m.merged_into = a.id) AS "has_merged!",
  o.id AS "owner_id?: MemberId", o.name AS "owner_name?", o.role AS "owner_role?", o.job_title AS "owner_title?",
  (o.ended_at IS NOT NULL) AS "owner_left?",
  ARRAY(SELECT r.kind FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id ORDER BY r.kind) AS "required!",
  ARRAY(SELECT e.kind FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle ORDER BY e.id) AS "piece_kinds!",
  ARRAY(SELECT e.author_id FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle ORDER BY e.id) AS "piece_authors!: Vec<MemberId>",
  ARRAY(SELECT e.withdrawn_at IS NOT NULL FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle ORDER BY e.id) AS "piece_withdrawn!",
  (SELECT count(*) FROM updates u WHERE u.provider_id = a.provider_id AND u.action_id = a.id AND u.cycle = a.cycle) AS "updates!",
  ARRAY(SELECT w.member_id FROM action_owners w WHERE w.provider_id = a.provider_id AND w.action_id = a.id AND w.cycle = a.cycle ORDER BY w.member_id) AS "owner_ids!: Vec<MemberId>",
  ARRAY(SELECT m.role FROM action_owners w JOIN memberships m ON m.provider_id = w.provider_id AND m.id = w.member_id
        WHERE w.provider_id = a.provider_id AND w.action_id = a.id AND w.cycle = a.cycle ORDER BY w.member_id) AS "owner_roles!",
  v.id AS "v_id?: VerificationId", v.verifier_id AS "v_verifier?: MemberId", v.verifier_name AS "v_verifier_name?", v.outcome AS "v_outcome?",
  v.marks AS "v_marks?", v.evidence_rev AS "v_rev?", v.seq AS "v_seq?", v.method AS "v_method?", v.sample_size AS "v_sample?", v.met_standard AS "v_met?",
  x.id AS "x_id?: AssuranceId", x.member_name AS "x_member?", x.decision AS "x_decision?", x.evidence_rev AS "x_rev?", x.seq AS "x_seq?",
  q.number AS "back_finding?", q.by AS "back_by?", q.at AS "back_at?", q.others AS "back_others?",
  g.number AS "again_number?", g.found_on AS "again_on?", g.service_id AS "again_service?: ServiceId",
  -- what papers kept in memory are compared with (kept.rs)
  (SELECT e.seq FROM events e WHERE e.provider_id = $1 AND e.action_id = a.id ORDER BY e.seq DESC LIMIT 1) AS "line?",
  (SELECT count(*) FROM finding_sources y WHERE y.provider_id = $1 AND y.finding_id = a.finding_id) AS "sources!",
  (SELECT count(*) FROM finding_framework_entries y WHERE y.provider_id = $1 AND y.finding_id = a.finding_id) AS "entries!",
  (SELECT y.revision FROM revisions y WHERE y.provider_id = $1) AS "revision?"
FROM actions a
JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
LEFT JOIN memberships o ON o.provider_id = a.provider_id AND o.id = a.owner_id
LEFT JOIN LATERAL (SELECT v.*, m.name AS verifier_name FROM verifications v JOIN memberships m ON m.provider_id = v.provider_id AND m.id = v.verifier_id
  WHERE v.provider_id = a.provider_id AND v.action_id = a.id AND v.cycle = a.cycle ORDER BY v.seq DESC LIMIT 1) v ON true
LEFT JOIN LATERAL (SELECT x.*, m.name AS member_name FROM assurances x JOIN memberships m ON m.provider_id = x.provider_id AND m.id = x.member_id
  WHERE x.provider_id = a.provider_id AND x.action_id = a.id AND x.cycle = a.cycle ORDER BY x.seq DESC LIMIT 1) x ON true
LEFT JOIN LATERAL (SELECT y.number, y.found_on, y.service_id FROM closures_not_lasting n
  JOIN finding_links l ON l.provider_id = n.provider_id AND l.id = n.link_id AND l.withdrawn_at IS NULL
  JOIN findings y ON y.provider_id = l.provider_id AND y.id = l.finding_id
  WHERE n.provider_id = a.provider_id AND n.action_id = a.id AND n.closure_id = a.closure_id ORDER BY y.found_on DESC, y.number DESC LIMIT 1) g ON true
-- its finding, or one whose action was merged into it, came back: first the one whose root-cause review is not complete
LEFT JOIN LATERAL (SELECT y.number, k.by, k.at,
    ARRAY(SELECT w.what FROM actions z JOIN actions w ON w.provider_id = a.provider_id AND w.id = coalesce(z.merged_into, z.id)
      WHERE z.provider_id = a.provider_id AND z.finding_id = y.id AND w.id <> a.id AND w.status <> 'cancelled' ORDER BY w.number) AS others
  FROM findings y LEFT JOIN LATERAL (SELECT m.name AS by, r.completed_at AS at FROM root_cause_reviews r JOIN memberships m ON m.provider_id = r.provider_id AND m.id = r.completed_by
    WHERE r.provider_id = y.provider_id AND r.finding_id = y.id AND NOT EXISTS (SELECT 1 FROM root_cause_reviews o
      WHERE o.provider_id = y.provider_id AND o.finding_id = y.id AND o.completed_at IS NULL) ORDER BY r.round DESC LIMIT 1) k ON true
  WHERE y.provider_id = a.provider_id AND y.id = ANY(ARRAY(SELECT a.finding_id UNION SELECT z.finding_id FROM actions z WHERE z.provider_id = a.provider_id AND z.merged_into = a.id))
    AND EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = y.provider_id AND l.finding_id = y.id AND l.withdrawn_at IS NULL)
  ORDER BY k.at IS NOT NULL, y.number LIMIT 1) q ON true
WHERE a.provider_id = $1 AND a.number = $2
