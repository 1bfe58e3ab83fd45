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
    let marked = browser.run_script("return document.documentElement.classList.contains('js')", vec![]);
    assert_eq!(marked, false, "the page's own script must not run");
    browser.phone("manager");
    browser.see(stage.name_of("manager"));
}

/// What looks at every screen must be able to find something.
#[test]
fn what_is_wrong_with_a_page_is_found() {
    let stage = Stage::open("faults", "2026-11-21 10:00");
    let browser = stage.browser(Script::On);
    browser.go("/sign-in");
    let spoil = "document.querySelector('main').insertAdjacentHTML('beforeend',
        `<p id='pale'>pale</p><img src='/favicon.ico'><button>x</button><div id='wide'>wide</div>`);
        document.getElementById('pale').style.color = '#ddd';
        document.getElementById('wide').style.width = '700px';
        document.querySelector('main > button').style.cssText = 'width:18px;height:18px;padding:0';";
    browser.run_script(spoil, vec![]);
    let found = look::faults(&browser, "spoilt").join("\n");
    for wanted in ["color-contrast", "image-alt", "hard to hit, 18 × 18 px"] {
        assert!(found.contains(wanted), "{wanted} is not in:\n{found}");
    }
    assert!(look::sideways(&browser, "spoilt").join("\n").contains("id=\"wide\""));
}
