//! What a provider's own programs may read: findings, actions and measures as JSON, by a key an administrator made, and nothing may
//! be written. Rows come from the queries of the pages. What each answer holds is said once, in a table of fields ([`fields`]): answers
//! and the OpenAPI document that describes them ([`document`]) are both made from it, so that they cannot say different things.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::api_key::Reads;
use crate::domain::member::{Member, Role};
use crate::domain::significance::Weight;
use crate::domain::text_enum::TextEnum;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked;
use crate::http::extract::{Path, Query};
use crate::http::line::place;
use crate::http::page::with_query;
use crate::http::pages::Plain;
use crate::ids::{MeasureId, MemberId, ServiceId};
use crate::store::action_list::{self, Key, Show};
use crate::store::finding::{self, Filter, Progress};
use crate::store::measure as measures_of;
use crate::store::scope::Scope;
use crate::store::{TenantTx, provider};
use crate::workflow::api_key;

/// The document that describes all this.
mod document;
/// What each answer holds.
mod fields;

use fields::{ACTION, FINDING, Field, MEASURE};

/// How many rows a page has when nothing else is asked for.
const USUAL: i64 = 50;
/// The most rows of a page.
const MOST: i64 = 200;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/api/openapi.json", describe)
        .get("/api/{slug}/v1/findings", findings)
        .get("/api/{slug}/v1/actions", actions)
        .get("/api/{slug}/v1/measures", measures)
}

/// The document, for whoever wants to write a program: it says nothing of any provider.
async fn describe(State(app): State<AppState>) -> Response {
    axum::Json(document::document(&app.config.public_url.join("/api"))).into_response()
}

/// What an address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    /// Where the page before ended.
    after: String,
    /// How many rows.
    limit: String,
    /// A service by its part of the address.
    service: String,
    /// Which actions.
    show: String,
    /// Which findings.
    state: String,
    /// Which measures.
    ended: String,
}

/// Why there is no answer.
enum Problem {
    /// No key, or none that opens anything here.
    NoKey,
    /// The key does not read this.
    NotThis,
    /// What was asked makes no sense.
    Wrong(&'static str),
    /// Our fault, or the database's.
    Failed(AppError),
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::NotFound | AppError::NotYours | AppError::BadRequest(_) => Self::Wrong(
                "Something after the question mark of the address is not known. /api/openapi.json says what is.",
            ),
            other => Self::Failed(other),
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, sentence) = match self {
            Self::NoKey => (
                StatusCode::UNAUTHORIZED,
                "Send a key as \"Authorization: Bearer …\". This one is missing, wrong, ended or over.",
            ),
            Self::NotThis => (StatusCode::FORBIDDEN, "The key does not read this."),
            Self::Wrong(sentence) => (StatusCode::BAD_REQUEST, sentence),
            Self::Failed(error) => {
                tracing::error!(cause = %error, "an answer to a program failed");
                (error.status(), "This cannot be answered just now. Ask again in a minute.")
            }
        };
        let mut response = (status, axum::Json(json!({ "error": sentence }))).into_response();
        response.extensions_mut().insert(Plain);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A program that may read, and what it asks for.
struct Asking {
    tx: TenantTx,
    /// The service that is asked for, or that the key is for.
    service: Option<(ServiceId, String)>,
    wanted: Wanted,
    limit: i64,
    today: NaiveDate,
    /// The address, for the page after.
    here: String,
}

/// The pieces of a request all three lists take.
type Request = (Result<Path<String>, AppError>, HeaderMap, Result<Query<Wanted>, AppError>);

impl Asking {
    /// Opens the key of a request and reads what it asks for.
    async fn open(app: &AppState, (slug, headers, query): Request, reads: Reads) -> Result<Self, Problem> {
        let Ok(Path(slug)) = slug else { return Err(Problem::NoKey) };
        let secret = bearer(&headers).ok_or(Problem::NoKey)?;
        let (_, key, mut tx) = api_key::open(app, &slug, secret).await?.ok_or(Problem::NoKey)?;
        if !key.reads.contains(&reads) {
            return Err(Problem::NotThis);
        }
        let Query(wanted) = query?;
        let limit = match wanted.limit.as_str() {
            "" => USUAL,
            text => text
                .parse()
                .ok()
                .filter(|limit| (1..=MOST).contains(limit))
                .ok_or(Problem::Wrong("Ask for 1 to 200 rows at once."))?,
        };
        let service = match (key.service, wanted.service.as_str()) {
            (own, "") => own,
            (Some((id, own)), asked) if own == asked => Some((id, own)),
            (Some(_), _) => return Err(Problem::NotThis),
            (None, asked) => {
                let all = provider::services(&mut tx).await?;
                let one = all.into_iter().find(|service| service.slug == asked);
                Some(one.map(|one| (one.id, one.slug)).ok_or(AppError::NotFound)?)
            }
        };
        let today = london_date(tx.now());
        let here = format!("/api/{slug}/v1/{}", reads.as_str());
        Ok(Self { tx, service, wanted, limit, today, here })
    }

