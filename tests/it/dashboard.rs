//! The dashboard and the list of actions: every number leads to that many rows, the most dangerous comes first, and
//! filters and pages keep what they promise (R7, R11, R13, R15).

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rstest::rstest;
use throughline::clock::{Clock, london_date};
use throughline::domain::action::{Action, Status};
use throughline::domain::member::{Role, Sight};
use throughline::domain::reference::Reference;
use throughline::domain::significance::Weight;
use throughline::domain::staleness::stale_for;
use throughline::domain::topic::{EvidenceKind, Risk, Significance, Theme, Topic};
use throughline::domain::verification::{Outcome, may_verify};
use throughline::worker::tick;
use throughline::workflow::action::define;
use throughline::workflow::escalation::decide;
use throughline::workflow::finding::log;
use throughline::workflow::person::end_place;
use throughline::workflow::update::record;
use throughline::workflow::{change, closure};

use super::worker::{act, no_escalation, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, day, saturday, world};

/// Text between two marks, everywhere.
pub fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).map(|rest| rest.split(to).next().unwrap_or_default()).collect()
}

pub fn href(text: &str) -> String {
    between(text, "href=\"", "\"").first().expect("a link").replace("&#38;", "&").replace("&amp;", "&")
}

fn leading_digits(text: &str) -> String {
    text.trim_start().chars().take_while(char::is_ascii_digit).collect()
}

pub fn leading_number(text: &str) -> i64 {
    leading_digits(text).parse().unwrap_or_else(|_| panic!("no number in {text}"))
}

/// The references of all rows of a list, over all its pages.
async fn rows(browser: &Browser, path: &str, row: &str) -> Vec<String> {
    let (mut found, mut path) = (Vec::new(), path.to_owned());
    loop {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        for item in page.body.split(row).skip(1) {
            let after = item.split("A-").nth(1).expect("a row names its action");
            found.push(format!("A-{}", leading_digits(after)));
        }
        match page.body.split("<a ").find(|a| a.contains("rel=\"next\"")) {
            Some(next) => path = href(next),
            None => return found,
        }
    }
}

async fn listed(browser: &Browser, path: &str) -> Vec<String> {
    rows(browser, path, "<tr><th scope=\"row\"").await
}

/// The numbers beside the menu.
fn menu(page: &Answer) -> Vec<(String, i64)> {
    between(&page.body, "class=\"govuk-service-navigation__link\"", "</li>")
        .into_iter()
        .map(|item| {
            let count = between(item, "class=\"count\">", "<").first().map_or(0, |n| leading_number(n));
            (href(item), count)
        })
        .collect()
}

/// How many actions the busy world has: five times one of each kind of [`bring_to`].
const BUSY: i32 = 60;

