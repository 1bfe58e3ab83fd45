-- What was verified as ineffective has a cause as well (R16): its root-cause review opens in the same transaction, says which
-- verdict it was, and the action closes only when it is complete.
ALTER TABLE root_cause_reviews ADD COLUMN verdict_id uuid,
  ADD FOREIGN KEY (provider_id, verdict_id) REFERENCES verifications,
  ADD CONSTRAINT root_cause_reviews_one_reason CHECK (lost_check_id IS NULL OR verdict_id IS NULL);
CREATE INDEX root_cause_reviews_by_verdict ON root_cause_reviews (provider_id, verdict_id);

CREATE OR REPLACE FUNCTION app.root_cause_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'root-cause reviews are never deleted' USING ERRCODE = 'TL011';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  IF TG_OP = 'INSERT' THEN
    IF NEW.version <> 1 OR NEW.saved_at IS NOT NULL OR NEW.completed_at IS NOT NULL THEN
      RAISE EXCEPTION 'a root-cause review begins open' USING ERRCODE = 'TL010';
    END IF;
    -- what came back, what a check of an action of this very finding found lost, or what a verdict on one found ineffective
    IF NOT (NEW.verdict_id IS NULL AND EXISTS (SELECT 1 FROM actions a JOIN sustain_checks c ON c.provider_id = a.provider_id AND c.action_id = a.id AND c.result = 'lost'
          WHERE a.provider_id = NEW.provider_id AND a.finding_id = NEW.finding_id AND c.id = coalesce(NEW.lost_check_id, c.id))
        OR NEW.lost_check_id IS NULL AND EXISTS (SELECT 1 FROM actions a JOIN verifications v ON v.provider_id = a.provider_id AND v.action_id = a.id AND v.outcome = 'ineffective'
          WHERE a.provider_id = NEW.provider_id AND a.finding_id = NEW.finding_id AND v.id = coalesce(NEW.verdict_id, v.id))
        OR NEW.lost_check_id IS NULL AND NEW.verdict_id IS NULL
          AND EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = NEW.provider_id AND l.finding_id = NEW.finding_id AND l.withdrawn_at IS NULL)) THEN
      RAISE EXCEPTION 'only what came back, was lost or did not work has a root-cause review' USING ERRCODE = 'TL071';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.completed_at IS NOT NULL THEN
    RAISE EXCEPTION 'a complete root-cause review stays as it is' USING ERRCODE = 'TL072';
  END IF;
  IF (NEW.provider_id, NEW.id, NEW.finding_id, NEW.round, NEW.lost_check_id, NEW.verdict_id, NEW.opened_by, NEW.opened_at)
     IS DISTINCT FROM (OLD.provider_id, OLD.id, OLD.finding_id, OLD.round, OLD.lost_check_id, OLD.verdict_id, OLD.opened_by, OLD.opened_at) THEN
    RAISE EXCEPTION 'a root-cause review does not move' USING ERRCODE = 'TL001';
  END IF;
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'stale write: saw version %, found %', NEW.version - 1, OLD.version USING ERRCODE = 'TL012';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION app.ineffective_is_explained() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM actions a JOIN root_cause_reviews r ON r.provider_id = a.provider_id AND r.finding_id = a.finding_id AND r.completed_at IS NULL
      WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id) THEN
    RAISE EXCEPTION 'what did not work has a root-cause review' USING ERRCODE = 'TL077';
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.ineffective_is_explained() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER explained AFTER INSERT ON verifications DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.outcome = 'ineffective')
  EXECUTE FUNCTION app.ineffective_is_explained();

-- As in 0039, and for what was found ineffective: its review was opened with the verdict, so when none is open it is complete.
-- A verdict of before this rule has none, and holds nothing up.
CREATE OR REPLACE FUNCTION app.root_cause_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE about uuid[]; acts uuid[];
BEGIN
  about := ARRAY(SELECT NEW.finding_id UNION SELECT b.finding_id FROM actions b WHERE b.provider_id = NEW.provider_id AND b.merged_into = NEW.id);
  acts := ARRAY(SELECT NEW.id UNION SELECT z.id FROM actions z WHERE z.provider_id = NEW.provider_id AND z.merged_into = NEW.id);
  PERFORM 1 FROM findings f WHERE f.provider_id = NEW.provider_id AND f.id = ANY(about) ORDER BY f.id FOR SHARE;
  IF EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = NEW.provider_id AND l.finding_id = ANY(about) AND l.withdrawn_at IS NULL
      AND (NOT EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = l.provider_id AND r.finding_id = l.finding_id AND r.completed_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = l.provider_id AND r.finding_id = l.finding_id AND r.completed_at IS NULL))) THEN
    RAISE EXCEPTION 'it came back, and its root-cause review is not complete' USING ERRCODE = 'TL073';
  END IF;
  IF EXISTS (SELECT 1 FROM actions b JOIN sustain_checks c ON c.provider_id = b.provider_id AND c.action_id = b.id AND c.result = 'lost'
      WHERE b.provider_id = NEW.provider_id AND b.id = ANY(acts)
        AND (NOT EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = b.provider_id AND r.finding_id = b.finding_id AND r.completed_at >= c.at)
          OR EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = b.provider_id AND r.finding_id = b.finding_id AND r.completed_at IS NULL))) THEN
    RAISE EXCEPTION 'it was lost, and its root-cause review is not complete' USING ERRCODE = 'TL073';
  END IF;
  IF EXISTS (SELECT 1 FROM actions b JOIN verifications v ON v.provider_id = b.provider_id AND v.action_id = b.id AND v.outcome = 'ineffective'
      JOIN root_cause_reviews r ON r.provider_id = b.provider_id AND r.finding_id = b.finding_id AND r.completed_at IS NULL
      WHERE b.provider_id = NEW.provider_id AND b.id = ANY(acts)) THEN
    RAISE EXCEPTION 'it did not work, and its root-cause review is not complete' USING ERRCODE = 'TL073';
  END IF;
  RETURN NEW;
END $$;
