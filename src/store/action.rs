//! Actions: the facts for the rules, and every write to the row itself.

use chrono::{DateTime, NaiveDate, Utc};

use super::{TenantTx, word, words};
use crate::domain::action::{Action, Person, Piece, Status};
use crate::domain::closure::{Assured, Case, Verified};
use crate::domain::member::Role;
use crate::domain::standard::Approver;
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::Mark;
use crate::ids::{ActionId, ClosureId, FindingId, MemberId, ServiceId};

/// A new action as agreed (R2, R3).
#[derive(Clone, Debug)]
pub struct NewAction {
    /// Id, made by the form so that sending it twice defines one action.
    pub id: ActionId,
    /// Number within the provider.
    pub number: i32,
    /// The finding it answers.
    pub finding_id: FindingId,
    /// Where it is to be done.
    pub service_id: ServiceId,
    /// What is to be done.
    pub what: String,
    /// How success will be tested.
    pub success_test: String,
    /// Why vague wording was kept.
    pub wording_override: Option<String>,
    /// The owner.
    pub owner_id: Option<MemberId>,
    /// The due date.
    pub due_on: Option<NaiveDate>,
    /// The follow-up audit point.
    pub follow_up_on: Option<NaiveDate>,
    /// Evidence required; at least one kind.
    pub required: Vec<EvidenceKind>,
    /// The verification window in working days.
    pub verification_working_days: u16,
    /// Who approves closure.
    pub approver: Approver,
}

