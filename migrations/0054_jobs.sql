-- Work that takes longer than a page may: an import, its undoing. Whoever asks for it leaves a row; the worker of any process takes it
-- (worker/jobs.rs). A job is one transaction that holds its row: killed in the middle, it let go of the row and of all it wrote.
CREATE TABLE jobs (
  provider_id  uuid NOT NULL REFERENCES providers,
  id           uuid NOT NULL,
  kind         text NOT NULL CONSTRAINT jobs_kind_is_a_word CHECK (kind ~ '^[a-z_]{1,40}$'),
  -- what it is about, by its kind
  subject_id   uuid NOT NULL,
  asked_by     uuid NOT NULL,
  asked_at     timestamptz NOT NULL,
  state        text NOT NULL DEFAULT 'waiting' CONSTRAINT jobs_state_is_known CHECK (state IN ('waiting', 'done', 'failed')),
  -- why it failed, for whoever asked
  said         text CONSTRAINT jobs_said_is_short CHECK (length(said) <= 2000),
  ended_at     timestamptz,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT jobs_end_once CHECK ((state = 'waiting') = (ended_at IS NULL)),
  FOREIGN KEY (provider_id, asked_by) REFERENCES memberships
);
CREATE INDEX jobs_waiting ON jobs (provider_id, asked_at, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX jobs_once_at_a_time ON jobs (provider_id, kind, subject_id) WHERE state = 'waiting';
CREATE INDEX jobs_of_a_subject ON jobs (provider_id, subject_id, asked_at);

-- How far it is, written beside the job's own transaction so that it can be seen while that runs.
CREATE TABLE job_progress (
  provider_id  uuid NOT NULL,
  job_id       uuid NOT NULL,
  tries        integer NOT NULL DEFAULT 0 CONSTRAINT job_progress_tries_count CHECK (tries >= 0),
  begun_at     timestamptz,
  done         integer NOT NULL DEFAULT 0,
  whole        integer NOT NULL DEFAULT 0,
  PRIMARY KEY (provider_id, job_id),
  CONSTRAINT job_progress_is_part_of_the_whole CHECK (done BETWEEN 0 AND whole),
  FOREIGN KEY (provider_id, job_id) REFERENCES jobs
);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['jobs', 'job_progress'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO throughline_app', t);
  END LOOP;
END $$;
GRANT UPDATE (state, said, ended_at) ON jobs TO throughline_app;
GRANT UPDATE (tries, begun_at, done, whole) ON job_progress TO throughline_app;

-- A job ends once.
CREATE FUNCTION app.job_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'waiting' THEN
    RAISE EXCEPTION 'a job ends once' USING ERRCODE = 'TL005';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.job_guard() FROM PUBLIC;
CREATE TRIGGER guard BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION app.job_guard();
