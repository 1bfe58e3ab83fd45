//! Findings: the list, and what hangs below one finding.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::finding::visible_to;
use crate::domain::reference::{Kind, Reference};
use crate::domain::significance::{Weighed, Weight};
use crate::domain::topic::{Risk, Theme, Topic};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::{self, one_of};
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::line::{place, service, short, tag};
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::Signed;
use crate::http::view::{Pages, State as Look, Tag};
use crate::store::finding::{self, Filter, Finding, Progress, Row};
use crate::store::scope::Scope;
use crate::store::{TenantTx, earlier as before_us, menu, recurrence};
use crate::workflow::Moment;

/// The form that agrees an action.
mod agree;
/// The form that ends a finding without an action.
mod disposition;
/// Linking to earlier findings.
mod earlier;
/// What the form says about the wording, and what the closure standard asks for.
mod hints;
/// Findings like the one being written.
mod like;
/// The form that records a finding.
mod new;
/// Why it came back.
mod root_cause;
/// The list as a file.
mod sheet;
/// A finding with everything that follows from it.
mod show;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/findings", list)
        .get("/p/{provider}/findings/new", new::form)
        .post("/p/{provider}/findings/new", new::create)
        .get("/p/{provider}/findings/{finding}", show::show)
        .post("/p/{provider}/findings/{finding}/sources", show::add_source)
        .get("/p/{provider}/findings/{finding}/root-cause", root_cause::form)
        .post("/p/{provider}/findings/{finding}/root-cause", root_cause::record)
        .post("/p/{provider}/findings/{finding}/root-cause/again", root_cause::again)
        .post("/p/{provider}/findings/{finding}/earlier", earlier::link)
        .get("/p/{provider}/findings/{finding}/earlier/{earlier}/withdrawal", earlier::form)
        .post("/p/{provider}/findings/{finding}/earlier/{earlier}/withdrawal", earlier::withdraw)
        .get("/p/{provider}/findings/{finding}/actions/new", agree::form)
        .post("/p/{provider}/findings/{finding}/actions/new", agree::create)
        .get("/p/{provider}/findings/{finding}/disposition", disposition::form)
        .post("/p/{provider}/findings/{finding}/disposition", disposition::record)
}

/// What the address may say. A word that is not known is an address that is not there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    service: String,
    risk: String,
    theme: String,
    topic: String,
    significance: String,
    state: String,
    q: String,
    mine: String,
    came_back: String,
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

