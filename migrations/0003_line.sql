-- The line: reviews, findings, actions, updates, evidence, verification, assurance, closure, escalation.
-- Every key leads with provider_id, so that no row can point into another provider.

-- The provider's own numbering: F-0001, A-0001, R-0001.
CREATE TABLE reference_counters (
  provider_id  uuid NOT NULL REFERENCES providers,
  kind         text NOT NULL CONSTRAINT reference_counters_kind_is_known CHECK (kind IN ('review', 'finding', 'action')),
  last         integer NOT NULL DEFAULT 0 CONSTRAINT reference_counters_only_count_up CHECK (last >= 0),
  PRIMARY KEY (provider_id, kind)
);

-- R20: one rule for every manager and service of a provider. A NULL matches anything; the most specific row wins.
CREATE TABLE closure_standards (
  provider_id                uuid NOT NULL REFERENCES providers,
  id                         uuid NOT NULL,
  topic                      text,
  source                     text,
  risk                       text CONSTRAINT closure_standards_risk_is_known CHECK (risk IN ('low', 'medium', 'high', 'critical')),
  evidence_kinds             text[] NOT NULL CONSTRAINT closure_standards_ask_for_evidence CHECK (cardinality(evidence_kinds) >= 1),
  verification_working_days  integer NOT NULL CONSTRAINT closure_standards_window CHECK (verification_working_days BETWEEN 1 AND 60),
  approver                   text NOT NULL CONSTRAINT closure_standards_approver CHECK (approver IN ('registered_manager', 'quality_lead')),
  due_working_days           integer NOT NULL CONSTRAINT closure_standards_due CHECK (due_working_days BETWEEN 1 AND 260),
  sustain_days               integer[] NOT NULL,
  PRIMARY KEY (provider_id, id)
);

-- R12: how many working days after the due date each level hears of it.
CREATE TABLE escalation_policies (
  provider_id         uuid NOT NULL REFERENCES providers,
  risk                text NOT NULL CONSTRAINT escalation_policies_risk_is_known CHECK (risk IN ('low', 'medium', 'high', 'critical')),
  level               integer NOT NULL CONSTRAINT escalation_policies_level_is_known CHECK (level IN (1, 2)),
  after_working_days  integer NOT NULL CONSTRAINT escalation_policies_days CHECK (after_working_days BETWEEN 0 AND 60),
  PRIMARY KEY (provider_id, risk, level)
);

CREATE TABLE reviews (
  provider_id     uuid NOT NULL,
  id              uuid NOT NULL,
  number          integer NOT NULL,
  kind            text NOT NULL CONSTRAINT reviews_kind_is_known CHECK (kind IN (
                    'audit', 'incident_review', 'complaint', 'feedback_round', 'safeguarding_review', 'walkaround', 'spot_check',
                    'daily_check', 'meeting', 'inspection', 'commissioner_visit', 'provider_visit')),
  title           text NOT NULL CONSTRAINT reviews_title_is_given CHECK (length(btrim(title)) BETWEEN 1 AND 200),
  service_id      uuid NOT NULL,
  held_on         date NOT NULL,
  conducted_by    text NOT NULL CONSTRAINT reviews_conducted_by_is_given CHECK (length(btrim(conducted_by)) BETWEEN 1 AND 200),
  their_reference text NOT NULL DEFAULT '' CONSTRAINT reviews_reference_is_short CHECK (length(their_reference) <= 120),
  score           numeric(6,2) CONSTRAINT reviews_score_is_percent CHECK (score BETWEEN 0 AND 100),
  created_by      uuid NOT NULL,
  created_at      timestamptz NOT NULL,
  signed_off_by   uuid,
  signed_off_at   timestamptz,
  version         bigint NOT NULL DEFAULT 1,
  -- how many findings were hung on it: kept by the database, so that a signer and a finding never pass each other unseen
  sources         integer NOT NULL DEFAULT 0,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT reviews_number_is_unique UNIQUE (provider_id, number),
  CONSTRAINT reviews_sign_off_is_whole CHECK ((signed_off_by IS NULL) = (signed_off_at IS NULL)),
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, created_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, signed_off_by) REFERENCES memberships
);
CREATE INDEX reviews_newest_first ON reviews (provider_id, held_on DESC, id DESC);
CREATE INDEX reviews_of_a_service ON reviews (provider_id, service_id, held_on DESC, id DESC);

