-- Looking after people: when somebody was last seen, and that a provider is never without an administrator.

-- Apart from the trail and from the membership itself, because being seen changes nothing.
CREATE TABLE member_presence (
  provider_id  uuid NOT NULL,
  member_id    uuid NOT NULL,
  seen_at      timestamptz NOT NULL,
  PRIMARY KEY (provider_id, member_id),
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships
);
ALTER TABLE member_presence ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_presence FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON member_presence USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT ON member_presence TO throughline_app;

-- What happened to people, places and rules, and to nothing of the line: the history of the settings.
CREATE INDEX events_of_the_provider ON events (provider_id, seq) WHERE action_id IS NULL AND finding_id IS NULL AND review_id IS NULL;

-- R7: the last administrator neither leaves nor becomes something else. The administrators are locked in one order, so
-- that two who leave at the same time wait for each other instead of both going.
CREATE FUNCTION app.keep_an_administrator() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE others integer := 0; other uuid;
BEGIN
  FOR other IN SELECT m.id FROM memberships m WHERE m.provider_id = OLD.provider_id AND m.role = 'administrator' AND m.ended_at IS NULL
      ORDER BY m.id FOR NO KEY UPDATE LOOP
    IF other <> OLD.id THEN others := others + 1; END IF;
  END LOOP;
  IF others = 0 THEN
    RAISE EXCEPTION 'the last administrator stays' USING ERRCODE = 'TL050';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.keep_an_administrator() FROM PUBLIC;
CREATE TRIGGER keep_an_administrator BEFORE UPDATE OF role, ended_at ON memberships FOR EACH ROW
  WHEN (OLD.role = 'administrator' AND OLD.ended_at IS NULL AND (NEW.role <> 'administrator' OR NEW.ended_at IS NOT NULL))
  EXECUTE FUNCTION app.keep_an_administrator();

-- As in 0001, and notes in which provider the person was seen.
CREATE OR REPLACE FUNCTION app.open_session(p_token_hash bytea, p_slug text, p_now timestamptz)
RETURNS TABLE (session_id uuid, user_id uuid, user_name text, provider_id uuid, provider_slug text, provider_name text,
               member_id uuid, member_name text, role text, job_title text, services uuid[],
               place_slugs text[], place_names text[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE s sessions%ROWTYPE; p providers%ROWTYPE; m memberships%ROWTYPE; u text; visible uuid[];
  slugs text[]; names text[]; notable boolean;
BEGIN
  -- in the middle of a statement it would take the provider away from under the guards of 0004
  IF app.provider() IS NOT NULL THEN
    RAISE EXCEPTION 'a session is opened before a provider is entered' USING ERRCODE = 'TL038';
  END IF;
  PERFORM set_config('app.system', 'on', true);
  SELECT * INTO s FROM sessions x WHERE x.token_hash = p_token_hash
    AND x.expires_at > p_now AND x.seen_at + make_interval(mins => x.idle_minutes) > p_now;
  IF FOUND THEN
    -- once a minute is often enough to know that somebody is there, and the first minute of a session counts
    notable := s.seen_at = s.created_at OR s.seen_at < p_now - interval '1 minute';
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
      IF notable AND m.id IS NOT NULL THEN
        INSERT INTO member_presence (provider_id, member_id, seen_at) VALUES (p.id, m.id, p_now)
          ON CONFLICT (provider_id, member_id) DO UPDATE SET seen_at = excluded.seen_at;
      END IF;
    END IF;
    RETURN QUERY SELECT s.id, s.user_id, u,
      CASE WHEN m.id IS NOT NULL THEN p.id END, CASE WHEN m.id IS NOT NULL THEN p.slug END,
      CASE WHEN m.id IS NOT NULL THEN p.name END, m.id, m.name, m.role, m.job_title, visible, slugs, names;
  END IF;
  PERFORM set_config('app.system', '', true), set_config('app.person_id', '', true), set_config('app.provider_id', '', true);
END $$;
