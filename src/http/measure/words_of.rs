//! What the chart of a measure says.

use crate::domain::measure::{self as rule, Line, Shape};
use crate::domain::spc::Chart;
use crate::picture::words as chart_words;
use crate::store::measure::Shown;

pub(super) use crate::picture::words::{notes, reliably as assurance};

/// The sentence under a chart.
pub(super) fn sentence(shown: &Shown, line: &Line, chart: &Chart) -> String {
    let m = &shown.measure;
    let valued = shown.readings.iter().rev().find(|reading| reading.value().is_some());
    let reading = valued.map(|last| format!("{} for {}", last.words(&m.unit), m.cadence.name(last.period)));
    chart_words::sentence(reading.as_deref(), m.target, line, chart)
}

/// A value with its unit.
pub(super) fn value(shape: Shape, unit: &str, of: f64) -> String {
    let number = rule::number(of);
    match (shape, unit) {
        (Shape::Share, _) | (_, "%") => format!("{number}%"),
        (_, "") => number,
        (_, unit) => format!("{number} {unit}"),
    }
}
