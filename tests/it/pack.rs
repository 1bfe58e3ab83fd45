//! Evidence packs: chosen, made, fetched, read and withdrawn; what is in one and what is not; and that nothing in one can be
//! altered without being found out (R27, R27a, R9a).

mod tampering;

use std::collections::BTreeMap;

use axum::http::header;
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::pack::Choice;
use throughline::domain::redaction::Naming;
use throughline::domain::topic::{Risk, Topic};
use throughline::ids::{EvidenceId, PackId, ProviderId, ServiceId, UpdateId};
use throughline::pack::container;
use throughline::pack::verify::{Intact, verify};
use throughline::worker::{make_packs, tick};
use throughline::workflow::{Stop, pack, trail};

use super::worker::{number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Browser, World, saturday, world};
use crate::harness::program::Program;
use crate::harness::scratch::Scratch;
use crate::harness::upload::{Upload, pdf, photo};

/// What somebody could type.
const HOSTILE: &str =
    "<script>alert(1)</script> ../../etc/passwd \u{202E}txt.exe {{ 7*7 }} =cmd|' /C calc'!A0";

pub fn choice(service: ServiceId) -> Choice {
    Choice {
        purpose: "Inspection of 2 December".into(),
        services: vec![service],
        from: None,
        to: None,
        themes: Vec::new(),
        findings: Vec::new(),
        naming: Naming::Titles,
        withheld: Vec::new(),
    }
}

/// A pack of a service, asked for by `by` and made.
pub async fn of(world: &World, by: &str, service: ServiceId) -> PackId {
    asked(world, by, &choice(service)).await
}

/// A pack of everything `by` is given, made.
pub async fn made(world: &World, by: &str) -> PackId {
    of(world, by, world.service_of(by)).await
}

async fn asked(world: &World, by: &str, wanted: &Choice) -> PackId {
    let id = PackId::new();
    pack::ask(&world.app, world.actor(by), id, wanted).await.unwrap();
    assert_eq!(make_packs(&world.app).await.unwrap(), 1);
    id
}

async fn fetched(browser: &Browser, id: PackId) -> Vec<u8> {
    let (status, headers, body) = browser.fetch(&format!("/packs/{id}/pack.zip")).await;
    assert_eq!(status, 200);
    assert_eq!(headers[header::CONTENT_TYPE], "application/zip");
    let saved = headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(saved.starts_with("attachment; filename=\"evidence-pack-rowan-care-2026-"), "{saved}");
    body.to_vec()
}

/// Every entry of a pack with its content, unpacked by a reader that is not ours.
fn unpacked(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let mut all = BTreeMap::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        let name = entry.name().unwrap().into_owned();
        assert!(container::is_plain(&name), "{name}");
        all.insert(name, content);
    }
    all
}

fn text(all: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(all[name].clone()).unwrap()
}

/// Which entries hold these bytes, letters of any size.
fn holding<'a>(all: &'a BTreeMap<String, Vec<u8>>, wanted: &str) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let holds = |content: &[u8]| String::from_utf8_lossy(content).to_lowercase().contains(&wanted);
    all.iter().filter(|(_, content)| holds(content)).map(|(name, _)| name.as_str()).collect()
}

async fn hash_of_seal(db: &TestDb, id: PackId) -> String {
    texts(db, &format!("SELECT seal_hash FROM packs WHERE id = '{id}'")).await.remove(0)
}

/// A house with a closed line, an open late one with a decision, a photo, a document that is to be kept back; and the visits
/// with a finding of their own.
pub async fn scene(db: &TestDb) -> World {
    let w = world(db, Clock::fixed(saturday())).await;
    w.closed_action(Risk::High, "carer").await;
    let (_, open) = w.line(Risk::High, Topic::Falls, "carer").await;
    let progress = Upload::new()
        .text("id", &UpdateId::new().to_string())
        .text("note", "Told by Amara Bello and Priya to the night team; AMARA BELLO wrote it down")
        .text("next", "working")
        .date("done_on", "2026-11-20")
        .file("file-record", "amara-bello-falls.jpg", &photo(3))
        .file("file-record", "KEEP-THIS-BACK.pdf", &pdf("the secret of the kept back file"));
    let sent = w.browser("carer").await.upload(&format!("/actions/{open}/update"), progress).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let other = throughline::workflow::finding::Log {
        what: "Visits only: rounds were 40 minutes late".into(),
        ..w.finding("manager_two", Risk::Low, Topic::CallTimes)
    };
    throughline::workflow::finding::log(&w.app, w.actor("manager_two"), &other, None).await.unwrap();
    w.days_pass(15);
    tick(&w.app).await.unwrap();
    w
}

