-- The governance meeting on a month (R25): who was there, the minutes, and for figures, questions, findings and actions what was
-- challenged, assured, supported or agreed. Signed off by somebody who wrote none of the minutes, the month is frozen: its
-- figures, the definitions they were counted by, and the rows behind them.
CREATE TABLE governance_meetings (
  provider_id  uuid NOT NULL REFERENCES providers,
  id           uuid NOT NULL,
  -- the service, or the whole provider under the provider's own id
  place_id     uuid NOT NULL,
  service_id   uuid,
  month        date NOT NULL CONSTRAINT governance_meetings_month_is_one CHECK (month = date_trunc('month', month)::date),
  opened_by    uuid NOT NULL,
  opened_at    timestamptz NOT NULL,
  signed_by    uuid,
  signed_at    timestamptz,
  -- the version of the definitions (domain/figure.rs)
  definition   text CONSTRAINT governance_meetings_definition_is_a_word CHECK (length(definition) BETWEEN 1 AND 40),
  PRIMARY KEY (provider_id, id),
  CONSTRAINT governance_meetings_one_a_month UNIQUE (provider_id, place_id, month),
  CONSTRAINT governance_meetings_have_a_place CHECK (place_id = coalesce(service_id, provider_id)),
  CONSTRAINT governance_meetings_sign_off_is_whole CHECK (num_nonnulls(signed_by, signed_at, definition) IN (0, 3)),
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, opened_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, signed_by) REFERENCES memberships
);
CREATE INDEX governance_meetings_of_a_service ON governance_meetings (provider_id, service_id);

-- Minutes are never edited: another round follows, and the newest counts.
CREATE TABLE governance_minutes (
  provider_id  uuid NOT NULL,
  meeting_id   uuid NOT NULL,
  round        integer NOT NULL CONSTRAINT governance_minutes_round_counts CHECK (round >= 1),
  held_on      date NOT NULL,
  minutes      text NOT NULL CONSTRAINT governance_minutes_say_something CHECK (length(btrim(minutes)) BETWEEN 1 AND 10000),
  others       text NOT NULL DEFAULT '' CONSTRAINT governance_minutes_others_is_short CHECK (length(others) <= 500),
  by           uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, meeting_id, round),
  FOREIGN KEY (provider_id, meeting_id) REFERENCES governance_meetings,
  FOREIGN KEY (provider_id, by) REFERENCES memberships
);
CREATE TABLE governance_attendance (
  provider_id  uuid NOT NULL,
  meeting_id   uuid NOT NULL,
  round        integer NOT NULL,
  member_id    uuid NOT NULL,
  PRIMARY KEY (provider_id, meeting_id, round, member_id),
  FOREIGN KEY (provider_id, meeting_id, round) REFERENCES governance_minutes,
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships
);

-- R18a: a decision of a meeting is never edited, only followed by another, and keeps the words it was about.
CREATE TABLE governance_decisions (
  provider_id  uuid NOT NULL,
  meeting_id   uuid NOT NULL,
  seq          integer NOT NULL CONSTRAINT governance_decisions_seq_counts CHECK (seq >= 1),
  figure       text CONSTRAINT governance_decisions_figure_is_a_word CHECK (figure ~ '^[a-z0-9_]{1,40}$'),
  question     text CONSTRAINT governance_decisions_question_is_a_word CHECK (length(question) BETWEEN 1 AND 120),
  finding_id   uuid,
  action_id    uuid,
  saw          text NOT NULL CONSTRAINT governance_decisions_saw_something CHECK (length(btrim(saw)) BETWEEN 1 AND 5000),
  kind         text NOT NULL CONSTRAINT governance_decisions_kind_is_known CHECK (kind IN ('challenge', 'assurance', 'support', 'action')),
  note         text NOT NULL CONSTRAINT governance_decisions_note_is_given CHECK (length(btrim(note)) BETWEEN 1 AND 4000),
  follows      integer,
  by           uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, meeting_id, seq),
  CONSTRAINT governance_decisions_are_about_one CHECK (num_nonnulls(figure, question, finding_id, action_id) = 1),
  CONSTRAINT governance_decisions_follow_one_each UNIQUE (provider_id, meeting_id, follows),
  CONSTRAINT governance_decisions_follow_an_earlier CHECK (follows < seq),
  FOREIGN KEY (provider_id, meeting_id) REFERENCES governance_meetings,
  FOREIGN KEY (provider_id, meeting_id, follows) REFERENCES governance_decisions,
  FOREIGN KEY (provider_id, finding_id) REFERENCES findings,
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, by) REFERENCES memberships
);
CREATE INDEX governance_decisions_on_a_finding ON governance_decisions (provider_id, finding_id) WHERE finding_id IS NOT NULL;
CREATE INDEX governance_decisions_on_an_action ON governance_decisions (provider_id, action_id) WHERE action_id IS NOT NULL;

