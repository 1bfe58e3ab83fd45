//! Bulk data for measuring: many rows in one statement each, as the application role, under every rule of the database.
//!
//! Only `sample` writes through here. The rows of a [`Batch`] go through the same states as those people make, in the
//! same order, so that every constraint and trigger has its say; nothing is switched off.

use serde::Serialize;
use serde_json::Value;

use super::{SystemTx, TenantTx};

/// The rows of a batch, by table.
pub mod rows;

use rows::{Batch, Step};

/// Rows as one parameter.
fn json<T: Serialize>(rows: &[T]) -> Result<Value, sqlx::Error> {
    serde_json::to_value(rows).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// Runs one statement with the provider and the rows; none when there are no rows.
macro_rules! put {
    ($tx:ident, $rows:expr, $sql:literal) => {
        if !$rows.is_empty() {
            let (provider, rows) = ($tx.provider(), json(&$rows)?);
            sqlx::query!($sql, provider.uuid(), rows).execute($tx.conn()).await?;
        }
    };
}

/// Writes people; those without a password cannot sign in.
///
/// # Errors
/// An email is taken, or the database was lost.
pub async fn people(tx: &mut SystemTx, people: &[rows::Person]) -> Result<(), sqlx::Error> {
    let (now, people) = (tx.now(), json(people)?);
    sqlx::query!(
        r#"INSERT INTO users (id, email, name, password_hash, password_changed_at, created_at)
           SELECT x.id, x.email, x.name, x.password_hash, CASE WHEN x.password_hash IS NOT NULL THEN $1::timestamptz END, $1
           FROM jsonb_to_recordset($2) AS x(id uuid, email text, name text, password_hash text)"#,
        now,
        people,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Writes services, units and members with the services they are given.
///
/// # Errors
/// The database refused or was lost.
pub async fn place(tx: &mut TenantTx, place: &rows::Place) -> Result<(), sqlx::Error> {
    put!(
        tx,
        place.services,
        "INSERT INTO services (provider_id, id, slug, name, kind, nation, opened_at)
         SELECT $1, x.id, x.slug, x.name, x.kind, x.nation, x.opened_at FROM jsonb_populate_recordset(NULL::services, $2) x"
    );
    put!(
        tx,
        place.units,
        "INSERT INTO units (provider_id, service_id, id, name) SELECT $1, x.service_id, x.id, x.name FROM jsonb_populate_recordset(NULL::units, $2) x"
    );
    put!(
        tx,
        place.members,
        "INSERT INTO memberships (provider_id, id, user_id, name, role, job_title, started_at)
         SELECT $1, x.id, x.user_id, x.name, x.role, x.job_title, x.started_at FROM jsonb_populate_recordset(NULL::memberships, $2) x"
    );
    put!(
        tx,
        place.members,
        "INSERT INTO member_services (provider_id, member_id, service_id)
         SELECT $1, x.id, s.service::uuid FROM jsonb_to_recordset($2) AS x(id uuid, services jsonb), jsonb_array_elements_text(x.services) AS s(service)"
    );
    events(tx, &place.events).await
}

/// Writes the rows of a batch; its events are appended apart, by [`events`], in the same transaction.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn write(tx: &mut TenantTx, batch: &Batch) -> Result<(), sqlx::Error> {
    findings(tx, batch).await?;
    actions(tx, batch).await?;
    step(tx, &batch.started).await?;
    work(tx, batch).await?;
    step(tx, &batch.submitted).await?;
    put!(
        tx,
        batch.verifications,
        "INSERT INTO verifications (provider_id, id, action_id, cycle, verifier_id, method, sample_size, met_standard, note, marks, outcome,
           missing, new_due_on, evidence_rev, judged, at)
         SELECT $1, x.id, x.action_id, 1, x.verifier_id, x.method, x.sample_size, x.met_standard, x.note, x.marks, x.outcome,
           x.missing, x.new_due_on, x.evidence_rev, x.judged, x.at FROM jsonb_populate_recordset(NULL::verifications, $2) x"
    );
    step(tx, &batch.judged).await?;
    put!(
        tx,
        batch.assurances,
        "INSERT INTO assurances (provider_id, id, action_id, cycle, member_id, decision, note, evidence_rev, judged, at)
         SELECT $1, x.id, x.action_id, 1, x.member_id, 'assured', x.note, x.evidence_rev, x.judged, x.at
         FROM jsonb_populate_recordset(NULL::assurances, $2) x"
    );
    put!(
        tx,
        batch.closures,
        "INSERT INTO closures (provider_id, id, action_id, cycle, closed_by, verification_id, verifier_id, outcome, assurance_id, assurance, note, judged, at)
         SELECT $1, x.id, x.action_id, 1, x.closed_by, x.verification_id, x.verifier_id, 'complete', x.assurance_id,
           CASE WHEN x.assurance_id IS NOT NULL THEN 'assured' END, x.note, x.judged, x.at FROM jsonb_populate_recordset(NULL::closures, $2) x"
    );
    step(tx, &batch.ended).await?;
    checks(tx, batch).await?;
    escalations(tx, batch).await?;
    put!(
        tx,
        batch.signed_off,
        "UPDATE reviews r SET version = r.version + 1, signed_off_by = x.signed_off_by, signed_off_at = x.signed_off_at
         FROM jsonb_populate_recordset(NULL::reviews, $2) x WHERE r.provider_id = $1 AND r.id = x.id"
    );
    Ok(())
}

/// Sustain checks are planned, and then answered.
async fn checks(tx: &mut TenantTx, batch: &Batch) -> Result<(), sqlx::Error> {
    put!(
        tx,
        batch.checks,
        "INSERT INTO sustain_checks (provider_id, id, action_id, service_id, cycle, due_on)
         SELECT $1, x.id, x.action_id, x.service_id, 1, x.due_on FROM jsonb_populate_recordset(NULL::sustain_checks, $2) x"
    );
    put!(
        tx,
        batch.checks,
        "UPDATE sustain_checks c SET result = 'held', method = 'record_sample', sample_size = 8, met_standard = 8, note = x.note, judged = x.judged,
           checked_by = x.checked_by, at = x.at
         FROM jsonb_populate_recordset(NULL::sustain_checks, $2) x WHERE c.provider_id = $1 AND c.id = x.id AND x.checked_by IS NOT NULL"
    );
    Ok(())
}

async fn findings(tx: &mut TenantTx, batch: &Batch) -> Result<(), sqlx::Error> {
    put!(
        tx,
        batch.reviews,
        "INSERT INTO reviews (provider_id, id, number, kind, title, service_id, held_on, conducted_by, score, created_by, created_at)
         SELECT $1, x.id, x.number, x.kind, x.title, x.service_id, x.held_on, x.conducted_by, x.score, x.created_by, x.created_at
         FROM jsonb_populate_recordset(NULL::reviews, $2) x"
    );
    put!(
        tx,
        batch.findings,
        "INSERT INTO findings (provider_id, id, number, service_id, unit_id, what, evidence_source, risk, theme, topic, significance, found_on,
           found_by, key_question, regulation, logged_by, logged_at)
         SELECT $1, x.id, x.number, x.service_id, x.unit_id, x.what, x.evidence_source, x.risk, x.theme, x.topic, x.significance, x.found_on,
           x.found_by, x.key_question, x.regulation, x.logged_by, x.logged_at FROM jsonb_populate_recordset(NULL::findings, $2) x"
    );
    put!(
        tx,
        batch.findings,
        "INSERT INTO finding_sources (provider_id, finding_id, review_id)
         SELECT $1, x.id, x.review_id FROM jsonb_to_recordset($2) AS x(id uuid, review_id uuid)"
    );
    Ok(())
}

