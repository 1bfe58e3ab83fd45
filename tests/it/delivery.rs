//! Messages on their way: claimed for a while, tried again with growing pauses, given up in the open, and never sent
//! from within a transaction.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::DateTime;
use rstest::rstest;
use throughline::app::AppState;
use throughline::clock::Clock;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::mail::transport::Transport;
use throughline::store::{TenantTx, outbox};
use throughline::worker::deliver::LEASE;
use throughline::worker::{announce, tick};
use throughline::workflow::mail_choice::choose;
use throughline::workflow::person::end_place;
use throughline::workflow::upkeep;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::worker::{number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};

/// How the mail server of a test answers.
#[derive(Clone, Copy)]
pub enum Manner {
    Takes,
    Refuses,
    /// Busy for so many messages, then takes them.
    Busy(usize),
    /// Takes each message after so long.
    Slow(Duration),
    /// Hangs up without an answer after so many messages, then takes them.
    HangsUp(usize),
}

/// A small mail server.
pub struct Post {
    url: String,
    /// Every message it was given, taken or not.
    given: Arc<Mutex<Vec<String>>>,
    pub turns: Arc<AtomicUsize>,
}

impl Post {
    pub async fn open(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (given, turns) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicUsize::new(0)));
        let (list, turn) = (Arc::clone(&given), Arc::clone(&turns));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (list, turn) = (Arc::clone(&list), Arc::clone(&turn));
                tokio::spawn(async move {
                    let _ = converse(stream, manner, &list, &turn).await;
                });
            }
        });
        Self { url, given, turns }
    }

    /// The world's program, sending its mail here.
    pub fn app(&self, w: &World) -> AppState {
        let transport =
            Transport::from_url(Some(&self.url), "Throughline <throughline@care.example>").unwrap();
        AppState { mail: Arc::new(transport), ..w.app.clone() }
    }

    pub fn given(&self) -> Vec<String> {
        self.given.lock().unwrap().clone()
    }

    /// The `Message-ID` of each message it was given.
    pub fn ids(&self) -> Vec<String> {
        let line = |mail: &String| {
            let line = mail.lines().find(|line| line.starts_with("Message-ID:")).expect("a Message-ID");
            line.to_owned()
        };
        self.given().iter().map(line).collect()
    }
}

async fn converse(
    mut stream: TcpStream,
    manner: Manner,
    given: &Mutex<Vec<String>>,
    turns: &AtomicUsize,
) -> std::io::Result<()> {
    stream.write_all(b"220 test\r\n").await?;
    take(stream, manner, given, turns).await
}

