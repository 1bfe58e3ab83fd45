//! Verifying a provider's trail: every line, every text, up to the head.

use crate::app::AppState;
use crate::domain::trail::{Broken, Head, Verified, Verifier};
use crate::error::AppError;
use crate::ids::ProviderId;
use crate::store::system::{self, ProviderRow};
use crate::store::{SystemTx, TenantTx, trail};

/// How many lines are read at a time.
const BATCH: i64 = 2_000;

/// The providers whose trails are to be verified: the one with this slug, or all.
///
/// # Errors
/// There is no such provider, or the database was lost.
pub async fn providers(app: &AppState, slug: Option<&str>) -> Result<Vec<ProviderRow>, AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    match slug {
        Some(slug) => Ok(vec![system::provider_by_slug(&mut tx, slug).await?.ok_or(AppError::NotFound)?]),
        None => Ok(system::providers(&mut tx).await?),
    }
}

/// Verifies the trail as it is at this instant; it may go on growing meanwhile. With `written_down` it also has to hold the
/// line whose hash somebody has on paper.
///
/// # Errors
/// There is no such provider, or the database was lost. That the trail is broken is an answer, not an error.
pub async fn verify(
    app: &AppState,
    provider: ProviderId,
    written_down: Option<Head>,
) -> Result<Result<Verified, Broken>, AppError> {
    let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await?;
    trail::hold_still(&mut tx).await?;
    let head = trail::head(&mut tx).await?.ok_or(AppError::NotFound)?;
    let sealed = trail::sealed(&mut tx).await?;
    let mut verifier = Verifier::new(provider).against(written_down).sealing(&sealed);
    // from below the first, so that nothing stands before it unseen
    let mut read = i64::MIN;
    loop {
        let lines = trail::lines(&mut tx, read, BATCH).await?;
        let Some(last) = lines.last() else { break };
        read = last.seq;
        // hashing a batch takes some milliseconds, which others need not wait for
        let looked_at = tokio::task::spawn_blocking(move || {
            let broken = lines.iter().try_for_each(|line| verifier.push(line)).err();
            (verifier, broken)
        });
        let (next, broken) = looked_at.await.map_err(|e| AppError::Internal(e.into()))?;
        if let Some(broken) = broken {
            return Ok(Err(broken));
        }
        verifier = next;
    }
    Ok(verifier.finish(&head))
}
