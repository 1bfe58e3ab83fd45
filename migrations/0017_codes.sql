-- One-time codes from a telephone, beside the password: for whom a provider asks for them, whose telephone, ten codes on paper
-- for the day it is lost, and taking them away again by two administrators.

-- For which roles. Those who decide, look after people or are guests, unless the provider says otherwise.
ALTER TABLE providers ADD COLUMN codes_for text[] NOT NULL
  DEFAULT ARRAY['deputy_manager', 'registered_manager', 'safeguarding_lead', 'quality_lead', 'nominated_individual', 'administrator', 'external_reader']
  CONSTRAINT providers_codes_for_roles CHECK (codes_for <@ ARRAY[
    'care_staff', 'team_leader', 'deputy_manager', 'registered_manager', 'safeguarding_lead', 'quality_lead', 'nominated_individual',
    'administrator', 'external_reader']);
GRANT UPDATE (codes_for) ON providers TO throughline_app;
CREATE FUNCTION app.provider_must_have_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE newest xid8;
BEGIN
  SELECT e.xid INTO newest FROM events e WHERE e.provider_id = NEW.id ORDER BY e.seq DESC LIMIT 1;
  IF newest IS DISTINCT FROM pg_current_xact_id() THEN
    RAISE EXCEPTION 'a change to % without an event', TG_TABLE_NAME USING ERRCODE = 'TL032';
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.provider_must_have_event() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER must_have_event AFTER UPDATE ON providers
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.provider_must_have_event();

-- A person has one telephone for all their providers. These three tables are read at sign-in and on the person's own page only:
-- a transaction of a provider does not see them.
CREATE TABLE authenticators (
  user_id    uuid PRIMARY KEY REFERENCES users,
  secret     bytea NOT NULL CONSTRAINT authenticators_secret_length CHECK (length(secret) = 20),
  since      timestamptz NOT NULL,
  -- the newest step of thirty seconds whose code was used: no code of it or of an earlier one is taken again
  last_step  bigint NOT NULL
);
CREATE TABLE recovery_codes (
  user_id  uuid NOT NULL REFERENCES users,
  hash     bytea NOT NULL CONSTRAINT recovery_codes_hash_is_sha256 CHECK (length(hash) = 32),
  used_at  timestamptz,
  PRIMARY KEY (user_id, hash)
);
-- The password was right and the code is still to come. Only a hash of the browser's token is kept.
CREATE TABLE half_sign_ins (
  token_hash  bytea PRIMARY KEY CONSTRAINT half_sign_ins_hash_is_sha256 CHECK (length(token_hash) = 32),
  user_id     uuid NOT NULL REFERENCES users,
  -- what is offered to somebody who has no telephone here yet
  offered     bytea CONSTRAINT half_sign_ins_offered_length CHECK (length(offered) = 20),
  expires_at  timestamptz NOT NULL
);
CREATE INDEX half_sign_ins_of_a_person ON half_sign_ins (user_id);
CREATE INDEX half_sign_ins_by_expiry ON half_sign_ins (expires_at);
DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['authenticators', 'recovery_codes', 'half_sign_ins'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY system ON %I USING ((SELECT app.is_system())) WITH CHECK ((SELECT app.is_system()))', t);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO throughline_app', t);
  END LOOP;
END $$;
GRANT UPDATE (last_step) ON authenticators TO throughline_app;
GRANT UPDATE (used_at) ON recovery_codes TO throughline_app;
GRANT UPDATE (offered) ON half_sign_ins TO throughline_app;

-- As in 0001, and who is half signed in starts again as well.
CREATE OR REPLACE FUNCTION app.end_sessions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE was text := coalesce(current_setting('app.system', true), ''); person uuid;
BEGIN
  IF TG_TABLE_NAME = 'users' THEN person := NEW.id; ELSE person := NEW.user_id; END IF;
  PERFORM set_config('app.system', 'on', true);
  DELETE FROM sessions s WHERE s.user_id = person;
  DELETE FROM half_sign_ins h WHERE h.user_id = person;
  PERFORM set_config('app.system', was, true);
  RETURN NULL;
