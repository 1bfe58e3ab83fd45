//! What one may not see looks like what does not exist, on every address, for every role, byte for byte; and the
//! database keeps providers apart even where a query forgot to.

mod rows;
mod tables;
mod things;

use std::collections::BTreeSet;

use axum::http::{HeaderMap, Method, StatusCode};
use throughline::clock::Clock;
use throughline::http::features;

use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, saturday, world};
use rows::{Kind, ROWS, Row};
use things::{Stranger, Things, fill};

/// What a not-there answer is made of: everything but the reference of the request, which is new each time.
fn bytes(answer: &Answer) -> (StatusCode, Vec<(String, String)>, String) {
    let known = |headers: &HeaderMap| {
        let mut list: Vec<_> = headers
            .iter()
            .filter(|(name, _)| name.as_str() != "x-request-id")
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        list.sort();
        list
    };
    (answer.status, known(&answer.headers), answer.body.clone())
}

/// Sends a row's request with the given things in the address and the form: once with the form filled in, and for
/// changes once with nothing in it, because a form that is looked at first would tell what is there.
async fn answers(browser: &Browser, row: &Row, things: &Things) -> Vec<Answer> {
    let path = fill(row.path, things);
    if row.method == Method::GET {
        return vec![browser.get(&path).await];
    }
    let fields: Vec<(&str, String)> =
        row.form.iter().map(|(name, value)| (*name, fill(value, things))).collect();
    if row.files {
        return vec![browser.post_files(&path, &fields).await, browser.post_files(&path, &[]).await];
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    vec![browser.post(&path, &fields).await, browser.post(&path, &[]).await]
}

struct Scene {
    db: TestDb,
    world: World,
    /// Things of the house, of the visits (other services of the same provider), of the other provider.
    house: Things,
    visits: Things,
    other: Things,
}

impl Scene {
    async fn new() -> Self {
        let db = TestDb::new().await;
        let world = world(&db, Clock::fixed(saturday())).await;
        // the other provider has more of everything, so that its references are not also ours
        let other = things::of_other_provider(&world).await;
        let house = things::of_service(&world, "manager", "carer").await;
        let visits = things::of_service(&world, "manager_two", "visitor").await;
        things::escalate(&world).await;
        let house = things::with_escalation(&db, house).await;
        let house = things::with_notice(&db, &world, "carer", house).await;
        let house = things::with_invitation(&world, "administrator", house).await;
        let visits = things::with_escalation(&db, visits).await;
        let visits = things::with_notice(&db, &world, "visitor", visits).await;
        let visits = things::with_invitation(&world, "administrator", visits).await;
        let other = things::with_escalation(&db, other).await;
        let other = things::with_notice(&db, &world, "willow_shared", other).await;
        let other = things::with_invitation(&world, "willow_administrator", other).await;
        let house = things::with_pack(&world, "manager", house).await;
        let visits = things::with_pack(&world, "manager_two", visits).await;
        let other = things::with_pack(&world, "willow_manager", other).await;
        Self { db, world, house, visits, other }
    }

    /// Everybody in the first provider.
    fn members(&self) -> Vec<&'static str> {
        self.world.nicknames().into_iter().filter(|who| !who.starts_with("willow")).collect()
    }

    /// The heads of all chains: they move with every change.
    async fn heads(&self) -> Vec<(i64, String)> {
        let mut administrator = self.db.administrator().await;
        sqlx::query_as("SELECT seq, hash FROM chain_heads ORDER BY provider_id")
            .fetch_all(&mut administrator)
            .await
            .unwrap()
    }
}

fn rows(kind: Kind) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.kind == kind)
}

