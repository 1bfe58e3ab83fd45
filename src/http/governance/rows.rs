//! The rows behind a figure: exactly those it counts, and those it counts them of.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::meeting::signed_on;
use super::{Place, named, place, sheet};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::figure::{Age, Figure, Month, Unit, Value};
use crate::domain::reference::Reference;
use crate::domain::topic::{Theme, Topic};
use crate::domain::words;
use crate::error::AppError;
use crate::http::asked::{self, one_of};
use crate::http::extract::{Path, Query};
use crate::http::page::{self, Layout, Pager, with_query};
use crate::http::signed::{Reading, Signed};
use crate::http::view::Pages;
use crate::ids::MeasureId;
use crate::store::figure::{self as store, About, Page, ROWS, Row, Span, Wanted};
use crate::store::menu;
use crate::workflow::Moment;
use crate::workflow::figure::Basis;

/// What the address may say. A word that is not known is an address that is not there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    service: String,
    counted: String,
    theme: String,
    topic: String,
    place: String,
    age: String,
    now: String,
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

#[derive(Template)]
#[template(path = "governance/rows.html")]
struct RowsPage {
    layout: Layout,
    back: String,
    place: String,
    title: String,
    says: (&'static str, &'static str),
    sum: String,
    narrowed: Option<(String, String)>,
    frozen: Option<(String, &'static str, String)>,
    marked: bool,
    amounts: Option<&'static str>,
    rows: Vec<Line>,
    pages: Pages,
}

/// A row as it is read.
struct Line {
    reference: String,
    href: String,
    what: String,
    service: String,
    counted: bool,
    amount: String,
}

/// What an address asks for, read.
struct Wants<'a> {
    wanted: Wanted<'a>,
    age: Option<Age>,
}

fn wants(filter: &Filter) -> Result<Wants<'_>, AppError> {
    let counted = match filter.counted.as_str() {
        "" => None,
        "yes" => Some(true),
        "no" => Some(false),
        _ => return Err(AppError::NotFound),
    };
    let age = one_of::<Age>(&filter.age)?;
    let after = asked::place(&filter.after, |number| number.parse().ok(), |id| id.parse().ok())?;
    let place = Some(filter.place.as_str()).filter(|slug| !slug.is_empty());
    let (theme, topic) = (one_of::<Theme>(&filter.theme)?, one_of::<Topic>(&filter.topic)?);
    Ok(Wants { wanted: Wanted { counted, theme, topic, place, days: age.map(Age::days), after }, age })
}

pub(super) async fn list(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Path((_, month, figure)): Path<(String, String, String)>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeGovernance)?;
    let moment = Moment::read(&app);
    let month = named(&month, moment.today)?;
    let figure = one_of::<Figure>(&figure)?.ok_or(AppError::NotFound)?;
    let wants = wants(&filter)?;
    let place = place(&mut tx, &signed, &filter.service).await?;
    if wants.wanted.place.is_some_and(|slug| !place.choices.iter().any(|choice| choice.value == slug)) {
        return Err(AppError::NotFound);
    }
    // a signed month shows what was signed, and on request what is counted now
    let basis = Basis::read(&mut tx, &place.over, month).await?;
    let now = filter.now == "yes";
    let over = if now { &place.over } else { &basis.over };
    let span = Span::of(month, moment.now);
    if let Some(format) = one_of(&filter.format)? {
        drop(tx);
        let narrowed = narrowed("", &filter, &wants, &place).map(|(words, _)| words);
        let asked = sheet::Asked { over, span, figure, month, wanted: &wants.wanted };
        return sheet::rows(&app, &signed, format, (&place.name, narrowed), asked).await;
    }
    let mut found = store::rows(&mut tx, over, span, figure, &wants.wanted, ROWS + 1).await?;
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    drop(tx);
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = found.rows.get(full.saturating_sub(1)).filter(|_| found.rows.len() > full);
    let last = last.map(|row| format!("{}.{}", row.number, row.subject));
    found.rows.truncate(full);
    let path = signed.path(&format!("governance/{}/{}", month.text(), figure.as_str()));
    let layout = signed.layout_with(figure.label(), counts).at(&signed.path("governance"));
    let layout = layout.handing_out(&path, &fields(&filter));
    page::render(&RowsPage {
        pages: Pages(Pager::new(&path, &fields(&filter), None, last.as_deref())),
        narrowed: narrowed(&path, &filter, &wants, &place),
        frozen: basis.signed().and_then(signed_on).map(|day| {
            let (sentence, says, now) = if now {
                (
                    format!("This is counted now. The month was signed off on {day}"),
                    "Show what was signed",
                    "",
                )
            } else {
                (format!("As it was signed off on {day}"), "Show what is counted now", "yes")
            };
            (sentence, says, with_query(&path, &[("service", &filter.service), ("now", now)], None))
        }),
        ..draw(&signed, layout, (month, month.is_over(moment.today)), figure, (&place, &found))
    })
}

