//! The form that puts one early-warning sign aside, with what was said about it before.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::acknowledgement::{Given, usual};
use crate::domain::reference::{Kind, Reference};
use crate::domain::signal::Sign;
use crate::domain::text_enum::TextEnum as _;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::http::view::{Moment as Line, Tag, Timeline};
use crate::store::acknowledgement::Earlier;
use crate::store::signal::About;
use crate::workflow::acknowledgement::{self, GONE, Opened};
use crate::workflow::{self, Moment};

/// The address of a sign about one thing.
pub const ADDRESS: &str = "/p/{provider}/signals/{sign}/{reference}";
/// Where it is shown again.
const AGAIN: &str = "/p/{provider}/signals/{sign}/{reference}/again";

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get(ADDRESS, form).post(ADDRESS, put).post(AGAIN, again)
}

#[derive(Template)]
#[template(path = "signal/acknowledgement.html")]
struct Page {
    layout: Layout,
    draft: Draft,
    back: String,
    action: String,
    reference: String,
    href: String,
    tag: Tag,
    means: &'static str,
    row: Option<Row>,
    seen: i32,
    earlier: Timeline,
    gone: &'static str,
}

/// The sign's row.
struct Row {
    what: String,
    says: String,
    service: String,
    aside: Option<String>,
}

/// What the address names: an action, a finding, or a measure by its id.
fn named(sign: &str, reference: &str) -> Result<(Sign, About), AppError> {
    let action = Reference::parse(Kind::Action, reference).map(|r| About::Action(r.number));
    let finding = || Reference::parse(Kind::Finding, reference).map(|r| About::Finding(r.number));
    let about = action.or_else(finding).or_else(|| reference.parse().ok().map(About::Measure));
    Sign::from_text(sign).zip(about).ok_or(AppError::NotFound)
}

async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, sign, reference)): Path<(String, String, String)>,
) -> Result<Response, AppError> {
    signed.need(Verb::AcknowledgeSign)?;
    let about = named(&sign, &reference)?;
    let draft = Draft::new().with_date("until", usual(Moment::read(&app).today));
    draw(&signed, &app, about, draft, StatusCode::OK).await
}

async fn put(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, sign, reference)): Path<(String, String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::AcknowledgeSign)?;
    let about = named(&sign, &reference)?;
    let seen = draft.carried("seen").parse().unwrap_or(-1);
    let reason = draft.text("reason", 2000, "Say why it needs nothing more now");
    let until = draft.date("until", "Enter the day it comes back");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(reason), Some(until)) = (draft.is_ok(), reason, until) {
        let given = Given { reason, until };
        let deed = acknowledgement::acknowledge(&app, &signed.actor, about, seen, &given).await;
        match said(deed, &signed, about, Done::SignPutAside, &mut draft)? {
            Ok(done) => return Ok(done),
            Err(again) => status = again,
        }
    }
    draw(&signed, &app, about, draft, status).await
}

async fn again(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, sign, reference)): Path<(String, String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::AcknowledgeSign)?;
    let about = named(&sign, &reference)?;
    let seen = draft.carried("seen").parse().unwrap_or(-1);
    let deed = acknowledgement::show_again(&app, &signed.actor, about, seen).await;
    match said(deed, &signed, about, Done::SignShownAgain, &mut draft)? {
        Ok(done) => Ok(done),
        Err(status) => {
            let draft = draft.with_date("until", usual(Moment::read(&app).today));
            draw(&signed, &app, about, draft, status).await
        }
    }
}

/// Back to the signs, or the form again with its status.
fn said(
    deed: workflow::Done<()>,
    signed: &Signed,
    (sign, about): (Sign, About),
    done: Done,
    draft: &mut Draft,
) -> Result<Result<Response, StatusCode>, AppError> {
    Ok(match answer(deed, draft)? {
        Answer::Done(()) => {
            let here = format!("{}#{}", signed.path("signals"), sign.as_str());
            let about = about.reference().map(|reference| reference.to_string()).unwrap_or_default();
            Ok(page::done(&here, done, &about))
        }
        Answer::Again(status) => {
            if status == StatusCode::CONFLICT {
                draft.refuse("reason", "Somebody said something about this sign since you opened it. Read it below, then decide again");
            }
            Err(status)
        }
    })
}

async fn draw(
    signed: &Signed,
    app: &AppState,
    (sign, about): (Sign, About),
    draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let opened =
        acknowledgement::open(&mut tx, &signed.actor, Moment::read(app).today, (sign, about)).await?;
    drop(tx);
    let row = row(sign, &opened);
    let named = about.reference().map(|reference| reference.to_string());
    let reference =
        named.unwrap_or_else(|| row.as_ref().map_or("A measure", |row| row.what.as_str()).to_owned());
    let here = signed.path("signals");
    page::render_as(
        status,
        &Page {
            layout: signed
                .layout(format!("{}: {reference}", sign.label()))
                .at(&here)
                .with_errors(!draft.is_ok()),
            back: format!("{here}#{}", sign.as_str()),
            action: format!("{here}/{}/{}", sign.as_str(), about.name()),
            href: signed.path(&about.page()),
            reference,
            tag: super::tag(sign),
            means: sign.means(),
            seen: opened.rounds(),
            row,
            earlier: Timeline { moments: opened.earlier.iter().map(line).collect() },
            gone: GONE,
            draft,
        },
    )
}

fn row(sign: Sign, opened: &Opened) -> Option<Row> {
    opened.row.as_ref().map(|row| Row {
        what: row.what.clone(),
        says: words::capital(&sign.says(row.n, row.since)),
        service: row.service.clone(),
        aside: row.aside.as_ref().map(|aside| words::date(aside.until)),
    })
}

fn line(earlier: &Earlier) -> Line {
    let what = earlier
        .until
        .map_or_else(|| "Shown again".to_owned(), |until| format!("Put aside until {}", words::date(until)));
    Line {
        what: what.into(),
        by: format!("{}, {}", earlier.by, words::instant(earlier.at)).into(),
        detail: "".into(),
        quote: earlier.reason.clone().into(),
        late: false,
    }
}
