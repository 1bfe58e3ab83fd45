//! S6, a feedback action tested on experience: the manager says how people's experience will be checked, staff are briefed, key
//! workers gather views afterwards, and the quality lead closes it, or keeps it open, on that evidence.

use super::browser::Script;
use super::look;
use super::stage::Stage;
use super::steps::{Agreed, Checked, Found, close, fill_verdict, record, start_review};

#[test]
fn what_people_said_closes_on_what_people_say() {
    let stage = Stage::open("s6", "2026-10-05 09:30");
    let browser = stage.browser(Script::On);
    let carer = stage.name_of("carer");

    // what people said, and how their experience will be checked
    browser.desk("manager");
    start_review(&browser, "Feedback round", "Residents' views, September", "Rowan House");
    let agreed = Agreed {
        what: "Ask each of the 12 residents on Ash the evening before what they would like to do and write it on the day sheet",
        test: "10 of 12 residents, asked by their key worker after two weeks, say that the day was theirs",
        owner: carer,
        due: Some(stage.in_days(18)),
    };
    record(
        &browser,
        &Found {
            what: "7 of 12 residents on Ash say that the day is planned without them",
            unit: "Ash",
            risk: "Low",
            topic: "Other",
            theme: "Experience of people using the service",
            rests_on: "Conversation with people or families",
            action: Some(agreed),
        },
    );

    // the team is briefed; without what people say it cannot be handed in
    stage.at("2026-10-08 14:10");
    browser.phone("carer");
    browser.follow("Add an update");
    browser
        .fill("What was done", "Briefed both shifts on Ash; the day sheet has a line for it since Monday.");
    browser.fill_in("Briefing or attendance", "Or where the record is kept", "Handover book, Ash, 8 October");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Evidence is still missing: feedback from people.");
    look::good(&browser, "feedback action without feedback");
    browser.choose("Not yet, I am still working on it");
    browser.press("Save");
    browser.see("Update saved");

    // the key worker gathers views
    stage.at("2026-10-22 16:40");
    browser.phone("carer");
    browser.follow("Add an update");
    browser
        .fill("What was done", "Asked all 12 residents after two weeks: 8 say yes, 4 say only on some days.");
    browser.fill_in("Feedback from people", "Or where the record is kept", "Views sheet, Ash, 22 October");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");

    // the deputy asks for herself: it is better, and not yet what was agreed
    stage.at("2026-10-26 11:00");
    browser.desk("deputy");
    browser.visit("actions/A-0001");
    let mut asked = Checked {
        note: "Spoke with 6 of the 12 without staff present: 4 say that they choose, 2 say only at weekends.",
        method: "Spoke with people or families",
        looked_at: 6,
        met: 4,
        marks: &[("Feedback from people", "Mixed"), ("Briefing or attendance", "Supports it")],
        decision: "Partially complete",
    };
    fill_verdict(&browser, &asked);
    browser.fill(
        "If it is partially complete: what is missing?",
        "On weekdays the bus decides. Plan the week with the four, and ask them again.",
    );
    browser.date("If it is not complete: new due date", stage.in_days(14));
    browser.press("Record decision");
    browser.see("Sent back to the owner");

    // it stays open, and the quality lead sees that it is not closed on a briefing
    browser.desk("quality");
    browser.visit("actions/A-0001");
    browser.see_all(&["Sent back", "On weekdays the bus decides."]);
    browser.refuses_to_offer("Close action");

    stage.at("2026-11-06 17:05");
    browser.phone("carer");
    browser.follow("Add what is missing");
    browser.fill(
        "What was done",
        "Planned the week with the four and asked all 12 again: 11 say that the day is theirs.",
    );
    browser.unfold_if("Add more: Feedback from people");
    browser.fill_in("Feedback from people", "Or where the record is kept", "Views sheet, Ash, 6 November");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");

    stage.at("2026-11-10 10:30");
    browser.desk("deputy");
    browser.visit("actions/A-0001");
    (asked.note, asked.met) =
        ("Spoke with 6 of the 12 again: all six say that they choose, on weekdays too.", 6);
    asked.marks = &[("Feedback from people", "Supports it"), ("Briefing or attendance", "Supports it")];
    asked.decision = "Complete";
    fill_verdict(&browser, &asked);
    browser.press("Record decision");
    browser.see("Verified as complete");

    // what people said is closed by the quality lead, not by the manager of the home
    browser.desk("manager");
    browser.visit("actions/A-0001");
    browser.refuses_to_offer("Close action");
    browser.desk("quality");
    browser.visit("actions/A-0001");
    close(&browser, "5 of 12 before, 11 of 12 now, in residents' own words, and heard by somebody else.");

    // and it counts among those that closed on what people say now (M3)
    browser.visit("governance/2026-11");
    browser.follow("Feedback actions closed on what people say now");
    browser.see("1 of 1");
}