CREATE TABLE findings (
  provider_id      uuid NOT NULL,
  id               uuid NOT NULL,
  number           integer NOT NULL,
  service_id       uuid NOT NULL,
  unit_id          uuid,
  what             text NOT NULL CONSTRAINT findings_what_is_given CHECK (length(btrim(what)) BETWEEN 1 AND 4000),
  evidence_source  text NOT NULL,
  risk             text NOT NULL CONSTRAINT findings_risk_is_known CHECK (risk IN ('low', 'medium', 'high', 'critical')),
  theme            text NOT NULL,
  topic            text NOT NULL,
  significance     text NOT NULL CONSTRAINT findings_significance_is_known CHECK (significance IN ('minor', 'governance')),
  found_on         date NOT NULL,
  found_by         text NOT NULL CONSTRAINT findings_found_by_is_given CHECK (length(btrim(found_by)) BETWEEN 1 AND 200),
  key_question     text NOT NULL REFERENCES framework_entries CONSTRAINT findings_key_question_is_one CHECK (key_question LIKE 'kq:%'),
  regulation       text NOT NULL REFERENCES framework_entries CONSTRAINT findings_regulation_is_one CHECK (regulation LIKE 'reg:%'),
  disposition      text NOT NULL DEFAULT 'actions' CONSTRAINT findings_disposition_is_known
                     CHECK (disposition IN ('actions', 'no_action_needed', 'not_for_tracker')),
  disposition_reason text CONSTRAINT findings_disposition_reason_is_short CHECK (length(disposition_reason) <= 2000),
  disposed_by      uuid,
  disposed_at      timestamptz,
  logged_by        uuid NOT NULL,
  logged_at        timestamptz NOT NULL,
  version          bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT findings_number_is_unique UNIQUE (provider_id, number),
  -- R5, R5b: ending a finding without an action needs a reason and a name
  CONSTRAINT findings_disposition_has_reason CHECK (CASE WHEN disposition = 'actions'
    THEN num_nonnulls(disposition_reason, disposed_by, disposed_at) = 0
    ELSE num_nonnulls(disposition_reason, disposed_by, disposed_at) = 3 AND length(btrim(disposition_reason)) > 0 END),
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, service_id, unit_id) REFERENCES units,
  FOREIGN KEY (provider_id, disposed_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, logged_by) REFERENCES memberships
);
CREATE INDEX findings_newest_first ON findings (provider_id, found_on DESC, id DESC);
CREATE INDEX findings_of_a_service ON findings (provider_id, service_id, found_on DESC, id DESC);
CREATE INDEX findings_logged_by ON findings (provider_id, logged_by, found_on DESC);

-- R1: one finding can have several sources.
CREATE TABLE finding_sources (
  provider_id  uuid NOT NULL,
  finding_id   uuid NOT NULL,
  review_id    uuid NOT NULL,
  PRIMARY KEY (provider_id, finding_id, review_id),
  FOREIGN KEY (provider_id, finding_id) REFERENCES findings,
  FOREIGN KEY (provider_id, review_id) REFERENCES reviews
);
CREATE INDEX finding_sources_by_review ON finding_sources (provider_id, review_id);

-- R5a: what it bears on, as rows of versioned frameworks.
CREATE TABLE finding_framework_entries (
  provider_id  uuid NOT NULL,
  finding_id   uuid NOT NULL,
  entry_id     text NOT NULL REFERENCES framework_entries,
  PRIMARY KEY (provider_id, finding_id, entry_id),
  FOREIGN KEY (provider_id, finding_id) REFERENCES findings
);

CREATE TABLE action_transitions (
  from_status  text NOT NULL,
  to_status    text NOT NULL,
  PRIMARY KEY (from_status, to_status)
);
INSERT INTO action_transitions VALUES
  ('not_started', 'in_progress'), ('not_started', 'submitted'), ('not_started', 'cancelled'),
  ('in_progress', 'submitted'), ('in_progress', 'cancelled'),
  ('submitted', 'verified'), ('submitted', 'sent_back'), ('submitted', 'ineffective'), ('submitted', 'in_progress'), ('submitted', 'cancelled'),
  ('sent_back', 'in_progress'), ('sent_back', 'submitted'), ('sent_back', 'cancelled'),
  ('ineffective', 'in_progress'), ('ineffective', 'submitted'), ('ineffective', 'cancelled'),
  ('verified', 'closed'), ('verified', 'submitted'), ('verified', 'in_progress'), ('verified', 'sent_back'), ('verified', 'cancelled'),
  ('closed', 'in_progress');

