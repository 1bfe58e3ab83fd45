//! The closure gate: what has to be true before an action can close, shown as the checklist on its page (R17, R18).
//!
//! The database holds the same rule (migrations/0004); this one says in words what is missing.

use super::access::{self, Denial, Relation, Verb};
use super::action::{Action, Piece, Status, missing_kinds};
use super::member::{Member, Role};
use super::standard::Approver;
use super::text_enum::text_enum;
use super::topic::EvidenceKind;
use super::verification::{Mark, Outcome};
use super::words;
use crate::ids::{AssuranceId, MemberId, VerificationId};

text_enum! {
    /// The nominated individual's word (R18).
    pub enum AssuranceDecision {
        /// Satisfied that practice changed.
        Assured => "assured", "Assured";
        /// Not satisfied: back to the owner.
        Challenged => "challenged", "Challenged";
    }
}

/// The newest verification of this cycle, as the gate sees it.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The verification.
    pub id: VerificationId,
    /// Who checked.
    pub verifier: MemberId,
    /// Their name, for the page.
    pub verifier_name: String,
    /// The verdict.
    pub outcome: Outcome,
    /// The mark for each kind judged.
    pub marks: Vec<(EvidenceKind, Mark)>,
    /// The state of the evidence it judged.
    pub evidence_rev: i64,
    /// Its place in the order of writes.
    pub seq: i64,
    /// "Sampled records: 8 looked at, 7 met the standard".
    pub summary: String,
}

/// The newest assurance of this cycle, as the gate sees it.
#[derive(Clone, Debug)]
pub struct Assured {
    /// The assurance.
    pub id: AssuranceId,
    /// Who gave it.
    pub member_name: String,
    /// Assured or challenged.
    pub decision: AssuranceDecision,
    /// The state of the evidence it judged.
    pub evidence_rev: i64,
    /// Its place in the order of writes.
    pub seq: i64,
}

/// Everything the gate looks at.
#[derive(Clone, Debug)]
pub struct Case {
    /// The action.
    pub action: Action,
    /// Evidence required (R3).
    pub required: Vec<EvidenceKind>,
    /// Evidence of this cycle.
    pub pieces: Vec<Piece>,
    /// Progress updates of this cycle.
    pub updates: usize,
    /// Everybody who owned it in this cycle, with their role.
    pub owners: Vec<(MemberId, Role)>,
    /// The newest verification of this cycle.
    pub verification: Option<Verified>,
    /// The newest assurance of this cycle.
    pub assurance: Option<Assured>,
}

/// One line of the checklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One owner and one date (R7).
    Owned,
    /// What was done is recorded (R9).
    Recorded,
    /// Every kind of evidence required is there (R17).
    Evidence,
    /// Checked by someone else, newest verdict complete, of the evidence as it is now (R15, R16).
    Verified,
    /// Every required kind supports the outcome (R17).
    Supported,
    /// The nominated individual's assurance (R18).
    Assured,
    /// Approval by the role the standard names (R17).
    Approved,
}

/// A line of the checklist with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Which line.
    pub step: Step,
    /// Whether it is met.
    pub met: bool,
    /// The line itself.
    pub title: &'static str,
    /// What is there, or what is missing.
    pub detail: String,
    /// The short word at the end of the line.
    pub aside: String,
}

impl Case {
    /// How `member` stands to this action, for the table of who may do what.
    #[must_use]
    pub fn relation(&self, member: &Member) -> Relation {
        Relation {
            in_service: member.sees_service(self.action.service_id),
            own: self.action.owner.as_ref().is_some_and(|o| o.id == member.id),
            owned_this_cycle: self.owners.iter().any(|(id, _)| *id == member.id),
            gave_evidence: self.pieces.iter().any(|p| p.author == member.id && !p.withdrawn),
        }
    }

    /// Whether `member` may open this action at all; for everybody else it is not there.
    #[must_use]
    pub fn visible_to(&self, member: &Member) -> bool {
        access::may(member.role, Verb::SeeAction, self.relation(member)).is_ok()
    }

