//! A small provider written with bare SQL as the application role, and the language the attacks are written in.
//!
//! In a script `:name` stands for an id made from that name: `:low_verified`, `:rm`, or any new word for a new row.

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use throughline::database::roles;
use uuid::Uuid;

use crate::harness::TestDb;

/// The id a name stands for.
pub fn id(name: &str) -> Uuid {
    let digest = Sha256::digest(name.as_bytes());
    Uuid::from_slice(&digest[..16]).unwrap()
}

/// The script with every `:name` replaced by its id; casts (`::text`) stay.
pub fn sql(script: &str) -> String {
    let mut out = String::new();
    let mut rest = script;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let colons = after.len() - after.trim_start_matches(':').len();
        let word: String = after[colons..]
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_')
            .collect();
        // 12:00 and kq:safe stay as they are
        if colons == 1
            && !before.ends_with(|c: char| c.is_alphanumeric())
            && word.starts_with(|c: char| c.is_ascii_lowercase())
        {
            out.push_str(&format!("'{}'", id(&word)));
        } else {
            out.push_str(&after[..colons]);
            out.push_str(&word);
        }
        rest = &after[colons + word.len()..];
    }
    out.push_str(rest);
    out
}

/// Runs a script on a connection.
pub async fn run(connection: &mut PgConnection, script: &str) -> Result<(), sqlx::Error> {
    connection.execute(AssertSqlSafe(sql(script))).await.map(drop)
}

/// The code with which the database refused, and the constraint's name if one did.
pub fn refusal(error: &sqlx::Error) -> (String, String) {
    let sqlx::Error::Database(error) = error else { return (error.to_string(), String::new()) };
    (error.code().unwrap_or_default().into_owned(), error.constraint().unwrap_or_default().to_owned())
}

/// Begins as the program does.
pub const BEGIN: &str = "BEGIN; SET LOCAL app.provider_id = :p;";

/// The event that belongs to a change of an action.
pub fn event(action: &str) -> String {
    format!(
        "SELECT app.append_event(now(), 'update_added', :rm, NULL, NULL, :{action}, '{{}}', '{{\"note\": \"what happened\"}}');"
    )
}

/// The event of anything else.
pub const OTHER_EVENT: &str =
    "SELECT app.append_event(now(), 'rules_set', NULL, NULL, NULL, NULL, '{}', '{}');";

/// One deed of the program in a transaction of its own.
pub async fn deed(connection: &mut PgConnection, action: &str, script: &str) -> Result<(), sqlx::Error> {
    let whole = format!("{BEGIN} {script} {} COMMIT", event(action));
    let done = run(connection, &whole).await;
    if done.is_err() {
        let _ = run(connection, "ROLLBACK").await;
    }
    done
}

/// Changes the row of an action as the program does: it writes the next version.
pub fn set(action: &str, what: &str) -> String {
    format!("UPDATE actions SET version = version + 1, {what} WHERE provider_id = :p AND id = :{action};")
}

/// Writes an action of `finding`, not started, that asks for a record and an audit sample.
pub fn define(action: &str, number: i32, finding: &str, owner: &str, approver: &str) -> String {
    format!(
        "INSERT INTO actions (provider_id, id, number, finding_id, service_id, what, success_test, owner_id, due_on,
           verification_working_days, approver, created_by, created_at)
         VALUES (:p, :{action}, {number}, :{finding}, :north, 'Recount the medicines cupboard each Friday', 'No gap in eight records',
           :{owner}, '2026-11-30', 5, '{approver}', :rm, now());
         INSERT INTO action_requirements SELECT :p, :{action}, k FROM unnest(ARRAY['record', 'audit_sample']) AS k;"
    )
}

