//! Escalation: when a level hears of a delay, whom it reaches, and what a decision has to say (R12, R13, R13a, R14).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::calendar::{self, Nation};
use super::control::ControlDays;
use super::member::Role;
use super::reference::Reference;
use super::text_enum::text_enum;
use super::topic::{EvidenceKind, Risk, Theme, Topic};
use super::words;
use crate::ids::MemberId;

text_enum! {
    /// Why an action was escalated.
    pub enum Cause {
        /// Its due date passed (R11).
        Overdue => "overdue", "Overdue";
        /// Its verification window passed (R14).
        VerificationLate => "verification_late", "Not verified in time";
        /// The verdict was ineffective (R14, R16).
        Ineffective => "ineffective", "Verified as ineffective";
        /// The evidence points both ways (R17).
        MixedEvidence => "mixed_evidence", "Mixed evidence";
        /// The nominated individual challenged it (R18).
        Challenged => "challenged", "Challenged by the nominated individual";
        /// The same with required evidence missing: said instead of [`Cause::Overdue`] (R14, E2).
        EvidenceMissing => "evidence_missing", "Overdue, evidence missing";
        /// The same problem was found again after an action on it was closed (R14, R21).
        Recurrence => "recurrence", "Found again after closure";
        /// Nobody recorded a decision on a high-risk finding (R13a, R14, M6).
        HighRisk => "high_risk", "High risk, no decision recorded";
        /// Those who hold the weekly review sent it up (R12, R24).
        WeeklyReview => "weekly_review", "Sent up from the weekly review";
        /// A closure audit found that its evidence does not stand up (R26).
        ClosureAudit => "closure_audit", "Failed the closure audit";
    }
}

/// What an escalation was raised upon, kept with it so that its page can say why it exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Upon {
    /// The kinds of evidence that were missing when the due date passed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<EvidenceKind>,
    /// The number of the closed action after which the same was found again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<i32>,
    /// The day that one was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<NaiveDate>,
    /// The number of the earlier finding it was linked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<i32>,
}

/// Why an escalation exists, in plain words: a sentence without its full stop (R14).
#[must_use]
pub fn why(cause: Cause, date: NaiveDate, upon: &Upon) -> String {
    let day = words::date(date);
    match cause {
        Cause::Overdue => format!("It was due on {day} and is not done"),
        Cause::EvidenceMissing => {
            let kinds: Vec<String> = upon.missing.iter().map(|k| k.label().to_lowercase()).collect();
            format!("It was due on {day} and is not done, and evidence is missing: {}", words::list(&kinds))
        }
        Cause::VerificationLate => format!("It should have been verified by {day}"),
        Cause::Ineffective => "It was verified as ineffective: practice did not change".into(),
        Cause::MixedEvidence => "The evidence points both ways".into(),
        Cause::Challenged => "The nominated individual challenged it".into(),
        Cause::Recurrence => {
            let closed = upon.closed.map(Reference::action).zip(upon.closed_on.map(words::date));
            match (closed, upon.found.map(Reference::finding)) {
                (Some((action, on)), Some(found)) => {
                    format!(
                        "The same was found again: finding {found}, whose action {action} was closed on {on}"
                    )
                }
                (None, Some(found)) => format!("The same was found again: it is {found} again"),
                (Some((action, on)), None) => {
                    format!("The same was found again: action {action} on this topic was closed on {on}")
                }
                (None, None) => "The same was found again after an action on it was closed".into(),
            }
        }
        Cause::HighRisk => {
            format!("The finding is high risk, and no decision on it was recorded since {day}")
        }
        Cause::ClosureAudit => "The closure audit found that its evidence does not stand up".into(),
        Cause::WeeklyReview => {
            format!("It was sent up from the weekly review of {day}: the timeline says why")
        }
    }
}

text_enum! {
    /// What was decided. Both are decisions (R13a).
    pub enum Decision {
        /// Act: risk, reason for the delay, support, date, interim control.
        Act => "act", "Act on it";
        /// No escalation, because …
        NoEscalation => "no_escalation", "No escalation needed";
    }
}

/// How high it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The service's registered manager.
    Manager,
    /// The quality lead alone, where the provider's policy says so.
    QualityLead,
    /// The quality lead and the nominated individual.
    Leadership,
    /// The nominated individual, when it is still not done after the quality lead heard.
    Nominated,
}

