//! An action opened by a member: what its page and the pages of its verbs read, and how a verb answers.

use std::sync::Arc;

use crate::app::AppState;
use crate::domain::access::{self, Relation, Verb};
use crate::domain::action::{Person, Status};
use crate::domain::change::{ChangeRefusal, may_change};
use crate::domain::closure::Case;
use crate::domain::event::EventKind;
use crate::domain::finding;
use crate::domain::member::Member;
use crate::domain::reference::{Kind, Reference};
use crate::domain::standard::Approver;
use crate::domain::sustain::{self, Impact};
use crate::domain::verification::{Capacity, VerdictRefusal, capacity};
use crate::domain::words;
use crate::error::AppError;
use crate::http::pill::{pill, stale_mark};
use crate::http::signed::Signed;
use crate::http::stale::{Field, Standing};
use crate::http::view::{Facts, FileRow, Files, State as Look, Tag};
use crate::store::TenantTx;
use crate::store::case;
use crate::store::evidence::Withdrawal;
use crate::store::papers::{self, Given, Papers, SustainCheck};
use crate::workflow::Moment;

/// An action with its papers, as a member sees it now.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What the rules look at.
    pub case: Arc<Case>,
    /// Everything else on the page.
    pub papers: Arc<Papers>,
    /// A-0142.
    pub reference: Reference,
    /// Now.
    pub moment: Moment,
}

