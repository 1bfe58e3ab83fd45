//! Every figure of every month, of the provider and of each service, equals what a slow recount makes of the trail alone; it opens
//! exactly the rows it counts; and a month that was signed never changes. Tried on months of work thrown by chance.
//!
//! `FIGURE_CASES` says how many such histories are tried, `FIGURE_SEED` from which number on. What fails is tried again with fewer
//! and fewer deeds (`FIGURE_TRIES` times), and told with those that are left.

mod deeds;
mod frozen;
mod later;
mod life;
mod play;
mod recount;
mod trail;

use std::collections::{BTreeMap, BTreeSet};

use throughline::domain::figure::{Figure, MONTHS, Month, Unit};
use throughline::ids::ServiceId;
use throughline::store::TenantTx;
use throughline::store::figure::{self as store, Over, ROWS, Shown, Span, Wanted};
use throughline::worker::keep_figures;
use tokio::task::JoinSet;
use uuid::Uuid;

use play::{DEEDS, Play, Step, plan};
use recount::{Row, Stretch, Told, value};

/// Deeds of a history: some seven months.
const STEPS: usize = 420;

/// A number from the environment.
pub fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// What came up: deeds that were done, and for each figure how many rows were counted and how many not.
#[derive(Debug, Default)]
struct Seen {
    deeds: BTreeMap<&'static str, u32>,
    rows: BTreeMap<&'static str, (usize, usize)>,
}

