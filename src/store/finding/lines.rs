//! The actions below findings, as the page of a finding or a review shows them: one line each, with what proves it.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::domain::action::{self, State, Status};
use crate::domain::calendar::Nation;
use crate::domain::reference::Reference;
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::Outcome;
use crate::ids::{FindingId, MemberId};
use crate::store::{TenantTx, word, words};

/// One action in the line of its finding.
#[derive(Clone, Debug)]
pub struct ActionLine {
    /// The finding it answers.
    pub finding: FindingId,
    /// A-0142.
    pub reference: Reference,
    /// What is to be done.
    pub what: String,
    /// How success will be tested.
    pub success_test: String,
    /// Where it stands.
    pub status: Status,
    /// Its cycle.
    pub cycle: i32,
    /// The service's nation.
    pub nation: Nation,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// The last day of the verification window.
    pub verify_by: Option<NaiveDate>,
    /// The follow-up audit point.
    pub follow_up_on: Option<NaiveDate>,
    /// The owner; none when nobody owns it.
    pub owner_id: Option<MemberId>,
    /// The owner's name.
    pub owner: Option<String>,
    /// Whether the owner has left (R7).
    pub owner_left: bool,
    /// The kinds of evidence it must have.
    pub required: Vec<EvidenceKind>,
    /// Those of them that are there.
    pub given: Vec<EvidenceKind>,
    /// Whether an escalation waits for a decision.
    pub escalated: bool,
    /// The newest verdict of this cycle: outcome, who, when.
    pub verdict: Option<(Outcome, String, DateTime<Utc>)>,
    /// Who closed it and when.
    pub closed: Option<(String, DateTime<Utc>)>,
    /// Whether its closure did not last (R22).
    pub came_back: bool,
    /// Why it was cancelled, or merged.
    pub cancel_reason: Option<String>,
    /// The number of the action it was merged into (R28).
    pub merged_into: Option<i32>,
    /// How that one stands, when it answers another finding.
    pub merged_status: Option<Status>,
}

impl ActionLine {
    /// The state as shown today.
    #[must_use]
    pub fn state(&self, today: NaiveDate) -> State {
        action::state(self.status, self.due_on, self.nation, self.cycle, today, self.escalated)
    }

    /// Whether it was merged into the action of another finding, which was not called off: that one answers this finding.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.merged_status.is_some_and(|status| status != Status::Cancelled)
    }

    /// R7: nobody owns it, or its owner has left.
    #[must_use]
    pub const fn unowned(&self) -> bool {
        self.owner.is_none() || self.owner_left
    }
}

/// The actions of these findings, by number.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn lines(tx: &mut TenantTx, findings: &[Uuid]) -> Result<Vec<ActionLine>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_file!("src/store/finding/lines.sql", provider.uuid(), findings)
        .fetch_all(tx.conn())
        .await?;
    rows.into_iter()
        .map(|r| {
            let outcome = r.outcome.as_deref().map(word).transpose()?;
            Ok(ActionLine {
                finding: r.finding,
                reference: Reference::action(r.number),
                what: r.what,
                success_test: r.success_test,
                status: word(&r.status)?,
                cycle: r.cycle,
                nation: word(&r.nation)?,
                due_on: r.due_on,
                verify_by: r.verify_by,
                follow_up_on: r.follow_up_on,
                owner_id: r.owner_id,
                owner: r.owner,
                owner_left: r.owner_left.unwrap_or(false),
                required: in_order(&r.required)?,
                given: in_order(&r.given)?,
                escalated: r.escalated,
                verdict: outcome.zip(r.verifier).zip(r.verified_at).map(|((o, who), at)| (o, who, at)),
                closed: r.closer.zip(r.closed_at),
                came_back: r.came_back,
                cancel_reason: r.cancel_reason,
                merged_into: r.merged_into,
                merged_status: r.merged_status.as_deref().map(word).transpose()?,
            })
        })
        .collect()
}

fn in_order(kinds: &[String]) -> Result<Vec<EvidenceKind>, sqlx::Error> {
    let mut kinds: Vec<EvidenceKind> = words(kinds)?;
    kinds.sort_unstable();
    Ok(kinds)
}

/// What keeps people safe meanwhile: the newest interim control of the open actions of a finding, who decided it and
/// when (R13).
///
/// # Errors
/// The database was lost.
pub async fn control(
    tx: &mut TenantTx,
    finding: FindingId,
) -> Result<Option<(String, String, DateTime<Utc>)>, sqlx::Error> {
    let (provider, today) = (tx.provider(), crate::clock::london_date(tx.now()));
    let row = sqlx::query!(
        r#"SELECT d.interim_control, m.name, d.at FROM escalation_decisions d
           JOIN actions a ON a.provider_id = d.provider_id AND a.id = d.action_id
           JOIN escalations x ON x.provider_id = d.provider_id AND x.id = d.escalation_id AND x.cycle = a.cycle
           JOIN memberships m ON m.provider_id = d.provider_id AND m.id = d.decided_by
           WHERE d.provider_id = $1 AND a.finding_id = $2 AND d.interim_control <> '' AND (d.control_until IS NULL OR d.control_until >= $3) AND a.status NOT IN ('closed', 'cancelled')
           ORDER BY d.at DESC, d.id DESC LIMIT 1"#,
        provider.uuid(),
        finding.uuid(),
        today,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| (r.interim_control, r.name, r.at)))
}
