-- R15: a registered manager's own action is checked by the deputy, the quality lead or the nominated individual. In a home
-- with one manager a team leader may, with the reason recorded. The database holds it too: there is nobody else in the
-- home who manages it and is independent, and nobody records a reason who needs none.

CREATE FUNCTION app.one_manager_home(a actions) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT NOT EXISTS (SELECT 1 FROM member_services ms JOIN memberships m ON m.provider_id = ms.provider_id AND m.id = ms.member_id
    WHERE ms.provider_id = a.provider_id AND ms.service_id = a.service_id AND m.ended_at IS NULL
      AND m.role IN ('deputy_manager', 'registered_manager') AND NOT app.has_owned(a, m.id)
      AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle
        AND e.withdrawn_at IS NULL AND e.author_id = m.id))
$$;
REVOKE ALL ON FUNCTION app.one_manager_home(actions) FROM PUBLIC;

CREATE OR REPLACE FUNCTION app.verification_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a actions%ROWTYPE; m_role text; managers boolean;
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
  managers := app.is_managers(a);
  IF m_role IN ('deputy_manager', 'quality_lead', 'nominated_individual')
      OR (NOT managers AND m_role IN ('registered_manager', 'safeguarding_lead')) THEN
    IF NEW.exception_reason IS NOT NULL THEN
      RAISE EXCEPTION 'this verifier needs no exception' USING ERRCODE = 'TL042';
    END IF;
  ELSIF managers AND m_role = 'team_leader' AND NEW.exception_reason IS NOT NULL THEN
    IF NOT app.one_manager_home(a) THEN
      RAISE EXCEPTION 'another manager of the home can check this' USING ERRCODE = 'TL043';
    END IF;
  ELSE
    RAISE EXCEPTION 'this role does not verify' USING ERRCODE = 'TL024';
  END IF;
  IF EXISTS (SELECT 1 FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id AND NOT NEW.marks ? r.kind) THEN
    RAISE EXCEPTION 'a required kind of evidence was not judged' USING ERRCODE = 'TL009';
  END IF;
  NEW.seq := a.version;
  RETURN NEW;
END $$;

-- The exceptions, newest first, for the quality lead and the nominated individual.
CREATE INDEX verifications_by_exception ON verifications (provider_id, at DESC, id DESC) WHERE exception_reason IS NOT NULL;
