//! Reviews: where findings come from, what became of them, and the signing off of audits (R5, R27a).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::event::EventKind;
use crate::domain::finding::relation;
use crate::domain::reference::{Kind, Reference};
use crate::domain::review::{Disposition, holdups};
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::ReviewKind;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::one_of;
use crate::http::banner::Done;
use crate::http::export::AsFile;
use crate::http::extract::{Path, Query};
use crate::http::form::{Choice, Draft};
use crate::http::line::{Shown, place, service, short, shown, tag_of};
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::Signed;
use crate::http::stale::{Carried, Comparison, Field, Standing};
use crate::http::verb::{Answer, answer};
use crate::http::view::{Facts, Pages, State as Look, Tag};
use crate::store::review::{self, Filter, Outcome, Review, Row};
use crate::store::scope::Scope;
use crate::store::{TenantTx, menu, trail};
use crate::workflow::Moment;
use crate::workflow::review::{sign_off, visible};

/// The form that starts a review.
mod new;
/// The list, and what became of one, as files.
mod sheet;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/reviews", list)
        .get("/p/{provider}/reviews/new", new::form)
        .post("/p/{provider}/reviews/new", new::create)
        .get("/p/{provider}/reviews/{review}", show)
        .post("/p/{provider}/reviews/{review}/sign-off", sign)
}

/// What the address may say. A word that is not known is an address that is not there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    service: String,
    kind: String,
    waiting: String,
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

