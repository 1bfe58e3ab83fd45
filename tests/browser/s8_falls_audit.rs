//! S8, falls audit follow-through: logged the same working day, checked within three working days; a check that comes
//! late is as visible as a late action, and what did not work goes to the leaders with reason, support and new date.

use super::browser::Script;
use super::look;
use super::stage::{Stage, words};
use super::steps::{Agreed, Checked, Found, close, fill_verdict, record, start_review};

#[test]
fn slow_checking_shows_and_what_did_not_work_goes_up() {
    let stage = Stage::open("s8", "2026-11-02 11:00");
    let browser = stage.browser(Script::On);
    let carer = stage.name_of("carer");

    browser.desk("deputy");
    start_review(&browser, "Audit", "Falls audit, November", "Rowan House");
    let agreed = Agreed {
        what: "Put a sensor mat and a call bell within reach for each of the 6 people at risk on Ash",
        test: "6 of 6 rooms on Ash have both at two unannounced checks",
        owner: carer,
        due: Some(stage.in_days(4)),
    };
    record(
        &browser,
        &Found {
            what: "3 of 6 people at risk of falls on Ash had no call bell within reach",
            unit: "Ash",
            risk: "Medium",
            topic: "Falls",
            theme: "Safety",
            rests_on: "Observation",
            action: Some(agreed),
        },
    );

    stage.at("2026-11-05 15:00");
    browser.phone("carer");
    browser.follow("Add an update");
    browser.fill("What was done", "All 6 rooms on Ash have a mat and a bell within reach.");
    let photos = [stage.photo("room-1.png", 90), stage.photo("room-2.png", 110)];
    browser.upload_in("Observed practice", "Photos or files", &[&photos[0], &photos[1]]);
    browser.fill_in("Record", "Or where the record is kept", "Falls log, Ash, 5 November");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");
    // Thursday and three working days
    browser.see_all(&["room-1", "room-2", "10 November 2026"]);
    browser.picture("action-waiting-390");

    // nobody checked in time
    stage.at("2026-11-11 08:00");
    stage.tick();
    browser.desk("manager");
    browser.see("1 past the window");
    browser.visit("escalations");
    browser.see("Not verified in time");

    // it did not work: open again, with new evidence, and up to the leaders
    browser.visit("actions/A-0001");
    let ineffective = Checked {
        note: "Two rounds: in 4 of 6 rooms the bell was out of reach again.",
        method: "Observed practice",
        looked_at: 6,
        met: 2,
        marks: &[("Record", "Supports it"), ("Observed practice", "Does not support it")],
        decision: "Ineffective",
    };
    fill_verdict(&browser, &ineffective);
    browser.press("Record decision");
    browser.see("Set a new due date");
    look::good(&browser, "ineffective without a date");
    let new_date = stage.in_days(7);
    browser.date("If it is not complete: new due date", new_date);
    browser.press("Record decision");
    browser.see("Recorded as ineffective");
    browser.see("Verified as ineffective");

    browser.desk("nominated");
    browser.visit("escalations?show=others");
    browser.see_all(&["Put a sensor mat and a call bell within reach", "Verified as ineffective"]);
    browser.follow("Record decision");
    browser.choose_in("What do you decide?", "Act on it");
    browser.fill("What could happen until it works?", "Somebody gets up alone and falls.");
    browser.fill("Why did it not work?", "Bells are moved when beds are made.");
    browser.fill("What keeps people safe meanwhile?", "A round every hour, signed on the falls log.");
    browser.fill("What support is needed?", "Clips that hold the bell to the pillow, ordered.");
    browser.press("Record decision");
    browser.see("Decision recorded");

    // the carer begins again: the earlier evidence does not count any more
    browser.phone("carer");
    browser.see_all(&["in 4 of 6 rooms the bell was out of reach again", &words(new_date)]);
    browser.follow("Add what is missing");
    browser.fill("What was done", "Clips fitted in all 6 rooms, everybody on the floor shown how.");
    let again = stage.photo("clips.png", 100);
    browser.upload_in("Observed practice", "Photos or files", &[&again]);
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Evidence is still missing: record.");
    browser.fill_in("Record", "Or where the record is kept", "Falls log, Ash, 12 November");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");
    browser.see("clips");

    stage.at("2026-11-13 10:00");
    browser.desk("manager");
    browser.visit("actions/A-0001");
    let complete = Checked {
        note: "Two unannounced rounds: 6 of 6 rooms have mat and bell within reach.",
        method: "Observed practice",
        looked_at: 6,
        met: 6,
        marks: &[("Record", "Supports it"), ("Observed practice", "Supports it")],
        decision: "Complete",
    };
    fill_verdict(&browser, &complete);
    browser.press("Record decision");
    browser.see("Verified as complete");
    // not before somebody has asked why it did not work at first
    browser.see("It cannot be closed yet. Missing: why it did not work.");
    browser.follow("Write the root-cause review");
    browser.see_all(&["Why did it not work?", "It was opened because A-0001 was verified as ineffective."]);
    browser.choose("Equipment or supplies");
    browser
        .fill("Why did it happen?", "The bell slides off when a bed is made, and nobody looks where it went");
    browser.date("When is it looked at again?", stage.in_days(30));
    browser.press("Complete review");
    browser.see("Root-cause review complete");
    browser.visit("actions/A-0001");
    close(&browser, "Both checks found mat and bell in every room; no fall on Ash since 5 November.");
    browser.see("Evidence of earlier rounds");
    browser.visit("findings/F-0001");
    browser.see_all(&["Closed", carer, "Complete on 13 November 2026"]);
}