impl Opened {
    /// Opens the action the address names.
    ///
    /// # Errors
    /// It is not there, or not for this member: the same 404.
    pub async fn read(app: &AppState, signed: &Signed, reference: &str) -> Result<Self, AppError> {
        let mut tx = signed.actor.begin(app).await?;
        let opened = Self::within(&mut tx, signed, reference, Moment::read(app)).await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// As [`Opened::read`], in a transaction that is open already.
    ///
    /// # Errors
    /// As [`Opened::read`].
    pub async fn within(
        tx: &mut TenantTx,
        signed: &Signed,
        reference: &str,
        moment: Moment,
    ) -> Result<Self, AppError> {
        let reference = Reference::parse(Kind::Action, reference).ok_or(AppError::NotFound)?;
        let (case, mark) = case::read_marked(tx, reference.number)
            .await?
            .filter(|(case, _)| case.visible_to(&signed.actor.member))
            .ok_or(AppError::NotFound)?;
        let papers = papers::of_action(tx, case.action.id, mark).await?;
        Ok(Self { case, papers, reference, moment })
    }

    /// The address of the action, or of a verb below it.
    #[must_use]
    pub fn path(&self, signed: &Signed, verb: &str) -> String {
        let slash = if verb.is_empty() { "" } else { "/" };
        signed.path(&format!("actions/{}{slash}{verb}", self.reference))
    }

    /// The state pill.
    #[must_use]
    pub fn tag(&self) -> Tag {
        if let Some(into) = self.case.action.merged_into {
            let said = format!("Merged into {}", Reference::action(into));
            return Tag::saying(Look::Cancelled, said);
        }
        if self.case.again.is_some() {
            return Tag::saying(Look::CameBack, "Closed, came back");
        }
        if self.case.action.status == Status::Closed {
            match self.impact() {
                Impact::Shown => return Tag::new(Look::ImpactShown),
                Impact::NotShown => return Tag::new(Look::ImpactNotShown),
                Impact::NotYet(_) | Impact::HeldSoFar(_) => {}
            }
        }
        pill(self.case.action.state(self.moment.today, self.papers.escalation.is_some()), self.moment.today)
    }

    /// Whether the signed-in member may change it in this way now.
    ///
    /// # Errors
    /// Why not, as a sentence.
    pub fn changes_by(&self, signed: &Signed, verb: Verb) -> Result<(), String> {
        may_change(&signed.actor.member, verb, &self.case).map_err(|refusal| refusal.sentence())
    }

    /// Whether they may look at a form that names colleagues or other actions: only who may choose among them does, even
    /// where the state of the action stands against it.
    ///
    /// # Errors
    /// Why not, as a sentence.
    pub fn shows_choices_to(&self, signed: &Signed, verb: Verb) -> Result<(), String> {
        match may_change(&signed.actor.member, verb, &self.case) {
            Err(ChangeRefusal::Denied(denial)) => Err(denial.sentence().into()),
            _ => Ok(()),
        }
    }

    /// The sustain check of this cycle that comes next, if one is planned.
    #[must_use]
    pub fn next_check(&self) -> Option<&SustainCheck> {
        let cycle = self.case.action.cycle;
        self.papers.sustain.iter().find(|check| check.cycle == cycle && check.lasting.is_none())
    }

    /// What the sustain checks of this cycle say.
    #[must_use]
    pub fn impact(&self) -> Impact {
        let cycle = self.case.action.cycle;
        let of_now = self.papers.sustain.iter().filter(|check| check.cycle == cycle);
        let mut answers: Vec<_> = of_now.filter_map(|check| check.at.zip(check.lasting)).collect();
        answers.sort_by_key(|(at, _)| *at);
        let answers: Vec<_> = answers.into_iter().map(|(_, lasting)| lasting).collect();
        sustain::impact(&answers, self.next_check().map(|check| check.due_on))
    }

    /// In what capacity a member checks it; with a reason for an exception or without (R15).
    ///
    /// # Errors
    /// Why they do not.
    pub fn capacity(&self, member: &Member, with_reason: bool) -> Result<Capacity, VerdictRefusal> {
        let case = &self.case;
        let home: Vec<_> = self.papers.people.iter().map(|p| (p.id, p.role)).collect();
        capacity(member, &case.action, &case.owners, &case.pieces, &home, with_reason)
    }

    /// The mark of what nobody has moved for a fortnight.
    #[must_use]
    pub fn stale(&self) -> Option<Tag> {
        stale_mark(self.case.action.status, self.case.action.moved_at, self.moment.today)
    }

    /// The evidence of this cycle, or of the earlier ones.
    #[must_use]
    pub fn files(&self, signed: &Signed, earlier: bool) -> Files {
        let cycle = self.case.action.cycle;
        let wanted = self.papers.evidence.iter().filter(|e| (e.cycle < cycle) == earlier);
        Files {
            items: wanted.map(|e| file(signed, &self.case, e)).collect(),
            empty: "No evidence yet.".into(),
        }
    }

    /// What a verb's page shows beside its form: what is judged or changed.
    #[must_use]
    pub fn brief(&self) -> Facts {
        let a = &self.case.action;
        let owner = a.owner.as_ref().map_or_else(|| "Nobody".to_owned(), |o| o.with_title());
        Facts::new()
            .fact("How we will know", a.success_test.clone())
            .fact("Owner", owner)
            .fact("Due", a.due_on.map_or_else(|| "No due date".to_owned(), words::date))
            .fact("Check by", a.verify_by.map(words::date).unwrap_or_default())
            .fact("Risk", a.risk.label())
            .fact("Service", self.place())
    }

    /// What the action looks like now, as the forms that judge or change it carry it.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let papers = &self.papers;
        let mut fields = standing_fields(&self.case);
        let control = papers.interim_control.as_ref().map(|c| c.control.clone());
        fields.push(field("evidence", "Evidence", self.evidence_said()));
        fields.push(field("control", "Interim control", control.unwrap_or_default()));
        let line = papers.trail.first().map_or(0, |told| told.seq);
        Standing { version: self.case.action.version, line, fields }
    }

    /// The evidence of this cycle that stands, a line for each piece.
    fn evidence_said(&self) -> String {
        let cycle = self.case.action.cycle;
        let given = self.papers.evidence.iter().filter(|e| e.cycle == cycle && e.withdrawn.is_none());
        given.map(|e| format!("{}: {}", e.kind.label(), e.title)).collect::<Vec<_>>().join("\n")
    }

    /// The owner's name, or a word for nobody.
    #[must_use]
    pub fn owner_name(&self) -> &str {
        self.case.action.owner.as_ref().map_or("its owner", |o| &o.name)
    }

    /// "the registered manager": who approves its closure.
    #[must_use]
    pub fn approver_name(&self) -> &'static str {
        match self.case.action.approver {
            Approver::RegisteredManager => "the registered manager",
            Approver::QualityLead => "the quality lead",
        }
    }

    /// Whether a link to the finding or the review this comes from leads anywhere for this member: by their role, in the
    /// action's service, not by what they logged themselves.
    pub fn leads(&self, signed: &Signed, verb: Verb) -> bool {
        let relation = finding::relation(&signed.actor.member, self.case.action.service_id, false);
        access::may(signed.role(), verb, relation).is_ok()
    }

    /// "Rowan House, Ash".
    #[must_use]
    pub fn place(&self) -> String {
        match &self.papers.unit {
            Some(unit) => format!("{}, {unit}", self.papers.service),
            None => self.papers.service.clone(),
        }
    }
}

