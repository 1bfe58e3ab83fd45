//! S11, inconsistent senior presence: what people say first, a plan, visits logged from the phone, people asked again week by
//! week, and the nominated individual who reads it and says in the meeting what convinces him.

use super::browser::{Browser, Script};
use super::look;
use super::stage::Stage;
use super::steps::{Agreed, Checked, Found, close, fill_verdict, record, start_review};

/// Pastes what people said, week by week.
fn paste(browser: &Browser<'_>, weeks: &str) {
    browser.unfold("Paste many from a spreadsheet");
    browser.fill("Two columns: a date and a value on each line", weeks);
    browser.press("Save what was pasted");
}

#[test]
fn seniors_are_there_when_people_say_so() {
    let stage = Stage::open("s11", "2026-09-07 09:00");
    let browser = stage.browser(Script::On);

    // the baseline: people are asked, and seniors planned
    browser.desk("deputy");
    start_review(&browser, "Feedback round", "Is a senior there when you need one?", "Rowan House");
    let agreed = Agreed {
        what: "Plan a senior on each unit from 4pm to 8pm, log each round, and ask 20 residents every week for eight weeks",
        test: "17 of 20 residents say that a senior is there, in three weeks running",
        owner: stage.name_of("leader"),
        due: Some(stage.in_days(60)),
    };
    record(
        &browser,
        &Found {
            what: "9 of 20 residents say that no senior is there when they need one",
            unit: "",
            risk: "Medium",
            topic: "Senior presence",
            theme: "Experience of people using the service",
            rests_on: "Conversation with people or families",
            action: Some(agreed),
        },
    );
    browser.visit("measures/new");
    browser.fill("What is measured?", "People who say a senior is there");
    browser.select("Where?", "Rowan House");
    browser.choose_in("What is a reading?", "A share: how many of how many, in per cent");
    browser.choose_in("Which way is better?", "More is better");
    browser.choose("It is how many answers were positive when people were asked");
    browser.choose_in("How often is it read?", "Every week");
    browser.fill("Where does it begin? (optional)", "55");
    browser.fill("What is aimed at? (optional)", "85");
    browser.press("Define measure");
    browser.see("Measure defined");
    paste(
        &browser,
        "20/7/2026; 11 of 20\n27/7/2026; 12 of 20\n3/8/2026; 11 of 20\n10/8/2026; 10 of 20\n17/8/2026; 11 of 20\n24/8/2026; 12 of 20\n31/8/2026; 11 of 20",
    );
    browser.see("11 of 20");
    browser.fill("Name an action", "A-0001");
    browser.press("Name it");
    browser.see("Action named");
    look::good(&browser, "a measure of what people say");

    // visits are logged from the phone
    for (at, note, kept) in [
        (
            "2026-09-21 19:30",
            "Seniors are planned on both units. 13 of 14 rounds are logged.",
            "Round log, weeks 37 and 38",
        ),
        (
            "2026-10-12 20:10",
            "40 of 42 rounds are logged; at one weekend the deputy stood in.",
            "Round log, weeks 39 to 41",
        ),
    ] {
        stage.at(at);
        browser.phone("leader");
        browser.visit("actions/A-0001/update");
        browser.fill("What was done", note);
        browser.unfold_if("Add more: Briefing or attendance");
        browser.fill_in("Briefing or attendance", "Or where the record is kept", kept);
        browser.choose("Not yet, I am still working on it");
        browser.press("Save");
        browser.see("Update saved");
    }

    // people are asked again for eight weeks
    stage.at("2026-11-03 15:00");
    browser.phone("leader");
    browser.visit("actions/A-0001/update");
    browser.fill("What was done", "Eight weeks are over. In the last three, 17, 18 and 18 of 20 said yes.");
    browser.fill_in(
        "Feedback from people",
        "Or where the record is kept",
        "Weekly answers, eight sheets, feedback folder",
    );
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");
    stage.at("2026-11-10 09:40");
    browser.desk("deputy");
    browser.visit("measures");
    browser.follow("People who say a senior is there");
    paste(
        &browser,
        "7/9/2026; 12 of 20\n14/9/2026; 13 of 20\n21/9/2026; 14 of 20\n28/9/2026; 14 of 20\n5/10/2026; 15 of 20\n12/10/2026; 16 of 20\n19/10/2026; 17 of 20\n26/10/2026; 18 of 20\n2/11/2026; 18 of 20",
    );
    browser.see_all(&["18 of 20", "Better than usual"]);
    look::good(&browser, "people say it week by week");

    // checked by asking, and weighed by the nominated individual in the meeting on October
    browser.desk("manager");
    browser.visit("actions/A-0001");
    let asked = Checked {
        note: "Asked eight residents on two late shifts and a Sunday: seven say that a senior was there.",
        method: "Spoke with people or families",
        looked_at: 8,
        met: 7,
        marks: &[("Feedback from people", "Supports it"), ("Briefing or attendance", "Supports it")],
        decision: "Complete",
    };
    fill_verdict(&browser, &asked);
    browser.press("Record decision");
    browser.see("Verified as complete");
    browser.desk("nominated");
    browser.visit("governance/2026-10?figure=m5");
    browser.see("Positive feedback when people were asked");
    browser.follow("Record decisions and challenge");
    browser.fill("Or a finding or an action (optional)", "A-0001");
    browser.choose_in("What does the meeting say?", "Assurance");
    browser.fill(
        "In your words",
        "I read the sheets and asked four residents on a Saturday. I read it again in three months.",
    );
    browser.press("Record it");
    browser.see_all(&["Recorded", "I read the sheets and asked four residents"]);

    // closed by the quality lead; what the measure shows is written beside it
    browser.desk("quality");
    browser.visit("actions/A-0001");
    browser.see("Governance meeting: assurance");
    close(&browser, "People say it week after week, and the chart says that it is no chance.");
    browser.see("is better than usual, and not by chance");
}
