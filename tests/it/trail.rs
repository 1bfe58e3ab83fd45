//! The trail cannot be changed unseen: not even by somebody who works on the tables with all triggers off.

use std::time::Instant;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::trail::{Broken, Verified, Why};
use throughline::ids::ProviderId;
use throughline::workflow::trail;

use crate::gate::world::{self, World, deed, set};
use crate::harness::fixtures::{app, saturday};
use crate::harness::program::Program;
use crate::harness::scratch::Scratch;

/// A trail, and somebody who may do anything to it.
struct Tampered {
    world: World,
    app: throughline::app::AppState,
    superuser: PgConnection,
    length: i64,
    folder: Scratch,
}

impl Tampered {
    async fn new() -> Self {
        let (world, folder) = (World::new().await, Scratch::new("trail"));
        let app = app(&world.db, Clock::fixed(saturday()), &folder);
        let mut superuser = world.db.administrator().await;
        let save = "SET session_replication_role = replica;
            CREATE SCHEMA saved; CREATE TABLE saved.events AS SELECT provider_id, seq, at, xid, kind, actor_id, action_id, finding_id, review_id, line FROM events; CREATE TABLE saved.event_texts AS TABLE event_texts;
            CREATE TABLE saved.chain_heads AS TABLE chain_heads;";
        world::run(&mut superuser, save).await.unwrap();
        let length = "SELECT seq FROM chain_heads WHERE provider_id = $1";
        let length = sqlx::query_scalar(length).bind(world::id("p")).fetch_one(&mut superuser).await.unwrap();
        Self { world, app, superuser, length, folder }
    }

    async fn verify(&self) -> Result<Verified, Broken> {
        trail::verify(&self.app, ProviderId::from(world::id("p")), None).await.unwrap()
    }

    /// What is found after `script`; everything is put back.
    async fn after(&mut self, script: &str) -> Result<Verified, Broken> {
        world::run(&mut self.superuser, script).await.unwrap_or_else(|e| panic!("{script}: {e}"));
        let found = self.verify().await;
        let restore = ["events", "event_texts", "chain_heads"]
            .map(|t| format!("DELETE FROM {t}; INSERT INTO {t} SELECT * FROM saved.{t};"))
            .concat();
        world::run(&mut self.superuser, &restore).await.unwrap();
        found
    }
}

fn event(what: &str, at: i64) -> String {
    format!("UPDATE events SET {what} WHERE provider_id = :p AND seq = {at};")
}

fn text(what: &str, at: i64) -> String {
    format!("UPDATE event_texts SET {what} WHERE provider_id = :p AND seq = {at};")
}

fn delete(at: i64) -> String {
    format!(
        "DELETE FROM events WHERE provider_id = :p AND seq = {at}; DELETE FROM event_texts WHERE provider_id = :p AND seq = {at};"
    )
}

/// The rows of two lines change places, with everything that stands beside them.
fn swap(a: i64, b: i64) -> String {
    ["events", "event_texts"]
        .map(|t| {
            format!(
                "UPDATE {t} SET seq = -seq WHERE provider_id = :p AND seq IN ({a}, {b});
                 UPDATE {t} SET seq = {a} + {b} + seq WHERE provider_id = :p AND seq < 0;"
            )
        })
        .concat()
}

/// A line like the one at `at`, saying something else, is put in before it; all others move up, the head too.
fn put_in(at: i64) -> String {
    let up = |t: &str| {
        format!(
            "UPDATE {t} SET seq = -seq - 1 WHERE provider_id = :p AND seq >= {at}; UPDATE {t} SET seq = -seq WHERE provider_id = :p AND seq < 0;"
        )
    };
    up("events")
        + &up("event_texts")
        + &format!(
            "INSERT INTO events SELECT provider_id, {at}, at, xid, kind, actor_id, action_id, finding_id, review_id,
               replace(line, '\"recorded\" : \"2', '\"recorded\" : \"3') FROM events WHERE provider_id = :p AND seq = {at} + 1;
             INSERT INTO event_texts SELECT provider_id, {at}, name, salt, body, erased_at FROM event_texts WHERE provider_id = :p AND seq = {at} + 1;
             UPDATE chain_heads SET seq = seq + 1 WHERE provider_id = :p;"
        )
}

