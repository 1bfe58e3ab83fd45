//! The words in which the demo's stories are told: who did what, how many working days ago. No story touches the
//! database; `stage` plays them through the same workflow as the pages.

use chrono::NaiveDate;

use super::history::Step;
use crate::domain::closure::AssuranceDecision;
use crate::domain::governance::Said;
use crate::domain::measure::{Shape, Way};
use crate::domain::recurrence::Factor;
use crate::domain::sustain::Lasting;
use crate::domain::topic::{EvidenceKind, EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};
use crate::domain::weekly::Standing;

/// When: working days before the day the demo is loaded (negative: after it), and the time of day in London.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// Working days ago.
    pub ago: i32,
    /// Hour.
    pub hour: u32,
    /// Minute.
    pub minute: u32,
}

/// Working days ago, at a time of day.
#[must_use]
pub const fn at(ago: i32, hour: u32, minute: u32) -> When {
    When { ago, hour, minute }
}

/// One deed of a story.
#[derive(Clone, Debug)]
pub struct Deed {
    /// When.
    pub when: When,
    /// Who, by the key of the cast.
    pub who: &'static str,
    /// What.
    pub what: What,
}

/// A deed by somebody.
#[must_use]
pub const fn deed(when: When, who: &'static str, what: What) -> Deed {
    Deed { when, who, what }
}

