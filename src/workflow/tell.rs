//! Telling the owner of an action what others did to it (R8).

use super::Actor;
use crate::domain::action::Action;
use crate::domain::message::MessageKind;
use crate::store::TenantTx;
use crate::store::outbox::{self, Audience, NewMessage};

/// Queues a message to whoever owns the action when it is sent; once for each state of the action.
pub(super) async fn tell_owner(
    tx: &mut TenantTx,
    action: &Action,
    kind: MessageKind,
) -> Result<(), sqlx::Error> {
    let message = NewMessage {
        kind,
        audience: Audience::Owner,
        action: action.id,
        escalation: None,
        dedupe_key: format!("{} {} {}", kind.as_str(), action.id, action.version),
    };
    outbox::queue(tx, &message).await
}

/// The same when somebody else did it; nobody is told of what they did themselves.
pub(super) async fn tell_owner_of_anothers(
    tx: &mut TenantTx,
    by: &Actor,
    action: &Action,
    kind: MessageKind,
) -> Result<(), sqlx::Error> {
    match &action.owner {
        Some(owner) if owner.id != by.member.id && !owner.left => tell_owner(tx, action, kind).await,
        _ => Ok(()),
    }
}