CREATE TABLE actions (
  provider_id         uuid NOT NULL,
  id                  uuid NOT NULL,
  number              integer NOT NULL,
  finding_id          uuid NOT NULL,
  service_id          uuid NOT NULL,
  what                text NOT NULL CONSTRAINT actions_what_is_given CHECK (length(btrim(what)) BETWEEN 1 AND 1000),
  success_test        text NOT NULL CONSTRAINT actions_success_test_is_given CHECK (length(btrim(success_test)) BETWEEN 1 AND 1000),
  -- R2: why vague wording was kept, when it was pointed out
  wording_override    text CONSTRAINT actions_wording_override_is_short CHECK (length(btrim(wording_override)) BETWEEN 1 AND 1000),
  -- R7: an action may wait for its owner or its date, but is shown as unowned and cannot be submitted or signed off
  owner_id            uuid,
  due_on              date,
  follow_up_on        date,
  status              text NOT NULL DEFAULT 'not_started' CONSTRAINT actions_status_is_known CHECK (status IN (
                        'not_started', 'in_progress', 'submitted', 'sent_back', 'ineffective', 'verified', 'closed', 'cancelled')),
  cycle               integer NOT NULL DEFAULT 1,
  version             bigint NOT NULL DEFAULT 1,
  evidence_rev        bigint NOT NULL DEFAULT 0,
  -- fixed when the action is defined: a later change of the standard never alters what was agreed (R20)
  verification_working_days integer NOT NULL CONSTRAINT actions_window CHECK (verification_working_days BETWEEN 1 AND 60),
  approver            text NOT NULL CONSTRAINT actions_approver_is_known CHECK (approver IN ('registered_manager', 'quality_lead')),
  submitted_at        timestamptz,
  verify_by           date,
  rewordings          integer NOT NULL DEFAULT 0 CONSTRAINT actions_rewordings_count CHECK (rewordings >= 0),
  extensions          integer NOT NULL DEFAULT 0 CONSTRAINT actions_extensions_count CHECK (extensions >= 0),
  owner_changes       integer NOT NULL DEFAULT 0 CONSTRAINT actions_owner_changes_count CHECK (owner_changes >= 0),
  updated_at          timestamptz,
  created_by          uuid NOT NULL,
  created_at          timestamptz NOT NULL,
  cancelled_by        uuid,
  cancelled_at        timestamptz,
  cancel_reason       text CONSTRAINT actions_cancel_reason_is_short CHECK (length(btrim(cancel_reason)) BETWEEN 1 AND 2000),
  closure_id          uuid,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT actions_number_is_unique UNIQUE (provider_id, number),
  CONSTRAINT actions_closed_with_its_closure CHECK ((status = 'closed') = (closure_id IS NOT NULL)),
  CONSTRAINT actions_waiting_has_its_window CHECK ((status IN ('submitted', 'verified', 'closed')) = (submitted_at IS NOT NULL AND verify_by IS NOT NULL)),
  CONSTRAINT actions_submitted_has_an_owner CHECK (status NOT IN ('submitted', 'verified', 'closed') OR (owner_id IS NOT NULL AND due_on IS NOT NULL)),
  CONSTRAINT actions_cancelled_with_reason CHECK (CASE WHEN status = 'cancelled'
    THEN num_nonnulls(cancelled_by, cancelled_at, cancel_reason) = 3 ELSE num_nonnulls(cancelled_by, cancelled_at, cancel_reason) = 0 END),
  FOREIGN KEY (provider_id, finding_id) REFERENCES findings,
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, owner_id) REFERENCES memberships,
  FOREIGN KEY (provider_id, created_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, cancelled_by) REFERENCES memberships
) WITH (fillfactor = 80); -- every paper below an action counts its version up: room for that on the same page
CREATE INDEX actions_of_a_finding ON actions (provider_id, finding_id);
-- what is still to be done by an owner, by date: lists, the dashboard and the overdue sweep
CREATE INDEX actions_to_do ON actions (provider_id, due_on, id) WHERE status IN ('not_started', 'in_progress', 'sent_back', 'ineffective');
CREATE INDEX actions_to_do_of_a_service ON actions (provider_id, service_id, due_on, id) WHERE status IN ('not_started', 'in_progress', 'sent_back', 'ineffective');
CREATE INDEX actions_of_an_owner ON actions (provider_id, owner_id, due_on, id) WHERE status NOT IN ('closed', 'cancelled');
CREATE INDEX actions_to_verify ON actions (provider_id, verify_by, id) WHERE status = 'submitted';
CREATE INDEX actions_to_close ON actions (provider_id, service_id, id) WHERE status = 'verified';
CREATE INDEX actions_of_a_service ON actions (provider_id, service_id, status, due_on, id);

