-- Closure audits (R26): each quarter a sample of what was closed is drawn by lot, once, and somebody who judged none of it says for
-- each whether its evidence stands up. What does not opens again, and counts against the figures from then on.
ALTER TABLE escalations DROP CONSTRAINT escalations_cause_is_known;
ALTER TABLE escalations ADD CONSTRAINT escalations_cause_is_known CHECK (cause IN ('overdue', 'evidence_missing', 'verification_late', 'ineffective',
  'mixed_evidence', 'challenged', 'recurrence', 'high_risk', 'weekly_review', 'closure_audit'));

CREATE TABLE closure_audits (
  provider_id  uuid NOT NULL REFERENCES providers,
  id           uuid NOT NULL,
  -- the first day of the quarter
  quarter      date NOT NULL CONSTRAINT closure_audits_quarter_begins CHECK (quarter = date_trunc('quarter', quarter::timestamp)::date),
  seed         bigint NOT NULL CONSTRAINT closure_audits_seed_is_short CHECK (seed BETWEEN 0 AND 4294967295),
  -- what it was drawn from: how many closures, and the hash of their ids in order
  population   integer NOT NULL,
  digest       text NOT NULL CONSTRAINT closure_audits_digest_is_one CHECK (digest ~ '^[0-9a-f]{64}$'),
  size         integer NOT NULL,
  drawn_by     uuid NOT NULL,
  drawn_at     timestamptz NOT NULL,
  drawn_in     xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (provider_id, id),
  CONSTRAINT closure_audits_once_a_quarter UNIQUE (provider_id, quarter),
  CONSTRAINT closure_audits_draw_from_something CHECK (size BETWEEN 1 AND population),
  FOREIGN KEY (provider_id, drawn_by) REFERENCES memberships
);
CREATE INDEX closure_audits_by_member ON closure_audits (provider_id, drawn_by);

CREATE TABLE closure_audit_items (
  provider_id  uuid NOT NULL,
  audit_id     uuid NOT NULL,
  closure_id   uuid NOT NULL,
  action_id    uuid NOT NULL,
  -- the order in which they were drawn
  place        integer NOT NULL CONSTRAINT closure_audit_items_place_counts CHECK (place >= 1),
  PRIMARY KEY (provider_id, audit_id, closure_id),
  CONSTRAINT closure_audit_items_once UNIQUE (provider_id, closure_id),
  FOREIGN KEY (provider_id, audit_id) REFERENCES closure_audits,
  FOREIGN KEY (provider_id, closure_id) REFERENCES closures,
  FOREIGN KEY (provider_id, action_id) REFERENCES actions
);
CREATE INDEX closure_audit_items_of_an_action ON closure_audit_items (provider_id, action_id);

