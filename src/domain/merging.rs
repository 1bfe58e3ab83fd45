//! Merging a duplicate into the action that stays (R28). The one that stays has to ask for at least as much, so that
//! nothing closes on less than was agreed, later, or with less said.

use chrono::NaiveDate;

use super::access::{self, Denial, Verb};
use super::action::Status;
use super::closure::Case;
use super::member::Member;
use super::reference::Reference;
use super::standard::Approver;
use super::topic::{EvidenceKind, Risk};
use super::words;

/// Why one action is not merged into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeRefusal {
    /// The person may not do this to one of them.
    Denied(Denial),
    /// No reason was given.
    NoReason,
    /// Both are the same.
    Itself,
    /// They are in different services.
    OtherService,
    /// It is not with its owner: being checked, closed or called off.
    NotWithOwner(Reference, Status),
    /// A decision on it is waited for (R13).
    Undecided(Reference),
    /// Others were merged into it.
    HasMerged(Reference),
    /// The one that stays does not ask for these kinds of evidence.
    AsksForLess(Reference, Vec<EvidenceKind>),
    /// The finding of the one that stays is of a lower risk.
    LowerRisk(Reference),
    /// The one that stays is approved by the registered manager, the other by the quality lead.
    OtherApprover(Reference),
    /// The one that stays is due later, or has no date.
    DueLater(Reference),
}

impl MergeRefusal {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Denied(denial) => denial.sentence().into(),
            Self::NoReason => "Say why they are the same".into(),
            Self::Itself => "Choose another action: this is the one that would be merged".into(),
            Self::OtherService => "Choose an action of the same service".into(),
            Self::NotWithOwner(which, status) => {
                format!("{which} is {}, so it is not merged", status.label().to_lowercase())
            }
            Self::Undecided(which) => {
                format!("{which} was escalated and waits for a decision: record it first")
            }
            Self::HasMerged(which) => {
                format!("Others were merged into {which}: merge the other one into it")
            }
            Self::AsksForLess(which, kinds) => {
                let kinds: Vec<String> = kinds.iter().map(|k| k.label().to_lowercase()).collect();
                format!("{which} does not ask for {}: merge it into this one instead", words::list(&kinds))
            }
            Self::LowerRisk(which) => {
                format!("The risk behind {which} is lower: merge it into this one instead")
            }
            Self::OtherApprover(which) => {
                format!("{which} closes without the quality lead’s approval: merge it into this one instead")
            }
            Self::DueLater(which) => format!(
                "{which} is due later: merge it into this one instead, or move its date first, with a reason"
            ),
        }
    }
}

/// What an action asks for before it can close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks {
    /// The action.
    pub reference: Reference,
    /// The kinds of evidence it must have.
    pub required: Vec<EvidenceKind>,
    /// Its finding's risk.
    pub risk: Risk,
    /// Who approves its closure.
    pub approver: Approver,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
}

impl Asks {
    /// What an action asks for.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        let a = &case.action;
        let required = case.required.clone();
        Self { reference: a.reference(), required, risk: a.risk, approver: a.approver, due_on: a.due_on }
    }

    /// Whether this one may stay in the place of `gone`: it asks for at least as much, and not later.
    ///
    /// # Errors
    /// What it asks less of.
    pub fn covers(&self, gone: &Self) -> Result<(), MergeRefusal> {
        let which = self.reference;
        let less: Vec<EvidenceKind> =
            gone.required.iter().copied().filter(|k| !self.required.contains(k)).collect();
        if !less.is_empty() {
            return Err(MergeRefusal::AsksForLess(which, less));
        }
        if self.risk < gone.risk {
            return Err(MergeRefusal::LowerRisk(which));
        }
        if self.approver < gone.approver {
            return Err(MergeRefusal::OtherApprover(which));
        }
        if gone.due_on.is_some_and(|due| self.due_on.is_none_or(|own| own > due)) {
            return Err(MergeRefusal::DueLater(which));
        }
        Ok(())
    }
}

