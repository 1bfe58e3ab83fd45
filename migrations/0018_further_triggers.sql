-- The other triggers of escalation (R14): evidence missing at the due date, a recurrence, a high-risk finding on which
-- nobody recorded a decision. What each was raised upon stands with it, so that its page can say why it exists.
ALTER TABLE escalations ADD COLUMN upon jsonb NOT NULL DEFAULT '{}',
  DROP CONSTRAINT escalations_cause_is_known,
  ADD CONSTRAINT escalations_cause_is_known CHECK (cause IN (
    'overdue', 'evidence_missing', 'verification_late', 'ineffective', 'mixed_evidence', 'challenged', 'recurrence', 'high_risk'));
-- a due date that passed is raised once, whether evidence was missing or not
CREATE UNIQUE INDEX escalations_of_a_date_happen_once ON escalations (provider_id, action_id, cycle, level, due_on)
  WHERE cause IN ('overdue', 'evidence_missing');

-- "The same problem found again after closure" is asked for whenever an action is agreed.
CREATE INDEX actions_closed_on_a_topic ON actions (provider_id, service_id, topic) WHERE status = 'closed';

-- High-risk findings on which a decision is still to be recorded and of which leadership has not heard: kept by the
-- database alone, so that the worker looks at these few instead of at every finding there is.
CREATE TABLE findings_to_decide (
  provider_id  uuid NOT NULL,
  finding_id   uuid NOT NULL,
  since        timestamptz NOT NULL,
  PRIMARY KEY (provider_id, finding_id),
  FOREIGN KEY (provider_id, finding_id) REFERENCES findings
);
ALTER TABLE actions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE escalations NO FORCE ROW LEVEL SECURITY;
INSERT INTO findings_to_decide
  SELECT a.provider_id, a.finding_id, min(a.created_at) FROM actions a
  WHERE a.risk IN ('high', 'critical') AND a.status NOT IN ('closed', 'cancelled')
    AND NOT EXISTS (SELECT 1 FROM escalations e JOIN actions x ON x.provider_id = e.provider_id AND x.id = e.action_id
      WHERE x.provider_id = a.provider_id AND x.finding_id = a.finding_id)
  GROUP BY a.provider_id, a.finding_id;
ALTER TABLE escalations FORCE ROW LEVEL SECURITY;
ALTER TABLE actions FORCE ROW LEVEL SECURITY;
ALTER TABLE findings_to_decide ENABLE ROW LEVEL SECURITY;
ALTER TABLE findings_to_decide FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON findings_to_decide USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT ON findings_to_decide TO throughline_app;

-- its first action makes a finding one that can be escalated
CREATE FUNCTION app.note_high_risk() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.risk IN ('high', 'critical') AND NOT EXISTS (SELECT 1 FROM actions a
      WHERE a.provider_id = NEW.provider_id AND a.finding_id = NEW.finding_id AND a.id <> NEW.id) THEN
    INSERT INTO findings_to_decide VALUES (NEW.provider_id, NEW.finding_id, NEW.created_at) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_high_risk AFTER INSERT ON actions FOR EACH ROW EXECUTE FUNCTION app.note_high_risk();

-- Escalated for something else, it waits for a decision by that; leadership having heard, there is nobody higher to ask.
CREATE FUNCTION app.note_asked() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM findings_to_decide w USING actions a WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id
    AND w.provider_id = a.provider_id AND w.finding_id = a.finding_id;
  RETURN NULL;
END $$;
CREATE TRIGGER note_asked AFTER INSERT ON escalations FOR EACH ROW WHEN (NEW.cause <> 'high_risk' OR NEW.level > 1)
  EXECUTE FUNCTION app.note_asked();
CREATE TRIGGER note_answered AFTER INSERT ON escalation_decisions FOR EACH ROW EXECUTE FUNCTION app.note_asked();

-- what was closed or called off needs no decision any more
CREATE FUNCTION app.note_settled() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM findings_to_decide w WHERE w.provider_id = NEW.provider_id AND w.finding_id = NEW.finding_id
    AND NOT EXISTS (SELECT 1 FROM actions a WHERE a.provider_id = NEW.provider_id AND a.finding_id = NEW.finding_id
      AND a.status NOT IN ('closed', 'cancelled'));
  RETURN NULL;
END $$;
CREATE TRIGGER note_settled AFTER UPDATE OF status ON actions FOR EACH ROW
  WHEN (NEW.status IN ('closed', 'cancelled')) EXECUTE FUNCTION app.note_settled();
