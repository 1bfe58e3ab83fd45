-- A measure is renamed, gets another target, deadline, owner or cadence, and ends one day; what it was stays readable. Its
-- readings stay, and a measure that has ended takes no more.
ALTER TABLE measures ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD COLUMN ended_by uuid, ADD COLUMN ended_at timestamptz,
  ADD CONSTRAINT measures_end_is_whole CHECK ((ended_by IS NULL) = (ended_at IS NULL)),
  ADD FOREIGN KEY (provider_id, ended_by) REFERENCES memberships;
CREATE INDEX measures_ended_by ON measures (provider_id, ended_by);
GRANT UPDATE (name, target, deadline, owner_id, cadence, version, ended_by, ended_at) ON measures TO throughline_app;

CREATE TABLE measure_changes (
  provider_id  uuid NOT NULL,
  measure_id   uuid NOT NULL,
  -- the version that it ended
  version      integer NOT NULL CONSTRAINT measure_changes_version_counts CHECK (version >= 1),
  -- name, target, deadline, owner, cadence; nothing after when the measure ended
  before       jsonb NOT NULL,
  after        jsonb,
  reason       text NOT NULL CONSTRAINT measure_changes_say_why CHECK (length(btrim(reason)) BETWEEN 1 AND 1000),
  by           uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, measure_id, version),
  FOREIGN KEY (provider_id, measure_id) REFERENCES measures,
  FOREIGN KEY (provider_id, by) REFERENCES memberships
);
CREATE INDEX measure_changes_by_member ON measure_changes (provider_id, by);
ALTER TABLE measure_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE measure_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON measure_changes USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT ON measure_changes TO throughline_app;
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON measure_changes DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.must_have_event('');
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON measure_changes FOR EACH ROW EXECUTE FUNCTION app.append_only();

CREATE FUNCTION app.measure_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'measures are never deleted' USING ERRCODE = 'TL011';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  IF TG_OP = 'INSERT' THEN
    IF NEW.version <> 1 OR NEW.ended_at IS NOT NULL THEN
      RAISE EXCEPTION 'a measure begins' USING ERRCODE = 'TL010';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'a measure that has ended stays as it is' USING ERRCODE = 'TL080';
  END IF;
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'stale write: saw version %, found %', NEW.version - 1, OLD.version USING ERRCODE = 'TL012';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM measure_changes c WHERE c.provider_id = NEW.provider_id AND c.measure_id = NEW.id AND c.version = OLD.version) THEN
    RAISE EXCEPTION 'what a measure was stays readable' USING ERRCODE = 'TL033';
  END IF;
  -- readings are of months or of weeks
  IF NEW.cadence <> OLD.cadence AND EXISTS (SELECT 1 FROM readings r WHERE r.provider_id = NEW.provider_id AND r.measure_id = NEW.id) THEN
    RAISE EXCEPTION 'what was read keeps its periods' USING ERRCODE = 'TL080';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.measure_guard() FROM PUBLIC;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON measures FOR EACH ROW EXECUTE FUNCTION app.measure_guard();

-- Readings, recalculations and names of actions wait for a measure that somebody is ending, and are not taken by one that has ended.
CREATE FUNCTION app.measure_is_followed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM measures m WHERE m.provider_id = NEW.provider_id AND m.id = NEW.measure_id AND m.ended_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the measure has ended or is not there' USING ERRCODE = 'TL080';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.measure_is_followed() FROM PUBLIC;
CREATE TRIGGER followed BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION app.measure_is_followed();
CREATE TRIGGER followed BEFORE INSERT ON recalculations FOR EACH ROW EXECUTE FUNCTION app.measure_is_followed();
CREATE TRIGGER followed BEFORE INSERT ON measure_actions FOR EACH ROW EXECUTE FUNCTION app.measure_is_followed();
