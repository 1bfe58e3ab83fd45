//! Rows for the tables of the line, as they are sent to the database: the names of the fields are those of the columns.

#![expect(
    missing_docs,
    reason = "the fields are columns, and the columns are told in migrations/0001 and 0003"
)]

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::event::Event;
use crate::ids::{
    ActionId, AssuranceId, ClosureId, DecisionId, EscalationId, EvidenceId, FindingId, MemberId, ReviewId,
    ServiceId, SustainCheckId, UnitId, UpdateId, UserId, VerificationId,
};

/// A person; `password_hash` is none for those who cannot sign in.
#[derive(Debug, Serialize)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub password_hash: Option<String>,
}

/// Where and who: what a provider needs before its line begins.
#[derive(Debug, Default)]
pub struct Place {
    pub services: Vec<ServiceRow>,
    pub units: Vec<UnitRow>,
    pub members: Vec<MemberRow>,
    pub events: Vec<EventRow>,
}

#[derive(Debug, Serialize)]
pub struct ServiceRow {
    pub id: ServiceId,
    pub slug: String,
    pub name: String,
    pub kind: &'static str,
    pub nation: &'static str,
    pub opened_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct UnitRow {
    pub service_id: ServiceId,
    pub id: UnitId,
    pub name: String,
}

#[derive(Debug, Serialize)]
pub struct MemberRow {
    pub id: MemberId,
    pub user_id: UserId,
    pub name: String,
    pub role: &'static str,
    pub job_title: String,
    pub started_at: DateTime<Utc>,
    pub services: Vec<ServiceId>,
}

/// What is written together, table by table, in this order; `started`, `submitted`, `judged` and `ended` are the states
/// the actions go through between the papers.
#[derive(Debug, Default)]
pub struct Batch {
    pub reviews: Vec<ReviewRow>,
    pub findings: Vec<FindingRow>,
    pub actions: Vec<ActionRow>,
    pub requirements: Vec<RequirementRow>,
    pub started: Vec<Step>,
    pub changes: Vec<ChangeRow>,
    pub updates: Vec<UpdateRow>,
    pub evidence: Vec<EvidenceRow>,
    pub submitted: Vec<Step>,
    pub verifications: Vec<VerificationRow>,
    pub judged: Vec<Step>,
    pub assurances: Vec<AssuranceRow>,
    pub closures: Vec<ClosureRow>,
    pub ended: Vec<Step>,
    pub checks: Vec<CheckRow>,
    pub escalations: Vec<EscalationRow>,
    pub decisions: Vec<DecisionRow>,
    pub signed_off: Vec<SignedOff>,
    pub events: Vec<EventRow>,
}

#[derive(Debug, Serialize)]
pub struct ReviewRow {
    pub id: ReviewId,
    pub number: i32,
    pub kind: &'static str,
    pub title: String,
    pub service_id: ServiceId,
    pub held_on: NaiveDate,
    pub conducted_by: String,
    pub score: Option<u8>,
    pub created_by: MemberId,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct SignedOff {
    pub id: ReviewId,
    pub signed_off_by: MemberId,
    pub signed_off_at: DateTime<Utc>,
}

/// A finding, with the review it came from.
#[derive(Debug, Serialize)]
pub struct FindingRow {
    pub id: FindingId,
    pub number: i32,
    pub review_id: ReviewId,
    pub service_id: ServiceId,
    pub unit_id: UnitId,
    pub what: String,
    pub evidence_source: &'static str,
    pub risk: &'static str,
    pub theme: &'static str,
    pub topic: &'static str,
    pub significance: &'static str,
    pub found_on: NaiveDate,
    pub found_by: String,
    pub key_question: String,
    pub regulation: String,
    pub logged_by: MemberId,
    pub logged_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct ActionRow {
    pub id: ActionId,
    pub number: i32,
    pub finding_id: FindingId,
    pub service_id: ServiceId,
    pub what: String,
    pub success_test: String,
    pub owner_id: Option<MemberId>,
    pub due_on: NaiveDate,
    pub verification_working_days: u16,
    pub approver: &'static str,
    pub created_by: MemberId,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct RequirementRow {
    pub action_id: ActionId,
    pub kind: &'static str,
}

/// A state an action reaches; `due_on` only when the date moves.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    pub id: ActionId,
    pub status: &'static str,
    pub updated_at: DateTime<Utc>,
    pub due_on: Option<NaiveDate>,
    pub submitted_at: Option<DateTime<Utc>>,
    pub verify_by: Option<NaiveDate>,
    pub closure_id: Option<ClosureId>,
    pub follow_up_on: Option<NaiveDate>,
    pub cancelled_by: Option<MemberId>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub cancel_reason: Option<String>,
}

impl Step {
    /// An action that is `status` from `at` on, and nothing more.
    #[must_use]
    pub const fn to(id: ActionId, status: &'static str, at: DateTime<Utc>) -> Self {
        Self {
            id,
            status,
            updated_at: at,
            due_on: None,
            submitted_at: None,
            verify_by: None,
            closure_id: None,
            follow_up_on: None,
            cancelled_by: None,
            cancelled_at: None,
            cancel_reason: None,
        }
    }
}

/// A due date that moved.
#[derive(Debug, Serialize)]
pub struct ChangeRow {
    pub id: uuid::Uuid,
    pub action_id: ActionId,
    pub before: String,
    pub after: String,
    pub reason: String,
    pub changed_by: MemberId,
    pub changed_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct UpdateRow {
    pub id: UpdateId,
    pub action_id: ActionId,
    pub author_id: MemberId,
    pub note: String,
    pub done_on: NaiveDate,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct EvidenceRow {
    pub id: EvidenceId,
    pub action_id: ActionId,
    pub kind: &'static str,
    pub author_id: MemberId,
    pub title: String,
    pub about_on: NaiveDate,
    pub reference: String,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct VerificationRow {
    pub id: VerificationId,
    pub action_id: ActionId,
    pub verifier_id: MemberId,
    pub method: &'static str,
    pub sample_size: i32,
    pub met_standard: i32,
    pub note: String,
    pub marks: Value,
    pub outcome: &'static str,
    pub missing: Option<String>,
    pub new_due_on: Option<NaiveDate>,
    pub evidence_rev: i64,
    pub judged: Value,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct AssuranceRow {
    pub id: AssuranceId,
    pub action_id: ActionId,
    pub member_id: MemberId,
    pub note: String,
    pub evidence_rev: i64,
    pub judged: Value,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct ClosureRow {
    pub id: ClosureId,
    pub action_id: ActionId,
    pub closed_by: MemberId,
    pub verification_id: VerificationId,
    pub verifier_id: MemberId,
    pub assurance_id: Option<AssuranceId>,
    pub note: String,
    pub judged: Value,
    pub at: DateTime<Utc>,
}

/// A sustain check; what was found is flattened into its columns.
#[derive(Debug, Serialize)]
pub struct CheckRow {
    pub id: SustainCheckId,
    pub action_id: ActionId,
    pub service_id: ServiceId,
    pub due_on: NaiveDate,
    #[serde(flatten)]
    pub held: Option<Held>,
}

impl CheckRow {
    /// One that waits for its answer.
    #[must_use]
    pub const fn planned(
        id: SustainCheckId,
        action_id: ActionId,
        service_id: ServiceId,
        due_on: NaiveDate,
    ) -> Self {
        Self { id, action_id, service_id, due_on, held: None }
    }
}

/// That what was closed had held.
#[derive(Debug, Serialize)]
pub struct Held {
    pub note: String,
    pub judged: Value,
    pub checked_by: MemberId,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct EscalationRow {
    pub id: EscalationId,
    pub action_id: ActionId,
    pub level: i32,
    pub cause: &'static str,
    pub due_on: NaiveDate,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct DecisionRow {
    pub id: DecisionId,
    pub escalation_id: EscalationId,
    pub action_id: ActionId,
    pub decided_by: MemberId,
    pub risk: String,
    pub delay_reason: String,
    pub interim_control: String,
    pub judged: Value,
    pub at: DateTime<Utc>,
}

/// A line of the trail, with the time and the person it is told of.
#[derive(Debug, Serialize)]
pub struct EventRow {
    pub at: DateTime<Utc>,
    pub kind: &'static str,
    pub actor: Option<MemberId>,
    pub review: Option<ReviewId>,
    pub finding: Option<FindingId>,
    pub action: Option<ActionId>,
    pub detail: Value,
    pub texts: Map<String, Value>,
}

impl EventRow {
    /// `event`, as it happened `at` by the hand of `actor`.
    #[must_use]
    pub fn new(at: DateTime<Utc>, actor: Option<MemberId>, event: Event) -> Self {
        let texts = event.texts.into_iter().map(|(name, text)| (name.to_owned(), Value::String(text)));
        Self {
            at,
            kind: event.kind.as_str(),
            actor,
            review: event.review,
            finding: event.finding,
            action: event.action,
            detail: event.detail,
            texts: texts.collect(),
        }
    }
}
