-- As in 0030. What a page read is kept under the provider's newest line *and* its count of names, places and erased words
-- (revisions), so that the case of an action and the signs of a provider can be kept whole: nothing of them is left that
-- changes without one of the two.
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
      SELECT x.hash || ' ' || coalesce(v.revision, 0) INTO newest FROM chain_heads x LEFT JOIN revisions v ON v.provider_id = x.provider_id WHERE x.provider_id = p.id;
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
