//! The figures of a pack: M1 to M10 of its services in the newest month of its period that is over, with their charts.

use chrono::{DateTime, Utc};

use crate::clock::london_date;
use crate::domain::figure::{Figure, Month};
use crate::error::AppError;
use crate::ids::ServiceId;
use crate::report::Block;
use crate::store::figure::Over;
use crate::store::pack::Pack;
use crate::store::{TenantTx, provider};
use crate::workflow::Moment;
use crate::workflow::figure::View;
use crate::workflow::report::{charted, figures};

/// The most services whose figures are told one by one.
const MOST: usize = 10;

/// Reads them: of the whole provider when all its services are in the pack, otherwise of each service.
pub(super) async fn read(
    tx: &mut TenantTx,
    pack: &Pack,
    made: DateTime<Utc>,
) -> Result<Vec<Block>, AppError> {
    let today = london_date(made);
    let until = pack.to.map_or(today, |to| to.min(today));
    let running = Month::of(until);
    let month = if running.is_over(today) { running } else { running.before(1) };
    let all: Vec<ServiceId> = provider::services(tx).await?.iter().map(|service| service.id).collect();
    let mut overs: Vec<(String, Over)> = Vec::new();
    if all.len() > 1 && all.iter().all(|id| pack.service_ids.contains(id)) {
        overs.push(("all services".into(), Over::whole(tx.provider(), &all)));
    } else {
        let named = pack.services.iter().zip(&pack.service_ids);
        overs.extend(named.map(|(name, id)| (name.clone(), Over::service(*id))).take(MOST));
    }
    let mut blocks = Vec::new();
    for (name, over) in overs {
        let view = View::read(tx, &over, month, Moment { now: made, today }).await?;
        blocks.push(Block::Heading(format!("Figures M1 to M10: {name}, {}", month.name())));
        let mut told = Vec::new();
        figures(&view, &mut told);
        // the heading of the month stands above already
        blocks.extend(told.into_iter().filter(|block| !matches!(block, Block::Heading(_))));
        charts(&view, &mut blocks);
    }
    if pack.service_ids.len() > MOST && blocks.len() > 1 {
        blocks.push(Block::Note(format!("The first {MOST} services of {}.", pack.service_ids.len())));
    }
    Ok(blocks)
}

/// The charts of all figures that could be counted in some months.
fn charts(view: &View, blocks: &mut Vec<Block>) {
    for figure in Figure::ALL {
        let over = charted(view, *figure);
        if let Some(picture) = over.picture.filter(|_| view.course(*figure).line.values.len() > 1) {
            blocks.push(Block::Part(format!("{} ({})", figure.label(), figure.code())));
            blocks.push(Block::Chart { picture: Box::new(picture), sentence: over.sentence });
        }
    }
}
