//! The forms with which an action is judged: verification, assurance, closure. They stand on their own pages and, for
//! whoever has to judge next, on the action's page.

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::NaiveDate;

use crate::domain::action::Person;
use crate::domain::closure::AssuranceDecision;
use crate::domain::standard::Approver;
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::{Mark, Method, Outcome, may_verify};
use crate::domain::words;
use crate::http::form::{Choice, Draft};
use crate::http::opened::Opened;
use crate::http::signed::Signed;
use crate::workflow::verification::mark_field;

/// The form of a verdict.
#[derive(Template)]
#[template(path = "verification/form.html")]
pub struct VerificationForm {
    draft: Draft,
    post: String,
    version: i64,
    methods: Vec<Choice>,
    kinds: Vec<Judged>,
    marks: Vec<Choice>,
    outcomes: Vec<Choice>,
    exception: bool,
}
impl HtmlSafe for VerificationForm {}

/// A kind of evidence to be judged, and what was given of it.
struct Judged {
    field: &'static str,
    label: String,
    given: String,
}

impl VerificationForm {
    /// The form with what was typed in `draft`, made from `version` of the action.
    #[must_use]
    pub fn new(signed: &Signed, opened: &Opened, draft: Draft, version: i64) -> Self {
        let case = &opened.case;
        let member = &signed.actor.member;
        let without = may_verify(member, &case.action, &case.owners, &case.pieces, false);
        let owner = owner_name(case.action.owner.as_ref());
        let kinds = case.required.iter().map(|kind| judged(opened, *kind)).collect();
        Self {
            draft,
            post: opened.path(signed, "verification"),
            version,
            methods: Choice::all::<Method>(),
            kinds,
            marks: Choice::all::<Mark>(),
            outcomes: vec![
                choice(Outcome::Complete, complete_leads_to(opened)),
                choice(
                    Outcome::PartiallyComplete,
                    format!("Goes back to {owner} with what is missing and a new due date."),
                ),
                choice(
                    Outcome::Ineffective,
                    "Done, but practice did not change. It begins again with new evidence, and is escalated."
                        .into(),
                ),
            ],
            exception: without.is_err(),
        }
    }
}

fn judged(opened: &Opened, kind: EvidenceKind) -> Judged {
    let cycle = opened.case.action.cycle;
    let given = opened.papers.evidence.iter();
    let given = given.filter(|e| e.kind == kind && e.cycle == cycle && e.withdrawn.is_none());
    let titles: Vec<&str> = given.map(|e| e.title.as_str()).collect();
    Judged {
        field: mark_field(kind),
        label: format!("{}: does it show that it worked?", kind.label()),
        given: words::list(&titles),
    }
}

fn choice(outcome: Outcome, hint: String) -> Choice {
    Choice::new(outcome.as_str(), outcome.label()).hint(hint)
}

fn complete_leads_to(opened: &Opened) -> String {
    let approver = approver_name(opened.case.action.approver);
    if opened.case.action.needs_assurance() {
        format!("Goes to the nominated individual for assurance, then to {approver} for closure.")
    } else {
        format!("Goes to {approver} for closure.")
    }
}

/// "the registered manager".
#[must_use]
pub const fn approver_name(approver: Approver) -> &'static str {
    match approver {
        Approver::RegisteredManager => "the registered manager",
        Approver::QualityLead => "the quality lead",
    }
}

fn owner_name(owner: Option<&Person>) -> String {
    owner.map_or_else(|| "its owner".to_owned(), |o| o.name.clone())
}

/// The form of the nominated individual's word.
#[derive(Template)]
#[template(path = "assurance/form.html")]
pub struct AssuranceForm {
    draft: Draft,
    post: String,
    version: i64,
    decisions: Vec<Choice>,
}
impl HtmlSafe for AssuranceForm {}

impl AssuranceForm {
    /// The form with what was typed in `draft`, made from `version` of the action.
    #[must_use]
    pub fn new(signed: &Signed, opened: &Opened, draft: Draft, version: i64) -> Self {
        let owner = owner_name(opened.case.action.owner.as_ref());
        let approver = approver_name(opened.case.action.approver);
        let decision =
            |d: AssuranceDecision, label: &str, hint: String| Choice::new(d.as_str(), label).hint(hint);
        Self {
            draft,
            post: opened.path(signed, "assurance"),
            version,
            decisions: vec![
                decision(
                    AssuranceDecision::Assured,
                    "I am satisfied that practice changed",
                    format!("It goes to {approver} for closure."),
                ),
                decision(
                    AssuranceDecision::Challenged,
                    "I am not satisfied",
                    format!("It goes back to {owner} with your reason and a new due date, and is escalated."),
                ),
            ],
        }
    }
}

/// The form of an approval.
#[derive(Template)]
#[template(path = "closure/form.html")]
pub struct ClosureForm {
    draft: Draft,
    post: String,
    version: i64,
    follow_up: String,
}
impl HtmlSafe for ClosureForm {}

impl ClosureForm {
    /// The form with what was typed in `draft`, made from `version` of the action.
    #[must_use]
    pub fn new(signed: &Signed, opened: &Opened, draft: Draft, version: i64) -> Self {
        let today = opened.moment.today;
        let agreed: Option<NaiveDate> = opened.case.action.follow_up_on.filter(|d| *d > today);
        Self {
            draft,
            post: opened.path(signed, "closure"),
            version,
            follow_up: agreed.map_or_else(
                || "Its impact is looked at again on the first day the closure standard names.".to_owned(),
                |day| format!("Its impact is looked at again on {}.", words::date(day)),
            ),
        }
    }
}
