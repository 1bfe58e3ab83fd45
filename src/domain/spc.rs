//! Statistical process control: what a measure's chart says about change, by rule and not by eye (R23).
//!
//! XmR charts after the practice of "Making Data Count", in the form of the R package NHSRplotthedots 0.2.2: limits from
//! the moving range with outliers screened once; points outside, shifts and trends of seven, two of three near a limit. The
//! figures are compared with that package's in the tests. Rules never look across a recalculation or a gap.

/// The factor from the average moving range to three standard deviations of single values: 3 / 1.128, as it is used.
const LIMIT: f64 = 2.66;
/// A moving range this many times the average is screened out before the limits are drawn.
const SCREEN: f64 = 3.267;
/// How many points in a row make a shift or a trend.
const RUN: usize = 7;
/// Fewer points than this: a run chart without limits.
pub const TRIAL_FROM: usize = 7;
/// From so many points the limits are no longer on trial.
pub const FULL_FROM: usize = 13;
/// A hair, as a part of the largest value: what adding fractions up may add. Nothing is told apart by less, so that the unit
/// decides nothing: minutes or hours, per cent or per thousand, counted from nought or from a hundred.
const HAIR: f64 = 1e-12;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Neither.
    Neither,
}

impl Better {
    const fn sign(self) -> i8 {
        match self {
            Self::Up => 1,
            Self::Down => -1,
            Self::Neither => 0,
        }
    }
}

/// A series of one value a period.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// The values, in order of time.
    pub values: &'a [f64],
    /// The positions before which a period is missing altogether: rules and moving ranges do not reach across.
    pub gaps: &'a [usize],
    /// The positions from which limits are calculated anew, ascending.
    pub recalculated: &'a [usize],
    /// Which way is better.
    pub better: Better,
    /// What is aimed at.
    pub target: Option<f64>,
    /// Whether extreme moving ranges are screened out once; the pages always do.
    pub screened: bool,
}

/// The rule that makes a point special; the first that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Outside the limits.
    Outside,
    /// One of seven that rise or fall in a row.
    Trend,
    /// One of two out of three near a limit.
    TwoOfThree,
    /// One of seven on one side of the mean in a row.
    Shift,
}

impl Rule {
    /// The word it is stored by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::Trend => "trend",
            Self::TwoOfThree => "two_of_three",
            Self::Shift => "shift",
        }
    }

    /// Why it makes a point special, as the end of a sentence.
    #[must_use]
    pub const fn because(self) -> &'static str {
        match self {
            Self::Outside => "it is outside the limits",
            Self::Trend => "seven readings or more in a row go the same way",
            Self::TwoOfThree => "two of three readings are near a limit",
            Self::Shift => "seven readings or more in a row are on the same side of the mean",
        }
    }
}

/// What a point or a whole chart shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Usual variation.
    Common,
    /// Better, and not by chance.
    Improvement,
    /// Worse, and not by chance.
    Concern,
    /// Higher, where neither way is better.
    High,
    /// Lower, where neither way is better.
    Low,
}

/// Whether the process can be relied on to meet its target, as it runs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assurance {
    /// It will consistently meet it.
    Pass,
    /// It will consistently miss it.
    Fail,
    /// Sometimes it will, sometimes not.
    HitOrMiss,
}

/// The limits of the points between two recalculations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The mean.
    pub mean: f64,
    /// The lower process limit.
    pub lower: f64,
    /// The upper process limit.
    pub upper: f64,
}

/// The points between two recalculations.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// The position of its first point.
    pub from: usize,
    /// How many points it has.
    pub len: usize,
    /// The middle value, for charts without limits.
    pub median: f64,
    /// Its limits; none for fewer than seven points, or without variation.
    pub limits: Option<Limits>,
}

impl Segment {
    /// Whether its limits are on trial: seven to twelve points.
    #[must_use]
    pub const fn on_trial(&self) -> bool {
        self.limits.is_some() && self.len < FULL_FROM
    }
}

/// One point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Why it is special; none when it is not.
    pub rule: Option<Rule>,
    /// What it shows.
    pub kind: Kind,
}

