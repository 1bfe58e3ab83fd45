//! Sustain checks: the list of what is to be looked at again, and the form in which somebody says whether it has lasted (R19).

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;
use chrono::{Days, NaiveDate};
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::calendar;
use crate::domain::reference::Reference;
use crate::domain::sustain::{EARLY_DAYS, Lasting, Sample, may_look};
use crate::domain::verification::Method;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked;
use crate::http::banner::Done;
use crate::http::extract::Query;
use crate::http::form::{Choice, Draft};
use crate::http::opened::Opened;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::{Reading, Signed};
use crate::http::verb::{self, VerbForm};
use crate::http::view::{Pages, State as Look, Tag, Work, WorkList};
use crate::ids::{MeasureId, SustainCheckId};
use crate::store::menu;
use crate::store::scope::Scope;
use crate::store::sustain::{self as store, ROWS, Waiting};
use crate::workflow::sustain::{Followed, Given};
use crate::workflow::{self, Actor, Moment};

/// The list as a file.
mod sheet;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    verb::routes::<Check>().get("/p/{provider}/sustain-checks", list)
}

/// Whether it has lasted.
struct Check;

#[derive(Template)]
#[template(path = "sustain/form.html")]
struct CheckFields {
    draft: Draft,
    check: String,
    planned: String,
    methods: Vec<Choice>,
    measures: Vec<Choice>,
    results: Vec<Choice>,
}
impl HtmlSafe for CheckFields {}

impl VerbForm for Check {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/sustain-check";
    const BUTTON: &'static str = "Record the check";
    type Fields = CheckFields;
    type Given = Given;

    fn title(_: &Opened) -> &'static str {
        "Has it lasted?"
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        let due = opened.next_check().map(|check| check.due_on);
        may_look(&signed.actor.member, &opened.case, due, opened.moment.today).map_err(|r| r.sentence())
    }

    async fn fields(
        app: &AppState,
        signed: &Signed,
        opened: &Opened,
        draft: &Draft,
    ) -> Result<CheckFields, AppError> {
        let mut tx = signed.actor.begin(app).await?;
        let measures = store::measures(&mut tx, opened.case.action.id).await?;
        tx.commit().await?;
        let planned = opened.next_check();
        let result = |l: Lasting, hint: &str| Choice::new(l.as_str(), l.label()).hint(hint);
        Ok(CheckFields {
            draft: draft.clone(),
            check: planned.map(|check| check.id.to_string()).unwrap_or_default(),
            planned: planned
                .map(|check| format!("Planned for {}.", words::date(check.due_on)))
                .unwrap_or_default(),
            methods: Choice::all::<Method>(),
            measures: measures.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect(),
            results: vec![
                result(Lasting::Held, "It counts as shown after the last check."),
                result(Lasting::Slipping, "Somebody looks again within a fortnight."),
                result(
                    Lasting::Lost,
                    "It opens again with a new date and a root-cause review, its owner is told, and it is escalated.",
                ),
            ],
        })
    }

    fn read(draft: &mut Draft, _: &Opened) -> Option<Given> {
        let check = draft.id::<SustainCheckId>("check", "Open the form again: this one is not whole");
        let note = draft.text("note", 4000, "Say what you looked at and what you saw");
        let method = draft.choice::<Method>("method", "Choose how you looked");
        let size = draft.optional_number("sample", 1..=100_000);
        let met = draft.optional_number("met", 0..=100_000);
        match (size, met) {
            (Some(_), None) => draft.refuse("met", "Enter how many met the standard"),
            (None, Some(_)) => draft.refuse("sample", "Enter how many you looked at"),
            _ => {}
        }
        let measure = if draft.value("measure").trim().is_empty() {
            None
        } else {
            draft.id::<MeasureId>("measure", "Choose a measure of the list")
        };
        let lasting = draft.choice::<Lasting>("lasting", "Choose whether it has lasted");
        let sample = size.zip(met).and_then(|(size, met)| {
            Some(Sample { size: u32::try_from(size).ok()?, met: u32::try_from(met).ok()? })
        });
        Some(Given { check: check?, lasting: lasting?, method: method?, sample, measure, note: note? })
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        given: &Given,
    ) -> workflow::Done<Done> {
        workflow::sustain::look(app, by, number, seen, given).await.map(|followed| match followed {
            Followed::Held => Done::HasHeld,
            Followed::Again(_) => Done::IsSlipping,
            Followed::Reopened(_) => Done::IsLost,
        })
    }
}