/// A place to look at: its name, its id for the recount, what the store is asked for.
pub type Place = (&'static str, Option<Uuid>, Over);

pub fn places(play: &Play) -> [Place; 3] {
    let (house, visits) = (play.w.house.id, play.w.visits.id);
    let of = |id: ServiceId| (Some(id.uuid()), Over::service(id));
    let (whole, all) = (None, Over::whole(play.w.provider, &[house, visits]));
    [
        ("all", whole, all),
        ("rowan-house", of(house).0, of(house).1),
        ("rowan-visits", of(visits).0, of(visits).1),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_figure_is_what_the_trail_says_and_opens_the_rows_it_counts() {
    let (first, cases) = (setting("FIGURE_SEED", 1), setting("FIGURE_CASES", 4));
    let mut at_work = JoinSet::new();
    let (mut seen, mut failed) = (Seen::default(), None);
    let mut seeds = first..first + cases;
    loop {
        while at_work.len() < 2
            && let Some(seed) = seeds.next()
        {
            at_work.spawn(async move { (seed, history(seed, &plan(seed, STEPS), &all()).await) });
        }
        let Some(done) = at_work.join_next().await else { break };
        match done.unwrap() {
            (_, Ok(of)) => seen.add(of),
            (seed, Err(what)) => failed = failed.or(Some((seed, what))),
        }
    }
    if let Some((seed, what)) = failed {
        panic!("{}", fewest(seed, what).await);
    }
    println!("{seen:?}");
    // less than four histories need not show everything
    if cases >= 4 {
        seen.is_enough();
    }
}

fn all() -> BTreeSet<usize> {
    (0..STEPS).collect()
}

impl Seen {
    fn add(&mut self, of: Self) {
        for (deed, times) in of.deeds {
            *self.deeds.entry(deed).or_default() += times;
        }
        for (figure, (counted, not)) in of.rows {
            let sum = self.rows.entry(figure).or_default();
            *sum = (sum.0 + counted, sum.1 + not);
        }
    }

    /// Chance left nothing out: every deed was done, and every figure had rows of both kinds.
    fn is_enough(&self) {
        for (deed, _) in DEEDS {
            assert!(self.deeds.contains_key(deed), "nobody did {deed}");
        }
        for figure in Figure::ALL {
            let (counted, not) = self.rows.get(figure.as_str()).copied().unwrap_or_default();
            assert!(counted > 0, "{figure:?} counted nothing");
            let both = figure.unit() == Unit::Share && *figure != Figure::Positive;
            assert!(not > 0 || !both, "{figure:?} counted all of its rows");
        }
    }
}

/// A failing history with as few deeds as a number of tries finds, told.
async fn fewest(seed: u64, mut what: String) -> String {
    let steps = plan(seed, STEPS);
    let most = setting("FIGURE_TRIES", 40);
    let (mut left, mut part, mut tries) = (all(), STEPS / 2, 0);
    while part > 0 && tries < most {
        let mut smaller = false;
        for from in (0..STEPS).step_by(part) {
            let fewer: BTreeSet<usize> =
                left.iter().copied().filter(|n| !(from..from + part).contains(n)).collect();
            if fewer.len() == left.len() || tries == most {
                continue;
            }
            tries += 1;
            if let Err(still) = history(seed, &steps, &fewer).await {
                (left, what, smaller) = (fewer, still, true);
            }
        }
        part = if smaller && part > 1 { part } else { part / 2 };
    }
    let deeds: Vec<String> = left.iter().map(|n| format!("{n} {}", steps[*n].deed)).collect();
    format!("FIGURE_SEED={seed}: {what}\nafter {}", deeds.join(", "))
}

/// Plays the steps of a history that are to be done, and compares on the way and at its end.
async fn history(seed: u64, steps: &[Step], done: &BTreeSet<usize>) -> Result<Seen, String> {
    let mut play = Play::begin(seed).await;
    for (n, step) in steps.iter().enumerate() {
        play.passes(step);
        if done.contains(&n) {
            play.only(step).await;
        }
        if n % (STEPS / 3) == STEPS / 6 {
            compare(&play, false).await?;
        }
    }
    let rows = compare(&play, true).await?;
    Ok(Seen { deeds: play.done, rows })
}

/// Compares every month so far; with the rows at the end.
async fn compare(play: &Play, whole: bool) -> Result<BTreeMap<&'static str, (usize, usize)>, String> {
    let told = Told::by(&trail::read(&play.db, play.w.provider).await);
    if whole {
        keep_figures(&play.w.app).await.unwrap();
    }
    let mut tx = play.w.actor("quality").begin(&play.w.app).await.unwrap();
    let mut seen: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    let (now, current) = (play.now(), Month::of(play.w.today()));
    let Some(first) = told.begins() else { return Ok(seen) };
    for (name, id, over) in places(play) {
        let mut month = first;
        while month <= current {
            let within = Stretch::of(month, now);
            let here = format!("{name}, {} on {now}", month.text());
            let shown = store::shown(&mut tx, &over, Span::of(month, now)).await.unwrap();
            besides(&told, &shown, within, (play, id)).map_err(|what| format!("{here}: {what}"))?;
            for figure in Figure::ALL {
                let wanted = told.rows(*figure, within, id);
                let (is, should) = (shown.value(*figure), value(*figure, &wanted));
                if is != should {
                    return Err(format!(
                        "{figure:?} of {here}: shown {is:?}, by the trail {should:?}: {wanted:#?}"
                    ));
                }
                if whole {
                    same_rows(&mut tx, &over, Span::of(month, now), *figure, &wanted)
                        .await
                        .map_err(|what| format!("{figure:?} of {here}: {what}"))?;
                    let of = seen.entry(figure.as_str()).or_default();
                    let counted = wanted.iter().filter(|row| row.counted).count();
                    *of = (of.0 + counted, of.1 + wanted.len() - counted);
                }
            }
            month = month.after(1);
        }
        if whole {
            same_kept(&mut tx, &over, &told, (now, current, id))
                .await
                .map_err(|what| format!("{name}: {what}"))?;
        }
    }
    Ok(seen)
}

/// A row as it is compared.
type Plain = (i64, Uuid, bool, Option<f64>, Option<f64>);

/// All rows a figure opens, page after page, and that their number is the one said.
pub async fn opened(
    tx: &mut TenantTx,
    over: &Over,
    span: Span,
    figure: Figure,
) -> Result<Vec<Plain>, String> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let wanted = Wanted { after, ..Wanted::default() };
        let mut page = store::rows(tx, over, span, figure, &wanted, ROWS + 1).await.unwrap();
        let more = page.rows.len() > usize::try_from(ROWS).unwrap();
        page.rows.truncate(usize::try_from(ROWS).unwrap());
        after = page.rows.last().map(|row| (row.number, row.subject));
        rows.extend(page.rows.iter().map(|r| (i64::from(r.number), r.subject, r.counted, r.amount, r.whole)));
        if !more {
            let counted = rows.iter().filter(|row| row.2).count();
            let said = (usize::try_from(page.all).unwrap(), usize::try_from(page.counted).unwrap());
            return if said == (rows.len(), counted) {
                Ok(rows)
            } else {
                Err(format!("{said:?} is said of {rows:#?}"))
            };
        }
    }
}