/// What the rules say about a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The segments.
    pub segments: Vec<Segment>,
    /// The points, one for each value.
    pub points: Vec<Point>,
    /// What the last point shows; none without limits.
    pub variation: Option<Kind>,
    /// Whether the target is met reliably; none without a target, a better way, or limits.
    pub assurance: Option<Assurance>,
}

/// Draws the conclusions.
#[must_use]
pub fn chart(series: &Series<'_>) -> Chart {
    let mut bounds: Vec<usize> =
        series.recalculated.iter().copied().filter(|at| (1..series.values.len()).contains(at)).collect();
    bounds.dedup();
    bounds.push(series.values.len());
    let (mut segments, mut points, mut from) = (Vec::new(), Vec::new(), 0);
    for to in bounds {
        let values = series.values.get(from..to).unwrap_or_default();
        let gaps: Vec<bool> = (from..to).map(|at| series.gaps.contains(&at)).collect();
        let limits = if values.len() < TRIAL_FROM { None } else { limits(values, &gaps, series.screened) };
        points.extend(match limits {
            Some((limits, near)) => flags(values, &gaps, limits, near, series.better),
            None => values.iter().map(|_| Point { rule: None, kind: Kind::Common }).collect(),
        });
        segments.push(Segment {
            from,
            len: values.len(),
            median: median(values),
            limits: limits.map(|(limits, _)| limits),
        });
        from = to;
    }
    let last = segments.last().and_then(|segment| segment.limits);
    let hair = hair(series.values);
    Chart {
        variation: last.and(points.last()).map(|point| point.kind),
        assurance: last.and_then(|limits| assurance(limits, series.better, series.target, hair)),
        segments,
        points,
    }
}

fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a series has far fewer than 2^52 points")]
    let n = values.len() as f64;
    values.iter().sum::<f64>() / n
}

/// What is no difference between values like these.
fn hair(values: &[f64]) -> f64 {
    HAIR * values.iter().fold(0.0, |most: f64, value| most.max(value.abs()))
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(at(half.saturating_sub(1)), at(half))
    } else {
        at(half)
    }
}

/// The limits and the distance of the near ones from the mean; none when all values are the same.
fn limits(values: &[f64], gaps: &[bool], screened: bool) -> Option<(Limits, f64)> {
    let pairs = values.iter().zip(values.iter().skip(1)).zip(gaps.iter().skip(1));
    let mut ranges: Vec<f64> = pairs.filter(|(_, gap)| !**gap).map(|((a, b), _)| (b - a).abs()).collect();
    if ranges.is_empty() {
        return None;
    }
    let (average, hair) = (mean(&ranges), hair(values));
    if screened {
        ranges.retain(|range| *range < SCREEN * average - hair);
    }
    if ranges.is_empty() {
        return None;
    }
    let (middle, reach) = (mean(values), LIMIT * mean(&ranges));
    if reach <= hair {
        return None;
    }
    Some((Limits { mean: middle, lower: middle - reach, upper: middle + reach }, reach * 2.0 / 3.0))
}

fn assurance(limits: Limits, better: Better, target: Option<f64>, hair: f64) -> Option<Assurance> {
    let target = target?;
    // equal is hit or miss: the strict form
    let (above, below) = (target > limits.upper + hair, target < limits.lower - hair);
    match better {
        Better::Neither => None,
        Better::Up if above => Some(Assurance::Fail),
        Better::Up if below => Some(Assurance::Pass),
        Better::Down if above => Some(Assurance::Pass),
        Better::Down if below => Some(Assurance::Fail),
        Better::Up | Better::Down => Some(Assurance::HitOrMiss),
    }
}

fn sign(of: f64, hair: f64) -> i8 {
    if of > hair {
        1
    } else if of < -hair {
        -1
    } else {
        0
    }
}

