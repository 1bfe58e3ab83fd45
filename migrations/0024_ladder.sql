-- The ladder of escalation has three levels, and a theme may have a policy of its own (R12): registered manager, quality
-- lead (with the nominated individual or alone), nominated individual. Without a number of days, a level does not hear. What
-- may never be weakened is held here too: high and critical risk, and safeguarding, go to all of them at once.
ALTER TABLE escalation_policies
  ADD COLUMN theme text NOT NULL DEFAULT '' CONSTRAINT escalation_policies_theme_is_known CHECK (theme IN (
    '', 'safety', 'safeguarding', 'workforce_competence', 'documentation_quality', 'experience', 'governance')),
  -- whether the second level is the quality lead alone
  ADD COLUMN alone boolean NOT NULL DEFAULT false,
  DROP CONSTRAINT escalation_policies_pkey,
  ADD PRIMARY KEY (provider_id, risk, theme, level),
  DROP CONSTRAINT escalation_policies_level_is_known,
  ADD CONSTRAINT escalation_policies_level_is_known CHECK (level IN (1, 2, 3)),
  DROP CONSTRAINT escalation_policies_high_goes_at_once,
  ADD CONSTRAINT escalation_policies_at_once CHECK (
    (risk NOT IN ('high', 'critical') AND theme <> 'safeguarding')
    OR (NOT alone AND CASE level WHEN 3 THEN after_working_days IS NULL ELSE coalesce(after_working_days, 60) = 0 END)),
  ADD CONSTRAINT escalation_policies_alone_is_the_second CHECK (level = 2 OR NOT alone);
GRANT UPDATE (alone) ON escalation_policies TO throughline_app;
GRANT DELETE ON escalation_policies TO throughline_app;
-- the policy for every theme stays: without it there would be actions of which nobody hears
CREATE FUNCTION app.keep_the_general_policy() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF OLD.theme = '' THEN
    RAISE EXCEPTION 'the escalation policy for every theme stays' USING ERRCODE = 'TL062';
  END IF;
  RETURN OLD;
END $$;
REVOKE ALL ON FUNCTION app.keep_the_general_policy() FROM PUBLIC;
CREATE TRIGGER keep BEFORE DELETE ON escalation_policies FOR EACH ROW EXECUTE FUNCTION app.keep_the_general_policy();

-- Whom the second level reached is written down with the escalation: a later policy does not change it.
ALTER TABLE escalations
  ADD COLUMN alone boolean NOT NULL DEFAULT false,
  DROP CONSTRAINT escalations_level_is_known,
  ADD CONSTRAINT escalations_level_is_known CHECK (level IN (1, 2, 3)),
  ADD CONSTRAINT escalations_alone_is_the_second CHECK (level = 2 OR NOT alone);
ALTER TABLE undecided_escalations ADD COLUMN alone boolean NOT NULL DEFAULT false;
CREATE OR REPLACE FUNCTION app.note_escalation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO undecided_escalations (provider_id, escalation_id, action_id, service_id, cycle, level, at, alone)
    SELECT NEW.provider_id, NEW.id, NEW.action_id, a.service_id, NEW.cycle, NEW.level, NEW.at, NEW.alone FROM actions a
    WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id AND NEW.cycle >= a.cycle AND a.status NOT IN ('closed', 'cancelled');
  RETURN NULL;
END $$;
