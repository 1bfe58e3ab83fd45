//! The form of three questions: what did you do and when, what shows it, is it done or do you need help.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;

use crate::app::AppState;
use crate::domain::access::{self, Verb};
use crate::domain::action::missing_kinds;
use crate::domain::closure::Case;
use crate::domain::evidence::{LONGEST_REFERENCE, LONGEST_TITLE, NO_ROOM};
use crate::domain::reference::{Kind as Of, Reference};
use crate::domain::text_enum::text_enum;
use crate::domain::topic::EvidenceKind;
use crate::domain::words;
use crate::error::AppError;
use crate::files;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::kept;
use crate::http::page::{self, Layout};
use crate::http::pill::pill;
use crate::http::signed::Signed;
use crate::http::upload::{self, Sent};
use crate::http::view::Tag;
use crate::ids::{PendingUploadId, UpdateId};
use crate::workflow::evidence::{Given, Offered};
use crate::workflow::update::{self, Help, Progress, Recorded};
use crate::workflow::{Moment, Stop, evidence};

/// One kind of evidence in the form.
mod block;

use block::{Block, InBlock, OTHER, make_block, words_of_blocks};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/actions/{reference}/update", form).upload(
        "/p/{provider}/actions/{reference}/update",
        upload::LIMIT,
        send,
    )
}

text_enum! {
    /// The answer to the third question.
    enum Next {
        /// The owner goes on.
        Working => "working", "Not yet, I am still working on it";
        /// R10.
        Done => "done", "Yes, it is done: send it for checking";
        /// A barrier.
        Help => "help", "I need help with it";
    }
}

#[derive(Template)]
#[template(path = "update/form.html")]
struct Page {
    layout: Layout,
    draft: Draft,
    action: String,
    back: String,
    back_label: String,
    reference: String,
    what: String,
    tag: Tag,
    due: String,
    blocks: Vec<Block>,
    other: Block,
    kinds: Vec<Choice>,
    next: Vec<Choice>,
    waiting: bool,
    says_done: bool,
    accept: &'static str,
    file_hint: String,
}

async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let on = Reference::parse(Of::Action, &reference).ok_or(AppError::NotFound)?;
    let case = update::look(&app, &signed.actor, on).await?;
    update::may_add(&signed.actor, &case).map_err(refusal_page)?;
    let today = Moment::read(&app).today;
    let draft = Draft::new().with("id", UpdateId::new().to_string()).with_date("done_on", today);
    page::render(&draw(&signed, &case, draft, &[], &app))
}

/// What cannot be done at all has a page of its own; there is no form to put it beside.
fn refusal_page(stop: Stop) -> AppError {
    match stop {
        Stop::Failed(error) => error,
        Stop::Changed => AppError::Conflict,
        Stop::Refused(said) => {
            let sentence = said.into_iter().next().map_or_else(String::new, |said| said.sentence);
            AppError::Forbidden(sentence.into())
        }
    }
}

async fn send(
    signed: Result<Signed, AppError>,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    request: Request,
) -> Result<Response, AppError> {
    let signed = match signed {
        Err(AppError::SignedOut) => return Ok(kept::signed_out(upload::texts_only(request).await)),
        signed => signed?,
    };
    let on = Reference::parse(Of::Action, &reference).ok_or(AppError::NotFound)?;
    let case = update::look(&app, &signed.actor, on).await?;
    access::may(signed.role(), Verb::AddProgress, signed.actor.stands_to(&case))
        .map_err(|denial| AppError::Forbidden(denial.sentence().into()))?;
    let Sent { mut draft, files, store_failed } = upload::read(&app, &signed.actor, request).await?;
    signed.wrote(&draft)?;
    let kept = all_kept(&app, &signed, &mut draft, files).await?;
    if draft.ticked(kept::AGAIN) {
        choose_again(&mut draft);
        return page::unprocessable(&draw(&signed, &case, draft, &kept, &app));
    }
    let progress = read(&mut draft, &case, &kept, &app);
    if let (true, Some(progress)) = (draft.is_ok(), progress) {
        match update::record(&app, &signed.actor, on, &progress).await {
            Ok(recorded) => return Ok(done(&signed, on, &progress, recorded)),
            Err(stop) => refuse(&mut draft, stop, &kept, &progress)?,
        }
    }
    let page = draw(&signed, &case, draft, &kept, &app);
    if store_failed {
        return page::render_as(axum::http::StatusCode::SERVICE_UNAVAILABLE, &page);
    }
    page::unprocessable(&page)
}

