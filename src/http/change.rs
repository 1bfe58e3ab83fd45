//! Changing what was agreed, each with its reason: owner, words, date, calling off (R6, R7).

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::NaiveDate;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::change::Handover;
use crate::domain::wording::{self, Context};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::action_line::times;
use crate::http::banner::Done;
use crate::http::form::{Choice, Draft};
use crate::http::opened::Opened;
use crate::http::signed::Signed;
use crate::http::verb::{self, VerbForm};
use crate::ids::MemberId;
use crate::store::member;
use crate::workflow::change::{self, NewWords};
use crate::workflow::{self, Actor};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    verb::routes::<Owner>()
        .merge(verb::routes::<Rewording>())
        .merge(verb::routes::<Extension>())
        .merge(verb::routes::<Cancellation>())
}

/// Another owner (R7).
struct Owner;

#[derive(Template)]
#[template(path = "change/owner.html")]
struct OwnerFields {
    draft: Draft,
    owners: Vec<Choice>,
    handover: &'static str,
}
impl HtmlSafe for OwnerFields {}

impl VerbForm for Owner {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/owner";
    const BUTTON: &'static str = "Change owner";
    type Fields = OwnerFields;
    type Given = (MemberId, String);

    fn title(_: &Opened) -> &'static str {
        "Change the owner"
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        opened.changes_by(signed, Verb::Reassign)
    }

    fn may_see(signed: &Signed, opened: &Opened) -> Result<(), String> {
        opened.shows_choices_to(signed, Verb::Reassign)
    }

    async fn fields(
        app: &AppState,
        signed: &Signed,
        opened: &Opened,
        draft: &Draft,
    ) -> Result<OwnerFields, AppError> {
        let a = &opened.case.action;
        let mut tx = signed.actor.begin(app).await?;
        let people = member::possible_owners(&mut tx, a.service_id).await?;
        tx.commit().await?;
        let now = a.owner.as_ref().filter(|o| !o.left).map(|o| o.id);
        let owners = people.iter().filter(|p| Some(p.id) != now);
        Ok(OwnerFields {
            draft: draft.clone(),
            owners: owners.map(|p| Choice::new(p.id.to_string(), p.with_title())).collect(),
            handover: match Handover::of(a.status) {
                Handover::Stays => "They are told at once.",
                _ => {
                    "They are told at once, and have to send it for verification themselves: what was submitted before no longer stands."
                }
            },
        })
    }

    fn read(draft: &mut Draft, _: &Opened) -> Option<Self::Given> {
        let to = draft.id::<MemberId>("owner", "Choose one owner");
        let reason = draft.text("reason", 2000, "Say why it changes hands");
        Some((to?, reason?))
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        (to, reason): &Self::Given,
    ) -> workflow::Done<Done> {
        change::reassign(app, by, number, seen, *to, reason).await.map(|()| Done::OwnerChanged)
    }

    fn typed(draft: &Draft, fields: &OwnerFields) -> Vec<(&'static str, String)> {
        let chosen = fields.owners.iter().find(|choice| draft.has("owner", &choice.value));
        vec![("owner", chosen.map(|choice| choice.label.clone()).unwrap_or_default())]
    }
}

/// Other words (R6).
struct Rewording;

#[derive(Template)]
#[template(path = "change/rewording.html")]
struct RewordingFields {
    draft: Draft,
    remarks: Vec<String>,
}
impl HtmlSafe for RewordingFields {}

/// New words as they were typed.
struct Words {
    what: String,
    success_test: String,
    kept: Option<String>,
    reason: String,
}

impl VerbForm for Rewording {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/rewording";
    const BUTTON: &'static str = "Change wording";
    type Fields = RewordingFields;
    type Given = Words;

