//! Checking a printed report: does the trail still hold the line whose hash stands at the foot of the page?

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::trail::typed_hash;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::extract::Query;
use crate::http::form::Draft;
use crate::http::page::{self, Layout};
use crate::http::signed::Reading;
use crate::store::menu;
use crate::store::trail::{self, Mark};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/trail", check)
}

/// What stands on the printed page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    line: String,
    hash: String,
}

#[derive(Template)]
#[template(path = "trail.html")]
struct CheckPage {
    layout: Layout,
    draft: Draft,
    here: String,
    answer: Option<Answer>,
}

/// What the trail says of it.
struct Answer {
    holds: bool,
    sentence: String,
    command: String,
}

async fn check(
    Reading { signed, mut tx }: Reading,
    State(_): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeGovernance)?;
    let mut draft = Draft::default().with("line", &*asked.line).with("hash", &*asked.hash);
    let typed = typed(&asked, &mut draft);
    let mut answer = None;
    if let Some((line, hash)) = typed {
        let found = trail::mark(&mut tx, line).await?;
        answer = Some(said(&signed.provider.slug, (line, &hash), found.as_ref()));
    }
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    drop(tx);
    let status = if draft.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = signed.layout_with("Check a printed report", counts).at(&signed.path("governance"));
    let layout = layout.with_errors(!draft.is_ok());
    page::render_as(status, &CheckPage { layout, draft, here: signed.path("trail"), answer })
}

/// The line and the hash that were typed; none before anything was.
fn typed(asked: &Asked, draft: &mut Draft) -> Option<(i64, String)> {
    if asked.line.is_empty() && asked.hash.is_empty() {
        return None;
    }
    let line = asked.line.trim().parse::<i64>().ok().filter(|line| *line > 0);
    let hash = typed_hash(&asked.hash);
    if line.is_none() {
        draft.refuse("line", "Enter the number of the line, like 812");
    }
    if hash.is_none() {
        draft.refuse("hash", "Enter the whole hash: 64 figures and letters from a to f");
    }
    line.zip(hash)
}

fn said(provider: &str, (line, hash): (i64, &str), found: Option<&Mark>) -> Answer {
    let (holds, sentence) = match found {
        Some(mark) if mark.head.hash == hash => (
            true,
            format!(
                "The trail holds line {line} with this hash. It was written {}.",
                words::instant(mark.at)
            ),
        ),
        Some(_) => (
            false,
            format!(
                "Line {line} of the trail has another hash: the page was not printed from this trail, or the trail was changed since."
            ),
        ),
        None => (
            false,
            format!(
                "The trail has no line {line}: the page was not printed from this trail, or its end was taken away."
            ),
        ),
    };
    let command = format!("throughline trail verify --provider {provider} --line {line} --hash {hash}");
    Answer { holds, sentence, command }
}
