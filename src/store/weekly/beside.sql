-- What stands beside the form for one action: what was agreed in the review before, the updates since, the escalation
-- that waits for a decision.
WITH last AS MATERIALIZED (
  SELECT e.*, m.name AS name, o.name AS owner FROM weekly_entries e JOIN memberships m ON m.provider_id = e.provider_id AND m.id = e.by
  LEFT JOIN memberships o ON o.provider_id = e.provider_id AND o.id = e.owner_id
  WHERE e.provider_id = $1 AND e.action_id = $3 AND e.weekly_review_id <> $2 ORDER BY e.at DESC, e.round DESC LIMIT 1
)
SELECT
  (SELECT json_build_object('round', l.round, 'standing', l.standing, 'note', l.note, 'support_needed', l.support_needed, 'by', l.name, 'at', l.at, 'what', l.what,
     'owner', l.owner, 'due_on', l.due_on, 'missing', l.missing) FROM last l) AS "last: Json<Entry>",
  (SELECT json_agg(json_build_object('author', u.name, 'note', u.note, 'barrier', u.barrier, 'support_needed', u.support_needed, 'at', u.at) ORDER BY u.at DESC, u.id DESC)
     FROM (SELECT u.id, u.note, u.barrier, u.support_needed, u.at, m.name FROM updates u JOIN memberships m ON m.provider_id = u.provider_id AND m.id = u.author_id
       WHERE u.provider_id = $1 AND u.action_id = $3 AND u.at > coalesce((SELECT l.at FROM last l), '-infinity') ORDER BY u.at DESC, u.id DESC LIMIT 5) u) AS "updates: Json<Vec<Update>>",
  (SELECT json_build_object('id', u.escalation_id, 'level', u.level, 'at', u.at) FROM undecided_escalations u
     WHERE u.provider_id = $1 AND u.action_id = $3 ORDER BY u.level DESC, u.at DESC LIMIT 1) AS "escalation: Json<Waiting>"
