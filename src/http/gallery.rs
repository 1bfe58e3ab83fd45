//! Pages that show every piece of the shell at once, for tests and for looking at: they are written to
//! `target/gallery/` with the assets beside them (`python3 -m http.server -d target/gallery`). Never a route.

use std::collections::HashSet;
use std::fs;
use std::path::Path as FilePath;

use askama::Template;
use chrono::NaiveDate;

use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::domain::topic::Risk;
use crate::error::AppError;
use crate::http::banner::{Banner, Done};
use crate::http::form::{Choice, Draft};
use crate::http::page::{Layout, MenuItem, Pager, ProviderLink};
use crate::http::view::*;
use crate::http::{Routes, assets, shell};

#[derive(Template)]
#[template(path = "gallery_action.html")]
struct Action {
    layout: Layout,
    tag: Tag,
    thread: Thread,
    checklist: Checklist,
    timeline: Timeline,
    facts: Facts,
    files: Files,
    draft: Draft,
    outcomes: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "gallery_form.html")]
struct FormPage {
    layout: Layout,
    draft: Draft,
    risks: Vec<Choice>,
    owners: Vec<Choice>,
    yes_no: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "gallery_lists.html")]
struct Lists {
    layout: Layout,
    draft: Draft,
    risks: Vec<Choice>,
    tiles: Tiles,
    work: WorkList,
    nothing: WorkList,
    pages: Pages,
    tags: Vec<Tag>,
    tag: Tag,
}

fn layout(title: &str) -> Layout {
    let link = |name: &str, slug: &str| ProviderLink { name: name.into(), slug: slug.into() };
    Layout {
        title: title.into(),
        person: "Priya Nair".into(),
        provider: Some(link("Rowan House", "rowan")),
        others: vec![link("Willow Care Group", "willow"), link("Ash Lodge and Partners (north)", "ash")],
        menu: vec![
            MenuItem::new("Dashboard", "/p/rowan/dashboard"),
            MenuItem::new("My actions", "/p/rowan/my-actions").count(4),
            MenuItem::new("To verify", "/p/rowan/verify").count(5),
            MenuItem::new("Findings", "/p/rowan/findings"),
            MenuItem::new("Reviews", "/p/rowan/reviews"),
            MenuItem::new("Escalations", "/p/rowan/escalations").count(2),
        ],
        ..Layout::default()
    }
    .at("/p/rowan/verify")
}

#[expect(clippy::too_many_lines, reason = "one page's worth of made-up data")]
fn action() -> Action {
    let moment = |what: &'static str, by: &'static str, detail: &'static str, quote: &'static str, late| {
        Moment { what: what.into(), by: by.into(), detail: detail.into(), quote: quote.into(), late }
    };
    let file = |name: &'static str, href: &'static str, meta: &'static str, withdrawn| FileRow {
        name: name.into(),
        href: href.into(),
        meta: meta.into(),
        withdrawn,
        withdraw_href: "".into(),
    };
    Action {
        layout: Layout {
            banner: Some(Banner::about(Done::UpdateAdded, "A-0142")),
            ..layout("Align nutrition care plans")
        },
        tag: Tag::new(State::WaitingForVerification),
        thread: Thread {
            stops: vec![
                Stop::new("Finding", "2 October 2026", At::Done),
                Stop::new("Action done", "12 November 2026", At::Done),
                Stop::new("Evidence", "3 of 3 attached", At::Done),
                Stop::new("Verification", "due by 19 November 2026", At::Now),
                Stop::new("Impact", "measure on 12 January 2027", At::Next),
            ],
        },
        checklist: Checklist {
            items: vec![
                Check::new(
                    true,
                    "What was done is recorded",
                    "11 care plans updated, guidance reissued, charts replaced",
                    "Amara Bello",
                ),
                Check::new(
                    true,
                    "Evidence the action asked for",
                    "Care plan sample, briefing record, updated guidance",
                    "3 of 3",
                ),
                Check::new(
                    true,
                    "Baseline and target",
                    "56% of sampled plans complete; target 90% by 12 January 2027",
                    "Set",
                ),
                Check::new(true, "Checked by someone else", "Verifier is not the owner", "Priya Nair"),
                Check::new(
                    false,
                    "Practice sampled",
                    "Daily records, observation or feedback, not only paperwork",
                    "To do",
                ),
                Check::new(false, "Decision recorded", "", "To do"),
            ],
        },
        timeline: Timeline {
            moments: vec![
                moment(
                    "Verification overdue",
                    "20 November 2026, automatic",
                    "Five working days passed.",
                    "",
                    true,
                ),
                moment(
                    "Marked as done",
                    "Amara Bello, 12 November 2026 at 4:12pm",
                    "",
                    "All 11 plans now say when to escalate weight loss.\nCharts on Ash and Beech replaced on 10 November.",
                    false,
                ),
                moment(
                    "Evidence added: Staff briefing record",
                    "Tom Reid, 9 November 2026 at 7:40am",
                    "",
                    "",
                    false,
                ),
            ],
        },
        facts: Facts::new()
            .fact("Owner", "Amara Bello, care coordinator")
            .fact("Due", "12 November 2026")
            .fact("Risk", "Medium")
            .linked("Source", "Care plan audit, October 2026", "/r")
            .fact("Quality statement", "Safe and effective care"),
        files: Files {
            items: vec![
                file("Care plan sample, November", "/e/1", "PDF, 412 KB · Amara Bello, 12 November", false),
                file("Nutrition guidance v3", "", "Reference: policy folder, section 4", false),
                file(
                    "Staff briefing record with a_very_long_file_name_that_has_no_place_to_break_2026_11_09.pdf",
                    "/e/2",
                    "Photo, 1.1 MB · Tom Reid",
                    true,
                ),
            ],
            empty: "No evidence yet.".into(),
        },
        draft: Draft::new(),
        outcomes: vec![
            Choice::new("complete", "Genuinely complete")
                .hint("Closes the action. Impact is still measured on 12 January 2027."),
            Choice::new("partial", "Partially complete")
                .hint("Goes back to Amara Bello with a new due date and what is missing."),
            Choice::new("ineffective", "Ineffective")
                .hint("Done, but practice did not change. Starts a root-cause review."),
        ],
    }
}

