//! The escalation log of a service, to be read and printed: what was raised, why, and what was decided.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{Days, NaiveDate};
use serde::Deserialize;

use super::level_words;
use crate::app::AppState;
use crate::clock::london_hour;
use crate::domain::access::Verb;
use crate::domain::escalation::{Decision, why};
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::one_of;
use crate::http::export::{self, Of, Whole};
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::page::{self, Layout};
use crate::http::signed::{Reading, Signed};
use crate::sheet::{Column, Format, Row};
use crate::store::escalation_log::{self as log, LogDecision, Logged, MOST};
use crate::store::{menu, provider};
use crate::workflow::Moment;

/// The days a log shows when nothing else was asked for.
const USUAL_DAYS: u64 = 90;
/// The most days it shows at once.
const MOST_DAYS: i64 = 366;

/// The most escalations of a file: more than a service has in a year.
const IN_A_FILE: i64 = 100_000;

/// The address of the log.
pub(super) fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/escalations/log", show)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    service: String,
    from: String,
    to: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

#[derive(Template)]
#[template(path = "escalation/log.html")]
struct LogPage {
    layout: Layout,
    action: String,
    back: String,
    title: String,
    caption: String,
    problem: Option<&'static str>,
    services: Vec<Choice>,
    service: String,
    from: String,
    to: String,
    rows: Vec<Line>,
    more: bool,
}

/// A line of the log, in words.
struct Line {
    at: String,
    href: String,
    reference: String,
    what: String,
    risk: &'static str,
    owner: String,
    why: String,
    level: &'static str,
    decisions: Vec<Told>,
}

struct Told {
    head: String,
    text: String,
}

/// The days asked for: the last ninety when none are, or when they make no sense, with the sentence that says so.
fn days(filter: &Filter, today: NaiveDate) -> (NaiveDate, NaiveDate, Option<&'static str>) {
    let usual = today.checked_sub_days(Days::new(USUAL_DAYS)).unwrap_or(today);
    let read = |text: &str, otherwise| if text.is_empty() { Some(otherwise) } else { text.parse().ok() };
    match (read(&filter.from, usual), read(&filter.to, today)) {
        (Some(from), Some(to)) if from <= to && (to - from).num_days() <= MOST_DAYS => (from, to, None),
        (Some(from), Some(to)) if from > to => {
            (usual, today, Some("Choose a first day that is not after the last"))
        }
        (Some(_), Some(_)) => (usual, today, Some("Choose at most one year at once")),
        _ => (usual, today, Some("Enter days like 2026-11-21")),
    }
}

async fn show(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeEscalations)?;
    let (from, to, problem) = days(&filter, Moment::read(&app).today);
    let menu::Around { counts, services } = menu::around(&mut tx, &signed.actor.member).await?;
    let asked = services.iter().find(|(slug, _)| *slug == filter.service);
    let Some((slug, name)) = (if filter.service.is_empty() { services.first() } else { asked }) else {
        return Err(AppError::NotFound);
    };
    let all = provider::services(&mut tx).await?;
    let service = all.iter().find(|s| s.slug == *slug).ok_or(AppError::NotFound)?;
    let before = to.checked_add_days(Days::new(1)).unwrap_or(to);
    let format = one_of::<Format>(&filter.format)?.filter(|_| problem.is_none());
    let most = if format.is_some() { IN_A_FILE } else { MOST + 1 };
    let between = (london_hour(from, 0), london_hour(before, 0));
    let mut rows = log::of_service(&mut tx, service.id, between, most).await?;
    drop(tx);
    if let Some(format) = format {
        let of = Of::new("escalation_log", format!("Escalation log of {name}"))
            .by("Service", Some(name.as_str()))
            .by("From", Some(words::date(from)))
            .by("To", Some(words::date(to)));
        return export::whole(&app, &signed, format, &of, sheet(&rows)).await;
    }
    let full = usize::try_from(MOST).unwrap_or(usize::MAX);
    let more = rows.len() > full;
    rows.truncate(full);
    let list = signed.path("escalations");
    page::render(&LogPage {
        layout: signed.layout_with("Escalation log", counts).at(&list).handing_out(
            &signed.path("escalations/log"),
            &[("service", slug.as_str()), ("from", &from.to_string()), ("to", &to.to_string())],
        ),
        action: signed.path("escalations/log"),
        back: list,
        title: format!("Escalation log of {name}"),
        caption: format!("{} to {}", words::date(from), words::date(to)),
        problem,
        service: slug.clone(),
        services: services.iter().map(|(slug, name)| Choice::new(slug.clone(), name.clone())).collect(),
        from: from.to_string(),
        to: to.to_string(),
        rows: rows.iter().map(|row| line(row, &signed)).collect(),
        more,
    })
}

