//! The closure gate: what has to be true before an action can close, shown as the checklist on its page (R17, R18).
//!
//! The database holds the same rule (migrations/0004); this one says in words what is missing.

use super::access::{self, Relation, Verb};
use super::action::{Action, Piece, Status, missing_kinds};
use super::finding;
use super::improvement::Improvement;
use super::member::{Member, Role};
use super::recurrence::{Again, Failed, Recurrence};
use super::standard::Approver;
use super::text_enum::text_enum;
use super::topic::EvidenceKind;
use super::verification::{Mark, Outcome};
use super::words;
use crate::ids::{AssuranceId, MemberId, VerificationId};

/// What came back, the cause of it, and what the measures show.
mod came_back;
/// Why an action cannot close.
mod refusal;

pub use refusal::ClosureRefusal;

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
    /// That it is closed and its closure did not last.
    pub again: Option<Again>,
    /// That its finding, or one merged into it, came back.
    pub recurrence: Option<Recurrence>,
    /// That it opened again because it did not work or did not last.
    pub failed: Option<Failed>,
    /// What its measures show, when its closure standard asks for measured improvement.
    pub improvement: Option<Improvement>,
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
    /// Why it came back is known (R22).
    RootCause,
    /// What came back is answered by more than telling people again (R22).
    MoreThanReminding,
    /// A measure that names it shows improvement (M9).
    Improved,
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
            owned_this_cycle: self.owners.iter().any(|(id, _)| *id == member.id),
            gave_evidence: self.pieces.iter().any(|p| p.author == member.id && !p.withdrawn),
            ..finding::relation(
                member,
                self.action.service_id,
                self.action.owner.as_ref().is_some_and(|o| o.id == member.id),
            )
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
        items.extend(self.came_back());
        items.extend(self.improved());
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
        let detail = if met {
            words::capital(&names(&self.required))
        } else {
            format!("Missing: {}", names(&missing))
        };
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

#[cfg(test)]
mod tests {
    use super::super::access::Denial;
    use super::super::samples::Cast;
    use super::super::topic::Risk;
    use super::super::verification::Outcome;
    use super::*;

    /// What the gate says, in a word.
    #[derive(Debug, PartialEq, Eq)]
    enum Says {
        Closes,
        NotYours,
        Owner,
        OtherApprover,
        NotVerified,
        Lacks(Vec<Step>),
    }

    fn says(who: &Member, case: &Case) -> Says {
        match gate(who, case) {
            Ok(_) => Says::Closes,
            Err(ClosureRefusal::Denied(Denial::Owner)) => Says::Owner,
            Err(ClosureRefusal::Denied(_)) => Says::NotYours,
            Err(ClosureRefusal::OtherApprover(_)) => Says::OtherApprover,
            Err(ClosureRefusal::NotVerified(_)) => Says::NotVerified,
            Err(ClosureRefusal::Missing(items)) => Says::Lacks(items.iter().map(|i| i.step).collect()),
        }
    }

