//! The forms with which an action is judged: verification, assurance, closure. They stand on their own pages and, for
//! whoever has to judge next, on the action's page.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::app::AppState;
use crate::domain::action::Status;
use crate::domain::assurance::{Word, may_assure};
use crate::domain::closure::{AssuranceDecision, gate};
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::{Mark, Method, Outcome, Verdict, VerdictRefusal};
use crate::domain::words;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::form::{Choice, Draft};
use crate::http::opened::Opened;
use crate::http::signed::Signed;
use crate::http::verb::VerbForm;
use crate::workflow::verification::mark_field;
use crate::workflow::{self, Actor};

/// A verdict.
pub struct Verification;

/// The fields of a verdict.
#[derive(Template)]
#[template(path = "verification/form.html")]
pub struct VerificationFields {
    draft: Draft,
    methods: Vec<Choice>,
    kinds: Vec<Judged>,
    marks: Vec<Choice>,
    outcomes: Vec<Choice>,
    exception: bool,
}
impl HtmlSafe for VerificationFields {}

/// A kind of evidence to be judged, and what was given of it.
struct Judged {
    field: &'static str,
    label: String,
    given: String,
}

impl VerbForm for Verification {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/verification";
    const BUTTON: &'static str = "Record decision";
    type Fields = VerificationFields;
    type Given = Verdict;

    fn title(_: &Opened) -> &'static str {
        "Verify this action"
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        let case = &opened.case;
        opened.capacity(&signed.actor.member, true).map_err(|refusal| refusal.sentence())?;
        if case.action.status != Status::Submitted {
            return Err(VerdictRefusal::NotSubmitted(case.action.status).sentence());
        }
        Ok(())
    }

    async fn fields(
        _: &AppState,
        signed: &Signed,
        opened: &Opened,
        draft: &Draft,
    ) -> Result<VerificationFields, AppError> {
        let (case, member) = (&opened.case, &signed.actor.member);
        Ok(VerificationFields {
            draft: draft.clone(),
            methods: Choice::all::<Method>(),
            kinds: case.required.iter().map(|kind| judged(opened, *kind)).collect(),
            marks: Choice::all::<Mark>(),
            outcomes: outcomes(opened),
            exception: opened.capacity(member, false).is_err(),
        })
    }

    fn read(draft: &mut Draft, opened: &Opened) -> Option<Verdict> {
        let note = draft.text("note", 4000, "Say what you sampled and what you found");
        let method = draft.choice::<Method>("method", "Choose how you checked");
        let sample = draft.number("sample", 1..=100_000, "Enter how many you looked at");
        let met = draft.number("met", 0..=100_000, "Enter how many met the standard");
        let mut marks = Vec::new();
        for kind in &opened.case.required {
            let sentence =
                format!("Choose whether this evidence supports it: {}", kind.label().to_lowercase());
            marks.extend(draft.choice::<Mark>(mark_field(*kind), &sentence).map(|mark| (*kind, mark)));
        }
        let outcome = draft.choice::<Outcome>("outcome", "Choose your decision");
        let missing = draft.optional_text("missing", 2000);
        let new_due_on = draft.optional_date("due");
        let exception_reason = draft.optional_text("exception", 2000);
        let outcome = outcome?;
        Some(Verdict {
            method: method?,
            sample_size: u32::try_from(sample?).ok()?,
            met_standard: u32::try_from(met?).ok()?,
            note: note?,
            marks,
            outcome,
            missing: missing.filter(|_| outcome == Outcome::PartiallyComplete),
            new_due_on: new_due_on.filter(|_| outcome != Outcome::Complete),
            exception_reason,
        })
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        verdict: &Verdict,
    ) -> workflow::Done<Done> {
        workflow::verification::verify(app, by, number, seen, verdict).await.map(|_| match verdict.outcome {
            Outcome::Complete => Done::VerifiedComplete,
            Outcome::PartiallyComplete => Done::VerifiedPartly,
            Outcome::Ineffective => Done::VerifiedIneffective,
        })
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

fn outcomes(opened: &Opened) -> Vec<Choice> {
    let choice = |outcome: Outcome, hint| Choice::new(outcome.as_str(), outcome.label()).hint(hint);
    let back = format!("Goes back to {} with what is missing and a new due date.", opened.owner_name());
    let again =
        "Done, but practice did not change. It begins again with new evidence, and is escalated.".to_owned();
    vec![
        choice(Outcome::Complete, complete_leads_to(opened)),
        choice(Outcome::PartiallyComplete, back),
        choice(Outcome::Ineffective, again),
    ]
}

fn complete_leads_to(opened: &Opened) -> String {
    let approver = opened.approver_name();
    if opened.case.action.needs_assurance() {
        format!("Goes to the nominated individual for assurance, then to {approver} for closure.")
    } else {
        format!("Goes to {approver} for closure.")
    }
}

/// The nominated individual's word.
pub struct Assurance;

/// The fields of that word.
#[derive(Template)]
#[template(path = "assurance/form.html")]
pub struct AssuranceFields {
    draft: Draft,
    decisions: Vec<Choice>,
}
impl HtmlSafe for AssuranceFields {}

impl VerbForm for Assurance {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/assurance";
    const BUTTON: &'static str = "Record your word";
    type Fields = AssuranceFields;
    type Given = Word;

    fn title(_: &Opened) -> &'static str {
        "Record assurance"
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        may_assure(&signed.actor.member, &opened.case).map(drop).map_err(|refusal| refusal.sentence())
    }

    async fn fields(
        _: &AppState,
        _: &Signed,
        opened: &Opened,
        draft: &Draft,
    ) -> Result<AssuranceFields, AppError> {
        let owner = opened.owner_name();
        let approver = opened.approver_name();
        let decision =
            |d: AssuranceDecision, label: &str, hint: String| Choice::new(d.as_str(), label).hint(hint);
        let decisions = vec![
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
        ];
        Ok(AssuranceFields { draft: draft.clone(), decisions })
    }

    fn read(draft: &mut Draft, _: &Opened) -> Option<Word> {
        let decision = draft.choice::<AssuranceDecision>("decision", "Choose whether you are satisfied");
        let note = draft.text("note", 4000, "Say what you looked at and why you are satisfied, or not");
        let due = draft.optional_date("due");
        let decision = decision?;
        let new_due_on = due.filter(|_| decision == AssuranceDecision::Challenged);
        Some(Word { decision, note: note?, new_due_on })
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        word: &Word,
    ) -> workflow::Done<Done> {
        workflow::assurance::record(app, by, number, seen, word).await.map(|()| match word.decision {
            AssuranceDecision::Assured => Done::AssuranceGiven,
            AssuranceDecision::Challenged => Done::Challenged,
        })
    }
}