/// Sixty actions in every state there is. Two of each kind are of wider significance (high risk), one in each service, and
/// two are minor, one in each service and about something nobody found before; the rest is by chance, the same for the
/// same seed.
pub async fn busy_world(db: &TestDb, seed: u64) -> World {
    const OFTEN: [Topic; 4] = [Topic::Medicines, Topic::Falls, Topic::SafeguardingLearning, Topic::Nutrition];
    let w = world(db, Clock::fixed(super::worker::midnight(day("2026-11-02")) + chrono::Duration::hours(9)))
        .await;
    let seldom: Vec<Topic> =
        Topic::ALL.iter().copied().filter(|t| !OFTEN.contains(t) && *t != Topic::Other).collect();
    let mut chance = StdRng::seed_from_u64(seed);
    let owners = ["carer", "visitor", "carer", "visitor", "leader", "manager", "manager_two"];
    let mut actions = Vec::new();
    for n in 0..usize::try_from(BUSY).unwrap() {
        let (kind, round) = (n % 12, n / 12);
        let owner = if round < 4 { owners[round] } else { owners[chance.random_range(0..owners.len())] };
        let by = if w.service_of(owner) == w.visits.id { "manager_two" } else { "manager" };
        let (risk, theme, topic) = match round {
            0 | 1 => (Risk::High, Theme::ALL[chance.random_range(0..Theme::ALL.len())], OFTEN[kind % 4]),
            2 | 3 => (Risk::Low, Theme::Experience, seldom[kind]),
            _ => (
                Risk::ALL[chance.random_range(0..4)],
                Theme::ALL[chance.random_range(0..Theme::ALL.len())],
                OFTEN[chance.random_range(0..4)],
            ),
        };
        let mut finding = w.finding(by, risk, topic);
        finding.theme = theme;
        let finding = log(&w.app, w.actor(by), &finding, None).await.unwrap();
        let mut new = w.action(owner);
        new.due_on = Some(day("2026-11-04") + chrono::Days::new(chance.random_range(0..40)));
        match kind {
            // late, and due soon, whatever chance says
            0 => new.due_on = Some(day("2026-11-06")),
            1 => new.due_on = Some(day("2026-11-25")),
            8 => new.owner = None,
            _ => {}
        }
        let action = define(&w.app, w.actor(by), finding.number, &new).await.unwrap();
        actions.push((kind, action, owner, by));
    }
    for &(kind, action, owner, by) in &actions {
        bring_to(&w, kind, action, owner, by).await;
    }
    w.at(saturday());
    tick(&w.app).await.unwrap();
    end_place(&w.app, w.provider, w.id("leader")).await.unwrap();
    // some escalations are decided, either way
    let open = texts(db, "SELECT e.id || ' ' || a.number FROM escalations e JOIN actions a ON a.id = e.action_id AND a.cycle = e.cycle
        WHERE a.status NOT IN ('closed', 'cancelled') ORDER BY a.number, e.level").await;
    for line in open {
        if chance.random_bool(0.6) {
            continue;
        }
        let (id, of) = line.split_once(' ').unwrap();
        let of = Reference::action(of.parse().unwrap());
        let case = w.case(of).await;
        let given = if chance.random_bool(0.5) { act(None) } else { no_escalation() };
        decide(&w.app, w.actor("nominated"), id.parse().unwrap(), case.action.version, &given).await.unwrap();
    }
    w
}

async fn bring_to(w: &World, kind: usize, action: Reference, owner: &str, by: &str) {
    let closer = if owner == by { "quality" } else { by };
    match kind {
        1 | 8 if w.case(action).await.action.owner.is_none() => {}
        1 | 8 => drop(record(&w.app, w.actor(owner), action, &w.progress(&[])).await.unwrap()),
        2 | 10 => w.submit(action, owner).await,
        3..=6 | 9 => {
            w.submit(action, owner).await;
            let outcome = match kind {
                3 => Outcome::PartiallyComplete,
                4 => Outcome::Ineffective,
                _ => Outcome::Complete,
            };
            w.verify(action, "nominated", outcome).await;
        }
        7 => {
            let seen = w.version(action).await;
            change::cancel(&w.app, w.actor(by), action.number, seen, "A duplicate").await.unwrap();
        }
        _ => {}
    }
    if matches!(kind, 6 | 9) {
        if w.case(action).await.action.needs_assurance() {
            w.assure(action, throughline::domain::closure::AssuranceDecision::Assured).await;
        }
        w.close(action, closer).await;
    }
    if kind == 9 {
        let seen = w.version(action).await;
        let due = day("2026-11-18");
        closure::reopen(&w.app, w.actor(closer), action.number, seen, "It happened again", due)
            .await
            .unwrap();
    }
}

/// What a number should be, from the rules and not from the queries: the actions of these services that fit.
async fn by_the_rules(
    w: &World,
    who: &str,
    service: Option<&str>,
    fits: impl Fn(&Action) -> bool,
) -> Vec<String> {
    weighed_by_the_rules(w, who, service, Weight::All, fits).await
}

/// The same, and of this weight. Every finding of the busy world is of the last 90 days and has one action.
async fn weighed_by_the_rules(
    w: &World,
    who: &str,
    service: Option<&str>,
    weight: Weight,
    fits: impl Fn(&Action) -> bool,
) -> Vec<String> {
    let member = &w.actor(who).member;
    let (mut found, mut all) = (Vec::new(), Vec::new());
    for n in 1..=BUSY {
        all.push(w.case(Reference::action(n)).await.action);
    }
    let times =
        |a: &Action| all.iter().filter(|b| (b.service_id, b.topic) == (a.service_id, a.topic)).count();
    for action in &all {
        let slug = if action.service_id == w.house.id { w.house.slug } else { w.visits.slug };
        let wider = Significance::suggest(action.risk, action.theme) == Significance::Governance
            || action.risk >= Risk::High
            || action.cycle > 1
            || times(action) >= 3;
        if member.sees_service(action.service_id)
            && service.is_none_or(|s| s == slug)
            && weight.wanted().is_none_or(|wanted| wanted == wider)
            && fits(action)
        {
            found.push(action.reference().to_string());
        }
    }
    found
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

/// The seed of the busy world; SEED=random tries another one each time.
pub fn seed() -> u64 {
    let seed = match std::env::var("SEED") {
        Ok(seed) => seed.parse().unwrap_or_else(|_| rand::rng().random()),
        Err(_) => 7,
    };
    println!("SEED={seed}");
    seed
}

fn counted(list: &[String]) -> i64 {
    i64::try_from(list.len()).unwrap()
}

/// Every link of a text with what stands in it.
fn links(text: &str) -> Vec<(String, String)> {
    let of = |a: &str| (href(a), between(a, ">", "<").first().map_or_else(String::new, |t| (*t).to_owned()));
    text.split("<a ").skip(1).map(of).collect()
}

#[rstest]
#[case("manager", "")]
#[case("manager", "?significance=all")]
#[case("deputy", "")]
#[case("deputy_two", "")]
#[case("deputy_two", "?service=rowan-visits")]
#[case("manager_two", "?service=rowan-visits&significance=minor")]
#[case("safeguarding", "")]
#[case("quality", "")]
#[case("quality", "?service=rowan-house")]
#[case("nominated", "?significance=all")]
#[case("administrator", "?service=rowan-visits")]
#[tokio::test]
async fn every_number_leads_to_that_many_rows(#[case] who: &str, #[case] asked: &str) {
    let db = TestDb::new().await;
    let w = busy_world(&db, seed()).await;
    let browser = w.browser(who).await;
    let page = browser.get(&format!("/dashboard{asked}")).await;
    assert_eq!(page.status, 200);
    let part = |name: &str| asked.split(['?', '&']).find_map(|p| p.strip_prefix(name));
    let (service, today) = (part("service="), w.today());
    let weight = part("significance=").map_or_else(
        || Weight::usual(w.actor(who).member.role),
        |word| throughline::domain::text_enum::TextEnum::from_text(word).unwrap(),
    );
    let with_owner = |a: &Action| a.status.with_owner();
    let rule: [Box<dyn Fn(&Action) -> bool>; 4] = [
        Box::new(move |a| a.overdue(today)),
        Box::new(|a| a.status == Status::Submitted),
        Box::new(move |a| {
            with_owner(a) && a.due_on.is_some_and(|d| d >= today && (d - today).num_days() <= 7)
        }),
        Box::new(|a| a.status.open() && a.cycle > 1),
    ];
    let tiles = between(&page.body, "<li class=\"tile ", "</li>");
    assert_eq!(tiles.len(), 4);
    for (tile, rule) in tiles.iter().zip(&rule) {
        let shown = leading_number(between(tile, "tile__n\">", "<")[0]);
        let list = sorted(listed(&browser, &href(tile)).await);
        assert_eq!(counted(&list), shown, "{tile}");
        assert_eq!(list, weighed_by_the_rules(&w, who, service, weight, rule).await, "{tile}");
    }
    // the notes in the tiles
    let late_checks =
        weighed_by_the_rules(&w, who, service, weight, |a| a.verification_late(today)).await.len();
    let note = if late_checks == 0 {
        "All within the window".to_owned()
    } else {
        format!("{late_checks} past the window")
    };
    assert!(tiles[1].contains(&note), "{note}: {}", tiles[1]);
    let list = |show: &str| href(tiles[0]).replace("show=late", &format!("show={show}"));
    assert_eq!(listed(&browser, &list("verify_late")).await.len(), late_checks);
    // the bars
    let bars = between(&page.body, "<li><a class=\"govuk-link\" href=\"", "</li>");
    assert!(!bars.is_empty());
    let mut all = 0;
    for bar in bars {
        let list = bar.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        let shown = between(bar, "num small\">", "<")[0];
        let open = counted(&listed(&browser, &list).await);
        assert_eq!(leading_number(shown), open, "{list}");
        let late = counted(&listed(&browser, &list.replace("show=open", "show=late")).await);
        let said = shown.split_once(", ").map_or(0, |(_, late)| leading_number(late));
        assert_eq!(said, late, "{list}");
        all += open;
    }
    let see_all = links(&page.body).into_iter().find(|(_, text)| text.starts_with("See all ")).unwrap();
    let open = counted(&listed(&browser, &see_all.0).await);
    assert_eq!(leading_number(&see_all.1["See all ".len()..]), open);
    assert_eq!(all, open, "the bars together are everything open");
    // the cards beside
    let unowned = weighed_by_the_rules(&w, who, service, weight, |a| a.status.open() && a.unowned()).await;
    assert!(!unowned.is_empty(), "the world has some");
    let stale = weighed_by_the_rules(&w, who, service, weight, |a| {
        stale_for(a.status, london_date(a.moved_at), today).is_some()
    })
    .await;
    assert!(!stale.is_empty(), "the world has some");
    for (card, wanted) in [("id=\"unowned\"", unowned), ("id=\"stale\"", stale)] {
        let card = between(&page.body, card, "</section>")[0];
        let (href, said) = links(card).remove(0);
        assert_eq!(leading_number(&said), counted(&wanted), "{card}");
        assert_eq!(sorted(listed(&browser, &href).await), wanted, "{card}");
    }
    left_out(&w, &browser, &page, who, service, weight).await;
}

/// What a leader's usual view leaves out is said, and each number of it leads to that many rows.
async fn left_out(
    w: &World,
    browser: &Browser,
    page: &Answer,
    who: &str,
    service: Option<&str>,
    weight: Weight,
) {
    let said = between(&page.body, "left-out\">", "</p>");
    if weight != Weight::Wider {
        assert!(!page.body.contains("left out here"), "{}", page.text());
        return;
    }
    let today = w.today();
    let mut parts = links(said[0]);
    let (shown_too, _) = parts.pop().unwrap();
    let rule: [Box<dyn Fn(&Action) -> bool>; 4] = [
        Box::new(|a| a.status.open()),
        Box::new(move |a| a.overdue(today)),
        Box::new(move |a| a.verification_late(today)),
        Box::new(|a| a.status.open() && a.unowned()),
    ];
    assert!(parts.len() >= 3, "late and unowned ones are left out, and said: {}", said[0]);
    let names = ["left out", "late", "waiting too long for a check", "without an owner"];
    for (href, said) in &parts {
        let at = names.iter().position(|name| said.ends_with(name)).unwrap_or(0);
        let rule = &rule[at];
        let list = sorted(listed(browser, href).await);
        assert_eq!(counted(&list), leading_number(said), "{said}");
        assert_eq!(list, weighed_by_the_rules(w, who, service, Weight::Minor, rule).await, "{said}");
    }
    // with them everything is there, and the way back
    let all = browser.get(&shown_too).await;
    let open = by_the_rules(w, who, service, |a| a.status.open()).await.len();
    assert!(all.text().contains(&format!("See all {open} open")), "{}", all.text());
    assert!(all.text().contains("Back to the usual view") && !all.body.contains("left out here"));
}

/// The lists say so too: what is left out of each, with the other filters of the address.
#[tokio::test]
async fn a_leaders_list_says_what_it_leaves_out() {
    let db = TestDb::new().await;
    let w = busy_world(&db, seed()).await;
    let today = w.today();
    for (who, path) in [
        ("quality", "/actions"),
        ("nominated", "/actions?show=late"),
        ("quality", "/actions?service=rowan-visits&theme=experience"),
        ("nominated", "/actions?show=closed&q=maximum"),
    ] {
        let browser = w.browser(who).await;
        let (service, theme) = (path.contains("visits").then_some("rowan-visits"), path.contains("theme"));
        let rule = |a: &Action| {
            (!theme || a.theme == Theme::Experience)
                && match path {
                    p if p.contains("late") => a.overdue(today),
                    p if p.contains("closed") => a.status == Status::Closed,
                    _ => a.status.open(),
                }
        };
        let wanted = async |weight| weighed_by_the_rules(&w, who, service, weight, rule).await;
        assert_eq!(sorted(listed(&browser, path).await), wanted(Weight::Wider).await, "{who} {path}");
        let page = browser.get(path).await;
        let mut parts = links(between(&page.body, "left-out\">", "</p>")[0]);
        let (shown_too, _) = parts.pop().unwrap();
        assert_eq!(sorted(listed(&browser, &shown_too).await), wanted(Weight::All).await, "{who} {path}");
        let (minor, said) = parts.remove(0);
        let left = wanted(Weight::Minor).await;
        assert!(!left.is_empty(), "the world has some");
        assert_eq!(leading_number(&said), counted(&left), "{who} {path}");
        assert_eq!(sorted(listed(&browser, &minor).await), left, "{who} {path}");
        for (late, said) in parts {
            assert!(said.ends_with(" late") && !path.contains("show="), "{said}");
            assert_eq!(leading_number(&said), counted(&listed(&browser, &late).await));
        }
        assert!(!browser.get(&shown_too).await.body.contains("left out here"));
    }
    // who runs a service has to do what is minor too
    for who in ["safeguarding", "manager", "deputy"] {
        let all = by_the_rules(&w, who, None, |a| a.status.open()).await;
        assert_eq!(sorted(listed(&w.browser(who).await, "/actions").await), all, "{who}");
    }
    let browser = w.browser("safeguarding").await;
    assert_eq!(browser.get("/actions?significance=huge").await.status, 404);
    assert_eq!(browser.get("/dashboard?significance=huge").await.status, 404);
}

/// A view that leaves something out does not say that all is well with it.
#[tokio::test]
async fn what_is_left_out_is_not_called_well() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    w.due(Risk::Low, Topic::Dignity, "carer", day("2026-11-27")).await;
    let quality = w.browser("quality").await;
    assert!(quality.get("/dashboard").await.text().contains("All have an owner"));
    end_place(&w.app, w.provider, w.id("carer")).await.unwrap();
    let dashboard = quality.get("/dashboard").await.text();
    assert!(dashboard.contains("1 minor open without an owner"), "{dashboard}");
    assert!(!dashboard.contains("All have an owner"));
    let list = quality.get("/actions?show=unowned").await.text();
    assert!(list.contains("Nothing but what is minor is in this list."), "{list}");
    assert!(!list.contains("has an owner"));
    let late = quality.get("/actions?show=late").await.text();
    assert!(late.contains("Nothing is late here."), "{late}");
}

/// What waits for a member's own decision stays before them, minor or not (R13).
#[tokio::test]
async fn a_minor_escalation_is_not_left_out_before_it_is_decided() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let minor = w.due(Risk::Low, Topic::Dignity, "carer", day("2026-11-23")).await;
    w.days_pass(4);
    tick(&w.app).await.unwrap();
    let needs = async |who: &str| {
        let page = w.browser(who).await.get("/dashboard").await;
        assert!(page.text().contains("1 minor action is left out here: 1 late"), "{}", page.text());
        page.body.contains(&format!("/actions/{minor}\""))
    };
    assert!(!needs("quality").await, "the first level is the manager's");
    w.days_pass(30);
    tick(&w.app).await.unwrap();
    assert!(needs("quality").await && needs("nominated").await);
    let id = w.escalation(&db, minor, 2).await;
    decide(&w.app, w.actor("quality"), id, w.version(minor).await, &act(None)).await.unwrap();
    assert!(!needs("quality").await);
}