impl Level {
    /// As stored: 1, 2 or 3.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Manager => 1,
            Self::QualityLead | Self::Leadership => 2,
            Self::Nominated => 3,
        }
    }

    /// Whether the second level is the quality lead alone, as stored beside the number.
    #[must_use]
    pub const fn alone(self) -> bool {
        matches!(self, Self::QualityLead)
    }

    /// From what is stored.
    #[must_use]
    pub const fn of(number: i32, alone: bool) -> Self {
        match (number, alone) {
            (..=1, _) => Self::Manager,
            (2, true) => Self::QualityLead,
            (2, false) => Self::Leadership,
            _ => Self::Nominated,
        }
    }

    /// From the number alone, where it does not matter whom the second level reached.
    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        Self::of(number, false)
    }

    /// The roles it reaches.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::Manager => &[Role::RegisteredManager],
            Self::QualityLead => &[Role::QualityLead],
            Self::Leadership => &[Role::QualityLead, Role::NominatedIndividual],
            Self::Nominated => &[Role::NominatedIndividual],
        }
    }

    /// Whom it reaches, in words.
    #[must_use]
    pub const fn whom(self) -> &'static str {
        match self {
            Self::Manager => "the registered manager",
            Self::QualityLead => "the quality lead",
            Self::Leadership => "the quality lead and the nominated individual",
            Self::Nominated => "the nominated individual",
        }
    }
}

/// The provider's policy for one risk: working days after the date until each level hears of it (R12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Working days until the registered manager hears; 0 is the day after the due date.
    pub manager_after: u16,
    /// Working days until the quality lead hears; none when it does not go up: what is minor need not.
    pub leadership_after: Option<u16>,
    /// Whether the quality lead hears alone; otherwise the nominated individual hears with them.
    pub alone: bool,
    /// Working days until the nominated individual is asked to decide, when it is still not done; none when they are not.
    pub nominated_after: Option<u16>,
}

/// What a provider begins with: the manager at once, those above after a week or two, and all at once for high risk.
#[must_use]
pub const fn default_policy(risk: Risk) -> Policy {
    let (leadership_after, nominated_after) = match risk {
        Risk::Low => (10, Some(20)),
        Risk::Medium => (5, Some(10)),
        Risk::High | Risk::Critical => (0, None),
    };
    Policy { manager_after: 0, leadership_after: Some(leadership_after), alone: false, nominated_after }
}

/// The provider's ladder: a policy for each risk, and for the themes that have one of their own (R12).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladder(pub Vec<(Risk, Option<Theme>, Policy)>);

impl Ladder {
    /// The policy for an action: that of its theme, or that of every theme.
    #[must_use]
    pub fn policy(&self, risk: Risk, theme: Theme) -> Policy {
        self.own(risk, Some(theme)).or_else(|| self.own(risk, None)).unwrap_or(default_policy(risk))
    }

    /// The policy for a risk of one theme alone, or of every theme; none when the theme follows the general one.
    #[must_use]
    pub fn own(&self, risk: Risk, theme: Option<Theme>) -> Option<Policy> {
        self.0.iter().find(|(r, t, _)| (*r, *t) == (risk, theme)).map(|row| row.2)
    }

    /// The same with other rows for a theme (or for every theme): none lets the theme follow the general policy.
    #[must_use]
    pub fn with(&self, theme: Option<Theme>, rows: &[(Risk, Policy)]) -> Self {
        let given = |risk: Risk| rows.iter().any(|(r, _)| *r == risk);
        let kept = self.0.iter().filter(|(r, t, _)| *t != theme || (theme.is_none() && !given(*r)));
        Self(kept.copied().chain(rows.iter().map(|(r, policy)| (*r, theme, *policy))).collect())
    }
}

/// Within how many days after an action was closed the same topic in the same service is a recurrence (R21).
pub const RECURS_WITHIN_DAYS: u64 = 365;

/// Working days after the first action under a high-risk finding until the manager is asked, and then leadership (R14).
pub const DECISION_POLICY: Policy =
    Policy { manager_after: 1, leadership_after: Some(3), alone: false, nominated_after: None };

/// The levels that should have been asked for a decision on a high-risk finding acted on since `since`, by `today`.
#[must_use]
pub fn levels_asked(since: NaiveDate, today: NaiveDate, nation: Nation, policy: Policy) -> Vec<Level> {
    if today <= since {
        return Vec::new();
    }
    let waited = calendar::working_days_after(since, today, nation);
    let reached = |after: Option<u16>| after.is_some_and(|after| waited >= u32::from(after));
    let levels = [(Level::Manager, Some(policy.manager_after)), (Level::Leadership, policy.leadership_after)];
    levels.into_iter().filter(|(_, after)| reached(*after)).map(|(level, _)| level).collect()
}

