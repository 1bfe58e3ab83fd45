//! Governance: every figure of a month is the number of its rows, a month that is over keeps what it showed when it ended, and
//! everybody sees what is theirs to see (R25, M1 to M10).

use std::collections::BTreeMap;

use chrono::{Duration, Months, NaiveDate};
use rstest::rstest;
use throughline::clock::{london_date, london_hour};
use throughline::domain::action::Action;
use throughline::domain::closure::AssuranceDecision;
use throughline::domain::figure::{Figure, Month, Unit, VERSION};
use throughline::domain::measure::{Cadence, Reading, Shape, Way};
use throughline::domain::reference::Reference;
use throughline::domain::staleness::stale_for;
use throughline::domain::topic::{EvidenceKind, ReviewKind, Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::ids::{MeasureId, ReviewId};
use throughline::store::measure::Measure;
use throughline::worker::{keep_figures, tick};
use throughline::workflow::action::define;
use throughline::workflow::escalation::decide;
use throughline::workflow::finding::{Source, log};
use throughline::workflow::person::end_place;
use throughline::workflow::{change, closure, measure, recurrence};

use super::dashboard::{between, busy_world, href, leading_number, seed};
use super::worker::{act, no_escalation, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, day, unescaped};

/// The busy world, and what it lacks: complaints that were answered, follow-ups, what people said, what came back.
pub async fn lively(db: &TestDb) -> World {
    let w = busy_world(db, seed()).await;
    for (kinds, in_time) in
        [(&[EvidenceKind::Feedback, EvidenceKind::Record][..], true), (&[EvidenceKind::Record], false)]
    {
        let mut finding = w.finding("manager", Risk::Low, Topic::MissedFollowUp);
        finding.source = Source::New {
            id: ReviewId::new(),
            kind: ReviewKind::Complaint,
            held_on: w.today(),
            title: String::new(),
        };
        let finding = log(&w.app, w.actor("manager"), &finding, None).await.unwrap();
        let mut new = w.action("carer");
        new.evidence = kinds.to_vec();
        new.due_on = Some(w.today() + chrono::Days::new(1));
        let action = define(&w.app, w.actor("manager"), finding.number, &new).await.unwrap();
        w.days_pass(if in_time { 0 } else { 3 });
        w.submit(action, "carer").await;
        if !in_time {
            w.verify(action, "deputy", Outcome::PartiallyComplete).await;
            w.submit(action, "carer").await;
        }
        w.verify(action, "deputy", Outcome::Complete).await;
        w.close(action, "quality").await;
        let again = w.log_finding("manager", Risk::Medium, Topic::MissedFollowUp).await;
        recurrence::link(&w.app, w.actor("manager"), again.number, finding.number).await.unwrap();
    }
    people_said(&w, Some("manager"), "2026-11-02", 12.0).await;
    people_said(&w, Some("manager_two"), "2026-11-09", 9.0).await;
    people_said(&w, None, "2026-11-09", 15.0).await;
    w
}

/// A measure of feedback in the service of somebody, or of the provider, with one reading of 20 answers.
async fn people_said(w: &World, of: Option<&str>, week: &str, positive: f64) {
    let by = w.actor(of.unwrap_or("quality"));
    let new = Measure {
        id: MeasureId::new(),
        service: of.map(|who| w.service_of(who)),
        name: "A senior was there when I needed one".into(),
        unit: String::new(),
        shape: Shape::Share,
        way: Way::Up,
        cadence: Cadence::Weekly,
        baseline: None,
        target: Some(85.0),
        deadline: None,
        owner: None,
        feedback: true,
        created_at: w.app.clock.now(),
    };
    measure::define(&w.app, by, &new).await.unwrap();
    let reading = Reading { period: day(week), numerator: Some(positive), denominator: Some(20.0) };
    measure::record(&w.app, by, new.id, &[reading], "").await.unwrap();
}

/// All rows of a page of rows, over all its pages: each with whether it is counted.
pub async fn rows(browser: &Browser, path: &str) -> Vec<(String, bool)> {
    let (mut found, mut path) = (Vec::new(), path.to_owned());
    loop {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        for row in between(&page.body, "<tr class=\"govuk-table__row\"><th scope=\"row\"", "</tr>") {
            let cells: Vec<&str> = between(row, "<td", "</td>");
            let amount = cells.iter().map(|c| c.rsplit('>').next().unwrap()).collect::<Vec<_>>().join("|");
            found.push((format!("{} {amount}", href(row)), !row.contains("Not counted")));
        }
        match page.body.split("<a ").find(|a| a.contains("rel=\"next\"")) {
            Some(next) => path = href(next),
            None => return found,
        }
    }
}

/// A figure as the table of a month shows it: its value, of how many, and where its rows are.
pub struct Shown {
    pub figure: Figure,
    pub value: String,
    pub parts: String,
    pub rows: String,
}

pub fn figures(page: &Answer) -> Vec<Shown> {
    let table = between(&page.body, "aria-labelledby=\"figures\"", "</section>")[0];
    let lines = between(table, "<tr class=\"govuk-table__row\"><th scope=\"row\"", "</tr>");
    lines
        .into_iter()
        .map(|line| {
            let link = between(line, "<a class=\"govuk-link figures__n", "</a>")[0];
            let rows = href(link);
            let word = rows.split('?').next().unwrap().rsplit('/').next().unwrap();
            let value = link.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned();
            let parts = between(line, "figures__of\">", "<")
                .first()
                .map_or_else(|| value.clone(), |p| (*p).to_owned());
            let figure = throughline::domain::text_enum::TextEnum::from_text(word).unwrap();
            Shown { figure, value, parts, rows }
        })
        .collect()
}

/// "46 of 50" in two numbers.
fn of(parts: &str) -> Option<(f64, f64)> {
    let (part, whole) = parts.split_once(" of ")?;
    Some((part.parse().ok()?, whole.parse().ok()?))
}

#[expect(clippy::cast_precision_loss, reason = "tens of rows")]
fn count(n: usize) -> f64 {
    n as f64
}

async fn number_is_its_rows(browser: &Browser, shown: &Shown) {
    let rows = rows(browser, &shown.rows).await;
    let counted = rows.iter().filter(|(_, counted)| *counted).count();
    let name = format!("{:?} {} ({})", shown.figure, shown.value, shown.parts);
    match (shown.figure, shown.figure.unit()) {
        (Figure::Positive, _) => {
            let answers = rows.iter().filter_map(|(row, _)| of(row.rsplit('|').next()?));
            let sum = answers.fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
            assert_eq!(of(&shown.parts).unwrap_or_default(), sum, "{name}");
        }
        (_, Unit::Share) => {
            let wanted = (count(counted), count(rows.len()));
            assert_eq!(of(&shown.parts).unwrap_or_default(), wanted, "{name}: {rows:?}");
            if let Some(percent) = shown.value.strip_suffix('%') {
                let percent: f64 = percent.parse().unwrap();
                assert!((percent - 100.0 * wanted.0 / wanted.1).abs() < 0.06, "{name}");
            }
        }
        (_, Unit::Count) => assert_eq!(shown.value, rows.len().to_string(), "{name}"),
        (_, Unit::Days) => {
            let mut days: Vec<f64> = rows
                .iter()
                .map(|(row, _)| row.rsplit('|').next().unwrap().split(' ').next().unwrap().parse().unwrap())
                .collect();
            days.sort_by(f64::total_cmp);
            let middle = days.get(days.len() / 2).zip(days.get(days.len().saturating_sub(1) / 2));
            let middle = middle
                .map_or_else(|| "None to count".into(), |(a, b)| Figure::Days.words(f64::midpoint(*a, *b)));
            assert_eq!(shown.value, middle, "{name}");
            assert!(days.is_empty() || shown.parts == format!("of {}", days.len()), "{name}");
        }
    }
}

#[rstest]
#[case("quality", "", 2)]
#[case("quality", "?service=rowan-house", 1)]
#[case("nominated", "?service=rowan-visits", 1)]
#[case("safeguarding", "", 2)]
#[case("administrator", "", 2)]
#[case("manager", "", 1)]
#[case("deputy_two", "?service=rowan-visits", 1)]
#[tokio::test]
async fn every_number_is_the_number_of_its_rows(
    #[case] who: &str,
    #[case] asked: &str,
    #[case] services: usize,
) {
    let db = TestDb::new().await;
    let w = lively(&db).await;
    let browser = w.browser(who).await;
    let page = browser.get(&format!("/governance/2026-11{asked}")).await;
    assert_eq!(page.status, 200);
    let shown = figures(&page);
    assert_eq!(shown.len(), Figure::ALL.len());
    for figure in &shown {
        number_is_its_rows(&browser, figure).await;
        assert!(
            services == 1 || figure.value != "None to count",
            "{:?} counts something here",
            figure.figure
        );
    }
    // open findings by theme and service, each cell and each sum
    let heat = between(&page.body, "aria-labelledby=\"heat\"", "</section>")[0];
    let cells: Vec<&str> =
        between(heat, "<td class=\"h", "</td>").into_iter().filter(|c| c.contains("<a ")).collect();
    assert!(cells.len() > services * 3, "{heat}");
    for cell in cells {
        let found = rows(&browser, &href(cell)).await;
        let number = leading_number(between(cell, "\">", "<").last().unwrap_or(&""));
        let number = if number == 0 { panic!("{cell}") } else { usize::try_from(number).unwrap() };
        assert_eq!(found.len(), number, "{cell}");
        assert_eq!(found.iter().any(|(_, counted)| *counted), cell.contains("Came back"), "{cell}");
    }
    // overdue by age: together they are all that is overdue
    let ages = between(&page.body, "<ul class=\"govuk-list ages\">", "</ul>")[0];
    let mut late = 0;
    for age in between(ages, "<li>", "</li>") {
        let n = leading_number(between(age, "<b class=\"num\">", "<")[0]);
        if n > 0 {
            assert_eq!(rows(&browser, &href(age)).await.len(), usize::try_from(n).unwrap(), "{age}");
        }
        late += n;
    }
    let overdue = shown.iter().find(|s| s.figure == Figure::Overdue).unwrap();
    assert_eq!(late.to_string(), overdue.value);
    for card in ["undecided", "unmeasured"] {
        let card = between(&page.body, &format!("aria-labelledby=\"{card}\""), "</section>")[0];
        if let Some(all) = between(card, "<a class=\"govuk-link small\" ", "</a>").first() {
            let said = leading_number(all.split("See all ").nth(1).unwrap());
            assert_eq!(rows(&browser, &href(all)).await.len(), usize::try_from(said).unwrap(), "{all}");
        }
    }
    // each question leads to rows that are there
    let asked = between(&page.body, "aria-labelledby=\"questions\"", "</section>")[0];
    assert!(asked.contains("<li>"), "a busy world asks something");
    for question in between(asked, "<li>", "</li>") {
        assert!(!rows(&browser, &unescaped(&href(question))).await.is_empty(), "{question}");
    }
}

/// The standing figures against the rules of the program, which know nothing of the queries.
#[tokio::test]
async fn what_stands_is_what_the_rules_say() {
    let db = TestDb::new().await;
    let w = lively(&db).await;
    let today = w.today();
    let mut all = Vec::new();
    for n in 1..=number(&db, "SELECT max(number)::bigint FROM actions WHERE provider_id = (SELECT id FROM providers WHERE slug = 'rowan-care')").await {
        all.push(w.case(Reference::action(i32::try_from(n).unwrap())).await.action);
    }
    let browser = w.browser("quality").await;
    let page = browser.get("/governance/2026-11").await;
    let fits: [(Figure, Box<dyn Fn(&Action) -> bool>); 4] = [
        (Figure::Open, Box::new(|a| a.status.open())),
        (Figure::Overdue, Box::new(move |a| a.overdue(today))),
        (Figure::Unowned, Box::new(|a| a.status.open() && a.unowned())),
        (Figure::Stale, Box::new(move |a| stale_for(a.status, london_date(a.moved_at), today).is_some())),
    ];
    for (figure, fits) in fits {
        let mut wanted: Vec<String> = all
            .iter()
            .filter(|a| fits(a))
            .map(|a| format!("/p/rowan-care/actions/{}", a.reference()))
            .collect();
        let shown = figures(&page).into_iter().find(|shown| shown.figure == figure).unwrap();
        let mut found: Vec<String> = rows(&browser, &shown.rows)
            .await
            .into_iter()
            .map(|(row, _)| row.split(' ').next().unwrap().into())
            .collect();
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted, "{figure:?}");
        assert!(!found.is_empty(), "{figure:?}: the world has some");
    }
}

