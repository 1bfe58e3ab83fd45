//! From which months the limits of a figure are calculated anew, and who decided that.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Over;
use crate::domain::figure::{Figure, Month};
use crate::domain::text_enum::TextEnum as _;
use crate::store::TenantTx;

/// That limits are calculated anew from a month, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anew {
    /// Of which figure.
    pub figure: Figure,
    /// The first month of the new limits.
    pub month: Month,
    /// Whether it counts from then on, or was taken back.
    pub stands: bool,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Where it counts: a service, or none for the whole provider.
fn service(over: &Over) -> Option<Uuid> {
    (!over.is_whole()).then_some(over.place)
}

/// What was decided of the limits in this place, oldest first; only what was decided by `until`, for a month that was signed then.
/// A figure of another version of the program is left out.
///
/// # Errors
/// The database was lost.
pub async fn recalculated(
    tx: &mut TenantTx,
    over: &Over,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<Anew>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT r.figure, r.month, r.stands, r.reason, m.name AS by, r.at FROM figure_recalculations r
           JOIN memberships m ON m.provider_id = $1 AND m.id = r.by
           WHERE r.provider_id = $1 AND r.service_id IS NOT DISTINCT FROM $2 AND ($3::timestamptz IS NULL OR r.at <= $3)
           ORDER BY r.at, r.figure, r.month, r.round"#,
        provider.uuid(),
        service(over),
        until,
    )
    .fetch_all(tx.conn())
    .await?;
    let each = rows.into_iter().filter_map(|row| {
        let figure = Figure::from_text(&row.figure)?;
        let (month, stands) = (Month::of(row.month), row.stands);
        Some(Anew { figure, month, stands, reason: row.reason, by: row.by, at: row.at })
    });
    Ok(each.collect())
}

/// The months from which the limits of `figure` are calculated anew, in order: those whose newest decision stands.
#[must_use]
pub fn standing(decided: &[Anew], figure: Figure) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    for one in decided.iter().filter(|one| one.figure == figure) {
        months.retain(|month| *month != one.month);
        if one.stands {
            months.push(one.month);
        }
    }
    months.sort_unstable();
    months
}

/// Writes that the limits of a figure are calculated anew from a month, or that this is taken back. False when it stands so already,
/// or somebody else decided meanwhile.
///
/// # Errors
/// The database refused or was lost.
pub async fn recalculate(
    tx: &mut TenantTx,
    over: &Over,
    figure: Figure,
    (month, stands): (Month, bool),
    reason: &str,
) -> Result<bool, sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    let done = sqlx::query!(
        "INSERT INTO figure_recalculations (provider_id, id, service_id, figure, month, round, stands, reason, by, at)
         SELECT $1, $9, $2, $3, $4, coalesce(max(c.round), 0) + 1, $5, $6, $7, $8 FROM figure_recalculations c
         WHERE c.provider_id = $1 AND c.service_id IS NOT DISTINCT FROM $2 AND c.figure = $3 AND c.month = $4
         HAVING coalesce((array_agg(c.stands ORDER BY c.round DESC))[1], false) <> $5
         ON CONFLICT DO NOTHING",
        provider.uuid(),
        service(over),
        figure.as_str(),
        month.first(),
        stands,
        reason,
        by.map(|id| id.uuid()),
        at,
        Uuid::now_v7(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_decision_on_a_month_counts() {
        let month = |text: &str| Month::from_text(text).unwrap();
        let anew = |figure, at, stands| Anew {
            figure,
            month: month(at),
            stands,
            reason: String::new(),
            by: String::new(),
            at: DateTime::UNIX_EPOCH,
        };
        let decided = [
            anew(Figure::Evidence, "2026-08", true),
            anew(Figure::Evidence, "2026-03", true),
            anew(Figure::Decided, "2026-05", true),
            anew(Figure::Evidence, "2026-08", false),
            anew(Figure::Evidence, "2026-06", true),
        ];
        assert_eq!(standing(&decided, Figure::Evidence), [month("2026-03"), month("2026-06")]);
        assert_eq!(standing(&decided, Figure::Decided), [month("2026-05")]);
        assert!(standing(&decided, Figure::Open).is_empty());
    }
}
