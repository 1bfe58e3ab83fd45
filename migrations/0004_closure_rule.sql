-- The closure rule, held by the database as well as by the program (R15, R17 to R19).
-- Refusals carry codes TL0xx, so that a test can tell which part of the rule refused.

-- Every paper below an action: the action row is locked and counted up, so that a closer and a writer never pass
-- each other unseen, and nothing is written under a closed or cancelled action or into an earlier cycle.
CREATE FUNCTION app.paper_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a record; moves_evidence boolean;
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'papers are never deleted' USING ERRCODE = 'TL005';
  END IF;
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME <> 'evidence' THEN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'TL005';
  END IF;
  moves_evidence := TG_TABLE_NAME IN ('evidence', 'action_requirements');
  UPDATE actions SET version = version + 1, evidence_rev = evidence_rev + moves_evidence::int
    -- said with CASE, so that no partial index looks fit for it: one was chosen over the key while statistics were young
    WHERE provider_id = NEW.provider_id AND id = NEW.action_id AND CASE WHEN status IN ('closed', 'cancelled') THEN false ELSE true END
    RETURNING cycle, evidence_rev, version, status INTO a;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the action is closed, cancelled or not there' USING ERRCODE = 'TL002';
  END IF;
  IF TG_TABLE_NAME = 'action_requirements' THEN
    IF a.status <> 'not_started' OR a.cycle <> 1 THEN
      RAISE EXCEPTION 'the evidence required is agreed when the action is defined' USING ERRCODE = 'TL006';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.cycle <> a.cycle THEN
    RAISE EXCEPTION 'an earlier cycle is history' USING ERRCODE = 'TL003';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION app.evidence_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.withdrawn_at IS NOT NULL THEN
      RAISE EXCEPTION 'evidence is given before it is withdrawn' USING ERRCODE = 'TL007';
    END IF;
  ELSIF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
     OR (NEW.provider_id, NEW.id, NEW.action_id, NEW.cycle, NEW.kind, NEW.author_id, NEW.title, NEW.about_on, NEW.note, NEW.sha256, NEW.file_name, NEW.reference, NEW.at)
        IS DISTINCT FROM
        (OLD.provider_id, OLD.id, OLD.action_id, OLD.cycle, OLD.kind, OLD.author_id, OLD.title, OLD.about_on, OLD.note, OLD.sha256, OLD.file_name, OLD.reference, OLD.at) THEN
    RAISE EXCEPTION 'evidence may only be withdrawn, once' USING ERRCODE = 'TL005';
  END IF;
  RETURN NEW;
END $$;

-- Owned it in this cycle: the owners noted so far, and the one the row names now (an owner set earlier in the same
-- statement is not noted yet).
CREATE FUNCTION app.has_owned(a actions, member uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(a.owner_id = member, false) OR EXISTS (SELECT 1 FROM action_owners o
    WHERE o.provider_id = a.provider_id AND o.action_id = a.id AND o.cycle = a.cycle AND o.member_id = member)
$$;
-- A registered manager owned it in this cycle: others check and approve (R15).
CREATE FUNCTION app.is_managers(a actions) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM memberships m WHERE m.provider_id = a.provider_id AND m.role = 'registered_manager'
    AND m.id IN (SELECT a.owner_id UNION ALL SELECT o.member_id FROM action_owners o
      WHERE o.provider_id = a.provider_id AND o.action_id = a.id AND o.cycle = a.cycle))
$$;
-- The role in which somebody judges an action, locked until the transaction ends. Roles of a service judge in their
-- services only; nobody judges by a role, a place or a service given in this same transaction.
CREATE FUNCTION app.judging_role(a actions, member uuid) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m memberships%ROWTYPE; given xid8;
BEGIN
  SELECT * INTO m FROM memberships x WHERE x.provider_id = a.provider_id AND x.id = member AND x.ended_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nobody here judges this' USING ERRCODE = 'TL024';
  END IF;
  IF m.role IN ('care_staff', 'team_leader', 'deputy_manager', 'registered_manager') THEN
    SELECT ms.changed_in INTO given FROM member_services ms WHERE ms.provider_id = a.provider_id AND ms.member_id = member AND ms.service_id = a.service_id FOR SHARE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'this role judges in its own services' USING ERRCODE = 'TL027';
    END IF;
  END IF;
  IF pg_current_xact_id() IN (m.changed_in, given) THEN
    RAISE EXCEPTION 'nobody is given a place and judges by it at once' USING ERRCODE = 'TL034';
  END IF;
  RETURN m.role;