#[tokio::test]
async fn every_tampering_is_named_at_its_line() {
    let mut t = Tampered::new().await;
    let n = t.length;
    assert!(n > 20, "the world has a trail worth the name");
    assert_eq!(t.verify().await.unwrap().lines, n);
    let reworded = |at| event("line = replace(line, '\"detail\" : {}', '\"detail\" : {\"x\": 1}')", at);
    let cases = [
        ("edit a line", reworded(7), 7, Why::Altered),
        ("edit the first", reworded(1), 1, Why::Altered),
        ("edit the last", reworded(n), n, Why::Altered),
        ("edit one and chain the next to it", reworded(7) + "UPDATE events e SET line = replace(e.line, (e.line::json ->> 'prev'),
            encode(sha256(convert_to(b.line, 'UTF8')), 'hex')) FROM events b WHERE e.provider_id = :p AND e.seq = 8 AND b.provider_id = :p AND b.seq = 7;",
            8, Why::Altered),
        ("delete the last", delete(n), n, Why::Missing),
        ("delete one in the middle", delete(9), 9, Why::Missing),
        ("delete the first", delete(1), 1, Why::Missing),
        ("swap two", swap(5, 11), 5, Why::Misplaced),
        ("swap neighbours", swap(5, 6), 5, Why::Misplaced),
        ("put one in", put_in(6), 6, Why::PutIn),
        ("put one in before the first", "INSERT INTO events SELECT provider_id, 0, at, xid, kind, actor_id, action_id, finding_id, review_id, line
            FROM events WHERE provider_id = :p AND seq = 1;".to_owned(), 0, Why::PutIn),
        ("edit a text", text("body = 'better'", 5), 5, Why::Text("note".into())),
        ("edit a salt", text("salt = 'x'", 5), 5, Why::Text("note".into())),
        ("delete a text", "DELETE FROM event_texts WHERE provider_id = :p AND seq = 5;".into(), 5, Why::TextMissing("note".into())),
        ("add a text", "INSERT INTO event_texts VALUES (:p, 5, 'reason', 'x', 'x', NULL);".into(), 5, Why::TextPutIn("reason".into())),
        ("tell of another kind", event("kind = 'closed'", 5), 5, Why::Column("kind")),
        ("tell of another person", event("actor_id = :quality", 5), 5, Why::Column("actor")),
        ("tell of another action", event("action_id = :closed", 5), 5, Why::Column("action")),
        ("tell of another day", event("at = at - interval '1 day'", 5), 5, Why::Column("at")),
        ("change the head", "UPDATE chain_heads SET hash = 'x' WHERE provider_id = :p;".into(), n, Why::Altered),
        ("set the head back", "UPDATE chain_heads SET seq = seq - 1 WHERE provider_id = :p;".into(), n, Why::PutIn),
        ("empty the trail", "DELETE FROM events WHERE provider_id = :p; DELETE FROM event_texts WHERE provider_id = :p;".into(), 1, Why::Missing),
    ];
    for (name, script, at, why) in cases {
        assert_eq!(t.after(&script).await, Err(Broken { at, why }), "{name}");
    }
    assert_eq!(t.verify().await.unwrap().lines, n, "everything was put back");
}

/// What a chain cannot show: its end cut off, head and all, by somebody with all powers. The hash written down
/// elsewhere shows it (docs/architecture.md).
#[tokio::test]
async fn a_trail_cut_short_with_its_head_shows_only_against_an_earlier_hash() {
    let mut t = Tampered::new().await;
    let (n, before) = (t.length, t.verify().await.unwrap());
    let cut = delete(n)
        + "UPDATE chain_heads c SET seq = c.seq - 1, hash = (SELECT encode(sha256(convert_to(e.line, 'UTF8')), 'hex') FROM events e
             WHERE e.provider_id = c.provider_id AND e.seq = c.seq - 1) WHERE c.provider_id = :p;";
    let after = t.after(&cut).await.unwrap();
    assert_eq!(after.lines, n - 1);
    assert_ne!(after.head, before.head);
}

#[tokio::test]
async fn two_hundred_random_tamperings_are_each_named_at_their_line() {
    let mut t = Tampered::new().await;
    let n = u64::try_from(t.length).unwrap();
    let mut random = Random(2026);
    for round in 0..200 {
        let at = i64::try_from(1 + random.below(n)).unwrap();
        let other = i64::try_from(1 + random.below(n)).unwrap();
        let with_text = at.max(4);
        let (script, at) = match random.below(8) {
            // one character of the line becomes another, wherever it is
            0..=2 => {
                let place = 1 + random.below(400);
                let c = "overlay(line placing (CASE WHEN substr(line, x, 1) = '7' THEN '4' ELSE '7' END) from x for 1)";
                let c = c.replace("x,", &format!("{place},")).replace("from x", &format!("from {place}"));
                (event(&format!("line = {c}"), at), at)
            }
            3 => (delete(at), at),
            4 if at != other => (swap(at, other), at.min(other)),
            5 => (put_in(at), at),
            6 => (text("body = body || '.'", with_text), with_text),
            _ => (event("actor_id = :q_ni", at), at),
        };
        let found = t.after(&script).await;
        assert_eq!(found.as_ref().map_err(|b| b.at), Err(at), "round {round}: {script}\n{found:?}");
    }
}

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

