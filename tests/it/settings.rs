//! Settings: members' places and services, each change with its history.

use axum::http::StatusCode;
use throughline::clock::Clock;
use throughline::domain::calendar::Nation;
use throughline::domain::topic::{Risk, Topic};

use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, saturday, world};

/// Sends a form as its page shows it, with these fields.
async fn send(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let seen = browser.get(path).await.field("seen");
    let mut all = vec![("seen", seen.as_str())];
    all.extend_from_slice(fields);
    browser.post(path, &all).await
}

#[tokio::test]
async fn a_members_place_changes_and_the_history_says_so() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let browser = w.browser("administrator").await;
    let (house, visits) = (w.house.id.to_string(), w.visits.id.to_string());
    let member = format!("/settings/members/{}", w.id("carer"));
    let path = format!("{member}/place");
    let page = browser.get(&path).await;
    assert!(page.body.contains("value=\"senior carer\"") && page.text().contains("Registered manager"));

    // a job title and a further service: they stay signed in
    let carer = w.browser("carer").await;
    let as_care = [("name", "Amara Bello"), ("role", "care_staff"), ("job_title", "night lead")];
    let both = [as_care.as_slice(), &[("services", &house), ("services", &visits)]].concat();
    assert_eq!(send(&browser, &path, &both).await.status, StatusCode::SEE_OTHER);
    assert_eq!(carer.get("/my-actions").await.status, 200, "only another role ends sessions");
    let new = carer.get("/findings/new").await.body;
    assert!(new.contains(&visits), "the new service is theirs at once");

    // another role: they sign in again, and act as what they are now
    let leader = [("name", "Amara Bello"), ("role", "team_leader"), ("job_title", ""), ("services", &house)];
    assert_eq!(send(&browser, &path, &leader).await.status, StatusCode::SEE_OTHER);
    assert!(carer.get("/my-actions").await.location().starts_with("/sign-in"));
    assert_eq!(w.browser("carer").await.get("/dashboard").await.status, 200);
    let page = browser.get(&member).await.text();
    for said in [
        "Team leader",
        "Role: from Care staff to Team leader",
        "Job title: from senior carer to night lead",
        "Job title taken away: night lead",
        "1 service given",
        "1 service taken away",
        "Nina Patel, 21 November 2026",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let whole = browser.get("/settings/history").await.text();
    assert!(whole.contains("Amara Bello has another place") && whole.contains("Service added: Rowan House"));
}

#[tokio::test]
async fn a_place_that_cannot_be_so_says_why_and_keeps_what_was_typed() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    w.line(Risk::Medium, Topic::Falls, "carer").await;
    let browser = w.browser("administrator").await;
    let (house, visits, lodge) = (w.house.id.to_string(), w.visits.id.to_string(), w.lodge.id.to_string());
    let place = |who: &str| format!("/settings/members/{}/place", w.id(who));
    let fields = |role: &'static str, service: &str| {
        vec![
            ("name", "Somebody".to_owned()),
            ("role", role.to_owned()),
            ("job_title", "typed by hand".to_owned()),
            ("services", service.to_owned()),
        ]
    };
    for (who, fields, why) in [
        (
            "carer",
            fields("care_staff", &visits),
            "They own 1 open action in Rowan House, which they would no longer see",
        ),
        ("carer", fields("external_reader", &house), "They own 1 open action in Rowan House"),
        ("visitor", fields("team_leader", ""), "Choose services of this provider"),
        ("visitor", fields("team_leader", &lodge), "Choose services of this provider"),
        ("visitor", fields("boss", &visits), "Choose one role"),
        ("administrator", fields("quality_lead", &house), "Nobody else is an administrator here"),
    ] {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(n, v)| (*n, v.as_str()))
            .filter(|(n, v)| *n != "services" || !v.is_empty() || who == "visitor")
            .collect();
        let answer = send(&browser, &place(who), &fields).await;
        assert_eq!(answer.status, 422, "{who} {why}");
        assert!(answer.text().contains(why), "{why}: {}", answer.text());
        assert!(answer.body.contains("typed by hand"), "{why}");
    }
    let none = [("name", "Tom Reid"), ("role", "team_leader"), ("job_title", "")];
    let answer = send(&browser, &place("visitor"), &none).await;
    assert!(answer.status == 422 && answer.text().contains("Choose at least one service for this role"));
    let same =
        [("name", "Tom Reid"), ("role", "care_staff"), ("job_title", "care worker"), ("services", &*visits)];
    let answer = send(&browser, &place("visitor"), &same).await;
    assert!(answer.status == 422 && answer.text().contains("Change something, or go back"));

    // overtaken: nothing of the first is lost
    let first = browser.get(&place("visitor")).await.field("seen");
    let round =
        [("name", "Tom Reid"), ("role", "care_staff"), ("job_title", "driver"), ("services", &*visits)];
    assert_eq!(send(&browser, &place("visitor"), &round).await.status, 303);
    let late = [
        ("seen", &*first),
        ("name", "Tom Reid"),
        ("role", "team_leader"),
        ("job_title", "x"),
        ("services", &*visits),
    ];
    let answer = browser.post(&place("visitor"), &late).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("Somebody changed this place since you opened it"));
    assert_ne!(answer.field("seen"), first, "it can be sent now that it was read");
    // who has left has no place to change
    throughline::workflow::person::end_place(&w.app, w.provider, w.id("leader")).await.unwrap();
    assert_eq!(browser.get(&place("leader")).await.status, 403);
}

