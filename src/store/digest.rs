//! The digest of a week: queued once for each member and week, read when it is sent.

use chrono::{Days, NaiveDate};

use super::scope::Scope;
use super::{TenantTx, word};
use crate::domain::digest::{self, Part};
use crate::domain::member::{Member, Role};
use crate::domain::significance;
use crate::domain::verification::checks_managers;

/// Queues the digests of the week of `monday`: for everybody who has something to do, and for those who lead. Whether
/// there is anything to tell is looked at when each is sent. Once for each week, whoever else tries; returns how many.
///
/// # Errors
/// The database refused or was lost.
pub async fn queue(tx: &mut TenantTx, monday: NaiveDate) -> Result<u64, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let leads = |role: &&Role| digest::leads(**role).0;
    let roles: Vec<String> = Role::ALL.iter().filter(leads).map(|role| role.as_str().to_owned()).collect();
    let done = sqlx::query!(
        r#"WITH week AS (INSERT INTO digest_weeks (provider_id, monday) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1)
           INSERT INTO outbox (provider_id, id, dedupe_key, kind, audience, recipient_id, created_at, next_at)
           SELECT $1, gen_random_uuid(), format('digest %s %s', $2, m.id), 'digest', 'themselves', m.id, $3, $3
           FROM week, memberships m
           WHERE m.provider_id = $1 AND m.ended_at IS NULL AND (m.role = ANY($4) OR EXISTS (SELECT 1 FROM actions a
             WHERE a.provider_id = $1 AND a.owner_id = m.id AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')))
           ON CONFLICT ON CONSTRAINT outbox_says_it_once DO NOTHING"#,
        provider.uuid(),
        monday,
        now,
        &roles,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// One action of a part.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// Its service.
    pub service: String,
    /// Its due date, or the last day of its verification window.
    pub day: Option<NaiveDate>,
}

/// A part with something in it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub part: Part,
    /// How many actions it has.
    pub total: u64,
    /// The first of them; none of those that are only counted.
    pub rows: Vec<Row>,
}

/// What the week of `today` brings a member, in the order of the parts; empty when there is nothing.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn read(tx: &mut TenantTx, member: &Member, today: NaiveDate) -> Result<Vec<Told>, sqlx::Error> {
    let provider = tx.provider();
    let scope = Scope::of(member);
    let (leads, verifies) = digest::leads(member.role);
    let sunday = digest::week_to_tell(today).unwrap_or(today) + Days::new(6);
    let rows = sqlx::query_file!(
        "src/store/sql/digest.sql",
        provider.uuid(),
        scope.me.uuid(),
        scope.whole,
        scope.by_service,
        today,
        sunday,
        leads,
        verifies,
        checks_managers(member.role),
        digest::ROWS,
        significance::role_leads(member.role),
        significance::repeats_since(today),
        significance::REPEATS,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut told: Vec<Told> = Vec::new();
    for r in rows {
        let part: Part = word(&r.part)?;
        if told.last().is_none_or(|last| last.part != part) {
            told.push(Told { part, total: u64::try_from(r.total).unwrap_or(0), rows: Vec::new() });
        }
        if let Some(last) = told.last_mut().filter(|_| part != Part::Minor) {
            last.rows.push(Row { number: r.number, what: r.what, service: r.service, day: r.day });
        }
    }
    told.sort_by_key(|t| t.part);
    Ok(told)
}
