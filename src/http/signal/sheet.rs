//! Early-warning signs as a file: those that wait, and those that were put aside, one sign after the other.

use std::vec::IntoIter;

use axum::response::Response;
use chrono::NaiveDate;

use crate::app::AppState;
use crate::domain::member::Member;
use crate::domain::signal::Sign;
use crate::domain::words;
use crate::error::AppError;
use crate::http::export::{self, Batch, List, Of};
use crate::http::signed::Signed;
use crate::sheet::{Column, Format, Row};
use crate::store::TenantTx;
use crate::store::signal::{self, Asked, Group, Shown, Wanted};

struct SignList {
    member: Member,
    service: Option<String>,
    today: NaiveDate,
    signs: IntoIter<Sign>,
}

impl List for SignList {
    const COLUMNS: &'static [Column] = &[
        Column::new("Sign", 40),
        Column::new("Reference", 11),
        Column::new("What it is about", 60),
        Column::new("Service", 26),
        Column::new("Since", 20),
        Column::new("Says", 50),
        Column::new("The note", 40),
        Column::new("Put aside until", 20),
        Column::new("Put aside by", 24),
        Column::new("Why", 50),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let Some(sign) = self.signs.next() else { return Ok(Batch::new(Vec::new(), false)) };
        let asked = Asked {
            member: &self.member,
            service: self.service.as_deref(),
            today: self.today,
            wanted: Wanted::One(sign, None),
            rows: usize::MAX,
        };
        let found = signal::read(tx, &asked).await?;
        let groups = found.groups.iter().chain(&found.aside);
        let rows = groups.flat_map(|Group { sign, rows, .. }| rows.iter().map(|r| row(*sign, r)));
        Ok(Batch::new(rows.collect(), self.signs.len() > 0))
    }
}

fn row(sign: Sign, r: &Shown) -> Row {
    let aside = r.aside.as_ref();
    vec![
        sign.label().into(),
        r.about.reference().map(|reference| reference.to_string()).into(),
        r.what.clone().into(),
        r.service.clone().into(),
        r.since.into(),
        words::capital(&sign.says(r.n, r.since)).into(),
        r.note.clone().into(),
        aside.map(|a| a.until).into(),
        aside.map(|a| a.by.clone()).into(),
        aside.map(|a| a.reason.clone()).into(),
    ]
}

/// Hands out everything the page was asked for.
pub(super) async fn answer(
    app: &AppState,
    signed: &Signed,
    format: Format,
    asked: &Asked<'_>,
    services: &[(String, String)],
) -> Result<Response, AppError> {
    let one = match asked.wanted {
        Wanted::One(sign, _) | Wanted::Of(sign, _) => Some(sign),
        Wanted::All => None,
    };
    let of = Of::new("early_warning_signs", "Early-warning signs")
        .in_service(asked.service, services)
        .by("Sign", one.map(Sign::label));
    let list = SignList {
        member: asked.member.clone(),
        service: asked.service.map(str::to_owned),
        today: asked.today,
        signs: one.map_or_else(|| Sign::ALL.to_vec(), |sign| vec![sign]).into_iter(),
    };
    export::answer(app, signed, format, &of, list).await
}