impl Asked {
    fn fields(&self) -> [(&'static str, &str); 3] {
        [("service", &self.service), ("kind", &self.kind), ("waiting", &self.waiting)]
    }
}

#[derive(Template)]
#[template(path = "review/list.html")]
struct ListPage {
    layout: Layout,
    action: String,
    new_href: String,
    may_start: bool,
    services: Vec<Choice>,
    kinds: Vec<Choice>,
    asked: Asked,
    rows: Vec<Line>,
    empty: &'static str,
    newest: String,
    pages: Pages,
}

/// One row as it is read.
struct Line {
    href: String,
    reference: String,
    title: String,
    kind: &'static str,
    service: String,
    held: String,
    score: String,
    tag: Option<Tag>,
    findings: String,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    signed.need(Verb::RunReview)?;
    let mut tx = signed.actor.begin(&app).await?;
    let menu::Around { counts, services } = menu::around(&mut tx, &signed.actor.member).await?;
    let kind = match asked.kind.as_str() {
        "" => None,
        kind => Some(ReviewKind::from_text(kind).ok_or(AppError::NotFound)?),
    };
    let filter = Filter {
        service: service(&mut tx, &asked.service, &services).await?,
        kind,
        waiting: asked.waiting == "yes",
        after: place(&asked.after)?,
    };
    if let Some(format) = one_of(&asked.format)? {
        drop(tx);
        return sheet::list(&app, &signed, format, (filter, &asked.service, &services)).await;
    }
    let scope = Scope::of(&signed.actor.member);
    let (rows, more) = review::page(&mut tx, scope, &filter, review::ROWS).await?;
    drop(tx);
    let here = signed.path("reviews");
    let last = rows.last().filter(|_| more).map(|r| format!("{}.{}", r.held_on, r.id));
    let filtered = asked.fields().iter().any(|(_, value)| !value.is_empty());
    page::render(&ListPage {
        layout: signed.layout_with("Reviews", counts).at(&here).handing_out(&here, &asked.fields()),
        new_href: signed.path("reviews/new"),
        may_start: signed.can(Verb::RunReview),
        services: services.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect(),
        kinds: Choice::all::<ReviewKind>(),
        empty: if filtered { "No review matches. Clear the filters to see all." } else { "No reviews yet." },
        newest: if asked.after.is_empty() {
            String::new()
        } else {
            page::with_query(&here, &asked.fields(), None)
        },
        pages: Pages(Pager::new(&here, &asked.fields(), None, last.as_deref())),
        rows: rows.iter().map(|r| line(r, &signed)).collect(),
        action: here,
        asked,
    })
}

fn line(row: &Row, signed: &Signed) -> Line {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Line {
        href: signed.path(&format!("reviews/{}", row.reference)),
        reference: row.reference.to_string(),
        title: row.title.clone(),
        kind: row.kind.label(),
        service: row.service.clone(),
        held: words::date(row.held_on),
        score: row.score.map(|s| s.to_string()).unwrap_or_default(),
        tag: standing(row.kind, row.signed_off),
        findings: match (row.findings, row.open) {
            (0, _) => "None".into(),
            (all, 0) => format!("{}, all ended", words::count(count(all), "finding")),
            (all, open) => format!("{}, {open} open", words::count(count(all), "finding")),
        },
    }
}

/// Whether an audit is signed off; other reviews are not.
fn standing(kind: ReviewKind, signed_off: bool) -> Option<Tag> {
    match (kind.is_signed_off(), signed_off) {
        (false, _) => None,
        (true, true) => Some(Tag::saying(Look::Closed, "Signed off")),
        (true, false) => Some(Tag::saying(Look::InProgress, "Not signed off")),
    }
}

#[derive(Template)]
#[template(path = "review/show.html")]
struct ShowPage {
    layout: Layout,
    draft: Draft,
    back: String,
    title: String,
    caption: String,
    tag: Option<Tag>,
    facts: Facts,
    found: Vec<Found>,
    add_href: String,
    pack_href: String,
    sign_href: String,
    is_audit: bool,
    held_up: Vec<String>,
    carried: Carried,
    changed: Option<Comparison>,
}

/// The most lines of the trail that may be told as what is new.
const NEWEST: i64 = 50;

/// A finding of the review and what became of it.
struct Found {
    href: String,
    reference: String,
    what: String,
    risk: &'static str,
    high: bool,
    tag: Tag,
    reason: String,
    control: String,
    actions: Vec<Shown>,
}

async fn open(tx: &mut TenantTx, signed: &Signed, reference: &str) -> Result<Review, AppError> {
    signed.need(Verb::RunReview)?;
    let reference = Reference::parse(Kind::Review, reference).ok_or(AppError::NotFound)?;
    let found = review::get(tx, reference.number).await?;
    found.filter(|r| visible(&signed.actor, r)).ok_or(AppError::NotYours)
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    Query(asked): Query<AsFile>,
) -> Result<Response, AppError> {
    if let Some(format) = asked.format()? {
        let mut tx = signed.actor.begin(&app).await?;
        let found = open(&mut tx, &signed, &reference).await?;
        let outcomes = review::outcomes(&mut tx, found.id).await?;
        drop(tx);
        let today = Moment::read(&app).today;
        return sheet::became(&app, &signed, format, (&found, &outcomes), today).await;
    }
    render(&signed, &app, &reference, Draft::new(), None, StatusCode::OK).await
}

async fn sign(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::SignOffReview)?;
    let mut tx = signed.actor.begin(&app).await?;
    let number = open(&mut tx, &signed, &reference).await?.number;
    drop(tx);
    let carried = Carried::read(&draft);
    let deed = sign_off(&app, &signed.actor, number, carried.version).await;
    let status = match answer(deed, &mut draft)? {
        Answer::Done(()) => {
            let page = signed.path(&format!("reviews/{reference}"));
            return Ok(page::done(&page, Done::ReviewSignedOff, &reference));
        }
        Answer::Again(status) => status,
    };
    render(&signed, &app, &reference, draft, Some(carried), status).await
}

/// What the review looks like now, as the form that signs it off carries it.
fn standing_of(found: &Review, outcomes: &[Outcome], today: chrono::NaiveDate) -> Standing {
    use EventKind::{
        ActionDefined, Cancelled, Closed, FindingDisposed, FindingLogged, ReviewSignedOff, SourceAdded,
    };
    let outcome = |o: &Outcome| {
        let tag = tag_of(o.disposition, &o.actions, today);
        format!("{} {} ({})", o.reference, short(&o.what, 80), tag.words())
    };
    let findings: Vec<String> = outcomes.iter().map(outcome).collect();
    let signed = found.signed_off.as_ref().map(|(who, at)| format!("{who}, {}", words::instant(*at)));
    let field = |key, label, value, by| Field { key, label, value, by };
    let fields = vec![
        field("signed", "Signed off", signed.unwrap_or_default(), &[ReviewSignedOff][..]),
        field(
            "findings",
            "Findings",
            findings.join("\n"),
            &[FindingLogged, SourceAdded, FindingDisposed, ActionDefined, Cancelled, Closed],
        ),
    ];
    Standing { version: found.version, line: found.line, fields }
}