/// What a case looks like: words, owner, date, state, what was judged.
#[must_use]
pub fn standing_fields(case: &Case) -> Vec<Field> {
    let a = &case.action;
    let verdict = case.verification.as_ref();
    let verdict = verdict.map(|v| format!("{}, by {}", v.outcome.label(), v.verifier_name));
    let assured = case.assurance.as_ref();
    let assured = assured.map(|x| format!("{}, by {}", x.decision.label(), x.member_name));
    vec![
        field("what", "What is to be done", a.what.clone()),
        field("success_test", "How we will know", a.success_test.clone()),
        field("owner", "Owner", a.owner.as_ref().map(Person::with_title).unwrap_or_default()),
        field("due", "Due date", a.due_on.map(words::date).unwrap_or_default()),
        field("status", "State", a.status.label().to_owned()),
        field("verdict", "Verification", verdict.unwrap_or_default()),
        field("assurance", "Assurance", assured.unwrap_or_default()),
    ]
}

fn field(key: &'static str, label: &'static str, value: String) -> Field {
    Field { key, label, value, by: changed_by(key) }
}

/// The events that may change a field of an action.
fn changed_by(key: &str) -> &'static [EventKind] {
    use EventKind::{
        ActionDefined, AssuranceRecorded, Cancelled, Closed, DueDateMoved, EscalationDecided, EvidenceAdded,
        EvidenceWithdrawn, MergedInto, OwnerChanged, Reopened, Reworded, SubmissionTakenBack, Submitted,
        UpdateAdded, VerificationVoided, Verified,
    };
    match key {
        "what" | "success_test" => &[Reworded, ActionDefined],
        "owner" => &[OwnerChanged, ActionDefined],
        "due" => &[DueDateMoved, EscalationDecided, Verified, AssuranceRecorded, Reopened],
        "evidence" => &[EvidenceAdded, EvidenceWithdrawn, Verified, Reopened],
        "verdict" => &[Verified, VerificationVoided, OwnerChanged, Reopened],
        "assurance" => &[AssuranceRecorded, VerificationVoided, Reopened],
        "control" => &[EscalationDecided],
        _ => &[
            Submitted,
            SubmissionTakenBack,
            VerificationVoided,
            Verified,
            AssuranceRecorded,
            Closed,
            Reopened,
            Cancelled,
            MergedInto,
            OwnerChanged,
            EvidenceWithdrawn,
            UpdateAdded,
        ],
    }
}

fn file(signed: &Signed, case: &Case, given: &Given) -> FileRow {
    let size = given.size.map(words::file_size);
    let place = given.reference.as_ref().map(|r| format!("Kept at: {r}"));
    let mut meta: Vec<String> = vec![given.kind.label().to_owned()];
    meta.extend(size.or(place));
    meta.push(format!("{}, {}", given.author, words::date(given.about_on)));
    meta.extend(given.withdrawn.as_ref().map(Withdrawal::sentence));
    let member = &signed.actor.member;
    let opens = given.withdrawn.is_none()
        || access::may(member.role, Verb::OpenWithdrawn, case.relation(member)).is_ok();
    let href = if given.file_name.is_some() && opens {
        signed.path(&format!("evidence/{}", given.id))
    } else {
        String::new()
    };
    FileRow {
        name: given.title.clone().into(),
        href: href.into(),
        meta: meta.join(" · ").into(),
        withdrawn: given.withdrawn.is_some(),
        withdraw_href: withdraw_href(signed, case, given).into(),
    }
}

/// Where this member may withdraw a piece; the workflow has the last word.
fn withdraw_href(signed: &Signed, case: &Case, given: &Given) -> String {
    let member = &signed.actor.member;
    let relation = Relation { own: given.author_id == member.id, ..case.relation(member) };
    let live = given.withdrawn.is_none() && given.cycle == case.action.cycle && case.action.status.open();
    if live && access::may(member.role, Verb::WithdrawEvidence, relation).is_ok() {
        signed.path(&format!("evidence/{}/withdrawal", given.id))
    } else {
        String::new()
    }
}