fn form_page(wrong: bool) -> FormPage {
    let mut draft = Draft::new()
        .with(
            "what",
            "PRN protocols for 4 of 12 residents on Ash unit have no maximum dose.\n\nSecond \"line\" & <b>",
        )
        .with("title", "Remind staff about PRN protocols")
        .with("risk", "high")
        .with("evidence", "low")
        .with("evidence", "high")
        .with("owner", "2")
        .with("same", "yes")
        .with_date("due", NaiveDate::from_ymd_opt(2026, 11, 27).unwrap());
    if wrong {
        for (field, sentence) in [
            ("source", "Choose where it came from"),
            ("what", "Use 500 characters or fewer: this has 612"),
            ("title", "Say what will be different"),
            ("owner", "Choose one owner"),
            ("due", "Enter a real date, like 27 11 2026"),
            ("risk", "Choose how serious it is"),
            ("minor", "Choose yes or no"),
            ("evidence", "Tick at least one kind of evidence"),
            ("sample", "Enter a whole number from 0 to 100"),
            ("files", "Choose a file that is smaller than 25 MB"),
        ] {
            draft.refuse(field, sentence);
        }
    }
    FormPage {
        layout: layout("Log a finding").with_errors(wrong),
        draft,
        risks: Choice::all::<Risk>(),
        owners: vec![
            Choice::new("1", "Amara Bello, care coordinator"),
            Choice::new("2", "Sofia Marsh, senior carer"),
        ],
        yes_no: vec![Choice::new("yes", "Yes"), Choice::new("no", "No, it is minor")],
    }
}

fn lists() -> Lists {
    let tile = |number, label: &'static str, note: &'static str, state| Tile {
        number,
        label: label.into(),
        href: "/x".into(),
        note: note.into(),
        state,
    };
    let work = |tag, title: &'static str, meta: &'static str, verb: &'static str, urgent| Work {
        tag,
        title: title.into(),
        href: "/a".into(),
        meta: meta.into(),
        verb: verb.into(),
        verb_href: "/v".into(),
        urgent,
        aside: None,
    };
    Lists {
        layout: layout("What needs you today").at("/p/rowan/dashboard"),
        draft: Draft::new().with("f-risk", "high"),
        risks: Choice::all::<Risk>(),
        tiles: Tiles {
            items: vec![
                tile(3, "Late", "2 escalated to you", State::Late),
                tile(5, "To verify", "1 past 5 working days", State::WaitingForVerification),
                tile(6, "Due by 28 November", "All have an owner", State::DueSoon),
                tile(2, "Came back", "Same finding, after closure", State::CameBack),
            ],
        },
        work: WorkList {
            items: vec![
                work(
                    Tag::late(9),
                    "Complete post-fall environmental checks in Beech unit",
                    "A-0131 · Falls · Owner Daniel Osei · due 9 November 2026 · escalated to you on 12 November",
                    "Record your decision",
                    true,
                ),
                work(
                    Tag::saying(State::WaitingForVerification, "Waiting 6 working days"),
                    "Align nutrition care plans, guidance and monitoring charts",
                    "A-0142 · Nutrition · Owner Amara Bello",
                    "Verify",
                    false,
                ),
                work(
                    Tag::new(State::CameBack),
                    "PRN protocols missing a maximum dose (3rd time since June)",
                    "F-0097 · Medicines",
                    "",
                    false,
                ),
            ],
            empty: String::new().into(),
        },
        nothing: WorkList { items: vec![], empty: "Nothing waits for a decision.".into() },
        pages: Pages(Pager::new("/findings", &[("risk", "high")], Some("a"), Some("b"))),
        tags: State::ALL.map(Tag::new).to_vec(),
        tag: Tag::late(4),
    }
}

