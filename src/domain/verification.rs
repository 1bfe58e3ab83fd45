//! Independent verification: who may check, what a verdict has to say, and what follows from it (R15, R16, R17).

use chrono::NaiveDate;

use super::access::{self, Denial, Relation, Verb};
use super::action::{Action, Piece, Status};
use super::member::{Member, Role};
use super::text_enum::text_enum;
use super::topic::EvidenceKind;
use crate::ids::{MemberId, ServiceId};

text_enum! {
    /// How the verifier checked.
    pub enum Method {
        /// Sampled records made since the action.
        RecordSample => "record_sample", "Sampled records";
        /// Watched practice.
        Observation => "observation", "Observed practice";
        /// Spoke with people or families.
        Conversation => "conversation", "Spoke with people or families";
        /// Looked at data.
        DataCheck => "data_check", "Checked data";
        /// Made an unannounced check.
        SpotCheck => "spot_check", "Spot check";
        /// Read the documents given.
        DocumentCheck => "document_check", "Read the documents";
    }
}

text_enum! {
    /// What the verifier found a kind of evidence to say (R17).
    pub enum Mark {
        /// It shows that the outcome was reached.
        Supports => "supports", "Supports it";
        /// It points both ways.
        Mixed => "mixed", "Mixed";
        /// It shows that it was not.
        DoesNotSupport => "does_not_support", "Does not support it";
    }
}

text_enum! {
    /// The verdict (R16).
    pub enum Outcome {
        /// Can go to closure.
        Complete => "complete", "Complete";
        /// Back to the owner with what is missing and a new date.
        PartiallyComplete => "partially_complete", "Partially complete";
        /// Reopened and escalated.
        Ineffective => "ineffective", "Ineffective";
    }
}

/// A verdict as the verifier gives it.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How it was checked.
    pub method: Method,
    /// How many were looked at; at least 1.
    pub sample_size: u32,
    /// How many of them met the standard.
    pub met_standard: u32,
    /// What was sampled and found.
    pub note: String,
    /// One mark for each required kind.
    pub marks: Vec<(EvidenceKind, Mark)>,
    /// Complete, partially complete or ineffective.
    pub outcome: Outcome,
    /// What is missing, for partially complete.
    pub missing: Option<String>,
    /// The new due date, for partially complete and ineffective.
    pub new_due_on: Option<NaiveDate>,
    /// Why a team leader checks, in a home with one manager (R15).
    pub exception_reason: Option<String>,
}

/// Why a verdict is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerdictRefusal {
    /// The person may not check this.
    Denied(Denial),
    /// A registered manager's own action is checked by the deputy, the quality lead or the nominated individual (R15).
    ManagersAction,
    /// A team leader gave a reason, but another manager of the home can check it (R15).
    NotOneManagerHome,
    /// It is not waiting for verification.
    NotSubmitted(Status),
    /// A required kind was not judged: these.
    Unmarked(Vec<EvidenceKind>),
    /// "Complete" with evidence that does not support it (R17): these.
    NotSupported(Vec<EvidenceKind>),
    /// "Complete" although nothing in the sample met the standard.
    NothingMet,
    /// More met the standard than were looked at.
    MoreMetThanSampled,
    /// Partially complete must say what is missing (R16).
    NothingMissing,
    /// The action goes back, so it needs a new date that is not past (R16).
    NoNewDate,
}

