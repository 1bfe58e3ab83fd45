-- Early-warning signs of the services a member sees, each with its first rows and how many there are (domain/signal.rs).
-- $2 whether they see the whole provider, $3 their services, $4 one service's part of the address or all, $5 today, $6 the first day of the
-- last 90, $7 of the last twelve months, $8 and $9 for each nation the last day found on which an action should be there by now,
-- $10 how many rows of each sign, $11 the longest note that can say nothing, $12 since when signs were put aside that may still be,
-- $13 one sign or all, $14 one action, finding or measure by its id, or all; $15 whether measures of the whole provider are looked at too.
WITH seen AS MATERIALIZED (
  SELECT s.id, s.name, l.latest FROM services s JOIN unnest($8::text[], $9::date[]) AS l(nation, latest) ON l.nation = s.nation
  WHERE s.provider_id = $1 AND ($2::bool OR s.id = ANY($3::uuid[])) AND ($4::text IS NULL OR s.slug = $4)
), here AS MATERIALIZED (SELECT array_agg(seen.id) AS ids FROM seen
), going AS MATERIALIZED (
  SELECT a.id, a.service_id, a.status, a.cycle, a.due_on, a.verify_by, a.submitted_at, a.owner_id, a.owner_changes, a.extensions,
    a.wording_override, a.theme, a.created_at, coalesce(a.updated_at, a.created_at) AS moved_at,
    a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AS with_owner
  FROM actions a WHERE a.provider_id = $1 AND a.service_id = ANY((SELECT ids FROM here)::uuid[])
    AND a.status IN ('not_started', 'in_progress', 'submitted', 'sent_back', 'ineffective', 'verified')
), lacking AS MATERIALIZED (
  -- each of the laterals below is a look by index for rows already chosen; joined, all of a provider would be read
  SELECT g.id, k.n FROM going g CROSS JOIN LATERAL (SELECT count(*) AS n FROM action_requirements r WHERE r.provider_id = $1 AND r.action_id = g.id
    AND (SELECT count(*) FROM evidence e WHERE e.provider_id = $1 AND e.action_id = g.id AND e.cycle = g.cycle AND e.kind = r.kind AND e.withdrawn_at IS NULL) = 0) k
  WHERE (g.status = 'submitted' OR (g.with_owner AND g.due_on <= $5)) AND k.n > 0
), ended AS MATERIALIZED (
  SELECT k.action_id, k.cycle, k.note, k.at, k.verification_id, a.service_id, a.finding_id, a.risk, a.theme, a.topic, a.status, a.submitted_at
  FROM actions a CROSS JOIN LATERAL (SELECT k.* FROM closures k WHERE k.provider_id = $1 AND k.action_id = a.id AND k.at >= $7::date OFFSET 0) k
  WHERE a.provider_id = $1 AND a.service_id = ANY((SELECT ids FROM here)::uuid[])
), closed AS MATERIALIZED (
  SELECT e.service_id, f.unit_id, e.topic, min(e.at) AS at FROM ended e
  CROSS JOIN LATERAL (SELECT f.unit_id FROM findings f WHERE f.provider_id = $1 AND f.id = e.finding_id OFFSET 0) f
  WHERE e.topic <> 'other' GROUP BY e.service_id, f.unit_id, e.topic
), found AS MATERIALIZED (
  SELECT f.id, f.number, f.service_id, f.unit_id, f.risk, f.theme, f.topic, f.found_on, f.disposition,
    CASE WHEN f.found_on >= $6::date THEN (SELECT count(*) FROM finding_sources x JOIN reviews r ON r.provider_id = $1 AND r.id = x.review_id
      WHERE x.provider_id = $1 AND x.finding_id = f.id AND r.kind IN ('complaint', 'feedback_round')) > 0 ELSE false END AS voiced
  FROM findings f WHERE f.provider_id = $1 AND f.service_id = ANY((SELECT ids FROM here)::uuid[]) AND f.found_on >= $7::date AND f.disposition <> 'not_for_tracker'
), back AS MATERIALIZED (
  -- linked by somebody to earlier findings: a recurrence wherever it was found
  SELECT l.finding_id, count(*) AS n, bool_or(EXISTS (SELECT 1 FROM closures_not_lasting k WHERE k.provider_id = $1 AND k.link_id = l.id)) AS closed
  FROM finding_links l WHERE l.provider_id = $1 AND l.withdrawn_at IS NULL AND l.finding_id IN (SELECT found.id FROM found) GROUP BY l.finding_id
), again AS MATERIALIZED (
  SELECT t.id, t.service_id, t.found_on, t.n FROM (SELECT f.*, count(*) OVER w AS n, row_number() OVER (w ORDER BY f.found_on DESC, f.number DESC) AS newest
    FROM found f WHERE f.topic <> 'other' WINDOW w AS (PARTITION BY f.service_id, f.unit_id, f.topic)) t WHERE t.newest = 1 AND t.n >= 2
), signs AS (
  SELECT 'overdue' AS sign, 'action' AS about, g.id AS subject, g.service_id, g.due_on AS since, 0::bigint AS n, '' AS note
    FROM going g WHERE g.with_owner AND g.due_on < $5
  UNION ALL
  SELECT 'evidence_missing', 'action', g.id, g.service_id, g.due_on, l.n, '' FROM going g JOIN lacking l ON l.id = g.id WHERE g.with_owner
  UNION ALL
  SELECT 'submitted_incomplete', 'action', g.id, g.service_id, (g.submitted_at AT TIME ZONE 'Europe/London')::date, l.n, ''
    FROM going g JOIN lacking l ON l.id = g.id WHERE g.status = 'submitted'
  UNION ALL
  SELECT 'check_late', 'action', g.id, g.service_id, g.verify_by, 0, '' FROM going g WHERE g.status = 'submitted' AND g.verify_by < $5
  UNION ALL
  SELECT 'unowned', 'action', g.id, g.service_id,
      coalesce((m.ended_at AT TIME ZONE 'Europe/London')::date, (SELECT (max(c.changed_at) AT TIME ZONE 'Europe/London')::date FROM action_changes c
        WHERE c.provider_id = $1 AND c.action_id = g.id AND c.field = 'owner'), (g.created_at AT TIME ZONE 'Europe/London')::date),
      CASE WHEN g.owner_id IS NULL OR m.ended_at IS NOT NULL THEN 0 ELSE g.owner_changes END, ''
    FROM going g LEFT JOIN memberships m ON m.provider_id = $1 AND m.id = g.owner_id
    WHERE g.owner_id IS NULL OR m.ended_at IS NOT NULL OR g.owner_changes >= 2
  UNION ALL
  SELECT 'date_moved', 'action', g.id, g.service_id, coalesce((SELECT (max(c.changed_at) AT TIME ZONE 'Europe/London')::date FROM action_changes c
      WHERE c.provider_id = $1 AND c.action_id = g.id AND c.field = 'due_on'), (g.moved_at AT TIME ZONE 'Europe/London')::date), g.extensions, ''
    FROM going g WHERE g.extensions >= 2
  UNION ALL
  SELECT 'weak_wording', 'action', g.id, g.service_id, (g.created_at AT TIME ZONE 'Europe/London')::date, 0, '' FROM going g WHERE g.wording_override IS NOT NULL
  UNION ALL
  SELECT 'no_voices', 'action', v.id, v.service_id, (v.submitted_at AT TIME ZONE 'Europe/London')::date, 0, ''
    FROM (SELECT g.id, g.cycle, g.service_id, g.submitted_at FROM going g WHERE g.theme = 'experience' AND g.status IN ('submitted', 'verified')
      UNION ALL SELECT e.action_id, e.cycle, e.service_id, e.submitted_at FROM ended e WHERE e.theme = 'experience' AND e.status = 'closed' AND e.at >= $6::date) v
    WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = $1 AND e.action_id = v.id AND e.cycle = v.cycle AND e.kind = 'feedback' AND e.withdrawn_at IS NULL)
  UNION ALL
  SELECT 'references_only', 'action', e.action_id, e.service_id, (e.at AT TIME ZONE 'Europe/London')::date, p.n, ''
    FROM ended e CROSS JOIN LATERAL (SELECT count(*) AS n, count(v.sha256) AS files FROM evidence v
      WHERE v.provider_id = $1 AND v.action_id = e.action_id AND v.cycle = e.cycle AND v.withdrawn_at IS NULL) p
    WHERE e.status = 'closed' AND e.at >= $6::date AND e.risk IN ('high', 'critical') AND p.n > 0 AND p.files = 0
  UNION ALL
  SELECT 'vague_note', 'action', e.action_id, e.service_id, (e.at AT TIME ZONE 'Europe/London')::date, 0, e.note
    FROM ended e WHERE e.at >= $6::date AND length(e.note) <= $11::int
  UNION ALL
  SELECT 'vague_note', 'action', b.id, b.service_id, (v.at AT TIME ZONE 'Europe/London')::date, 0, v.note
    FROM (SELECT g.id, g.service_id FROM going g
      UNION ALL SELECT e.action_id, e.service_id FROM ended e WHERE e.at >= $6::date AND e.status = 'closed') b
    CROSS JOIN LATERAL (SELECT v.at, v.note FROM verifications v WHERE v.provider_id = $1 AND v.action_id = b.id AND v.at >= $6::date AND length(v.note) <= $11 OFFSET 0) v
  UNION ALL
  SELECT 'no_action', 'finding', f.id, f.service_id, f.found_on, 0, '' FROM (SELECT f.* FROM found f
      WHERE f.disposition = 'actions' AND (SELECT count(*) FROM actions a WHERE a.provider_id = $1 AND a.finding_id = f.id) = 0 OFFSET 0) f JOIN seen ON seen.id = f.service_id
    WHERE f.found_on <= seen.latest AND (SELECT count(*) FROM finding_sources x JOIN reviews r ON r.provider_id = $1 AND r.id = x.review_id
      WHERE x.provider_id = $1 AND x.finding_id = f.id AND r.kind IN ('walkaround', 'daily_check')) > 0
  UNION ALL
  SELECT 'came_back', 'finding', f.id, f.service_id, f.found_on, 0, '' FROM found f
    JOIN closed c ON c.service_id = f.service_id AND c.topic = f.topic AND c.unit_id IS NOT DISTINCT FROM f.unit_id
    WHERE f.found_on >= $6::date AND (c.at AT TIME ZONE 'Europe/London')::date < f.found_on
  UNION ALL
  SELECT 'came_back', 'finding', f.id, f.service_id, f.found_on, 0, '' FROM back b JOIN found f ON f.id = b.finding_id
    WHERE b.closed AND f.found_on >= $6::date AND NOT EXISTS (SELECT 1 FROM closed c WHERE c.service_id = f.service_id AND c.topic = f.topic
      AND c.unit_id IS NOT DISTINCT FROM f.unit_id AND (c.at AT TIME ZONE 'Europe/London')::date < f.found_on)
  UNION ALL
  SELECT 'feedback_repeats', 'finding', f.id, f.service_id, f.found_on, 0, '' FROM found f
    WHERE f.voiced AND f.found_on >= $6::date
      AND EXISTS (SELECT 1 FROM closed c WHERE c.service_id = f.service_id AND c.topic = f.topic AND (c.at AT TIME ZONE 'Europe/London')::date < f.found_on)
  UNION ALL
  SELECT 'feedback_repeats', 'finding', f.id, f.service_id, f.found_on, 0, '' FROM back b JOIN found f ON f.id = b.finding_id
    WHERE b.closed AND f.voiced AND f.found_on >= $6::date
      AND NOT EXISTS (SELECT 1 FROM closed c WHERE c.service_id = f.service_id AND c.topic = f.topic AND (c.at AT TIME ZONE 'Europe/London')::date < f.found_on)
  UNION ALL
  SELECT 'found_again', 'finding', t.id, t.service_id, t.found_on, t.n, '' FROM again t
  UNION ALL
  SELECT 'found_again', 'finding', f.id, f.service_id, f.found_on, b.n + 1, '' FROM back b JOIN found f ON f.id = b.finding_id
    WHERE f.id NOT IN (SELECT t.id FROM again t)
  UNION ALL
  SELECT 'same_unit', 'finding', t.id, t.service_id, t.found_on, t.n, '' FROM (SELECT f.*, count(*) OVER w AS n, row_number() OVER (w ORDER BY f.found_on DESC, f.number DESC) AS newest
      FROM found f WHERE f.voiced AND f.unit_id IS NOT NULL AND f.found_on >= $6::date WINDOW w AS (PARTITION BY f.service_id, f.unit_id)) t WHERE t.newest = 1 AND t.n >= 2
  UNION ALL
  SELECT 'many_low', 'finding', t.id, t.service_id, t.found_on, t.n, '' FROM (SELECT f.*, count(*) OVER w AS n, row_number() OVER (w ORDER BY f.found_on DESC, f.number DESC) AS newest
      FROM found f WHERE f.risk = 'low' AND f.found_on >= $6::date WINDOW w AS (PARTITION BY f.service_id, f.unit_id, f.theme)) t WHERE t.newest = 1 AND t.n >= 3
  UNION ALL
  SELECT 'off_target', 'measure', m.id, m.service_id, run.since, run.n, '' FROM measures m CROSS JOIN LATERAL (
      -- the readings after the last one on the right side; of each period the newest round counts, and "no data" says nothing
      SELECT min(w.period) AS since, count(*) AS n FROM (
        SELECT v.period, max(CASE WHEN v.off THEN date '-infinity' ELSE v.period END) OVER () AS right_side FROM (
          SELECT x.period, CASE m.better WHEN 'up' THEN x.value < m.target ELSE x.value > m.target END AS off FROM (
            SELECT DISTINCT ON (r.period) r.period, CASE WHEN r.denominator IS NULL THEN r.numerator ELSE 100 * r.numerator / r.denominator END AS value
            FROM readings r WHERE r.provider_id = $1 AND r.measure_id = m.id ORDER BY r.period DESC, r.round DESC) x
          WHERE x.value IS NOT NULL) v) w
      WHERE w.period > w.right_side) run
    WHERE m.provider_id = $1 AND m.ended_at IS NULL AND m.target IS NOT NULL AND m.better IN ('up', 'down') AND run.n > 0
      AND (m.service_id = ANY((SELECT ids FROM here)::uuid[]) OR ($15::bool AND m.service_id IS NULL))
      AND (SELECT count(*) FROM measure_actions x JOIN actions a ON a.provider_id = $1 AND a.id = x.action_id
        WHERE x.provider_id = $1 AND x.measure_id = m.id AND a.status NOT IN ('closed', 'cancelled')) = 0
), aside AS MATERIALIZED (
  SELECT DISTINCT ON (k.sign, k.subject_id) k.sign, k.subject_id, k.since, k.n, k.until_on, k.reason, m.name AS by
  FROM sign_acknowledgements k JOIN memberships m ON m.provider_id = $1 AND m.id = k.by
  WHERE k.provider_id = $1 AND k.at >= $12::timestamptz ORDER BY k.sign, k.subject_id, k.round DESC
), told AS (
  SELECT s.*, p.until_on, p.reason, p.by, coalesce(p.until_on > $5 AND s.since <= p.since AND s.n <= p.n, false) AS quiet
  FROM signs s LEFT JOIN aside p ON p.sign = s.sign AND p.subject_id = s.subject
  WHERE ($13::text IS NULL OR s.sign = $13) AND ($14::uuid IS NULL OR s.subject = $14)
), counted AS (
  SELECT t.*, count(*) OVER (PARTITION BY t.sign, t.quiet) AS total, row_number() OVER (PARTITION BY t.sign, t.quiet ORDER BY t.since, t.subject) AS place FROM told t
)
SELECT c.sign AS "sign!", c.subject AS "subject!", x.action AS "action?", x.finding AS "finding?", x.what AS "what!",
  coalesce((SELECT seen.name FROM seen WHERE seen.id = c.service_id), '') AS "service!", c.since AS "since!", c.n AS "n!", c.note AS "note!", c.total AS "total!",
  CASE WHEN c.quiet THEN c.until_on END AS "until?", coalesce(c.reason, '') AS "reason!", coalesce(c.by, '') AS "by!"
FROM counted c CROSS JOIN LATERAL (
  SELECT a.number AS action, NULL::int AS finding, a.what FROM actions a WHERE c.about = 'action' AND a.provider_id = $1 AND a.id = c.subject
  UNION ALL SELECT NULL, f.number, f.what FROM findings f WHERE c.about = 'finding' AND f.provider_id = $1 AND f.id = c.subject
  UNION ALL SELECT NULL, NULL, m.name FROM measures m WHERE c.about = 'measure' AND m.provider_id = $1 AND m.id = c.subject) x
-- notes are read by the program, which knows a vague one (domain/wording.rs)
WHERE c.place <= CASE WHEN c.sign = 'vague_note' THEN greatest($10::bigint, 2000) ELSE $10 END
ORDER BY c.sign, c.place
