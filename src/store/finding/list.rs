//! The list of findings: filters, words and pages of fifty.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::reference::Reference;
use crate::domain::review::Disposition;
use crate::domain::significance::{self, Weight};
use crate::domain::text_enum::text_enum;
use crate::domain::topic::{Risk, Significance, Theme, Topic};
use crate::ids::{FindingId, ServiceId};
use crate::store::scope::Scope;
use crate::store::{TenantTx, word};

/// Rows on a page of the list.
pub const ROWS: i64 = 50;

text_enum! {
    /// How far findings are.
    pub enum Progress {
        /// Something is still to be done.
        Open => "open", "Open";
        /// Every action is closed, or it ended with a reason.
        Closed => "closed", "Closed";
        /// Open, and somebody has to take it: no action yet, or an action nobody owns (R7).
        Unowned => "unowned", "Open without an owner";
    }
}

/// Which findings to list; what is none lets all through.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this service.
    pub service: Option<ServiceId>,
    /// At this risk.
    pub risk: Option<Risk>,
    /// On this theme.
    pub theme: Option<Theme>,
    /// On this topic.
    pub topic: Option<Topic>,
    /// What leaders follow, the rest, or both (R4).
    pub weight: Option<Weight>,
    /// As far as this.
    pub progress: Option<Progress>,
    /// With these words in what was found.
    pub words: Option<String>,
    /// Only those the member logged.
    pub mine: bool,
    /// Only those that came back: linked to an earlier one (R21).
    pub came_back: bool,
    /// Only after this row (older).
    pub after: Option<(NaiveDate, Uuid)>,
}

/// A finding in the list.
#[derive(Clone, Debug)]
pub struct Row {
    /// Id: the second half of its place in the list.
    pub id: FindingId,
    /// F-0088.
    pub reference: Reference,
    /// What was found.
    pub what: String,
    /// The service's name.
    pub service: String,
    /// The unit's name.
    pub unit: Option<String>,
    /// Its risk.
    pub risk: Risk,
    /// Its theme.
    pub theme: Theme,
    /// Its topic.
    pub topic: Topic,
    /// As it was logged (R4).
    pub significance: Significance,
    /// Whether its topic keeps coming up in its service.
    pub repeated: bool,
    /// Whether it is linked to an earlier one.
    pub came_back: bool,
    /// When it was found.
    pub found_on: NaiveDate,
    /// How it goes on.
    pub disposition: Disposition,
    /// Its actions that are neither closed nor cancelled.
    pub open: i64,
    /// Those of them that are late (R11).
    pub late: i64,
    /// Those of them that nobody owns (R7).
    pub unowned: i64,
    /// Its closed actions.
    pub closed: i64,
}

/// Findings, newest first, at most `limit`, and whether there are older ones.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn page(
    tx: &mut TenantTx,
    scope: Scope,
    filter: &Filter,
    today: NaiveDate,
    limit: i64,
) -> Result<(Vec<Row>, bool), sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_file!(
        "src/store/finding/list.sql",
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
        filter.service.map(|s| s.uuid()),
        filter.risk.map(|r| r.as_str()),
        filter.theme.map(|t| t.as_str()),
        filter.topic.map(|t| t.as_str()),
        filter.progress.map(|p| p.as_str()),
        filter.words.as_deref().map(pattern),
        filter.mine,
        today,
        filter.after.map(|(day, _)| day),
        filter.after.map(|(_, id)| id),
        limit + 1,
        significance::repeats_since(today),
        significance::REPEATS,
        filter.weight.and_then(Weight::wanted),
        filter.came_back,
    )
    .fetch_all(tx.conn())
    .await?;
    let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit;
    let rows = rows
        .into_iter()
        .take(usize::try_from(limit).unwrap_or_default())
        .map(|r| {
            Ok(Row {
                id: r.id,
                reference: Reference::finding(r.number),
                what: r.what,
                service: r.service,
                unit: r.unit,
                risk: word(&r.risk)?,
                theme: word(&r.theme)?,
                topic: word(&r.topic)?,
                significance: word(&r.significance)?,
                repeated: r.repeated,
                came_back: r.came_back,
                found_on: r.found_on,
                disposition: word(&r.disposition)?,
                open: r.open,
                late: r.late,
                unowned: r.unowned,
                closed: r.closed,
            })
        })
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    Ok((rows, more))
}

/// The words as a pattern for ILIKE: every word somewhere, in this order, whatever stands for itself.
#[must_use]
pub fn pattern(words: &str) -> String {
    let escaped = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let words: Vec<&str> = escaped.split_whitespace().collect();
    format!("%{}%", words.join("%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_keeps_its_words() {
        crate::domain::text_enum::assert_words::<Progress>();
    }

    #[test]
    fn a_pattern_takes_signs_for_themselves() {
        assert_eq!(pattern("  ash   unit "), "%ash%unit%");
        assert_eq!(pattern("50% of_all \\"), "%50\\%%of\\_all%\\\\%");
    }
}