/// Every page of the gallery by name.
fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("action", action().render().unwrap()),
        ("form", form_page(false).render().unwrap()),
        ("form-wrong", form_page(true).render().unwrap()),
        ("lists", lists().render().unwrap()),
    ]
}

/// The values of every attribute `name` in `html`, in order.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The page the shell answers with when `path` is asked for or sent.
async fn answer(request: axum::http::Request<axum::body::Body>) -> String {
    let routes = Routes::<()>::new()
        .get("/broken", || async { AppError::internal("made up") })
        .post("/ended", || async { AppError::SignedOut });
    let response = shell(routes, (), "http://throughline.example", false).oneshot(request).await.unwrap();
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn written_for_looking_at() {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("target/gallery");
    for asset in assets::all() {
        let file = folder.join(assets::url(asset).trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, assets::bytes(asset).unwrap()).unwrap();
    }
    let get = |path: &str| axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
    let ended = axum::http::Request::post("/ended")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("what=PRN+protocols&due=27".into())
        .unwrap();
    let mut pages = pages();
    pages.push(("not-found", answer(get("/nowhere")).await));
    pages.push(("broken", answer(get("/broken")).await));
    pages.push(("ended", answer(ended).await));
    for (name, html) in pages {
        fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
}

#[test]
fn ids_are_unique_and_everything_that_names_one_finds_it() {
    for (page, html) in pages() {
        let mut ids = HashSet::new();
        for id in attributes(&html, "id") {
            assert!(ids.insert(id), "{page}: id {id} twice");
        }
        for name in ["for", "aria-describedby", "aria-labelledby", "aria-controls", "data-chosen"] {
            for id in attributes(&html, name).iter().flat_map(|value| value.split(' ')) {
                assert!(ids.contains(id), "{page}: {name} names {id}, which is not there");
            }
        }
        for href in attributes(&html, "href") {
            if let Some(id) = href.strip_prefix('#') {
                assert!(ids.contains(id), "{page}: a link leads to {id}, which is not there");
            }
        }
        assert_eq!(html.matches("<h1").count(), 1, "{page}");
    }
}

#[test]
fn a_wrong_form_keeps_what_was_typed_and_says_each_sentence_at_the_top_and_at_the_field() {
    let page = form_page(true);
    let html = page.render().unwrap();
    assert!(html.contains("<title>Error: Log a finding"));
    for error in page.draft.errors().items() {
        assert!(
            html.contains(&format!("<a href=\"#{}\">{}</a>", error.field, error.sentence)),
            "{}",
            error.field
        );
        let beside = format!("<span class=\"govuk-visually-hidden\">Error:</span> {}</p>", error.sentence);
        assert!(html.contains(&beside), "{}", error.field);
    }
    assert!(html.contains(">\nPRN protocols for 4 of 12 residents on Ash unit have no maximum dose.\n\nSecond &#34;line&#34; &#38; &#60;b&#62;</textarea>"));
    assert!(html.contains("value=\"high\" checked") && html.contains("<option value=\"2\" selected>"));
    assert!(
        html.contains("value=\"27\"") && html.contains("value=\"11\"") && html.contains("value=\"2026\"")
    );
    assert_eq!(html.matches("checkbox\" value=\"low\" checked").count(), 1);
}

#[test]
fn a_password_is_never_sent_back() {
    #[derive(Template)]
    #[template(
        source = r#"{% import "macros/form.html" as form %}{% call form::text(draft, "password", "Password", kind="password") %}{% endcall %}"#,
        ext = "html"
    )]
    struct Sign {
        draft: Draft,
    }
    let html = Sign { draft: Draft::new().with("password", "correct horse") }.render().unwrap();
    assert!(html.contains("type=\"password\"") && !html.contains("correct horse"), "{html}");
}
