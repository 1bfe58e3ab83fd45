//! Choosing what a pack holds: services, days, themes or single findings; then looking at what would be in it, and keeping
//! evidence back.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::pack::{Choice as Wanted, wrong_days};
use crate::domain::redaction::Naming;
use crate::domain::reference::Reference;
use crate::domain::topic::Theme;
use crate::domain::words;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::extract::Query;
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::ids::{EvidenceId, PackId};
use crate::store::pack::FileOf;
use crate::store::provider::Service;
use crate::store::{TenantTx, menu, provider};
use crate::workflow::Stop;
use crate::workflow::pack::{self as workflow, Looked, findings_typed};

/// The most pieces of evidence that are offered to be kept back, so that a form is never too large to be sent.
const OFFERED: usize = 500;
/// How many findings are named before the pack is asked for.
const NAMED: usize = 30;
/// The fields that say what a pack holds.
const CHOSEN: [&str; 10] = [
    "service",
    "from",
    "from-month",
    "from-year",
    "to",
    "to-month",
    "to-year",
    "theme",
    "findings",
    "naming",
];

#[derive(Template)]
#[template(path = "pack/new.html")]
struct NewPage {
    layout: Layout,
    draft: Draft,
    back: String,
    here: String,
    action: String,
    services: Vec<Choice>,
    themes: Vec<Choice>,
    namings: Vec<Choice>,
    hidden: Vec<(String, String)>,
    id: String,
    inside: Option<Inside>,
}

/// What would be in it.
struct Inside {
    says: String,
    findings: Vec<(String, String, String)>,
    more: String,
    pieces: Vec<Choice>,
    not_offered: String,
    whole: bool,
}

pub(super) async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    signed.need(Verb::MakePacks)?;
    let asked = !pairs.is_empty();
    let mut draft = Draft::from_pairs(pairs);
    if !asked {
        draft = draft.with("naming", Naming::Titles.as_str());
    }
    let mut tx = signed.actor.begin(&app).await?;
    let services = services(&mut tx, &signed).await?;
    let wanted = if asked { read(&mut draft, &services) } else { None };
    let mut looked = None;
    if let Some(mut wanted) = wanted {
        let found = workflow::look(&mut tx, &signed.actor, &mut wanted).await?;
        // that it is too much can still be mended by keeping evidence back
        if let Some((field, sentence)) =
            found.lacks.clone().filter(|_| found.findings.is_empty() || found.files.is_empty())
        {
            draft.refuse(field, sentence);
        } else if let Some(("findings", sentence)) = found.lacks.clone() {
            draft.refuse("findings", sentence);
        } else {
            looked = Some(found);
        }
    }
    let status = if draft.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    draw(&signed, tx, draft, (&services, looked), status).await
}

pub(super) async fn ask(
    signed: Signed,
    State(app): State<AppState>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::MakePacks)?;
    let mut tx = signed.actor.begin(&app).await?;
    let services = services(&mut tx, &signed).await?;
    let wanted = read(&mut draft, &services);
    let id = draft.id::<PackId>("id", "Open the form anew");
    let purpose = draft.line("purpose", 200, "Say what the pack is for");
    let kept_back: Vec<EvidenceId> = draft.values("withheld").filter_map(|id| id.parse().ok()).collect();
    let mut reason = Some(String::new());
    if draft.values("withheld").next().is_some() {
        reason = draft.line("reason", 300, "Say why this evidence is kept back");
    }
    let mut looked = None;
    if let (Some(mut wanted), true) = (wanted.clone(), draft.error("id").is_none()) {
        looked = Some(workflow::look(&mut tx, &signed.actor, &mut wanted).await?);
    }
    drop(tx);
    if let (true, Some(wanted), Some(id), Some(purpose), Some(reason)) =
        (draft.is_ok(), wanted, id, purpose, reason)
    {
        let withheld = kept_back.into_iter().map(|id| (id, reason.clone())).collect();
        let wanted = Wanted { purpose, withheld, ..wanted };
        match workflow::ask(&app, &signed.actor, id, &wanted).await {
            Ok(()) => return Ok(page::done(&signed.path(&format!("packs/{id}")), Done::PackAsked, "")),
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Changed) => return Err(AppError::Conflict),
            Err(Stop::Refused(said)) => {
                said.into_iter().for_each(|one| draft.refuse(one.field.unwrap_or("purpose"), one.sentence));
            }
        }
    }
    let tx = signed.actor.begin(&app).await?;
    draw(&signed, tx, draft, (&services, looked), StatusCode::UNPROCESSABLE_ENTITY).await
}

/// The services this member may hand something out of.
async fn services(tx: &mut TenantTx, signed: &Signed) -> Result<Vec<Service>, AppError> {
    let all = provider::services(tx).await?;
    Ok(all.into_iter().filter(|service| signed.actor.member.sees_service(service.id)).collect())
}

