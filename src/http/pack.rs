//! Evidence packs: their list, one with the hash to hand over, and fetching it (R27, R27a).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::pack::PackState;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::{Path, Query};
use crate::http::form::Draft;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::Signed;
use crate::http::view::{Facts, Pages, State as Look, Tag};
use crate::ids::PackId;
use crate::store::menu;
use crate::store::pack::{self as store, Made, Pack};
use crate::store::scope::Scope;
use crate::workflow::Stop;
use crate::workflow::pack::{self as workflow, period};

/// Choosing what one holds.
mod new;
/// Fetching one, and reading it on screen.
mod read;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/packs", list)
        .get("/p/{provider}/packs/new", new::form)
        .post("/p/{provider}/packs", new::ask)
        .get("/p/{provider}/packs/{pack}", show)
        .get("/p/{provider}/packs/{pack}/pack.zip", read::download)
        .get("/p/{provider}/packs/{pack}/read/{*path}", read::entry)
        .post("/p/{provider}/packs/{pack}/withdrawal", withdraw)
}

/// How far a pack is, as a tag.
fn tag(state: PackState) -> Tag {
    let look = match state {
        PackState::Asked | PackState::Sealed => Look::InProgress,
        PackState::Made => Look::Closed,
        PackState::Failed => Look::Late,
        PackState::Withdrawn => Look::Cancelled,
    };
    Tag::saying(look, state.label())
}

/// Which packs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    after: String,
}

#[derive(Template)]
#[template(path = "pack/list.html")]
struct ListPage {
    layout: Layout,
    new_href: String,
    rows: Vec<Row>,
    pages: Pages,
}

struct Row {
    href: String,
    purpose: String,
    services: String,
    findings: String,
    asked: String,
    tag: Tag,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    signed.need(Verb::MakePacks)?;
    let after = match asked.after.split_once('.') {
        None if asked.after.is_empty() => None,
        Some((at, id)) => {
            let at = at.parse().ok().and_then(chrono::DateTime::from_timestamp_micros);
            Some(at.zip(id.parse::<PackId>().ok()).ok_or(AppError::NotFound)?)
        }
        None => return Err(AppError::NotFound),
    };
    let mut tx = signed.actor.begin(&app).await?;
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    let (packs, more) = store::list(&mut tx, Scope::of(&signed.actor.member), None, after).await?;
    drop(tx);
    let here = signed.path("packs");
    let last =
        packs.last().filter(|_| more).map(|pack| format!("{}.{}", pack.asked_at.timestamp_micros(), pack.id));
    let row = |pack: &Pack| Row {
        href: signed.path(&format!("packs/{}", pack.id)),
        purpose: pack.purpose.clone(),
        services: words::list(&pack.services),
        findings: words::count(u64::try_from(pack.findings).unwrap_or(0), "finding"),
        asked: format!(
            "{}, {}",
            pack.asked_by.as_deref().unwrap_or("By command"),
            words::instant(pack.asked_at)
        ),
        tag: tag(pack.state),
    };
    page::render(&ListPage {
        layout: signed.layout_with("Evidence packs", counts).at(&here),
        new_href: signed.path("packs/new"),
        rows: packs.iter().map(row).collect(),
        pages: Pages(Pager::new(&here, &[], None, last.as_deref())),
    })
}

#[derive(Template)]
#[template(path = "pack/show.html")]
struct ShowPage {
    layout: Layout,
    draft: Draft,
    back: String,
    here: String,
    title: String,
    tag: Tag,
    facts: Facts,
    waiting: bool,
    failed: Option<String>,
    made: Option<Ready>,
    since: String,
    fetched: Vec<(String, String)>,
    withdrawn: Option<(String, String)>,
    withdraw_href: String,
}

/// A pack that can be handed out.
struct Ready {
    download: String,
    size: String,
    read: String,
    line: i64,
    hash: String,
    sha256: String,
    check: String,
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, PackId)>,
) -> Result<Response, AppError> {
    draw(&signed, &app, id, Draft::new(), StatusCode::OK).await
}

