//! Escalations: what waits for a decision, what was decided, and the form that records one (R13, R13a).

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::{self, Relation, Verb};
use crate::domain::action;
use crate::domain::closure::Case;
use crate::domain::escalation::{Cause, Decision, DecisionGiven, IS_HISTORY, Level, NotTheirs, may_decide};
use crate::domain::reference::Reference;
use crate::domain::{calendar, words};
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::{Path, Query};
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout, Pager};
use crate::http::pill::pill;
use crate::http::signed::Signed;
use crate::http::view::{Facts, Pages, State as Look, Tag, Work, WorkList};
use crate::ids::EscalationId;
use crate::store::escalation::{self as store, Open};
use crate::store::escalation_list::{self as lists, Asked, Barrier, Decided, Listed, ROWS};
use crate::store::{case, menu};
use crate::workflow::{self, Moment, Stop};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/escalations", list)
        .get("/p/{provider}/escalations/{escalation}", show)
        .post("/p/{provider}/escalations/{escalation}", decide)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    service: String,
    decided: String,
    after: String,
}

#[derive(Template)]
#[template(path = "escalation/list.html")]
struct ListPage {
    layout: Layout,
    action: String,
    waiting_href: String,
    decided_href: String,
    decided: bool,
    services: Vec<Choice>,
    service: String,
    work: WorkList,
    pages: Pages,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeEscalations)?;
    let today = Moment::read(&app).today;
    let asked = Asked {
        member: &signed.actor.member,
        service: Some(filter.service.as_str()).filter(|s| !s.is_empty()),
        decided: filter.decided == "yes",
        after: key(&filter.after)?,
    };
    let mut tx = signed.actor.begin(&app).await?;
    let mut rows = lists::page(&mut tx, &asked).await?;
    let menu::Around { counts, services } = menu::around(&mut tx, &signed.actor.member).await?;
    tx.commit().await?;
    if asked.service.is_some_and(|slug| !services.iter().any(|s| s.0 == slug)) {
        return Err(AppError::NotFound);
    }
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = rows
        .get(full.saturating_sub(1))
        .filter(|_| rows.len() > full)
        .map(|r| format!("{}.{}", r.at.timestamp_micros(), r.id));
    rows.truncate(full);
    let here = signed.path("escalations");
    let with =
        |decided: &str| page::with_query(&here, &[("service", &filter.service), ("decided", decided)], None);
    let pager = Pager::new(
        &here,
        &[("service", &filter.service), ("decided", &filter.decided)],
        None,
        last.as_deref(),
    );
    page::render(&ListPage {
        layout: signed.layout_with("Escalations", counts).at(&here),
        waiting_href: with(""),
        decided_href: with("yes"),
        decided: asked.decided,
        services: services.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect(),
        work: WorkList {
            items: rows.iter().map(|r| row(r, &signed, today)).collect(),
            empty: if asked.decided {
                "No decision has been recorded yet."
            } else {
                "Nothing waits for a decision."
            }
            .into(),
        },
        pages: Pages(pager),
        action: here,
        service: filter.service,
    })
}

fn key(after: &str) -> Result<Option<(DateTime<Utc>, EscalationId)>, AppError> {
    if after.is_empty() {
        return Ok(None);
    }
    let (micros, id) = after.split_once('.').ok_or(AppError::NotFound)?;
    let at = micros.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or(AppError::NotFound)?;
    Ok(Some((at, id.parse().map_err(|_| AppError::NotFound)?)))
}

fn row(r: &Listed, signed: &Signed, today: chrono::NaiveDate) -> Work {
    let reference = Reference::action(r.number).to_string();
    let href = signed.path(&format!("escalations/{}", r.id));
    let owns = r.owner_id == Some(signed.actor.member.id);
    let may = r.decision.is_none() && may_decide(signed.role(), r.level, owns).is_ok();
    let late = calendar::working_days_after(r.due_on, today, r.nation);
    let tag = match (r.cause, &r.decision) {
        (_, Some(_)) => Tag::saying(Look::InProgress, "Decided"),
        (Cause::Overdue, None) => pill(action::State::Escalated(late), today),
        (cause, None) => Tag::saying(Look::Escalated, cause.label()),
    };
    let mut meta = vec![
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
    }
}

const fn level_words(level: Level) -> &'static str {
    match level {
        Level::Manager => "escalated to the registered manager",
        Level::Leadership => "escalated to the quality lead and nominated individual",
    }
}

#[derive(Template)]
#[template(path = "escalation/show.html")]
struct ShowPage {
    layout: Layout,
    draft: Draft,
    action: String,
    back: String,
    caption: String,
    title: String,
    why: String,
    tag: Tag,
    facts: Facts,
    barrier: Option<Barrier>,
    barrier_by: String,
    earlier: Vec<Earlier>,
    choices: Vec<Choice>,
    refusal: Option<&'static str>,
    changed: bool,
    version: i64,
}

/// A decision recorded before, in words.
struct Earlier {
    head: String,
    by: String,
    text: String,
}

/// Everything the form shows.
struct Seen {
    open: Open,
    case: Case,
    barrier: Option<Barrier>,
    decisions: Vec<Decided>,
}

async fn look(signed: &Signed, app: &AppState, id: EscalationId) -> Result<Seen, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let open = store::get(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let case = case::read(&mut tx, open.action_number).await?.ok_or(AppError::NotFound)?;
    let relation = relation(signed, &case);
    access::may(signed.role(), Verb::SeeEscalations, relation).map_err(|_| AppError::NotYours)?;
    let barrier = lists::barrier(&mut tx, case.action.id, case.action.cycle).await?;
    let decisions = lists::decisions(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Seen { open, case, barrier, decisions })
}