/// Whether safeguarding is concerned, so that leadership hears at once (R12).
#[must_use]
pub const fn concerns_safeguarding(theme: Theme, topic: Topic) -> bool {
    matches!(theme, Theme::Safeguarding) || matches!(topic, Topic::SafeguardingLearning)
}

/// The levels that should have heard of a date that passed, by `today` (R12).
#[must_use]
pub fn levels_due(
    date: NaiveDate,
    today: NaiveDate,
    nation: Nation,
    policy: Policy,
    risk: Risk,
    safeguarding: bool,
) -> Vec<Level> {
    if !calendar::is_overdue(Some(date), today) {
        return Vec::new();
    }
    let late = calendar::working_days_after(date, today, nation);
    let at_once = risk.is_high() || safeguarding;
    let mut levels = Vec::new();
    // whoever hears, the manager hears too
    if at_once || late >= u32::from(policy.manager_after) {
        levels.push(Level::Manager);
    }
    let reached = |after: Option<u16>| after.is_some_and(|after| late >= u32::from(after));
    if at_once || reached(policy.leadership_after) {
        levels.push(if policy.alone && !at_once { Level::QualityLead } else { Level::Leadership });
    }
    // what goes at once reached the nominated individual with the second level
    if !at_once && reached(policy.nominated_after) {
        levels.push(Level::Nominated);
    }
    levels
}

/// Why an escalation is not this person's to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTheirs {
    /// Another role decides at this level.
    Role(Level),
    /// They own the late action: nobody decides on their own lateness. With their role, which names who else does.
    Owner(Role),
}

impl NotTheirs {
    /// The sentence for the page: who decides.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Role(Level::Manager) => {
                "The registered manager, the quality lead or the nominated individual records the decision."
            }
            Self::Role(Level::QualityLead | Level::Leadership) => {
                "The quality lead or the nominated individual records the decision."
            }
            Self::Role(Level::Nominated) => "The nominated individual records the decision.",
            Self::Owner(Role::QualityLead) => "You own this action, so the nominated individual decides.",
            Self::Owner(Role::NominatedIndividual) => "You own this action, so the quality lead decides.",
            Self::Owner(_) => "You own this action, so the quality lead or the nominated individual decides.",
        }
    }
}

/// Whose lateness it is, as far as it matters to whoever decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lateness {
    /// Their own.
    Own,
    /// That of a nominated individual who is somebody else.
    Nominated,
    /// That of somebody else, or of nobody.
    Others,
}

impl Lateness {
    /// Whose it is for `me`, when an action has this owner.
    #[must_use]
    pub fn of(me: MemberId, owner: Option<(MemberId, Role)>) -> Self {
        match owner {
            Some((owner, _)) if owner == me => Self::Own,
            Some((_, Role::NominatedIndividual)) => Self::Nominated,
            _ => Self::Others,
        }
    }
}

/// Who decides (R12, R13): the registered manager at the first level, the quality lead at the first two, the nominated
/// individual at all three. The owner never does, and what a nominated individual owns the quality lead decides at every
/// level: there is nobody above them to ask. Whether the service is theirs is for [`super::access`] to say.
///
/// # Errors
/// Who decides instead.
pub const fn may_decide(role: Role, level: Level, lateness: Lateness) -> Result<(), NotTheirs> {
    match (role, level, lateness) {
        (Role::NominatedIndividual, ..)
        | (Role::QualityLead, Level::Manager | Level::QualityLead | Level::Leadership, _)
        | (Role::QualityLead, Level::Nominated, Lateness::Nominated)
        | (Role::RegisteredManager, Level::Manager, _) => {}
        _ => return Err(NotTheirs::Role(level)),
    }
    if matches!(lateness, Lateness::Own) { Err(NotTheirs::Owner(role)) } else { Ok(()) }
}

/// Said when the action has gone on: an earlier cycle, or closed or called off.
pub const IS_HISTORY: &str =
    "This needs no decision any more: the action was closed, cancelled or begun again since.";

