//! Bringing it in: all rows of the dry run or none, in the one transaction of the job.

use std::collections::BTreeMap;

use serde_json::json;

use super::planned;
use crate::app::AppState;
use crate::domain::calendar::{self, Nation};
use crate::domain::event::{Event, EventKind};
use crate::domain::framework;
use crate::domain::import::Fate;
use crate::domain::import::plan::{Planned, Said, counts};
use crate::domain::reference::Kind;
use crate::domain::standard::{self, ClosureStandard};
use crate::domain::topic::{ReviewKind, Significance};
use crate::domain::wording::{self, Context, VagueTerm, Wording};
use crate::error::AppError;
use crate::ids::{ActionId, EarlierId, FindingId, ImportId, ReviewId, ServiceId, UpdateId};
use crate::store::import::write::{self, EarlierRow, OpenRow, ReviewRow};
use crate::store::import::{self as store, Import, State};
use crate::store::{TenantTx, provider, standard as standards, trail};
use crate::workflow::job::Progress;
use crate::workflow::{Actor, Done, Moment, Stop};

/// How many findings hang on one review. A tracker of twenty thousand rows on one would be a page nobody can read.
const A_REVIEW: usize = 500;
/// Why vague wording of a tracker is kept (R2).
const KEPT: &str = "Imported from the tracker as it was written there.";
const CHANGED: &str = "Something changed since the dry run: people, services or what is here already. Look at the dry run again, then import.";

/// Brings in what the dry run showed. Owner, date, evidence and window follow the closure standard as with any other action; what the
/// tracker does not say is said so.
///
/// # Errors
/// What would come in is not what the dry run showed, or the database refused or was lost.
pub async fn bring(
    app: &AppState,
    tx: &mut TenantTx,
    by: &Actor,
    id: ImportId,
    progress: &mut Progress<'_>,
) -> Done<()> {
    let import = store::lock(tx, id).await?.ok_or(AppError::NotFound)?;
    if import.state != State::Running {
        return Ok(());
    }
    let moment = Moment::read(app);
    let (planned, _) = planned(app, tx, by, &import).await?;
    if digest(&planned) != store::digest(tx, id).await? {
        return Err(Stop::refused(CHANGED));
    }
    let counted = counts(&planned);
    let (open, earlier): (Vec<Planned>, Vec<Planned>) =
        planned.into_iter().filter(|p| p.said.is_some()).partition(|p| p.fate == Fate::Open);
    let (reviews, mut open) = rows_of(app, tx, by, &import, moment, open).await?;
    write::reviews(tx, moment.today, &reviews).await?;
    let mut written = 0;
    let whole = open.len() * 2 + earlier.len();
    for batch in open.chunks(write::batch()) {
        write::open(tx, id, batch).await?;
        written += batch.len();
        progress.at(written, whole).await;
    }
    for batch in earlier.chunks(write::batch()) {
        let rows: Vec<EarlierRow> = batch.iter().filter_map(|one| earlier_row(one, moment)).collect();
        write::earlier(tx, id, &rows).await?;
        written += batch.len();
        progress.at(written, whole).await;
    }
    drop(earlier);
    write::tell_owners(tx, id).await?;
    write::counted(tx, id, counted).await?;
    store::set_state(tx, id, State::Imported, None).await?;
    // last, because the head of the trail is held from here until the commit
    let told: Vec<Event> = reviews.iter().map(|review| review_told(id, review, moment)).collect();
    trail::append(tx, &told).await?;
    while !open.is_empty() {
        let batch = open.split_off(open.len().saturating_sub(write::batch()));
        let told: Vec<Event> = batch.iter().flat_map(|row| line_told(id, row)).collect();
        trail::append(tx, &told).await?;
        written += batch.len();
        progress.at(written, whole).await;
    }
    let [open, earlier, known, left_out] = counted;
    let facts = json!({ "import": id, "sha256": import.sha256.to_string(), "rows": counted.iter().sum::<usize>(), "opened": open,
        "earlier": earlier, "known": known, "left_out": left_out });
    tx.record(Event::of_provider(EventKind::TrackerImported).detail(facts).text("title", import.file_name));
    Ok(())
}

/// The same as [`store::digest`], of what would come in now.
pub(super) fn digest(planned: &[Planned]) -> String {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    for one in planned {
        let why: String = one.why.chars().take(2_000).collect();
        hash.update(format!("{} {} {why}\n", one.n, one.fate.as_str()));
    }
    hex::encode(hash.finalize())
}