-- Everybody who owned it in this cycle (R7, R15): kept by a trigger.
CREATE TABLE action_owners (
  provider_id  uuid NOT NULL,
  action_id    uuid NOT NULL,
  cycle        integer NOT NULL,
  member_id    uuid NOT NULL,
  PRIMARY KEY (provider_id, action_id, cycle, member_id),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships
);

-- R3: the kinds of evidence it must have before it can close.
CREATE TABLE action_requirements (
  provider_id  uuid NOT NULL,
  action_id    uuid NOT NULL,
  kind         text NOT NULL CONSTRAINT action_requirements_kind_is_known CHECK (kind IN (
                 'record', 'audit_sample', 'feedback', 'observed_practice', 'briefing', 'data')),
  PRIMARY KEY (provider_id, action_id, kind),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions
);

-- R6, R7: the earlier wording, date or owner, with the reason for the change.
CREATE TABLE action_changes (
  provider_id  uuid NOT NULL,
  id           uuid NOT NULL,
  action_id    uuid NOT NULL,
  cycle        integer NOT NULL,
  field        text NOT NULL CONSTRAINT action_changes_field_is_known CHECK (field IN ('what', 'success_test', 'owner', 'due_on')),
  before       text,
  after        text,
  reason       text NOT NULL CONSTRAINT action_changes_reason_is_given CHECK (length(btrim(reason)) BETWEEN 1 AND 2000),
  changed_by   uuid NOT NULL,
  changed_at   timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, changed_by) REFERENCES memberships
);
CREATE INDEX action_changes_of_an_action ON action_changes (provider_id, action_id, changed_at);

CREATE TABLE updates (
  provider_id     uuid NOT NULL,
  id              uuid NOT NULL,
  action_id       uuid NOT NULL,
  cycle           integer NOT NULL,
  author_id       uuid NOT NULL,
  note            text NOT NULL CONSTRAINT updates_note_is_given CHECK (length(btrim(note)) BETWEEN 1 AND 4000),
  done_on         date,
  barrier         text CONSTRAINT updates_barrier_is_short CHECK (length(btrim(barrier)) BETWEEN 1 AND 2000),
  support_needed  text CONSTRAINT updates_support_is_short CHECK (length(btrim(support_needed)) BETWEEN 1 AND 2000),
  at              timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, author_id) REFERENCES memberships
);
CREATE INDEX updates_of_an_action ON updates (provider_id, action_id, at);

-- A stored file, once per provider. The file is durable before its row is written.
CREATE TABLE blobs (
  provider_id  uuid NOT NULL REFERENCES providers,
  sha256       bytea NOT NULL CONSTRAINT blobs_hash_is_sha256 CHECK (length(sha256) = 32),
  size         bigint NOT NULL CONSTRAINT blobs_size_is_allowed CHECK (size BETWEEN 1 AND 26214400),
  media_type   text NOT NULL,
  stored_at    timestamptz NOT NULL,
  PRIMARY KEY (provider_id, sha256)
);

-- Files sent with a form that had to be shown again: kept for a day so that nothing has to be sent twice.
CREATE TABLE pending_uploads (
  provider_id  uuid NOT NULL,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  sha256       bytea NOT NULL,
  file_name    text NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships,
  FOREIGN KEY (provider_id, sha256) REFERENCES blobs
);
CREATE INDEX pending_uploads_by_age ON pending_uploads (provider_id, at);

