//! The trail in plain words: one sentence for each kind of event, with who, when and what they wrote.

use chrono::NaiveDate;
use serde_json::Value;

use crate::clock::london_date;
use crate::domain::closure::AssuranceDecision;
use crate::domain::escalation::{Cause, Decision, Level};
use crate::domain::event::EventKind;
use crate::domain::figure::Month;
use crate::domain::governance::Said;
use crate::domain::recurrence::Setback;
use crate::domain::reference::Reference;
use crate::domain::signal::Sign;
use crate::domain::sustain::Lasting;
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::{Method, Outcome};
use crate::domain::weekly::Standing;
use crate::domain::words;
use crate::http::view::{Moment, Timeline};
use crate::store::trail::Told;

/// Lines of the trail as a timeline, in the order given.
#[must_use]
pub fn timeline(lines: &[Told]) -> Timeline {
    Timeline { moments: lines.iter().map(moment).collect() }
}

/// One line.
#[must_use]
pub fn moment(told: &Told) -> Moment {
    let (what, detail, quote) = words_for(told);
    let by = told.actor.as_ref().map_or_else(
        || format!("{}, automatic", words::date(london_date(told.at))),
        |name| format!("{name}, {}", words::instant(told.at)),
    );
    Moment {
        what: what.into(),
        by: by.into(),
        detail: detail.into(),
        quote: quote.into(),
        late: bad_news(told),
    }
}

/// What happened, more in our words, and what the person wrote.
fn words_for(told: &Told) -> (String, String, String) {
    let text = |name: &str| text(told, name).to_owned();
    let plain = told.kind.label().to_owned();
    match told.kind {
        EventKind::ActionDefined => (agreed(told), kept(told), String::new()),
        EventKind::OwnerChanged => (handed_over(told), reason(told), String::new()),
        EventKind::Reworded => (plain, sentences(&[reason(told), kept(told)]), reworded(told)),
        EventKind::DueDateMoved => (moved(told, "before", "after"), reason(told), String::new()),
        EventKind::UpdateAdded => (plain, update(told), text("note")),
        EventKind::EvidenceAdded => (titled("Evidence added", told), evidence(told), text("note")),
        EventKind::EvidenceWithdrawn => (titled("Evidence withdrawn", told), reason(told), String::new()),
        EventKind::Submitted => (plain, by_day(told, "verify_by", "To be checked by"), String::new()),
        EventKind::SubmissionTakenBack => (plain, because(told).into(), String::new()),
        EventKind::VerificationVoided => (plain, because(told).into(), String::new()),
        EventKind::Verified => (verdict(told), checked(told), text("note")),
        EventKind::AssuranceRecorded => {
            (assured(told).into(), by_day(told, "new_due_on", "New due date"), text("note"))
        }
        EventKind::Closed => {
            let looked_at = by_day(told, "follow_up_on", "Its impact is looked at on");
            (plain, sentences(&[looked_at, labelled(told, "improved", "Measured improvement")]), text("note"))
        }
        EventKind::SustainChecked => (lasted(told), looked(told), text("note")),
        EventKind::ClosureAudited => (audited(told).into(), String::new(), text("note")),
        EventKind::Reopened => (plain, by_day(told, "due_on_after", "Due"), text("reason")),
        EventKind::Cancelled | EventKind::FindingDisposed => (plain, String::new(), text("reason")),
        EventKind::MergedInto => (merged(told, "into", "Merged into"), String::new(), text("reason")),
        EventKind::TookIn => {
            (format!("{} into this one", merged(told, "merged", "Merged")), String::new(), text("reason"))
        }
        EventKind::BecameOverdue => (plain, by_day(told, "due_on", "It was due on"), String::new()),
        EventKind::Escalated => (escalated(told), cause(told).into(), String::new()),
        EventKind::EscalationDecided => (decided(told), decision(told), String::new()),
        EventKind::GovernanceDecided => (in_meeting(told), month_of(told), text("note")),
        EventKind::GovernanceMinuted => (plain, month_of(told), text("minutes")),
        EventKind::GovernanceSigned => (plain, month_of(told), String::new()),
        EventKind::PackAsked => (plain, text("purpose"), String::new()),
        EventKind::PackWithdrawn | EventKind::PackFailed => {
            (plain, text("reason") + &text("because"), String::new())
        }
        EventKind::ReviewedWeekly => {
            (weekly(told), labelled(told, "support_needed", "Support needed"), text("note"))
        }
        EventKind::SignAcknowledged | EventKind::SignShownAgain => {
            (of_sign(told), by_day(told, "until", "It comes back on"), text("reason"))
        }
        EventKind::ClosureNotLasting => (linked(told), String::new(), String::new()),
        EventKind::RootCauseOpened => (plain, setback(told), String::new()),
        EventKind::RootCauseSaved | EventKind::RootCauseFound => (plain, why(told), text("analysis")),
        EventKind::FindingLinked | EventKind::LinkWithdrawn => (linked(told), reason(told), String::new()),
        EventKind::MeasureNamed => (plain, String::new(), text("name")),
        EventKind::FindingLogged => (plain, String::new(), text("what")),
        _ => (titled(&plain, told), reason(told), String::new()),
    }
}

