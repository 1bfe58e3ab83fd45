//! What the form of an action says while it is written: wording that is hard to check (R2), and what the closure
//! standard asks for (R3, R20). Shown, and never nagging.

use chrono::NaiveDate;

use crate::domain::calendar::{self, Nation};
use crate::domain::standard::{self, ClosureStandard};
use crate::domain::topic::{ReviewKind, Risk, Topic};
use crate::domain::wording::{self, Context};
use crate::domain::words;
use crate::http::form::Draft;

/// What there is to say about an action that is being written.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Weak phrases: what is the matter, and how to say it instead.
    pub vague: Vec<(String, String)>,
    /// What it does not say yet.
    pub missing: Vec<&'static str>,
    /// Whether it has to be reworded, or a reason given (R2).
    pub must: bool,
    /// What the closure standard asks for, in one sentence; empty when it is not known yet.
    pub rule: String,
    /// The due date the standard gives.
    pub due: Option<NaiveDate>,
}

impl Hints {
    /// Whether there is anything to say about the wording.
    #[must_use]
    pub const fn is_clear(&self) -> bool {
        self.vague.is_empty() && self.missing.is_empty()
    }
}

/// What the closure standard is chosen by.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The finding's risk.
    pub risk: Risk,
    /// The finding's topic.
    pub topic: Topic,
    /// The kinds of its sources.
    pub sources: &'a [ReviewKind],
    /// The service's nation.
    pub nation: Nation,
}

/// What there is to say about the fields `action`, `owner` and the like of a form. `about` is none while risk or topic
/// are not chosen.
#[must_use]
pub fn hints(
    draft: &Draft,
    about: Option<About<'_>>,
    standards: &[ClosureStandard],
    today: NaiveDate,
) -> Hints {
    let mut hints = Hints::default();
    if let Some(about) = about
        && let Some(rule) = standard::choose(standards, about.topic, about.sources, about.risk)
    {
        let due = calendar::add_working_days(today, rule.due_days(about.risk), about.nation);
        hints.rule = told(rule, about, due);
        hints.due = Some(due);
    }
    let text = draft.value("action");
    if !text.trim().is_empty() {
        let filled = |field: &str| !draft.value(field).trim().is_empty();
        let context = Context {
            has_owner: filled("owner"),
            // an empty date is filled in by the standard
            has_due_date: true,
            has_success_test: filled("success_test"),
        };
        let found = wording::check(text, context);
        hints.must = about.is_some_and(|a| found.must_reword(a.risk.is_high()));
        hints.vague = found.vague.iter().map(|v| (v.sentence(), v.example())).collect();
        hints.missing = found.missing.iter().map(|m| m.sentence()).collect();
    }
    hints
}

fn told(rule: &ClosureStandard, about: About<'_>, due: NaiveDate) -> String {
    let kinds: Vec<String> = rule.evidence_kinds.iter().map(|k| k.label().to_lowercase()).collect();
    format!(
        "{} risk, {}: done within {}, by {}. It closes with {}, checked by somebody else within {}, approved by the {}.",
        about.risk.label(),
        about.topic.label().to_lowercase(),
        words::count(rule.due_days(about.risk), "working day"),
        words::date(due),
        words::list(&kinds),
        words::count(rule.verification_working_days, "working day"),
        rule.approver.label().to_lowercase(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::StandardId;

    fn about(risk: Risk) -> About<'static> {
        About { risk, topic: Topic::Medicines, sources: &[ReviewKind::Audit], nation: Nation::England }
    }

    #[test]
    fn the_mock_ups_hint() {
        let draft = Draft::new().with("action", "Remind staff about PRN protocols").with("owner", "x");
        let standards = standard::defaults(StandardId::new);
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let hints = hints(&draft, Some(about(Risk::High)), &standards, today);
        assert!(hints.must && hints.vague[0].0.starts_with("“Remind staff” is hard to check."));
        assert_eq!(hints.missing, ["Say how someone else will see that it worked."]);
        assert_eq!(
            hints.rule,
            "High risk, medicines: done within 5 working days, by 27 November 2026. It closes with record and audit \
             sample, checked by somebody else within 5 working days, approved by the registered manager."
        );
    }

    #[test]
    fn low_risk_is_told_but_not_held() {
        let draft = Draft::new().with("action", "Monitor fluid charts");
        let standards = standard::defaults(StandardId::new);
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let found = hints(&draft, Some(about(Risk::Low)), &standards, today);
        assert!(!found.must && !found.is_clear());
        assert!(hints(&Draft::new(), None, &standards, today).is_clear());
    }
}
