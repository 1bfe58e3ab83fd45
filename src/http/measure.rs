//! Measures: their list, and one with its chart, its sentence and its numbers (R23).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::measure::{self as rule, Line, Shape};
use crate::domain::reference::Reference;
use crate::domain::spc::Chart;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked;
use crate::http::export::AsFile;
use crate::http::extract::{Path, Query};
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::{Reading, Signed};
use crate::http::view::{Facts, Pages, Timeline};
use crate::ids::MeasureId;
use crate::picture::chart::{Drawn, Picture, picture, words_for};
use crate::store::measure::change::Changed;
use crate::store::measure::{self as store, Asked, Mover, ROWS, Recorded, Shown};
use crate::store::menu;
use crate::workflow::{Moment, measure};

/// Changing one, and ending it.
mod change;
/// What the program counts by itself.
mod counted;
/// Defining one.
mod new;
/// What is recorded about one.
mod record;
/// The list, and the readings of one, as files.
mod sheet;
/// The sentence under a chart.
mod words_of;

use counted::Counted;
use words_of::{assurance, sentence, value};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/measures", list)
        .get("/p/{provider}/measures/{measure}", show)
        .merge(new::routes())
        .merge(change::routes())
        .merge(record::routes())
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    service: String,
    after: String,
    ended: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

#[derive(Template)]
#[template(path = "measure/list.html")]
struct ListPage {
    layout: Layout,
    action: String,
    services: Vec<Choice>,
    service: String,
    define: Option<String>,
    rows: Vec<Row>,
    pages: Pages,
    /// What the program counts by itself; on the first page of those that are followed.
    counted: Option<Counted>,
    /// Whether those are shown that have ended, and where the others are.
    ended: bool,
    others: String,
}

/// One measure of the list.
struct Row {
    name: String,
    href: String,
    place: String,
    last: String,
    target: String,
    shows: String,
    reliably: &'static str,
    late: Option<String>,
}

/// A measure with what the rules make of it.
struct Judged {
    line: Line,
    chart: Chart,
    missing: Vec<NaiveDate>,
}

fn judge(shown: &Shown, today: NaiveDate) -> Judged {
    let m = &shown.measure;
    let line = rule::line(m.cadence, &shown.readings);
    let chart = rule::chart(&line, &shown.recalculated, m.way.into(), m.target);
    // what has ended is read no more
    let missing = match shown.ended_at {
        Some(_) => Vec::new(),
        None => rule::missing(m.cadence, london_date(m.created_at), &shown.readings, today),
    };
    Judged { line, chart, missing }
}

async fn list(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeMeasures)?;
    let after = asked::place(&filter.after, |id| id.parse::<MeasureId>().ok(), |name| Some(name.to_owned()))?;
    let service = Some(filter.service.as_str()).filter(|slug| !slug.is_empty());
    let around = menu::around(&mut tx, &signed.actor.member).await?;
    if service.is_some_and(|slug| !around.services.iter().any(|(own, _)| own == slug)) {
        return Err(AppError::NotFound);
    }
    let asked = Asked {
        member: &signed.actor.member,
        service,
        only: None,
        after: after.as_ref().map(|(id, name)| (name.as_str(), *id)),
        limit: ROWS + 1,
        ended: filter.ended == "yes",
    };
    if let Some(format) = asked::one_of(&filter.format)? {
        drop(tx);
        return sheet::list(&app, &signed, format, &asked, &around.services).await;
    }
    let mut shown = store::page(&mut tx, &asked).await?;
    let today = Moment::read(&app).today;
    let counted = match asked.ended || asked.after.is_some() {
        true => None,
        false => counted::read(&mut tx, &signed, service, today).await?,
    };
    drop(tx);
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = shown.get(full.saturating_sub(1)).filter(|_| shown.len() > full);
    let last = last.map(|last| format!("{}.{}", last.measure.id, last.measure.name));
    shown.truncate(full);
    let here = signed.path("measures");
    let filters = [("service", filter.service.as_str()), ("ended", filter.ended.as_str())];
    page::render(&ListPage {
        layout: signed.layout_with("Measures", around.counts).at(&here).handing_out(&here, &filters),
        services: around.services.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect(),
        pages: Pages(Pager::new(&here, &filters, None, last.as_deref())),
        others: page::with_query(
            &here,
            &[("service", &filter.service), ("ended", if asked.ended { "" } else { "yes" })],
            None,
        ),
        counted,
        ended: asked.ended,
        action: here,
        service: filter.service,
        define: signed.can(Verb::KeepMeasures).then(|| signed.path("measures/new")),
        rows: shown.iter().map(|shown| row(shown, &signed, today)).collect(),
    })
}

