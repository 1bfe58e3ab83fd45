//! Counting the early-warning signs of each service for the dashboard, which could not wait for them.

use chrono::Duration;

use super::{Done, Moment};
use crate::app::AppState;
use crate::clock::london_date;
use crate::ids::ProviderId;
use crate::store::sign_count::{self as store, Made};
use crate::store::{TenantTx, signal};

/// How long counts are left alone, whatever happens meanwhile.
pub const AT_MOST_EVERY: Duration = Duration::minutes(5);

/// Counts the signs of every service of a provider, if something happened since they were counted, or it is another day.
/// Returns whether it did.
///
/// # Errors
/// The database was lost.
pub async fn sweep(app: &AppState, provider: ProviderId) -> Done<bool> {
    let moment = Moment::read(app);
    let mut tx = TenantTx::begin(&app.db, provider, None, moment.now).await?;
    let (made, head) = store::standing(&mut tx).await?;
    if made.is_some_and(|made| !stale(made, head, moment)) {
        return Ok(false);
    }
    let mut counts = Vec::new();
    for (service, slug) in store::services(&mut tx).await? {
        counts.push((service, signal::count_of(&mut tx, &slug, moment.today).await?));
    }
    store::set(&mut tx, &counts, head).await?;
    tx.commit().await?;
    Ok(true)
}

fn stale(made: Made, head: i64, moment: Moment) -> bool {
    let another_day = london_date(made.at) != moment.today;
    another_day || (made.seq != head && moment.now - made.at >= AT_MOST_EVERY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::nothing_happened("2026-11-21T09:00:00Z", 7, 7, false)]
    #[case::just_counted("2026-11-21T09:56:00Z", 7, 8, false)]
    #[case::five_minutes_ago("2026-11-21T09:55:00Z", 7, 8, true)]
    #[case::yesterday("2026-11-20T23:59:00Z", 7, 7, true)]
    fn counts_are_made_anew_when_something_happened_or_on_another_day(
        #[case] at: &str,
        #[case] seq: i64,
        #[case] head: i64,
        #[case] anew: bool,
    ) {
        let now: chrono::DateTime<chrono::Utc> = "2026-11-21T10:00:00Z".parse().unwrap();
        let moment = Moment { now, today: london_date(now) };
        assert_eq!(stale(Made { at: at.parse().unwrap(), seq }, head, moment), anew);
    }
}