async fn evidence(db: &TestDb, title: &str) -> EvidenceId {
    let sql = format!("SELECT id::text FROM evidence WHERE file_name = '{title}'");
    texts(db, &sql).await.remove(0).parse().unwrap()
}

#[tokio::test]
async fn a_pack_is_chosen_made_handed_out_and_shows_itself_to_be_intact() {
    let db = TestDb::new().await;
    let w = scene(&db).await;
    let manager = w.browser("manager").await;
    assert!(manager.get("/packs").await.text().contains("No pack was made yet."));
    let page = manager.get("/packs/new?service=rowan-house&naming=titles").await;
    assert_eq!(page.status, 200, "{}", page.text());
    for said in ["2 findings with", "KEEP-THIS-BACK.pdf", "amara-bello-falls.jpg", "What is the pack for?"] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    assert!(!page.text().contains("Visits only"));
    let id = page.field("id");
    let fields = [("service", "rowan-house"), ("naming", "titles"), ("id", &id), ("purpose", HOSTILE)];
    // hidden marks are refused, everything else is words
    assert_eq!(manager.post("/packs", &fields).await.status, 422);
    let purpose = HOSTILE.replace('\u{202E}', "");
    let fields = [("service", "rowan-house"), ("naming", "titles"), ("id", &id), ("purpose", &purpose)];
    for _ in 0..2 {
        let answer = manager.post("/packs", &fields).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, &*format!("/p/rowan-care/packs/{id}")));
    }
    assert_eq!(number(&db, "SELECT count(*) FROM packs").await, 1, "sent twice, asked for once");
    let here = format!("/packs/{id}");
    assert!(manager.get(&here).await.text().contains("It is being made"));
    assert_eq!(manager.get(&format!("{here}/pack.zip")).await.status, 404, "not before it is made");
    assert_eq!((make_packs(&w.app).await.unwrap(), make_packs(&w.app).await.unwrap()), (1, 0));
    let id: PackId = id.parse().unwrap();
    let (page, hash) = (manager.get(&here).await, hash_of_seal(&db, id).await);
    assert!(
        page.text().contains(&format!("throughline trail verify PACK.zip --head {hash}")),
        "{}",
        page.text()
    );
    assert!(page.text().contains("Nothing was written about these findings since."));
    assert!(!page.body.contains("<script>alert"));
    let zip = fetched(&manager, id).await;
    let intact: Intact = verify(&zip[..], Some(&hash)).unwrap();
    assert!(intact.known && intact.manifest.trail.shown > 15, "{intact:?}");
    let alone = verify(&zip[..], None).unwrap().sentences().join(" ");
    assert!(alone.contains("nothing is proved"), "{alone}");
    let all = unpacked(&zip);
    assert!(!text(&all, "index.html").contains("<script"));
    for question in [
        "What was found, from which source?",
        "Who owned it, by when?",
        "What keeps people safe meanwhile?",
        "Does improvement last?",
        "M1 to M10",
    ] {
        assert!(text(&all, "index.html").contains(question), "{question}");
    }
    assert!(all["pack.pdf"].starts_with(b"%PDF-1.7"));
    assert_eq!(all.keys().filter(|name| name.starts_with("findings/")).count(), 2);
    // on screen it is the same, and what it links to is saved, not shown
    let (status, headers, body) = manager.fetch(&format!("{here}/read/index.html")).await;
    assert_eq!((status.as_u16(), &body[..]), (200, &all["index.html"][..]));
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    let file = all.keys().find(|name| name.starts_with("files/")).unwrap();
    let (status, headers, body) = manager.fetch(&format!("{here}/read/{file}")).await;
    assert_eq!((status.as_u16(), &body[..]), (200, &all[file][..]));
    assert!(headers[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
    for path in ["nowhere.html", "..%2f..%2fetc%2fpasswd", "findings", ".hidden", "index.html%00"] {
        assert_eq!(manager.get(&format!("{here}/read/{path}")).await.status, 404, "{path}");
    }
    let page = manager.get(&here).await.text();
    assert!(
        page.contains("The whole pack") && page.contains("index.html") && page.contains("Priya Nair"),
        "{page}"
    );
    // what happens later is not in it, and is said
    w.line(Risk::Low, Topic::Falls, "carer").await;
    w.closed_action(Risk::Low, "carer").await;
    assert_eq!(fetched(&manager, id).await, zip, "a pack never changes");
    // withdrawn it is not handed out, and its file goes
    assert_eq!(manager.post(&format!("{here}/withdrawal"), &[("reason", " ")]).await.status, 422);
    assert_eq!(
        manager.post(&format!("{here}/withdrawal"), &[("reason", "Somebody is named in it")]).await.status,
        303
    );
    assert_eq!(manager.get(&format!("{here}/pack.zip")).await.status, 404);
    assert_eq!(manager.get(&format!("{here}/read/index.html")).await.status, 404);
    assert!(manager.get(&here).await.text().contains("Somebody is named in it"));
    let kinds = texts(&db, "SELECT kind FROM events WHERE kind LIKE 'pack%' ORDER BY seq").await;
    assert_eq!(kinds, ["pack_asked", "pack_sealed", "pack_made", "pack_withdrawn"]);
    assert!(trail::verify(&w.app, w.provider, None).await.unwrap().is_ok());
}

#[tokio::test]
async fn names_become_titles_and_what_is_kept_back_is_nowhere_in_it() {
    let db = TestDb::new().await;
    let w = scene(&db).await;
    let kept_back = evidence(&db, "KEEP-THIS-BACK.pdf").await;
    let wanted =
        Choice { withheld: vec![(kept_back, "It shows somebody's room".into())], ..choice(w.house.id) };
    let manager = w.browser("manager").await;
    let id = asked(&w, "manager", &wanted).await;
    let all = unpacked(&fetched(&manager, id).await);
    for nickname in w.nicknames().into_iter().filter(|name| !name.starts_with("willow")) {
        let name = &w.actor(nickname).member.name;
        assert_eq!(holding(&all, name), [""; 0], "{name}");
    }
    for name in [
        "Amara",
        "Bello",
        "Priya",
        "Nair",
        "Osei",
        "Okafor",
        "amara-bello",
        "KEEP-THIS-BACK",
        "the secret of the kept back file",
    ] {
        assert_eq!(holding(&all, name), [""; 0], "{name}");
    }
    assert_ne!(
        holding(&all, "Told by Senior carer and Home manager to the night team; Senior carer wrote it down"),
        [""; 0]
    );
    assert_ne!(holding(&all, "Kept back: It shows somebody&#39;s room"), [""; 0]);
    let beside = text(&all, "trail/texts.jsonl");
    for why in ["It names a member", "The evidence is kept back: It shows somebody's room"] {
        assert!(beside.contains(why), "{why}");
    }
    assert_eq!(all.keys().filter(|name| name.starts_with("files/")).count(), 1, "the photo alone");
    // by name when that is chosen: then the texts are there
    let wanted = Choice { naming: Naming::Names, ..choice(w.house.id) };
    let id = asked(&w, "manager", &wanted).await;
    let zip = fetched(&manager, id).await;
    let all = unpacked(&zip);
    assert_ne!(holding(&all, "Told by Amara Bello and Priya to the night team"), [""; 0]);
    assert_ne!(holding(&all, "the secret of the kept back file"), [""; 0]);
    assert_eq!(verify(&zip[..], None).unwrap().withheld, 0);
}

#[tokio::test]
async fn a_manager_hands_out_their_own_services_alone_and_sees_no_pack_of_others() {
    let db = TestDb::new().await;
    let w = scene(&db).await;
    let id = made(&w, "manager").await;
    let manager = w.browser("manager").await;
    let all = unpacked(&fetched(&manager, id).await);
    assert_eq!(holding(&all, "Visits only"), [""; 0]);
    // asked for all the same: another service's id or finding is not there
    let both = Choice { services: vec![w.house.id, w.visits.id], ..choice(w.house.id) };
    let id = asked(&w, "manager", &both).await;
    assert_eq!(holding(&unpacked(&fetched(&manager, id).await), "Visits only"), [""; 0]);
    let foreign = Choice { services: vec![w.visits.id], ..choice(w.visits.id) };
    let refused = pack::ask(&w.app, w.actor("manager"), PackId::new(), &foreign).await;
    assert!(matches!(refused, Err(Stop::Refused(_))));
    let page = manager.get("/packs/new?service=rowan-visits&naming=titles").await;
    assert_eq!(page.status, 422);
    let named = manager.get("/packs/new?findings=F-0003&naming=titles").await;
    assert!(
        named.status == 422 && named.text().contains("F-0003 is not among what was found there"),
        "{}",
        named.text()
    );
    // the whole provider's pack is the quality lead's and the nominated individual's
    let whole = asked(&w, "quality", &both).await;
    let quality = w.browser("quality").await;
    assert_ne!(holding(&unpacked(&fetched(&quality, whole).await), "Visits only"), [""; 0]);
    assert_eq!(w.browser("nominated").await.get(&format!("/packs/{whole}")).await.status, 200);
    for nickname in
        ["manager", "manager_two", "deputy", "leader", "carer", "administrator", "safeguarding", "reader"]
    {
        let browser = w.browser(nickname).await;
        assert_eq!(browser.get(&format!("/packs/{whole}")).await.status, 404, "{nickname}");
        assert_eq!(browser.get(&format!("/packs/{whole}/pack.zip")).await.status, 404, "{nickname}");
    }
    for nickname in ["deputy", "carer", "administrator"] {
        assert_eq!(w.browser(nickname).await.get("/packs").await.status, 404, "{nickname}");
    }
    assert!(!manager.get("/packs").await.text().contains("Rowan Visits"));
}

#[tokio::test]
async fn what_cannot_be_a_pack_is_said_and_nothing_typed_is_lost() {
    let db = TestDb::new().await;
    let w = scene(&db).await;
    let manager = w.browser("manager").await;
    for (query, said) in [
        ("naming=titles", "Choose at least one service"),
        ("service=rowan-house", "Say how members are named"),
        ("service=rowan-house&naming=titles&findings=12", "Write references of findings like F-0012"),
        (
            "service=rowan-house&naming=titles&from=1&from-month=5&from-year=2027",
            "Nothing was found there in that time",
        ),
        (
            "service=rowan-house&naming=titles&from=2&from-month=5&from-year=2026&to=1&to-month=5&to-year=2026",
            "not before the first",
        ),
        ("service=rowan-house&naming=titles&theme=nonsense", "Choose themes of this list"),
    ] {
        let page = manager.get(&format!("/packs/new?{query}")).await;
        assert_eq!(
            (page.status.as_u16(), page.text().contains(said)),
            (422, true),
            "{query}: {}",
            page.text()
        );
    }
    let id = PackId::new().to_string();
    let kept = evidence(&db, "KEEP-THIS-BACK.pdf").await.to_string();
    let fields = [
        ("service", "rowan-house"),
        ("naming", "titles"),
        ("id", &id),
        ("purpose", "Commissioner"),
        ("withheld", &kept),
    ];
    let page = manager.post("/packs", &fields).await;
    assert!(
        page.status == 422 && page.text().contains("Say why this evidence is kept back"),
        "{}",
        page.text()
    );
    assert!(
        page.body.contains(&format!("value=\"{kept}\" checked")) && page.field("purpose") == "Commissioner"
    );
    // evidence of somewhere else cannot be named
    let stranger = EvidenceId::new().to_string();
    let fields = [
        ("service", "rowan-house"),
        ("naming", "titles"),
        ("id", &id),
        ("purpose", "Commissioner"),
        ("withheld", &stranger),
        ("reason", "x"),
    ];
    assert_eq!(manager.post("/packs", &fields).await.status, 422);
    assert_eq!(number(&db, "SELECT count(*) FROM packs").await, 0);
}

/// Several workers, and one that was killed: a pack is made once, whoever makes it.
#[tokio::test]
async fn a_pack_is_made_once_whoever_makes_it_and_after_any_crash() {
    let db = TestDb::new().await;
    let w = scene(&db).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = PackId::new();
        pack::ask(&w.app, w.actor("manager"), id, &choice(w.house.id)).await.unwrap();
        ids.push(id);
    }
    // somebody takes the first and dies
    let take = async |provider: ProviderId| {
        let mut tx =
            throughline::store::TenantTx::begin(&w.app.db, provider, None, w.clock.now()).await.unwrap();
        let until = w.clock.now() + chrono::Duration::minutes(15);
        let taken = throughline::store::pack::take(&mut tx, until).await.unwrap();
        tx.commit().await.unwrap();
        taken.unwrap()
    };
    let taken = take(w.provider).await;
    assert_eq!(taken.id, ids[0]);
    let (one, two, three) = tokio::join!(make_packs(&w.app), make_packs(&w.app), make_packs(&w.app));
    assert_eq!(one.unwrap() + two.unwrap() + three.unwrap(), 2);
    assert_eq!(texts(&db, "SELECT state FROM packs ORDER BY id").await, ["asked", "made", "made"]);
    w.at(w.clock.now() + chrono::Duration::minutes(16));
    assert_eq!(make_packs(&w.app).await.unwrap(), 1);
    assert_eq!(number(&db, "SELECT count(*) FROM events WHERE kind = 'pack_made'").await, 3);
    // one that always fails is given up, and says so
    let lost = PackId::new();
    pack::ask(&w.app, w.actor("manager"), lost, &choice(w.house.id)).await.unwrap();
    for _ in 0..3 {
        take(w.provider).await;
        w.at(w.clock.now() + chrono::Duration::minutes(16));
    }
    make_packs(&w.app).await.unwrap();
    let page = w.browser("manager").await.get(&format!("/packs/{lost}")).await.text();
    assert!(
        page.contains("It could not be made") && page.contains("Making it failed several times"),
        "{page}"
    );
}