    fn title(_: &Opened) -> &'static str {
        "Change the wording"
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        opened.changes_by(signed, Verb::Reword)
    }

    fn start(opened: &Opened) -> Draft {
        let a = &opened.case.action;
        Draft::new()
            .with("what", a.what.clone())
            .with("success_test", a.success_test.clone())
            .with("kept", a.wording_override.clone().unwrap_or_default())
    }

    async fn fields(
        _: &AppState,
        _: &Signed,
        opened: &Opened,
        draft: &Draft,
    ) -> Result<RewordingFields, AppError> {
        Ok(RewordingFields { draft: draft.clone(), remarks: remarks(opened, draft) })
    }

    fn read(draft: &mut Draft, _: &Opened) -> Option<Words> {
        let what = draft.text("what", 1000, "Say what is to be done");
        let success_test = draft.text("success_test", 1000, "Say how we will know that it worked");
        let reason = draft.text("reason", 2000, "Say why the words change");
        let kept = draft.optional_text("kept", 1000);
        Some(Words { what: what?, success_test: success_test?, kept, reason: reason? })
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        given: &Words,
    ) -> workflow::Done<Done> {
        let Words { what, success_test, kept, reason } = given;
        let new = NewWords { what, success_test, kept: kept.as_deref(), reason };
        change::reword(app, by, number, seen, new).await.map(|()| Done::Reworded)
    }
}

/// R2: what there is to say about the words as they stand in the form.
fn remarks(opened: &Opened, draft: &Draft) -> Vec<String> {
    let context = Context {
        has_owner: !opened.case.action.unowned(),
        has_due_date: opened.case.action.due_on.is_some(),
        has_success_test: !draft.value("success_test").trim().is_empty(),
    };
    let said = wording::check(draft.value("what"), context);
    let vague = said.vague.iter().map(wording::VagueTerm::sentence);
    vague.chain(said.missing.iter().map(|m| m.sentence().to_owned())).collect()
}

/// Another due date (R6).
struct Extension;

#[derive(Template)]
#[template(path = "change/extension.html")]
struct ExtensionFields {
    draft: Draft,
    now: String,
}
impl HtmlSafe for ExtensionFields {}

impl VerbForm for Extension {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/extension";
    const BUTTON: &'static str = "Move due date";
    type Fields = ExtensionFields;
    type Given = (NaiveDate, String);

    fn title(opened: &Opened) -> &'static str {
        if opened.case.action.due_on.is_some() { "Move the due date" } else { "Set the due date" }
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        opened.changes_by(signed, Verb::Extend)
    }

    async fn fields(
        _: &AppState,
        _: &Signed,
        opened: &Opened,
        draft: &Draft,
    ) -> Result<ExtensionFields, AppError> {
        let a = &opened.case.action;
        let moved = match a.extensions {
            0 => String::new(),
            n => format!(" It was moved {} before.", times(n)),
        };
        let now = match a.due_on {
            Some(due) => format!("Due on {} now.{moved} The earlier date stays readable.", words::date(due)),
            None => "It has no due date yet.".to_owned(),
        };
        Ok(ExtensionFields { draft: draft.clone(), now })
    }

    fn read(draft: &mut Draft, _: &Opened) -> Option<Self::Given> {
        let due = draft.date("due", "Enter the new due date");
        let reason = draft.text("reason", 2000, "Say why the date moves");
        Some((due?, reason?))
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        (due, reason): &Self::Given,
    ) -> workflow::Done<Done> {
        change::extend(app, by, number, seen, *due, reason).await.map(|()| Done::DateMoved)
    }
}

/// Calling off.
struct Cancellation;

#[derive(Template)]
#[template(path = "change/cancellation.html")]
struct CancellationFields {
    draft: Draft,
}
impl HtmlSafe for CancellationFields {}

impl VerbForm for Cancellation {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/cancellation";
    const BUTTON: &'static str = "Cancel action";
    type Fields = CancellationFields;
    type Given = String;

    fn title(_: &Opened) -> &'static str {
        "Cancel this action"
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        opened.changes_by(signed, Verb::Cancel)
    }

    async fn fields(
        _: &AppState,
        _: &Signed,
        _: &Opened,
        draft: &Draft,
    ) -> Result<CancellationFields, AppError> {
        Ok(CancellationFields { draft: draft.clone() })
    }

    fn read(draft: &mut Draft, _: &Opened) -> Option<String> {
        draft.text("reason", 2000, "Say why it is called off")
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        reason: &String,
    ) -> workflow::Done<Done> {
        change::cancel(app, by, number, seen, reason).await.map(|()| Done::Cancelled)
    }
}
