//! The case of an action: everything the rules look at, in one query.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::Error;

use super::kept::AsOf;
use super::{TenantTx, improvement, root_cause, word, words};
use crate::domain::action::{Action, Person, Piece};
use crate::domain::closure::{Assured, Case, Verified};
use crate::domain::member::Role;
use crate::domain::recurrence::{Again, Recurrence};
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::{Mark, Method};
use crate::ids::{ActionId, AssuranceId, FindingId, MemberId, ServiceId, VerificationId};

/// Reads the case as it is now.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn read(tx: &mut TenantTx, number: i32) -> Result<Option<Case>, Error> {
    match row(tx, number).await? {
        Some(row) => whole(tx, row).await.map(Some),
        None => Ok(None),
    }
}

/// The case as it is now, and how far its papers are, to compare papers with that were read before: read, or taken when
/// nothing happened in the provider since it was read ([`super::kept`]). Whether the person may see it is for the
/// caller to ask.
///
/// # Errors
/// As [`read`].
pub async fn read_marked(tx: &mut TenantTx, number: i32) -> Result<Option<(Arc<Case>, AsOf)>, Error> {
    let key = (tx.provider(), number);
    if let Some(kept) = tx.reads().and_then(|kept| kept.case(key)) {
        return Ok(Some(kept));
    }
    let Some(row) = row(tx, number).await? else { return Ok(None) };
    let mark = AsOf {
        version: row.version,
        line: row.line.unwrap_or_default(),
        sources: row.sources,
        entries: row.entries,
        revision: row.revision.unwrap_or_default(),
    };
    let case = Arc::new(whole(tx, row).await?);
    if let Some(kept) = tx.reads() {
        kept.keep_case(key, (Arc::clone(&case), mark));
    }
    Ok(Some((case, mark)))
}

/// The case of a row, with what only few actions have: those that opened again, and those that close with measured
/// improvement.
async fn whole(tx: &mut TenantTx, row: Row) -> Result<Case, Error> {
    let failed = match row.cycle > 1 || row.has_merged {
        true => root_cause::failed(tx, row.id).await?,
        false => None,
    };
    let improvement = match row.measured_improvement {
        true => Some(improvement::read(tx, row.id, row.cycle).await?),
        false => None,
    };
    Ok(Case { failed, improvement, ..row.into_case()? })
}

async fn row(tx: &mut TenantTx, number: i32) -> Result<Option<Row>, Error> {
    let provider = tx.provider();
    sqlx::query_file_as!(Row, "src/store/case.sql", provider.uuid(), number).fetch_optional(tx.conn()).await
}

/// Locks the action until the transaction ends, then reads its case: the papers are read as they are after the wait.
///
/// # Errors
/// As [`read`].
pub async fn lock(tx: &mut TenantTx, number: i32) -> Result<Option<Case>, Error> {
    let provider = tx.provider();
    sqlx::query!(
        "SELECT id FROM actions WHERE provider_id = $1 AND number = $2 FOR UPDATE",
        provider.uuid(),
        number
    )
    .fetch_optional(tx.conn())
    .await?;
    read(tx, number).await
}

struct Row {
    id: ActionId,
    number: i32,
    finding_id: FindingId,
    service_id: ServiceId,
    nation: String,
    what: String,
    success_test: String,
    wording_override: Option<String>,
    due_on: Option<NaiveDate>,
    follow_up_on: Option<NaiveDate>,
    status: String,
    cycle: i32,
    version: i64,
    evidence_rev: i64,
    verification_working_days: i32,
    approver: String,
    submitted_at: Option<DateTime<Utc>>,
    verify_by: Option<NaiveDate>,
    rewordings: i32,
    extensions: i32,
    owner_changes: i32,
    merged_into: Option<i32>,
    has_merged: bool,
    created_at: DateTime<Utc>,
    moved_at: DateTime<Utc>,
    measured_improvement: bool,
    risk: String,
    theme: String,
    topic: String,
    owner_id: Option<MemberId>,
    owner_name: Option<String>,
    owner_role: Option<String>,
    owner_title: Option<String>,
    owner_left: Option<bool>,
    required: Vec<String>,
    piece_kinds: Vec<String>,
    piece_authors: Vec<MemberId>,
    piece_withdrawn: Vec<bool>,
    updates: i64,
    owner_ids: Vec<MemberId>,
    owner_roles: Vec<String>,
    v_id: Option<VerificationId>,
    v_verifier: Option<MemberId>,
    v_verifier_name: Option<String>,
    v_outcome: Option<String>,
    v_marks: Option<Value>,
    v_rev: Option<i64>,
    v_seq: Option<i64>,
    v_method: Option<String>,
    v_sample: Option<i32>,
    v_met: Option<i32>,
    x_id: Option<AssuranceId>,
    x_member: Option<String>,
    x_decision: Option<String>,
    x_rev: Option<i64>,
    x_seq: Option<i64>,
    back_finding: Option<i32>,
    back_by: Option<String>,
    back_at: Option<DateTime<Utc>>,
    back_others: Option<Vec<String>>,
    again_number: Option<i32>,
    again_on: Option<NaiveDate>,
    again_service: Option<ServiceId>,
    line: Option<i64>,
    sources: i64,
    entries: i64,
    revision: Option<i64>,
}