/// Approval of closure (R17).
pub struct Closure;

/// The fields of an approval.
#[derive(Template)]
#[template(path = "closure/form.html")]
pub struct ClosureFields {
    draft: Draft,
    follow_up: String,
}
impl HtmlSafe for ClosureFields {}

impl VerbForm for Closure {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/closure";
    const BUTTON: &'static str = "Close action";
    type Fields = ClosureFields;
    type Given = String;

    fn title(_: &Opened) -> &'static str {
        "Close this action"
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        gate(&signed.actor.member, &opened.case).map(drop).map_err(|refusal| refusal.sentence())
    }

    async fn fields(
        _: &AppState,
        _: &Signed,
        opened: &Opened,
        draft: &Draft,
    ) -> Result<ClosureFields, AppError> {
        let today = opened.moment.today;
        let agreed = opened.case.action.follow_up_on.filter(|d| *d > today);
        let follow_up = agreed.map_or_else(
            || "Its impact is looked at again on the first day the closure standard names.".to_owned(),
            |day| format!("Its impact is looked at again on {}.", words::date(day)),
        );
        Ok(ClosureFields { draft: draft.clone(), follow_up })
    }

    fn read(draft: &mut Draft, _: &Opened) -> Option<String> {
        draft.text("note", 4000, "Say why you are satisfied that the outcome was reached")
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        note: &String,
    ) -> workflow::Done<Done> {
        workflow::closure::close(app, by, number, seen, note).await.map(|_| Done::Closed)
    }
}