/// What was chosen; none when something about it is wrong.
fn read(draft: &mut Draft, services: &[Service]) -> Option<Wanted> {
    let findings = match findings_typed(draft.value("findings")) {
        Ok(findings) => findings,
        Err(sentence) => {
            draft.refuse("findings", sentence);
            Vec::new()
        }
    };
    let named: Vec<&str> = draft.values("service").collect();
    let unknown = named.iter().any(|slug| !services.iter().any(|service| service.slug == *slug));
    let chosen = services.iter().filter(|service| named.contains(&service.slug.as_str()));
    let mut chosen: Vec<_> = chosen.map(|service| service.id).collect();
    if named.is_empty() && !findings.is_empty() {
        chosen = services.iter().map(|service| service.id).collect();
    }
    if chosen.is_empty() || unknown {
        draft.refuse("service", "Choose at least one service");
    }
    let (from, to) = (draft.optional_date("from"), draft.optional_date("to"));
    if let Some((field, sentence)) = wrong_days(from, to) {
        draft.refuse(field, sentence);
    }
    let themes = draft.choices::<Theme>("theme", "Choose themes of this list");
    let naming = draft.choice::<Naming>("naming", "Say how members are named");
    let naming = naming.filter(|_| draft.is_ok())?;
    Some(Wanted {
        purpose: String::new(),
        services: chosen,
        from,
        to,
        themes,
        findings,
        naming,
        withheld: Vec::new(),
    })
}

async fn draw(
    signed: &Signed,
    mut tx: TenantTx,
    draft: Draft,
    (services, looked): (&[Service], Option<Looked>),
    status: StatusCode,
) -> Result<Response, AppError> {
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    drop(tx);
    let hidden = draft.pairs().iter().filter(|(name, _)| CHOSEN.contains(&name.as_str())).cloned().collect();
    let id = match draft.carried("id") {
        "" => PackId::new().to_string(),
        id => id.to_owned(),
    };
    page::render_as(
        status,
        &NewPage {
            layout: signed
                .layout_with("Make an evidence pack", counts)
                .at(&signed.path("packs"))
                .with_errors(!draft.is_ok()),
            back: signed.path("packs"),
            here: signed.path("packs/new"),
            action: signed.path("packs"),
            services: services.iter().map(|service| Choice::new(service.slug.clone(), service.name.clone())).collect(),
            themes: Choice::all::<Theme>(),
            namings: vec![
                Choice::new(Naming::Titles.as_str(), Naming::Titles.label())
                    .hint("Who did what stays plain: \u{201c}Senior carer 2\u{201d} is always the same person. Best for most readers."),
                Choice::new(Naming::Names.as_str(), Naming::Names.label()).hint("Only when the reader needs to know who it was."),
            ],
            hidden,
            id,
            inside: looked.filter(|looked| !looked.findings.is_empty()).map(|looked| inside(&looked)),
            draft,
        },
    )
}

fn inside(looked: &Looked) -> Inside {
    let count = |n: usize, noun: &str| words::count(n as u64, noun);
    let live = || looked.files.iter().filter(|file| !file.withdrawn);
    let files: Vec<&FileOf> = live().filter(|file| file.file.is_some()).collect();
    let bytes = files
        .iter()
        .filter_map(|file| file.file.as_ref())
        .map(|(_, size, _)| u64::try_from(*size).unwrap_or(0))
        .sum();
    let piece = |file: &FileOf| {
        let what = match &file.file {
            Some((_, size, name)) => {
                format!("{name}, {}", words::file_size(u64::try_from(*size).unwrap_or(0)))
            }
            None => "a reference to a record kept elsewhere".to_owned(),
        };
        let by = format!(
            "{}: {what}; about {}, given by {}",
            file.kind.label(),
            words::date(file.about_on),
            file.author
        );
        Choice::new(file.id.to_string(), format!("{} {}", Reference::action(file.action), file.title))
            .hint(by)
    };
    let all = live().count();
    let named = looked.findings.iter().take(NAMED);
    Inside {
        says: format!(
            "{} with {} of evidence, of which {} {} a file, {} together.",
            words::capital(&count(looked.findings.len(), "finding")),
            count(all, "piece"),
            files.len(),
            if files.len() == 1 { "is" } else { "are" },
            words::file_size(bytes),
        ),
        findings: named
            .map(|one| {
                let meta = format!(
                    "{}, {} risk, found {}",
                    one.service,
                    one.risk.label().to_lowercase(),
                    words::date(one.found_on)
                );
                (Reference::finding(one.number).to_string(), one.what.clone(), meta)
            })
            .collect(),
        more: match looked.findings.len().saturating_sub(NAMED) {
            0 => String::new(),
            n => format!("And {}.", words::count_of(n as u64, "one more", "more")),
        },
        pieces: live().take(OFFERED).map(piece).collect(),
        not_offered: if all > OFFERED {
            format!(
                "Only the first {OFFERED} pieces can be kept back here. Choose a shorter time to see the others."
            )
        } else {
            String::new()
        },
        whole: looked.lacks.is_none(),
    }
}
