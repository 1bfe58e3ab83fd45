-- Row-level security, forced, one policy, on every table of a provider; and what the program may do to each.
DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['reference_counters', 'closure_standards', 'escalation_policies', 'reviews', 'findings', 'finding_sources',
      'finding_framework_entries', 'actions', 'action_owners', 'action_requirements', 'action_changes', 'updates', 'blobs', 'pending_uploads',
      'evidence', 'downloads', 'verifications', 'assurances', 'closures', 'reopenings', 'escalations', 'escalation_decisions', 'outbox',
      'events', 'event_texts', 'chain_heads'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT ON %I TO throughline_app', t);
  END LOOP;
END $$;

GRANT SELECT ON action_transitions TO throughline_app;
GRANT UPDATE (last) ON reference_counters TO throughline_app;
GRANT INSERT ON closure_standards, escalation_policies, reviews, findings, finding_sources, finding_framework_entries, actions,
  action_requirements, action_changes, updates, blobs, pending_uploads, evidence, downloads, verifications, assurances, closures,
  reopenings, escalations, escalation_decisions, outbox TO throughline_app;
GRANT UPDATE (signed_off_by, signed_off_at, version) ON reviews TO throughline_app;
GRANT UPDATE (disposition, disposition_reason, disposed_by, disposed_at, version) ON findings TO throughline_app;
GRANT UPDATE (what, success_test, wording_override, owner_id, due_on, follow_up_on, status, cycle, version, submitted_at, verify_by, rewordings,
  extensions, owner_changes, updated_at, cancelled_by, cancelled_at, cancel_reason, closure_id) ON actions TO throughline_app;
GRANT UPDATE (withdrawn_by, withdrawn_at, withdrawn_reason) ON evidence TO throughline_app;
GRANT UPDATE (attempts, next_at, leased_until, sent_at, subject, body, last_error) ON outbox TO throughline_app;
GRANT UPDATE (stored_at) ON blobs TO throughline_app;
GRANT DELETE ON pending_uploads, blobs TO throughline_app;
-- events, event_texts, chain_heads, action_owners: written by the owner's functions alone

-- Functions are nobody's by default, those of later migrations too.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
DO $$ DECLARE f record; BEGIN
  FOR f IN SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'app' LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.name);
  END LOOP;
END $$;
