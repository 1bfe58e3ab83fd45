-- What a manager's services look like today and what needs them now, in one row. $2 the member, $3 whether they see the whole provider,
-- $4 one service's part of the address or all, $5 today, $6 the last day that counts as soon, $7 the level at which this member decides,
-- $8 whether they decide at all, $9 and $10 whether their menu counts what waits for verification and what is escalated,
-- $11 their services, $12 how many things are shown, $13 what leaders follow (domain/significance.rs), the rest, or both, $14 from when
-- and $17 how many findings make a topic a repeated one, $15 since when an update keeps an action fresh, $16 whether they check what a manager owned,
-- $18 whether they are the nominated individual, $19 whether they hold weekly reviews, $20 whether they
-- look whether what was closed has lasted.
WITH seen AS MATERIALIZED (
  SELECT s.id, s.slug, s.name, s.nation, ($4::text IS NULL OR s.slug = $4) AS here FROM services s
  WHERE s.provider_id = $1 AND ($3::bool OR s.id = ANY($11::uuid[]))
), repeated AS MATERIALIZED (
  SELECT t.service_id, t.topic FROM topics_found t WHERE $13::bool IS NOT NULL AND t.provider_id = $1 AND t.service_id = ANY(ARRAY(SELECT seen.id FROM seen WHERE seen.here))
    AND t.newest[$17::int] >= $14::date AND t.topic <> 'other'
), going AS MATERIALIZED (
  SELECT a.id, a.number, a.cycle, a.status, a.due_on, a.verify_by, a.owner_id, a.service_id, a.theme, a.risk,
    $13::bool IS NULL OR (a.significance = 'governance' OR a.risk IN ('high', 'critical') OR (a.cycle > 1 OR a.finding_id IN (SELECT l.finding_id FROM finding_links l WHERE l.provider_id = $1 AND l.withdrawn_at IS NULL)) OR (a.service_id, a.topic) IN (SELECT r.service_id, r.topic FROM repeated r)) = $13 AS shown,
    coalesce(a.updated_at, a.created_at) < $15::timestamptz AS stale,
    -- begun again, or its finding is linked to an earlier one
    (a.cycle > 1 OR a.finding_id IN (SELECT l.finding_id FROM finding_links l WHERE l.provider_id = $1 AND l.withdrawn_at IS NULL)) AS back,
    a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AND a.due_on < $5 AS late,
    a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AS with_owner,
    a.owner_id IS NULL OR a.owner_id IN (SELECT m.id FROM memberships m WHERE m.provider_id = $1 AND m.ended_at IS NOT NULL) AS unowned
  FROM actions a WHERE a.provider_id = $1 AND a.service_id = ANY(ARRAY(SELECT seen.id FROM seen WHERE seen.here))
    AND a.status IN ('not_started', 'in_progress', 'submitted', 'sent_back', 'ineffective', 'verified')
), waiting AS MATERIALIZED (
  -- theirs: of their level, or of the first where no other manager is there to decide (R12); never their own lateness
  SELECT DISTINCT ON (u.action_id) u.action_id, u.escalation_id, u.at, count(*) OVER (PARTITION BY u.action_id) AS n
  FROM undecided_escalations u JOIN going g ON g.id = u.action_id
  WHERE u.provider_id = $1 AND u.service_id = ANY(ARRAY(SELECT seen.id FROM seen WHERE seen.here)) AND g.owner_id IS DISTINCT FROM $2
    AND ((u.level = $7 AND NOT ($18 AND u.alone AND EXISTS (SELECT 1 FROM memberships q WHERE q.provider_id = $1 AND q.role = 'quality_lead'
      AND q.ended_at IS NULL AND q.id IS DISTINCT FROM g.owner_id))) OR (u.level = 3 AND ($18::bool OR ($7 = 2 AND (SELECT o.role FROM memberships o WHERE o.provider_id = $1 AND o.id = g.owner_id) = 'nominated_individual')))
      OR ($7 = 2 AND NOT EXISTS (SELECT 1 FROM member_services ms
      JOIN memberships m ON m.provider_id = $1 AND m.id = ms.member_id AND m.role = 'registered_manager' AND m.ended_at IS NULL
      WHERE ms.provider_id = $1 AND ms.service_id = g.service_id AND m.id IS DISTINCT FROM g.owner_id)))
  ORDER BY u.action_id, u.at DESC, u.escalation_id
), unchecked AS MATERIALIZED (
  -- interim controls that stand and whose check is late (domain/control.rs)
  SELECT c.action_id, c.check_on, c.escalation_id, c.level FROM controls_to_check c WHERE c.provider_id = $1
    AND c.service_id = ANY(ARRAY(SELECT seen.id FROM seen WHERE seen.here)) AND c.check_on < $5 AND (c.until IS NULL OR c.until >= $5)
), by_theme AS MATERIALIZED (
  SELECT theme, count(*) AS open, count(*) FILTER (WHERE late) AS late, count(*) FILTER (WHERE late AND risk IN ('high', 'critical')) AS late_high,
    count(*) FILTER (WHERE status = 'submitted') AS to_verify, count(*) FILTER (WHERE status = 'submitted' AND verify_by < $5) AS verify_late,
    count(*) FILTER (WHERE status = 'verified') AS to_close, count(*) FILTER (WHERE with_owner AND due_on BETWEEN $5 AND $6) AS soon,
    count(*) FILTER (WHERE back) AS came_back, count(*) FILTER (WHERE unowned) AS unowned, count(*) FILTER (WHERE stale) AS stale
  FROM going WHERE shown GROUP BY theme
), left_out AS (
  SELECT count(*) AS open, count(*) FILTER (WHERE late) AS late, count(*) FILTER (WHERE unowned) AS unowned,
    count(*) FILTER (WHERE status = 'submitted' AND verify_by < $5) AS verify_late FROM going WHERE $13 AND NOT shown
), barred AS MATERIALIZED (
  SELECT $2::uuid AS id UNION ALL SELECT m.id FROM memberships m WHERE NOT $16::bool AND m.provider_id = $1 AND m.role = 'registered_manager'
), ranked AS MATERIALIZED (
  SELECT g.id, g.number, g.status, g.cycle, g.due_on, g.verify_by, g.service_id, g.owner_id, g.risk, g.late, g.unowned, w.at, c.check_on,
    coalesce(w.escalation_id, CASE WHEN $8 AND g.owner_id IS DISTINCT FROM $2 AND c.level <= CASE WHEN $18 THEN 3 ELSE $7 END THEN c.escalation_id END) AS escalation_id,
    CASE
      WHEN g.late AND g.risk IN ('high', 'critical') AND NOT EXISTS (SELECT 1 FROM escalation_decisions d
        JOIN escalations x ON x.provider_id = $1 AND x.id = d.escalation_id AND x.cycle = g.cycle
        WHERE d.provider_id = $1 AND d.action_id = g.id AND d.interim_control <> '' AND (d.control_until IS NULL OR d.control_until >= $5)) THEN 1
      WHEN c.action_id IS NOT NULL THEN 2
      WHEN w.action_id IS NOT NULL THEN 3
      WHEN g.status = 'ineffective' THEN 4
      WHEN g.status = 'submitted' AND g.verify_by < $5 THEN 5
      WHEN g.late THEN 6
      WHEN g.with_owner AND g.unowned THEN 7
      WHEN g.status = 'verified' THEN 8
      WHEN g.status = 'submitted' THEN 9
      WHEN g.back THEN 10
    END AS danger
  FROM going g LEFT JOIN waiting w ON w.action_id = g.id LEFT JOIN unchecked c ON c.action_id = g.id
  -- what waits for their own decision stays, minor or not (R13)
  WHERE g.shown OR ($8::bool AND (w.action_id IS NOT NULL OR c.action_id IS NOT NULL))
), first AS MATERIALIZED (
  SELECT r.*, CASE r.risk WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END AS gravity, coalesce(r.verify_by, r.due_on) AS by
  FROM ranked r WHERE r.danger IS NOT NULL ORDER BY r.danger, gravity, by, r.number LIMIT $12
)
SELECT t.late AS "late!", t.late_high AS "late_high!", (SELECT count(*) FROM ranked r WHERE r.danger = 1) AS "without_control!", coalesce((SELECT sum(n) FROM waiting WHERE $8::bool), 0)::bigint AS "undecided!", t.to_verify AS "to_verify!", t.verify_late AS "verify_late!",
  t.to_close AS "to_close!", t.soon AS "soon!", t.came_back AS "came_back!", t.unowned AS "unowned!", t.stale AS "stale!", t.open AS "open!",
  l.open AS "left_out!", l.late AS "left_out_late!", l.unowned AS "left_out_unowned!", l.verify_late AS "left_out_verify_late!",
  (SELECT json_agg(json_build_array(b.theme, b.open, b.late) ORDER BY b.open DESC, b.theme) FROM by_theme b) AS "themes: Json<Vec<ThemeCount>>",
  (SELECT json_agg(json_build_array(seen.slug, seen.name) ORDER BY seen.name) FROM seen) AS "services: Json<Vec<(String, String)>>",
  (SELECT json_agg(json_build_array(f.number, a.what, a.approver, f.status, f.cycle, f.due_on, f.verify_by, a.topic, f.risk, seen.name, seen.nation, o.name,
      f.unowned, f.escalation_id, f.at, f.danger,
      coalesce(CASE WHEN f.late THEN (SELECT d.interim_control FROM escalation_decisions d JOIN escalations x ON x.provider_id = $1 AND x.id = d.escalation_id AND x.cycle = f.cycle
        WHERE d.provider_id = $1 AND d.action_id = f.id AND d.interim_control <> '' AND (d.control_until IS NULL OR d.control_until >= $5) ORDER BY d.at DESC LIMIT 1) END, ''),
      -- as the list of what waits to be verified has them (queue.sql)
      CASE WHEN f.status IN ('submitted', 'verified') THEN json_build_object(
        'owned', EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = f.id AND w.cycle = f.cycle AND w.member_id = $2),
        'managers', EXISTS (SELECT 1 FROM action_owners w JOIN memberships m ON m.provider_id = $1 AND m.id = w.member_id
          WHERE w.provider_id = $1 AND w.action_id = f.id AND w.cycle = f.cycle AND m.role = 'registered_manager'),
        'gave', EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = $1 AND e.action_id = f.id AND e.cycle = f.cycle AND e.withdrawn_at IS NULL AND e.author_id = $2),
        'assured', coalesce((SELECT x.decision = 'assured' AND x.evidence_rev = a.evidence_rev AND x.seq >= coalesce((SELECT max(v.seq) FROM verifications v
            WHERE v.provider_id = $1 AND v.action_id = f.id AND v.cycle = f.cycle), 0)
          FROM assurances x WHERE x.provider_id = $1 AND x.action_id = f.id AND x.cycle = f.cycle ORDER BY x.seq DESC LIMIT 1), false)) END, f.check_on,
      (SELECT x.cause FROM escalations x WHERE x.provider_id = $1 AND x.id = f.escalation_id AND f.at IS NOT NULL)) ORDER BY f.danger, f.gravity, f.by, f.number)
    FROM first f JOIN actions a ON a.provider_id = $1 AND a.id = f.id JOIN seen ON seen.id = f.service_id
    LEFT JOIN memberships o ON o.provider_id = $1 AND o.id = f.owner_id) AS "needs: Json<Vec<Needs>>",
  -- when each service with something open was last reviewed (R24)
  (SELECT json_agg(json_build_array(seen.name, r.finished_at) ORDER BY r.finished_at NULLS FIRST, seen.name) FROM seen
    LEFT JOIN LATERAL (SELECT w.finished_at FROM weekly_reviews w WHERE w.provider_id = $1 AND w.service_id = seen.id AND w.finished_at IS NOT NULL
      ORDER BY w.finished_at DESC LIMIT 1) r ON true
    WHERE $19::bool AND seen.here AND seen.id IN (SELECT g.service_id FROM going g)) AS "reviewed: Json<Vec<(String, Option<DateTime<Utc>>)>>",
  (SELECT count(*) FROM actions mine WHERE mine.provider_id = $1 AND mine.owner_id = $2
    AND mine.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')) AS "mine!",
  (SELECT count(*) FROM actions a WHERE $9::bool AND a.provider_id = $1 AND a.status = 'submitted' AND a.service_id = ANY(ARRAY(SELECT seen.id FROM seen))
    AND a.owner_id NOT IN (SELECT barred.id FROM barred)
    AND (a.owner_changes = 0 OR coalesce((SELECT false FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id IN (SELECT barred.id FROM barred) LIMIT 1), true))
    AND (a.id, a.cycle) NOT IN (SELECT e.action_id, e.cycle FROM evidence e WHERE e.provider_id = $1 AND e.author_id = $2 AND e.withdrawn_at IS NULL)) AS "menu_to_verify!",
  (SELECT count(*) FROM undecided_escalations u WHERE $10::bool AND u.provider_id = $1 AND u.service_id = ANY(ARRAY(SELECT seen.id FROM seen))) AS "menu_escalations!",
  (SELECT count(*) FROM sustain_checks c JOIN actions a ON a.provider_id = $1 AND a.id = c.action_id AND a.status = 'closed' AND a.cycle = c.cycle
     WHERE $20::bool AND c.provider_id = $1 AND c.result IS NULL AND c.due_on <= $5 AND c.service_id = ANY(ARRAY(SELECT seen.id FROM seen))
     AND NOT EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = $2)) AS "menu_sustain_checks!",
  (SELECT count(*) FROM sustain_checks c JOIN actions a ON a.provider_id = $1 AND a.id = c.action_id AND a.status = 'closed' AND a.cycle = c.cycle
     WHERE $20::bool AND c.provider_id = $1 AND c.result IS NULL AND c.due_on <= $5 AND c.service_id = ANY(ARRAY(SELECT seen.id FROM seen WHERE seen.here))
     AND NOT EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = $2)) AS "sustain_checks!"
FROM (SELECT coalesce(sum(late), 0)::bigint AS late, coalesce(sum(late_high), 0)::bigint AS late_high, coalesce(sum(to_verify), 0)::bigint AS to_verify,
  coalesce(sum(verify_late), 0)::bigint AS verify_late, coalesce(sum(to_close), 0)::bigint AS to_close, coalesce(sum(soon), 0)::bigint AS soon,
  coalesce(sum(came_back), 0)::bigint AS came_back, coalesce(sum(unowned), 0)::bigint AS unowned, coalesce(sum(stale), 0)::bigint AS stale, coalesce(sum(open), 0)::bigint AS open FROM by_theme) t
CROSS JOIN left_out l