CREATE TABLE evidence (
  provider_id      uuid NOT NULL,
  id               uuid NOT NULL,
  action_id        uuid NOT NULL,
  cycle            integer NOT NULL,
  kind             text NOT NULL CONSTRAINT evidence_kind_is_known CHECK (kind IN (
                     'record', 'audit_sample', 'feedback', 'observed_practice', 'briefing', 'data')),
  author_id        uuid NOT NULL,
  title            text NOT NULL CONSTRAINT evidence_title_is_given CHECK (length(btrim(title)) BETWEEN 1 AND 200),
  about_on         date NOT NULL,
  note             text NOT NULL DEFAULT '' CONSTRAINT evidence_note_is_short CHECK (length(note) <= 2000),
  sha256           bytea,
  file_name        text,
  reference        text CONSTRAINT evidence_reference_is_short CHECK (length(btrim(reference)) BETWEEN 1 AND 500),
  at               timestamptz NOT NULL,
  withdrawn_by     uuid,
  withdrawn_at     timestamptz,
  withdrawn_reason text CONSTRAINT evidence_withdrawn_reason_is_short CHECK (length(btrim(withdrawn_reason)) BETWEEN 1 AND 2000),
  PRIMARY KEY (provider_id, id),
  -- R9, R10: a file or a place where a record is kept; never a bare note
  CONSTRAINT evidence_is_a_file_or_a_reference CHECK (
    (sha256 IS NOT NULL AND file_name IS NOT NULL AND reference IS NULL) OR (sha256 IS NULL AND file_name IS NULL AND reference IS NOT NULL)),
  CONSTRAINT evidence_withdrawn_with_reason CHECK (num_nonnulls(withdrawn_by, withdrawn_at, withdrawn_reason) IN (0, 3)),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, author_id) REFERENCES memberships,
  FOREIGN KEY (provider_id, withdrawn_by) REFERENCES memberships,
  FOREIGN KEY (provider_id, sha256) REFERENCES blobs
);
CREATE INDEX evidence_of_an_action ON evidence (provider_id, action_id, cycle);
CREATE INDEX evidence_of_a_blob ON evidence (provider_id, sha256) WHERE sha256 IS NOT NULL;

-- R9a: who fetched what, apart from the trail.
CREATE TABLE downloads (
  provider_id  uuid NOT NULL,
  id           uuid NOT NULL,
  evidence_id  uuid NOT NULL,
  member_id    uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  FOREIGN KEY (provider_id, evidence_id) REFERENCES evidence,
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships
);
CREATE INDEX downloads_of_evidence ON downloads (provider_id, evidence_id, at);

CREATE TABLE verifications (
  provider_id      uuid NOT NULL,
  id               uuid NOT NULL,
  action_id        uuid NOT NULL,
  cycle            integer NOT NULL,
  verifier_id      uuid NOT NULL,
  method           text NOT NULL CONSTRAINT verifications_method_is_known CHECK (method IN (
                     'record_sample', 'observation', 'conversation', 'data_check', 'spot_check', 'document_check')),
  sample_size      integer NOT NULL,
  met_standard     integer NOT NULL,
  note             text NOT NULL CONSTRAINT verifications_note_is_given CHECK (length(btrim(note)) BETWEEN 1 AND 4000),
  -- one mark for each required kind: supports, mixed or does_not_support (R17)
  marks            jsonb NOT NULL CONSTRAINT verifications_marks_are_known CHECK (
                     -- strict, and by type: a lax path unwraps arrays, and a number is neither equal nor unequal to a word
                     jsonb_typeof(marks) = 'object' AND NOT marks @? 'strict $.* ? (@.type() != "string" || (@ != "supports" && @ != "mixed" && @ != "does_not_support"))'),
  outcome          text NOT NULL CONSTRAINT verifications_outcome_is_known CHECK (outcome IN ('complete', 'partially_complete', 'ineffective')),
  missing          text CONSTRAINT verifications_missing_is_short CHECK (length(btrim(missing)) BETWEEN 1 AND 2000),
  new_due_on       date,
  -- R15: a one-manager home may let a team leader check a registered manager's action, and says why
  exception_reason text CONSTRAINT verifications_exception_is_short CHECK (length(btrim(exception_reason)) BETWEEN 1 AND 2000),
  evidence_rev     bigint NOT NULL,
  seq              bigint NOT NULL DEFAULT 0,
  judged           jsonb NOT NULL,
  at               timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT verifications_can_be_pointed_at UNIQUE (provider_id, action_id, cycle, id, verifier_id, outcome),
  CONSTRAINT verifications_sampled_something CHECK (sample_size BETWEEN 1 AND 100000 AND met_standard BETWEEN 0 AND sample_size),
  CONSTRAINT verifications_complete_is_supported CHECK (outcome <> 'complete' OR NOT jsonb_path_exists(marks, '$.* ? (@ != "supports")')),
  CONSTRAINT verifications_complete_met_something CHECK (outcome <> 'complete' OR met_standard > 0),
  CONSTRAINT verifications_partial_says_what_is_missing CHECK (outcome <> 'partially_complete' OR (missing IS NOT NULL AND new_due_on IS NOT NULL)),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, verifier_id) REFERENCES memberships
);

