//! What the page of an action is made of: thread, checklist, details, earlier wording and dates, and the papers of
//! every round.

use chrono::{DateTime, Utc};

use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::action::{Status, missing_kinds};
use crate::domain::calendar;
use crate::domain::closure::{AssuranceDecision, Case};
use crate::domain::reference::Reference;
use crate::domain::sustain::{Impact, Lasting};
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::{Mark, Outcome};
use crate::domain::words;
use crate::http::opened::Opened;
use crate::http::signed::Signed;
use crate::http::told;
use crate::http::view::{At, Check, Checklist, Facts, Moment, Stop, Thread, Timeline};
use crate::store::change::Field;
use crate::store::papers::{Change, SustainCheck, Verdict};

/// Finding, action done, evidence, verification, impact.
#[must_use]
pub fn thread(opened: &Opened) -> Thread {
    let finding = Stop::new("Finding", words::date(opened.papers.found_on), At::Done);
    Thread {
        stops: vec![finding, done(opened), evidence(&opened.case), verification(opened), impact(opened)],
    }
}

fn done(opened: &Opened) -> Stop {
    let a = &opened.case.action;
    match a.submitted_at {
        Some(at) => Stop::new("Action done", words::date(london_date(at)), At::Done),
        None if a.status == Status::Cancelled => Stop::new("Action done", "cancelled", At::Next),
        None => {
            let due = a.due_on.map_or_else(|| "no due date".into(), |d| format!("due by {}", words::date(d)));
            Stop::new("Action done", due, At::Now)
        }
    }
}

fn evidence(case: &Case) -> Stop {
    let missing = missing_kinds(&case.required, &case.pieces).len();
    let note = format!("{} of {} attached", case.required.len() - missing, case.required.len());
    Stop::new("Evidence", note, if missing == 0 { At::Done } else { At::Next })
}

fn verification(opened: &Opened) -> Stop {
    let a = &opened.case.action;
    let newest = opened.papers.verifications.first();
    let day = |at: DateTime<Utc>| words::date(london_date(at));
    let (note, at) = match (a.status, newest) {
        (Status::Submitted, _) => {
            (a.verify_by.map(|d| format!("due by {}", words::date(d))).unwrap_or_default(), At::Now)
        }
        (Status::Verified | Status::Closed, Some(v)) => (day(v.at), At::Done),
        (Status::SentBack, Some(v)) => (format!("sent back {}", day(v.at)), At::Next),
        (Status::Ineffective, Some(v)) => (format!("ineffective {}", day(v.at)), At::Next),
        _ => (format!("within {}", words::count(a.verification_working_days, "working day")), At::Next),
    };
    Stop::new("Verification", note, at)
}

fn impact(opened: &Opened) -> Stop {
    let a = &opened.case.action;
    let measured = a.follow_up_on.map(|d| format!("look again on {}", words::date(d)));
    match a.status {
        Status::Closed => lasting(opened, measured.unwrap_or_default()),
        Status::Verified => Stop::new("Impact", "once it is closed", At::Next),
        _ => Stop::new("Impact", measured.unwrap_or_else(|| "after closure".into()), At::Next),
    }
}

/// Whether what is closed has lasted, as far as somebody has looked (R19).
fn lasting(opened: &Opened, measured: String) -> Stop {
    let cycle = opened.case.action.cycle;
    let newest = answered(opened).max_by_key(|check| check.at);
    let on = newest.and_then(|check| check.at).map(|at| words::date(london_date(at))).unwrap_or_default();
    match opened.impact() {
        Impact::NotYet(None) => Stop::new("Impact", measured, At::Now),
        Impact::NotYet(Some(day)) => {
            let now = opened.papers.closures.iter().any(|c| c.cycle == cycle && !c.improved.is_empty());
            let before = if now { "improvement measured, " } else { "" };
            Stop::new("Impact", format!("{before}look again on {}", words::date(day)), At::Now)
        }
        Impact::HeldSoFar(day) => {
            Stop::new("Impact", format!("held on {on}, look again on {}", words::date(day)), At::Now)
        }
        Impact::Shown => Stop::new("Impact", format!("shown: held on {on}"), At::Done),
        Impact::NotShown => Stop::new("Impact", format!("not shown: slipping on {on}"), At::Now),
    }
}

/// The sustain checks of this cycle that were answered, in order.
fn answered(opened: &Opened) -> impl Iterator<Item = &SustainCheck> {
    let cycle = opened.case.action.cycle;
    opened.papers.sustain.iter().filter(move |check| check.cycle == cycle && check.lasting.is_some())
}

/// The gate's own answers.
#[must_use]
pub fn checklist(case: &Case) -> Checklist {
    let items = case.checklist().into_iter();
    Checklist { items: items.map(|i| Check::new(i.met, i.title, i.detail, i.aside)).collect() }
}

