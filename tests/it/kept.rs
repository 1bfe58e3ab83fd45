//! What was typed outlives the end of a session, for whoever typed it and for nobody else.

use axum::http::StatusCode;
use chrono::Duration;
use throughline::domain::topic::{Risk, Topic};
use throughline::ids::ReviewId;

use crate::harness::fixtures::{Answer, World, unescaped};
use crate::harness::upload::{Upload, photo};
use crate::signing_in::{Client, PASSWORD, email, set_up};

const NEW_REVIEW: &str = "/p/rowan-care/reviews/new";
const TITLE: &str = "Medicines in \"autumn\" & winter";

/// A review as it is typed into a page drawn for this person.
async fn review(w: &World, client: &mut Client) -> Vec<(&'static str, String)> {
    let by = client.get(NEW_REVIEW).await.field("written-by");
    vec![
        ("written-by", by),
        ("id", ReviewId::new().to_string()),
        ("kind", "audit".into()),
        ("title", TITLE.into()),
        ("service", w.house.id.to_string()),
        ("held_on", "20".into()),
        ("held_on-month", "11".into()),
        ("held_on-year", "2026".into()),
        ("conducted_by", "The night team\nof Ash".into()),
    ]
}

fn borrowed<'a>(fields: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn session_ends(w: &World) {
    w.clock.set(w.clock.now() + Duration::hours(13)); // the longest anybody may be idle is twelve hours
}

/// Signs in from the page that kept what was typed.
async fn sign_in_from(page: &Answer, client: &mut Client, who: &str, password: &str) -> Answer {
    let kept = page.field("kept");
    client.post("/sign-in", &[("email", &email(who)), ("password", password), ("kept", &kept)]).await
}

/// Every text field of the form on a page, with its line ends.
fn texts(page: &Answer) -> Vec<(String, String)> {
    let areas = page.body.split("<textarea name=\"").skip(1);
    areas
        .map(|area| {
            let (name, rest) = area.split_once('"').unwrap();
            let value = rest.split_once(">\n").unwrap().1.split("</textarea>").next().unwrap();
            (name.to_owned(), unescaped(value))
        })
        .collect()
}

#[tokio::test]
async fn what_was_typed_survives_the_end_of_a_session() {
    let (_db, w) = set_up(&["manager"]).await;
    let mut client = Client::signed_in(&w, "manager").await;
    let fields = review(&w, &mut client).await;
    session_ends(&w);
    let kept = client.post(NEW_REVIEW, &borrowed(&fields)).await;
    assert_eq!(kept.status, StatusCode::UNAUTHORIZED);
    assert!(kept.text().contains("What you typed is not lost"), "{}", kept.text());
    assert!(!kept.body.contains("target=\"_blank\""), "no second tab");
    // a wrong password loses nothing
    let wrong = sign_in_from(&kept, &mut client, "manager", "not this one").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let back = sign_in_from(&wrong, &mut client, "manager", PASSWORD).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text());
    assert!(back.text().contains("You are signed in again") && back.body.contains("Send it again"));
    assert!(back.text().contains(TITLE) || unescaped(&back.text()).contains(TITLE), "{}", back.text());
    assert!(back.body.contains(&format!("action=\"{NEW_REVIEW}\"")));
    let again = texts(&back);
    assert!(again.contains(&("conducted_by".into(), "The night team\nof Ash".into())), "{again:?}");
    let again: Vec<_> = again.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    // one line is asked for there, and the page says so with everything in it
    let sent = client.post(NEW_REVIEW, &again).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", sent.text());
    let right: Vec<_> = again
        .into_iter()
        .map(|(n, v)| if n == "conducted_by" { (n, "The night team") } else { (n, v) })
        .collect();
    let sent = client.post(NEW_REVIEW, &right).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/p/rowan-care/reviews/R-0001"));
}