impl Asked {
    fn fields(&self) -> [(&'static str, &str); 9] {
        [
            ("service", &self.service),
            ("risk", &self.risk),
            ("theme", &self.theme),
            ("topic", &self.topic),
            ("significance", &self.significance),
            ("state", &self.state),
            ("q", &self.q),
            ("mine", &self.mine),
            ("came_back", &self.came_back),
        ]
    }
}

#[derive(Template)]
#[template(path = "finding/list.html")]
struct ListPage {
    layout: Layout,
    action: String,
    new_href: String,
    may_log: bool,
    /// Where a spreadsheet is brought, for whoever may.
    import_href: String,
    /// What was closed before Throughline; empty when nothing was.
    earlier_href: String,
    services: Vec<Choice>,
    risks: Vec<Choice>,
    themes: Vec<Choice>,
    topics: Vec<Choice>,
    weights: Vec<Choice>,
    states: Vec<Choice>,
    came_back: i64,
    asked: Asked,
    problem: Option<&'static str>,
    rows: Vec<Line>,
    empty: &'static str,
    newest: String,
    pages: Pages,
}

/// One row as it is read.
struct Line {
    href: String,
    reference: String,
    what: String,
    place: String,
    risk: &'static str,
    high: bool,
    theme: &'static str,
    topic: &'static str,
    weight: &'static str,
    found: String,
    tag: Tag,
    back: Option<Tag>,
    actions: String,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeFinding)?;
    let words = asked::words(&asked.q);
    let format = one_of(&asked.format)?;
    let mut tx = signed.actor.begin(&app).await?;
    let menu::Around { counts, services } = menu::around(&mut tx, &signed.actor.member).await?;
    let filter = Filter {
        service: service(&mut tx, &asked.service, &services).await?,
        risk: one_of::<Risk>(&asked.risk)?,
        theme: one_of::<Theme>(&asked.theme)?,
        topic: one_of::<Topic>(&asked.topic)?,
        weight: one_of::<Weight>(&asked.significance)?,
        progress: one_of::<Progress>(&asked.state)?,
        words: words.unwrap_or_default().map(str::to_owned),
        mine: asked.mine == "yes",
        came_back: asked.came_back == "yes",
        after: place(&asked.after)?,
    };
    if let (Some(format), Ok(_)) = (format, words) {
        drop(tx);
        return sheet::answer(&app, &signed, format, (filter, &asked.service, &services)).await;
    }
    let scope = Scope::of(&signed.actor.member);
    let (rows, more) = match words {
        Ok(_) => finding::page(&mut tx, scope, &filter, Moment::read(&app).today, finding::ROWS).await?,
        Err(_) => (Vec::new(), false),
    };
    let came_back = recurrence::count(&mut tx, scope).await?;
    let before = before_us::any(&mut tx, scope).await?;
    drop(tx);
    let here = signed.path("findings");
    let last = rows.last().filter(|_| more).map(|r| format!("{}.{}", r.found_on, r.id));
    let filtered = asked.fields().iter().any(|(_, value)| !value.is_empty());
    let status = if words.is_err() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let layout = signed.layout_with("Findings", counts).at(&here).with_errors(words.is_err());
    let page = ListPage {
        layout: if words.is_ok() { layout.handing_out(&here, &asked.fields()) } else { layout },
        problem: words.err(),
        came_back,
        new_href: signed.path("findings/new"),
        may_log: signed.can(Verb::LogFinding),
        import_href: link_if(&signed, signed.can(Verb::Import), "imports"),
        earlier_href: link_if(&signed, before, "earlier"),
        services: services.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect(),
        risks: Choice::all::<Risk>(),
        themes: Choice::all::<Theme>(),
        topics: Choice::all::<Topic>(),
        weights: Choice::all::<Weight>(),
        states: Choice::all::<Progress>(),
        empty: empty(filtered),
        newest: newest(&here, &asked),
        pages: Pages(Pager::new(&here, &asked.fields(), None, last.as_deref())),
        rows: rows.iter().map(|r| line(r, &signed)).collect(),
        action: here,
        asked,
    };
    page::render_as(status, &page)
}

const fn empty(filtered: bool) -> &'static str {
    if filtered { "No finding matches. Clear the filters to see all." } else { "No findings yet." }
}

/// The way back from an older page.
fn newest(here: &str, asked: &Asked) -> String {
    if asked.after.is_empty() { String::new() } else { page::with_query(here, &asked.fields(), None) }
}

/// The address, for whoever has a use for it.
fn link_if(signed: &Signed, shown: bool, path: &str) -> String {
    if shown { signed.path(path) } else { String::new() }
}

fn line(row: &Row, signed: &Signed) -> Line {
    let (significance, risk, repeated) = (row.significance, row.risk, row.repeated);
    let weighed = Weighed { significance, risk, repeated, came_back: row.came_back };
    Line {
        href: signed.path(&format!("findings/{}", row.reference)),
        reference: row.reference.to_string(),
        what: short(&row.what, 160),
        place: row.unit.as_ref().map_or_else(|| row.service.clone(), |u| format!("{u}, {}", row.service)),
        risk: row.risk.label(),
        high: row.risk.is_high(),
        theme: row.theme.label(),
        topic: row.topic.label(),
        weight: weighed.says(),
        found: words::date(row.found_on),
        tag: tag(row.disposition, [row.open, row.late, row.unowned, row.closed]),
        back: row.came_back.then(|| Tag::new(Look::CameBack)),
        actions: counts(row),
    }
}

fn counts(row: &Row) -> String {
    let told = |n: i64, what: &str| (n > 0).then(|| format!("{n} {what}"));
    let parts = [told(row.open, "open"), told(row.late, "late"), told(row.closed, "closed")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The finding of an address, if this member sees it.
async fn open(tx: &mut TenantTx, signed: &Signed, reference: &str) -> Result<Finding, AppError> {
    signed.need(Verb::SeeFinding)?;
    let reference = Reference::parse(Kind::Finding, reference).ok_or(AppError::NotFound)?;
    let found = finding::get(tx, reference.number).await?;
    let member = &signed.actor.member;
    found.filter(|f| visible_to(member, f.service, f.logged_by)).ok_or(AppError::NotYours)
}
