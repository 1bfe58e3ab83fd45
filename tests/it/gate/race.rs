//! Eight sessions at once, on a few actions: add and withdraw evidence, verify, reassign, close, reopen. Each looks
//! first, waits a little, and then writes what would have been right when it looked.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use throughline::database::roles;
use uuid::Uuid;

use super::history;
use super::world::{self, World, deed, define, id, set};

/// How a race is run.
#[derive(Clone, Copy)]
pub struct Race {
    pub isolation: &'static str,
    pub triggers: bool,
    pub seconds: f64,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Closures that were not lawful at their instant, as the trail tells them.
    pub false_closures: Vec<String>,
    /// False closures that a looker-on saw standing, over and over while it ran.
    pub seen_standing: i64,
    /// Rows whose version or count of owners is not what the successful writes add up to.
    pub lost_updates: Vec<String>,
    /// How often each deed succeeded.
    pub done: BTreeMap<&'static str, u64>,
    /// How often each refusal was met.
    pub refused: BTreeMap<String, u64>,
}

const ACTIONS: [&str; 3] = ["race_a", "race_b", "race_c"];
const SESSIONS: u64 = 8;

/// Seconds of a race: ten, or what `THROUGHLINE_RACE_SECONDS` says.
pub fn seconds() -> f64 {
    std::env::var("THROUGHLINE_RACE_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(10.0)
}

impl Race {
    /// Runs it in a world of its own.
    pub async fn run(self) -> Outcome {
        let world = World::new().await;
        let mut app = world.app().await;
        for (number, action) in ACTIONS.iter().enumerate() {
            let number = i32::try_from(number).unwrap() + 70;
            deed(&mut app, action, &define(action, number, "low", "care", "registered_manager"))
                .await
                .unwrap();
            deed(&mut app, action, &set(action, "status = 'in_progress'")).await.unwrap();
        }
        if !self.triggers {
            drop_triggers(&world).await;
        }
        let start = rows(&world).await;
        let end = Instant::now() + Duration::from_secs_f64(self.seconds);
        let sessions = (0..SESSIONS).map(|seed| {
            let connection = world.db.options(roles::APP);
            tokio::spawn(async move {
                let c = <PgConnection as sqlx::Connection>::connect_with(&connection).await.unwrap();
                Session::new(c, seed, self).run(end).await
            })
        });
        let sessions: Vec<_> = sessions.collect();
        let mut outcome = Outcome::default();
        let mut looker_on = world.db.administrator().await;
        while Instant::now() < end {
            outcome.seen_standing += history::standing(&mut looker_on).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut written: BTreeMap<Uuid, (i64, i32)> = BTreeMap::new();
        for session in sessions {
            let session = session.await.unwrap();
            for (action, (versions, owners)) in session.written {
                let sum = written.entry(action).or_default();
                *sum = (sum.0 + versions, sum.1 + owners);
            }
            session.done.into_iter().for_each(|(k, n)| *outcome.done.entry(k).or_default() += n);
            session.refused.into_iter().for_each(|(k, n)| *outcome.refused.entry(k).or_default() += n);
        }
        for (action, now) in rows(&world).await {
            let (before, sum) = (start[&action], written.get(&action).copied().unwrap_or_default());
            // without triggers papers do not count the version up, so there only the owners can be counted
            let versions_match = !self.triggers || before.0 + sum.0 == now.0;
            if !versions_match || before.1 + sum.1 != now.1 {
                outcome.lost_updates.push(format!("{action}: {before:?} and {sum:?} written make {now:?}"));
            }
        }
        outcome.false_closures = history::false_closures(&mut looker_on).await;
        outcome
    }
}

/// Version and count of owners of the actions raced for.
async fn rows(world: &World) -> BTreeMap<Uuid, (i64, i32)> {
    let mut c = world.db.administrator().await;
    let all = "SELECT id, version, owner_changes FROM actions WHERE number >= 70";
    let rows: Vec<(Uuid, i64, i32)> = sqlx::query_as(all).fetch_all(&mut c).await.unwrap();
    rows.into_iter().map(|(id, version, owners)| (id, (version, owners))).collect()
}

/// The owner of the tables takes the rule away. Where a paper belongs is no part of it.
async fn drop_triggers(world: &World) {
    let mut owner = world.db.connect(roles::OWNER).await;
    let all = "DO $$ DECLARE t record; BEGIN FOR t IN SELECT g.tgname, g.tgrelid::regclass AS rel FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
        WHERE NOT g.tgisinternal AND c.relname IN ('actions', 'evidence', 'verifications', 'closures', 'reopenings')
          AND g.tgname <> 'c_place'
        LOOP EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.rel); END LOOP; END $$";
    world::run(&mut owner, all).await.unwrap();
}

/// An action as a session saw it.
#[derive(sqlx::FromRow)]
struct Seen {
    status: String,
    version: i64,
    evidence_rev: i64,
    owner_changes: i32,
    owners: Vec<Uuid>,
    live: Value,
    verification: Option<Uuid>,
    verifier: Option<Uuid>,
    verified_rev: Option<i64>,
}

const LOOK: &str = "SELECT a.status, a.version, a.evidence_rev, a.owner_changes,
    ARRAY(SELECT o.member_id FROM action_owners o WHERE o.provider_id = a.provider_id AND o.action_id = a.id AND o.cycle = a.cycle) AS owners,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'kind', e.kind, 'author', e.author_id)), '[]') FROM evidence e
      WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle AND e.withdrawn_at IS NULL) AS live,
    v.id AS verification, v.verifier_id AS verifier, v.evidence_rev AS verified_rev
  FROM actions a LEFT JOIN LATERAL (SELECT * FROM verifications v WHERE v.provider_id = a.provider_id AND v.action_id = a.id AND v.cycle = a.cycle
    ORDER BY v.seq DESC, v.at DESC LIMIT 1) v ON true WHERE a.provider_id = $1 AND a.id = $2";