/// The database itself keeps a pack as it was made.
#[tokio::test]
async fn nobody_changes_a_pack_through_the_database() {
    let db = TestDb::new().await;
    let w = scene(&db).await;
    let id = made(&w, "manager").await;
    let mut app = db.connect(roles::APP).await;
    for sql in [
        format!("UPDATE packs SET sha256 = sha256('x'::bytea) WHERE id = '{id}'"),
        format!("UPDATE packs SET state = 'asked' WHERE id = '{id}'"),
        format!("UPDATE packs SET size = size + 1 WHERE id = '{id}'"),
        format!("UPDATE packs SET purpose = 'another' WHERE id = '{id}'"),
        format!("DELETE FROM packs WHERE id = '{id}'"),
        format!("DELETE FROM pack_downloads WHERE pack_id = '{id}'"),
        format!("UPDATE pack_withheld SET reason = 'x' WHERE pack_id = '{id}'"),
        format!("INSERT INTO pack_services VALUES ('{}', '{id}', '{}')", w.provider, w.visits.id),
        format!(
            "INSERT INTO pack_findings SELECT provider_id, '{id}', id FROM findings WHERE service_id = '{}'",
            w.visits.id
        ),
        // a withdrawal without its line of the trail
        format!(
            "UPDATE packs SET state = 'withdrawn', withdrawn_by = asked_by, withdrawn_at = now(), withdrawn_reason = 'x' WHERE id = '{id}'"
        ),
    ] {
        let whole = format!("BEGIN; SET LOCAL app.provider_id = '{}'; {sql}; COMMIT", w.provider);
        assert!(sqlx::raw_sql(sqlx::AssertSqlSafe(whole)).execute(&mut app).await.is_err(), "{sql}");
        sqlx::raw_sql("ROLLBACK").execute(&mut app).await.unwrap();
    }
    assert_eq!(texts(&db, "SELECT state FROM packs").await, ["made"]);
}