/// A decision as it is given.
#[derive(Clone, Debug)]
pub struct DecisionGiven {
    /// Act, or no escalation.
    pub decision: Decision,
    /// What could happen while it is late.
    pub risk: String,
    /// Why it is late.
    pub delay_reason: String,
    /// What support is needed; may be empty.
    pub support_needed: String,
    /// The new due date, if it moves.
    pub revised_due_on: Option<NaiveDate>,
    /// What keeps people safe meanwhile.
    pub interim_control: String,
    /// From when, checked when, until when.
    pub control: ControlDays,
    /// Why no escalation is needed.
    pub because: String,
}

/// What a decision lacks: the field and the sentence. `grave`: the action is overdue and its risk is high or critical.
#[must_use]
pub fn lacks(given: &DecisionGiven, today: NaiveDate, grave: bool) -> Vec<(&'static str, &'static str)> {
    let mut lacking = Vec::new();
    let mut need = |field, text: &str, sentence| {
        if text.trim().is_empty() {
            lacking.push((field, sentence));
        }
    };
    match given.decision {
        Decision::Act => {
            need("risk", &given.risk, "Say what could happen while this is late");
            need("delay_reason", &given.delay_reason, "Say why it is late");
            need("interim_control", &given.interim_control, "Say what keeps people safe meanwhile");
            lacking.extend(given.control.lacks(today, grave));
        }
        Decision::NoEscalation => need("because", &given.because, "Say why no escalation is needed"),
    }
    if given.revised_due_on.is_some_and(|d| d < today) {
        lacking.push(("revised_due_on", "Set a date that is today or later"));
    }
    lacking
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Days;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_owner_never_decides_and_each_level_has_its_roles() {
        let deciders = |level, lateness| -> Vec<Role> {
            Role::ALL.iter().copied().filter(|role| may_decide(*role, level, lateness).is_ok()).collect()
        };
        let (own, nominated, others) = (Lateness::Own, Lateness::Nominated, Lateness::Others);
        let leaders = [Role::QualityLead, Role::NominatedIndividual];
        let all = [Role::RegisteredManager, Role::QualityLead, Role::NominatedIndividual];
        assert_eq!(deciders(Level::Manager, others), all);
        assert_eq!(deciders(Level::Leadership, others), leaders);
        assert_eq!(deciders(Level::QualityLead, others), leaders);
        assert_eq!(deciders(Level::Nominated, others), [Role::NominatedIndividual]);
        assert_eq!(deciders(Level::Nominated, nominated), leaders, "nobody is above a nominated individual");
        assert_eq!(deciders(Level::Manager, nominated), all);
        for level in [Level::Manager, Level::QualityLead, Level::Leadership, Level::Nominated] {
            assert_eq!(Level::of(level.number(), level.alone()), level);
            assert!(deciders(level, own).is_empty());
            for role in level.roles() {
                assert_eq!(may_decide(*role, level, own), Err(NotTheirs::Owner(*role)));
                assert!(may_decide(*role, level, others).is_ok(), "whom it reaches may decide");
            }
        }
        assert_eq!(
            may_decide(Role::DeputyManager, Level::Manager, own),
            Err(NotTheirs::Role(Level::Manager)),
            "the role comes first"
        );
        for refusal in [
            NotTheirs::Role(Level::Manager),
            NotTheirs::Role(Level::Leadership),
            NotTheirs::Role(Level::Nominated),
            NotTheirs::Owner(Role::RegisteredManager),
            NotTheirs::Owner(Role::QualityLead),
            NotTheirs::Owner(Role::NominatedIndividual),
        ] {
            assert!(refusal.sentence().ends_with('.'));
        }
        assert!(!NotTheirs::Owner(Role::QualityLead).sentence().contains("quality lead"), "not themselves");
        assert!(!NotTheirs::Owner(Role::NominatedIndividual).sentence().contains("nominated individual"));
    }

    #[test]
    fn whose_lateness_it_is() {
        let (me, other) = (MemberId::new(), MemberId::new());
        for (owner, whose) in [
            (None, Lateness::Others),
            (Some((me, Role::NominatedIndividual)), Lateness::Own),
            (Some((me, Role::QualityLead)), Lateness::Own),
            (Some((other, Role::NominatedIndividual)), Lateness::Nominated),
            (Some((other, Role::QualityLead)), Lateness::Others),
        ] {
            assert_eq!(Lateness::of(me, owner), whose, "{owner:?}");
        }
    }

    #[test]
    fn a_provider_begins_with_three_levels() {
        let friday = day("2026-11-20");
        let on =
            |text, risk| levels_due(friday, day(text), Nation::England, default_policy(risk), risk, false);
        let both = [Level::Manager, Level::Leadership];
        let all = [Level::Manager, Level::Leadership, Level::Nominated];
        assert_eq!(on("2026-12-03", Risk::Medium), both, "the ninth working day");
        assert_eq!(on("2026-12-04", Risk::Medium), all);
        assert_eq!(on("2026-12-04", Risk::Low), both);
        assert_eq!(on("2026-12-18", Risk::Low), all, "the twentieth");
        assert_eq!(on("2026-12-31", Risk::High), both, "at once, and each of them decides");
    }

    /// Counts the working days after a date one by one, from nothing but the list of bank holidays.
    fn counted(date: NaiveDate, today: NaiveDate, nation: Nation) -> u32 {
        use chrono::Datelike;
        let working = |day: &NaiveDate| {
            day.weekday().num_days_from_monday() < 5
                && !calendar::bank_holidays(day.year(), nation).contains(day)
        };
        u32::try_from(date.iter_days().skip(1).take_while(|day| *day <= today).filter(working).count())
            .unwrap()
    }

    #[test]
    fn every_date_of_five_years_is_heard_of_on_its_day() {
        let first = day("2026-01-01");
        for date in first.iter_days().take_while(|date| *date <= day("2030-12-31")) {
            for &nation in Nation::ALL {
                let policy = default_policy(Risk::Medium);
                let levels = |risk, safeguarding, after| {
                    levels_due(date, date + Days::new(after), nation, policy, risk, safeguarding)
                };
                assert_eq!(levels(Risk::Critical, true, 0), [], "{date}: on the day itself nothing is late");
                assert_eq!(
                    levels(Risk::Medium, false, 1),
                    [Level::Manager],
                    "{date}: the day after, whatever day"
                );
                let both = [Level::Manager, Level::Leadership];
                assert_eq!(levels(Risk::High, false, 1), both, "{date}: high risk goes up at once");
                assert_eq!(levels(Risk::Low, true, 1), both, "{date}: safeguarding goes up at once");
                let up = (1..=20).find(|after| levels(Risk::Medium, false, *after).len() == 2).unwrap();
                let working = |after| counted(date, date + Days::new(after), nation);
                assert_eq!(
                    (working(up), working(up - 1)),
                    (5, 4),
                    "{date} in {nation}: on the fifth working day"
                );
            }
        }
    }

    #[test]
    fn a_policy_may_wait_before_anybody_hears() {
        let policy =
            Policy { manager_after: 2, leadership_after: Some(3), alone: false, nominated_after: None };
        let friday = day("2026-11-20");
        let on = |text| levels_due(friday, day(text), Nation::England, policy, Risk::Low, false);
        assert_eq!(on("2026-11-23"), []);
        assert_eq!(on("2026-11-24"), [Level::Manager]);
        assert_eq!(on("2026-11-25"), [Level::Manager, Level::Leadership]);
        let never = Policy { leadership_after: None, ..policy };
        let on = |text, risk, safeguarding| {
            levels_due(friday, day(text), Nation::England, never, risk, safeguarding)
        };
        assert_eq!(on("2027-11-25", Risk::Low, false), [Level::Manager], "minor need not go up");
        for (risk, safeguarding) in [(Risk::High, false), (Risk::Critical, false), (Risk::Low, true)] {
            let both = [Level::Manager, Level::Leadership];
            assert_eq!(on("2026-11-21", risk, safeguarding), both, "at once, whatever the policy");
        }
    }

    #[test]
    fn the_ladder_has_three_levels() {
        let policy =
            Policy { manager_after: 0, leadership_after: Some(2), alone: true, nominated_after: Some(4) };
        let friday = day("2026-11-20");
        let on = |text, risk, safeguarding| {
            levels_due(friday, day(text), Nation::England, policy, risk, safeguarding)
        };
        let (low, medium) = (Risk::Low, Risk::Medium);
        assert_eq!(on("2026-11-21", medium, false), [Level::Manager]);
        assert_eq!(on("2026-11-24", medium, false), [Level::Manager, Level::QualityLead]);
        assert_eq!(on("2026-11-25", low, false), [Level::Manager, Level::QualityLead]);
        let all = [Level::Manager, Level::QualityLead, Level::Nominated];
        assert_eq!(on("2026-11-26", low, false), all);
        // at once, to everybody, whatever the policy says of days or of who
        let at_once = [Level::Manager, Level::Leadership];
        for date in ["2026-11-21", "2026-12-21"] {
            for (risk, safeguarding) in [(Risk::High, false), (Risk::Critical, false), (low, true)] {
                assert_eq!(on(date, risk, safeguarding), at_once, "{date} {risk}");
            }
        }
    }

    /// Every due date from 2026 to 2030: each level is heard of on its day and not before.
    #[test]
    fn every_rung_is_reached_on_its_day_for_five_years() {
        let policy =
            Policy { manager_after: 1, leadership_after: Some(3), alone: true, nominated_after: Some(7) };
        for date in day("2026-01-01").iter_days().take_while(|date| *date <= day("2030-12-31")) {
            for &nation in Nation::ALL {
                for after in 0..=16 {
                    let today = date + Days::new(after);
                    let late = counted(date, today, nation);
                    let wanted =
                        if after == 0 { 0 } else { [1, 3, 7].iter().filter(|n| late >= **n).count() };
                    let got = levels_due(date, today, nation, policy, Risk::Low, false);
                    assert_eq!(got.len(), wanted, "{date} in {nation}, {late} working days late");
                }
            }
        }
    }

    #[test]
    fn a_theme_may_have_a_policy_of_its_own() {
        let quick =
            Policy { manager_after: 0, leadership_after: Some(1), alone: false, nominated_after: Some(2) };
        let general = Ladder(Risk::ALL.iter().map(|risk| (*risk, None, default_policy(*risk))).collect());
        let ladder = general.with(Some(Theme::Experience), &[(Risk::Low, quick)]);
        assert_eq!(ladder.policy(Risk::Low, Theme::Experience), quick);
        assert_eq!(ladder.policy(Risk::Low, Theme::Safety), default_policy(Risk::Low));
        assert_eq!(ladder.policy(Risk::Medium, Theme::Experience), default_policy(Risk::Medium));
        assert_eq!(
            ladder.with(Some(Theme::Experience), &[]),
            general,
            "and may follow the general one again"
        );
        let other = general.with(None, &[(Risk::Low, quick)]);
        assert_eq!(other.policy(Risk::Low, Theme::Safety), quick);
        assert_eq!(other.policy(Risk::High, Theme::Safety), default_policy(Risk::High), "the others stay");
        assert_eq!(Ladder::default().policy(Risk::Medium, Theme::Safety), default_policy(Risk::Medium));
    }

    #[test]
    fn a_high_risk_finding_asks_for_a_decision_on_its_days() {
        let friday = day("2026-11-20");
        let on = |text| levels_asked(friday, day(text), Nation::England, DECISION_POLICY);
        assert_eq!(on("2026-11-20"), []);
        assert_eq!(on("2026-11-22"), [], "a weekend is no working day");
        assert_eq!(on("2026-11-23"), [Level::Manager]);
        assert_eq!(on("2026-11-24"), [Level::Manager]);
        assert_eq!(on("2026-11-25"), [Level::Manager, Level::Leadership]);
    }

    #[test]
    fn a_decision_says_what_its_kind_asks_for() {
        let nothing = DecisionGiven {
            decision: Decision::Act,
            risk: " ".into(),
            delay_reason: String::new(),
            support_needed: String::new(),
            revised_due_on: None,
            interim_control: "\n".into(),
            control: ControlDays::default(),
            because: "does not count here".into(),
        };
        let today = day("2026-11-21");
        let fields =
            |given: &DecisionGiven| lacks(given, today, false).into_iter().map(|l| l.0).collect::<Vec<_>>();
        assert_eq!(fields(&nothing), ["risk", "delay_reason", "interim_control"]);
        let grave: Vec<_> = lacks(&nothing, today, true).into_iter().map(|l| l.0).collect();
        assert_eq!(grave, ["risk", "delay_reason", "interim_control", "control_check_on"]);
        let none = DecisionGiven { decision: Decision::NoEscalation, because: String::new(), ..nothing };
        assert_eq!(fields(&none), ["because"]);
        let past = DecisionGiven { revised_due_on: Some(day("2026-11-20")), because: "x".into(), ..none };
        assert_eq!(fields(&past), ["revised_due_on"]);
        assert!(fields(&DecisionGiven { revised_due_on: Some(today), ..past }).is_empty());
    }
}