impl VerdictRefusal {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        let list = |kinds: &[EvidenceKind]| {
            super::words::list(&kinds.iter().map(|k| k.label().to_lowercase()).collect::<Vec<_>>())
        };
        match self {
            Self::Denied(denial) => denial.sentence().into(),
            Self::ManagersAction => "A registered manager owned this, so a deputy manager, the quality lead or the nominated individual checks it. With one manager only, a team leader may, with the reason recorded.".into(),
            Self::NotOneManagerHome => "Another manager of this service can check it. A team leader does only where the service has no other manager.".into(),
            Self::NotSubmitted(status) => format!("It is not waiting for verification: it is {}.", status.label().to_lowercase()),
            Self::Unmarked(kinds) => format!("Say for each kind of evidence whether it supports the outcome: {}.", list(kinds)),
            Self::NotSupported(kinds) => format!("It cannot be complete while evidence is mixed or does not support it: {}.", list(kinds)),
            Self::NothingMet => "It cannot be complete when nothing you looked at met the standard.".into(),
            Self::MoreMetThanSampled => "The number that met the standard cannot be more than the number you looked at.".into(),
            Self::NothingMissing => "Say what is missing, so that the owner knows what to do.".into(),
            Self::NoNewDate => "Set a new due date, today or later: the action goes back to its owner.".into(),
        }
    }
}

/// What follows from a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// The next status.
    pub status: Status,
    /// Whether a new cycle begins, so that the evidence must be new.
    pub new_cycle: bool,
    /// Whether it is escalated at once (R14, R17).
    pub escalate: Option<EscalateBecause>,
}

/// Why a verdict is escalated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscalateBecause {
    /// Practice did not change.
    Ineffective,
    /// The evidence points both ways.
    Mixed,
}

/// Whether `member` is independent and senior enough to check this action (R15).
///
/// # Errors
/// Why not.
pub fn may_verify(
    member: &Member,
    action: &Action,
    owners: &[(MemberId, Role)],
    pieces: &[Piece],
    with_exception: bool,
) -> Result<(), VerdictRefusal> {
    may_verify_in(member, action.service_id, owners, pieces, with_exception)
}

/// The same rule for an action of which only the service, the owners of this cycle and the evidence are known.
///
/// # Errors
/// Why not.
pub fn may_verify_in(
    member: &Member,
    service: ServiceId,
    owners: &[(MemberId, Role)],
    pieces: &[Piece],
    with_exception: bool,
) -> Result<(), VerdictRefusal> {
    let relation = Relation {
        in_service: member.sees_service(service),
        own: false,
        owned_this_cycle: owners.iter().any(|(id, _)| *id == member.id),
        gave_evidence: pieces.iter().any(|p| p.author == member.id && !p.withdrawn),
    };
    let managers = owners.iter().any(|(_, role)| *role == Role::RegisteredManager);
    if member.role == Role::TeamLeader && managers && with_exception {
        // the same independence, through the table, one rank lower
        return access::may(Role::DeputyManager, Verb::Verify, relation).map_err(VerdictRefusal::Denied);
    }
    access::may(member.role, Verb::Verify, relation).map_err(VerdictRefusal::Denied)?;
    if managers && !checks_managers(member.role) {
        return Err(VerdictRefusal::ManagersAction);
    }
    Ok(())
}

/// Whether a role checks what a registered manager owned (R15).
#[must_use]
pub const fn checks_managers(role: Role) -> bool {
    matches!(role, Role::DeputyManager | Role::QualityLead | Role::NominatedIndividual)
}

/// In what capacity somebody checks an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// As their role does.
    Usual,
    /// As a team leader in a home with one manager, who owned the action: with the reason recorded (R15).
    Exception,
}

/// Whether nobody else manages the home who could check what its manager owned: no deputy and no other registered manager
/// of the service is independent of the action (R15). The quality lead and the nominated individual are of the provider,
/// not of the home; they see the exception.
#[must_use]
pub fn one_manager_home(home: &[(MemberId, Role)], owners: &[(MemberId, Role)], pieces: &[Piece]) -> bool {
    !home.iter().any(|(id, role)| {
        matches!(role, Role::DeputyManager | Role::RegisteredManager)
            && !owners.iter().any(|(owner, _)| owner == id)
            && !pieces.iter().any(|piece| piece.author == *id && !piece.withdrawn)
    })
}

