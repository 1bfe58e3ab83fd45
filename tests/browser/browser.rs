//! A browser with somebody in front of it, who reads words and presses what they name. Whatever is not there within a
//! few seconds fails the test with what was on the page, and a picture of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{Datelike, NaiveDate};
use fantoccini::elements::{Element, ElementRef};
use fantoccini::error::CmdError;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::driver::driver;
use super::order::Order;
use super::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(40);
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Whether the browser runs scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Script {
    On,
    Off,
}

/// How the page is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// A browser on a stage.
pub struct Browser<'a> {
    stage: &'a Stage,
    client: Option<Client>,
    /// Whether it runs scripts.
    pub script: Script,
}

impl<'a> Browser<'a> {
    /// A fresh browser without history.
    pub fn open(stage: &'a Stage, script: Script) -> Self {
        let driver = driver();
        let sandbox = if can_sandbox() { "--sandbox" } else { "--no-sandbox" };
        let arguments = [
            "--headless=new",
            sandbox,
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--hide-scrollbars",
            "--lang=en-GB",
        ];
        let javascript = if script == Script::Off { 2 } else { 1 };
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {
                "binary": driver.chromium,
                "args": arguments,
                "prefs": { "profile.managed_default_content_settings.javascript": javascript },
            },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let capabilities = Capabilities::from_iter(capabilities);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = stage.block_on(builder.capabilities(capabilities).connect(&driver.address));
        let browser = Self { stage, client: Some(client.expect("a browser starts")), script };
        browser.look(1280, 900, Scheme::Light);
        browser
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("a browser that is open")
    }

    fn run<T>(&self, work: impl Future<Output = Result<T, CmdError>>) -> T {
        self.stage
            .block_on(work)
            .unwrap_or_else(|error| self.fail(&format!("the browser could not: {error}")))
    }