impl Row {
    fn into_case(self) -> Result<Case, Error> {
        let kinds = words::<EvidenceKind>(&self.piece_kinds)?;
        let pieces = kinds
            .into_iter()
            .zip(self.piece_authors.iter().copied())
            .zip(self.piece_withdrawn.iter().copied());
        let pieces = pieces.map(|((kind, author), withdrawn)| Piece { kind, author, withdrawn }).collect();
        Ok(Case {
            required: words(&self.required)?,
            pieces,
            updates: usize::try_from(self.updates).unwrap_or(0),
            owners: self.owner_ids.iter().copied().zip(words::<Role>(&self.owner_roles)?).collect(),
            verification: self.verification()?,
            assurance: self.assurance()?,
            again: self.again(),
            recurrence: self.recurrence(),
            failed: None,
            improvement: None,
            action: self.into_action()?,
        })
    }

    fn owner(&self) -> Result<Option<Person>, Error> {
        let (Some(id), Some(name), Some(role)) = (self.owner_id, &self.owner_name, &self.owner_role) else {
            return Ok(None);
        };
        let job_title = self.owner_title.clone().unwrap_or_default();
        Ok(Some(Person {
            id,
            name: name.clone(),
            role: word(role)?,
            job_title,
            left: self.owner_left.unwrap_or(false),
        }))
    }

    fn verification(&self) -> Result<Option<Verified>, Error> {
        let (Some(id), Some(verifier), Some(outcome), Some(marks), Some(method)) =
            (self.v_id, self.v_verifier, &self.v_outcome, &self.v_marks, &self.v_method)
        else {
            return Ok(None);
        };
        Ok(Some(Verified {
            id,
            verifier,
            verifier_name: self.v_verifier_name.clone().unwrap_or_default(),
            outcome: word(outcome)?,
            marks: marks_from(marks)?,
            evidence_rev: self.v_rev.unwrap_or_default(),
            seq: self.v_seq.unwrap_or_default(),
            summary: format!(
                "{}: {} looked at, {} met the standard",
                word::<Method>(method)?.label(),
                self.v_sample.unwrap_or_default(),
                self.v_met.unwrap_or_default()
            ),
        }))
    }

    fn assurance(&self) -> Result<Option<Assured>, Error> {
        let (Some(id), Some(decision)) = (self.x_id, &self.x_decision) else { return Ok(None) };
        Ok(Some(Assured {
            id,
            member_name: self.x_member.clone().unwrap_or_default(),
            decision: word(decision)?,
            evidence_rev: self.x_rev.unwrap_or_default(),
            seq: self.x_seq.unwrap_or_default(),
        }))
    }

    fn recurrence(&self) -> Option<Recurrence> {
        Some(Recurrence {
            finding: self.back_finding?,
            reviewed: self.back_by.clone().zip(self.back_at),
            others: self.back_others.clone().unwrap_or_default(),
        })
    }

    fn again(&self) -> Option<Again> {
        let found_on = self.again_on?;
        Some(Again { finding: self.again_number?, found_on, service: self.again_service? })
    }

    fn into_action(self) -> Result<Action, Error> {
        Ok(Action {
            owner: self.owner()?,
            id: self.id,
            number: self.number,
            finding_id: self.finding_id,
            service_id: self.service_id,
            nation: word(&self.nation)?,
            what: self.what,
            success_test: self.success_test,
            wording_override: self.wording_override,
            due_on: self.due_on,
            follow_up_on: self.follow_up_on,
            status: word(&self.status)?,
            cycle: self.cycle,
            version: self.version,
            evidence_rev: self.evidence_rev,
            verification_working_days: u16::try_from(self.verification_working_days).unwrap_or(1),
            approver: word(&self.approver)?,
            submitted_at: self.submitted_at,
            verify_by: self.verify_by,
            rewordings: self.rewordings,
            extensions: self.extensions,
            owner_changes: self.owner_changes,
            risk: word(&self.risk)?,
            theme: word(&self.theme)?,
            topic: word(&self.topic)?,
            merged_into: self.merged_into,
            has_merged: self.has_merged,
            created_at: self.created_at,
            moved_at: self.moved_at,
        })
    }
}

fn marks_from(marks: &Value) -> Result<Vec<(EvidenceKind, Mark)>, Error> {
    let Some(map) = marks.as_object() else { return Ok(Vec::new()) };
    map.iter().map(|(kind, mark)| Ok((word(kind)?, word(mark.as_str().unwrap_or_default())?))).collect()
}
