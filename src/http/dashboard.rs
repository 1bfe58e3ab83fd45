//! The manager's dashboard: four numbers, what needs them now in order of danger, and what is open by theme.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::escalation::Cause;
use crate::domain::reference::Reference;
use crate::domain::significance::Weight;
use crate::domain::topic::Theme;
use crate::domain::{action, calendar, words};
use crate::error::AppError;
use crate::http::Routes;
use crate::http::alarm::{self, Alarm, SHOWN, alarm};
use crate::http::asked::one_of;
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::left_out::LeftOut;
use crate::http::page::{self, Layout};
use crate::http::pill::{pill, waiting};
use crate::http::signed::{Reading, Signed};
use crate::http::view::{State as Look, Tag, Tile, Tiles, Work, WorkList};
use crate::store::dashboard::{self, Asked, Danger, Dashboard, Needs, Numbers};
use crate::store::sign_count;
use crate::workflow::Moment;

/// The card of early-warning signs.
mod signs;
/// The card of services without their weekly review.
mod unreviewed;

use signs::SignsCard;
use unreviewed::Unreviewed;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/dashboard", show)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    service: String,
    significance: String,
}

#[derive(Template)]
#[template(path = "dashboard/show.html")]
struct Page {
    layout: Layout,
    today: String,
    services: Vec<Choice>,
    service: String,
    service_name: Option<String>,
    tiles: Tiles,
    alarm: Option<Alarm>,
    work: WorkList,
    /// Something is dangerous, and its button is the page's primary one.
    urgent: bool,
    open: i64,
    all_href: String,
    unowned: Option<(i64, String)>,
    stale: Option<(i64, String)>,
    checks: Option<(i64, String)>,
    left_out: Option<LeftOut>,
    /// The weight of the address, where it is not the usual one.
    weight: &'static str,
    /// Back to the usual view.
    usual: Option<String>,
    can_log: bool,
    log_href: String,
    themes: Vec<Bar>,
    theme_sentence: String,
    dashboard_href: String,
    signs: Option<SignsCard>,
    unreviewed: Option<Unreviewed>,
}

/// One bar of the chart, in the units of its picture.
struct Bar {
    label: &'static str,
    href: String,
    width: i64,
    late_width: i64,
    words: String,
}

async fn show(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeDashboard)?;
    let today = Moment::read(&app).today;
    let service = Some(filter.service.as_str()).filter(|s| !s.is_empty());
    let weight = one_of(&filter.significance)?.unwrap_or_else(|| Weight::usual(signed.role()));
    let asked = Asked { member: &signed.actor.member, service, weight, today };
    let shown = dashboard::read(&mut tx, &asked, today + alarm::SOON, SHOWN).await?;
    let Dashboard { numbers, needs, reviewed } = &*shown;
    let signs = match signed.can(Verb::SeeSignals) {
        true => sign_count::of(&mut tx, &signed.actor.member, service).await?,
        false => None,
    };
    drop(tx);
    if service.is_some_and(|slug| !numbers.services.iter().any(|(own, _)| own == slug)) {
        return Err(AppError::NotFound);
    }
    let signs = signs::card(&signed, signs.as_ref());
    let unreviewed = unreviewed::card(&signed, reviewed, today);
    let alarm = shown.loudest().and_then(|loudest| alarm(&loudest, &signed));
    page::render(&Page { alarm, signs, unreviewed, ..draw(&signed, numbers, needs, &asked) })
}

