//! Powers the application role must not have: what would switch the rule off, or step around it.

use super::super::world::{close_low, withdraw};
use super::{Attack, attack};

pub fn table() -> Vec<Attack> {
    [switches(), shadows()].into_iter().flatten().collect()
}

fn switches() -> Vec<Attack> {
    let mut rows = vec![
        attack("switch a trigger off", "", "ALTER TABLE actions DISABLE TRIGGER guard", "42501"),
        attack("switch all triggers off", "", "ALTER TABLE evidence DISABLE TRIGGER ALL", "42501"),
        attack("drop a trigger", "", "DROP TRIGGER guard ON actions", "42501"),
        attack(
            "drop a constraint",
            "",
            "ALTER TABLE actions DROP CONSTRAINT actions_closed_with_its_closure",
            "42501",
        ),
        attack(
            "add a trigger of one's own",
            "",
            "CREATE TRIGGER z BEFORE UPDATE ON actions FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "42501",
        ),
        attack(
            "add a rule of one's own",
            "",
            "CREATE RULE r AS ON INSERT TO events DO INSTEAD NOTHING",
            "42501",
        ),
        attack("play a replica", "", "SET session_replication_role = replica", "42501"),
        attack(
            "play a replica for this transaction",
            "",
            "SET LOCAL session_replication_role = replica",
            "42501",
        ),
        attack(
            "play a replica through the settings view",
            "",
            "UPDATE pg_settings SET setting = 'replica' WHERE name = 'session_replication_role'",
            "42501",
        ),
        attack("become the owner", "", "SET ROLE throughline_owner", "42501"),
        attack("become the administrator", "", "SET SESSION AUTHORIZATION postgres", "42501"),
        attack("read as the backup does", "", "SET ROLE throughline_backup", "42501"),
        attack("set a setting inside a query", "", "SELECT set_config('app.provider_id', '', true)", "42501"),
        attack(
            "set a setting through the settings view",
            "",
            "UPDATE pg_settings SET setting = '' WHERE name = 'app.provider_id'",
            "42501",
        ),
        attack("take row-level security off", "", "ALTER TABLE actions DISABLE ROW LEVEL SECURITY", "42501"),
        attack("add a policy", "", "CREATE POLICY all_of_it ON actions USING (true)", "42501"),
        attack(
            "grant oneself",
            "",
            "GRANT UPDATE ON actions TO throughline_app; UPDATE actions SET evidence_rev = 9 WHERE provider_id = :p",
            "42501",
        ),
        attack("drop a policy", "", "DROP POLICY tenant ON actions", "42501"),
        attack("call the gate by hand", "", "SELECT app.close_gate(a) FROM actions a", "42501"),
        attack(
            "replace a function",
            "",
            "CREATE OR REPLACE FUNCTION app.close_gate(a actions) RETURNS void LANGUAGE sql AS 'SELECT'",
            "42501",
        ),
        attack(
            "make constraints wait that do not",
            "",
            "SET CONSTRAINTS actions_point_at_their_closure DEFERRED",
            "42809",
        ),
        attack("copy into a table", "", "COPY evidence FROM PROGRAM 'true'", "42501"),
        attack("read a file of the server", "", "SELECT pg_read_file('/etc/passwd')", "42501"),
        attack("write through a view of one's own", "", "CREATE VIEW v AS SELECT * FROM actions", "42501"),
        attack(
            "the rule lives in a do block too",
            withdraw("low_verified_record"),
            format!("DO $x$ BEGIN {} END $x$", close_low()),
            "TL021",
        ),
        attack(
            "a refusal caught is still a refusal",
            withdraw("low_verified_record"),
            format!(
                "DO $x$ BEGIN BEGIN {} EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION USING ERRCODE = SQLSTATE; END; END $x$",
                close_low()
            ),
            "TL021",
        ),
    ];
    for table in [
        "actions",
        "evidence",
        "verifications",
        "closures",
        "events",
        "event_texts",
        "chain_heads",
        "action_requirements",
    ] {
        rows.push(attack(format!("truncate {table}"), "", format!("TRUNCATE {table} CASCADE"), "42501"));
    }
    rows
}

fn shadows() -> Vec<Attack> {
    vec![
        attack(
            "a function in public",
            "",
            "CREATE FUNCTION public.jsonb_each_text(jsonb) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "42501",
        ),
        attack(
            "a function in app",
            "",
            "CREATE FUNCTION app.provider(int) RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
            "42501",
        ),
        attack(
            "a function in the temporary schema",
            "",
            "CREATE FUNCTION pg_temp.current_setting(text, boolean) RETURNS text LANGUAGE sql AS 'SELECT NULL'",
            "42501",
        ),
        attack(
            "a temporary table that shadows",
            "",
            "CREATE TEMP TABLE action_requirements (provider_id uuid, action_id uuid, kind text)",
            "42501",
        ),
        attack("a temporary view that shadows", "", "CREATE TEMP VIEW evidence AS SELECT 1", "42501"),
        attack("a table in public", "", "CREATE TABLE public.anything (x int)", "42501"),
        attack("a schema of one's own", "", "CREATE SCHEMA mine", "42501"),
        attack(
            "an operator",
            "",
            "CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.textne)",
            "42501",
        ),
        attack("an extension", "", "CREATE EXTENSION dblink", "42501"),
        attack(
            "another search path changes nothing",
            withdraw("low_verified_record"),
            format!("SET LOCAL search_path = pg_temp, public, app; {}", close_low()),
            "TL021",
        ),
    ]
}
