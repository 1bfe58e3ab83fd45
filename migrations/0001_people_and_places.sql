-- Providers, people, sessions, services: who is here and where. The rest of the schema hangs on these.
--
-- Tables live in `public`, helper functions in `app`. The owner role runs this file; the program works as
-- throughline_app, which owns nothing. Row-level security is forced, so the owner is bound by it too.

DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'throughline_app') THEN
    RAISE EXCEPTION 'the role throughline_app does not exist: create it first (see docs/operating.md)';
  END IF;
END $$;

CREATE SCHEMA app;
REVOKE ALL ON SCHEMA app FROM PUBLIC;
GRANT USAGE ON SCHEMA app, public TO throughline_app;

-- Who is asking, set by SET LOCAL at the start of every transaction. Unset means NULL, and NULL sees no row.
CREATE FUNCTION app.provider() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('app.provider_id', true), '')::uuid $$;
CREATE FUNCTION app.person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('app.person_id', true), '')::uuid $$;
-- True only in a system transaction: sign-in, sessions, the list of providers.
CREATE FUNCTION app.is_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(current_setting('app.system', true) = 'on', false) $$;
REVOKE ALL ON FUNCTION app.provider(), app.person(), app.is_system() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.provider(), app.person(), app.is_system() TO throughline_app;

CREATE TABLE providers (
  id          uuid PRIMARY KEY,
  slug        text NOT NULL CONSTRAINT providers_slug_is_plain CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 40),
  name        text NOT NULL CONSTRAINT providers_name_is_given CHECK (length(btrim(name)) BETWEEN 1 AND 120),
  created_at  timestamptz NOT NULL,
  CONSTRAINT providers_slug_is_unique UNIQUE (slug)
);
ALTER TABLE providers ENABLE ROW LEVEL SECURITY;
ALTER TABLE providers FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON providers
  USING (id = (SELECT app.provider()) OR (SELECT app.is_system()))
  WITH CHECK (id = (SELECT app.provider()));
GRANT SELECT, INSERT ON providers TO throughline_app;

-- A person may be a member of several providers, so a person belongs to none of them.
CREATE TABLE users (
  id                   uuid PRIMARY KEY,
  email                text NOT NULL CONSTRAINT users_email_is_lower CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name                 text NOT NULL CONSTRAINT users_name_is_given CHECK (length(btrim(name)) BETWEEN 1 AND 120),
  password_hash        text,
  password_changed_at  timestamptz,
  created_at           timestamptz NOT NULL,
  CONSTRAINT users_email_is_unique UNIQUE (email)
);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON users USING ((SELECT app.is_system())) WITH CHECK ((SELECT app.is_system()));
GRANT SELECT, INSERT, UPDATE (email, name, password_hash, password_changed_at) ON users TO throughline_app;

CREATE TABLE memberships (
  provider_id  uuid NOT NULL REFERENCES providers,
  id           uuid NOT NULL,
  user_id      uuid NOT NULL REFERENCES users,
  name         text NOT NULL CONSTRAINT memberships_name_is_given CHECK (length(btrim(name)) BETWEEN 1 AND 120),
  role         text NOT NULL CONSTRAINT memberships_role_is_known CHECK (role IN (
                 'care_staff', 'team_leader', 'deputy_manager', 'registered_manager', 'safeguarding_lead',
                 'quality_lead', 'nominated_individual', 'administrator', 'external_reader')),
  job_title    text NOT NULL DEFAULT '' CONSTRAINT memberships_job_title_is_short CHECK (length(job_title) <= 120),
  started_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  changed_in   xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (provider_id, id),
  CONSTRAINT memberships_one_place_each UNIQUE (provider_id, user_id),
  CONSTRAINT memberships_end_after_start CHECK (ended_at IS NULL OR ended_at >= started_at)
);
CREATE INDEX memberships_of_a_person ON memberships (user_id);
CREATE INDEX memberships_by_role ON memberships (provider_id, role) WHERE ended_at IS NULL;

