//! Time travel: an invented quarter lived day by day, through the same deeds and the same worker as every day, and compared
//! with what a person with a calendar wrote down beforehand. In it the clocks go back and it is Christmas; in a second, short
//! one they go forward on Easter Sunday.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use throughline::clock::{Clock, london_date};
use throughline::domain::control::ControlDays;
use throughline::domain::escalation::DecisionGiven;
use throughline::domain::message::MessageKind;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::worker::tick;
use throughline::workflow::escalation::decide;
use throughline::workflow::leaver::{Handing, Leaving, leave};
use throughline::workflow::mail_choice::choose;

use super::worker::{act, broken_lines, by_force, midnight, no_escalation, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, world};

/// It is so late in London.
fn at(date: NaiveDate, hour: i64) -> DateTime<Utc> {
    // no deed and no mail of these quarters falls into the hour that is there twice or not at all
    let noon = midnight(date) + Duration::hours(12);
    let shift =
        noon.with_timezone(&chrono_tz::Europe::London).naive_local() - date.and_hms_opt(12, 0, 0).unwrap();
    if hour == 0 { midnight(date) } else { noon - shift + Duration::hours(hour - 12) }
}

/// Lives until ten in the morning of a day: the worker looks after the deeds of the morning before, at midnight and at seven.
async fn until(w: &World, date: &str) {
    tick(&w.app).await.unwrap();
    let mut today = london_date(w.clock.now());
    while today < day(date) {
        today = today.succ_opt().unwrap();
        for hour in [0, 7] {
            w.at(at(today, hour));
            tick(&w.app).await.unwrap();
        }
        w.at(at(today, 10));
    }
}

/// The same with the program standing still meanwhile.
fn stand_still_until(w: &World, date: &str) {
    w.at(at(day(date), 10));
}

/// Leaves the digest to those of whom the table tells.
async fn only_these_read_digests(w: &World) {
    let kinds = [MessageKind::Assigned, MessageKind::SentBack, MessageKind::DueSoon];
    for who in ["leader", "deputy", "deputy_two", "safeguarding", "nominated"] {
        choose(&w.app, w.actor(who), &kinds).await.unwrap();
    }
}

async fn decided(db: &TestDb, w: &World, action: Reference, by: &str, decision: DecisionGiven) {
    let id = w.escalation(db, action, 1).await;
    decide(&w.app, w.actor(by), id, w.version(action).await, &decision).await.unwrap();
}

const ABOUT: &str = "'A-' || lpad(a.number::text, 4, '0')";

/// Every mail that left: when in London, what, to whom, about what.
async fn mails(db: &TestDb) -> Vec<String> {
    let sql = format!(
        "SELECT to_char(o.sent_at AT TIME ZONE 'Europe/London', 'YYYY-MM-DD HH24:MI') || ' ' || o.kind || ' ' || m.name || ': '
           || coalesce({ABOUT}, replace(o.subject, 'Your week: ', ''))
         FROM outbox o JOIN memberships m ON m.id = o.recipient_id LEFT JOIN actions a ON a.id = o.action_id
         WHERE o.sent_at IS NOT NULL AND o.recipient_id IS NOT NULL ORDER BY 1"
    );
    texts(db, &sql).await
}

/// Every notice of what does not come by mail.
async fn notices(db: &TestDb) -> Vec<String> {
    let sql = format!(
        "SELECT to_char(n.created_at AT TIME ZONE 'Europe/London', 'YYYY-MM-DD HH24:MI') || ' ' || n.kind || ' ' || m.name || ': ' || {ABOUT}
         FROM notices n JOIN memberships m ON m.id = n.member_id JOIN actions a ON a.id = n.action_id
         WHERE n.kind NOT IN ('assigned', 'sent_back', 'due_soon', 'escalated', 'verification_late') ORDER BY 1"
    );
    texts(db, &sql).await
}

/// Every escalation: when, to which level, why, of what.
async fn ladder(db: &TestDb) -> Vec<String> {
    let sql = format!(
        "SELECT to_char(e.at AT TIME ZONE 'Europe/London', 'YYYY-MM-DD HH24:MI') || ' ' || e.level || ' ' || e.cause || ' ' || {ABOUT}
         FROM escalations e JOIN actions a ON a.id = e.action_id ORDER BY 1"
    );
    texts(db, &sql).await
}