END $$;

-- R15: the verifier never owned it in this cycle, wrote none of the live evidence, and looked at what is there now.
CREATE FUNCTION app.verification_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a actions%ROWTYPE; m_role text;
BEGIN
  SELECT * INTO a FROM actions WHERE provider_id = NEW.provider_id AND id = NEW.action_id;
  IF a.status <> 'submitted' THEN
    RAISE EXCEPTION 'only what was submitted is verified' USING ERRCODE = 'TL008';
  END IF;
  IF NEW.evidence_rev <> a.evidence_rev THEN
    RAISE EXCEPTION 'the evidence changed since the verifier looked' USING ERRCODE = 'TL004';
  END IF;
  IF app.has_owned(a, NEW.verifier_id) THEN
    RAISE EXCEPTION 'the verifier has owned this action' USING ERRCODE = 'TL023';
  END IF;
  IF EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle
      AND e.withdrawn_at IS NULL AND e.author_id = NEW.verifier_id) THEN
    RAISE EXCEPTION 'the verifier gave the evidence' USING ERRCODE = 'TL022';
  END IF;
  m_role := app.judging_role(a, NEW.verifier_id);
  IF NOT (m_role IN ('deputy_manager', 'quality_lead', 'nominated_individual') OR (CASE WHEN app.is_managers(a)
      THEN m_role = 'team_leader' AND NEW.exception_reason IS NOT NULL
      ELSE m_role IN ('registered_manager', 'safeguarding_lead') END)) THEN
    RAISE EXCEPTION 'this role does not verify' USING ERRCODE = 'TL024';
  END IF;
  IF EXISTS (SELECT 1 FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id AND NOT NEW.marks ? r.kind) THEN
    RAISE EXCEPTION 'a required kind of evidence was not judged' USING ERRCODE = 'TL009';
  END IF;
  NEW.seq := a.version;
  RETURN NEW;
END $$;

CREATE FUNCTION app.assurance_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a actions%ROWTYPE;
BEGIN
  SELECT * INTO a FROM actions WHERE provider_id = NEW.provider_id AND id = NEW.action_id;
  IF a.status <> 'verified' THEN
    RAISE EXCEPTION 'only what was verified is assured' USING ERRCODE = 'TL008';
  END IF;
  IF NEW.evidence_rev <> a.evidence_rev THEN
    RAISE EXCEPTION 'the evidence changed since the nominated individual looked' USING ERRCODE = 'TL004';
  END IF;
  IF app.has_owned(a, NEW.member_id) THEN
    RAISE EXCEPTION 'the nominated individual has owned this action' USING ERRCODE = 'TL023';
  END IF;
  IF app.judging_role(a, NEW.member_id) <> 'nominated_individual' THEN
    RAISE EXCEPTION 'only the nominated individual assures' USING ERRCODE = 'TL024';
  END IF;
  NEW.seq := a.version;
  RETURN NEW;
END $$;

