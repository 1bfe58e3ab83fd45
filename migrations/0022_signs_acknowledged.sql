-- Early-warning signs put aside with a reason until a date (E1 to E16), and how many signs each service has.
-- Never edited: another line follows, and the newest counts. One without a date shows the sign again at once.
CREATE TABLE sign_acknowledgements (
  provider_id  uuid NOT NULL,
  sign         text NOT NULL CONSTRAINT sign_acknowledgements_sign_is_a_word CHECK (sign ~ '^[a-z_]{1,40}$'),
  -- the action or the finding it is about
  subject_id   uuid NOT NULL,
  round        integer NOT NULL CONSTRAINT sign_acknowledgements_round_counts CHECK (round >= 1),
  action_id    uuid,
  finding_id   uuid,
  -- what was seen: a sign that began anew since, or counts more, is shown again
  since        date NOT NULL,
  n            bigint NOT NULL,
  reason       text NOT NULL DEFAULT '' CONSTRAINT sign_acknowledgements_reason_is_short CHECK (length(reason) <= 2000),
  until_on     date,
  by           uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, sign, subject_id, round),
  CONSTRAINT sign_acknowledgements_is_about_one CHECK (num_nonnulls(action_id, finding_id) = 1 AND subject_id = coalesce(action_id, finding_id)),
  CONSTRAINT sign_acknowledgements_has_a_reason CHECK (until_on IS NULL OR length(btrim(reason)) > 0),
  CONSTRAINT sign_acknowledgements_ends CHECK (until_on <= (at AT TIME ZONE 'Europe/London')::date + 31),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, finding_id) REFERENCES findings,
  FOREIGN KEY (provider_id, by) REFERENCES memberships
);
CREATE INDEX sign_acknowledgements_newest_first ON sign_acknowledgements (provider_id, at DESC);

-- How many signs a service has, counted by the worker when something happened since, or on another day. Not a fact of its
-- own: it can be counted anew at any time, so it is in no trail.
CREATE TABLE sign_counts (
  provider_id  uuid NOT NULL,
  service_id   uuid NOT NULL,
  total        integer NOT NULL CONSTRAINT sign_counts_total_counts CHECK (total >= 0),
  PRIMARY KEY (provider_id, service_id),
  FOREIGN KEY (provider_id, service_id) REFERENCES services
);
-- What a provider's counts saw.
CREATE TABLE sign_counts_made (
  provider_id  uuid NOT NULL PRIMARY KEY REFERENCES providers,
  counted_at   timestamptz NOT NULL,
  -- the last line of the trail when they were counted
  seq          bigint NOT NULL
);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['sign_acknowledgements', 'sign_counts', 'sign_counts_made'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO throughline_app', t);
  END LOOP;
END $$;
GRANT UPDATE (total) ON sign_counts TO throughline_app;
GRANT UPDATE (counted_at, seq) ON sign_counts_made TO throughline_app;
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON sign_acknowledgements
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event('action_id');