/// Whether `member` may merge `from` into `into`; `undecided`: an escalation of `from` waits for a decision.
///
/// # Errors
/// The first reason against it.
pub fn may_merge(member: &Member, from: &Case, undecided: bool, into: &Case) -> Result<(), MergeRefusal> {
    for case in [from, into] {
        access::may(member.role, Verb::Merge, case.relation(member)).map_err(MergeRefusal::Denied)?;
    }
    let (gone, stays) = (&from.action, &into.action);
    if gone.id == stays.id {
        return Err(MergeRefusal::Itself);
    }
    if gone.service_id != stays.service_id {
        return Err(MergeRefusal::OtherService);
    }
    for action in [gone, stays] {
        if !action.status.with_owner() {
            return Err(MergeRefusal::NotWithOwner(action.reference(), action.status));
        }
    }
    if undecided {
        return Err(MergeRefusal::Undecided(gone.reference()));
    }
    if gone.has_merged {
        return Err(MergeRefusal::HasMerged(gone.reference()));
    }
    Asks::of(into).covers(&Asks::of(from))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Cast, day};
    use super::*;
    use crate::ids::{ActionId, ServiceId};

    fn two(cast: &Cast) -> (Case, Case) {
        let mut from = cast.submitted();
        from.action.status = Status::InProgress;
        let mut into = from.clone();
        (into.action.id, into.action.number) = (ActionId::new(), 12);
        (from, into)
    }

    #[test]
    fn who_merges() {
        let cast = Cast::new();
        let (from, into) = two(&cast);
        for (who, may) in [
            (&cast.owner, false),
            (&cast.leader, false),
            (&cast.deputy, true),
            (&cast.manager, true),
            (&cast.other_manager, false),
            (&cast.safeguarding, true),
            (&cast.quality, true),
            (&cast.nominated, true),
            (&cast.administrator, false),
            (&cast.reader, false),
        ] {
            let done = may_merge(who, &from, false, &into);
            assert_eq!(done.is_ok(), may, "{}: {done:?}", who.name);
        }
    }

    #[test]
    fn the_one_that_stays_asks_for_at_least_as_much() {
        let cast = Cast::new();
        let which = Reference::action(12);
        type Twist = fn(&mut Case, &mut Case);
        let cases: &[(Twist, Result<(), MergeRefusal>)] = &[
            (|_, _| {}, Ok(())),
            (|_, into| into.required.push(EvidenceKind::Data), Ok(())),
            (
                |from, _| from.required.push(EvidenceKind::Data),
                Err(MergeRefusal::AsksForLess(which, vec![EvidenceKind::Data])),
            ),
            (|_, into| into.action.risk = Risk::High, Ok(())),
            (|from, _| from.action.risk = Risk::High, Err(MergeRefusal::LowerRisk(which))),
            (|_, into| into.action.approver = Approver::QualityLead, Ok(())),
            (|from, _| from.action.approver = Approver::QualityLead, Err(MergeRefusal::OtherApprover(which))),
            (|_, into| into.action.due_on = Some(day("2026-11-15")), Ok(())),
            (|_, into| into.action.due_on = Some(day("2026-11-17")), Err(MergeRefusal::DueLater(which))),
            (|_, into| into.action.due_on = None, Err(MergeRefusal::DueLater(which))),
            (|from, into| (from.action.due_on, into.action.due_on) = (None, None), Ok(())),
            (|_, into| into.action.service_id = ServiceId::new(), Err(MergeRefusal::OtherService)),
            (|from, into| into.action.id = from.action.id, Err(MergeRefusal::Itself)),
        ];
        for (place, (twist, wanted)) in cases.iter().enumerate() {
            let (mut from, mut into) = two(&cast);
            twist(&mut from, &mut into);
            assert_eq!(may_merge(&cast.quality, &from, false, &into), *wanted, "{place}");
        }
        let (mut from, into) = two(&cast);
        let own = from.action.reference();
        let waits = may_merge(&cast.quality, &from, true, &into);
        assert_eq!(waits, Err(MergeRefusal::Undecided(own)));
        from.action.has_merged = true;
        let chained = may_merge(&cast.quality, &from, false, &into);
        assert_eq!(chained, Err(MergeRefusal::HasMerged(own)));
    }

    #[test]
    fn only_what_is_with_its_owner_is_merged() {
        let cast = Cast::new();
        for status in [Status::Submitted, Status::Verified, Status::Closed, Status::Cancelled] {
            for second in [false, true] {
                let (mut from, mut into) = two(&cast);
                let twisted = if second { &mut into } else { &mut from };
                twisted.action.status = status;
                let wanted = MergeRefusal::NotWithOwner(twisted.action.reference(), status);
                assert_eq!(may_merge(&cast.quality, &from, false, &into), Err(wanted.clone()));
                assert!(!wanted.sentence().ends_with('.'));
            }
        }
    }
}
