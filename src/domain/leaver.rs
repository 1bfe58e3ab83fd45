//! Somebody leaves: what they own, check and decide goes on without them, in one step, and a provider is never without
//! an administrator (R7).

use super::access::{self, Relation, Verb};
use super::action::Piece;
use super::escalation::{self, Lateness, Level};
use super::member::{Member, Role};
use super::verification;
use crate::ids::{MemberId, ServiceId};

/// Said when the last administrator is to leave or to become something else.
pub const LAST_ADMINISTRATOR: &str =
    "Nobody else is an administrator here. Make somebody else an administrator first";

/// Whether a provider keeps an administrator when somebody with the role `before` gets the role `after` (none: leaves).
/// `administrators` counts those who are here now, this person included.
///
/// # Errors
/// They are the last one.
pub fn keeps_an_administrator(
    before: Role,
    after: Option<Role>,
    administrators: usize,
) -> Result<(), &'static str> {
    let goes = before == Role::Administrator && after != Some(Role::Administrator);
    if goes && administrators <= 1 { Err(LAST_ADMINISTRATOR) } else { Ok(()) }
}

/// An action that was submitted, as far as it matters who may check it.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// Where it was done.
    pub service: ServiceId,
    /// Everybody who owned it in this cycle, with their role.
    pub owners: Vec<(MemberId, Role)>,
    /// The evidence of this cycle.
    pub pieces: Vec<Piece>,
}

impl Submitted {
    /// Whether `member` may check it (R15), without the exception for one-manager homes.
    #[must_use]
    pub fn may_be_checked_by(&self, member: &Member) -> bool {
        verification::may_verify_in(member, self.service, &self.owners, &self.pieces, false).is_ok()
    }

    /// Whether nobody but `leaver` may check it. `others` are those who stay.
    #[must_use]
    pub fn only_checked_by(&self, leaver: &Member, others: &[Member]) -> bool {
        self.may_be_checked_by(leaver) && !others.iter().any(|m| self.may_be_checked_by(m))
    }
}

/// An escalation without a decision.
#[derive(Clone, Copy, Debug)]
pub struct Undecided {
    /// How high it went.
    pub level: Level,
    /// The service of its action.
    pub service: ServiceId,
    /// Who owns the late action, with their role.
    pub owner: Option<(MemberId, Role)>,
}

impl Undecided {
    /// Whether `member` may record the decision (R13).
    #[must_use]
    pub fn may_be_decided_by(&self, member: &Member) -> bool {
        let relation = Relation { in_service: member.sees_service(self.service), ..Relation::default() };
        escalation::may_decide(member.role, self.level, Lateness::of(member.id, self.owner)).is_ok()
            && access::may(member.role, Verb::DecideEscalation, relation).is_ok()
    }

    /// Whether it passes from `leaver`, as the service's last manager, to those above, who have not heard of it yet.
    #[must_use]
    pub fn passes_on(&self, leaver: &Member, others: &[Member]) -> bool {
        let manager = |m: &Member| m.role == Role::RegisteredManager && self.may_be_decided_by(m);
        self.level == Level::Manager && manager(leaver) && !others.iter().any(manager)
    }

    /// Those of `others` who may decide it, the nearest first: the service's own managers before the whole provider.
    #[must_use]
    pub fn deciders<'a>(&self, others: &'a [Member]) -> Vec<&'a Member> {
        let may = |m: &&Member| self.may_be_decided_by(m);
        let near = |m: &&Member| m.role == Role::RegisteredManager;
        let managers: Vec<_> = others.iter().filter(may).filter(near).collect();
        if managers.is_empty() { others.iter().filter(may).collect() } else { managers }
    }
}

/// A role that nobody has once somebody left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vacancy {
    /// Nobody in the provider.
    Provider(Role),
    /// Nobody in this service.
    Service(Role, ServiceId),
}

