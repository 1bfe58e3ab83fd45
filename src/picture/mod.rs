//! What is drawn from figures and measures: charts, small lines and signs, with the words beside them. Pages show them as
//! SVG, the printed report as a PDF; both are drawn from the same places.

/// A chart.
pub mod chart;
/// A line as small as a word, and the signs beside it.
pub mod spark;
/// What a chart says, in words.
pub mod words;
