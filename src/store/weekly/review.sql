-- A weekly review, who was there, and its actions in their order with what was agreed last for each.
SELECT w.service_id AS "service: ServiceId", s.name AS service_name, s.nation, b.name AS started_by, w.started_at, f.name AS "finished_by?", w.finished_at, w.others,
  ARRAY(SELECT m.name FROM weekly_attendance x JOIN memberships m ON m.provider_id = x.provider_id AND m.id = x.member_id
    WHERE x.provider_id = w.provider_id AND x.weekly_review_id = w.id ORDER BY m.name, m.id) AS "present!",
  (SELECT json_agg(json_build_object('action', i.action_id, 'number', a.number, 'place', i.place, 'band', i.band, 'what', i.what, 'status', a.status, 'left_as', i.left_as,
      'entry', CASE WHEN e.round IS NOT NULL THEN json_build_object('round', e.round, 'standing', e.standing, 'note', e.note, 'support_needed', e.support_needed, 'by', e.by, 'at', e.at,
        'what', e.what, 'owner', e.owner, 'due_on', e.due_on, 'missing', e.missing) END) ORDER BY i.place)
    FROM weekly_items i JOIN actions a ON a.provider_id = i.provider_id AND a.id = i.action_id
    LEFT JOIN LATERAL (SELECT e.round, e.standing, e.note, e.support_needed, m.name AS by, e.at, e.what, o.name AS owner, e.due_on, e.missing FROM weekly_entries e
      JOIN memberships m ON m.provider_id = e.provider_id AND m.id = e.by LEFT JOIN memberships o ON o.provider_id = e.provider_id AND o.id = e.owner_id
      WHERE e.provider_id = $1 AND e.weekly_review_id = $2 AND e.action_id = i.action_id ORDER BY e.round DESC LIMIT 1) e ON true
    WHERE i.provider_id = $1 AND i.weekly_review_id = $2) AS "items: Json<Vec<Item>>",
  (SELECT h.seq FROM chain_heads h WHERE h.provider_id = w.provider_id) AS "line!"
FROM weekly_reviews w
JOIN services s ON s.provider_id = w.provider_id AND s.id = w.service_id
JOIN memberships b ON b.provider_id = w.provider_id AND b.id = w.started_by
LEFT JOIN memberships f ON f.provider_id = w.provider_id AND f.id = w.finished_by
WHERE w.provider_id = $1 AND w.id = $2