/// What stays empty behind `leaver`: the roles on which closing, assuring and deciding depend (R12, R17, R18).
#[must_use]
pub fn vacancies(leaver: &Member, others: &[Member]) -> Vec<Vacancy> {
    let same = |m: &&Member| m.role == leaver.role;
    match leaver.role {
        Role::QualityLead | Role::NominatedIndividual | Role::SafeguardingLead => {
            let empty = !others.iter().any(|m| same(&m));
            if empty { vec![Vacancy::Provider(leaver.role)] } else { Vec::new() }
        }
        Role::RegisteredManager => leaver
            .services
            .iter()
            .filter(|s| !others.iter().filter(same).any(|m| m.sees_service(**s)))
            .map(|s| Vacancy::Service(leaver.role, *s))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::Cast;
    use super::*;
    use crate::domain::topic::EvidenceKind;

    #[test]
    fn the_last_administrator_stays() {
        use Role::{Administrator, CareStaff, QualityLead};
        for (before, after, administrators, stays) in [
            (Administrator, None, 1, true),
            (Administrator, None, 2, false),
            (Administrator, Some(QualityLead), 1, true),
            (Administrator, Some(QualityLead), 2, false),
            (Administrator, Some(Administrator), 1, false),
            (CareStaff, None, 1, false),
            (CareStaff, None, 0, false),
            (CareStaff, Some(Administrator), 1, false),
        ] {
            let got = keeps_an_administrator(before, after, administrators);
            assert_eq!(got.is_err(), stays, "{before} {after:?} {administrators}");
        }
    }

    /// Who stays, and whether nobody but the deputy may then check what the care worker submitted.
    #[test]
    fn the_only_one_who_may_check() {
        let cast = Cast::new();
        let piece = |author| Piece { kind: EvidenceKind::Record, author, withdrawn: false };
        let submitted = |owner: &Member, author: &Member| Submitted {
            service: cast.here,
            owners: vec![(owner.id, owner.role)],
            pieces: vec![piece(author.id)],
        };
        let plain = submitted(&cast.owner, &cast.owner);
        let managers = submitted(&cast.manager, &cast.manager);
        let by_quality = submitted(&cast.owner, &cast.quality);
        let all = |who: &[&Member]| who.iter().map(|m| (*m).clone()).collect::<Vec<_>>();
        for (what, case, leaver, others, only) in [
            ("a manager stays", &plain, &cast.deputy, all(&[&cast.manager]), false),
            ("only care staff stay", &plain, &cast.deputy, all(&[&cast.colleague, &cast.leader]), true),
            ("a manager of another service", &plain, &cast.deputy, all(&[&cast.other_manager]), true),
            ("the quality lead sees everything", &plain, &cast.deputy, all(&[&cast.quality]), false),
            ("who gave the evidence does not count", &by_quality, &cast.deputy, all(&[&cast.quality]), true),
            ("the manager owned it", &managers, &cast.deputy, all(&[&cast.manager]), true),
            ("the safeguarding lead is not above", &managers, &cast.deputy, all(&[&cast.safeguarding]), true),
            ("a leader by exception only", &managers, &cast.deputy, all(&[&cast.leader]), true),
            ("care staff never could", &plain, &cast.colleague, all(&[]), false),
        ] {
            assert_eq!(case.only_checked_by(leaver, &others), only, "{what}");
        }
    }

    #[test]
    fn who_decides_then() {
        let cast = Cast::new();
        let at = |level, owner: Option<&Member>| Undecided {
            level,
            service: cast.here,
            owner: owner.map(|m| (m.id, m.role)),
        };
        let everybody: Vec<Member> =
            [&cast.deputy, &cast.manager, &cast.other_manager, &cast.quality, &cast.nominated]
                .map(Clone::clone)
                .into();
        let without_manager: Vec<Member> =
            everybody.iter().filter(|m| m.id != cast.manager.id).cloned().collect();
        for (what, case, others, then) in [
            ("the service's manager", at(Level::Manager, None), &everybody, vec![cast.manager.id]),
            (
                "no manager: from above",
                at(Level::Manager, None),
                &without_manager,
                vec![cast.quality.id, cast.nominated.id],
            ),
            (
                "not the owner",
                at(Level::Leadership, Some(&cast.quality)),
                &everybody,
                vec![cast.nominated.id],
            ),
            ("the third level", at(Level::Nominated, None), &everybody, vec![cast.nominated.id]),
            (
                "nobody is above the nominated individual",
                at(Level::Nominated, Some(&cast.nominated)),
                &everybody,
                vec![cast.quality.id],
            ),
        ] {
            let got: Vec<_> = case.deciders(others).iter().map(|m| m.id).collect();
            assert_eq!(got, then, "{what}");
        }
        for (what, level, leaver, others, passes) in [
            ("the only manager", Level::Manager, &cast.manager, &without_manager, true),
            ("another manager stays", Level::Manager, &cast.manager, &everybody, false),
            ("leadership knows already", Level::Leadership, &cast.quality, &without_manager, false),
            ("the quality lead was not the nearest", Level::Manager, &cast.quality, &without_manager, false),
        ] {
            assert_eq!(at(level, None).passes_on(leaver, others), passes, "{what}");
        }
        assert!(at(Level::Manager, None).deciders(std::slice::from_ref(&cast.deputy)).is_empty());
    }

    #[test]
    fn what_stays_empty() {
        let cast = Cast::new();
        let all = |who: &[&Member]| who.iter().map(|m| (*m).clone()).collect::<Vec<_>>();
        let here = Vacancy::Service(Role::RegisteredManager, cast.here);
        for (leaver, others, empty) in [
            (&cast.manager, all(&[&cast.deputy, &cast.other_manager]), vec![here]),
            (&cast.manager, all(&[&cast.manager]), vec![]),
            (&cast.nominated, all(&[&cast.quality]), vec![Vacancy::Provider(Role::NominatedIndividual)]),
            (&cast.nominated, all(&[&cast.nominated]), vec![]),
            (&cast.owner, all(&[]), vec![]),
        ] {
            assert_eq!(vacancies(leaver, &others), empty, "{}", leaver.name);
        }
    }
}
