//! An action opened by a member: what its page and the pages of its verbs read, and how a verb answers.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::access::{self, Relation, Verb};
use crate::domain::closure::Case;
use crate::domain::reference::{Kind, Reference};
use crate::domain::words;
use crate::error::AppError;
use crate::http::form::Draft;
use crate::http::page::{self, Layout};
use crate::http::pill::pill;
use crate::http::signed::Signed;
use crate::http::told;
use crate::http::view::{Facts, FileRow, Files, Tag, Timeline};
use crate::store::case;
use crate::store::papers::{self, Given, Papers};
use crate::workflow::{Done, Moment, Stop};

/// An action with its papers, as a member sees it now.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What the rules look at.
    pub case: Case,
    /// Everything else on the page.
    pub papers: Papers,
    /// A-0142.
    pub reference: Reference,
    /// Now.
    pub moment: Moment,
}

impl Opened {
    /// Opens the action the address names.
    ///
    /// # Errors
    /// It is not there, or not for this member: the same 404.
    pub async fn read(app: &AppState, signed: &Signed, reference: &str) -> Result<Self, AppError> {
        let reference = Reference::parse(Kind::Action, reference).ok_or(AppError::NotFound)?;
        let mut tx = signed.actor.begin(app).await?;
        let case = case::read(&mut tx, reference.number)
            .await?
            .filter(|case| case.visible_to(&signed.actor.member))
            .ok_or(AppError::NotFound)?;
        let papers = papers::of_action(&mut tx, case.action.id).await?;
        tx.commit().await?;
        Ok(Self { case, papers, reference, moment: Moment::read(app) })
    }

    /// The address of the action, or of a verb below it.
    #[must_use]
    pub fn path(&self, signed: &Signed, verb: &str) -> String {
        let slash = if verb.is_empty() { "" } else { "/" };
        signed.path(&format!("actions/{}{slash}{verb}", self.reference))
    }

    /// The state pill.
    #[must_use]
    pub fn tag(&self) -> Tag {
        pill(self.case.action.state(self.moment.today, self.papers.escalation.is_some()), self.moment.today)
    }

    /// The evidence of this cycle, or of the earlier ones.
    #[must_use]
    pub fn files(&self, signed: &Signed, earlier: bool) -> Files {
        let cycle = self.case.action.cycle;
        let wanted = self.papers.evidence.iter().filter(|e| (e.cycle < cycle) == earlier);
        Files {
            items: wanted.map(|e| file(signed, &self.case, e)).collect(),
            empty: "No evidence yet.".into(),
        }
    }

    /// What a verb's page shows beside its form: what is judged or changed.
    #[must_use]
    pub fn brief(&self) -> Facts {
        let a = &self.case.action;
        let owner = a.owner.as_ref().map_or_else(|| "Nobody".to_owned(), |o| o.with_title());
        Facts::new()
            .fact("How we will know", a.success_test.clone())
            .fact("Owner", owner)
            .fact("Due", a.due_on.map_or_else(|| "No due date".to_owned(), words::date))
            .fact("Check by", a.verify_by.map(words::date).unwrap_or_default())
            .fact("Risk", a.risk.label())
            .fact("Service", self.place())
    }

    /// "Rowan House, Ash".
    #[must_use]
    pub fn place(&self) -> String {
        match &self.papers.unit {
            Some(unit) => format!("{}, {unit}", self.papers.service),
            None => self.papers.service.clone(),
        }
    }
}

fn file(signed: &Signed, case: &Case, given: &Given) -> FileRow {
    let size = given.size.map(words::file_size);
    let place = given.reference.as_ref().map(|r| format!("Kept at: {r}"));
    let mut meta: Vec<String> = vec![given.kind.label().to_owned()];
    meta.extend(size.or(place));
    meta.push(format!("{}, {}", given.author, words::date(given.about_on)));
    if let Some(why) = &given.withdrawn {
        meta.push(format!("Reason: {why}"));
    }
    let href = if given.file_name.is_some() {
        signed.path(&format!("evidence/{}", given.id))
    } else {
        String::new()
    };
    FileRow {
        name: given.title.clone().into(),
        href: href.into(),
        meta: meta.join(" · ").into(),
        withdrawn: given.withdrawn.is_some(),
        withdraw_href: withdraw_href(signed, case, given).into(),
    }
}