    fn slug(&self) -> Option<&str> {
        self.service.as_ref().map(|(_, slug)| slug.as_str())
    }

    /// The rows of a page, and where the next is.
    fn answer<T>(
        &self,
        app: &AppState,
        fields: &[Field<T>],
        rows: &[T],
        next: Option<String>,
    ) -> Result<Response, Problem> {
        let seen: Vec<Value> = rows.iter().map(|row| object(fields, row, self.today)).collect();
        let w = &self.wanted;
        let filters = [
            ("service", w.service.as_str()),
            ("show", &w.show),
            ("state", &w.state),
            ("ended", &w.ended),
            ("limit", &w.limit),
        ];
        let next = next.map(|after| {
            app.config.public_url.join(&with_query(&self.here, &filters, Some(("after", after.as_str()))))
        });
        Ok(axum::Json(json!({ "data": seen, "next": next })).into_response())
    }
}

/// One row as an object.
fn object<T>(fields: &[Field<T>], row: &T, today: NaiveDate) -> Value {
    let pairs = fields.iter().map(|field| (field.name.to_owned(), (field.read)(row, today)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// The secret of a key that was sent.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim())
}

/// A key sees what somebody sees who sees the whole provider, and then no more than its service.
fn reader() -> Member {
    let id = MemberId::from(Uuid::nil());
    let (name, job_title) = (String::new(), String::new());
    Member { id, name, role: Role::Administrator, job_title, services: Vec::new() }
}

/// The rows of a page of `limit`, and the last of them when there are others after it.
fn cut<T>(mut rows: Vec<T>, limit: i64) -> (Vec<T>, bool) {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    (rows, more)
}

fn word<T: TextEnum>(text: &str) -> Result<Option<T>, Problem> {
    Ok(asked::one_of::<T>(text)?)
}

async fn findings(
    State(app): State<AppState>,
    slug: Result<Path<String>, AppError>,
    headers: HeaderMap,
    query: Result<Query<Wanted>, AppError>,
) -> Result<Response, Problem> {
    let mut asking = Asking::open(&app, (slug, headers, query), Reads::Findings).await?;
    let filter = Filter {
        service: asking.service.as_ref().map(|(id, _)| *id),
        progress: word::<Progress>(&asking.wanted.state)?,
        after: place(&asking.wanted.after)?,
        ..Filter::default()
    };
    let scope = Scope::of(&reader());
    let (rows, more) = finding::page(&mut asking.tx, scope, &filter, asking.today, asking.limit).await?;
    let next = rows.last().filter(|_| more).map(|r| format!("{}.{}", r.found_on, r.id));
    asking.answer(&app, FINDING, &rows, next)
}

async fn actions(
    State(app): State<AppState>,
    slug: Result<Path<String>, AppError>,
    headers: HeaderMap,
    query: Result<Query<Wanted>, AppError>,
) -> Result<Response, Problem> {
    let mut asking = Asking::open(&app, (slug, headers, query), Reads::Actions).await?;
    let after = asked::place(&asking.wanted.after, |place| place.parse().ok(), |n| n.parse().ok())?;
    let (member, slug) = (reader(), asking.slug().map(str::to_owned));
    let listing = action_list::Asked {
        member: &member,
        show: word::<Show>(&asking.wanted.show)?.unwrap_or(Show::All),
        service: slug.as_deref(),
        theme: None,
        risk: None,
        weight: Weight::All,
        words: None,
        today: asking.today,
        after: after.map(|(place, number)| Key { place, number }),
        limit: asking.limit + 1,
    };
    let page = action_list::page(&mut asking.tx, &listing).await?;
    let (rows, more) = cut(page.rows.clone(), asking.limit);
    let next = rows.last().filter(|_| more).map(|r| format!("{}.{}", r.place, r.number));
    asking.answer(&app, ACTION, &rows, next)
}

async fn measures(
    State(app): State<AppState>,
    slug: Result<Path<String>, AppError>,
    headers: HeaderMap,
    query: Result<Query<Wanted>, AppError>,
) -> Result<Response, Problem> {
    let mut asking = Asking::open(&app, (slug, headers, query), Reads::Measures).await?;
    let ended = match asking.wanted.ended.as_str() {
        "" | "no" => false,
        "yes" => true,
        _ => return Err(AppError::NotFound.into()),
    };
    let after =
        asked::place(&asking.wanted.after, |id| id.parse::<MeasureId>().ok(), |name| Some(name.to_owned()))?;
    let (member, slug) = (reader(), asking.slug().map(str::to_owned));
    let listing = measures_of::Asked {
        member: &member,
        service: slug.as_deref(),
        only: None,
        after: after.as_ref().map(|(id, name)| (name.as_str(), *id)),
        limit: asking.limit + 1,
        ended,
    };
    let found = measures_of::page(&mut asking.tx, &listing).await?;
    let (rows, more) = cut(found, asking.limit);
    let next = rows.last().filter(|_| more).map(|r| format!("{}.{}", r.measure.id, r.measure.name));
    asking.answer(&app, MEASURE, &rows, next)
}
