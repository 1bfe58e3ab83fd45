//! The same problem found again (R14, R21, R22): which finding can be linked to which, who hears of it, and what its
//! root-cause review has to say.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::escalation::{Level, Policy};
use super::text_enum::text_enum;
use super::wording::{is_vague_note, only_reminds};
use crate::ids::ServiceId;

/// Within how many days before a finding another one is looked for that is like it (R21).
pub const LIKE_WITHIN_DAYS: u64 = 365;

/// How much of the words of a finding on another topic must be in one that is like it.
pub const LIKE_SHARE: f64 = 0.6;

/// How many different words a finding must have to be looked for by them.
pub const LIKE_WORDS: i32 = 4;

/// A finding in the order in which things were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The day it was found.
    pub found_on: NaiveDate,
    /// Its number, which decides within a day.
    pub number: i32,
}

/// The finding with which a closed action's problem was found again, so that its closure did not last (R22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// Its number.
    pub finding: i32,
    /// The day it was found.
    pub found_on: NaiveDate,
    /// Its service.
    pub service: ServiceId,
}

/// That what an action is about came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    /// The finding that did: its own, or one whose action was merged into it.
    pub finding: i32,
    /// Who completed its root-cause review, and when; none while one is open.
    pub reviewed: Option<(String, DateTime<Utc>)>,
    /// What its other actions that were not called off say.
    pub others: Vec<String>,
}

impl Recurrence {
    /// Whether `what` and all the others only tell people again.
    #[must_use]
    pub fn only_reminds(&self, what: &str) -> bool {
        only_reminds(what) && self.others.iter().all(|other| only_reminds(other))
    }
}

/// What showed that an action did not do what it should, so that its cause is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setback {
    /// The sustain check planned so many days after its closure found it lost (R19).
    Lost(i64),
    /// Its verification found it ineffective (R16).
    Ineffective,
}

impl Setback {
    /// "the 28-day check of A-0012 was lost".
    #[must_use]
    pub fn of(self, action: &str) -> String {
        match self {
            Self::Lost(days) => format!("the {days}-day check of {action} was lost"),
            Self::Ineffective => format!("{action} was verified as ineffective"),
        }
    }

    /// "the 28-day check was lost".
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Lost(days) => format!("the {days}-day check was lost"),
            Self::Ineffective => "it was verified as ineffective".into(),
        }
    }
}

/// That an action opened again because it did not work or did not last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The finding whose cause is looked for.
    pub finding: i32,
    /// What showed it.
    pub by: Setback,
    /// Who completed its root-cause review since, and when; none while one is open.
    pub reviewed: Option<(String, DateTime<Utc>)>,
}

/// Why a finding cannot be linked to another as the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRefusal {
    /// They are the same.
    Itself,
    /// The other one was found later.
    Later,
    /// They are linked already.
    Linked,
    /// It is not there, or not for this person.
    NotThere,
}

impl LinkRefusal {
    /// The sentence for the page.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Itself => "Choose another finding: this is the one you are looking at",
            Self::Later => "Choose a finding that was found before this one",
            Self::Linked => "These are linked already",
            Self::NotThere => "Enter the reference of an earlier finding you can see, like F-0061",
        }
    }
}

/// Whether `newer` can be the problem of `earlier` found again.
///
/// # Errors
/// Why not.
pub fn may_link(newer: Place, earlier: Place) -> Result<(), LinkRefusal> {
    if newer == earlier || newer.number == earlier.number {
        return Err(LinkRefusal::Itself);
    }
    if earlier > newer { Err(LinkRefusal::Later) } else { Ok(()) }
}

/// The first day from which findings like one of `found_on` count.
#[must_use]
pub fn like_since(found_on: NaiveDate) -> NaiveDate {
    found_on.checked_sub_days(Days::new(LIKE_WITHIN_DAYS)).unwrap_or(NaiveDate::MIN)
}

text_enum! {
    /// What contributed to it (R22).
    pub enum Factor {
        /// What people know and can do.
        Skills => "skills", "Knowledge and skills";
        /// How many people, and what they have to do.
        Staffing => "staffing", "Staffing and workload";
        /// What is passed on, to whom and when.
        Communication => "communication", "Communication and handover";
        /// Whether somebody looks, and what is done about it.
        Checking => "checking", "Checking and supervision";
        /// What is used.
        Equipment => "equipment", "Equipment or supplies";
        /// Where it happens.
        Environment => "environment", "Environment";
        /// What is written down for people to do.
        Procedures => "procedures", "Procedures and guidance";
        /// What is recorded, and in what.
        Records => "records", "Records and systems";
        /// Who decides and follows up.
        Leadership => "leadership", "Leadership and oversight";
        /// The person's needs are others now.
        Needs => "needs", "The person’s changed needs";
    }
}

/// How many whys a root-cause review asks for at most.
pub const WHYS: usize = 5;

/// How many letters an analysis has at least.
pub const ANALYSIS: usize = 40;

/// What a root-cause review says (R22).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    /// What contributed.
    pub factors: Vec<Factor>,
    /// Why, and why that, at most [`WHYS`] times.
    pub whys: Vec<String>,
    /// The same in free words.
    pub analysis: String,
    /// What other services have to do; may be empty.
    pub wider: String,
    /// When it is looked at again.
    pub review_on: Option<NaiveDate>,
}

