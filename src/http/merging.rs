//! Merging an action into the one it repeats (R28).

use askama::Template;
use askama::filters::HtmlSafe;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::merging::Asks;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::form::{Choice, Draft};
use crate::http::opened::Opened;
use crate::http::signed::Signed;
use crate::http::verb::{self, VerbForm};
use crate::store::merging::{self as store, Candidate};
use crate::workflow::{self, Actor, merging as deeds};

/// How many actions are looked at for one to merge into.
const LOOKED_AT: i64 = 300;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    verb::routes::<Merging>()
}

/// Merging.
struct Merging;

#[derive(Template)]
#[template(path = "change/merging.html")]
struct MergingFields {
    draft: Draft,
    others: Vec<Choice>,
    left_out: usize,
}
impl HtmlSafe for MergingFields {}

impl VerbForm for Merging {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/merging";
    const BUTTON: &'static str = "Merge for good";
    type Fields = MergingFields;
    type Given = (i32, String);

    fn title(_: &Opened) -> &'static str {
        "Merge into another action"
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        opened.changes_by(signed, Verb::Merge)
    }

    fn may_see(signed: &Signed, opened: &Opened) -> Result<(), String> {
        opened.shows_choices_to(signed, Verb::Merge)
    }

    async fn fields(
        app: &AppState,
        signed: &Signed,
        opened: &Opened,
        draft: &Draft,
    ) -> Result<MergingFields, AppError> {
        let a = &opened.case.action;
        let mut tx = signed.actor.begin(app).await?;
        let all = store::candidates(&mut tx, a.service_id, a.id, LOOKED_AT).await?;
        tx.commit().await?;
        let own = Asks::of(&opened.case);
        let covers = |c: &&Candidate| c.asks.covers(&own).is_ok();
        let others: Vec<Choice> = all.iter().filter(covers).map(choice).collect();
        Ok(MergingFields { draft: draft.clone(), left_out: all.len() - others.len(), others })
    }

    fn read(draft: &mut Draft, _: &Opened) -> Option<Self::Given> {
        let into = draft.number("into", 1..=i64::from(i32::MAX), "Choose the action that stays");
        let reason = draft.text("reason", 2000, "Say why they are the same");
        Some((i32::try_from(into?).ok()?, reason?))
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        (into, reason): &Self::Given,
    ) -> workflow::Done<Done> {
        deeds::merge(app, by, number, seen, *into, reason).await.map(|()| Done::Merged)
    }
}

fn choice(c: &Candidate) -> Choice {
    let owner = c.owner.clone().unwrap_or_else(|| "nobody".to_owned());
    let due =
        c.asks.due_on.map_or_else(|| "no due date".to_owned(), |due| format!("due {}", words::date(due)));
    Choice::new(
        c.asks.reference.number.to_string(),
        format!("{} {} ({owner}, {due})", c.asks.reference, c.what),
    )
}