async fn actions(tx: &mut TenantTx, batch: &Batch) -> Result<(), sqlx::Error> {
    put!(
        tx,
        batch.actions,
        "INSERT INTO actions (provider_id, id, number, finding_id, service_id, what, success_test, owner_id, due_on, verification_working_days,
           approver, created_by, created_at)
         SELECT $1, x.id, x.number, x.finding_id, x.service_id, x.what, x.success_test, x.owner_id, x.due_on, x.verification_working_days,
           x.approver, x.created_by, x.created_at FROM jsonb_populate_recordset(NULL::actions, $2) x"
    );
    put!(
        tx,
        batch.requirements,
        "INSERT INTO action_requirements (provider_id, action_id, kind)
         SELECT $1, x.action_id, x.kind FROM jsonb_populate_recordset(NULL::action_requirements, $2) x"
    );
    Ok(())
}

async fn work(tx: &mut TenantTx, batch: &Batch) -> Result<(), sqlx::Error> {
    put!(
        tx,
        batch.changes,
        "INSERT INTO action_changes (provider_id, id, action_id, cycle, field, before, after, reason, changed_by, changed_at)
         SELECT $1, x.id, x.action_id, 1, 'due_on', x.before, x.after, x.reason, x.changed_by, x.changed_at
         FROM jsonb_populate_recordset(NULL::action_changes, $2) x"
    );
    put!(
        tx,
        batch.updates,
        "INSERT INTO updates (provider_id, id, action_id, cycle, author_id, note, done_on, at)
         SELECT $1, x.id, x.action_id, 1, x.author_id, x.note, x.done_on, x.at FROM jsonb_populate_recordset(NULL::updates, $2) x"
    );
    put!(
        tx,
        batch.evidence,
        "INSERT INTO evidence (provider_id, id, action_id, cycle, kind, author_id, title, about_on, note, reference, at)
         SELECT $1, x.id, x.action_id, 1, x.kind, x.author_id, x.title, x.about_on, '', x.reference, x.at
         FROM jsonb_populate_recordset(NULL::evidence, $2) x"
    );
    Ok(())
}

