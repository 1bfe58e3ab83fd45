-- The findings that stand on either side of a finding: earlier ones of which it is the recurrence, and later ones that are
-- recurrences of it, as far as the member sees them ($3 to $5, store/scope.rs), and how many they do not see.
WITH links AS (
  SELECT l.id, l.earlier_id AS other, true AS before, l.linked_by, l.linked_at FROM finding_links l
    WHERE l.provider_id = $1 AND l.finding_id = $2 AND l.withdrawn_at IS NULL
  UNION ALL
  SELECT l.id, l.finding_id, false, l.linked_by, l.linked_at FROM finding_links l
    WHERE l.provider_id = $1 AND l.earlier_id = $2 AND l.withdrawn_at IS NULL
), seen AS (
  SELECT l.*, f.number, f.what, f.service_id, f.unit_id, f.found_on, f.disposition FROM links l
  JOIN findings f ON f.provider_id = $1 AND f.id = l.other
  WHERE $3::bool OR ($4::bool AND f.service_id = ANY(ARRAY(SELECT ms.service_id FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $5)))
    OR f.logged_by = $5
)
SELECT (SELECT json_agg(json_build_object('before', x.before, 'number', x.number, 'what', x.what, 'service', s.name, 'unit', u.name, 'found_on', x.found_on,
    'disposition', x.disposition, 'open', k.open, 'closed', k.closed, 'closed_on', k.closed_on, 'by', m.name, 'at', x.linked_at,
    'kinds', coalesce((SELECT json_agg(r.kind ORDER BY r.held_on, r.number) FROM finding_sources y JOIN reviews r ON r.provider_id = $1 AND r.id = y.review_id
      WHERE y.provider_id = $1 AND y.finding_id = x.other), '[]'),
    'not_lasting', coalesce((SELECT json_agg(json_build_array(a.number, (e.at AT TIME ZONE 'Europe/London')::date) ORDER BY e.at, a.number) FROM closures_not_lasting n
      JOIN closures e ON e.provider_id = $1 AND e.id = n.closure_id JOIN actions a ON a.provider_id = $1 AND a.id = n.action_id
      WHERE n.provider_id = $1 AND n.link_id = x.id), '[]')) ORDER BY x.before DESC, x.found_on DESC, x.number DESC)
  FROM seen x JOIN services s ON s.provider_id = $1 AND s.id = x.service_id
  LEFT JOIN units u ON u.provider_id = $1 AND u.service_id = x.service_id AND u.id = x.unit_id
  JOIN memberships m ON m.provider_id = $1 AND m.id = x.linked_by
  CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE a.status NOT IN ('closed', 'cancelled')) AS open, count(*) FILTER (WHERE a.status = 'closed') AS closed,
      (max(e.at) AT TIME ZONE 'Europe/London')::date AS closed_on
    FROM actions b JOIN actions a ON a.provider_id = $1 AND a.id = coalesce(b.merged_into, b.id)
    LEFT JOIN closures e ON e.provider_id = $1 AND e.action_id = a.id AND e.id = a.closure_id
    WHERE b.provider_id = $1 AND b.finding_id = x.other) k) AS "seen: Json<Vec<Linked>>",
  (SELECT count(*) FROM links l WHERE l.before) AS "earlier!",
  (SELECT count(*) FROM links l WHERE l.before AND l.other NOT IN (SELECT x.other FROM seen x)) AS "hidden!",
  (SELECT json_agg(json_build_object('id', r.id, 'round', r.round, 'factors', r.factors, 'whys', r.whys, 'analysis', r.analysis, 'wider', r.wider, 'review_on', r.review_on,
      'version', r.version, 'lost', (SELECT json_build_array(a.number, k.due_on - (e.at AT TIME ZONE 'Europe/London')::date) FROM sustain_checks k
        JOIN actions a ON a.provider_id = $1 AND a.id = k.action_id JOIN closures e ON e.provider_id = $1 AND e.action_id = k.action_id AND e.cycle = k.cycle
        WHERE k.provider_id = $1 AND k.id = r.lost_check_id),
      'ineffective', (SELECT a.number FROM verifications v JOIN actions a ON a.provider_id = $1 AND a.id = v.action_id WHERE v.provider_id = $1 AND v.id = r.verdict_id), 'opened_at', r.opened_at, 'saved_by', s.name, 'saved_at', r.saved_at, 'completed_by', c.name, 'completed_at', r.completed_at) ORDER BY r.round DESC)
    FROM root_cause_reviews r LEFT JOIN memberships s ON s.provider_id = $1 AND s.id = r.saved_by LEFT JOIN memberships c ON c.provider_id = $1 AND c.id = r.completed_by
    WHERE r.provider_id = $1 AND r.finding_id = $2) AS "reviews: Json<Vec<RootCause>>"
