//! Lists of actions: one query, fifty rows, a key to go on from.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::TenantTx;
use super::menu::{Around, Counts, ToRead, Whose};
use crate::clock::london_hour;
use crate::domain::action::Status;
use crate::domain::calendar::Nation;
use crate::domain::member::{Member, Sight};
use crate::domain::significance::{self, Weight};
use crate::domain::staleness;
use crate::domain::text_enum::text_enum;
use crate::domain::topic::{Risk, Theme, Topic};

/// How many rows a page has.
pub const ROWS: i64 = 50;

text_enum! {
    /// Which actions a list shows.
    pub enum Show {
        /// Everything that is not closed or cancelled.
        Open => "open", "Open";
        /// Past their due date (R11).
        Late => "late", "Late";
        /// Due within seven days.
        Soon => "soon", "Due in 7 days";
        /// Waiting for verification.
        ToVerify => "to_verify", "Waiting for verification";
        /// Waiting past the window (R15).
        VerifyLate => "verify_late", "Verification late";
        /// Waiting for closure.
        ToClose => "to_close", "Waiting for closure";
        /// Reopened, or begun again after an ineffective verdict.
        CameBack => "came_back", "Came back";
        /// Nobody who is still here owns them (R7).
        Unowned => "unowned", "Without an owner";
        /// Nobody has moved them for a fortnight (R28).
        Stale => "stale", "No update for 14 days";
        /// Closed with proof.
        Closed => "closed", "Closed";
        /// Called off with a reason.
        Cancelled => "cancelled", "Cancelled";
        /// Merged into the action they repeat (R28).
        Merged => "merged", "Merged";
        /// Every one there is.
        All => "all", "All";
    }
}

impl Show {
    /// The first day and the day after the last on which what is shown is due, for what is chosen by that.
    fn due(self, today: NaiveDate) -> (Option<NaiveDate>, Option<NaiveDate>) {
        match self {
            Self::Late => (None, Some(today)),
            Self::Soon => (Some(today), Some(today + chrono::Days::new(8))),
            _ => (None, None),
        }
    }

    const fn statuses(self) -> &'static [Status] {
        use Status::{Cancelled, Closed, InProgress, Ineffective, NotStarted, SentBack, Submitted, Verified};
        match self {
            Self::Late | Self::Soon => &[NotStarted, InProgress, SentBack, Ineffective],
            Self::ToVerify | Self::VerifyLate => &[Submitted],
            Self::ToClose => &[Verified],
            Self::Open | Self::CameBack | Self::Unowned | Self::Stale => {
                &[NotStarted, InProgress, Submitted, SentBack, Ineffective, Verified]
            }
            Self::Closed => &[Closed],
            Self::Cancelled | Self::Merged => &[Cancelled],
            Self::All => Status::ALL,
        }
    }
}

/// The key of a row: its place in the order, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Days since 2000 of the due date, or their negative when newest come first.
    pub place: i32,
    /// The action's number.
    pub number: i32,
}

/// What a list was asked for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Who looks.
    pub member: &'a Member,
    /// Which actions.
    pub show: Show,
    /// One service by its part of the address, or all they see.
    pub service: Option<&'a str>,
    /// One theme, or all.
    pub theme: Option<Theme>,
    /// One risk, or all.
    pub risk: Option<Risk>,
    /// What leaders follow, the rest, or both (R4).
    pub weight: Weight,
    /// Words in the action or its finding.
    pub words: Option<&'a str>,
    /// Today in Europe/London.
    pub today: NaiveDate,
    /// The last row of the page before.
    pub after: Option<Key>,
    /// How many rows at most.
    pub limit: i64,
}

/// One row; the order of the fields is that of the query's columns.
#[derive(Clone, Debug, Deserialize)]
pub struct Listed {
    /// The action's number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// Where it stands.
    pub status: Status,
    /// Its cycle.
    pub cycle: i32,
    /// Due date.
    pub due_on: Option<NaiveDate>,
    /// Last day of the verification window.
    pub verify_by: Option<NaiveDate>,
    /// The service's name.
    pub service: String,
    /// The service's nation.
    pub nation: Nation,
    /// Risk.
    pub risk: Risk,
    /// Topic.
    pub topic: Topic,
    /// The owner's name.
    pub owner: Option<String>,
    /// Whether nobody who is still here owns it.
    pub unowned: bool,
    /// When somebody last moved it.
    pub moved_at: DateTime<Utc>,
    /// Its place in the order.
    pub place: i32,
    /// Whether an escalation waits for a decision.
    pub escalated: bool,
}

