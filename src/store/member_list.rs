//! Members as the settings show them: who is here, who has left, when they were last seen.

use chrono::{DateTime, Utc};

use super::{TenantTx, word};
use crate::domain::member::{Member, Role};
use crate::ids::{MemberId, ServiceId};

/// A member in the list, or one who has left.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The membership.
    pub member: Member,
    /// The names of the services given to them.
    pub service_names: Vec<String>,
    /// When they joined.
    pub started_at: DateTime<Utc>,
    /// When they left.
    pub ended_at: Option<DateTime<Utc>>,
    /// When they were last here, to the minute.
    pub seen_at: Option<DateTime<Utc>>,
    /// How many open actions they own.
    pub open: i64,
}

struct Row {
    id: MemberId,
    name: String,
    role: String,
    job_title: String,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    seen_at: Option<DateTime<Utc>>,
    services: Vec<ServiceId>,
    service_names: Vec<String>,
    open: i64,
}

impl Row {
    fn listed(self) -> Result<Listed, sqlx::Error> {
        let role: Role = word(&self.role)?;
        Ok(Listed {
            member: Member {
                id: self.id,
                name: self.name,
                role,
                job_title: self.job_title,
                services: self.services,
            },
            service_names: self.service_names,
            started_at: self.started_at,
            ended_at: self.ended_at,
            seen_at: self.seen_at,
            open: self.open,
        })
    }
}

/// Everybody, or only the one member `only`: those who are here first, by name.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn list(tx: &mut TenantTx, only: Option<MemberId>) -> Result<Vec<Listed>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT m.id AS "id: MemberId", m.name, m.role, m.job_title, m.started_at, m.ended_at, p.seen_at AS "seen_at?",
             ARRAY(SELECT g.service_id FROM member_services g WHERE g.provider_id = m.provider_id AND g.member_id = m.id
               ORDER BY g.service_id) AS "services!: Vec<ServiceId>",
             ARRAY(SELECT s.name FROM member_services g JOIN services s ON s.provider_id = g.provider_id AND s.id = g.service_id
               WHERE g.provider_id = m.provider_id AND g.member_id = m.id ORDER BY s.name) AS "service_names!",
             (SELECT count(*) FROM actions a WHERE a.provider_id = m.provider_id AND a.owner_id = m.id
               AND a.status NOT IN ('closed', 'cancelled')) AS "open!"
           FROM memberships m LEFT JOIN member_presence p ON p.provider_id = m.provider_id AND p.member_id = m.id
           WHERE m.provider_id = $1 AND ($2::uuid IS NULL OR m.id = $2)
           ORDER BY (m.ended_at IS NOT NULL), m.name, m.id"#,
        provider.uuid(),
        only.map(|id| id.uuid()),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::listed).collect()
}