-- R18: the nominated individual's word on high and critical findings.
CREATE TABLE assurances (
  provider_id   uuid NOT NULL,
  id            uuid NOT NULL,
  action_id     uuid NOT NULL,
  cycle         integer NOT NULL,
  member_id     uuid NOT NULL,
  decision      text NOT NULL CONSTRAINT assurances_decision_is_known CHECK (decision IN ('assured', 'challenged')),
  note          text NOT NULL CONSTRAINT assurances_note_is_given CHECK (length(btrim(note)) BETWEEN 1 AND 4000),
  evidence_rev  bigint NOT NULL,
  seq           bigint NOT NULL DEFAULT 0,
  judged        jsonb NOT NULL,
  at            timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT assurances_can_be_pointed_at UNIQUE (provider_id, action_id, cycle, id, decision),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships
);

-- R17, R18a: the approval, with the proof it rests on. Never edited; a reopening leaves it in place.
CREATE TABLE closures (
  provider_id      uuid NOT NULL,
  id               uuid NOT NULL,
  action_id        uuid NOT NULL,
  cycle            integer NOT NULL,
  closed_by        uuid NOT NULL,
  verification_id  uuid NOT NULL,
  verifier_id      uuid NOT NULL,
  outcome          text NOT NULL CONSTRAINT closures_rest_on_a_pass CHECK (outcome = 'complete'),
  assurance_id     uuid,
  assurance        text CONSTRAINT closures_rest_on_assurance CHECK (assurance = 'assured'),
  note             text NOT NULL CONSTRAINT closures_note_is_given CHECK (length(btrim(note)) BETWEEN 1 AND 4000),
  judged           jsonb NOT NULL,
  at               timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT closures_once_a_cycle UNIQUE (provider_id, action_id, cycle),
  CONSTRAINT closures_can_be_pointed_at UNIQUE (provider_id, action_id, cycle, id),
  CONSTRAINT closures_assurance_is_whole CHECK ((assurance_id IS NULL) = (assurance IS NULL)),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, closed_by) REFERENCES memberships,
  CONSTRAINT closures_point_at_their_verification FOREIGN KEY (provider_id, action_id, cycle, verification_id, verifier_id, outcome)
    REFERENCES verifications (provider_id, action_id, cycle, id, verifier_id, outcome),
  CONSTRAINT closures_point_at_their_assurance FOREIGN KEY (provider_id, action_id, cycle, assurance_id, assurance)
    REFERENCES assurances (provider_id, action_id, cycle, id, decision)
);
CREATE INDEX closures_by_day ON closures (provider_id, at);
ALTER TABLE actions ADD CONSTRAINT actions_point_at_their_closure
  FOREIGN KEY (provider_id, id, cycle, closure_id) REFERENCES closures (provider_id, action_id, cycle, id);

CREATE TABLE reopenings (
  provider_id  uuid NOT NULL,
  id           uuid NOT NULL,
  action_id    uuid NOT NULL,
  cycle        integer NOT NULL,
  reason       text NOT NULL CONSTRAINT reopenings_reason_is_given CHECK (length(btrim(reason)) BETWEEN 1 AND 2000),
  reopened_by  uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT reopenings_once_a_cycle UNIQUE (provider_id, action_id, cycle),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, reopened_by) REFERENCES memberships
);