/// What the figures that stand so at the end of the month are, row by row.
async fn standing(browser: &Browser, month: &str) -> BTreeMap<&'static str, Vec<(String, bool)>> {
    let mut all = BTreeMap::new();
    for figure in Figure::ALL.iter().filter(|f| f.when() == throughline::domain::figure::When::AtEnd) {
        all.insert(figure.as_str(), rows(browser, &format!("/governance/{month}/{}", figure.as_str())).await);
    }
    all
}

/// Whatever happens in December, November stood as it stood when it ended.
#[tokio::test]
async fn a_month_that_is_over_shows_what_it_showed_when_it_ended() {
    let db = TestDb::new().await;
    let w = lively(&db).await;
    let browser = w.browser("quality").await;
    // the last moment of the month
    w.at(london_hour(day("2026-12-01"), 0) - Duration::seconds(1));
    let before = standing(&browser, "2026-11").await;
    for (figure, rows) in &before {
        assert!(!rows.is_empty(), "{figure}: the world has some");
    }
    // one second later it is December, and what is due on the last day is late only now
    w.at(london_hour(day("2026-12-01"), 0));
    assert_eq!(standing(&browser, "2026-11").await, before, "at midnight");
    w.at(london_hour(day("2026-12-03"), 9));
    tick(&w.app).await.unwrap();
    stir(&db, &w).await;
    let after = standing(&browser, "2026-11").await;
    for (figure, rows) in &before {
        assert_eq!(after.get(figure), Some(rows), "{figure}");
    }
    assert_ne!(standing(&browser, "2026-12").await, before, "December is another month");
    // and the worker keeps the same numbers
    keep_figures(&w.app).await.unwrap();
    let page = browser.get("/governance/2026-12").await;
    for (figure, rows) in &before {
        let kept = texts(&db, &format!("SELECT numerator || ' ' || denominator FROM figures_kept WHERE month = '2026-11-01' AND figure = '{figure}' AND place_id = provider_id")).await;
        let counted = rows.iter().filter(|(_, counted)| *counted).count();
        assert_eq!(kept, [format!("{counted} {}", rows.len())], "{figure}");
    }
    assert!(page.body.contains("class=\"spc"), "and they are drawn");
    assert_eq!(keep_figures(&w.app).await.unwrap(), 0, "once a day is enough");
}

