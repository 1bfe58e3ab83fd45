//! The form of every verb that judges or changes an action: one shape. It is opened by whoever may, carries what it was
//! made from, is read as a whole, and comes back with everything typed: refused (422) or stale (409), then beside what
//! stands there now.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::kept;
use crate::http::opened::Opened;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::stale::{Carried, Comparison};
use crate::http::view::{Facts, Files, Tag};
use crate::workflow::{self, Actor, Stop};

/// A verb on an action that has a form of its own.
pub trait VerbForm: Sized + 'static {
    /// The address of its form, and where it is sent.
    const ADDRESS: &'static str;
    /// What its button says.
    const BUTTON: &'static str;
    /// The fields, drawn.
    type Fields: Template + HtmlSafe + Send;
    /// What was typed, read.
    type Given: Send + Sync;

    /// The heading.
    fn title(opened: &Opened) -> &'static str;

    /// Whether this member may do it now, for opening the form; the workflow has the last word.
    ///
    /// # Errors
    /// Why not, as a sentence.
    fn may(signed: &Signed, opened: &Opened) -> Result<(), String>;

    /// Whether the form may be shown again to whoever sent it.
    ///
    /// # Errors
    /// Why not, as a sentence.
    fn may_see(_signed: &Signed, _opened: &Opened) -> Result<(), String> {
        Ok(())
    }

    /// What the fields begin with.
    fn start(_opened: &Opened) -> Draft {
        Draft::new()
    }

    /// The fields with what was typed in `draft`.
    fn fields(
        app: &AppState,
        signed: &Signed,
        opened: &Opened,
        draft: &Draft,
    ) -> impl Future<Output = Result<Self::Fields, AppError>> + Send;

    /// Reads all fields; none when something has to be put right, every problem at once.
    fn read(draft: &mut Draft, opened: &Opened) -> Option<Self::Given>;

    /// Does it to action `number`, which the member saw in version `seen`.
    fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        given: &Self::Given,
    ) -> impl Future<Output = workflow::Done<Done>> + Send;

    /// What was typed for fields the action has itself, by the key of [`Opened::standing`].
    fn typed(draft: &Draft, _fields: &Self::Fields) -> Vec<(&'static str, String)> {
        let text = |key: &'static str| (key, draft.value(key).trim().to_owned());
        let due = draft.clone().optional_date("due").map(words::date).unwrap_or_default();
        vec![text("what"), text("success_test"), ("due", due)]
    }
}

/// The addresses of a verb.
#[must_use]
pub fn routes<V: VerbForm>() -> Routes<AppState> {
    Routes::new().get(V::ADDRESS, open::<V>).post(V::ADDRESS, send::<V>)
}

async fn open<V: VerbForm>(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    V::may(&signed, &opened).map_err(|sentence| AppError::Forbidden(sentence.into()))?;
    let sheet = Sheet::<V>::fresh(&app, &signed, &opened).await?;
    page::render(&VerbPage::new(&signed, &opened, sheet, None))
}

async fn send<V: VerbForm>(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    V::may_see(&signed, &opened).map_err(|sentence| AppError::Forbidden(sentence.into()))?;
    let carried = Carried::read(&draft);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(given) = V::read(&mut draft, &opened).filter(|_| draft.is_ok()) {
        let number = opened.reference.number;
        let deed = V::carry_out(&app, &signed.actor, number, carried.version, &given).await;
        match answer(deed, &mut draft)? {
            Answer::Done(done) => {
                return Ok(page::done(&opened.path(&signed, ""), done, &opened.reference.to_string()));
            }
            Answer::Again(again) => status = again,
        }
    }
    let opened = Opened::read(&app, &signed, &action).await?;
    let fields = V::fields(&app, &signed, &opened, &draft).await?;
    let (by, post) = (kept::mark(signed.user), post::<V>(&signed, &opened));
    let mut sheet = Sheet::<V> { by, post, draft, carried, fields };
    let mut changed = None;
    if status == StatusCode::CONFLICT {
        let (now, typed) = (opened.standing(), V::typed(&sheet.draft, &sheet.fields));
        changed = Some(sheet.carried.beside(&now, &typed, &opened.papers.trail));
        // what is new has now been shown
        sheet.carried = Carried::of(&now);
    }
    page::render_as(status, &VerbPage::new(&signed, &opened, sheet, changed))
}

