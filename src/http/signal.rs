//! Early-warning signs: what is going wrong, why it says so, since when, and the step that answers it (E1 to E17).

use std::sync::Arc;

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
use crate::http::asked;
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::{Reading, Signed};
use crate::http::view::{Pages, Tag};
use crate::http::view::{State as Look, Work, WorkList};
use crate::store::menu;
use crate::store::signal::{self, Asked, FIRST, Group, Key, ROWS, Shown, Signs, Wanted};
use crate::workflow::Moment;

/// Putting one aside.
mod acknowledgement;
/// The signs as a file.
mod sheet;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/signals", list).merge(acknowledgement::routes())
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    service: String,
    /// One sign; all when empty.
    sign: String,
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

impl Filter {
    /// The sign that is looked at, and the row the page begins after.
    fn wanted(&self) -> Result<Wanted, AppError> {
        let after = asked::place(&self.after, |id| id.parse().ok(), |since| since.parse().ok())?;
        Ok(match asked::one_of::<Sign>(&self.sign)? {
            Some(sign) => Wanted::One(sign, after.map(|(id, since)| (since, id))),
            None => Wanted::All,
        })
    }
}

#[derive(Template)]
#[template(path = "signal/list.html")]
struct Page {
    layout: Layout,
    action: String,
    services: Vec<Choice>,
    service: String,
    signs: Vec<Choice>,
    sign: String,
    summary: String,
    /// Where all signs are, on the page of one.
    all: Option<String>,
    groups: Vec<Shelf>,
    pages: Pages,
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
    /// Where the others are and how many are shown, when there are more.
    more: Option<(String, String)>,
}

async fn list(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeSignals)?;
    let service = Some(filter.service.as_str()).filter(|slug| !slug.is_empty());
    let wanted = filter.wanted()?;
    let today = Moment::read(&app).today;
    let asked = Asked { member: &signed.actor.member, service, today, wanted, rows: ROWS };
    let around = menu::around(&mut tx, &signed.actor.member).await?;
    if service.is_some_and(|slug| !around.services.iter().any(|(own, _)| own == slug)) {
        return Err(AppError::NotFound);
    }
    if let Some(format) = asked::one_of(&filter.format)? {
        drop(tx);
        return sheet::answer(&app, &signed, format, &asked, &around.services).await;
    }
    let mut signs = Arc::unwrap_or_clone(signal::read(&mut tx, &asked).await?);
    drop(tx);
    let one_place = service.is_some() || around.services.len() == 1;
    let here = signed.path("signals");
    let filters = [("service", filter.service.as_str()), ("sign", filter.sign.as_str())];
    let last = cut(&mut signs, wanted).map(|(since, id)| format!("{id}.{since}"));
    let everything = || page::with_query(&here, &[("service", filter.service.as_str())], None);
    page::render(&Page {
        layout: signed
            .layout_with("Early-warning signs", around.counts)
            .at(&here)
            .handing_out(&here, &filters),
        all: matches!(wanted, Wanted::One(..)).then(everything),
        pages: Pages(Pager::new(&here, &filters, None, last.as_deref())),
        services: around.services.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect(),
        signs: Sign::ALL.iter().map(|sign| Choice::new(sign.as_str(), sign.label())).collect(),
        summary: summary(&signs, wanted),
        groups: signs.groups.iter().map(|group| shelf(group, &signed, &filter, one_place)).collect(),
        aside: put_aside(&signs.aside, &signed, one_place),
        service: filter.service,
        sign: filter.sign,
        action: here,
    })
}

/// Takes away the row of the next page of one sign, and says where this one ends when there is one.
fn cut(signs: &mut Signs, wanted: Wanted) -> Option<Key> {
    let group = signs.groups.first_mut().filter(|_| matches!(wanted, Wanted::One(..)))?;
    let last = group.rows.get(ROWS - 1).filter(|_| group.rows.len() > ROWS).map(Shown::key);
    group.rows.truncate(ROWS);
    last
}

fn summary(signs: &Signs, wanted: Wanted) -> String {
    let all = signs.total();
    if let Wanted::One(sign, _) = wanted {
        return format!("{}: {} today.", sign.label(), words::count(all, "sign"));
    }
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
    let more = (usize::try_from(total).unwrap_or(usize::MAX) > rows.len()).then(|| {
        format!(
            "{} of them are shown. Choose one service to see the others.",
            words::number(rows.len() as u64)
        )
    });
    let items = rows.iter().map(|(sign, row)| work(*sign, row, signed, one_place)).collect();
    (total > 0).then(|| Put { count: words::number(total), work: WorkList { items, empty: "".into() }, more })
}

fn shelf(group: &Group, signed: &Signed, filter: &Filter, one_place: bool) -> Shelf {
    let shown = group.rows.len() as u64;
    let first = shown <= FIRST as u64 && filter.sign.is_empty();
    let one = [("service", filter.service.as_str()), ("sign", group.sign.as_str())];
    Shelf {
        id: group.sign.as_str(),
        title: group.sign.label(),
        means: group.sign.means(),
        count: words::number(group.total),
        work: WorkList {
            items: group.rows.iter().map(|row| work(group.sign, row, signed, one_place)).collect(),
            empty: "".into(),
        },
        more: (first && group.total > shown).then(|| {
            let href = page::with_query(&signed.path("signals"), &one, None);
            (
                href,
                format!("The {} oldest of {} are shown.", words::number(shown), words::number(group.total)),
            )
        }),
    }
}

fn work(sign: Sign, row: &Shown, signed: &Signed, one_place: bool) -> Work {
    let href = signed.path(&row.about.page());
    let (verb, verb_href) = fix(sign, &href, signed);
    let mut meta = vec![words::capital(&sign.says(row.n, row.since))];
    meta.extend(row.about.reference().map(|reference| reference.to_string()));
    if !row.note.is_empty() {
        meta.insert(1, format!("“{}”", row.note));
    }
    if !one_place {
        meta.push(row.service.clone());
    }
    let form = signed.path(&format!("signals/{}/{}", sign.as_str(), row.about.name()));
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
        Fix::Move if signed.can(Verb::KeepMeasures) => {
            ("Agree an action, and name it on the measure", href.to_owned())
        }
        Fix::Open(label) => (label, href.to_owned()),
        Fix::Owner | Fix::Reword | Fix::Act | Fix::Move => ("Open", href.to_owned()),
    }
}

const fn look(sign: Sign) -> Look {
    match sign {
        Sign::Overdue | Sign::EvidenceMissing | Sign::CheckLate | Sign::NoAction | Sign::OffTarget => {
            Look::Late
        }
        Sign::Unowned | Sign::SubmittedIncomplete | Sign::DateMoved | Sign::WeakWording | Sign::VagueNote => {
            Look::DueSoon
        }
        _ => Look::CameBack,
    }
}
