//! The services with something open that had no weekly review for too long (R24).

use chrono::{DateTime, NaiveDate, Utc};

use crate::clock::london_date;
use crate::domain::weekly::too_long;
use crate::http::signed::Signed;

/// The services whose weekly review is late (R24).
pub(super) struct Unreviewed {
    /// A line for each.
    pub lines: Vec<String>,
    /// How many are not named.
    pub more: usize,
    /// Where a review is held.
    pub href: String,
}

/// How many services are named whose weekly review is late.
const NAMED: usize = 5;

/// The card, when there is any.
pub(super) fn card(
    signed: &Signed,
    services: &[(String, Option<DateTime<Utc>>)],
    today: NaiveDate,
) -> Option<Unreviewed> {
    let last = |at: &Option<DateTime<Utc>>| at.map(london_date);
    let late: Vec<_> = services.iter().filter(|(_, at)| too_long(last(at), today)).collect();
    let line = |(name, at): &&(String, Option<DateTime<Utc>>)| match last(at) {
        Some(day) => format!("{name}: not reviewed for {} days", (today - day).num_days()),
        None => format!("{name}: never reviewed"),
    };
    (!late.is_empty()).then(|| Unreviewed {
        lines: late.iter().take(NAMED).map(line).collect(),
        more: late.len().saturating_sub(NAMED),
        href: signed.path("weekly-review"),
    })
}