/// The lines of a table, in order; what stands after two strokes is why.
fn table(text: &str) -> Vec<String> {
    let line = |line: &str| line.split("//").next().unwrap_or_default().trim().to_owned();
    let mut lines: Vec<String> = text.lines().map(line).filter(|line| !line.is_empty()).collect();
    lines.sort();
    lines
}

fn compare(what: &str, lived: &[String], written: &str) {
    let written = table(written);
    let without = |all: &[String], other: &[String]| -> Vec<String> {
        all.iter().filter(|line| !other.contains(line)).cloned().collect()
    };
    let (missing, unforeseen) = (without(&written, lived), without(lived, &written));
    assert!(
        missing.is_empty() && unforeseen.is_empty(),
        "{what}: missing {missing:#?}, unforeseen {unforeseen:#?}"
    );
    assert_eq!(lived.len(), written.len(), "{what}: something came twice");
}

#[tokio::test]
async fn a_quarter_with_the_clocks_going_back_and_christmas() {
    let begun = std::time::Instant::now();
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at(day("2026-10-05"), 6))).await;
    by_force(&db, &format!("UPDATE services SET nation = 'scotland' WHERE id = '{}'", w.visits.id)).await;
    only_these_read_digests(&w).await;
    w.at(at(day("2026-10-05"), 7));
    tick(&w.app).await.unwrap();
    w.at(at(day("2026-10-05"), 10));
    // one that goes as it should, and one that is late, moved, and then waits for its check too long
    let well = w.due(Risk::Low, Topic::Medicines, "carer", day("2026-10-16")).await;
    let late = w.due(Risk::Medium, Topic::Falls, "carer", day("2026-10-23")).await;
    until(&w, "2026-10-14").await;
    w.submit(well, "carer").await;
    until(&w, "2026-10-20").await;
    w.verify(well, "deputy", Outcome::Complete).await;
    until(&w, "2026-10-21").await;
    w.close(well, "manager").await;
    until(&w, "2026-11-02").await;
    decided(&db, &w, late, "manager", act(Some(day("2026-11-13")))).await;
    let north = w.due(Risk::Low, Topic::Nutrition, "visitor", day("2026-12-02")).await;
    until(&w, "2026-11-09").await;
    let handed = w.due(Risk::Low, Topic::Dignity, "leader", day("2026-12-18")).await;
    until(&w, "2026-11-12").await;
    w.submit(late, "carer").await;
    until(&w, "2026-11-19").await;
    w.verify(late, "deputy", Outcome::Complete).await;
    until(&w, "2026-11-20").await;
    w.close(late, "manager").await;
    until(&w, "2026-12-07").await;
    let work = [Handing { number: handed.number, seen: w.version(handed).await, to: Some(w.id("carer")) }];
    let leaving = Leaving { member: w.id("leader"), reason: "Moves to another town", actions: &work };
    leave(&w.app, w.actor("administrator"), &leaving).await.unwrap();
    until(&w, "2026-12-10").await;
    decided(&db, &w, north, "manager_two", no_escalation()).await;
    until(&w, "2026-12-14").await;
    let high = w.due(Risk::High, Topic::FamilyCommunication, "carer", day("2026-12-29")).await;
    let again = w.due(Risk::Medium, Topic::Falls, "carer", day("2026-12-24")).await;
    until(&w, "2026-12-16").await;
    let control = ControlDays { check_on: Some(day("2026-12-21")), ..ControlDays::default() };
    decided(&db, &w, high, "manager", DecisionGiven { control, ..act(None) }).await;
    decided(&db, &w, again, "manager", no_escalation()).await;
    until(&w, "2026-12-17").await;
    w.submit(handed, "carer").await;
    until(&w, "2026-12-18").await;
    w.verify(handed, "deputy", Outcome::Complete).await;
    w.close(handed, "manager").await;
    until(&w, "2026-12-23").await;
    w.submit(again, "carer").await;
    until(&w, "2027-01-04").await;

    compare(
        "mails",
        &mails(&db).await,
        "
        2026-10-05 10:00 assigned Amara Bello: A-0001
        2026-10-05 10:00 assigned Amara Bello: A-0002
        2026-10-12 07:00 digest Amara Bello: 1 due this week
        2026-10-13 07:00 due_soon Amara Bello: A-0001       // Friday 16: three working days are 14, 15, 16
        2026-10-19 07:00 digest Amara Bello: 1 due this week
        2026-10-19 07:00 digest Helen Carter: 1 to verify
        2026-10-19 07:00 digest Priya Nair: 1 to verify
        2026-10-20 07:00 due_soon Amara Bello: A-0002
        2026-10-24 00:00 escalated Priya Nair: A-0002       // a Saturday: late is late
        2026-10-26 07:00 digest Amara Bello: 1 late         // the clocks went back on Sunday
        2026-10-26 07:00 digest Helen Carter: 1 minor, late or blocked // medium risk, of no wider significance: a number for her
        2026-10-26 07:00 digest Priya Nair: 1 late in your services
        2026-10-30 00:00 escalated Helen Carter: A-0002     // medium: leadership on the fifth working day
        2026-10-30 00:00 escalated James Okafor: A-0002
        2026-11-02 07:00 digest Amara Bello: 1 late
        2026-11-02 07:00 digest Helen Carter: 1 minor, late or blocked
        2026-11-02 07:00 digest Priya Nair: 1 late in your services
        2026-11-02 10:00 assigned Tom Reid: A-0003
        2026-11-09 07:00 digest Amara Bello: 1 due this week
        2026-11-09 10:00 assigned Sofia Marsh: A-0004
        2026-11-10 07:00 due_soon Amara Bello: A-0002       // the new date
        2026-11-16 07:00 digest Helen Carter: 1 to verify
        2026-11-16 07:00 digest Priya Nair: 1 to verify
        2026-11-18 00:00 verification_late Priya Nair: A-0002 // falls: three working days, until Tuesday 17
        2026-11-26 07:00 due_soon Tom Reid: A-0003          // 30 November is free in Scotland
        2026-11-30 07:00 digest Tom Reid: 1 due this week
        2026-12-03 00:00 escalated Owen Price: A-0003
        2026-12-07 07:00 digest Helen Carter: 1 minor, late or blocked
        2026-12-07 07:00 digest Owen Price: 1 late in your services
        2026-12-07 07:00 digest Tom Reid: 1 late
        2026-12-07 10:00 assigned Amara Bello: A-0004       // handed over by who left
        2026-12-14 07:00 digest Amara Bello: 1 due this week
        2026-12-14 07:00 digest Helen Carter: 1 minor, late or blocked
        2026-12-14 07:00 digest Owen Price: 1 late in your services
        2026-12-14 07:00 digest Tom Reid: 1 late
        2026-12-14 10:00 assigned Amara Bello: A-0005
        2026-12-14 10:00 assigned Amara Bello: A-0006
        2026-12-14 10:00 escalated Priya Nair: A-0006       // falls again
        2026-12-15 00:00 escalated Priya Nair: A-0005       // high risk without a decision for a working day
        2026-12-15 07:00 due_soon Amara Bello: A-0004
        2026-12-21 07:00 digest Amara Bello: 1 due this week
        2026-12-21 07:00 digest Helen Carter: 1 minor, late or blocked
        2026-12-21 07:00 digest Owen Price: 1 late in your services
        2026-12-21 07:00 digest Tom Reid: 1 late
        2026-12-21 07:00 due_soon Amara Bello: A-0006
        2026-12-22 07:00 due_soon Amara Bello: A-0005       // Tuesday 29: 23, 24, 29; Christmas and 28 are free
        2026-12-28 07:00 digest Amara Bello: 1 due this week
        2026-12-28 07:00 digest Helen Carter: 1 minor, late or blocked, 1 to verify
        2026-12-28 07:00 digest Owen Price: 1 late in your services
        2026-12-28 07:00 digest Priya Nair: 1 to verify
        2026-12-28 07:00 digest Tom Reid: 1 late
        2026-12-30 00:00 escalated Helen Carter: A-0005     // high risk goes up at once
        2026-12-30 00:00 escalated James Okafor: A-0005
        2026-12-30 00:00 escalated Priya Nair: A-0005
        2026-12-31 00:00 verification_late Priya Nair: A-0006 // submitted on 23: 24, 29, 30
        2027-01-04 07:00 digest Amara Bello: 1 late
        2027-01-04 07:00 digest Helen Carter: 1 late in your services, 1 minor, late or blocked, 1 to verify // A-0005 is high risk
        2027-01-04 07:00 digest Owen Price: 1 late in your services
        2027-01-04 07:00 digest Priya Nair: 1 late in your services, 1 to verify
        2027-01-04 07:00 digest Tom Reid: 1 late
        ",
    );
    compare(
        "notices",
        &notices(&db).await,
        "
        2026-10-14 10:00 to_verify Daniel Osei: A-0001
        2026-10-14 10:00 to_verify Priya Nair: A-0001
        2026-10-14 10:00 to_verify Ruth Lane: A-0001
        2026-11-02 10:00 date_moved Amara Bello: A-0002
        2026-11-12 10:00 to_verify Daniel Osei: A-0002
        2026-11-12 10:00 to_verify Priya Nair: A-0002
        2026-11-12 10:00 to_verify Ruth Lane: A-0002
        2026-11-18 00:00 sustain_check Daniel Osei: A-0001  // medicines: 28 days after Wednesday 21 October
        2026-11-18 00:00 sustain_check Priya Nair: A-0001
        2026-11-18 00:00 sustain_check Ruth Lane: A-0001
        2026-12-17 10:00 to_verify Daniel Osei: A-0004
        2026-12-17 10:00 to_verify Priya Nair: A-0004
        2026-12-17 10:00 to_verify Ruth Lane: A-0004
        2026-12-18 00:00 sustain_check Daniel Osei: A-0002  // falls: 28 days after Friday 20 November
        2026-12-18 00:00 sustain_check Priya Nair: A-0002
        2026-12-18 00:00 sustain_check Ruth Lane: A-0002
        2027-01-01 00:00 sustain_check Daniel Osei: A-0004  // dignity: 14 days after Friday 18 December
        2027-01-01 00:00 sustain_check Priya Nair: A-0004
        2027-01-01 00:00 sustain_check Ruth Lane: A-0004
        2026-12-21 00:00 control_check Priya Nair: A-0005
        2026-12-23 10:00 to_verify Daniel Osei: A-0006
        2026-12-23 10:00 to_verify Priya Nair: A-0006
        2026-12-23 10:00 to_verify Ruth Lane: A-0006
        ",
    );
    compare(
        "escalations",
        &ladder(&db).await,
        "
        2026-10-24 00:00 1 evidence_missing A-0002
        2026-10-30 00:00 2 evidence_missing A-0002
        2026-11-18 00:00 1 verification_late A-0002
        2026-12-03 00:00 1 evidence_missing A-0003          // not to leadership on the 16th: decided that it stays here
        2026-12-14 10:00 1 recurrence A-0006
        2026-12-15 00:00 1 high_risk A-0005                 // not to leadership on the 17th: decided
        2026-12-30 00:00 1 evidence_missing A-0005
        2026-12-30 00:00 2 evidence_missing A-0005
        2026-12-31 00:00 1 verification_late A-0006
        ",
    );
    assert_eq!(broken_lines(&db).await, 0);
    println!("a quarter of 91 days took {:.1} s", begun.elapsed().as_secs_f64());
}