fn bad_news(told: &Told) -> bool {
    match told.kind {
        EventKind::BecameOverdue | EventKind::Escalated => true,
        EventKind::ReviewedWeekly => {
            matches!(word::<Standing>(told, "standing"), Some(Standing::Blocked | Standing::Escalate))
        }
        EventKind::Verified => word::<Outcome>(told, "outcome") == Some(Outcome::Ineffective),
        EventKind::SustainChecked => {
            matches!(word::<Lasting>(told, "lasting"), Some(Lasting::Slipping | Lasting::Lost))
        }
        EventKind::ClosureAudited => !is(told, "stands_up"),
        _ => false,
    }
}

fn audited(told: &Told) -> &'static str {
    if is(told, "stands_up") {
        "Closure audit: the evidence stands up"
    } else {
        "Closure audit: the evidence does not stand up"
    }
}

fn lasted(told: &Told) -> String {
    let lasting = word::<Lasting>(told, "lasting").map(|l| format!(": {}", l.label().to_lowercase()));
    format!("{}{}", told.kind.label(), lasting.unwrap_or_default())
}

fn looked(told: &Told) -> String {
    let count = |name: &str| told.detail.get(name).and_then(Value::as_u64);
    let sample = count("sample_size").zip(count("met_standard"));
    sentences(&[
        sample.map_or_else(String::new, |(size, met)| {
            format!("{} looked at, {} met the standard", words::number(size), words::number(met))
        }),
        text(told, "measure").to_owned(),
        by_day(told, "again_on", "Looked at again on"),
    ])
}

fn of_sign(told: &Told) -> String {
    let sign = word::<Sign>(told, "sign").map(|sign| format!(": {}", sign.label().to_lowercase()));
    format!("{}{}", told.kind.label(), sign.unwrap_or_default())
}

fn agreed(told: &Told) -> String {
    match text(told, "owner") {
        "" => "Action agreed, without an owner yet".into(),
        owner => format!("Action agreed and assigned to {owner}"),
    }
}

fn kept(told: &Told) -> String {
    let why = [text(told, "kept"), text(told, "wording_override")].into_iter().find(|t| !t.is_empty());
    why.map(|why| format!("Why these words were kept: {why}")).unwrap_or_default()
}

fn handed_over(told: &Told) -> String {
    match (text(told, "from"), text(told, "to")) {
        ("", to) => format!("Assigned to {to}"),
        (from, to) => format!("Handed over from {from} to {to}"),
    }
}

fn reworded(told: &Told) -> String {
    let earlier = [("what_before", "What, before"), ("success_test_before", "Test of success, before")];
    let earlier: Vec<String> = earlier
        .iter()
        .filter(|(name, _)| !text(told, name).is_empty())
        .map(|(name, label)| format!("{label}: {}", text(told, name)))
        .collect();
    earlier.join("\n")
}