    /// A line of the table: in which case, who tries, what the gate says. The case starts as `verified`.
    type Line = (&'static str, fn(&Cast, &mut Case), fn(&Cast) -> &Member, Says);

    fn piece(case: &mut Case, kind: EvidenceKind, author: MemberId) {
        case.pieces.push(Piece { kind, author, withdrawn: false });
        case.action.evidence_rev += 1;
    }

    fn withdraw(case: &mut Case, index: usize) {
        case.pieces[index].withdrawn = true;
        case.action.evidence_rev += 1;
    }

    fn verdict(case: &mut Case) -> &mut Verified {
        case.verification.as_mut().unwrap()
    }

    fn high(cast: &Cast, case: &mut Case) {
        *case = cast.assured();
    }

    fn word(case: &mut Case) -> &mut Assured {
        case.assurance.as_mut().unwrap()
    }

    fn owned_by(case: &mut Case, who: &Member) {
        case.owners.push((who.id, who.role));
    }

    fn feedback(_: &Cast, case: &mut Case) {
        case.action.approver = Approver::QualityLead;
    }

    fn try_all(lines: &[Line]) {
        for (what, change, who, wanted) in lines {
            let cast = Cast::new();
            let mut case = cast.verified();
            change(&cast, &mut case);
            assert_eq!(says(who(&cast), &case), *wanted, "{what}");
        }
    }

    #[test]
    fn who_approves() {
        use Says::{Closes, NotYours, OtherApprover, Owner};
        let nothing: fn(&Cast, &mut Case) = |_, _| {};
        let manager_owned: fn(&Cast, &mut Case) = |c, case| owned_by(case, &c.manager);
        try_all(&[
            ("the service's registered manager", nothing, |c| &c.manager, Closes),
            ("another service's registered manager", nothing, |c| &c.other_manager, NotYours),
            ("the owner", nothing, |c| &c.owner, NotYours),
            ("a colleague", nothing, |c| &c.colleague, NotYours),
            ("a team leader", nothing, |c| &c.leader, NotYours),
            ("the deputy who checked", nothing, |c| &c.deputy, NotYours),
            ("the safeguarding lead", nothing, |c| &c.safeguarding, NotYours),
            ("the quality lead, when the manager approves", nothing, |c| &c.quality, OtherApprover),
            ("the nominated individual, when the manager approves", nothing, |c| &c.nominated, OtherApprover),
            ("the administrator", nothing, |c| &c.administrator, NotYours),
            ("an outsider", nothing, |c| &c.reader, NotYours),
            ("feedback: the quality lead", feedback, |c| &c.quality, Closes),
            ("feedback: not the registered manager", feedback, |c| &c.manager, OtherApprover),
            ("feedback: not the nominated individual", feedback, |c| &c.nominated, OtherApprover),
            ("a manager's own: not the manager", manager_owned, |c| &c.manager, Owner),
            ("a manager's own: the quality lead", manager_owned, |c| &c.quality, Closes),
            ("a manager's own: the nominated individual", manager_owned, |c| &c.nominated, Closes),
            ("a manager's own: not the deputy", manager_owned, |c| &c.deputy, NotYours),
            ("a manager's own: not the manager next door", manager_owned, |c| &c.other_manager, NotYours),
            (
                "a manager of two services approves in both",
                |c, case| case.action.service_id = c.elsewhere,
                |c| &c.other_manager,
                Closes,
            ),
            (
                "another manager owned it once: this one still approves",
                |c, case| owned_by(case, &c.other_manager),
                |c| &c.manager,
                Closes,
            ),
            (
                "feedback the quality lead owned: not the quality lead",
                |c, case| {
                    feedback(c, case);
                    owned_by(case, &c.quality);
                },
                |c| &c.quality,
                Owner,
            ),
            (
                "the verifier may approve too, when the role does",
                |c, case| verdict(case).verifier = c.manager.id,
                |c| &c.manager,
                Closes,
            ),
        ]);
    }

    #[test]
    fn what_has_to_be_there() {
        use Says::{Closes, Lacks};
        use Step::{Assured as A, Evidence as E, Owned as O, Recorded as R, Supported as S, Verified as V};
        let manager: fn(&Cast) -> &Member = |c| &c.manager;
        let lacks = |steps: &[Step]| Lacks(steps.to_vec());
        try_all(&[
            ("everything is there", |_, _| {}, manager, Closes),
            ("nobody owns it", |_, c| c.action.owner = None, manager, lacks(&[O])),
            ("its owner has left", |_, c| c.action.owner.as_mut().unwrap().left = true, manager, lacks(&[O])),
            ("it has no date", |_, c| c.action.due_on = None, manager, lacks(&[O])),
            ("nothing was recorded", |_, c| c.updates = 0, manager, lacks(&[R])),
            ("no evidence was ever asked for", |_, c| c.required.clear(), manager, lacks(&[E, S])),
            ("evidence withdrawn after the check", |_, c| withdraw(c, 0), manager, lacks(&[E, V, S])),
            (
                "evidence withdrawn and given anew after the check",
                |cast, c| {
                    withdraw(c, 0);
                    piece(c, EvidenceKind::Record, cast.owner.id);
                },
                manager,
                lacks(&[V, S]),
            ),
            (
                "more evidence after the check",
                |cast, c| piece(c, EvidenceKind::Data, cast.owner.id),
                manager,
                lacks(&[V, S]),
            ),
            (
                "evidence of another kind does not stand in",
                |cast, c| {
                    c.pieces.truncate(1);
                    c.pieces.push(Piece {
                        kind: EvidenceKind::Data,
                        author: cast.owner.id,
                        withdrawn: false,
                    });
                },
                manager,
                lacks(&[E]),
            ),
            ("not checked", |_, c| c.verification = None, manager, lacks(&[V, S])),
            (
                "checked as partly done",
                |_, c| verdict(c).outcome = Outcome::PartiallyComplete,
                manager,
                lacks(&[V, S]),
            ),
            (
                "checked as ineffective",
                |_, c| verdict(c).outcome = Outcome::Ineffective,
                manager,
                lacks(&[V, S]),
            ),
            ("checked by the owner", |cast, c| verdict(c).verifier = cast.owner.id, manager, lacks(&[V, S])),
            (
                "the verifier became an owner later",
                |cast, c| owned_by(c, &cast.deputy),
                manager,
                lacks(&[V, S]),
            ),
            (
                "the verifier gave evidence",
                |cast, c| c.pieces[0].author = cast.deputy.id,
                manager,
                lacks(&[V, S]),
            ),
            (
                "the verifier gave evidence that was withdrawn before the check",
                |cast, c| {
                    c.pieces.push(Piece { kind: EvidenceKind::Data, author: cast.deputy.id, withdrawn: true })
                },
                manager,
                Closes,
            ),
            ("a kind was not judged", |_, c| verdict(c).marks.truncate(1), manager, lacks(&[S])),
            ("a kind is mixed", |_, c| verdict(c).marks[1].1 = Mark::Mixed, manager, lacks(&[S])),
            (
                "a kind does not support it",
                |_, c| verdict(c).marks[0].1 = Mark::DoesNotSupport,
                manager,
                lacks(&[S]),
            ),
            (
                "a kind nobody asked for is mixed",
                |_, c| verdict(c).marks.push((EvidenceKind::Data, Mark::Mixed)),
                manager,
                Closes,
            ),
            (
                "high risk without assurance",
                |cast, c| {
                    high(cast, c);
                    c.assurance = None;
                },
                manager,
                lacks(&[A]),
            ),
            ("high risk with assurance", high, manager, Closes),
            (
                "high risk, challenged",
                |cast, c| {
                    high(cast, c);
                    word(c).decision = AssuranceDecision::Challenged;
                },
                manager,
                lacks(&[A]),
            ),
            (
                "high risk, assured before the newest check",
                |cast, c| {
                    high(cast, c);
                    word(c).seq = 9;
                },
                manager,
                lacks(&[A]),
            ),
            (
                "high risk, assured right with the check",
                |cast, c| {
                    high(cast, c);
                    word(c).seq = 10;
                },
                manager,
                Closes,
            ),
            (
                "high risk, evidence changed after assurance",
                |cast, c| {
                    high(cast, c);
                    piece(c, EvidenceKind::Data, cast.owner.id);
                },
                manager,
                lacks(&[V, S, A]),
            ),
            (
                "high risk, checked again after the evidence changed, but not assured again",
                |cast, c| {
                    high(cast, c);
                    piece(c, EvidenceKind::Data, cast.owner.id);
                    verdict(c).evidence_rev = c.action.evidence_rev;
                    verdict(c).seq = 14;
                },
                manager,
                lacks(&[A]),
            ),
            ("critical without assurance", |_, c| c.action.risk = Risk::Critical, manager, lacks(&[A])),
            ("low risk needs none", |_, c| c.action.risk = Risk::Low, manager, Closes),
            (
                "a challenge on a medium risk holds nothing up",
                |cast, c| {
                    high(cast, c);
                    c.action.risk = Risk::Medium;
                    word(c).decision = AssuranceDecision::Challenged;
                },
                manager,
                Closes,
            ),
        ]);
    }

    #[test]
    fn only_what_waits_for_closure_is_closed() {
        for status in Status::ALL {
            let cast = Cast::new();
            let mut case = cast.verified();
            case.action.status = *status;
            let wanted = if *status == Status::Verified { Says::Closes } else { Says::NotVerified };
            assert_eq!(says(&cast.manager, &case), wanted, "{status}");
        }
    }

    #[test]
    fn a_closure_rests_on_the_newest_papers() {
        let cast = Cast::new();
        let case = cast.assured();
        let approval = gate(&cast.manager, &case).unwrap();
        assert_eq!(approval.verification, case.verification.as_ref().unwrap().id);
        assert_eq!(approval.verifier, cast.deputy.id);
        assert_eq!(approval.assurance, Some(case.assurance.as_ref().unwrap().id));
        assert_eq!(gate(&cast.manager, &cast.verified()).unwrap().assurance, None);
    }

    #[test]
    fn the_checklist_is_the_gate() {
        let cast = Cast::new();
        let steps = |case: &Case| case.checklist().iter().map(|i| (i.step, i.met)).collect::<Vec<_>>();
        let all = [Step::Owned, Step::Recorded, Step::Evidence, Step::Verified, Step::Supported];
        let mut wanted: Vec<_> = all.iter().map(|s| (*s, true)).collect();
        wanted.push((Step::Approved, false));
        assert_eq!(steps(&cast.verified()), wanted);
        wanted.insert(5, (Step::Assured, true));
        assert_eq!(steps(&cast.assured()), wanted);
        for item in cast.submitted().checklist() {
            assert!(!item.title.is_empty() && !item.detail.is_empty() && !item.aside.is_empty(), "{item:?}");
        }
    }

    #[test]
    fn who_sees_it() {
        let cast = Cast::new();
        let case = cast.submitted();
        for (who, sees) in [
            (&cast.owner, true),
            (&cast.colleague, false),
            (&cast.leader, true),
            (&cast.deputy, true),
            (&cast.manager, true),
            (&cast.other_manager, false),
            (&cast.other_deputy, false),
            (&cast.safeguarding, true),
            (&cast.quality, true),
            (&cast.nominated, true),
            (&cast.administrator, true),
            (&cast.reader, false),
        ] {
            assert_eq!(case.visible_to(who), sees, "{}", who.name);
        }
    }

    #[test]
    fn what_was_sent_back_has_to_change_before_it_comes_again() {
        let cast = Cast::new();
        assert_eq!(cast.submitted().sent_back_rev(), None);
        assert_eq!(
            cast.verified().sent_back_rev(),
            None,
            "a pass that no longer stands asks for nothing new"
        );
        let mut partial = cast.verified();
        verdict(&mut partial).outcome = Outcome::PartiallyComplete;
        assert_eq!(partial.sent_back_rev(), Some(4));
        let mut challenged = cast.assured();
        assert_eq!(challenged.sent_back_rev(), None);
        word(&mut challenged).decision = AssuranceDecision::Challenged;
        assert_eq!(challenged.sent_back_rev(), Some(4));
        verdict(&mut challenged).seq = 14;
        assert_eq!(challenged.sent_back_rev(), None, "checked again since");
    }

    #[test]
    fn a_refusal_names_what_is_missing() {
        let cast = Cast::new();
        let mut case = cast.verified();
        case.verification = None;
        let refusal = gate(&cast.manager, &case).unwrap_err();
        assert_eq!(
            refusal.sentence(),
            "It cannot be closed yet. Missing: checked by someone else and it worked in practice."
        );
    }
}