async fn draw(
    signed: &Signed,
    app: &AppState,
    id: PackId,
    draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let pack = workflow::seen(&mut tx, &signed.actor, id).await?;
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    let fetched = store::fetched(&mut tx, id).await?;
    let since = store::since(&mut tx, id).await?;
    drop(tx);
    let here = signed.path(&format!("packs/{id}"));
    let ready = pack.made.as_ref().filter(|_| pack.state == PackState::Made);
    let told = |one: &store::Fetched| {
        let what = one.path.clone().unwrap_or_else(|| "The whole pack".into());
        (what, format!("{}, {}", one.by, words::instant(one.at)))
    };
    let given = |may: bool, href: String| if may { href } else { String::new() };
    page::render_as(
        status,
        &ShowPage {
            layout: signed
                .layout_with(format!("Evidence pack: {}", pack.purpose), counts)
                .at(&signed.path("packs"))
                .with_errors(!draft.is_ok()),
            back: signed.path("packs"),
            title: pack.purpose.clone(),
            tag: tag(pack.state),
            facts: facts(&pack),
            waiting: matches!(pack.state, PackState::Asked | PackState::Sealed),
            failed: pack.failed_because.clone(),
            since: match since {
                0 => "Nothing was written about these findings since.".into(),
                n => format!(
                    "Since then {} of the trail {} written about these findings: make a new pack to hand that over.",
                    words::count(u64::try_from(n).unwrap_or(0), "line"),
                    if n == 1 { "was" } else { "were" }
                ),
            },
            made: ready.map(|made| self::ready(made, &here)),
            fetched: fetched.iter().map(told).collect(),
            withdrawn: pack
                .withdrawn
                .as_ref()
                .map(|(by, at, why)| (why.clone(), format!("{by}, {}", words::instant(*at)))),
            withdraw_href: given(ready.is_some(), format!("{here}/withdrawal")),
            here,
            draft,
        },
    )
}

fn ready(made: &Made, here: &str) -> Ready {
    Ready {
        download: format!("{here}/pack.zip"),
        size: words::file_size(u64::try_from(made.size).unwrap_or(0)),
        read: format!("{here}/read/index.html"),
        line: made.seal_line,
        hash: made.seal_hash.clone(),
        sha256: hex::encode(&made.sha256),
        check: format!("throughline trail verify PACK.zip --head {}", made.seal_hash),
    }
}

fn facts(pack: &Pack) -> Facts {
    let themes: Vec<&str> = pack.themes.iter().map(|theme| theme.label()).collect();
    let count = |n: i64| words::number(u64::try_from(n).unwrap_or(0));
    let made = pack.made.as_ref();
    Facts::new()
        .fact("Services", words::list(&pack.services))
        .fact("Found", period(pack))
        .fact("Themes", if themes.is_empty() { "All".to_owned() } else { words::list(&themes) })
        .fact("Findings", count(pack.findings))
        .fact("Members are named", pack.naming.label())
        .fact("Evidence kept back", if pack.withheld == 0 { "None".to_owned() } else { count(pack.withheld) })
        .fact(
            "Asked for",
            format!(
                "{}, {}",
                pack.asked_by.as_deref().unwrap_or("By command"),
                words::instant(pack.asked_at)
            ),
        )
        .fact("Made", made.map(|made| words::instant(made.at)).unwrap_or_default())
        .fact(
            "Files in it",
            made.map(|made| words::number(u64::try_from(made.files).unwrap_or(0))).unwrap_or_default(),
        )
        .fact(
            "Lines of the trail in it",
            made.map(|made| words::number(u64::try_from(made.lines).unwrap_or(0))).unwrap_or_default(),
        )
}

async fn withdraw(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, PackId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::MakePacks)?;
    let reason = draft.text("reason", 2000, "Say why it is withdrawn");
    if let (true, Some(reason)) = (draft.is_ok(), reason) {
        match workflow::withdraw(&app, &signed.actor, id, &reason).await {
            Ok(()) => return Ok(page::done(&signed.path(&format!("packs/{id}")), Done::PackWithdrawn, "")),
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Changed) => return Err(AppError::Conflict),
            Err(Stop::Refused(said)) => said.into_iter().for_each(|one| draft.refuse("reason", one.sentence)),
        }
    }
    draw(&signed, &app, id, draft, StatusCode::UNPROCESSABLE_ENTITY).await
}
