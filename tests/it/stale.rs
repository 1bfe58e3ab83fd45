//! Two people at one thing: every form that judges or changes an action, a finding or a review, sent after somebody else
//! changed it, comes back with both versions side by side and everything typed.

use axum::http::StatusCode;
use throughline::clock::Clock;
use throughline::domain::reference::Reference;
use throughline::domain::review::Disposition;
use throughline::domain::topic::{EvidenceKind, ReviewKind, Risk, Topic};
use throughline::workflow::change::{NewWords, extend, reassign, reword};
use throughline::workflow::finding::dispose;
use throughline::workflow::update;

use crate::harness::TestDb;
use crate::harness::fixtures::{Browser, World, day, saturday, world};

const WORDS: &str = "Everything I typed";

/// The page a form comes back on when it was opened, `change` happened, and then it was sent.
async fn overtaken(
    browser: &Browser,
    path: &str,
    fields: &[(&str, &str)],
    change: impl Future<Output = ()>,
) -> (String, String) {
    let opened = browser.get(path).await;
    assert_eq!(opened.status, StatusCode::OK, "{path}: {}", opened.text());
    let carried = [("version", opened.field("version")), ("seen", opened.field("seen"))];
    change.await;
    let mut sent: Vec<(&str, &str)> = fields.to_vec();
    sent.extend(carried.iter().map(|(name, value)| (*name, value.as_str())));
    let page = browser.post(path, &sent).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{path}: {}", page.text());
    // read, and sent again: the form now carries what is there
    assert_ne!(page.field("version"), carried[0].1, "{path}");
    assert_ne!(page.field("seen"), carried[1].1, "{path}");
    let text = page.text();
    assert!(
        text.contains("This changed since you opened it") && text.contains("Nothing was saved"),
        "{text}"
    );
    (text, page.body)
}

/// The row of the comparison that is about `label`, as text.
fn row<'a>(body: &'a str, label: &str) -> &'a str {
    let table = body.split_once("versions").expect("a comparison").1.split("</table>").next().unwrap();
    let row = table.split("<tr>").find(|row| row.contains(&format!(">{label}</th>")));
    row.unwrap_or_else(|| panic!("{label} is not compared: {table}"))
}

async fn reworded(w: &World, action: Reference) {
    let seen = w.version(action).await;
    let new = NewWords {
        what: "Add a maximum dose to all 14 protocols on Ash",
        success_test: "8 of 8 sampled protocols show a maximum dose",
        kept: None,
        reason: "Two people moved in",
    };
    reword(&w.app, w.actor("deputy"), action.number, seen, new).await.unwrap();
}

#[tokio::test]
async fn other_words_meet_other_words() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, action) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let manager = w.browser("manager").await;
    let mine = "Add a maximum dose to all 13 protocols on Beech";
    let fields = [("what", mine), ("success_test", "7 of 7 sampled"), ("reason", WORDS), ("kept", "")];
    let path = format!("/actions/{action}/rewording");
    let (text, body) = overtaken(&manager, &path, &fields, reworded(&w, action)).await;
    assert!(text.contains(WORDS));
    let what = row(&body, "What is to be done");
    let place = |said: &str| what.find(said).unwrap_or_else(|| panic!("{said} is not in {what}"));
    // what it was made from, what was typed, what stands now, in this order
    assert!(place("all 12 protocols") < place(mine) && place(mine) < place("all 14 protocols"));
    assert!(what.contains("Daniel Osei, 21 November 2026 at 10:00am"), "{what}");
    assert!(row(&body, "How we will know").contains("7 of 7 sampled"));
    assert!(text.contains("Two people moved in"), "what happened meanwhile: {text}");
    assert!(!body.contains(">Owner</th>"), "what is the same is left out");
}

#[tokio::test]
async fn every_verb_shows_what_stands_now() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let manager = w.browser("manager").await;
    let (_, action) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let leader = w.id("leader").to_string();
    let date = [("due", "4"), ("due-month", "12"), ("due-year", "2026")];
    let mut extension = vec![("reason", WORDS)];
    extension.extend(date);
    let owner = [("owner", leader.as_str()), ("reason", WORDS)];
    for (path, fields) in
        [("owner", &owner[..]), ("extension", &extension), ("cancellation", &[("reason", WORDS)])]
    {
        let path = format!("/actions/{action}/{path}");
        let handed_over = async {
            let to = if w.case(action).await.action.owner.unwrap().name == "Amara Bello" {
                "deputy"
            } else {
                "carer"
            };
            let seen = w.version(action).await;
            reassign(&w.app, w.actor("safeguarding"), action.number, seen, w.id(to), "On leave")
                .await
                .unwrap();
        };
        let (text, body) = overtaken(&manager, &path, fields, handed_over).await;
        let owner = row(&body, "Owner");
        assert!(owner.contains("Amara Bello") && owner.contains("Daniel Osei"), "{path}: {owner}");
        assert!(owner.contains("Grace Whitfield, 21 November 2026"), "{path}: {owner}");
        assert!(text.contains(WORDS), "{path}: {text}");
    }
    // a choice and a date that were made stand beside what others made of them
    let moved = async {
        let seen = w.version(action).await;
        extend(&w.app, w.actor("deputy"), action.number, seen, day("2026-12-20"), "Training").await.unwrap();
    };
    let (_, body) = overtaken(&manager, &format!("/actions/{action}/extension"), &extension, moved).await;
    let due = row(&body, "Due date");
    assert!(due.contains("4 December 2026") && due.contains("20 December 2026"), "{due}");
}

