-- Papers of an action that were read once are kept in the program's memory and compared with the database on every
-- request (store/kept.rs). What changes below an action has a line of the trail about that action (0005); this
-- number counts up with what changes elsewhere and is shown there too: names, places, and words that were erased.
CREATE TABLE revisions (
  provider_id  uuid PRIMARY KEY REFERENCES providers,
  revision     bigint NOT NULL,
  changed_in   xid8 NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE revisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE revisions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON revisions USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT ON revisions TO throughline_app;

-- Once a transaction, when it commits: the row is a lock, and is held no longer than the trail's head is.
CREATE FUNCTION app.count_revision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r record := coalesce(NEW, OLD);
BEGIN
  INSERT INTO revisions AS v VALUES (r.provider_id, 1, pg_current_xact_id())
    ON CONFLICT (provider_id) DO UPDATE SET revision = v.revision + 1, changed_in = excluded.changed_in
    WHERE v.changed_in <> excluded.changed_in;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.count_revision() FROM PUBLIC;
DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['memberships', 'member_services', 'services', 'units'] LOOP
    EXECUTE format('CREATE CONSTRAINT TRIGGER count_revision AFTER INSERT OR UPDATE OR DELETE ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.count_revision()', t);
  END LOOP;
END $$;
CREATE CONSTRAINT TRIGGER count_revision AFTER UPDATE ON event_texts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.count_revision();

-- As in 0025. What is read in the transaction of a page may be kept, so nothing may be written in it that would be let go
-- with it: the transaction can only read from here on. It also learns how far the provider's trail is.
DROP FUNCTION app.open_session(bytea, text, timestamptz, boolean);
CREATE FUNCTION app.open_session(p_token_hash bytea, p_slug text, p_now timestamptz, p_enter boolean DEFAULT false)
RETURNS TABLE (session_id uuid, user_id uuid, user_name text, provider_id uuid, provider_slug text, provider_name text,
               member_id uuid, member_name text, role text, job_title text, services uuid[],
               place_slugs text[], place_names text[], noted boolean, unread bigint, head text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE s sessions%ROWTYPE; p providers%ROWTYPE; m memberships%ROWTYPE; u text; visible uuid[];
  slugs text[]; names text[]; notable boolean; notes bigint; newest text;
BEGIN
  -- in the middle of a statement it would take the provider away from under the guards of 0004
  IF app.provider() IS NOT NULL THEN
    RAISE EXCEPTION 'a session is opened before a provider is entered' USING ERRCODE = 'TL038';
  END IF;
  PERFORM set_config('app.system', 'on', true);
  SELECT * INTO s FROM sessions x WHERE x.token_hash = p_token_hash
    AND x.expires_at > p_now AND x.seen_at + make_interval(mins => x.idle_minutes) > p_now;
  IF FOUND THEN
    -- once a minute is often enough to know that somebody is there, and the first request of a session counts
    notable := s.seen_at = s.created_at OR s.seen_at < p_now - interval '1 minute';
    IF notable THEN
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
      -- the number beside the bell: in here it costs a page no round trip, and beyond a hundred nobody counts
      SELECT count(*) INTO notes FROM (SELECT 1 FROM notices x WHERE x.provider_id = p.id AND x.member_id = m.id AND x.read_at IS NULL LIMIT 100) y;
      IF notable AND m.id IS NOT NULL THEN
        INSERT INTO member_presence (provider_id, member_id, seen_at) VALUES (p.id, m.id, p_now)
          ON CONFLICT (provider_id, member_id) DO UPDATE SET seen_at = excluded.seen_at;
      END IF;
    END IF;
    IF p_enter AND m.id IS NOT NULL THEN
      SELECT x.hash INTO newest FROM chain_heads x WHERE x.provider_id = p.id;
    END IF;
    RETURN QUERY SELECT s.id, s.user_id, u,
      CASE WHEN m.id IS NOT NULL THEN p.id END, CASE WHEN m.id IS NOT NULL THEN p.slug END,
      CASE WHEN m.id IS NOT NULL THEN p.name END, m.id, m.name, m.role, m.job_title, visible, slugs, names,
      notable, coalesce(notes, 0), newest;
  END IF;
  PERFORM set_config('app.system', '', true), set_config('app.person_id', '', true),
    set_config('app.provider_id', CASE WHEN p_enter AND m.id IS NOT NULL THEN p.id::text ELSE '' END, true);
  IF p_enter AND m.id IS NOT NULL AND NOT notable THEN
    PERFORM set_config('transaction_read_only', 'on', true);
  END IF;
END $$;
REVOKE ALL ON FUNCTION app.open_session(bytea, text, timestamptz, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.open_session(bytea, text, timestamptz, boolean) TO throughline_app;
