//! Providers and people from the keyboard.

use std::io::Write as _;
use std::process::Stdio;

use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::topic::{Risk, Topic};

use crate::harness::TestDb;
use crate::harness::fixtures::{saturday, world};
use crate::harness::program::Program;

struct Said {
    ok: bool,
    out: String,
    err: String,
}

fn run(db: &TestDb, arguments: &[&str], typed: &str) -> Said {
    let (url, owner) = (db.url(roles::APP), db.url(roles::OWNER));
    let settings = [("DATABASE_URL", url.as_str()), ("DATABASE_OWNER_URL", owner.as_str())];
    let mut command = Program::command(arguments, &settings);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

async fn hash(db: &TestDb, email: &str) -> String {
    let mut administrator = db.administrator().await;
    sqlx::query_scalar("SELECT password_hash FROM users WHERE email = $1")
        .bind(email)
        .fetch_one(&mut administrator)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_first_provider_and_its_people_come_from_the_keyboard() {
    let db = TestDb::new().await;
    let add = ["provider", "add", "--slug", "rowan-care", "--name", "Rowan Care"];
    let said = run(&db, &add, "");
    assert!(said.ok && said.out.contains("/p/rowan-care"), "{}{}", said.out, said.err);
    let again = run(&db, &add, "");
    assert!(!again.ok && again.err.contains("There is a provider at this address already"), "{}", again.err);
    let odd = run(&db, &["provider", "add", "--slug", "Rowan Care", "--name", "Rowan Care"], "");
    assert!(!odd.ok && odd.err.contains("Use small letters"), "{}", odd.err);

    let person = |email: &'static str| {
        vec![
            "user",
            "add",
            "--email",
            email,
            "--name",
            "Nina Patel",
            "--provider",
            "rowan-care",
            "--role",
            "administrator",
        ]
    };
    let said = run(&db, &person("Nina@Rowan.example"), "");
    assert!(said.ok, "{}", said.err);
    let made = said.out.split("shown this once: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    let passwords = throughline::auth::password::Passwords::new();
    let right = throughline::auth::password::Verdict::Right { rehash: false };
    let first = hash(&db, "nina@rowan.example").await;
    assert_eq!(passwords.verify(&made, Some(&first)).await.unwrap(), right);
    let twice = run(&db, &person("nina@rowan.example"), "");
    assert!(!twice.ok && twice.err.contains("has a place in this provider already"), "{}", twice.err);
    assert_eq!(hash(&db, "nina@rowan.example").await, first, "the password stays");

    let reset = ["user", "reset-password", "--email", "nina@rowan.example", "--password-stdin"];
    let weak = run(&db, &reset, "short\n");
    assert!(!weak.ok && weak.err.contains("Use at least 12 characters"), "{}", weak.err);
    let said = run(&db, &reset, "marmalade tractor evening\n");
    assert!(said.ok && !said.out.contains("marmalade"), "{}{}", said.out, said.err);
    let second = hash(&db, "nina@rowan.example").await;
    assert_eq!(passwords.verify("marmalade tractor evening", Some(&second)).await.unwrap(), right);

    for (arguments, sentence) in [
        (
            ["user", "reset-password", "--email", "nobody@rowan.example"].as_slice(),
            "Nobody has this email address",
        ),
        (
            &[
                "user",
                "add",
                "--email",
                "a@b.example",
                "--name",
                "A",
                "--provider",
                "no-such",
                "--role",
                "administrator",
            ],
            "There is no provider",
        ),
        (
            &[
                "user",
                "add",
                "--email",
                "a",
                "--name",
                "A",
                "--provider",
                "rowan-care",
                "--role",
                "administrator",
            ],
            "Enter an email address",
        ),
        (
            &[
                "user",
                "add",
                "--email",
                "a@b.example",
                "--name",
                "A",
                "--provider",
                "rowan-care",
                "--role",
                "boss",
            ],
            "not one of the roles",
        ),
        (
            &[
                "user",
                "add",
                "--email",
                "a@b.example",
                "--name",
                "A",
                "--provider",
                "rowan-care",
                "--role",
                "care-staff",
                "--services",
                "x",
            ],
            "There is no service",
        ),
    ] {
        let said = run(&db, arguments, "");
        assert!(!said.ok && said.err.contains(sentence), "{arguments:?}: {}{}", said.out, said.err);
    }
    // a password is never an argument
    assert!(
        !run(&db, &["user", "reset-password", "--email", "nina@rowan.example", "--password", "x"], "").ok
    );
}

/// A leaver from the keyboard: what they own shows as unowned, their sessions end, the last administrator stays.
#[tokio::test]
async fn a_place_is_ended_from_the_keyboard() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, action) = w.line(Risk::Medium, Topic::Falls, "carer").await;
    let end = |email: &'static str| {
        ["user", "end", "--email", email, "--provider", "rowan-care", "--reason", "Moved away"]
    };
    let said = run(&db, &end("carer@throughline.example"), "");
    assert!(
        said.ok && said.out.contains("One open action is shown as unowned now"),
        "{}{}",
        said.out,
        said.err
    );
    assert!(w.case(action).await.action.unowned());
    let member = format!("/settings/members/{}", w.id("carer"));
    let page = w.browser("administrator").await.get(&member).await.text();
    assert!(page.contains("Amara Bello left") && page.contains("Moved away"), "{page}");
    for (email, why) in [
        ("carer@throughline.example", "Nobody with this email address has a place in rowan-care"),
        ("administrator@throughline.example", "Nobody else is an administrator here"),
    ] {
        let said = run(&db, &end(email), "");
        assert!(!said.ok && said.err.contains(why), "{}{}", said.out, said.err);
    }
}
