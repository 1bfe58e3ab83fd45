//! Closure audits: the quarters, the sample of one, and the form in which somebody says whether the evidence stands up (R26).

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::{Verb, may};
use crate::domain::closure_audit::{MOST, Quarter, USUAL_SIZE, may_audit};
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::one_of;
use crate::http::banner::Done;
use crate::http::extract::Query;
use crate::http::form::{Choice, Draft};
use crate::http::opened::Opened;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::verb::{self, Answer, VerbForm, answer};
use crate::http::view::{Facts, State as Look, Tag};
use crate::store::closure_audit::{self as store, Audit, Item};
use crate::workflow::{self, Actor, Moment, closure_audit as deeds};

/// How many quarters that are over can be drawn.
const BACK: usize = 4;

/// How many of those that wait stand above the quarters.
const FIRST: usize = 5;

/// The audits, and the sample of one, as files.
mod sheet;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    verb::routes::<Auditing>()
        .get("/p/{provider}/closure-audit", open)
        .post("/p/{provider}/closure-audit", draw)
}

#[derive(Template)]
#[template(path = "closure_audit/list.html")]
struct ListPage {
    layout: Layout,
    draft: Draft,
    post: String,
    rows: Vec<Row>,
    /// The quarters that are over and have no sample.
    quarters: Vec<Choice>,
    /// Those of the newest sample that wait for this member, the first few.
    waiting: Vec<Shown>,
}

/// An audit of the list.
struct Row {
    href: String,
    quarter: String,
    drawn: String,
    progress: String,
    tag: Tag,
}

/// What the address may say: the quarter whose sample is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    quarter: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

async fn open(
    signed: Signed,
    State(app): State<AppState>,
    Query(place): Query<Place>,
) -> Result<Response, AppError> {
    signed.need(Verb::AuditClosures)?;
    if let Some(format) = one_of(&place.format)? {
        return sheet::answer(&app, &signed, format, &place.quarter).await;
    }
    if !place.quarter.is_empty() {
        return show(&signed, &app, &place.quarter).await;
    }
    let draft = Draft::new().with("size", USUAL_SIZE.to_string());
    draw_list(&signed, &app, draft, StatusCode::OK).await
}

async fn draw_list(
    signed: &Signed,
    app: &AppState,
    draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let audits = store::audits(&mut tx, None).await?;
    let newest = match audits.first() {
        Some(audit) => store::items(&mut tx, audit.quarter, signed.actor.member.id).await?,
        None => Vec::new(),
    };
    drop(tx);
    let waiting = newest.iter().map(|item| shown(item, signed)).filter(|item| !item.audit_href.is_empty());
    let last = Quarter::of(Moment::read(app).today).before();
    let over = std::iter::successors(Some(last), |quarter| Some(quarter.before())).take(BACK);
    let open = over.filter(|quarter| audits.iter().all(|audit| audit.quarter != quarter.first()));
    let here = signed.path("closure-audit");
    page::render_as(
        status,
        &ListPage {
            layout: signed
                .layout("Closure audit")
                .at(&here)
                .with_errors(!draft.is_ok())
                .handing_out(&here, &[]),
            draft,
            waiting: waiting.take(FIRST).collect(),
            rows: audits.iter().map(|audit| row(audit, &here)).collect(),
            quarters: open.map(|quarter| Choice::new(quarter.to_string(), quarter.words())).collect(),
            post: here,
        },
    )
}

fn row(audit: &Audit, here: &str) -> Row {
    let quarter = Quarter::of(audit.quarter);
    Row {
        href: of_quarter(here, quarter),
        quarter: quarter.words(),
        drawn: format!("{} of {} closures", audit.size, audit.population),
        progress: progress(audit),
        tag: standing(audit),
    }
}

fn of_quarter(here: &str, quarter: Quarter) -> String {
    page::with_query(here, &[("quarter", quarter.to_string().as_str())], None)
}

