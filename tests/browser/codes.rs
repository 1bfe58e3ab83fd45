//! One-time codes, as a manager meets them: the provider asks for them, the telephone is set up, and a code is entered.

use super::browser::{Browser, Scheme, Script};
use super::screens::inspect;
use super::stage::Stage;

fn password(browser: &Browser<'_>, stage: &Stage, who: &str) {
    browser.forget_sign_in();
    browser.go("/sign-in");
    browser.fill("Email address", stage.email_of(who));
    browser.fill("Password", stage.password);
    browser.press("Sign in");
}

/// The screen in both sizes and schemes.
fn looked_at(browser: &Browser<'_>, name: &str) {
    let faults = inspect(browser, name);
    if !faults.is_empty() {
        browser.fail(&faults.join("\n  "));
    }
    browser.look(1280, 900, Scheme::Light);
}

#[test]
fn codes_are_asked_for_set_up_and_entered() {
    let stage = Stage::open("codes", "2026-11-16 09:00");
    let browser = stage.browser(Script::On);
    browser.desk("administrator");
    browser.visit("settings/codes");
    browser.choose("Registered manager");
    browser.press("Save");
    browser.see("Change saved");

    // half an hour later the manager signs in with a telephone in the hand
    stage.at("2026-11-16 09:30");
    password(&browser, &stage, "manager");
    browser.see_all(&["Set up your codes", "Show it this picture"]);
    looked_at(&browser, "set-up-codes");
    browser.fill("Code", "12345");
    browser.press("Go on");
    browser.see("This is not the code");
    looked_at(&browser, "set-up-codes-wrong");
    browser.fill("Code", &stage.code_of("manager"));
    browser.press("Go on");
    browser.see("Your recovery codes");
    looked_at(&browser, "recovery-codes");
    let paper = browser.run_script("return document.querySelector('ol b').textContent", vec![]);
    browser.press("I have kept them safe");
    assert!(browser.path().ends_with("/dashboard"), "{}", browser.path());

    // the next day: a code, and the day after that, without the telephone, one on paper
    stage.at("2026-11-17 09:00");
    password(&browser, &stage, "manager");
    browser.see("Enter your code");
    looked_at(&browser, "enter-code");
    browser.fill("Code", &stage.code_of("manager"));
    browser.press("Go on");
    assert!(browser.path().ends_with("/dashboard"), "{}", browser.path());
    stage.at("2026-11-18 09:00");
    password(&browser, &stage, "manager");
    browser.fill("Code", paper.as_str().unwrap_or_default());
    browser.press("Go on");
    browser.go("/account");
    browser.see_all(&["Your one-time codes", "9 recovery codes left"]);
    looked_at(&browser, "account-with-codes");

    // somebody else looks after people as well, so that two can reset
    browser.desk("administrator");
    browser.visit("settings/members");
    browser.follow(stage.name_of("manager"));
    browser.follow("One-time codes");
    browser.fill("Why do they need a reset?", "The telephone was stolen; I spoke to her in the office");
    browser.press("Ask for a reset");
    browser.see_all(&["Reset asked for", "another administrator has to confirm"]);
    looked_at(&browser, "reset-waits");
    browser.visit("settings/codes");
    browser.see("Asked for by");
    looked_at(&browser, "codes-rule");
}