#[tokio::test]
async fn a_pack_is_made_and_checked_from_the_keyboard() {
    let db = TestDb::new().await;
    let w = scene(&db).await;
    let folder = Scratch::new("packs");
    let file = folder.path().join("pack.zip");
    let id = made(&w, "manager").await;
    let zip = fetched(&w.browser("manager").await, id).await;
    std::fs::write(&file, &zip).unwrap();
    let hash = hash_of_seal(&db, id).await;
    let path = file.to_str().unwrap();
    let run = |words: &[&str]| {
        let answer = Program::command(words, &[]).output().unwrap();
        let said = [answer.stdout, answer.stderr].concat();
        (answer.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = run(&["trail", "verify", path, "--head", &hash]);
    assert!(code == Some(0) && said.contains("Intact") && said.contains("nothing was changed"), "{said}");
    let (code, said) = run(&["trail", "verify", path]);
    assert!(code == Some(0) && said.contains("nothing is proved"), "{said}");
    let (code, said) = run(&["trail", "verify", path, "--head", &"0".repeat(64)]);
    assert!(
        code == Some(1) && said.contains("NOT INTACT: The seal is not the one whose hash you gave"),
        "{said}"
    );
    std::fs::write(&file, &zip[..zip.len() - 1]).unwrap();
    let (code, said) = run(&["trail", "verify", path, "--head", &hash]);
    assert!(code == Some(1) && said.contains("NOT INTACT"), "{said}");
    let (database, data) = (db.url(roles::APP), folder.path().join("data"));
    let settings = [("DATABASE_URL", &*database), ("DATA_DIR", data.to_str().unwrap())];
    let words = [
        "pack",
        "--provider",
        "rowan-care",
        "--purpose",
        "Board",
        "--service",
        "rowan-visits",
        "--out",
        path,
    ];
    let answer = Program::command(&words, &settings).output().unwrap();
    let said = String::from_utf8([answer.stdout, answer.stderr].concat()).unwrap();
    assert!(answer.status.success(), "{said}");
    let hash = said.split("whose hash is ").nth(1).unwrap().trim().get(..64).unwrap().to_owned();
    let intact = verify(&std::fs::read(&file).unwrap()[..], Some(&hash)).unwrap();
    assert_eq!(intact.manifest.provider.slug, "rowan-care");
}
