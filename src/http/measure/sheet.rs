//! The list of measures, and the readings of one, as files.

use axum::response::Response;
use chrono::NaiveDate;

use super::words_of::assurance;
use super::{judge, late, place};
use crate::app::AppState;
use crate::domain::measure::Shape;
use crate::domain::member::Member;
use crate::domain::words;
use crate::error::AppError;
use crate::http::export::{self, Batch, List, Of, Whole};
use crate::http::signed::Signed;
use crate::ids::MeasureId;
use crate::picture::chart::words_for;
use crate::sheet::{Column, Format, Row};
use crate::store::TenantTx;
use crate::store::measure::{self as store, Asked, Shown};
use crate::workflow::{Moment, measure};

/// How many measures are read at once: each comes with all its readings.
const AT_ONCE: i64 = 250;

struct Measures {
    member: Member,
    service: Option<String>,
    ended: bool,
    today: NaiveDate,
    after: Option<(String, MeasureId)>,
}

impl List for Measures {
    const COLUMNS: &'static [Column] = &[
        Column::new("Measure", 50),
        Column::new("Where", 26),
        Column::new("Read", 14),
        Column::new("Unit", 16),
        Column::new("Better", 14),
        Column::new("Newest period", 20),
        Column::new("Newest value", 12),
        Column::new("Baseline", 12),
        Column::new("Target", 12),
        Column::new("To be reached by", 20),
        Column::new("What it shows", 40),
        Column::new("Against the target", 40),
        Column::new("Not read", 30),
        Column::new("Readings", 10),
        Column::new("Owner", 24),
        Column::new("Ended", 24),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let asked = Asked {
            member: &self.member,
            service: self.service.as_deref(),
            only: None,
            after: self.after.as_ref().map(|(name, id)| (name.as_str(), *id)),
            limit: AT_ONCE,
            ended: self.ended,
        };
        let found = store::page(tx, &asked).await?;
        self.after = found.last().map(|r| (r.measure.name.clone(), r.measure.id));
        let more = i64::try_from(found.len()).unwrap_or(i64::MAX) >= AT_ONCE;
        Ok(Batch::new(found.iter().map(|r| row(r, self.today)).collect(), more))
    }
}

fn row(shown: &Shown, today: NaiveDate) -> Row {
    let (m, judged) = (&shown.measure, judge(shown, today));
    let last = shown.readings.last();
    vec![
        m.name.clone().into(),
        place(shown).into(),
        m.cadence.label().into(),
        unit(shown).into(),
        m.way.label().into(),
        last.map(|last| last.period).into(),
        last.and_then(|last| last.value()).into(),
        m.baseline.into(),
        m.target.into(),
        m.deadline.into(),
        judged.chart.variation.map(words_for).into(),
        judged.chart.assurance.map(assurance).into(),
        late(shown, &judged).into(),
        i64::try_from(shown.readings.len()).unwrap_or(i64::MAX).into(),
        shown.owner.clone().into(),
        shown.ended_at.into(),
    ]
}

fn unit(shown: &Shown) -> String {
    if shown.measure.shape == Shape::Share { "%".to_owned() } else { shown.measure.unit.clone() }
}

/// Hands out everything the page was asked for.
pub(super) async fn list(
    app: &AppState,
    signed: &Signed,
    format: Format,
    asked: &Asked<'_>,
    services: &[(String, String)],
) -> Result<Response, AppError> {
    let of = Of::new("measures", "Measures")
        .in_service(asked.service, services)
        .by("Show", asked.ended.then_some("Those that have ended"));
    let list = Measures {
        member: asked.member.clone(),
        service: asked.service.map(str::to_owned),
        ended: asked.ended,
        today: Moment::read(app).today,
        after: None,
    };
    export::answer(app, signed, format, &of, list).await
}

const READINGS: &[Column] = &[
    Column::new("Period", 24),
    Column::new("First day", 20),
    Column::new("Value", 12),
    Column::new("Part", 12),
    Column::new("Of", 12),
    Column::new("What it shows", 40),
];

/// Hands out the readings of a measure, oldest first.
pub(super) async fn readings(
    app: &AppState,
    signed: &Signed,
    format: Format,
    id: MeasureId,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let shown = measure::open(&mut tx, &signed.actor, id).await?;
    drop(tx);
    let (m, judged) = (&shown.measure, judge(&shown, Moment::read(app).today));
    let shows = |period: NaiveDate| {
        judged.chart.variation?;
        let at = judged.line.periods.iter().position(|p| *p == period)?;
        judged.chart.points.get(at).map(|point| words_for(point.kind))
    };
    let share = m.shape == Shape::Share;
    let row = |r: &crate::domain::measure::Reading| -> Row {
        vec![
            words::capital(&m.cadence.name(r.period)).into(),
            r.period.into(),
            r.value().into(),
            r.numerator.filter(|_| share).into(),
            r.denominator.filter(|_| share).into(),
            shows(r.period).into(),
        ]
    };
    let of = Of::new("readings", format!("Readings: {}", m.name))
        .by("Measure", Some(m.name.clone()))
        .by("Where", Some(place(&shown)))
        .by("Unit", Some(unit(&shown)));
    export::whole(app, signed, format, &of, Whole(READINGS, shown.readings.iter().map(row).collect())).await
}