CREATE TABLE services (
  provider_id  uuid NOT NULL REFERENCES providers,
  id           uuid NOT NULL,
  slug         text NOT NULL CONSTRAINT services_slug_is_plain CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 60),
  name         text NOT NULL CONSTRAINT services_name_is_given CHECK (length(btrim(name)) BETWEEN 1 AND 120),
  kind         text NOT NULL CONSTRAINT services_kind_is_known CHECK (kind IN (
                 'home_care', 'residential', 'nursing', 'supported_living', 'extra_care')),
  nation       text NOT NULL CONSTRAINT services_nation_is_known CHECK (nation IN (
                 'england', 'wales', 'scotland', 'northern_ireland')),
  opened_at    timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT services_slug_is_unique UNIQUE (provider_id, slug)
);

CREATE TABLE units (
  provider_id  uuid NOT NULL,
  service_id   uuid NOT NULL,
  id           uuid NOT NULL,
  name         text NOT NULL CONSTRAINT units_name_is_given CHECK (length(btrim(name)) BETWEEN 1 AND 80),
  PRIMARY KEY (provider_id, service_id, id),
  CONSTRAINT units_name_is_unique UNIQUE (provider_id, service_id, name),
  FOREIGN KEY (provider_id, service_id) REFERENCES services
);

-- The services a member may see. Roles that look at the whole provider need no rows here.
CREATE TABLE member_services (
  provider_id  uuid NOT NULL,
  member_id    uuid NOT NULL,
  service_id   uuid NOT NULL,
  changed_in   xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (provider_id, member_id, service_id),
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships,
  FOREIGN KEY (provider_id, service_id) REFERENCES services
);
CREATE INDEX member_services_by_service ON member_services (provider_id, service_id, member_id);

