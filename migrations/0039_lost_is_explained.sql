-- What a sustain check found lost has a cause as well (R16, R19, R22): its root-cause review opens in the same transaction,
-- says which check it was, and the action that opened again closes only when it is complete.
ALTER TABLE root_cause_reviews ADD COLUMN lost_check_id uuid,
  ADD FOREIGN KEY (provider_id, lost_check_id) REFERENCES sustain_checks;
CREATE INDEX root_cause_reviews_by_check ON root_cause_reviews (provider_id, lost_check_id);

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
    -- what came back, or what a check of an action of this very finding found lost
    IF NOT (EXISTS (SELECT 1 FROM actions a JOIN sustain_checks c ON c.provider_id = a.provider_id AND c.action_id = a.id AND c.result = 'lost'
          WHERE a.provider_id = NEW.provider_id AND a.finding_id = NEW.finding_id AND c.id = coalesce(NEW.lost_check_id, c.id))
        OR (NEW.lost_check_id IS NULL
          AND EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = NEW.provider_id AND l.finding_id = NEW.finding_id AND l.withdrawn_at IS NULL))) THEN
      RAISE EXCEPTION 'only what came back or was lost has a root-cause review' USING ERRCODE = 'TL071';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.completed_at IS NOT NULL THEN
    RAISE EXCEPTION 'a complete root-cause review stays as it is' USING ERRCODE = 'TL072';
  END IF;
  IF (NEW.provider_id, NEW.id, NEW.finding_id, NEW.round, NEW.lost_check_id, NEW.opened_by, NEW.opened_at)
     IS DISTINCT FROM (OLD.provider_id, OLD.id, OLD.finding_id, OLD.round, OLD.lost_check_id, OLD.opened_by, OLD.opened_at) THEN
    RAISE EXCEPTION 'a root-cause review does not move' USING ERRCODE = 'TL001';
  END IF;
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'stale write: saw version %, found %', NEW.version - 1, OLD.version USING ERRCODE = 'TL012';
  END IF;
  RETURN NEW;
END $$;

-- In the same transaction it is open again, and so is the question why.
CREATE OR REPLACE FUNCTION app.lost_is_reopened() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM actions a WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id AND a.cycle > NEW.cycle) THEN
    RAISE EXCEPTION 'what is lost is reopened' USING ERRCODE = 'TL019';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM actions a JOIN root_cause_reviews r ON r.provider_id = a.provider_id AND r.finding_id = a.finding_id AND r.completed_at IS NULL
      WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id) THEN
    RAISE EXCEPTION 'what is lost has a root-cause review' USING ERRCODE = 'TL074';
  END IF;
  RETURN NULL;
END $$;

-- An action whose improvement was lost, or into which such an action was merged, closes when a review of its finding was
-- completed since, and none is open.
CREATE OR REPLACE FUNCTION app.root_cause_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE about uuid[];
BEGIN
  about := ARRAY(SELECT NEW.finding_id UNION SELECT b.finding_id FROM actions b WHERE b.provider_id = NEW.provider_id AND b.merged_into = NEW.id);
  PERFORM 1 FROM findings f WHERE f.provider_id = NEW.provider_id AND f.id = ANY(about) ORDER BY f.id FOR SHARE;
  IF EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = NEW.provider_id AND l.finding_id = ANY(about) AND l.withdrawn_at IS NULL
      AND (NOT EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = l.provider_id AND r.finding_id = l.finding_id AND r.completed_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = l.provider_id AND r.finding_id = l.finding_id AND r.completed_at IS NULL))) THEN
    RAISE EXCEPTION 'it came back, and its root-cause review is not complete' USING ERRCODE = 'TL073';
  END IF;
  IF EXISTS (SELECT 1 FROM actions b JOIN sustain_checks c ON c.provider_id = b.provider_id AND c.action_id = b.id AND c.result = 'lost'
      WHERE b.provider_id = NEW.provider_id AND b.id = ANY(ARRAY(SELECT NEW.id UNION SELECT z.id FROM actions z WHERE z.provider_id = NEW.provider_id AND z.merged_into = NEW.id))
        AND (NOT EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = b.provider_id AND r.finding_id = b.finding_id AND r.completed_at >= c.at)
          OR EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = b.provider_id AND r.finding_id = b.finding_id AND r.completed_at IS NULL))) THEN
    RAISE EXCEPTION 'it was lost, and its root-cause review is not complete' USING ERRCODE = 'TL073';
  END IF;
  RETURN NEW;
END $$;
