-- As in 0033, in a language whose plans are kept: as one statement of SQL it was planned at every call, and read every action
-- of the provider when that looked cheap.
CREATE OR REPLACE FUNCTION app.unanswered(p uuid, finding uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a record; stays uuid;
BEGIN
  IF (SELECT f.disposition FROM findings f WHERE f.provider_id = p AND f.id = finding) IS DISTINCT FROM 'actions' THEN
    RETURN false;
  END IF;
  FOR a IN SELECT b.status, b.due_on, b.owner_id, b.merged_into FROM actions b WHERE b.provider_id = p AND b.finding_id = finding LOOP
    IF a.merged_into IS NOT NULL THEN
      stays := a.merged_into;
      SELECT b.status, b.due_on, b.owner_id, b.merged_into INTO a FROM actions b WHERE b.provider_id = p AND b.id = stays;
    END IF;
    IF a.status <> 'cancelled' AND a.due_on IS NOT NULL
       AND (SELECT m.ended_at IS NULL FROM memberships m WHERE m.provider_id = p AND m.id = a.owner_id) THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN true;
END $$;