/// The numbers beside the menu are the same on every page, whatever is filtered, and as many as their page has rows.
#[rstest]
#[case("manager")]
#[case("manager_two")]
#[case("deputy")]
#[case("safeguarding")]
#[case("quality")]
#[case("nominated")]
#[case("administrator")]
#[tokio::test]
async fn the_numbers_of_the_menu_are_those_of_its_pages(#[case] who: &str) {
    let db = TestDb::new().await;
    let w = busy_world(&db, seed()).await;
    // somebody else's now but theirs before, and one with evidence of theirs: neither is for them to check
    if who != "administrator" {
        let by = if who == "manager_two" { "manager_two" } else { "manager" };
        let to = if who == "manager_two" { "visitor" } else { "carer" };
        let finding = w.log_finding(by, Risk::Low, Topic::Dignity).await;
        for handed_over in [true, false] {
            let action = w.define_action(by, finding, if handed_over { who } else { to }).await;
            if handed_over {
                let seen = w.version(action).await;
                change::reassign(&w.app, w.actor("safeguarding"), action.number, seen, w.id(to), "On leave")
                    .await
                    .unwrap();
            } else {
                record(&w.app, w.actor(who), action, &w.progress(&[EvidenceKind::Data])).await.unwrap();
            }
            w.submit(action, to).await;
        }
    }
    let browser = w.browser(who).await;
    let here = menu(&browser.get("/dashboard").await);
    for other in ["/dashboard?significance=all", "/actions?show=late&theme=safety", "/findings"] {
        assert_eq!(menu(&browser.get(other).await), here, "{other}");
    }
    for (item, count) in here {
        let wanted = match item.rsplit('/').next().unwrap() {
            "escalations" => {
                let mut waiting = 0;
                for show in ["mine", "others"] {
                    let list = format!("{item}?show={show}");
                    waiting += counted(&rows(&browser, &list, "<li class=\"work__i\">").await);
                }
                waiting
            }
            "my-actions" => {
                let me = w.id(who);
                let mine = |a: &Action| a.status.with_owner() && a.owner.as_ref().is_some_and(|o| o.id == me);
                counted(&by_the_rules(&w, who, None, mine).await)
            }
            "verify" => {
                let mut may = 0;
                let member = &w.actor(who).member;
                for n in 1..=number(&db, "SELECT count(*) FROM actions").await {
                    let n = i32::try_from(n).unwrap();
                    let case = w.case(Reference::action(n)).await;
                    let fits = case.action.status == Status::Submitted;
                    let rule = may_verify(member, &case.action, &case.owners, &case.pieces, false);
                    may += i64::from(fits && rule.is_ok());
                }
                may
            }
            _ => 0,
        };
        assert_eq!(count, wanted, "{item}");
    }
}

