-- Evidence packs: what was chosen, what became of it, and who fetched it (R27, R27a, R9a). A pack is asked for, made in the background,
-- and never changes afterwards; it can only be withdrawn. Its file lies in the store of evidence under its hash.
CREATE TABLE packs (
  provider_id      uuid NOT NULL REFERENCES providers,
  id               uuid NOT NULL,
  purpose          text NOT NULL CONSTRAINT packs_purpose_is_given CHECK (length(btrim(purpose)) BETWEEN 1 AND 200),
  naming           text NOT NULL CONSTRAINT packs_naming_is_known CHECK (naming IN ('titles', 'names')),
  found_from       date,
  found_to         date,
  themes           text[] NOT NULL,
  -- none when whoever runs the program asked for it
  asked_by         uuid,
  asked_at         timestamptz NOT NULL,
  state            text NOT NULL DEFAULT 'asked' CONSTRAINT packs_state_is_known CHECK (state IN ('asked', 'sealed', 'made', 'failed', 'withdrawn')),
  -- who is making it, until when, and how often that was tried
  taken_until      timestamptz,
  attempts         integer NOT NULL DEFAULT 0,
  manifest         text CONSTRAINT packs_manifest_is_a_hash CHECK (manifest ~ '^[0-9a-f]{64}$'),
  seal_line        bigint,
  seal_hash        text CONSTRAINT packs_seal_is_a_hash CHECK (seal_hash ~ '^[0-9a-f]{64}$'),
  head_line        bigint,
  sha256           bytea CONSTRAINT packs_hash_is_sha256 CHECK (length(sha256) = 32),
  size             bigint CONSTRAINT packs_size_is_some CHECK (size > 0),
  files            integer,
  lines            integer,
  made_at          timestamptz,
  failed_because   text CONSTRAINT packs_failure_is_said CHECK (length(btrim(failed_because)) BETWEEN 1 AND 500),
  withdrawn_by     uuid,
  withdrawn_at     timestamptz,
  withdrawn_reason text CONSTRAINT packs_withdrawn_reason_is_short CHECK (length(btrim(withdrawn_reason)) BETWEEN 1 AND 2000),
  PRIMARY KEY (provider_id, id),
  CONSTRAINT packs_period_is_one CHECK (found_from <= found_to),
  CONSTRAINT packs_made_is_whole CHECK (CASE WHEN state IN ('made', 'withdrawn')
    THEN num_nonnulls(manifest, seal_line, seal_hash, head_line, sha256, size, files, lines, made_at) = 9
    ELSE num_nonnulls(seal_line, seal_hash, sha256, size, files, lines, made_at) = 0 END),
  CONSTRAINT packs_failed_says_why CHECK ((state = 'failed') = (failed_because IS NOT NULL)),
  CONSTRAINT packs_withdrawn_with_reason CHECK ((state = 'withdrawn') = (num_nonnulls(withdrawn_by, withdrawn_at, withdrawn_reason) = 3)
    AND num_nonnulls(withdrawn_by, withdrawn_at, withdrawn_reason) IN (0, 3)),
  FOREIGN KEY (provider_id, asked_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, withdrawn_by) REFERENCES memberships
);
CREATE INDEX packs_newest_first ON packs (provider_id, asked_at DESC, id DESC);
CREATE INDEX packs_to_make ON packs (provider_id, asked_at) WHERE state IN ('asked', 'sealed');
CREATE INDEX packs_by_file ON packs (provider_id, sha256) WHERE state = 'made';

-- The services and findings it is about, and the evidence that is kept back: fixed when it is asked for.
CREATE TABLE pack_services (
  provider_id  uuid NOT NULL,
  pack_id      uuid NOT NULL,
  service_id   uuid NOT NULL,
  PRIMARY KEY (provider_id, pack_id, service_id),
  FOREIGN KEY (provider_id, pack_id) REFERENCES packs,
  FOREIGN KEY (provider_id, service_id) REFERENCES services
);
CREATE TABLE pack_findings (
  provider_id  uuid NOT NULL,
  pack_id      uuid NOT NULL,
  finding_id   uuid NOT NULL,
  PRIMARY KEY (provider_id, pack_id, finding_id),
  FOREIGN KEY (provider_id, pack_id) REFERENCES packs,
  FOREIGN KEY (provider_id, finding_id) REFERENCES findings
);
CREATE INDEX pack_findings_by_finding ON pack_findings (provider_id, finding_id);
CREATE TABLE pack_withheld (
  provider_id  uuid NOT NULL,
  pack_id      uuid NOT NULL,
  evidence_id  uuid NOT NULL,
  reason       text NOT NULL CONSTRAINT pack_withheld_reason_is_given CHECK (length(btrim(reason)) BETWEEN 1 AND 300),
  PRIMARY KEY (provider_id, pack_id, evidence_id),
  FOREIGN KEY (provider_id, pack_id) REFERENCES packs,
  FOREIGN KEY (provider_id, evidence_id) REFERENCES evidence
);

