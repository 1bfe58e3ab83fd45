//! S2, safeguarding and incident learning: an action after distress-related incidents is updated after a
//! briefing and after supervision, checked in practice, and the quality lead looks every month whether incidents fell.

use super::browser::Script;
use super::look;
use super::stage::Stage;
use super::steps::{Agreed, Checked, Found, close, fill_verdict, record, start_review};

#[test]
fn what_was_learned_is_kept_up_and_looked_at_every_month() {
    let stage = Stage::open("s2", "2026-08-03 09:00");
    let browser = stage.browser(Script::On);
    let leader = stage.name_of("leader");

    browser.desk("safeguarding");
    start_review(&browser, "Incident review", "Distress in the evenings, July", "Rowan House");
    let agreed = Agreed {
        what: "Write into both support plans on Ash what to try first in the evening, and brief all 5 shifts in it",
        test: "Both plans name three things to try first; 6 of 6 staff asked name them; incidents fall from 6 to 2 or fewer in four weeks",
        owner: leader,
        due: Some(stage.in_days(18)),
    };
    record(
        &browser,
        &Found {
            what: "6 distress-related incidents on Ash in four weeks, 5 of them between 5pm and 7pm; a hold was used in 2",
            unit: "Ash",
            risk: "Medium",
            topic: "Distress and restrictive practice",
            theme: "Safety",
            rests_on: "Incident report",
            action: Some(agreed),
        },
    );

    // after the briefing, and after supervision
    stage.at("2026-08-10 19:20");
    browser.phone("leader");
    browser.visit("actions/A-0001/update");
    browser.fill("What was done", "Both plans are rewritten with the two people. 3 of 5 shifts briefed.");
    browser.fill_in("Record", "Or where the record is kept", "Support plans, Ash, evenings, version 6");
    browser.choose("Not yet, I am still working on it");
    browser.press("Save");
    browser.see("Update saved");
    stage.at("2026-08-18 20:05");
    browser.phone("leader");
    browser.visit("actions/A-0001/update");
    browser.see("1 here already");
    browser.fill(
        "What was done",
        "Talked through in supervision with all evening staff; the last 2 shifts briefed.",
    );
    let sheet = stage.file("briefings.csv", b"shift,attended\nA,4\nB,3\nC,4\nD,3\nE,4\n");
    browser.upload_in("Briefing or attendance", "Photos or files", &[&sheet]);
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Evidence is still missing: observed practice.");
    look::good(&browser, "done, with a kind missing");
    browser.fill_in(
        "Observed practice",
        "Or where the record is kept",
        "Observation sheets, two evenings on Ash",
    );
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");

    stage.at("2026-08-21 18:00");
    browser.desk("deputy");
    browser.visit("actions/A-0001");
    let verdict = Checked {
        note: "Asked 6 staff on three shifts and stayed for one evening: all 6 named what to try first, and I saw it done.",
        method: "Observed practice",
        looked_at: 6,
        met: 6,
        marks: &[
            ("Record", "Supports it"),
            ("Observed practice", "Supports it"),
            ("Briefing or attendance", "Supports it"),
        ],
        decision: "Complete",
    };
    fill_verdict(&browser, &verdict);
    browser.press("Record decision");
    browser.see("Verified as complete");
    browser.desk("manager");
    browser.visit("actions/A-0001");
    close(&browser, "Both plans in use, every shift briefed, seen in practice.");

    // every month: two and then none; a third month with more would be logged as a finding of its own
    for (at, title) in [
        ("2026-09-03 10:00", "Monthly check: 2 distress-related incidents, no hold"),
        ("2026-10-02 10:00", "Monthly check: no distress-related incident"),
    ] {
        stage.at(at);
        browser.desk("quality");
        start_review(&browser, "Incident review", title, "Rowan House");
    }
    browser.visit("reviews");
    browser
        .see_all(&["Monthly check: 2 distress-related incidents, no hold", "Distress in the evenings, July"]);
    browser.visit("findings/F-0001");
    browser.see_all(&["Closed", leader, "3 of 5 shifts briefed", "Complete on 21 August 2026"]);

    // found again within the year it is a sign by itself
    stage.at("2026-10-20 09:00");
    browser.desk("manager");
    start_review(&browser, "Incident review", "Distress in the evenings, October", "Rowan House");
    record(
        &browser,
        &Found {
            what: "3 distress-related incidents on Ash in two weeks with two new staff in the evening",
            unit: "Ash",
            risk: "Medium",
            topic: "Distress and restrictive practice",
            theme: "Safety",
            rests_on: "Incident report",
            action: None,
        },
    );
    browser.visit("signals");
    browser.see_all(&["Came back after closure", "3 distress-related incidents on Ash in two weeks"]);
    look::good(&browser, "signs");
}