/// A page of actions.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its rows, and one more when there is a next page.
    pub rows: Vec<Listed>,
    /// How many are left out because leaders do not follow them, on all pages; none unless only what they follow is asked.
    pub left_out: i64,
    /// Those of them that are late (R11).
    pub left_out_late: i64,
    /// What stands around it.
    pub around: Arc<Around>,
}

/// All that a page of a list follows from, besides what is in the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Listing {
    whose: Whose,
    show: Show,
    service: Option<String>,
    theme: Option<Theme>,
    risk: Option<Risk>,
    weight: Weight,
    words: Option<String>,
    today: NaiveDate,
    after: Option<Key>,
    limit: i64,
}

impl Listing {
    fn of(tx: &TenantTx, asked: &Asked<'_>) -> Self {
        Self {
            whose: Whose::of(tx, asked.member),
            show: asked.show,
            service: asked.service.map(str::to_owned),
            theme: asked.theme,
            risk: asked.risk,
            weight: asked.weight,
            words: asked.words.map(str::to_owned),
            today: asked.today,
            after: asked.after,
            limit: asked.limit,
        }
    }
}

/// Reads a page of actions and what stands around it. One that was read before is taken when nothing happened in the
/// provider since ([`super::kept`]).
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn page(tx: &mut TenantTx, asked: &Asked<'_>) -> Result<Arc<Page>, sqlx::Error> {
    let listing = Listing::of(tx, asked);
    if let Some(page) = tx.reads().and_then(|kept| kept.list(&listing)) {
        return Ok(page);
    }
    let page = Arc::new(page_now(tx, asked).await?);
    if let Some(kept) = tx.reads() {
        kept.keep_list(listing, &page);
    }
    Ok(page)
}

async fn page_now(tx: &mut TenantTx, asked: &Asked<'_>) -> Result<Page, sqlx::Error> {
    let provider = tx.provider();
    let statuses: Vec<String> = asked.show.statuses().iter().map(|s| s.as_str().to_owned()).collect();
    let (from, before) = asked.show.due(asked.today);
    let dated = matches!(asked.show, Show::Late | Show::Soon);
    let newest_first = matches!(asked.show, Show::Closed | Show::Cancelled | Show::Merged);
    let to_read = ToRead::of(tx, asked.member);
    let row = sqlx::query_file!(
        "src/store/sql/action_list.sql",
        provider.uuid(),
        asked.member.id.uuid(),
        asked.member.role.sight() == Sight::Provider,
        asked.service,
        &statuses,
        from,
        before,
        dated,
        asked.theme.map(|t| t.as_str()),
        asked.risk.map(|r| r.as_str()),
        asked.words.map(contains),
        newest_first,
        asked.after.map(|k| k.place),
        asked.after.map(|k| k.number),
        asked.show == Show::Unowned,
        asked.show == Show::CameBack,
        (asked.show == Show::VerifyLate).then_some(asked.today),
        asked.limit,
        &super::scope::services(asked.member),
        to_read.shows.my_actions,
        to_read.shows.to_verify,
        to_read.shows.escalations,
        (asked.show == Show::Stale).then(|| london_hour(staleness::fresh_since(asked.today), 0)),
        asked.weight.wanted(),
        significance::repeats_since(asked.today),
        to_read.shows.managers_too,
        asked.today,
        significance::REPEATS,
        match asked.show {
            Show::Cancelled => Some(false),
            Show::Merged => Some(true),
            _ => None,
        },
        to_read.shows.sustain_checks,
    )
    .fetch_one(tx.conn())
    .await?;
    let around = to_read.done(tx, || Around {
        counts: Counts::from([row.my_actions, row.to_verify, row.escalations, row.sustain_checks]),
        services: row.services.map_or_else(Vec::new, |Json(services)| services),
    });
    Ok(Page {
        rows: row.rows.map_or_else(Vec::new, |Json(rows)| rows),
        left_out: row.left_out,
        left_out_late: row.left_out_late,
        around,
    })
}

/// A pattern for ILIKE that finds `words` anywhere, taken literally.
#[must_use]
pub fn contains(words: &str) -> String {
    let mut pattern = String::with_capacity(words.len() + 2);
    pattern.push('%');
    for letter in words.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_searched_for_as_they_stand() {
        assert_eq!(contains("50% of_all\\"), "%50\\% of\\_all\\\\%");
    }
}