/// Marks every member of each run of at least [`RUN`] equal, non-zero signs. `breaks` says before which member a run ends.
fn runs(signs: &[i8], breaks: &[bool]) -> Vec<bool> {
    let mut marked = vec![false; signs.len()];
    let mut from = 0;
    for to in 1..=signs.len() {
        let goes_on = to < signs.len()
            && signs.get(to) == signs.get(to - 1)
            && !breaks.get(to).copied().unwrap_or(false);
        if goes_on {
            continue;
        }
        if to - from >= RUN && signs.get(from).is_some_and(|sign| *sign != 0) {
            marked.iter_mut().take(to).skip(from).for_each(|mark| *mark = true);
        }
        from = to;
    }
    marked
}

/// Which points are part of a trend, and the direction of the step that counts for each: out of it when the next point is
/// part of one too, otherwise into it.
fn trends(values: &[f64], gaps: &[bool]) -> Vec<Option<i8>> {
    let hair = hair(values);
    let steps: Vec<i8> = values.iter().zip(values.iter().skip(1)).map(|(a, b)| sign(b - a, hair)).collect();
    let mut marked = vec![false; values.len()];
    let mut from = 0;
    for to in 1..=steps.len() {
        // step `to` leads into point `to + 1`; a gap before either point breaks the run
        let gap = |step: usize| gaps.get(step + 1).copied().unwrap_or(false);
        let goes_on = to < steps.len() && steps.get(to) == steps.get(to - 1) && !gap(to) && !gap(to - 1);
        if goes_on {
            continue;
        }
        if to - from >= RUN - 1 && !gap(from) && steps.get(from).is_some_and(|step| *step != 0) {
            marked.iter_mut().take(to + 1).skip(from).for_each(|mark| *mark = true);
        }
        from = to;
    }
    let is = |at: usize| marked.get(at).copied().unwrap_or(false);
    let step = |at: usize| steps.get(at).copied().unwrap_or(0);
    (0..values.len())
        .map(|at| is(at).then(|| if is(at + 1) { step(at) } else { step(at.saturating_sub(1)) }))
        .collect()
}

/// Two of three consecutive points, all on one side of the mean, near its limit: the near ones.
fn near_twice(sides: &[i8], near: &[bool], gaps: &[bool]) -> Vec<bool> {
    let mut marked = vec![false; sides.len()];
    let triples = sides.windows(3).zip(near.windows(3)).zip(gaps.windows(3)).enumerate();
    for (at, ((sides, close), gap)) in triples {
        let one_side = sides.iter().all(|side| Some(side) == sides.first() && *side != 0);
        let apart = gap.iter().skip(1).any(|gap| *gap);
        if one_side && !apart && close.iter().filter(|is| **is).count() >= 2 {
            for (mark, close) in marked.iter_mut().skip(at).zip(close) {
                *mark = *mark || *close;
            }
        }
    }
    marked
}

