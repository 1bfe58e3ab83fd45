//! The floor: the least an honest page of fifty overdue actions costs with axum, sqlx and askama. The same session
//! look-up, the same row-level security, the same rows; no menu, no escalations, no filters, no compression, no headers.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Html;
use axum::routing::get;
use chrono::{NaiveDate, Utc};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, PgPool};
use throughline::auth::session::SessionCookie;
use throughline::database::pool;
use uuid::Uuid;

/// One row of the list.
#[derive(sqlx::FromRow)]
struct Row {
    number: i32,
    what: String,
    status: String,
    due_on: Option<NaiveDate>,
    service: String,
    risk: String,
    topic: String,
    owner: Option<String>,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><title>Late actions</title></head><body>
<main><h1>Late actions</h1><table><caption>Late actions</caption>
<thead><tr><th scope="col">Action</th><th scope="col">State</th><th scope="col">Owner</th><th scope="col">Due</th><th scope="col">Risk</th><th scope="col">Service</th></tr></thead>
<tbody>{% for row in rows %}
<tr><th scope="row"><a href="/p/{{ slug }}/actions/A-{{ row.number }}">{{ row.what }}</a><span>A-{{ row.number }} · {{ row.topic }}</span></th><td>{{ row.status }}</td><td>{% if let Some(owner) = row.owner %}{{ owner }}{% else %}Nobody{% endif %}</td><td>{% if let Some(due) = row.due_on %}{{ due }}{% endif %}</td><td>{{ row.risk }}</td><td>{{ row.service }}</td></tr>
{%- endfor %}
</tbody></table></main></body></html>"#
)]
struct Page {
    slug: String,
    rows: Vec<Row>,
}

const SESSION: &str =
    "SELECT provider_id, services FROM app.open_session($1, $2, $3) WHERE member_id IS NOT NULL";
const LATE: &str =
    "SELECT a.number, a.what, a.status, a.due_on, s.name AS service, f.risk, f.topic, o.name AS owner
  FROM actions a
  JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
  JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
  LEFT JOIN memberships o ON o.provider_id = a.provider_id AND o.id = a.owner_id
  WHERE a.provider_id = $1 AND a.service_id = $2 AND a.due_on < $3
    AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')
  ORDER BY a.due_on, a.id LIMIT 50";

async fn list(
    State(pool): State<PgPool>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Html<String>, StatusCode> {
    let cookie =
        headers.get(header::COOKIE).and_then(|line| line.to_str().ok()).ok_or(StatusCode::UNAUTHORIZED)?;
    let cookies = SessionCookie::for_public_url("http://127.0.0.1");
    let token = cookies.read(cookie).ok_or(StatusCode::UNAUTHORIZED)?;
    let hash = token.hash();
    let opened: Option<(Uuid, Vec<Uuid>)> = sqlx::query_as(SESSION)
        .bind(hash.as_bytes().to_vec())
        .bind(&slug)
        .bind(Utc::now())
        .fetch_optional(&pool)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let (provider, services) = opened.ok_or(StatusCode::UNAUTHORIZED)?;
    let service = services.first().copied().ok_or(StatusCode::NOT_FOUND)?;
    let rows = rows(&pool, provider, service).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let page = Page { slug, rows };
    page.render().map(Html).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn rows(pool: &PgPool, provider: Uuid, service: Uuid) -> Result<Vec<Row>, sqlx::Error> {
    let begin = AssertSqlSafe(format!("BEGIN; SET LOCAL app.provider_id = '{provider}'"));
    let mut tx = pool.begin_with(begin).await?;
    let query = sqlx::query_as(LATE).bind(provider).bind(service).bind(Utc::now().date_naive());
    let rows = query.fetch_all(&mut *tx).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Serves the floor until it is killed; says on standard output where.
pub fn serve(database: PgConnectOptions, connections: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    runtime.block_on(async {
        let pool = pool::open(database, connections).await.expect("the database");
        let router = axum::Router::new().route("/p/{provider}/actions", get(list)).with_state(pool);
        let listener =
            tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        println!("ready at http://{}", listener.local_addr().expect("its address"));
        axum::serve(listener, router).await.expect("to serve");
    });
}
