-- Evidence with its file and its people: one piece ($2) or all of an action ($3).
SELECT e.id AS "id: EvidenceId", e.action_id AS "action_id: ActionId", a.number, e.cycle, e.kind, e.title, e.about_on, e.note,
  e.sha256, e.file_name, e.reference, b.size AS "size?", b.media_type AS "media_type?",
  e.author_id AS "author_id: MemberId", m.name AS author_name, e.at,
  w.name AS "withdrawn_by?", e.withdrawn_at, e.withdrawn_reason
FROM evidence e
JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id
JOIN memberships m ON m.provider_id = e.provider_id AND m.id = e.author_id
LEFT JOIN blobs b ON b.provider_id = e.provider_id AND b.sha256 = e.sha256
LEFT JOIN memberships w ON w.provider_id = e.provider_id AND w.id = e.withdrawn_by
WHERE e.provider_id = $1 AND ($2::uuid IS NULL OR e.id = $2) AND ($3::uuid IS NULL OR e.action_id = $3)
ORDER BY e.at DESC, e.id DESC
