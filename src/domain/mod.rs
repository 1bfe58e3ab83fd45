//! What the program decides, as pure functions over facts: no database, no web, no clock. Rules live here and only here.

/// Working days, bank holidays, lateness, weeks.
pub mod calendar;
/// The regulator's framework: ids, layout, and what a finding most likely bears on.
pub mod framework;
/// Closure standards: evidence, verification window and approver by topic, source and risk.
pub mod standard;
/// The macro that makes an enum of the words we store, type and read.
pub mod text_enum;
/// Risk, theme, topic and the kinds of review, service and evidence.
pub mod topic;
/// Dates, times, lateness, lists and counts as people read them.
pub mod words;
