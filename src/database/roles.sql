-- The three roles; run by the server's administrator, once for a server, and harmless to repeat.
DO $$ BEGIN
  -- owns the database and migrates it
  IF to_regrole('throughline_owner') IS NULL THEN
    CREATE ROLE throughline_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
  -- what the program works as: owns nothing, and cannot step around row-level security
  IF to_regrole('throughline_app') IS NULL THEN
    CREATE ROLE throughline_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT;
  END IF;
  -- reads everything, for backups
  IF to_regrole('throughline_backup') IS NULL THEN
    CREATE ROLE throughline_backup LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS;
  END IF;
END $$;
GRANT pg_read_all_data TO throughline_backup;
