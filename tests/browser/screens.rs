//! Every screen, with the demo's months of history on it: axe finds nothing at 390 and 1280 px, light and dark; targets
//! can be hit; nothing runs sideways at 320 px. A page that is not in the table fails the build.

use std::sync::Mutex;

use axum::http::Method;
use throughline::demo::Length;
use throughline::http::features;

use super::browser::{Browser, Scheme, Script};
use super::look;
use super::stage::Stage;

/// How to get to a screen.
struct Screen {
    /// The route, as the program lists it.
    route: &'static str,
    /// Its name, for pictures.
    name: &'static str,
    /// Below the provider's address; those that begin with a slash stand for themselves.
    start: &'static str,
    /// The link on it that leads on (CSS), and with a bar between, the link on that page; empty when the screen is the
    /// start itself.
    link: &'static str,
    /// Added to the address the link leads to.
    then: &'static str,
}

const fn at(route: &'static str, name: &'static str, start: &'static str) -> Screen {
    Screen { route, name, start, link: "", then: "" }
}

const fn from(
    route: &'static str,
    name: &'static str,
    (start, link, then): (&'static str, &'static str, &'static str),
) -> Screen {
    Screen { route, name, start, link, then }
}

const ROW: &str = "tbody th a";
const VERB: &str = "main a[href*='/escalations/']";
const ACTION: &str = "/p/{provider}/actions/{action}";

/// Who looks at which screens.
const SCREENS: &[(&str, &[Screen])] = &[
    (
        "",
        &[
            at("/sign-in", "sign-in", "/sign-in"),
            at("/join/{slug}", "join-code", "/join/rowan-care"),
            at("/join/{slug}/{secret}", "join", "/join/rowan-care/{secret}"),
            at("/mail/{slug}/{secret}", "mail-stop", "/mail/rowan-care/{stop}"),
        ],
    ),
    (
        "care_staff",
        &[
            at("/p/{provider}/my-actions", "my-actions", "my-actions"),
            from(ACTION, "action-of-owner", ("my-actions", ".mine h3 a", "")),
            from("/p/{provider}/actions/{action}/update", "update", ("my-actions", ".mine .btns a", "")),
            at("/p/{provider}/findings/new", "log-finding", "findings/new"),
            at("/p/{provider}/notices", "notices", "notices"),
            at("/p/{provider}/notices/mail", "mail-choice", "notices/mail"),
            at("/p/{provider}/notices/calendar", "calendar", "notices/calendar"),
        ],
    ),
    (
        "team_leader",
        &[
            at("/p/{provider}/my-team", "my-team", "my-team"),
            from("/p/{provider}/my-team/owner", "change-owners", ("my-team", "a[href*='owner?person=']", "")),
        ],
    ),
    (
        "registered_manager",
        &[
            at("/p/{provider}/dashboard", "dashboard", "dashboard"),
            at("/p/{provider}/actions", "actions", "actions"),
            from(ACTION, "action-late", ("actions?show=late", ROW, "")),
            from(ACTION, "action-to-verify", ("actions?show=to_verify&significance=all", ROW, "")),
            from(ACTION, "action-closed", ("actions?show=closed", ROW, "")),
            at("/p/{provider}/verify", "to-verify", "verify"),
            from(
                "/p/{provider}/actions/{action}/verification",
                "verify",
                ("actions?show=to_verify&significance=all", ROW, "/verification"),
            ),
            from(
                "/p/{provider}/actions/{action}/reopening",
                "reopening",
                ("actions?show=closed", ROW, "/reopening"),
            ),
            from("/p/{provider}/actions/{action}/owner", "owner", ("actions?show=late", ROW, "/owner")),
            from(
                "/p/{provider}/actions/{action}/rewording",
                "rewording",
                ("actions?show=late", ROW, "/rewording"),
            ),
            from(
                "/p/{provider}/actions/{action}/extension",
                "extension",
                ("actions?show=late", ROW, "/extension"),
            ),
            from("/p/{provider}/actions/{action}/merging", "merging", ("actions?show=late", ROW, "/merging")),
            from(
                "/p/{provider}/actions/{action}/cancellation",
                "cancellation",
                ("actions?show=late", ROW, "/cancellation"),
            ),
            from(
                "/p/{provider}/actions/{action}/closure",
                "closure",
                ("verify", "[aria-labelledby=closure] li a", "/closure"),
            ),
            from(
                "/p/{provider}/evidence/{id}/withdrawal",
                "withdrawal",
                ("actions?show=verify_late&significance=all", "tbody th a | a[href$='/withdrawal']", ""),
            ),
            at("/p/{provider}/escalations", "escalations", "escalations"),
            from("/p/{provider}/escalations/{escalation}", "decision", ("escalations", VERB, "")),
            at("/p/{provider}/escalations/log", "escalation-log", "escalations/log?service=rowan-house"),
            at("/p/{provider}/findings", "findings", "findings"),
            from("/p/{provider}/findings/{finding}", "finding", ("findings", ROW, "")),
            from(
                "/p/{provider}/findings/{finding}/earlier/{earlier}/withdrawal",
                "not-the-same",
                ("findings?came_back=yes", "tbody th a | a[href$='/withdrawal']", ""),
            ),
            from(
                "/p/{provider}/findings/{finding}/root-cause",
                "root-cause",
                ("findings?came_back=yes", ROW, "/root-cause"),
            ),
            at("/p/{provider}/findings/new", "new-finding", "findings/new"),
            from(
                "/p/{provider}/findings/{finding}/actions/new",
                "agree-action",
                ("findings", ROW, "/actions/new"),
            ),
            from(
                "/p/{provider}/findings/{finding}/disposition",
                "end-finding",
                ("findings", ROW, "/disposition"),
            ),
            at("/p/{provider}/weekly-review", "weekly-review", "weekly-review"),
            from("/p/{provider}/weekly-review/{review}", "weekly-minutes", ("weekly-review", ROW, "")),
            at("/p/{provider}/reviews", "reviews", "reviews"),
            at("/p/{provider}/reviews/new", "new-review", "reviews/new"),
            from("/p/{provider}/reviews/{review}", "review", ("reviews", ROW, "")),
            at("none", "not-found", "actions/A-9999"),
        ],
    ),
    (
        "quality_lead",
        &[
            at("/p/{provider}/imports", "imports", "imports"),
            at("/p/{provider}/earlier", "earlier", "earlier"),
            at("/p/{provider}/closure-audit", "closure-audit", "closure-audit"),
            from("/p/{provider}/closure-audit", "closure-audit-sample", ("closure-audit", "th a", "")),
            from(
                "/p/{provider}/actions/{action}/closure-audit",
                "closure-audit-form",
                ("closure-audit", "a[href$='/closure-audit']", ""),
            ),
            at("/p/{provider}/dashboard", "dashboard-quality", "dashboard"),
            at("/p/{provider}/weekly-review", "weekly-review-all", "weekly-review"),
            from(
                "/p/{provider}/weekly-review/{review}/actions/{action}",
                "weekly-step",
                ("weekly-review", "main a[href$='/actions/next']", ""),
            ),
            at("/p/{provider}/verify/exceptions", "exceptions", "verify/exceptions"),
            at("/p/{provider}/escalations", "escalations-decided", "escalations?show=decided"),
            at("/p/{provider}/sustain-checks", "sustain-checks", "sustain-checks"),
            from(
                "/p/{provider}/actions/{action}/sustain-check",
                "sustain-check",
                ("sustain-checks", "a[href$='/sustain-check']", ""),
            ),
            at("/p/{provider}/packs", "packs", "packs"),
            at("/p/{provider}/packs/new", "pack-new", "{pack}"),
            from("/p/{provider}/packs/{pack}", "pack", ("packs", ROW, "")),
            from("/p/{provider}/packs/{pack}/read/{path}", "pack-start", ("packs", ROW, "/read/index.html")),
            at("/p/{provider}/governance/{month}", "governance", "governance"),
            from(
                "/p/{provider}/governance/{month}/meeting",
                "governance-meeting",
                ("governance", "main a[href*='/meeting']", ""),
            ),
            from(
                "/p/{provider}/governance/{month}/report",
                "governance-report",
                ("governance", "main a[href*='/report']", ""),
            ),
            at("/p/{provider}/trail", "trail", "trail?line=3&hash=0"),
            from(
                "/p/{provider}/governance/{month}/{figure}",
                "governance-rows",
                ("governance", ".figures__n", ""),
            ),
            from(
                "/p/{provider}/governance/{month}/{figure}/limits",
                "governance-limits",
                ("governance", "main a[href*='/limits']", ""),
            ),
            at("/p/{provider}/measures", "measures", "measures"),
            at("/p/{provider}/measures/new", "measure-new", "measures/new"),
            from("/p/{provider}/measures/{measure}", "measure", ("measures", ROW, "")),
            from(
                "/p/{provider}/measures/{measure}/definition",
                "measure-change",
                ("measures", ROW, "/definition"),
            ),
            at("/p/{provider}/measures", "measures-ended", "measures?ended=yes"),
            at("/p/{provider}/signals", "signals", "signals"),
            at("/p/{provider}/signals", "signals-one", "signals?sign=overdue"),
            from("/p/{provider}/signals/{sign}/{reference}", "sign", ("signals", ".work__a", "")),
            at("/providers", "providers", "/providers"),
            at("/account", "account", "/account"),
        ],
    ),
    (
        "nominated_individual",
        &[
            from(
                "/p/{provider}/actions/{action}/assurance",
                "assurance",
                ("verify", "[aria-labelledby=assurance] li a", "/assurance"),
            ),
            at("/p/{provider}/assurance", "assurance-queue", "assurance"),
        ],
    ),
    (
        "administrator",
        &[
            at("/p/{provider}/messages", "messages", "messages"),
            at("/p/{provider}/settings", "settings", "settings"),
            at("/p/{provider}/settings/escalation", "escalation-policy", "settings/escalation"),
            at("/p/{provider}/settings/standards", "standards", "settings/standards"),
            at("/p/{provider}/settings/standards/new", "standard-new", "settings/standards/new"),
            from("/p/{provider}/settings/standards/{id}", "standard", ("settings/standards", ROW, "")),
            at("/p/{provider}/settings/due-days", "due-days", "settings/due-days"),
            at("/p/{provider}/settings/members", "members", "settings/members"),
            from("/p/{provider}/settings/members/{id}", "member", ("settings/members", ROW, "")),
            from("/p/{provider}/settings/members/{id}/place", "place", ("settings/members", ROW, "/place")),
            at("/p/{provider}/settings/keys", "keys", "settings/keys"),
            at("/p/{provider}/settings/downloads", "downloads", "settings/downloads"),
            at("/p/{provider}/settings/history", "settings-history", "settings/history"),
            at("/p/{provider}/settings/codes", "codes", "settings/codes"),
            from(
                "/p/{provider}/settings/members/{id}/codes",
                "member-codes",
                ("settings/members", ROW, "/codes"),
            ),
            at("/p/{provider}/settings/invitations", "invitations", "settings/invitations"),
            at("/p/{provider}/settings/invitations/new", "invite", "settings/invitations/new"),
            at("/p/{provider}/settings/services", "services", "settings/services"),
            at("/p/{provider}/settings/services/new", "service-new", "settings/services/new"),
            from("/p/{provider}/settings/services/{id}", "service", ("settings/services", ROW, "")),
            from(
                "/p/{provider}/settings/members/{id}/departure",
                "departure",
                ("settings/members", ROW, "/departure"),
            ),
        ],
    ),
];

/// Addresses that answer GET with something other than a page of their own, and what with.
const NOT_PAGES: &[(&str, &str)] = &[
    ("/", "leads on"),
    ("/p/{provider}", "leads on"),
    ("/p/{provider}/governance", "leads on"),
    ("/p/{provider}/notices/{id}", "leads on"),
    ("/calendar/{slug}/{secret}", "a calendar"),
    ("/api/openapi.json", "for programs"),
    ("/api/{slug}/v1/findings", "for programs"),
    ("/api/{slug}/v1/actions", "for programs"),
    ("/api/{slug}/v1/measures", "for programs"),
    ("/healthz", "a word for machines"),
    ("/readyz", "a word for machines"),
    ("/p/{provider}/evidence/{id}", "a file"),
    ("/p/{provider}/governance/{month}/report.pdf", "a file"),
    ("/p/{provider}/evidence/{id}/preview", "a picture"),
    ("/p/{provider}/packs/{pack}/pack.zip", "a file"),
];

/// Pages that somebody only comes to by a walk of their own, and the test that walks it.
const WALKED: &[(&str, &str)] = &[
    ("/sign-in/code", "codes.rs"),
    ("/p/{provider}/imports/{import}", "import.rs"),
    ("/p/{provider}/imports/{import}/sheet", "import.rs"),
    ("/p/{provider}/imports/{import}/columns", "import.rs"),
    ("/p/{provider}/imports/{import}/words", "import.rs"),
    ("/p/{provider}/imports/{import}/check", "import.rs"),
];

#[test]
fn every_page_of_the_program_is_in_the_table() {
    let missing: Vec<&str> = features()
        .list()
        .iter()
        .filter(|(method, _)| *method == Method::GET)
        .map(|(_, path)| *path)
        .filter(|path| !NOT_PAGES.iter().any(|(other, _)| same(other, path)))
        .filter(|path| !WALKED.iter().any(|(walked, _)| same(walked, path)))
        .filter(|path| !SCREENS.iter().any(|(_, screens)| screens.iter().any(|s| same(s.route, path))))
        .collect();
    assert!(missing.is_empty(), "add these to the table in tests/browser/screens.rs: {missing:#?}");
}

/// Looked at by two browsers at once, a handful of screens each in turn: one alone would take four minutes.
#[test]
fn every_screen_is_for_everybody() {
    let stage = Stage::demo("screens", "2026-11-21 10:00", Length::TwoYears);
    let secrets = [stage.invitation(), stage.mail_stop(), stage.pack()];
    let handfuls = SCREENS.iter().flat_map(|(who, screens)| screens.chunks(6).map(move |some| (*who, some)));
    let handfuls = Mutex::new(handfuls);
    let next = || handfuls.lock().unwrap().next();
    let look = || {
        let browser = stage.browser(Script::On);
        let (mut faults, mut seen, mut signed_in) = (Vec::new(), 0, "");
        while let Some((who, screens)) = next() {
            if who != signed_in {
                match who {
                    "" => browser.forget_sign_in(),
                    who => browser.desk(who),
                }
                signed_in = who;
            }
            for screen in screens {
                match open(&browser, screen, &secrets) {
                    Ok(()) => {
                        faults.extend(inspect(&browser, screen.name));
                        seen += 1;
                    }
                    Err(why) => faults.push(why),
                }
            }
        }
        (faults, seen)
    };
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(look);
        (look(), other.join().unwrap())
    });
    let (faults, seen) = ([one.0, other.0].concat(), one.1 + other.1);
    assert!(faults.is_empty(), "{} faults on {seen} screens:\n  {}", faults.len(), faults.join("\n  "));
}

