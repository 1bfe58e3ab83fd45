//! S3, communication with families after incidents: one finding from an audit and from a complaint, several actions with
//! owners of their own; what people said closes on what people say, and by the quality lead.

use super::browser::Script;
use super::look;
use super::stage::Stage;
use super::steps::{Agreed, Checked, Found, fill_action, fill_verdict, record, start_review};

#[test]
fn one_finding_from_two_sources_has_several_owners() {
    let stage = Stage::open("s3", "2026-09-07 09:00");
    let browser = stage.browser(Script::On);
    let (carer, leader) = (stage.name_of("carer"), stage.name_of("leader"));

    browser.desk("quality");
    start_review(&browser, "Audit", "Audit of what follows an incident", "Rowan House");
    record(
        &browser,
        &Found {
            what: "After 6 of 10 falls no call to the family is noted on the same day",
            unit: "",
            risk: "Medium",
            topic: "Communication with families",
            theme: "Experience of people using the service",
            rests_on: "Record check",
            action: None,
        },
    );
    browser.unfold_if("Add a further source");
    browser.select("Where did it come from as well?", "Complaint");
    browser.fill("What is it called?", "Heard of a fall two days later");
    browser.press("Add source");
    browser.see("Source added");
    browser.see_all(&["Audit of what follows an incident", "Heard of a fall two days later"]);

    // a complaint among the sources asks for feedback, and the quality lead approves
    for (what, owner) in [
        ("Put a call card into all 12 incident folders, with who rings, by when and what was said", leader),
        ("Ring each of the 8 families again within seven days of an incident and ask what they know", carer),
    ] {
        browser.visit("findings/F-0001");
        browser.follow(if owner == leader { "Agree an action" } else { "Agree another action" });
        fill_action(
            &browser,
            &Agreed {
                what,
                test: "5 of 5 families asked say that they heard the same day",
                owner,
                due: Some(stage.in_days(14)),
            },
        );
        browser.press("Agree action");
        browser.see("Action agreed");
    }
    browser.visit("findings/F-0001");
    browser.see_all(&["A-0001", "A-0002", carer, leader]);
    look::good(&browser, "one finding, two owners");

    for (who, action) in [("leader", "A-0001"), ("carer", "A-0002")] {
        stage.at("2026-09-15 18:30");
        browser.phone(who);
        browser.visit(&format!("actions/{action}/update"));
        browser.fill("What was done", "Done on all floors; every incident of the last week has its call.");
        browser.fill_in(
            "Briefing or attendance",
            "Or where the record is kept",
            "Handover book, 14 September",
        );
        let calls = stage.file("calls.csv", b"week,calls,heard the same day\n1,5,5\n");
        browser.upload_in("Feedback from people", "Photos or files", &[&calls]);
        browser.choose("Yes, it is done");
        browser.press("Save");
        browser.see("Sent for verification");
    }
    for action in ["A-0001", "A-0002"] {
        stage.at("2026-09-17 11:00");
        browser.desk("deputy");
        browser.visit(&format!("actions/{action}"));
        let verdict = Checked {
            note: "Rang 5 families: all 5 heard the same day and know what changed.",
            method: "Spoke with people or families",
            looked_at: 5,
            met: 5,
            marks: &[("Briefing or attendance", "Supports it"), ("Feedback from people", "Supports it")],
            decision: "Complete",
        };
        fill_verdict(&browser, &verdict);
        browser.press("Record decision");
        browser.see("Verified as complete");
        // the registered manager does not approve what people said; the quality lead does
        browser.desk("manager");
        browser.visit(&format!("actions/{action}"));
        browser.refuses_to_offer("Close action");
        browser.desk("quality");
        browser.visit(&format!("actions/{action}"));
        super::steps::close(&browser, "Five of five families, asked by somebody else than the caller.");
    }

    // spot checks of the calls, and what became of both sources
    stage.at("2026-10-05 12:00");
    browser.desk("manager");
    start_review(&browser, "Spot check", "Follow-up calls: 10 of 10 within the day", "Rowan House");
    browser.visit("findings/F-0001");
    browser.see_all(&["Closed", "Complete on 17 September 2026", "Heard of a fall two days later"]);
    browser.visit("reviews");
    browser.follow("Heard of a fall two days later");
    browser.see("After 6 of 10 falls no call to the family is noted on the same day");
}