#[tokio::test]
async fn what_is_judged_shows_the_evidence_that_came() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let added = async |action: Reference| {
        update::record(&w.app, w.actor("carer"), action, &w.progress(&[EvidenceKind::Data])).await.unwrap();
    };
    let submitted = w.submitted_action(Risk::Medium, "carer").await;
    let deputy = w.browser("deputy").await;
    let path = format!("/actions/{submitted}/verification");
    let kinds = w.case(submitted).await.required;
    let marks: Vec<&str> =
        kinds.iter().map(|k| throughline::workflow::verification::mark_field(*k)).collect();
    let mut verdict = vec![("note", WORDS), ("method", "record_sample"), ("sample", "8"), ("met", "7")];
    verdict.extend(marks.iter().map(|mark| (*mark, "supports")));
    verdict.push(("outcome", "complete"));
    let (text, body) = overtaken(&deputy, &path, &verdict, added(submitted)).await;
    assert!(row(&body, "Evidence").contains("Data of week 46") && text.contains(WORDS), "{text}");

    let verified = w.verified_action(Risk::High, "carer").await;
    let nominated = w.browser("nominated").await;
    let word = [("decision", "assured"), ("note", WORDS)];
    let path = format!("/actions/{verified}/assurance");
    let (text, body) = overtaken(&nominated, &path, &word, added(verified)).await;
    assert!(row(&body, "State").contains("Waiting for verification") && text.contains(WORDS), "{text}");
    assert!(row(&body, "State").contains("Amara Bello, 21 November"), "{body}");

    let verified = w.verified_action(Risk::Medium, "carer").await;
    let manager = w.browser("manager").await;
    let path = format!("/actions/{verified}/closure");
    let (text, body) = overtaken(&manager, &path, &[("note", WORDS)], added(verified)).await;
    assert!(row(&body, "Evidence").contains("Data of week 46") && text.contains(WORDS), "{text}");

    let closed = w.closed_action(Risk::Medium, "carer").await;
    let path = format!("/actions/{closed}/reopening");
    let again = async {
        let seen = w.version(closed).await;
        let reopen = throughline::workflow::closure::reopen;
        reopen(&w.app, w.actor("quality"), closed.number, seen, "Found again", day("2026-12-20"))
            .await
            .unwrap();
    };
    let due = [("reason", WORDS), ("due", "1"), ("due-month", "12"), ("due-year", "2026")];
    let (_, body) = overtaken(&manager, &path, &due, again).await;
    assert!(row(&body, "State").contains("Closed") && row(&body, "State").contains("Helen Carter"), "{body}");
}

#[tokio::test]
async fn findings_and_reviews_show_both_versions_too() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = w.log_finding("manager", Risk::Low, Topic::Falls).await;
    let manager = w.browser("manager").await;
    let path = format!("/findings/{finding}/disposition");
    let sent = [("disposition", "not_for_tracker"), ("reason", WORDS)];
    let ended = async {
        dispose(
            &w.app,
            w.actor("deputy"),
            finding.number,
            1,
            Disposition::NoActionNeeded,
            "Put right on the day",
        )
        .await
        .unwrap();
    };
    let (text, body) = overtaken(&manager, &path, &sent, ended).await;
    let ended = row(&body, "How it goes on");
    assert!(ended.contains("Put right on the day") && ended.contains("Daniel Osei"), "{ended}");
    assert!(text.contains(WORDS), "{text}");

    let (review, _) = w.start_review("manager", ReviewKind::Audit).await;
    let opened = manager.get(&format!("/reviews/{review}")).await;
    let sent = [("version", opened.field("version")), ("seen", opened.field("seen"))];
    let seen = sent[0].1.parse().unwrap();
    throughline::workflow::review::sign_off(&w.app, w.actor("quality"), review.number, seen).await.unwrap();
    let sent: Vec<_> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = manager.post(&format!("/reviews/{review}/sign-off"), &sent).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.text());
    assert!(row(&page.body, "Signed off").contains("Helen Carter"), "{}", page.body);
}

/// The hidden fields are nobody's typing: without them nothing typed is lost, and no sentence leads to a field nobody sees.
#[tokio::test]
async fn a_form_that_lost_its_hidden_fields_is_a_stale_one() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (finding, action) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let manager = w.browser("manager").await;
    for (path, fields) in [
        (format!("/actions/{action}/cancellation"), &[("reason", WORDS)][..]),
        (
            format!("/findings/{finding}/disposition"),
            &[("disposition", "not_for_tracker"), ("reason", WORDS)],
        ),
    ] {
        for hidden in
            [&[][..], &[("version", "x"), ("seen", "{\"was\":7}")], &[("version", "1"), ("version", "2")]]
        {
            let page = manager.post(&path, &[fields, hidden].concat()).await;
            assert_eq!(page.status, StatusCode::CONFLICT, "{path}: {}", page.text());
            assert!(page.text().contains(WORDS) && !page.body.contains("#version"), "{}", page.text());
        }
    }
}
