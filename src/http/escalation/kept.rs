//! The decisions recorded on an escalation, in order, each with what it saw beside what stands now (R18a).

use chrono::NaiveDate;

use super::Seen;
use crate::domain::action::missing_kinds;
use crate::domain::control::Stands;
use crate::domain::escalation::Decision;
use crate::domain::topic::EvidenceKind;
use crate::domain::words;
use crate::store::escalation_list::Kept;

/// A decision recorded before, in words.
pub(super) struct Earlier {
    pub(super) head: String,
    pub(super) by: String,
    pub(super) text: String,
    /// The days of its interim control.
    pub(super) control: String,
    pub(super) check_late: bool,
    pub(super) rows: Vec<Beside>,
}

/// One thing it saw, beside what stands now.
pub(super) struct Beside {
    pub(super) label: &'static str,
    pub(super) then: String,
    pub(super) now: String,
}

impl Beside {
    /// Whether it is different now.
    pub(super) fn changed(&self) -> bool {
        self.then != self.now
    }
}

/// All of them, oldest first; only the newest control is one whose check can be late.
pub(super) fn earlier(seen: &Seen, today: NaiveDate) -> Vec<Earlier> {
    let newest = seen.decisions.iter().rposition(|d| !d.decided.interim_control.is_empty());
    let all = seen.decisions.iter().enumerate();
    all.map(|(place, kept)| one(seen, kept, today, Some(place) == newest)).collect()
}

fn one(seen: &Seen, kept: &Kept, today: NaiveDate, newest: bool) -> Earlier {
    let d = &kept.decided;
    let labelled = |label: &str, said: &str| {
        if said.is_empty() { String::new() } else { format!("{label}: {said}") }
    };
    let date = d.revised_due_on.map(|date| format!("New date: {}.", words::date(date)));
    let parts = match d.decision {
        Decision::Act => [
            labelled("Risk", &kept.risk),
            labelled("Reason", &kept.delay_reason),
            labelled("Support needed", &kept.support_needed),
            labelled("Interim control", &d.interim_control),
            date.unwrap_or_default(),
        ],
        Decision::NoEscalation => {
            [d.because.clone(), date.unwrap_or_default(), String::new(), String::new(), String::new()]
        }
    };
    let text = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("\n");
    let control = if d.interim_control.is_empty() { String::new() } else { d.control.sentence(today) };
    Earlier {
        head: d.decision.label().into(),
        by: format!("{}, {}", d.by, words::instant(d.at)),
        text,
        check_late: newest && !control.is_empty() && d.control.stands(today) == Stands::CheckLate,
        control,
        rows: beside(seen, kept),
    }
}

fn beside(seen: &Seen, kept: &Kept) -> Vec<Beside> {
    let (a, saw) = (&seen.case.action, &kept.saw);
    let nobody = || "Nobody owns it".to_owned();
    let day = |date: Option<NaiveDate>| date.map_or_else(|| "No date".to_owned(), words::date);
    let times = |n: i32| words::count_of(n.unsigned_abs(), "time", "times");
    let mut rows = Vec::new();
    let mut row = |label, then: Option<String>, now: String| {
        rows.extend(then.map(|then| Beside { label, then, now }));
    };
    row("What is to be done", saw.what.clone(), a.what.clone());
    row("How we will know", saw.success_test.clone(), a.success_test.clone());
    let owner = a.owner.as_ref().map(|o| o.name.clone());
    row("Owner", Some(kept.owner.clone().unwrap_or_else(nobody)), owner.unwrap_or_else(nobody));
    row("Due date", Some(day(saw.due_on)), day(a.due_on));
    row("Date moved", Some(times(saw.extensions)), times(a.extensions));
    row("State", saw.status.map(|s| s.label().to_owned()), a.status.label().to_owned());
    row("Risk", saw.risk.map(|r| r.label().to_owned()), a.risk.label().to_owned());
    let kept_evidence = saw.evidence.as_ref().map(|_| listed(&kept.evidence));
    row("Evidence", kept_evidence, listed(&seen.around.evidence));
    let missing = saw.evidence.as_ref().map(|_| kinds(&saw.missing));
    row("Evidence missing", missing, kinds(&missing_kinds(&seen.case.required, &seen.case.pieces)));
    let control = saw.evidence.as_ref().map(|_| saw.control.clone().unwrap_or_else(nothing));
    let now = seen.around.control.as_ref().map(|c| c.control.clone());
    row("Interim control", control, now.unwrap_or_else(nothing));
    rows
}

fn nothing() -> String {
    "None".into()
}

fn listed(evidence: &[(EvidenceKind, String)]) -> String {
    if evidence.is_empty() {
        return nothing();
    }
    evidence.iter().map(|(kind, title)| format!("{}: {title}", kind.label())).collect::<Vec<_>>().join("\n")
}

fn kinds(missing: &[EvidenceKind]) -> String {
    if missing.is_empty() {
        return nothing();
    }
    missing.iter().map(|kind| kind.label().to_owned()).collect::<Vec<_>>().join("\n")
}