/// Everything that can happen to an action happens to some.
async fn stir(db: &TestDb, w: &World) {
    let open = "SELECT a.number::text || ' ' || a.status || ' ' || coalesce(a.owner_id::text, '') FROM actions a
        JOIN providers p ON p.id = a.provider_id AND p.slug = 'rowan-care' WHERE a.status NOT IN ('closed', 'cancelled') ORDER BY a.number";
    let names = ["carer", "visitor", "manager", "manager_two"];
    for (at, line) in texts(db, open).await.iter().enumerate() {
        let mut parts = line.split(' ');
        let (n, status, owner) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap_or(""));
        let action = Reference::action(n.parse().unwrap());
        let owner = names.iter().find(|name| w.id(name).to_string() == owner);
        let seen = w.version(action).await;
        let house = w.case(action).await.action.service_id == w.house.id;
        let manager = if house { "manager" } else { "manager_two" };
        let closer = if owner == Some(&manager) { "quality" } else { manager };
        match (at % 5, status, owner) {
            (0, "not_started" | "in_progress" | "sent_back" | "ineffective", Some(owner)) => {
                w.submit(action, owner).await;
                w.verify(
                    action,
                    "nominated",
                    if at % 2 == 0 { Outcome::Ineffective } else { Outcome::PartiallyComplete },
                )
                .await;
            }
            (1, "not_started" | "in_progress" | "sent_back" | "ineffective", Some(_)) => {
                let later = w.today() + chrono::Days::new(40);
                change::extend(
                    &w.app,
                    w.actor("nominated"),
                    action.number,
                    seen,
                    later,
                    "The supplier is late",
                )
                .await
                .unwrap();
            }
            (2, "not_started" | "in_progress" | "sent_back" | "ineffective", _) => {
                let to = if owner == Some(&"deputy_two") { "manager" } else { "deputy_two" };
                change::reassign(
                    &w.app,
                    w.actor("nominated"),
                    action.number,
                    seen,
                    w.id(to),
                    "They know it best",
                )
                .await
                .unwrap();
            }
            (3, "not_started" | "in_progress", _) => {
                change::cancel(&w.app, w.actor("nominated"), action.number, seen, "Done elsewhere")
                    .await
                    .unwrap();
            }
            (_, "submitted", Some(owner)) => w_submission_back(w, action, owner).await,
            (_, "verified", _) => {
                if w.case(action).await.action.needs_assurance() {
                    w.assure(action, AssuranceDecision::Challenged).await;
                } else {
                    w.close(action, closer).await;
                }
            }
            _ => {}
        }
    }
    // what was closed opens again
    let closed = texts(db, "SELECT a.number::text FROM actions a JOIN providers p ON p.id = a.provider_id AND p.slug = 'rowan-care' WHERE a.status = 'closed' ORDER BY a.number LIMIT 3").await;
    for n in closed {
        let action = Reference::action(n.parse().unwrap());
        let seen = w.version(action).await;
        closure::reopen(
            &w.app,
            w.actor("nominated"),
            action.number,
            seen,
            "It happened again",
            w.today() + chrono::Days::new(9),
        )
        .await
        .unwrap();
    }
    // escalations are decided, and somebody leaves
    let waiting = texts(db, "SELECT e.id || ' ' || a.number FROM undecided_escalations u JOIN escalations e ON e.id = u.escalation_id JOIN actions a ON a.id = e.action_id
        JOIN providers p ON p.id = a.provider_id AND p.slug = 'rowan-care' WHERE a.owner_id IS DISTINCT FROM (SELECT m.id FROM memberships m WHERE m.name = 'James Okafor') ORDER BY a.number, e.level").await;
    for (at, line) in waiting.iter().enumerate() {
        let (id, n) = line.split_once(' ').unwrap();
        let seen = w.version(Reference::action(n.parse().unwrap())).await;
        let given = if at % 2 == 0 { act(None) } else { no_escalation() };
        drop(decide(&w.app, w.actor("nominated"), id.parse().unwrap(), seen, &given).await);
    }
    end_place(&w.app, w.provider, w.id("visitor")).await.unwrap();
}

