//! Early-warning signs, all in one query (E1 to E16).

use chrono::NaiveDate;

use super::{TenantTx, scope, word};
use crate::domain::calendar::{self, Nation};
use crate::domain::member::{Member, Sight};
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
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// An action, by number.
    Action(i32),
    /// A finding, by number.
    Finding(i32),
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

/// Reads every sign that is true today, in the order of [`Sign`]; signs without a row are left out.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn read(tx: &mut TenantTx, asked: &Asked<'_>) -> Result<Vec<Group>, sqlx::Error> {
    let provider = tx.provider();
    let nations: Vec<String> = Nation::ALL.iter().map(|nation| nation.as_str().to_owned()).collect();
    let latest: Vec<NaiveDate> = Nation::ALL.iter().map(|n| should_have_acted(asked.today, *n)).collect();
    let rows = sqlx::query_file!(
        "src/store/sql/signals.sql",
        provider.uuid(),
        asked.member.role.sight() == Sight::Provider,
        &scope::services(asked.member),
        asked.service,
        asked.today,
        signal::since(asked.today, signal::WITHIN_DAYS),
        signal::since(asked.today, signal::RECURS_WITHIN_DAYS),
        &nations,
        &latest,
        i64::try_from(ROWS).unwrap_or(i64::MAX),
        signal::SHORT_NOTE,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let sign: Sign = word(&row.sign)?;
        let about = row.action.map(About::Action).or(row.finding.map(About::Finding));
        let Some(about) = about.filter(|_| sign != Sign::VagueNote || is_vague_note(&row.note)) else {
            continue;
        };
        let shown = Shown {
            about,
            what: row.what,
            service: row.service,
            since: row.since,
            n: u64::try_from(row.n).unwrap_or(0),
            note: row.note,
        };
        let total = u64::try_from(row.total).unwrap_or(0);
        match groups.iter_mut().find(|group| group.sign == sign) {
            Some(group) => group.rows.push(shown),
            None => groups.push(Group { sign, total, rows: vec![shown] }),
        }
    }
    for group in groups.iter_mut().filter(|group| group.sign == Sign::VagueNote) {
        group.total = u64::try_from(group.rows.len()).unwrap_or(u64::MAX);
        group.rows.truncate(ROWS);
    }
    groups.sort_by_key(|group| Sign::ALL.iter().position(|sign| *sign == group.sign));
    Ok(groups)
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