fn post<V: VerbForm>(signed: &Signed, opened: &Opened) -> String {
    opened.path(signed, V::ADDRESS.rsplit('/').next().unwrap_or_default())
}

/// The form of a verb: its fields, what was typed in them and what it was made from. It stands on its own page and, for
/// whoever judges next, on the page of the action.
#[derive(Template)]
#[template(path = "action/verb_form.html")]
pub struct Sheet<V: VerbForm> {
    draft: Draft,
    by: String,
    post: String,
    carried: Carried,
    fields: V::Fields,
}
impl<V: VerbForm> HtmlSafe for Sheet<V> {}

impl<V: VerbForm> Sheet<V> {
    /// The form as it is first opened.
    ///
    /// # Errors
    /// What the fields need could not be read.
    pub async fn fresh(app: &AppState, signed: &Signed, opened: &Opened) -> Result<Self, AppError> {
        let draft = V::start(opened);
        let fields = V::fields(app, signed, opened, &draft).await?;
        let carried = Carried::of(&opened.standing());
        Ok(Self { by: kept::mark(signed.user), post: post::<V>(signed, opened), carried, draft, fields })
    }
}

/// What is around the form of every verb.
struct Frame {
    /// "Action A-0142".
    caption: String,
    /// What is to be done.
    what: String,
    /// The address of the action.
    back: String,
    /// Its state.
    tag: Tag,
    /// What is judged or changed.
    brief: Facts,
    /// The evidence of this cycle.
    files: Files,
    /// When it changed since the form was opened: both versions.
    changed: Option<Comparison>,
}

/// The page of one verb on an action: the frame, and the verb's form in it.
#[derive(Template)]
#[template(path = "action/verb.html")]
struct VerbPage<V: VerbForm> {
    layout: Layout,
    frame: Frame,
    sheet: Sheet<V>,
}

impl<V: VerbForm> VerbPage<V> {
    fn new(signed: &Signed, opened: &Opened, sheet: Sheet<V>, changed: Option<Comparison>) -> Self {
        let wrong = !sheet.draft.is_ok() || changed.is_some();
        let frame = Frame {
            caption: format!("Action {}", opened.reference),
            what: opened.case.action.what.clone(),
            back: opened.path(signed, ""),
            tag: opened.tag(),
            brief: opened.brief(),
            files: opened.files(signed, false),
            changed,
        };
        Self { layout: signed.layout(V::title(opened)).with_errors(wrong), frame, sheet }
    }
}

/// What a deed came to.
#[derive(Clone, Copy, Debug)]
pub enum Answer<T> {
    /// Done.
    Done(T),
    /// The form is shown again: the sentences are in the draft.
    Again(StatusCode),
}

/// Turns what a workflow answers into what the page does. Refusals about the whole form stand at `form`.
///
/// # Errors
/// What failed.
pub fn answer<T>(done: workflow::Done<T>, draft: &mut Draft) -> Result<Answer<T>, AppError> {
    match done {
        Ok(value) => Ok(Answer::Done(value)),
        Err(Stop::Refused(said)) => {
            // a field has one place for what is wrong with it
            let mut fields: Vec<(&str, Vec<&str>)> = Vec::new();
            for s in &said {
                let (field, sentence) = (s.field.unwrap_or("form"), s.sentence.trim_end_matches('.'));
                match fields.iter_mut().find(|(name, _)| *name == field) {
                    Some((_, sentences)) => sentences.push(sentence),
                    None => fields.push((field, vec![sentence])),
                }
            }
            for (field, sentences) in fields {
                draft.refuse(field, sentences.join(". "));
            }
            Ok(Answer::Again(StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(Stop::Changed) => Ok(Answer::Again(StatusCode::CONFLICT)),
        Err(Stop::Failed(error)) => Err(error),
    }
}
