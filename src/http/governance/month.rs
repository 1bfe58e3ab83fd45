//! The page of a month: its figures with their line over time, one chart, where findings are open, what came back, what
//! lacks something, and the questions for the meeting.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::meeting::{Told, changed, signed_off, signed_on, told};
use super::{Asked, Place, named, place, sheet};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::figure::{Age, Figure, Month, Value};
use crate::domain::questions::Rows;
use crate::domain::reference::Reference;
use crate::domain::topic::Theme;
use crate::domain::words;
use crate::error::AppError;
use crate::http::alarm::{self, Alarm};
use crate::http::asked::one_of;
use crate::http::extract::{Path, Query};
use crate::http::form::Choice;
use crate::http::page::{self, Layout, with_query};
use crate::http::signed::{Reading, Signed};
use crate::picture::chart::{Picture, words_for};
use crate::picture::spark::{Sign, Spark, changes, meets, spark};
use crate::picture::words as chart_words;
use crate::store::menu;
use crate::workflow::Moment;
use crate::workflow::figure::View;
use crate::workflow::heat::{self, Table};
use crate::workflow::report::charted;

#[derive(Template)]
#[template(path = "governance/month.html")]
struct MonthPage {
    layout: Layout,
    alarm: Option<Alarm>,
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
    meeting: String,
    report: String,
    signed: Option<String>,
    decisions: Vec<Told>,
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
    changed: Option<(String, String)>,
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
    anew: Vec<String>,
    limits: Option<String>,
}

/// What lacks something: the first few, how many there are, and where all of them are.
struct Lacking {
    some: Vec<(String, String, String)>,
    all: u64,
    href: String,
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
    let view = View::read(&mut tx, &place.over, month, moment).await?;
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    let alarm = alarm::standing(&mut tx, &signed, moment.today).await?;
    drop(tx);
    if let Some(format) = one_of(&asked.format)? {
        return sheet::figures(&app, &signed, format, &place, &view).await;
    }
    let drawing = Drawing { signed: &signed, place: &place, view: &view };
    let layout = signed.layout_with(format!("Governance: {}", month.name()), counts);
    let here = signed.path(&format!("governance/{}", month.text()));
    let layout = layout.at(&signed.path("governance")).handing_out(&here, &[("service", &place.slug)]);
    let page = drawing.page(layout, chosen, moment);
    page::render(&MonthPage { alarm, ..page })
}

/// All that a page is drawn from.
struct Drawing<'a> {
    signed: &'a Signed,
    place: &'a Place,
    view: &'a View,
}

