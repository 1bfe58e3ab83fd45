//! The figures of a month with their course, and the rows behind one, as files.

use axum::response::Response;
use uuid::Uuid;

use super::Place;
use crate::app::AppState;
use crate::domain::figure::{Figure, Month, Unit, Value};
use crate::domain::reference::Reference;
use crate::domain::topic::{Theme, Topic};
use crate::error::AppError;
use crate::http::export::{self, BATCH, Batch, List, Of, Whole};
use crate::http::signed::Signed;
use crate::sheet::{Column, Format, Row as Cells};
use crate::store::TenantTx;
use crate::store::figure::{self as store, About, Over, Row, Span, Wanted};
use crate::workflow::figure::View;

const FIGURES: &[Column] = &[
    Column::new("Month", 20),
    Column::new("Definition", 10),
    Column::new("Figure", 46),
    Column::new("Value", 12),
    Column::new("Unit", 10),
    Column::new("Counted", 12),
    Column::new("Of", 12),
    Column::new("Target", 10),
    Column::new("Target reached", 10),
];

/// Hands out every figure of a month, and of each month before that its line shows.
pub(super) async fn figures(
    app: &AppState,
    signed: &Signed,
    format: Format,
    place: &Place,
    view: &View,
) -> Result<Response, AppError> {
    let mut rows = Vec::new();
    for figure in Figure::ALL.iter().copied() {
        // the month itself as the page shows it: a signed one as it was signed
        let earlier = view.course(figure).months.into_iter().filter(|(month, _)| *month < view.month);
        let all = earlier.chain([(view.month, view.shown.value(figure))]);
        rows.extend(all.map(|(month, value)| of_month(figure, month, value)));
    }
    let of = Of::new("figures", format!("Figures of governance: {}", view.month.name()))
        .by("Month", Some(view.month.name()))
        .by("Where", Some(place.name.clone()));
    export::whole(app, signed, format, &of, Whole(FIGURES, rows)).await
}

fn of_month(figure: Figure, month: Month, value: Value) -> Cells {
    let unit = match figure.unit() {
        Unit::Share => "%",
        Unit::Count => "count",
        Unit::Days => "days",
    };
    let share = figure.unit() == Unit::Share;
    vec![
        month.first().into(),
        figure.code().into(),
        figure.label().into(),
        value.number(figure).into(),
        unit.into(),
        Some(value.numerator).filter(|_| share).into(),
        Some(value.denominator).filter(|_| share).into(),
        figure.target().into(),
        value.reached(figure).into(),
    ]
}

/// What the page of the rows is asked for.
pub(super) struct Asked<'a> {
    pub over: &'a Over,
    pub span: Span,
    pub figure: Figure,
    pub month: Month,
    pub wanted: &'a Wanted<'a>,
}

struct Rows {
    over: Over,
    span: Span,
    figure: Figure,
    counted: Option<bool>,
    theme: Option<Theme>,
    topic: Option<Topic>,
    place: Option<String>,
    days: Option<(f64, f64)>,
    after: Option<(i32, Uuid)>,
}

impl List for Rows {
    const COLUMNS: &'static [Column] = &[
        Column::new("Reference", 11),
        Column::new("What", 70),
        Column::new("Service", 26),
        Column::new("Counted", 10),
        Column::new("Days, or how many", 12),
        Column::new("Of", 12),
        Column::new("In words", 30),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let wanted = Wanted {
            counted: self.counted,
            theme: self.theme,
            topic: self.topic,
            place: self.place.as_deref(),
            days: self.days,
            after: self.after,
        };
        let page = store::rows(tx, &self.over, self.span, self.figure, &wanted, BATCH).await?;
        self.after = page.rows.last().map(|r| (r.number, r.subject));
        Ok(Batch::of(&page.rows, |r| row(r, self.figure)))
    }
}

fn row(r: &Row, figure: Figure) -> Cells {
    let reference = match r.about {
        About::Action => Some(Reference::action(r.number).to_string()),
        About::Finding => Some(Reference::finding(r.number).to_string()),
        About::Measure => None,
    };
    vec![
        reference.into(),
        r.what.clone().into(),
        r.service.clone().unwrap_or_else(|| "The whole provider".into()).into(),
        r.counted.into(),
        r.amount.into(),
        r.whole.into(),
        figure.amount(r.amount, r.whole).into(),
    ]
}

/// Hands out the rows behind a figure: of where, and which of them in words.
pub(super) async fn rows(
    app: &AppState,
    signed: &Signed,
    format: Format,
    (place, narrowed): (&str, Option<String>),
    asked: Asked<'_>,
) -> Result<Response, AppError> {
    let of = Of::new(
        "figure_rows",
        format!("{} {}: {}", asked.figure.code(), asked.figure.label(), asked.month.name()),
    )
    .by("Figure", Some(format!("{} {}", asked.figure.code(), asked.figure.label())))
    .by("Month", Some(asked.month.name()))
    .by("Where", Some(place))
    .by("Rows are", Some(asked.figure.rows_are()))
    .by("Counted are", Some(asked.figure.counted_are()))
    .by("Show", narrowed);
    let wanted = asked.wanted;
    let list = Rows {
        over: asked.over.clone(),
        span: asked.span,
        figure: asked.figure,
        counted: wanted.counted,
        theme: wanted.theme,
        topic: wanted.topic,
        place: wanted.place.map(str::to_owned),
        days: wanted.days,
        after: None,
    };
    export::answer(app, signed, format, &of, list).await
}