#[tokio::test]
async fn a_fortnight_with_the_clocks_going_forward_at_easter_and_a_standstill() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at(day("2027-03-19"), 10))).await;
    only_these_read_digests(&w).await;
    w.due(Risk::Medium, Topic::Falls, "carer", day("2027-03-31")).await;
    until(&w, "2027-04-03").await;
    stand_still_until(&w, "2027-04-06");
    until(&w, "2027-04-08").await;
    compare(
        "mails",
        &mails(&db).await,
        "
        2027-03-19 10:00 assigned Amara Bello: A-0001
        2027-03-24 07:00 due_soon Amara Bello: A-0001       // 25, 30, 31: Good Friday and Easter Monday are free
        2027-03-29 07:00 digest Amara Bello: 1 due this week // Easter Monday, the clocks went forward the day before
        2027-04-01 00:00 escalated Priya Nair: A-0001
        2027-04-06 10:00 digest Amara Bello: 1 late         // on Tuesday what Monday missed
        2027-04-06 10:00 digest Helen Carter: 1 minor, late or blocked
        2027-04-06 10:00 digest Priya Nair: 1 late in your services
        2027-04-07 00:00 escalated Helen Carter: A-0001     // 1, 2, 5, 6, 7
        2027-04-07 00:00 escalated James Okafor: A-0001
        ",
    );
    compare(
        "escalations",
        &ladder(&db).await,
        "
        2027-04-01 00:00 1 evidence_missing A-0001
        2027-04-07 00:00 2 evidence_missing A-0001
        ",
    );
}
