-- Sustain checks: some time after closure somebody other than the owner looks whether the improvement has lasted (R19).
-- Each is planned with its day when the action is closed, or when something slips, and answered once.
CREATE TABLE sustain_checks (
  provider_id   uuid NOT NULL,
  id            uuid NOT NULL,
  action_id     uuid NOT NULL,
  service_id    uuid NOT NULL,
  cycle         integer NOT NULL,
  due_on        date NOT NULL,
  result        text CONSTRAINT sustain_checks_result_is_known CHECK (result IN ('held', 'slipping', 'lost')),
  method        text CONSTRAINT sustain_checks_method_is_known CHECK (method IN ('record_sample', 'observation', 'conversation', 'data_check', 'spot_check', 'document_check')),
  sample_size   integer CONSTRAINT sustain_checks_sample_is_some CHECK (sample_size BETWEEN 1 AND 100000),
  met_standard  integer,
  measure_id    uuid,
  -- what the measure showed that day, as it was said
  measure_said  text NOT NULL DEFAULT '' CONSTRAINT sustain_checks_measure_is_short CHECK (length(measure_said) <= 1000),
  note          text CONSTRAINT sustain_checks_note_is_short CHECK (length(btrim(note)) BETWEEN 1 AND 4000),
  -- the wording and the evidence that was looked at (R18a)
  judged        jsonb,
  checked_by    uuid,
  at            timestamptz,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT sustain_checks_answer_is_whole CHECK (num_nonnulls(result, method, note, judged, checked_by, at) IN (0, 6)),
  CONSTRAINT sustain_checks_rest_on_something CHECK (result IS NULL OR num_nonnulls(sample_size, measure_id) > 0),
  CONSTRAINT sustain_checks_sample_is_whole CHECK ((sample_size IS NULL) = (met_standard IS NULL) AND met_standard BETWEEN 0 AND sample_size),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, measure_id) REFERENCES measures,
  FOREIGN KEY (provider_id, checked_by) REFERENCES memberships
);
CREATE INDEX sustain_checks_of_an_action ON sustain_checks (provider_id, action_id, due_on);
CREATE INDEX sustain_checks_waiting ON sustain_checks (provider_id, due_on, id) WHERE result IS NULL;
CREATE INDEX sustain_checks_by_member ON sustain_checks (provider_id, checked_by);
CREATE INDEX sustain_checks_by_measure ON sustain_checks (provider_id, measure_id);
CREATE INDEX sustain_checks_of_a_service ON sustain_checks (provider_id, service_id);

ALTER TABLE sustain_checks ENABLE ROW LEVEL SECURITY;
ALTER TABLE sustain_checks FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sustain_checks USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT ON sustain_checks TO throughline_app;
GRANT UPDATE (result, method, sample_size, met_standard, measure_id, measure_said, note, judged, checked_by, at) ON sustain_checks TO throughline_app;
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON sustain_checks DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.must_have_event('action_id');

CREATE FUNCTION app.sustain_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a actions%ROWTYPE;
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'papers are never deleted' USING ERRCODE = 'TL005';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  SELECT * INTO a FROM actions x WHERE x.provider_id = NEW.provider_id AND x.id = NEW.action_id FOR UPDATE;
  IF a.status <> 'closed' OR a.cycle <> NEW.cycle OR a.service_id <> NEW.service_id THEN
    RAISE EXCEPTION 'only what is closed is looked at again' USING ERRCODE = 'TL008';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.result IS NOT NULL THEN
      RAISE EXCEPTION 'a check is planned before it is answered' USING ERRCODE = 'TL007';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.result IS NOT NULL OR NEW.result IS NULL
     OR (NEW.provider_id, NEW.id, NEW.action_id, NEW.service_id, NEW.cycle, NEW.due_on)
        IS DISTINCT FROM (OLD.provider_id, OLD.id, OLD.action_id, OLD.service_id, OLD.cycle, OLD.due_on) THEN
    RAISE EXCEPTION 'a check is answered once' USING ERRCODE = 'TL005';
  END IF;
  IF app.has_owned(a, NEW.checked_by) THEN
    RAISE EXCEPTION 'who looks has owned this action' USING ERRCODE = 'TL023';
  END IF;
  IF app.judging_role(a, NEW.checked_by) NOT IN ('team_leader', 'deputy_manager', 'registered_manager', 'safeguarding_lead', 'quality_lead', 'nominated_individual') THEN
    RAISE EXCEPTION 'this role does not look whether it lasts' USING ERRCODE = 'TL024';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.sustain_guard() FROM PUBLIC;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON sustain_checks FOR EACH ROW EXECUTE FUNCTION app.sustain_guard();

-- R19: what is lost is open again in the same transaction.
CREATE FUNCTION app.lost_is_reopened() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM actions a WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id AND a.cycle > NEW.cycle) THEN
    RAISE EXCEPTION 'what is lost is reopened' USING ERRCODE = 'TL019';
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.lost_is_reopened() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER reopened AFTER UPDATE ON sustain_checks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.result = 'lost')
  EXECUTE FUNCTION app.lost_is_reopened();
