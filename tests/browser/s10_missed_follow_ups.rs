//! S10, missed follow-up actions: daily checks find them, each is given to somebody by name before the shift ends, done the
//! next working day and checked the day after; what stays without an action is a sign by itself.

use super::browser::Script;
use super::look;
use super::stage::Stage;
use super::steps::{Agreed, Checked, Found, close, fill_verdict, record, start_review};

#[test]
fn what_was_missed_is_followed_up_the_next_day() {
    let stage = Stage::open("s10", "2026-11-02 13:00");
    let browser = stage.browser(Script::Off);
    let carer = stage.name_of("carer");

    // at the end of the early shift: one from an appointment, one from a handover
    browser.desk("leader");
    start_review(&browser, "Daily check", "Daily check: appointments", "Rowan House");
    let agreed = Agreed {
        what: "Ring the practice for the blood result and write it into care record 14 before handover",
        test: "Care record 14 shows the result and who was told",
        owner: carer,
        due: None,
    };
    record(
        &browser,
        &Found {
            what: "The result of a blood test was not asked for three days after the appointment",
            unit: "Ash",
            risk: "Low",
            topic: "Missed follow-up",
            theme: "Safety",
            rests_on: "Record check",
            action: Some(agreed),
        },
    );
    // the next working day, as the closure standard says
    browser.see("3 November 2026");
    start_review(&browser, "Daily check", "Daily check: handovers", "Rowan House");
    record(
        &browser,
        &Found {
            what: "The request for a higher chair was handed over twice and not sent",
            unit: "Beech",
            risk: "Low",
            topic: "Missed follow-up",
            theme: "Safety",
            rests_on: "Record check",
            action: None,
        },
    );

    stage.at("2026-11-03 10:15");
    browser.phone("carer");
    browser.see("Ring the practice for the blood result");
    browser.follow("Add an update");
    browser.fill("What was done", "Rang at 9am. The result is in, the nurse in charge knows.");
    browser.fill_in("Record", "Or where the record is kept", "Care record 14, health section");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");

    // checked the next working day
    stage.at("2026-11-04 09:00");
    browser.desk("deputy");
    browser.visit("actions/A-0001");
    let verdict = Checked {
        note: "Read the entry: dated, signed, the nurse in charge confirms that she was told.",
        method: "Read the documents",
        looked_at: 1,
        met: 1,
        marks: &[("Record", "Supports it")],
        decision: "Complete",
    };
    fill_verdict(&browser, &verdict);
    browser.press("Record decision");
    browser.see("Verified as complete");
    browser.desk("manager");
    browser.visit("actions/A-0001");
    close(&browser, "The entry is complete and the nurse was told.");

    // the other one has no action yet: a sign after two working days, with the step that answers it
    stage.at("2026-11-05 08:00");
    browser.desk("manager");
    browser.visit("signals");
    browser.see_all(&["Found on a walkaround, and no action yet", "The request for a higher chair"]);
    look::good(&browser, "a missed follow-up without an action");
    browser.follow("Agree an action");
    super::steps::fill_action(
        &browser,
        &Agreed {
            what: "Send the request for the chair with the measurements and write the number into care record 9",
            test: "Care record 9 shows the request and its number",
            owner: carer,
            due: None,
        },
    );
    browser.press("Agree action");
    browser.see("Action agreed");
    browser.visit("signals");
    // the name of the sign stands among the filters
    browser.miss("The request for a higher chair");

    // the quality lead reads how they stand
    browser.desk("quality");
    browser.visit("findings?topic=missed_follow_up");
    browser.see_all(&["The result of a blood test", "The request for a higher chair"]);
}
