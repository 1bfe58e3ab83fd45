//! People and a case for the tables of cases: a medium-risk medicines action of one service, submitted and passed.

use chrono::NaiveDate;

use super::action::{Action, Person, Piece, Status};
use super::calendar::Nation;
use super::closure::{AssuranceDecision, Assured, Case, Verified};
use super::member::{Member, Role};
use super::standard::Approver;
use super::topic::{EvidenceKind, Risk, Theme, Topic};
use super::verification::{Mark, Outcome};
use crate::ids::{ActionId, AssuranceId, FindingId, MemberId, ServiceId, VerificationId};

/// Saturday 21 November 2026.
pub fn today() -> NaiveDate {
    day("2026-11-21")
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Two services, and everybody of the provider. Names are their roles.
pub struct Cast {
    pub here: ServiceId,
    pub elsewhere: ServiceId,
    pub owner: Member,
    pub colleague: Member,
    pub leader: Member,
    pub deputy: Member,
    pub manager: Member,
    pub other_manager: Member,
    pub other_deputy: Member,
    pub safeguarding: Member,
    pub quality: Member,
    pub nominated: Member,
    pub administrator: Member,
    pub reader: Member,
}

impl Cast {
    pub fn new() -> Self {
        let (here, elsewhere) = (ServiceId::new(), ServiceId::new());
        let member = |role: Role, service: ServiceId| Member {
            id: MemberId::new(),
            name: role.label().to_owned(),
            role,
            job_title: String::new(),
            services: vec![service],
        };
        Self {
            here,
            elsewhere,
            owner: member(Role::CareStaff, here),
            colleague: member(Role::CareStaff, here),
            leader: member(Role::TeamLeader, here),
            deputy: member(Role::DeputyManager, here),
            manager: member(Role::RegisteredManager, here),
            other_manager: member(Role::RegisteredManager, elsewhere),
            other_deputy: member(Role::DeputyManager, elsewhere),
            safeguarding: member(Role::SafeguardingLead, elsewhere),
            quality: member(Role::QualityLead, elsewhere),
            nominated: member(Role::NominatedIndividual, elsewhere),
            administrator: member(Role::Administrator, elsewhere),
            reader: member(Role::ExternalReader, here),
        }
    }

    /// What the owner submitted, not checked yet: evidence state 4.
    pub fn submitted(&self) -> Case {
        let owner = Person {
            id: self.owner.id,
            name: self.owner.name.clone(),
            role: self.owner.role,
            job_title: String::new(),
            left: false,
        };
        let at = "2026-11-12T16:12:00Z".parse().unwrap();
        let piece = |kind| Piece { kind, author: self.owner.id, withdrawn: false };
        Case {
            action: Action {
                id: ActionId::new(),
                number: 142,
                finding_id: FindingId::new(),
                service_id: self.here,
                nation: Nation::England,
                what: "Rewrite the PRN protocols".into(),
                success_test: "10 of 10 sampled protocols have a maximum dose".into(),
                wording_override: None,
                owner: Some(owner),
                due_on: Some(day("2026-11-16")),
                follow_up_on: None,
                status: Status::Submitted,
                cycle: 1,
                version: 9,
                evidence_rev: 4,
                verification_working_days: 5,
                approver: Approver::RegisteredManager,
                submitted_at: Some(at),
                verify_by: Some(day("2026-11-19")),
                rewordings: 0,
                extensions: 0,
                owner_changes: 0,
                risk: Risk::Medium,
                theme: Theme::Safety,
                topic: Topic::Medicines,
                merged_into: None,
                has_merged: false,
                created_at: at,
                moved_at: at,
            },
            required: vec![EvidenceKind::Record, EvidenceKind::AuditSample],
            pieces: vec![piece(EvidenceKind::Record), piece(EvidenceKind::AuditSample)],
            updates: 1,
            owners: vec![(self.owner.id, self.owner.role)],
            verification: None,
            assurance: None,
            again: None,
            recurrence: None,
            failed: None,
            improvement: None,
        }
    }

    /// The same after the deputy passed it: waiting for closure.
    pub fn verified(&self) -> Case {
        let mut case = self.submitted();
        case.action.status = Status::Verified;
        case.verification = Some(Verified {
            id: VerificationId::new(),
            verifier: self.deputy.id,
            verifier_name: self.deputy.name.clone(),
            outcome: Outcome::Complete,
            marks: case.required.iter().map(|k| (*k, Mark::Supports)).collect(),
            evidence_rev: case.action.evidence_rev,
            seq: 10,
            summary: "Sampled records: 10 looked at, 10 met the standard".into(),
        });
        case
    }

    /// The same on a high-risk finding, assured by the nominated individual.
    pub fn assured(&self) -> Case {
        let mut case = self.verified();
        case.action.risk = Risk::High;
        case.assurance = Some(Assured {
            id: AssuranceId::new(),
            member_name: self.nominated.name.clone(),
            decision: AssuranceDecision::Assured,
            evidence_rev: case.action.evidence_rev,
            seq: 12,
        });
        case
    }
}