#[tokio::test]
async fn an_erased_text_still_verifies() {
    let mut t = Tampered::new().await;
    let erased = t.after(&text("salt = NULL, body = NULL, erased_at = now()", 5)).await;
    assert_eq!(erased.unwrap().lines, t.length);
}

/// Writing goes on while a long trail is verified: the answer is that of one instant.
#[tokio::test]
async fn a_trail_that_grows_meanwhile_verifies() {
    let t = Tampered::new().await;
    let mut c = t.world.app().await;
    let writer = async {
        for _ in 0..40 {
            deed(&mut c, "in_progress", &set("in_progress", "due_on = due_on + 1")).await.unwrap();
        }
    };
    let reader = async {
        for _ in 0..20 {
            t.verify().await.unwrap();
        }
    };
    tokio::join!(writer, reader);
    assert_eq!(t.verify().await.unwrap().lines, t.length + 40);
}

#[tokio::test]
async fn fifty_thousand_lines_are_verified() {
    let t = Tampered::new().await;
    let mut c = t.world.app().await;
    let since = Instant::now();
    // a hundred at a time: in one transaction the head row would leave fifty thousand dead ones behind
    let many = "SELECT count(app.append_event(now(), 'update_added', :rm, NULL, NULL, :in_progress, '{\"n\": 1}', '{\"note\": \"what was done\"}'))
        FROM generate_series(1, 100);";
    let many = format!("{} {many} COMMIT;", world::BEGIN);
    for _ in 0..500 {
        world::run(&mut c, &many).await.unwrap();
    }
    let (written, since) = (since.elapsed(), Instant::now());
    let verified = t.verify().await.unwrap();
    #[expect(clippy::print_stderr, reason = "a figure for whoever asks with --nocapture")]
    {
        eprintln!("{} lines written in {written:?}, verified in {:?}", verified.lines, since.elapsed());
    }
    assert_eq!(verified.lines, t.length + 50_000);
}

#[tokio::test]
async fn the_command_names_the_line_and_ends_with_1() {
    let mut t = Tampered::new().await;
    let url = t.world.db.url(roles::APP);
    let folder = t.folder.path().to_string_lossy().into_owned();
    let settings = [("DATABASE_URL", url.as_str()), ("DATA_DIR", &*folder)];
    let ask = |arguments: &[&str]| {
        let done = Program::command(arguments, &settings).output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (done.status.code(), said(&done.stdout), said(&done.stderr))
    };
    let (code, out, err) = ask(&["trail", "verify"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(
        out.contains(&format!("provider-1: {} lines, unbroken", t.length)) && out.contains("provider-2: "),
        "{out}"
    );
    sqlx::query(AssertSqlSafe(world::sql(&text("body = 'better'", 9))))
        .execute(&mut t.superuser)
        .await
        .unwrap();
    let (code, out, err) = ask(&["trail", "verify"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("provider-1: The trail breaks at line 9"), "{out}");
    assert!(err.contains("1 trail is broken."), "{err}");
    assert_eq!(ask(&["trail", "verify", "--provider", "provider-1"]).0, Some(1));
    assert_eq!(ask(&["trail", "verify", "--provider", "provider-2"]).0, Some(0));
    // a line and its hash, as they stand on a printed page
    let last = "SELECT seq::text || ' ' || hash FROM chain_heads WHERE provider_id = $1";
    let last: String =
        sqlx::query_scalar(last).bind(world::id("q")).fetch_one(&mut t.superuser).await.unwrap();
    let (line, hash) = last.split_once(' ').unwrap();
    let other = format!("{}{}", if hash.starts_with('0') { '1' } else { '0' }, &hash[1..]);
    let check = |line: &str, hash: &str| {
        ask(&["trail", "verify", "--provider", "provider-2", "--line", line, "--hash", hash])
    };
    let (code, out, err) = check(line, &hash.to_uppercase());
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains(&format!("Line {line} has the hash that was given.")), "{out}");
    let (code, out, _) = check(line, &other);
    assert_eq!((code, out.contains("has another hash")), (Some(1), true), "{out}");
    let (code, out, _) = check("99999", hash);
    assert_eq!((code, out.contains("The trail ends before line 99999")), (Some(1), true), "{out}");
    assert_eq!(check(line, "abc").0, Some(2));
    assert_eq!(ask(&["trail", "verify", "--line", line, "--hash", hash]).0, Some(2), "of which provider?");
    let (code, _, err) = ask(&["trail", "verify", "--provider", "nobody"]);
    assert_eq!((code, err.contains("There is no provider \"nobody\".")), (Some(1), true), "{err}");
}
