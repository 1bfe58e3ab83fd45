//! The closure rule under eight sessions at once, and what happens without it.

use super::race::{Outcome, Race, seconds};

/// A race in which nothing closed would prove nothing. A quiet machine closes some thirty times in ten seconds; one
/// that does much else at the same time, a few.
fn enough(outcome: &Outcome) {
    let done = |name: &str| outcome.done.get(name).copied().unwrap_or_default();
    assert!(
        done("close") > 0 && done("reopen") > 0 && done("withdraw") > 0,
        "too little happened: {outcome:?}"
    );
}

#[expect(clippy::print_stderr, reason = "figures for whoever asks with --nocapture")]
fn tell(name: &str, outcome: &Outcome) {
    let wrong = outcome.false_closures.len();
    eprintln!(
        "{name}: {wrong} false closures, {} lost updates; done {:?}; refused {:?}",
        outcome.lost_updates.len(),
        outcome.done,
        outcome.refused
    );
}

async fn holds(isolation: &'static str, seconds: f64) {
    let outcome = Race { isolation, triggers: true, seconds }.run().await;
    tell(isolation, &outcome);
    assert_eq!(outcome.false_closures, [""; 0]);
    assert_eq!(outcome.seen_standing, 0);
    assert_eq!(outcome.lost_updates, [""; 0]);
    enough(&outcome);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_false_closure_and_no_lost_update_among_eight_sessions() {
    holds("READ COMMITTED", seconds()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_on_older_snapshots() {
    holds("REPEATABLE READ", seconds() / 2.0).await;
}

/// The same run without the triggers: the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_triggers_there_are_false_closures_and_lost_updates() {
    let outcome = Race { isolation: "READ COMMITTED", triggers: false, seconds: seconds() }.run().await;
    tell("without triggers", &outcome);
    assert!(!outcome.false_closures.is_empty(), "{outcome:?}");
    assert!(!outcome.lost_updates.is_empty(), "{outcome:?}");
}
