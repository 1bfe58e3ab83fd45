//! Keys for a provider's own programs: which there are, making one, ending one. A secret is shown once, on the page that made it.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::api_key::{Lasts, NAME, Reads, Standing};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::export::{self, AsFile, Of, Whole};
use crate::http::extract::{Path, Query};
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::settings::layout;
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::ids::{ApiKeyId, ServiceId};
use crate::sheet::{Column, Row as Cells};
use crate::store::api_key::{self as store, Listed};
use crate::store::provider;
use crate::workflow::api_key::{self as deed, Given, Made};

/// The addresses of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/settings/keys", list)
        .post("/p/{provider}/settings/keys", make)
        .post("/p/{provider}/settings/keys/{id}/end", end)
}

#[derive(Template)]
#[template(path = "settings/keys.html")]
struct KeysPage {
    layout: Layout,
    draft: Draft,
    back: String,
    here: String,
    rows: Vec<Row>,
    reads: Vec<Choice>,
    services: Vec<Choice>,
    lasts: Vec<Choice>,
    /// The key that was just made, shown once.
    made: Option<Shown>,
    document: String,
}

/// A key that was just made.
struct Shown {
    name: String,
    secret: String,
    until: String,
    address: String,
}

/// One key of the list.
struct Row {
    name: String,
    says: String,
    times: String,
    standing: &'static str,
    end: Option<String>,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(asked): Query<AsFile>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    if let Some(format) = asked.format()? {
        let mut tx = signed.actor.begin(&app).await?;
        let keys = store::list(&mut tx).await?;
        let now = tx.now();
        drop(tx);
        let of = Of::new("keys", "Keys for other programs");
        return export::whole(&app, &signed, format, &of, sheet(&keys, now)).await;
    }
    draw(&app, &signed, Draft::new(), None, StatusCode::OK).await
}

async fn draw(
    app: &AppState,
    signed: &Signed,
    draft: Draft,
    made: Option<Shown>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let keys = store::list(&mut tx).await?;
    let services = provider::services(&mut tx).await?;
    let now = tx.now();
    drop(tx);
    let here = signed.path("settings/keys");
    let mut response = page::render_as(
        status,
        &KeysPage {
            layout: layout(signed, "Keys for other programs")
                .with_errors(!draft.is_ok())
                .handing_out(&here, &[]),
            draft,
            back: signed.path("settings"),
            rows: keys.iter().map(|key| row(key, signed, now)).collect(),
            reads: Choice::all::<Reads>(),
            services: services.iter().map(|s| Choice::new(s.id.to_string(), s.name.clone())).collect(),
            lasts: Choice::all::<Lasts>(),
            made,
            document: app.config.public_url.join("/api/openapi.json"),
            here,
        },
    )?;
    // the page may show the secret
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn row(key: &Listed, signed: &Signed, now: DateTime<Utc>) -> Row {
    let standing = key.standing(now);
    let used = key.used_at.map_or_else(
        || "never used".to_owned(),
        |at| format!("last used on {}", words::date(crate::clock::london_date(at))),
    );
    let until = match (standing, key.ended_at) {
        (Standing::Ended, Some(at)) => format!("ended {}", words::instant(at)),
        _ => format!("until {}", words::instant(key.expires_at)),
    };
    Row {
        name: key.name.clone(),
        says: format!(
            "{}, {}",
            reads(key),
            key.service.clone().unwrap_or_else(|| "the whole provider".into())
        ),
        times: format!("Made by {}, {} · {until} · {used}", key.made_by, words::instant(key.made_at)),
        standing: standing.label(),
        end: (standing == Standing::Open).then(|| signed.path(&format!("settings/keys/{}/end", key.id))),
    }
}

/// What a key reads, in words.
fn reads(key: &Listed) -> String {
    words::list(&key.reads.iter().map(|reads| reads.label()).collect::<Vec<_>>())
}

/// The keys as a file; no secret is in it.
fn sheet(keys: &[Listed], now: DateTime<Utc>) -> Whole {
    const COLUMNS: &[Column] = &[
        Column::new("Name", 30),
        Column::new("Reads", 40),
        Column::new("Service", 26),
        Column::new("State", 18),
        Column::new("Made by", 24),
        Column::new("Made", 24),
        Column::new("Until", 24),
        Column::new("Ended", 24),
        Column::new("Last used", 24),
    ];
    let row = |k: &Listed| -> Cells {
        vec![
            k.name.clone().into(),
            reads(k).into(),
            k.service.clone().unwrap_or_else(|| "The whole provider".into()).into(),
            k.standing(now).label().into(),
            k.made_by.clone().into(),
            k.made_at.into(),
            k.expires_at.into(),
            k.ended_at.into(),
            k.used_at.into(),
        ]
    };
    Whole(COLUMNS, keys.iter().map(row).collect())
}

/// Answers with the page itself: the secret is shown once, and a redirect would have to carry it.
async fn make(signed: Signed, State(app): State<AppState>, mut draft: Draft) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let name = draft.line("name", NAME, "Say what the key is for");
    let mut reads = draft.choices::<Reads>("reads", "Choose among these");
    reads.sort_unstable();
    reads.dedup();
    if reads.is_empty() {
        draft.refuse("reads", "Choose what it may read");
    }
    let service = draft.optional_id::<ServiceId>("service", "Choose one of the services, or all");
    let lasts = draft.choice::<Lasts>("lasts", "Choose how long it lasts");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(name), Some(lasts)) = (draft.is_ok(), name, lasts) {
        let given = Given { name, reads, service, lasts };
        match answer(deed::make(&app, &signed.actor, &given).await, &mut draft)? {
            Answer::Done(made) => {
                let shown = shown(&app, &signed, &given, &made);
                return draw(&app, &signed, Draft::new(), Some(shown), StatusCode::OK).await;
            }
            Answer::Again(again) => status = again,
        }
    }
    draw(&app, &signed, draft, None, status).await
}

fn shown(app: &AppState, signed: &Signed, given: &Given, made: &Made) -> Shown {
    let what = given.reads.first().map_or("findings", |reads| reads.as_str());
    Shown {
        name: given.name.clone(),
        secret: made.secret.text(),
        until: words::instant(made.expires_at),
        address: app.config.public_url.join(&format!("/api/{}/v1/{what}", signed.provider.slug)),
    }
}

async fn end(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, ApiKeyId)>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    answer(deed::end(&app, &signed.actor, id).await, &mut Draft::new())?;
    Ok(page::done(&signed.path("settings/keys"), Done::KeyEnded, ""))
}
