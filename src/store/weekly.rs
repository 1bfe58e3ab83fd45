//! Weekly reviews: what is under way, the frozen order of its actions, and what was agreed for each (R24).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::TenantTx;
use crate::domain::action::Status;
use crate::domain::calendar::Nation;
use crate::domain::topic::Risk;
use crate::domain::weekly::{Agreed, Band, LeftAs, Open, Standing};
use crate::ids::{ActionId, MemberId, ServiceId, WeeklyReviewId};
use crate::store::word;

/// What stands beside the form for one action.
mod beside;
/// The end of a review.
mod finish;
/// Services, their weekly reviews and their people, in lists.
mod list;

pub use beside::{Beside, Update, Waiting, beside};
pub use finish::{Tally, finish, tally};
pub use list::{Colleague, Past, ROWS, Service, colleagues, past, services};

/// A weekly review with everything it is about.
#[derive(Clone, Debug)]
pub struct Review {
    /// Id.
    pub id: WeeklyReviewId,
    /// The service.
    pub service: ServiceId,
    /// Its name.
    pub service_name: String,
    /// Its nation, for working days.
    pub nation: Nation,
    /// Who began it.
    pub started_by: String,
    /// When.
    pub started_at: DateTime<Utc>,
    /// Who finished it, and when; none while it is under way.
    pub finished: Option<(String, DateTime<Utc>)>,
    /// Members who were there, by name.
    pub present: Vec<String>,
    /// Who else was there.
    pub others: String,
    /// The actions in their order.
    pub items: Vec<Item>,
    /// Where the trail ended when this was read.
    pub line: i64,
}

/// An action in its place.
#[derive(Clone, Debug, Deserialize)]
pub struct Item {
    /// The action.
    pub action: ActionId,
    /// Its number.
    pub number: i32,
    /// Its place, from 1.
    pub place: i32,
    /// Why it has that place.
    pub band: Band,
    /// Its words when the review began.
    pub what: String,
    /// Where it stands today.
    pub status: Status,
    /// How it was left when the review was finished without a decision on it.
    pub left_as: Option<LeftAs>,
    /// What was agreed last in this review.
    pub entry: Option<Entry>,
}

impl Item {
    /// Whether nothing was agreed for it, and something could be.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.entry.is_none() && self.status.open()
    }

    /// Whether it was closed or cancelled before anything was agreed.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.entry.is_none() && !self.status.open()
    }
}

/// What was agreed for an action, and by whom.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// Counted up by each entry on the action in one review; the newest counts.
    pub round: i32,
    /// Where it stands.
    pub standing: Standing,
    /// What was said.
    pub note: String,
    /// What would help.
    pub support_needed: String,
    /// Who wrote it down.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Its words then.
    pub what: String,
    /// Its owner then.
    pub owner: Option<String>,
    /// Its due date then.
    pub due_on: Option<NaiveDate>,
    /// What stood against submitting it then; empty when nothing did.
    pub missing: String,
}

/// Reads a weekly review.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn read(tx: &mut TenantTx, id: WeeklyReviewId) -> Result<Option<Review>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file!("src/store/weekly/review.sql", provider.uuid(), id.uuid())
        .fetch_optional(tx.conn())
        .await?;
    row.map(|r| {
        Ok(Review {
            id,
            service: r.service,
            service_name: r.service_name,
            nation: word(&r.nation)?,
            started_by: r.started_by,
            started_at: r.started_at,
            finished: r.finished_by.zip(r.finished_at),
            present: r.present,
            others: r.others,
            items: r.items.map_or_else(Vec::new, |Json(items)| items),
            line: r.line,
        })
    })
    .transpose()
}

/// A weekly review held still until the transaction ends.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The service.
    pub service: ServiceId,
    /// Whether it is finished.
    pub finished: bool,
}

/// Holds a weekly review still beside others who write in it, so that nobody finishes it meanwhile.
///
/// # Errors
/// The database was lost.
pub async fn hold(tx: &mut TenantTx, id: WeeklyReviewId) -> Result<Option<Held>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Held,
        r#"SELECT service_id AS "service: ServiceId", finished_at IS NOT NULL AS "finished!" FROM weekly_reviews
           WHERE provider_id = $1 AND id = $2 FOR SHARE"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await
}

/// Holds it for oneself, to finish it.
///
/// # Errors
/// The database was lost.
pub async fn hold_alone(tx: &mut TenantTx, id: WeeklyReviewId) -> Result<Option<Held>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Held,
        r#"SELECT service_id AS "service: ServiceId", finished_at IS NOT NULL AS "finished!" FROM weekly_reviews
           WHERE provider_id = $1 AND id = $2 FOR UPDATE"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await
}