/// Gives a piece of evidence by reference.
pub fn evidence(name: &str, action: &str, author: &str, kind: &str) -> String {
    format!(
        "INSERT INTO evidence (provider_id, id, action_id, cycle, kind, author_id, title, about_on, reference, at)
         SELECT :p, :{name}, a.id, a.cycle, '{kind}', :{author}, 'Charts', '2026-11-20', 'Charts, Beech unit, week 46', now()
         FROM actions a WHERE a.provider_id = :p AND a.id = :{action};"
    )
}

/// Both kinds that are asked for, given by `author`.
pub fn proof(action: &str, author: &str, suffix: &str) -> String {
    evidence(&format!("{action}_record{suffix}"), action, author, "record")
        + &evidence(&format!("{action}_sample{suffix}"), action, author, "audit_sample")
}

/// Withdraws a piece of evidence.
pub fn withdraw(name: &str) -> String {
    format!(
        "UPDATE evidence SET withdrawn_by = :care, withdrawn_at = now(), withdrawn_reason = 'Wrong week'
         WHERE provider_id = :p AND id = :{name};"
    )
}

/// Submits for verification.
pub fn submit(action: &str) -> String {
    set(action, "status = 'submitted', submitted_at = now(), verify_by = '2026-12-04'")
}

/// Marks that support everything that was asked for.
pub const SUPPORTS: &str = r#"{"record": "supports", "audit_sample": "supports"}"#;

/// Records a verdict; `partially_complete` says what is missing.
pub fn verdict(name: &str, action: &str, verifier: &str, outcome: &str, marks: &str) -> String {
    format!(
        "INSERT INTO verifications (provider_id, id, action_id, cycle, verifier_id, method, sample_size, met_standard, note, marks,
           outcome, missing, new_due_on, evidence_rev, judged, at)
         SELECT :p, :{name}, a.id, a.cycle, :{verifier}, 'record_sample', 8, 7, 'Eight charts sampled', '{marks}',
           '{outcome}', 'Two charts', '2026-12-01', a.evidence_rev, '{{}}', now()
         FROM actions a WHERE a.provider_id = :p AND a.id = :{action};"
    )
}

/// A pass by `verifier`, and the status that follows.
pub fn pass(name: &str, action: &str, verifier: &str) -> String {
    verdict(name, action, verifier, "complete", SUPPORTS) + &set(action, "status = 'verified'")
}

/// The nominated individual's word.
pub fn assure(name: &str, action: &str, member: &str, decision: &str) -> String {
    format!(
        "INSERT INTO assurances (provider_id, id, action_id, cycle, member_id, decision, note, evidence_rev, judged, at)
         SELECT :p, :{name}, a.id, a.cycle, :{member}, '{decision}', 'Looked at the charts', a.evidence_rev, '{{}}', now()
         FROM actions a WHERE a.provider_id = :p AND a.id = :{action};"
    )
}

/// A closure paper that rests on `verification` by `verifier`, and on `assurance` unless that is empty.
pub fn paper(
    name: &str,
    action: &str,
    closer: &str,
    verification: &str,
    verifier: &str,
    assurance: &str,
) -> String {
    let (assurance, word) = if assurance.is_empty() {
        ("NULL".to_owned(), "NULL")
    } else {
        (format!(":{assurance}"), "'assured'")
    };
    format!(
        "INSERT INTO closures (provider_id, id, action_id, cycle, closed_by, verification_id, verifier_id, outcome, assurance_id, assurance,
           note, judged, at)
         SELECT :p, :{name}, a.id, a.cycle, :{closer}, :{verification}, :{verifier}, 'complete', {assurance}, {word},
           'Practice changed', '{{}}', now()
         FROM actions a WHERE a.provider_id = :p AND a.id = :{action};"
    )
}

/// Paper and status: how an action closes.
pub fn close(action: &str, closer: &str, verification: &str, verifier: &str, assurance: &str) -> String {
    let name = format!("{action}_closure");
    paper(&name, action, closer, verification, verifier, assurance)
        + &set(action, &format!("status = 'closed', closure_id = :{name}"))
}

