//! Things of a service, made through the workflow, and the addresses and forms that name them.

use axum::http::StatusCode;
use chrono::Duration;
use throughline::auth::spoken::Spoken;
use throughline::auth::token::Token;
use throughline::domain::invitation::Way;
use throughline::domain::member::Role;
use throughline::domain::message::MessageKind;
use throughline::domain::topic::{EvidenceKind, Risk, Topic};
use throughline::ids::{
    ActionId, ApiKeyId, EscalationId, EvidenceId, FindingId, ImportId, InvitationId, MeasureId, MemberId,
    NoticeId, PackId, ReviewId, ServiceId, SessionId, StandardId, UnitId, UpdateId, WeeklyReviewId,
};
use throughline::store::{TenantTx, mail_choice};
use throughline::worker;
use throughline::workflow::finding::{Log, Source, log};
use throughline::workflow::invitation::{Given, invite};
use throughline::workflow::review::{Start, start};
use throughline::workflow::{Actor, action, calendar, weekly};

use crate::harness::TestDb;
use crate::harness::fixtures::World;
use crate::harness::upload::{Upload, photo};

/// What addresses of one service can name.
#[derive(Clone, Debug)]
pub struct Things {
    pub slug: String,
    pub review: String,
    pub weekly: String,
    pub measure: String,
    /// A pack that is made.
    pub pack: String,
    pub finding: String,
    /// The earlier finding of which it is the recurrence.
    pub earlier: String,
    pub action: String,
    pub escalation: String,
    pub evidence: String,
    pub member: String,
    pub service: String,
    pub invitation: String,
    /// A key for another program.
    pub key: String,
    pub standard: String,
    /// The secret of that invitation.
    pub secret: String,
    /// A notice of the owner's.
    pub notice: String,
    /// The secret with which the owner's mail is stopped.
    pub stop: String,
    /// The secret of the owner's calendar.
    pub calendar: String,
    pub import: String,
    /// What forms can name.
    pub named: Named,
}

/// What forms of one service can name.
#[derive(Clone, Debug)]
pub struct Named {
    pub service: ServiceId,
    pub unit: UnitId,
    pub owner: MemberId,
    pub review: ReviewId,
    pub action_id: ActionId,
}

impl Things {
    /// The same things under another provider's address.
    pub fn at(&self, slug: &str) -> Self {
        Self { slug: slug.to_owned(), ..self.clone() }
    }
}

/// Things that are nowhere.
pub struct Stranger {
    pub random: Things,
    pub nonsense: Things,
}

impl Stranger {
    /// Under the address of `own`.
    pub fn of(own: &Things) -> Self {
        let named = Named {
            service: ServiceId::new(),
            unit: UnitId::new(),
            owner: MemberId::new(),
            review: ReviewId::new(),
            action_id: ActionId::new(),
        };
        let random = Things {
            slug: own.slug.clone(),
            review: "R-8888".into(),
            weekly: WeeklyReviewId::new().to_string(),
            measure: MeasureId::new().to_string(),
            pack: PackId::new().to_string(),
            finding: "F-8888".into(),
            earlier: "F-8887".into(),
            action: "A-8888".into(),
            escalation: EscalationId::new().to_string(),
            evidence: EvidenceId::new().to_string(),
            member: MemberId::new().to_string(),
            service: ServiceId::new().to_string(),
            invitation: InvitationId::new().to_string(),
            key: ApiKeyId::new().to_string(),
            standard: StandardId::new().to_string(),
            secret: Spoken::long().text().to_owned(),
            notice: NoticeId::new().to_string(),
            stop: Token::random().text(),
            calendar: Token::random().text(),
            import: ImportId::new().to_string(),
            named,
        };
        let word = || "%27%3B--".to_owned();
        let nonsense = Things {
            review: word(),
            weekly: word(),
            measure: word(),
            pack: word(),
            finding: word(),
            earlier: word(),
            action: word(),
            escalation: word(),
            evidence: word(),
            member: word(),
            service: word(),
            invitation: word(),
            key: word(),
            standard: word(),
            secret: word(),
            notice: word(),
            stop: word(),
            calendar: word(),
            import: word(),
            ..random.clone()
        };
        Self { random, nonsense }
    }
}

