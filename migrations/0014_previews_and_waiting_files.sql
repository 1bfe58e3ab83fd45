-- R9a: the small picture of a photo shows what the photo shows, so looking at it is noted as well.
ALTER TABLE downloads ADD COLUMN preview boolean NOT NULL DEFAULT false;

-- How much waits for forms of one member.
CREATE INDEX pending_uploads_of_a_member ON pending_uploads (provider_id, member_id);