impl Drawing<'_> {
    fn page(&self, layout: Layout, chosen: Figure, moment: Moment) -> MonthPage {
        let next = self.view.month.after(1);
        let taken = if let Some(day) = self.view.meeting.as_ref().and_then(signed_on) {
            format!("As it was signed off on {day}")
        } else if self.view.over {
            format!("As it stood at the end of {}", words::date(self.view.month.last()))
        } else {
            format!("The month is still running: until {}", words::instant(moment.now))
        };
        MonthPage {
            layout,
            alarm: None,
            place: self.place.name.clone(),
            title: format!("Governance: {}", self.view.month.name()),
            month: self.view.month.short(),
            taken,
            here: self.signed.path(&format!("governance/{}", self.view.month.text())),
            services: self.place.choices.clone(),
            service: self.place.slug.clone(),
            earlier: self.at(self.view.month.before(1), None),
            later: (next <= Month::of(moment.today)).then(|| (self.at(next, None), next.name())),
            figures: Figure::ALL.iter().map(|figure| self.figure(*figure)).collect(),
            chosen: self.chosen(chosen),
            heat: self.heat(),
            ages: self.ages(),
            repeats: self.repeats(),
            undecided: self.lacking(
                Figure::HighDecided,
                &self.view.shown.undecided,
                Reference::finding,
                "findings",
            ),
            unmeasured: self.lacking(
                Figure::Improved,
                &self.view.shown.unmeasured,
                Reference::action,
                "actions",
            ),
            questions: self.questions(),
            meeting: self.below("meeting"),
            report: self.below("report"),
            signed: self.view.meeting.as_ref().and_then(signed_off),
            decisions: told(
                self.signed,
                self.view.meeting.as_ref().map_or(&[][..], |meeting| &meeting.decisions),
            ),
        }
    }

    fn figure(&self, figure: Figure) -> FigureLine {
        let over = self.view.course(figure);
        let value = self.view.shown.value(figure);
        let (words, parts) = value.said(figure);
        FigureLine {
            code: figure.code(),
            name: figure.label(),
            rows: self.rows(figure, &Rows::default(), None),
            chart: format!("{}#chart", self.at(self.view.month, Some(figure))),
            parts,
            value: words,
            target: figure.target().map_or_else(|| "None".into(), |target| figure.words(target)),
            missed: value.reached(figure) == Some(false),
            changed: changed(figure, &self.view.shown, self.view.now.as_ref()).map(|now| {
                let path = self.path(self.view.month, Some(figure));
                (with_query(&path, &[("service", &self.place.slug), ("now", "yes")], None), now)
            }),
            spark: spark(&over.line, &over.chart),
            changes: over.chart.variation.map(|kind| changes(kind, figure.better())),
            meets: over.chart.assurance.map(meets),
        }
    }

    fn chosen(&self, figure: Figure) -> Chosen {
        let over = self.view.course(figure);
        let charted = charted(self.view, figure);
        let limits = over.chart.variation.is_some();
        let shows = |month: &Month| {
            let at = over.line.periods.iter().position(|period| *period == month.first())?;
            over.chart.points.get(at).filter(|_| limits).map(|point| words_for(point.kind))
        };
        let row = |(month, value): &(Month, Value)| {
            let (words, parts) = value.said(figure);
            let whole = if parts.is_empty() { words } else { format!("{words} ({parts})") };
            let href = with_query(&self.path(*month, Some(figure)), &[("service", &self.place.slug)], None);
            (month.name(), whole, shows(month).unwrap_or(""), href)
        };
        Chosen {
            name: figure.label(),
            says: (figure.rows_are(), figure.counted_are()),
            notes: if charted.picture.is_some() { chart_words::notes(&over.chart, false) } else { vec![] },
            picture: charted.picture,
            changes: over.chart.variation.map(|kind| changes(kind, figure.better())),
            table: over.months.iter().rev().map(row).collect(),
            sentence: charted.sentence,
            anew: self.view.anew(figure),
            limits: (self.signed.can(Verb::RecalculateLimits) && over.months.len() > 1).then(|| {
                let path = format!("{}/limits", self.path(self.view.month, Some(figure)));
                with_query(&path, &[("service", &self.place.slug)], None)
            }),
        }
    }

    fn heat(&self) -> Option<Table> {
        let link = |figure, theme: Option<Theme>, place: Option<&str>| {
            let rows = Rows { theme, place: place.map(str::to_owned), ..Rows::default() };
            self.rows(figure, &rows, None)
        };
        (!self.view.shown.heat.is_empty()).then(|| heat::table(&self.view.shown.heat, link))
    }

    fn ages(&self) -> Vec<(String, i64, String)> {
        let ages = Age::ALL.iter().map(|age| {
            (
                age.label().to_owned(),
                self.view.shown.overdue_for(*age),
                self.rows(Figure::Overdue, &Rows::default(), Some(*age)),
            )
        });
        ages.collect()
    }

    fn repeats(&self) -> Vec<(String, String, String)> {
        let each = self.view.shown.repeats.iter().map(|again| {
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
        let value = self.view.shown.value(figure);
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

    fn questions(&self) -> Vec<(String, String)> {
        let asked = self.view.questions().into_iter();
        asked.map(|question| (self.rows(question.figure, &question.rows, None), question.text)).collect()
    }

    fn path(&self, month: Month, figure: Option<Figure>) -> String {
        let below = figure.map(|figure| format!("/{}", figure.as_str())).unwrap_or_default();
        self.signed.path(&format!("governance/{}{below}", month.text()))
    }

    /// Another page of this month.
    fn below(&self, page: &str) -> String {
        let path = self.signed.path(&format!("governance/{}/{page}", self.view.month.text()));
        with_query(&path, &[("service", &self.place.slug)], None)
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
        with_query(&self.path(self.view.month, Some(figure)), &fields, None)
    }
}
