//! The list of escalations: what waits for a decision, and what was decided.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::level_words;
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::action;
use crate::domain::escalation::{Cause, Lateness, may_decide, why};
use crate::domain::reference::Reference;
use crate::domain::{calendar, words};
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked;
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::page::{self, Layout, Pager};
use crate::http::pill::pill;
use crate::http::signed::{Reading, Signed};
use crate::http::view::{Pages, State as Look, Tag, Work, WorkList};
use crate::store::escalation_list::{self as lists, Asked, Listed, ROWS, Which};
use crate::store::menu;
use crate::workflow::Moment;

/// The list as a file.
mod sheet;

/// The address of the list.
pub(super) fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/escalations", list)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    service: String,
    show: String,
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

#[derive(Template)]
#[template(path = "escalation/list.html")]
struct ListPage {
    layout: Layout,
    action: String,
    tabs: Vec<Tab>,
    log: String,
    policy: Option<String>,
    show: &'static str,
    services: Vec<Choice>,
    service: String,
    /// Interim controls whose check is late.
    unchecked: WorkList,
    work: WorkList,
    pages: Pages,
}

/// How many interim controls with a late check are shown.
const CHECKS: i64 = 20;

/// One of the lists.
struct Tab {
    label: &'static str,
    href: String,
    here: bool,
}

async fn list(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeEscalations)?;
    let today = Moment::read(&app).today;
    let asked = Asked {
        member: &signed.actor.member,
        service: Some(filter.service.as_str()).filter(|s| !s.is_empty()),
        which: asked::one_of::<Which>(&filter.show)?.unwrap_or_else(|| usual(&signed)),
        after: asked::instant(&filter.after)?,
        limit: ROWS + 1,
    };
    let format = asked::one_of(&filter.format)?;
    let mut rows = lists::page(&mut tx, &asked).await?;
    let unchecked = lists::unchecked(&mut tx, &asked, today, CHECKS).await?;
    let menu::Around { counts, services } = menu::around(&mut tx, &signed.actor.member).await?;
    drop(tx);
    if asked.service.is_some_and(|slug| !services.iter().any(|s| s.0 == slug)) {
        return Err(AppError::NotFound);
    }
    if let Some(format) = format {
        return sheet::answer(&app, &signed, format, &asked, &services).await;
    }
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last =
        rows.get(full.saturating_sub(1)).filter(|_| rows.len() > full).map(|r| asked::of_instant(r.at, r.id));
    rows.truncate(full);
    let here = signed.path("escalations");
    let shown = asked.which;
    let service = filter.service.as_str();
    let with = |show: &str| page::with_query(&here, &[("service", service), ("show", show)], None);
    let tabs = Which::ALL.iter().filter(|which| **which != Which::Mine || decides(&signed));
    let pager = Pager::new(&here, &[("service", service), ("show", shown.as_str())], None, last.as_deref());
    page::render(&ListPage {
        layout: signed
            .layout_with("Escalations", counts)
            .at(&here)
            .handing_out(&here, &[("service", service), ("show", shown.as_str())]),
        tabs: tabs
            .map(|which| Tab { label: which.label(), href: with(which.as_str()), here: *which == shown })
            .collect(),
        policy: signed.can(Verb::SetPolicy).then(|| signed.path("settings/escalation")),
        log: page::with_query(&signed.path("escalations/log"), &[("service", service)], None),
        show: shown.as_str(),
        services: services.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect(),
        work: WorkList {
            items: rows.iter().map(|r| row(r, &signed, today)).collect(),
            empty: match shown {
                Which::Mine => "Nothing waits for your decision.",
                Which::Others => "Nothing waits for anybody else's decision.",
                Which::Decided => "No decision has been recorded yet.",
            }
            .into(),
        },
        unchecked: controls(&unchecked, &signed),
        pages: Pages(pager),
        action: here,
        service: filter.service.clone(),
    })
}

/// Interim controls whose check is late, each with the way to where it is recorded.
fn controls(unchecked: &[lists::Unchecked], signed: &Signed) -> WorkList {
    let item = |c: &lists::Unchecked| Work {
        tag: Tag::saying(Look::Late, "Check is late"),
        title: c.what.clone().into(),
        href: signed.path(&format!("escalations/{}", c.escalation)).into(),
        meta: format!(
            "{} · {} · interim control should have been checked by {}",
            Reference::action(c.number),
            c.service,
            words::date(c.check_on)
        )
        .into(),
        verb: "".into(),
        verb_href: "".into(),
        urgent: false,
        aside: None,
    };
    WorkList { items: unchecked.iter().map(item).collect(), empty: "".into() }
}

fn decides(signed: &Signed) -> bool {
    lists::own_level(signed.role()).is_some()
}

/// What is shown first: what waits for whoever looks, if anything ever does.
fn usual(signed: &Signed) -> Which {
    if decides(signed) { Which::Mine } else { Which::Others }
}

fn row(r: &Listed, signed: &Signed, today: chrono::NaiveDate) -> Work {
    let reference = Reference::action(r.number).to_string();
    let href = signed.path(&format!("escalations/{}", r.id));
    let lateness = Lateness::of(signed.actor.member.id, r.owner_id.zip(r.owner_role));
    let may = r.decision.is_none() && may_decide(signed.role(), r.level, lateness).is_ok();
    let late = calendar::working_days_after(r.due_on, today, r.nation);
    let tag = match (r.cause, &r.decision) {
        (_, Some(_)) => Tag::saying(Look::InProgress, "Decided"),
        (Cause::Overdue | Cause::EvidenceMissing, None) => pill(action::State::Escalated(late), today),
        (cause, None) => Tag::saying(Look::Escalated, cause.label()),
    };
    let mut meta = vec![
        why(r.cause, r.due_on, &r.upon),
        reference,
        format!("{}, {} risk", r.topic.label(), r.risk.label().to_lowercase()),
        r.service.clone(),
    ];
    meta.push(r.owner.as_ref().map_or_else(|| "Nobody owns it".into(), |o| format!("Owner {o}")));
    meta.push(format!("{} on {}", level_words(r.level), words::date(london_date(r.at))));
    if let Some(d) = &r.decision {
        meta.push(format!(
            "{} by {} on {}",
            d.decision.label().to_lowercase(),
            d.by,
            words::date(london_date(d.at))
        ));
        if !d.interim_control.is_empty() {
            meta.push(format!("interim control: {}", d.interim_control));
        } else if !d.because.is_empty() {
            meta.push(format!("because: {}", d.because));
        }
    }
    Work {
        tag,
        title: r.what.clone().into(),
        href: href.clone().into(),
        meta: meta.join(" · ").into(),
        verb: if may { "Record decision".into() } else { "".into() },
        verb_href: href.into(),
        urgent: may && r.risk.is_high(),
        aside: None,
    }
}
