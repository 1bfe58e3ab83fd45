//! Mail servers as they are: away, slow, hanging up in the middle. Nothing is lost, pages and notices do not wait, and what
//! comes twice comes with the same Message-ID.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use throughline::app::AppState;
use throughline::domain::topic::{Risk, Topic};
use throughline::mail::transport::Transport;
use throughline::worker::deliver::LEASE;
use throughline::worker::{announce, tick};
use tokio::net::TcpListener;

use super::delivery::{Manner, Post, TO_ONE, one_late};
use super::worker::{number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::World;

/// Starts a tick that sends to a slow server, and comes back when the server has the message and has not answered yet.
async fn sending(w: &World, post: &Post) -> tokio::task::JoinHandle<u64> {
    let app = post.app(w);
    let sending = tokio::spawn(async move { tick(&app).await.unwrap().delivered });
    while post.turns.load(Ordering::SeqCst) == 0 {
        assert!(!sending.is_finished(), "nothing was sent");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sending
}

fn pause(w: &World, pause: chrono::Duration) {
    w.at(w.clock.now() + pause);
}

#[tokio::test]
async fn a_server_that_hangs_up_after_the_message_gets_it_again_with_the_same_id() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let post = Post::open(Manner::HangsUp(1)).await;
    let app = post.app(&w);
    let summary = tick(&app).await.unwrap();
    assert_eq!((summary.delivered, summary.failed), (0, 1), "nobody knows whether it was taken");
    pause(&w, chrono::Duration::minutes(1));
    assert_eq!(tick(&app).await.unwrap().delivered, 1);
    w.days_pass(1);
    tick(&app).await.unwrap();
    let ids: Vec<_> = post.ids().into_iter().take(2).collect();
    assert_eq!(ids[0], ids[1]);
    let about_it = post.ids().iter().filter(|id| **id == ids[0]).count();
    assert_eq!(about_it, 2, "one duplicate and no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_sending_and_noting_it_sends_one_duplicate_with_the_same_id() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let slow = Post::open(Manner::Slow(Duration::from_millis(600))).await;
    let work = sending(&w, &slow).await;
    work.abort();
    assert!(work.await.unwrap_err().is_cancelled());
    assert_eq!(number(&db, &format!("SELECT count(*) {TO_ONE} AND sent_at IS NULL")).await, 1);
    let post = Post::open(Manner::Takes).await;
    let app = post.app(&w);
    assert_eq!(tick(&app).await.unwrap().delivered, 0, "its lease holds");
    pause(&w, LEASE + chrono::Duration::seconds(1));
    assert_eq!(tick(&app).await.unwrap().delivered, 1);
    for _ in 0..3 {
        pause(&w, LEASE + chrono::Duration::seconds(1));
        assert_eq!(tick(&app).await.unwrap().delivered, 0);
    }
    assert_eq!((slow.ids(), post.given().len()), (post.ids(), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_notices_do_not_wait_for_a_slow_server() {
    let db = TestDb::new().await;
    let (w, action) = one_late(&db).await;
    let carer = w.browser("carer").await;
    let post = Post::open(Manner::Slow(Duration::from_secs(5))).await;
    let work = sending(&w, &post).await;
    assert_eq!(carer.get(&format!("/actions/{action}")).await.status, 200);
    w.line(Risk::Low, Topic::Falls, "carer").await;
    announce::provider(&w.app, w.provider).await.unwrap();
    assert!(carer.get("/notices").await.text().contains("Unread Assigned to you"));
    assert!(!work.is_finished(), "all that while the server had not answered");
    work.abort();
}

#[tokio::test]
async fn a_server_that_is_away_loses_nothing() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let away =
        Transport::from_url(Some(&format!("smtp://{nobody}")), "Throughline <t@care.example>").unwrap();
    let app = AppState { mail: Arc::new(away), ..w.app.clone() };
    for _ in 0..3 {
        assert_eq!(tick(&app).await.unwrap().delivered, 0);
        pause(&w, chrono::Duration::minutes(2));
    }
    let error = texts(&db, &format!("SELECT last_error {TO_ONE}")).await.concat();
    assert!(!error.is_empty());
    let page = w.browser("administrator").await.get("/messages").await.text();
    assert!(page.contains("Tried 3 times, next on"), "{page}");
    let post = Post::open(Manner::Takes).await;
    pause(&w, chrono::Duration::minutes(2));
    assert_eq!(tick(&post.app(&w)).await.unwrap().delivered, 1);
}