fn moved(told: &Told, before: &str, after: &str) -> String {
    match (day(told, before), day(told, after)) {
        (Some(from), Some(to)) => format!("Due date moved from {} to {}", words::date(from), words::date(to)),
        (None, Some(to)) => format!("Due date set to {}", words::date(to)),
        _ => EventKind::DueDateMoved.label().into(),
    }
}

fn update(told: &Told) -> String {
    sentences(&[
        by_day(told, "done_on", "Done on"),
        labelled(told, "barrier", "In the way"),
        labelled(told, "support_needed", "Support needed"),
    ])
}

fn evidence(told: &Told) -> String {
    let kind = word::<EvidenceKind>(told, "kind").map(|k| k.label().to_owned()).unwrap_or_default();
    match text(told, "reference") {
        "" => kind,
        place => format!("{kind}, kept at: {place}"),
    }
}

fn because(told: &Told) -> &'static str {
    match told.detail.get("because").and_then(Value::as_str) {
        Some("owner") => "Taken back by its owner.",
        Some("owner_changed") => "It has another owner, who has to send it for verification.",
        Some("evidence_added") => "Evidence was added after the check.",
        Some("evidence_withdrawn") => "Evidence was withdrawn after the check.",
        Some("evidence_missing") => "Evidence was withdrawn, and a kind that was asked for is missing.",
        _ => "",
    }
}

fn verdict(told: &Told) -> String {
    match word::<Outcome>(told, "outcome") {
        Some(Outcome::Complete) => "Verified as complete",
        Some(Outcome::PartiallyComplete) => "Sent back: partially complete",
        Some(Outcome::Ineffective) => "Verified as ineffective",
        None => told.kind.label(),
    }
    .into()
}

fn checked(told: &Told) -> String {
    let number = |name: &str| told.detail.get(name).and_then(Value::as_u64).unwrap_or_default();
    let sample = word::<Method>(told, "method")
        .map(|m| {
            format!(
                "{}: {} looked at, {} met the standard",
                m.label(),
                number("sample_size"),
                number("met_standard")
            )
        })
        .unwrap_or_default();
    sentences(&[
        sample,
        labelled(told, "missing", "Missing"),
        by_day(told, "new_due_on", "New due date"),
        labelled(told, "exception_reason", "Why a team leader checked it"),
    ])
}

fn assured(told: &Told) -> &'static str {
    match word::<AssuranceDecision>(told, "decision") {
        Some(AssuranceDecision::Challenged) => "Challenged by the nominated individual, and sent back",
        _ => "Assurance recorded by the nominated individual",
    }
}

/// "Merged into A-0012".
fn merged(told: &Told, name: &str, before: &str) -> String {
    let number = told.detail.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
    number.map_or_else(|| before.to_owned(), |n| format!("{before} {}", Reference::action(n)))
}

/// "The 28-day check was lost"; nothing when it was found again.
fn setback(told: &Told) -> String {
    let lost = told.detail.get("days").and_then(Value::as_i64).map(Setback::Lost);
    let setback = lost.or_else(|| told.detail.get("verdict").map(|_| Setback::Ineffective));
    setback.map_or_else(String::new, |setback| words::capital(&setback.sentence()))
}

/// The lines of a root-cause review, what has to change elsewhere, and when it is looked at again.
fn why(told: &Told) -> String {
    sentences(&[
        text(told, "whys").replace('\n', "; "),
        labelled(told, "wider", "Wider actions"),
        by_day(told, "review_on", "Looked at again on"),
    ])
}

/// "Came back: F-0061 was the same problem".
fn linked(told: &Told) -> String {
    let number =
        |name: &str| told.detail.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
    let withdrawn = told.kind == EventKind::LinkWithdrawn;
    let finding = |n| Reference::finding(n);
    match (number("earlier"), number("later")) {
        (Some(n), _) if withdrawn => format!("No longer linked to the earlier {}", finding(n)),
        (Some(n), _) => format!("Came back: {} was the same problem", finding(n)),
        (None, Some(n)) if withdrawn => format!("No longer linked to the later {}", finding(n)),
        (None, Some(n)) if told.kind == EventKind::ClosureNotLasting => {
            format!("The closure did not last: found again as {}", finding(n))
        }
        (None, Some(n)) => format!("Found again: {}", finding(n)),
        (None, None) => told.kind.label().into(),
    }
}

