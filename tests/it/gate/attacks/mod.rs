//! The attacks: each is one wrong thing, tried as the application role from a state in which the honest path succeeds
//! (`honest.rs`). All run in the same world, each in a transaction of its own that has to be refused.

mod auditing;
mod closing;
mod commit;
mod evidence;
mod improvement;
mod ineffective;
mod lost;
mod papers;
mod powers;
pub mod recurrence;
mod reviews;
mod verifying;

use sqlx::postgres::PgConnection;

use super::world::{BEGIN, OTHER_EVENT, World, event, refusal, run};

/// One attack.
pub struct Attack {
    name: String,
    before: String,
    deed: String,
    refused: &'static str,
    told: bool,
}

/// After `before`, which is honest and must succeed, `deed` is refused with the code or by the constraint `refused`.
pub fn attack(
    name: impl Into<String>,
    before: impl Into<String>,
    deed: impl Into<String>,
    refused: &'static str,
) -> Attack {
    Attack { name: name.into(), before: before.into(), deed: deed.into(), refused, told: true }
}

impl Attack {
    /// Without the events that a change has to have.
    fn untold(self) -> Self {
        Self { told: false, ..self }
    }
}

const ACTIONS: [&str; 10] = [
    "not_started",
    "in_progress",
    "submitted",
    "low_verified",
    "high_verified",
    "managers_verified",
    "quality_verified",
    "closed",
    "second_cycle",
    "cancelled",
];

/// Events for everything an attack may have touched, so that their absence is never what is refused.
fn events() -> String {
    ACTIONS.map(event).concat() + OTHER_EVENT
}

/// How it went: refused rightly, or a sentence.
async fn attempt(c: &mut PgConnection, attack: &Attack) -> Result<(), String> {
    run(c, BEGIN).await.map_err(|e| e.to_string())?;
    run(c, &attack.before).await.map_err(|e| format!("the honest beginning was refused: {e}"))?;
    let events = if attack.told { events() } else { String::new() };
    let done = match run(c, &attack.deed).await {
        Ok(()) => run(c, &format!("{events} COMMIT")).await,
        refused => refused,
    };
    let Err(error) = done else { return Err("SUCCEEDED".to_owned()) };
    let (code, constraint) = refusal(&error);
    if code == attack.refused || constraint == attack.refused {
        Ok(())
    } else {
        Err(format!("refused with {code} {constraint} instead of {}: {error}", attack.refused))
    }
}

#[tokio::test]
async fn every_attack_is_refused_with_its_own_code() {
    let mut world = World::new().await;
    let table = [
        closing::table(),
        evidence::table(),
        verifying::table(),
        papers::table(),
        powers::table(),
        commit::table(),
        reviews::table(),
        recurrence::table(),
        lost::table(),
        ineffective::table(),
        improvement::table(),
        auditing::table(),
    ];
    let table: Vec<Attack> = table.into_iter().flatten().collect();
    assert!(table.len() >= 60, "only {} attacks", table.len());
    let names: std::collections::BTreeSet<&str> = table.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names.len(), table.len(), "two attacks have the same name");
    let mut c = world.app().await;
    let before = state(&world).await;
    let mut wrong = Vec::new();
    for attack in &table {
        if let Err(how) = attempt(&mut c, attack).await {
            wrong.push(format!("{}: {how}", attack.name));
            // what was committed would spoil the others
            world = World::new().await;
            c = world.app().await;
        }
        // after a COMMIT that was refused there is nothing to roll back, which is only a warning; session settings go too
        let _ = run(&mut c, "ROLLBACK; RESET ALL; RESET ROLE").await;
    }
    assert!(wrong.is_empty(), "{} of {} attacks:\n{}", wrong.len(), table.len(), wrong.join("\n"));
    assert_eq!(before, state(&world).await, "something was left behind");
}

/// What an attack could have left behind, as the administrator sees it.
async fn state(world: &World) -> (Vec<(String, i64)>, i64, i64) {
    let mut c = world.db.administrator().await;
    let actions = sqlx::query_as("SELECT status, version FROM actions ORDER BY provider_id, number")
        .fetch_all(&mut c)
        .await
        .unwrap();
    let events = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut c).await.unwrap();
    let papers = "SELECT (SELECT count(*) FROM evidence) + (SELECT count(*) FROM verifications) + (SELECT count(*) FROM closures)
        + (SELECT count(*) FROM assurances) + (SELECT count(*) FROM reopenings) + (SELECT count(*) FROM finding_sources)";
    (actions, events, sqlx::query_scalar(papers).fetch_one(&mut c).await.unwrap())
}

/// On a server somebody else runs, temporary tables may be allowed: the guards do not look at them.
#[tokio::test]
async fn temporary_tables_shadow_nothing() {
    let world = World::new().await;
    let mut administrator = world.db.administrator().await;
    let grant = "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO throughline_app', current_database()); END $$";
    run(&mut administrator, grant).await.unwrap();
    let mut c = world.app().await;
    let shadows = "CREATE TEMP TABLE action_requirements (provider_id uuid, action_id uuid, kind text);
        CREATE TEMP TABLE evidence (provider_id uuid, action_id uuid, cycle int, kind text, withdrawn_at timestamptz, author_id uuid);
        CREATE TEMP TABLE events (provider_id uuid, seq bigint, action_id uuid, xid xid8); CREATE DOMAIN pg_temp.uuid AS pg_catalog.uuid;";
    run(&mut c, shadows).await.unwrap();
    let missing = super::world::withdraw("public_record")
        .replace("evidence", "public.evidence")
        .replace(":public_record", ":low_verified_record");
    let without = attack("shadows", missing, super::world::close_low(), "TL021");
    assert_eq!(attempt(&mut c, &without).await, Ok(()));
    let _ = run(&mut c, "ROLLBACK").await;
    assert_eq!(
        attempt(&mut c, &attack("untold", "", super::world::close_low(), "TL032").untold()).await,
        Ok(())
    );
}