/// What a root-cause review lacks before it is complete: each field with what to do.
#[must_use]
pub fn lacks(given: &Causes, today: NaiveDate) -> Vec<(&'static str, &'static str)> {
    let mut lacking = Vec::new();
    if given.factors.is_empty() {
        lacking.push(("factors", "Tick at least one thing that contributed to it"));
    }
    let said = format!("{} {}", given.whys.join(". "), given.analysis);
    if said.trim().chars().count() < ANALYSIS || is_vague_note(&said) {
        lacking
            .push(("why-1", "Say why, so that somebody else can follow it: one short answer is not enough"));
    }
    match given.review_on {
        None => lacking.push(("review_on", "Enter the day on which you look at it again")),
        Some(day) if day <= today => lacking.push(("review_on", "Enter a day after today")),
        Some(_) => {}
    }
    lacking
}

/// The levels that hear of a recurrence: one higher than last time, up to the highest of the provider's policy, and everybody
/// below. What goes at once (high risk, safeguarding) reaches leadership in any case, with the nominated individual.
#[must_use]
pub fn levels(last: Option<i32>, policy: Policy, at_once: bool) -> Vec<Level> {
    let highest = if at_once {
        2
    } else if policy.nominated_after.is_some() {
        3
    } else {
        1 + i32::from(policy.leadership_after.is_some())
    };
    let least = 1 + i32::from(at_once);
    let up_to = (last.unwrap_or(0) + 1).clamp(least, highest);
    let second = if policy.alone && !at_once { Level::QualityLead } else { Level::Leadership };
    [Level::Manager, second, Level::Nominated].into_iter().filter(|level| level.number() <= up_to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text_enum::assert_words;

    fn place(found_on: &str, number: i32) -> Place {
        Place { found_on: found_on.parse().unwrap(), number }
    }

    #[test]
    fn what_was_found_first_comes_first() {
        let newer = place("2026-11-21", 9);
        for (earlier, wanted) in [
            (place("2026-11-20", 4), Ok(())),
            // logged later, found earlier
            (place("2026-11-20", 12), Ok(())),
            (place("2026-11-21", 8), Ok(())),
            (place("2026-11-21", 9), Err(LinkRefusal::Itself)),
            (place("2026-11-21", 10), Err(LinkRefusal::Later)),
            (place("2026-11-22", 4), Err(LinkRefusal::Later)),
        ] {
            assert_eq!(may_link(newer, earlier), wanted, "{earlier:?}");
        }
        assert_eq!(like_since(newer.found_on), "2025-11-21".parse().unwrap());
    }

    #[test]
    fn factors_keep_their_words() {
        assert_words::<Factor>();
    }

    #[test]
    fn a_root_cause_review_is_complete_with_factor_analysis_and_date() {
        let today = "2026-11-21".parse().unwrap();
        let whole = Causes {
            factors: vec![Factor::Staffing],
            whys: vec![
                "Agency seniors are not shown the protocol".into(),
                "Nobody meets them at handover".into(),
            ],
            analysis: String::new(),
            wider: String::new(),
            review_on: Some("2026-12-21".parse().unwrap()),
        };
        assert_eq!(lacks(&whole, today), []);
        let fields = |given: Causes| lacks(&given, today).iter().map(|(field, _)| *field).collect::<Vec<_>>();
        let free = Causes { whys: Vec::new(), analysis: whole.whys.join("; "), ..whole.clone() };
        assert_eq!(fields(free), [""; 0], "free words do as well");
        for (spoilt, wanted) in [
            (Causes::default(), &["factors", "why-1", "review_on"][..]),
            (Causes { factors: Vec::new(), ..whole.clone() }, &["factors"]),
            (Causes { whys: vec!["No time on nights".into()], ..whole.clone() }, &["why-1"]),
            (
                Causes {
                    whys: vec!["Addressed, done, done and done, all actioned and completed as above".into()],
                    ..whole.clone()
                },
                &["why-1"],
            ),
            (Causes { review_on: Some(today), ..whole }, &["review_on"]),
        ] {
            assert_eq!(fields(spoilt), wanted);
        }
    }

    #[test]
    fn one_level_higher_than_last_time_up_to_the_highest() {
        use Level::{Leadership, Manager, Nominated, QualityLead};
        let policy = |leadership, alone, nominated| Policy {
            manager_after: 0,
            leadership_after: leadership,
            alone,
            nominated_after: nominated,
        };
        let two = policy(Some(5), false, None);
        let three = policy(Some(5), true, Some(10));
        for (what, last, policy, at_once, wanted) in [
            ("never escalated", None, two, false, &[Manager][..]),
            ("to the manager", Some(1), two, false, &[Manager, Leadership]),
            ("to the top of two", Some(2), two, false, &[Manager, Leadership]),
            ("no second level", Some(1), policy(None, false, None), false, &[Manager]),
            ("three levels, first", Some(1), three, false, &[Manager, QualityLead]),
            ("three levels, second", Some(2), three, false, &[Manager, QualityLead, Nominated]),
            ("three levels, top", Some(3), three, false, &[Manager, QualityLead, Nominated]),
            ("grave", None, two, true, &[Manager, Leadership]),
            ("grave, again", Some(2), three, true, &[Manager, Leadership]),
        ] {
            assert_eq!(levels(last, policy, at_once), wanted, "{what}");
        }
    }
}
