//! A browser that goes away in the middle of a request takes its work with it, but leaves nothing behind: no connection
//! returns to the pool inside somebody's transaction.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sqlx::PgConnection;
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::store::{SystemTx, TenantTx};

use crate::harness::TestDb;
use crate::harness::fixtures::{saturday, world};

/// Connections of the program that are inside a transaction.
async fn inside(administrator: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = $1 AND state LIKE 'idle in%'",
    )
    .bind(roles::APP)
    .fetch_one(administrator)
    .await
    .unwrap()
}

/// One step of a piece of work, as a runtime would take it.
fn step<F: Future + ?Sized>(work: &mut Pin<Box<F>>) -> Poll<F::Output> {
    work.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_beginning_that_nobody_waits_for_is_taken_back() {
    let db = TestDb::new().await;
    let world = world(&db, Clock::fixed(saturday())).await;
    let mut administrator = db.administrator().await;
    for round in 0..12 {
        let mut tenant = Box::pin(TenantTx::begin(&world.app.db, world.provider, None, saturday()));
        let mut system = Box::pin(SystemTx::begin(&world.app.db, None, saturday()));
        // far enough for BEGIN to be sent, now and then far enough for its answer to have come
        // an answer that is there at once is as good: then there is nothing to leave
        let begun = [
            step(&mut tenant).map(|tx| tx.map(drop).is_ok()),
            step(&mut system).map(|tx| tx.map(drop).is_ok()),
        ];
        assert!(!begun.contains(&Poll::Ready(false)), "a connection of the pool could not begin");
        tokio::time::sleep(Duration::from_millis(round % 3 * 5)).await;
        drop((tenant, system));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(inside(&mut administrator).await, 0, "a connection went back inside a transaction");
    let tx = TenantTx::begin(&world.app.db, world.other, None, saturday()).await.unwrap();
    tx.commit().await.unwrap();
}
