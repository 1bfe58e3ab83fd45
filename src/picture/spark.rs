//! A line over time as small as a word, and the two signs beside it: whether something changes, and whether the target can be
//! relied on. What they say is decided in `domain/spc.rs`; words stand beside the signs.

use std::fmt::Write as _;

use askama::Template;
use askama::filters::HtmlSafe;

use crate::domain::measure::Line;
use crate::domain::spc::{Assurance, Better, Chart, Kind};

/// How wide it is drawn.
pub(crate) const WIDTH: f64 = 190.0;
/// How high.
pub(crate) const HEIGHT: f64 = 44.0;
const EDGE: f64 = 6.0;

/// The line: `{{ spark }}`. It is for the eye alone; the number and the words stand beside it.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/spark.html")]
pub struct Spark {
    pub(crate) path: String,
    pub(crate) means: Vec<(f64, f64, f64)>,
    pub(crate) dots: Vec<(f64, f64, &'static str)>,
}
impl HtmlSafe for Spark {}

/// Draws the line; none for fewer than two values.
#[must_use]
pub fn spark(line: &Line, chart: &Chart) -> Option<Spark> {
    let count = line.values.len();
    if count < 2 {
        return None;
    }
    let (low, high) = line.values.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    let reach = if high - low > 0.0 { high - low } else { 1.0 };
    let tenth = |of: f64| (of * 10.0).round() / 10.0;
    #[expect(clippy::cast_precision_loss, reason = "a line has tens of points")]
    let x = |at: usize| tenth(EDGE + (WIDTH - 2.0 * EDGE) * at as f64 / (count - 1) as f64);
    let y = |value: f64| {
        let share = if high > low { (value.clamp(low, high) - low) / reach } else { 0.5 };
        tenth(HEIGHT - EDGE - (HEIGHT - 2.0 * EDGE) * share)
    };
    let mut path = String::new();
    for (at, value) in line.values.iter().enumerate() {
        let _ = write!(path, "{}{} {} ", if at == 0 { "M" } else { "L" }, x(at), y(*value));
    }
    let last = count - 1;
    let dots = line.values.iter().zip(&chart.points).enumerate().filter_map(|(at, (value, point))| {
        let class = match point.kind {
            Kind::Improvement => "improvement",
            Kind::Concern => "concern",
            Kind::Common | Kind::High | Kind::Low if at == last => "common",
            Kind::Common | Kind::High | Kind::Low => return None,
        };
        Some((x(at), y(*value), class))
    });
    let means = chart.segments.iter().filter_map(|segment| {
        let to = (segment.from + segment.len).saturating_sub(1);
        segment.limits.map(|limits| (x(segment.from), x(to), y(limits.mean)))
    });
    Some(Spark { path: path.trim_end().to_owned(), means: means.collect(), dots: dots.collect() })
}

/// A sign with its words: `{{ sign }}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/sign.html")]
pub struct Sign {
    pub(crate) class: &'static str,
    pub(crate) letter: &'static str,
    pub(crate) arrow: &'static str,
    /// What it says.
    pub words: &'static str,
}
impl HtmlSafe for Sign {}

pub(crate) const UP: &str = "M24 21V11M20.5 14.2 24 10.5l3.5 3.7";
const DOWN: &str = "M24 12v10M20.5 18.8 24 22.5l3.5-3.7";

/// Whether something changes.
#[must_use]
pub const fn changes(kind: Kind, better: Better) -> Sign {
    let high = matches!(
        (kind, better),
        (Kind::High, _) | (Kind::Improvement, Better::Up) | (Kind::Concern, Better::Down)
    );
    let (class, words) = match kind {
        Kind::Common => return Sign { class: "gi-common", letter: "", arrow: "", words: "Usual variation" },
        Kind::Improvement => ("gi-good", "Getting better"),
        Kind::Concern => ("gi-bad", "Getting worse"),
        Kind::High => ("gi-ink", "Higher than usual"),
        Kind::Low => ("gi-ink", "Lower than usual"),
    };
    let (letter, arrow) = if high { ("H", UP) } else { ("L", DOWN) };
    Sign { class, letter, arrow, words }
}

/// Whether the target can be relied on.
#[must_use]
pub const fn meets(assurance: Assurance) -> Sign {
    let (class, letter, words) = match assurance {
        Assurance::Pass => ("gi-good", "P", "Will usually meet the target"),
        Assurance::Fail => ("gi-bad", "F", "Will usually miss the target"),
        Assurance::HitOrMiss => ("gi-ink", "?", "May or may not meet the target"),
    };
    Sign { class, letter, arrow: "", words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::figure::{Figure, Month, Value, chart, line};

    #[test]
    fn every_point_of_a_line_is_inside_its_picture() {
        let first = Month::from_text("2025-01").unwrap();
        for values in [&[10.0, 90.0, 20.0][..], &[50.0; 9], &[0.0, 100.0]] {
            let months: Vec<_> = (0_u32..)
                .zip(values)
                .map(|(at, v)| (first.after(at), Value { numerator: *v, denominator: 100.0 }))
                .collect();
            let line = line(Figure::Evidence, &months);
            let svg = spark(&line, &chart(Figure::Evidence, &line, &[])).unwrap().to_string();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            let path = svg.split("d=\"").nth(1).unwrap().split('"').next().unwrap();
            let numbers: Vec<f64> =
                path.replace(['M', 'L'], "").split(' ').map(|n| n.parse().unwrap()).collect();
            for pair in numbers.chunks(2) {
                assert!((0.0..=WIDTH).contains(&pair[0]) && (0.0..=HEIGHT).contains(&pair[1]), "{pair:?}");
            }
        }
        let one = line(Figure::Evidence, &[(first, Value { numerator: 1.0, denominator: 2.0 })]);
        assert!(spark(&one, &chart(Figure::Evidence, &one, &[])).is_none());
    }

    #[test]
    fn the_letter_says_the_direction_and_the_colour_whether_it_is_good() {
        assert_eq!(
            (changes(Kind::Improvement, Better::Up).letter, changes(Kind::Improvement, Better::Down).letter),
            ("H", "L")
        );
        assert_eq!(
            (changes(Kind::Concern, Better::Up).letter, changes(Kind::Concern, Better::Down).letter),
            ("L", "H")
        );
        assert_eq!(changes(Kind::Concern, Better::Down).class, "gi-bad");
        assert!(meets(Assurance::Fail).to_string().contains(">F<"));
    }
}