/// The rows that become findings with actions, with the reviews they hang on.
async fn rows_of(
    app: &AppState,
    tx: &mut TenantTx,
    by: &Actor,
    import: &Import,
    moment: Moment,
    open: Vec<Planned>,
) -> Done<(Vec<ReviewRow>, Vec<OpenRow>)> {
    let rules = standards::all(tx).await?;
    let nations: BTreeMap<ServiceId, Nation> =
        provider::services(tx).await?.into_iter().map(|s| (s.id, s.nation)).collect();
    let mut by_place: BTreeMap<ServiceId, Vec<u32>> = BTreeMap::new();
    for one in &open {
        if let Some(said) = &one.said {
            by_place.entry(said.service).or_default().push(one.n);
        }
    }
    let parts: usize = by_place.values().map(|rows| rows.len().div_ceil(A_REVIEW)).sum();
    let mut numbers = Numbers::give_out(app, by, parts, open.len()).await?;
    let mut reviews = Vec::with_capacity(parts);
    let mut review_of: BTreeMap<u32, ReviewId> = BTreeMap::new();
    for (service, rows) in &by_place {
        for part in rows.chunks(A_REVIEW) {
            let review = review_row(import, by, *service, numbers.review(), (part, rows.len() > A_REVIEW));
            review_of.extend(part.iter().map(|n| (*n, review.id)));
            reviews.push(review);
        }
    }
    let mut made = Vec::with_capacity(open.len());
    for one in open {
        let (Some(said), Some(print)) = (one.said, one.fingerprint) else { continue };
        let rule = standard::choose(&rules, said.topic, &[ReviewKind::ImportedTracker], said.risk.0)
            .ok_or_else(|| AppError::internal("the provider has no closure standard for everything"))?;
        let nation = nations.get(&said.service).copied().unwrap_or(Nation::England);
        let review = review_of.get(&one.n).copied().unwrap_or_default();
        let numbers = (numbers.finding(), numbers.action());
        made.push(open_row(said, (one.n, print), (review, numbers), (rule, nation, moment), by));
    }
    Ok((reviews, made))
}

/// Numbers given out before the import, in a transaction of their own: who records something meanwhile does not wait, and an import
/// that is not finished leaves a gap.
struct Numbers {
    review: i32,
    finding: i32,
    action: i32,
}

impl Numbers {
    async fn give_out(app: &AppState, by: &Actor, reviews: usize, lines: usize) -> Done<Self> {
        let mut tx = by.begin(app).await?;
        let review = write::numbers(&mut tx, Kind::Review, reviews).await?;
        let finding = write::numbers(&mut tx, Kind::Finding, lines).await?;
        let action = write::numbers(&mut tx, Kind::Action, lines).await?;
        tx.commit().await?;
        Ok(Self { review, finding, action })
    }

    const fn review(&mut self) -> i32 {
        self.review += 1;
        self.review
    }

    const fn finding(&mut self) -> i32 {
        self.finding += 1;
        self.finding
    }

    const fn action(&mut self) -> i32 {
        self.action += 1;
        self.action
    }
}

fn review_row(
    import: &Import,
    by: &Actor,
    service: ServiceId,
    number: i32,
    (part, parted): (&[u32], bool),
) -> ReviewRow {
    let rows = match (part.first(), part.last()) {
        (Some(first), Some(last)) if parted => format!(", rows {first} to {last}"),
        _ => String::new(),
    };
    let name: String = import.file_name.chars().take(120).collect();
    let title = format!("Tracker imported: {name}{rows}");
    ReviewRow {
        id: ReviewId::new(),
        number,
        title,
        service_id: service,
        conducted_by: by.member.name.clone(),
    }
}