/// Who, when, what about.
#[must_use]
pub fn details(signed: &Signed, opened: &Opened) -> Facts {
    let (a, papers, today) = (&opened.case.action, &opened.papers, opened.moment.today);
    let owner = match &a.owner {
        Some(o) if o.left => format!("{}, who has left", o.name),
        Some(o) => o.with_title(),
        None => "Nobody".into(),
    };
    let late = if a.overdue(today) {
        a.due_on.map(|d| words::days_late(calendar::working_days_after(d, today, a.nation)))
    } else {
        None
    };
    let due = a.due_on.map_or_else(|| "No due date".into(), words::date);
    let verifier = opened.case.passed().map(|v| v.verifier_name.clone()).unwrap_or_default();
    let closed = papers.closures.iter().find(|c| c.cycle == a.cycle);
    let closure = match closed {
        Some(c) => ("Closed by", c.by.clone()),
        None => ("Approves closure", words::capital(opened.approver_name())),
    };
    let reviewed = papers
        .reviewed
        .as_ref()
        .map(|r| format!("{}: {}, {}", r.standing.label(), r.by, words::date(london_date(r.at))));
    let reviewed = reviewed.unwrap_or_default();
    let mut facts = Facts::new()
        .fact("How we will know", a.success_test.clone())
        .fact("Owner", owner)
        .fact("Due", late.map_or(due.clone(), |late| format!("{due}, {late}")))
        .fact("Check by", a.verify_by.map(words::date).unwrap_or_default())
        .fact("Verified by", verifier)
        .fact(closure.0, closure.1)
        .fact("Last weekly review", reviewed)
        .fact("Risk", a.risk.label())
        .fact("Theme", a.theme.label())
        .fact("Topic", a.topic.label())
        .fact("Where", opened.place());
    for source in &papers.sources {
        let review = Reference::review(source.number);
        let title = format!("{}, {}", source.title, words::date(source.held_on));
        let href = if opened.leads(signed, Verb::RunReview) {
            signed.path(&format!("reviews/{review}"))
        } else {
            String::new()
        };
        facts = facts.linked("Source", title, href);
    }
    facts
        .fact("Bears on", papers.bears_on.join("; "))
        .fact("Vague words kept", a.wording_override.clone().unwrap_or_default())
        .fact("Escalated", papers.escalation.as_ref().map(|e| e.cause.label()).unwrap_or_default())
}

/// Earlier owners, words and dates.
pub struct History {
    /// "Reworded once, date moved twice"; empty when nothing changed.
    pub counts: String,
    /// Each change with its reason, newest first.
    pub changes: Timeline,
}

/// What was changed since the action was agreed (R6).
#[must_use]
pub fn history(opened: &Opened) -> History {
    let a = &opened.case.action;
    let counted =
        [("reworded", a.rewordings), ("date moved", a.extensions), ("owner changed", a.owner_changes)];
    let said: Vec<String> =
        counted.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what} {}", times(*n))).collect();
    let moments = opened.papers.changes.iter().map(change).collect();
    History { counts: words::capital(&said.join(", ")), changes: Timeline { moments } }
}

fn change(change: &Change) -> Moment {
    let value = |text: &Option<String>| match (change.field, text.as_deref()) {
        (_, None) => "nothing".to_owned(),
        (Field::DueOn, Some(day)) => day.parse().map_or_else(|_| day.to_owned(), words::date),
        (_, Some(text)) => text.to_owned(),
    };
    let (before, after) = (value(&change.before), value(&change.after));
    let (what, quote) = match change.field {
        Field::DueOn => (format!("Due date: from {before} to {after}"), String::new()),
        Field::Owner => (format!("Owner: from {before} to {after}"), String::new()),
        field => (format!("{}, before", field.label()), before),
    };
    Moment {
        what: what.into(),
        by: format!("{}, {}", change.by, words::instant(change.at)).into(),
        detail: format!("Reason: {}", change.reason).into(),
        quote: quote.into(),
        late: false,
    }
}

/// The papers of one round: an action begins a new one when it is reopened or found ineffective.
pub struct Round {
    /// "This round", "Round 1".
    pub title: String,
    /// Its verdicts, assurances, closure and reopening, newest first.
    pub papers: Timeline,
}

/// Every verdict, assurance, closure and reopening, by round, newest first. Rounds without any are left out.
#[must_use]
pub fn rounds(opened: &Opened) -> Vec<Round> {
    let now = opened.case.action.cycle;
    (1..=now)
        .rev()
        .map(|cycle| {
            let title = if now == 1 {
                String::new()
            } else if cycle == now {
                "This round".into()
            } else {
                format!("Round {cycle}")
            };
            Round { title, papers: Timeline { moments: papers_of(opened, cycle) } }
        })
        .filter(|round| !round.papers.moments.is_empty())
        .collect()
}

