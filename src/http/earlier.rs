//! What was closed before Throughline: as imported trackers say. Shown apart, and counted in no figure.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::topic::Topic;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::{self, one_of};
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::line::{place, service};
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::Signed;
use crate::http::view::Pages;
use crate::store::earlier::{self, Earlier, Filter};
use crate::store::menu;
use crate::store::scope::Scope;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/earlier", list)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    import: String,
    service: String,
    topic: String,
    q: String,
    after: String,
}

impl Asked {
    fn fields(&self) -> [(&'static str, &str); 4] {
        [("import", &self.import), ("service", &self.service), ("topic", &self.topic), ("q", &self.q)]
    }
}

#[derive(Template)]
#[template(path = "earlier/list.html")]
struct ListPage {
    layout: Layout,
    back: String,
    action: String,
    services: Vec<Choice>,
    topics: Vec<Choice>,
    asked: Asked,
    problem: Option<&'static str>,
    rows: Vec<Line>,
    empty: &'static str,
    pages: Pages,
}

/// One of them as it is read.
struct Line {
    what: String,
    finding: String,
    about: String,
    owner: String,
    closed: String,
    note: String,
    file: String,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeFinding)?;
    let words = asked::words(&asked.q);
    let mut tx = signed.actor.begin(&app).await?;
    let menu::Around { counts, services } = menu::around(&mut tx, &signed.actor.member).await?;
    let import = Some(asked.import.as_str()).filter(|id| !id.is_empty()).map(str::parse).transpose();
    let filter = Filter {
        import: import.map_err(|_| AppError::NotFound)?,
        service: service(&mut tx, &asked.service, &services).await?,
        topic: one_of::<Topic>(&asked.topic)?,
        words: words.unwrap_or_default().map(crate::store::finding::pattern),
        after: place(&asked.after)?,
    };
    let scope = Scope::of(&signed.actor.member);
    let (rows, more) = match words {
        Ok(_) => earlier::page(&mut tx, scope, &filter).await?,
        Err(_) => (Vec::new(), false),
    };
    drop(tx);
    let here = signed.path("earlier");
    let last = rows.last().filter(|_| more).map(|r| format!("{}.{}", r.listed_on, r.id));
    let filtered = asked.fields().iter().any(|(_, value)| !value.is_empty());
    let status = if words.is_err() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ListPage {
        layout: signed
            .layout_with("Closed before Throughline", counts)
            .at(&signed.path("findings"))
            .with_errors(words.is_err()),
        back: signed.path("findings"),
        services: services.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect(),
        topics: Choice::all::<Topic>(),
        problem: words.err(),
        rows: rows.iter().map(line).collect(),
        empty: if filtered {
            "Nothing matches. Clear the filters to see all."
        } else {
            "Nothing was imported as done."
        },
        pages: Pages(Pager::new(&here, &asked.fields(), None, last.as_deref())),
        action: here,
        asked,
    };
    page::render_as(status, &page)
}

fn line(row: &Earlier) -> Line {
    let risk = row.risk.map_or_else(String::new, |risk| format!(" · {} risk", risk.label()));
    Line {
        what: row.what.clone(),
        finding: row.finding.clone(),
        about: format!("{} · {}{risk}", row.topic.label(), row.service),
        owner: if row.owner.is_empty() { "Not said".to_owned() } else { row.owner.clone() },
        closed: row.closed_on.map_or_else(|| "No day given".to_owned(), words::date),
        note: row.note.clone(),
        file: row.file_name.clone(),
    }
}