fn draw(signed: &Signed, numbers: &Numbers, needs: &[Needs], asked: &Asked<'_>) -> Page {
    let here = asked.service.unwrap_or_default();
    let weighed = |show: &str, weight: Weight| {
        let fields = [("show", show), ("service", here), ("significance", weight.as_str())];
        page::with_query(&signed.path("actions"), &fields, None)
    };
    // every number leads to a list of just what it counts
    let list = |show: &str| weighed(show, asked.weight);
    let dashboard = |weight: &str| {
        page::with_query(&signed.path("dashboard"), &[("service", here), ("significance", weight)], None)
    };
    let usual = Weight::usual(signed.role());
    // a member of one service knows where it is
    let one_place = asked.service.is_some() || numbers.services.len() == 1;
    let items = one_primary(needs.iter().map(|n| work(n, signed, asked, one_place)).collect());
    let name =
        |slug: &str| numbers.services.iter().find(|(own, _)| own == slug).map(|(_, name)| name.clone());
    Page {
        layout: signed.layout_with("Dashboard", numbers.waiting).at(&signed.path("dashboard")),
        today: words::weekday_date(asked.today),
        services: numbers
            .services
            .iter()
            .map(|(slug, name)| Choice::new(slug.clone(), name.clone()))
            .collect(),
        service: here.to_owned(),
        service_name: name(here),
        tiles: tiles(numbers, asked, &list),
        alarm: None,
        urgent: items.iter().any(|item| item.urgent),
        work: WorkList {
            items,
            empty: if numbers.left_out.open > 0 {
                "Nothing that is not minor needs you now."
            } else {
                "Nothing needs you now. Everything open has an owner and is on time."
            }
            .into(),
        },
        open: numbers.open,
        all_href: list("open"),
        unowned: (numbers.unowned > 0).then(|| (numbers.unowned, list("unowned"))),
        stale: (numbers.stale > 0).then(|| (numbers.stale, list("stale"))),
        checks: (numbers.sustain_checks > 0).then(|| {
            let due = [("due", "yes"), ("service", here)];
            (numbers.sustain_checks, page::with_query(&signed.path("sustain-checks"), &due, None))
        }),
        left_out: left_out(numbers, &weighed, dashboard(Weight::All.as_str())),
        weight: if asked.weight == usual { "" } else { asked.weight.as_str() },
        usual: (asked.weight != usual).then(|| dashboard("")),
        can_log: signed.can(Verb::LogFinding),
        log_href: signed.path("findings/new"),
        themes: bars(numbers, asked, &signed.path("actions")),
        theme_sentence: theme_sentence(numbers),
        dashboard_href: signed.path("dashboard"),
        signs: None,
        unreviewed: None,
    }
}

/// What a leader's usual view leaves out, here and in the lists its numbers lead to.
fn left_out(n: &Numbers, list: &impl Fn(&str, Weight) -> String, all: String) -> Option<LeftOut> {
    let left = LeftOut::new(n.left_out.open, list("open", Weight::Minor), all)?;
    let left = left.of_them(n.left_out.late, "late", || list("late", Weight::Minor));
    let left = left.of_them(n.left_out.verify_late, "waiting too long for a check", || {
        list("verify_late", Weight::Minor)
    });
    Some(left.of_them(n.left_out.unowned, "without an owner", || list("unowned", Weight::Minor)))
}

fn tiles(n: &Numbers, asked: &Asked<'_>, list: &impl Fn(&str) -> String) -> Tiles {
    let tile = |number, label: String, href, note: String, state| Tile {
        number,
        label: label.into(),
        href,
        note: note.into(),
        state,
    };
    let soon = asked.today + alarm::SOON;
    let escalated = if n.undecided > 0 {
        let wait = if n.undecided == 1 { "waits" } else { "wait" };
        format!("{} {wait} for you", words::count(n.undecided.unsigned_abs(), "escalation"))
    } else if n.late_high > 0 {
        format!("{} with high risk", n.late_high)
    } else {
        "None waiting for a decision".to_owned()
    };
    let checked =
        all_is_well(n.verify_late, n.left_out.verify_late, "past the window", "All within the window");
    let owned = all_is_well(n.unowned, n.left_out.unowned, "open without an owner", "All have an owner");
    Tiles {
        items: vec![
            tile(n.late, "Late".into(), list("late").into(), escalated, Look::Late),
            tile(
                n.to_verify,
                "To verify".into(),
                list("to_verify").into(),
                checked,
                Look::WaitingForVerification,
            ),
            tile(n.soon, format!("Due by {}", words::date(soon)), list("soon").into(), owned, Look::DueSoon),
            tile(
                n.came_back,
                "Came back".into(),
                list("came_back").into(),
                "Reopened, found again, or did not work".into(),
                Look::CameBack,
            ),
        ],
    }
}

/// How many are not as they should be; that all are well is said only when no minor one that is left out is not.
fn all_is_well(shown: i64, left_out: i64, wrong: &str, well: &str) -> String {
    match (shown, left_out) {
        (0, 0) => well.to_owned(),
        (0, minor) => format!("{minor} minor {wrong}"),
        (shown, _) => format!("{shown} {wrong}"),
    }
}

/// One primary button a page: the most dangerous thing's, and to log a finding only where nothing is dangerous.
fn one_primary(mut items: Vec<Work>) -> Vec<Work> {
    for item in items.iter_mut().filter(|item| item.urgent).skip(1) {
        item.urgent = false;
    }
    items
}

