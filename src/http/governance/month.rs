//! The page of a month: its figures with their line over time, one chart, where findings are open, what came back, what
//! lacks something, and the questions for the meeting.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::heat::{self, Table};
use super::{Asked, Place, named, place};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::figure::{self, Age, Figure, MONTHS, Month, Value, When};
use crate::domain::measure::{Cadence, Line, number};
use crate::domain::questions::{self, Repeat, Rows, Seen};
use crate::domain::reference::Reference;
use crate::domain::spc::Chart;
use crate::domain::topic::Theme;
use crate::domain::words;
use crate::error::AppError;
use crate::http::asked::one_of;
use crate::http::chart::{Drawn, Picture, picture, words_for};
use crate::http::chart_words;
use crate::http::extract::{Path, Query};
use crate::http::form::Choice;
use crate::http::page::{self, Layout, with_query};
use crate::http::signed::{Reading, Signed};
use crate::http::spark::{Sign, Spark, changes, meets, spark};
use crate::store::figure::{self as store, Shown, Span};
use crate::store::menu;
use crate::workflow::Moment;

#[derive(Template)]
#[template(path = "governance/month.html")]
struct MonthPage {
    layout: Layout,
    place: String,
    title: String,
    month: String,
    taken: String,
    here: String,
    services: Vec<Choice>,
    service: String,
    earlier: String,
    later: Option<(String, String)>,
    figures: Vec<FigureLine>,
    chosen: Chosen,
    heat: Option<Table>,
    ages: Vec<(String, i64, String)>,
    repeats: Vec<(String, String, String)>,
    undecided: Lacking,
    unmeasured: Lacking,
    questions: Vec<(String, String)>,
}

/// A figure in the table.
struct FigureLine {
    code: &'static str,
    name: &'static str,
    rows: String,
    chart: String,
    value: String,
    parts: String,
    target: String,
    missed: bool,
    spark: Option<Spark>,
    changes: Option<Sign>,
    meets: Option<Sign>,
}

/// The figure of the chart.
struct Chosen {
    name: &'static str,
    says: (&'static str, &'static str),
    picture: Option<Picture>,
    sentence: String,
    notes: Vec<String>,
    changes: Option<Sign>,
    table: Vec<(String, String, &'static str, String)>,
}

/// What lacks something: the first few, how many there are, and where all of them are.
struct Lacking {
    some: Vec<(String, String, String)>,
    all: u64,
    href: String,
}

/// A figure over time.
struct Over {
    months: Vec<(Month, Value)>,
    line: Line,
    chart: Chart,
}

pub(super) async fn show(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Path((_, month)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeGovernance)?;
    let moment = Moment::read(&app);
    let month = named(&month, moment.today)?;
    let chosen = one_of::<Figure>(&asked.figure)?.unwrap_or(Figure::Evidence);
    let place = place(&mut tx, &signed, &asked.service).await?;
    let shown = store::shown(&mut tx, &place.over, Span::of(month, moment.now)).await?;
    let kept = store::kept(&mut tx, &place.over, month, MONTHS).await?;
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    drop(tx);
    let over = month.is_over(moment.today);
    let drawing = Drawing { signed: &signed, place: &place, month, over, shown: &shown, kept: &kept };
    let layout = signed.layout_with(format!("Governance: {}", month.name()), counts);
    let page = drawing.page(layout.at(&signed.path("governance")), chosen, moment);
    page::render(&page)
}

/// All that a page is drawn from.
struct Drawing<'a> {
    signed: &'a Signed,
    place: &'a Place,
    month: Month,
    over: bool,
    shown: &'a Shown,
    kept: &'a [(Month, Vec<(Figure, Value)>)],
}

