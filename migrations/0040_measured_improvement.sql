-- Closing with measured improvement (M9): a closure standard can ask for it, an action keeps what it was agreed by, and every
-- closure keeps which measures showed improvement when it was approved, with the reading that says so.
ALTER TABLE closure_standards ADD COLUMN measured_improvement boolean NOT NULL DEFAULT false;
GRANT UPDATE (measured_improvement) ON closure_standards TO throughline_app;
-- agreed with the action, and not changed any more: nobody is granted it
ALTER TABLE actions ADD COLUMN measured_improvement boolean NOT NULL DEFAULT false;

CREATE TABLE measured_improvements (
  provider_id  uuid NOT NULL,
  closure_id   uuid NOT NULL,
  measure_id   uuid NOT NULL,
  action_id    uuid NOT NULL,
  -- the reading it rests on
  period       date NOT NULL,
  round        integer NOT NULL,
  -- what the rules said of it that day
  rule         text NOT NULL CONSTRAINT measured_improvements_rule_is_known CHECK (rule IN ('outside', 'trend', 'two_of_three', 'shift')),
  said         text NOT NULL CONSTRAINT measured_improvements_say_what CHECK (length(btrim(said)) BETWEEN 1 AND 1000),
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, closure_id, measure_id),
  FOREIGN KEY (provider_id, closure_id) REFERENCES closures,
  FOREIGN KEY (provider_id, measure_id, period, round) REFERENCES readings,
  FOREIGN KEY (provider_id, action_id) REFERENCES actions
);
CREATE INDEX measured_improvements_by_reading ON measured_improvements (provider_id, measure_id, period, round);
CREATE INDEX measured_improvements_of_an_action ON measured_improvements (provider_id, action_id);

ALTER TABLE measured_improvements ENABLE ROW LEVEL SECURITY;
ALTER TABLE measured_improvements FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON measured_improvements USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT ON measured_improvements TO throughline_app;
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON measured_improvements DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.must_have_event('action_id');

-- Written between the closure's paper and the closing itself, so never afterwards; about a measure that names the action; on its
-- newest reading, of a period that ended after the action was said to be done. What the chart says of that reading is for the program.
CREATE FUNCTION app.improvement_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a actions%ROWTYPE; ended date;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    RAISE EXCEPTION 'what was shown at closure stays as it is' USING ERRCODE = 'TL005';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  SELECT * INTO a FROM actions x WHERE x.provider_id = NEW.provider_id AND x.id = NEW.action_id FOR UPDATE;
  IF a.status <> 'verified' OR NOT EXISTS (SELECT 1 FROM closures c WHERE c.provider_id = a.provider_id AND c.id = NEW.closure_id AND c.action_id = a.id AND c.cycle = a.cycle) THEN
    RAISE EXCEPTION 'improvement is shown when an action is closed' USING ERRCODE = 'TL008';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM measure_actions x WHERE x.provider_id = NEW.provider_id AND x.measure_id = NEW.measure_id AND x.action_id = NEW.action_id) THEN
    RAISE EXCEPTION 'the measure does not name the action' USING ERRCODE = 'TL075';
  END IF;
  SELECT CASE m.cadence WHEN 'weekly' THEN NEW.period + 7 ELSE (NEW.period + interval '1 month')::date END INTO ended
    FROM measures m WHERE m.provider_id = NEW.provider_id AND m.id = NEW.measure_id AND m.better <> 'neither';
  IF ended IS NULL OR ended <= (a.submitted_at AT TIME ZONE 'Europe/London')::date
     OR NOT EXISTS (SELECT 1 FROM readings r WHERE r.provider_id = NEW.provider_id AND r.measure_id = NEW.measure_id AND r.period = NEW.period AND r.round = NEW.round AND r.numerator IS NOT NULL)
     OR EXISTS (SELECT 1 FROM readings r WHERE r.provider_id = NEW.provider_id AND r.measure_id = NEW.measure_id AND r.period = NEW.period AND r.round > NEW.round)
     OR EXISTS (SELECT 1 FROM readings r WHERE r.provider_id = NEW.provider_id AND r.measure_id = NEW.measure_id AND r.period > NEW.period AND r.numerator IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM readings n WHERE n.provider_id = r.provider_id AND n.measure_id = r.measure_id AND n.period = r.period AND n.round > r.round)) THEN
    RAISE EXCEPTION 'improvement rests on the newest reading since it was done' USING ERRCODE = 'TL075';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.improvement_guard() FROM PUBLIC;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON measured_improvements FOR EACH ROW EXECUTE FUNCTION app.improvement_guard();

CREATE FUNCTION app.improvement_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM measured_improvements i WHERE i.provider_id = NEW.provider_id AND i.closure_id = NEW.closure_id AND i.action_id = NEW.id) THEN
    RAISE EXCEPTION 'its closure standard asks for measured improvement' USING ERRCODE = 'TL076';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.improvement_gate() FROM PUBLIC;
CREATE TRIGGER improvement BEFORE UPDATE OF status ON actions FOR EACH ROW
  WHEN (NEW.measured_improvement AND NEW.status = 'closed' AND OLD.status <> 'closed') EXECUTE FUNCTION app.improvement_gate();