#[tokio::test]
async fn what_needs_somebody_now_comes_in_order_of_danger() {
    let db = TestDb::new().await;
    let w = busy_world(&db, 7).await;
    for who in ["manager", "deputy_two", "quality", "nominated", "administrator"] {
        let member = &w.actor(who).member;
        let asked = throughline::store::dashboard::Asked {
            member,
            service: None,
            weight: Weight::All,
            today: w.today(),
        };
        let mut tx = w.actor(who).begin(&w.app).await.unwrap();
        let needs = throughline::store::dashboard::read(&mut tx, &asked, w.today(), 1000)
            .await
            .unwrap()
            .needs
            .clone();
        tx.commit().await.unwrap();
        assert!(needs.is_sorted_by_key(|n| (n.danger, std::cmp::Reverse(n.risk))), "{who}");
        for need in &needs {
            use throughline::store::dashboard::Danger;
            let a = w.case(Reference::action(need.number)).await.action;
            let (overdue, today) = (a.overdue(w.today()), w.today());
            let fits = match need.danger {
                Danger::NoControl => overdue && a.risk.is_high() && need.interim_control.is_empty(),
                Danger::ControlUnchecked => need.check_on.is_some_and(|day| day < today),
                Danger::Undecided => need.escalation.is_some(),
                Danger::Ineffective => a.status == Status::Ineffective,
                Danger::VerificationLate => a.verification_late(today),
                Danger::Late => overdue,
                Danger::Unowned => a.unowned() && a.status.with_owner(),
                Danger::ToClose => a.status == Status::Verified,
                Danger::ToVerify => a.status == Status::Submitted,
                Danger::CameBack => a.cycle > 1,
            };
            assert!(fits, "{who}: {need:?}");
            let own = a.owner.as_ref().is_some_and(|o| o.id == member.id);
            assert!(
                !(own && need.escalation.is_some()),
                "{who}: nobody is asked to decide on their own lateness"
            );
        }
        let late = by_the_rules(&w, who, None, |a| a.overdue(w.today())).await.len();
        let shown =
            needs.iter().filter(|n| n.due_on.is_some_and(|d| d < w.today()) && n.status.with_owner()).count();
        assert_eq!(shown, late, "{who}: nothing late is left out");
    }
}

