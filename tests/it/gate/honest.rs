//! What must succeed: otherwise the attacks would prove nothing.

use super::attacks::recurrence;
use super::world::{
    OTHER_EVENT, World, assure, close, close_high, close_low, deed, finding, pass, proof, reopen, run, set,
    submit, withdraw,
};

/// Each path begins in the world as it was built, and commits.
#[tokio::test]
async fn honest_paths_succeed() {
    let again = |a: &str| {
        vec![
            reopen(a, "again"),
            proof(a, "care", "_new"),
            submit(a),
            pass("second_pass", a, "deputy"),
            // the first closure stays; the second cycle has its own
            close(a, "rm", "second_pass", "deputy", "").replace("_closure", "_second_closure"),
        ]
    };
    let paths: Vec<(&str, &str, Vec<String>)> = vec![
        ("low risk", "low_verified", vec![close_low()]),
        ("high risk with assurance", "high_verified", vec![close_high()]),
        (
            "a manager's own, closed by the quality lead",
            "managers_verified",
            vec![close("managers_verified", "quality", "managers_pass", "deputy", "")],
        ),
        (
            "feedback, closed by the quality lead",
            "quality_verified",
            vec![close("quality_verified", "quality", "quality_pass", "deputy", "")],
        ),
        ("reopened and closed again", "closed", again("closed")),
        ("verified in any role that may", "submitted", vec![pass("by_quality", "submitted", "quality")]),
        (
            "closed by the manager who checked",
            "in_progress",
            vec![
                submit("in_progress"),
                pass("by_rm", "in_progress", "rm"),
                close("in_progress", "rm", "by_rm", "rm", ""),
            ],
        ),
        (
            "new evidence in a second cycle",
            "second_cycle",
            vec![
                proof("second_cycle", "care", "_two"),
                pass("second_cycle_pass", "second_cycle", "deputy_two"),
                close("second_cycle", "rm", "second_cycle_pass", "deputy_two", "")
                    .replace("_closure", "_closure_two"),
            ],
        ),
        // the last: from here on everything of this finding came back
        (
            "came back, with its root-cause review complete",
            "submitted",
            vec![
                finding("p", "", "before", 90, "low").replace("'2026-11-16'", "'2026-10-01'"),
                recurrence::link("lk", "low", "before") + &recurrence::open("rc", "low", 1),
                recurrence::complete("rc"),
                close("submitted", "rm", "by_quality", "quality", ""),
            ],
        ),
    ];
    let world = World::new().await;
    let mut c = world.app().await;
    for (name, action, steps) in paths {
        for step in steps {
            deed(&mut c, action, &step).await.unwrap_or_else(|e| panic!("{name}: {step}\n{e}"));
        }
    }
}

/// What voids a verdict can be put right by the next one.
#[tokio::test]
async fn a_void_verdict_is_replaced_by_the_next() {
    let world = World::new().await;
    let mut c = world.app().await;
    let high = "high_verified";
    for step in [
        withdraw("high_verified_record") + &proof(high, "care", "_again"),
        set(high, "status = 'submitted'"),
        pass("next_pass", high, "deputy_two"),
        assure("next_word", high, "ni", "assured"),
        close(high, "rm", "next_pass", "deputy_two", "next_word"),
    ] {
        deed(&mut c, high, &step).await.unwrap_or_else(|e| panic!("{step}\n{e}"));
    }
}

/// A review whose findings are all owned is signed off.
#[tokio::test]
async fn an_audit_is_signed_off() {
    let world = World::new().await;
    let mut c = world.app().await;
    let sign = "UPDATE reviews SET version = version + 1, signed_off_by = :rm, signed_off_at = now() WHERE provider_id = :p AND id = :audit;";
    run(&mut c, &format!("{} {sign} {OTHER_EVENT} COMMIT", super::world::BEGIN)).await.unwrap();
}
