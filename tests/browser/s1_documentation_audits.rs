//! S1, documentation audits across branches: the same tracker in each branch, each action with an owner, a date and a
//! follow-up audit point; a branch sees its own, the quality lead sees all; what is overdue reaches the branch manager.

use super::browser::Script;
use super::look;
use super::stage::{Stage, words};
use super::steps::{Agreed, Checked, Found, close, fill_finding, fill_verdict, save_finding, start_review};

#[test]
fn one_tracker_for_all_branches() {
    let stage = Stage::open("s1", "2026-11-02 09:00");
    let browser = stage.browser(Script::On);
    let (visitor, leader) = (stage.name_of("visitor"), stage.name_of("leader"));

    // the quality lead audits two branches
    browser.desk("quality");
    start_review(&browser, "Audit", "Care records audit, North and South rounds", "Rowan Visits");
    browser.follow("Add a finding");
    let dates = Agreed {
        what: "Write a review date on all 14 care plans of the North round",
        test: "14 of 14 plans show a review date within six months",
        owner: visitor,
        due: Some(stage.in_days(11)),
    };
    fill_finding(
        &browser,
        &Found {
            what: "5 of 14 care plans on the North round have no review date",
            unit: "North round",
            risk: "Medium",
            topic: "Care plans and records",
            theme: "Documentation quality",
            rests_on: "Record check",
            action: Some(dates),
        },
    );
    browser.unfold("More evidence, or a follow-up date");
    let follow_up = stage.in_days(70);
    browser.date("Follow-up audit point", follow_up);
    save_finding(&browser);
    browser.see(&words(follow_up));
    browser.visit("reviews/R-0001");
    browser.press("Sign off");
    browser.see("Review signed off");

    start_review(&browser, "Audit", "Care records audit, Ash and Beech", "Rowan House");
    browser.follow("Add a finding");
    let contacts = Agreed {
        what: "Write the family contact into all 20 care plans on Ash",
        test: "20 of 20 plans on Ash name a family contact",
        owner: leader,
        due: Some(stage.in_days(18)),
    };
    fill_finding(
        &browser,
        &Found {
            what: "3 of 20 care plans on Ash name no family contact",
            unit: "Ash",
            risk: "Low",
            topic: "Care plans and records",
            theme: "Documentation quality",
            rests_on: "Record check",
            action: Some(contacts),
        },
    );
    save_finding(&browser);

    // one view across branches for the quality lead; each branch its own
    browser.visit("findings");
    browser.see_all(&["Rowan Visits", "Rowan House", "F-0001", "F-0002"]);
    browser.desk("manager_two");
    browser.visit("findings");
    browser.see("5 of 14 care plans on the North round have no review date");
    browser.miss("3 of 20 care plans on Ash");
    browser.visit("findings/F-0002");
    browser.see("Page not found");
    browser.miss("Ash");

    // overdue goes to the branch manager by itself
    stage.at("2026-11-16 08:00");
    stage.tick();
    browser.desk("manager_two");
    browser.see("What needs you today");
    browser.see_all(&[
        "Write a review date on all 14 care plans of the North round",
        "1 escalation waits for you",
    ]);
    browser.visit("escalations");
    browser.follow("Record decision");
    browser.choose_in("What do you decide?", "No escalation needed");
    browser.press("Record decision");
    browser.see("Say why no escalation is needed");
    look::good(&browser, "decision without a reason");
    browser.choose_in("What do you decide?", "No escalation needed");
    browser.fill(
        "No escalation, because",
        "Thirteen of fourteen are dated; the last is being reviewed today with the family.",
    );
    browser.press("Record decision");
    browser.see("Decision recorded");
    browser.see("Nothing waits for your decision.");

    // the care worker does it and shows it
    browser.phone("visitor");
    browser.see("Late");
    browser.follow("Add an update");
    browser.fill("What was done", "All 14 plans of the North round have a review date.");
    let plan = stage.photo("review-dates.png", 120);
    browser.upload_in("Record", "Photos or files", &[&plan]);
    browser.fill_in("Audit sample", "Or where the record is kept", "Care plans, North round, 16 November");
    browser.fill_in(
        "Briefing or attendance",
        "Or where the record is kept",
        "Team meeting notes, 12 November",
    );
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");

    stage.at("2026-11-18 10:00");
    browser.desk("manager_two");
    browser.visit("actions/A-0001");
    let verdict = Checked {
        note: "All 14 plans of the North round opened, 14 show a review date.",
        method: "Sampled records",
        looked_at: 14,
        met: 14,
        marks: &[
            ("Record", "Supports it"),
            ("Audit sample", "Supports it"),
            ("Briefing or attendance", "Supports it"),
        ],
        decision: "Complete",
    };
    fill_verdict(&browser, &verdict);
    browser.press("Record decision");
    browser.see("Verified as complete");
    browser.see(&format!("Its impact is looked at again on {}.", words(follow_up)));
    close(&browser, "Fourteen of fourteen plans are dated.");
    browser.see(&words(follow_up));

    // what became of the audit, for whoever starts from the source (R27a)
    browser.desk("quality");
    browser.visit("reviews/R-0001");
    browser.see_all(&[
        "What was found, and what became of it",
        "Closed",
        visitor,
        stage.name_of("manager_two"),
    ]);
    look::good(&browser, "review whose action is closed");
}