/// Writes a new action and the evidence required for it.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert(tx: &mut TenantTx, new: &NewAction) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let by = tx.actor();
    sqlx::query!(
        r#"INSERT INTO actions (provider_id, id, number, finding_id, service_id, what, success_test, wording_override, owner_id,
             due_on, follow_up_on, verification_working_days, approver, created_by, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"#,
        provider.uuid(),
        new.id.uuid(),
        new.number,
        new.finding_id.uuid(),
        new.service_id.uuid(),
        new.what,
        new.success_test,
        new.wording_override,
        new.owner_id.map(|o| o.uuid()),
        new.due_on,
        new.follow_up_on,
        i32::from(new.verification_working_days),
        new.approver.as_str(),
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await?;
    let kinds: Vec<String> = new.required.iter().map(|k| k.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO action_requirements (provider_id, action_id, kind) SELECT $1, $2, kind FROM unnest($3::text[]) AS k(kind)",
        provider.uuid(),
        new.id.uuid(),
        &kinds,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Everything the rules need of an action and its papers of this cycle, in one query; `lock` keeps others from
/// changing it until the transaction ends.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn case(tx: &mut TenantTx, number: i32, lock: bool) -> Result<Option<Case>, sqlx::Error> {
    let provider = tx.provider();
    if lock {
        // locked by itself first: the papers are then read as they are after the wait, not before it
        sqlx::query!("SELECT id FROM actions WHERE provider_id = $1 AND number = $2 FOR UPDATE", provider.uuid(), number)
            .fetch_optional(tx.conn())
            .await?;
    }
    let row = sqlx::query!(
        r#"SELECT a.id AS "id: ActionId", a.number, a.finding_id AS "finding_id: FindingId", a.service_id AS "service_id: ServiceId",
             s.nation, a.what, a.success_test, a.wording_override, a.due_on, a.follow_up_on, a.status, a.cycle, a.version, a.evidence_rev,
             a.verification_working_days, a.approver, a.submitted_at, a.verify_by, a.rewordings, a.extensions, a.owner_changes, a.created_at,
             f.risk, f.theme, f.topic,
             o.id AS "owner_id?: MemberId", o.name AS "owner_name?", o.role AS "owner_role?", o.job_title AS "owner_title?",
             (o.ended_at IS NOT NULL) AS "owner_left?",
             ARRAY(SELECT r.kind FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id ORDER BY r.kind) AS "required!",
             ARRAY(SELECT e.kind FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle ORDER BY e.id) AS "piece_kinds!",
             ARRAY(SELECT e.author_id FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle ORDER BY e.id) AS "piece_authors!: Vec<MemberId>",
             ARRAY(SELECT e.withdrawn_at IS NOT NULL FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle ORDER BY e.id) AS "piece_withdrawn!",
             (SELECT count(*) FROM updates u WHERE u.provider_id = a.provider_id AND u.action_id = a.id AND u.cycle = a.cycle) AS "updates!",
             ARRAY(SELECT w.member_id FROM action_owners w WHERE w.provider_id = a.provider_id AND w.action_id = a.id AND w.cycle = a.cycle ORDER BY w.member_id) AS "owner_ids!: Vec<MemberId>",
             ARRAY(SELECT m.role FROM action_owners w JOIN memberships m ON m.provider_id = w.provider_id AND m.id = w.member_id
                   WHERE w.provider_id = a.provider_id AND w.action_id = a.id AND w.cycle = a.cycle ORDER BY w.member_id) AS "owner_roles!",
             v.id AS "v_id?: crate::ids::VerificationId", v.verifier_id AS "v_verifier?: MemberId", v.verifier_name AS "v_verifier_name?", v.outcome AS "v_outcome?",
             v.marks AS "v_marks?", v.evidence_rev AS "v_rev?", v.seq AS "v_seq?", v.method AS "v_method?", v.sample_size AS "v_sample?", v.met_standard AS "v_met?",
             x.id AS "x_id?: crate::ids::AssuranceId", x.member_name AS "x_member?", x.decision AS "x_decision?", x.evidence_rev AS "x_rev?", x.seq AS "x_seq?"
           FROM actions a
           JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
           JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
           LEFT JOIN memberships o ON o.provider_id = a.provider_id AND o.id = a.owner_id
           LEFT JOIN LATERAL (SELECT v.*, m.name AS verifier_name FROM verifications v JOIN memberships m ON m.provider_id = v.provider_id AND m.id = v.verifier_id
             WHERE v.provider_id = a.provider_id AND v.action_id = a.id AND v.cycle = a.cycle ORDER BY v.seq DESC LIMIT 1) v ON true
           LEFT JOIN LATERAL (SELECT x.*, m.name AS member_name FROM assurances x JOIN memberships m ON m.provider_id = x.provider_id AND m.id = x.member_id
             WHERE x.provider_id = a.provider_id AND x.action_id = a.id AND x.cycle = a.cycle ORDER BY x.seq DESC LIMIT 1) x ON true
           WHERE a.provider_id = $1 AND a.number = $2"#,
        provider.uuid(),
        number,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(r) = row else { return Ok(None) };
    let owner = match (r.owner_id, r.owner_name, r.owner_role, r.owner_title) {
        (Some(id), Some(name), Some(role), Some(job_title)) => {
            Some(Person { id, name, role: word(&role)?, job_title, left: r.owner_left.unwrap_or(false) })
        }
        _ => None,
    };
    let action = Action {
        id: r.id,
        number: r.number,
        finding_id: r.finding_id,
        service_id: r.service_id,
        nation: word(&r.nation)?,
        what: r.what,
        success_test: r.success_test,
        wording_override: r.wording_override,
        owner,
        due_on: r.due_on,
        follow_up_on: r.follow_up_on,
        status: word(&r.status)?,
        cycle: r.cycle,
        version: r.version,
        evidence_rev: r.evidence_rev,
        verification_working_days: u16::try_from(r.verification_working_days).unwrap_or(1),
        approver: word(&r.approver)?,
        submitted_at: r.submitted_at,
        verify_by: r.verify_by,
        rewordings: r.rewordings,
        extensions: r.extensions,
        owner_changes: r.owner_changes,
        risk: word(&r.risk)?,
        theme: word(&r.theme)?,
        topic: word(&r.topic)?,
        created_at: r.created_at,
    };
    let kinds = words::<EvidenceKind>(&r.piece_kinds)?;
    let pieces = kinds
        .into_iter()
        .zip(r.piece_authors)
        .zip(r.piece_withdrawn)
        .map(|((kind, author), withdrawn)| Piece { kind, author, withdrawn })
        .collect();
    let owners = r.owner_ids.into_iter().zip(words::<Role>(&r.owner_roles)?).collect();
    let verification = match (r.v_id, r.v_verifier, r.v_outcome, r.v_marks, r.v_rev, r.v_seq) {
        (Some(id), Some(verifier), Some(outcome), Some(marks), Some(evidence_rev), Some(seq)) => Some(Verified {
            id,
            verifier,
            verifier_name: r.v_verifier_name.unwrap_or_default(),
            outcome: word(&outcome)?,
            marks: marks_from(&marks)?,
            evidence_rev,
            seq,
            summary: format!(
                "{}: {} looked at, {} met the standard",
                word::<crate::domain::verification::Method>(&r.v_method.unwrap_or_default())?.label(),
                r.v_sample.unwrap_or_default(),
                r.v_met.unwrap_or_default()
            ),
        }),
        _ => None,
    };
    let assurance = match (r.x_id, r.x_decision, r.x_rev, r.x_seq) {
        (Some(id), Some(decision), Some(evidence_rev), Some(seq)) => Some(Assured {
            id,
            member_name: r.x_member.unwrap_or_default(),
            decision: word(&decision)?,
            evidence_rev,
            seq,
        }),
        _ => None,
    };
    Ok(Some(Case {
        action,
        required: words(&r.required)?,
        pieces,
        updates: usize::try_from(r.updates).unwrap_or(0),
        owners,
        verification,
        assurance,
    }))
}

fn marks_from(marks: &serde_json::Value) -> Result<Vec<(EvidenceKind, Mark)>, sqlx::Error> {
    let Some(map) = marks.as_object() else { return Ok(Vec::new()) };
    map.iter().map(|(kind, mark)| Ok((word(kind)?, word(mark.as_str().unwrap_or_default())?))).collect()
}

/// What a write changes on the row; what is none stays. The version is always counted up.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The next status, with the new cycle if one begins.
    pub status: Option<Status>,
    /// Whether a new cycle begins.
    pub new_cycle: bool,
    /// Start of the verification window and its last day; cleared when the status goes back to the owner.
    pub window: Option<(DateTime<Utc>, NaiveDate)>,
    /// A new due date.
    pub due_on: Option<NaiveDate>,
    /// Whether that date counts as an extension (R6).
    pub extension: bool,
    /// A new follow-up audit point.
    pub follow_up_on: Option<NaiveDate>,
    /// Another owner (R7).
    pub owner: Option<MemberId>,
    /// New words: what, success test, and why vague wording is kept (R6).
    pub wording: Option<(String, String, Option<String>)>,
    /// The closure that closes it.
    pub closure: Option<ClosureId>,
    /// Why it is cancelled.
    pub cancel_reason: Option<String>,
    /// Whether its owner or another recorded something, so that it is not stale.
    pub touched: bool,
}

/// Writes a change to an action that is locked by [`case`].
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn change(tx: &mut TenantTx, id: ActionId, change: &Change) -> Result<(), sqlx::Error> {
    let (provider, now, actor) = (tx.provider(), tx.now(), tx.actor());
    let (submitted_at, verify_by) = change.window.map_or((None, None), |(at, by)| (Some(at), Some(by)));
    let (what, success_test, kept) = change.wording.clone().map_or((None, None, None), |(w, s, k)| (Some(w), Some(s), k));
    sqlx::query!(
        r#"UPDATE actions SET version = version + 1,
             status = coalesce($3, status),
             cycle = cycle + $4::bool::int,
             submitted_at = CASE WHEN $5::timestamptz IS NOT NULL THEN $5 WHEN coalesce($3, status) IN ('submitted', 'verified', 'closed') THEN submitted_at END,
             verify_by = CASE WHEN $6::date IS NOT NULL THEN $6 WHEN coalesce($3, status) IN ('submitted', 'verified', 'closed') THEN verify_by END,
             due_on = coalesce($7, due_on),
             extensions = extensions + $8::bool::int,
             follow_up_on = coalesce($9, follow_up_on),
             owner_id = coalesce($10, owner_id),
             owner_changes = owner_changes + ($10::uuid IS NOT NULL AND owner_id IS NOT NULL AND owner_id IS DISTINCT FROM $10)::int,
             rewordings = rewordings + ($11::text IS NOT NULL)::int,
             what = coalesce($11, what),
             success_test = coalesce($12, success_test),
             wording_override = CASE WHEN $11::text IS NULL THEN wording_override ELSE $13 END,
             closure_id = CASE WHEN coalesce($3, status) = 'closed' THEN coalesce($14, closure_id) END,
             cancel_reason = $15,
             cancelled_by = CASE WHEN $15::text IS NOT NULL THEN $16::uuid END,
             cancelled_at = CASE WHEN $15::text IS NOT NULL THEN $17::timestamptz END,
             updated_at = CASE WHEN $18::bool THEN $17 ELSE updated_at END
           WHERE provider_id = $1 AND id = $2"#,
        provider.uuid(),
        id.uuid(),
        change.status.map(|s| s.as_str()),
        change.new_cycle,
        submitted_at,
        verify_by,
        change.due_on,
        change.extension,
        change.follow_up_on,
        change.owner.map(|o| o.uuid()),
        what,
        success_test,
        kept,
        change.closure.map(|c| c.uuid()),
        change.cancel_reason,
        actor.map(|a| a.uuid()),
        now,
        change.touched,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The next number of a kind of thing in this provider; the counter stays locked until the transaction ends.
///
/// # Errors
/// The database was lost.
pub async fn next_number(tx: &mut TenantTx, kind: crate::domain::reference::Kind) -> Result<i32, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        "UPDATE reference_counters SET last = last + 1 WHERE provider_id = $1 AND kind = $2 RETURNING last",
        provider.uuid(),
        kind.as_str(),
    )
    .fetch_one(tx.conn())
    .await
}
