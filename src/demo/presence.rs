//! S11, inconsistent senior presence at Rowan House: people say at first that no senior is there when they need one; presence
//! is planned, visits are logged, people are asked each week; the nominated individual reads it and says what convinces him.

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::days::{MONTHS, WorkingDays};
use super::measures::SENIORS;
use super::script::Proof::At;
use super::script::What::{
    Action, AsksForMeasure, Close, Finding, InMeeting, Measure, MeasureMovedBy, Progress, Readings, Review,
    Verdict,
};
use super::script::{Deed, deed};
use crate::domain::figure::Month;
use crate::domain::governance::Said;
use crate::domain::measure::{Shape, Way};
use crate::domain::topic::EvidenceKind::{Briefing, Feedback, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// How many people are asked each week.
const ASKED: f64 = 20.0;
/// How many said yes before anything was done, week by week, and again from the start.
const BEFORE: [f64; 6] = [12.0, 11.0, 12.0, 13.0, 11.0, 12.0];
/// Week by week from the first planned one on; then the last six again.
const SINCE: [f64; 14] = [12.0, 13.0, 14.0, 14.0, 15.0, 16.0, 16.0, 17.0, 17.0, 18.0, 17.0, 18.0, 18.0, 17.0];
/// Seniors are planned from this month on.
const PLANNED_IN: u32 = 4;

/// The story.
#[must_use]
pub fn story(days: &WorkingDays) -> Vec<Deed> {
    [asked(days), planned(days), proven(days)].concat()
}

/// What people say, week by week.
fn asked(days: &WorkingDays) -> Vec<Deed> {
    let measure = Measure {
        key: SENIORS,
        name: "People who say a senior is there when they need one",
        unit: "",
        service: "rowan-house",
        shape: Shape::Share,
        way: Way::Up,
        baseline: 58.0,
        target: 85.0,
    };
    let mut deeds: Vec<Deed> =
        days.deed((MONTHS.cast_signed(), 1, 9, 0), "daniel", measure).into_iter().collect();
    let this = Month::of(days.today());
    let planned = this.before(PLANNED_IN).first();
    let mondays: Vec<NaiveDate> = this
        .before(MONTHS)
        .first()
        .iter_days()
        .take_while(|day| *day < days.today())
        .filter(|day| day.weekday() == Weekday::Mon)
        .collect();
    let (before, since): (Vec<NaiveDate>, Vec<NaiveDate>) =
        mondays.into_iter().partition(|monday| *monday < planned);
    // on Thursdays, so that the meeting on a month has all of its weeks; once a month at first
    let months = before.chunk_by(|a, b| Month::of(*a) == Month::of(*b));
    let mut said = BEFORE.iter().cycle();
    for month in months {
        let readings: Vec<_> =
            month.iter().zip(said.by_ref()).map(|(monday, yes)| (*monday, *yes, ASKED)).collect();
        let Some((last, ..)) = readings.last() else { continue };
        let when = days.at(days.from(*last + chrono::Days::new(3), 1), 9, 50);
        deeds.extend(
            when.map(|when| deed(when, "daniel", Readings { measure: SENIORS, readings: readings.clone() })),
        );
    }
    // each week since
    for (monday, yes) in since.into_iter().zip(SINCE.iter().chain(SINCE.iter().skip(8).cycle())) {
        let when = days.at(days.from(monday + chrono::Days::new(3), 1), 9, 50);
        let readings = vec![(monday, *yes, ASKED)];
        deeds.extend(when.map(|when| deed(when, "daniel", Readings { measure: SENIORS, readings })));
    }
    deeds
}

/// Found in a feedback round, and planned.
fn planned(days: &WorkingDays) -> Vec<Deed> {
    let due = days.ago(days.nth(2, 4));
    let log = |note, proof| Progress { action: "presence-a", note, proof, help: None, done: false };
    [
        days.deed((6, 4, 10, 30), "helen", AsksForMeasure {
            topic: Topic::SeniorPresence,
            reason: "Twice a plan for seniors was closed on its rota. Whether people notice is what counts, so the measure has to show it.",
        }),
        days.deed((5, 9, 10, 0), "daniel", Review {
            key: "presence",
            kind: ReviewKind::FeedbackRound,
            title: "Residents' views: is a senior there?",
            service: "rowan-house",
            score: Some(5800),
        }),
        days.deed((5, 9, 10, 30), "daniel", Finding {
            key: "presence-f",
            review: "presence",
            service: "rowan-house",
            unit: None,
            what: "8 of 20 residents say that no senior is there when they need one, most of them on late shifts and at weekends.",
            source: EvidenceSource::PeopleSaid,
            risk: Risk::Medium,
            theme: Theme::Experience,
            topic: Topic::SeniorPresence,
        }),
        days.deed((5, 9, 10, 50), "daniel", Action {
            key: "presence-a",
            finding: "presence-f",
            what: "Plan a senior on each unit from 4pm to 8pm and at weekends, log each round, and ask 20 residents every week for eight weeks",
            success: "17 of 20 residents say that a senior is there when they need one, in three weeks running",
            owner: "amara",
            due,
        }),
        days.deed((5, 10, 9, 30), "daniel", MeasureMovedBy { measure: SENIORS, action: "presence-a" }),
        days.deed((4, 3, 15, 0), "amara", log(
            "The plan hangs on each unit since the first. 19 of 21 planned rounds are logged.",
            &[At(Record, "Presence log, all units, first week")],
        )),
        days.deed((4, 14, 15, 0), "amara", log(
            "Briefed the seniors: the round is for people, not for charts. 40 of 42 rounds are logged.",
            &[At(Briefing, "Seniors' meeting, attendance and notes, item 1")],
        )),
        days.deed((3, 9, 15, 0), "amara", log(
            "All rounds of three weeks are logged. Weekends were short once, and the deputy stood in.",
            &[At(Record, "Presence log, all units, weeks four to six")],
        )),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// People asked again, checked, weighed by the nominated individual, and closed on what the measure shows.
fn proven(days: &WorkingDays) -> Vec<Deed> {
    [
        days.deed((2, 2, 14, 0), "amara", Progress {
            action: "presence-a",
            note: "Eight weeks are over. 17 of 20 residents said yes in the last week, and they say that seniors sit down with them.",
            proof: &[At(Feedback, "Weekly answers of 20 residents, feedback folder, eight sheets")],
            help: None,
            done: true,
        }),
        days.deed((2, 3, 12, 0), "marcus", InMeeting {
            action: "presence-a",
            said: Said::Assurance,
            note: "I read the eight sheets and the logs, and asked four residents on a Saturday. Seniors are there. I read it again in three months.",
        }),
        days.deed((2, 4, 10, 0), "priya", Verdict {
            action: "presence-a",
            method: Method::Conversation,
            sample: (8, 7),
            note: "Asked eight residents on two late shifts and a Sunday: seven say that a senior was there. The logs agree with the rota.",
            outcome: Outcome::Complete,
            missing: "",
            due: 0,
        }),
        days.deed((2, 12, 15, 0), "helen", Close {
            action: "presence-a",
            note: "People say it week after week, and the chart says that it is no chance. The weekly question stays.",
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