/// A new address that is not in the table fails here, by name; and a row whose address is gone, too.
#[test]
fn every_address_is_in_the_table() {
    let features = features();
    let list: BTreeSet<String> =
        features.list().iter().map(|(method, path)| format!("{method} {path}")).collect();
    let table: BTreeSet<String> = ROWS.iter().map(|row| format!("{} {}", row.method, row.path)).collect();
    let missing: Vec<_> = list.difference(&table).collect();
    let gone: Vec<_> = table.difference(&list).collect();
    assert!(missing.is_empty(), "add these to tests/it/tenancy/rows.rs: {missing:#?}");
    assert!(gone.is_empty(), "these rows have no address any more: {gone:#?}");
    assert_eq!(table.len(), ROWS.len(), "an address stands twice in the table");
    // the kind follows from the address: nobody can call a provider's page public
    for row in ROWS {
        // a month and a figure are words, and the same for everybody
        let words = ["{month}", "{figure}"].map(|word| row.path.matches(word).count());
        let params = row.path.matches('{').count() - words.iter().sum::<usize>();
        let right = match row.kind {
            Kind::Public | Kind::Person => !row.path.starts_with("/p/"),
            Kind::Program => row.path.starts_with("/api/") && row.method == Method::GET,
            Kind::Provider => row.path.starts_with("/p/{provider}") && params == 1,
            Kind::Thing => row.path.starts_with("/p/{provider}/") && params > 1,
        };
        assert!(right, "{} {} is not a {:?} address", row.method, row.path, row.kind);
        assert!(
            row.method == Method::GET || row.kind != Kind::Public
            // whoever has the secret of an invitation may use it
            || row.path.starts_with("/sign-") || row.path.starts_with("/join/")
            // and whoever has the secret of a mail may stop its kind
            || row.path.starts_with("/mail/")
        );
    }
}

