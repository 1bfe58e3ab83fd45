-- Two rules of the database that looked at more rows than they had to.
--
-- As in 0028. The look at each finding's actions is a subselect of its own, so that it goes through the index of a
-- finding's actions whatever the server believes about the size of the tables: as a join it read every action of the
-- provider while statistics were young.
CREATE FUNCTION app.unanswered(p uuid, finding uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce((SELECT f.disposition = 'actions' FROM findings f WHERE f.provider_id = p AND f.id = finding), false)
    AND coalesce((SELECT false FROM actions b WHERE b.provider_id = p AND b.finding_id = finding
      AND coalesce((SELECT a.status <> 'cancelled' AND a.due_on IS NOT NULL
          AND coalesce((SELECT m.ended_at IS NULL FROM memberships m WHERE m.provider_id = p AND m.id = a.owner_id), false)
        FROM actions a WHERE a.provider_id = p AND a.id = coalesce(b.merged_into, b.id)), false) LIMIT 1), true)
$$;
REVOKE ALL ON FUNCTION app.unanswered(uuid, uuid) FROM PUBLIC;

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
      SELECT 1 FROM finding_sources s WHERE s.provider_id = NEW.provider_id AND s.review_id = NEW.id AND app.unanswered(NEW.provider_id, s.finding_id)) THEN
    RAISE EXCEPTION 'a finding has no action with owner and date' USING ERRCODE = 'TL041';
  END IF;
  RETURN NEW;
END $$;

-- As in 0004, but that what is asked for together with the action, in the transaction that makes it, does not count the
-- action up: nobody else can see it yet, and no verdict can have judged it. Each count is another version of the row.
CREATE OR REPLACE FUNCTION app.paper_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a record; moves_evidence boolean;
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'papers are never deleted' USING ERRCODE = 'TL005';
  END IF;
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME <> 'evidence' THEN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'TL005';
  END IF;
  IF TG_TABLE_NAME = 'action_requirements' THEN
    PERFORM FROM actions WHERE provider_id = NEW.provider_id AND id = NEW.action_id AND status = 'not_started' AND cycle = 1
      AND xmin = pg_current_xact_id()::xid AND version = 1;
    IF FOUND THEN
      RETURN NEW;
    END IF;
  END IF;
  moves_evidence := TG_TABLE_NAME IN ('evidence', 'action_requirements');
  UPDATE actions SET version = version + 1, evidence_rev = evidence_rev + moves_evidence::int
    -- said with CASE, so that no partial index looks fit for it: one was chosen over the key while statistics were young
    WHERE provider_id = NEW.provider_id AND id = NEW.action_id AND CASE WHEN status IN ('closed', 'cancelled') THEN false ELSE true END
    RETURNING cycle, evidence_rev, version, status INTO a;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the action is closed, cancelled or not there' USING ERRCODE = 'TL002';
  END IF;
  IF TG_TABLE_NAME = 'action_requirements' THEN
    IF a.status <> 'not_started' OR a.cycle <> 1 THEN
      RAISE EXCEPTION 'the evidence required is agreed when the action is defined' USING ERRCODE = 'TL006';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.cycle <> a.cycle THEN
    RAISE EXCEPTION 'an earlier cycle is history' USING ERRCODE = 'TL003';
  END IF;
  RETURN NEW;
END $$;
