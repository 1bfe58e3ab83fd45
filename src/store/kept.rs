//! What pages showed before, kept in this process's memory so that it need not be read again: cases and papers of actions,
//! dashboards, lists of actions, early-warning signs, and what stands around a page. Any number of processes may do so,
//! because none of them ever shows it without asking the database.
//!
//! **All of it but papers** is kept under a [`Reads::head`]. Every request opens its session, which gives the member with role
//! and services, the hash of the provider's newest line, and its `revisions`. No row that is shown is changed without a
//! line (`must_have_event`, migrations 0005 and 0021) or one more revision (0030), so under the same head they are the same, for the
//! same member, filters, place and day. What is read after the session was opened may be newer than its head, never older.
//!
//! **Papers of an action** outlive that: when the head is another, the case is read again, and with it [`AsOf`]. Papers read
//! as of the very same still stand. It is another after every change of what papers show:
//!
//! - The action and the rows below it (evidence, verdicts, assurances, closures, reopenings, changes, sustain checks, escalations,
//!   decisions, weekly entries): the database commits no change to one of them without a new line of the trail about this
//!   action in the same transaction (`must_have_event`, migrations 0005 and 0021), so its newest line is another.
//! - The trail itself only grows. Words beside it can be erased: that counts the provider's `revisions` up.
//! - Names, roles and places of members, services and units count `revisions` up too (migration 0030).
//! - What was found is never rewritten (`finding_guard`), nor are reviews but for their sign-off, which is not shown. What
//!   a finding came from and bears on is append-only: its count is another.
//!
//! What stands beyond that comes with a version of the program: the regulator's framework and the shape of it all. Who
//! changes rows with the rules of the database switched off restarts the program. Only transactions that cannot write
//! look in here or put something in, so nothing uncommitted is ever kept.

use std::fmt;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::action_list::{Listing, Page};
use super::dashboard::{Dashboard, Question};
use super::menu::{Around, Whose};
use super::papers::Papers;
use super::signal::{Looked, Signs};
use crate::domain::closure::Case;
use crate::ids::{ActionId, ProviderId};

/// How far the papers of an action are: after any change of theirs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// The action's version.
    pub version: i64,
    /// Its newest line of the trail.
    pub line: i64,
    /// How many reviews its finding came from.
    pub sources: i64,
    /// How many entries of the framework its finding bears on, besides the regulation.
    pub entries: i64,
    /// The provider's people, places and erased words.
    pub revision: i64,
}

type Under = (ProviderId, ActionId);

/// How much memory something takes, roughly and rather too much than too little.
#[derive(Clone)]
struct Bytes;

impl Weighter<Under, (AsOf, Arc<Papers>)> for Bytes {
    fn weight(&self, _: &Under, (_, papers): &(AsOf, Arc<Papers>)) -> u64 {
        u64::try_from(bytes_of(papers)).unwrap_or(u64::MAX)
    }
}

impl Weighter<Question, (Arc<str>, Arc<Dashboard>)> for Bytes {
    fn weight(&self, _: &Question, (_, shown): &(Arc<str>, Arc<Dashboard>)) -> u64 {
        let rows = shown.needs.len() * 1024 + shown.numbers.services.len() * 160;
        u64::try_from(3072 + rows).unwrap_or(u64::MAX)
    }
}

impl Weighter<Listing, (Arc<str>, Arc<Page>)> for Bytes {
    fn weight(&self, _: &Listing, (_, page): &(Arc<str>, Arc<Page>)) -> u64 {
        let wrote: usize = page.rows.iter().map(|row| row.what.len()).sum();
        let rows = page.rows.len() * 384 + page.around.services.len() * 96;
        u64::try_from(1024 + rows + wrote).unwrap_or(u64::MAX)
    }
}

/// A case by the number of its action.
type Numbered = (ProviderId, i32);

/// What the rules look at, and how far the papers are.
type Marked = (Arc<Case>, AsOf);

impl Weighter<Numbered, (Arc<str>, Marked)> for Bytes {
    fn weight(&self, _: &Numbered, (_, (case, _)): &(Arc<str>, Marked)) -> u64 {
        let wrote = case.action.what.len() + case.action.success_test.len();
        let others =
            case.recurrence.as_ref().map_or(0, |back| back.others.iter().map(|what| 24 + what.len()).sum());
        u64::try_from(1536 + case.pieces.len() * 32 + case.owners.len() * 32 + wrote + others)
            .unwrap_or(u64::MAX)
    }
}

impl Weighter<Looked, (Arc<str>, Arc<Signs>)> for Bytes {
    fn weight(&self, _: &Looked, (_, signs): &(Arc<str>, Arc<Signs>)) -> u64 {
        let rows = signs.groups.iter().chain(&signs.aside).flat_map(|group| &group.rows);
        let rows: usize = rows.map(|row| 384 + row.what.len() + row.note.len() + row.service.len()).sum();
        u64::try_from(1024 + rows).unwrap_or(u64::MAX)
    }
}

/// Every row with the heads of its strings and the tree of its facts, and what people wrote.
fn bytes_of(papers: &Papers) -> usize {
    const ROW: usize = 800;
    let rows = papers.evidence.len()
        + papers.verifications.len()
        + papers.assurances.len()
        + papers.closures.len()
        + papers.reopenings.len()
        + papers.changes.len()
        + papers.sustain.len()
        + papers.people.len()
        + papers.sources.len()
        + papers.bears_on.len()
        + papers.trail.len();
    let beside = papers.trail.iter().flat_map(|line| &line.texts);
    let wrote: usize = beside.map(|(name, body)| 64 + name.len() + body.len()).sum();
    // what stands beside the trail stands in the papers themselves too
    2 * ROW + rows * ROW + 2 * wrote + papers.finding_what.len()
}