CREATE TRIGGER a_paper BEFORE INSERT OR UPDATE OR DELETE ON evidence FOR EACH ROW EXECUTE FUNCTION app.paper_guard();
CREATE TRIGGER b_evidence BEFORE INSERT OR UPDATE ON evidence FOR EACH ROW EXECUTE FUNCTION app.evidence_guard();
CREATE TRIGGER a_paper BEFORE INSERT OR UPDATE OR DELETE ON action_requirements FOR EACH ROW EXECUTE FUNCTION app.paper_guard();
CREATE TRIGGER a_paper BEFORE INSERT OR UPDATE OR DELETE ON updates FOR EACH ROW EXECUTE FUNCTION app.paper_guard();
CREATE TRIGGER a_paper BEFORE INSERT OR UPDATE OR DELETE ON action_changes FOR EACH ROW EXECUTE FUNCTION app.paper_guard();
CREATE TRIGGER a_paper BEFORE INSERT OR UPDATE OR DELETE ON verifications FOR EACH ROW EXECUTE FUNCTION app.paper_guard();
CREATE TRIGGER b_verification BEFORE INSERT ON verifications FOR EACH ROW EXECUTE FUNCTION app.verification_guard();
CREATE TRIGGER a_paper BEFORE INSERT OR UPDATE OR DELETE ON assurances FOR EACH ROW EXECUTE FUNCTION app.paper_guard();
CREATE TRIGGER b_assurance BEFORE INSERT ON assurances FOR EACH ROW EXECUTE FUNCTION app.assurance_guard();
CREATE TRIGGER a_paper BEFORE INSERT OR UPDATE OR DELETE ON closures FOR EACH ROW EXECUTE FUNCTION app.paper_guard();

-- What is decided or sent is kept as it was.
CREATE FUNCTION app.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'TL005';
END $$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON reopenings FOR EACH ROW EXECUTE FUNCTION app.append_only();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON escalations FOR EACH ROW EXECUTE FUNCTION app.append_only();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON escalation_decisions FOR EACH ROW EXECUTE FUNCTION app.append_only();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON downloads FOR EACH ROW EXECUTE FUNCTION app.append_only();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON finding_sources FOR EACH ROW EXECUTE FUNCTION app.append_only();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON finding_framework_entries FOR EACH ROW EXECUTE FUNCTION app.append_only();

-- The existential half is declarative (constraints of 0003); this is the universal half.
CREATE FUNCTION app.close_gate(a actions) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c closures%ROWTYPE; v verifications%ROWTYPE; s assurances%ROWTYPE; closer_role text;
BEGIN
  SELECT * INTO c FROM closures x WHERE x.provider_id = a.provider_id AND x.action_id = a.id AND x.cycle = a.cycle AND x.id = a.closure_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a closure needs its paper' USING ERRCODE = 'TL019';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id) THEN
    RAISE EXCEPTION 'no evidence was ever asked for' USING ERRCODE = 'TL020';
  END IF;
  IF EXISTS (SELECT 1 FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id
      AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = r.provider_id AND e.action_id = r.action_id
           AND e.cycle = a.cycle AND e.kind = r.kind AND e.withdrawn_at IS NULL)) THEN
    RAISE EXCEPTION 'a required kind of evidence is missing' USING ERRCODE = 'TL021';
  END IF;
  IF EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle
      AND e.withdrawn_at IS NULL AND e.author_id = c.verifier_id) THEN
    RAISE EXCEPTION 'the verifier gave the evidence' USING ERRCODE = 'TL022';
  END IF;
  IF app.has_owned(a, c.verifier_id) OR app.has_owned(a, c.closed_by) THEN
    RAISE EXCEPTION 'the verifier or the closer has owned this action' USING ERRCODE = 'TL023';
  END IF;
  closer_role := app.judging_role(a, c.closed_by);
  -- R17; and when a registered manager owned it, somebody above approves
  IF NOT (closer_role = a.approver OR (closer_role IN ('quality_lead', 'nominated_individual') AND app.is_managers(a))) THEN
    RAISE EXCEPTION 'this role does not approve this closure' USING ERRCODE = 'TL024';
  END IF;
  SELECT * INTO v FROM verifications x WHERE x.provider_id = a.provider_id AND x.action_id = a.id AND x.cycle = a.cycle ORDER BY x.seq DESC LIMIT 1;
  IF v.id IS DISTINCT FROM c.verification_id OR v.outcome IS DISTINCT FROM 'complete' OR v.evidence_rev IS DISTINCT FROM a.evidence_rev THEN
    RAISE EXCEPTION 'the newest verification is not a pass of this evidence' USING ERRCODE = 'TL025';
  END IF;
  IF EXISTS (SELECT 1 FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id
      AND v.marks ->> r.kind IS DISTINCT FROM 'supports') THEN
    RAISE EXCEPTION 'not every required kind of evidence supports it' USING ERRCODE = 'TL026';
  END IF;
  -- R18
  IF (SELECT f.risk IN ('high', 'critical') FROM findings f WHERE f.provider_id = a.provider_id AND f.id = a.finding_id) THEN
    SELECT * INTO s FROM assurances x WHERE x.provider_id = a.provider_id AND x.action_id = a.id AND x.cycle = a.cycle ORDER BY x.seq DESC LIMIT 1;
    IF s.id IS NULL OR s.id IS DISTINCT FROM c.assurance_id OR s.decision <> 'assured' OR s.evidence_rev <> a.evidence_rev OR s.seq < v.seq THEN
      RAISE EXCEPTION 'the nominated individual has not assured this evidence' USING ERRCODE = 'TL028';
    END IF;
    IF app.has_owned(a, s.member_id) THEN
      RAISE EXCEPTION 'the nominated individual has owned this action' USING ERRCODE = 'TL023';
    END IF;
  END IF;
