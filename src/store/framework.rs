//! The regulator's framework: rows the program only reads (R5a). They belong to no provider.

use sqlx::Error;

use super::TenantTx;
use crate::domain::framework::Entry;

/// All entries of all frameworks in force, by framework and place.
///
/// # Errors
/// The database was lost, or holds an id that is none.
pub async fn entries(tx: &mut TenantTx) -> Result<Vec<Entry>, Error> {
    let rows = sqlx::query!(
        "SELECT id, title, key_question, position FROM framework_entries ORDER BY framework_id, position"
    )
    .fetch_all(tx.conn())
    .await?;
    let id = |text: &str| text.parse().map_err(|error| Error::Decode(Box::new(error)));
    rows.into_iter()
        .map(|r| {
            Ok(Entry {
                id: id(&r.id)?,
                title: r.title,
                key_question: r.key_question.as_deref().map(id).transpose()?,
                position: r.position,
            })
        })
        .collect()
}