impl Drawing<'_> {
    fn page(&self, layout: Layout, chosen: Figure, moment: Moment) -> MonthPage {
        let next = self.month.after(1);
        let seen: Vec<(Figure, Over)> =
            Figure::ALL.iter().map(|figure| (*figure, self.line(*figure))).collect();
        let taken = if self.over {
            format!("As it stood at the end of {}", words::date(self.month.last()))
        } else {
            format!("The month is still running: until {}", words::instant(moment.now))
        };
        MonthPage {
            layout,
            place: self.place.name.clone(),
            title: format!("Governance: {}", self.month.name()),
            month: self.month.short(),
            taken,
            here: self.signed.path(&format!("governance/{}", self.month.text())),
            services: self.place.choices.clone(),
            service: self.place.slug.clone(),
            earlier: self.at(self.month.before(1), None),
            later: (next <= Month::of(moment.today)).then(|| (self.at(next, None), next.name())),
            figures: seen.iter().map(|(figure, over)| self.figure(*figure, over)).collect(),
            chosen: self.chosen(chosen),
            heat: self.heat(),
            ages: self.ages(),
            repeats: self.repeats(),
            undecided: self.lacking(
                Figure::HighDecided,
                &self.shown.undecided,
                Reference::finding,
                "findings",
            ),
            unmeasured: self.lacking(Figure::Improved, &self.shown.unmeasured, Reference::action, "actions"),
            questions: self.questions(&seen),
        }
    }

    /// The figure over time: the months that are over, this one last.
    fn line(&self, figure: Figure) -> Over {
        let of = |values: &[(Figure, Value)]| {
            values.iter().find(|(f, _)| *f == figure).map_or(Value::NOTHING, |(_, value)| *value)
        };
        let mut months: Vec<(Month, Value)> =
            self.kept.iter().map(|(month, values)| (*month, of(values))).collect();
        if self.over {
            months.push((self.month, self.shown.value(figure)));
        }
        let line = figure::line(figure, &months);
        let chart = figure::chart(figure, &line);
        Over { months, line, chart }
    }

    fn figure(&self, figure: Figure, over: &Over) -> FigureLine {
        let value = self.shown.value(figure);
        let parts = if value.number(figure).is_some() { value.parts(figure) } else { String::new() };
        let words = value.words(figure);
        FigureLine {
            code: figure.code(),
            name: figure.label(),
            rows: self.rows(figure, &Rows::default(), None),
            chart: format!("{}#chart", self.at(self.month, Some(figure))),
            // "3 of 4" already says of how many
            parts: if parts == words { String::new() } else { parts },
            value: words,
            target: figure.target().map_or_else(|| "None".into(), |target| figure.words(target)),
            missed: value.reached(figure) == Some(false),
            spark: spark(&over.line, &over.chart),
            changes: over.chart.variation.map(|kind| changes(kind, figure.better())),
            meets: over.chart.assurance.map(meets),
        }
    }

    fn chosen(&self, figure: Figure) -> Chosen {
        let over = self.line(figure);
        let last = over.months.iter().rev().find(|(_, value)| value.number(figure).is_some());
        let reading = last.map(|(month, value)| format!("{} for {}", value.words(figure), month.name()));
        let sentence = chart_words::sentence(reading.as_deref(), figure.target(), &over.line, &over.chart);
        let drawn = Drawn {
            line: &over.line,
            chart: &over.chart,
            cadence: Cadence::Monthly,
            target: figure.target(),
            percent: figure.unit() == figure::Unit::Share,
            closed: &[],
            title: figure.label(),
            sentence: &sentence,
        };
        let limits = over.chart.variation.is_some();
        let shows = |month: &Month| {
            let at = over.line.periods.iter().position(|period| *period == month.first())?;
            over.chart.points.get(at).filter(|_| limits).map(|point| words_for(point.kind))
        };
        let row = |(month, value): &(Month, Value)| {
            let parts = value.parts(figure);
            let words = value.words(figure);
            let whole = if parts.is_empty() || parts == words || value.number(figure).is_none() {
                words
            } else {
                format!("{words} ({parts})")
            };
            let href = with_query(&self.path(*month, Some(figure)), &[("service", &self.place.slug)], None);
            (month.name(), whole, shows(month).unwrap_or(""), href)
        };
        Chosen {
            name: figure.label(),
            says: (figure.rows_are(), figure.counted_are()),
            picture: (!over.line.values.is_empty()).then(|| picture(&drawn)),
            notes: if over.line.values.is_empty() { vec![] } else { chart_words::notes(&over.chart, false) },
            changes: over.chart.variation.map(|kind| changes(kind, figure.better())),
            table: over.months.iter().rev().map(row).collect(),
            sentence,
        }
    }

    fn heat(&self) -> Option<Table> {
        let link = |figure, theme: Option<Theme>, place: Option<&str>| {
            let rows = Rows { theme, place: place.map(str::to_owned), ..Rows::default() };
            self.rows(figure, &rows, None)
        };
        (!self.shown.heat.is_empty()).then(|| heat::table(&self.shown.heat, link))
    }

    fn ages(&self) -> Vec<(String, i64, String)> {
        let ages = Age::ALL.iter().map(|age| {
            let (least, most) = age.days();
            let fits = self.shown.overdue.iter().filter(|(days, _)| (least..=most).contains(days));
            let count = fits.map(|(_, n)| n).sum();
            (age.label().to_owned(), count, self.rows(Figure::Overdue, &Rows::default(), Some(*age)))
        });
        ages.collect()
    }

    fn repeats(&self) -> Vec<(String, String, String)> {
        let each = self.shown.repeats.iter().map(|again| {
            let rows = Rows {
                counted: Some(true),
                topic: Some(again.topic),
                place: Some(again.slug.clone()),
                ..Rows::default()
            };
            let told = format!("{} this month, {} in twelve months", again.in_month, again.in_year);
            (
                format!("{}, {}", again.topic.label(), again.service),
                told,
                self.rows(Figure::Repeats, &rows, None),
            )
        });
        each.collect()
    }

    fn lacking(
        &self,
        figure: Figure,
        some: &[(i32, String, String)],
        reference: fn(i32) -> Reference,
        folder: &str,
    ) -> Lacking {
        let value = self.shown.value(figure);
        let line = |(n, what, service): &(i32, String, String)| {
            let reference = reference(*n);
            let href = self.signed.path(&format!("{folder}/{reference}"));
            (href, what.clone(), format!("{reference}, {service}"))
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a difference of counts")]
        let all = (value.denominator - value.numerator).max(0.0) as u64;
        let rows = Rows { counted: Some(false), ..Rows::default() };
        Lacking { some: some.iter().map(line).collect(), all, href: self.rows(figure, &rows, None) }
    }

    fn questions(&self, seen: &[(Figure, Over)]) -> Vec<(String, String)> {
        let seen: Vec<Seen> = seen
            .iter()
            .map(|(figure, over)| Seen {
                figure: *figure,
                value: self.shown.value(*figure),
                shows: over.chart.variation,
                reliably: over.chart.assurance,
            })
            .collect();
        let repeats: Vec<Repeat> = self.shown.repeats.iter().map(repeat).collect();
        let asked = questions::questions(&seen, &repeats);
        asked
            .into_iter()
            .map(|question| (self.rows(question.figure, &question.rows, None), question.text))
            .collect()
    }

    fn path(&self, month: Month, figure: Option<Figure>) -> String {
        let below = figure.map(|figure| format!("/{}", figure.as_str())).unwrap_or_default();
        self.signed.path(&format!("governance/{}{below}", month.text()))
    }

    /// The page of a month with a figure in its chart.
    fn at(&self, month: Month, figure: Option<Figure>) -> String {
        let figure = figure.map(Figure::as_str).unwrap_or_default();
        with_query(&self.path(month, None), &[("service", &self.place.slug), ("figure", figure)], None)
    }

    /// Where the rows of a figure of this month are.
    fn rows(&self, figure: Figure, rows: &Rows, age: Option<Age>) -> String {
        let counted = match rows.counted {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let fields = [
            ("service", self.place.slug.as_str()),
            ("counted", counted),
            ("theme", rows.theme.map(Theme::as_str).unwrap_or_default()),
            ("topic", rows.topic.map(|topic| topic.as_str()).unwrap_or_default()),
            ("place", rows.place.as_deref().unwrap_or_default()),
            ("age", age.map(Age::as_str).unwrap_or_default()),
        ];
        with_query(&self.path(self.month, Some(figure)), &fields, None)
    }
}

fn repeat(again: &store::Again) -> Repeat {
    Repeat {
        topic: again.topic,
        service: again.service.clone(),
        slug: again.slug.clone(),
        in_month: again.in_month,
        in_year: again.in_year,
    }
}

/// Of when the rows of a figure are, in words.
pub(super) const fn when(figure: Figure, over: bool) -> &'static str {
    match (figure.when(), over) {
        (When::During, true) => "in",
        (When::During, false) => "so far in",
        (When::AtEnd, true) => "at the end of",
        (When::AtEnd, false) => "now, in",
    }
}

/// A number of days or answers as rows show it.
pub(super) fn days(of: f64) -> String {
    if (of - 1.0).abs() < f64::EPSILON { "1 day".into() } else { format!("{} days", number(of)) }
}
