//! The pictures of the user guide, drawn from the demo by a command: `make pictures`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::browser::{Browser, Script};
use throughline::demo::Length;

use super::stage::Stage;

/// One picture: its file, who looks, the size of the window, the address, and the links that lead on from there.
struct Picture {
    file: &'static str,
    who: &'static str,
    size: (u32, u32),
    start: &'static str,
    links: &'static [&'static str],
}

const PHONE: (u32, u32) = (390, 844);
const DESK: (u32, u32) = (1120, 760);

const fn picture(
    file: &'static str,
    who: &'static str,
    size: (u32, u32),
    start: &'static str,
    links: &'static [&'static str],
) -> Picture {
    Picture { file, who, size, start, links }
}

const ROW: &str = "tbody th a";

const PICTURES: &[Picture] = &[
    picture("my-actions", "care_staff", PHONE, "my-actions", &[]),
    picture("update", "care_staff", PHONE, "my-actions", &[".mine .btns a"]),
    picture("dashboard", "registered_manager", DESK, "dashboard", &[]),
    picture("verify", "registered_manager", DESK, "verify", &[]),
    picture("action", "registered_manager", DESK, "actions?show=to_close&significance=all", &[ROW]),
    picture("decision", "registered_manager", DESK, "escalations", &["main a[href*='/escalations/']"]),
    picture("signals", "registered_manager", DESK, "signals", &[]),
    picture("weekly-review", "branch_manager", DESK, "weekly-review", &["main a[href$='/actions/next']"]),
    picture("dashboard-leaders", "quality_lead", DESK, "dashboard", &[]),
    picture("escalations", "quality_lead", DESK, "escalations", &[]),
    picture("assurance", "nominated_individual", DESK, "verify", &["[aria-labelledby=assurance] li a"]),
    picture("settings", "administrator", DESK, "settings", &[]),
    picture("departure", "administrator", DESK, "settings/members", &[ROW, "main a[href$='/departure']"]),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/guide/pictures")
}

#[test]
fn the_guide_shows_every_picture_and_no_other() {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    let mut shown = BTreeSet::new();
    for page in std::fs::read_dir(&docs).unwrap() {
        let page = page.unwrap().path();
        if page.extension().is_some_and(|ending| ending == "md") {
            let text = std::fs::read_to_string(&page).unwrap();
            let names = text.split("](pictures/").skip(1).filter_map(|rest| rest.split(".webp)").next());
            shown.extend(names.map(str::to_owned));
        }
    }
    let drawn: BTreeSet<String> = PICTURES.iter().map(|p| p.file.to_owned()).collect();
    assert_eq!(shown, drawn, "the pages of docs/guide and the table of pictures");
    let kept = std::fs::read_dir(folder()).unwrap();
    let kept: BTreeSet<String> =
        kept.map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(kept, drawn, "make pictures draws them");
}

#[test]
#[ignore = "writes into docs/guide: make pictures"]
fn draw_the_guide() {
    let stage = Stage::demo("guide", "2026-11-21 10:00", Length::TwoYears);
    stage.tick();
    stage.count_signs();
    let browser = stage.browser(Script::On);
    std::fs::create_dir_all(folder()).unwrap();
    for one in PICTURES {
        browser.desk(one.who);
        let (width, height) = one.size;
        browser.look(width, height, super::browser::Scheme::Light);
        browser.visit(one.start);
        for link in one.links {
            follow(&browser, link);
        }
        browser.view(height, &folder().join(format!("{}.webp", one.file)));
    }
}

/// Opens the first link that a selector finds.
fn follow(browser: &Browser<'_>, link: &str) {
    let find = "const a = document.querySelector(arguments[0]); return a ? a.pathname : ''";
    let href = browser.run_script(find, vec![link.into()]);
    match href.as_str() {
        Some(href) if !href.is_empty() => browser.go(href),
        _ => browser.fail(&format!("there is no link {link}")),
    }
}
