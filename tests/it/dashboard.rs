//! The dashboard and the list of actions: every number leads to that many rows, the most dangerous comes first, and
//! filters and pages keep what they promise (R7, R11, R13, R15).

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::action::{Action, Status};
use throughline::domain::member::{Role, Sight};
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Theme, Topic};
use throughline::domain::verification::Outcome;
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
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).map(|rest| rest.split(to).next().unwrap_or_default()).collect()
}

fn href(text: &str) -> String {
    between(text, "href=\"", "\"").first().expect("a link").replace("&#38;", "&").replace("&amp;", "&")
}

fn leading_digits(text: &str) -> String {
    text.trim_start().chars().take_while(char::is_ascii_digit).collect()
}

fn leading_number(text: &str) -> i64 {
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

/// Some sixty actions in every state there is, by chance but the same for the same seed.
async fn busy_world(db: &TestDb, seed: u64) -> World {
    let w = world(db, Clock::fixed(super::worker::midnight(day("2026-11-02")) + chrono::Duration::hours(9)))
        .await;
    let mut chance = StdRng::seed_from_u64(seed);
    let owners = ["carer", "leader", "manager", "visitor", "manager_two", "carer"];
    let mut actions = Vec::new();
    for n in 0..60 {
        let owner = owners[chance.random_range(0..owners.len())];
        let by = if w.service_of(owner) == w.visits.id { "manager_two" } else { "manager" };
        let topic = [Topic::Medicines, Topic::Falls, Topic::SafeguardingLearning, Topic::Nutrition]
            [chance.random_range(0..4)];
        let mut finding = w.finding(by, Risk::ALL[chance.random_range(0..4)], topic);
        finding.theme = Theme::ALL[chance.random_range(0..Theme::ALL.len())];
        let finding = log(&w.app, w.actor(by), &finding, None).await.unwrap();
        let mut new = w.action(owner);
        new.due_on = Some(day("2026-11-04") + chrono::Days::new(chance.random_range(0..40)));
        if n % 12 == 8 {
            new.owner = None;
        }
        let action = define(&w.app, w.actor(by), finding.number, &new).await.unwrap();
        actions.push((n % 12, action, owner, by));
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
    let member = &w.actor(who).member;
    let mut found = Vec::new();
    for n in 1..=60 {
        let case = w.case(Reference::action(n)).await;
        let slug = if case.action.service_id == w.house.id { w.house.slug } else { w.visits.slug };
        if member.sees_service(case.action.service_id)
            && service.is_none_or(|s| s == slug)
            && fits(&case.action)
        {
            found.push(case.action.reference().to_string());
        }
    }
    found
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

#[rstest]
#[case("manager", None)]
#[case("deputy", None)]
#[case("deputy_two", None)]
#[case("deputy_two", Some("rowan-visits"))]
#[case("manager_two", Some("rowan-visits"))]
#[case("safeguarding", None)]
#[case("quality", None)]
#[case("quality", Some("rowan-house"))]
#[case("nominated", None)]
#[case("administrator", Some("rowan-visits"))]
#[tokio::test]
async fn every_number_leads_to_that_many_rows(#[case] who: &str, #[case] service: Option<&str>) {
    let db = TestDb::new().await;
    // SEED=random tries another world each time
    let seed = match std::env::var("SEED") {
        Ok(seed) => seed.parse().unwrap_or_else(|_| rand::rng().random()),
        Err(_) => 7,
    };
    let w = busy_world(&db, seed).await;
    println!("SEED={seed}");
    let browser = w.browser(who).await;
    let path = service.map_or("/dashboard".to_owned(), |s| format!("/dashboard?service={s}"));
    let page = browser.get(&path).await;
    assert_eq!(page.status, 200);
    let today = w.today();
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
        assert_eq!(list.len() as i64, shown, "{tile}");
        assert_eq!(list, by_the_rules(&w, who, service, rule).await, "{tile}");
    }
    // the notes in the tiles
    let late_checks = by_the_rules(&w, who, service, |a| a.verification_late(today)).await.len();
    let note = if late_checks == 0 {
        "All within the window".to_owned()
    } else {
        format!("{late_checks} past the window")
    };
    assert!(tiles[1].contains(&note), "{note}: {}", tiles[1]);
    let query = service.map_or(String::new(), |s| format!("&service={s}"));
    let of_list = listed(&browser, &format!("/actions?show=verify_late{query}")).await;
    assert_eq!(of_list.len(), late_checks);
    // the bars
    let bars = between(&page.body, "<li><a class=\"govuk-link\" href=\"", "</li>");
    assert!(!bars.is_empty());
    let mut all = 0;
    for bar in bars {
        let list = bar.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        let shown = between(bar, "num small\">", "<")[0];
        let open = listed(&browser, &list).await.len() as i64;
        assert_eq!(leading_number(shown), open, "{list}");
        let late = listed(&browser, &list.replace("show=open", "show=late")).await.len() as i64;
        let said = shown.split_once(", ").map_or(0, |(_, late)| leading_number(late));
        assert_eq!(said, late, "{list}");
        all += open;
    }
    let open = listed(&browser, &format!("/actions?show=open{query}")).await.len() as i64;
    assert_eq!(all, open, "the bars together are everything open");
    let see_all = between(&page.body, "See all ", " open");
    assert_eq!(see_all.first().map_or(0, |n| leading_number(n)), open);
    let unowned = by_the_rules(&w, who, service, |a| a.status.open() && a.unowned()).await;
    assert_eq!(sorted(listed(&browser, &format!("/actions?show=unowned{query}")).await), unowned);
    assert!(!unowned.is_empty(), "the world has some");
    // the menu: the same on every page, whatever is filtered, and as many as its page has rows
    let here = menu(&page);
    for other in ["/dashboard", "/actions?show=late&theme=safety"] {
        assert_eq!(menu(&browser.get(other).await), here, "{other}");
    }
    for (item, count) in here {
        let wanted = match item.rsplit('/').next().unwrap() {
            "escalations" => rows(&browser, &item, "<li class=\"work__i\">").await.len() as i64,
            "my-actions" => {
                let me = w.id(who);
                by_the_rules(&w, who, None, |a| with_owner(a) && a.owner.as_ref().is_some_and(|o| o.id == me))
                    .await
                    .len() as i64
            }
            "verify" => {
                let me = w.id(who);
                by_the_rules(&w, who, None, |a| {
                    a.status == Status::Submitted && a.owner.as_ref().is_none_or(|o| o.id != me)
                })
                .await
                .len() as i64
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
        let asked = throughline::store::dashboard::Asked { member, service: None, today: w.today() };
        let mut tx = w.actor(who).begin(&w.app).await.unwrap();
        let needs =
            throughline::store::dashboard::read(&mut tx, &asked, w.today(), 1000).await.unwrap().needs;
        tx.commit().await.unwrap();
        assert!(needs.is_sorted_by_key(|n| (n.danger, std::cmp::Reverse(n.risk))), "{who}");
        for need in &needs {
            use throughline::store::dashboard::Danger;
            let a = w.case(Reference::action(need.number)).await.action;
            let (overdue, today) = (a.overdue(w.today()), w.today());
            let fits = match need.danger {
                Danger::NoControl => overdue && a.risk.is_high() && need.interim_control.is_empty(),
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
    let manager = w.browser("manager").await.get("/dashboard").await;
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
        let page = w.browser(who).await.get("/dashboard").await;
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
    assert!(two.get("/dashboard?service=rowan-visits").await.text().contains("See all 1 open"));
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
        assert_eq!(sorted(listed(&quality, &format!("/actions?risk={}", risk.as_str())).await), rule);
    }
    for theme in Theme::ALL {
        let rule = by_the_rules(&w, "quality", None, |a| a.status.open() && a.theme == *theme).await;
        assert_eq!(sorted(listed(&quality, &format!("/actions?theme={}", theme.as_str())).await), rule);
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
        ("cancelled", Box::new(|a| a.status == Status::Cancelled)),
    ];
    for (show, rule) in &shows {
        let rule = by_the_rules(&w, "quality", Some("rowan-house"), rule).await;
        let list = listed(&quality, &format!("/actions?show={show}&service=rowan-house")).await;
        assert_eq!(sorted(list), rule, "{show}");
        assert!(!rule.is_empty() || *show == "to_close", "{show}: the world has some");
    }
    let all = "show=late&risk=high&theme=safety&service=rowan-visits&q=maximum";
    let rule = by_the_rules(&w, "quality", Some("rowan-visits"), |a| {
        a.overdue(today) && a.risk == Risk::High && a.theme == Theme::Safety
    });
    assert_eq!(
        sorted(listed(&quality, &format!("/actions?{all}")).await),
        rule.await,
        "all filters together"
    );
    for wrong in
        ["show=x", "risk=x", "theme=x", "after=x", "after=1", "after=1.", "after=99999999999.1", "show=LATE"]
    {
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
        assert_eq!(sorted(listed(&manager, &format!("/actions?q={words}")).await), wanted, "{words}");
    }
    let page = manager.get("/actions?q=%22%3E%3Cscript%3E").await;
    assert!(
        !page.body.contains("<script>\"") && page.body.contains("value=\"&#34;&#62;&#60;script&#62;\""),
        "{}",
        page.body
    );
    assert_eq!(manager.get("/actions?q=%00").await.status, 400, "what no page sends");
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
    let (mut seen, mut path) = (Vec::new(), "/actions".to_owned());
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
