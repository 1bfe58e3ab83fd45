//! What comes next with an action, said to the one who looks at it: their own step, or whom it waits for.

use crate::domain::access::{self, Denial, Verb};
use crate::domain::action::Status;
use crate::domain::assurance::may_assure;
use crate::domain::change::may_change;
use crate::domain::closure::{ClosureRefusal, gate};
use crate::domain::member::Role;
use crate::domain::reference::Reference;
use crate::domain::sustain::{Impact, Refusal, may_look, opens_on};
use crate::domain::verification::VerdictRefusal;
use crate::domain::words;
use crate::http::opened::Opened;
use crate::http::signed::Signed;
use crate::store::papers::Colleague;

/// A link as a button or in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it does.
    pub label: &'static str,
    /// Where.
    pub href: String,
}

/// A form that stands on the page itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A verdict.
    Verify,
    /// The nominated individual's word.
    Assure,
    /// Approval.
    Close,
}

/// What comes next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// The heading: theirs, or whom it waits for.
    pub title: String,
    /// What somebody wrote that is needed to go on: who it was, as a sentence, and their words.
    pub quote: Option<(String, String)>,
    /// Sentences.
    pub words: Vec<String>,
    /// A button that does it at once.
    pub post: Option<Link>,
    /// The button that leads to the form.
    pub button: Option<Link>,
    /// A second, quieter one.
    pub other: Option<Link>,
    /// The form on the page.
    pub deed: Option<Deed>,
}

impl Next {
    fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    fn say(mut self, sentence: impl Into<String>) -> Self {
        self.words.push(sentence.into());
        self
    }
}

/// The next step for this member.
#[must_use]
pub fn next(signed: &Signed, opened: &Opened) -> Next {
    let mine = opened.case.relation(&signed.actor.member).own;
    match opened.case.action.status {
        Status::Submitted => checking(signed, opened, mine),
        Status::Verified => closing(signed, opened),
        Status::Closed => closed(signed, opened),
        Status::Cancelled if opened.case.action.merged_into.is_some() => merged(signed, opened),
        Status::Cancelled => Next {
            quote: opened
                .papers
                .cancel_reason
                .clone()
                .map(|why| ("It was called off, and stays readable.".into(), why)),
            ..Next::titled("Cancelled")
        },
        _ if mine => doing(signed, opened),
        _ => with_owner(signed, opened),
    }
}

/// It was merged: the other one goes on.
fn merged(signed: &Signed, opened: &Opened) -> Next {
    let into = Reference::action(opened.case.action.merged_into.unwrap_or_default());
    let why = opened.papers.cancel_reason.clone().unwrap_or_default();
    let mut next = Next::titled("Merged into another action");
    next.quote = Some((format!("It repeats {into}, which goes on."), why));
    next.button =
        Some(Link { label: "Open the action that stays", href: signed.path(&format!("actions/{into}")) });
    next
}

/// The owner's own step.
fn doing(signed: &Signed, opened: &Opened) -> Next {
    let case = &opened.case;
    let ready = case.ready();
    let mut next = came_back(opened, "Your next step");
    let update = Some(Link { label: "Add an update", href: opened.path(signed, "update") });
    match ready {
        Ok(()) => {
            next = next.say("Everything asked for is here. If it is done, send it for verification.");
            let send = Link { label: "Send for verification", href: opened.path(signed, "submission") };
            (next.post, next.other) = (Some(send), update);
        }
        Err(refusal) => {
            next = next.say(refusal.sentence());
            next.button = update;
        }
    }
    next
}

