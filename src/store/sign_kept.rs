//! The signs of each service as the worker found them last, for those who see the whole provider: over many services,
//! finding them all anew would take a second. What happened since is not in here: its services are named instead, and are
//! looked at again ([`super::signal::read`]), so that a page never shows less than is true.

use chrono::NaiveDate;
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::TenantTx;
use super::signal::{About, Aside, Shown, Signs, Wanted};
use crate::domain::signal::Sign;
use crate::ids::ServiceId;

/// What was kept, but for the services with news.
#[derive(Debug)]
pub(super) struct Kept {
    /// The services in which something happened since.
    pub(super) news: Vec<Uuid>,
    /// Whether no name or place changed since.
    pub(super) exact: bool,
    /// Whether there are measures of the whole provider, which belong to no service and are not kept.
    beyond: bool,
    counts: Vec<(Sign, bool, u64)>,
    rows: Vec<(Sign, Shown)>,
}

#[derive(Debug, Deserialize)]
struct KeptRow(
    Sign,
    Uuid,
    Option<i32>,
    Option<i32>,
    String,
    String,
    NaiveDate,
    u64,
    String,
    Option<NaiveDate>,
    Option<String>,
    Option<String>,
);

impl KeptRow {
    fn shown(self) -> (Sign, Shown) {
        let Self(sign, subject, action, finding, what, service, since, n, note, until, reason, by) = self;
        let (reason, by) = (reason.unwrap_or_default(), by.unwrap_or_default());
        let aside = until.map(|until| Aside { until, reason, by });
        let about = About::of(action, finding, subject);
        (sign, Shown { about, subject, what, service, since, n, note, aside })
    }
}

impl Kept {
    /// Whether it is all there is.
    pub(super) const fn is_all(&self) -> bool {
        self.news.is_empty() && !self.beyond
    }

    /// Adds what was kept to what was found anew.
    pub(super) fn join(self, signs: &mut Signs) {
        for (sign, quiet, total) in self.counts {
            if let Some(group) = signs.group(sign, quiet) {
                group.total += total;
            }
        }
        for (sign, shown) in self.rows {
            if let Some(group) = signs.group(sign, shown.aside.is_some()) {
                group.rows.push(shown);
            }
        }
    }
}

/// Reads what was kept; none when nothing was kept today. At most so many rows of each sign, and so many put aside.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub(super) async fn read(
    tx: &mut TenantTx,
    today: NaiveDate,
    wanted: Wanted,
    (most, aside): (usize, usize),
) -> Result<Option<Kept>, sqlx::Error> {
    let provider = tx.provider();
    let (sign, after) = match wanted {
        Wanted::One(sign, after) => (Some(sign.as_str()), after),
        Wanted::All | Wanted::Of(..) => (None, None),
    };
    let row = sqlx::query_file!(
        "src/store/sql/signs_kept.sql",
        provider.uuid(),
        today,
        sign,
        after.map(|(since, _)| since),
        after.map(|(_, subject)| subject),
        i64::try_from(most).unwrap_or(i64::MAX),
        i64::try_from(aside).unwrap_or(i64::MAX),
    )
    .fetch_one(tx.conn())
    .await?;
    let rows = row.rows.map_or_else(Vec::new, |Json(rows)| rows);
    Ok(row.news.map(|news| Kept {
        news,
        exact: row.exact,
        beyond: row.beyond,
        counts: row.counts.map_or_else(Vec::new, |Json(counts)| counts),
        rows: rows.into_iter().map(KeptRow::shown).collect(),
    }))
}

/// Keeps the signs of a service as they were just found, and how many there are of each.
///
/// # Errors
/// The database refused or was lost.
pub async fn keep(tx: &mut TenantTx, service: ServiceId, signs: &Signs) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    let all = || {
        let groups = signs.groups.iter().chain(&signs.aside);
        groups.flat_map(|group| group.rows.iter().map(|row| (group.sign, row)))
    };
    let words: Vec<String> = all().map(|(sign, _)| sign.as_str().to_owned()).collect();
    let abouts: Vec<String> = all().map(|(_, row)| about(row.about).to_owned()).collect();
    let subjects: Vec<Uuid> = all().map(|(_, row)| row.subject).collect();
    let sinces: Vec<NaiveDate> = all().map(|(_, row)| row.since).collect();
    let numbers: Vec<i64> = all().map(|(_, row)| i64::try_from(row.n).unwrap_or(i64::MAX)).collect();
    let notes: Vec<String> = all().map(|(_, row)| row.note.clone()).collect();
    let quiets: Vec<bool> = all().map(|(_, row)| row.aside.is_some()).collect();
    sqlx::query!(
        "DELETE FROM signs_kept k WHERE k.provider_id = $1 AND k.service_id = $2 AND NOT EXISTS (
           SELECT 1 FROM unnest($3::text[], $4::uuid[], $5::date[], $6::bigint[], $7::text[], $8::bool[]) AS x(sign, subject, since, n, note, quiet)
           WHERE (x.sign, x.subject, x.since, x.n, x.note, x.quiet) = (k.sign, k.subject_id, k.since, k.n, k.note, k.quiet))",
        provider.uuid(),
        service.uuid(),
        &words,
        &subjects,
        &sinces,
        &numbers,
        &notes,
        &quiets,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO signs_kept (provider_id, service_id, sign, about, subject_id, since, n, note, quiet)
         SELECT $1, $2, x.* FROM unnest($3::text[], $4::text[], $5::uuid[], $6::date[], $7::bigint[], $8::text[], $9::bool[])
           AS x(sign, about, subject, since, n, note, quiet) ON CONFLICT DO NOTHING",
        provider.uuid(),
        service.uuid(),
        &words,
        &abouts,
        &subjects,
        &sinces,
        &numbers,
        &notes,
        &quiets,
    )
    .execute(tx.conn())
    .await?;
    count(tx, service).await
}

async fn count(tx: &mut TenantTx, service: ServiceId) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "DELETE FROM sign_counts WHERE provider_id = $1 AND service_id = $2",
        provider.uuid(),
        service.uuid()
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO sign_counts (provider_id, service_id, sign, quiet, total)
         SELECT $1, $2, k.sign, k.quiet, count(*) FROM signs_kept k WHERE k.provider_id = $1 AND k.service_id = $2 GROUP BY k.sign, k.quiet
         ON CONFLICT DO NOTHING",
        provider.uuid(),
        service.uuid(),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

const fn about(about: About) -> &'static str {
    match about {
        About::Action(_) => "action",
        About::Finding(_) => "finding",
        About::Measure(_) => "measure",
    }
}