/// `pattern` with what it names: `{…}` of an address by the noun before it, `@…` of a form by its name.
pub fn fill(pattern: &str, things: &Things) -> String {
    match pattern {
        "@version" => return "1".into(),
        "@new" => return ActionId::new().to_string(),
        // a file kept for somebody else's form
        "@upload" => return ActionId::new().to_string(),
        "@service" => return things.named.service.to_string(),
        "@unit" => return things.named.unit.to_string(),
        "@owner" => return things.named.owner.to_string(),
        "@review" => return format!("review:{}", things.named.review),
        "@action_id" => return things.named.action_id.to_string(),
        _ => {}
    }
    let mut filled = Vec::new();
    for part in pattern.split('/') {
        let before = filled.last().map_or("", |part: &String| part.as_str());
        filled.push(match (part.starts_with('{'), before) {
            (false, _) => part.to_owned(),
            (true, "p") => things.slug.clone(),
            (true, "reviews") => things.review.clone(),
            (true, "weekly-review") => things.weekly.clone(),
            (true, "measures") => things.measure.clone(),
            (true, "packs") => things.pack.clone(),
            (true, "read") => "index.html".to_owned(),
            (true, "findings") => things.finding.clone(),
            (true, "earlier") => things.earlier.clone(),
            (true, "actions") => things.action.clone(),
            (true, "signals") => "overdue".to_owned(),
            (true, "governance") => "2026-11".to_owned(),
            (true, "2026-11") => "m10_open".to_owned(),
            (true, "overdue") => things.action.clone(),
            (true, "escalations") => things.escalation.clone(),
            (true, "evidence") => things.evidence.clone(),
            (true, "services") => things.service.clone(),
            (true, "members") => things.member.clone(),
            (true, "invitations") => things.invitation.clone(),
            (true, "keys") => things.key.clone(),
            (true, "api") => things.slug.clone(),
            (true, "standards") => things.standard.clone(),
            (true, "notices") => things.notice.clone(),
            (true, "imports") => things.import.clone(),
            (true, "join" | "mail" | "calendar") => things.slug.clone(),
            (true, slug)
                if filled.first().is_some_and(|part| part.is_empty()) && pattern.starts_with("/mail/") =>
            {
                assert_eq!(slug, things.slug);
                things.stop.clone()
            }
            (true, slug)
                if filled.first().is_some_and(|part| part.is_empty())
                    && pattern.starts_with("/calendar/") =>
            {
                assert_eq!(slug, things.slug);
                things.calendar.clone()
            }
            (true, slug)
                if filled.first().is_some_and(|part| part.is_empty()) && pattern.starts_with("/join/") =>
            {
                assert_eq!(slug, things.slug);
                things.secret.clone()
            }
            (true, "sessions") => SessionId::new().to_string(),
            (true, noun) => panic!("say in things::fill what comes after {noun} in {pattern}"),
        });
    }
    filled.join("/")
}

/// A pack of the service `by` manages, made.
pub async fn with_pack(world: &World, by: &str, things: Things) -> Things {
    let pack = crate::pack::of(world, by, things.named.service).await;
    Things { pack: pack.to_string(), ..things }
}

/// A review, a finding and an action of the service `by` manages, owned by `owner` and in progress with evidence.
pub async fn of_service(world: &World, by: &str, owner: &str) -> Things {
    let actor = world.actor(by);
    let unit = if actor.member.services.first() == Some(&world.house.id) {
        world.house.units[0]
    } else {
        world.visits.units[0]
    };
    let review = world.review(by, throughline::domain::topic::ReviewKind::Audit);
    let finding = world.finding(by, Risk::High, Topic::Medicines);
    make(world, actor, owner, (unit, review), finding, world.slug).await
}

/// The same in the other provider, whose references are higher than any of ours.
pub async fn of_other_provider(world: &World) -> Things {
    let (actor, owner) = (world.actor("willow_manager"), "willow_shared");
    for _ in 0..6 {
        let things = in_other(world, actor, owner).await;
        assert!(things.action.starts_with("A-"));
    }
    in_other(world, actor, owner).await
}

/// An invitation that waits, as `by` made it.
pub async fn with_invitation(world: &World, by: &str, things: Things) -> Things {
    let given = Given {
        way: Way::Code,
        email: None,
        name: "Noor Aziz".into(),
        role: Role::CareStaff,
        job_title: String::new(),
        services: vec![things.named.service],
    };
    let made = invite(&world.app, world.actor(by), &given).await.unwrap();
    let key = throughline::workflow::api_key::Given {
        name: "Board report".into(),
        reads: vec![throughline::domain::api_key::Reads::Actions],
        service: None,
        lasts: throughline::domain::api_key::Lasts::Month,
    };
    let key = throughline::workflow::api_key::make(&world.app, world.actor(by), &key).await.unwrap();
    let secret = made.secret.unwrap().text().to_owned();
    Things { invitation: made.id.to_string(), key: key.id.to_string(), secret, ..things }
}

async fn in_other(world: &World, actor: &Actor, owner: &str) -> Things {
    let service = world.lodge.id;
    let review =
        Start { service, ..world.review("willow_manager", throughline::domain::topic::ReviewKind::Audit) };
    let finding = Log { service, ..world.finding("willow_manager", Risk::High, Topic::Medicines) };
    make(world, actor, owner, (world.lodge.units[0], review), finding, world.other_slug).await
}