/// For everybody but the owner, while it is with the owner.
fn with_owner(signed: &Signed, opened: &Opened) -> Next {
    let a = &opened.case.action;
    let may = |verb| may_change(&signed.actor.member, verb, &opened.case).is_ok();
    let mut next = match a.owner.as_ref().filter(|o| !o.left) {
        Some(owner) => {
            let due = words::due(a.due_on, opened.moment.today);
            came_back(opened, &format!("Waits for {}", owner.name)).say(format!("{due}."))
        }
        None => {
            let mut next =
                Next::titled("Nobody owns this").say("It needs one owner before anything can happen.");
            if may(Verb::Reassign) {
                next.button = Some(Link { label: "Choose an owner", href: opened.path(signed, "owner") });
            }
            return next;
        }
    };
    if a.due_on.is_none() && may(Verb::Extend) {
        next.button = Some(Link { label: "Set the due date", href: opened.path(signed, "extension") });
    }
    let relation = opened.case.relation(&signed.actor.member);
    if access::may(signed.role(), Verb::AddProgress, relation).is_ok() {
        next.other = Some(Link { label: "Add an update", href: opened.path(signed, "update") });
    }
    next
}

/// What the newest verdict or challenge said, when the action came back.
fn came_back(opened: &Opened, title: &str) -> Next {
    let mut next = Next::titled(title);
    let status = opened.case.action.status;
    if !matches!(status, Status::SentBack | Status::Ineffective) {
        return next;
    }
    let challenge = opened.papers.assurances.first();
    match opened.papers.verifications.first() {
        Some(v) if challenge.is_none_or(|c| c.at < v.at) => {
            let said = if status == Status::Ineffective {
                "found that practice did not change. It begins again, with new evidence"
            } else {
                "sent it back. What is missing"
            };
            let written = v.missing.clone().unwrap_or_else(|| v.note.clone());
            next.quote = Some((format!("{} {said}:", v.by), written));
        }
        _ => {
            if let Some(c) = challenge {
                next.quote = Some((format!("{} was not satisfied, and sent it back:", c.by), c.note.clone()));
            }
        }
    }
    next
}

fn checking(signed: &Signed, opened: &Opened, mine: bool) -> Next {
    let case = &opened.case;
    let may = |with_reason| opened.capacity(&signed.actor.member, with_reason);
    if may(false).is_ok() {
        return Next { deed: Some(Deed::Verify), ..Next::titled("Verify this action") };
    }
    let by = case.action.verify_by.map(words::date).unwrap_or_default();
    let managers = case.owners.iter().any(|(_, role)| *role == Role::RegisteredManager);
    let gave = |p: &Colleague| case.pieces.iter().any(|piece| piece.author == p.id && !piece.withdrawn);
    let who = names(opened, |p| {
        let role = match p.role {
            Role::RegisteredManager => !managers,
            Role::NominatedIndividual => managers,
            _ => true,
        };
        role && !gave(p)
    });
    let mut next = Next::titled("Waits for verification")
        .say(format!("Somebody who neither owned it nor gave the evidence checks it by {by}: {who}."));
    match may(false) {
        Err(VerdictRefusal::Denied(denial)) if mine || denial != access::Denial::NotYours => {
            next = next.say(if mine {
                "You own it, so somebody else has to check it."
            } else {
                denial.sentence()
            });
        }
        Err(VerdictRefusal::ManagersAction) => {
            next = next.say(VerdictRefusal::ManagersAction.sentence());
        }
        _ => {}
    }
    if mine {
        let href = opened.path(signed, "submission/withdrawal");
        next.post = Some(Link { label: "Take it back", href });
    }
    if may(true).is_ok() {
        next.other =
            Some(Link { label: "Check it as an exception", href: opened.path(signed, "verification") });
    }
    next
}

fn closing(signed: &Signed, opened: &Opened) -> Next {
    let (case, member) = (&opened.case, &signed.actor.member);
    let unassured = case.action.needs_assurance() && case.assured().is_none();
    if unassured {
        if may_assure(member, case).is_ok() {
            return Next { deed: Some(Deed::Assure), ..Next::titled("Record your assurance") };
        }
        let who = names(opened, |p| p.role == Role::NominatedIndividual);
        return Next::titled("Waits for assurance").say(format!(
            "The finding is {} risk, so the nominated individual has to be satisfied first: {who}.",
            case.action.risk.label().to_lowercase()
        ));
    }
    match gate(member, case) {
        Ok(_) => Next { deed: Some(Deed::Close), ..Next::titled("Close this action") },
        Err(refusal @ ClosureRefusal::Missing(_)) => {
            let button = root_cause(signed, opened);
            Next { button, ..Next::titled("Not ready to close").say(refusal.sentence()) }
        }
        Err(_) => waits_for_approval(opened),
    }
}