-- The transaction that last changed somebody's place. Nobody is given a role and judges by it in one breath (0004).
CREATE FUNCTION app.note_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_in := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER note_transaction BEFORE INSERT OR UPDATE ON memberships FOR EACH ROW EXECUTE FUNCTION app.note_transaction();
CREATE TRIGGER note_transaction BEFORE INSERT OR UPDATE ON member_services FOR EACH ROW EXECUTE FUNCTION app.note_transaction();

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['services', 'units', 'member_services'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
  END LOOP;
END $$;
-- A person finds the providers they belong to before any provider is chosen: their own rows, read only.
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON memberships USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
CREATE POLICY own_places ON memberships FOR SELECT USING (user_id = (SELECT app.person()));

GRANT SELECT, INSERT ON memberships, services, units TO throughline_app;
GRANT UPDATE (name, role, job_title, ended_at) ON memberships TO throughline_app;
GRANT UPDATE (name) ON services, units TO throughline_app;
GRANT SELECT, INSERT, DELETE ON member_services TO throughline_app;

-- Signed-in browsers. Only a hash of the token is kept, so a stolen table opens nothing.
CREATE TABLE sessions (
  token_hash    bytea PRIMARY KEY CONSTRAINT sessions_hash_is_sha256 CHECK (length(token_hash) = 32),
  id            uuid NOT NULL CONSTRAINT sessions_id_is_unique UNIQUE,
  user_id       uuid NOT NULL REFERENCES users,
  device        text NOT NULL CONSTRAINT sessions_device_is_short CHECK (length(device) <= 120),
  created_at    timestamptz NOT NULL,
  seen_at       timestamptz NOT NULL,
  idle_minutes  integer NOT NULL CONSTRAINT sessions_idle_is_positive CHECK (idle_minutes > 0),
  expires_at    timestamptz NOT NULL
);
CREATE INDEX sessions_of_a_person ON sessions (user_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON sessions USING ((SELECT app.is_system())) WITH CHECK ((SELECT app.is_system()));
GRANT SELECT, INSERT, DELETE, UPDATE (seen_at, idle_minutes, expires_at) ON sessions TO throughline_app;

-- Failed sign-ins, by hashed account or address: the wait doubles to fifteen minutes and is then forgotten.
CREATE TABLE sign_in_throttles (
  key        bytea PRIMARY KEY CONSTRAINT sign_in_throttles_key_is_sha256 CHECK (length(key) = 32),
  failures   integer NOT NULL CONSTRAINT sign_in_throttles_count CHECK (failures >= 0),
  failed_at  timestamptz NOT NULL
);
CREATE INDEX sign_in_throttles_by_age ON sign_in_throttles (failed_at);
ALTER TABLE sign_in_throttles ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_throttles FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON sign_in_throttles USING ((SELECT app.is_system())) WITH CHECK ((SELECT app.is_system()));
GRANT SELECT, INSERT, DELETE, UPDATE (failures, failed_at) ON sign_in_throttles TO throughline_app;

-- A session was opened for a person as they were: with this password, in these roles. When one of them changes, whoever
-- changes it, every session of the person ends. The rule sits here so that no door can forget it.
CREATE FUNCTION app.end_sessions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE was text := coalesce(current_setting('app.system', true), ''); person uuid;
BEGIN
  IF TG_TABLE_NAME = 'users' THEN person := NEW.id; ELSE person := NEW.user_id; END IF;
  PERFORM set_config('app.system', 'on', true);
  DELETE FROM sessions s WHERE s.user_id = person;
  PERFORM set_config('app.system', was, true);
  RETURN NULL;
END $$;
CREATE TRIGGER users_end_sessions AFTER UPDATE OF password_changed_at ON users
  FOR EACH ROW EXECUTE FUNCTION app.end_sessions();
CREATE TRIGGER memberships_end_sessions AFTER INSERT OR UPDATE OF role, ended_at ON memberships
  FOR EACH ROW EXECUTE FUNCTION app.end_sessions();

-- One look-up a request: who holds this token, what is their place in the provider of the address, and where else
-- have they a place? It is called outside any tenant transaction; what it sets for itself it takes back before it
-- returns.
CREATE FUNCTION app.open_session(p_token_hash bytea, p_slug text, p_now timestamptz)
RETURNS TABLE (session_id uuid, user_id uuid, user_name text, provider_id uuid, provider_slug text, provider_name text,
               member_id uuid, member_name text, role text, job_title text, services uuid[],
               place_slugs text[], place_names text[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE s sessions%ROWTYPE; p providers%ROWTYPE; m memberships%ROWTYPE; u text; visible uuid[];
  slugs text[]; names text[];
BEGIN
  -- in the middle of a statement it would take the provider away from under the guards of 0004
  IF app.provider() IS NOT NULL THEN
    RAISE EXCEPTION 'a session is opened before a provider is entered' USING ERRCODE = 'TL038';
  END IF;
  PERFORM set_config('app.system', 'on', true);
  SELECT * INTO s FROM sessions x WHERE x.token_hash = p_token_hash
    AND x.expires_at > p_now AND x.seen_at + make_interval(mins => x.idle_minutes) > p_now;
  IF FOUND THEN
    -- once a minute is often enough to know that somebody is there
    IF s.seen_at < p_now - interval '1 minute' THEN
      UPDATE sessions x SET seen_at = p_now WHERE x.token_hash = p_token_hash;
    END IF;
    PERFORM set_config('app.person_id', s.user_id::text, true);
    SELECT x.name INTO u FROM users x WHERE x.id = s.user_id;
    SELECT array_agg(q.slug ORDER BY q.name, q.slug), array_agg(q.name ORDER BY q.name, q.slug) INTO slugs, names
      FROM memberships x JOIN providers q ON q.id = x.provider_id WHERE x.user_id = s.user_id AND x.ended_at IS NULL;
    SELECT * INTO p FROM providers x WHERE x.slug = p_slug;
    IF FOUND THEN
      PERFORM set_config('app.provider_id', p.id::text, true);
      SELECT * INTO m FROM memberships x WHERE x.provider_id = p.id AND x.user_id = s.user_id AND x.ended_at IS NULL;
      SELECT array_agg(x.service_id) INTO visible FROM member_services x WHERE x.provider_id = p.id AND x.member_id = m.id;
    END IF;
    RETURN QUERY SELECT s.id, s.user_id, u,
      CASE WHEN m.id IS NOT NULL THEN p.id END, CASE WHEN m.id IS NOT NULL THEN p.slug END,
      CASE WHEN m.id IS NOT NULL THEN p.name END, m.id, m.name, m.role, m.job_title, visible, slugs, names;
  END IF;
  PERFORM set_config('app.system', '', true), set_config('app.person_id', '', true), set_config('app.provider_id', '', true);
END $$;
REVOKE ALL ON FUNCTION app.open_session(bytea, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.open_session(bytea, text, timestamptz) TO throughline_app;
