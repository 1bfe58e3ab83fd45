//! S9, dignity in home care: a concern with visit times, the manager's findings, a spot check, people asked again. Feedback,
//! observation and call data must all show improvement: mixed keeps it open and goes up.

use super::browser::Script;
use super::look;
use super::stage::{Stage, words};
use super::steps::{Agreed, Checked, Found, close, fill_verdict, record, start_review};

const MARKS: [&str; 3] = ["Feedback from people", "Observed practice", "Data"];

#[test]
fn mixed_evidence_stays_open_and_goes_up() {
    let stage = Stage::open("s9", "2026-10-05 10:30");
    let browser = stage.browser(Script::On);
    let visitor = stage.name_of("visitor");

    browser.desk("manager_two");
    start_review(&browser, "Complaint", "Hurried care on the North round", "Rowan Visits");
    let agreed = Agreed {
        what: "Give the North round two more hours each evening, watch 4 visits, and ask the person and her daughter again after two weeks",
        test: "She says she is not hurried; 4 of 4 visits keep the door shut; 95 % of visits last at least 25 minutes",
        owner: visitor,
        due: Some(stage.in_days(14)),
    };
    record(
        &browser,
        &Found {
            what: "A daughter says that care after 8pm is hurried; visits on 1 and 2 October lasted 14 and 12 of 30 minutes",
            unit: "North round",
            risk: "Medium",
            topic: "Dignity and respect",
            theme: "Experience of people using the service",
            rests_on: "Complaint",
            action: Some(agreed),
        },
    );

    // what the manager found within 48 hours, then the spot check, then people asked again
    stage.at("2026-10-07 09:00");
    browser.phone("visitor");
    browser.follow("Add an update");
    browser.fill(
        "What was done",
        "Read four weeks of call data: 11 of 42 evening visits were under 20 minutes.",
    );
    let calls = stage.file("calls.csv", b"week,visits,under 20 minutes\n39,42,11\n");
    browser.upload_in("Data", "Photos or files", &[&calls]);
    browser.choose("Not yet, I am still working on it");
    browser.press("Save");
    browser.see("Update saved");
    stage.at("2026-10-12 21:10");
    browser.phone("visitor");
    browser.follow("Add an update");
    browser.fill("What was done", "Spot check on 4 visits without notice: door shut, her own pace.");
    browser.fill_in("Observed practice", "Or where the record is kept", "Spot check sheets, North round");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Evidence is still missing: feedback from people.");
    browser.choose("Not yet, I am still working on it");
    browser.press("Save");
    browser.see("Update saved");
    stage.at("2026-10-19 17:00");
    browser.phone("visitor");
    browser.follow("Add an update");
    browser.fill(
        "What was done",
        "Asked her and her daughter after two weeks: better, and not hurried on weekdays.",
    );
    browser.fill_in(
        "Feedback from people",
        "Or where the record is kept",
        "Notes of the visit, complaint folder",
    );
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");

    // two of three show improvement: it cannot be called complete
    stage.at("2026-10-21 09:30");
    browser.desk("manager_two");
    browser.visit("actions/A-0001");
    let mut mixed = Checked {
        note: "Feedback and spot checks are better. Call data are not yet on Sundays: 5 visits under 20 minutes.",
        method: "Checked data",
        looked_at: 84,
        met: 79,
        marks: &[(MARKS[0], "Supports it"), (MARKS[1], "Supports it"), (MARKS[2], "Mixed")],
        decision: "Complete",
    };
    fill_verdict(&browser, &mixed);
    browser.press("Record decision");
    browser.see("There is a problem");
    browser.refuses_to_offer("Close action");
    look::good(&browser, "mixed and complete is refused");
    mixed.decision = "Partially complete";
    fill_verdict(&browser, &mixed);
    browser.fill(
        "If it is partially complete: what is missing?",
        "Sundays are short. A third carer, and two more weeks of call data.",
    );
    let again = stage.in_days(15);
    browser.date("If it is not complete: new due date", again);
    browser.press("Record decision");
    browser.see("Sent back to the owner");
    browser.visit("escalations");
    browser.see_all(&["Give the North round two more hours", "Mixed evidence"]);
    browser.desk("quality");
    start_review(&browser, "Meeting", "Monthly governance meeting, October", "Rowan Visits");
    browser.visit("actions/A-0001");
    browser.see_all(&["Sundays are short", &words(again)]);

    // all three show it
    stage.at("2026-11-05 16:00");
    browser.phone("visitor");
    browser.follow("Add what is missing");
    browser.fill("What was done", "A third carer comes on Sundays; two weeks of call data attached.");
    let calls = stage.file("calls-two.csv", b"week,visits,under 20 minutes\n43,42,0\n44,42,1\n");
    browser.upload_in("Data", "Photos or files", &[&calls]);
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");
    stage.at("2026-11-09 10:00");
    browser.desk("manager_two");
    browser.visit("actions/A-0001");
    let complete = Checked {
        note: "Call data of two weeks: 83 of 84 visits last at least 25 minutes, Sundays included.",
        method: "Checked data",
        looked_at: 84,
        met: 83,
        marks: &[(MARKS[0], "Supports it"), (MARKS[1], "Supports it"), (MARKS[2], "Supports it")],
        decision: "Complete",
    };
    fill_verdict(&browser, &complete);
    browser.press("Record decision");
    browser.see("Verified as complete");
    browser.refuses_to_offer("Close action");
    browser.desk("quality");
    browser.visit("actions/A-0001");
    close(&browser, "She says so, it was watched, and the call data show it.");
}
