//! The harness itself: signing in, and that what a journey reports is true.

use super::browser::Script;
use super::look;
use super::stage::Stage;

#[test]
fn signs_in_and_out() {
    let stage = Stage::open("signing-in", "2026-11-21 10:00");
    let browser = stage.browser(Script::On);
    browser.go("/sign-in");
    look::good(&browser, "sign-in");
    browser.phone("carer");
    browser.sign_out();
    browser.desk("manager");
    browser.see("Dashboard");
    look::good(&browser, "dashboard");
}

#[test]
fn runs_without_javascript() {
    let stage = Stage::open("no-script", "2026-11-21 10:00");
    let browser = stage.browser(Script::Off);
    browser.go("/sign-in");
    let marked = browser.script("return document.documentElement.classList.contains('js')", vec![]);
    assert_eq!(marked, false, "the page's own script must not run");
    browser.phone("manager");
    browser.see(stage.name_of("manager"));
}