fn fields(filter: &Filter) -> [(&'static str, &str); 7] {
    [
        ("service", &filter.service),
        ("counted", &filter.counted),
        ("theme", &filter.theme),
        ("topic", &filter.topic),
        ("place", &filter.place),
        ("age", &filter.age),
        ("now", &filter.now),
    ]
}

/// Which of the rows are shown, when not all are, and where all of them are.
fn narrowed(path: &str, filter: &Filter, wants: &Wants<'_>, place: &Place) -> Option<(String, String)> {
    let wanted = &wants.wanted;
    let counted =
        wanted.counted.map(|yes| if yes { "only what is counted" } else { "only what is not counted" });
    let name = wanted.place.and_then(|slug| place.choices.iter().find(|choice| choice.value == slug));
    let parts: Vec<String> = [
        counted.map(str::to_owned),
        wanted.theme.map(|theme| theme.label().to_lowercase()),
        wanted.topic.map(|topic| topic.label().to_lowercase()),
        name.map(|choice| choice.label.to_string()),
        wants.age.map(|age| format!("{} overdue", age.label().to_lowercase())),
    ]
    .into_iter()
    .flatten()
    .collect();
    let all = with_query(path, &[("service", &filter.service)], None);
    (!parts.is_empty()).then(|| (words::capital(&parts.join(", ")), all))
}

fn draw(
    signed: &Signed,
    layout: Layout,
    (month, over): (Month, bool),
    figure: Figure,
    (place, found): (&Place, &Page),
) -> RowsPage {
    let back = signed.path(&format!("governance/{}", month.text()));
    RowsPage {
        layout,
        back: with_query(&back, &[("service", &place.slug)], None),
        place: place.name.clone(),
        title: format!("{}, {} {}", figure.label(), figure.joins(over), month.name()),
        says: (figure.rows_are(), figure.counted_are()),
        sum: sum(figure, found),
        narrowed: None,
        frozen: None,
        marked: figure.marks_rows(),
        amounts: figure.amounts(),
        rows: found.rows.iter().map(|row| line(row, figure, signed)).collect(),
        pages: Pages::default(),
    }
}

/// What all of the rows come to.
fn sum(figure: Figure, found: &Page) -> String {
    let count = |n: i64| words::number(u64::try_from(n).unwrap_or(0));
    let rows = words::count(u64::try_from(found.all).unwrap_or(0), "row");
    match (figure, figure.unit()) {
        (Figure::Positive, _) => {
            let value = Value { numerator: found.amount, denominator: found.whole };
            let read = words::count(u64::try_from(found.all).unwrap_or(0), "reading");
            format!("{read}: {} answers were positive", value.parts(figure))
        }
        (_, Unit::Share) => {
            format!("{rows}: {} counted, {} not", count(found.counted), count(found.all - found.counted))
        }
        _ => rows,
    }
}

fn line(row: &Row, figure: Figure, signed: &Signed) -> Line {
    let (reference, folder) = match row.about {
        About::Action => (Reference::action(row.number).to_string(), "actions"),
        About::Finding => (Reference::finding(row.number).to_string(), "findings"),
        About::Measure => (String::new(), "measures"),
    };
    let key = match row.about {
        About::Measure => MeasureId::from(row.subject).to_string(),
        About::Action | About::Finding => reference.clone(),
    };
    Line {
        href: signed.path(&format!("{folder}/{key}")),
        reference,
        what: row.what.clone().unwrap_or_default(),
        service: row.service.clone().unwrap_or_else(|| "The whole provider".into()),
        counted: row.counted,
        amount: figure.amount(row.amount, row.whole),
    }
}
