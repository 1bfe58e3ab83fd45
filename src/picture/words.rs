//! What a chart says, in a sentence: the rule that fired, and whether the target can be relied on.

use crate::domain::measure::{Line, number};
use crate::domain::spc::{Assurance, Chart, FULL_FROM, Kind, TRIAL_FROM};
use crate::picture::chart::words_for;

/// Whether the target is met reliably, in few words.
#[must_use]
pub const fn reliably(of: Assurance) -> &'static str {
    match of {
        Assurance::Pass => "Reliably met",
        Assurance::Fail => "Reliably missed",
        Assurance::HitOrMiss => "Hit or miss",
    }
}

/// The sentence under a chart: `reading` is the newest one in words, with its period; none when there is none.
#[must_use]
pub fn sentence(reading: Option<&str>, target: Option<f64>, line: &Line, chart: &Chart) -> String {
    let (Some(reading), Some(point), Some(segment)) = (reading, chart.points.last(), chart.segments.last())
    else {
        return "Nothing has been read yet.".into();
    };
    if line.values.len() < TRIAL_FROM || segment.len < TRIAL_FROM {
        return format!("The last reading is {reading}. Limits are drawn from seven readings on.");
    }
    if segment.limits.is_none() {
        return format!("The last reading is {reading}. Not enough variation to draw limits.");
    }
    let shows = match (point.kind, point.rule) {
        (Kind::Common, _) | (_, None) => {
            format!("The last reading, {reading}, is usual variation: nothing has changed for certain.")
        }
        (kind, Some(rule)) => format!(
            "The last reading, {reading}, is {}, and not by chance: {}.",
            words_for(kind).to_lowercase(),
            rule.because()
        ),
    };
    let target = target.map(number).unwrap_or_default();
    let met = match chart.assurance {
        Some(Assurance::Pass) => format!(" As it runs now, the target of {target} is met every time."),
        Some(Assurance::Fail) => {
            format!(" As it runs now, the target of {target} will not be met: something has to change.")
        }
        Some(Assurance::HitOrMiss) => {
            format!(" As it runs now, the target of {target} is met at some times and missed at others.")
        }
        None => String::new(),
    };
    format!("{shows}{met}")
}

/// How the chart was drawn, under it.
#[must_use]
pub fn notes(chart: &Chart, closures: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(last) = chart.segments.last() else { return notes };
    if last.limits.is_some() {
        notes.push(
            "Limits: moving range, outliers screened once; points near a limit are counted up to it.".into(),
        );
    } else {
        notes.push("The line across is the median.".into());
    }
    if last.on_trial() {
        notes.push(format!("The limits are on trial until there are {FULL_FROM} readings."));
    }
    if chart.segments.len() > 1 {
        notes.push("A dotted line shows where limits are calculated anew; the reason is below.".into());
    }
    if closures {
        notes.push("A small triangle on the axis: an action that should move it was closed.".into());
    }
    notes
}
