-- What the roles may do in one database; run by the server's administrator in it, and harmless to repeat.

-- The program only ever says which provider it works for with SET LOCAL; set_config would let a query that reads do
-- so too. The owner's functions and pg_dump need it.
REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO throughline_owner, throughline_backup;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO throughline_app, throughline_backup;
GRANT ALL ON SCHEMA public TO throughline_owner;
