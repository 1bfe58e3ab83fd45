-- A figure of governance is a measure by itself (R23, R25): its limits, too, may be calculated anew from a month, with a reason. Nothing is
-- edited: another round follows, and the newest of a month counts. A signed month is judged by what was decided before it was signed.
CREATE TABLE figure_recalculations (
  provider_id  uuid NOT NULL REFERENCES providers,
  id           uuid NOT NULL,
  -- one service, or none for the whole provider
  service_id   uuid,
  figure       text NOT NULL CONSTRAINT figure_recalculations_figure CHECK (length(figure) BETWEEN 1 AND 30),
  -- the first month of the new limits
  month        date NOT NULL CONSTRAINT figure_recalculations_month CHECK (extract(day FROM month) = 1),
  round        integer NOT NULL CONSTRAINT figure_recalculations_round_counts CHECK (round >= 1),
  -- whether it counts; a later round can take it back
  stands       boolean NOT NULL,
  reason       text NOT NULL CONSTRAINT figure_recalculations_say_why CHECK (length(btrim(reason)) BETWEEN 1 AND 1000),
  by           uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (provider_id, id),
  CONSTRAINT figure_recalculations_one_a_round UNIQUE NULLS NOT DISTINCT (provider_id, service_id, figure, month, round),
  FOREIGN KEY (provider_id, service_id) REFERENCES services,
  FOREIGN KEY (provider_id, by) REFERENCES memberships
);
ALTER TABLE figure_recalculations ENABLE ROW LEVEL SECURITY;
ALTER TABLE figure_recalculations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON figure_recalculations USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT ON figure_recalculations TO throughline_app;
CREATE CONSTRAINT TRIGGER must_have_event AFTER INSERT OR UPDATE OR DELETE ON figure_recalculations DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.must_have_event('');
