//! The loudest thing of a member's services, for pages that show no dashboard. One query over the open actions of high risk.

use chrono::NaiveDate;

use super::dashboard::{Asked, Danger};
use super::{TenantTx, scope};
use crate::domain::member::Role;
use crate::ids::EscalationId;

/// High risk, late, and nothing that keeps people safe; or something that does and was not looked at (R13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loudest {
    /// The number of the action that comes first.
    pub number: i32,
    /// [`Danger::NoControl`] or [`Danger::ControlUnchecked`].
    pub danger: Danger,
    /// The day by which its interim control should have been checked, when it was not.
    pub check_on: Option<NaiveDate>,
    /// The escalation on which this member decides.
    pub escalation: Option<EscalationId>,
    /// How many actions of high risk are late without a control.
    pub without_control: i64,
}

/// The loudest thing of all that `asked.member` sees; the service and the weight asked for do not count, because what is of high
/// risk is hidden by neither. None when nothing is that loud. The dashboard shows the same.
///
/// # Errors
/// The database was lost.
pub async fn read(tx: &mut TenantTx, asked: &Asked<'_>) -> Result<Option<Loudest>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file!(
        "src/store/sql/alarm.sql",
        provider.uuid(),
        asked.whole(),
        &scope::services(asked.member),
        asked.today,
        asked.member.id.uuid(),
        asked.level().number(),
        asked.decides(),
        asked.member.role == Role::NominatedIndividual,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Loudest {
        number: row.number,
        danger: Danger::from(row.danger),
        check_on: row.check_on,
        escalation: row.escalation_id.map(EscalationId::from),
        without_control: row.without_control,
    }))
}
