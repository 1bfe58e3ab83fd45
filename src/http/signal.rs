//! Early-warning signs: what is going wrong, why it says so, since when, and the step that answers it (E1 to E16).

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::signal::{Fix, Sign};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::page::{self, Layout};
use crate::http::signed::{Reading, Signed};
use crate::http::view::Tag;
use crate::http::view::{State as Look, Work, WorkList};
use crate::store::menu;
use crate::store::signal::{self, About, Asked, Group, ROWS, Shown, Signs};
use crate::workflow::Moment;

/// Putting one aside.
mod acknowledgement;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/signals", list).merge(acknowledgement::routes())
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    service: String,
}

#[derive(Template)]
#[template(path = "signal/list.html")]
struct Page {
    layout: Layout,
    action: String,
    services: Vec<Choice>,
    service: String,
    summary: String,
    groups: Vec<Shelf>,
    /// What was put aside, all signs together.
    aside: Option<Put>,
}

/// The signs put aside.
struct Put {
    count: String,
    work: WorkList,
    more: Option<String>,
}

/// One sign with its rows.
struct Shelf {
    id: &'static str,
    title: &'static str,
    means: &'static str,
    count: String,
    work: WorkList,
    /// What is said when there are more than are shown.
    more: Option<String>,
}

async fn list(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeSignals)?;
    let service = Some(filter.service.as_str()).filter(|slug| !slug.is_empty());
    let asked = Asked { member: &signed.actor.member, service, today: Moment::read(&app).today, only: None };
    let around = menu::around(&mut tx, &signed.actor.member).await?;
    if service.is_some_and(|slug| !around.services.iter().any(|(own, _)| own == slug)) {
        return Err(AppError::NotFound);
    }
    let signs = signal::read(&mut tx, &asked).await?;
    drop(tx);
    let one_place = service.is_some() || around.services.len() == 1;
    let here = signed.path("signals");
    page::render(&Page {
        layout: signed.layout_with("Early-warning signs", around.counts).at(&here),
        action: here,
        services: around.services.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect(),
        service: filter.service.clone(),
        summary: summary(&signs),
        groups: signs.groups.iter().map(|group| shelf(group, &signed, one_place)).collect(),
        aside: put_aside(&signs.aside, &signed, one_place),
    })
}

fn summary(signs: &Signs) -> String {
    let all = signs.total();
    if all == 0 && signs.aside.is_empty() {
        return "Nothing gives a sign today.".to_owned();
    }
    if all == 0 {
        return "Nothing gives a sign today but what was put aside.".to_owned();
    }
    let kinds = u64::try_from(signs.groups.len()).unwrap_or(0);
    format!("{} of {} today.", words::count(all, "sign"), words::count(kinds, "kind"))
}

fn put_aside(aside: &[Group], signed: &Signed, one_place: bool) -> Option<Put> {
    let total: u64 = aside.iter().map(|group| group.total).sum();
    let mut rows: Vec<(Sign, &Shown)> =
        aside.iter().flat_map(|group| group.rows.iter().map(|row| (group.sign, row))).collect();
    rows.sort_by_key(|(_, row)| row.aside.as_ref().map(|aside| aside.until));
    rows.truncate(ROWS);
    let more = (usize::try_from(total).unwrap_or(usize::MAX) > rows.len())
        .then(|| format!("The {} that come back first are shown.", words::number(rows.len() as u64)));
    let items = rows.iter().map(|(sign, row)| work(*sign, row, signed, one_place)).collect();
    (total > 0).then(|| Put { count: words::number(total), work: WorkList { items, empty: "".into() }, more })
}

fn shelf(group: &Group, signed: &Signed, one_place: bool) -> Shelf {
    let shown = u64::try_from(ROWS).unwrap_or(u64::MAX);
    Shelf {
        id: group.sign.as_str(),
        title: group.sign.label(),
        means: group.sign.means(),
        count: words::number(group.total),
        work: WorkList {
            items: group.rows.iter().map(|row| work(group.sign, row, signed, one_place)).collect(),
            empty: "".into(),
        },
        more: (group.total > shown).then(|| {
            format!(
                "The {} oldest are shown. Put these right first, or choose one service.",
                words::number(shown)
            )
        }),
    }
}

fn work(sign: Sign, row: &Shown, signed: &Signed, one_place: bool) -> Work {
    let reference = row.about.reference();
    let place = if matches!(row.about, About::Action(_)) { "actions" } else { "findings" };
    let href = signed.path(&format!("{place}/{reference}"));
    let (verb, verb_href) = fix(sign, &href, signed);
    let mut meta = vec![words::capital(&sign.says(row.n, row.since)), reference.to_string()];
    if !row.note.is_empty() {
        meta.insert(1, format!("“{}”", row.note));
    }
    if !one_place {
        meta.push(row.service.clone());
    }
    let form = signed.path(&format!("signals/{}/{reference}", sign.as_str()));
    let aside = match &row.aside {
        _ if !signed.can(Verb::AcknowledgeSign) => None,
        None => Some(("Put aside", form)),
        Some(_) => Some(("Change or show again", form)),
    };
    if let Some(aside) = &row.aside {
        meta.push(format!("until {} by {}: {}", words::date(aside.until), aside.by, aside.reason));
    }
    Work {
        tag: tag(sign),
        title: row.what.clone().into(),
        href: href.into(),
        meta: meta.join(" · ").into(),
        verb: verb.into(),
        verb_href: verb_href.into(),
        urgent: false,
        aside,
    }
}

fn tag(sign: Sign) -> Tag {
    Tag::saying(look(sign), sign.label())
}

/// The step that answers a sign, for those who may take it; the others open what it is about.
fn fix(sign: Sign, href: &str, signed: &Signed) -> (&'static str, String) {
    match sign.fix() {
        Fix::Owner if signed.can(Verb::Reassign) => ("Choose an owner", format!("{href}/owner")),
        Fix::Reword if signed.can(Verb::Reword) => ("Reword it", format!("{href}/rewording")),
        Fix::Act if signed.can(Verb::DefineAction) => ("Agree an action", format!("{href}/actions/new")),
        Fix::Open(label) => (label, href.to_owned()),
        Fix::Owner | Fix::Reword | Fix::Act => ("Open", href.to_owned()),
    }
}

const fn look(sign: Sign) -> Look {
    match sign {
        Sign::Overdue | Sign::EvidenceMissing | Sign::CheckLate | Sign::NoAction => Look::Late,
        Sign::Unowned | Sign::SubmittedIncomplete | Sign::DateMoved | Sign::WeakWording | Sign::VagueNote => {
            Look::DueSoon
        }
        _ => Look::CameBack,
    }
}