/// The reason and the new cycle: how an action is reopened.
pub fn reopen(action: &str, name: &str) -> String {
    format!(
        "INSERT INTO reopenings (provider_id, id, action_id, cycle, reason, reopened_by, at)
         SELECT :p, :{name}, a.id, a.cycle, 'It came back', :rm, now() FROM actions a WHERE a.provider_id = :p AND a.id = :{action};"
    ) + &set(
        action,
        "status = 'in_progress', cycle = cycle + 1, closure_id = NULL, submitted_at = NULL, verify_by = NULL",
    )
}

/// The closure of `low_verified` that is honest.
pub fn close_low() -> String {
    close("low_verified", "rm", "low_pass", "deputy", "")
}

/// The closure of `high_verified` that is honest.
pub fn close_high() -> String {
    close("high_verified", "rm", "high_pass", "deputy", "high_word")
}

const MEMBERS: [(&str, &str); 12] = [
    ("care", "care_staff"),
    ("care_two", "care_staff"),
    ("leader", "team_leader"),
    ("deputy", "deputy_manager"),
    ("deputy_two", "deputy_manager"),
    ("rm", "registered_manager"),
    ("rm_south", "registered_manager"),
    ("safeguarding", "safeguarding_lead"),
    ("quality", "quality_lead"),
    ("ni", "nominated_individual"),
    ("admin", "administrator"),
    ("reader", "external_reader"),
];

fn people(provider: &str, prefix: &str, number: usize) -> String {
    let mut script = String::new();
    for (name, role) in MEMBERS {
        let services: &[&str] = match name {
            "rm_south" => &["south"],
            "safeguarding" | "quality" | "ni" | "admin" | "reader" => &[],
            _ => &["north"],
        };
        script += &format!(
            "INSERT INTO memberships (provider_id, id, user_id, name, role, started_at)
             VALUES (:{provider}, :{prefix}{name}, :user_{name}_{number}, 'Member {name}', '{role}', now());"
        );
        for service in services {
            script += &format!(
                "INSERT INTO member_services VALUES (:{provider}, :{prefix}{name}, :{prefix}{service});"
            );
        }
    }
    script
}

fn provider(provider: &str, prefix: &str, number: usize) -> String {
    let mut script = format!(
        "INSERT INTO providers VALUES (:{provider}, 'provider-{number}', 'Provider {number}', now());
         INSERT INTO services VALUES (:{provider}, :{prefix}north, 'north', 'North', 'residential', 'england', now()),
           (:{provider}, :{prefix}south, 'south', 'South', 'home_care', 'england', now());"
    );
    script += &people(provider, prefix, number);
    script += &format!(
        "INSERT INTO reviews (provider_id, id, number, kind, title, service_id, held_on, conducted_by, created_by, created_at)
         VALUES (:{provider}, :{prefix}audit, 1, 'audit', 'Medicines audit', :{prefix}north, '2026-11-16', 'Deputy', :{prefix}rm, now());"
    );
    for (number, risk) in ["low", "high"].into_iter().enumerate() {
        script += &finding(provider, prefix, &format!("{prefix}{risk}"), number + 1, risk);
        script +=
            &format!("INSERT INTO finding_sources VALUES (:{provider}, :{prefix}{risk}, :{prefix}audit);");
    }
    script
}

/// Logs a finding.
pub fn finding(provider: &str, prefix: &str, name: &str, number: usize, risk: &str) -> String {
    format!(
        "INSERT INTO findings (provider_id, id, number, service_id, what, evidence_source, risk, theme, topic, significance, found_on,
           found_by, key_question, regulation, logged_by, logged_at)
         VALUES (:{provider}, :{name}, {number}, :{prefix}north, 'Two charts without a signature', 'records', '{risk}', 'safety', 'medicines',
           'minor', '2026-11-16', 'Deputy', 'kq:safe', 'reg:12', :{prefix}rm, now());"
    )
}

