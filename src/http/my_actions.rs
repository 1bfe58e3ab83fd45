//! What is mine to do, on a phone: late, sent back, this week, later, with others, done lately. For leaders also what
//! their team has in hand.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::action::{self, Status};
use crate::domain::workload::{DONE_DAYS, Group};
use crate::domain::{staleness, words};
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::one_of;
use crate::http::export::AsFile;
use crate::http::extract::Query;
use crate::http::page::{self, Layout};
use crate::http::pill::{pill, stale_mark};
use crate::http::signed::{Reading, Signed};
use crate::http::view::{Tag, Work, WorkList};
use crate::ids::MemberId;
use crate::sheet::Format;
use crate::store::menu;
use crate::store::scope::Scope;
use crate::store::workload::{self, Load, Mine, Theirs, Whose as Of};
use crate::workflow::Moment;

/// Both lists as files.
mod sheet;

/// How many actions of each person are shown before "See all".
const OF_EACH: i64 = 3;
/// How many of one person, when only theirs are shown.
const OF_ONE: i64 = 500;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/my-actions", mine).get("/p/{provider}/my-team", team)
}

#[derive(Template)]
#[template(path = "my_actions/mine.html")]
struct MinePage {
    layout: Layout,
    summary: String,
    tabs: Option<Tabs>,
    groups: Vec<Cards>,
    done_days: i64,
}

/// The two views of a leader.
struct Tabs {
    mine: String,
    team: String,
}

/// A group with its cards.
struct Cards {
    title: &'static str,
    late: bool,
    cards: Vec<Card>,
}

/// One action as a card.
struct Card {
    edge: &'static str,
    tag: Tag,
    stale: Option<Tag>,
    title: String,
    href: String,
    small: String,
    needs: String,
    ready: bool,
    said: Option<(String, String)>,
    button: Option<Button>,
}

/// The one button of a card.
struct Button {
    label: &'static str,
    href: String,
    loud: bool,
}

async fn mine(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(asked): Query<AsFile>,
) -> Result<Response, AppError> {
    signed.need(Verb::Submit)?;
    let format = asked.format()?;
    let today = Moment::read(&app).today;
    let member = &signed.actor.member;
    let counts = menu::counts(&mut tx, member).await?;
    let actions = workload::of_member(&mut tx, member.id).await?;
    drop(tx);
    if let Some(format) = format {
        return sheet::mine(&app, &signed, format, &actions).await;
    }
    let mut groups: Vec<Cards> =
        Group::ALL.iter().filter_map(|group| cards(*group, &actions, &signed, today)).collect();
    one_loud(&mut groups);
    page::render(&MinePage {
        layout: signed
            .layout_with("My actions", counts)
            .at(&signed.path("my-actions"))
            .handing_out(&signed.path("my-actions"), &[]),
        summary: summary(&actions, today),
        tabs: tabs(&signed),
        groups,
        done_days: DONE_DAYS,
    })
}

fn tabs(signed: &Signed) -> Option<Tabs> {
    signed
        .can(Verb::SeeDashboard)
        .then(|| Tabs { mine: signed.path("my-actions"), team: signed.path("my-team") })
}

fn group_of(action: &Mine, today: NaiveDate) -> Group {
    Group::of(action.status, action.due_on, today)
}

/// "4 to do, 1 late".
fn summary(actions: &[Mine], today: NaiveDate) -> String {
    let count =
        |wanted: &dyn Fn(Group) -> bool| actions.iter().filter(|a| wanted(group_of(a, today))).count();
    match (count(&Group::to_do), count(&|group| group == Group::Late)) {
        (0, _) => "Nothing to do".into(),
        (to_do, 0) => format!("{to_do} to do, none late"),
        (to_do, late) => format!("{to_do} to do, {late} late"),
    }
}

fn cards(group: Group, actions: &[Mine], signed: &Signed, today: NaiveDate) -> Option<Cards> {
    let cards: Vec<Card> = actions
        .iter()
        .filter(|action| group_of(action, today) == group)
        .map(|action| card(group, action, signed, today))
        .collect();
    (!cards.is_empty()).then(|| Cards { title: group.label(), late: group == Group::Late, cards })
}

fn card(group: Group, a: &Mine, signed: &Signed, today: NaiveDate) -> Card {
    let state = action::state(a.status, a.due_on, a.nation, a.cycle, today, false);
    let href = signed.path(&format!("actions/{}", a.reference));
    let update = |label, loud| Some(Button { label, href: format!("{href}/update"), loud });
    Card {
        edge: match group {
            Group::Late => "late",
            Group::SentBack => "back",
            Group::ThisWeek => "soon",
            Group::Later | Group::WaitingForOthers | Group::DoneLately => "rest",
        },
        tag: pill(state, today),
        stale: stale_mark(a.status, a.moved_at, today),
        title: a.what.clone(),
        small: format!("{} · {}", a.reference, date_words(group, a)),
        needs: if group.to_do() { kinds(a) } else { String::new() },
        ready: a.status == Status::InProgress && a.missing.is_empty() && a.said.is_none(),
        said: a.said.clone(),
        button: match a.status {
            Status::SentBack | Status::Ineffective => update("Add what is missing", true),
            _ if group.to_do() => update("Add an update", group == Group::Late),
            _ => None,
        },
        href,
    }
}

/// One primary button a page: the most pressing card's.
fn one_loud(groups: &mut [Cards]) {
    let buttons =
        groups.iter_mut().flat_map(|group| &mut group.cards).filter_map(|card| card.button.as_mut());
    for button in buttons.filter(|button| button.loud).skip(1) {
        button.loud = false;
    }
}

