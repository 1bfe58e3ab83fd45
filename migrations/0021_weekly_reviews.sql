-- The weekly review of a service (R24): every open action stepped through in an order that is fixed when it begins, what
-- was agreed for each, and minutes that stay as they are.
CREATE TABLE weekly_reviews (
  provider_id  uuid NOT NULL,
  id           uuid NOT NULL,
  service_id   uuid NOT NULL,
  started_by   uuid NOT NULL,
  started_at   timestamptz NOT NULL,
  finished_by  uuid,
  finished_at  timestamptz,
  -- who was there besides members of the provider
  others       text NOT NULL DEFAULT '' CONSTRAINT weekly_reviews_others_is_short CHECK (length(others) <= 500),
  PRIMARY KEY (provider_id, id),
  CONSTRAINT weekly_reviews_finish_is_whole CHECK ((finished_by IS NULL) = (finished_at IS NULL)),
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, started_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, finished_by) REFERENCES memberships
);
-- one is under way in a service at a time: whoever comes second goes on with it
CREATE UNIQUE INDEX weekly_reviews_one_under_way ON weekly_reviews (provider_id, service_id) WHERE finished_at IS NULL;
CREATE INDEX weekly_reviews_of_a_service ON weekly_reviews (provider_id, service_id, finished_at DESC);
CREATE INDEX weekly_reviews_newest_first ON weekly_reviews (provider_id, finished_at DESC, id DESC);

-- The open actions when it began, in their order.
CREATE TABLE weekly_items (
  provider_id       uuid NOT NULL,
  weekly_review_id  uuid NOT NULL,
  action_id         uuid NOT NULL,
  place             integer NOT NULL CONSTRAINT weekly_items_place_counts CHECK (place >= 1),
  band              text NOT NULL CONSTRAINT weekly_items_band_is_known CHECK (band IN ('high_late', 'late', 'check_late', 'due_soon', 'rest')),
  what              text NOT NULL,
  -- how it was left without a decision, written when the review is finished
  left_as           text CONSTRAINT weekly_items_left_is_known CHECK (left_as IN ('not_reached', 'ended')),
  PRIMARY KEY (provider_id, weekly_review_id, action_id),
  CONSTRAINT weekly_items_place_is_unique UNIQUE (provider_id, weekly_review_id, place),
  FOREIGN KEY (provider_id, weekly_review_id) REFERENCES weekly_reviews,
  FOREIGN KEY (provider_id, action_id) REFERENCES actions
);
CREATE INDEX weekly_items_of_an_action ON weekly_items (provider_id, action_id);

-- What was agreed for an action. Never edited: another one follows it, and the newest counts.
CREATE TABLE weekly_entries (
  provider_id       uuid NOT NULL,
  weekly_review_id  uuid NOT NULL,
  action_id         uuid NOT NULL,
  round             integer NOT NULL CONSTRAINT weekly_entries_round_counts CHECK (round >= 1),
  standing          text NOT NULL CONSTRAINT weekly_entries_standing_is_known CHECK (standing IN ('on_track', 'done', 'blocked', 'escalate')),
  note              text NOT NULL DEFAULT '' CONSTRAINT weekly_entries_note_is_short CHECK (length(note) <= 2000),
  support_needed    text NOT NULL DEFAULT '' CONSTRAINT weekly_entries_support_is_short CHECK (length(support_needed) <= 2000),
  -- what it saw: the words, the owner, the date, and what stood against submitting it
  what              text NOT NULL,
  owner_id          uuid,
  due_on            date,
  missing           text NOT NULL DEFAULT '',
  by                uuid NOT NULL,
  at                timestamptz NOT NULL,
  PRIMARY KEY (provider_id, weekly_review_id, action_id, round),
  CONSTRAINT weekly_entries_blocked_says_what_helps CHECK (standing <> 'blocked' OR length(btrim(support_needed)) > 0),
  CONSTRAINT weekly_entries_escalate_says_why CHECK (standing <> 'escalate' OR length(btrim(note)) > 0),
  FOREIGN KEY (provider_id, weekly_review_id, action_id) REFERENCES weekly_items,
  FOREIGN KEY (provider_id, owner_id) REFERENCES memberships,
  FOREIGN KEY (provider_id, by) REFERENCES memberships
);
CREATE INDEX weekly_entries_of_an_action ON weekly_entries (provider_id, action_id, at DESC);

-- Who was there.
CREATE TABLE weekly_attendance (
  provider_id       uuid NOT NULL,
  weekly_review_id  uuid NOT NULL,
  member_id         uuid NOT NULL,
  PRIMARY KEY (provider_id, weekly_review_id, member_id),
  FOREIGN KEY (provider_id, weekly_review_id) REFERENCES weekly_reviews,
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships
);

-- What is finished stays as it is, and nothing is added to it. Whoever writes holds the review still meanwhile, so that
-- nothing slips in while somebody else finishes it.
CREATE FUNCTION app.weekly_review_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE done timestamptz;
BEGIN
  IF TG_TABLE_NAME = 'weekly_reviews' THEN
    done := OLD.finished_at;
  ELSE
    SELECT w.finished_at INTO done FROM weekly_reviews w WHERE w.provider_id = NEW.provider_id AND w.id = NEW.weekly_review_id FOR SHARE;
  END IF;
  IF done IS NOT NULL THEN
    RAISE EXCEPTION 'a finished weekly review stays as it is' USING ERRCODE = 'TL060';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.weekly_review_guard() FROM PUBLIC;
CREATE TRIGGER guard BEFORE UPDATE ON weekly_reviews FOR EACH ROW EXECUTE FUNCTION app.weekly_review_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON weekly_items FOR EACH ROW EXECUTE FUNCTION app.weekly_review_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON weekly_entries FOR EACH ROW EXECUTE FUNCTION app.weekly_review_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON weekly_attendance FOR EACH ROW EXECUTE FUNCTION app.weekly_review_guard();

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['weekly_reviews', 'weekly_items', 'weekly_entries', 'weekly_attendance'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO throughline_app', t);
    EXECUTE format('CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event(%L)',
      t, CASE t WHEN 'weekly_entries' THEN 'action_id' ELSE '' END);
  END LOOP;
END $$;
GRANT UPDATE (finished_by, finished_at, others) ON weekly_reviews TO throughline_app;
GRANT UPDATE (left_as) ON weekly_items TO throughline_app;

-- A weekly review may send an action up (R12).
ALTER TABLE escalations DROP CONSTRAINT escalations_cause_is_known;
ALTER TABLE escalations ADD CONSTRAINT escalations_cause_is_known CHECK (cause IN (
  'overdue', 'evidence_missing', 'verification_late', 'ineffective', 'mixed_evidence', 'challenged', 'recurrence', 'high_risk', 'weekly_review'));
