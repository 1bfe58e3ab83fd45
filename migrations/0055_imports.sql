-- Bringing the spreadsheet a provider used before: the file's rows while somebody matches them, and what came of each.

-- The source of what was imported. A tracker is not an audit or a complaint, whatever its rows say of themselves.
ALTER TABLE reviews DROP CONSTRAINT reviews_kind_is_known, ADD CONSTRAINT reviews_kind_is_known CHECK (kind IN (
  'audit', 'incident_review', 'complaint', 'feedback_round', 'safeguarding_review', 'walkaround', 'spot_check',
  'daily_check', 'meeting', 'inspection', 'commissioner_visit', 'provider_visit', 'imported_tracker'));

-- Findings of an import that was undone: they keep their number and their lines in the trail, and stand in no list.
ALTER TABLE findings ADD COLUMN undone boolean NOT NULL DEFAULT false;
GRANT UPDATE (undone) ON findings TO throughline_app;

-- nor in the share of findings that came back (M7): one line of the function of 0052
DO $$ DECLARE was text := pg_get_functiondef('app.figure_rows(uuid, uuid[], boolean, timestamptz, timestamptz, date, date, text)'::regprocedure);
BEGIN
  IF position('WHERE f.logged_at < p_until;' IN was) = 0 THEN
    RAISE EXCEPTION 'the findings of M7 are not found where 0052 has them';
  END IF;
  EXECUTE replace(was, 'WHERE f.logged_at < p_until;', 'WHERE f.logged_at < p_until AND NOT f.undone;');
END $$;

CREATE TABLE imports (
  provider_id  uuid NOT NULL REFERENCES providers,
  id           uuid NOT NULL,
  file_name    text NOT NULL CONSTRAINT imports_file_name_is_given CHECK (length(btrim(file_name)) BETWEEN 1 AND 200),
  sha256       bytea NOT NULL CONSTRAINT imports_hash_is_sha256 CHECK (length(sha256) = 32),
  -- the sheets with their names and sizes, and what was chosen (domain/import)
  sheets       jsonb NOT NULL,
  choices      jsonb NOT NULL,
  version      bigint NOT NULL DEFAULT 1,
  -- the version the fates of the rows were worked out for
  checked      bigint,
  state        text NOT NULL DEFAULT 'draft' CONSTRAINT imports_state_is_known CHECK (state IN ('draft', 'running', 'imported', 'undoing', 'undone')),
  -- why it was not done the last time it was tried
  said         text CONSTRAINT imports_said_is_short CHECK (length(said) <= 2000),
  opened       integer NOT NULL DEFAULT 0,
  earlier      integer NOT NULL DEFAULT 0,
  known        integer NOT NULL DEFAULT 0,
  left_out     integer NOT NULL DEFAULT 0,
  created_by   uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  changed_at   timestamptz NOT NULL,
  imported_at  timestamptz,
  undone_by    uuid,
  undone_at    timestamptz,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT imports_are_dated CHECK ((state IN ('imported', 'undoing', 'undone')) = (imported_at IS NOT NULL)),
  CONSTRAINT imports_undoing_is_whole CHECK ((state = 'undone') = (num_nonnulls(undone_by, undone_at) = 2)),
  FOREIGN KEY (provider_id, created_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, undone_by) REFERENCES memberships
);
CREATE INDEX imports_newest_first ON imports (provider_id, created_at DESC, id DESC);

-- A row of a sheet, as it reads; `n` is its number in the spreadsheet.
CREATE TABLE import_rows (
  provider_id  uuid NOT NULL,
  import_id    uuid NOT NULL,
  sheet        integer NOT NULL,
  n            integer NOT NULL,
  cells        text[] NOT NULL,
  fate         text CONSTRAINT import_rows_fate_is_known CHECK (fate IN ('open', 'earlier', 'known', 'left_out')),
  why          text CONSTRAINT import_rows_why_is_short CHECK (length(why) <= 2000),
  -- what makes it the same row, in whatever file it comes again
  fingerprint  bytea CONSTRAINT import_rows_fingerprint_is_sha256 CHECK (length(fingerprint) = 32),
  imported     boolean NOT NULL DEFAULT false,
  finding_id   uuid,
  action_id    uuid,
  PRIMARY KEY (provider_id, import_id, sheet, n),
  CONSTRAINT import_rows_became_something CHECK (NOT imported OR (fingerprint IS NOT NULL AND fate IN ('open', 'earlier'))),
  FOREIGN KEY (provider_id, import_id) REFERENCES imports ON DELETE CASCADE,
  FOREIGN KEY (provider_id, finding_id) REFERENCES findings,
  FOREIGN KEY (provider_id, action_id) REFERENCES actions
);
-- the same row is never there twice, whoever imports at the same time
CREATE UNIQUE INDEX import_rows_come_once ON import_rows (provider_id, fingerprint) WHERE imported;
CREATE INDEX import_rows_by_fate ON import_rows (provider_id, import_id, fate, n) WHERE fate IS NOT NULL;

