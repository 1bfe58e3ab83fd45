-- As in 0044, but that evidence as well counts its action up once a transaction while nothing of the round was judged: the count
-- of evidence tells a verdict on other evidence from one on this, and there is none yet. Whoever looked at the action before
-- still meets another version, because an action changes in no transaction without one (TL012). Once something was judged,
-- each piece counts, as it did: a verdict between two pieces of one transaction has judged the first alone.
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
  IF TG_TABLE_NAME NOT IN ('verifications', 'assurances', 'action_requirements') THEN
    -- its row is of this transaction, so nobody else can touch it before the end
    SELECT cycle INTO a FROM actions WHERE provider_id = NEW.provider_id AND id = NEW.action_id
      AND xmin = pg_current_xact_id()::xid AND CASE WHEN status IN ('closed', 'cancelled') THEN false ELSE true END;
    IF FOUND AND (NOT moves_evidence OR NOT EXISTS (SELECT 1 FROM verifications v
        WHERE v.provider_id = NEW.provider_id AND v.action_id = NEW.action_id AND v.cycle = a.cycle)) THEN
      IF NEW.cycle <> a.cycle THEN
        RAISE EXCEPTION 'an earlier cycle is history' USING ERRCODE = 'TL003';
      END IF;
      RETURN NEW;
    END IF;
  END IF;
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
