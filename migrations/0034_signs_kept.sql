-- A measure can give a sign (E17), which can be put aside like another.
ALTER TABLE sign_acknowledgements
  ADD COLUMN measure_id uuid,
  DROP CONSTRAINT sign_acknowledgements_is_about_one,
  ADD CONSTRAINT sign_acknowledgements_is_about_one CHECK (num_nonnulls(action_id, finding_id, measure_id) = 1
    AND subject_id = coalesce(action_id, finding_id, measure_id)),
  ADD FOREIGN KEY (provider_id, measure_id) REFERENCES measures;

-- The signs of each service as the worker found them last: who sees the whole provider reads these, and only what happened
-- since is looked at again. They can be found anew at any time, so they are in no trail. `quiet` is put aside for that day.
CREATE TABLE signs_kept (
  provider_id  uuid NOT NULL,
  service_id   uuid NOT NULL,
  sign         text NOT NULL CONSTRAINT signs_kept_sign_is_a_word CHECK (sign ~ '^[a-z_]{1,40}$'),
  about        text NOT NULL CONSTRAINT signs_kept_about_is_known CHECK (about IN ('action', 'finding', 'measure')),
  subject_id   uuid NOT NULL,
  since        date NOT NULL,
  n            bigint NOT NULL,
  note         text NOT NULL DEFAULT '',
  quiet        boolean NOT NULL,
  PRIMARY KEY (provider_id, service_id, sign, subject_id),
  FOREIGN KEY (provider_id, service_id) REFERENCES services
);
CREATE INDEX signs_kept_in_order ON signs_kept (provider_id, sign, quiet, since, subject_id);

DROP TABLE sign_counts;
CREATE TABLE sign_counts (
  provider_id  uuid NOT NULL,
  service_id   uuid NOT NULL,
  sign         text NOT NULL,
  quiet        boolean NOT NULL,
  total        integer NOT NULL CONSTRAINT sign_counts_total_counts CHECK (total >= 1),
  PRIMARY KEY (provider_id, service_id, sign, quiet),
  FOREIGN KEY (provider_id, service_id) REFERENCES services
);
-- another place or another person can change a sign without a line about what it is about
ALTER TABLE sign_counts_made ADD COLUMN revision bigint NOT NULL DEFAULT -1;
GRANT UPDATE (revision) ON sign_counts_made TO throughline_app;

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['signs_kept', 'sign_counts'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()))', t);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO throughline_app', t);
  END LOOP;
END $$;

-- The services in which something happened after a line of the trail, or whose owners left since.
CREATE FUNCTION app.services_with_news(p uuid, p_seq bigint, p_at timestamptz) RETURNS uuid[] LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET max_parallel_workers_per_gather = 0 AS $$
DECLARE newest bigint;
BEGIN
  -- with both ends named, the plan that is kept reads the few lines between them and not the trail
  SELECT h.seq INTO newest FROM chain_heads h WHERE h.provider_id = p;
  RETURN ARRAY(
    SELECT f.service_id FROM (SELECT DISTINCT e.finding_id FROM events e WHERE e.provider_id = p AND e.seq > p_seq AND e.seq <= newest AND e.finding_id IS NOT NULL OFFSET 0) n
      CROSS JOIN LATERAL (SELECT f.service_id FROM findings f WHERE f.provider_id = p AND f.id = n.finding_id OFFSET 0) f
    UNION
    SELECT m.service_id FROM (SELECT DISTINCT (e.line::jsonb #>> '{detail,measure}')::uuid AS id FROM events e
        WHERE e.provider_id = p AND e.seq > p_seq AND e.seq <= newest AND e.finding_id IS NULL
          AND e.kind IN ('measure_defined', 'reading_recorded', 'reading_corrected', 'sign_acknowledged', 'sign_shown_again') OFFSET 0) n
      CROSS JOIN LATERAL (SELECT m.service_id FROM measures m WHERE m.provider_id = p AND m.id = n.id OFFSET 0) m
      WHERE m.service_id IS NOT NULL
    UNION
    SELECT a.service_id FROM (SELECT m.id FROM memberships m WHERE m.provider_id = p AND m.ended_at >= p_at OFFSET 0) l
      CROSS JOIN LATERAL (SELECT DISTINCT a.service_id FROM actions a WHERE a.provider_id = p AND a.owner_id = l.id AND a.status NOT IN ('closed', 'cancelled') OFFSET 0) a
  );
END $$;
REVOKE ALL ON FUNCTION app.services_with_news(uuid, bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.services_with_news(uuid, bigint, timestamptz) TO throughline_app;

-- What one person is told of several actions at once comes in one mail.
ALTER TABLE outbox ADD COLUMN together uuid;
CREATE INDEX outbox_together ON outbox (provider_id, together) WHERE together IS NOT NULL;
-- What could not be delivered, for administrators.
CREATE INDEX outbox_undeliverable ON outbox (provider_id, created_at DESC, id DESC) WHERE sent_at IS NULL AND next_at IS NULL AND NOT overtaken;

-- Whoever moves to another telephone proves the one they have, and sets the new one up like the first.
ALTER TABLE half_sign_ins ADD COLUMN replaces boolean NOT NULL DEFAULT false;
