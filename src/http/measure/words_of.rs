//! What the chart of a measure says.

use crate::domain::measure::Line;
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