/// Goes to a screen, and makes sure that it is the one meant.
fn open(browser: &Browser<'_>, screen: &Screen, [secret, stop, pack]: &[String; 3]) -> Result<(), String> {
    browser.look(1280, 900, Scheme::Light);
    let start = |path: &str| if path.starts_with('/') { browser.go(path) } else { browser.visit(path) };
    start(&screen.start.replace("{secret}", secret).replace("{stop}", stop).replace("{pack}", pack));
    let mut links = screen.link.split(" | ").filter(|link| !link.is_empty()).peekable();
    while let Some(link) = links.next() {
        let find = "const a = document.querySelector(arguments[0]); return a ? a.pathname : ''";
        let href = browser.run_script(find, vec![link.into()]);
        let href = href.as_str().unwrap_or_default();
        if href.is_empty() {
            return Err(format!("{}: no link {link} on {}", screen.name, browser.path()));
        }
        let then = if links.peek().is_none() { screen.then } else { "" };
        browser.go(&format!("{href}{then}"));
    }
    let path = browser.path();
    let path = path.split('?').next().unwrap_or_default();
    let is_it = screen.route == "none" || fits(screen.route, path);
    let gone = screen.route != "none" && browser.text().contains("Page not found");
    if is_it && !gone { Ok(()) } else { Err(format!("{}: came to {path}: {}", screen.name, browser.text())) }
}

/// Looks at the screen in both sizes and both schemes, and keeps pictures.
pub fn inspect(browser: &Browser<'_>, name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (width, height) in [(390, 844), (1280, 900)] {
        for (scheme, word) in [(Scheme::Light, ""), (Scheme::Dark, "-dark")] {
            browser.look(width, height, scheme);
            let name = format!("{name}-{width}{word}");
            browser.picture(&name);
            faults.extend(look::faults(browser, &name));
        }
    }
    faults.extend(look::sideways(browser, name));
    faults
}

/// Whether a path is of a route: `/p/{provider}/verify`.
fn fits(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(&path).all(|(r, p)| r.starts_with('{') || r == p)
}

/// Whether two routes are the same but for the names of their parts.
fn same(one: &str, other: &str) -> bool {
    let plain = |route: &str| -> Vec<String> {
        route
            .split('/')
            .map(|part| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() })
            .collect()
    };
    plain(one) == plain(other)
}
