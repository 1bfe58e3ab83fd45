-- Invitations: single use, for some days. Only a hash of the secret is kept; one that goes by mail is made when the
-- mail is written, so that nothing but the mail ever holds it.
CREATE TABLE invitations (
  provider_id   uuid NOT NULL REFERENCES providers,
  id            uuid NOT NULL,
  way           text NOT NULL CONSTRAINT invitations_way_is_known CHECK (way IN ('mail', 'code')),
  email         text CONSTRAINT invitations_email_is_lower CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name          text NOT NULL CONSTRAINT invitations_name_is_given CHECK (length(btrim(name)) BETWEEN 1 AND 120),
  role          text NOT NULL CONSTRAINT invitations_role_is_known CHECK (role IN (
                  'care_staff', 'team_leader', 'deputy_manager', 'registered_manager', 'safeguarding_lead',
                  'quality_lead', 'nominated_individual', 'administrator', 'external_reader')),
  job_title     text NOT NULL DEFAULT '' CONSTRAINT invitations_job_title_is_short CHECK (length(job_title) <= 120),
  services      uuid[] NOT NULL,
  secret_hash   bytea CONSTRAINT invitations_hash_is_sha256 CHECK (length(secret_hash) = 32),
  created_by    uuid NOT NULL,
  -- who answers for it: whoever made it, or made it anew. When they are no administrator any more, it opens nothing
  vouched_by    uuid NOT NULL,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  -- the mail: when it is due, who has it in hand, how it went
  mail_at       timestamptz,
  leased_until  timestamptz,
  attempts      integer NOT NULL DEFAULT 0,
  sent_at       timestamptz,
  last_error    text CONSTRAINT invitations_last_error_is_short CHECK (length(last_error) <= 500),
  accepted_at   timestamptz,
  accepted_by   uuid,
  withdrawn_at  timestamptz,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT invitations_mail_has_an_address CHECK ((way = 'mail') = (email IS NOT NULL)),
  CONSTRAINT invitations_accepted_by_somebody CHECK ((accepted_at IS NULL) = (accepted_by IS NULL)),
  CONSTRAINT invitations_end_once CHECK (accepted_at IS NULL OR withdrawn_at IS NULL),
  FOREIGN KEY (provider_id, created_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, vouched_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, accepted_by) REFERENCES memberships
);
CREATE UNIQUE INDEX invitations_by_secret ON invitations (provider_id, secret_hash) WHERE secret_hash IS NOT NULL;
CREATE INDEX invitations_to_mail ON invitations (provider_id, mail_at) WHERE mail_at IS NOT NULL;
CREATE INDEX invitations_newest_first ON invitations (provider_id, created_at DESC, id DESC);
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invitations USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT ON invitations TO throughline_app;
GRANT UPDATE (secret_hash, vouched_by, expires_at, mail_at, leased_until, attempts, sent_at, last_error, accepted_at, accepted_by, withdrawn_at)
  ON invitations TO throughline_app;
-- what people do with it is told; how its mail travels is not
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OF expires_at, accepted_at, withdrawn_at ON invitations
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event('');
-- what was accepted stays as it was
CREATE FUNCTION app.invitation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.accepted_at IS NOT NULL THEN
    RAISE EXCEPTION 'an accepted invitation stays as it is' USING ERRCODE = 'TL051';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.invitation_guard() FROM PUBLIC;
CREATE TRIGGER guard BEFORE UPDATE ON invitations FOR EACH ROW EXECUTE FUNCTION app.invitation_guard();

-- A person belongs to no provider, and a provider's transaction sees no people: for whoever accepts, this one row is written.
CREATE FUNCTION app.insert_person(p_id uuid, p_email text, p_name text, p_hash text, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE was text := coalesce(current_setting('app.system', true), '');
BEGIN
  PERFORM set_config('app.system', 'on', true);
  INSERT INTO users (id, email, name, password_hash, password_changed_at, created_at) VALUES (p_id, p_email, p_name, p_hash, p_now, p_now);
  PERFORM set_config('app.system', was, true);
END $$;
REVOKE ALL ON FUNCTION app.insert_person(uuid, text, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.insert_person(uuid, text, text, text, timestamptz) TO throughline_app;