/// The open actions of a service with their words, in no order.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn open_actions(
    tx: &mut TenantTx,
    service: ServiceId,
) -> Result<Vec<(ActionId, String, Open)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT a.id AS "id: ActionId", a.number, a.what, a.status, f.risk, a.due_on, a.verify_by
           FROM actions a JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
           WHERE a.provider_id = $1 AND a.service_id = $2
             AND a.status IN ('not_started', 'in_progress', 'submitted', 'sent_back', 'ineffective', 'verified')"#,
        provider.uuid(),
        service.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let (status, risk): (Status, Risk) = (word(&r.status)?, word(&r.risk)?);
            let (number, due_on, verify_by) = (r.number, r.due_on, r.verify_by);
            Ok((r.id, r.what, Open { number, status, risk, due_on, verify_by }))
        })
        .collect()
}

/// Begins a weekly review, unless one is under way in the service.
///
/// # Errors
/// The database refused or was lost.
pub async fn begin(tx: &mut TenantTx, id: WeeklyReviewId, service: ServiceId) -> Result<bool, sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"INSERT INTO weekly_reviews (provider_id, id, service_id, started_by, started_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (provider_id, service_id) WHERE finished_at IS NULL DO NOTHING"#,
        provider.uuid(),
        id.uuid(),
        service.uuid(),
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(|done| done.rows_affected() == 1)
}

/// The one that is under way in a service.
///
/// # Errors
/// The database was lost.
pub async fn under_way(tx: &mut TenantTx, service: ServiceId) -> Result<Option<WeeklyReviewId>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT id AS "id: WeeklyReviewId" FROM weekly_reviews
           WHERE provider_id = $1 AND service_id = $2 AND finished_at IS NULL"#,
        provider.uuid(),
        service.uuid(),
    )
    .fetch_optional(tx.conn())
    .await
}

/// Writes the actions of a review in their order: the first is at place 1.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert_items(
    tx: &mut TenantTx,
    id: WeeklyReviewId,
    items: &[(ActionId, String, Band)],
) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    let actions: Vec<_> = items.iter().map(|(action, ..)| action.uuid()).collect();
    let words: Vec<String> = items.iter().map(|(_, what, _)| what.clone()).collect();
    let bands: Vec<String> = items.iter().map(|(.., band)| band.as_str().to_owned()).collect();
    sqlx::query!(
        r#"INSERT INTO weekly_items (provider_id, weekly_review_id, action_id, place, what, band)
           SELECT $1, $2, u.action, u.place::int, u.what, u.band
           FROM unnest($3::uuid[], $4::text[], $5::text[]) WITH ORDINALITY AS u(action, what, band, place)"#,
        provider.uuid(),
        id.uuid(),
        &actions,
        &words,
        &bands,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Locks an action's place in a review; gives the round of what was agreed last, 0 for nothing yet. None when the action
/// is not in it.
///
/// # Errors
/// The database was lost.
pub async fn lock_item(
    tx: &mut TenantTx,
    id: WeeklyReviewId,
    action: ActionId,
) -> Result<Option<i32>, sqlx::Error> {
    let provider = tx.provider();
    let found = sqlx::query!(
        "SELECT place FROM weekly_items WHERE provider_id = $1 AND weekly_review_id = $2 AND action_id = $3 FOR UPDATE",
        provider.uuid(),
        id.uuid(),
        action.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    if found.is_none() {
        return Ok(None);
    }
    // after the lock, so that an entry somebody else has just written is seen
    sqlx::query_scalar!(
        r#"SELECT coalesce(max(round), 0) AS "round!" FROM weekly_entries
           WHERE provider_id = $1 AND weekly_review_id = $2 AND action_id = $3"#,
        provider.uuid(),
        id.uuid(),
        action.uuid(),
    )
    .fetch_one(tx.conn())
    .await
    .map(Some)
}

/// What is agreed for an action, to be written.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// The review.
    pub review: WeeklyReviewId,
    /// The action.
    pub action: ActionId,
    /// One more than what was agreed last.
    pub round: i32,
    /// What is agreed.
    pub agreed: &'a Agreed,
    /// The words of the action.
    pub what: &'a str,
    /// Its owner.
    pub owner: Option<MemberId>,
    /// Its due date.
    pub due_on: Option<NaiveDate>,
    /// What stands against submitting it.
    pub missing: &'a str,
}

/// Writes what is agreed, by the actor of the transaction.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn insert_entry(tx: &mut TenantTx, new: &NewEntry<'_>) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"INSERT INTO weekly_entries (provider_id, weekly_review_id, action_id, round, standing, note, support_needed, what, owner_id,
             due_on, missing, by, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"#,
        provider.uuid(),
        new.review.uuid(),
        new.action.uuid(),
        new.round,
        new.agreed.standing.as_str(),
        new.agreed.note,
        new.agreed.support_needed,
        new.what,
        new.owner.map(|o| o.uuid()),
        new.due_on,
        new.missing,
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
