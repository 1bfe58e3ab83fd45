//! Measured improvement (M9, R23): when a measure shows, by the rules for charts and not by eye, that an action moved it.

use chrono::NaiveDate;

use super::measure::{Cadence, Reading, Way, chart, line};
use super::spc::{Kind, Rule, TRIAL_FROM};
use super::words;

/// A measure that names an action, with what was read.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Its name.
    pub name: String,
    /// What is counted.
    pub unit: String,
    /// Which way is better.
    pub way: Way,
    /// How often it is read.
    pub cadence: Cadence,
    /// The newest round of each period, in order of time.
    pub readings: Vec<Reading>,
    /// The periods from which limits are calculated anew.
    pub recalculated: Vec<NaiveDate>,
}

/// What a measure shows of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    /// The newest reading is better, and not by chance.
    Better(Rule),
    /// Neither way is better, so nothing can be an improvement.
    NoWay,
    /// Nothing was read.
    NotRead,
    /// Nothing was read since it was done: the newest period.
    NotSince(NaiveDate),
    /// So few readings that no limits are drawn.
    TooFew(usize),
    /// No limits, because all readings are the same.
    Flat,
    /// Usual variation.
    Usual,
    /// Worse, and not by chance.
    Worse,
}

/// The days that count for an action in this round.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// When it was agreed, or opened again.
    pub began_on: NaiveDate,
    /// When its owner said it was done, if they did.
    pub done_on: Option<NaiveDate>,
}

/// What a measure shows. The newest reading has to be of a period that ended after the action was said to be done, and a
/// rule has to call it better under the limits that were drawn when the action began: limits that were calculated anew
/// since do not hide the change, and do not make one. Under the limits as they are drawn now it may not be worse.
#[must_use]
pub fn showing(of: &Followed, round: Round) -> Showing {
    if of.way == Way::Neither {
        return Showing::NoWay;
    }
    let line = line(of.cadence, &of.readings);
    let Some(newest) = line.periods.last() else { return Showing::NotRead };
    if round.done_on.is_some_and(|done| of.cadence.next(*newest) <= done) {
        return Showing::NotSince(*newest);
    }
    let before: Vec<NaiveDate> =
        of.recalculated.iter().copied().filter(|from| *from <= round.began_on).collect();
    let then = chart(&line, &before, of.way.into(), None);
    let drawn = chart(&line, &of.recalculated, of.way.into(), None);
    let worse = |kind: Option<Kind>| kind == Some(Kind::Concern);
    match (then.points.last(), then.segments.last()) {
        (_, Some(segment)) if segment.len < TRIAL_FROM => Showing::TooFew(segment.len),
        (_, Some(segment)) if segment.limits.is_none() => Showing::Flat,
        (Some(point), _) if worse(Some(point.kind)) || worse(drawn.variation) => Showing::Worse,
        (Some(point), _) => match (point.kind, point.rule) {
            (Kind::Improvement, Some(rule)) => Showing::Better(rule),
            _ => Showing::Usual,
        },
        (None, _) => Showing::NotRead,
    }
}

/// What a measure shows, as a sentence without its full stop.
#[must_use]
pub fn said(of: &Followed, showing: Showing) -> String {
    let last = of.readings.iter().rev().find(|reading| reading.value().is_some());
    let reading = last.map(|last| format!("{} for {}", last.words(&of.unit), of.cadence.name(last.period)));
    let reading = reading.unwrap_or_default();
    let name = &of.name;
    match showing {
        Showing::Better(rule) => {
            format!("{name}: {reading} is better than usual, and not by chance: {}", rule.because())
        }
        Showing::NoWay => format!("{name}: neither way is better, so it shows no improvement"),
        Showing::NotRead => format!("{name}: nothing was read yet"),
        Showing::NotSince(period) => {
            format!("{name}: the newest reading is for {}, before it was done", of.cadence.name(period))
        }
        Showing::TooFew(n) => format!(
            "{name}: {} so far, and limits are drawn from seven on",
            words::count_of(u64::try_from(n).unwrap_or(u64::MAX), "reading", "readings")
        ),
        Showing::Flat => format!("{name}: every reading is the same, so nothing has changed"),
        Showing::Usual => format!("{name}: {reading} is usual variation, so nothing has changed for certain"),
        Showing::Worse => format!("{name}: {reading} is worse than usual, and not by chance"),
    }
}

/// What the measures of an action show, when its closure standard asks for improvement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Improvement {
    /// Each measure that names it: whether it shows improvement, and the sentence.
    pub measures: Vec<(bool, String)>,
}

impl Improvement {
    /// Whether one of them shows improvement.
    #[must_use]
    pub fn shown(&self) -> bool {
        self.measures.iter().any(|(shows, _)| *shows)
    }

