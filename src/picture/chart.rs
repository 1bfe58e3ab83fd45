//! The chart of a measure or a figure: points, limits, target, recalculations and closures on a time axis. What each point
//! means is decided in `domain/spc.rs`; here it only gets a place and a shape.

use std::fmt::Write as _;

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::NaiveDate;

use crate::domain::measure::{Cadence, Line, number};
use crate::domain::spc::{Chart, Kind};

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Drawn<'a> {
    /// The values over time.
    pub line: &'a Line,
    /// What the rules say.
    pub chart: &'a Chart,
    /// How often it is read.
    pub cadence: Cadence,
    /// What is aimed at.
    pub target: Option<f64>,
    /// Whether values are per cent: the picture then stays between 0 and 100.
    pub percent: bool,
    /// The days on which something was closed that should move it.
    pub closed: &'a [NaiveDate],
    /// Its name and what it shows, for those who do not see it.
    pub title: &'a str,
    /// The sentence that says what it shows.
    pub sentence: &'a str,
}

/// The picture: `{{ picture }}`.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/spc.html")]
pub struct Picture {
    pub(crate) title: String,
    pub(crate) sentence: String,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) grid: Vec<(f64, String)>,
    pub(crate) dates: Vec<(f64, String)>,
    pub(crate) paths: Vec<String>,
    pub(crate) levels: Vec<Level>,
    pub(crate) cuts: Vec<f64>,
    pub(crate) marks: Vec<f64>,
    pub(crate) target: Option<(f64, String)>,
    pub(crate) points: Vec<Dot>,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}
impl HtmlSafe for Picture {}

impl Picture {
    /// What it is a chart of.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }
}

/// A mean, limit or median across its segment.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) class: &'static str,
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) at: f64,
}

/// One point.
#[derive(Clone, Debug)]
pub(crate) struct Dot {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) class: &'static str,
    /// Worse is a square, so that the shape says it without the colour.
    pub(crate) square: bool,
    pub(crate) label: String,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 706.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 262.0;

/// Draws the picture.
#[must_use]
pub fn picture(drawn: &Drawn<'_>) -> Picture {
    let scale = Scale::of(drawn);
    Picture {
        title: drawn.title.to_owned(),
        sentence: drawn.sentence.to_owned(),
        width: WIDTH,
        height: HEIGHT,
        grid: scale.grid(drawn.percent),
        dates: scale.dates(drawn),
        paths: paths(drawn, &scale),
        levels: levels(drawn, &scale),
        cuts: drawn.chart.segments.iter().skip(1).map(|s| scale.before(s.from)).collect(),
        marks: drawn.closed.iter().filter_map(|day| scale.day(drawn, *day)).collect(),
        target: drawn.target.map(|target| (scale.y(target), format!("Target {}", number(target)))),
        points: dots(drawn, &scale),
        left: LEFT,
        right: RIGHT,
        top: TOP,
        bottom: BOTTOM,
    }
}

/// From values and positions to places in the picture.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
    count: usize,
}

impl Scale {
    fn of(drawn: &Drawn<'_>) -> Self {
        let limits = drawn.chart.segments.iter().filter_map(|s| s.limits).flat_map(|l| [l.lower, l.upper]);
        let all = drawn.line.values.iter().copied().chain(limits).chain(drawn.target);
        let (mut low, mut high) = all.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        if drawn.percent {
            (low, high) = (low.max(0.0), high.min(100.0));
        }
        let step = nice((high - low).max(1e-6) / 4.0);
        let (mut low, mut high) = ((low / step).floor() * step, (high / step).ceil() * step);
        if high <= low {
            (low, high) = (low - step, high + step);
        }
        Self { low, high, step, count: drawn.line.values.len() }
    }

    #[expect(clippy::cast_precision_loss, reason = "a chart has hundreds of points")]
    fn x(&self, position: usize) -> f64 {
        if self.count < 2 {
            return f64::midpoint(LEFT, RIGHT);
        }
        LEFT + 14.0 + (RIGHT - LEFT - 28.0) * position as f64 / (self.count - 1) as f64
    }

    fn before(&self, position: usize) -> f64 {
        f64::midpoint(self.x(position), self.x(position.saturating_sub(1)))
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        BOTTOM - (BOTTOM - TOP) * share
    }

    /// Where a day stands between the periods; none before the first or after the last.
    fn day(&self, drawn: &Drawn<'_>, day: NaiveDate) -> Option<f64> {
        let period = drawn.cadence.period_of(day);
        let at = drawn.line.periods.iter().position(|p| *p == period)?;
        Some(self.x(at))
    }

    fn grid(&self, percent: bool) -> Vec<(f64, String)> {
        let lines = std::iter::successors(Some(self.low), |at| Some(at + self.step));
        lines
            .take_while(|at| *at <= self.high + self.step * 1e-6)
            .take(12)
            .map(|at| (self.y(at), if percent { format!("{}%", number(at)) } else { number(at) }))
            .collect()
    }