/// The conversation after the greeting, over whatever carries it.
pub(crate) async fn take(
    stream: impl AsyncRead + AsyncWrite,
    manner: Manner,
    given: &Mutex<Vec<String>>,
    turns: &AtomicUsize,
) -> std::io::Result<()> {
    let (read, mut write) = tokio::io::split(stream);
    let mut read = BufReader::new(read);
    let mut line = String::new();
    while read.read_line(&mut line).await? > 0 {
        let answer: &[u8] = match line.get(..4).unwrap_or_default().to_uppercase().as_str() {
            "EHLO" => b"250-test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n",
            "AUTH" => b"235 welcome\r\n",
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut message = String::new();
                while !message.ends_with("\r\n.\r\n") && read.read_line(&mut message).await? > 0 {}
                given.lock().unwrap().push(message);
                let turn = turns.fetch_add(1, Ordering::SeqCst);
                match manner {
                    Manner::Refuses => b"554 5.7.1 refused for <priya@rowan.example>\r\n",
                    Manner::Busy(times) if turn < times => b"451 4.3.0 try again later\r\n",
                    Manner::HangsUp(times) if turn < times => return Ok(()),
                    Manner::Slow(long) => {
                        tokio::time::sleep(long).await;
                        b"250 taken\r\n"
                    }
                    _ => b"250 taken\r\n",
                }
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        write.write_all(answer).await?;
        line.clear();
    }
    Ok(())
}

/// A world with one late action, of which only the escalation to the manager waits to be sent. It is a Wednesday: nobody is
/// told of the week.
pub(crate) async fn one_late(db: &TestDb) -> (World, Reference) {
    let w = world(db, Clock::fixed(saturday())).await;
    let action = w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-24")).await;
    tick(&w.app).await.unwrap();
    w.days_pass(4);
    throughline::workflow::escalation::sweep(&w.app, w.provider).await.unwrap();
    (w, action)
}

pub(crate) const TO_ONE: &str = "FROM outbox WHERE escalation_id IS NOT NULL AND recipient_id IS NOT NULL";

async fn seconds_to_next(db: &TestDb, w: &World) -> Option<i64> {
    let next = texts(db, &format!("SELECT coalesce(to_char(next_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '') {TO_ONE}")).await;
    let next = next.first().expect("a message").clone();
    (!next.is_empty()).then(|| {
        let at: DateTime<chrono::Utc> = next.parse().unwrap();
        (at - w.clock.now()).num_seconds()
    })
}

#[tokio::test]
async fn a_mail_arrives_and_leads_to_the_action() {
    let db = TestDb::new().await;
    let (w, action) = one_late(&db).await;
    let post = Post::open(Manner::Takes).await;
    let summary = tick(&post.app(&w)).await.unwrap();
    assert_eq!((summary.delivered, summary.failed), (1, 0));
    let mail = post.given().concat().replace("=\r\n", "");
    let link = format!("https://throughline.example/p/rowan-care/actions/{action}");
    assert!(mail.contains(&link), "{mail}");
    assert!(mail.contains("To: \"Priya Nair\" <manager@throughline.example>"), "{mail}");
    assert!(mail.contains("Rowan House"), "{mail}");
    tick(&post.app(&w)).await.unwrap();
    assert_eq!(post.given().len(), 1, "once");
}

#[tokio::test]
async fn what_a_crashed_worker_had_claimed_comes_back_after_its_lease() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    announce::provider(&w.app, w.provider).await.unwrap();
    let mut tx = TenantTx::begin(&w.app.db, w.provider, None, w.clock.now()).await.unwrap();
    assert_eq!(outbox::claim(&mut tx, 50, LEASE).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    let post = Post::open(Manner::Takes).await;
    let app = post.app(&w);
    w.at(w.clock.now() + LEASE - chrono::Duration::seconds(1));
    assert_eq!(tick(&app).await.unwrap().delivered, 0, "somebody may still be at it");
    w.at(w.clock.now() + chrono::Duration::seconds(1));
    assert_eq!(tick(&app).await.unwrap().delivered, 1);
    // a claim that was never committed is none
    let (w, _) = (w, ());
    let mut tx = TenantTx::begin(&w.app.db, w.provider, None, w.clock.now()).await.unwrap();
    let _ = outbox::claim(&mut tx, 50, LEASE).await.unwrap();
    drop(tx);
    assert_eq!(post.given().len(), 1);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_with_growing_pauses_and_the_same_message() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let post = Post::open(Manner::Busy(3)).await;
    let app = post.app(&w);
    for pause in [10, 20, 40] {
        let summary = tick(&app).await.unwrap();
        assert_eq!((summary.delivered, summary.failed), (0, 1));
        assert_eq!(seconds_to_next(&db, &w).await, Some(pause));
        assert_eq!(tick(&app).await.unwrap().failed, 0, "not before its time");
        w.at(w.clock.now() + chrono::Duration::seconds(pause));
    }
    assert_eq!(tick(&app).await.unwrap().delivered, 1);
    let ids = post.ids();
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(number(&db, &format!("SELECT attempts::bigint {TO_ONE}")).await, 4);
}

#[tokio::test]
async fn after_ten_tries_it_is_shown_as_undeliverable() {
    let db = TestDb::new().await;
    let (w, action) = one_late(&db).await;
    let post = Post::open(Manner::Busy(99)).await;
    let app = post.app(&w);
    let administrator = w.browser("administrator").await;
    let mut tries = 0;
    loop {
        tick(&app).await.unwrap();
        tries += 1;
        let Some(pause) = seconds_to_next(&db, &w).await else { break };
        if tries == 2 {
            let page = administrator.get("/messages").await.text();
            assert!(page.contains("Tried 2 times, next on"), "{page}");
        }
        w.at(w.clock.now() + chrono::Duration::seconds(pause));
    }
    assert_eq!((tries, post.given().len()), (10, 10));
    w.days_pass(30);
    tick(&app).await.unwrap();
    let tries = format!("SELECT attempts::bigint {TO_ONE} ORDER BY created_at LIMIT 1");
    assert_eq!(number(&db, &tries).await, 10, "given up");
    let page = administrator.get("/messages").await;
    assert!(page.text().contains("Could not be delivered: "), "{}", page.text());
    assert!(page.body.contains(&format!("/p/rowan-care/actions/{action}")));
    assert!(page.text().contains("Priya Nair"));
}

#[tokio::test]
async fn a_refusal_for_good_is_not_asked_again() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let post = Post::open(Manner::Refuses).await;
    assert_eq!(tick(&post.app(&w)).await.unwrap().failed, 1);
    w.days_pass(1);
    tick(&post.app(&w)).await.unwrap();
    assert_eq!(post.given().len(), 1);
    let page = w.browser("administrator").await.get("/messages").await.text();
    assert!(page.contains("Could not be delivered: "), "{page}");
    assert!(!page.contains("priya@rowan.example"), "no address of the server's answer: {page}");
}