END $$;

-- A guard that looks for what must not be there would find nothing if the provider were taken away in mid-statement.
CREATE FUNCTION app.same_provider(p uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p IS DISTINCT FROM app.provider() THEN
    RAISE EXCEPTION 'the row is of another provider than the transaction' USING ERRCODE = 'TL038';
  END IF;
END $$;

CREATE FUNCTION app.action_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'actions are never deleted' USING ERRCODE = 'TL011';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF (NEW.status, NEW.cycle, NEW.version, NEW.evidence_rev, NEW.rewordings, NEW.extensions, NEW.owner_changes)
        IS DISTINCT FROM ('not_started'::text, 1, 1::bigint, 0::bigint, 0, 0, 0) THEN
      RAISE EXCEPTION 'an action begins as not started' USING ERRCODE = 'TL010';
    END IF;
    RETURN NEW;
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  IF (NEW.provider_id, NEW.id, NEW.number, NEW.finding_id, NEW.service_id, NEW.created_by, NEW.created_at)
      IS DISTINCT FROM (OLD.provider_id, OLD.id, OLD.number, OLD.finding_id, OLD.service_id, OLD.created_by, OLD.created_at) THEN
    RAISE EXCEPTION 'an action does not move' USING ERRCODE = 'TL001';
  END IF;
  -- the writer says which version it saw, by writing the next one
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'stale write: saw version %, found %', NEW.version - 1, OLD.version USING ERRCODE = 'TL012';
  END IF;
  IF (NEW.rewordings, NEW.extensions, NEW.owner_changes) IS DISTINCT FROM (OLD.rewordings, OLD.extensions, OLD.owner_changes)
     AND (NEW.rewordings < OLD.rewordings OR NEW.extensions < OLD.extensions OR NEW.owner_changes < OLD.owner_changes) THEN
    RAISE EXCEPTION 'counts of changes only grow' USING ERRCODE = 'TL015';
  END IF;
  -- R7, R11: without an owner or a date an action would never be late
  IF (NEW.owner_id IS NULL AND OLD.owner_id IS NOT NULL) OR (NEW.due_on IS NULL AND OLD.due_on IS NOT NULL) THEN
    RAISE EXCEPTION 'an owner or a date is changed, never taken away' USING ERRCODE = 'TL037';
  END IF;
  IF OLD.status = 'cancelled' THEN
    RAISE EXCEPTION 'a cancelled action stays as it is' USING ERRCODE = 'TL016';
  END IF;
  IF NEW.status <> OLD.status AND NOT EXISTS (SELECT 1 FROM action_transitions t WHERE t.from_status = OLD.status AND t.to_status = NEW.status) THEN
    RAISE EXCEPTION 'no way from % to %', OLD.status, NEW.status USING ERRCODE = 'TL017';
  END IF;
  IF OLD.status = 'closed' THEN
    IF NEW.status <> 'in_progress' OR NEW.cycle <> OLD.cycle + 1
       OR (NEW.what, NEW.success_test, NEW.evidence_rev, NEW.approver, NEW.verification_working_days)
          IS DISTINCT FROM (OLD.what, OLD.success_test, OLD.evidence_rev, OLD.approver, OLD.verification_working_days) THEN
      RAISE EXCEPTION 'a closed action can only be reopened' USING ERRCODE = 'TL013';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM reopenings r WHERE r.provider_id = OLD.provider_id AND r.action_id = OLD.id AND r.cycle = OLD.cycle) THEN
      RAISE EXCEPTION 'a reopening says why' USING ERRCODE = 'TL033';
    END IF;
    NEW.evidence_rev := OLD.evidence_rev + 1;
    RETURN NEW;
  END IF;
  -- R16: an ineffective verdict starts a new cycle, whose evidence must be new
  IF NEW.cycle <> OLD.cycle + (NEW.status = 'ineffective' AND OLD.status <> 'ineffective')::int THEN
    RAISE EXCEPTION 'a cycle begins by reopening or by an ineffective verdict' USING ERRCODE = 'TL014';
  END IF;
  IF NEW.evidence_rev <> OLD.evidence_rev AND pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'evidence_rev is kept by the database' USING ERRCODE = 'TL018';
  END IF;
  -- R18a: a verdict judged these words; with others it is void like one on other evidence
  IF (NEW.what, NEW.success_test) IS DISTINCT FROM (OLD.what, OLD.success_test) THEN
    NEW.evidence_rev := OLD.evidence_rev + 1;
  END IF;
  IF NEW.status IN ('verified', 'sent_back', 'ineffective') AND OLD.status = 'submitted' AND NOT EXISTS (
      SELECT 1 FROM (SELECT v.outcome, v.evidence_rev FROM verifications v WHERE v.provider_id = OLD.provider_id AND v.action_id = OLD.id
        AND v.cycle = OLD.cycle ORDER BY v.seq DESC LIMIT 1) v
      WHERE v.evidence_rev = NEW.evidence_rev AND v.outcome = CASE NEW.status WHEN 'verified' THEN 'complete'
        WHEN 'sent_back' THEN 'partially_complete' ELSE 'ineffective' END) THEN
    RAISE EXCEPTION 'a verdict is recorded before it takes effect' USING ERRCODE = 'TL029';
  END IF;
  IF NEW.status = 'closed' THEN
    -- what is closed is what was judged: the write that closes changes nothing else
    IF (NEW.what, NEW.success_test, NEW.wording_override, NEW.owner_id, NEW.due_on, NEW.submitted_at, NEW.verify_by, NEW.rewordings, NEW.extensions, NEW.owner_changes)
        IS DISTINCT FROM
       (OLD.what, OLD.success_test, OLD.wording_override, OLD.owner_id, OLD.due_on, OLD.submitted_at, OLD.verify_by, OLD.rewordings, OLD.extensions, OLD.owner_changes) THEN
      RAISE EXCEPTION 'closing changes nothing else' USING ERRCODE = 'TL013';
    END IF;
    PERFORM app.close_gate(NEW);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON actions FOR EACH ROW EXECUTE FUNCTION app.action_guard();