#[tokio::test]
async fn high_risk_late_and_uncontrolled_is_the_alarm_until_a_control_is_recorded() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let low = w.due(Risk::Low, Topic::Falls, "carer", day("2026-11-23")).await;
    let high = w.due(Risk::High, Topic::Medicines, "carer", day("2026-11-24")).await;
    let manager = w.browser("manager").await;
    let calm = manager.get("/dashboard").await;
    assert!(!calm.body.contains("class=\"alarm\""));
    assert!(calm.text().contains("None waiting for a decision"), "{}", calm.text());
    w.days_pass(4);
    // before the worker has looked, and after
    for _ in 0..2 {
        let page = manager.get("/dashboard").await;
        let said = format!(
            "{high} is high risk and late, and nothing is recorded that keeps people safe meanwhile."
        );
        assert!(page.body.contains("class=\"alarm\"") && page.text().contains(&said), "{}", page.text());
        // whose day begins elsewhere is told there
        let month = w.browser("nominated").await.get("/governance/2026-10").await;
        assert!(month.body.contains("class=\"alarm\"") && month.text().contains(&said), "{}", month.text());
        let first = between(&page.body, "<li class=\"work__i\">", "</li>")[0].to_owned();
        assert!(
            first.contains(&high.to_string()) && first.contains("no interim control recorded"),
            "{first}"
        );
        tick(&w.app).await.unwrap();
    }
    let page = manager.get("/dashboard").await;
    assert!(page.text().contains("2 escalations wait for you"), "{}", page.text());
    assert!(
        !page.text().contains("Rowan House ·"),
        "one service: its name is not in every row: {}",
        page.text()
    );
    assert!(w.browser("quality").await.get("/dashboard").await.text().contains("1 escalation waits for you"));
    assert!(
        !w.browser("deputy").await.get("/dashboard").await.text().contains("for you"),
        "deputies decide nothing"
    );
    let id = w.escalation(&db, high, 1).await;
    decide(&w.app, w.actor("manager"), id, w.version(high).await, &act(None)).await.unwrap();
    let page = manager.get("/dashboard").await;
    assert!(!page.body.contains("class=\"alarm\""), "a control is recorded");
    assert!(page.text().contains("interim control in place"));
    assert!(page.text().contains("1 escalation waits for you"));
    let page = w.browser("quality").await.get("/dashboard").await;
    assert!(!page.body.contains("class=\"alarm\"") && page.text().contains("1 escalation waits for you"));
    let id = w.escalation(&db, low, 1).await;
    decide(&w.app, w.actor("manager"), id, w.version(low).await, &no_escalation()).await.unwrap();
    assert!(!manager.get("/dashboard").await.text().contains("for you"));
}

