-- What is sent by mail: everybody chooses for themselves, in each provider, but for escalations, which always come.
CREATE TABLE mail_choices (
  provider_id  uuid NOT NULL,
  member_id    uuid NOT NULL,
  kind         text NOT NULL CONSTRAINT mail_choices_kind_can_be_chosen CHECK (kind IN ('assigned', 'sent_back', 'due_soon', 'digest',
                 'to_verify', 'date_moved', 'reworded', 'called_off')),
  wanted       boolean NOT NULL,
  chosen_at    timestamptz NOT NULL,
  PRIMARY KEY (provider_id, member_id, kind),
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships
);

-- The links that switch one kind off without signing in (RFC 8058), one for each mail that was sent. Only the hash is kept.
CREATE TABLE mail_stops (
  provider_id  uuid NOT NULL,
  token_hash   bytea NOT NULL CONSTRAINT mail_stops_hash_is_sha256 CHECK (length(token_hash) = 32),
  member_id    uuid NOT NULL,
  kind         text NOT NULL,
  made_at      timestamptz NOT NULL,
  PRIMARY KEY (provider_id, token_hash),
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships
);
CREATE INDEX mail_stops_by_age ON mail_stops (provider_id, made_at);

-- The weeks whose digests were queued: whoever writes the row queues them.
CREATE TABLE digest_weeks (
  provider_id  uuid NOT NULL REFERENCES providers,
  monday       date NOT NULL CONSTRAINT digest_weeks_begin_on_monday CHECK (extract(isodow FROM monday) = 1),
  PRIMARY KEY (provider_id, monday)
);

ALTER TABLE mail_choices ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_choices FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON mail_choices USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT, UPDATE (wanted, chosen_at) ON mail_choices TO throughline_app;
ALTER TABLE mail_stops ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_stops FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON mail_stops USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT, DELETE ON mail_stops TO throughline_app;
ALTER TABLE digest_weeks ENABLE ROW LEVEL SECURITY;
ALTER TABLE digest_weeks FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON digest_weeks USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT ON digest_weeks TO throughline_app;

-- The digest of a week is about no single action, and goes to one member.
ALTER TABLE outbox ALTER COLUMN action_id DROP NOT NULL,
  DROP CONSTRAINT outbox_kind_is_known,
  ADD CONSTRAINT outbox_kind_is_known CHECK (kind IN (
    'assigned', 'sent_back', 'escalated', 'verification_late', 'to_verify', 'due_soon', 'date_moved', 'reworded', 'called_off', 'digest')),
  DROP CONSTRAINT outbox_audience_is_known,
  ADD CONSTRAINT outbox_audience_is_known CHECK (audience IN ('owner', 'manager', 'leadership', 'verifiers', 'themselves')),
  ADD CONSTRAINT outbox_is_about_an_action CHECK ((action_id IS NULL) = (kind = 'digest'));