    /// The state of the evidence that a verdict or a challenge of this cycle sent back, if the newest word did: it has
    /// to change before the action is submitted again (R16).
    #[must_use]
    pub fn sent_back_rev(&self) -> Option<i64> {
        let verdict = self.verification.as_ref()?;
        let challenge = self
            .assurance
            .as_ref()
            .filter(|s| s.decision == AssuranceDecision::Challenged && s.seq >= verdict.seq);
        match challenge {
            Some(challenge) => Some(challenge.evidence_rev),
            None => (verdict.outcome != Outcome::Complete).then_some(verdict.evidence_rev),
        }
    }

    /// Whether the newest verification is a pass of the evidence as it is now.
    #[must_use]
    pub fn passed(&self) -> Option<&Verified> {
        self.verification.as_ref().filter(|v| {
            v.outcome == Outcome::Complete
                && v.evidence_rev == self.action.evidence_rev
                && !self.owners.iter().any(|(id, _)| *id == v.verifier)
                && !self.pieces.iter().any(|p| p.author == v.verifier && !p.withdrawn)
        })
    }

    /// Whether the newest assurance holds for that verification and evidence.
    #[must_use]
    pub fn assured(&self) -> Option<&Assured> {
        let passed = self.passed()?;
        self.assurance.as_ref().filter(|s| {
            s.decision == AssuranceDecision::Assured
                && s.evidence_rev == self.action.evidence_rev
                && s.seq >= passed.seq
        })
    }

    fn supported(&self) -> bool {
        self.passed().is_some_and(|v| {
            !self.required.is_empty()
                && self
                    .required
                    .iter()
                    .all(|k| v.marks.iter().any(|(kind, m)| kind == k && *m == Mark::Supports))
        })
    }

    /// The checklist, in the order of the line.
    #[must_use]
    pub fn checklist(&self) -> Vec<Item> {
        let mut items =
            vec![self.owned(), self.recorded(), self.evidence(), self.verified(), self.supports()];
        if self.action.needs_assurance() {
            items.push(self.assurance_item());
        }
        items.push(self.approval());
        items
    }

    fn owned(&self) -> Item {
        let named = self.action.owner.as_ref().filter(|o| !o.left);
        let met = named.is_some() && self.action.due_on.is_some();
        let detail = match (named, self.action.due_on) {
            (Some(_), Some(due)) => format!("Due {}", words::date(due)),
            (Some(_), None) => "No due date".into(),
            (None, _) => "Nobody owns it".into(),
        };
        Item {
            step: Step::Owned,
            met,
            title: "One owner and one date",
            detail,
            aside: named.map_or_else(|| "To do".into(), |o| o.name.clone()),
        }
    }

    fn recorded(&self) -> Item {
        let met = self.updates > 0;
        let detail = if met {
            words::count_of(self.updates as u64, "update", "updates")
        } else {
            "Nothing recorded yet".into()
        };
        Item { step: Step::Recorded, met, title: "What was done is recorded", detail, aside: done(met) }
    }

    fn evidence(&self) -> Item {
        let missing = missing_kinds(&self.required, &self.pieces);
        let names = |kinds: &[EvidenceKind]| {
            words::list(&kinds.iter().map(|k| k.label().to_lowercase()).collect::<Vec<_>>())
        };
        let met = missing.is_empty() && !self.required.is_empty();
        let detail =
            if met { capital(&names(&self.required)) } else { format!("Missing: {}", names(&missing)) };
        let have = self.required.len() - missing.len();
        Item {
            step: Step::Evidence,
            met,
            title: "Evidence the action asked for",
            detail,
            aside: format!("{have} of {}", self.required.len()),
        }
    }

    fn verified(&self) -> Item {
        let met = self.passed().is_some();
        let detail = match &self.verification {
            None => {
                "Method, sample and verdict, by someone who neither owned it nor gave the evidence".into()
            }
            Some(v) if met => v.summary.clone(),
            Some(v) if v.outcome != Outcome::Complete => {
                format!("Newest verdict: {}", v.outcome.label().to_lowercase())
            }
            Some(_) => {
                "The evidence or the owner changed after the check, so it has to be checked again".into()
            }
        };
        let aside = self
            .verification
            .as_ref()
            .filter(|_| met)
            .map_or_else(|| "To do".into(), |v| v.verifier_name.clone());
        Item { step: Step::Verified, met, title: "Checked by someone else", detail, aside }
    }