fn date_words(group: Group, a: &Mine) -> String {
    match (group, a.due_on) {
        (Group::DoneLately, _) => {
            a.closed_at.map_or_else(String::new, |at| format!("closed {}", words::date(london_date(at))))
        }
        (Group::WaitingForOthers, _) if a.status == Status::Submitted => {
            a.verify_by.map_or_else(String::new, |by| format!("to be checked by {}", words::date(by)))
        }
        (Group::WaitingForOthers, _) => "checked, waits for approval".into(),
        (_, None) => "no due date yet".into(),
        (Group::SentBack, Some(due)) => format!("new due date {}", words::date(due)),
        (_, Some(due)) => format!("due {}", words::date(due)),
    }
}

fn kinds(a: &Mine) -> String {
    words::list(&a.missing.iter().map(|kind| kind.label().to_lowercase()).collect::<Vec<_>>())
}

/// What the address of the team's view may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Whose {
    person: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

impl Whose {
    /// The person asked for. What is no person's id is an address that is not there.
    fn person(&self) -> Result<Option<MemberId>, AppError> {
        if self.person.is_empty() {
            Ok(None)
        } else {
            self.person.parse().map(Some).map_err(|_| AppError::NotFound)
        }
    }
}

#[derive(Template)]
#[template(path = "my_actions/team.html")]
struct TeamPage {
    layout: Layout,
    summary: String,
    tabs: Tabs,
    all: Option<String>,
    people: Vec<Person>,
}

/// A person with the most pressing of what they have in hand.
struct Person {
    id: String,
    name: String,
    title: String,
    counts: String,
    late: bool,
    nobody: bool,
    work: WorkList,
    more: Option<(i64, String)>,
    /// Where several of them change hands at once.
    hand_over: String,
}

async fn team(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(whose): Query<Whose>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeDashboard)?;
    let tabs = tabs(&signed).ok_or(AppError::NotYours)?;
    let person_asked = whose.person()?;
    let today = Moment::read(&app).today;
    let member = &signed.actor.member;
    let format = one_of::<Format>(&whose.format)?;
    let each = if person_asked.is_some() { OF_ONE } else { OF_EACH };
    let most = if format.is_some() { (sheet::MOST, sheet::MOST) } else { (each, workload::ON_A_PAGE) };
    let counts = menu::counts(&mut tx, member).await?;
    let loads =
        workload::of_team(&mut tx, Scope::of(member), today, most, person_asked.map_or(Of::All, Of::Person))
            .await?;
    drop(tx);
    if let Some(format) = format {
        return sheet::team(&app, &signed, format, &loads).await;
    }
    let here = signed.path("my-team");
    page::render(&TeamPage {
        layout: signed
            .layout_with("My team", counts)
            .at(&signed.path("my-actions"))
            .handing_out(&here, &[("person", &whose.person)]),
        summary: team_summary(&loads),
        tabs,
        all: person_asked.map(|_| signed.path("my-team")),
        people: loads.iter().map(|load| person(load, &signed, today)).collect(),
    })
}

fn team_summary(loads: &[Load]) -> String {
    let sum = |of: fn(&Load) -> i64| u64::try_from(loads.iter().map(of).sum::<i64>()).unwrap_or(0);
    let people = loads.iter().filter(|load| load.member.is_some()).count() as u64;
    format!(
        "{} with {}, {} late",
        words::count_of(people, "person", "people"),
        words::count(sum(|l| l.open), "open action"),
        words::number(sum(|l| l.late))
    )
}

fn person(load: &Load, signed: &Signed, today: NaiveDate) -> Person {
    let hidden = load.open - i64::try_from(load.actions.len()).unwrap_or(0);
    let all =
        load.member.map(|id| page::with_query(&signed.path("my-team"), &[("person", &id.to_string())], None));
    let all = all.unwrap_or_else(|| {
        page::with_query(&signed.path("actions"), &[("show", "unowned"), ("significance", "all")], None)
    });
    Person {
        id: load.member.map_or_else(|| "nobody".to_owned(), |id| format!("p-{id}")),
        name: if load.member.is_some() { load.name.clone() } else { "Nobody owns these".into() },
        title: load.title.clone(),
        counts: format!("{} open, {} late, {} with others", load.open, load.late, load.waiting),
        late: load.late > 0,
        nobody: load.member.is_none(),
        work: WorkList {
            items: load.actions.iter().map(|action| work(action, signed, today)).collect(),
            empty: "".into(),
        },
        more: (hidden > 0).then_some((hidden, all)),
        hand_over: {
            let whose = load.member.map(|id| ("person", id.to_string()));
            let whose: Vec<(&str, &str)> = whose.iter().map(|(name, id)| (*name, id.as_str())).collect();
            page::with_query(&signed.path("my-team/owner"), &whose, None)
        },
    }
}

fn work(a: &Theirs, signed: &Signed, today: NaiveDate) -> Work {
    let state = action::state(a.status, a.due_on, a.nation, a.cycle, today, a.escalated);
    let due = a.due_on.map_or_else(|| "no due date".into(), |due| format!("due {}", words::date(due)));
    let quiet = staleness::stale_for(a.status, london_date(a.moved_at), today);
    let quiet = quiet.map(|days| format!(" · {}", staleness::says(days))).unwrap_or_default();
    Work {
        tag: pill(state, today),
        title: a.what.clone().into(),
        href: signed.path(&format!("actions/{}", a.reference)).into(),
        meta: format!("{} · {} · {due}{quiet}", a.reference, a.service).into(),
        verb: "".into(),
        verb_href: "".into(),
        urgent: false,
        aside: None,
    }
}
