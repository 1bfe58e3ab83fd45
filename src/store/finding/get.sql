-- A finding with the names around it and the reviews it came from, oldest first.
SELECT f.id AS "id: FindingId", f.number, f.service_id AS "service: ServiceId", s.name AS service_name, s.nation, u.name AS "unit?", f.what,
  f.evidence_source, f.risk, f.theme, f.topic, f.significance, f.found_on, f.found_by, f.disposition, f.disposition_reason AS reason,
  d.name AS "disposed_by?", f.disposed_at, f.logged_by AS "logged_by: MemberId", l.name AS logged_by_name, f.logged_at, f.version,
  (SELECT h.seq FROM chain_heads h WHERE h.provider_id = f.provider_id) AS "line!",
  ARRAY(SELECT CASE WHEN e.framework_id = 'reg' THEN 'Regulation ' || e.code || ': ' || e.title ELSE e.title END FROM framework_entries e
        WHERE e.id IN (f.key_question, f.regulation) OR e.id IN (SELECT x.entry_id FROM finding_framework_entries x
          WHERE x.provider_id = f.provider_id AND x.finding_id = f.id)
        ORDER BY e.id <> f.key_question, e.id <> f.regulation, e.framework_id, e.position) AS "bears_on!",
  ARRAY(SELECT r.number FROM finding_sources x JOIN reviews r ON r.provider_id = x.provider_id AND r.id = x.review_id
        WHERE x.provider_id = f.provider_id AND x.finding_id = f.id ORDER BY r.held_on, r.number) AS "source_numbers!",
  ARRAY(SELECT r.kind FROM finding_sources x JOIN reviews r ON r.provider_id = x.provider_id AND r.id = x.review_id
        WHERE x.provider_id = f.provider_id AND x.finding_id = f.id ORDER BY r.held_on, r.number) AS "source_kinds!",
  ARRAY(SELECT r.title FROM finding_sources x JOIN reviews r ON r.provider_id = x.provider_id AND r.id = x.review_id
        WHERE x.provider_id = f.provider_id AND x.finding_id = f.id ORDER BY r.held_on, r.number) AS "source_titles!",
  ARRAY(SELECT r.held_on FROM finding_sources x JOIN reviews r ON r.provider_id = x.provider_id AND r.id = x.review_id
        WHERE x.provider_id = f.provider_id AND x.finding_id = f.id ORDER BY r.held_on, r.number) AS "source_dates!"
FROM findings f
JOIN services s ON s.provider_id = f.provider_id AND s.id = f.service_id
JOIN memberships l ON l.provider_id = f.provider_id AND l.id = f.logged_by
LEFT JOIN units u ON u.provider_id = f.provider_id AND u.service_id = f.service_id AND u.id = f.unit_id
LEFT JOIN memberships d ON d.provider_id = f.provider_id AND d.id = f.disposed_by
WHERE f.provider_id = $1 AND f.number = $2