fn row(shown: &Shown, signed: &Signed, today: NaiveDate) -> Row {
    let (m, judged) = (&shown.measure, judge(shown, today));
    let last = shown.readings.last();
    Row {
        name: m.name.clone(),
        href: signed.path(&format!("measures/{}", m.id)),
        place: place(shown),
        last: last.map_or_else(
            || "Not read yet".into(),
            |last| format!("{}, {}", last.words(&m.unit), m.cadence.name(last.period)),
        ),
        target: m.target.map(|target| value(m.shape, &m.unit, target)).unwrap_or_default(),
        shows: judged.chart.variation.map_or_else(String::new, |kind| words_for(kind).to_owned()),
        reliably: judged.chart.assurance.map_or("", assurance),
        late: late(shown, &judged),
    }
}

fn place(shown: &Shown) -> String {
    shown.place.clone().unwrap_or_else(|| "The whole provider".into())
}

/// The periods that should have been read by now.
fn late(shown: &Shown, judged: &Judged) -> Option<String> {
    let first = judged.missing.first()?;
    let name = shown.measure.cadence.name(*first);
    let others = u64::try_from(judged.missing.len() - 1).unwrap_or(0);
    Some(if others == 0 {
        format!("{} is late", words::capital(&name))
    } else {
        format!("{} and {} are late", words::capital(&name), words::count_of(others, "other", "others"))
    })
}

#[derive(Template)]
#[template(path = "measure/show.html")]
struct ShowPage {
    layout: Layout,
    draft: Draft,
    back: String,
    here: String,
    anew: String,
    name: String,
    place: String,
    sentence: String,
    late: Option<String>,
    picture: Option<Picture>,
    notes: Vec<String>,
    facts: Facts,
    table: Vec<Number>,
    movers: Vec<(String, String, String)>,
    history: Timeline,
    /// Where it is changed.
    change_href: Option<String>,
    /// That it has ended.
    ended: Option<String>,
    keeps: bool,
    recalculates: bool,
    share: bool,
    period_label: &'static str,
    paste_hint: &'static str,
    cuts: Vec<Choice>,
    standing: Vec<Choice>,
}

/// One reading in the table.
struct Number {
    period: String,
    value: String,
    shows: &'static str,
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    Query(asked): Query<AsFile>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeMeasures)?;
    if let Some(format) = asked.format()? {
        return sheet::readings(&app, &signed, format, named(&id)?).await;
    }
    draw(&signed, &app, named(&id)?, None, StatusCode::OK).await
}

/// The measure an address names.
fn named(id: &str) -> Result<MeasureId, AppError> {
    id.parse().map_err(|_| AppError::NotFound)
}

/// The page of a measure, with what was typed into one of its forms.
async fn draw(
    signed: &Signed,
    app: &AppState,
    id: MeasureId,
    draft: Option<Draft>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let today = Moment::read(app).today;
    let mut tx = signed.actor.begin(app).await?;
    let shown = measure::open(&mut tx, &signed.actor, id).await?;
    let (movers, history) = (store::movers(&mut tx, id).await?, store::history(&mut tx, id).await?);
    let changes = store::change::changes(&mut tx, id).await?;
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    drop(tx);
    let draft =
        draft.unwrap_or_else(|| Draft::new().with_date("period", shown.measure.cadence.newest(today)));
    let errors = !draft.is_ok();
    let page = page_of(signed, &shown, (&movers, &history, &changes), draft, today);
    let layout = signed
        .layout_with(shown.measure.name.clone(), counts)
        .at(&signed.path("measures"))
        .handing_out(&signed.path(&format!("measures/{id}")), &[]);
    page::render_as(status, &ShowPage { layout: layout.with_errors(errors), ..page })
}

