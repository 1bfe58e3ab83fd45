//! The page of an action: the whole line, and the next step of whoever looks at it (R27).

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::access::{self, Verb};
use crate::domain::action::Status;
use crate::domain::control::Stands;
use crate::domain::finding;
use crate::domain::reference::Reference;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::action_line::{History, Round};
use crate::http::action_line::{checklist, details, history, rounds, thread};
use crate::http::extract::Path;
use crate::http::judging::{Assurance, Closure, Verification};
use crate::http::line::short;
use crate::http::merged::{self, MergedHere};
use crate::http::next_step::{Deed, Link, Next, changes, next};
use crate::http::opened::Opened;
use crate::http::page::{self, Layout};
use crate::http::signed::{Reading, Signed};
use crate::http::told;
use crate::http::verb::Sheet;
use crate::http::view::{Checklist, Facts, Files, Tag, Thread, Timeline};
use crate::store::merging as store;
use crate::store::papers::TRAIL_LINES;
use crate::store::scope::Scope;
use crate::workflow::Moment;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/actions/{reference}", show)
}

/// The form of whoever judges next, on the page itself.
enum Judging {
    Verification(Box<Sheet<Verification>>),
    Assurance(Box<Sheet<Assurance>>),
    Closure(Box<Sheet<Closure>>),
    Nobody,
}

#[derive(Template)]
#[template(path = "action/show.html")]
struct ShowPage {
    layout: Layout,
    provider_href: String,
    provider: String,
    finding_href: Option<String>,
    finding: String,
    caption: String,
    what: String,
    tag: Tag,
    stale: Option<Tag>,
    thread: Thread,
    interim: Option<Interim>,
    again: Option<Again>,
    gate: Option<Gate>,
    next: Next,
    judging: Judging,
    timeline: Timeline,
    cut: bool,
    facts: Facts,
    files: Files,
    changes: Vec<Link>,
    history: History,
    rounds: Vec<Round>,
    earlier: Files,
    merged: Vec<MergedHere>,
}

/// The checklist with its heading.
struct Gate {
    title: &'static str,
    note: String,
    list: Checklist,
}

/// What keeps people safe while it is late.
struct Interim {
    control: String,
    by: String,
    /// "from …, check by …".
    days: String,
    check_late: bool,
}

/// That the closure did not last.
struct Again {
    reference: String,
    /// Empty where this member does not see that finding.
    href: String,
    on: String,
}

async fn show(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let opened = Opened::within(&mut tx, &signed, &action, Moment::read(&app)).await?;
    let a = &opened.case.action;
    let found = match a.has_merged {
        true => store::into_it(&mut tx, a.id, Scope::of(&signed.actor.member)).await?,
        false => Vec::new(),
    };
    drop(tx);
    let papers = &opened.papers;
    let next = next(&signed, &opened);
    let finding = Reference::finding(papers.finding_number);
    page::render(&ShowPage {
        layout: signed.layout(format!("{} {}", opened.reference, a.what)),
        provider_href: signed.path("").trim_end_matches('/').to_owned(),
        provider: papers.service.clone(),
        // whose action it is may not be able to open the finding: then it is named and leads nowhere
        finding_href: opened
            .leads(&signed, Verb::SeeFinding)
            .then(|| signed.path(&format!("findings/{finding}"))),
        finding: format!("{finding} {}", short(&papers.finding_what, 60)),
        caption: format!("Action {}", opened.reference),
        what: a.what.clone(),
        tag: opened.tag(),
        stale: opened.stale(),
        thread: thread(&opened),
        interim: interim(&opened),
        again: again(&signed, &opened),
        gate: (a.status != Status::Cancelled).then(|| gate(&opened)),
        judging: judging(&app, &signed, &opened, &next).await?,
        next,
        timeline: told::timeline(&papers.trail),
        cut: i64::try_from(papers.trail.len()).is_ok_and(|lines| lines >= TRAIL_LINES),
        facts: details(&signed, &opened),
        files: opened.files(&signed, false),
        changes: changes(&signed, &opened),
        history: history(&opened),
        rounds: rounds(&opened),
        earlier: opened.files(&signed, true),
        merged: merged::shown(&signed, &found),
    })
}

fn gate(opened: &Opened) -> Gate {
    let list = checklist(&opened.case);
    let closed = opened.case.action.status == Status::Closed;
    Gate {
        title: if closed { "What the closure rests on" } else { "Before this can close" },
        note: format!("{} of {} done", list.done(), list.items.len()),
        list,
    }
}

fn again(signed: &Signed, opened: &Opened) -> Option<Again> {
    let found = opened.case.again?;
    let reference = Reference::finding(found.finding).to_string();
    let relation = finding::relation(&signed.actor.member, found.service, false);
    let sees = access::may(signed.role(), Verb::SeeFinding, relation).is_ok();
    let href = if sees { signed.path(&format!("findings/{reference}")) } else { String::new() };
    Some(Again { reference, href, on: crate::domain::words::date(found.found_on) })
}

/// The newest control while the action is open; one that ended is history, told by the trail.
fn interim(opened: &Opened) -> Option<Interim> {
    let (shown, today) = (opened.case.action.status.open(), opened.moment.today);
    let control = opened.papers.interim_control.as_ref().filter(|_| shown)?;
    let stands = control.days.stands(today);
    if stands == Stands::Ended {
        return None;
    }
    let day = crate::domain::words::date(crate::clock::london_date(control.at));
    Some(Interim {
        control: control.control.clone(),
        by: format!("{}, {day}", control.by),
        days: control.days.sentence(today),
        check_late: stands == Stands::CheckLate,
    })
}

async fn judging(app: &AppState, signed: &Signed, opened: &Opened, next: &Next) -> Result<Judging, AppError> {
    Ok(match next.deed {
        Some(Deed::Verify) => Judging::Verification(Sheet::fresh(app, signed, opened).await?.into()),
        Some(Deed::Assure) => Judging::Assurance(Sheet::fresh(app, signed, opened).await?.into()),
        Some(Deed::Close) => Judging::Closure(Sheet::fresh(app, signed, opened).await?.into()),
        None => Judging::Nobody,
    })
}