/// "12 of 20 audited, 2 do not stand up, 1 opened again before".
fn progress(audit: &Audit) -> String {
    let mut said = vec![format!("{} of {} audited", audit.answered, audit.size)];
    if audit.failed > 0 {
        let verb = if audit.failed == 1 { "does" } else { "do" };
        said.push(format!("{} {verb} not stand up", audit.failed));
    }
    if audit.gone > 0 {
        said.push(format!("{} opened again before", audit.gone));
    }
    said.join(", ")
}

fn standing(audit: &Audit) -> Tag {
    let left = i64::from(audit.size) - audit.answered - audit.gone;
    match left {
        0 => Tag::saying(Look::Closed, "Complete"),
        left => Tag::saying(Look::InProgress, format!("{left} to audit")),
    }
}

async fn draw(signed: Signed, State(app): State<AppState>, mut draft: Draft) -> Result<Response, AppError> {
    signed.need(Verb::AuditClosures)?;
    let quarter = draft.line("quarter", 10, "Choose a quarter").and_then(|text| text.parse::<Quarter>().ok());
    if quarter.is_none() {
        draft.refuse("quarter", "Choose a quarter");
    }
    let size = draft.number("size", 1..=MOST.into(), "Enter how many are looked at");
    let size = size.and_then(|size| usize::try_from(size).ok());
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(quarter), Some(size)) = (draft.is_ok(), quarter, size) {
        match answer(deeds::draw(&app, &signed.actor, quarter, size).await, &mut draft)? {
            Answer::Done(()) => {
                let page = of_quarter(&signed.path("closure-audit"), quarter);
                return Ok(page::done(&page, Done::SampleDrawn, ""));
            }
            Answer::Again(again) => status = again,
        }
    }
    draw_list(&signed, &app, draft, status).await
}

#[derive(Template)]
#[template(path = "closure_audit/show.html")]
struct ShowPage {
    layout: Layout,
    back: String,
    quarter: String,
    tag: Tag,
    progress: String,
    facts: Facts,
    rows: Vec<Shown>,
}

/// Something that was drawn.
struct Shown {
    href: String,
    what: String,
    meta: String,
    tag: Tag,
    said: String,
    by: String,
    audit_href: String,
}

async fn show(signed: &Signed, app: &AppState, quarter: &str) -> Result<Response, AppError> {
    let quarter: Quarter = quarter.parse().map_err(|()| AppError::NotFound)?;
    let mut tx = signed.actor.begin(app).await?;
    let audit = store::audits(&mut tx, Some(quarter.first())).await?.pop().ok_or(AppError::NotFound)?;
    let items = store::items(&mut tx, quarter.first(), signed.actor.member.id).await?;
    drop(tx);
    page::render(&ShowPage {
        layout: signed
            .layout(format!("Closure audit, {}", quarter.words()))
            .at(&signed.path("closure-audit"))
            .handing_out(&signed.path("closure-audit"), &[("quarter", &quarter.to_string())]),
        back: signed.path("closure-audit"),
        quarter: quarter.words(),
        tag: standing(&audit),
        progress: progress(&audit),
        facts: facts(&audit),
        rows: items.iter().map(|item| shown(item, signed)).collect(),
    })
}

fn facts(audit: &Audit) -> Facts {
    Facts::new()
        .fact("Drawn", format!("{}, {}", audit.drawn_by, words::instant(audit.drawn_at)))
        .fact("From", format!("{} closures that stood that day", audit.population))
        .fact("Number drawn with", audit.seed.to_string())
        .fact("Fingerprint of the closures", audit.digest.chars().take(16).collect::<String>())
}

fn shown(item: &Item, signed: &Signed) -> Shown {
    let reference = Reference::action(item.number);
    let meta = [
        reference.to_string(),
        item.service.clone(),
        item.theme.label().to_owned(),
        format!("{} risk", item.risk.label().to_lowercase()),
        format!("closed {} by {}", words::date(london_date(item.closed_at)), item.closed_by),
    ];
    let (tag, said, by) = stands(item);
    let waits = item.result.is_none() && !item.gone && !item.judged;
    Shown {
        href: signed.path(&format!("actions/{reference}")),
        what: item.what.clone(),
        meta: meta.join(" · "),
        tag,
        said,
        by,
        audit_href: if waits {
            signed.path(&format!("actions/{reference}/closure-audit"))
        } else {
            String::new()
        },
    }
}

