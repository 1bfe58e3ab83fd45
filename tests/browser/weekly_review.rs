//! The weekly review, held with the keyboard alone, and without scripts: three actions, left and gone on with, minutes.

use super::browser::{Browser, Script};
use super::look;
use throughline::demo::Length;

use super::stage::Stage;

const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";
const SPACE: &str = "\u{E00D}";
const DOWN: &str = "\u{E015}";

/// Goes on with the tabulator until what has the focus is called so.
fn reach(browser: &Browser<'_>, words: &str) {
    let called = "const e = document.activeElement; const l = e.labels && e.labels[0];
        return e === document.body ? '' : (l ? l.innerText : e.innerText) || '';";
    for _ in 0..150 {
        let name = browser.run_script(called, vec![]);
        if name.as_str().is_some_and(|name| name.trim().starts_with(words)) {
            return;
        }
        browser.keys(TAB);
    }
    browser.fail(&format!("the tabulator never comes to “{words}”"));
}

/// Presses what is called so.
fn enter(browser: &Browser<'_>, words: &str) {
    reach(browser, words);
    browser.keys_through(ENTER);
}

#[test]
fn a_manager_holds_it_by_keyboard_and_leaves_minutes() {
    for script in [Script::On, Script::Off] {
        let name = if script == Script::On { "weekly" } else { "weekly-plain" };
        let stage = Stage::demo(name, "2026-11-21 10:00", Length::Stories);
        let browser = stage.browser(script);
        browser.desk("registered_manager");
        browser.visit("weekly-review");
        browser.see_all(&["Rowan House", "Reviewed this week", "Last reviewed by Priya Nair"]);
        enter(&browser, "Start");
        browser.see_all(&["1 of ", "0 of ", "Agreed last time"]);
        look::good(&browser, "weekly review, first action");

        reach(&browser, "On track");
        browser.keys(SPACE);
        reach(&browser, "Note");
        browser.keys("Loan slings are checked before each lift.");
        enter(&browser, "Save and next");
        browser.see_all(&["2 of ", "1 of ", "Agreed"]);

        reach(&browser, "On track");
        for key in [SPACE, DOWN, DOWN] {
            browser.keys(key);
        }
        enter(&browser, "Save and next");
        browser.see("Say what support is needed");
        look::good(&browser, "weekly review, something missing");
        reach(&browser, "What support is needed?");
        browser.keys("An agency carer on Thursdays until the post is filled.");
        enter(&browser, "Save and next");
        browser.see_all(&["3 of ", "2 of "]);

        // left, and gone on with at the same action
        enter(&browser, "Leave and go on later");
        browser.see("2 of ");
        enter(&browser, "Go on");
        browser.see("3 of ");
        reach(&browser, "On track");
        browser.keys(SPACE);
        browser.keys(DOWN);
        enter(&browser, "Save and next");
        browser.see("Noted as done");
        enter(&browser, "Skip for now");

        enter(&browser, "All of this review");
        browser.see("Finish the weekly review of Rowan House");
        look::good(&browser, "weekly review, the end");
        reach(&browser, "Daniel Osei");
        browser.keys(SPACE);
        enter(&browser, "Finish and keep the minutes");
        browser.see_all(&[
            "Weekly review finished",
            "Daniel Osei and Priya Nair",
            "Loan slings are checked before each lift.",
            "An agency carer on Thursdays",
            "Not reached",
        ]);
        browser.picture("minutes");
        look::good(&browser, "weekly review, minutes");
    }
}