    /// Sets the size of the window (a phone below 700) and the colour scheme.
    pub fn look(&self, width: u32, height: u32, scheme: Scheme) {
        let phone = width < 700;
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone }),
        );
        self.tell("Emulation.setTouchEmulationEnabled", json!({ "enabled": phone }));
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        self.tell(
            "Emulation.setEmulatedMedia",
            json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] }),
        );
    }

    /// Somebody takes the phone and signs in.
    pub fn phone(&self, nickname: &str) {
        self.look(390, 844, Scheme::Light);
        self.sign_in(nickname);
    }

    /// Somebody sits down at the desk and signs in.
    pub fn desk(&self, nickname: &str) {
        self.look(1280, 900, Scheme::Light);
        self.sign_in(nickname);
    }

    /// Signs in by the form, on a device where nobody was signed in.
    pub fn sign_in(&self, nickname: &str) {
        self.forget_sign_in();
        self.go("/sign-in");
        self.fill("Email address", self.stage.email_of(nickname));
        self.fill("Password", self.stage.password);
        self.press("Sign in");
        if self.path().starts_with("/sign-in") {
            self.fail("the door stays shut");
        }
    }

    /// Signs out by the button on one's own page.
    pub fn sign_out(&self) {
        self.go("/account");
        self.press("Sign out");
        self.see("You have signed out");
    }

    /// Takes a device nobody is signed in on.
    pub fn forget_sign_in(&self) {
        self.run(self.client().delete_all_cookies());
    }

    /// Opens an address of the program, `/sign-in`.
    pub fn go(&self, path: &str) {
        self.run(self.client().goto(&format!("{}{path}", self.stage.origin)));
    }

    /// Opens an address of the provider, `findings/F-0001`.
    pub fn visit(&self, path: &str) {
        self.go(&format!("/p/{}/{path}", self.stage.slug));
    }

    /// Where the browser is, without the host.
    pub fn path(&self) -> String {
        let url = self.run(self.client().current_url());
        url.as_str().trim_start_matches(&self.stage.origin).to_owned()
    }

    /// Types into the field with this label, over what was there.
    pub fn fill(&self, label: &str, text: &str) {
        self.fill_in("", label, text);
    }

    /// The same in the part of the page with this heading or legend.
    pub fn fill_in(&self, part: &str, label: &str, text: &str) {
        let field = self.find("field", label, part);
        self.type_over(&field, text);
    }

    fn type_over(&self, field: &Element, text: &str) {
        self.run(field.clear());
        self.run(field.send_keys(text));
    }

    /// Opens what hides behind these words, if it hides.
    pub fn unfold_if(&self, words: &str) {
        if let Some(summary) = self.look_for("button", words, "") {
            self.run(summary.click());
        }
    }

    /// Chooses a radio button or ticks a box.
    pub fn choose(&self, option: &str) {
        self.choose_in("", option);
    }

    /// The same in the part of the page with this heading or legend.
    pub fn choose_in(&self, part: &str, option: &str) {
        let label = self.find("option", option, part);
        self.run(label.click());
    }

    /// Chooses from the list with this label the first entry that begins with these words.
    pub fn select(&self, label: &str, entry: &str) {
        let list = self.find("field", label, "");
        let find =
            "const wanted = arguments[1]; const clean = (e) => e.textContent.replace(/\\s+/g, ' ').trim();
            const all = Array.from(arguments[0].options);
            const found = all.find((e) => clean(e) === wanted) || all.find((e) => clean(e).startsWith(wanted));
            return found ? found.value : null;";
        match self.run_script(find, vec![as_json(&list), json!(entry)]) {
            Value::String(value) => self.run(list.select_by_value(&value)),
            _ => self.fail(&format!("the list “{label}” has no “{entry}”")),
        }
    }

    /// Types a day into the date with this legend.
    pub fn date(&self, legend: &str, day: NaiveDate) {
        self.find("fieldset", legend, "");
        let parts = [
            ("Day", day.day().to_string()),
            ("Month", day.month().to_string()),
            ("Year", day.year().to_string()),
        ];
        for (part, text) in parts {
            self.fill_in(legend, part, &text);
        }
    }

    /// Hands files to the field with this label, in the part of the page with this heading or legend.
    pub fn upload_in(&self, part: &str, label: &str, paths: &[&str]) {
        let field = self.find("field", label, part);
        self.run(field.send_keys(&paths.join("\n")));
    }

    /// Presses a button and waits for the page that answers.
    pub fn press(&self, button: &str) {
        self.press_in("", button);
    }

    /// The same in the part of the page with this heading.
    pub fn press_in(&self, part: &str, button: &str) {
        let button = self.find("button", button, part);
        self.click_through(&button);
    }

    /// Opens or shuts what hides behind these words; no page answers.
    pub fn unfold(&self, words: &str) {
        let summary = self.find("button", words, "");
        self.run(summary.click());
    }

    /// Follows a link and waits for its page.
    pub fn follow(&self, link: &str) {
        self.follow_in("", link);
    }

    /// The same in the part of the page with this heading.
    pub fn follow_in(&self, part: &str, link: &str) {
        let link = self.find("link", link, part);
        self.click_through(&link);
    }

    /// Types keys to whatever has the focus.
    pub fn keys(&self, keys: &str) {
        let focused = self.run(self.client().active_element());
        self.run(focused.send_keys(keys));
    }

    /// The same with a key to which a page answers.
    pub fn keys_through(&self, keys: &str) {
        let focused = self.run(self.client().active_element());
        self.answered(focused.send_keys(keys));
    }

    fn click_through(&self, element: &Element) {
        self.answered(element.click());
    }

    /// Does something, and waits until the next page is there.
    fn answered<T>(&self, deed: impl Future<Output = Result<T, CmdError>>) {
        self.run_script("document.documentElement.dataset.left = 'yes'", vec![]);
        self.run(deed);
        let gone = "return document.readyState === 'complete' && !document.documentElement.dataset.left";
        if !self.until(|| self.ask(gone, vec![]) == Some(json!(true))) {
            self.fail("no page answered");
        }
    }

    /// Waits until the page says this.
    pub fn see(&self, words: &str) {
        if !self.until(|| self.text().contains(words)) {
            self.fail(&format!("the page does not say “{words}”"));
        }
    }

    /// Waits until the page says one thing or another; whether it is the first.
    pub fn sees_rather(&self, words: &str, than: &str) -> bool {
        if !self.until(|| self.text().contains(words) || self.text().contains(than)) {
            self.fail(&format!("the page says neither “{words}” nor “{than}”"));
        }
        self.text().contains(words)
    }

    /// The page must say all of this.
    pub fn see_all(&self, words: &[&str]) {
        for one in words {
            self.see(one);
        }
    }

    /// The page, as it is now, must not say this.
    pub fn miss(&self, words: &str) {
        if self.text().contains(words) {
            self.fail(&format!("the page should not say “{words}”"));
        }
    }

    /// What the page says, with single blanks.
    pub fn text(&self) -> String {
        let text = self.ask("return document.body ? document.body.innerText : ''", vec![]);
        let text = text.as_ref().and_then(Value::as_str).unwrap_or("");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Whether there is a button or link with these words.
    pub fn offers(&self, words: &str) -> bool {
        self.look_for("button", words, "").or_else(|| self.look_for("link", words, "")).is_some()
    }

    /// Fails when the button or link is there.
    pub fn refuses_to_offer(&self, words: &str) {
        if self.offers(words) {
            self.fail(&format!("the page should not offer “{words}”"));
        }
    }

    fn find(&self, kind: &str, words: &str, group: &str) -> Element {
        let start = Instant::now();
        loop {
            if let Some(element) = self.look_for(kind, words, group) {
                return element;
            }
            if start.elapsed() > PATIENCE {
                let place = if group.is_empty() { String::new() } else { format!(" in “{group}”") };
                self.fail(&format!("there is no {kind} “{words}”{place}"));
            }
            std::thread::sleep(STEP);
        }
    }

    fn look_for(&self, kind: &str, words: &str, group: &str) -> Option<Element> {
        let found = self.ask(include_str!("find.js"), vec![json!(kind), json!(words), json!(group)])?;
        let id = found.get(ELEMENT)?.as_str()?.to_owned();
        Some(Element::from_element_id(self.client().clone(), ElementRef::from(id)))
    }

    fn until(&self, mut done: impl FnMut() -> bool) -> bool {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if done() {
                return true;
            }
            std::thread::sleep(STEP);
        }
        false
    }

    /// Runs a script of the test (the page's own policy does not bind it); none when the page went away meanwhile.
    fn ask(&self, script: &str, arguments: Vec<Value>) -> Option<Value> {
        self.stage.block_on(self.client().execute(script, arguments)).ok()
    }

    /// Runs a script of the test on a page that stays.
    pub fn run_script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.run(self.client().execute(script, arguments))
    }

    /// Runs a script of the test that calls its last argument when it is done.
    pub fn script_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.run(self.client().execute_async(script, arguments))
    }

    /// Saves a picture of the whole page as `target/screenshots/{name}.png`.
    pub fn picture(&self, name: &str) -> PathBuf {
        let height = self.ask("return Math.ceil(document.documentElement.scrollHeight)", vec![]);
        let height = number(height.as_ref(), 844).min(6000);
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        self.view(u32::try_from(height).unwrap_or(844), &path);
        path
    }

    /// Saves a picture of the upper part of the page, so many pixels high.
    pub fn view(&self, height: u32, path: &Path) {
        let width = self.ask("return window.innerWidth", vec![]);
        let width = number(width.as_ref(), 390);
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        // WebP is for pictures that are kept: a third of the size
        let (format, quality) = match path.extension().is_some_and(|ending| ending == "webp") {
            true => ("webp", Some(82)),
            false => ("png", None),
        };
        let mut order = json!({ "format": format, "clip": clip, "captureBeyondViewport": true });
        if let Some(quality) = quality {
            order["quality"] = quality.into();
        }
        let picture = self.stage.block_on(self.client().issue_cmd(Order("Page.captureScreenshot", order)));
        if let Ok(answer) = picture {
            use base64::Engine;
            let text = answer.get("data").and_then(Value::as_str).unwrap_or("");
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// Fails the journey, showing where it stood.
    pub fn fail(&self, why: &str) -> ! {
        let path = self.picture(&format!("failed-{}", self.stage.name));
        let url = self.ask("return location.href", vec![]).unwrap_or_default();
        panic!("{why}\nat {url}\npicture: {}\nthe page says: {}", path.display(), self.text());
    }

    fn tell(&self, command: &'static str, parameters: Value) {
        self.run(self.client().issue_cmd(Order(command, parameters)));
    }
}

impl Drop for Browser<'_> {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let closing = async { tokio::time::timeout(Duration::from_secs(10), client.close()).await };
            let _ = self.stage.block_on(closing);
        }
    }
}

/// Whether Chromium can shut its pages in here: not as root, and not in a container that forbids name spaces of one's own. It
/// opens nothing but our own pages, so it may go without.
fn can_sandbox() -> bool {
    let own_space = || Command::new("unshare").args(["--user", "true"]).stderr(Stdio::null()).status();
    !nix::unistd::geteuid().is_root() && own_space().is_ok_and(|status| status.success())
}

fn as_json(element: &Element) -> Value {
    let id: String = element.element_id().into();
    json!({ ELEMENT: id })
}

fn number(value: Option<&Value>, otherwise: u64) -> u64 {
    value.and_then(Value::as_u64).unwrap_or(otherwise)
}