/// Whether it stands up, why, and who said so.
fn stands(item: &Item) -> (Tag, String, String) {
    match &item.result {
        Some((true, by, why, at)) => {
            (Tag::saying(Look::Closed, "Stands up"), why.clone(), format!("{by}, {}", words::instant(*at)))
        }
        Some((false, by, why, at)) => (
            Tag::saying(Look::Ineffective, "Does not stand up"),
            why.clone(),
            format!("{by}, {}", words::instant(*at)),
        ),
        None if item.gone => {
            (Tag::saying(Look::CameBack, "Opened again before"), String::new(), String::new())
        }
        None if item.judged => (
            Tag::saying(Look::NotStarted, "For somebody else"),
            String::new(),
            "You owned, checked, assured or approved it.".to_owned(),
        ),
        None => (Tag::saying(Look::NotStarted, "To audit"), String::new(), String::new()),
    }
}

/// Whether the evidence of a closure stands up.
struct Auditing;

#[derive(Template)]
#[template(path = "closure_audit/form.html")]
struct AuditingFields {
    draft: Draft,
    quarter: String,
    closed: String,
    answers: Vec<Choice>,
}
impl HtmlSafe for AuditingFields {}

impl VerbForm for Auditing {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/closure-audit";
    const BUTTON: &'static str = "Record the audit";
    type Fields = AuditingFields;
    type Given = (bool, String);

    fn title(_: &Opened) -> &'static str {
        "Does the evidence stand up?"
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        let relation = opened.case.relation(&signed.actor.member);
        may(signed.role(), Verb::AuditClosures, relation).map_err(|denial| denial.sentence().to_owned())
    }

    fn may_see(signed: &Signed, opened: &Opened) -> Result<(), String> {
        Self::may(signed, opened)
    }

    async fn fields(
        app: &AppState,
        signed: &Signed,
        opened: &Opened,
        draft: &Draft,
    ) -> Result<AuditingFields, AppError> {
        let mut tx = signed.actor.begin(app).await?;
        let waiting = store::waiting(&mut tx, opened.case.action.id).await?;
        tx.commit().await?;
        // what was typed is shown again whatever happened meanwhile
        if draft.is_ok() {
            may_audit(&signed.actor.member, &opened.case, waiting.as_ref().map(|w| &w.judges))
                .map_err(|refusal| AppError::Forbidden(refusal.sentence().into()))?;
        }
        let answer = |value: &str, label: &str, hint: &str| Choice::new(value, label).hint(hint);
        Ok(AuditingFields {
            draft: draft.clone(),
            quarter: waiting.as_ref().map(|w| Quarter::of(w.quarter).words()).unwrap_or_default(),
            closed: waiting.map(|w| w.note).unwrap_or_default(),
            answers: vec![
                answer("yes", "Yes, it stands up", "The closure stays as it is."),
                answer(
                    "no",
                    "No, it does not",
                    "It opens again with a new date, its owner is told, it is escalated, and it counts as closed without its evidence.",
                ),
            ],
        })
    }

    fn read(draft: &mut Draft, _: &Opened) -> Option<(bool, String)> {
        let note = draft.text("note", 4000, "Say what you looked at and what you found");
        let stands_up = match draft.value("stands_up") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => {
                draft.refuse("stands_up", "Choose whether the evidence stands up");
                None
            }
        };
        Some((stands_up?, note?))
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        (stands_up, note): &(bool, String),
    ) -> workflow::Done<Done> {
        deeds::answer(app, by, number, seen, (*stands_up, note)).await.map(|reopened| match reopened {
            None => Done::StandsUp,
            Some(_) => Done::DoesNotStandUp,
        })
    }
}