async fn render(
    signed: &Signed,
    app: &AppState,
    reference: &str,
    draft: Draft,
    sent: Option<Carried>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let today = Moment::read(app).today;
    let member = &signed.actor.member;
    let mut tx = signed.actor.begin(app).await?;
    let found = open(&mut tx, signed, reference).await?;
    let outcomes = review::outcomes(&mut tx, found.id).await?;
    let facts = review::facts(&mut tx, found.id).await?;
    let now = standing_of(&found, &outcomes, today);
    let mut changed = None;
    if let Some(sent) = sent.as_ref().filter(|_| status == StatusCode::CONFLICT) {
        changed = Some(sent.beside(&now, &[], &trail::of_review(&mut tx, found.id, NEWEST).await?));
    }
    drop(tx);
    let is_audit = found.kind.is_signed_off();
    let signs = is_audit
        && found.signed_off.is_none()
        && may(member.role, Verb::SignOffReview, relation(member, found.service, false)).is_ok();
    let packs = may(member.role, Verb::MakePacks, relation(member, found.service, false)).is_ok();
    let given = |may: bool, href: String| if may { href } else { String::new() };
    let add = page::with_query(&signed.path("findings/new"), &[("review", reference)], None);
    page::render_as(
        status,
        &ShowPage {
            layout: signed
                .layout(format!("{reference} {}", short(&found.title, 60)))
                .at(&signed.path("reviews"))
                .handing_out(&signed.path(&format!("reviews/{reference}")), &[])
                .with_errors(!draft.is_ok() || changed.is_some()),
            back: signed.path("reviews"),
            title: found.title.clone(),
            caption: format!("Review {reference}"),
            tag: standing(found.kind, found.signed_off.is_some()),
            facts: about(&found),
            found: outcomes.iter().map(|o| became(o, signed, today)).collect(),
            add_href: given(found.signed_off.is_none(), add),
            pack_href: given(packs && !outcomes.is_empty(), pack_of(signed, &outcomes)),
            sign_href: given(signs, signed.path(&format!("reviews/{reference}/sign-off"))),
            is_audit: is_audit && found.signed_off.is_none(),
            held_up: holdups(&facts).iter().map(crate::domain::review::Holdup::sentence).collect(),
            carried: sent.filter(|_| changed.is_none()).unwrap_or_else(|| Carried::of(&now)),
            changed,
            draft,
        },
    )
}

/// Where a pack of what a review found begins.
fn pack_of(signed: &Signed, outcomes: &[Outcome]) -> String {
    let references: Vec<String> = outcomes.iter().map(|outcome| outcome.reference.to_string()).collect();
    let fields = [("findings", references.join(",")), ("naming", "titles".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    page::with_query(&signed.path("packs/new"), &fields, None)
}

fn about(found: &Review) -> Facts {
    let signed = found.signed_off.as_ref();
    Facts::new()
        .fact("Kind", found.kind.label())
        .fact("Service", found.service_name.clone())
        .fact("Held", words::date(found.held_on))
        .fact("By", found.conducted_by.clone())
        .fact("Their reference", found.their_reference.clone())
        .fact("Score", found.score.map(|s| s.to_string()).unwrap_or_default())
        .fact(
            "Signed off",
            signed.map(|(who, at)| format!("{who}, {}", words::instant(*at))).unwrap_or_default(),
        )
}

fn became(outcome: &Outcome, signed: &Signed, today: chrono::NaiveDate) -> Found {
    Found {
        href: signed.path(&format!("findings/{}", outcome.reference)),
        reference: outcome.reference.to_string(),
        what: short(&outcome.what, 200),
        risk: outcome.risk.label(),
        high: outcome.risk.is_high(),
        tag: tag_of(outcome.disposition, &outcome.actions, today),
        reason: match outcome.disposition {
            Disposition::Actions => String::new(),
            _ => outcome.reason.clone().unwrap_or_default(),
        },
        control: outcome.control.clone().unwrap_or_default(),
        actions: outcome.actions.iter().map(|a| shown(a, signed, true, today)).collect(),
    }
}