-- What was done before Throughline: as the tracker says, proved by nothing here. No row of `actions`, so that no list, rule, sign or
-- figure can take it for something that was verified and closed.
CREATE TABLE earlier_actions (
  provider_id      uuid NOT NULL,
  id               uuid NOT NULL,
  import_id        uuid NOT NULL,
  n                integer NOT NULL,
  service_id       uuid NOT NULL,
  what             text NOT NULL CONSTRAINT earlier_actions_what_is_given CHECK (length(btrim(what)) BETWEEN 1 AND 1000),
  finding          text NOT NULL DEFAULT '' CONSTRAINT earlier_actions_finding_is_short CHECK (length(finding) <= 4000),
  risk             text CONSTRAINT earlier_actions_risk_is_known CHECK (risk IN ('low', 'medium', 'high', 'critical')),
  theme            text NOT NULL,
  topic            text NOT NULL,
  owner            text NOT NULL DEFAULT '' CONSTRAINT earlier_actions_owner_is_short CHECK (length(owner) <= 200),
  due_on           date,
  closed_on        date,
  -- the day it is listed under: closed, else due, else the day it came
  listed_on        date NOT NULL,
  note             text NOT NULL DEFAULT '' CONSTRAINT earlier_actions_note_is_short CHECK (length(note) <= 4000),
  imported_by      uuid NOT NULL,
  imported_at      timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  FOREIGN KEY (provider_id, import_id) REFERENCES imports,
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, imported_by) REFERENCES memberships
);
CREATE INDEX earlier_actions_newest_first ON earlier_actions (provider_id, listed_on DESC, id DESC);
CREATE INDEX earlier_actions_of_a_service ON earlier_actions (provider_id, service_id, topic, listed_on DESC, id DESC);
CREATE INDEX earlier_actions_of_an_import ON earlier_actions (provider_id, import_id);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['imports', 'import_rows', 'earlier_actions'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO throughline_app', t);
  END LOOP;
END $$;
GRANT UPDATE (choices, version, checked, state, said, opened, earlier, known, left_out, changed_at, imported_at, undone_by, undone_at) ON imports TO throughline_app;
GRANT UPDATE (cells, fate, why, fingerprint, imported, finding_id, action_id) ON import_rows TO throughline_app;

-- What came in is told in the trail, and what was undone; a draft is nobody's business but its author's.
CREATE FUNCTION app.import_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.state NOT IN ('draft') THEN
      RAISE EXCEPTION 'what was imported stays known' USING ERRCODE = 'TL011';
    END IF;
    RETURN OLD;
  END IF;
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'stale write: saw version %, found %', NEW.version - 1, OLD.version USING ERRCODE = 'TL012';
  END IF;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (('draft', 'running'), ('running', 'draft'), ('running', 'imported'),
      ('imported', 'undoing'), ('undoing', 'imported'), ('undoing', 'undone')) THEN
    RAISE EXCEPTION 'no way from % to %', OLD.state, NEW.state USING ERRCODE = 'TL017';
  END IF;
  IF OLD.state <> 'draft' AND (NEW.choices, NEW.checked) IS DISTINCT FROM (OLD.choices, OLD.checked) THEN
    RAISE EXCEPTION 'what was chosen stays as it was' USING ERRCODE = 'TL005';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON imports FOR EACH ROW EXECUTE FUNCTION app.import_guard();
CREATE CONSTRAINT TRIGGER must_have_event AFTER UPDATE ON imports DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN ((OLD.imported_at, OLD.undone_at) IS DISTINCT FROM (NEW.imported_at, NEW.undone_at)) EXECUTE FUNCTION app.must_have_event('');

-- Closed before Throughline: written with its import, taken back with it, and otherwise as it was.
CREATE FUNCTION app.earlier_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM app.same_provider(NEW.provider_id);
    IF NOT EXISTS (SELECT 1 FROM imports i WHERE i.provider_id = NEW.provider_id AND i.id = NEW.import_id AND i.state = 'running') THEN
      RAISE EXCEPTION 'closed before Throughline comes by an import' USING ERRCODE = 'TL008';
    END IF;
    RETURN NEW;
  END IF;
  PERFORM app.same_provider(OLD.provider_id);
  IF NOT EXISTS (SELECT 1 FROM imports i WHERE i.provider_id = OLD.provider_id AND i.id = OLD.import_id AND i.state = 'undoing') THEN
    RAISE EXCEPTION 'closed before Throughline stays as it came' USING ERRCODE = 'TL005';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR DELETE ON earlier_actions FOR EACH ROW EXECUTE FUNCTION app.earlier_guard();
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON earlier_actions DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.must_have_event('');
REVOKE ALL ON FUNCTION app.import_guard(), app.earlier_guard() FROM PUBLIC;
