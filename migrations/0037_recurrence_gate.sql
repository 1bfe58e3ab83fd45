-- What came back closes only when its root-cause review is complete (R22): held here as in the program. It counts for what
-- was merged into the action as well. The findings are held, so that a link and a closure never pass each other unseen.
CREATE FUNCTION app.root_cause_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE about uuid[];
BEGIN
  about := ARRAY(SELECT NEW.finding_id UNION SELECT b.finding_id FROM actions b WHERE b.provider_id = NEW.provider_id AND b.merged_into = NEW.id);
  PERFORM 1 FROM findings f WHERE f.provider_id = NEW.provider_id AND f.id = ANY(about) ORDER BY f.id FOR SHARE;
  IF EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = NEW.provider_id AND l.finding_id = ANY(about) AND l.withdrawn_at IS NULL
      AND (NOT EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = l.provider_id AND r.finding_id = l.finding_id AND r.completed_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = l.provider_id AND r.finding_id = l.finding_id AND r.completed_at IS NULL))) THEN
    RAISE EXCEPTION 'it came back, and its root-cause review is not complete' USING ERRCODE = 'TL073';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.root_cause_gate() FROM PUBLIC;
CREATE TRIGGER root_cause BEFORE UPDATE OF status ON actions FOR EACH ROW
  WHEN (NEW.status = 'closed' AND OLD.status <> 'closed') EXECUTE FUNCTION app.root_cause_gate();
