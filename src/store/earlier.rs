//! What was closed before Throughline: as an imported tracker says, proved by nothing here, and never counted.

use chrono::NaiveDate;
use uuid::Uuid;

use super::scope::Scope;
use super::{TenantTx, word};
use crate::domain::topic::{Risk, Topic};
use crate::ids::{EarlierId, ImportId, ServiceId};

/// Rows on a page.
pub const PAGE: i64 = 50;

/// Which to list; what is none lets all through.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this import.
    pub import: Option<ImportId>,
    /// Of this service.
    pub service: Option<ServiceId>,
    /// On this topic.
    pub topic: Option<Topic>,
    /// With these words, as a pattern for ILIKE.
    pub words: Option<String>,
    /// Only after this one (older).
    pub after: Option<(NaiveDate, Uuid)>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Id.
    pub id: EarlierId,
    /// What was done.
    pub what: String,
    /// What was found.
    pub finding: String,
    /// The service's name.
    pub service: String,
    /// Its risk, if the tracker said.
    pub risk: Option<Risk>,
    /// Its topic.
    pub topic: Topic,
    /// Whose it was, in the tracker's words.
    pub owner: String,
    /// When it was due.
    pub due_on: Option<NaiveDate>,
    /// When it was done.
    pub closed_on: Option<NaiveDate>,
    /// The day it is listed under.
    pub listed_on: NaiveDate,
    /// What else the tracker says.
    pub note: String,
    /// The file it came with.
    pub file_name: String,
}

/// One page, newest first, and whether there are older ones.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn page(
    tx: &mut TenantTx,
    scope: Scope,
    filter: &Filter,
) -> Result<(Vec<Earlier>, bool), sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT e.id AS "id: EarlierId", e.what, e.finding, s.name AS service, e.risk, e.topic, e.owner, e.due_on, e.closed_on, e.listed_on, e.note, i.file_name
           FROM earlier_actions e JOIN services s ON s.provider_id = $1 AND s.id = e.service_id JOIN imports i ON i.provider_id = $1 AND i.id = e.import_id
           WHERE e.provider_id = $1
             AND ($2::bool OR ($3::bool AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $4 AND ms.service_id = e.service_id)))
             AND ($5::uuid IS NULL OR e.import_id = $5) AND ($6::uuid IS NULL OR e.service_id = $6) AND ($7::text IS NULL OR e.topic = $7)
             AND ($8::text IS NULL OR e.what ILIKE $8 OR e.finding ILIKE $8 OR e.note ILIKE $8)
             AND ($9::date IS NULL OR (e.listed_on, e.id) < ($9, $10::uuid))
           ORDER BY e.listed_on DESC, e.id DESC LIMIT $11"#,
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
        filter.import.map(|i| i.uuid()),
        filter.service.map(|s| s.uuid()),
        filter.topic.map(|t| t.as_str()),
        filter.words,
        filter.after.map(|(day, _)| day),
        filter.after.map(|(_, id)| id),
        PAGE + 1,
    )
    .fetch_all(tx.conn())
    .await?;
    let full = usize::try_from(PAGE).unwrap_or_default();
    let more = rows.len() > full;
    let rows = rows.into_iter().take(full).map(|r| {
        Ok(Earlier {
            id: r.id,
            what: r.what,
            finding: r.finding,
            service: r.service,
            risk: r.risk.as_deref().map(word).transpose()?,
            topic: word(&r.topic)?,
            owner: r.owner,
            due_on: r.due_on,
            closed_on: r.closed_on,
            listed_on: r.listed_on,
            note: r.note,
            file_name: r.file_name,
        })
    });
    Ok((rows.collect::<Result<_, sqlx::Error>>()?, more))
}

/// Whether there is anything a member could see, for the link to the list.
///
/// # Errors
/// The database was lost.
pub async fn any(tx: &mut TenantTx, scope: Scope) -> Result<bool, sqlx::Error> {
    Ok(!page(tx, scope, &Filter::default()).await?.0.is_empty())
}
