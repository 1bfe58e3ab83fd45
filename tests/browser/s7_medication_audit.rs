//! S7, repeated medication audit gaps, from the first line of the audit to the same gap found again. Nobody in it has
//! JavaScript.

use super::browser::{Browser, Script};
use super::look;
use super::stage::{Stage, words};
use super::steps::{
    Agreed, Checked, Found, close, fill_action, fill_finding, fill_verdict, record, start_review,
};

#[test]
fn gaps_are_logged_mended_proven_closed_and_found_again() {
    let stage = Stage::open("s7", "2026-11-02 09:00");
    let browser = stage.browser(Script::Off);
    let (carer, leader) = (stage.name_of("carer"), stage.name_of("leader"));

    // the registered manager logs each deficit before sign-off
    browser.desk("manager");
    start_review(&browser, "Audit", "Medication audit, November", "Rowan House");
    let first = Agreed {
        what: "Add a maximum dose to all 12 PRN protocols on Beech",
        test: "6 of 6 sampled protocols on Beech show a maximum dose",
        owner: carer,
        due: Some(stage.in_days(11)),
    };
    record(
        &browser,
        &Found {
            what: "4 of 12 PRN protocols on Beech do not say the maximum dose",
            unit: "Beech",
            risk: "Medium",
            topic: "Medicines",
            theme: "Safety",
            rests_on: "Record check",
            action: Some(first),
        },
    );
    browser.see_all(&["Beech", carer, &words(stage.in_days(11))]);
    browser.visit("reviews/R-0001");
    record(
        &browser,
        &Found {
            what: "2 of 9 controlled drugs counts on Ash were not signed by a second person",
            unit: "Ash",
            risk: "High",
            topic: "Medicines",
            theme: "Safety",
            rests_on: "Record check",
            action: None,
        },
    );

    // sign-off is refused while one has no action (R5)
    browser.visit("reviews/R-0001");
    browser.see("This holds it up");
    browser.see("F-0002");
    browser.press("Sign off");
    browser.miss("Review signed off");
    browser.see("F-0002");
    look::good(&browser, "review that cannot be signed off");

    // vague words do not pass for a high risk (R2)
    browser.visit("findings/F-0002/actions/new");
    let vague = Agreed {
        what: "Remind staff to be more careful with counts",
        test: "10 of 10 counts on Ash have two signatures",
        owner: leader,
        due: Some(stage.in_days(7)),
    };
    fill_action(&browser, &vague);
    browser.press("Agree action");
    browser.see("Remind staff");
    browser.miss("Action agreed");
    look::good(&browser, "action with vague words");
    browser.fill(
        "What will be different when this is done?",
        "Put two signatures on each of the 9 controlled drugs counts on Ash, checked at every handover",
    );
    browser.press("Agree action");
    browser.see("Action agreed");
    browser.visit("reviews/R-0001");
    browser.press("Sign off");
    browser.see("Review signed off");

    // the senior carer, on the phone: a note is not evidence (R10)
    stage.at("2026-11-05 14:30");
    browser.phone("carer");
    browser.see_all(&["My actions", "Add a maximum dose to all 12 PRN protocols on Beech"]);
    browser.picture("my-actions-no-script");
    browser.follow("Add an update");
    browser.fill("What was done", "All 12 protocols on Beech now say the maximum dose in 24 hours.");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("A note is not evidence");
    browser.see("Evidence is still missing");
    look::good(&browser, "update without evidence");

    // a photograph and a place where the record is kept
    let photo = stage.photo("protocol.png", 80);
    browser.upload_in("Record", "Photos or files", &[&photo]);
    browser.fill_in("Audit sample", "Or where the record is kept", "PRN protocols, Beech unit, week 45");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");
    browser.see_all(&[
        "protocol",
        "PRN protocols, Beech unit, week 45",
        "You own it, so somebody else has to check it.",
    ]);
    browser.refuses_to_offer("Record decision");
    browser.visit("actions/A-0001/verification");
    browser.see("Your role does not do this here.");

    // the registered manager samples within five working days and closes
    stage.at("2026-11-09 10:00");
    browser.desk("manager");
    browser.visit("verify");
    browser.see("Add a maximum dose to all 12 PRN protocols on Beech");
    browser.follow("Verify");
    let verdict = Checked {
        note: "6 protocols drawn at random on Beech, all 6 say the maximum dose.",
        method: "Sampled records",
        looked_at: 6,
        met: 6,
        marks: &[("Record", "Supports it"), ("Audit sample", "Supports it")],
        decision: "Complete",
    };
    fill_verdict(&browser, &verdict);
    browser.press("Record decision");
    browser.see("Verified as complete");
    close(&browser, "Each protocol on Beech says the maximum dose; 6 of 6 in the sample.");
    browser.see("What the closure rests on");

    // the same gap again: the closure is reopened, with its reason and a new date
    stage.at("2026-11-30 09:30");
    browser.desk("manager");
    browser.visit("actions/A-0001");
    browser.follow("Reopen");
    browser.press("Reopen action");
    browser.see("There is a problem");
    browser.fill(
        "Why does it have to be opened again?",
        "The audit of 30 November found 3 new protocols on Beech without a maximum dose.",
    );
    browser.date("New due date", stage.in_days(4));
    browser.press("Reopen action");
    browser.see("Action reopened");
    browser.phone("carer");
    browser.see_all(&["Add a maximum dose to all 12 PRN protocols on Beech", &words(stage.in_days(4))]);

    // whoever asks later reads the whole line on one page
    browser.desk("nominated");
    browser.visit("findings/F-0001");
    browser.see_all(&[
        "4 of 12 PRN protocols on Beech do not say the maximum dose",
        "Medication audit, November",
        carer,
        "Reopened",
        "Verified",
        "Closed",
    ]);
    look::good(&browser, "finding that came back");
}

