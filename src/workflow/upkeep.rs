//! What is cleared away from time to time: files of forms that were never sent again, and files no row names.

use chrono::{DateTime, Duration, Utc};
use futures_util::StreamExt as _;

use crate::app::AppState;
use crate::error::AppError;
use crate::files::ContentHash;
use crate::ids::ProviderId;
use crate::store::system;
use crate::store::{SystemTx, TenantTx};
use crate::store::{blob, import, mail_choice, notice, outbox};

/// How old what nobody names must be before it goes.
const HOURS: i64 = 24;
/// For how many days the words of a message that was sent are kept, and notices that were read.
const WORDS_DAYS: i64 = 90;
/// For how many days a draft of an import waits, and the words of imported rows are kept beside what they became.
const IMPORT_DAYS: i64 = 30;
/// For how many days the link in a mail that switches its kind off works.
const STOP_DAYS: i64 = 400;
/// How many files of the store are compared with the database at a time.
const BATCH: usize = 500;

/// What a sweep cleared away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files kept for forms that were never sent again.
    pub uploads: u64,
    /// Files in the store that no row named.
    pub files: u64,
    /// Messages whose words were taken out.
    pub words: u64,
    /// Notices read long ago.
    pub notices: u64,
    /// Sessions that had ended by themselves.
    pub sessions: u64,
}

/// Clears away what is older than a day and belongs to nothing: kept files of forms that were never sent again, the rows
/// of files nobody names, and files in the store without a row (an upload that broke off after its file was stored, a
/// database that failed right then). The words of messages, and notices that were read, go after ninety days. Safe beside uploads and beside itself.
///
/// # Errors
/// The database or the store was lost; what was cleared before stays cleared.
pub async fn sweep(app: &AppState) -> Result<Swept, AppError> {
    let before = app.clock.now() - Duration::hours(HOURS);
    let mut swept = Swept::default();
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let providers = system::providers(&mut tx).await?;
    swept.sessions = system::forget_expired(&mut tx).await?;
    tx.commit().await?;
    for provider in &providers {
        let mut tx = TenantTx::begin(&app.db, provider.id, None, app.clock.now()).await?;
        swept.uploads += blob::forget_old_uploads(&mut tx, before).await?;
        blob::forget_unused(&mut tx, before).await?;
        let now = tx.now();
        swept.words += outbox::forget_words(&mut tx, now - Duration::days(WORDS_DAYS)).await?;
        swept.notices += notice::forget_read(&mut tx, now - Duration::days(WORDS_DAYS)).await?;
        import::forget_old(&mut tx, now - Duration::days(IMPORT_DAYS)).await?;
        mail_choice::forget_stops(&mut tx, now - Duration::days(STOP_DAYS)).await?;
        tx.commit().await?;
    }
    swept.files = sweep_store(app, before).await?;
    let incoming = app.evidence.clone();
    tokio::task::spawn_blocking(move || incoming.sweep_incoming(before))
        .await
        .map_err(AppError::internal)?
        .map_err(AppError::internal)?;
    Ok(swept)
}

async fn sweep_store(app: &AppState, before: DateTime<Utc>) -> Result<u64, AppError> {
    let mut old = app.evidence.list();
    let mut batch: Vec<(ProviderId, ContentHash)> = Vec::with_capacity(BATCH);
    let mut gone = 0;
    loop {
        let next = old.next().await.transpose().map_err(AppError::internal)?;
        let ended = next.is_none();
        if let Some(file) = next.filter(|file| file.received_at < before) {
            batch.push((file.provider, file.sha256));
        }
        if batch.len() >= BATCH || (ended && !batch.is_empty()) {
            gone += clear(app, &batch, before).await?;
            batch.clear();
        }
        if ended {
            return Ok(gone);
        }
    }
}

async fn clear(
    app: &AppState,
    batch: &[(ProviderId, ContentHash)],
    before: DateTime<Utc>,
) -> Result<u64, AppError> {
    let mut providers: Vec<ProviderId> = batch.iter().map(|(provider, _)| *provider).collect();
    providers.sort_unstable();
    providers.dedup();
    let mut gone = 0;
    for provider in providers {
        let hashes: Vec<_> = batch.iter().filter(|(of, _)| *of == provider).map(|(_, hash)| *hash).collect();
        for hash in unknown(app, provider, &hashes).await? {
            gone += u64::from(clear_one(app, provider, hash, before).await?);
        }
    }
    Ok(gone)
}

/// The one place where the store is called inside a transaction: it holds off whoever is just keeping the same content
/// (see [`super::evidence::keep`]), and nobody waits for a sweep but them.
async fn clear_one(
    app: &AppState,
    provider: ProviderId,
    hash: ContentHash,
    before: DateTime<Utc>,
) -> Result<bool, AppError> {
    let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await?;
    blob::lock_content(&mut tx, hash.as_bytes()).await?;
    let named = !blob::known(&mut tx, &[hash.as_bytes().to_vec()]).await?.is_empty();
    let gone =
        !named && app.evidence.delete_orphan(provider, hash, before).await.map_err(AppError::internal)?;
    tx.commit().await?;
    Ok(gone)
}

/// Where a blob lies in the store.
fn content_of(blob: &[u8]) -> Option<ContentHash> {
    ContentHash::try_from(blob).ok()
}

/// The files of a provider that no row names, among `hashes`.
async fn unknown(
    app: &AppState,
    provider: ProviderId,
    hashes: &[ContentHash],
) -> Result<Vec<ContentHash>, AppError> {
    let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await?;
    let asked: Vec<Vec<u8>> = hashes.iter().map(|h| h.as_bytes().to_vec()).collect();
    let known = blob::known(&mut tx, &asked).await?;
    tx.commit().await?;
    let named = |hash: &ContentHash| known.iter().any(|k| content_of(k) == Some(*hash));
    Ok(hashes.iter().copied().filter(|hash| !named(hash)).collect())
}