async fn w_submission_back(w: &World, action: Reference, owner: &str) {
    throughline::workflow::submission::take_back(&w.app, w.actor(owner), action).await.unwrap();
}

#[tokio::test]
async fn the_address_leads_to_the_month_worth_looking_at_and_to_nothing_that_is_not_there() {
    let db = TestDb::new().await;
    let w = lively(&db).await;
    let quality = w.browser("quality").await;
    assert_eq!(
        quality.get("/governance").await.location(),
        "/p/rowan-care/governance/2026-11",
        "nothing is older"
    );
    w.at(london_hour(day("2026-12-05"), 9));
    assert_eq!(quality.get("/governance").await.location(), "/p/rowan-care/governance/2026-11", "it is over");
    let kept = quality.get("/governance?service=rowan-visits").await;
    assert_eq!(kept.location(), "/p/rowan-care/governance/2026-11?service=rowan-visits");
    for path in [
        "/governance/2027-01",
        "/governance/2026-13",
        "/governance/last",
        "/governance/2026-11?service=willow-lodge",
        "/governance/2026-11?service=nowhere",
        "/governance/2026-11?figure=m11",
        "/governance/2026-11/m11",
        "/governance/2026-11/m1?counted=perhaps",
        "/governance/2026-11/m1?theme=weather",
        "/governance/2026-11/m1?place=willow-lodge",
        "/governance/2026-11/m1?age=old",
        "/governance/2026-11/m1?after=first",
        "/governance/2027-01/m1",
    ] {
        assert_eq!(quality.get(path).await.status, 404, "{path}");
    }
    // an early month has nothing in it and says so
    let empty = quality.get("/governance/2025-03").await;
    assert!(
        empty.text().contains("No finding was open.") && empty.text().contains("None to count"),
        "{}",
        empty.text()
    );
    assert!(quality.get("/governance/2025-03/m1").await.text().contains("There is nothing to count here."));
}