    /// At most six periods, evenly spread.
    fn dates(&self, drawn: &Drawn<'_>) -> Vec<(f64, String)> {
        let every = self.count.div_ceil(6).max(1);
        let dates = drawn.line.periods.iter().enumerate().step_by(every);
        dates.map(|(at, period)| (self.x(at), drawn.cadence.short(*period))).collect()
    }
}

/// One, two or five times a power of ten, at least as large as `of`.
fn nice(of: f64) -> f64 {
    let power = 10_f64.powf(of.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= of * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// The line between the points, broken at gaps and where limits are calculated anew.
fn paths(drawn: &Drawn<'_>, scale: &Scale) -> Vec<String> {
    let cut = |at: usize| {
        drawn.line.gaps.contains(&at) || drawn.chart.segments.iter().any(|segment| segment.from == at)
    };
    let mut paths: Vec<String> = Vec::new();
    for (at, value) in drawn.line.values.iter().enumerate() {
        let (x, y) = (scale.x(at), scale.y(*value));
        match paths.last_mut().filter(|_| at > 0 && !cut(at)) {
            Some(path) => {
                let _ = write!(path, " L{x:.1} {y:.1}");
            }
            None => paths.push(format!("M{x:.1} {y:.1}")),
        }
    }
    paths
}

fn levels(drawn: &Drawn<'_>, scale: &Scale) -> Vec<Level> {
    let mut levels = Vec::new();
    for segment in &drawn.chart.segments {
        let last = (segment.from + segment.len).saturating_sub(1);
        let from = if segment.from == 0 { LEFT } else { scale.before(segment.from) + 3.0 };
        let to = if last + 1 >= scale.count { RIGHT } else { scale.before(last + 1) - 3.0 };
        let mut level = |class, value: f64| levels.push(Level { class, from, to, at: scale.y(value) });
        match segment.limits {
            Some(limits) => {
                level("mean", limits.mean);
                let class = if segment.on_trial() { "lim lim--trial" } else { "lim" };
                // limits outside what can be are not drawn
                for limit in [limits.lower, limits.upper] {
                    if !drawn.percent || (0.0..=100.0).contains(&limit) {
                        level(class, limit);
                    }
                }
            }
            None if segment.len > 1 => level("mean", segment.median),
            None => {}
        }
    }
    levels
}

fn dots(drawn: &Drawn<'_>, scale: &Scale) -> Vec<Dot> {
    let each = drawn.line.values.iter().zip(&drawn.line.periods).zip(&drawn.chart.points).enumerate();
    each.map(|(at, ((value, period), point))| Dot {
        x: scale.x(at),
        y: scale.y(*value),
        class: class(point.kind),
        square: point.kind == Kind::Concern,
        label: format!("{}: {}", drawn.cadence.short(*period), number(*value)),
    })
    .collect()
}

const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Common => "common",
        Kind::Improvement => "improvement",
        Kind::Concern => "concern",
        Kind::High | Kind::Low => "neutral",
    }
}

/// The words for what a point shows.
#[must_use]
pub const fn words_for(kind: Kind) -> &'static str {
    match kind {
        Kind::Common => "Usual variation",
        Kind::Improvement => "Better than usual",
        Kind::Concern => "Worse than usual",
        Kind::High => "Higher than usual",
        Kind::Low => "Lower than usual",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::measure::{Reading, chart, line};
    use crate::domain::spc::Better;

    fn drawn(values: &[f64], target: Option<f64>) -> String {
        let readings: Vec<Reading> = values
            .iter()
            .zip(NaiveDate::from_ymd_opt(2025, 1, 1).unwrap().iter_days().step_by(7))
            .map(|(value, day)| Reading {
                period: Cadence::Weekly.period_of(day),
                numerator: Some(*value),
                denominator: None,
            })
            .collect();
        let line = line(Cadence::Weekly, &readings);
        let chart = chart(&line, &[], Better::Up, target);
        let (title, sentence, closed) = ("Falls", "It says <so>", &[][..]);
        let (line, chart, cadence) = (&line, &chart, Cadence::Weekly);
        picture(&Drawn { line, chart, cadence, target, percent: true, closed, title, sentence })
            .render()
            .unwrap()
    }

    #[test]
    fn every_point_is_inside_the_picture_and_the_line_is_one() {
        let values: Vec<f64> = (0..20).map(|i| f64::from(i * 5)).collect();
        let svg = drawn(&values, Some(90.0));
        assert_eq!(svg.matches("class=\"ln\"").count(), 1);
        assert!(svg.contains("Target 90") && svg.contains("improvement") && svg.contains("concern"), "{svg}");
        assert!(!svg.contains("<so>"), "what is written is escaped");
        for part in svg.split("cy=\"").skip(1) {
            let y: f64 = part.split('"').next().unwrap().parse().unwrap();
            assert!((TOP..=BOTTOM).contains(&y), "{y}");
        }
    }

    #[test]
    fn one_value_and_equal_values_are_drawn_too() {
        for values in [&[50.0][..], &[50.0; 9], &[0.0, 0.0], &[100.0; 3]] {
            let svg = drawn(values, None);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