/// The log as a file: a row for each decision, and one for what has none.
fn sheet(rows: &[Logged]) -> Whole {
    const COLUMNS: &[Column] = &[
        Column::new("Raised", 24),
        Column::new("Level", 34),
        Column::new("Why", 50),
        Column::new("Reference", 11),
        Column::new("Action", 60),
        Column::new("Risk", 10),
        Column::new("Owner", 24),
        Column::new("Decision", 22),
        Column::new("Decided by", 24),
        Column::new("Decided", 24),
        Column::new("Risk, in their words", 40),
        Column::new("Reason", 40),
        Column::new("Support needed", 40),
        Column::new("Interim control", 40),
        Column::new("From", 20),
        Column::new("Checked by", 20),
        Column::new("Until", 20),
        Column::new("Because", 40),
        Column::new("New date", 20),
    ];
    let of = |r: &Logged, d: Option<&LogDecision>| -> Row {
        vec![
            r.at.into(),
            level_words(r.level).into(),
            why(r.cause, r.due_on, &r.upon).into(),
            Reference::action(r.number).to_string().into(),
            r.what.clone().into(),
            r.risk.label().into(),
            r.owner.clone().unwrap_or_else(|| "Nobody".into()).into(),
            d.map(|d| d.decision.label()).into(),
            d.map(|d| d.by.clone()).into(),
            d.map(|d| d.at).into(),
            d.map(|d| d.risk.clone()).into(),
            d.map(|d| d.delay_reason.clone()).into(),
            d.map(|d| d.support_needed.clone()).into(),
            d.map(|d| d.interim_control.clone()).into(),
            d.and_then(|d| d.control.from).into(),
            d.and_then(|d| d.control.check_on).into(),
            d.and_then(|d| d.control.until).into(),
            d.map(|d| d.because.clone()).into(),
            d.and_then(|d| d.revised_due_on).into(),
        ]
    };
    let mut all = Vec::new();
    for r in rows {
        match r.decisions.as_slice() {
            [] => all.push(of(r, None)),
            decisions => all.extend(decisions.iter().map(|d| of(r, Some(d)))),
        }
    }
    Whole(COLUMNS, all)
}

fn line(row: &Logged, signed: &Signed) -> Line {
    Line {
        at: words::instant(row.at),
        href: signed.path(&format!("escalations/{}", row.id)),
        reference: Reference::action(row.number).to_string(),
        what: row.what.clone(),
        risk: row.risk.label(),
        owner: row.owner.clone().unwrap_or_else(|| "Nobody owns it".into()),
        why: why(row.cause, row.due_on, &row.upon),
        level: level_words(row.level),
        decisions: row.decisions.iter().map(told).collect(),
    }
}

fn told(d: &LogDecision) -> Told {
    let said = |label: &str, text: &str| (!text.is_empty()).then(|| format!("{label}: {text}"));
    let days = [
        d.control.from.map(|day| format!("from {}", words::date(day))),
        d.control.check_on.map(|day| format!("check by {}", words::date(day))),
        d.control.until.map(|day| format!("until {}", words::date(day))),
    ];
    let days = days.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let control =
        if days.is_empty() { d.interim_control.clone() } else { format!("{} ({days})", d.interim_control) };
    let parts = match d.decision {
        Decision::Act => vec![
            said("Risk", &d.risk),
            said("Reason", &d.delay_reason),
            said("Support needed", &d.support_needed),
            said("Interim control", &control),
        ],
        Decision::NoEscalation => vec![said("Because", &d.because)],
    };
    let date = d.revised_due_on.map(|day| format!("New date: {}", words::date(day)));
    let text = parts.into_iter().chain([date]).flatten().collect::<Vec<_>>().join("\n");
    Told { head: format!("{}, {}, {}", d.decision.label(), d.by, words::instant(d.at)), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_make_no_sense_are_said_and_the_usual_ones_shown() {
        let today = "2026-11-21".parse().unwrap();
        let usual = "2026-08-23".parse().unwrap();
        let of = |from: &str, to: &str| {
            days(&Filter { from: from.into(), to: to.into(), ..Filter::default() }, today)
        };
        assert_eq!(of("", ""), (usual, today, None));
        let asked = ("2026-01-01".parse().unwrap(), "2026-02-01".parse().unwrap(), None);
        assert_eq!(of("2026-01-01", "2026-02-01"), asked);
        for (from, to) in [("x", ""), ("2026-11-22", "2026-11-21"), ("2020-01-01", "2026-01-01"), ("", "9")] {
            let (first, last, problem) = of(from, to);
            assert_eq!((first, last), (usual, today), "{from} {to}");
            assert!(problem.is_some(), "{from} {to}");
        }
    }
}