CREATE TABLE closure_audit_results (
  provider_id  uuid NOT NULL,
  audit_id     uuid NOT NULL,
  closure_id   uuid NOT NULL,
  action_id    uuid NOT NULL,
  stands_up    boolean NOT NULL,
  reason       text NOT NULL CONSTRAINT closure_audit_results_say_why CHECK (length(btrim(reason)) BETWEEN 1 AND 4000),
  -- the wording and the evidence that was looked at (R18a)
  judged       jsonb NOT NULL,
  audited_by   uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, closure_id),
  FOREIGN KEY (provider_id, audit_id, closure_id) REFERENCES closure_audit_items,
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, audited_by) REFERENCES memberships
);
CREATE INDEX closure_audit_results_of_an_audit ON closure_audit_results (provider_id, audit_id, closure_id);
CREATE INDEX closure_audit_results_of_an_action ON closure_audit_results (provider_id, action_id);
CREATE INDEX closure_audit_results_by_member ON closure_audit_results (provider_id, audited_by);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['closure_audits', 'closure_audit_items', 'closure_audit_results'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO throughline_app', t);
    EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION app.append_only()', t);
    EXECUTE format('CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.must_have_event(%L)',
      t, CASE t WHEN 'closure_audit_results' THEN 'action_id' ELSE '' END);
  END LOOP;
END $$;

-- Drawn when the quarter is over, by those who audit, and whole in one transaction.
CREATE FUNCTION app.closure_audit_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM app.same_provider(NEW.provider_id);
  IF NEW.drawn_in <> pg_current_xact_id() OR (NEW.quarter + interval '3 months')::date > (NEW.drawn_at AT TIME ZONE 'Europe/London')::date THEN
    RAISE EXCEPTION 'a sample is drawn when its quarter is over' USING ERRCODE = 'TL081';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM memberships m WHERE m.provider_id = NEW.provider_id AND m.id = NEW.drawn_by AND m.ended_at IS NULL
      AND m.role IN ('quality_lead', 'nominated_individual') AND m.changed_in <> pg_current_xact_id()) THEN
    RAISE EXCEPTION 'this role does not audit closures' USING ERRCODE = 'TL024';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION app.closure_audit_item_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM app.same_provider(NEW.provider_id);
  IF NOT EXISTS (SELECT 1 FROM closure_audits d JOIN closures c ON c.provider_id = d.provider_id AND c.id = NEW.closure_id AND c.action_id = NEW.action_id
        AND (c.at AT TIME ZONE 'Europe/London')::date >= d.quarter AND (c.at AT TIME ZONE 'Europe/London')::date < (d.quarter + interval '3 months')::date
      JOIN actions a ON a.provider_id = d.provider_id AND a.id = c.action_id AND a.status = 'closed' AND a.closure_id = c.id
      WHERE d.provider_id = NEW.provider_id AND d.id = NEW.audit_id AND d.drawn_in = pg_current_xact_id()) THEN
    RAISE EXCEPTION 'a sample is drawn at once, of what was closed in its quarter' USING ERRCODE = 'TL081';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION app.closure_audit_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF (SELECT count(*) FROM closure_audit_items i WHERE i.provider_id = NEW.provider_id AND i.audit_id = NEW.id) <> NEW.size THEN
    RAISE EXCEPTION 'a sample is as large as it says' USING ERRCODE = 'TL081';
  END IF;
  RETURN NULL;
END $$;

-- Answered once, while it is closed, by somebody who owned none of it and judged none of it.
CREATE FUNCTION app.closure_audit_result_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a actions%ROWTYPE; c closures%ROWTYPE;
BEGIN
  PERFORM app.same_provider(NEW.provider_id);
  SELECT * INTO a FROM actions x WHERE x.provider_id = NEW.provider_id AND x.id = NEW.action_id FOR UPDATE;
  IF a.status IS DISTINCT FROM 'closed' OR a.closure_id IS DISTINCT FROM NEW.closure_id THEN
    RAISE EXCEPTION 'what has opened again is not audited' USING ERRCODE = 'TL008';
  END IF;
  SELECT * INTO c FROM closures x WHERE x.provider_id = NEW.provider_id AND x.id = NEW.closure_id;
  IF app.has_owned(a, NEW.audited_by) OR NEW.audited_by IN (c.closed_by, c.verifier_id)
     OR EXISTS (SELECT 1 FROM assurances s WHERE s.provider_id = a.provider_id AND s.id = c.assurance_id AND s.member_id = NEW.audited_by) THEN
    RAISE EXCEPTION 'the auditor has owned or judged this' USING ERRCODE = 'TL023';
  END IF;
  IF app.judging_role(a, NEW.audited_by) NOT IN ('quality_lead', 'nominated_individual') THEN
    RAISE EXCEPTION 'this role does not audit closures' USING ERRCODE = 'TL024';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION app.failed_is_reopened() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM actions a WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id AND a.closure_id = NEW.closure_id) THEN
    RAISE EXCEPTION 'what does not stand up is reopened' USING ERRCODE = 'TL019';
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.closure_audit_guard(), app.closure_audit_item_guard(), app.closure_audit_is_whole(), app.closure_audit_result_guard(), app.failed_is_reopened() FROM PUBLIC;
CREATE TRIGGER guard BEFORE INSERT ON closure_audits FOR EACH ROW EXECUTE FUNCTION app.closure_audit_guard();
CREATE TRIGGER guard BEFORE INSERT ON closure_audit_items FOR EACH ROW EXECUTE FUNCTION app.closure_audit_item_guard();
CREATE TRIGGER guard BEFORE INSERT ON closure_audit_results FOR EACH ROW EXECUTE FUNCTION app.closure_audit_result_guard();
CREATE CONSTRAINT TRIGGER whole AFTER INSERT ON closure_audits DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.closure_audit_is_whole();
CREATE CONSTRAINT TRIGGER reopened AFTER INSERT ON closure_audit_results DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NOT NEW.stands_up)
  EXECUTE FUNCTION app.failed_is_reopened();
