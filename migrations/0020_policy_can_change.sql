-- The escalation policy can be changed (R12). What may never be weakened is held here too: high and critical risk go to
-- the registered manager and to leadership at once. Without a number of days, a level does not hear at all.
ALTER TABLE escalation_policies ALTER COLUMN after_working_days DROP NOT NULL,
  ADD CONSTRAINT escalation_policies_managers_always_hear CHECK (level <> 1 OR after_working_days IS NOT NULL),
  ADD CONSTRAINT escalation_policies_high_goes_at_once CHECK (risk NOT IN ('high', 'critical') OR coalesce(after_working_days, 60) = 0);
GRANT UPDATE (after_working_days) ON escalation_policies TO throughline_app;
