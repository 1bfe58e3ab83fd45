-- What members are told in the program: each a link to the thing, read or unread. A notice stores no words: what it is about
-- is read, as far as its reader may see it, when it is shown.
CREATE TABLE notices (
  provider_id   uuid NOT NULL,
  id            uuid NOT NULL,
  member_id     uuid NOT NULL,
  kind          text NOT NULL CONSTRAINT notices_kind_is_known CHECK (kind IN ('assigned', 'sent_back', 'escalated', 'verification_late',
                  'to_verify', 'due_soon', 'date_moved', 'reworded', 'called_off', 'control_check')),
  action_id     uuid NOT NULL,
  escalation_id uuid,
  -- what makes it the same notice: nobody is told the same thing twice
  dedupe_key    text NOT NULL,
  created_at    timestamptz NOT NULL,
  read_at       timestamptz,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT notices_say_it_once UNIQUE (provider_id, member_id, dedupe_key),
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships,
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, escalation_id) REFERENCES escalations
);
CREATE INDEX notices_newest_first ON notices (provider_id, member_id, created_at DESC, id DESC);
CREATE INDEX notices_unread ON notices (provider_id, member_id) WHERE read_at IS NULL;
CREATE INDEX notices_read ON notices (provider_id, read_at) WHERE read_at IS NOT NULL;
ALTER TABLE notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE notices FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notices USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT, DELETE, UPDATE (read_at) ON notices TO throughline_app;

-- The day an interim control is to be checked is told to whoever decided it.
CREATE INDEX escalation_decisions_control_checks ON escalation_decisions (provider_id, control_check_on) WHERE control_check_on IS NOT NULL;

-- As in 0015, and says how many notices are unread.
DROP FUNCTION app.open_session(bytea, text, timestamptz, boolean);
CREATE FUNCTION app.open_session(p_token_hash bytea, p_slug text, p_now timestamptz, p_enter boolean DEFAULT false)
RETURNS TABLE (session_id uuid, user_id uuid, user_name text, provider_id uuid, provider_slug text, provider_name text,
               member_id uuid, member_name text, role text, job_title text, services uuid[],
               place_slugs text[], place_names text[], noted boolean, unread bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE s sessions%ROWTYPE; p providers%ROWTYPE; m memberships%ROWTYPE; u text; visible uuid[];
  slugs text[]; names text[]; notable boolean; notes bigint;
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
    RETURN QUERY SELECT s.id, s.user_id, u,
      CASE WHEN m.id IS NOT NULL THEN p.id END, CASE WHEN m.id IS NOT NULL THEN p.slug END,
      CASE WHEN m.id IS NOT NULL THEN p.name END, m.id, m.name, m.role, m.job_title, visible, slugs, names,
      notable, coalesce(notes, 0);
  END IF;
  PERFORM set_config('app.system', '', true), set_config('app.person_id', '', true),
    set_config('app.provider_id', CASE WHEN p_enter AND m.id IS NOT NULL THEN p.id::text ELSE '' END, true);
END $$;
REVOKE ALL ON FUNCTION app.open_session(bytea, text, timestamptz, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.open_session(bytea, text, timestamptz, boolean) TO throughline_app;