#[tokio::test]
async fn nobody_sends_what_somebody_else_wrote() {
    let (_db, w) = set_up(&["manager", "deputy"]).await;
    let mut client = Client::signed_in(&w, "manager").await;
    let fields = review(&w, &mut client).await;
    session_ends(&w);
    let kept = client.post(NEW_REVIEW, &borrowed(&fields)).await;
    let other = sign_in_from(&kept, &mut client, "deputy", PASSWORD).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    assert!(other.text().contains("Somebody else was signed in on this device before"), "{}", other.text());
    assert!(!unescaped(&other.body).contains(TITLE) && !other.body.contains("night team"), "{}", other.body);
    assert_eq!(client.get("/p/rowan-care/dashboard").await.status, StatusCode::OK, "the deputy is signed in");
    // the tab of the first person is still open, and is sent with the session of the second
    let sent = client.post(NEW_REVIEW, &borrowed(&fields)).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    assert!(sent.text().contains("in another person’s name"), "{}", sent.text());
    assert!(!unescaped(&sent.body).contains(TITLE));
    assert!(client.get("/p/rowan-care/reviews").await.text().contains("No reviews yet."));
    // what says not whose it is, or says it twice, is kept for nobody
    session_ends(&w);
    let twice = [fields.clone(), vec![("written-by", "0123456789abcdef".into())]].concat();
    for unsigned in [&fields[1..], &twice] {
        let page = client.post(NEW_REVIEW, &borrowed(unsigned)).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert!(!unescaped(&page.body).contains(TITLE), "{}", page.body);
    }
}

/// The form that brings files, as it was typed.
fn update(by: &str) -> Upload {
    Upload::new()
        .text("written-by", by)
        .text("id", &throughline::ids::UpdateId::new().to_string())
        .text("note", "Wrote a maximum dose on all 12 protocols\r\nand told the night staff")
        .date("done_on", "2026-11-20")
        .file("file-record", "protocols.jpg", &photo(7))
        .text("title-record", "Protocols of Ash")
        .text("reference-audit_sample", "Audit folder, week 47")
        .text("next", "help")
        .text("barrier", "The pharmacist is away")
}

#[tokio::test]
async fn a_form_with_files_keeps_its_words_and_asks_for_the_files() {
    let (_db, w) = set_up(&["carer", "leader"]).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let path = format!("/p/rowan-care/actions/{on}/update");
    let mut client = Client::signed_in(&w, "carer").await;
    let by = client.get(&path).await.field("written-by");
    session_ends(&w);
    let kept = client.upload(&path, update(&by)).await;
    assert_eq!(kept.status, StatusCode::UNAUTHORIZED, "{}", kept.text());
    let mut other = client.clone();
    let refused = sign_in_from(&kept, &mut other, "leader", PASSWORD).await;
    assert!(refused.status == StatusCode::FORBIDDEN && !refused.body.contains("maximum dose"));
    let sent = other.upload(&path, update(&by)).await;
    assert!(sent.status == StatusCode::FORBIDDEN && !sent.body.contains("maximum dose"), "{}", sent.text());

    let back = sign_in_from(&kept, &mut client, "carer", PASSWORD).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text());
    for said in ["Files could not be kept", "protocols.jpg", "Wrote a maximum dose", "Go back to the form"] {
        assert!(back.text().contains(said), "{said}: {}", back.text());
    }
    let mut again = texts(&back);
    again.push(("again".into(), back.field("again")));
    let again: Vec<_> = again.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let form = client.post(&path, &again).await;
    assert_eq!(form.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in ["Choose again: protocols.jpg", "told the night staff", "The pharmacist is away"] {
        assert!(form.text().contains(said), "{said}: {}", form.text());
    }
    for value in ["value=\"Protocols of Ash\"", "value=\"Audit folder, week 47\"", "value=\"help\" checked"] {
        assert!(form.body.contains(value), "{value}: {}", form.body);
    }
    assert_eq!(w.case(on).await.updates, 0, "nothing was recorded yet");
    assert_eq!(client.upload(&path, update(&by)).await.status, StatusCode::SEE_OTHER);
}

/// Every form that somebody signed in can send says for whom it was drawn.
#[test]
fn every_form_says_for_whom_it_was_drawn() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut folders = vec![folder];
    let (mut forms, mut bare) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for form in text.split("<form ").skip(1).filter(|form| form.contains("method=\"post\"")) {
                forms += 1;
                let (tag, rest) = form.split_once('>').unwrap();
                // signing in is for anybody, and what was kept says itself whose it is
                let open =
                    ["action=\"/sign-in\"", "action=\"{{ to }}\""].iter().any(|action| tag.contains(action));
                if !open && !rest.split("</form>").next().unwrap().contains("::by(") {
                    bare.push(format!("{}: {tag}", path.display()));
                }
            }
        }
    }
    assert!(forms > 12, "{forms}");
    assert!(bare.is_empty(), "{bare:#?}");
}
