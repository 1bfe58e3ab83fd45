//! Early-warning signs, all in one query (E1 to E16).

use chrono::NaiveDate;
use uuid::Uuid;

use super::{TenantTx, scope, word};
use crate::clock::london_hour;
use crate::domain::acknowledgement::LONGEST_DAYS;
use crate::domain::calendar::{self, Nation};
use crate::domain::member::{Member, Sight};
use crate::domain::reference::Reference;
use crate::domain::signal::{self, Sign};
use crate::domain::wording::is_vague_note;

/// How many rows of each sign are shown.
pub const ROWS: usize = 50;

/// What a page of signs is drawn for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who looks.
    pub member: &'a Member,
    /// One service by its part of the address, or all they see.
    pub service: Option<&'a str>,
    /// Today in Europe/London.
    pub today: NaiveDate,
    /// One sign about one thing, or all.
    pub only: Option<(Sign, About)>,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// An action, by number.
    Action(i32),
    /// A finding, by number.
    Finding(i32),
}

impl About {
    /// The reference.
    #[must_use]
    pub const fn reference(self) -> Reference {
        match self {
            Self::Action(number) => Reference::action(number),
            Self::Finding(number) => Reference::finding(number),
        }
    }

    /// As the query knows it: findings are below zero.
    const fn key(self) -> i32 {
        match self {
            Self::Action(number) => number,
            Self::Finding(number) => -number,
        }
    }
}

/// Until when a sign is put aside, why, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// The day it comes back.
    pub until: NaiveDate,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// One row of a sign.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it is about.
    pub about: About,
    /// Its words.
    pub what: String,
    /// Where.
    pub service: String,
    /// Since when it is true.
    pub since: NaiveDate,
    /// What the sign counts.
    pub n: u64,
    /// The note that says nothing; empty for the other signs.
    pub note: String,
    /// Whether it is put aside for now.
    pub aside: Option<Aside>,
}

/// A sign with its oldest rows, and how many there are.
#[derive(Clone, Debug)]
pub struct Group {
    /// The sign.
    pub sign: Sign,
    /// How many there are.
    pub total: u64,
    /// At most [`ROWS`].
    pub rows: Vec<Shown>,
}

/// The signs that are true.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    /// Those that wait for somebody, in the order of [`Sign`]; signs without a row are left out.
    pub groups: Vec<Group>,
    /// Those that were put aside, in the same order.
    pub aside: Vec<Group>,
}

impl Signs {
    /// How many wait for somebody.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.groups.iter().map(|group| group.total).sum()
    }
}

/// The last day on which something found should have an action by now (E14).
fn should_have_acted(today: NaiveDate, nation: Nation) -> NaiveDate {
    let mut day = today;
    // the newest day from which more than so many working days have passed
    while calendar::add_working_days(day, signal::TO_ACT, nation) >= today {
        let Some(before) = day.pred_opt() else { return day };
        day = before;
    }
    day
}

/// Reads every sign that is true today.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn read(tx: &mut TenantTx, asked: &Asked<'_>) -> Result<Signs, sqlx::Error> {
    let sees = Sees {
        whole: asked.member.role.sight() == Sight::Provider,
        services: &scope::services(asked.member),
        service: asked.service,
    };
    read_for(tx, &sees, asked.today, asked.only).await
}

/// Which services are looked at.
struct Sees<'a> {
    whole: bool,
    services: &'a [Uuid],
    service: Option<&'a str>,
}

async fn read_for(
    tx: &mut TenantTx,
    sees: &Sees<'_>,
    today: NaiveDate,
    only: Option<(Sign, About)>,
) -> Result<Signs, sqlx::Error> {
    let provider = tx.provider();
    let nations: Vec<String> = Nation::ALL.iter().map(|nation| nation.as_str().to_owned()).collect();
    let latest: Vec<NaiveDate> = Nation::ALL.iter().map(|n| should_have_acted(today, *n)).collect();
    let rows = sqlx::query_file!(
        "src/store/sql/signals.sql",
        provider.uuid(),
        sees.whole,
        sees.services,
        sees.service,
        today,
        signal::since(today, signal::WITHIN_DAYS),
        signal::since(today, signal::RECURS_WITHIN_DAYS),
        &nations,
        &latest,
        i64::try_from(ROWS).unwrap_or(i64::MAX),
        signal::SHORT_NOTE,
        // the day it was put aside and the day it comes back may both be short of a whole day
        london_hour(signal::since(today, LONGEST_DAYS + 1), 0),
        only.map(|(sign, _)| sign.as_str()),
        only.map(|(_, about)| about.key()),
    )
    .fetch_all(tx.conn())
    .await?;
    let mut signs = Signs::default();
    for row in rows {
        let sign: Sign = word(&row.sign)?;
        let about = row.action.map(About::Action).or(row.finding.map(About::Finding));
        let Some(about) = about.filter(|_| sign != Sign::VagueNote || is_vague_note(&row.note)) else {
            continue;
        };
        let (reason, by) = (row.reason, row.by);
        let aside = row.until.map(|until| Aside { until, reason, by });
        let groups = if aside.is_some() { &mut signs.aside } else { &mut signs.groups };
        let n = u64::try_from(row.n).unwrap_or(0);
        let (what, service, since, note) = (row.what, row.service, row.since, row.note);
        let shown = Shown { about, what, service, since, n, note, aside };
        put(groups, sign, u64::try_from(row.total).unwrap_or(0), shown);
    }
    finish(&mut signs.groups);
    finish(&mut signs.aside);
    Ok(signs)
}

fn put(groups: &mut Vec<Group>, sign: Sign, total: u64, shown: Shown) {
    match groups.iter_mut().find(|group| group.sign == sign) {
        Some(group) => group.rows.push(shown),
        None => groups.push(Group { sign, total, rows: vec![shown] }),
    }
}

/// Notes were only known as vague here; and the order is that of the signs.
fn finish(groups: &mut [Group]) {
    for group in groups.iter_mut().filter(|group| group.sign == Sign::VagueNote) {
        group.total = u64::try_from(group.rows.len()).unwrap_or(u64::MAX);
        group.rows.truncate(ROWS);
    }
    groups.sort_by_key(|group| Sign::ALL.iter().position(|sign| *sign == group.sign));
}

/// How many signs wait for somebody in one service, whoever looks.
///
/// # Errors
/// As [`read`].
pub async fn count_of(tx: &mut TenantTx, service: &str, today: NaiveDate) -> Result<u64, sqlx::Error> {
    let sees = Sees { whole: true, services: &[], service: Some(service) };
    read_for(tx, &sees, today, None).await.map(|signs| signs.total())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_working_days_are_given() {
        // found on Wednesday 18 November 2026: Thursday and Friday are given, and from Saturday it is a sign
        for (found, today, sign) in [
            ("2026-11-18", "2026-11-20", false),
            ("2026-11-18", "2026-11-21", true),
            ("2026-11-20", "2026-11-24", false),
            ("2026-11-20", "2026-11-25", true),
            ("2026-12-23", "2026-12-29", false),
            ("2026-12-23", "2026-12-30", true),
        ] {
            let (found, today): (NaiveDate, NaiveDate) = (found.parse().unwrap(), today.parse().unwrap());
            assert_eq!(found <= should_have_acted(today, Nation::England), sign, "{found} {today}");
        }
    }
}
