//! What the program decides, as pure functions over facts: no database, no web, no clock. Rules live here and only here.

/// Who may do what: the table of role and verb.
pub mod access;
/// An early-warning sign put aside.
pub mod acknowledgement;
/// An action: its states, its lateness, what is asked before it is submitted.
pub mod action;
/// Keys of a provider's own programs.
pub mod api_key;
/// The nominated individual's word on high-risk actions.
pub mod assurance;
/// The sample of a closure audit, drawn by lot.
pub mod audit_sample;
/// Working days, bank holidays, lateness, weeks.
pub mod calendar;
/// Another owner, other words, another date, calling off.
pub mod change;
/// The closure gate and its checklist.
pub mod closure;
/// Closure audits: which quarter, who audits, what an answer has to say.
pub mod closure_audit;
/// One-time codes: who needs them, and resets.
pub mod codes;
/// Interim controls.
pub mod control;
/// What the week brings.
pub mod digest;
/// Escalation: levels, causes, and the decision to be recorded.
pub mod escalation;
/// What is written into the trail.
pub mod event;
/// Evidence: its names, and what its coming and going does to an action.
pub mod evidence;
/// The figures of governance.
pub mod figure;
/// Findings: who sees one.
pub mod finding;
/// The regulator's framework: ids, layout, and what a finding most likely bears on.
pub mod framework;
/// The governance meeting on a month.
pub mod governance;
/// Bringing a spreadsheet.
pub mod import;
/// When a measure shows that an action moved it.
pub mod improvement;
/// Invitations: by mail or on paper, once, for some days.
pub mod invitation;
/// Work left for the worker.
pub mod job;
/// Somebody leaves: who goes on with what was theirs.
pub mod leaver;
/// Measures and their readings.
pub mod measure;
/// A person's place in a provider.
pub mod member;
/// Duplicates are merged into one.
pub mod merging;
/// What members are told.
pub mod message;
/// Evidence packs: what can be asked for, and how much.
pub mod pack;
/// Readings pasted from a spreadsheet.
pub mod pasted;
/// What a member's place and a service may become.
pub mod place;
/// The questions for the meeting.
pub mod questions;
/// The same problem found again.
pub mod recurrence;
/// Names of members told as job titles.
pub mod redaction;
/// The provider's own numbers for reviews, findings and actions.
pub mod reference;
/// Reminders: which day, for whom, and when one is no longer true.
pub mod reminder;
/// Reviews and the rule of signing off.
pub mod review;
/// People and a case for tables of cases.
#[cfg(test)]
pub(crate) mod samples;
/// Early-warning signs.
pub mod signal;
/// What leaders follow, and what is minor.
pub mod significance;
/// What a chart says about change, by rule.
pub mod spc;
/// What has gone without an update for too long.
pub mod staleness;
/// Closure standards: evidence, verification window and approver by topic, source and risk.
pub mod standard;
/// Sustain checks: whether what was closed has lasted.
pub mod sustain;
/// The macro that makes an enum of the words we store, type and read.
pub mod text_enum;
/// Risk, theme, topic and the kinds of review, service and evidence.
pub mod topic;
/// Whether the trail is unbroken.
pub mod trail;
/// A hash tree over the lines of a trail.
pub mod tree;
/// Whose turn it is with what waits to be judged.
pub mod turn;
/// Independent verification: who may check, and what follows from a verdict.
pub mod verification;
/// The weekly review of a service: its order, and what may be agreed (R24).
pub mod weekly;
/// Whether an action's wording can be checked, and whether a note says anything.
pub mod wording;
/// Dates, times, lateness, lists and counts as people read them.
pub mod words;
/// A person's load, sorted by how soon it matters.
pub mod workload;
