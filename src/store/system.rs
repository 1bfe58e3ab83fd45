//! What is not inside one provider: people, sessions, and the list of providers. The only file that takes a [`SystemTx`].

use super::SystemTx;
use crate::ids::{ProviderId, UserId};

/// A provider as the program itself sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRow {
    /// Id.
    pub id: ProviderId,
    /// Its part of the address.
    pub slug: String,
    /// Name.
    pub name: String,
}

/// Every provider, in a fixed order.
///
/// # Errors
/// The database was lost.
pub async fn providers(tx: &mut SystemTx) -> Result<Vec<ProviderRow>, sqlx::Error> {
    sqlx::query_as!(ProviderRow, r#"SELECT id AS "id: ProviderId", slug, name FROM providers ORDER BY id"#)
        .fetch_all(tx.conn())
        .await
}

/// A person's email address, to send mail to.
///
/// # Errors
/// The database was lost.
pub async fn email(tx: &mut SystemTx, user: UserId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT email FROM users WHERE id = $1", user.uuid()).fetch_optional(tx.conn()).await
}
