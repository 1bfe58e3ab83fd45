-- Rules of the closing of an action that cost more than they had to: the same questions, each asked of one action or finding
-- by name, which leaves the server no way to answer them by reading all of a provider while its statistics are young; and with plans that
-- are kept (a function of plain SQL is planned anew at each call).

-- As in 0049.
CREATE OR REPLACE FUNCTION app.root_cause_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE about uuid[] := ARRAY[NEW.finding_id]; acts uuid[] := ARRAY[NEW.id]; m record; lost_at timestamptz; i integer;
BEGIN
  FOR m IN SELECT b.id, b.finding_id FROM actions b WHERE b.provider_id = NEW.provider_id AND b.merged_into = NEW.id LOOP
    about := about || m.finding_id;
    acts := acts || m.id;
  END LOOP;
  -- a finding of this very transaction nobody else can link meanwhile
  PERFORM 1 FROM findings f WHERE f.provider_id = NEW.provider_id AND f.id = ANY(about) AND f.xmin <> pg_current_xact_id()::xid ORDER BY f.id FOR SHARE;
  FOR i IN 1 .. cardinality(about) LOOP
    IF EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = NEW.provider_id AND l.finding_id = about[i] AND l.withdrawn_at IS NULL)
       AND app.root_cause_is_missing(NEW.provider_id, about[i], NULL) THEN
      RAISE EXCEPTION 'it came back, and its root-cause review is not complete' USING ERRCODE = 'TL073';
    END IF;
    SELECT max(c.at) INTO lost_at FROM sustain_checks c WHERE c.provider_id = NEW.provider_id AND c.action_id = acts[i] AND c.result = 'lost';
    IF lost_at IS NOT NULL AND app.root_cause_is_missing(NEW.provider_id, about[i], lost_at) THEN
      RAISE EXCEPTION 'it was lost, and its root-cause review is not complete' USING ERRCODE = 'TL073';
    END IF;
    -- its review was opened with the verdict, so when none is open it is complete; a verdict of before this rule has none, and holds nothing up
    IF EXISTS (SELECT 1 FROM verifications v WHERE v.provider_id = NEW.provider_id AND v.action_id = acts[i] AND v.outcome = 'ineffective')
       AND EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = NEW.provider_id AND r.finding_id = about[i] AND r.completed_at IS NULL) THEN
      RAISE EXCEPTION 'it did not work, and its root-cause review is not complete' USING ERRCODE = 'TL073';
    END IF;
  END LOOP;
  RETURN NEW;
END $$;

-- Whether a finding has a root-cause review that is open, or none that was completed, since an instant if one is given.
CREATE FUNCTION app.root_cause_is_missing(p uuid, finding uuid, since timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = p AND r.finding_id = finding AND r.completed_at IS NULL)
    OR NOT EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = p AND r.finding_id = finding AND r.completed_at >= coalesce(since, '-infinity'));
END $$;
REVOKE ALL ON FUNCTION app.root_cause_is_missing(uuid, uuid, timestamptz) FROM PUBLIC;

-- As in 0004.
CREATE OR REPLACE FUNCTION app.has_owned(a actions, member uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN coalesce(a.owner_id = member, false) OR EXISTS (SELECT 1 FROM action_owners o
    WHERE o.provider_id = a.provider_id AND o.action_id = a.id AND o.cycle = a.cycle AND o.member_id = member);
END $$;
CREATE OR REPLACE FUNCTION app.is_managers(a actions) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN coalesce((SELECT m.role = 'registered_manager' FROM memberships m WHERE m.provider_id = a.provider_id AND m.id = a.owner_id), false)
    OR EXISTS (SELECT 1 FROM action_owners o WHERE o.provider_id = a.provider_id AND o.action_id = a.id AND o.cycle = a.cycle
      AND (SELECT m.role = 'registered_manager' FROM memberships m WHERE m.provider_id = o.provider_id AND m.id = o.member_id));
END $$;

-- As in 0004, once for a statement: each review that got findings is counted up, so that a signer on an older snapshot fails, and none of
-- them may be signed off. What a statement did is only kept when this held at its end.
CREATE OR REPLACE FUNCTION app.source_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE counted bigint;
BEGIN
  UPDATE reviews r SET sources = sources + 1 FROM (SELECT DISTINCT s.provider_id, s.review_id FROM added s) n
    WHERE r.provider_id = n.provider_id AND r.id = n.review_id AND r.signed_off_at IS NULL;
  GET DIAGNOSTICS counted = ROW_COUNT;
  IF counted <> (SELECT count(*) FROM (SELECT DISTINCT s.provider_id, s.review_id FROM added s) n) THEN
    RAISE EXCEPTION 'a signed-off review stays as it is' USING ERRCODE = 'TL040';
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER guard ON finding_sources;
CREATE TRIGGER guard AFTER INSERT ON finding_sources REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION app.source_guard();