-- What was signed: the figures, and the rows they count.
CREATE TABLE governance_figures (
  provider_id  uuid NOT NULL,
  meeting_id   uuid NOT NULL,
  figure       text NOT NULL,
  numerator    double precision NOT NULL,
  denominator  double precision NOT NULL,
  target       double precision,
  PRIMARY KEY (provider_id, meeting_id, figure),
  FOREIGN KEY (provider_id, meeting_id) REFERENCES governance_meetings
);
CREATE TABLE governance_rows (
  provider_id  uuid NOT NULL,
  meeting_id   uuid NOT NULL,
  figure       text NOT NULL,
  number       integer NOT NULL,
  subject_id   uuid NOT NULL,
  about        text NOT NULL,
  service_id   uuid,
  theme        text NOT NULL,
  topic        text NOT NULL,
  counted      boolean NOT NULL,
  amount       double precision,
  whole        double precision,
  PRIMARY KEY (provider_id, meeting_id, figure, number, subject_id),
  FOREIGN KEY (provider_id, meeting_id, figure) REFERENCES governance_figures
);

-- Nothing is added to a signed month. Whoever writes holds the meeting still meanwhile.
CREATE FUNCTION app.governance_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM app.same_provider(NEW.provider_id);
  PERFORM 1 FROM governance_meetings m WHERE m.provider_id = NEW.provider_id AND m.id = NEW.meeting_id AND m.signed_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a signed month stays as it is' USING ERRCODE = 'TL090';
  END IF;
  RETURN NEW;
END $$;
-- The same for what is written at once, and only by the statement that signs: see governance_sign_off.
CREATE FUNCTION app.governance_frozen() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT n.provider_id, n.meeting_id FROM new_rows n) n
      JOIN governance_meetings m ON m.provider_id = n.provider_id AND m.id = n.meeting_id WHERE m.signed_at IS NOT NULL) THEN
    RAISE EXCEPTION 'a signed month stays as it is' USING ERRCODE = 'TL090';
  END IF;
  RETURN NULL;
