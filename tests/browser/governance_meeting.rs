//! The governance meeting: the quality lead reads the month, records a challenge and writes the minutes; the nominated individual
//! signs; what happens later is shown as changed since, and the month stays as it was.

use super::browser::Script;
use super::look;
use super::stage::Stage;
use super::steps::{Agreed, Found, record, start_review};

#[test]
fn a_month_is_talked_about_signed_and_stays_as_it_was() {
    let stage = Stage::open("governance", "2026-10-05 09:00");
    let browser = stage.browser(Script::On);
    browser.desk("deputy");
    start_review(&browser, "Audit", "Care record audit, October", "Rowan House");
    let agreed = |what, due| Agreed {
        what,
        test: "8 of 8 records sampled a month later are complete",
        owner: stage.name_of("leader"),
        due: Some(due),
    };
    let found = |what, action| Found {
        what,
        unit: "Beech",
        risk: "Medium",
        topic: "Care plans and records",
        theme: "Documentation quality",
        rests_on: "Record check",
        action: Some(action),
    };
    let late = agreed("Put the review date on the front of all 16 care plans on Beech", stage.in_days(10));
    record(&browser, &found("5 of 16 care plans on Beech have no review date", late));
    browser.visit("reviews/R-0001");
    let other = agreed(
        "Write the name of the key worker on the first page of the 16 plans on Beech",
        stage.in_days(40),
    );
    record(&browser, &found("6 of 16 care plans on Beech do not name the key worker", other));

    // October is over: the quality lead reads it, doubts a figure, and writes what was said
    stage.at("2026-11-05 10:00");
    stage.tick();
    browser.desk("quality");
    browser.visit("governance/2026-10");
    browser.see_all(&["The month in figures", "Overdue actions with a recorded decision", "0 of 1"]);
    browser.follow("Record decisions and challenge");
    browser.select("What is it about?", "M2 Overdue actions with a recorded decision");
    browser.choose_in("What does the meeting say?", "Challenge");
    browser.fill(
        "In your words",
        "It was overdue for a fortnight and nobody wrote down why. Decide it this week.",
    );
    browser.press("Record it");
    browser.see_all(&["Recorded", "It was overdue for a fortnight", "0 of 1"]);
    browser.press("Save minutes");
    browser.see_all(&["There is a problem", "Write what was said"]);
    browser.date("When was the meeting?", stage.in_days(0));
    browser.choose_in("Who was there?", stage.name_of("quality"));
    browser.choose_in("Who was there?", stage.name_of("nominated"));
    browser.fill_in(
        "Write the minutes",
        "Minutes",
        "The figures were read one by one. The late action on Beech was gone through with its manager.",
    );
    browser.press("Save minutes");
    browser.see("Minutes saved");
    look::good(&browser, "a meeting with its minutes");
    // whoever wrote them does not sign
    browser.refuses_to_offer("Sign off this month");

    browser.desk("nominated");
    browser.visit("governance/2026-10/meeting");
    browser.see("The late action on Beech was gone through with its manager.");
    browser.press("Sign off this month");
    browser.see_all(&["Month signed off", "The figures and the rows behind them are kept as they were."]);

    // that one was the other again comes out later: it would be counted otherwise, and what was signed stays
    stage.at("2026-11-09 09:00");
    browser.desk("manager");
    browser.visit("findings/F-0002");
    browser.unfold("This came back: link an earlier finding");
    browser.fill("Reference of the earlier finding", "F-0001");
    browser.press("Link finding");
    browser.see("Findings linked");
    browser.desk("quality");
    browser.visit("governance/2026-10");
    browser.see_all(&["Signed off by", "Changed since:"]);
    look::good(&browser, "a signed month that is counted otherwise now");
    browser.visit("governance/2026-10/meeting");
    browser.see("Nothing in it changes any more.");
    browser.refuses_to_offer("Record it");
}