/// The root-cause review that holds it up, for whoever writes it (R22).
fn root_cause(signed: &Signed, opened: &Opened) -> Option<Link> {
    let finding = Reference::finding(opened.case.unreviewed()?);
    let href = signed.path(&format!("findings/{finding}/root-cause"));
    opened.leads(signed, Verb::FindRootCause).then_some(Link { label: "Write the root-cause review", href })
}

fn waits_for_approval(opened: &Opened) -> Next {
    let case = &opened.case;
    let managers = case.owners.iter().any(|(_, role)| *role == Role::RegisteredManager);
    let role = match case.action.approver {
        crate::domain::standard::Approver::RegisteredManager => Role::RegisteredManager,
        crate::domain::standard::Approver::QualityLead => Role::QualityLead,
    };
    let who = names(opened, |p| {
        p.role == role || (managers && matches!(p.role, Role::QualityLead | Role::NominatedIndividual))
    });
    let approver = opened.approver_name();
    Next::titled("Waits for closure")
        .say(format!("It was verified as complete. It is for {approver} to close: {who}."))
}

fn closed(signed: &Signed, opened: &Opened) -> Next {
    let (planned, today) = (opened.next_check(), opened.moment.today);
    let mut next = match (planned, opened.impact()) {
        (Some(check), _) => {
            let day = words::date(check.due_on);
            Next::titled("Closed").say(format!("Whether the improvement lasts is looked at on {day}."))
        }
        (None, Impact::Shown) => Next::titled("Closed, and it has lasted").say("It stays readable."),
        (None, _) => Next::titled("Closed").say("It stays readable."),
    };
    let due = planned.map(|check| check.due_on);
    match may_look(&signed.actor.member, &opened.case, due, today) {
        Ok(()) => {
            next.title = "Has it lasted?".into();
            next.button = Some(Link { label: "Look again", href: opened.path(signed, "sustain-check") });
        }
        Err(Refusal::Denied(Denial::Owner)) if due.is_some_and(|day| opens_on(day) <= today) => {
            next = next.say("You own it or have owned it, so somebody else looks.");
        }
        Err(_) => {}
    }
    if may_change(&signed.actor.member, Verb::Reopen, &opened.case).is_ok() {
        next.other = Some(Link { label: "Reopen", href: opened.path(signed, "reopening") });
    }
    next
}

/// The names of those who could, leaving out whoever owned it in this cycle; or that nobody can.
fn names(opened: &Opened, wanted: impl Fn(&Colleague) -> bool) -> String {
    let owned = |p: &Colleague| opened.case.owners.iter().any(|(id, _)| *id == p.id);
    let people = opened.papers.people.iter().filter(|p| wanted(p) && !owned(p));
    let names: Vec<&str> = people.map(|p| p.name.as_str()).collect();
    if names.is_empty() { "nobody has this role here yet".into() } else { words::choice(&names) }
}

/// What this member may change about the action, in the order of the page.
#[must_use]
pub fn changes(signed: &Signed, opened: &Opened) -> Vec<Link> {
    let dated = opened.case.action.due_on.is_some();
    [
        (Verb::Reassign, "Change the owner", "owner"),
        (Verb::Reword, "Change the wording", "rewording"),
        (Verb::Extend, if dated { "Move the due date" } else { "Set the due date" }, "extension"),
        (Verb::Merge, "Merge into another action", "merging"),
        (Verb::Cancel, "Cancel this action", "cancellation"),
    ]
    .into_iter()
    .filter(|(verb, ..)| may_change(&signed.actor.member, *verb, &opened.case).is_ok())
    .map(|(_, label, path)| Link { label, href: opened.path(signed, path) })
    .collect()
}