/// The provider `p` with its members, and one action in each state; a second provider, `q`, for contrast.
pub struct World {
    /// Its database.
    pub db: TestDb,
}

impl World {
    /// Builds it as the application role, in transactions a program could have made.
    pub async fn new() -> Self {
        let db = TestDb::new().await;
        let mut c = db.connect(roles::APP).await;
        let mut users = "BEGIN; SET LOCAL app.system = 'on';".to_owned();
        for (number, (name, _)) in (1..=2).flat_map(|n| MEMBERS.map(|m| (n, m))) {
            users += &format!(
                "INSERT INTO users (id, email, name, created_at)
                 VALUES (:user_{name}_{number}, '{name}@provider-{number}.example', 'Member {name}', now());"
            );
        }
        run(&mut c, &(users + "COMMIT")).await.unwrap();
        for (number, (name, prefix)) in [("p", ""), ("q", "q_")].into_iter().enumerate() {
            let script = provider(name, prefix, number + 1);
            let whole = format!("BEGIN; SET LOCAL app.provider_id = :{name}; {script} {OTHER_EVENT} COMMIT");
            run(&mut c, &whole).await.unwrap();
        }
        let mut number = 0;
        for (action, script) in Self::actions() {
            let (finding, owner, approver) = match action {
                "high_verified" => ("high", "care", "registered_manager"),
                "managers_verified" => ("low", "rm", "registered_manager"),
                "quality_verified" => ("low", "care", "quality_lead"),
                _ => ("low", "care", "registered_manager"),
            };
            number += 1;
            deed(&mut c, action, &define(action, number, finding, owner, approver)).await.unwrap();
            for step in script {
                deed(&mut c, action, &step).await.unwrap_or_else(|e| panic!("{action}: {step}: {e}"));
            }
        }
        c.close().await.unwrap();
        Self { db }
    }

    fn actions() -> Vec<(&'static str, Vec<String>)> {
        let done = |a: &str| vec![set(a, "status = 'in_progress'"), proof(a, "care", ""), submit(a)];
        let with = |a: &str, more: Vec<String>| [done(a), more].concat();
        vec![
            ("not_started", vec![]),
            (
                "in_progress",
                vec![set("in_progress", "status = 'in_progress'"), proof("in_progress", "care", "")],
            ),
            ("submitted", done("submitted")),
            ("low_verified", with("low_verified", vec![pass("low_pass", "low_verified", "deputy")])),
            (
                "high_verified",
                with(
                    "high_verified",
                    vec![
                        pass("high_pass", "high_verified", "deputy"),
                        assure("high_word", "high_verified", "ni", "assured"),
                    ],
                ),
            ),
            (
                "managers_verified",
                with("managers_verified", vec![pass("managers_pass", "managers_verified", "deputy")]),
            ),
            (
                "quality_verified",
                with("quality_verified", vec![pass("quality_pass", "quality_verified", "deputy")]),
            ),
            (
                "closed",
                with(
                    "closed",
                    vec![
                        pass("closed_pass", "closed", "deputy"),
                        close("closed", "rm", "closed_pass", "deputy", ""),
                    ],
                ),
            ),
            (
                "second_cycle",
                with(
                    "second_cycle",
                    vec![
                        pass("first_pass", "second_cycle", "deputy"),
                        close("second_cycle", "rm", "first_pass", "deputy", ""),
                        reopen("second_cycle", "first_reopening"),
                        submit("second_cycle"),
                    ],
                ),
            ),
            (
                "cancelled",
                vec![set(
                    "cancelled",
                    "status = 'cancelled', cancelled_by = :rm, cancelled_at = now(), cancel_reason = 'Twice the same'",
                )],
            ),
        ]
    }

    /// A connection as the application role.
    pub async fn app(&self) -> PgConnection {
        self.db.connect(roles::APP).await
    }
}
