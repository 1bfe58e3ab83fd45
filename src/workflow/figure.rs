//! Keeping the figures of months that are over, so that their line over time need not be counted anew on every page.

use chrono::NaiveDate;

use super::{Done, Moment};
use crate::app::AppState;
use crate::domain::figure::{MONTHS, Month};
use crate::ids::ProviderId;
use crate::store::TenantTx;
use crate::store::figure::{self as store, Standing};

/// Counts the months of a provider that are over and were not counted yet; and once a day those of which something may have
/// become known since. Returns how many.
///
/// # Errors
/// The database was lost.
pub async fn sweep(app: &AppState, provider: ProviderId) -> Done<u64> {
    let moment = Moment::read(app);
    let mut counted = 0;
    // each month by itself, so that nobody waits for a transaction over two years
    for _ in 0..=MONTHS {
        let mut tx = TenantTx::begin(&app.db, provider, None, moment.now).await?;
        let Some(stands) = store::standing(&mut tx).await? else { return Ok(counted) };
        let Some(month) = next(&stands, moment.today) else { return Ok(counted) };
        store::keep(&mut tx, month, stands.head).await?;
        tx.commit().await?;
        counted += 1;
    }
    Ok(counted)
}

/// The month to be counted next, the newest first; none when all stand.
fn next(stands: &Standing, today: NaiveDate) -> Option<Month> {
    let first = stands.first?;
    let months = (1..=MONTHS).map(|ago| Month::of(today).before(ago)).take_while(|month| *month >= first);
    months.into_iter().find(|month| match stands.kept.iter().find(|(kept, ..)| kept == month) {
        None => true,
        Some((_, seq, on)) => *seq != stands.head && *on < today,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        Month::from_text(text).unwrap()
    }

    #[test]
    fn the_newest_month_that_is_not_counted_comes_first_and_none_before_anything_was_found() {
        let today: NaiveDate = "2026-11-21".parse().unwrap();
        let yesterday = today.pred_opt().unwrap();
        let mut stands = Standing { head: 9, first: Some(month("2026-09")), kept: vec![] };
        assert_eq!(next(&stands, today), Some(month("2026-10")));
        stands.kept = vec![(month("2026-10"), 7, today)];
        assert_eq!(next(&stands, today), Some(month("2026-09")), "October was counted today already");
        stands.kept = vec![(month("2026-10"), 7, yesterday), (month("2026-09"), 9, yesterday)];
        assert_eq!(next(&stands, today), Some(month("2026-10")), "something happened since");
        stands.kept = vec![(month("2026-10"), 9, yesterday), (month("2026-09"), 9, yesterday)];
        assert_eq!(next(&stands, today), None, "nothing happened since");
        assert_eq!(next(&Standing { first: None, ..stands }, today), None);
    }
}
