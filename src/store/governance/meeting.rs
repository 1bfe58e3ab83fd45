//! The meeting on a month as it is read.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use crate::domain::figure::Month;
use crate::domain::governance::Said;
use crate::ids::{GovernanceId, MemberId};
use crate::store::TenantTx;
use crate::store::figure::{Before, Over, before};

/// A round of minutes.
#[derive(Clone, Debug, Deserialize)]
pub struct Minutes {
    /// Which one it is.
    pub round: i32,
    /// The day of the meeting.
    pub held_on: NaiveDate,
    /// What was said.
    pub minutes: String,
    /// Who else was there.
    pub others: String,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The members who were there.
    pub present: Vec<(MemberId, String)>,
}

/// A decision of a meeting.
#[derive(Clone, Debug, Deserialize)]
pub struct Decision {
    /// Its place.
    pub seq: i32,
    /// The figure it is about.
    pub figure: Option<String>,
    /// The question it is about.
    pub question: Option<String>,
    /// The number of the finding it is about.
    pub finding: Option<i32>,
    /// The number of the action it is about.
    pub action: Option<i32>,
    /// The words it was about.
    pub saw: String,
    /// What it says.
    pub said: Said,
    /// In their words.
    pub note: String,
    /// The one it follows.
    pub follows: Option<i32>,
    /// Who recorded it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Who signed a month off.
#[derive(Clone, Debug)]
pub struct SignedOff {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The version of the definitions.
    pub definition: String,
    /// The line over the months before, as it was then; empty when none of them was counted yet.
    pub lines: Vec<Before>,
}

/// The meeting on a month.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Its id.
    pub id: GovernanceId,
    /// Who signed it off.
    pub signed: Option<SignedOff>,
    /// Everybody who wrote minutes.
    pub authors: Vec<MemberId>,
    /// The newest minutes.
    pub minutes: Option<Minutes>,
    /// The decisions, in their order.
    pub decisions: Vec<Decision>,
}

/// Reads the meeting on a month; none when nobody has begun one.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn read(tx: &mut TenantTx, over: &Over, month: Month) -> Result<Option<Meeting>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT m.id AS "id: GovernanceId", m.signed_at, m.definition, m.lines AS "lines: Json<Vec<(NaiveDate, Vec<(String, f64, f64)>)>>", s.name AS "signed_by?",
             ARRAY(SELECT DISTINCT x.by FROM governance_minutes x WHERE x.provider_id = $1 AND x.meeting_id = m.id) AS "authors!: Vec<MemberId>",
             (SELECT json_build_array(x.round, x.held_on, x.minutes, x.others, b.name, x.at,
                 coalesce((SELECT json_agg(json_build_array(p.id, p.name) ORDER BY p.name) FROM governance_attendance a JOIN memberships p ON p.provider_id = $1 AND p.id = a.member_id
                   WHERE a.provider_id = $1 AND a.meeting_id = m.id AND a.round = x.round), '[]'))
               FROM governance_minutes x JOIN memberships b ON b.provider_id = $1 AND b.id = x.by
               WHERE x.provider_id = $1 AND x.meeting_id = m.id ORDER BY x.round DESC LIMIT 1) AS "minutes: Json<Minutes>",
             (SELECT json_agg(json_build_array(d.seq, d.figure, d.question, f.number, a.number, d.saw, d.kind, d.note, d.follows, b.name, d.at) ORDER BY d.seq)
               FROM governance_decisions d JOIN memberships b ON b.provider_id = $1 AND b.id = d.by
               LEFT JOIN findings f ON f.provider_id = $1 AND f.id = d.finding_id LEFT JOIN actions a ON a.provider_id = $1 AND a.id = d.action_id
               WHERE d.provider_id = $1 AND d.meeting_id = m.id) AS "decisions: Json<Vec<Decision>>"
           FROM governance_meetings m LEFT JOIN memberships s ON s.provider_id = $1 AND s.id = m.signed_by
           WHERE m.provider_id = $1 AND m.place_id = $2 AND m.month = $3"#,
        provider.uuid(),
        over.place(),
        month.first(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let lines = row.lines.map_or_else(Vec::new, |Json(lines)| lines);
        let lines: Vec<Before> = lines.into_iter().map(before).collect();
        let signed = row.signed_by.zip(row.signed_at).zip(row.definition);
        Meeting {
            id: row.id,
            signed: signed.map(|((by, at), definition)| SignedOff { by, at, definition, lines }),
            authors: row.authors,
            minutes: row.minutes.map(|Json(minutes)| minutes),
            decisions: row.decisions.map_or_else(Vec::new, |Json(decisions)| decisions),
        }
    }))
}