/// Says at each block which files have to be chosen again: they could not be taken while nobody was signed in.
fn choose_again(draft: &mut Draft) {
    for word in words_of_blocks() {
        let names: Vec<String> = draft.values(&format!("{}{word}", kept::LOST)).map(str::to_owned).collect();
        if !names.is_empty() {
            draft.refuse(&format!("file-{word}"), format!("Choose again: {}", words::list(&names)));
        }
    }
}

fn done(signed: &Signed, on: Reference, progress: &Progress, recorded: Recorded) -> Response {
    let what = if progress.submit {
        Done::Submitted
    } else if recorded.checked_again {
        Done::CheckedAgain
    } else if progress.note.is_none() {
        Done::EvidenceAdded
    } else {
        Done::UpdateAdded
    };
    page::done(&signed.path(&format!("actions/{on}")), what, &on.to_string())
}

/// The files of this form: those that came now, and those kept before and still ticked.
async fn all_kept(
    app: &AppState,
    signed: &Signed,
    draft: &mut Draft,
    files: Vec<(String, files::store::Stored)>,
) -> Result<Vec<InBlock>, AppError> {
    let mut before: Vec<(&'static str, PendingUploadId)> = Vec::new();
    for word in words_of_blocks() {
        let field = format!("kept-{word}");
        before.extend(draft.values(&field).filter_map(|id| Some((word, id.parse().ok()?))));
    }
    let mut all: Vec<InBlock> = Vec::new();
    if !before.is_empty() {
        let ids: Vec<_> = before.iter().map(|(_, id)| *id).collect();
        let found = evidence::still_kept(app, &signed.actor, &ids).await?;
        for (word, id) in before {
            match found.iter().find(|kept| kept.id == id) {
                Some(kept) => all.push((word, kept.clone())),
                None => draft.refuse(&format!("file-{word}"), "A file is no longer kept. Choose it again"),
            }
        }
    }
    if !files.is_empty() {
        let (fields, stored): (Vec<String>, Vec<_>) = files.into_iter().unzip();
        let kept = evidence::keep(app, &signed.actor, &stored).await?;
        for ((field, file), kept) in fields.iter().zip(&stored).zip(kept) {
            let word =
                words_of_blocks().find(|word| field.strip_prefix("file-") == Some(*word)).unwrap_or(OTHER);
            match kept {
                Some(kept) => all.push((word, kept)),
                None => draft.refuse(field, format!("{} {NO_ROOM}", file.name)),
            }
        }
    }
    Ok(all)
}

/// Reads the whole form; `None` when something stands beside a field.
fn read(draft: &mut Draft, case: &Case, kept: &[InBlock], app: &AppState) -> Option<Progress> {
    let today = Moment::read(app).today;
    let id = draft.optional_id::<UpdateId>("id", "Load the page again").unwrap_or_default();
    let note = draft.optional_text("note", 4000);
    let done_on = draft.optional_date("done_on");
    let mut given = Vec::new();
    for word in words_of_blocks() {
        read_block(draft, word, done_on.unwrap_or(today), today, kept, &mut given);
    }
    if done_on.is_none() && (note.is_some() || !given.is_empty()) {
        draft.refuse("done_on", "Enter the day it was done");
    }
    let can_submit = case.action.status.with_owner();
    let next = draft.optional_choice::<Next>("next", "Choose one: is it done, or not yet?");
    let barrier = draft.optional_text("barrier", 2000);
    let support_needed = draft.optional_text("support_needed", 2000);
    if next.is_none() && can_submit {
        draft.refuse("next", "Choose one: is it done, or not yet?");
    }
    let asked = next == Some(Next::Help);
    if asked && barrier.is_none() {
        draft.refuse("barrier", "Say what is in the way");
    }
    if !asked && support_needed.is_some() {
        draft.refuse("next", "You wrote what would help: choose that you need help, or take those words out");
    }
    // what is in the way is recorded whatever was chosen: it was typed to be read
    let help = barrier.map(|barrier| Help { barrier, support_needed });
    Some(Progress { id, note, done_on, help, evidence: given, submit: next == Some(Next::Done) })
}

fn read_block(
    draft: &mut Draft,
    word: &'static str,
    done_on: chrono::NaiveDate,
    today: chrono::NaiveDate,
    kept: &[InBlock],
    given: &mut Vec<Given>,
) {
    let field = |part: &str| format!("{part}-{word}");
    let reference = draft.optional_text(&field("reference"), LONGEST_REFERENCE);
    let title = draft.optional_text(&field("title"), LONGEST_TITLE - 20);
    let note = draft.optional_text(&field("note"), 2000).unwrap_or_default();
    let about_on = draft.optional_date(&field("about")).unwrap_or(done_on);
    let files = kept.iter().filter(|(of, _)| *of == word).map(|(_, kept)| Offered::File(kept.id));
    let proofs: Vec<Offered> = files.chain(reference.map(Offered::Reference)).collect();
    if proofs.is_empty() {
        if title.is_some() || !note.is_empty() {
            draft.refuse(&field("file"), "Choose a file, or say where the record is kept");
        }
        return;
    }
    if about_on > today {
        draft.refuse(&field("about"), "Enter the day it is about: today or earlier");
    }
    let kind = if word == OTHER {
        draft.choice::<EvidenceKind>("kind-other", "Choose what kind of evidence it is")
    } else {
        EvidenceKind::ALL.iter().copied().find(|kind| kind.as_str() == word)
    };
    let Some(kind) = kind else { return };
    given.extend(proofs.into_iter().map(|proof| Given {
        kind,
        title: title.clone(),
        about_on,
        note: note.clone(),
        proof,
    }));
}

/// Puts what the workflow said beside the fields it is about.
fn refuse(draft: &mut Draft, stop: Stop, kept: &[InBlock], progress: &Progress) -> Result<(), AppError> {
    let said = match stop {
        Stop::Failed(error) => return Err(error),
        Stop::Changed => return Err(AppError::Conflict),
        Stop::Refused(said) => said,
    };
    for one in said {
        let field = match one.field {
            Some("files") => format!("file-{}", kept.first().map_or(OTHER, |(word, _)| *word)),
            Some(field) => field.to_owned(),
            None if progress.submit => "next".to_owned(),
            None => "note".to_owned(),
        };
        draft.refuse(&field, one.sentence);
    }
    Ok(())
}

fn draw(signed: &Signed, case: &Case, draft: Draft, kept: &[InBlock], app: &AppState) -> Page {
    let (a, today) = (&case.action, Moment::read(app).today);
    let back = signed.path(&format!("actions/{}", a.reference()));
    let missing = missing_kinds(&case.required, &case.pieces);
    let block = |kind: EvidenceKind| {
        let there = case.pieces.iter().filter(|p| p.kind == kind && !p.withdrawn).count();
        make_block(kind.as_str(), kind.label(), missing.contains(&kind), there, &draft, kept)
    };
    // what is still needed comes first
    let mut required = case.required.clone();
    required.sort_unstable_by_key(|kind| (!missing.contains(kind), *kind));
    let blocks: Vec<Block> = required.into_iter().map(block).collect();
    let other = make_block(OTHER, "Other evidence", false, 0, &draft, kept);
    let owner = access::may(signed.role(), Verb::Submit, signed.actor.stands_to(case)).is_ok();
    let wrong = !draft.is_ok();
    Page {
        layout: signed
            .layout(format!("Add an update to {}", a.reference()))
            .at(&signed.path("my-actions"))
            .with_errors(wrong),
        action: format!("{back}/update"),
        back,
        back_label: format!("Back to {}", a.reference()),
        reference: a.reference().to_string(),
        what: a.what.clone(),
        tag: pill(a.state(today, false), today),
        due: a.due_on.map_or_else(|| "no due date yet".into(), |due| format!("due {}", words::date(due))),
        blocks,
        other,
        kinds: Choice::all::<EvidenceKind>(),
        next: choices(owner && a.status.with_owner()),
        waiting: !a.status.with_owner(),
        says_done: owner && a.status.with_owner(),
        accept: files::Kind::ACCEPT,
        file_hint: upload::hint(),
        draft,
    }
}

fn choices(owner: bool) -> Vec<Choice> {
    if owner {
        return Choice::of(&[Next::Done, Next::Working, Next::Help]);
    }
    // others help along; whether it is done is for the owner to say (R10)
    vec![
        Choice::new(Next::Working.as_str(), "No help needed"),
        Choice::new(Next::Help.as_str(), "Something is in the way"),
    ]
}
