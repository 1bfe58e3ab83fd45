//! The weekly reviews that were held, and what was agreed in one, as files.

use axum::response::Response;

use super::minutes::left_as;
use crate::app::AppState;
use crate::domain::member::Member;
use crate::domain::reference::Reference;
use crate::domain::weekly::LeftAs;
use crate::domain::words;
use crate::error::AppError;
use crate::http::export::{self, BATCH, Batch, List, Of, Whole};
use crate::http::signed::Signed;
use crate::ids::WeeklyReviewId;
use crate::sheet::{Column, Format, Row};
use crate::store::TenantTx;
use crate::store::weekly::{self as store, Item, Review};

struct Held {
    member: Member,
    after: Option<WeeklyReviewId>,
}

impl List for Held {
    const COLUMNS: &'static [Column] = &[
        Column::new("Finished", 24),
        Column::new("Service", 26),
        Column::new("Held by", 24),
        Column::new("Actions", 10),
        Column::new("Reviewed", 10),
        Column::new("Not reached", 10),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let (past, more) = store::past(tx, &self.member, self.after, BATCH).await?;
        self.after = past.last().map(|p| p.id);
        let row = |p: &store::Past| -> Row {
            vec![
                p.at.into(),
                p.service.clone().into(),
                p.by.clone().into(),
                p.of.into(),
                p.reviewed.into(),
                p.not_reached.into(),
            ]
        };
        Ok(Batch::new(past.iter().map(row).collect(), more))
    }
}

/// Hands out the reviews that were held.
pub(super) async fn past(app: &AppState, signed: &Signed, format: Format) -> Result<Response, AppError> {
    let list = Held { member: signed.actor.member.clone(), after: None };
    export::answer(app, signed, format, &Of::new("weekly_reviews", "Weekly reviews"), list).await
}

const AGREED: &[Column] = &[
    Column::new("Place", 8),
    Column::new("Reference", 11),
    Column::new("Action", 60),
    Column::new("Why it is there", 26),
    Column::new("Agreed", 20),
    Column::new("Note", 60),
    Column::new("Support needed", 40),
    Column::new("Owner", 24),
    Column::new("Due", 20),
    Column::new("Written by", 24),
    Column::new("Written", 24),
];

/// Hands out what was agreed for each action of a review.
pub(super) async fn minutes(
    app: &AppState,
    signed: &Signed,
    format: Format,
    review: &Review,
) -> Result<Response, AppError> {
    let finished = review.finished.as_ref();
    let of = Of::new("weekly_review", format!("Weekly review of {}", review.service_name))
        .by("Service", Some(review.service_name.clone()))
        .by("Begun", Some(format!("{}, {}", review.started_by, words::instant(review.started_at))))
        .by("Finished", finished.map(|(by, at)| format!("{by}, {}", words::instant(*at))))
        .by("Who was there", Some(words::list(&review.present)));
    let rows = Whole(AGREED, review.items.iter().map(agreed).collect());
    export::whole(app, signed, format, &of, rows).await
}

fn agreed(item: &Item) -> Row {
    let entry = item.entry.as_ref();
    let left = left_as(item).map(|left| match left {
        LeftAs::NotReached => "Not reached",
        LeftAs::Ended => "Ended before",
    });
    vec![
        item.place.into(),
        Reference::action(item.number).to_string().into(),
        entry.map_or_else(|| item.what.clone(), |e| e.what.clone()).into(),
        item.band.label().into(),
        entry.map(|e| e.standing.label()).or(left).into(),
        entry.map(|e| e.note.clone()).into(),
        entry.map(|e| e.support_needed.clone()).into(),
        entry.and_then(|e| e.owner.clone()).into(),
        entry.and_then(|e| e.due_on).into(),
        entry.map(|e| e.by.clone()).into(),
        entry.map(|e| e.at).into(),
    ]
}