fn page_of(
    signed: &Signed,
    shown: &Shown,
    (movers, history, changes): (&[Mover], &[Recorded], &[Changed]),
    draft: Draft,
    today: NaiveDate,
) -> ShowPage {
    let (m, judged) = (&shown.measure, judge(shown, today));
    let (line, chart) = (&judged.line, &judged.chart);
    let sentence = sentence(shown, line, chart);
    let closed: Vec<NaiveDate> = movers.iter().filter_map(|mover| mover.closed_on).collect();
    let percent = m.shape == Shape::Share || m.unit == "%";
    let drawn = Drawn {
        line,
        chart,
        cadence: m.cadence,
        target: m.target,
        percent,
        closed: &closed,
        title: &m.name,
        sentence: &sentence,
    };
    let cut = |period: &NaiveDate| Choice::new(period.to_string(), words::capital(&m.cadence.name(*period)));
    let allowed = |verb| measure::allows(&signed.actor, verb, m.service);
    let keeps = allowed(Verb::KeepMeasures) && shown.ended_at.is_none();
    ShowPage {
        layout: Layout::default(),
        back: signed.path("measures"),
        here: signed.path(&format!("measures/{}", m.id)),
        anew: signed.path(&format!("measures/{}/recalculation", m.id)),
        name: m.name.clone(),
        place: place(shown),
        picture: (!line.values.is_empty()).then(|| picture(&drawn)),
        notes: words_of::notes(chart, !closed.is_empty()),
        late: late(shown, &judged),
        facts: facts(shown),
        table: table(shown, &judged),
        movers: movers.iter().map(|mover| moved_by(mover, signed)).collect(),
        history: Timeline { moments: change::told(history, changes, shown) },
        change_href: keeps.then(|| signed.path(&format!("measures/{}/definition", m.id))),
        ended: changes.first().filter(|_| shown.ended_at.is_some()).map(change::ended),
        keeps,
        recalculates: keeps && allowed(Verb::RecalculateLimits) && line.periods.len() > 1,
        share: m.shape == Shape::Share,
        period_label: match m.cadence {
            rule::Cadence::Monthly => "Any day of the month it is about",
            rule::Cadence::Weekly => "Any day of the week it is about",
        },
        paste_hint: if m.shape == Shape::Share {
            "For example: October 2026, and 46 of 50 beside it."
        } else {
            "For example: October 2026, and 4 beside it."
        },
        cuts: line
            .periods
            .iter()
            .skip(1)
            .rev()
            .filter(|p| !shown.recalculated.contains(p))
            .map(cut)
            .collect(),
        standing: shown.recalculated.iter().rev().map(cut).collect(),
        sentence,
        draft,
    }
}

fn facts(shown: &Shown) -> Facts {
    let m = &shown.measure;
    let number = |of: Option<f64>| of.map(|of| value(m.shape, &m.unit, of)).unwrap_or_default();
    Facts::new()
        .fact("Where", place(shown))
        .fact("Read", m.cadence.label())
        .fact("Better", m.way.label())
        .fact("Counts as", if m.feedback { "What people say when they are asked" } else { "" })
        .fact("Baseline", number(m.baseline))
        .fact("Target", number(m.target))
        .fact("To be reached by", m.deadline.map(words::date).unwrap_or_default())
        .fact("Owner", shown.owner.clone().unwrap_or_default())
}

/// The readings, newest first, each with what it shows.
fn table(shown: &Shown, judged: &Judged) -> Vec<Number> {
    let m = &shown.measure;
    let point = |period: NaiveDate| {
        let at = judged.line.periods.iter().position(|p| *p == period)?;
        judged.chart.points.get(at).map(|point| words_for(point.kind))
    };
    let limits = judged.chart.variation.is_some();
    let each = shown.readings.iter().rev();
    each.map(|reading| Number {
        period: words::capital(&m.cadence.name(reading.period)),
        value: reading.words(&m.unit),
        shows: point(reading.period).filter(|_| limits).unwrap_or(""),
    })
    .collect()
}

fn moved_by(mover: &Mover, signed: &Signed) -> (String, String, String) {
    let reference = Reference::action(mover.number);
    let closed =
        mover.closed_on.map_or_else(|| "open".to_owned(), |on| format!("closed {}", words::date(on)));
    (signed.path(&format!("actions/{reference}")), mover.what.clone(), format!("{reference}, {closed}"))
}
