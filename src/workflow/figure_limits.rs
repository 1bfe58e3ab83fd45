//! Calculating the limits of a figure anew from a month, as those of any measure (R23).

use serde_json::json;

use super::figure::courses;
use super::governance::On;
use super::measure::allows;
use super::{Actor, Done, Moment, Stop};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::event::{Event, EventKind};
use crate::domain::figure::{Figure, Month};
use crate::store::figure::limits;
use crate::workflow::figure::Course;

/// From which months the limits may be calculated anew: those with a value, after the first of them, in order.
#[must_use]
pub fn months(course: &Course) -> Vec<Month> {
    course.line.periods.iter().skip(1).map(|period| Month::of(*period)).collect()
}

/// Calculates the limits of a figure anew from `on.month`, or takes that back. Months that were signed off before stay as they were judged.
///
/// # Errors
/// Nothing was counted in that month, it is the first one, it stands as asked already, or their role does not do it there.
pub async fn recalculate(
    app: &AppState,
    by: &Actor,
    on: &On,
    (figure, stands): (Figure, bool),
    reason: &str,
) -> Done<()> {
    super::retrying!(recalculate_once(app, by, on, (figure, stands), reason))
}

async fn recalculate_once(
    app: &AppState,
    by: &Actor,
    on: &On,
    (figure, stands): (Figure, bool),
    reason: &str,
) -> Done<()> {
    if !allows(by, Verb::RecalculateLimits, on.service) {
        return Err(Stop::refused("Your role does not do this here."));
    }
    let mut tx = by.begin(app).await?;
    let known = courses(&mut tx, &on.over, Moment::read(app).today).await?;
    let known = known.iter().find(|(one, _)| *one == figure).map(|(_, course)| months(course));
    if stands && !known.is_some_and(|months| months.contains(&on.month)) {
        return Err(Stop::at("period", "Choose a month in which this was counted, after the first one"));
    }
    if !limits::recalculate(&mut tx, &on.over, figure, (on.month, stands), reason).await? {
        return Err(Stop::Changed);
    }
    let facts = json!({ "figure": figure.as_str(), "service": on.service, "month": on.month.text(), "stands": stands });
    tx.record(Event::of_provider(EventKind::LimitsRecalculated).detail(facts).text("reason", reason));
    tx.commit().await?;
    Ok(())
}
