-- R8: owners hear of a due date before it comes. What is still to be said is a row here; the sweep takes it away when
-- it has been said, or when its time has passed. So a sweep with nothing to say is one look at one index.

CREATE TABLE action_reminders (
  provider_id  uuid NOT NULL,
  action_id    uuid NOT NULL,
  cycle        integer NOT NULL,
  owner_id     uuid NOT NULL,
  due_on       date NOT NULL,
  -- when its owner last got a message with this date: one that came on the day of the reminder, or after, was enough
  told_at      timestamptz NOT NULL,
  PRIMARY KEY (provider_id, action_id),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, owner_id) REFERENCES memberships
);
CREATE INDEX action_reminders_by_date ON action_reminders (provider_id, due_on, action_id);
ALTER TABLE action_reminders ENABLE ROW LEVEL SECURITY;
ALTER TABLE action_reminders FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON action_reminders USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, DELETE ON action_reminders TO throughline_app;

-- Another owner, date or cycle begins anew. It sits here so that no way of changing an action can forget it.
CREATE FUNCTION app.plan_reminder() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' OR (NEW.owner_id, NEW.due_on, NEW.cycle) IS DISTINCT FROM (OLD.owner_id, OLD.due_on, OLD.cycle) THEN
    IF NEW.owner_id IS NOT NULL AND NEW.due_on IS NOT NULL THEN
      INSERT INTO action_reminders VALUES (NEW.provider_id, NEW.id, NEW.cycle, NEW.owner_id, NEW.due_on, coalesce(NEW.updated_at, NEW.created_at))
        ON CONFLICT (provider_id, action_id) DO UPDATE
        SET cycle = EXCLUDED.cycle, owner_id = EXCLUDED.owner_id, due_on = EXCLUDED.due_on, told_at = EXCLUDED.told_at;
    END IF;
  ELSIF NEW.status = 'sent_back' AND OLD.status <> 'sent_back' THEN
    UPDATE action_reminders r SET told_at = coalesce(NEW.updated_at, NEW.created_at) WHERE r.provider_id = NEW.provider_id AND r.action_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.plan_reminder() FROM PUBLIC;
CREATE TRIGGER plan_reminder AFTER INSERT OR UPDATE OF owner_id, due_on, cycle, status ON actions FOR EACH ROW EXECUTE FUNCTION app.plan_reminder();

-- What is under way already. The owner of the tables is bound by row-level security too, so it is lifted for this line.
ALTER TABLE actions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE action_reminders NO FORCE ROW LEVEL SECURITY;
INSERT INTO action_reminders
  SELECT provider_id, id, cycle, owner_id, due_on, coalesce(updated_at, created_at) FROM actions
  WHERE owner_id IS NOT NULL AND due_on IS NOT NULL AND status NOT IN ('closed', 'cancelled');
ALTER TABLE actions FORCE ROW LEVEL SECURITY;
ALTER TABLE action_reminders FORCE ROW LEVEL SECURITY;

-- New things to say: a date that comes near; and what somebody else changed about one's action.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_is_known;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_is_known CHECK (kind IN (
  'assigned', 'sent_back', 'escalated', 'verification_late', 'to_verify', 'due_soon', 'date_moved', 'reworded', 'called_off'));
-- A message that was no longer true when its turn came is not sent, and that is no failure.
ALTER TABLE outbox ADD COLUMN overtaken boolean NOT NULL DEFAULT false;
GRANT UPDATE (overtaken) ON outbox TO throughline_app;