#[tokio::test]
async fn who_has_left_meanwhile_gets_nothing_and_that_is_said() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let post = Post::open(Manner::Busy(1)).await;
    let app = post.app(&w);
    tick(&app).await.unwrap();
    end_place(&w.app, w.provider, w.id("manager")).await.unwrap();
    w.at(w.clock.now() + chrono::Duration::minutes(1));
    assert_eq!(tick(&app).await.unwrap().failed, 0);
    assert_eq!(post.given().len(), 2, "the try before they left, and who decides now");
    let page = w.browser("administrator").await.get("/messages").await.text();
    assert!(page.contains("Not sent: They have left"), "{page}");
}

#[tokio::test]
async fn nobody_to_tell_is_said_too() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    end_place(&w.app, w.provider, w.id("manager")).await.unwrap();
    end_place(&w.app, w.provider, w.id("quality")).await.unwrap();
    end_place(&w.app, w.provider, w.id("nominated")).await.unwrap();
    tick(&w.app).await.unwrap();
    let page = w.browser("administrator").await.get("/messages").await.text();
    assert!(page.contains("Could not be delivered: Nobody to tell: no member has this role"), "{page}");
}

#[tokio::test]
async fn without_a_mail_server_messages_are_kept_to_be_read() {
    let db = TestDb::new().await;
    let (w, action) = one_late(&db).await;
    assert_eq!(tick(&w.app).await.unwrap().delivered, 1);
    let page = w.browser("administrator").await.get("/messages").await;
    let text = page.text();
    assert!(text.contains("No mail server is set up"), "{text}");
    assert!(text.contains("Escalated to you · to Priya Nair"), "{text}");
    assert!(text.contains(&format!("https://throughline.example/p/rowan-care/actions/{action}")), "{text}");
    assert!(
        !text.contains("to the registered manager"),
        "the row that was turned into it is left out: {text}"
    );
    assert!(!text.contains("@throughline.example"), "no addresses: {text}");
    let none = w.browser("willow_manager").await;
    assert_eq!(none.get("/messages").await.status, 404);
}

#[rstest]
#[case("carer")]
#[case("leader")]
#[case("deputy")]
#[case("manager")]
#[case("safeguarding")]
#[case("quality")]
#[case("nominated")]
#[case("reader")]
#[tokio::test]
async fn messages_are_read_by_administrators_only(#[case] who: &str) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let page = w.browser(who).await.get("/messages").await;
    assert_eq!(page.status, 404);
    assert_eq!(w.browser("administrator").await.get("/messages").await.status, 200);
}

