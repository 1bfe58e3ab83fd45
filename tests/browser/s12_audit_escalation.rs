//! S12, weak audit escalation: the nominated individual samples high-risk findings for a recorded decision; each gets one; the
//! owner gathers source evidence; he challenges the first, is assured by the second, and until then it stays open.

use super::browser::{Browser, Script};
use super::look;
use super::stage::Stage;
use super::steps::{Agreed, Checked, Found, close, fill_verdict, record, start_review};

const MARKS: &[(&str, &str)] = &[("Record", "Supports it"), ("Audit sample", "Supports it")];

/// The deputy's check, who finds all of it as agreed.
fn verify(browser: &Browser<'_>, note: &str) {
    browser.desk("deputy");
    browser.visit("actions/A-0001");
    let checked =
        Checked { note, method: "Sampled records", looked_at: 6, met: 6, marks: MARKS, decision: "Complete" };
    fill_verdict(browser, &checked);
    browser.press("Record decision");
    browser.see("Verified as complete");
}

#[test]
fn each_high_risk_gets_its_decision_and_stays_open_until_practice_is_proven() {
    let stage = Stage::open("s12", "2026-10-05 09:00");
    let browser = stage.browser(Script::On);

    browser.desk("manager");
    start_review(&browser, "Audit", "Medication audit, October", "Rowan House");
    let agreed = Agreed {
        what: "Put two signatures on each of the 9 controlled drugs counts on Ash",
        test: "10 of 10 counts on Ash have two signatures",
        owner: stage.name_of("leader"),
        due: Some(stage.in_days(11)),
    };
    record(
        &browser,
        &Found {
            what: "2 of 9 controlled drugs counts on Ash were not signed by a second person",
            unit: "Ash",
            risk: "High",
            topic: "Medicines",
            theme: "Safety",
            rests_on: "Record check",
            action: Some(agreed),
        },
    );

    // sampled: nobody has weighed it (M6)
    stage.at("2026-10-08 10:00");
    stage.tick();
    browser.desk("nominated");
    browser.visit("governance/2026-10?figure=m6");
    browser.see_all(&["High risk, no decision recorded", "2 of 9 controlled drugs counts", "0 of 1"]);
    look::good(&browser, "a high risk that nobody has weighed");
    browser.follow("Record decisions and challenge");
    browser.fill("Or a finding or an action (optional)", "F-0001");
    browser.choose_in("What does the meeting say?", "Challenge");
    browser.fill(
        "In your words",
        "Who weighed this, and what keeps people safe meanwhile? I want it by Friday.",
    );
    browser.press("Record it");
    browser.see("Recorded");

    // it gets its decision, with the reason
    stage.at("2026-10-09 09:10");
    browser.desk("manager");
    browser.visit("findings/F-0001");
    browser.see("Who weighed this");
    browser.visit("escalations");
    browser.follow("Record decision");
    browser.choose_in("What do you decide?", "No escalation needed");
    browser.fill(
        "No escalation, because",
        "The deputy counts with the senior at each handover until the new sheet is in use.",
    );
    browser.press("Record decision");
    browser.see("Decision recorded");
    browser.visit("governance/2026-10?figure=m6");
    browser.see_all(&["Every high-risk finding has its decision.", "1 of 1"]);

    // the owner gathers source evidence, on the phone
    stage.at("2026-10-14 20:00");
    browser.phone("leader");
    browser.visit("actions/A-0001/update");
    browser.fill("What was done", "Two signatures at every handover since the 9th.");
    let sheet = stage.file("counts.csv", b"day,first,second\n2026-10-12,AB,SM\n2026-10-13,AB,TR\n");
    browser.upload_in("Record", "Photos or files", &[&sheet]);
    browser.fill_in("Audit sample", "Or where the record is kept", "Controlled drugs book, Ash, week 42");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");
    stage.at("2026-10-15 09:30");
    verify(&browser, "6 counts of 9 to 14 October, all 6 with two signatures.");

    // challenged: days only, so it stays open and goes back
    browser.desk("nominated");
    browser.visit("actions/A-0001");
    browser.see("Record your assurance");
    browser.choose_in("Your word on it", "I am not satisfied");
    browser.fill("What did you look at", "All six counts are from day shifts. Show me nights and a weekend.");
    browser.date("If you are not satisfied: new due date", stage.in_days(7));
    browser.press("Record your word");
    browser.see("All six counts are from day shifts.");
    browser.desk("manager");
    browser.visit("actions/A-0001");
    browser.refuses_to_offer("Close action");
    look::good(&browser, "a challenge");

    stage.at("2026-10-20 07:40");
    browser.phone("leader");
    browser.visit("actions/A-0001/update");
    browser.fill("What was done", "Nights and the weekend counted with two; sample attached.");
    browser.unfold_if("Add more: Audit sample");
    browser.fill_in(
        "Audit sample",
        "Or where the record is kept",
        "Controlled drugs book, Ash, nights and weekend, week 43",
    );
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");
    stage.at("2026-10-20 10:30");
    verify(&browser, "6 counts of three nights and a weekend, all 6 with two signatures.");
    browser.desk("nominated");
    browser.visit("actions/A-0001");
    browser.choose("I am satisfied that practice changed");
    browser.fill("What did you look at", "The second sample, and the book itself on a Sunday night.");
    browser.press("Record your word");
    browser.see("Assurance recorded");
    browser.desk("manager");
    browser.visit("actions/A-0001");
    close(&browser, "Two signatures at every count, nights and weekends too.");

    // whoever asks later reads the challenge and the assurance on the finding's page
    browser.desk("nominated");
    browser.visit("findings/F-0001");
    browser.see_all(&["Show me nights and a weekend.", "on a Sunday night", "Closed"]);
}