/// The next state of each action named.
async fn step(tx: &mut TenantTx, steps: &[Step]) -> Result<(), sqlx::Error> {
    put!(
        tx,
        steps,
        "UPDATE actions a SET version = a.version + 1, status = x.status, due_on = coalesce(x.due_on, a.due_on),
           extensions = a.extensions + (x.due_on IS NOT NULL)::int, submitted_at = x.submitted_at, verify_by = x.verify_by,
           closure_id = x.closure_id, follow_up_on = x.follow_up_on, cancelled_by = x.cancelled_by, cancelled_at = x.cancelled_at,
           cancel_reason = x.cancel_reason, updated_at = x.updated_at
         FROM jsonb_populate_recordset(NULL::actions, $2) x WHERE a.provider_id = $1 AND a.id = x.id"
    );
    Ok(())
}

async fn escalations(tx: &mut TenantTx, batch: &Batch) -> Result<(), sqlx::Error> {
    put!(
        tx,
        batch.escalations,
        "INSERT INTO escalations (provider_id, id, action_id, cycle, level, cause, due_on, at)
         SELECT $1, x.id, x.action_id, 1, x.level, x.cause, x.due_on, x.at FROM jsonb_populate_recordset(NULL::escalations, $2) x"
    );
    put!(
        tx,
        batch.decisions,
        "INSERT INTO escalation_decisions (provider_id, id, escalation_id, action_id, decided_by, decision, risk, delay_reason, interim_control, judged, at)
         SELECT $1, x.id, x.escalation_id, x.action_id, x.decided_by, 'act', x.risk, x.delay_reason, x.interim_control, x.judged, x.at
         FROM jsonb_populate_recordset(NULL::escalation_decisions, $2) x"
    );
    Ok(())
}

/// Appends lines to the trail, in order.
///
/// # Errors
/// The database refused or was lost.
pub async fn events(tx: &mut TenantTx, events: &[rows::EventRow]) -> Result<(), sqlx::Error> {
    let events = json(events)?;
    sqlx::query!(r#"SELECT app.append_events($1) AS "n!""#, events,).fetch_one(tx.conn()).await.map(drop)
}

/// Sets the counters of references to what was given out (batches may end in another order), so that the next thing gets the next number.
///
/// # Errors
/// The database was lost.
pub async fn count(tx: &mut TenantTx, reviews: i32, findings: i32, actions: i32) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "UPDATE reference_counters SET last = greatest(last, CASE kind WHEN 'review' THEN $2::int WHEN 'finding' THEN $3::int ELSE $4::int END) WHERE provider_id = $1",
        provider.uuid(),
        reviews,
        findings,
        actions,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Lets the server look at what was loaded, and plan anew by it.
///
/// # Errors
/// The database was lost.
pub async fn learn(tx: &mut SystemTx) -> Result<(), sqlx::Error> {
    sqlx::query!(r#"SELECT app.learn_statistics() AS "done""#).fetch_one(tx.conn()).await.map(drop)
}