#[tokio::test]
async fn messages_are_filtered_by_what_became_of_them_and_by_kind() {
    let db = TestDb::new().await;
    let (w, late) = one_late(&db).await;
    tick(&Post::open(Manner::Refuses).await.app(&w)).await.unwrap();
    choose(&w.app, w.actor("leader"), &[]).await.unwrap();
    let wanted = w.line(Risk::Low, Topic::Falls, "carer").await.1;
    let unwanted = w.line(Risk::Low, Topic::Dignity, "leader").await.1;
    tick(&w.app).await.unwrap();
    let administrator = w.browser("administrator").await;
    let shown = async |filter: &str| {
        let page = administrator.get(&format!("/messages{filter}")).await;
        assert_eq!(page.status, 200, "{filter}");
        let text = page.body.split("role=\"search\"").nth(1).unwrap().to_owned();
        [late, wanted, unwanted].map(|action| text.contains(&format!("/actions/{action}\"")))
    };
    assert_eq!(shown("").await, [true, true, true]);
    assert_eq!(shown("?state=undeliverable").await, [true, false, false]);
    assert_eq!(shown("?state=undeliverable&kind=assigned").await, [false, false, false]);
    assert_eq!(
        shown("?state=not_sent&kind=assigned").await,
        [false, false, true],
        "wanted in the program only"
    );
    assert_eq!(shown("?state=sent&kind=assigned").await, [true, true, false]);
    assert_eq!(shown("?kind=escalated").await, [true, false, false]);
    assert_eq!(shown("?kind=escalated&kind=assigned").await, [true, true, true], "several kinds");
    let page = administrator.get("/messages").await.body;
    let (failed, article) = (page.find("id=\"undeliverable\""), page.find("<article"));
    assert!(failed.is_some() && failed < article, "what could not be delivered comes first");
    assert!(page.contains("/p/rowan-care/messages?state=undeliverable"));
    let none = administrator.get("/messages?state=waiting").await;
    assert!(none.text().contains("No message fits these filters."), "{}", none.text());
    let kept = administrator.get("/messages?state=sent&kind=assigned").await.body;
    assert!(
        kept.contains("value=\"sent\" selected") && kept.contains("value=\"assigned\" checked"),
        "{kept}"
    );
    for wrong in ["state=lost", "kind=weather", "kind=assigned&kind=weather"] {
        assert_eq!(administrator.get(&format!("/messages?{wrong}")).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn the_list_of_messages_has_pages() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = w.log_finding("manager", Risk::Low, Topic::Falls).await;
    for _ in 0..57 {
        w.define_action("manager", finding, "carer").await;
    }
    tick(&w.app).await.unwrap();
    let administrator = w.browser("administrator").await;
    let mut seen = Vec::new();
    let mut path = "/messages".to_owned();
    loop {
        let page = administrator.get(&path).await;
        assert_eq!(page.status, 200);
        seen.extend(page.body.split("A-").skip(1).filter_map(|rest| rest.get(..4).map(str::to_owned)));
        match page.body.split("href=\"").find(|rest| rest.starts_with("/p/rowan-care/messages?after=")) {
            Some(next) => path = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"),
            None => break,
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 57);
    for wrong in ["x", "1.x", "99999999999999999999.x"] {
        assert_eq!(administrator.get(&format!("/messages?after={wrong}")).await.status, 404, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_transaction_is_open_while_the_mail_server_is_spoken_to() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let post = Post::open(Manner::Slow(Duration::from_millis(800))).await;
    let app = post.app(&w);
    let sending = tokio::spawn(async move { tick(&app).await });
    while post.turns.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'throughline_app' AND state <> 'idle'";
    let mut looks = 0;
    while !sending.is_finished() && looks < 5 {
        assert_eq!(number(&db, busy).await, 0);
        looks += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(looks > 1);
    assert_eq!(sending.await.unwrap().unwrap().delivered, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_and_a_slow_server_send_each_message_once() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = w.log_finding("manager", Risk::Low, Topic::Falls).await;
    for _ in 0..10 {
        w.define_action("manager", finding, "carer").await;
    }
    let post = Post::open(Manner::Slow(Duration::from_millis(40))).await;
    let (one, two) = (post.app(&w), post.app(&w));
    let both = tokio::join!(tick(&one), tick(&two));
    assert_eq!(both.0.unwrap().delivered + both.1.unwrap().delivered, 10);
    let mut ids = post.ids();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), post.given().len()), (10, 10));
}

#[rstest]
#[case::sent(Manner::Takes, "escalated 2026-11-25")]
#[case::given_up(Manner::Refuses, "escalated")]
#[tokio::test]
async fn what_a_message_said_is_forgotten_after_ninety_days_and_that_it_was_sent_is_not(
    #[case] manner: Manner,
    #[case] left: &str,
) {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let app = Post::open(manner).await.app(&w);
    tick(&app).await.unwrap();
    let words = format!("SELECT body {TO_ONE} AND subject <> '' AND body <> ''");
    w.days_pass(89);
    upkeep::sweep(&app).await.unwrap();
    assert_eq!(texts(&db, &words).await.len(), 1, "it is still read");
    w.days_pass(2);
    assert!(upkeep::sweep(&app).await.unwrap().words >= 1);
    let row = format!(
        "SELECT concat_ws(' ', o.kind, o.subject, o.body, to_char(o.sent_at, 'YYYY-MM-DD')) FROM outbox o
         JOIN memberships m ON m.provider_id = o.provider_id AND m.id = o.recipient_id AND m.name = 'Priya Nair'
         WHERE o.id IN (SELECT id {TO_ONE})"
    );
    assert_eq!(texts(&db, &row).await, [left]);
    let administrator = w.browser("administrator").await.get("/messages").await;
    assert!(administrator.text().contains("to Priya Nair"), "{}", administrator.text());
    assert_eq!(upkeep::sweep(&app).await.unwrap().words, 0, "once");
}

#[tokio::test]
async fn a_message_that_still_waits_keeps_its_words() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let app = Post::open(Manner::Busy(100)).await.app(&w);
    tick(&app).await.unwrap();
    w.days_pass(100);
    upkeep::sweep(&app).await.unwrap();
    assert_eq!(
        texts(&db, &format!("SELECT body {TO_ONE} AND next_at IS NOT NULL AND body <> ''")).await.len(),
        1
    );
}
