//! The messages as a file.

use axum::response::Response;
use chrono::{DateTime, Utc};

use super::{fate, to};
use crate::app::AppState;
use crate::domain::message::MessageKind;
use crate::domain::reference::Reference;
use crate::error::AppError;
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::signed::Signed;
use crate::ids::MessageId;
use crate::sheet::{Column, Format};
use crate::store::TenantTx;
use crate::store::message_list::{self, Asked, Fate};

struct Messages {
    state: Option<Fate>,
    kinds: Vec<MessageKind>,
    after: Option<(DateTime<Utc>, MessageId)>,
}

impl List for Messages {
    const COLUMNS: &'static [Column] = &[
        Column::new("Queued", 24),
        Column::new("Kind", 30),
        Column::new("To", 28),
        Column::new("Delivered", 24),
        Column::new("What became of it", 40),
        Column::new("Tries", 8),
        Column::new("Action", 11),
        Column::new("Subject", 50),
        Column::new("Text", 60),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let asked = Asked { state: self.state, kinds: &self.kinds, after: self.after, limit: BATCH };
        let found = message_list::page(tx, &asked).await?;
        self.after = found.last().map(|r| (r.created_at, r.id));
        Ok(Batch::of(&found, |r| {
            vec![
                r.created_at.into(),
                r.kind.label().into(),
                to(r).into(),
                r.sent_at.into(),
                fate(r).0.into(),
                r.attempts.into(),
                r.number.map(|number| Reference::action(number).to_string()).into(),
                r.subject.clone().into(),
                r.body.clone().into(),
            ]
        }))
    }
}

/// Hands out everything the page was asked for.
pub(super) async fn answer(
    app: &AppState,
    signed: &Signed,
    format: Format,
    (state, kinds): (Option<Fate>, Vec<MessageKind>),
) -> Result<Response, AppError> {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.label()).collect();
    let of = Of::new("messages", "Messages")
        .by("State", state.map(Fate::label))
        .by("Kind", Some(names.join(", ")).filter(|names| !names.is_empty()));
    export::answer(app, signed, format, &of, Messages { state, kinds, after: None }).await
}
