//! How far a member sees, as the three parameters every list query takes: a row is shown if the member sees the whole
//! provider, or is given the row's service, or the row is their own.

use uuid::Uuid;

use crate::domain::member::{Member, Sight};
use crate::ids::MemberId;

/// A member's sight, for a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// They see everything in the provider.
    pub whole: bool,
    /// They see what is in the services given to them.
    pub by_service: bool,
    /// The member: what is their own they see in any case.
    pub me: MemberId,
}

impl Scope {
    /// The sight of `member`.
    #[must_use]
    pub const fn of(member: &Member) -> Self {
        let sight = member.role.sight();
        Self {
            whole: matches!(sight, Sight::Provider),
            by_service: matches!(sight, Sight::Services),
            me: member.id,
        }
    }
}

/// The services given to a member, for a query. Who sees the whole provider needs none.
pub(super) fn services(member: &Member) -> Vec<Uuid> {
    member.services.iter().map(|id| id.uuid()).collect()
}