#[rstest]
#[case("carer", 404)]
#[case("leader", 404)]
#[case("reader", 404)]
#[case("deputy", 200)]
#[case("administrator", 200)]
#[tokio::test]
async fn it_is_for_those_who_run_services_and_above(#[case] who: &str, #[case] status: u16) {
    let db = TestDb::new().await;
    let w = lively(&db).await;
    let browser = w.browser(who).await;
    for path in ["/governance/2026-11", "/governance/2026-11/m10_open"] {
        assert_eq!(browser.get(path).await.status, status, "{who} {path}");
    }
}

/// A manager sees the figures of their own services, and no row of another's.
#[tokio::test]
async fn a_manager_sees_their_own_services() {
    let db = TestDb::new().await;
    let w = lively(&db).await;
    let manager = w.browser("manager").await;
    assert_eq!(manager.get("/governance/2026-11?service=rowan-visits").await.status, 404);
    assert_eq!(manager.get("/governance/2026-11/m1?service=rowan-visits").await.status, 404);
    assert_eq!(manager.get("/governance/2026-11/m1?place=rowan-visits").await.status, 404);
    let member = &w.actor("manager").member;
    for (row, _) in rows(&manager, "/governance/2026-11/m10_open").await {
        let n = row.split("A-").nth(1).unwrap().split(' ').next().unwrap();
        let case = w.case(Reference::action(n.parse().unwrap())).await;
        assert!(member.sees_service(case.action.service_id), "{row}");
    }
    let both = w.browser("deputy_two").await;
    let page = both.get("/governance/2026-11").await;
    assert!(
        page.body.contains("value=\"rowan-visits\"") && !page.body.contains("All services"),
        "both to choose from"
    );
}