fn relation(signed: &Signed, case: &Case) -> Relation {
    Relation { in_service: signed.actor.member.sees_service(case.action.service_id), ..Relation::default() }
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, EscalationId)>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeEscalations)?;
    let seen = look(&signed, &app, id).await?;
    let draft = Draft::new();
    page::render(&form(&signed, &app, id, &seen, draft, false))
}

async fn decide(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, EscalationId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeEscalations)?;
    let version = draft.number("version", 0..=i64::MAX, "Open the escalation again");
    let given = read(&mut draft);
    let mut changed = false;
    if let (true, Some(given), Some(version)) = (draft.is_ok(), given, version) {
        match workflow::escalation::decide(&app, &signed.actor, id, version, &given).await {
            Ok(number) => {
                return Ok(page::done(
                    &signed.path("escalations"),
                    Done::DecisionRecorded,
                    &Reference::action(number).to_string(),
                ));
            }
            Err(Stop::Refused(said)) => {
                for s in said {
                    draft.refuse(s.field.unwrap_or("decision"), s.sentence);
                }
            }
            Err(Stop::Changed) => {
                changed = true;
                draft.refuse("decision", "This changed since you opened it. Look at what is there now, then record your decision again.");
            }
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    let seen = look(&signed, &app, id).await?;
    let status =
        if changed { axum::http::StatusCode::CONFLICT } else { axum::http::StatusCode::UNPROCESSABLE_ENTITY };
    page::render_as(status, &form(&signed, &app, id, &seen, draft, changed))
}

fn read(draft: &mut Draft) -> Option<DecisionGiven> {
    let decision = draft.choice::<Decision>("decision", "Choose what you decide");
    let [risk, delay_reason, support_needed, interim_control, because] =
        ["risk", "delay_reason", "support_needed", "interim_control", "because"]
            .map(|field| draft.optional_text(field, 2000).unwrap_or_default());
    let revised_due_on = draft.optional_date("revised_due_on");
    Some(DecisionGiven {
        decision: decision?,
        risk,
        delay_reason,
        support_needed,
        revised_due_on,
        interim_control,
        because,
    })
}

fn form(
    signed: &Signed,
    app: &AppState,
    id: EscalationId,
    seen: &Seen,
    draft: Draft,
    changed: bool,
) -> ShowPage {
    let today = Moment::read(app).today;
    let action = &seen.case.action;
    let reference = action.reference().to_string();
    let facts = Facts::new()
        .linked("Action", reference.clone(), signed.path(&format!("actions/{reference}")))
        .fact(
            "Owner",
            action.owner.as_ref().map_or_else(|| "Nobody owns it".into(), action::Person::with_title),
        )
        .fact("Due", action.due_on.map_or_else(|| "No date".into(), words::date))
        .fact(
            "Moved",
            if action.extensions > 0 {
                words::count_of(action.extensions.unsigned_abs(), "time", "times")
            } else {
                String::new()
            },
        )
        .fact("Risk", action.risk.label())
        .fact("Topic", action.topic.label());
    ShowPage {
        layout: signed
            .layout("Record a decision")
            .at(&signed.path("escalations"))
            .with_errors(!draft.is_ok()),
        action: signed.path(&format!("escalations/{id}")),
        back: signed.path("escalations"),
        caption: format!("Escalation of action {reference}"),
        title: action.what.clone(),
        why: why(&seen.open),
        tag: pill(action.state(today, seen.decisions.is_empty()), today),
        facts,
        barrier_by: seen
            .barrier
            .as_ref()
            .map(|b| format!("{}, {}", b.by, words::instant(b.at)))
            .unwrap_or_default(),
        barrier: seen.barrier.clone(),
        earlier: seen.decisions.iter().map(earlier).collect(),
        choices: vec![
            Choice::new(Decision::Act.as_str(), "Act on it")
                .hint("Say the risk, why it is late, and what keeps people safe meanwhile."),
            Choice::new(Decision::NoEscalation.as_str(), "No escalation needed")
                .hint("Say why. This is a decision too, and stays on the record."),
        ],
        refusal: refusal(signed, seen),
        version: action.version,
        changed,
        draft,
    }
}

/// Why there is no form: who decides instead, or that nothing is left to decide.
fn refusal(signed: &Signed, seen: &Seen) -> Option<&'static str> {
    let action = &seen.case.action;
    let owns = action.owner.as_ref().is_some_and(|o| o.id == signed.actor.member.id);
    if !action.status.open() || seen.open.cycle != action.cycle {
        return Some(IS_HISTORY);
    }
    may_decide(signed.role(), seen.open.level, owns).err().map(NotTheirs::sentence)
}

fn why(open: &Open) -> String {
    let date = words::date(open.due_on);
    let what = match open.cause {
        Cause::Overdue => format!("It was due on {date} and is not done"),
        Cause::VerificationLate => format!("It should have been verified by {date}"),
        Cause::Ineffective => "It was verified as ineffective: practice did not change".into(),
        Cause::MixedEvidence => "The evidence points both ways".into(),
        Cause::Challenged => "The nominated individual challenged it".into(),
    };
    format!("{what}. It was {}.", level_words(open.level))
}

fn earlier(d: &Decided) -> Earlier {
    let mut text = if d.decision == Decision::Act { d.interim_control.clone() } else { d.because.clone() };
    if let Some(date) = d.revised_due_on {
        text = format!("{text} New date: {}.", words::date(date));
    }
    Earlier { head: d.decision.label().into(), by: format!("{}, {}", d.by, words::instant(d.at)), text }
}
