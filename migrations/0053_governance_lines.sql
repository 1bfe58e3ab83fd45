-- A signed month keeps the line its figures had over the months before, as it was when it was signed: what the rules say of a figure,
-- and the questions that follow, rest on it (R25). Numbers of earlier months may be counted anew later; a signed one stays.
ALTER TABLE governance_meetings ADD COLUMN lines jsonb
  CONSTRAINT governance_meetings_lines_are_signed CHECK (lines IS NULL OR (signed_at IS NOT NULL AND jsonb_typeof(lines) = 'array'));
GRANT UPDATE (lines) ON governance_meetings TO throughline_app;
