//! Whose turn it is with what waits to be judged: for lists, which name the next step without reading the whole case. The
//! gate and the verdict have the last word (domain/closure.rs, domain/verification.rs).

use serde::Deserialize;

use crate::domain::member::Role;
use crate::domain::standard::Approver;
use crate::domain::topic::Risk;
use crate::domain::verification::checks_managers;

/// How a member stands to an action that waits to be verified, assured or closed, in its cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Hands {
    /// The member owns it or has owned it.
    pub owned: bool,
    /// A registered manager owns it or has owned it.
    pub managers: bool,
    /// The member gave evidence that still stands.
    pub gave: bool,
    /// The nominated individual's assurance stands.
    pub assured: bool,
}

impl Hands {
    /// Whether a member of this role may check it (R15). What a registered manager owned is for those above and beside.
    #[must_use]
    pub const fn may_check(self, role: Role) -> bool {
        !self.owned && !self.gave && (!self.managers || checks_managers(role))
    }

    /// Whether it waits for the nominated individual's word first (R17).
    #[must_use]
    pub const fn wants_assurance(self, risk: Risk) -> bool {
        risk.is_high() && !self.assured
    }

    /// Whether a member of this role approves its closure, and it needs nothing more before (R17, R20).
    #[must_use]
    pub const fn may_close(self, role: Role, approver: Approver, risk: Risk) -> bool {
        let named = match approver {
            Approver::RegisteredManager => matches!(role, Role::RegisteredManager),
            Approver::QualityLead => matches!(role, Role::QualityLead),
        };
        let above = self.managers && matches!(role, Role::QualityLead | Role::NominatedIndividual);
        (named || above) && !self.owned && !self.wants_assurance(risk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Hands = Hands { owned: false, managers: false, gave: false, assured: false };

    #[test]
    fn nobody_checks_their_own_work() {
        for (hands, role, may) in [
            (NONE, Role::RegisteredManager, true),
            (Hands { owned: true, ..NONE }, Role::RegisteredManager, false),
            (Hands { gave: true, ..NONE }, Role::QualityLead, false),
            (Hands { managers: true, ..NONE }, Role::RegisteredManager, false),
            (Hands { managers: true, ..NONE }, Role::TeamLeader, false),
            (Hands { managers: true, ..NONE }, Role::DeputyManager, true),
            (Hands { managers: true, ..NONE }, Role::QualityLead, true),
            (Hands { managers: true, ..NONE }, Role::NominatedIndividual, true),
            (Hands { managers: true, owned: true, ..NONE }, Role::NominatedIndividual, false),
        ] {
            assert_eq!(hands.may_check(role), may, "{hands:?} {role:?}");
        }
    }

    #[test]
    fn who_the_standard_names_closes_after_the_assurance() {
        let assured = Hands { assured: true, ..NONE };
        for (hands, role, approver, risk, may) in [
            (NONE, Role::RegisteredManager, Approver::RegisteredManager, Risk::Medium, true),
            (NONE, Role::RegisteredManager, Approver::RegisteredManager, Risk::High, false),
            (assured, Role::RegisteredManager, Approver::RegisteredManager, Risk::High, true),
            (assured, Role::RegisteredManager, Approver::QualityLead, Risk::Critical, false),
            (assured, Role::QualityLead, Approver::QualityLead, Risk::Critical, true),
            (NONE, Role::QualityLead, Approver::RegisteredManager, Risk::Low, false),
            (
                Hands { managers: true, ..NONE },
                Role::QualityLead,
                Approver::RegisteredManager,
                Risk::Low,
                true,
            ),
            (
                Hands { managers: true, owned: true, ..NONE },
                Role::RegisteredManager,
                Approver::RegisteredManager,
                Risk::Low,
                false,
            ),
            (NONE, Role::DeputyManager, Approver::RegisteredManager, Risk::Low, false),
        ] {
            assert_eq!(
                hands.may_close(role, approver, risk),
                may,
                "{hands:?} {role:?} {approver:?} {risk:?}"
            );
        }
    }
}
