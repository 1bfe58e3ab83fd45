-- Duplicates are merged into one (R28). What was merged is called off for good and says into which action it went; its
-- papers stay where they are. It is told apart from what was cancelled by this column, everywhere.
ALTER TABLE actions ADD COLUMN merged_into uuid,
  ADD CONSTRAINT actions_merged_is_called_off CHECK (merged_into IS NULL OR (status = 'cancelled' AND merged_into <> id)),
  ADD FOREIGN KEY (provider_id, merged_into) REFERENCES actions;
CREATE INDEX actions_merged ON actions (provider_id, merged_into) WHERE merged_into IS NOT NULL;
GRANT UPDATE (merged_into) ON actions TO throughline_app;

-- The one that stays asks for at least as much, so that nothing closes on less than was agreed: held here as well.
CREATE FUNCTION app.merge_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE t actions%ROWTYPE; grave constant text[] := ARRAY['low', 'medium', 'high', 'critical'];
BEGIN
  IF TG_OP = 'INSERT' OR OLD.status NOT IN ('not_started', 'in_progress', 'sent_back', 'ineffective') THEN
    RAISE EXCEPTION 'only what is with its owner is merged' USING ERRCODE = 'TL063';
  END IF;
  SELECT * INTO t FROM actions x WHERE x.provider_id = NEW.provider_id AND x.id = NEW.merged_into FOR UPDATE;
  IF NOT FOUND OR t.service_id <> NEW.service_id OR t.status NOT IN ('not_started', 'in_progress', 'sent_back', 'ineffective')
     OR EXISTS (SELECT 1 FROM actions x WHERE x.provider_id = NEW.provider_id AND x.merged_into = NEW.id) THEN
    RAISE EXCEPTION 'it is merged into an action of its service that is with its owner' USING ERRCODE = 'TL063';
  END IF;
  IF EXISTS (SELECT 1 FROM action_requirements r WHERE r.provider_id = NEW.provider_id AND r.action_id = NEW.id
       AND NOT EXISTS (SELECT 1 FROM action_requirements k WHERE k.provider_id = r.provider_id AND k.action_id = t.id AND k.kind = r.kind))
     OR array_position(grave, t.risk) < array_position(grave, NEW.risk)
     OR (NEW.approver = 'quality_lead' AND t.approver <> 'quality_lead')
     OR (NEW.due_on IS NOT NULL AND (t.due_on IS NULL OR t.due_on > NEW.due_on)) THEN
    RAISE EXCEPTION 'the action that stays asks for at least as much' USING ERRCODE = 'TL064';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER merge BEFORE INSERT OR UPDATE OF merged_into ON actions FOR EACH ROW WHEN (NEW.merged_into IS NOT NULL) EXECUTE FUNCTION app.merge_guard();

-- A finding whose action was merged is answered by the one that stays (R5).
CREATE OR REPLACE FUNCTION app.review_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'reviews are never deleted' USING ERRCODE = 'TL011';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  IF TG_OP = 'INSERT' THEN
    IF NEW.signed_off_at IS NOT NULL OR NEW.version <> 1 OR NEW.sources <> 0 THEN
      RAISE EXCEPTION 'a review begins without its sign-off' USING ERRCODE = 'TL010';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.sources = OLD.sources + 1 AND NEW.version = OLD.version AND OLD.signed_off_at IS NULL AND pg_trigger_depth() > 1 THEN
    RETURN NEW;
  END IF;
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'stale write: saw version %, found %', NEW.version - 1, OLD.version USING ERRCODE = 'TL012';
  END IF;
  IF OLD.signed_off_at IS NOT NULL THEN
    RAISE EXCEPTION 'a signed-off review stays as it is' USING ERRCODE = 'TL040';
  END IF;
  IF NEW.signed_off_at IS NOT NULL AND EXISTS (
      SELECT 1 FROM finding_sources s JOIN findings f ON f.provider_id = s.provider_id AND f.id = s.finding_id
      WHERE s.provider_id = NEW.provider_id AND s.review_id = NEW.id AND f.disposition = 'actions'
        AND NOT EXISTS (SELECT 1 FROM actions b JOIN actions a ON a.provider_id = b.provider_id AND a.id = coalesce(b.merged_into, b.id)
            JOIN memberships m ON m.provider_id = a.provider_id AND m.id = a.owner_id AND m.ended_at IS NULL
          WHERE b.provider_id = f.provider_id AND b.finding_id = f.id AND a.status <> 'cancelled' AND a.due_on IS NOT NULL)) THEN
    RAISE EXCEPTION 'a finding has no action with owner and date' USING ERRCODE = 'TL041';
  END IF;
  RETURN NEW;
END $$;