END $$;

-- Whoever lost their telephone and their ten codes: one administrator asks, another confirms, and neither is the person.
CREATE TABLE code_resets (
  provider_id   uuid NOT NULL REFERENCES providers,
  id            uuid NOT NULL,
  member_id     uuid NOT NULL,
  reason        text NOT NULL CONSTRAINT code_resets_reason_is_given CHECK (length(btrim(reason)) BETWEEN 1 AND 2000),
  asked_by      uuid NOT NULL CONSTRAINT code_resets_nobody_asks_for_themselves CHECK (asked_by <> member_id),
  asked_at      timestamptz NOT NULL,
  ended_at      timestamptz,
  confirmed_by  uuid CONSTRAINT code_resets_nobody_confirms_for_themselves CHECK (confirmed_by <> member_id),
  PRIMARY KEY (provider_id, id),
  CONSTRAINT code_resets_by_two CHECK (confirmed_by <> asked_by),
  CONSTRAINT code_resets_confirmed_is_over CHECK (confirmed_by IS NULL OR ended_at IS NOT NULL),
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships,
  FOREIGN KEY (provider_id, asked_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, confirmed_by) REFERENCES memberships
);
CREATE UNIQUE INDEX code_resets_one_at_a_time ON code_resets (provider_id, member_id) WHERE ended_at IS NULL;
ALTER TABLE code_resets ENABLE ROW LEVEL SECURITY;
ALTER TABLE code_resets FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON code_resets USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT ON code_resets TO throughline_app;
GRANT UPDATE (ended_at, confirmed_by) ON code_resets TO throughline_app;
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE ON code_resets
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event('');

-- Confirming does it, in the same breath; the rule of two administrators sits here so that no door can forget it.
CREATE FUNCTION app.reset_codes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE was text := coalesce(current_setting('app.system', true), ''); person uuid; judges integer;
BEGIN
  IF OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'what was answered stays so' USING ERRCODE = 'TL052';
  END IF;
  IF NEW.confirmed_by IS NOT NULL THEN
    SELECT count(*) INTO judges FROM memberships m WHERE m.provider_id = NEW.provider_id AND m.id IN (NEW.asked_by, NEW.confirmed_by)
      AND m.role = 'administrator' AND m.ended_at IS NULL;
    IF judges <> 2 OR NEW.asked_at <= NEW.ended_at - interval '3 days' THEN
      RAISE EXCEPTION 'two administrators reset codes, within three days' USING ERRCODE = 'TL053';
    END IF;
    SELECT m.user_id INTO person FROM memberships m WHERE m.provider_id = NEW.provider_id AND m.id = NEW.member_id AND m.ended_at IS NULL;
    PERFORM set_config('app.system', 'on', true);
    DELETE FROM authenticators a WHERE a.user_id = person;
    DELETE FROM recovery_codes r WHERE r.user_id = person;
    DELETE FROM half_sign_ins h WHERE h.user_id = person;
    DELETE FROM sessions s WHERE s.user_id = person;
    PERFORM set_config('app.system', was, true);
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.reset_codes() FROM PUBLIC;
CREATE TRIGGER reset_codes BEFORE UPDATE ON code_resets FOR EACH ROW EXECUTE FUNCTION app.reset_codes();

-- Since when a member of the provider entered has codes; nothing else of them is told.
CREATE FUNCTION app.codes_since(p_member uuid) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE was text := coalesce(current_setting('app.system', true), ''); person uuid; found timestamptz;
BEGIN
  SELECT m.user_id INTO person FROM memberships m WHERE m.provider_id = app.provider() AND m.id = p_member;
  PERFORM set_config('app.system', 'on', true);
  SELECT a.since INTO found FROM authenticators a WHERE a.user_id = person;
  PERFORM set_config('app.system', was, true);
  RETURN found;
END $$;
REVOKE ALL ON FUNCTION app.codes_since(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.codes_since(uuid) TO throughline_app;