struct Session {
    c: PgConnection,
    random: u64,
    race: Race,
    number: u64,
    written: BTreeMap<Uuid, (i64, i32)>,
    done: BTreeMap<&'static str, u64>,
    refused: BTreeMap<String, u64>,
}

/// What a session is about to write: its name, how many versions it counts up, the script, and what the trail says.
struct Deed {
    name: &'static str,
    versions: i64,
    script: String,
    told: Value,
}

impl Session {
    fn new(c: PgConnection, seed: u64, race: Race) -> Self {
        let random = 88_172_645_463_325_252 + seed;
        Self {
            c,
            random,
            race,
            number: seed,
            written: BTreeMap::new(),
            done: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }

    fn below(&mut self, n: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random % n as u64).unwrap()
    }

    async fn run(mut self, end: Instant) -> Self {
        while Instant::now() < end {
            let action = ACTIONS[self.below(ACTIONS.len())];
            let outcome = self.one(action).await;
            if let Err(error) = outcome {
                let (code, _) = world::refusal(&error);
                let met = code.starts_with("TL")
                    || code.starts_with("40")
                    // a closure that points at a verdict of an earlier cycle is refused by its key
                    || error.to_string().contains("closures_point_at_their_verification")
                    || (!self.race.triggers && code.starts_with("23"));
                assert!(met, "{error}");
                *self.refused.entry(code).or_default() += 1;
            }
            let _ = world::run(&mut self.c, "ROLLBACK").await;
        }
        self
    }

    async fn one(&mut self, action: &str) -> Result<(), sqlx::Error> {
        let begin = format!("BEGIN ISOLATION LEVEL {}; SET LOCAL app.provider_id = :p;", self.race.isolation);
        world::run(&mut self.c, &begin).await?;
        let seen: Seen = sqlx::query_as(LOOK).bind(id("p")).bind(id(action)).fetch_one(&mut self.c).await?;
        tokio::time::sleep(Duration::from_micros(self.below(3_000) as u64)).await;
        let Some(deed) = self.choose(action, &seen) else { return Ok(()) };
        world::run(&mut self.c, &deed.script).await?;
        let event = format!(
            "SELECT app.append_event(clock_timestamp(), 'update_added', NULL, NULL, NULL, :{action}, '{}', '{{}}'); COMMIT",
            deed.told
        );
        world::run(&mut self.c, &event).await?;
        *self.done.entry(deed.name).or_default() += 1;
        let sum = self.written.entry(id(action)).or_default();
        *sum = (sum.0 + deed.versions, sum.1 + i32::from(deed.name == "reassign"));
        Ok(())
    }

    /// What a program without the database's rule would think right, after looking.
    fn choose(&mut self, action: &str, seen: &Seen) -> Option<Deed> {
        let roll = self.below(10);
        match seen.status.as_str() {
            "closed" if roll < 3 => Some(self.reopen(action, seen)),
            "closed" => None,
            "verified" if roll < 5 => self.close(action, seen),
            "submitted" if roll < 5 => self.verify(action, seen),
            "in_progress" if roll < 4 => Some(self.row(
                "submit",
                action,
                seen,
                "status = 'submitted', submitted_at = now(), verify_by = '2026-12-04'",
            )),
            "verified" if roll == 5 && seen.verified_rev != Some(seen.evidence_rev) => {
                Some(self.row("void", action, seen, "status = 'submitted'"))
            }
            _ if roll == 6 => Some(self.reassign(action, seen)),
            _ if roll == 7 => self.withdraw(seen),
            _ => Some(self.add(action, seen)),
        }
    }

