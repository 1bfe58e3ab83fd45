//! S5, overdue safeguarding learning: the day after its date it reaches the registered manager and the leaders by
//! itself, and stays the loudest thing on the screen until a decision says what keeps people safe.

use super::browser::Script;
use super::look;
use super::stage::{Stage, words};
use super::steps::{Agreed, Checked, Found, close, fill_verdict, record, start_review};

#[test]
fn what_is_overdue_asks_for_a_decision() {
    let stage = Stage::open("s5", "2026-10-05 09:00");
    let browser = stage.browser(Script::On);
    let (leader, due) = (stage.name_of("leader"), stage.in_days(11));

    browser.desk("safeguarding");
    start_review(&browser, "Safeguarding review", "Safeguarding review, October", "Rowan House");
    let agreed = Agreed {
        what: "Hold the learning session on early reporting with all 18 staff of Ash",
        test: "18 of 18 signed in, and 5 of 5 asked can say when to report",
        owner: leader,
        due: Some(due),
    };
    record(
        &browser,
        &Found {
            what: "Two concerns on Ash were reported a day late",
            unit: "Ash",
            risk: "High",
            topic: "Safeguarding learning",
            theme: "Safeguarding",
            rests_on: "Incident report",
            action: Some(agreed),
        },
    );

    // high risk asks for a recorded decision before anything is late
    stage.at("2026-10-07 09:00");
    assert_eq!(stage.tick().raised, 1, "the manager is asked first");
    browser.desk("manager");
    browser.visit("escalations");
    browser.follow("Record decision");
    browser.choose_in("What do you decide?", "No escalation needed");
    browser.fill(
        "No escalation, because",
        "The session is booked for 12 and 13 October, and the on-call card is out.",
    );
    browser.press("Record decision");
    browser.see("Decision recorded");

    // the owner says what is in the way, and what would help
    stage.at("2026-10-14 21:40");
    browser.phone("leader");
    browser.visit("actions/A-0001/update");
    browser.fill("What was done", "11 of 18 have been to the session.");
    browser.choose("I need help with it");
    browser.fill("What is in the way?", "Night staff cannot be released from the floor.");
    browser.fill("What would help?", "Cover for two nights.");
    browser.press("Save");
    browser.see("Update saved");
    browser.see("Night staff cannot be released from the floor.");

    // on its day it is not late; the day after it is, once
    stage.at("2026-10-16 23:30");
    assert_eq!(stage.tick().raised, 0, "a due date has passed only when its day is over in London");
    stage.at("2026-10-17 00:05");
    assert_eq!(stage.tick().raised, 2, "high risk reaches the manager and the leaders at once");
    assert_eq!(stage.tick().raised, 0, "once");

    stage.at("2026-10-19 08:30");
    browser.desk("manager");
    browser.see("A-0001 is high risk and late, and nothing is recorded that keeps people safe meanwhile.");
    browser.see_all(&["Hold the learning session on early reporting", "no interim control recorded"]);
    browser.picture("dashboard-alarm");
    look::good(&browser, "dashboard with the alarm");
    browser.follow("Say what keeps people safe");
    browser.see_all(&[
        "It was due on 16 October 2026 and is not done",
        "Night staff cannot be released from the floor.",
    ]);
    browser.press("Record decision");
    browser.see("Choose what you decide");
    browser.choose_in("What do you decide?", "Act on it");
    browser.fill("What could happen while this is late?", "A concern at night could again be reported late.");
    browser.fill("Why is it late?", "No cover for night staff.");
    browser.press("Record decision");
    browser.see("There is a problem");
    look::good(&browser, "decision without an interim control");
    browser.fill(
        "What keeps people safe meanwhile?",
        "The shift lead asks at each night handover whether anything has to be reported, and signs the log.",
    );
    browser.press("Record decision");
    browser.see("Say when the interim control is checked: the action is late and its risk is high");
    browser.date("It is checked by", stage.in_days(2));
    browser.fill("What support is needed?", "Two bank shifts, agreed for 20 and 21 October.");
    let revised = stage.in_days(4);
    browser.date("New due date", revised);
    browser.press("Record decision");
    browser.see("Decision recorded");

    browser.visit("dashboard");
    browser.miss("nothing is recorded that keeps people safe");
    browser.visit("actions/A-0001");
    browser.see_all(&[
        "What keeps people safe meanwhile",
        "The shift lead asks at each night handover",
        &words(revised),
    ]);

    // leaders see the decision, administrators the messages that went out
    browser.desk("quality");
    browser.visit("escalations?show=decided");
    browser.see_all(&["Hold the learning session on early reporting", "interim control"]);
    browser.desk("administrator");
    browser.visit("messages");
    browser.see("A-0001");

    // attendance is recorded and checked; both the nominated individual and the manager have their say
    stage.at("2026-10-21 22:00");
    browser.phone("leader");
    browser.visit("actions/A-0001/update");
    browser.fill("What was done", "The last 7 came to the session on 20 and 21 October.");
    let sheet = stage.file("attendance.csv", b"day,people\n2026-10-13,11\n2026-10-20,4\n2026-10-21,3\n");
    browser.upload_in("Briefing or attendance", "Photos or files", &[&sheet]);
    browser.fill_in("Record", "Or where the record is kept", "Training matrix, Ash, 21 October");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");

    stage.at("2026-10-23 09:00");
    browser.desk("quality");
    browser.visit("actions/A-0001");
    let verdict = Checked {
        note: "Five of the night staff asked, five say when to report and to whom.",
        method: "Spot check",
        looked_at: 5,
        met: 5,
        marks: &[("Record", "Supports it"), ("Briefing or attendance", "Supports it")],
        decision: "Complete",
    };
    fill_verdict(&browser, &verdict);
    browser.press("Record decision");
    browser.see("Verified as complete");
    browser.desk("nominated");
    browser.visit("actions/A-0001");
    browser.choose("I am satisfied that practice changed");
    browser.fill("What did you look at", "The attendance, and the answers of the five.");
    browser.press("Record your word");
    browser.see("Assurance recorded");
    browser.desk("manager");
    browser.visit("actions/A-0001");
    close(&browser, "All 18 came; those asked know when to report.");

    // the whole line, late and escalated as it was, on one page
    browser.visit("findings/F-0001");
    browser.see_all(&["Became overdue", "Escalated", "Escalation decided", "Closed", leader]);
    browser.visit("actions/A-0001");
    browser.see_all(&["New due date 23 October 2026", "Due date", "16 October 2026"]);
}