fn flags(values: &[f64], gaps: &[bool], limits: Limits, near: f64, better: Better) -> Vec<Point> {
    let hair = hair(values);
    let sides: Vec<i8> = values.iter().map(|value| sign(value - limits.mean, hair)).collect();
    let outside = |value: f64| value > limits.upper + hair || value < limits.lower - hair;
    let close: Vec<bool> =
        values.iter().map(|value| !outside(*value) && (value - limits.mean).abs() > near + hair).collect();
    let shifts = runs(&sides, gaps);
    let trends = trends(values, gaps);
    let twice = near_twice(&sides, &close, gaps);
    let each = values.iter().zip(&sides).zip(shifts).zip(trends).zip(twice);
    each.map(|((((value, side), shift), trend), twice)| {
        let (rule, sign) = if outside(*value) {
            (Some(Rule::Outside), *side)
        } else if let Some(step) = trend {
            (Some(Rule::Trend), step)
        } else if twice {
            (Some(Rule::TwoOfThree), *side)
        } else if shift {
            (Some(Rule::Shift), *side)
        } else {
            (None, 0)
        };
        let kind = match (rule, better.sign() * sign, sign) {
            (None, ..) => Kind::Common,
            (_, 1.., _) => Kind::Improvement,
            (_, ..=-1, _) => Kind::Concern,
            (_, 0, 1..) => Kind::High,
            (_, 0, _) => Kind::Low,
        };
        Point { rule, kind }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::Value;

    fn plain(values: &[f64]) -> Chart {
        let series =
            Series { values, gaps: &[], recalculated: &[], better: Better::Up, target: None, screened: true };
        chart(&series)
    }

    fn rule_word(rule: Option<Rule>) -> &'static str {
        match rule {
            None => "",
            Some(Rule::Outside) => "outside",
            Some(Rule::Trend) => "trend",
            Some(Rule::TwoOfThree) => "two_in_three",
            Some(Rule::Shift) => "shift",
        }
    }

    fn kind_word(kind: Kind) -> &'static str {
        match kind {
            Kind::Common => "common",
            Kind::Improvement => "improvement",
            Kind::Concern => "concern",
            Kind::High => "neutral_high",
            Kind::Low => "neutral_low",
        }
    }

    /// Limits and labels as the R package gives them for published series.
    #[test]
    fn limits_and_flags_are_those_of_the_reference() {
        let cases: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/data/spc_cases.json")).unwrap();
        assert!(cases.len() >= 6);
        for case in &cases {
            let id = case["id"].as_str().unwrap();
            let numbers = |name: &str| case[name].as_array().unwrap().clone();
            let values: Vec<f64> = numbers("y").iter().map(|y| y.as_f64().unwrap()).collect();
            let recalculated: Vec<usize> = numbers("rebase_at")
                .iter()
                .map(|at| usize::try_from(at.as_u64().unwrap()).unwrap())
                .collect();
            let better = match case["direction"].as_i64().unwrap() {
                1 => Better::Up,
                -1 => Better::Down,
                _ => Better::Neither,
            };
            let drawn = chart(&Series {
                values: &values,
                gaps: &[],
                recalculated: &recalculated,
                better,
                target: case["target"].as_f64(),
                screened: case["screen"].as_bool().unwrap(),
            });
            for (segment, wanted) in drawn.segments.iter().zip(numbers("segments")) {
                let limits = segment.limits.unwrap();
                for (found, name) in [(limits.mean, "mean"), (limits.lower, "lpl"), (limits.upper, "upl")] {
                    let wanted = wanted[name].as_f64().unwrap();
                    assert!((found - wanted).abs() < 1e-4, "{id} {name}: {found}, not {wanted}");
                }
            }
            let words = |name: &str| -> Vec<String> {
                numbers(name).iter().map(|word| word.as_str().unwrap().to_owned()).collect()
            };
            let rules: Vec<_> = drawn.points.iter().map(|point| rule_word(point.rule)).collect();
            assert_eq!(rules, words("rule"), "{id}");
            let kinds: Vec<_> = drawn.points.iter().map(|point| kind_word(point.kind)).collect();
            assert_eq!(kinds, words("kind"), "{id}");
            assert_eq!(drawn.variation.map(kind_word), case["variation"].as_str(), "{id}");
            let assurance = drawn.assurance.map(|assurance| match assurance {
                Assurance::Pass => "pass",
                Assurance::Fail => "fail",
                Assurance::HitOrMiss => "inconsistent",
            });
            assert_eq!(assurance, case["assurance"].as_str(), "{id}");
        }
    }

    #[rstest]
    #[case::seven(7, true)]
    #[case::six(6, false)]
    fn seven_on_one_side_are_a_shift(#[case] high: usize, #[case] is: bool) {
        let mut values: Vec<f64> = (0..15).map(|i| if i % 2 == 0 { 10.0 } else { 11.0 }).collect();
        values.extend((0..high).map(|i| if i % 2 == 0 { 11.6 } else { 12.0 }));
        let found = plain(&values);
        let shift = found.points.iter().filter(|p| p.rule == Some(Rule::Shift)).count();
        assert_eq!(shift >= 7, is, "{found:?}");
    }

    #[test]
    fn seven_that_rise_are_a_trend_and_an_equal_neighbour_breaks_it() {
        let level = [50.0, 52.0, 49.0, 51.0, 50.0, 48.0, 52.0, 49.0];
        let rising = [level.as_slice(), &[46.0, 47.0, 48.0, 49.0, 50.0, 51.0, 52.0]].concat();
        let found = plain(&rising);
        let trend: Vec<_> = found.points.iter().rev().take(7).map(|p| p.rule).collect();
        assert!(trend.iter().all(|rule| *rule == Some(Rule::Trend)), "{trend:?}");
        assert_eq!(found.variation, Some(Kind::Improvement));
        let broken = [level.as_slice(), &[46.0, 47.0, 48.0, 48.0, 49.0, 50.0, 51.0]].concat();
        assert!(plain(&broken).points.iter().all(|p| p.rule != Some(Rule::Trend)));
    }

    #[test]
    fn a_gap_breaks_runs_and_is_no_moving_range() {
        let values =
            [50.0, 52.0, 49.0, 51.0, 50.0, 48.0, 52.0, 49.0, 46.0, 47.0, 48.0, 49.0, 50.0, 51.0, 52.0];
        let of = |gaps: &[usize]| {
            let (recalculated, target, screened) = (&[][..], None, true);
            chart(&Series { values: &values, gaps, recalculated, better: Better::Up, target, screened })
        };
        assert!(of(&[]).points.iter().any(|p| p.rule == Some(Rule::Trend)));
        assert!(of(&[11]).points.iter().all(|p| p.rule != Some(Rule::Trend)));
        assert_ne!(of(&[8]).segments, of(&[]).segments, "the step across is left out");
    }

    #[rstest]
    #[case::none(&[], None)]
    #[case::one(&[3.0], None)]
    #[case::six(&[3.0, 4.0, 3.0, 4.0, 3.0, 4.0], None)]
    #[case::all_equal(&[3.0; 20], None)]
    #[case::seven(&[3.0, 4.0, 3.0, 4.0, 3.0, 4.0, 3.0], Some(true))]
    #[case::twelve(&[3.0, 4.0, 3.0, 4.0, 3.0, 4.0, 3.0, 4.0, 3.0, 4.0, 3.0, 4.0], Some(true))]
    #[case::thirteen(&[3.0, 4.0, 3.0, 4.0, 3.0, 4.0, 3.0, 4.0, 3.0, 4.0, 3.0, 4.0, 3.0], Some(false))]
    fn limits_need_points_that_vary(#[case] values: &[f64], #[case] trial: Option<bool>) {
        let found = plain(values);
        let segment = found.segments.last();
        assert_eq!(segment.and_then(|s| s.limits.map(|_| s.on_trial())), trial);
        assert_eq!(found.variation.is_some(), trial.is_some());
    }

    #[test]
    fn rules_do_not_look_across_a_recalculation() {
        let mut values = vec![10.0, 11.0, 10.0, 11.0, 10.0, 11.0, 10.0, 11.0, 10.0, 11.0, 10.0, 11.0, 10.0];
        values.extend([20.0, 21.0, 20.0, 21.0, 20.0, 21.0, 20.0, 21.0, 20.0, 21.0, 20.0, 21.0, 20.0]);
        assert!(plain(&values).points.iter().any(|p| p.rule.is_some()));
        let (gaps, better, target) = (&[][..], Better::Up, None);
        let split =
            chart(&Series { values: &values, gaps, recalculated: &[13], better, target, screened: true });
        assert_eq!(split.segments.len(), 2);
        assert!(split.points.iter().all(|p| p.rule.is_none()));
        assert!((split.segments[1].limits.unwrap().mean - 20.461_538).abs() < 1e-4);
    }

    /// A series as it could be read: with gaps, limits calculated anew, a way and a target.
    #[derive(Clone, Debug)]
    struct Read {
        values: Vec<f64>,
        gaps: Vec<usize>,
        recalculated: Vec<usize>,
        better: Better,
        target: Option<f64>,
        screened: bool,
    }

    impl Read {
        fn chart(&self) -> Chart {
            let Self { values, gaps, recalculated, better, target, screened } = self;
            let (better, target, screened) = (*better, *target, *screened);
            chart(&Series { values, gaps, recalculated, better, target, screened })
        }

        /// Every number otherwise.
        fn moved(&self, to: impl Fn(f64) -> f64) -> Self {
            let values = self.values.iter().copied().map(&to).collect();
            Self { values, target: self.target.map(&to), ..self.clone() }
        }
    }

    fn read() -> impl Strategy<Value = Read> {
        // few different numbers now and then, and steps: so that ties, shifts and flat stretches come up
        let numbers = prop_oneof![0_i32..101, 40_i32..44, Just(50_i32)];
        let values = proptest::collection::vec((numbers, 1_usize..9), 1..24).prop_map(|runs| {
            let each = runs.into_iter().flat_map(|(n, times)| std::iter::repeat_n(f64::from(n), times));
            each.take(40).collect::<Vec<f64>>()
        });
        let places = || proptest::collection::btree_set(1_usize..40, 0..3);
        let better = prop_oneof![Just(Better::Up), Just(Better::Down), Just(Better::Neither)];
        let target = proptest::option::of((0_i32..101).prop_map(f64::from));
        (values, places(), places(), better, target, any::<bool>()).prop_map(
            |(values, gaps, recalculated, better, target, screened)| {
                let (gaps, recalculated) = (gaps.into_iter().collect(), recalculated.into_iter().collect());
                Read { values, gaps, recalculated, better, target, screened }
            },
        )
    }

    fn turned(kind: Kind) -> Kind {
        match kind {
            Kind::High => Kind::Low,
            Kind::Low => Kind::High,
            kind => kind,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        /// Counting from another nought and in another unit changes no conclusion, and moves the limits with the values.
        #[test]
        fn the_unit_does_not_matter(read in read(), up in -1e5_f64..1e5, exponent in -6.0_f64..6.0) {
            let (one, factor) = (read.chart(), 10.0_f64.powf(exponent));
            let to = |value: f64| (value + up) * factor;
            let other = read.moved(to).chart();
            prop_assert_eq!(&one.points, &other.points);
            prop_assert_eq!((one.variation, one.assurance), (other.variation, other.assurance));
            let close = |a: f64, b: f64| (to(a) - b).abs() <= (to(a).abs() + factor * 200.0) * 1e-9;
            for (a, b) in one.segments.iter().zip(&other.segments) {
                prop_assert_eq!((a.from, a.len, a.limits.is_some()), (b.from, b.len, b.limits.is_some()));
                prop_assert!(close(a.median, b.median));
                if let (Some(a), Some(b)) = (a.limits, b.limits) {
                    prop_assert!(close(a.mean, b.mean) && close(a.lower, b.lower) && close(a.upper, b.upper), "{a:?} {b:?}");
                }
            }
        }

        /// What is counted the other way round, and better the other way round, says the same.
        #[test]
        fn the_sign_does_not_matter(read in read(), up in -1e5_f64..1e5) {
            let one = read.chart();
            let better = match read.better {
                Better::Up => Better::Down,
                Better::Down => Better::Up,
                Better::Neither => Better::Neither,
            };
            let other = Read { better, ..read.moved(|value| up - value) }.chart();
            let points: Vec<Point> = one.points.iter().map(|p| Point { rule: p.rule, kind: turned(p.kind) }).collect();
            prop_assert_eq!(points, other.points);
            prop_assert_eq!((one.variation.map(turned), one.assurance), (other.variation, other.assurance));
        }
    }

    /// However small the numbers are: what a hair is goes by them.
    #[test]
    fn small_numbers_have_limits_like_large_ones() {
        let values: Vec<f64> = [4, 6, 5, 7, 3, 5, 6, 4, 20].iter().copied().map(f64::from).collect();
        let small: Vec<f64> = values.iter().map(|v| v * 1e-15).collect();
        assert_eq!(plain(&values).points, plain(&small).points);
        assert!(plain(&small).points[8].rule.is_some());
        assert_eq!(plain(&[0.0; 9]).segments[0].limits, None);
    }
}