fn papers_of(opened: &Opened, cycle: i32) -> Vec<Moment> {
    let p = &opened.papers;
    let mut papers: Vec<(DateTime<Utc>, Moment)> = Vec::new();
    // last things first, so that what happened in one instant keeps its order
    for r in p.reopenings.iter().filter(|r| r.cycle == cycle) {
        papers.push((r.at, paper("Reopened".into(), &r.by, r.at, String::new(), &r.reason)));
    }
    for c in p.sustain.iter().filter(|c| c.cycle == cycle) {
        papers.extend(c.at.map(|at| (at, look(c, at))));
    }
    for c in p.closures.iter().filter(|c| c.cycle == cycle) {
        papers.push((c.at, paper("Closure approved".into(), &c.by, c.at, improved(&c.improved), &c.note)));
    }
    for x in p.assurances.iter().filter(|x| x.cycle == cycle) {
        let what = match x.decision {
            AssuranceDecision::Assured => "Assurance: satisfied",
            AssuranceDecision::Challenged => "Assurance: not satisfied",
        };
        papers.push((x.at, paper(what.into(), &x.by, x.at, String::new(), &x.note)));
    }
    let verdicts = p.verifications.iter().filter(|v| v.cycle == cycle);
    papers.extend(verdicts.map(|v| (v.at, verdict(v, &opened.case.action.what))));
    papers.sort_by_key(|paper| std::cmp::Reverse(paper.0));
    papers.into_iter().map(|(_, moment)| moment).collect()
}

/// What the measures showed when it was closed.
fn improved(said: &[String]) -> String {
    if said.is_empty() { String::new() } else { format!("Measured improvement. {}.", said.join(". ")) }
}

fn paper(what: String, by: &str, at: DateTime<Utc>, detail: String, quote: &str) -> Moment {
    Moment {
        what: what.into(),
        by: format!("{by}, {}", words::instant(at)).into(),
        detail: detail.into(),
        quote: quote.to_owned().into(),
        late: false,
    }
}

/// A sustain check as it was answered.
fn look(c: &SustainCheck, at: DateTime<Utc>) -> Moment {
    let sample = c.sample_size.zip(c.met_standard).map(|(size, met)| {
        format!("{} looked at, {} met the standard", words::number(size.into()), words::number(met.into()))
    });
    let said = told::sentences(&[
        c.method.map(|method| method.label().to_owned()).unwrap_or_default(),
        sample.unwrap_or_default(),
        c.measure_said.clone(),
    ]);
    let result = c.lasting.map(|lasting| lasting.label().to_lowercase()).unwrap_or_default();
    let by = c.by.as_deref().unwrap_or_default();
    let title = format!("Sustain check: {result}");
    let mut moment = paper(title, by, at, said, c.note.as_deref().unwrap_or_default());
    moment.late = c.lasting != Some(Lasting::Held);
    moment
}

/// A verdict as it was given, with the wording it judged if that has changed since (R18a).
fn verdict(v: &Verdict, what_now: &str) -> Moment {
    let marks = v.marks.iter().filter_map(|(kind, mark)| {
        let (kind, mark) = (EvidenceKind::from_text(kind)?, Mark::from_text(mark.as_str()?)?);
        Some(format!("{}: {}", kind.label(), mark.label().to_lowercase()))
    });
    let labelled =
        |label: &str, text: Option<&str>| text.map(|t| format!("{label}: {t}")).unwrap_or_default();
    let said = told::sentences(&[
        format!(
            "{}: {} looked at, {} met the standard",
            v.method.label(),
            words::number(u64::from(v.sample_size)),
            words::number(u64::from(v.met_standard))
        ),
        marks.collect::<Vec<_>>().join("; "),
        labelled("Missing", v.missing.as_deref()),
        v.new_due_on.map(|day| format!("New due date {}", words::date(day))).unwrap_or_default(),
        labelled("Why a team leader checked it", v.exception_reason.as_deref()),
        labelled("The wording judged", v.what.as_deref().filter(|what| *what != what_now)),
    ]);
    let exception = if v.exception_reason.is_some() { ", as an exception" } else { "" };
    let title = format!("Verdict: {}{exception}", v.outcome.label().to_lowercase());
    let mut moment = paper(title, &v.by, v.at, said, &v.note);
    moment.late = v.outcome == Outcome::Ineffective;
    moment
}

/// "once", "twice", "3 times".
#[must_use]
pub fn times(n: i32) -> String {
    match n {
        1 => "once".into(),
        2 => "twice".into(),
        n => format!("{n} times"),
    }
}