#[tokio::test]
async fn services_are_added_and_changed() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let browser = w.browser("administrator").await;
    let new = "/settings/services/new";
    let fields = [
        ("name", "Rowan Heights"),
        ("kind", "extra_care"),
        ("nation", "scotland"),
        ("more", "Top floor\n\nGarden\r\ngarden"),
    ];
    assert_eq!(browser.post(new, &fields).await.status, StatusCode::SEE_OTHER);
    let list = browser.get("/settings/services").await;
    assert!(
        list.text().contains("Rowan Heights Extra care Scotland Garden and Top floor 0"),
        "{}",
        list.text()
    );
    let twice = browser.post(new, &fields).await;
    assert!(twice.status == 422 && twice.text().contains("There is a service of this name already"));
    assert!(twice.body.contains("Top floor"), "what was typed is kept");
    let empty = browser.post(new, &[("name", ""), ("more", "")]).await;
    for said in ["Enter the name of the service", "Choose which kind", "Choose the nation"] {
        assert!(empty.text().contains(said), "{said}");
    }

    let path = format!("/settings/services/{}", w.house.id);
    let units: Vec<String> = w.house.units.iter().map(|unit| format!("unit-{unit}")).collect();
    let change = |name: &'static str, nation: &'static str, ash: &'static str, more: &'static str| {
        vec![
            ("name".to_owned(), name),
            ("kind".to_owned(), "nursing"),
            ("nation".to_owned(), nation),
            (units[0].clone(), ash),
            (units[1].clone(), "Beech"),
            ("more".to_owned(), more),
        ]
    };
    for (fields, why) in [
        (change("Rowan House", "england", "Ash", ""), "Change something, or go back"),
        (change("rowan visits", "england", "Ash", ""), "There is a service of this name already"),
        (change("Rowan House", "england", "Beech", ""), "Each unit of a service has a name of its own"),
        (change("Rowan House", "england", "Ash", "beech"), "There is a unit called beech already"),
        (change("Rowan House", "england", "", ""), "Give the unit a name"),
    ] {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        let answer = send(&browser, &path, &fields).await;
        assert!(answer.status == 422 && answer.text().contains(why), "{why}: {}", answer.text());
    }
    // what was agreed keeps its window when the nation changes
    let submitted = w.submitted_action(Risk::Medium, "carer").await;
    let before = w.case(submitted).await.action.verify_by;
    let fields = change("Rowan House", "northern_ireland", "Ash and Oak", "Cedar");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), *v)).collect();
    let stale = browser.get(&path).await.field("seen");
    assert_eq!(send(&browser, &path, &fields).await.status, StatusCode::SEE_OTHER);
    let a = w.case(submitted).await.action;
    assert_eq!((a.verify_by, a.nation), (before, Nation::NorthernIreland));
    let page = browser.get(&path).await.text();
    for said in [
        "Nation: from England to Northern Ireland",
        "Unit renamed: Ash and Oak",
        "Before: Ash",
        "Unit added: Cedar",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let late = [vec![("seen", stale.as_str())], fields].concat();
    let answer = browser.post(&path, &late).await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    for who in ["manager", "quality", "carer"] {
        let other = w.browser(who).await;
        assert_eq!(other.get(&path).await.status, 404, "{who}");
        assert_eq!(other.post(new, &[("name", "x")]).await.status, 404, "{who}");
    }
}
