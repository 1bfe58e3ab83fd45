//! What people do again and again on their way, through the pages.

use chrono::NaiveDate;

use super::browser::Browser;

/// A finding with its first action, as it is written on the form.
pub struct Found<'a> {
    pub what: &'a str,
    /// Empty: not in one unit.
    pub unit: &'a str,
    pub risk: &'a str,
    pub topic: &'a str,
    pub theme: &'a str,
    pub rests_on: &'a str,
    pub action: Option<Agreed<'a>>,
}

/// An action as it is written on the form.
pub struct Agreed<'a> {
    pub what: &'a str,
    pub test: &'a str,
    /// Empty: nobody yet.
    pub owner: &'a str,
    /// None: as the closure standard says.
    pub due: Option<NaiveDate>,
}

/// Starts a review by the form; ends on its page.
pub fn start_review(browser: &Browser<'_>, kind: &str, title: &str, service: &str) {
    browser.visit("reviews/new");
    browser.select("What kind of review was it?", kind);
    browser.fill("What is it called?", title);
    browser.select("Service", service);
    browser.press("Start review");
    browser.see("Review recorded");
    browser.see(title);
}

/// Records a finding from a review's page; ends on the finding's page.
pub fn record(browser: &Browser<'_>, found: &Found<'_>) {
    browser.follow("Add a finding");
    fill_finding(browser, found);
    save_finding(browser);
}

/// Sends the form of a finding; what is shown as like it is not the same.
pub fn save_finding(browser: &Browser<'_>) {
    browser.press("Save finding");
    if browser.sees_rather("This may have come back.", "Finding recorded") {
        browser.press("None of these");
    }
    browser.see("Finding recorded");
}

/// Fills the form of a finding, its source apart.
pub fn fill_finding(browser: &Browser<'_>, found: &Found<'_>) {
    browser.fill("What was found?", found.what);
    if !found.unit.is_empty() {
        browser.select("Unit", found.unit);
    }
    browser.choose_in("How serious is it?", found.risk);
    browser.select("Topic", found.topic);
    browser.select("Theme", found.theme);
    browser.select("What does it rest on?", found.rests_on);
    if let Some(action) = &found.action {
        fill_action(browser, action);
    }
}

/// Fills the fields of an action.
pub fn fill_action(browser: &Browser<'_>, agreed: &Agreed<'_>) {
    browser.fill("What will be different when this is done?", agreed.what);
    browser.fill("How will success be tested?", agreed.test);
    if !agreed.owner.is_empty() {
        browser.select("Owner", agreed.owner);
    }
    if let Some(day) = agreed.due {
        browser.date("Due date", day);
    }
}

/// What somebody found when they looked.
pub struct Checked<'a> {
    pub note: &'a str,
    pub method: &'a str,
    pub looked_at: u32,
    pub met: u32,
    /// Kind of evidence, and how it weighs.
    pub marks: &'a [(&'a str, &'a str)],
    pub decision: &'a str,
}

/// Fills the form of a verdict that is on the page.
pub fn fill_verdict(browser: &Browser<'_>, checked: &Checked<'_>) {
    browser.fill("What did you sample, and what did you find?", checked.note);
    browser.select("How did you check?", checked.method);
    browser.fill("How many did you look at?", &checked.looked_at.to_string());
    browser.fill("How many met the standard?", &checked.met.to_string());
    for (kind, mark) in checked.marks {
        browser.choose_in(kind, mark);
    }
    browser.choose_in("Your decision", checked.decision);
}

/// Closes the action whose page this is.
pub fn close(browser: &Browser<'_>, why: &str) {
    browser.see("Close this action");
    browser.fill("Why are you satisfied that the outcome was reached?", why);
    browser.press("Close action");
    browser.see("Action closed");
}
