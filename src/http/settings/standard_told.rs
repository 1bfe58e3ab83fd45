//! What changed in the closure standards and the days to do something, in plain words.

use serde_json::Value;

use crate::domain::standard::{Approver, ClosureStandard, DueDays};
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::{EvidenceKind, Risk};
use crate::domain::words;
use crate::http::told;
use crate::ids::StandardId;

/// What happened and more about it, from the facts of an event; none when it is about something else.
pub(super) fn words_for(detail: &Value, reason: &str) -> Option<(String, String)> {
    let facts = detail.get("standards")?;
    let mut said = Vec::new();
    let what = if let Some(days) = facts.get("due_days") {
        for risk in Risk::ALL {
            let days = |place: usize| days.get(place)?.get(risk.as_str())?.as_u64();
            if let (Some(was), Some(is)) = (days(0), days(1))
                && was != is
            {
                let is = words::count(is, "working day");
                said.push(format!("{} risk: {is} instead of {was}", risk.label()));
            }
        }
        "Days to do something changed".to_owned()
    } else {
        let (before, after) = (part(facts, "before"), part(facts, "after"));
        let verb = match (before, after) {
            (None, _) => "added",
            (_, None) => "taken away",
            _ => "changed",
        };
        for line in LINES {
            let [was, is] = [before, after].map(|asks| asks.map(|a| line.says(a)));
            match (was, is) {
                (Some(was), Some(is)) if was != is => {
                    said.push(format!("{}: {is} instead of {was}", line.label()))
                }
                (None, Some(is)) => said.push(format!("{}: {is}", line.label())),
                _ => {}
            }
        }
        format!("Closure standard {verb}: {}", about(facts))
    };
    if !reason.is_empty() {
        said.push(format!("Reason: {reason}"));
    }
    Some((what, told::sentences(&said)))
}

fn part<'a>(facts: &'a Value, name: &str) -> Option<&'a Value> {
    facts.get(name).filter(|part| part.is_object())
}

fn about(facts: &Value) -> String {
    fn word<T: TextEnum>(facts: &Value, name: &str) -> Option<T> {
        T::from_text(facts.get(name)?.as_str()?)
    }
    let standard = ClosureStandard {
        id: StandardId::from(uuid::Uuid::nil()),
        topic: word(facts, "topic"),
        source: word(facts, "source"),
        risk: word(facts, "risk"),
        evidence_kinds: Vec::new(),
        verification_working_days: 1,
        approver: Approver::RegisteredManager,
        due_working_days: 1,
        sustain_days: Vec::new(),
        measured_improvement: false,
        most: DueDays::default(),
    };
    standard.about()
}

/// One thing a standard asks for.
#[derive(Clone, Copy)]
enum Line {
    Evidence,
    Window,
    Approver,
    Due,
    Sustain,
    Improvement,
}

const LINES: [Line; 6] =
    [Line::Evidence, Line::Window, Line::Approver, Line::Due, Line::Sustain, Line::Improvement];

impl Line {
    const fn label(self) -> &'static str {
        match self {
            Self::Evidence => "Evidence",
            Self::Window => "Checked within",
            Self::Approver => "Approved by",
            Self::Due => "Done within",
            Self::Sustain => "Impact looked at after",
            Self::Improvement => "Measured improvement",
        }
    }

    fn says(self, asks: &Value) -> String {
        let list =
            |name: &str| asks.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let days = |name: &str| {
            let n = asks.get(name).and_then(Value::as_u64).unwrap_or_default();
            words::count(n, "working day")
        };
        match self {
            Self::Evidence => {
                let kinds = list("evidence").iter().filter_map(|k| EvidenceKind::from_text(k.as_str()?));
                words::list(&kinds.map(|k| k.label().to_lowercase()).collect::<Vec<_>>())
            }
            Self::Window => days("window"),
            Self::Approver => {
                let word = asks.get("approver").and_then(Value::as_str).and_then(Approver::from_text);
                word.map(|a| a.label().to_lowercase()).unwrap_or_default()
            }
            Self::Due => days("due"),
            Self::Sustain => {
                let days: Vec<String> =
                    list("sustain").iter().filter_map(Value::as_u64).map(words::number).collect();
                format!("{} days", words::list(&days))
            }
            // what was written before it could be asked for says nothing of it
            Self::Improvement => {
                let asked = asks.get("improvement").and_then(Value::as_bool).unwrap_or_default();
                if asked { "asked for" } else { "not asked for" }.to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_change_says_what_was_and_what_is() {
        let asks = |evidence: &[&str], window: u16| json!({ "evidence": evidence, "window": window, "approver": "quality_lead", "due": 20, "sustain": [28, 91] });
        let of = |before: Value, after: Value| json!({ "standards": { "topic": "falls", "source": null, "risk": "high", "before": before, "after": after } });
        for (detail, what, more) in [
            (
                of(asks(&["record"], 5), asks(&["record", "briefing"], 3)),
                "Closure standard changed: Falls, high risk",
                "Evidence: record and briefing or attendance instead of record. Checked within: 3 working days instead of 5 working days. Reason: Two relapses.",
            ),
            (
                of(Value::Null, asks(&["record"], 1)),
                "Closure standard added: Falls, high risk",
                "Evidence: record. Checked within: 1 working day. Approved by: quality lead. Done within: 20 working days. Impact looked at after: 28 and 91 days. Measured improvement: not asked for. Reason: Two relapses.",
            ),
            (
                of(asks(&["record"], 1), Value::Null),
                "Closure standard taken away: Falls, high risk",
                "Reason: Two relapses",
            ),
            (
                of(asks(&["record"], 5), {
                    let mut now = asks(&["record"], 5);
                    now["improvement"] = json!(true);
                    now
                }),
                "Closure standard changed: Falls, high risk",
                "Measured improvement: asked for instead of not asked for. Reason: Two relapses.",
            ),
            (
                json!({ "standards": { "due_days": [{ "low": 20, "high": 5 }, { "low": 15, "high": 5 }] } }),
                "Days to do something changed",
                "Low risk: 15 working days instead of 20. Reason: Two relapses.",
            ),
        ] {
            assert_eq!(words_for(&detail, "Two relapses"), Some((what.to_owned(), more.to_owned())));
        }
        assert_eq!(words_for(&json!({ "escalation": {} }), ""), None);
    }
}
