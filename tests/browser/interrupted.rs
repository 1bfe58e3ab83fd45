//! Interrupted work: the session ends while somebody writes, or somebody else was quicker. Nothing typed is lost.

use super::browser::{Scheme, Script};
use super::look;
use super::stage::Stage;
use super::steps::{Agreed, Found, record, start_review};

#[test]
fn words_outlive_the_session_and_meet_what_others_wrote() {
    let stage = Stage::open("interrupted", "2026-11-16 09:00");
    let browser = stage.browser(Script::On);
    browser.desk("manager");
    start_review(&browser, "Audit", "Medicines audit, November", "Rowan House");
    let agreed = Agreed {
        what: "Add a maximum dose to all 12 protocols on Ash",
        test: "6 of 6 sampled protocols show a maximum dose",
        owner: stage.name_of("carer"),
        due: Some(stage.in_days(10)),
    };
    let found = Found {
        what: "4 of 12 protocols lack a maximum dose",
        unit: "Ash",
        risk: "Medium",
        topic: "Medicines",
        theme: "Safety",
        rests_on: "Record check",
        action: Some(agreed),
    };
    record(&browser, &found);

    // a carer on a phone writes, is called away for three hours, and sends
    browser.phone("carer");
    browser.visit("actions/A-0001/update");
    browser.fill(
        "What was done",
        "Wrote the maximum dose on 9 of 12 protocols.\nThree are with the pharmacist.",
    );
    browser.upload_in("Record", "Photos or files", &[&stage.photo("protocols.jpg", 800)]);
    browser.choose("Not yet, I am still working on it");
    stage.at("2026-11-16 12:30");
    browser.press("Save");
    browser.see_all(&["You have been signed out", "What you typed is not lost"]);
    look::good(&browser, "signed-out-with-words");
    browser.fill("Email address", stage.email_of("carer"));
    browser.fill("Password", stage.password);
    browser.press("Sign in");
    browser.see_all(&["You are signed in again", "Three are with the pharmacist.", "protocols.jpg"]);
    look::good(&browser, "signed-in-with-words");
    browser.press("Go back to the form");
    browser.see("Choose again: protocols.jpg");
    browser.upload_in("Record", "Photos or files", &[&stage.photo("protocols.jpg", 800)]);
    browser.press("Save");
    browser.see("Update saved");
    browser.see("Three are with the pharmacist.");

    // the manager changes the words while the deputy does
    browser.desk("deputy");
    browser.visit("actions/A-0001/rewording");
    browser.fill("What is to be done?", "Add a maximum dose to all 13 protocols on Ash");
    browser.fill("Why do the words change?", "One more person takes PRN medicine");
    let quicker = stage.browser(Script::Off);
    quicker.desk("manager");
    quicker.visit("actions/A-0001/rewording");
    quicker.fill("What is to be done?", "Add a maximum dose to all 14 protocols on Ash and Beech");
    quicker.fill("Why do the words change?", "Beech has two");
    quicker.press("Change wording");
    quicker.see("Beech");
    browser.press("Change wording");
    browser.see_all(&[
        "This changed since you opened it",
        "all 12 protocols",
        "all 13 protocols",
        "all 14 protocols",
    ]);
    for (name, width) in [("phone", 390), ("desk", 1280)] {
        for (scheme, light) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
            browser.look(width, 900, scheme);
            look::good(&browser, &format!("overtaken-{name}-{light}"));
            browser.picture(&format!("overtaken-{name}-{light}"));
        }
    }
    browser.press("Change wording");
    browser.see("all 13 protocols");
}