/// What the address of the list may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    service: String,
    after: String,
    due: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

#[derive(Template)]
#[template(path = "sustain/list.html")]
struct ListPage {
    layout: Layout,
    here: String,
    services: Vec<Choice>,
    service: String,
    mine: WorkList,
    others: WorkList,
    pages: Pages,
    /// Only what is due, and where all of it is.
    only_due: Option<String>,
}

async fn list(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(place): Query<Place>,
) -> Result<Response, AppError> {
    signed.need(Verb::CheckSustained)?;
    let member = &signed.actor.member;
    let today = Moment::read(&app).today;
    let after = asked::place(&place.after, |day| day.parse::<NaiveDate>().ok(), |id| id.parse().ok())?;
    let around = menu::around(&mut tx, member).await?;
    let service = Some(place.service.as_str()).filter(|slug| !slug.is_empty());
    if service.is_some_and(|slug| !around.services.iter().any(|(own, _)| own == slug)) {
        return Err(AppError::NotFound);
    }
    let due = place.due == "yes";
    let soon = today.checked_add_days(Days::new(EARLY_DAYS)).unwrap_or(today);
    let wanted = (if due { today } else { soon }, due);
    if let Some(format) = asked::one_of(&place.format)? {
        drop(tx);
        return sheet::answer(&app, &signed, format, (service, &around.services), wanted).await;
    }
    let mut rows = store::list(&mut tx, Scope::of(member), service, wanted, after, ROWS + 1).await?;
    drop(tx);
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = rows.get(full.saturating_sub(1)).filter(|_| rows.len() > full);
    let next = last.map(|last| format!("{}.{}", last.due_on, last.id));
    rows.truncate(full);
    let here = signed.path("sustain-checks");
    let (others, mine): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.owned);
    let list = |rows: Vec<&Waiting>, empty: &'static str| WorkList {
        items: rows.into_iter().map(|row| work(row, &signed, today)).collect(),
        empty: empty.into(),
    };
    let filters = [("service", place.service.as_str()), ("due", place.due.as_str())];
    page::render(&ListPage {
        layout: signed.layout_with("Sustain checks", around.counts).at(&here).handing_out(&here, &filters),
        services: around.services.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect(),
        mine: list(
            mine,
            if due { "Nothing is due." } else { "Nothing is to be looked at in the next seven days." },
        ),
        only_due: due.then(|| page::with_query(&here, &[("service", place.service.as_str())], None)),
        others: list(others, ""),
        pages: Pages(Pager::new(&here, &filters, None, next.as_deref())),
        service: place.service,
        here,
    })
}

fn work(row: &Waiting, signed: &Signed, today: NaiveDate) -> Work {
    let reference = Reference::action(row.number);
    let late = calendar::is_overdue(Some(row.due_on), today);
    let tag = if late {
        Tag::saying(Look::Late, format!("Planned for {}", words::date(row.due_on)))
    } else {
        Tag::saying(Look::DueSoon, format!("Planned for {}", words::date(row.due_on)))
    };
    let meta = [
        reference.to_string(),
        format!("{}, {} risk", row.topic.label(), row.risk.label().to_lowercase()),
        row.service.clone(),
        format!("How we know: {}", row.success_test),
    ];
    let meta = meta.join(" · ");
    let check = signed.path(&format!("actions/{reference}/sustain-check"));
    Work {
        tag,
        title: row.what.clone().into(),
        href: signed.path(&format!("actions/{reference}")).into(),
        meta: if row.owned { format!("You own it or have owned it · {meta}") } else { meta }.into(),
        verb: if row.owned { "" } else { "Look again" }.into(),
        verb_href: if row.owned { String::new() } else { check }.into(),
        urgent: late && !row.owned,
        aside: None,
    }
}