    /// A write to the row: half of them say which version they saw, half write blindly.
    fn row(&mut self, name: &'static str, action: &str, seen: &Seen, what: &str) -> Deed {
        let script = self.versioned(action, seen.version, what);
        Deed { name, versions: 1, script, told: json!({ "deed": name }) }
    }

    fn versioned(&mut self, action: &str, seen: i64, what: &str) -> String {
        let script = set(action, what);
        if self.below(2) == 0 {
            script
        } else {
            script.replace("version = version + 1", &format!("version = {seen} + 1"))
        }
    }

    fn fresh(&mut self, what: &str) -> String {
        self.number += SESSIONS;
        format!("{what}_{}", self.number)
    }

    fn add(&mut self, action: &str, seen: &Seen) -> Deed {
        let has = |kind: &str| seen.live.as_array().unwrap().iter().any(|e| e["kind"] == kind);
        let kind = if has("record") { "audit_sample" } else { "record" };
        let (name, author) = (self.fresh("evidence"), ["care", "care_two", "deputy"][self.below(3)]);
        let script = world::evidence(&name, action, author, kind);
        let told = json!({ "deed": "add", "evidence": id(&name), "kind": kind, "by": id(author) });
        Deed { name: "add", versions: 1, script, told }
    }

    fn withdraw(&mut self, seen: &Seen) -> Option<Deed> {
        let live = seen.live.as_array().unwrap();
        let piece = live.get(self.below(live.len().max(1)))?["id"].as_str().unwrap().to_owned();
        let script = world::withdraw("piece").replace(":piece", &format!("'{piece}'"));
        Some(Deed {
            name: "withdraw",
            versions: 1,
            script,
            told: json!({ "deed": "withdraw", "evidence": piece }),
        })
    }

    /// The count of owners is written as the version is: from what was seen, or blindly one more.
    fn reassign(&mut self, action: &str, seen: &Seen) -> Deed {
        let owner = ["care", "care_two", "deputy", "deputy_two"][self.below(4)];
        let blind = set(action, &format!("owner_id = :{owner}, owner_changes = owner_changes + 1"));
        let script = if self.below(2) == 0 {
            blind
        } else {
            blind.replace("version = version + 1", &format!("version = {} + 1", seen.version)).replace(
                "owner_changes = owner_changes + 1",
                &format!("owner_changes = {} + 1", seen.owner_changes),
            )
        };
        Deed { name: "reassign", versions: 1, script, told: json!({ "deed": "reassign", "to": id(owner) }) }
    }

    fn verify(&mut self, action: &str, seen: &Seen) -> Option<Deed> {
        let verifier = ["deputy", "deputy_two", "quality"][self.below(3)];
        let gave = seen.live.as_array().unwrap().iter().any(|e| e["author"] == json!(id(verifier)));
        if seen.owners.contains(&id(verifier)) || gave {
            return None;
        }
        let name = self.fresh("verdict");
        let paper = world::verdict(&name, action, verifier, "complete", world::SUPPORTS)
            .replace("a.evidence_rev, '{}'", &format!("{}, '{{}}'", seen.evidence_rev))
            .replace("'{}', now()", "'{}', clock_timestamp()");
        let script = paper + &self.versioned(action, seen.version + 1, "status = 'verified'");
        let judged: Vec<&Value> = seen.live.as_array().unwrap().iter().map(|e| &e["id"]).collect();
        let told = json!({ "deed": "verify", "by": id(verifier), "judged": judged });
        Some(Deed { name: "verify", versions: 2, script, told })
    }

    fn close(&mut self, action: &str, seen: &Seen) -> Option<Deed> {
        let live = seen.live.as_array().unwrap();
        let kinds = ["record", "audit_sample"].iter().all(|k| live.iter().any(|e| e["kind"] == *k));
        let (verification, verifier) = (seen.verification?, seen.verifier?);
        let independent =
            !seen.owners.contains(&verifier) && !live.iter().any(|e| e["author"] == json!(verifier));
        if !kinds || !independent || seen.verified_rev != Some(seen.evidence_rev) {
            return None;
        }
        let name = self.fresh("closure");
        let paper = world::paper(&name, action, "rm", "verification", "verifier", "")
            .replace(":verification", &format!("'{verification}'"))
            .replace(":verifier", &format!("'{verifier}'"));
        let script = paper
            + &self.versioned(action, seen.version + 1, &format!("status = 'closed', closure_id = :{name}"));
        let told = json!({ "deed": "close", "by": id("rm"), "verifier": verifier });
        Some(Deed { name: "close", versions: 2, script, told })
    }

    fn reopen(&mut self, action: &str, seen: &Seen) -> Deed {
        let name = self.fresh("reopening");
        let script = world::reopen(action, &name);
        let _ = seen;
        Deed { name: "reopen", versions: 1, script, told: json!({ "deed": "reopen" }) }
    }
}