fn work(n: &Needs, signed: &Signed, asked: &Asked<'_>, one_place: bool) -> Work {
    let state = action::state(n.status, n.due_on, n.nation, n.cycle, asked.today, n.escalation.is_some());
    let unchecked = n.status == action::Status::Submitted && n.verify_by.is_some_and(|by| by < asked.today);
    let tag = match n.danger {
        _ if unchecked => {
            waiting(n.verify_by.map_or(0, |by| calendar::working_days_after(by, asked.today, n.nation)))
        }
        Danger::CameBack => Tag::new(Look::CameBack),
        _ => pill(state, asked.today),
    };
    let (label, verb_href) = verb(n, signed);
    Work {
        tag,
        title: n.what.clone().into(),
        href: signed.path(&format!("actions/{}", Reference::action(n.number))).into(),
        meta: meta(n, one_place).into(),
        verb: label.into(),
        verb_href: verb_href.into(),
        urgent: matches!(n.danger, Danger::NoControl | Danger::ControlUnchecked | Danger::Undecided),
        aside: None,
    }
}

/// What to do about it, and where: only what this member may do; otherwise they open it.
fn verb(n: &Needs, signed: &Signed) -> (&'static str, String) {
    let reference = Reference::action(n.number);
    let at = |verb: &str| signed.path(&format!("actions/{reference}/{verb}"));
    let (role, hands) = (signed.role(), n.hands.unwrap_or_default());
    if let Some(decision) = alarm::decision(n.danger, n.escalation, signed) {
        return decision;
    }
    match n.danger {
        Danger::VerificationLate | Danger::ToVerify if signed.can(Verb::Verify) && hands.may_check(role) => {
            ("Verify", at("verification"))
        }
        Danger::ToClose if hands.wants_assurance(n.risk) && signed.can(Verb::Assure) => {
            ("Assure", at("assurance"))
        }
        Danger::ToClose if hands.may_close(role, n.approver, n.risk) => ("Close", at("closure")),
        Danger::Unowned if signed.can(Verb::Reassign) => ("Choose an owner", at("owner")),
        _ => ("Open", signed.path(&format!("actions/{reference}"))),
    }
}

fn meta(n: &Needs, one_place: bool) -> String {
    let mut parts = vec![Reference::action(n.number).to_string()];
    let risk =
        if n.risk.is_high() { format!(", {} risk", n.risk.label().to_lowercase()) } else { String::new() };
    parts.push(format!("{}{risk}", n.topic.label()));
    if !one_place {
        parts.push(n.service.clone());
    }
    parts.push(match (&n.owner, n.unowned) {
        (Some(owner), false) => format!("Owner {owner}"),
        (Some(owner), true) => format!("{owner} has left, nobody owns it"),
        (None, _) => "Nobody owns it".into(),
    });
    if let Some(due) = n.due_on {
        parts.push(format!("due {}", words::date(due)));
    }
    if let Some(at) = n.escalated_at {
        // that it is late is said already
        let why = n.cause.filter(|cause| *cause != Cause::Overdue);
        let why = why.map(|cause| format!(" ({})", cause.label().to_lowercase())).unwrap_or_default();
        parts.push(format!("escalated on {}{why}", words::date(london_date(at))));
    }
    if n.danger == Danger::NoControl {
        parts.push("no interim control recorded".into());
    } else if let Some(day) = n.check_on {
        parts.push(format!("interim control should have been checked by {}", words::date(day)));
    } else if !n.interim_control.is_empty() {
        parts.push("interim control in place".into());
    }
    parts.join(" · ")
}

fn bars(numbers: &Numbers, asked: &Asked<'_>, list: &str) -> Vec<Bar> {
    let most = numbers.themes.iter().map(|t| t.open).max().unwrap_or(1).max(1);
    let (here, weight) = (asked.service.unwrap_or_default(), asked.weight.as_str());
    let href = |theme: Theme| {
        let theme = ("theme", theme.as_str());
        page::with_query(list, &[("show", "open"), ("service", here), theme, ("significance", weight)], None)
    };
    numbers
        .themes
        .iter()
        .map(|t| Bar {
            label: t.theme.label(),
            href: href(t.theme),
            width: t.open * 200 / most,
            late_width: t.late * 200 / most,
            words: if t.late > 0 { format!("{}, {} late", t.open, t.late) } else { t.open.to_string() },
        })
        .collect()
}

fn theme_sentence(numbers: &Numbers) -> String {
    match numbers.themes.first() {
        None if numbers.left_out.open > 0 => "Only minor actions are open.".into(),
        None => "Nothing is open.".into(),
        Some(first) => {
            let open = words::count(u64::try_from(numbers.open).unwrap_or(0), "open action");
            format!(
                "{open}, most about {}: {}, of which {} late.",
                first.theme.label().to_lowercase(),
                first.open,
                first.late
            )
        }
    }
}