#[tokio::test]
async fn a_managers_own_lateness_waits_for_the_quality_lead() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let own = w.due(Risk::Low, Topic::Falls, "manager", day("2026-11-23")).await;
    w.days_pass(4);
    tick(&w.app).await.unwrap();
    let manager = w.browser("manager").await.get("/dashboard?significance=all").await;
    assert!(
        !manager.text().contains("for you") && manager.text().contains(&own.to_string()),
        "{}",
        manager.text()
    );
    let quality = w.browser("quality").await.get("/dashboard").await;
    assert!(quality.text().contains("1 escalation waits for you"), "{}", quality.text());
    assert!(quality.body.contains(">Record your decision<"));
}

#[tokio::test]
async fn a_late_check_is_shown_as_one_whatever_else_is_wrong() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Low, "carer").await;
    w.days_pass(10);
    tick(&w.app).await.unwrap();
    for who in ["manager", "quality"] {
        let page = w.browser(who).await.get("/dashboard?significance=all").await;
        let row = between(&page.body, "<li class=\"work__i\">", "</li>")
            .into_iter()
            .find(|r| r.contains(&action.to_string()));
        assert!(row.unwrap().contains("Check 2 working days late"), "{who}: {}", page.text());
    }
}

#[tokio::test]
async fn the_switcher_keeps_to_ones_services_and_empty_is_said() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let one = w.browser("manager").await.get("/dashboard").await;
    assert!(!one.body.contains("class=\"switcher"), "one service needs no switcher");
    assert!(one.text().contains("Nothing needs you now.") && one.text().contains("Nothing is open."));
    let two = w.browser("deputy_two").await;
    w.line(Risk::Low, Topic::Falls, "visitor").await;
    let page = two.get("/dashboard").await;
    assert!(page.body.contains("class=\"switcher"));
    assert_eq!(between(&page.body, "tile__n\">", "<").len(), 4);
    let here = two.get("/dashboard?service=rowan-house").await;
    assert!(here.text().contains("Rowan House only.") && here.text().contains("Nothing is open."));
    let there = two.get("/dashboard?service=rowan-visits").await.text();
    assert!(there.contains("See all 1 open") && !there.contains("left out here"), "{there}");
    assert_eq!(two.get("/dashboard?service=").await.status, 200);
    for path in [
        "/dashboard?service=willow-lodge",
        "/dashboard?service=x",
        "/actions?service=willow-lodge",
        "/actions?service=x",
    ] {
        assert_eq!(two.get(path).await.status, 404, "{path}");
    }
    let other = w.browser("manager").await;
    for path in ["/dashboard?service=rowan-visits", "/actions?service=rowan-visits"] {
        assert_eq!(other.get(path).await.status, 404, "{path}: not theirs looks like not there");
    }
    for show in ["late", "unowned", "closed", "came_back", "to_verify"] {
        let page = other.get(&format!("/actions?show={show}")).await;
        assert!(
            page.body.contains("class=\"govuk-body muted empty\"") || page.body.contains("empty"),
            "{show}"
        );
    }
    for who in ["carer", "visitor", "reader"] {
        for path in ["/dashboard", "/actions"] {
            assert_eq!(w.browser(who).await.get(path).await.status, 404, "{who} {path}");
        }
    }
}

