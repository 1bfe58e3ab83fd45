-- Measures: a number followed over time in a service or in the whole provider, its readings, and where limits are
-- calculated anew (R23). Readings and recalculations are never edited: another follows, with a reason, and the newest counts.
CREATE TABLE measures (
  provider_id  uuid NOT NULL REFERENCES providers,
  id           uuid NOT NULL,
  service_id   uuid,
  name         text NOT NULL CONSTRAINT measures_name_is_said CHECK (length(btrim(name)) BETWEEN 1 AND 120),
  unit         text NOT NULL DEFAULT '' CONSTRAINT measures_unit_is_short CHECK (length(unit) <= 40),
  shape        text NOT NULL CONSTRAINT measures_shape_is_known CHECK (shape IN ('number', 'share')),
  better       text NOT NULL CONSTRAINT measures_better_is_known CHECK (better IN ('up', 'down', 'neither')),
  cadence      text NOT NULL CONSTRAINT measures_cadence_is_known CHECK (cadence IN ('weekly', 'monthly')),
  baseline     double precision,
  target       double precision,
  deadline     date,
  owner_id     uuid,
  created_by   uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT measures_have_numbers CHECK (abs(coalesce(baseline, 0)) <= 1e9 AND abs(coalesce(target, 0)) <= 1e9),
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, owner_id) REFERENCES memberships,
  FOREIGN KEY (provider_id, created_by) REFERENCES memberships
);
CREATE INDEX measures_by_name ON measures (provider_id, name, id);
CREATE INDEX measures_of_a_service ON measures (provider_id, service_id);
CREATE INDEX measures_of_an_owner ON measures (provider_id, owner_id);

CREATE TABLE readings (
  provider_id  uuid NOT NULL,
  measure_id   uuid NOT NULL,
  -- the first day of the week or month it is about
  period       date NOT NULL,
  round        integer NOT NULL CONSTRAINT readings_round_counts CHECK (round >= 1),
  -- the number, or how many of how many; without any of them it says that there were no data
  numerator    double precision,
  denominator  double precision,
  reason       text NOT NULL DEFAULT '' CONSTRAINT readings_reason_is_short CHECK (length(reason) <= 1000),
  by           uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, measure_id, period, round),
  CONSTRAINT readings_correction_says_why CHECK (round = 1 OR length(btrim(reason)) > 0),
  CONSTRAINT readings_have_numbers CHECK (abs(coalesce(numerator, 0)) <= 1e9 AND coalesce(denominator, 1) BETWEEN 1e-9 AND 1e9),
  CONSTRAINT readings_whole_has_a_part CHECK (denominator IS NULL OR (numerator IS NOT NULL AND numerator BETWEEN 0 AND denominator)),
  FOREIGN KEY (provider_id, measure_id) REFERENCES measures,
  FOREIGN KEY (provider_id, by) REFERENCES memberships
);

CREATE TABLE recalculations (
  provider_id  uuid NOT NULL,
  measure_id   uuid NOT NULL,
  -- the first period of the new limits
  period       date NOT NULL,
  round        integer NOT NULL CONSTRAINT recalculations_round_counts CHECK (round >= 1),
  -- whether it counts; a later round can take it back
  stands       boolean NOT NULL,
  reason       text NOT NULL CONSTRAINT recalculations_say_why CHECK (length(btrim(reason)) BETWEEN 1 AND 1000),
  by           uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, measure_id, period, round),
  FOREIGN KEY (provider_id, measure_id) REFERENCES measures,
  FOREIGN KEY (provider_id, by) REFERENCES memberships
);

-- The actions that should move it.
CREATE TABLE measure_actions (
  provider_id  uuid NOT NULL,
  measure_id   uuid NOT NULL,
  action_id    uuid NOT NULL,
  by           uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, measure_id, action_id),
  FOREIGN KEY (provider_id, measure_id) REFERENCES measures,
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, by) REFERENCES memberships
);
CREATE INDEX measure_actions_of_an_action ON measure_actions (provider_id, action_id);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['measures', 'readings', 'recalculations', 'measure_actions'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO throughline_app', t);
    EXECUTE format('CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event('''')', t);
  END LOOP;
END $$;
