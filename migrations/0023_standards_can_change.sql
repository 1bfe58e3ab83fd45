-- Closure standards and the days to do something can be changed (R20), with a history in the trail. What was agreed keeps
-- the standard it was agreed by: kinds of evidence, window and approver stand with the action since 0003, and now the days
-- until its impact is looked at as well. Older actions, which do not have them, take those of the standard when they close.
ALTER TABLE actions ADD COLUMN sustain_days integer CONSTRAINT actions_sustain_days CHECK (sustain_days BETWEEN 1 AND 730);

CREATE UNIQUE INDEX closure_standards_one_for_each ON closure_standards
  (provider_id, coalesce(topic, ''), coalesce(source, ''), coalesce(risk, ''));
GRANT UPDATE (evidence_kinds, verification_working_days, approver, due_working_days, sustain_days) ON closure_standards TO throughline_app;
GRANT DELETE ON closure_standards TO throughline_app;
-- the standard for everything stays: without it there would be actions that nothing says how to close
CREATE FUNCTION app.keep_the_general_standard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF num_nonnulls(OLD.topic, OLD.source, OLD.risk) = 0 THEN
    RAISE EXCEPTION 'the closure standard for everything stays' USING ERRCODE = 'TL061';
  END IF;
  RETURN OLD;
END $$;
REVOKE ALL ON FUNCTION app.keep_the_general_standard() FROM PUBLIC;
CREATE TRIGGER keep BEFORE DELETE ON closure_standards FOR EACH ROW EXECUTE FUNCTION app.keep_the_general_standard();

-- The most working days an action may be given at first, by its finding's risk.
CREATE TABLE due_days (
  provider_id   uuid NOT NULL REFERENCES providers,
  risk          text NOT NULL CONSTRAINT due_days_risk_is_known CHECK (risk IN ('low', 'medium', 'high', 'critical')),
  working_days  integer NOT NULL CONSTRAINT due_days_days CHECK (working_days BETWEEN 1 AND 260),
  PRIMARY KEY (provider_id, risk)
);
ALTER TABLE providers NO FORCE ROW LEVEL SECURITY;
INSERT INTO due_days SELECT p.id, d.risk, d.days FROM providers p
  CROSS JOIN (VALUES ('low', 20), ('medium', 10), ('high', 5), ('critical', 1)) AS d(risk, days);
ALTER TABLE providers FORCE ROW LEVEL SECURITY;
ALTER TABLE due_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE due_days FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON due_days USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT, UPDATE (working_days) ON due_days TO throughline_app;
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON due_days DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.must_have_event('');
