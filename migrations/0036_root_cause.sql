-- What a recurrence does (R22): closures that did not last, and the root-cause review of what came back.

-- A closure is never edited (R18a); that it did not last stands beside it, with the link that says so, and counts while
-- that link stands.
CREATE TABLE closures_not_lasting (
  provider_id  uuid NOT NULL,
  closure_id   uuid NOT NULL,
  link_id      uuid NOT NULL,
  action_id    uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, closure_id, link_id),
  FOREIGN KEY (provider_id, closure_id) REFERENCES closures,
  FOREIGN KEY (provider_id, link_id) REFERENCES finding_links,
  FOREIGN KEY (provider_id, action_id) REFERENCES actions
);
CREATE INDEX closures_not_lasting_of_an_action ON closures_not_lasting (provider_id, action_id);
CREATE INDEX closures_not_lasting_by_link ON closures_not_lasting (provider_id, link_id);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON closures_not_lasting FOR EACH ROW EXECUTE FUNCTION app.append_only();

CREATE TABLE root_cause_reviews (
  provider_id   uuid NOT NULL,
  id            uuid NOT NULL,
  finding_id    uuid NOT NULL,
  round         integer NOT NULL CONSTRAINT root_cause_reviews_round_counts CHECK (round >= 1),
  opened_by     uuid NOT NULL,
  opened_at     timestamptz NOT NULL,
  factors       text[] NOT NULL DEFAULT '{}' CONSTRAINT root_cause_reviews_factors_are_known CHECK (factors <@ ARRAY[
                  'skills', 'staffing', 'communication', 'checking', 'equipment', 'environment', 'procedures', 'records', 'leadership', 'needs']),
  -- each answers the one before
  whys          text[] NOT NULL DEFAULT '{}' CONSTRAINT root_cause_reviews_whys_are_five CHECK (cardinality(whys) <= 5 AND length(array_to_string(whys, '')) <= 2500),
  analysis      text NOT NULL DEFAULT '' CONSTRAINT root_cause_reviews_analysis_is_short CHECK (length(analysis) <= 4000),
  wider         text NOT NULL DEFAULT '' CONSTRAINT root_cause_reviews_wider_is_short CHECK (length(wider) <= 2000),
  review_on     date,
  version       bigint NOT NULL DEFAULT 1,
  saved_by      uuid,
  saved_at      timestamptz,
  completed_by  uuid,
  completed_at  timestamptz,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT root_cause_reviews_one_a_round UNIQUE (provider_id, finding_id, round),
  CONSTRAINT root_cause_reviews_saved_by_somebody CHECK ((saved_by IS NULL) = (saved_at IS NULL)),
  CONSTRAINT root_cause_reviews_complete_is_whole CHECK (CASE WHEN completed_at IS NULL THEN completed_by IS NULL ELSE
    completed_by IS NOT NULL AND cardinality(factors) >= 1 AND length(btrim(analysis || array_to_string(whys, ''))) > 0 AND review_on IS NOT NULL END),
  FOREIGN KEY (provider_id, finding_id) REFERENCES findings,
  FOREIGN KEY (provider_id, opened_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, saved_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, completed_by) REFERENCES memberships
);
CREATE UNIQUE INDEX root_cause_reviews_one_open ON root_cause_reviews (provider_id, finding_id) WHERE completed_at IS NULL;

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['closures_not_lasting', 'root_cause_reviews'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO throughline_app', t);
    EXECUTE format('CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event(%L)',
      t, CASE t WHEN 'closures_not_lasting' THEN 'action_id' ELSE '' END);
  END LOOP;
END $$;
GRANT UPDATE (factors, whys, analysis, wider, review_on, version, saved_by, saved_at, completed_by, completed_at) ON root_cause_reviews TO throughline_app;

-- Opened empty, written one version after the other, and never edited once it is complete.
CREATE FUNCTION app.root_cause_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'root-cause reviews are never deleted' USING ERRCODE = 'TL011';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  IF TG_OP = 'INSERT' THEN
    IF NEW.version <> 1 OR NEW.saved_at IS NOT NULL OR NEW.completed_at IS NOT NULL THEN
      RAISE EXCEPTION 'a root-cause review begins open' USING ERRCODE = 'TL010';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = NEW.provider_id AND l.finding_id = NEW.finding_id AND l.withdrawn_at IS NULL) THEN
      RAISE EXCEPTION 'only what came back has a root-cause review' USING ERRCODE = 'TL071';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.completed_at IS NOT NULL THEN
    RAISE EXCEPTION 'a complete root-cause review stays as it is' USING ERRCODE = 'TL072';
  END IF;
  IF (NEW.provider_id, NEW.id, NEW.finding_id, NEW.round, NEW.opened_by, NEW.opened_at)
     IS DISTINCT FROM (OLD.provider_id, OLD.id, OLD.finding_id, OLD.round, OLD.opened_by, OLD.opened_at) THEN
    RAISE EXCEPTION 'a root-cause review does not move' USING ERRCODE = 'TL001';
  END IF;
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'stale write: saw version %, found %', NEW.version - 1, OLD.version USING ERRCODE = 'TL012';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.root_cause_guard() FROM PUBLIC;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON root_cause_reviews FOR EACH ROW EXECUTE FUNCTION app.root_cause_guard();
