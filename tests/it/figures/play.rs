//! Months of work in a provider, thrown by chance: what people do, through the functions the pages use, while the clock goes on.
//! Every step has a number to throw with of its own, so that a shorter list of steps does the same with what is left.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{AssertSqlSafe, PgConnection};
use throughline::clock::{Clock, london_hour};
use throughline::domain::figure::Month;
use throughline::domain::measure::{Cadence, Reading, Shape, Way};
use throughline::domain::reference::Reference;
use throughline::error::AppError;
use throughline::ids::{MeasureId, ServiceId};
use throughline::store::measure::Measure;
use throughline::workflow::{Done, Stop, measure};

use crate::harness::TestDb;
use crate::harness::fixtures::{World, world};

/// What can happen, and how often of all of it together.
pub const DEEDS: [(&str, u32); 28] = [
    ("find", 15),
    ("merge", 3),
    ("progress", 6),
    ("submit", 22),
    ("take_back", 2),
    ("verify", 24),
    ("assure", 9),
    ("close", 22),
    ("reopen", 3),
    ("escalate", 9),
    ("decide", 7),
    ("extend", 4),
    ("reassign", 5),
    ("cancel", 2),
    ("withdraw", 4),
    ("look", 8),
    ("draw", 5),
    ("audit", 9),
    ("ask", 6),
    ("read", 5),
    ("name", 6),
    ("link", 6),
    ("unlink", 2),
    ("cause", 9),
    ("source", 3),
    ("reword", 2),
    ("weekly", 2),
    ("leave", 1),
];

/// One thing to do, after some time.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub deed: &'static str,
    pub after: Duration,
    /// Whether the clock goes on to the end of the month, when that is near, and the next steps are done around midnight.
    edge: bool,
    throws: u64,
}

/// So many steps, the same for the same seed.
pub fn plan(seed: u64, steps: usize) -> Vec<Step> {
    let mut chance = StdRng::seed_from_u64(seed);
    let all: u32 = DEEDS.iter().map(|(_, often)| often).sum();
    let mut step = || {
        let mut thrown = chance.random_range(0..all);
        let deed = DEEDS.iter().find(|(_, often)| {
            let is = thrown < *often;
            thrown = thrown.wrapping_sub(if is { 0 } else { *often });
            is
        });
        // most follow within hours, some after days: so that dates pass
        let minutes = if chance.random_bool(0.25) { 60 * 24 * 3 } else { 60 * 9 };
        let after = Duration::seconds(chance.random_range(60..minutes * 60));
        Step { deed: deed.unwrap().0, after, edge: chance.random_bool(0.15), throws: chance.random() }
    };
    (0..steps).map(|_| step()).collect()
}