-- R9a: who fetched or read what of it, apart from the trail.
CREATE TABLE pack_downloads (
  provider_id  uuid NOT NULL,
  id           uuid NOT NULL,
  pack_id      uuid NOT NULL,
  member_id    uuid NOT NULL,
  at           timestamptz NOT NULL,
  -- the file of the pack; none for the whole
  path         text CONSTRAINT pack_downloads_path_is_short CHECK (length(path) BETWEEN 1 AND 200),
  PRIMARY KEY (provider_id, id),
  FOREIGN KEY (provider_id, pack_id) REFERENCES packs,
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships
);
CREATE INDEX pack_downloads_of_a_pack ON pack_downloads (provider_id, pack_id, at DESC, id DESC);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['packs', 'pack_services', 'pack_findings', 'pack_withheld', 'pack_downloads'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO throughline_app', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['pack_services', 'pack_findings', 'pack_withheld'] LOOP
    EXECUTE format('CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event('''')', t);
  END LOOP;
END $$;
GRANT UPDATE (state, taken_until, attempts, manifest, seal_line, seal_hash, head_line, sha256, size, files, lines, made_at, failed_because,
  withdrawn_by, withdrawn_at, withdrawn_reason) ON packs TO throughline_app;
-- who is making it is nobody's business but the workers'; everything else is told
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR DELETE OR UPDATE OF state, manifest, seal_line, seal_hash, head_line, sha256, size, files, lines,
  made_at, failed_because, withdrawn_by, withdrawn_at, withdrawn_reason ON packs DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.must_have_event('');

-- A pack is asked for, sealed, made; once made it never changes, but for being withdrawn.
CREATE FUNCTION app.pack_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'packs are never deleted' USING ERRCODE = 'TL005';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'asked' OR NEW.attempts <> 0 OR NEW.taken_until IS NOT NULL OR NEW.manifest IS NOT NULL OR NEW.head_line IS NOT NULL THEN
      RAISE EXCEPTION 'a pack is asked for before it is made' USING ERRCODE = 'TL007';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.provider_id, NEW.id, NEW.purpose, NEW.naming, NEW.found_from, NEW.found_to, NEW.themes, NEW.asked_by, NEW.asked_at)
     IS DISTINCT FROM (OLD.provider_id, OLD.id, OLD.purpose, OLD.naming, OLD.found_from, OLD.found_to, OLD.themes, OLD.asked_by, OLD.asked_at) THEN
    RAISE EXCEPTION 'what was chosen for a pack stays' USING ERRCODE = 'TL005';
  END IF;
  IF OLD.state IN ('made', 'withdrawn') AND (NEW.manifest, NEW.seal_line, NEW.seal_hash, NEW.head_line, NEW.sha256, NEW.size, NEW.files, NEW.lines, NEW.made_at)
     IS DISTINCT FROM (OLD.manifest, OLD.seal_line, OLD.seal_hash, OLD.head_line, OLD.sha256, OLD.size, OLD.files, OLD.lines, OLD.made_at) THEN
    RAISE EXCEPTION 'a pack that is made never changes' USING ERRCODE = 'TL005';
  END IF;
  IF NOT ((OLD.state, NEW.state) IN (('asked', 'asked'), ('asked', 'sealed'), ('asked', 'failed'), ('sealed', 'sealed'), ('sealed', 'made'),
      ('sealed', 'failed'), ('made', 'withdrawn'))) THEN
    RAISE EXCEPTION 'a pack does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'TL006';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.pack_guard() FROM PUBLIC;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON packs FOR EACH ROW EXECUTE FUNCTION app.pack_guard();

-- What a pack is about is said when it is asked for, and in the same transaction.
CREATE FUNCTION app.pack_part_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    RAISE EXCEPTION 'what was chosen for a pack stays' USING ERRCODE = 'TL005';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  IF NOT EXISTS (SELECT 1 FROM packs p WHERE p.provider_id = NEW.provider_id AND p.id = NEW.pack_id AND p.state = 'asked' AND p.attempts = 0
      AND p.xmin = pg_current_xact_id()::xid) THEN
    RAISE EXCEPTION 'what was chosen for a pack stays' USING ERRCODE = 'TL005';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.pack_part_guard() FROM PUBLIC;
DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['pack_services', 'pack_findings', 'pack_withheld'] LOOP
    EXECUTE format('CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION app.pack_part_guard()', t);
  END LOOP;
END $$;