/// In what capacity `member` checks this action, if at all; a reason for an exception makes no difference for those who
/// need none. `home` are the people of the service, at least its deputies and registered managers.
///
/// # Errors
/// Why not.
pub fn capacity(
    member: &Member,
    action: &Action,
    owners: &[(MemberId, Role)],
    pieces: &[Piece],
    home: &[(MemberId, Role)],
    with_reason: bool,
) -> Result<Capacity, VerdictRefusal> {
    let Err(refusal) = may_verify(member, action, owners, pieces, false) else { return Ok(Capacity::Usual) };
    if !with_reason || may_verify(member, action, owners, pieces, true).is_err() {
        return Err(refusal);
    }
    if one_manager_home(home, owners, pieces) {
        Ok(Capacity::Exception)
    } else {
        Err(VerdictRefusal::NotOneManagerHome)
    }
}

/// Weighs a verdict and says what follows from it (R16, R17).
///
/// # Errors
/// Every reason why it is not accepted, in the order of the form.
pub fn weigh(
    verdict: &Verdict,
    action: &Action,
    required: &[EvidenceKind],
    today: NaiveDate,
) -> Result<Consequence, Vec<VerdictRefusal>> {
    let mut refusals = Vec::new();
    if action.status != Status::Submitted {
        return Err(vec![VerdictRefusal::NotSubmitted(action.status)]);
    }
    if verdict.met_standard > verdict.sample_size {
        refusals.push(VerdictRefusal::MoreMetThanSampled);
    }
    let mark = |kind: &EvidenceKind| verdict.marks.iter().find(|(k, _)| k == kind).map(|(_, m)| *m);
    let unmarked: Vec<_> = required.iter().copied().filter(|k| mark(k).is_none()).collect();
    if !unmarked.is_empty() {
        refusals.push(VerdictRefusal::Unmarked(unmarked));
    }
    // also of a kind nobody asked for: what was looked at and speaks against it is not passed over
    let unsupported: Vec<_> =
        verdict.marks.iter().filter(|(_, m)| *m != Mark::Supports).map(|(kind, _)| *kind).collect();
    match verdict.outcome {
        Outcome::Complete => {
            if !unsupported.is_empty() {
                refusals.push(VerdictRefusal::NotSupported(unsupported));
            }
            if verdict.met_standard == 0 {
                refusals.push(VerdictRefusal::NothingMet);
            }
        }
        Outcome::PartiallyComplete if verdict.missing.as_ref().is_none_or(|m| m.trim().is_empty()) => {
            refusals.push(VerdictRefusal::NothingMissing);
        }
        Outcome::PartiallyComplete | Outcome::Ineffective => {}
    }
    if verdict.outcome != Outcome::Complete && verdict.new_due_on.is_none_or(|d| d < today) {
        refusals.push(VerdictRefusal::NoNewDate);
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(match verdict.outcome {
        Outcome::Complete => Consequence { status: Status::Verified, new_cycle: false, escalate: None },
        Outcome::PartiallyComplete => Consequence {
            status: Status::SentBack,
            new_cycle: false,
            escalate: verdict.marks.iter().any(|(_, m)| *m == Mark::Mixed).then_some(EscalateBecause::Mixed),
        },
        Outcome::Ineffective => Consequence {
            status: Status::Ineffective,
            new_cycle: true,
            escalate: Some(EscalateBecause::Ineffective),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::closure::Case;
    use super::super::samples::{Cast, day, today};
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    enum Says {
        May,
        NotYours,
        Owner,
        GaveEvidence,
        ManagersAction,
    }

    fn says(who: &Member, case: &Case, exception: bool) -> Says {
        match may_verify(who, &case.action, &case.owners, &case.pieces, exception) {
            Ok(()) => Says::May,
            Err(VerdictRefusal::Denied(Denial::NotYours)) => Says::NotYours,
            Err(VerdictRefusal::Denied(Denial::Owner)) => Says::Owner,
            Err(VerdictRefusal::Denied(Denial::GaveEvidence)) => Says::GaveEvidence,
            Err(VerdictRefusal::ManagersAction) => Says::ManagersAction,
            Err(other) => panic!("{other:?}"),
        }
    }

    /// A line of the table: in which case, who checks, with a reason for an exception or not, what is said.
    type Line = (&'static str, fn(&Cast, &mut Case), fn(&Cast) -> &Member, bool, Says);

    fn owned_by(case: &mut Case, who: &Member) {
        case.owners.push((who.id, who.role));
    }

    fn evidence_by(case: &mut Case, who: &Member, withdrawn: bool) {
        case.pieces.push(Piece { kind: EvidenceKind::Data, author: who.id, withdrawn });
    }

    #[test]
    fn who_checks() {
        use Says::{GaveEvidence, ManagersAction, May, NotYours, Owner};
        let nothing: fn(&Cast, &mut Case) = |_, _| {};
        let managers: fn(&Cast, &mut Case) = |c, case| owned_by(case, &c.manager);
        let lines: &[Line] = &[
            ("the deputy", nothing, |c| &c.deputy, false, May),
            ("the registered manager", nothing, |c| &c.manager, false, May),
            ("the safeguarding lead", nothing, |c| &c.safeguarding, false, May),
            ("the quality lead", nothing, |c| &c.quality, false, May),
            ("the nominated individual", nothing, |c| &c.nominated, false, May),
            ("the owner", nothing, |c| &c.owner, false, NotYours),
            ("a colleague", nothing, |c| &c.colleague, false, NotYours),
            ("a team leader", nothing, |c| &c.leader, false, NotYours),
            (
                "a team leader with a reason, but nobody's manager owned it",
                nothing,
                |c| &c.leader,
                true,
                NotYours,
            ),
            ("the administrator", nothing, |c| &c.administrator, false, NotYours),
            ("an outsider", nothing, |c| &c.reader, false, NotYours),
            ("another service's manager", nothing, |c| &c.other_manager, false, NotYours),
            ("another service's deputy", nothing, |c| &c.other_deputy, false, NotYours),
            ("a manager's own: not the manager", managers, |c| &c.manager, false, Owner),
            ("a manager's own: the deputy", managers, |c| &c.deputy, false, May),
            ("a manager's own: the quality lead", managers, |c| &c.quality, false, May),
            ("a manager's own: the nominated individual", managers, |c| &c.nominated, false, May),
            (
                "a manager's own: not the safeguarding lead",
                managers,
                |c| &c.safeguarding,
                false,
                ManagersAction,
            ),
            ("a manager's own: not a team leader", managers, |c| &c.leader, false, NotYours),
            ("a manager's own: a team leader with a reason", managers, |c| &c.leader, true, May),
            (
                "a manager's own: not care staff, whatever the reason",
                managers,
                |c| &c.colleague,
                true,
                NotYours,
            ),
            (
                "a manager's own: another service's deputy has no place here",
                managers,
                |c| &c.other_deputy,
                true,
                NotYours,
            ),
            (
                "a manager owned it earlier in the cycle, another manager of the service does not check it",
                |c, case| {
                    owned_by(case, &c.other_manager);
                },
                |c| &c.manager,
                false,
                ManagersAction,
            ),
            ("a deputy who owns it", |c, case| owned_by(case, &c.deputy), |c| &c.deputy, false, Owner),
            (
                "a quality lead who owned it once",
                |c, case| owned_by(case, &c.quality),
                |c| &c.quality,
                false,
                Owner,
            ),
            (
                "a deputy who gave evidence",
                |c, case| evidence_by(case, &c.deputy, false),
                |c| &c.deputy,
                false,
                GaveEvidence,
            ),
            (
                "a deputy whose evidence was withdrawn",
                |c, case| evidence_by(case, &c.deputy, true),
                |c| &c.deputy,
                false,
                May,
            ),
            (
                "a deputy who owned it and gave evidence",
                |c, case| {
                    owned_by(case, &c.deputy);
                    evidence_by(case, &c.deputy, false);
                },
                |c| &c.deputy,
                false,
                Owner,
            ),
            (
                "a team leader with a reason who gave evidence for the manager",
                |c, case| {
                    owned_by(case, &c.manager);
                    evidence_by(case, &c.leader, false);
                },
                |c| &c.leader,
                true,
                GaveEvidence,
            ),
            (
                "a team leader with a reason who owned it before the manager",
                |c, case| {
                    owned_by(case, &c.leader);
                    owned_by(case, &c.manager);
                },
                |c| &c.leader,
                true,
                Owner,
            ),
            (
                "a team leader of another service, whatever the reason",
                |c, case| {
                    case.action.service_id = c.elsewhere;
                    owned_by(case, &c.manager);
                },
                |c| &c.leader,
                true,
                NotYours,
            ),
            (
                "somebody else's evidence is no matter",
                |c, case| evidence_by(case, &c.colleague, false),
                |c| &c.deputy,
                false,
                May,
            ),
        ];
        assert!(lines.len() >= 30);
        for (what, change, who, exception, wanted) in lines {
            let cast = Cast::new();
            let mut case = cast.submitted();
            change(&cast, &mut case);
            assert_eq!(says(who(&cast), &case, *exception), *wanted, "{what}");
        }
    }

    /// A line of the table: which case, who checks, who else is in the home, whether a reason is given, what follows.
    type CapacityLine<'a> =
        (&'a str, &'a Case, &'a Member, &'a [&'a Member], bool, Result<Capacity, VerdictRefusal>);

    /// R15: the exception is for a home with one manager, and nobody else has use for it.
    #[test]
    fn an_exception_is_for_a_home_with_one_manager() {
        use Capacity::{Exception, Usual};
        let cast = Cast::new();
        let refused = Err(VerdictRefusal::NotOneManagerHome);
        let mut managers = cast.submitted();
        owned_by(&mut managers, &cast.manager);
        let mut deputys_evidence = managers.clone();
        evidence_by(&mut deputys_evidence, &cast.deputy, false);
        let mut withdrawn = managers.clone();
        evidence_by(&mut withdrawn, &cast.deputy, true);
        let mut both_owned = managers.clone();
        owned_by(&mut both_owned, &cast.deputy);
        let plain = cast.submitted();
        let lines: &[CapacityLine<'_>] = &[
            ("alone with the manager", &managers, &cast.leader, &[&cast.manager], true, Ok(Exception)),
            (
                "care staff are no managers",
                &managers,
                &cast.leader,
                &[&cast.colleague, &cast.leader],
                true,
                Ok(Exception),
            ),
            (
                "a deputy is there",
                &managers,
                &cast.leader,
                &[&cast.manager, &cast.deputy],
                true,
                refused.clone(),
            ),
            (
                "another registered manager is there",
                &managers,
                &cast.leader,
                &[&cast.other_manager],
                true,
                refused.clone(),
            ),
            (
                "the deputy gave evidence",
                &deputys_evidence,
                &cast.leader,
                &[&cast.deputy],
                true,
                Ok(Exception),
            ),
            ("the deputy's evidence was withdrawn", &withdrawn, &cast.leader, &[&cast.deputy], true, refused),
            ("the deputy owned it before", &both_owned, &cast.leader, &[&cast.deputy], true, Ok(Exception)),
            (
                "the quality lead is not of the home",
                &managers,
                &cast.leader,
                &[&cast.quality],
                true,
                Ok(Exception),
            ),
            ("a deputy needs none", &managers, &cast.deputy, &[&cast.deputy], true, Ok(Usual)),
            ("a quality lead needs none", &managers, &cast.quality, &[], true, Ok(Usual)),
            ("a manager needs none for others' work", &plain, &cast.manager, &[], true, Ok(Usual)),
        ];
        for (what, case, who, home, reason, wanted) in lines {
            let home: Vec<_> = home.iter().map(|m| (m.id, m.role)).collect();
            let is = capacity(who, &case.action, &case.owners, &case.pieces, &home, *reason);
            assert_eq!(is, *wanted, "{what}");
        }
        for case in [&managers, &plain] {
            let none = capacity(&cast.leader, &case.action, &case.owners, &case.pieces, &[], false);
            assert!(none.is_err(), "without a reason a team leader checks nothing");
        }
        let not_managers = capacity(&cast.leader, &plain.action, &plain.owners, &plain.pieces, &[], true);
        assert!(not_managers.is_err(), "nor with one, where no manager owned it");
    }

    fn verdict(outcome: Outcome) -> Verdict {
        Verdict {
            method: Method::RecordSample,
            sample_size: 10,
            met_standard: 9,
            note: "10 protocols of 2 to 18 November, 9 with a maximum dose".into(),
            marks: vec![(EvidenceKind::Record, Mark::Supports), (EvidenceKind::AuditSample, Mark::Supports)],
            outcome,
            missing: (outcome == Outcome::PartiallyComplete).then(|| "The Ash round".into()),
            new_due_on: (outcome != Outcome::Complete).then(|| day("2026-11-28")),
            exception_reason: None,
        }
    }

    /// A line of the table: the verdict as it starts, what is different, what is refused (empty: accepted).
    type Weighed = (&'static str, Outcome, fn(&mut Verdict), Vec<VerdictRefusal>);

    #[test]
    fn what_a_verdict_has_to_say() {
        use EvidenceKind::{AuditSample, Record};
        use Outcome::{Complete, Ineffective, PartiallyComplete};
        use VerdictRefusal::{
            MoreMetThanSampled, NoNewDate, NotSupported, NothingMet, NothingMissing, Unmarked,
        };
        let lines: Vec<Weighed> = vec![
            ("complete", Complete, |_| {}, vec![]),
            ("partly", PartiallyComplete, |_| {}, vec![]),
            ("ineffective", Ineffective, |_| {}, vec![]),
            ("all of the sample", Complete, |v| v.met_standard = 10, vec![]),
            ("one of the sample", Complete, |v| v.met_standard = 1, vec![]),
            ("none of the sample, yet complete", Complete, |v| v.met_standard = 0, vec![NothingMet]),
            ("none of the sample, partly", PartiallyComplete, |v| v.met_standard = 0, vec![]),
            ("none of the sample, ineffective", Ineffective, |v| v.met_standard = 0, vec![]),
            ("more than the sample", Complete, |v| v.met_standard = 11, vec![MoreMetThanSampled]),
            (
                "more than the sample, ineffective",
                Ineffective,
                |v| v.met_standard = 11,
                vec![MoreMetThanSampled],
            ),
            ("no mark at all", Complete, |v| v.marks.clear(), vec![Unmarked(vec![Record, AuditSample])]),
            ("one mark is missing", Complete, |v| v.marks.truncate(1), vec![Unmarked(vec![AuditSample])]),
            (
                "one mark is missing, ineffective",
                Ineffective,
                |v| v.marks.truncate(1),
                vec![Unmarked(vec![AuditSample])],
            ),
            (
                "mixed, yet complete",
                Complete,
                |v| v.marks[1].1 = Mark::Mixed,
                vec![NotSupported(vec![AuditSample])],
            ),
            (
                "one against it, one mixed, yet complete",
                Complete,
                |v| {
                    v.marks[0].1 = Mark::DoesNotSupport;
                    v.marks[1].1 = Mark::Mixed;
                },
                vec![NotSupported(vec![Record, AuditSample])],
            ),
            ("mixed, partly", PartiallyComplete, |v| v.marks[1].1 = Mark::Mixed, vec![]),
            ("against it, partly", PartiallyComplete, |v| v.marks[1].1 = Mark::DoesNotSupport, vec![]),
            (
                "a kind nobody asked for is mixed",
                Complete,
                |v| v.marks.push((EvidenceKind::Data, Mark::Mixed)),
                vec![NotSupported(vec![EvidenceKind::Data])],
            ),
            ("partly, nothing missing", PartiallyComplete, |v| v.missing = None, vec![NothingMissing]),
            ("partly, a blank", PartiallyComplete, |v| v.missing = Some("  ".into()), vec![NothingMissing]),
            ("complete says nothing of what is missing", Complete, |v| v.missing = None, vec![]),
            ("ineffective need not", Ineffective, |v| v.missing = None, vec![]),
            ("partly, no date", PartiallyComplete, |v| v.new_due_on = None, vec![NoNewDate]),
            ("ineffective, no date", Ineffective, |v| v.new_due_on = None, vec![NoNewDate]),
            ("partly, yesterday", PartiallyComplete, |v| v.new_due_on = today().pred_opt(), vec![NoNewDate]),
            ("partly, today", PartiallyComplete, |v| v.new_due_on = Some(today()), vec![]),
            ("ineffective, today", Ineffective, |v| v.new_due_on = Some(today()), vec![]),
            (
                "complete with a date of the past is not asked for one",
                Complete,
                |v| v.new_due_on = today().pred_opt(),
                vec![],
            ),
            (
                "everything at once, in the order of the form",
                PartiallyComplete,
                |v| {
                    v.met_standard = 11;
                    v.marks.clear();
                    v.missing = None;
                    v.new_due_on = None;
                },
                vec![MoreMetThanSampled, Unmarked(vec![Record, AuditSample]), NothingMissing, NoNewDate],
            ),
            (
                "complete, with everything against it",
                Complete,
                |v| {
                    v.met_standard = 0;
                    v.marks[0].1 = Mark::DoesNotSupport;
                },
                vec![NotSupported(vec![Record]), NothingMet],
            ),
        ];
        assert!(lines.len() >= 30);
        for (what, outcome, change, wanted) in lines {
            let case = Cast::new().submitted();
            let mut given = verdict(outcome);
            change(&mut given);
            let refused = weigh(&given, &case.action, &case.required, today()).err().unwrap_or_default();
            assert_eq!(refused, wanted, "{what}");
            for refusal in refused {
                assert!(refusal.sentence().ends_with('.'), "{refusal:?}");
            }
        }
    }

    #[test]
    fn what_follows_from_it() {
        for (outcome, mark, status, new_cycle, escalate) in [
            (Outcome::Complete, Mark::Supports, Status::Verified, false, None),
            (Outcome::PartiallyComplete, Mark::Supports, Status::SentBack, false, None),
            (Outcome::PartiallyComplete, Mark::DoesNotSupport, Status::SentBack, false, None),
            (Outcome::PartiallyComplete, Mark::Mixed, Status::SentBack, false, Some(EscalateBecause::Mixed)),
            (
                Outcome::Ineffective,
                Mark::Supports,
                Status::Ineffective,
                true,
                Some(EscalateBecause::Ineffective),
            ),
            (
                Outcome::Ineffective,
                Mark::Mixed,
                Status::Ineffective,
                true,
                Some(EscalateBecause::Ineffective),
            ),
        ] {
            let case = Cast::new().submitted();
            let mut given = verdict(outcome);
            given.marks[0].1 = mark;
            let follows = weigh(&given, &case.action, &case.required, today()).unwrap();
            assert_eq!(follows, Consequence { status, new_cycle, escalate }, "{outcome} {mark}");
            assert!(case.action.status.can_become(follows.status));
        }
    }

    #[test]
    fn only_what_was_submitted_is_judged() {
        for status in Status::ALL {
            let mut case = Cast::new().submitted();
            case.action.status = *status;
            let weighed = weigh(&verdict(Outcome::Complete), &case.action, &case.required, today());
            match weighed {
                Ok(_) => assert_eq!(*status, Status::Submitted),
                Err(refusals) => assert_eq!(refusals, [VerdictRefusal::NotSubmitted(*status)]),
            }
        }
    }
}