/// A provider at work.
pub struct Play {
    pub w: World,
    pub db: TestDb,
    pub(super) eyes: PgConnection,
    pub(super) gone: BTreeSet<&'static str>,
    pub(super) asked: Vec<(MeasureId, &'static str)>,
    pub(super) followed: Vec<(MeasureId, &'static str)>,
    nicknames: BTreeMap<String, &'static str>,
    /// So many steps follow within minutes.
    at_once: u32,
    /// How often each deed was done.
    pub done: BTreeMap<&'static str, u32>,
}

impl Play {
    /// Begins on a day that follows from the seed, so that both changes of the clocks, the ends of quarters and of the year come up.
    pub async fn begin(seed: u64) -> Self {
        let first: NaiveDate = "2026-01-20".parse().unwrap();
        let day = first + Days::new(StdRng::seed_from_u64(seed).random_range(0..300));
        let db = TestDb::new().await;
        let w = world(&db, Clock::fixed(london_hour(day, 9))).await;
        let eyes = db.administrator().await;
        let nicknames = w.nicknames().into_iter().map(|name| (w.id(name).to_string(), name)).collect();
        let (gone, done) = (BTreeSet::new(), BTreeMap::new());
        let (asked, followed, at_once) = (Vec::new(), Vec::new(), 0);
        let mut play = Self { w, db, eyes, gone, asked, followed, nicknames, at_once, done };
        play.measures().await;
        play
    }

    /// What people say, in each service and of the provider; and a number that can get better in each service.
    async fn measures(&mut self) {
        for (by, place, cadence) in [
            ("manager", true, Cadence::Weekly),
            ("manager_two", true, Cadence::Weekly),
            ("quality", false, Cadence::Monthly),
        ] {
            let service = place.then(|| self.w.service_of(by));
            let id = self.measure(by, service, (Shape::Share, Way::Up, cadence), true).await;
            self.asked.push((id, by));
        }
        for by in ["manager", "manager_two"] {
            let of = (Shape::Number, Way::Down, Cadence::Weekly);
            let id = self.measure(by, Some(self.w.service_of(by)), of, false).await;
            let newest = Cadence::Weekly.newest(self.w.today());
            let back = |n: u64| newest - Days::new(7 * n);
            let value = |n: u64| f64::from([8, 9, 7, 9, 8, 7, 9, 8, 7, 8][usize::try_from(n).unwrap() % 10]);
            let readings: Vec<Reading> = (1..20)
                .rev()
                .map(|n| Reading { period: back(n), numerator: Some(value(n)), denominator: None })
                .collect();
            measure::record(&self.w.app, self.w.actor(by), id, &readings, "").await.unwrap();
            self.followed.push((id, by));
        }
    }

    async fn measure(
        &self,
        by: &str,
        service: Option<ServiceId>,
        (shape, way, cadence): (Shape, Way, Cadence),
        feedback: bool,
    ) -> MeasureId {
        let new = Measure {
            id: MeasureId::new(),
            service,
            name: if feedback { "A senior was there when I needed one" } else { "Falls" }.into(),
            unit: String::new(),
            shape,
            way,
            cadence,
            baseline: None,
            target: None,
            deadline: None,
            owner: None,
            feedback,
            created_at: self.w.app.clock.now(),
        };
        measure::define(&self.w.app, self.w.actor(by), &new).await.unwrap();
        new.id
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.w.app.clock.now()
    }

    /// Time passes, and it is done, if a rule does not refuse it.
    pub async fn step(&mut self, step: &Step) {
        self.passes(step);
        self.only(step).await;
    }

    /// Time passes.
    pub fn passes(&mut self, step: &Step) {
        let (now, next) = (self.now(), london_hour(Month::of(self.w.today()).after(1).first(), 0));
        let then = if self.at_once > 0 {
            self.at_once -= 1;
            now + step.after / 60
        } else if step.edge && next - now < Duration::days(5) {
            self.at_once = 10;
            now.max(next - Duration::minutes(45))
        } else {
            now + step.after
        };
        self.w.at(then);
    }

    /// The same, while no time passes.
    pub async fn only(&mut self, step: &Step) {
        let mut chance = StdRng::seed_from_u64(step.throws);
        match self.deed(step.deed, &mut chance).await {
            Ok(()) => *self.done.entry(step.deed).or_default() += 1,
            Err(Stop::Refused(_) | Stop::Changed) => {}
            Err(Stop::Failed(AppError::NotFound | AppError::Forbidden(_))) => {}
            Err(Stop::Failed(failed)) => panic!("{}: {failed:?}", step.deed),
        }
    }

    /// One of the answers to a question, in the order of the query.
    pub(super) async fn pick(&mut self, chance: &mut StdRng, sql: &str) -> Done<Vec<String>> {
        let sql = sql
            .replace(":p", &format!("'{}'", self.w.provider))
            .replace(":today", &format!("'{}'::date", self.w.today()));
        let rows: Vec<Vec<Option<String>>> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.eyes).await.unwrap();
        if rows.is_empty() {
            return Err(Stop::refused("There is nothing to do it to."));
        }
        let row = rows[chance.random_range(0..rows.len())].clone();
        Ok(row.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// An action in one of these states: its number, owner and service.
    pub(super) async fn action(&mut self, chance: &mut StdRng, states: &str) -> Done<Picked> {
        let fits = match states {
            "with_owner" => "a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')",
            "owned" => {
                "a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') AND a.owner_id IS NOT NULL"
            }
            "open" => "a.status NOT IN ('closed', 'cancelled')",
            "assure" => "a.status = 'verified' AND a.risk IN ('high', 'critical')",
            status => &format!("a.status = '{status}'"),
        };
        let sql = format!(
            "SELECT ARRAY[a.number::text, a.owner_id::text, a.service_id::text, a.finding_id::text] FROM actions a WHERE a.provider_id = :p AND {fits} ORDER BY a.number"
        );
        let row = self.pick(chance, &sql).await?;
        let owner = self.nicknames.get(&row[1]).copied();
        if owner.is_some_and(|owner| self.gone.contains(owner)) && states == "owned" {
            return Err(Stop::refused("They left."));
        }
        let manager = self.manager_of(&row[2]);
        Ok(Picked { action: Reference::action(row[0].parse().unwrap()), owner, manager })
    }

    pub(super) fn manager_of(&self, service: &str) -> &'static str {
        if service == self.w.house.id.to_string() { "manager" } else { "manager_two" }
    }

    pub(super) fn in_days(&self, days: u64) -> NaiveDate {
        self.w.today() + Days::new(days)
    }
}

/// An action to do something to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picked {
    pub action: Reference,
    pub owner: Option<&'static str>,
    pub manager: &'static str,
}

impl Picked {
    /// Its owner, who is there.
    pub fn owned(&self) -> &'static str {
        self.owner.expect("only owned ones were asked for")
    }
}

/// One of these.
pub(super) fn one<T: Copy>(chance: &mut StdRng, of: &[T]) -> T {
    of[chance.random_range(0..of.len())]
}