    /// What shows it, or what is missing.
    #[must_use]
    pub fn sentence(&self) -> String {
        if self.measures.is_empty() {
            return "No measure names this action yet: name it at the measure it should move".into();
        }
        let shown = self.shown();
        let said = self.measures.iter().filter(|(shows, _)| *shows == shown);
        said.map(|(_, said)| said.as_str()).collect::<Vec<_>>().join(". ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Monthly readings that end with November 2026.
    fn followed(way: Way, values: &[f64], recalculated: &[&str]) -> Followed {
        let mut period = day("2026-11-01");
        let mut readings = Vec::new();
        for value in values.iter().rev() {
            readings.insert(0, Reading { period, numerator: Some(*value), denominator: None });
            period = Cadence::Monthly.period_of(period.pred_opt().unwrap());
        }
        Followed {
            name: "Falls a month".into(),
            unit: "falls".into(),
            way,
            cadence: Cadence::Monthly,
            readings,
            recalculated: recalculated.iter().map(|d| day(d)).collect(),
        }
    }

    const ROUND: Round = Round { began_on: NaiveDate::from_ymd_opt(2026, 4, 20).unwrap(), done_on: None };
    /// Twelve months around 8, then seven around 3.
    const FELL: [f64; 19] = [8., 9., 7., 8., 9., 8., 7., 9., 8., 7., 9., 8., 4., 3., 3., 2., 3., 4., 3.];

    #[rstest]
    #[case("low at last", Way::Down, &FELL, &[], Showing::Better(Rule::TwoOfThree))]
    #[case("the same, where more is better", Way::Up, &FELL, &[], Showing::Worse)]
    #[case("neither way", Way::Neither, &FELL, &[], Showing::NoWay)]
    #[case("nothing read", Way::Down, &[], &[], Showing::NotRead)]
    #[case("six readings", Way::Down, &FELL[13..], &[], Showing::TooFew(6))]
    #[case("all the same", Way::Down, &[4.; 9], &[], Showing::Flat)]
    #[case("usual variation", Way::Down, &FELL[..12], &[], Showing::Usual)]
    // calculated anew when it had fallen: the limits of before still show the change
    #[case("calculated anew since", Way::Down, &FELL, &["2026-05-01"], Showing::Better(Rule::TwoOfThree))]
    // calculated anew before the action began: its own limits count, and nothing has changed within them
    #[case("calculated anew before", Way::Down, &FELL, &["2026-04-01"], Showing::Usual)]
    #[case("one far outside", Way::Down, &[8., 9., 7., 8., 9., 8., 7., 9., 8., 0.], &[], Showing::Better(Rule::Outside))]
    fn what_counts_as_shown(
        #[case] what: &str,
        #[case] way: Way,
        #[case] values: &[f64],
        #[case] recalculated: &[&str],
        #[case] wanted: Showing,
    ) {
        assert_eq!(showing(&followed(way, values, recalculated), ROUND), wanted, "{what}");
    }

    #[test]
    fn better_than_long_ago_and_worse_than_lately_is_no_improvement() {
        // it fell, limits were calculated anew, and the newest one is far above them, though still below the old mean
        let mut values = FELL.to_vec();
        values.extend([3., 3., 2., 3., 4., 3., 7.]);
        let of = followed(Way::Down, &values, &["2025-11-01"]);
        assert_eq!(showing(&of, Round { began_on: day("2025-10-20"), done_on: None }), Showing::Worse);
    }

    #[rstest]
    #[case("2026-11-30", Showing::Better(Rule::TwoOfThree))]
    #[case("2026-12-01", Showing::NotSince(day("2026-11-01")))]
    fn the_newest_reading_is_of_a_period_that_ended_after_it_was_done(
        #[case] done: &str,
        #[case] wanted: Showing,
    ) {
        let round = Round { done_on: Some(day(done)), ..ROUND };
        assert_eq!(showing(&followed(Way::Down, &FELL, &[]), round), wanted);
    }

    #[test]
    fn a_later_month_without_data_does_not_hide_the_newest_reading() {
        let mut of = followed(Way::Down, &FELL, &[]);
        of.readings.push(Reading { period: day("2026-12-01"), numerator: None, denominator: None });
        assert_eq!(showing(&of, ROUND), Showing::Better(Rule::TwoOfThree));
        assert!(said(&of, Showing::Better(Rule::Shift)).contains("3 falls for November 2026 is better"));
    }

    #[test]
    fn one_measure_that_shows_it_is_enough_and_what_is_missing_is_said_of_each() {
        let line = |shows, said: &str| (shows, said.to_owned());
        for (measures, shown, sentence) in [
            (vec![], false, "No measure names this action yet: name it at the measure it should move"),
            (vec![line(false, "A: usual"), line(false, "B: not read")], false, "A: usual. B: not read"),
            (vec![line(false, "A: usual"), line(true, "B: better")], true, "B: better"),
        ] {
            let of = Improvement { measures };
            assert_eq!((of.shown(), of.sentence().as_str()), (shown, sentence));
        }
    }
}