CREATE FUNCTION app.note_owner() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.owner_id IS NOT NULL THEN
    INSERT INTO action_owners VALUES (NEW.provider_id, NEW.id, NEW.cycle, NEW.owner_id) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_owner AFTER INSERT OR UPDATE OF owner_id, cycle ON actions FOR EACH ROW EXECUTE FUNCTION app.note_owner();

-- A closure paper without a closed action would be a false paper: looked at when the transaction commits.
CREATE FUNCTION app.closure_is_used() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM actions a WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id AND a.status = 'closed' AND a.closure_id = NEW.id) THEN
    RAISE EXCEPTION 'a closure paper closes its action' USING ERRCODE = 'TL019';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER used AFTER INSERT ON closures DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.closure_is_used();

-- A reopening paper is written when the action is closed, and reopens it in the same transaction: otherwise it would be
-- a reason kept in store for later.
CREATE FUNCTION app.reopening_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM actions a WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id AND a.status = 'closed' AND a.cycle = NEW.cycle FOR UPDATE) THEN
    RAISE EXCEPTION 'only what is closed is reopened' USING ERRCODE = 'TL008';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON reopenings FOR EACH ROW EXECUTE FUNCTION app.reopening_guard();
CREATE FUNCTION app.reopening_is_used() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM actions a WHERE a.provider_id = NEW.provider_id AND a.id = NEW.action_id AND a.cycle > NEW.cycle) THEN
    RAISE EXCEPTION 'a reopening paper reopens its action' USING ERRCODE = 'TL019';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER used AFTER INSERT ON reopenings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.reopening_is_used();