-- R12: raised once for each action, cycle, level, date and cause, by whichever replica comes first.
CREATE TABLE escalations (
  provider_id  uuid NOT NULL,
  id           uuid NOT NULL,
  action_id    uuid NOT NULL,
  cycle        integer NOT NULL,
  level        integer NOT NULL CONSTRAINT escalations_level_is_known CHECK (level IN (1, 2)),
  cause        text NOT NULL CONSTRAINT escalations_cause_is_known CHECK (cause IN (
                 'overdue', 'verification_late', 'ineffective', 'mixed_evidence', 'challenged')),
  due_on       date NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT escalations_happen_once UNIQUE (provider_id, action_id, cycle, level, due_on, cause),
  CONSTRAINT escalations_can_be_pointed_at UNIQUE (provider_id, id, action_id),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions
);

-- R13, R13a, R18a: the recorded decision, with what it saw. Never edited, only followed by another.
CREATE TABLE escalation_decisions (
  provider_id       uuid NOT NULL,
  id                uuid NOT NULL,
  escalation_id     uuid NOT NULL,
  action_id         uuid NOT NULL,
  decided_by        uuid NOT NULL,
  decision          text NOT NULL CONSTRAINT escalation_decisions_decision_is_known CHECK (decision IN ('act', 'no_escalation')),
  risk              text NOT NULL DEFAULT '',
  delay_reason      text NOT NULL DEFAULT '',
  support_needed    text NOT NULL DEFAULT '',
  revised_due_on    date,
  interim_control   text NOT NULL DEFAULT '',
  because           text NOT NULL DEFAULT '',
  judged            jsonb NOT NULL,
  at                timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT escalation_decisions_are_whole CHECK (CASE decision
    WHEN 'act' THEN length(btrim(risk)) > 0 AND length(btrim(delay_reason)) > 0 AND length(btrim(interim_control)) > 0
    ELSE length(btrim(because)) > 0 END),
  CONSTRAINT escalation_decisions_are_short CHECK (
    greatest(length(risk), length(delay_reason), length(support_needed), length(interim_control), length(because)) <= 2000),
  CONSTRAINT escalation_decisions_are_about_their_action FOREIGN KEY (provider_id, escalation_id, action_id)
    REFERENCES escalations (provider_id, id, action_id),
  FOREIGN KEY (provider_id, decided_by) REFERENCES memberships
);
CREATE INDEX escalation_decisions_of_an_escalation ON escalation_decisions (provider_id, escalation_id, at);
CREATE INDEX escalation_decisions_of_an_action ON escalation_decisions (provider_id, action_id, at);

-- Messages to be delivered: written with the change they tell of, sent later. A row without a recipient names an audience;
-- when its time comes it is resolved into one row for each person, so that who hears is decided when it is sent.
CREATE TABLE outbox (
  provider_id   uuid NOT NULL REFERENCES providers,
  id            uuid NOT NULL,
  dedupe_key    text NOT NULL,
  kind          text NOT NULL CONSTRAINT outbox_kind_is_known CHECK (kind IN ('assigned', 'sent_back', 'escalated', 'verification_late', 'to_verify')),
  audience      text NOT NULL CONSTRAINT outbox_audience_is_known CHECK (audience IN ('owner', 'manager', 'leadership', 'verifiers')),
  action_id     uuid NOT NULL,
  escalation_id uuid,
  recipient_id  uuid,
  created_at    timestamptz NOT NULL,
  attempts      integer NOT NULL DEFAULT 0,
  next_at       timestamptz,
  leased_until  timestamptz,
  sent_at       timestamptz,
  subject       text,
  body          text,
  last_error    text CONSTRAINT outbox_last_error_is_short CHECK (length(last_error) <= 500),
  PRIMARY KEY (provider_id, id),
  CONSTRAINT outbox_says_it_once UNIQUE (provider_id, dedupe_key),
  FOREIGN KEY (provider_id, action_id) REFERENCES actions,
  FOREIGN KEY (provider_id, escalation_id) REFERENCES escalations,
  FOREIGN KEY (provider_id, recipient_id) REFERENCES memberships
);
CREATE INDEX outbox_due ON outbox (provider_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_newest_first ON outbox (provider_id, created_at DESC, id DESC);