#[tokio::test]
async fn every_filter_of_the_list_does_what_it_says() {
    let db = TestDb::new().await;
    let w = busy_world(&db, 11).await;
    let today = w.today();
    let quality = w.browser("quality").await;
    for risk in Risk::ALL {
        let rule = by_the_rules(&w, "quality", None, |a| a.status.open() && a.risk == *risk).await;
        assert_eq!(
            sorted(listed(&quality, &format!("/actions?significance=all&risk={}", risk.as_str())).await),
            rule
        );
    }
    for theme in Theme::ALL {
        let rule = by_the_rules(&w, "quality", None, |a| a.status.open() && a.theme == *theme).await;
        assert_eq!(
            sorted(listed(&quality, &format!("/actions?significance=all&theme={}", theme.as_str())).await),
            rule
        );
    }
    let shows: [(&str, Box<dyn Fn(&Action) -> bool>); 11] = [
        ("", Box::new(|a| a.status.open())),
        ("open", Box::new(|a| a.status.open())),
        ("late", Box::new(move |a| a.overdue(today))),
        (
            "soon",
            Box::new(move |a| {
                a.status.with_owner() && a.due_on.is_some_and(|d| (0..=7).contains(&(d - today).num_days()))
            }),
        ),
        ("to_verify", Box::new(|a| a.status == Status::Submitted)),
        ("verify_late", Box::new(move |a| a.verification_late(today))),
        ("to_close", Box::new(|a| a.status == Status::Verified)),
        ("came_back", Box::new(|a| a.status.open() && a.cycle > 1)),
        ("unowned", Box::new(|a| a.status.open() && a.unowned())),
        ("closed", Box::new(|a| a.status == Status::Closed)),
        ("cancelled", Box::new(|a| a.status == Status::Cancelled && a.merged_into.is_none())),
    ];
    for (show, rule) in &shows {
        let rule = by_the_rules(&w, "quality", Some("rowan-house"), rule).await;
        let list =
            listed(&quality, &format!("/actions?show={show}&service=rowan-house&significance=all")).await;
        assert_eq!(sorted(list), rule, "{show}");
        assert!(!rule.is_empty() || *show == "to_close", "{show}: the world has some");
    }
    let all = "show=late&risk=high&theme=safety&service=rowan-visits&q=maximum&significance=wider";
    let rule = by_the_rules(&w, "quality", Some("rowan-visits"), |a| {
        a.overdue(today) && a.risk == Risk::High && a.theme == Theme::Safety
    });
    assert_eq!(
        sorted(listed(&quality, &format!("/actions?{all}")).await),
        rule.await,
        "all filters together"
    );
    for wrong in [
        "show=x",
        "risk=x",
        "significance=x",
        "theme=x",
        "after=x",
        "after=1",
        "after=1.",
        "after=99999999999.1",
        "show=LATE",
    ] {
        assert_eq!(quality.get(&format!("/actions?{wrong}")).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn words_are_looked_for_as_they_stand() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = w.log_finding("manager", Risk::Low, Topic::Falls).await;
    let mut named = Vec::new();
    for what in [
        "Raise 50% of the beds_by June",
        "Raise 500 of the beds by June",
        "Check the C:\\mats <and> \"rails\"",
        "Ask Zoë’s team’s rota",
    ] {
        let mut new = w.action("carer");
        new.what = what.to_owned();
        named.push(define(&w.app, w.actor("manager"), finding.number, &new).await.unwrap().to_string());
    }
    let manager = w.browser("manager").await;
    for (words, found) in [
        ("50%25", vec![0]),
        ("50", vec![0, 1]),
        ("beds_by", vec![0]),
        ("%5C", vec![2]),
        ("%5Cmats", vec![2]),
        ("%3Cand%3E+%22RAILS", vec![2]),
        ("zo%C3%AB", vec![3]),
        ("%25", vec![0]),
        ("_", vec![0]),
        ("raise", vec![0, 1]),
        ("falls", vec![0, 1, 2, 3]),
        ("nothing+like+it", vec![]),
        ("++", vec![0, 1, 2, 3]),
    ] {
        let wanted: Vec<String> = found.into_iter().map(|n: usize| named[n].clone()).collect();
        assert_eq!(
            sorted(listed(&manager, &format!("/actions?significance=all&q={words}")).await),
            wanted,
            "{words}"
        );
    }
    let page = manager.get("/actions?q=%22%3E%3Cscript%3E").await;
    assert!(
        !page.body.contains("<script>\"") && page.body.contains("value=\"&#34;&#62;&#60;script&#62;\""),
        "{}",
        page.body
    );
    assert_eq!(manager.get("/actions?q=%00").await.status, 400, "what no page sends");
}

/// Too many words are not silently left out: a sentence, what was typed, and no list of something else.
#[tokio::test]
async fn more_words_than_are_looked_for_are_answered() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (finding, action) = w.line(Risk::High, Topic::Falls, "carer").await;
    let manager = w.browser("manager").await;
    let (fits, long) = ("a".repeat(200), "b".repeat(201));
    for (list, row) in [("/actions", action.to_string()), ("/findings", finding.to_string())] {
        assert!(manager.get(list).await.body.contains(&row));
        let page = manager.get(&format!("{list}?q={fits}")).await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("govuk-error-message"));
        let page = manager.get(&format!("{list}?q={long}&risk=high")).await;
        assert_eq!(page.status, 422, "{list}");
        assert!(page.text().contains("Shorten the words to 200 characters"), "{}", page.text());
        assert!(page.body.contains(&format!("value=\"{long}\"")), "nothing typed is lost");
        assert!(page.body.contains("<option value=\"high\" selected>"), "nor chosen");
        assert!(!page.body.contains(&row), "nothing else than was asked for is listed");
    }
}

/// The primary buttons of a page: those of no other look.
fn primary(page: &Answer) -> usize {
    let main = page.body.split_once("<main").unwrap().1;
    between(main, "class=\"govuk-button", "\"").iter().filter(|look| !look.contains("--secondary")).count()
}

#[tokio::test]
async fn a_page_has_one_primary_button() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let manager = w.browser("manager").await;
    assert_eq!(primary(&manager.get("/dashboard").await), 1, "to log a finding");
    for topic in [Topic::Falls, Topic::Medicines, Topic::Nutrition] {
        w.due(Risk::High, topic, "carer", day("2026-11-23")).await;
        w.due(Risk::High, topic, "manager", day("2026-11-23")).await;
    }
    w.days_pass(4);
    tick(&w.app).await.unwrap();
    let page = manager.get("/dashboard").await;
    assert_eq!(primary(&page), 1, "the most dangerous thing's");
    assert!(page.body.matches(">Record your decision<").count() >= 3, "{}", page.text());
    for who in ["carer", "manager"] {
        let page = w.browser(who).await.get("/my-actions").await;
        assert!(page.body.matches(">Add an update<").count() >= 3, "{who}: {}", page.text());
        assert_eq!(primary(&page), 1, "{who}");
    }
}

