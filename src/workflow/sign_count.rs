//! Counting and keeping the early-warning signs of each service, for the dashboard and for those who see the whole
//! provider: neither could wait for them.

use chrono::Duration;

use super::{Done, Moment};
use crate::app::AppState;
use crate::ids::ProviderId;
use crate::store::sign_count::{self as store, Made, Standing};
use crate::store::{TenantTx, sign_kept, signal};

/// How long counts are left alone, whatever happens meanwhile.
pub const AT_MOST_EVERY: Duration = Duration::minutes(1);

/// Counts the signs of a provider's services: of all on another day, or when people or places changed; otherwise of those
/// in which something happened since. Returns whether it did.
///
/// # Errors
/// The database was lost.
pub async fn sweep(app: &AppState, provider: ProviderId) -> Done<bool> {
    let moment = Moment::read(app);
    let mut tx = TenantTx::begin(&app.db, provider, None, moment.now).await?;
    let Some(stands) = store::standing(&mut tx).await? else { return Ok(false) };
    let anew = whole(&stands, moment);
    if !anew && !some(&stands, moment) {
        return Ok(false);
    }
    for service in store::services(&mut tx, stands.made.filter(|_| !anew)).await? {
        let signs = signal::of_service(&mut tx, service, moment.today).await?;
        sign_kept::keep(&mut tx, service, &signs).await?;
    }
    store::made(&mut tx, stands.head, stands.revision).await?;
    tx.commit().await?;
    Ok(true)
}

/// Whether it is long enough since `made`.
fn rested(made: &Made, moment: Moment) -> bool {
    moment.now - made.at >= AT_MOST_EVERY
}

/// Whether every service is to be counted.
fn whole(stands: &Standing, moment: Moment) -> bool {
    let other = |made: &Made| made.revision != stands.revision && rested(made, moment);
    stands.made.as_ref().is_none_or(|made| !made.on(moment.today) || other(made))
}

/// Whether those with news are.
fn some(stands: &Standing, moment: Moment) -> bool {
    stands.made.as_ref().is_some_and(|made| made.seq != stands.head && rested(made, moment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::london_date;
    use rstest::rstest;

    #[rstest]
    #[case::nothing_happened("2026-11-21T09:00:00Z", 7, 3, false, false)]
    #[case::just_counted("2026-11-21T09:59:30Z", 6, 2, false, false)]
    #[case::a_minute_ago("2026-11-21T09:59:00Z", 6, 3, false, true)]
    #[case::somebody_came_or_left("2026-11-21T09:59:00Z", 7, 2, true, false)]
    #[case::yesterday("2026-11-20T23:59:00Z", 7, 3, true, false)]
    fn counts_are_made_anew_when_something_happened_or_on_another_day(
        #[case] at: &str,
        #[case] seq: i64,
        #[case] revision: i64,
        #[case] all: bool,
        #[case] those_with_news: bool,
    ) {
        let now: chrono::DateTime<chrono::Utc> = "2026-11-21T10:00:00Z".parse().unwrap();
        let moment = Moment { now, today: london_date(now) };
        let made = Some(Made { at: at.parse().unwrap(), seq, revision });
        let stands = Standing { made, head: 7, revision: 3 };
        assert_eq!((whole(&stands, moment), some(&stands, moment)), (all, those_with_news));
        assert!(whole(&Standing { made: None, ..stands }, moment), "nobody has counted yet");
    }
}
