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
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::page::{self, Layout};
use crate::http::signed::{Reading, Signed};
use crate::store::escalation_log::{self as log, LogDecision, Logged, MOST};
use crate::store::{menu, provider};
use crate::workflow::Moment;

/// The days a log shows when nothing else was asked for.
const USUAL_DAYS: u64 = 90;
/// The most days it shows at once.
const MOST_DAYS: i64 = 366;

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
    let mut rows = log::of_service(&mut tx, service.id, london_hour(from, 0), london_hour(before, 0)).await?;
    drop(tx);
    let full = usize::try_from(MOST).unwrap_or(usize::MAX);
    let more = rows.len() > full;
    rows.truncate(full);
    let list = signed.path("escalations");
    page::render(&LogPage {
        layout: signed.layout_with("Escalation log", counts).at(&list),
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