    fn supports(&self) -> Item {
        let met = self.supported();
        let detail = if met {
            "Every kind of evidence supports the outcome"
        } else {
            "Every kind of evidence has to support the outcome"
        };
        Item {
            step: Step::Supported,
            met,
            title: "It worked in practice",
            detail: detail.into(),
            aside: done(met),
        }
    }

    fn assurance_item(&self) -> Item {
        let met = self.assured().is_some();
        let detail = match &self.assurance {
            Some(s) if s.decision == AssuranceDecision::Challenged => {
                "Challenged by the nominated individual".to_owned()
            }
            _ => format!("{} risk: the nominated individual has to be satisfied", self.action.risk.label()),
        };
        let aside = self.assured().map_or_else(|| "To do".into(), |s| s.member_name.clone());
        Item { step: Step::Assured, met, title: "Assurance recorded", detail, aside }
    }

    fn approval(&self) -> Item {
        let met = self.action.status == Status::Closed;
        let who = match self.action.approver {
            Approver::RegisteredManager => "By the registered manager",
            Approver::QualityLead => "By the quality lead",
        };
        Item { step: Step::Approved, met, title: "Closure approved", detail: who.into(), aside: done(met) }
    }
}

fn done(met: bool) -> String {
    if met { "Done".into() } else { "To do".into() }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Why an action cannot close, or not by this person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClosureRefusal {
    /// The person may not approve this closure.
    Denied(Denial),
    /// Another role approves it (R17, R20).
    OtherApprover(Approver),
    /// It is not waiting for closure.
    NotVerified(Status),
    /// These lines of the checklist are not met.
    Missing(Vec<Item>),
}

impl ClosureRefusal {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Denied(denial) => denial.sentence().into(),
            Self::OtherApprover(Approver::QualityLead) => "The quality lead approves this closure.".into(),
            Self::OtherApprover(Approver::RegisteredManager) => {
                "The registered manager approves this closure.".into()
            }
            Self::NotVerified(status) => {
                format!("It cannot be closed: it is {}.", status.label().to_lowercase())
            }
            Self::Missing(items) => format!(
                "It cannot be closed yet. Missing: {}.",
                words::list(&items.iter().map(|i| i.title.to_lowercase()).collect::<Vec<_>>())
            ),
        }
    }
}

/// What a closure rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The passing verification.
    pub verification: VerificationId,
    /// Who checked.
    pub verifier: MemberId,
    /// The assurance, for high and critical findings.
    pub assurance: Option<AssuranceId>,
}

/// Whether this person approves closures of this action, whatever its state (R17).
///
/// # Errors
/// Why not.
pub fn may_close(member: &Member, case: &Case) -> Result<(), ClosureRefusal> {
    access::may(member.role, Verb::Close, case.relation(member)).map_err(ClosureRefusal::Denied)?;
    let managers = case.owners.iter().any(|(_, role)| *role == Role::RegisteredManager);
    let above = managers && matches!(member.role, Role::QualityLead | Role::NominatedIndividual);
    let named = match case.action.approver {
        Approver::RegisteredManager => member.role == Role::RegisteredManager,
        Approver::QualityLead => member.role == Role::QualityLead,
    };
    if named || above { Ok(()) } else { Err(ClosureRefusal::OtherApprover(case.action.approver)) }
}

/// The gate (R17, R18).
///
/// # Errors
/// Who may not, or everything that is missing.
pub fn gate(member: &Member, case: &Case) -> Result<Approval, ClosureRefusal> {
    may_close(member, case)?;
    if !matches!(case.action.status, Status::Verified) {
        return Err(ClosureRefusal::NotVerified(case.action.status));
    }
    let missing: Vec<Item> =
        case.checklist().into_iter().filter(|i| !i.met && i.step != Step::Approved).collect();
    let (Some(passed), true) = (case.passed(), missing.is_empty()) else {
        return Err(ClosureRefusal::Missing(missing));
    };
    let assurance = if case.action.needs_assurance() { case.assured().map(|s| s.id) } else { None };
    Ok(Approval { verification: passed.id, verifier: passed.verifier, assurance })
}
