//! The closure audits, and the sample of one, as files.

use axum::response::Response;

use super::{standing, stands};
use crate::app::AppState;
use crate::domain::closure_audit::Quarter;
use crate::domain::reference::Reference;
use crate::error::AppError;
use crate::http::export::{self, Of, Whole};
use crate::http::signed::Signed;
use crate::sheet::{Column, Format, Row};
use crate::store::closure_audit::{self as store, Audit, Item};

const AUDITS: &[Column] = &[
    Column::new("Quarter", 24),
    Column::new("First day", 20),
    Column::new("Closures", 10),
    Column::new("Drawn", 10),
    Column::new("Audited", 10),
    Column::new("Do not stand up", 10),
    Column::new("Opened again before", 10),
    Column::new("State", 18),
    Column::new("Drawn by", 24),
    Column::new("Drawn on", 24),
    Column::new("Number drawn with", 16),
    Column::new("Fingerprint of the closures", 66),
];

const SAMPLE: &[Column] = &[
    Column::new("Reference", 11),
    Column::new("Action", 60),
    Column::new("Service", 26),
    Column::new("Theme", 26),
    Column::new("Risk", 10),
    Column::new("Closed", 24),
    Column::new("Closed by", 24),
    Column::new("Does its evidence stand up?", 26),
    Column::new("Why", 60),
    Column::new("Audited by", 24),
    Column::new("Audited", 24),
];

/// Hands out the sample of a quarter, or the list of all.
pub(super) async fn answer(
    app: &AppState,
    signed: &Signed,
    format: Format,
    quarter: &str,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    if quarter.is_empty() {
        let audits = store::audits(&mut tx, None).await?;
        drop(tx);
        let rows = Whole(AUDITS, audits.iter().map(audit).collect());
        return export::whole(app, signed, format, &Of::new("closure_audits", "Closure audits"), rows).await;
    }
    let quarter: Quarter = quarter.parse().map_err(|()| AppError::NotFound)?;
    store::audits(&mut tx, Some(quarter.first())).await?.pop().ok_or(AppError::NotFound)?;
    let items = store::items(&mut tx, quarter.first(), signed.actor.member.id).await?;
    drop(tx);
    let of = Of::new("closure_audit", format!("Closure audit, {}", quarter.words()))
        .by("Quarter", Some(quarter.words()));
    export::whole(app, signed, format, &of, Whole(SAMPLE, items.iter().map(item).collect())).await
}

fn audit(a: &Audit) -> Row {
    vec![
        Quarter::of(a.quarter).words().into(),
        a.quarter.into(),
        a.population.into(),
        a.size.into(),
        a.answered.into(),
        a.failed.into(),
        a.gone.into(),
        standing(a).words().to_owned().into(),
        a.drawn_by.clone().into(),
        a.drawn_at.into(),
        a.seed.into(),
        a.digest.clone().into(),
    ]
}

fn item(i: &Item) -> Row {
    let (tag, ..) = stands(i);
    let result = i.result.as_ref();
    vec![
        Reference::action(i.number).to_string().into(),
        i.what.clone().into(),
        i.service.clone().into(),
        i.theme.label().into(),
        i.risk.label().into(),
        i.closed_at.into(),
        i.closed_by.clone().into(),
        tag.words().to_owned().into(),
        result.map(|(_, _, why, _)| why.clone()).into(),
        result.map(|(_, by, ..)| by.clone()).into(),
        result.map(|(.., at)| *at).into(),
    ]
}
