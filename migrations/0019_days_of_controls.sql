-- An interim control has a start, a day of its check and an end (R13).
ALTER TABLE escalation_decisions ADD COLUMN control_from date, ADD COLUMN control_check_on date, ADD COLUMN control_until date,
  ADD CONSTRAINT escalation_decisions_control_has_its_days CHECK (
    (length(btrim(interim_control)) > 0 OR num_nonnulls(control_from, control_check_on, control_until) = 0)
    AND (control_from IS NOT NULL OR num_nonnulls(control_check_on, control_until) = 0)
    AND control_check_on >= control_from AND control_until >= control_from);
