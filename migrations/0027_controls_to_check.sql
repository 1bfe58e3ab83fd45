-- The interim control that stands for an open action, when it has a day of its check (R13): kept by the database alone, so
-- that a page looks at these few instead of at every decision there ever was.
CREATE TABLE controls_to_check (
  provider_id  uuid NOT NULL,
  action_id    uuid NOT NULL,
  service_id   uuid NOT NULL,
  escalation_id  uuid NOT NULL,
  -- how high the escalation went on which it was decided
  level        integer NOT NULL,
  check_on     date NOT NULL,
  until        date,
  PRIMARY KEY (provider_id, action_id),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, escalation_id) REFERENCES escalations
);
CREATE INDEX controls_to_check_of_a_service ON controls_to_check (provider_id, service_id, check_on);
ALTER TABLE actions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE escalations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE escalation_decisions NO FORCE ROW LEVEL SECURITY;
INSERT INTO controls_to_check
  SELECT a.provider_id, a.id, a.service_id, d.escalation_id, d.level, d.control_check_on, d.control_until FROM actions a
  JOIN LATERAL (SELECT d.*, e.level FROM escalation_decisions d JOIN escalations e ON e.provider_id = d.provider_id AND e.id = d.escalation_id AND e.cycle = a.cycle
    WHERE d.provider_id = a.provider_id AND d.action_id = a.id AND d.interim_control <> '' ORDER BY d.at DESC, d.id DESC LIMIT 1) d ON true
  WHERE a.status NOT IN ('closed', 'cancelled') AND d.control_check_on IS NOT NULL;
ALTER TABLE escalation_decisions FORCE ROW LEVEL SECURITY;
ALTER TABLE escalations FORCE ROW LEVEL SECURITY;
ALTER TABLE actions FORCE ROW LEVEL SECURITY;
ALTER TABLE controls_to_check ENABLE ROW LEVEL SECURITY;
ALTER TABLE controls_to_check FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON controls_to_check USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT ON controls_to_check TO throughline_app;

-- the newest control counts; one without a day of its check waits for none
CREATE FUNCTION app.note_control() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM controls_to_check c WHERE c.provider_id = NEW.provider_id AND c.action_id = NEW.action_id;
  INSERT INTO controls_to_check
    SELECT NEW.provider_id, NEW.action_id, a.service_id, NEW.escalation_id, e.level, NEW.control_check_on, NEW.control_until FROM actions a
    JOIN escalations e ON e.provider_id = NEW.provider_id AND e.id = NEW.escalation_id AND e.cycle = a.cycle
    WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id AND NEW.control_check_on IS NOT NULL AND a.status NOT IN ('closed', 'cancelled');
  RETURN NULL;
END $$;
CREATE TRIGGER note_control AFTER INSERT ON escalation_decisions FOR EACH ROW WHEN (NEW.interim_control <> '') EXECUTE FUNCTION app.note_control();

-- what was closed, called off or begun again has no control that stands
CREATE FUNCTION app.note_no_control() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM controls_to_check c WHERE c.provider_id = NEW.provider_id AND c.action_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER note_no_control AFTER UPDATE OF status, cycle ON actions FOR EACH ROW
  WHEN (NEW.status IN ('closed', 'cancelled') OR NEW.cycle <> OLD.cycle) EXECUTE FUNCTION app.note_no_control();