fn open_row(
    said: Said,
    (n, print): (u32, [u8; 32]),
    (review, (finding_number, action_number)): (ReviewId, (i32, i32)),
    (rule, nation, moment): (&ClosureStandard, Nation, Moment),
    by: &Actor,
) -> OpenRow {
    let (risk, _) = said.risk;
    let bears = framework::suggest(said.theme, said.topic);
    let clear = pointed_out(&said.what).is_clear();
    OpenRow {
        n,
        review_id: review,
        finding_id: FindingId::new(),
        finding_number,
        action_id: ActionId::new(),
        action_number,
        service_id: said.service,
        finding: said.finding,
        what: said.what,
        success_test: said.success_test,
        wording_override: (!clear).then(|| KEPT.to_owned()),
        risk: risk.as_str(),
        theme: said.theme.as_str(),
        topic: said.topic.as_str(),
        significance: Significance::suggest(risk, said.theme).as_str(),
        found_on: said.found,
        found_by: by.member.name.clone(),
        key_question: bears.key_question.as_str().to_owned(),
        regulation: bears.regulation.as_str().to_owned(),
        owner_id: said.owner,
        due_on: said
            .due
            .unwrap_or_else(|| calendar::add_working_days(moment.today, rule.due_days(risk), nation)),
        verification_working_days: rule.verification_working_days,
        approver: rule.approver.as_str(),
        sustain_days: rule.sustain_days.first().copied(),
        measured_improvement: rule.measured_improvement,
        required: rule.evidence_kinds.iter().map(|kind| kind.as_str()).collect(),
        started: said.started,
        update_id: (!said.note.is_empty()).then(UpdateId::new),
        note: if said.note.is_empty() { String::new() } else { format!("From the tracker:\n{}", said.note) },
        fingerprint: hex::encode(print),
    }
}

fn pointed_out(what: &str) -> Wording {
    wording::check(what, Context { has_owner: true, has_due_date: true, has_success_test: true })
}

fn earlier_row(one: &Planned, moment: Moment) -> Option<EarlierRow> {
    let said = one.said.as_ref()?;
    Some(EarlierRow {
        id: EarlierId::new(),
        n: one.n,
        service_id: said.service,
        what: said.what.clone(),
        finding: said.finding.clone(),
        risk: said.risk.1.then(|| said.risk.0.as_str()),
        theme: said.theme.as_str(),
        topic: said.topic.as_str(),
        owner: said.owner_words.clone(),
        due_on: said.due,
        closed_on: said.closed,
        listed_on: said.closed.or(said.due).unwrap_or(moment.today).min(moment.today),
        note: said.note.clone(),
        fingerprint: one.fingerprint.map(hex::encode)?,
    })
}

fn review_told(id: ImportId, review: &ReviewRow, moment: Moment) -> Event {
    let facts = json!({ "number": review.number, "kind": ReviewKind::ImportedTracker.as_str(), "service": review.service_id,
        "held_on": moment.today, "score_hundredths": null, "import": id });
    Event::of_review(EventKind::ReviewStarted, review.id)
        .detail(facts)
        .text("title", review.title.clone())
        .text("conducted_by", review.conducted_by.clone())
}

/// What the trail says of a row: found, agreed, and what else the tracker said.
fn line_told(id: ImportId, row: &OpenRow) -> Vec<Event> {
    let found = json!({ "number": row.finding_number, "service": row.service_id, "unit": null, "evidence_source": "record_check", "risk": row.risk,
        "theme": row.theme, "topic": row.topic, "significance": row.significance, "found_on": row.found_on, "key_question": row.key_question,
        "regulation": row.regulation, "entries": [], "import": id, "row": row.n });
    let agreed = json!({ "number": row.action_number, "service": row.service_id, "owner": row.owner_id, "due_on": row.due_on, "follow_up_on": null,
        "required": row.required, "approver": row.approver, "verification_working_days": row.verification_working_days, "risk": row.risk,
        "measured_improvement": row.measured_improvement, "takes_up_again": null, "import": id, "row": row.n });
    let hints: Vec<String> = pointed_out(&row.what).vague.iter().map(VagueTerm::sentence).collect();
    let logged =
        Event { review: Some(row.review_id), ..Event::of_finding(EventKind::FindingLogged, row.finding_id) };
    let mut told = vec![
        logged.detail(found).text("what", row.finding.clone()).text("found_by", row.found_by.clone()),
        Event::of_action(EventKind::ActionDefined, row.action_id, row.finding_id)
            .detail(agreed)
            .text("what", row.what.clone())
            .text("success_test", row.success_test.clone())
            .text("wording_hint", hints.join(" "))
            .text("wording_override", row.wording_override.clone().unwrap_or_default()),
    ];
    if let Some(update) = row.update_id {
        let facts = json!({ "update": update, "done_on": null, "barrier": false, "cycle": 1, "import": id, "row": row.n });
        let event = Event::of_action(EventKind::UpdateAdded, row.action_id, row.finding_id);
        told.push(event.detail(facts).text("note", row.note.clone()));
    }
    told
}
