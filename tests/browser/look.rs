//! What must hold on every screen: axe finds nothing, nothing runs out of the page at 320 px, targets can be hit.

use serde_json::Value;

use super::browser::{Browser, Scheme, Script};

const AXE: &str = include_str!("vendor/axe.min.js");

/// WCAG 2.0 to 2.2, A and AA, and axe's best practices.
const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }).then(
      (result) => done(result.violations.flatMap((v) => v.nodes.map((n) =>
        `${v.id} (${v.impact}): ${v.help}\\n      ${n.target.join(' ')}\\n      ${n.html.slice(0, 200)}\\n      ${(n.any[0] || n.all[0] || n.none[0] || {}).message || ''}`))),
      (error) => done(['axe could not run: ' + error]));";

/// Everything that can be pressed and is smaller than 24 by 24 px, unless it is a link inside a sentence (WCAG 2.5.8).
const SMALL: &str = "const inline = (e) => {
        if (e.tagName !== 'A' || getComputedStyle(e).display !== 'inline') return false;
        const around = Array.from(e.parentElement.childNodes).filter((n) => n !== e)
          .map((n) => n.textContent.trim()).join('');
        return around.length > 0;
      };
      const hidden = (e) => e.getClientRects().length === 0 || getComputedStyle(e).visibility === 'hidden'
        || e.closest('.govuk-visually-hidden, .govuk-skip-link, [hidden]');
      return Array.from(document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary'))
        .filter((e) => !hidden(e) && !inline(e))
        .map((e) => {
          const own = e.getBoundingClientRect();
          const label = e.labels && e.labels[0] ? e.labels[0].getBoundingClientRect() : own;
          return [e, Math.max(own.width, label.width), Math.max(own.height, label.height)];
        })
        .filter(([, width, height]) => width < 23.5 || height < 23.5)
        .map(([e, width, height]) => `${Math.round(width)} × ${Math.round(height)} px: ${e.outerHTML.slice(0, 160)}`);";

/// How far the page runs out of the window, and what does.
const SIDEWAYS: &str = "const over = document.documentElement.scrollWidth - window.innerWidth;
      if (over <= 0 && document.documentElement.scrollWidth <= arguments[0]) return [];
      const scrolls = (e) => { for (let p = e.parentElement; p; p = p.parentElement)
        if (/auto|scroll|hidden/.test(getComputedStyle(p).overflowX) && p !== document.body && p !== document.documentElement) return true; return false; };
      return [`scrollWidth ${document.documentElement.scrollWidth}`].concat(
        Array.from(document.body.querySelectorAll('*')).filter((e) => e.getBoundingClientRect().right > arguments[0] + 0.5 && !scrolls(e))
          .slice(0, 6).map((e) => e.outerHTML.slice(0, 140)));";

/// What is wrong with the page as it is now, in words; `name` says which page.
pub fn faults(browser: &Browser<'_>, name: &str) -> Vec<String> {
    // axe waits on timers, which do not run in a page without JavaScript
    let mut faults = Vec::new();
    if browser.script == Script::On {
        browser.run_script(AXE, vec![]);
        faults = lines(&browser.script_async(RUN, vec![]));
    }
    faults.extend(
        lines(&browser.run_script(SMALL, vec![])).into_iter().map(|small| format!("hard to hit, {small}")),
    );
    faults.into_iter().map(|fault| format!("{name}: {fault}")).collect()
}

/// What runs out of the page at 320 px.
pub fn sideways(browser: &Browser<'_>, name: &str) -> Vec<String> {
    browser.look(320, 640, Scheme::Light);
    let faults = lines(&browser.run_script(SIDEWAYS, vec![serde_json::json!(320)]));
    faults.into_iter().map(|fault| format!("{name} at 320 px runs sideways: {fault}")).collect()
}

/// Fails when the page as it is now has a fault.
pub fn good(browser: &Browser<'_>, name: &str) {
    let faults = faults(browser, name);
    if !faults.is_empty() {
        browser.fail(&faults.join("\n  "));
    }
}

fn lines(value: &Value) -> Vec<String> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|line| line.as_str().unwrap_or("?").to_owned()).collect()
}
