//! What the words mean.

use super::layout;
use super::steps::{Around, OVERTAKEN, Step, around, seen, step};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::import::plan::{Owner, Place};
use crate::domain::import::value::Progress;
use crate::domain::import::{Choices, Field, Value, letters, plain};
use crate::domain::topic::{Risk, Topic};
use crate::domain::words;
use crate::error::AppError;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::line::short;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::store::TenantTx;
use crate::store::import::Import;
use crate::workflow::import::{self};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::collections::BTreeMap;

#[derive(Template)]
#[template(path = "import/words.html")]
struct WordsPage {
    layout: Layout,
    draft: Draft,
    around: Around,
    parts: Vec<Part>,
}

/// The words of one column.
struct Part {
    id: &'static str,
    title: String,
    empty: &'static str,
    choices: Vec<Choice>,
    words: Vec<Word>,
}

struct Word {
    field: String,
    shown: String,
    rows: String,
}

pub(super) async fn matching(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, AppError> {
    match step(&app, &signed, &id).await? {
        Step::Elsewhere(response) => Ok(response),
        Step::Draft(tx, import) => draw_words(&app, &signed, tx, &import, None, StatusCode::OK).await,
    }
}

/// The name of the field for a word: words are kept in one order, because the rows of a file never change.
fn word_field(field: Field, at: usize) -> String {
    format!("word-{}-{at}", field.as_str())
}

async fn draw_words(
    app: &AppState,
    signed: &Signed,
    mut tx: TenantTx,
    import: &Import,
    draft: Option<Draft>,
    status: StatusCode,
) -> Result<Response, AppError> {
    if import.choices.columns.is_empty() {
        return Ok(page::see_other(&signed.path(&format!("imports/{}/columns", import.id))));
    }
    let found = import::words_of(&mut tx, import).await?;
    let places = import::places(app, &mut tx, &signed.actor).await?;
    let owners = import::owners(app, &mut tx, &signed.actor).await?;
    drop(tx);
    let filled = draft.unwrap_or_else(|| filled_words(&import.choices, &found));
    let part = |(field, column, values): &(Field, usize, Vec<Value>)| Part {
        id: field.as_str(),
        title: format!("{}, column {}", field.label(), letters(*column)),
        empty: nothing(*field),
        choices: ours(*field, &places, &owners),
        words: (0..)
            .zip(values)
            .map(|(at, value)| Word {
                field: word_field(*field, at),
                shown: short(&value.shown, 80),
                rows: words::count(value.rows as u64, "row"),
            })
            .collect(),
    };
    let page = WordsPage {
        layout: layout(signed, "Words").with_errors(!filled.is_ok()),
        around: around(signed, import),
        parts: found.iter().filter(|(_, _, values)| !values.is_empty()).map(part).collect(),
        draft: filled,
    };
    page::render_as(status, &page)
}

/// What is said when none of ours is chosen.
const fn nothing(field: Field) -> &'static str {
    match field {
        Field::Status => "Go by the date completed",
        Field::Risk => "Take the usual risk",
        Field::Topic => "Go by the words of the row",
        Field::Service => "Leave these rows out",
        _ => "Nobody yet",
    }
}

fn ours(field: Field, places: &[Place], owners: &[Owner]) -> Vec<Choice> {
    match field {
        Field::Status => Choice::all::<Progress>(),
        Field::Risk => Choice::all::<Risk>(),
        Field::Topic => Choice::all::<Topic>(),
        Field::Service => places.iter().map(|p| Choice::new(p.id.to_string(), p.name.clone())).collect(),
        _ => owners.iter().map(|o| Choice::new(o.id.to_string(), o.name.clone())).collect(),
    }
}

fn filled_words(choices: &Choices, found: &[(Field, usize, Vec<Value>)]) -> Draft {
    let mut draft = Draft::new();
    for (field, _, values) in found {
        for (at, value) in values.iter().enumerate() {
            draft = draft
                .with(&word_field(*field, at), choices.meaning(*field, &value.shown).unwrap_or_default());
        }
    }
    draft
}

pub(super) async fn choose_words(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::Import)?;
    let Step::Draft(mut tx, import) = step(&app, &signed, &id).await? else {
        return Ok(page::see_other(&signed.path(&format!("imports/{id}"))));
    };
    let found = import::words_of(&mut tx, &import).await?;
    drop(tx);
    let mut meanings: BTreeMap<Field, BTreeMap<String, String>> = BTreeMap::new();
    for (field, _, values) in &found {
        for (at, value) in values.iter().enumerate() {
            let sent = word(&mut draft, *field, &word_field(*field, at));
            meanings.entry(*field).or_default().insert(plain(&value.shown), sent.unwrap_or_default());
        }
    }
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if draft.is_ok() {
        let done = import::check(&app, &signed.actor, import.id, seen(&draft), Some(meanings)).await;
        if let Answer::Done(()) = answer(done, &mut draft)? {
            return Ok(page::see_other(&signed.path(&format!("imports/{id}/check"))));
        }
        status = StatusCode::CONFLICT;
        draft.refuse("words", OVERTAKEN);
    }
    match step(&app, &signed, &id).await? {
        Step::Elsewhere(response) => Ok(response),
        Step::Draft(tx, import) => draw_words(&app, &signed, tx, &import, Some(draft), status).await,
    }
}

/// What was chosen for a word of theirs; none for nothing of ours.
fn word(draft: &mut Draft, field: Field, name: &str) -> Option<String> {
    let unknown = "Choose one of the list";
    match field {
        Field::Status => draft.optional_choice::<Progress>(name, unknown).map(|p| p.as_str().to_owned()),
        Field::Risk => draft.optional_choice::<Risk>(name, unknown).map(|r| r.as_str().to_owned()),
        Field::Topic => draft.optional_choice::<Topic>(name, unknown).map(|t| t.as_str().to_owned()),
        _ => draft.optional_id::<uuid::Uuid>(name, unknown).map(|id| id.to_string()),
    }
}