#[test]
fn a_high_risk_closes_only_with_the_nominated_individuals_word() {
    let stage = Stage::open("s7-assurance", "2026-11-02 09:00");
    let browser = stage.browser(Script::On);
    browser.desk("manager");
    start_review(&browser, "Audit", "Medication audit, November", "Rowan House");
    let agreed = Agreed {
        what: "Put two signatures on each of the 9 controlled drugs counts on Ash",
        test: "10 of 10 counts on Ash have two signatures",
        owner: stage.name_of("leader"),
        due: Some(stage.in_days(4)),
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

    stage.at("2026-11-04 20:00");
    browser.phone("leader");
    browser.visit("actions/A-0001/update");
    browser.fill("What was done", "Two signatures at every handover since Monday.");
    let sheet = stage.file("counts.csv", b"day,first,second\n2026-11-03,AB,SM\n2026-11-04,AB,TR\n");
    browser.upload_in("Record", "Photos or files", &[&sheet]);
    browser.fill_in("Audit sample", "Or where the record is kept", "Controlled drugs book, Ash, week 45");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");

    stage.at("2026-11-06 09:00");
    browser.desk("deputy");
    browser.visit("actions/A-0001");
    let verdict = Checked {
        note: "10 counts of 3 to 6 November, all 10 with two signatures.",
        method: "Sampled records",
        looked_at: 10,
        met: 10,
        marks: &[("Record", "Supports it"), ("Audit sample", "Supports it")],
        decision: "Complete",
    };
    fill_verdict(&browser, &verdict);
    browser.press("Record decision");
    browser.see("Verified as complete");

    // not before the nominated individual is satisfied (R18)
    browser.desk("manager");
    browser.visit("actions/A-0001");
    browser.see("Waits for assurance");
    browser.refuses_to_offer("Close action");
    browser.visit("actions/A-0001/closure");
    browser.see("It cannot be closed yet. Missing: assurance recorded.");

    browser.desk("nominated");
    browser.visit("actions/A-0001");
    browser.see("Record your assurance");
    browser.choose("I am satisfied that practice changed");
    browser.fill("What did you look at", "The deputy’s sample, and the book itself on the unit.");
    browser.press("Record your word");
    browser.see("Assurance recorded");

    browser.desk("manager");
    browser.visit("actions/A-0001");
    close(&browser, "Two signatures at every count since 3 November.");
    browser.see_all(&[stage.name_of("nominated"), stage.name_of("deputy"), "What the closure rests on"]);
}

/// R21, R22: the next audit finds the same again. One tick links it, and nothing closes before it is known why it came back.
#[test]
fn what_comes_back_is_linked_and_its_cause_is_found() {
    let stage = Stage::open("s7-came-back", "2026-11-02 09:00");
    let browser = stage.browser(Script::Off);
    browser.desk("manager");
    start_review(&browser, "Audit", "Medication audit, November", "Rowan House");
    let found = |what, action| Found {
        what,
        unit: "Beech",
        risk: "Medium",
        topic: "Medicines",
        theme: "Safety",
        rests_on: "Record check",
        action: Some(action),
    };
    let agreed = |what, due| Agreed {
        what,
        test: "6 of 6 sampled protocols on Beech show a maximum dose",
        owner: stage.name_of("carer"),
        due: Some(due),
    };
    let first = agreed("Add a maximum dose to all 12 PRN protocols on Beech", stage.in_days(4));
    record(&browser, &found("4 of 12 PRN protocols on Beech do not say the maximum dose", first));
    prove(&stage, &browser, "A-0001", ("2026-11-05 14:30", "2026-11-09 10:00"));
    close(&browser, "Each protocol on Beech says the maximum dose; 6 of 6 in the sample.");

    // three weeks later: shown before it is saved, linked by one tick
    stage.at("2026-11-30 09:30");
    browser.desk("manager");
    start_review(&browser, "Audit", "Medication audit, December", "Rowan House");
    browser.follow("Add a finding");
    let again = agreed("Put the maximum dose on the admission form of Beech", stage.in_days(4));
    fill_finding(&browser, &found("3 new PRN protocols on Beech do not say the maximum dose", again));
    browser.press("Save finding");
    browser.see_all(&["This may have come back.", "closed 9 November 2026", "Nothing is saved yet."]);
    look::good(&browser, "finding that may have come back");
    browser.choose("F-0001 4 of 12 PRN protocols on Beech do not say the maximum dose");
    browser.press("Save finding");
    browser.see_all(&["Came back: found before", "Did not last: A-0001, closed 9 November 2026"]);
    look::good(&browser, "finding that is a recurrence");
    browser.visit("actions/A-0001");
    browser.see_all(&["Closed, came back", "This closure did not last"]);

    // proven and checked, it still cannot close
    prove(&stage, &browser, "A-0002", ("2026-12-02 14:30", "2026-12-03 10:00"));
    browser.see("F-0002 was found before: its root-cause review has to be complete");
    browser.see_all(&["Not ready to close", "It cannot be closed yet. Missing: why it came back."]);

    // why it came back, with what was tried before beside it
    browser.follow("Write the root-cause review");
    browser.see_all(&["What was tried before", "Add a maximum dose to all 12 PRN protocols on Beech"]);
    look::good(&browser, "root-cause review");
    browser.press("Complete review");
    browser.see("Tick at least one thing that contributed to it");
    browser.choose("Procedures and guidance");
    browser.fill("Why did it happen?", "New protocols are written on admission, on late shifts");
    browser.fill("Why was that?", "The admission form has no line for a maximum dose");
    browser.fill("What has to change in other services? (optional)", "The same form in the other branches");
    browser.date("When is it looked at again?", stage.in_days(30));
    browser.press("Complete review");
    browser.see_all(&["Root-cause review complete", "Procedures and guidance"]);

    browser.visit("actions/A-0002");
    close(&browser, "The form asks for it; 6 of 6 new protocols have it.");
    browser.visit("findings?came_back=yes");
    browser.see_all(&["F-0002", "Only those that came back (1)"]);
}

/// The carer shows that it is done, and the deputy passes it; ends with the manager on the action's page.
fn prove(stage: &Stage, browser: &Browser<'_>, action: &str, (done, checked): (&str, &str)) {
    stage.at(done);
    browser.phone("carer");
    browser.visit(&format!("actions/{action}/update"));
    browser.fill("What was done", "Every protocol on Beech says the maximum dose now.");
    browser.fill_in("Record", "Or where the record is kept", "PRN folder, Beech");
    browser.fill_in("Audit sample", "Or where the record is kept", "PRN protocols, Beech");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");
    stage.at(checked);
    browser.desk("deputy");
    browser.visit(&format!("actions/{action}"));
    let verdict = Checked {
        note: "6 protocols drawn at random on Beech, all 6 say the maximum dose.",
        method: "Sampled records",
        looked_at: 6,
        met: 6,
        marks: &[("Record", "Supports it"), ("Audit sample", "Supports it")],
        decision: "Complete",
    };
    fill_verdict(browser, &verdict);
    browser.press("Record decision");
    browser.see("Verified as complete");
    browser.desk("manager");
    browser.visit(&format!("actions/{action}"));
}
