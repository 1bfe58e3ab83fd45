//! What a verdict, an assurance or a closure judged, as it was at that moment (R18a).

use serde_json::Value;

use super::TenantTx;
use crate::ids::ActionId;

/// The wording, success test, dates, owners of this cycle, and the evidence of this cycle with its hashes.
///
/// # Errors
/// The database was lost.
pub async fn snapshot(tx: &mut TenantTx, action: ActionId) -> Result<Value, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_file_scalar!("src/store/judged.sql", provider.uuid(), action.uuid())
        .fetch_one(tx.conn())
        .await
}