#[tokio::test]
async fn the_alarm_leads_only_who_can_answer_to_an_answer() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.due(Risk::High, Topic::Medicines, "carer", day("2026-11-23")).await;
    w.days_pass(4);
    tick(&w.app).await.unwrap();
    for (who, says, leads) in [
        ("manager", "Say what keeps people safe", "/escalations/".to_owned()),
        ("deputy", "See the action", format!("/actions/{action}")),
        ("administrator", "See the action", format!("/actions/{action}")),
    ] {
        let page = w.browser(who).await.get("/dashboard").await;
        let alarm = between(&page.body, "class=\"alarm\"", "</div>")[0];
        let (href, said) = links(alarm).remove(0);
        assert!(said == says && href.contains(&leads), "{who}: {said} {href}");
        assert_eq!(w.browser(who).await.get(&href).await.status, 200, "{who}");
    }
}

/// Nobody's address: a page that says so, and no error of the program's.
#[tokio::test]
async fn the_team_of_nobody_is_not_there() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let manager = w.browser("manager").await;
    assert_eq!(manager.get("/my-team?person=").await.status, 200);
    for bad in ["bad", "%00", "7", "00000000-0000-0000-0000-00000000000g"] {
        let page = manager.get(&format!("/my-team?person={bad}")).await;
        assert!(page.status == 404 || bad == "%00", "{bad}: {}", page.status);
        assert!(page.body.contains("<h1"), "{bad}");
    }
}

/// Whose action it is may not be able to open where it comes from: it is named then, and leads nowhere.
#[tokio::test]
async fn what_one_may_not_open_is_no_link() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (finding, action) = w.line(Risk::High, Topic::Falls, "carer").await;
    for (who, follows) in [("carer", false), ("leader", true), ("manager", true), ("administrator", true)] {
        let browser = w.browser(who).await;
        let page = browser.get(&format!("/actions/{action}")).await;
        let to_finding = format!("/findings/{finding}\"");
        assert_eq!(page.body.contains(&to_finding), follows, "{who}");
        assert!(page.text().contains(&finding.to_string()), "{who}: it is named");
        for (link, _) in links(page.body.split_once("<main").unwrap().1) {
            if link.contains("/findings/") || link.contains("/reviews/") {
                assert_eq!(browser.get(&link).await.status, 200, "{who}: {link}");
            }
        }
    }
    // an owner elsewhere, whose role would open it in their own services
    let seen = w.version(action).await;
    let to = w.id("manager_two");
    if change::reassign(&w.app, w.actor("quality"), action.number, seen, to, "Covers").await.is_ok() {
        let browser = w.browser("manager_two").await;
        let page = browser.get(&format!("/actions/{action}")).await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains(&format!("/findings/{finding}\"")) && !page.body.contains("/reviews/R-"));
        assert!(page.text().contains(&finding.to_string()));
    }
}

#[tokio::test]
async fn pages_leave_out_and_repeat_nothing_while_rows_change() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = w.log_finding("manager", Risk::Low, Topic::Falls).await;
    let mut stays = Vec::new();
    for n in 0..120 {
        let mut new = w.action("carer");
        new.due_on = Some(day("2026-11-30") + chrono::Days::new(n % 7));
        stays.push(define(&w.app, w.actor("manager"), finding.number, &new).await.unwrap().to_string());
    }
    let manager = w.browser("manager").await;
    let (mut seen, mut path) = (Vec::new(), "/actions?significance=all".to_owned());
    loop {
        let page = manager.get(&path).await;
        for row in page.body.split("<tr><th scope=\"row\"").skip(1) {
            seen.push(between(row, "/actions/", "\"")[0].to_owned());
        }
        let Some(next) = page.body.split("<a ").find(|a| a.contains("rel=\"next\"")) else { break };
        path = href(next);
        // meanwhile one comes in before, one behind, one that was seen is called off, one changes its words
        for due in ["2026-11-22", "2026-12-20"] {
            let mut new = w.action("carer");
            new.due_on = Some(day(due));
            define(&w.app, w.actor("manager"), finding.number, &new).await.unwrap();
        }
        let off: Reference = Reference::action(seen.last().unwrap()[2..].parse().unwrap());
        let version = w.version(off).await;
        change::cancel(&w.app, w.actor("manager"), off.number, version, "A duplicate").await.unwrap();
    }
    let all = sorted(seen.clone());
    let mut once = all.clone();
    once.dedup();
    assert_eq!(all, once, "nothing twice");
    let missing: Vec<_> = stays.iter().filter(|a| !seen.contains(a)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(seen.len() > 120, "what came in behind was seen too");
}

#[test]
fn only_who_sees_services_has_a_dashboard() {
    use throughline::domain::access::{Reach, Verb, reach};
    for role in Role::ALL {
        let sees = reach(*role, Verb::SeeDashboard) != Reach::None;
        assert_eq!(sees, matches!(role.sight(), Sight::Services | Sight::Provider), "{role}");
    }
}

#[tokio::test]
async fn the_lists_are_of_one_provider() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    w.line(Risk::High, Topic::Falls, "carer").await;
    let theirs = w.browser("willow_shared").await;
    assert!(listed(&theirs, "/actions").await.is_empty());
    assert!(theirs.get("/dashboard").await.text().contains("Nothing is open."));
    assert_eq!(number(&db, "SELECT count(*) FROM actions").await, 1);
}