-- What was found is not rewritten: the risk may not sink under an action that is being closed on it, nor the words change.
CREATE FUNCTION app.finding_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'findings are never deleted' USING ERRCODE = 'TL011';
  END IF;
  IF (NEW.provider_id, NEW.id, NEW.number, NEW.service_id, NEW.unit_id, NEW.what, NEW.risk, NEW.theme, NEW.topic, NEW.found_on, NEW.found_by, NEW.logged_by, NEW.logged_at)
      IS DISTINCT FROM
     (OLD.provider_id, OLD.id, OLD.number, OLD.service_id, OLD.unit_id, OLD.what, OLD.risk, OLD.theme, OLD.topic, OLD.found_on, OLD.found_by, OLD.logged_by, OLD.logged_at) THEN
    RAISE EXCEPTION 'what was found is not rewritten' USING ERRCODE = 'TL001';
  END IF;
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'stale write: saw version %, found %', NEW.version - 1, OLD.version USING ERRCODE = 'TL012';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON findings FOR EACH ROW EXECUTE FUNCTION app.finding_guard();

-- R5: signed off once, and only when every finding has an action with owner and date or a reason why none is needed.
CREATE FUNCTION app.review_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'reviews are never deleted' USING ERRCODE = 'TL011';
  END IF;
  PERFORM app.same_provider(NEW.provider_id);
  IF TG_OP = 'INSERT' THEN
    IF NEW.signed_off_at IS NOT NULL OR NEW.version <> 1 OR NEW.sources <> 0 THEN
      RAISE EXCEPTION 'a review begins without its sign-off' USING ERRCODE = 'TL010';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.sources = OLD.sources + 1 AND NEW.version = OLD.version AND OLD.signed_off_at IS NULL AND pg_trigger_depth() > 1 THEN
    RETURN NEW;
  END IF;
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'stale write: saw version %, found %', NEW.version - 1, OLD.version USING ERRCODE = 'TL012';
  END IF;
  IF OLD.signed_off_at IS NOT NULL THEN
    RAISE EXCEPTION 'a signed-off review stays as it is' USING ERRCODE = 'TL040';
  END IF;
  IF NEW.signed_off_at IS NOT NULL AND EXISTS (
      SELECT 1 FROM finding_sources s JOIN findings f ON f.provider_id = s.provider_id AND f.id = s.finding_id
      WHERE s.provider_id = NEW.provider_id AND s.review_id = NEW.id AND f.disposition = 'actions'
        AND NOT EXISTS (SELECT 1 FROM actions a JOIN memberships m ON m.provider_id = a.provider_id AND m.id = a.owner_id AND m.ended_at IS NULL
          WHERE a.provider_id = f.provider_id AND a.finding_id = f.id AND a.status <> 'cancelled' AND a.due_on IS NOT NULL)) THEN
    RAISE EXCEPTION 'a finding has no action with owner and date' USING ERRCODE = 'TL041';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON reviews FOR EACH ROW EXECUTE FUNCTION app.review_guard();

-- No finding slips into a review that was signed off. Counting the sources, not only locking the review, makes a signer who
-- works on an older snapshot fail (40001) instead of signing a list they never saw.
CREATE FUNCTION app.source_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE reviews r SET sources = sources + 1 WHERE r.provider_id = NEW.provider_id AND r.id = NEW.review_id AND r.signed_off_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a signed-off review stays as it is' USING ERRCODE = 'TL040';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON finding_sources FOR EACH ROW EXECUTE FUNCTION app.source_guard();