/// Whoever changes what a figure counts changes the version: signed months name it.
#[tokio::test]
async fn the_version_names_these_definitions() {
    use sha2::{Digest as _, Sha256};
    let db = TestDb::new().await;
    let sources = texts(
        &db,
        "SELECT p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'app'
         WHERE p.proname IN ('figure_rows', 'open_at', 'standing_at', 'came_back_by', 'decided_by', 'closed_between', 'verdicts_between', 'leaves') ORDER BY p.proname",
    )
    .await;
    assert_eq!(sources.len(), 8);
    let words: Vec<String> = Figure::ALL
        .iter()
        .map(|f| format!("{} {} {} {} {:?}", f.as_str(), f.label(), f.rows_are(), f.counted_are(), f.unit()))
        .collect();
    let digest = hex::encode(Sha256::digest(format!("{sources:?} {words:?}")));
    assert_eq!((VERSION, &digest[..16]), ("2026-11.2", "66b4fc7dfe9213c0"), "give it another version");
}

/// Twelve months of closures draw a line, its sentence and its table, whose months lead to their rows.
#[tokio::test]
async fn a_figure_has_its_line_over_time() {
    let db = TestDb::new().await;
    let w = lively(&db).await;
    let browser = w.browser("quality").await;
    let mut at: NaiveDate = day("2026-12-02");
    for _ in 0..9 {
        w.at(london_hour(at, 10));
        w.closed_action(Risk::Low, "carer").await;
        at = at + Months::new(1);
    }
    w.at(london_hour(at, 10));
    keep_figures(&w.app).await.unwrap();
    let month = Month::of(at).before(1).text();
    let page = browser.get(&format!("/governance/{month}?figure=m8_days&service=rowan-house")).await;
    let text = page.text();
    assert!(
        text.contains("Days from finding to closure, median") && text.contains("What this says."),
        "{text}"
    );
    let table = between(&page.body, "Show the numbers as a table", "</details>")[0];
    let months = between(table, "<tr class=\"govuk-table__row\"><th scope=\"row\"", "</tr>");
    assert_eq!(months.len(), 10, "November to August: {table}");
    let path = href(months[3]);
    assert!(path.contains("m8_days") && path.contains("service=rowan-house"), "{path}");
    assert_eq!(browser.get(&path).await.status, 200);
    // and beside the measures people read themselves it stands with its newest month
    for (who, slug, place) in [
        ("quality", "", "Every month, for the whole provider"),
        ("quality", "rowan-visits", "Every month, for Rowan Visits"),
        ("manager", "", "Every month, for Rowan House"),
    ] {
        let list = w.browser(who).await.get(&format!("/measures?service={slug}")).await;
        let counted = between(&list.body, "id=\"counted\"", "</section>")[0];
        assert!(counted.contains(place), "{who}: {counted}");
        let lines = between(counted, "<tr class=\"govuk-table__row\"><th scope=\"row\"", "</tr>");
        assert_eq!(lines.len(), Figure::ALL.len(), "{who}");
        let days = lines.iter().find(|line| line.contains("Days from finding to closure")).unwrap();
        let wanted =
            if slug == "rowan-visits" { "None to count, August 2027" } else { "0 days, August 2027" };
        assert!(days.contains(wanted) && href(days).contains("figure=m8_days"), "{who}: {days}");
        assert_eq!(w.browser(who).await.get(href(days).split('#').next().unwrap()).await.status, 200);
    }
    let ended = browser.get("/measures?ended=yes").await;
    assert!(!ended.body.contains("id=\"counted\""));
}
