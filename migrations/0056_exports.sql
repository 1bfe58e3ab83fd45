-- Who took which list out of the program, with which filters, and how many rows it had: apart from the trail, as downloads of
-- evidence are (R9a). Written when it begins, so that what was taken in part is told too; the end fills in the rows.
CREATE TABLE exports (
  provider_id  uuid NOT NULL REFERENCES providers,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  list         text NOT NULL CONSTRAINT exports_name_a_list CHECK (list ~ '^[a-z_]{2,40}$'),
  format       text NOT NULL CONSTRAINT exports_have_a_format CHECK (format IN ('xlsx', 'csv')),
  filters      text NOT NULL CONSTRAINT exports_filters_are_short CHECK (length(filters) <= 1000),
  begun_at     timestamptz NOT NULL,
  rows         bigint CONSTRAINT exports_have_rows CHECK (rows >= 0),
  ended_at     timestamptz,
  PRIMARY KEY (provider_id, id),
  FOREIGN KEY (provider_id, member_id) REFERENCES memberships,
  CONSTRAINT exports_end_with_their_rows CHECK ((rows IS NULL) = (ended_at IS NULL))
);
CREATE INDEX exports_newest ON exports (provider_id, begun_at, id);

-- Once it ended nothing about it changes, and nobody takes it away.
CREATE FUNCTION app.export_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL
     OR (NEW.provider_id, NEW.id, NEW.member_id, NEW.list, NEW.format, NEW.filters, NEW.begun_at)
        IS DISTINCT FROM (OLD.provider_id, OLD.id, OLD.member_id, OLD.list, OLD.format, OLD.filters, OLD.begun_at) THEN
    RAISE EXCEPTION 'exports are append-only' USING ERRCODE = 'TL005';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.export_stands() FROM PUBLIC;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON exports FOR EACH ROW EXECUTE FUNCTION app.export_stands();

ALTER TABLE exports ENABLE ROW LEVEL SECURITY;
ALTER TABLE exports FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON exports USING (provider_id = (SELECT app.provider())) WITH CHECK (provider_id = (SELECT app.provider()));
GRANT SELECT, INSERT, UPDATE (rows, ended_at) ON exports TO throughline_app;
