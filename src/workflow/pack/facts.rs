//! What is read of a finding for a pack: its whole line, with everything given, decided and said about it.

use std::collections::HashMap;

use crate::error::AppError;
use crate::ids::EvidenceId;
use crate::store::TenantTx;
use crate::store::finding::{self, ActionLine, Finding};
use crate::store::pack::{self as store, Chosen, Escalated, Noted};
use crate::store::papers::{self, Papers};
use crate::store::recurrence::{self, Links};
use crate::store::scope::Scope;
use crate::store::trail::{self, Told};

/// The most lines of the trail that are told on the page of a finding; all of them are in the pack.
const TOLD: i64 = 1_000;

/// Where a piece of evidence is in the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Under this name, with so many bytes.
    File(String, u64),
    /// It names a record that is kept elsewhere.
    Elsewhere,
    /// It is kept back, because.
    KeptBack(String),
    /// Its owner withdrew it.
    Withdrawn,
}

/// Where every piece of evidence is.
pub(super) type Places = HashMap<EvidenceId, Place>;

/// An action with everything about it.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) line: ActionLine,
    pub(super) papers: Papers,
    pub(super) notes: Vec<Noted>,
    pub(super) escalated: Vec<Escalated>,
}

/// A finding with everything about it.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) finding: Finding,
    pub(super) deeds: Vec<Deed>,
    pub(super) links: Links,
    /// Oldest first.
    pub(super) told: Vec<(Option<i32>, Told)>,
}

/// Reads it.
pub(super) async fn read(tx: &mut TenantTx, chosen: &Chosen, scope: Scope) -> Result<Facts, AppError> {
    let found = finding::get(tx, chosen.number).await?.ok_or(AppError::NotFound)?;
    let lines = finding::lines(tx, &[found.id.uuid()]).await?;
    let mut notes = store::notes(tx, found.id).await?;
    let mut escalated = store::escalations(tx, found.id).await?;
    let links = recurrence::links(tx, scope, found.id).await?;
    let mut told = trail::of_finding(tx, found.id, TOLD).await?;
    told.reverse();
    let mut deeds = Vec::with_capacity(lines.len());
    for line in lines {
        let number = line.reference.number;
        let own = notes.extract_if(.., |note| note.number == number).collect::<Vec<_>>();
        let Some(action) = own.first().map(|note| note.action) else { continue };
        let papers = papers::all_of(tx, action).await?;
        let escalated = escalated.extract_if(.., |one| one.number == number).collect();
        deeds.push(Deed { line, papers, notes: own, escalated });
    }
    Ok(Facts { finding: found, deeds, links, told })
}