END $$;
-- Figures kept without the sign-off would be figures kept in store for later: looked at when the transaction commits.
CREATE FUNCTION app.governance_is_signed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM governance_meetings m WHERE m.provider_id = NEW.provider_id AND m.id = NEW.meeting_id AND m.signed_at IS NOT NULL) THEN
    RAISE EXCEPTION 'figures are frozen by the sign-off' USING ERRCODE = 'TL093';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION app.governance_sign_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m memberships%ROWTYPE; given xid8;
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'governance meetings are never deleted' USING ERRCODE = 'TL011';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  IF TG_OP = 'INSERT' THEN
    IF NEW.signed_at IS NOT NULL THEN
      RAISE EXCEPTION 'a month is signed after it was talked about' USING ERRCODE = 'TL010';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.signed_at IS NOT NULL THEN
    RAISE EXCEPTION 'a signed month stays as it is' USING ERRCODE = 'TL090';
  END IF;
  IF (NEW.provider_id, NEW.id, NEW.place_id, NEW.service_id, NEW.month, NEW.opened_by, NEW.opened_at)
     IS DISTINCT FROM (OLD.provider_id, OLD.id, OLD.place_id, OLD.service_id, OLD.month, OLD.opened_by, OLD.opened_at) THEN
    RAISE EXCEPTION 'a meeting does not move' USING ERRCODE = 'TL001';
  END IF;
  IF NEW.signed_at IS NULL THEN
    RETURN NEW;
  END IF;
  -- the month is over
  IF (NEW.signed_at AT TIME ZONE 'Europe/London')::date < (NEW.month + interval '1 month')::date THEN
    RAISE EXCEPTION 'a month is signed when it is over' USING ERRCODE = 'TL094';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM governance_minutes x WHERE x.provider_id = NEW.provider_id AND x.meeting_id = NEW.id) THEN
    RAISE EXCEPTION 'a month is signed with its minutes' USING ERRCODE = 'TL092';
  END IF;
  -- a second person: not one who wrote any of the minutes
  IF EXISTS (SELECT 1 FROM governance_minutes x WHERE x.provider_id = NEW.provider_id AND x.meeting_id = NEW.id AND x.by = NEW.signed_by) THEN
    RAISE EXCEPTION 'whoever wrote the minutes does not sign them' USING ERRCODE = 'TL091';
  END IF;
  SELECT * INTO m FROM memberships x WHERE x.provider_id = NEW.provider_id AND x.id = NEW.signed_by AND x.ended_at IS NULL FOR SHARE;
  IF NOT FOUND OR NOT (m.role IN ('quality_lead', 'nominated_individual') OR (m.role = 'registered_manager' AND NEW.service_id IS NOT NULL)) THEN
    RAISE EXCEPTION 'this role does not sign a month' USING ERRCODE = 'TL024';
  END IF;
  IF m.role = 'registered_manager' THEN
    SELECT ms.changed_in INTO given FROM member_services ms WHERE ms.provider_id = NEW.provider_id AND ms.member_id = m.id AND ms.service_id = NEW.service_id FOR SHARE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'this role signs for its own services' USING ERRCODE = 'TL027';
    END IF;
  END IF;
  IF pg_current_xact_id() IN (m.changed_in, given) THEN
    RAISE EXCEPTION 'nobody is given a place and judges by it at once' USING ERRCODE = 'TL034';
  END IF;
  -- with every figure, and the rows each counts
  IF NOT EXISTS (SELECT 1 FROM governance_figures f WHERE f.provider_id = NEW.provider_id AND f.meeting_id = NEW.id)
     OR EXISTS (SELECT 1 FROM governance_figures f
       CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE r.counted) AS counted, count(*) AS n FROM governance_rows r
         WHERE r.provider_id = f.provider_id AND r.meeting_id = f.meeting_id AND r.figure = f.figure) x
       WHERE f.provider_id = NEW.provider_id AND f.meeting_id = NEW.id AND f.figure NOT IN ('m5', 'm8_days') AND (f.numerator <> x.counted OR f.denominator <> x.n)) THEN
    RAISE EXCEPTION 'a month is signed with its figures and the rows they count' USING ERRCODE = 'TL093';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.governance_guard(), app.governance_frozen(), app.governance_is_signed(), app.governance_sign_off() FROM PUBLIC;

CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON governance_meetings FOR EACH ROW EXECUTE FUNCTION app.governance_sign_off();
CREATE TRIGGER guard BEFORE INSERT ON governance_minutes FOR EACH ROW EXECUTE FUNCTION app.governance_guard();
CREATE TRIGGER guard BEFORE INSERT ON governance_attendance FOR EACH ROW EXECUTE FUNCTION app.governance_guard();
CREATE TRIGGER guard BEFORE INSERT ON governance_decisions FOR EACH ROW EXECUTE FUNCTION app.governance_guard();
CREATE TRIGGER guard BEFORE INSERT ON governance_figures FOR EACH ROW EXECUTE FUNCTION app.governance_guard();
CREATE TRIGGER guard AFTER INSERT ON governance_rows REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.governance_frozen();
CREATE CONSTRAINT TRIGGER signed AFTER INSERT ON governance_figures DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.governance_is_signed();

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['governance_meetings', 'governance_minutes', 'governance_attendance', 'governance_decisions', 'governance_figures', 'governance_rows'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO throughline_app', t);
    IF t <> 'governance_meetings' THEN
      EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION app.append_only()', t);
    END IF;
    -- the rows come with their figures
    IF t <> 'governance_rows' THEN
      EXECUTE format('CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event('''')', t);
    END IF;
  END LOOP;
END $$;
GRANT UPDATE (signed_by, signed_at, definition) ON governance_meetings TO throughline_app;