fn escalated(told: &Told) -> String {
    let level = told.detail.get("level").and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
    format!("Escalated to {}", Level::of(level.unwrap_or(1), is(told, "alone")).whom())
}

fn cause(told: &Told) -> &'static str {
    word::<Cause>(told, "cause").map_or("", Cause::label)
}

fn decided(told: &Told) -> String {
    match word::<Decision>(told, "decision") {
        Some(Decision::NoEscalation) => "Decided: no escalation needed".into(),
        _ => match day(told, "due_on_after") {
            Some(to) => format!("Escalation decided, new due date {}", words::date(to)),
            None => "Escalation decided".into(),
        },
    }
}

fn decision(told: &Told) -> String {
    let parts = [
        ("risk", "Risk"),
        ("delay_reason", "Reason for the delay"),
        ("support_needed", "Support needed"),
        ("interim_control", "Interim control"),
        ("because", "Because"),
    ];
    let said = parts.iter().filter(|(name, _)| !text(told, name).is_empty());
    let mut said: Vec<String> = said.map(|(name, label)| format!("{label}: {}", text(told, name))).collect();
    said.push(by_day(told, "due_on_after", "New due date"));
    sentences(&said)
}

/// "Governance meeting: challenge".
fn in_meeting(told: &Told) -> String {
    let said = word::<Said>(told, "said").map(|said| format!(": {}", said.label().to_lowercase()));
    format!("{}{}", told.kind.label(), said.unwrap_or_default())
}

/// "On October 2026".
fn month_of(told: &Told) -> String {
    let month = told.detail.get("month").and_then(Value::as_str).and_then(Month::from_text);
    month.map_or_else(String::new, |month| format!("On {}.", month.name()))
}

fn weekly(told: &Told) -> String {
    match word::<Standing>(told, "standing") {
        Some(Standing::Escalate) if !is(told, "sent_up") => {
            "Weekly review: escalate, and it waits for a decision already".into()
        }
        Some(standing) => format!("Weekly review: {}", standing.label().to_lowercase()),
        None => told.kind.label().into(),
    }
}

fn is(told: &Told, name: &str) -> bool {
    told.detail.get(name).and_then(Value::as_bool) == Some(true)
}

/// A text with what it is.
fn labelled(told: &Told, name: &str, label: &str) -> String {
    match text(told, name) {
        "" => String::new(),
        written => format!("{label}: {written}"),
    }
}

fn reason(told: &Told) -> String {
    match text(told, "reason") {
        "" => String::new(),
        reason => format!("Reason: {reason}"),
    }
}

fn titled(what: &str, told: &Told) -> String {
    match text(told, "title") {
        "" => what.to_owned(),
        title => format!("{what}: {title}"),
    }
}

fn by_day(told: &Told, name: &str, before: &str) -> String {
    day(told, name).map(|d| format!("{before} {}", words::date(d))).unwrap_or_default()
}

/// "A. B. C": the parts that say something, each with its full stop, except one that stands alone.
#[must_use]
pub fn sentences(parts: &[String]) -> String {
    let said: Vec<&str> = parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect();
    match said.as_slice() {
        [only] => (*only).to_owned(),
        many => {
            many.iter().map(|p| if p.ends_with(['.', '?', '!']) { (*p).to_owned() } else { format!("{p}.") })
        }
        .collect::<Vec<_>>()
        .join(" "),
    }
}

fn text<'a>(told: &'a Told, name: &str) -> &'a str {
    told.texts.iter().find(|(n, _)| n == name).map_or("", |(_, body)| body)
}

fn word<T: TextEnum>(told: &Told, name: &str) -> Option<T> {
    T::from_text(told.detail.get(name)?.as_str()?)
}

