//! S4, care plan audit on nutrition: it closes on the plan, the briefing and the sample together, checked by somebody
//! who gave none of them; mixed evidence does not close it.

use super::browser::Script;
use super::look;
use super::stage::{Stage, words};
use super::steps::{Agreed, Checked, Found, close, fill_verdict, record, start_review};

#[test]
fn plan_briefing_and_sample_together_close_it() {
    let stage = Stage::open("s4", "2026-10-05 09:00");
    let browser = stage.browser(Script::On);
    let leader = stage.name_of("leader");

    browser.desk("quality");
    start_review(&browser, "Audit", "Care plan audit, nutrition", "Rowan House");
    let agreed = Agreed {
        what: "Update the 4 nutrition plans on Beech and brief both handovers on them",
        test: "8 of 8 daily records sampled two weeks later match the plan",
        owner: leader,
        due: Some(stage.in_days(11)),
    };
    record(
        &browser,
        &Found {
            what: "4 of 16 nutrition plans on Beech were not updated after weight loss",
            unit: "Beech",
            risk: "Medium",
            topic: "Nutrition and hydration",
            theme: "Safety",
            rests_on: "Record check",
            action: Some(agreed),
        },
    );
    browser.visit("reviews/R-0001");
    browser.press("Sign off");
    browser.see("Review signed off");

    // the team leader updates the plans and briefs; the sample is still missing
    stage.at("2026-10-09 20:15");
    browser.phone("leader");
    browser.visit("my-actions");
    browser.see_all(&["Update the 4 nutrition plans on Beech", "Needs:", "audit sample"]);
    browser.follow("Add an update");
    browser.fill("What was done", "4 plans updated on 8 October, both handovers briefed on 9 October.");
    browser.fill_in(
        "Record",
        "Or where the record is kept",
        "Care plans on Beech, nutrition section, 8 October",
    );
    let sheet = stage.file("attendance.csv", b"handover,people\nmorning,7\nevening,6\n");
    browser.upload_in("Briefing or attendance", "Photos or files", &[&sheet]);
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Evidence is still missing: audit sample.");
    look::good(&browser, "update without the sample");
    // what was handed in is kept, and it can be saved as it is
    browser.see("attendance.csv");
    browser.choose("Not yet, I am still working on it");
    browser.press("Save");
    browser.see("Update saved");
    browser.see_all(&["Evidence added: attendance", "2 of 3"]);

    // the deputy samples later records, and so cannot check the action
    stage.at("2026-10-15 11:00");
    browser.desk("deputy");
    browser.visit("actions/A-0001");
    browser.follow("Add an update");
    browser.fill("What was done", "8 daily records of 10 to 15 October read against the plans: 7 match.");
    browser.fill_in("Audit sample", "Or where the record is kept", "Audit sheet NU-3, office file");
    browser.choose("No help needed");
    browser.press("Save");
    browser.see("Update saved");

    stage.at("2026-10-16 07:30");
    browser.phone("leader");
    browser.visit("actions/A-0001/update");
    browser.fill("What was done", "Nothing more to do: plans, briefing and sample are there.");
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");

    browser.desk("deputy");
    browser.visit("actions/A-0001/verification");
    browser.see("You gave evidence for this action, so somebody else has to check it.");

    // mixed evidence cannot be complete (R17): it goes back with what is missing and a new date
    stage.at("2026-10-19 10:00");
    browser.desk("manager");
    browser.visit("verify");
    browser.follow("Verify");
    let mixed = Checked {
        note: "8 daily records, 6 match: the two on the night shift do not mention fortified drinks.",
        method: "Sampled records",
        looked_at: 8,
        met: 6,
        marks: &[("Record", "Supports it"), ("Briefing or attendance", "Mixed"), ("Audit sample", "Mixed")],
        decision: "Complete",
    };
    fill_verdict(&browser, &mixed);
    browser.press("Record decision");
    browser.see("It cannot be complete while evidence is mixed or does not support it");
    look::good(&browser, "verdict that contradicts itself");
    browser.choose_in("Your decision", "Partially complete");
    browser.fill("If it is partially complete: what is missing?", "The night handover was not briefed.");
    let new_date = stage.in_days(4);
    browser.date("If it is not complete: new due date", new_date);
    browser.press("Record decision");
    browser.see("Sent back to the owner");

    // back on the phone, with the reason and the new date
    browser.phone("leader");
    browser.visit("my-actions");
    browser.see_all(&["Sent back", "The night handover was not briefed.", &words(new_date)]);
    browser.picture("my-actions-sent-back");
    browser.follow("Add what is missing");
    browser.fill("What was done", "Night handover briefed on 20 October, all five on duty.");
    browser.unfold_if("Add more: Briefing or attendance");
    browser.fill_in(
        "Briefing or attendance",
        "Or where the record is kept",
        "Night handover book, 20 October",
    );
    browser.choose("Yes, it is done");
    browser.press("Save");
    browser.see("Sent for verification");

    stage.at("2026-10-28 10:00");
    browser.desk("manager");
    browser.visit("actions/A-0001");
    browser.refuses_to_offer("Close action");
    let complete = Checked {
        note: "8 daily records of 21 to 27 October, nights included: all 8 match the plan.",
        method: "Sampled records",
        looked_at: 8,
        met: 8,
        marks: &[
            ("Record", "Supports it"),
            ("Briefing or attendance", "Supports it"),
            ("Audit sample", "Supports it"),
        ],
        decision: "Complete",
    };
    fill_verdict(&browser, &complete);
    browser.press("Record decision");
    browser.see("Verified as complete");
    close(&browser, "Plans, briefing and sample show that people get what their plan says.");

    // nobody is asked to believe: the finding's page says what was found, who, what proves it, who checked
    browser.desk("quality");
    browser.visit("findings/F-0001");
    browser.see_all(&[
        "4 of 16 nutrition plans on Beech were not updated after weight loss",
        "Care plan audit, nutrition",
        leader,
        "Complete on 28 October 2026",
        "28 October 2026 by Priya Nair",
    ]);
}
