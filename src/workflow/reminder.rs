//! Reminding owners of dates that come near: by the program itself, in batches (R8).

use super::{Done, Moment};
use crate::app::AppState;
use crate::clock::{london_date, london_hour};
use crate::domain::calendar::Nation;
use crate::domain::reminder::{self, Planned};
use crate::ids::ProviderId;
use crate::store::reminder::{self as store, Come, Settled};
use crate::store::{TenantTx, notice};

/// How many reminders one round takes at a time.
const BATCH: i64 = 500;

/// Queues the reminders that are due in one provider. Returns how many; running it again, or twice at once, queues
/// nothing twice, and after days of standstill each action is reminded of once, if its date has not passed.
///
/// # Errors
/// The database was lost; what was queued before stands.
pub async fn sweep(app: &AppState, in_provider: ProviderId) -> Done<u64> {
    let mut queued = of_checks(app, in_provider).await?;
    loop {
        let (settled, more) = super::retrying!(sweep_once(app, in_provider))?;
        queued += settled.queued;
        // another replica took what was seen here: it goes on with the rest
        if !more || settled.taken == 0 {
            return Ok(queued);
        }
    }
}

/// Tells of interim controls to be checked (R13) and of sustain checks that are due (R19): in the program alone.
async fn of_checks(app: &AppState, in_provider: ProviderId) -> Done<u64> {
    let Moment { now, today } = Moment::read(app);
    let mut tx = TenantTx::begin(&app.db, in_provider, None, now).await?;
    let controls = notice::of_control_checks(&mut tx, today).await?;
    let told = controls + notice::of_sustain_checks(&mut tx, today).await?;
    tx.commit().await?;
    Ok(told)
}

/// One round, and whether there may be more.
async fn sweep_once(app: &AppState, in_provider: ProviderId) -> Done<(Settled, bool)> {
    let Moment { now, today } = Moment::read(app);
    let latest: Vec<_> =
        Nation::ALL.iter().map(|&nation| (nation, reminder::latest_due(today, nation))).collect();
    let mut tx = TenantTx::begin(&app.db, in_provider, None, now).await?;
    let come = store::come(&mut tx, &latest, today, BATCH).await?;
    if come.is_empty() {
        return Ok((Settled::default(), false));
    }
    let full = i64::try_from(come.len()).is_ok_and(|seen| seen >= BATCH);
    let looked_at: Vec<(Come, bool)> = come
        .into_iter()
        .map(|c| {
            let wanted = reminder::is_wanted(&planned(&c), today);
            (c, wanted)
        })
        .collect();
    let not_before = now.max(london_hour(today, reminder::NOT_BEFORE_HOUR));
    let settled = store::settle(&mut tx, &looked_at, not_before).await?;
    tx.commit().await?;
    Ok((settled, full))
}

fn planned(come: &Come) -> Planned {
    Planned {
        status: come.status,
        due_on: come.due_on,
        nation: come.nation,
        told_on: london_date(come.told_at),
        owner_here: come.owner_here,
    }
}