/// Where this member may withdraw a piece; the workflow has the last word.
fn withdraw_href(signed: &Signed, case: &Case, given: &Given) -> String {
    let member = &signed.actor.member;
    let relation = Relation { own: given.author_id == member.id, ..case.relation(member) };
    let live = given.withdrawn.is_none() && given.cycle == case.action.cycle && case.action.status.open();
    if live && access::may(member.role, Verb::WithdrawEvidence, relation).is_ok() {
        signed.path(&format!("evidence/{}/withdrawal", given.id))
    } else {
        String::new()
    }
}

/// What is around the form of every verb.
#[derive(Clone, Debug)]
pub struct Frame {
    /// "Action A-0142".
    pub caption: String,
    /// What is to be done.
    pub what: String,
    /// The address of the action.
    pub back: String,
    /// Its state.
    pub tag: Tag,
    /// What is judged or changed.
    pub brief: Facts,
    /// The evidence of this cycle.
    pub files: Files,
    /// When it changed since the form was opened: what happened last.
    pub changed: Option<Timeline>,
}

/// The page of one verb on an action: the frame, and the verb's form in it.
#[derive(Template)]
#[template(path = "action/verb.html")]
pub struct VerbPage<F: Template + HtmlSafe> {
    layout: Layout,
    frame: Frame,
    draft: Draft,
    form: F,
}

impl<F: Template + HtmlSafe> VerbPage<F> {
    /// A page headed `title` with `form`, whose wrong fields are those of `draft`.
    pub fn new(signed: &Signed, opened: &Opened, title: &str, draft: Draft, form: F) -> Self {
        let frame = Frame {
            caption: format!("Action {}", opened.reference),
            what: opened.case.action.what.clone(),
            back: opened.path(signed, ""),
            tag: opened.tag(),
            brief: opened.brief(),
            files: opened.files(signed, false),
            changed: None,
        };
        let layout = signed.layout(title).with_errors(!draft.is_ok());
        Self { layout, frame, draft, form }
    }

    /// The page as it is first opened.
    ///
    /// # Errors
    /// The template failed.
    pub fn fresh(&self) -> Result<Response, AppError> {
        page::render(self)
    }

    /// The same form again: refused (422), or beside what changed meanwhile (409).
    ///
    /// # Errors
    /// The template failed.
    pub fn again(mut self, opened: &Opened, status: StatusCode) -> Result<Response, AppError> {
        if status == StatusCode::CONFLICT {
            self.frame.changed =
                Some(told::timeline(opened.papers.trail.get(..2).unwrap_or(&opened.papers.trail)));
            self.layout = self.layout.with_errors(true);
        }
        page::render_as(status, &self)
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
pub fn answer<T>(done: Done<T>, draft: &mut Draft) -> Result<Answer<T>, AppError> {
    match done {
        Ok(value) => Ok(Answer::Done(value)),
        Err(Stop::Refused(said)) => {
            for s in said {
                draft.refuse(s.field.unwrap_or("form"), s.sentence.trim_end_matches('.'));
            }
            Ok(Answer::Again(StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(Stop::Changed) => Ok(Answer::Again(StatusCode::CONFLICT)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// The version of the action the form was made from. It is not typed by a person, so a wrong one is no form of ours.
///
/// # Errors
/// It is missing or no number.
pub fn seen(draft: &Draft) -> Result<i64, AppError> {
    // sent twice it says nothing, as any field
    let mut sent = draft.values("version");
    let one = sent.next().filter(|_| sent.next().is_none()).unwrap_or_default();
    one.parse().ok().filter(|n| *n > 0).ok_or_else(|| {
        AppError::bad_request("This form is not complete. Open the action again and send it once more.")
    })
}

/// The version the form carries when it is shown again: after a change the person has read, the new one.
#[must_use]
pub fn version_again(opened: &Opened, seen: i64, status: StatusCode) -> i64 {
    if status == StatusCode::CONFLICT { opened.case.action.version } else { seen }
}