fn day(told: &Told, name: &str) -> Option<NaiveDate> {
    told.detail.get(name)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(kind: EventKind, detail: Value, texts: &[(&str, &str)]) -> Told {
        Told {
            seq: 1,
            at: "2026-11-12T16:12:00Z".parse().unwrap(),
            kind,
            actor: Some("Amara Bello".into()),
            detail,
            texts: texts.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect(),
        }
    }

    #[test]
    fn each_kind_has_its_sentence() {
        for (kind, detail, texts, what, more, quote) in [
            (
                EventKind::ActionDefined,
                json!({}),
                &[("owner", "Amara Bello")][..],
                "Action agreed and assigned to Amara Bello",
                "",
                "",
            ),
            (EventKind::ActionDefined, json!({}), &[], "Action agreed, without an owner yet", "", ""),
            (
                EventKind::OwnerChanged,
                json!({}),
                &[("from", "A"), ("to", "B"), ("reason", "On leave")],
                "Handed over from A to B",
                "Reason: On leave",
                "",
            ),
            (EventKind::OwnerChanged, json!({}), &[("to", "B")], "Assigned to B", "", ""),
            (
                EventKind::DueDateMoved,
                json!({"before": "2026-10-30", "after": "2026-11-12"}),
                &[("reason", "Dietitian")],
                "Due date moved from 30 October 2026 to 12 November 2026",
                "Reason: Dietitian",
                "",
            ),
            (
                EventKind::DueDateMoved,
                json!({"before": null, "after": "2026-11-12"}),
                &[],
                "Due date set to 12 November 2026",
                "",
                "",
            ),
            (
                EventKind::Reworded,
                json!({}),
                &[("what_before", "Old"), ("reason", "Clearer")],
                "Reworded",
                "Reason: Clearer",
                "What, before: Old",
            ),
            (
                EventKind::UpdateAdded,
                json!({"done_on": "2026-11-10"}),
                &[("note", "Done"), ("barrier", "No printer")],
                "Update",
                "Done on 10 November 2026. In the way: No printer.",
                "Done",
            ),
            (
                EventKind::EvidenceAdded,
                json!({"kind": "record"}),
                &[("title", "MAR charts"), ("reference", "Folder 3")],
                "Evidence added: MAR charts",
                "Record, kept at: Folder 3",
                "",
            ),
            (
                EventKind::EvidenceWithdrawn,
                json!({}),
                &[("title", "MAR charts"), ("reason", "Wrong week")],
                "Evidence withdrawn: MAR charts",
                "Reason: Wrong week",
                "",
            ),
            (
                EventKind::GovernanceDecided,
                json!({"said": "challenge", "month": "2026-10"}),
                &[("note", "Are these the right ones?"), ("saw", "A-0001: Recount")],
                "Governance meeting: challenge",
                "On October 2026.",
                "Are these the right ones?",
            ),
            (
                EventKind::Submitted,
                json!({"verify_by": "2026-11-19"}),
                &[],
                "Marked as done",
                "To be checked by 19 November 2026",
                "",
            ),
            (
                EventKind::VerificationVoided,
                json!({"because": "evidence_added"}),
                &[],
                "Has to be checked again",
                "Evidence was added after the check.",
                "",
            ),
            (
                EventKind::Verified,
                json!({"outcome": "complete", "method": "record_sample", "sample_size": 8, "met_standard": 7}),
                &[("note", "Good")],
                "Verified as complete",
                "Sampled records: 8 looked at, 7 met the standard",
                "Good",
            ),
            (
                EventKind::Verified,
                json!({"outcome": "partially_complete", "new_due_on": "2026-11-28"}),
                &[("missing", "Ash round")],
                "Sent back: partially complete",
                "Missing: Ash round. New due date 28 November 2026.",
                "",
            ),
            (
                EventKind::AssuranceRecorded,
                json!({"decision": "challenged"}),
                &[("note", "Only days")],
                "Challenged by the nominated individual, and sent back",
                "",
                "Only days",
            ),
            (
                EventKind::Closed,
                json!({"follow_up_on": "2027-01-12"}),
                &[("note", "Fine")],
                "Closed",
                "Its impact is looked at on 12 January 2027",
                "Fine",
            ),
            (
                EventKind::Closed,
                json!({"follow_up_on": "2027-01-12"}),
                &[("note", "Fine"), ("improved", "Falls a month: 3 falls is better")],
                "Closed",
                "Its impact is looked at on 12 January 2027. Measured improvement: Falls a month: 3 falls is better.",
                "Fine",
            ),
            (
                EventKind::RootCauseOpened,
                json!({"days": 28}),
                &[],
                "Root-cause review opened",
                "The 28-day check was lost",
                "",
            ),
            (
                EventKind::ClosureAudited,
                json!({"stands_up": true}),
                &[("note", "Ten of ten")],
                "Closure audit: the evidence stands up",
                "",
                "Ten of ten",
            ),
            (EventKind::RootCauseOpened, json!({}), &[], "Root-cause review opened", "", ""),
            (
                EventKind::Reopened,
                json!({"due_on_after": "2026-12-01"}),
                &[("reason", "Again")],
                "Reopened",
                "Due 1 December 2026",
                "Again",
            ),
            (
                EventKind::Escalated,
                json!({"level": 2, "cause": "overdue"}),
                &[],
                "Escalated to the quality lead and the nominated individual",
                "Overdue",
                "",
            ),
            (
                EventKind::Escalated,
                json!({"level": 2, "alone": true, "cause": "overdue"}),
                &[],
                "Escalated to the quality lead",
                "Overdue",
                "",
            ),
            (
                EventKind::Escalated,
                json!({"level": 3, "cause": "overdue"}),
                &[],
                "Escalated to the nominated individual",
                "Overdue",
                "",
            ),
            (
                EventKind::EscalationDecided,
                json!({"decision": "act"}),
                &[("risk", "Falls"), ("interim_control", "Checks at 8am")],
                "Escalation decided",
                "Risk: Falls. Interim control: Checks at 8am.",
                "",
            ),
            (
                EventKind::MergedInto,
                json!({"into": 12}),
                &[("reason", "The same gap, found twice")],
                "Merged into A-0012",
                "",
                "The same gap, found twice",
            ),
            (
                EventKind::TookIn,
                json!({"merged": 7}),
                &[("reason", "The same gap")],
                "Merged A-0007 into this one",
                "",
                "The same gap",
            ),
            (EventKind::MemberAdded, json!({}), &[], "Member added", "", ""),
            (
                EventKind::ReviewedWeekly,
                json!({"standing": "on_track"}),
                &[],
                "Weekly review: on track",
                "",
                "",
            ),
            (
                EventKind::ReviewedWeekly,
                json!({"standing": "blocked"}),
                &[("note", "No agency carer"), ("support_needed", "A carer on Thursdays")],
                "Weekly review: blocked",
                "Support needed: A carer on Thursdays",
                "No agency carer",
            ),
            (
                EventKind::ReviewedWeekly,
                json!({"standing": "escalate", "sent_up": false}),
                &[("note", "Again")],
                "Weekly review: escalate, and it waits for a decision already",
                "",
                "Again",
            ),
        ] {
            let moment = moment(&told(kind, detail, texts));
            assert_eq!((&*moment.what, &*moment.detail, &*moment.quote), (what, more, quote));
            assert_eq!(moment.by, "Amara Bello, 12 November 2026 at 4:12pm");
        }
    }

    #[test]
    fn every_kind_says_something() {
        for kind in EventKind::ALL {
            assert!(!moment(&told(*kind, json!({}), &[])).what.is_empty(), "{kind:?}");
        }
    }

    #[test]
    fn what_the_program_does_by_itself_is_automatic() {
        let mut line = told(EventKind::BecameOverdue, json!({"due_on": "2026-11-16"}), &[]);
        line.actor = None;
        let moment = moment(&line);
        assert_eq!(moment.by, "12 November 2026, automatic");
        assert_eq!(moment.detail, "It was due on 16 November 2026");
        assert!(moment.late);
    }
}
