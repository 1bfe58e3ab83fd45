//! The nominated individual's word on an action of a high or critical finding, and the queue of what waits for it (R18).

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::DateTime;
use serde::Deserialize;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::calendar;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked;
use crate::http::extract::Query;
use crate::http::judging::Assurance;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::{Reading, Signed};
use crate::http::verb;
use crate::http::view::{Facts, Pages, State as Look, Tag};
use crate::store::assurance::{self as store, ROWS, Waiting};
use crate::store::menu;
use crate::workflow::Moment;

/// The queue as a file.
mod sheet;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    verb::routes::<Assurance>().get("/p/{provider}/assurance", list)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

#[derive(Template)]
#[template(path = "assurance/list.html")]
struct ListPage {
    layout: Layout,
    rows: Vec<Row>,
    pages: Pages,
}

/// One action with its line.
struct Row {
    href: String,
    what: String,
    meta: String,
    tag: Tag,
    line: Facts,
    verdict: String,
    challenged: Vec<String>,
    /// Where the word is recorded; empty where somebody else gives it.
    word_href: String,
}

async fn list(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(place): Query<Place>,
) -> Result<Response, AppError> {
    signed.need(Verb::Assure)?;
    let at = |text: &str| text.parse().ok().and_then(DateTime::from_timestamp_micros);
    let after = asked::place(&place.after, at, |number| number.parse::<i32>().ok())?;
    if let Some(format) = asked::one_of(&place.format)? {
        drop(tx);
        return sheet::answer(&app, &signed, format).await;
    }
    let mut waiting = store::waiting(&mut tx, after, ROWS + 1).await?;
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    drop(tx);
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = waiting.get(full.saturating_sub(1)).filter(|_| waiting.len() > full);
    let next = last.map(|last| format!("{}.{}", last.verified_at.timestamp_micros(), last.number));
    waiting.truncate(full);
    let moment = Moment::read(&app);
    page::render(&ListPage {
        layout: signed
            .layout_with("Waiting for assurance", counts)
            .at(&signed.path("verify"))
            .handing_out(&signed.path("assurance"), &[]),
        rows: waiting.iter().map(|one| row(one, &signed, moment)).collect(),
        pages: Pages(Pager::new(&signed.path("assurance"), &[], None, next.as_deref())),
    })
}

fn row(w: &Waiting, signed: &Signed, moment: Moment) -> Row {
    let reference = Reference::action(w.number);
    let href = signed.path(&format!("actions/{reference}"));
    let checked_on = london_date(w.verified_at);
    let days = calendar::working_days_between(checked_on, moment.today, w.nation);
    let tag = match days {
        0 => "Since today".to_owned(),
        days => format!("For {}", words::count(days, "working day")),
    };
    let meta = [reference.to_string(), w.service.clone(), format!("{} risk", w.risk.label().to_lowercase())];
    Row {
        tag: Tag::saying(Look::WaitingForClosure, tag),
        what: w.what.clone(),
        meta: meta.join(" · "),
        line: line(w, signed),
        verdict: w.verdict.clone(),
        challenged: w.challenged.clone(),
        word_href: if w.owned { String::new() } else { format!("{href}/assurance") },
        href,
    }
}

/// Finding, action, evidence, verification.
fn line(w: &Waiting, signed: &Signed) -> Facts {
    let finding = Reference::finding(w.finding);
    let from: Vec<String> =
        w.sources.iter().map(|(title, on)| format!("{title}, {}", words::date(*on))).collect();
    let evidence: Vec<String> = w
        .evidence
        .iter()
        .map(|(kind, title)| format!("{} ({})", title, kind.label().to_lowercase()))
        .collect();
    let checked = format!(
        "{}, {}. {}: {} looked at, {} met the standard",
        w.verified_by,
        words::date(london_date(w.verified_at)),
        w.method.label(),
        w.sample_size,
        w.met_standard
    );
    Facts::new()
        .linked("Found", format!("{finding} {}", w.found), signed.path(&format!("findings/{finding}")))
        .fact("On", words::date(w.found_on))
        .fact("From", from.join("; "))
        .fact("Owner", w.owner.clone().unwrap_or_else(|| "Nobody".into()))
        .fact("Due", w.due_on.map(words::date).unwrap_or_default())
        .fact("How we will know", w.success_test.clone())
        .fact("Evidence", evidence.join("; "))
        .fact("Checked by", checked)
}