async fn same_rows(
    tx: &mut TenantTx,
    over: &Over,
    span: Span,
    figure: Figure,
    wanted: &[Row],
) -> Result<(), String> {
    let found = opened(tx, over, span, figure).await?;
    let wanted: Vec<Plain> =
        wanted.iter().map(|r| (r.number, r.subject, r.counted, r.amount, r.whole)).collect();
    let without = |from: &[Plain], of: &[Plain]| {
        from.iter().filter(|row| !of.contains(row)).copied().collect::<Vec<_>>()
    };
    let (more, fewer) = (without(&found, &wanted), without(&wanted, &found));
    if found == wanted { Ok(()) } else { Err(format!("opens {more:?} and lacks {fewer:?}")) }
}

/// What a month shows besides its figures: themes by service, days late, what came back.
fn besides(
    told: &Told,
    shown: &Shown,
    within: Stretch,
    (play, id): (&Play, Option<Uuid>),
) -> Result<(), String> {
    let slug = |service: Option<Uuid>| {
        if service == Some(play.w.house.id.uuid()) { play.w.house.slug } else { play.w.visits.slug }
    };
    let mut heat: BTreeMap<(String, &str), (i64, i64)> = BTreeMap::new();
    for row in told.rows(Figure::OpenFindings, within, id) {
        let cell = heat.entry((row.theme, slug(row.service))).or_default();
        *cell = (cell.0 + 1, cell.1 + i64::from(row.counted));
    }
    let is: BTreeMap<_, _> = shown
        .heat
        .iter()
        .map(|h| ((h.theme.as_str().to_owned(), h.slug.as_str()), (h.open, h.back)))
        .collect();
    if is != heat {
        return Err(format!("open findings by theme: {is:?}, by the trail {heat:?}"));
    }
    let mut late: BTreeMap<String, i64> = BTreeMap::new();
    for row in told.rows(Figure::Overdue, within, id) {
        *late.entry(row.amount.unwrap_or_default().to_string()).or_default() += 1;
    }
    let is: BTreeMap<_, _> = shown.overdue.iter().map(|(days, n)| (days.to_string(), *n)).collect();
    if is != late {
        return Err(format!("overdue by days: {is:?}, by the trail {late:?}"));
    }
    let mut back: BTreeMap<(String, &str), (i64, i64)> = BTreeMap::new();
    for row in told.rows(Figure::Repeats, within, id).into_iter().filter(|row| row.counted) {
        let in_year = told.in_a_year(row.service.unwrap(), &row.topic, within);
        let times = back.entry((row.topic, slug(row.service))).or_default();
        *times = (times.0 + 1, in_year);
    }
    let is: BTreeMap<_, _> = shown
        .repeats
        .iter()
        .map(|r| ((r.topic.as_str().to_owned(), r.slug.as_str()), (r.in_month, r.in_year)))
        .collect();
    if is == back { Ok(()) } else { Err(format!("what came back: {is:?}, by the trail {back:?}")) }
}

/// What the worker keeps of months that are over is the same.
async fn same_kept(
    tx: &mut TenantTx,
    over: &Over,
    told: &Told,
    (now, current, id): (chrono::DateTime<chrono::Utc>, Month, Option<Uuid>),
) -> Result<(), String> {
    let kept = store::kept(tx, over, current, MONTHS).await.unwrap();
    let first = told.begins().unwrap_or(current);
    let months = (1..=MONTHS).take_while(|ago| current.before(*ago) >= first).count();
    if kept.len() != months {
        return Err(format!("{} months are kept of {months}", kept.len()));
    }
    for (month, values) in kept {
        for figure in Figure::ALL {
            let should = value(*figure, &told.rows(*figure, Stretch::of(month, now), id));
            let is = values
                .iter()
                .find(|(of, _)| of == figure)
                .map_or(throughline::domain::figure::Value::NOTHING, |v| v.1);
            if is != should {
                return Err(format!("{figure:?} of {}: kept {is:?}, by the trail {should:?}", month.text()));
            }
        }
    }
    Ok(())
}
