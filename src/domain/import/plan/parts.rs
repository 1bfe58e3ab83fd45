//! What a plan is made of.

use chrono::NaiveDate;

use crate::domain::import::Fate;
use crate::domain::topic::{Risk, Theme, Topic};
use crate::ids::{MemberId, ServiceId};

/// A service rows may come into.
#[derive(Clone, Debug)]
pub struct Place {
    /// Id.
    pub id: ServiceId,
    /// Name.
    pub name: String,
}

/// Somebody who may own actions.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Id.
    pub id: MemberId,
    /// Name.
    pub name: String,
    /// Where; none for the whole provider.
    pub services: Option<Vec<ServiceId>>,
}

impl Owner {
    pub(super) fn works_in(&self, service: ServiceId) -> bool {
        self.services.as_ref().is_none_or(|services| services.contains(&service))
    }
}

/// What the rows are looked at against.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Today in London.
    pub today: NaiveDate,
    /// The services of whoever imports.
    pub places: Vec<Place>,
    /// Who may own something.
    pub owners: Vec<Owner>,
}

/// What a row says, in our words.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Where.
    pub service: ServiceId,
    /// What is to be done.
    pub what: String,
    /// What was found.
    pub finding: String,
    /// How success is tested.
    pub success_test: String,
    /// Whose it is.
    pub owner: Option<MemberId>,
    /// Whose it is, as the tracker writes it.
    pub owner_words: String,
    /// Its risk, and whether the tracker says so itself.
    pub risk: (Risk, bool),
    /// Its topic.
    pub topic: Topic,
    /// Its theme.
    pub theme: Theme,
    /// When it is due, if the tracker says.
    pub due: Option<NaiveDate>,
    /// When it was done, if the tracker says.
    pub closed: Option<NaiveDate>,
    /// When it was found; today when the tracker does not say.
    pub found: NaiveDate,
    /// Whether somebody has begun.
    pub started: bool,
    /// What else the tracker says of it.
    pub note: String,
}

/// The fate of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The row's number.
    pub n: u32,
    /// Its fate.
    pub fate: Fate,
    /// Why, and what is worth knowing: sentences.
    pub why: String,
    /// What makes it the same row in whatever file it comes; none for what is left out.
    pub fingerprint: Option<[u8; 32]>,
    /// What it says; none for what is left out.
    pub said: Option<Said>,
}
