-- A sustain check that is due is told to those near it who may do it, and counted beside the menu.
ALTER TABLE notices DROP CONSTRAINT notices_kind_is_known, ADD CONSTRAINT notices_kind_is_known CHECK (kind IN ('assigned', 'sent_back', 'escalated',
  'verification_late', 'to_verify', 'due_soon', 'date_moved', 'reworded', 'called_off', 'control_check', 'sustain_check'));
CREATE INDEX sustain_checks_due ON sustain_checks (provider_id, service_id, due_on) WHERE result IS NULL;
