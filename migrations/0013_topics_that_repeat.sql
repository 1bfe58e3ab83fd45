-- What keeps coming up (R4) is asked for on every leader's page: when a topic was last found in a service, the three newest
-- times, kept by the database alone. The third is the one that counts (domain/significance.rs, REPEATS); findings never
-- change what was found nor when (finding_guard), so a new one is all that can move it.
CREATE TABLE topics_found (
  provider_id  uuid NOT NULL,
  service_id   uuid NOT NULL,
  topic        text NOT NULL,
  newest       date[] NOT NULL,
  PRIMARY KEY (provider_id, service_id, topic),
  FOREIGN KEY (provider_id, service_id) REFERENCES services
);
ALTER TABLE findings NO FORCE ROW LEVEL SECURITY;
INSERT INTO topics_found
  SELECT f.provider_id, f.service_id, f.topic, (array_agg(f.found_on ORDER BY f.found_on DESC))[1:3]
  FROM findings f GROUP BY f.provider_id, f.service_id, f.topic;
ALTER TABLE findings FORCE ROW LEVEL SECURITY;

ALTER TABLE topics_found ENABLE ROW LEVEL SECURITY;
ALTER TABLE topics_found FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON topics_found USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT ON topics_found TO throughline_app;

-- The row is the lock: two findings on one topic at once are both counted. Older ones than the third change nothing.
CREATE FUNCTION app.note_topic() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO topics_found AS t (provider_id, service_id, topic, newest)
    VALUES (NEW.provider_id, NEW.service_id, NEW.topic, ARRAY[NEW.found_on])
  ON CONFLICT (provider_id, service_id, topic) DO UPDATE
    SET newest = (ARRAY(SELECT d FROM unnest(t.newest || EXCLUDED.newest) d ORDER BY d DESC))[1:3]
    WHERE cardinality(t.newest) < 3 OR t.newest[3] < NEW.found_on;
  RETURN NULL;
END $$;
CREATE TRIGGER note_topic AFTER INSERT ON findings FOR EACH ROW EXECUTE FUNCTION app.note_topic();

-- What waits for a check by somebody who may check it (R15) stands beside the menu of every page of a manager: who owns
-- or gave evidence may not, and what a registered manager owned is for others.
CREATE INDEX evidence_of_an_author ON evidence (provider_id, author_id, action_id, cycle) WHERE withdrawn_at IS NULL;
CREATE INDEX memberships_that_manage ON memberships (provider_id, id) WHERE role = 'registered_manager';