/// A piece of evidence in a story.
#[derive(Clone, Copy, Debug)]
pub enum Proof {
    /// Where a record is kept.
    At(EvidenceKind, &'static str),
    /// A file with this name and these lines.
    File(EvidenceKind, &'static str, &'static str),
    /// A photo with this name, drawn by the program.
    Photo(EvidenceKind, &'static str),
}

/// What is done. Things are named by keys of the story.
#[derive(Clone, Debug)]
pub enum What {
    /// Starts a review.
    Review {
        /// Key.
        key: &'static str,
        /// Kind.
        kind: ReviewKind,
        /// What people call it.
        title: &'static str,
        /// Key of the service.
        service: &'static str,
        /// Percent.
        score: Option<i32>,
    },
    /// Logs a finding.
    Finding {
        /// Key.
        key: &'static str,
        /// Key of its review.
        review: &'static str,
        /// Key of the service.
        service: &'static str,
        /// Name of the unit.
        unit: Option<&'static str>,
        /// What was seen.
        what: &'static str,
        /// What it rests on.
        source: EvidenceSource,
        /// Risk.
        risk: Risk,
        /// Theme.
        theme: Theme,
        /// Topic.
        topic: Topic,
    },
    /// Adds a further source to a finding.
    FurtherSource {
        /// Key of the finding.
        finding: &'static str,
        /// Key of the review.
        review: &'static str,
    },
    /// Links a finding to an earlier one of which it is the recurrence.
    CameBack {
        /// Key of the finding.
        finding: &'static str,
        /// Key of the earlier one.
        earlier: &'static str,
    },
    /// Completes the root-cause review of what came back.
    RootCause {
        /// Key of the finding.
        finding: &'static str,
        /// What contributed.
        factors: &'static [Factor],
        /// Why, and why that.
        whys: &'static [&'static str],
        /// What has to change in other services.
        wider: &'static str,
        /// Looked at again so many working days ago (negative: after the day of loading).
        review: i32,
    },
    /// Ends a finding without an action.
    NotForTracker {
        /// Key of the finding.
        finding: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Agrees an action.
    Action {
        /// Key.
        key: &'static str,
        /// Key of its finding.
        finding: &'static str,
        /// What will be different.
        what: &'static str,
        /// How success will be tested.
        success: &'static str,
        /// Key of the owner; empty for nobody yet.
        owner: &'static str,
        /// Due so many working days ago (negative: after the day of loading).
        due: i32,
    },
    /// Signs a review off.
    SignOff(&'static str),
    /// Records progress, with evidence, and submits if it is done.
    Progress {
        /// Key of the action.
        action: &'static str,
        /// What was done.
        note: &'static str,
        /// Evidence.
        proof: &'static [Proof],
        /// What is in the way, and what would help.
        help: Option<(&'static str, &'static str)>,
        /// Whether it is done.
        done: bool,
    },
    /// Records a verdict.
    Verdict {
        /// Key of the action.
        action: &'static str,
        /// How it was checked.
        method: Method,
        /// How many were looked at, and how many met the standard.
        sample: (u32, u32),
        /// What was found.
        note: &'static str,
        /// The outcome.
        outcome: Outcome,
        /// What is missing.
        missing: &'static str,
        /// The new due date, in working days ago.
        due: i32,
    },
    /// The nominated individual's word.
    Assurance {
        /// Key of the action.
        action: &'static str,
        /// The word.
        decision: AssuranceDecision,
        /// Why.
        note: &'static str,
    },
    /// Looks whether what was closed has lasted.
    LooksAgain {
        /// Key of the action.
        action: &'static str,
        /// Held, slipping or lost.
        lasting: Lasting,
        /// How many were looked at, and how many met the standard.
        sample: (u32, u32),
        /// What was seen.
        note: &'static str,
    },
    /// Looks at everything that was closed and is to be looked at again by now.
    LooksAtAll,
    /// Draws the sample of the last quarter, and audits all of it that they may.
    AuditsClosures {
        /// How many.
        size: usize,
        /// How many of them wait.
        leaves: usize,
        /// What was found, one after the other.
        notes: &'static [&'static str],
    },
    /// Approves closure.
    Close {
        /// Key of the action.
        action: &'static str,
        /// Why.
        note: &'static str,
    },
    /// Reopens.
    Reopen {
        /// Key of the action.
        action: &'static str,
        /// Why.
        reason: &'static str,
        /// The new due date, in working days ago.
        due: i32,
    },
    /// Moves a date.
    Extend {
        /// Key of the action.
        action: &'static str,
        /// The new due date, in working days ago.
        due: i32,
        /// Why.
        reason: &'static str,
    },
    /// Gives an action to somebody else.
    Reassign {
        /// Key of the action.
        action: &'static str,
        /// Key of the new owner.
        to: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Rewords.
    Reword {
        /// Key of the action.
        action: &'static str,
        /// What will be different.
        what: &'static str,
        /// How success will be tested.
        success: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Holds the weekly review of a service: what is agreed for the actions named, those not named are not reached.
    Weekly {
        /// Service.
        service: &'static str,
        /// Action, where it stands, note, support needed.
        agreed: &'static [(&'static str, Standing, &'static str, &'static str)],
        /// Members who were there; nobody when it is left to be gone on with.
        present: &'static [&'static str],
        /// Who else was there.
        others: &'static str,
    },
    /// Merges a duplicate into the action that stays.
    Merge {
        /// Key of the duplicate.
        action: &'static str,
        /// Key of the one that stays.
        into: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Changes the verification window of a topic's closure standard.
    Window {
        /// The topic.
        topic: Topic,
        /// Working days.
        days: u16,
        /// Why.
        reason: &'static str,
    },
    /// Cancels.
    Cancel {
        /// Key of the action.
        action: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Records a decision on the newest escalation of an action.
    Decide {
        /// Key of the action.
        action: &'static str,
        /// What could happen meanwhile.
        risk: &'static str,
        /// Why it is late.
        delay: &'static str,
        /// What support is needed.
        support: &'static str,
        /// What keeps people safe.
        control: &'static str,
        /// The new due date, in working days ago; none keeps it.
        due: Option<i32>,
    },
    /// Records that no escalation of an action is needed.
    Stays {
        /// Key of the action.
        action: &'static str,
        /// Why.
        because: &'static str,
    },
    /// Says something about an action in the governance meeting on the month before.
    InMeeting {
        /// Key of the action.
        action: &'static str,
        /// What.
        said: Said,
        /// In their words.
        note: &'static str,
    },
    /// Asks that a measure shows improvement before anything closes on a topic that people's feedback brought up.
    AsksForMeasure {
        /// The topic.
        topic: Topic,
        /// Why.
        reason: &'static str,
    },
    /// Defines a measure that is read every week.
    Measure {
        /// Key.
        key: &'static str,
        /// Name.
        name: &'static str,
        /// What is counted.
        unit: &'static str,
        /// Key of the service.
        service: &'static str,
        /// What a reading is.
        shape: Shape,
        /// Which way is better.
        way: Way,
        /// Where it begins.
        baseline: f64,
        /// What is aimed at.
        target: f64,
    },
    /// Records a reading.
    Read {
        /// Key of the measure.
        measure: &'static str,
        /// Of the week so many weeks before the one of loading.
        weeks_ago: i32,
        /// The number, or how many.
        numerator: f64,
        /// Of how many.
        denominator: Option<f64>,
    },
    /// Records several readings, each of the week of a day.
    Readings {
        /// Key of the measure.
        measure: &'static str,
        /// The day, how many, and of how many.
        readings: Vec<(NaiveDate, f64, f64)>,
    },
    /// Names an action that should move a measure.
    MeasureMovedBy {
        /// Key of the measure.
        measure: &'static str,
        /// Key of the action.
        action: &'static str,
    },
    /// Leaves the provider.
    Leaves,
    /// Begins a review of everyday work, by its place in the list.
    Held(usize),
    /// Signs it off.
    Signed(usize),
    /// Takes a step of everyday work, by its place in the list.
    Step(usize, Step),
}