/// Each row means what it says: with a thing of their own the person named in it does not get the 404. Otherwise the
/// tests below would pass on wrong addresses.
#[tokio::test]
async fn each_row_of_the_table_works_for_somebody() {
    let scene = Scene::new().await;
    let mut wrong = Vec::new();
    for row in ROWS.iter().filter(|row| matches!(row.kind, Kind::Thing | Kind::Provider)) {
        let browser = scene.world.browser(row.works_for).await;
        for answer in answers(&browser, row, &scene.house).await {
            if answer.status == StatusCode::NOT_FOUND || answer.status.is_server_error() {
                wrong.push(format!("{} {} for {}: {}", row.method, row.path, row.works_for, answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Nobody signed in: every page but the public ones leads to sign in, whatever is or is not there.
#[tokio::test]
async fn without_a_session_everything_leads_to_sign_in() {
    let scene = Scene::new().await;
    let stranger = scene.world.stranger();
    for row in rows(Kind::Program) {
        let answer = stranger.get(&fill(row.path, &scene.house)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", row.path);
        let signed_in = scene.world.browser("administrator").await.get(&fill(row.path, &scene.house)).await;
        assert_eq!(signed_in.status, StatusCode::UNAUTHORIZED, "{}", row.path);
    }
    for row in ROWS.iter().filter(|row| !matches!(row.kind, Kind::Public | Kind::Program)) {
        for things in [&scene.house, &scene.other, &Stranger::of(&scene.house).random] {
            for answer in answers(&stranger, row, things).await {
                let to_sign_in = answer.location().starts_with("/sign-in?next=");
                let kept = answer.status == StatusCode::UNAUTHORIZED;
                assert!(to_sign_in || kept, "{} {}: {}", row.method, row.path, answer.status);
            }
        }
    }
    for row in rows(Kind::Public).filter(|row| row.method == Method::GET) {
        let path = fill(row.path, &scene.house);
        assert!(!stranger.get(&path).await.status.is_client_error(), "{path}");
    }
}

/// The table itself: every member, on every address, with (a) another provider's slug and an unknown one, (b) another
/// provider's things under their own slug, (c) random ids and nonsense, (d) things of a service they do not see. Always
/// the same bytes, and nothing is changed anywhere.
#[tokio::test]
async fn what_is_not_yours_looks_like_what_is_not_there() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let before = scene.heads().await;
    let nowhere = bytes(&world.browser("manager").await.get("/p/no-such-provider/dashboard").await);
    assert_eq!(nowhere.0, StatusCode::NOT_FOUND);
    let mut wrong = BTreeSet::new();
    let mut asked = 0;
    for who in scene.members() {
        let browser = world.browser(who).await;
        let own = if world.service_of(who) == world.visits.id { &scene.visits } else { &scene.house };
        let unseen: &[&Things] = match who {
            "carer" | "leader" | "deputy" | "manager" => &[&scene.visits],
            "visitor" | "manager_two" => &[&scene.house],
            // sees nothing of the line at all
            "reader" => &[&scene.house, &scene.visits],
            _ => &[],
        };
        for row in ROWS.iter().filter(|row| matches!(row.kind, Kind::Thing | Kind::Provider)) {
            let mut tries: Vec<(&str, Things)> = vec![("an unknown provider", own.at("no-such-provider"))];
            // the quality lead works for the other provider as well
            if who != "quality" {
                tries.push(("another provider", scene.other.clone()));
            }
            if row.kind == Kind::Thing {
                let stranger = Stranger::of(own);
                tries.push(("another provider's thing", scene.other.at(&own.slug)));
                tries.push(("a random thing", stranger.random));
                tries.push(("nonsense", stranger.nonsense));
                tries.extend(unseen.iter().map(|things| ("an unseen service's thing", (*things).clone())));
            }
            for (what, things) in tries {
                for answer in answers(&browser, row, &things).await {
                    asked += 1;
                    if bytes(&answer) != nowhere {
                        wrong.insert(format!(
                            "{} {} by {who}: {what}: {}",
                            row.method, row.path, answer.status
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}: {wrong:#?}", wrong.len());
    assert_eq!(scene.heads().await, before, "something was changed");
}

/// A person with places in both providers acts in each as what they are there, and carries nothing across.
#[tokio::test]
async fn somebody_with_two_places_carries_nothing_across() {
    let scene = Scene::new().await;
    let browser = scene.world.browser("quality").await;
    let nowhere = bytes(&browser.get("/p/no-such-provider/dashboard").await);
    for row in rows(Kind::Thing) {
        for (slug, things) in [("rowan-care", &scene.other), ("willow-care", &scene.house)] {
            // numbers begin at one everywhere: our low ones mean something else there
            if slug == "willow-care"
                && !row.path.contains("/escalations/")
                && !row.path.contains("/evidence/")
                && !row.path.contains("/settings/")
                && !row.path.contains("/notices/")
                && !row.path.contains("/packs/")
            {
                continue;
            }
            for answer in answers(&browser, row, &things.at(slug)).await {
                assert!(
                    bytes(&answer) == nowhere,
                    "{} {} under {slug}: {}",
                    row.method,
                    row.path,
                    answer.status
                );
            }
        }
    }
}

/// Care staff see their own alone (R7): a colleague's things in the same service are not there for them.
#[tokio::test]
async fn care_staff_see_their_own_alone() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let colleague = things::of_service(world, "manager", "leader").await;
    let colleague = things::with_escalation(&scene.db, colleague).await;
    throughline::worker::tick(&world.app).await.unwrap();
    let colleague = things::with_notice(&scene.db, world, "leader", colleague).await;
    let colleague = things::with_invitation(world, "administrator", colleague).await;
    let colleague = things::with_pack(world, "manager", colleague).await;
    let browser = world.browser("carer").await;
    let nowhere = bytes(&browser.get("/p/no-such-provider/dashboard").await);
    for row in rows(Kind::Thing) {
        for answer in answers(&browser, row, &colleague).await {
            assert!(bytes(&answer) == nowhere, "{} {}: {}", row.method, row.path, answer.status);
        }
    }
}

/// Ids inside a form are held to the same: another provider's service, person or review cannot be named in it.
#[tokio::test]
async fn a_form_cannot_name_what_is_not_yours() {
    let scene = Scene::new().await;
    let before = scene.heads().await;
    for row in ROWS.iter().filter(|row| row.method == Method::POST && row.kind != Kind::Person) {
        let names =
            |(_, value): &(&str, &str)| value.starts_with('@') && *value != "@new" && *value != "@version";
        if !row.form.iter().any(names) {
            continue;
        }
        let browser = scene.world.browser(row.works_for).await;
        for stranger in [&scene.other, &Stranger::of(&scene.house).random] {
            // the address is one's own, what the form names is not
            let mut things = scene.house.clone();
            things.named = stranger.named.clone();
            let filled = &answers(&browser, row, &things).await[0];
            assert!(filled.status.is_client_error(), "{} {}: {}", row.method, row.path, filled.status);
            assert_ne!(filled.status, StatusCode::METHOD_NOT_ALLOWED);
        }
    }
    assert_eq!(scene.heads().await, before, "something was changed");
}