async fn make(
    world: &World,
    actor: &Actor,
    owner: &str,
    (unit, review): (UnitId, Start),
    finding: Log,
    slug: &str,
) -> Things {
    let app = &world.app;
    let service = finding.service;
    let review_reference = start(app, actor, &review).await.unwrap();
    let before = Log { id: FindingId::new(), source: Source::Review(review.id), ..finding.clone() };
    let before = log(app, actor, &before, None).await.unwrap();
    let source = Source::Review(review.id);
    let finding = Log { id: FindingId::new(), source, earlier: vec![before.number], ..finding };
    let finding = log(app, actor, &finding, None).await.unwrap();
    let due = world.today() + Duration::days(3);
    let new = action::Define {
        id: ActionId::new(),
        what: "Add a maximum dose to all 12 protocols".into(),
        success_test: "6 of 6 sampled protocols show a maximum dose".into(),
        owner: Some(world.id(owner)),
        due_on: Some(due),
        evidence: vec![EvidenceKind::Record],
        follow_up_on: None,
        wording_override: None,
    };
    let action_id = new.id;
    let action = action::define(app, actor, finding.number, &new).await.unwrap();
    let progress = Upload::new()
        .text("id", &UpdateId::new().to_string())
        .text("note", "Rewrote six of the twelve")
        .text("next", "working")
        .date("done_on", "2026-11-20")
        .file("file-record", "protocols.jpg", &photo(1));
    let home = format!("/p/{slug}/actions/{action}/update");
    let sent = world.browser(owner).await.upload(&home, progress).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    Things {
        slug: slug.to_owned(),
        review: review_reference.to_string(),
        weekly: weekly::start(app, actor, service).await.unwrap().to_string(),
        measure: crate::measure::defined(app, actor, Some(service)).await.to_string(),
        pack: String::new(),
        finding: finding.to_string(),
        earlier: before.to_string(),
        action: action.to_string(),
        escalation: String::new(),
        evidence: String::new(),
        member: world.id(owner).to_string(),
        service: service.to_string(),
        invitation: String::new(),
        key: String::new(),
        standard: String::new(),
        secret: String::new(),
        notice: String::new(),
        stop: String::new(),
        calendar: String::new(),
        import: crate::import::draft(app, actor, service, &format!("{action}")).await.to_string(),
        named: Named { service, unit, owner: world.id(owner), review: review.id, action_id },
    }
}

/// A notice of `owner` about the action, and the secret of a mail to them.
pub async fn with_notice(db: &TestDb, world: &World, owner: &str, things: Things) -> Things {
    let mut administrator = db.administrator().await;
    let (member, provider) = (world.id(owner), world.actor(owner).provider);
    let notice: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM notices WHERE action_id = $1 AND member_id = $2 LIMIT 1")
            .bind(things.named.action_id.uuid())
            .bind(member.uuid())
            .fetch_one(&mut administrator)
            .await
            .unwrap();
    let stop = Token::random();
    let mut tx = TenantTx::begin(&world.app.db, provider, None, world.clock.now()).await.unwrap();
    mail_choice::insert_stop(&mut tx, stop.hash(), member, MessageKind::Assigned).await.unwrap();
    tx.commit().await.unwrap();
    let calendar = calendar::renew(&world.app, world.actor(owner)).await.unwrap().text();
    Things { notice: notice.to_string(), stop: stop.text(), calendar, ..things }
}

/// Lets the due dates pass, so that everything is escalated.
pub async fn escalate(world: &World) {
    world.days_pass(10);
    let summary = worker::tick(&world.app).await.unwrap();
    assert!(summary.raised > 0, "nothing was escalated");
}

/// The escalation and the evidence of the action, which have no reference of their own.
pub async fn with_escalation(db: &TestDb, things: Things) -> Things {
    let mut administrator = db.administrator().await;
    let action = things.named.action_id.uuid();
    let escalation: Option<uuid::Uuid> =
        sqlx::query_scalar("SELECT id FROM escalations WHERE action_id = $1 ORDER BY level LIMIT 1")
            .bind(action)
            .fetch_optional(&mut administrator)
            .await
            .unwrap();
    let evidence: uuid::Uuid = sqlx::query_scalar("SELECT id FROM evidence WHERE action_id = $1 LIMIT 1")
        .bind(action)
        .fetch_one(&mut administrator)
        .await
        .unwrap();
    let standard: uuid::Uuid = sqlx::query_scalar(
        "SELECT s.id FROM closure_standards s JOIN actions a ON a.provider_id = s.provider_id AND a.id = $1
         WHERE s.topic = 'falls' AND s.source IS NULL",
    )
    .bind(action)
    .fetch_one(&mut administrator)
    .await
    .unwrap();
    let escalation = escalation.unwrap_or_default().to_string();
    Things { escalation, standard: standard.to_string(), evidence: evidence.to_string(), ..things }
}