/// What is kept; what was not asked for in a while is forgotten when it gets too much.
pub(super) struct Kept {
    papers: Cache<Under, (AsOf, Arc<Papers>), Bytes>,
    cases: Cache<Numbered, (Arc<str>, Marked), Bytes>,
    dashboards: Cache<Question, (Arc<str>, Arc<Dashboard>), Bytes>,
    lists: Cache<Listing, (Arc<str>, Arc<Page>), Bytes>,
    signs: Cache<Looked, (Arc<str>, Arc<Signs>), Bytes>,
    around: Cache<Whose, (Arc<str>, Arc<Around>)>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (papers, dashboards) = (self.papers.len(), self.dashboards.len());
        write!(f, "papers of {papers} actions, {dashboards} dashboards, {} lists", self.lists.len())
    }
}

impl Kept {
    /// Room for about so many bytes: three eighths of them for papers, as much for dashboards and lists together, and an
    /// eighth each for cases and signs.
    pub(super) fn of_at_most(bytes: u64) -> Self {
        let usual = |bytes: u64| usize::try_from(bytes / 8192).unwrap_or(usize::MAX);
        let eighth = bytes / 8;
        let (papers, pages) = (3 * eighth, 3 * eighth / 2);
        Self {
            papers: Cache::with_weighter(usual(papers), papers, Bytes),
            cases: Cache::with_weighter(usual(eighth * 4), eighth, Bytes),
            dashboards: Cache::with_weighter(usual(pages), pages, Bytes),
            lists: Cache::with_weighter(usual(pages), pages, Bytes),
            signs: Cache::with_weighter(usual(eighth), eighth, Bytes),
            // some 300 bytes each, and as much again for the names of many services
            around: Cache::new(usual(bytes)),
        }
    }
}

/// What is kept, as the transaction of a page may use it: one that cannot write.
#[derive(Debug)]
pub(super) struct Reads {
    pub(super) kept: Arc<Kept>,
    /// The hash of the provider's newest line and its count of revisions when the session was opened.
    pub(super) head: Arc<str>,
}

impl Reads {
    /// The papers of an action, if they were read as they are `now`.
    pub(super) fn papers(&self, under: Under, now: AsOf) -> Option<Arc<Papers>> {
        self.kept.papers.get(&under).filter(|(read, _)| *read == now).map(|(_, papers)| papers)
    }

    /// Keeps papers as they were read.
    pub(super) fn keep_papers(&self, under: Under, read: AsOf, papers: &Arc<Papers>) {
        self.kept.papers.insert(under, (read, Arc::clone(papers)));
    }

    /// The answer to a question, if nothing at all happened since.
    pub(super) fn dashboard(&self, question: &Question) -> Option<Arc<Dashboard>> {
        self.kept.dashboards.get(question).filter(|(head, _)| *head == self.head).map(|(_, shown)| shown)
    }

    /// Keeps an answer that was read in this transaction.
    pub(super) fn keep_dashboard(&self, question: Question, shown: &Arc<Dashboard>) {
        self.kept.dashboards.insert(question, (Arc::clone(&self.head), Arc::clone(shown)));
    }

    /// A page of a list, if nothing at all happened since.
    pub(super) fn list(&self, listing: &Listing) -> Option<Arc<Page>> {
        self.kept.lists.get(listing).filter(|(head, _)| *head == self.head).map(|(_, page)| page)
    }

    /// Keeps a page of a list that was read in this transaction.
    pub(super) fn keep_list(&self, listing: Listing, page: &Arc<Page>) {
        self.kept.lists.insert(listing, (Arc::clone(&self.head), Arc::clone(page)));
    }

    /// The case of an action and how far its papers are, if nothing at all happened since.
    pub(super) fn case(&self, action: Numbered) -> Option<Marked> {
        self.kept.cases.get(&action).filter(|(head, _)| *head == self.head).map(|(_, case)| case)
    }

    /// Keeps a case that was read in this transaction.
    pub(super) fn keep_case(&self, action: Numbered, case: Marked) {
        self.kept.cases.insert(action, (Arc::clone(&self.head), case));
    }

    /// Signs, if nothing at all happened since.
    pub(super) fn signs(&self, looked: &Looked) -> Option<Arc<Signs>> {
        self.kept.signs.get(looked).filter(|(head, _)| *head == self.head).map(|(_, signs)| signs)
    }

    /// Keeps signs that were found in this transaction.
    pub(super) fn keep_signs(&self, looked: Looked, signs: &Arc<Signs>) {
        self.kept.signs.insert(looked, (Arc::clone(&self.head), Arc::clone(signs)));
    }

    /// What stands around a member's pages, if nothing at all happened since.
    pub(super) fn around(&self, whose: &Whose) -> Option<Arc<Around>> {
        self.kept.around.get(whose).filter(|(head, _)| *head == self.head).map(|(_, around)| around)
    }

    /// Keeps what was read in this transaction.
    pub(super) fn keep_around(&self, whose: Whose, around: &Arc<Around>) {
        self.kept.around.insert(whose, (Arc::clone(&self.head), Arc::clone(around)));
    }
}
