//! What pages showed before, kept in this process's memory so that it need not be read again: the papers of actions,
//! dashboards, lists of actions, and the numbers beside the menu. Any number of processes may do so, because none of them ever shows it without asking the database.
//!
//! **Papers of an action.** Every request reads, in its own transaction and under row-level security, the case of the
//! action (and so whether this member may see it) together with [`AsOf`]. Only papers read as of the very same are taken.
//! It is another after every change of what papers show:
//!
//! - The action and the rows below it (evidence, verdicts, assurances, closures, reopenings, changes, sustain checks, escalations,
//!   decisions, weekly entries): the database commits no change to one of them without a new line of the trail about this
//!   action in the same transaction (`must_have_event`, migrations 0005 and 0021), so its newest line is another.
//! - The trail itself only grows. Words beside it can be erased: that counts the provider's `revisions` up.
//! - Names, roles and places of members, services and units count `revisions` up too (migration 0030).
//! - What was found is never rewritten (`finding_guard`), nor are reviews but for their sign-off, which is not shown. What
//!   a finding came from and bears on is append-only: its count is another.
//!
//! **Dashboards, lists, and the numbers beside the menu.** Every request opens its session, which gives the member with role and services, and the hash of the
//! provider's newest line. No row they count or show is changed without a line, so under the same hash they are the same,
//! for the same member, filters, place and day. What is read after the session was opened may be newer than its hash, never older.
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
use super::menu::{Counts, Whose};
use super::papers::Papers;
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
    dashboards: Cache<Question, (Arc<str>, Arc<Dashboard>), Bytes>,
    lists: Cache<Listing, (Arc<str>, Arc<Page>), Bytes>,
    counts: Cache<Whose, (Arc<str>, Counts)>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (papers, dashboards) = (self.papers.len(), self.dashboards.len());
        write!(f, "papers of {papers} actions, {dashboards} dashboards, {} lists", self.lists.len())
    }
}

impl Kept {
    /// Room for about so many bytes, a quarter of them for dashboards and a quarter for lists.
    pub(super) fn of_at_most(bytes: u64) -> Self {
        let usual = |bytes: u64| usize::try_from(bytes / 8192).unwrap_or(usize::MAX);
        let (quarter, papers) = (bytes / 4, bytes - bytes / 2);
        Self {
            papers: Cache::with_weighter(usual(papers), papers, Bytes),
            dashboards: Cache::with_weighter(usual(quarter), quarter, Bytes),
            lists: Cache::with_weighter(usual(quarter), quarter, Bytes),
            // some 300 bytes each
            counts: Cache::new(usual(bytes)),
        }
    }
}

/// What is kept, as the transaction of a page may use it: one that cannot write.
#[derive(Debug)]
pub(super) struct Reads {
    pub(super) kept: Arc<Kept>,
    /// The hash of the provider's newest line when the session was opened.
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

    /// A member's numbers, if nothing at all happened since.
    pub(super) fn counts(&self, whose: &Whose) -> Option<Counts> {
        self.kept.counts.get(whose).filter(|(head, _)| *head == self.head).map(|(_, counts)| counts)
    }

    /// Keeps numbers that were counted in this transaction.
    pub(super) fn keep_counts(&self, whose: Whose, counts: Counts) {
        self.kept.counts.insert(whose, (Arc::clone(&self.head), counts));
    }
}
