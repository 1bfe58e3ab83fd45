-- The same problem found again (R21): a newer finding is linked to an earlier one. A link is never edited or deleted, only
-- withdrawn with a reason.
CREATE TABLE finding_links (
  provider_id      uuid NOT NULL,
  id               uuid NOT NULL,
  finding_id       uuid NOT NULL,
  earlier_id       uuid NOT NULL,
  linked_by        uuid NOT NULL,
  linked_at        timestamptz NOT NULL,
  withdrawn_by     uuid,
  withdrawn_at     timestamptz,
  withdrawn_reason text CONSTRAINT finding_links_withdrawn_reason_is_short CHECK (length(btrim(withdrawn_reason)) BETWEEN 1 AND 2000),
  PRIMARY KEY (provider_id, id),
  CONSTRAINT finding_links_lead_elsewhere CHECK (finding_id <> earlier_id),
  CONSTRAINT finding_links_withdrawn_with_reason CHECK (num_nonnulls(withdrawn_by, withdrawn_at, withdrawn_reason) IN (0, 3)),
  FOREIGN KEY (provider_id, finding_id) REFERENCES findings,
  FOREIGN KEY (provider_id, earlier_id) REFERENCES findings,
  FOREIGN KEY (provider_id, linked_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, withdrawn_by) REFERENCES memberships
);
CREATE UNIQUE INDEX finding_links_once ON finding_links (provider_id, finding_id, earlier_id) WHERE withdrawn_at IS NULL;
CREATE INDEX finding_links_of_an_earlier ON finding_links (provider_id, earlier_id) WHERE withdrawn_at IS NULL;

ALTER TABLE finding_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE finding_links FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON finding_links USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT ON finding_links TO throughline_app;
GRANT UPDATE (withdrawn_by, withdrawn_at, withdrawn_reason) ON finding_links TO throughline_app;
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON finding_links DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.must_have_event('');

-- What was found first comes first, so that links never run in a circle.
CREATE FUNCTION app.finding_link_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE n record; e record;
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'links are never deleted' USING ERRCODE = 'TL005';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  IF TG_OP = 'UPDATE' THEN
    IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
       OR (NEW.provider_id, NEW.id, NEW.finding_id, NEW.earlier_id, NEW.linked_by, NEW.linked_at)
          IS DISTINCT FROM (OLD.provider_id, OLD.id, OLD.finding_id, OLD.earlier_id, OLD.linked_by, OLD.linked_at) THEN
      RAISE EXCEPTION 'a link may only be withdrawn, once' USING ERRCODE = 'TL005';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.withdrawn_at IS NOT NULL THEN
    RAISE EXCEPTION 'a link is made before it is withdrawn' USING ERRCODE = 'TL007';
  END IF;
  SELECT f.found_on, f.number INTO n FROM findings f WHERE f.provider_id = NEW.provider_id AND f.id = NEW.finding_id;
  SELECT f.found_on, f.number INTO e FROM findings f WHERE f.provider_id = NEW.provider_id AND f.id = NEW.earlier_id;
  IF (e.found_on, e.number) >= (n.found_on, n.number) THEN
    RAISE EXCEPTION 'a finding comes back after it was found' USING ERRCODE = 'TL070';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.finding_link_guard() FROM PUBLIC;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON finding_links FOR EACH ROW EXECUTE FUNCTION app.finding_link_guard();

-- What was found, as words to compare: each once. Under row-level security an index of words would not be used, so like
-- findings are looked for among those of twelve months and compared one by one (store/sql/like.sql).
ALTER TABLE findings ADD COLUMN words tsvector GENERATED ALWAYS AS (strip(to_tsvector('english', what))) STORED;
