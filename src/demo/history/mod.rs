//! Two years of everyday work at the larger provider: what is found, done, checked and closed month after month, between the
//! stories. Laid out by [`plan`], worded by [`phrases`], and told through the workflow like everything else, so that the
//! figures of governance are counted from what happened and typed in nowhere.

use chrono::NaiveDate;

use self::phrases::{MISSED, Phrase, SAID, SEEN};
use self::plan::{PLANS, Plan};
use super::cast::{Place, ROWAN};
use super::days::WorkingDays;
use super::script::{Deed, What, deed};
use crate::domain::topic::{ReviewKind, Risk, Topic};

pub mod phrases;
mod plan;
mod steps;
mod told;

pub use told::Told;

/// A review of everyday work, by its place in the list.
#[derive(Clone, Debug)]
pub struct Review {
    /// What kind, and what people call it.
    pub kind: (ReviewKind, &'static str),
    /// Where.
    pub place: &'static Place,
    /// When.
    pub held_on: NaiveDate,
}

/// An everyday thing that is found, and what becomes of it.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its words.
    pub phrase: &'static Phrase,
    /// Where.
    pub place: &'static Place,
    /// The unit, by its place in the list.
    pub unit: usize,
    /// So many of so many.
    pub numbers: [u32; 2],
    /// Risk.
    pub risk: Risk,
    /// The review that found it.
    pub review: usize,
    /// A survey that said the same after the action was agreed.
    pub survey: Option<usize>,
    /// Which of the owners it has.
    pub owner: usize,
    /// The day it was found.
    pub found_on: NaiveDate,
    /// The first due date.
    pub due_on: NaiveDate,
    /// The earlier one of which it is the recurrence.
    pub earlier: Option<usize>,
    /// Until when nobody else looks whether it has lasted.
    pub left_until: Option<NaiveDate>,
}

/// A step of an everyday thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is found.
    Found,
    /// It is linked to the earlier one.
    CameBack,
    /// An action is agreed.
    Agreed,
    /// A survey says the same.
    AlsoSaid,
    /// The root cause is found.
    Cause,
    /// A decision is recorded.
    Decided,
    /// A decision is recorded: no escalation is needed.
    Stays,
    /// The owner says that it is done.
    Done,
    /// It is sent back.
    SentBack,
    /// The owner says so again.
    DoneAgain,
    /// It is checked, and complete.
    Checked,
    /// The nominated individual is assured.
    Assured,
    /// It is closed.
    Closed,
    /// It is lost at the sustain check.
    Lost,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Reviews.
    pub reviews: Vec<Review>,
    /// What was found.
    pub items: Vec<Item>,
}

/// Who does what in a service, by key.
#[derive(Clone, Copy, Debug)]
pub struct Team {
    /// Who looks, and agrees what is to be done.
    pub finds: &'static str,
    /// Who owns it.
    pub owners: &'static [&'static str],
    /// Who checks it.
    pub checks: &'static str,
    /// Who decides and closes.
    pub manages: &'static str,
    /// Who looks whether it lasts.
    pub looks: &'static str,
}

/// Who does what in a service.
#[must_use]
pub fn team(place: &Place) -> Team {
    let (finds, owners, checks, manages, looks): (_, &[_], _, _, _) = match place.key {
        "rowan-house" => ("daniel", &["amara", "sofia", "tom"], "daniel", "priya", "daniel"),
        "linden-view" => ("fiona", &["peter", "fiona"], "jonas", "jonas", "jonas"),
        "harbour" => ("leila", &["mina", "leila"], "owen", "owen", "owen"),
        _ => ("ewan", &["grace", "ewan"], "nadia", "nadia", "nadia"),
    };
    Team { finds, owners, checks, manages, looks }
}

/// What a month's plan says of one of its things.
#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    carried: bool,
    late: bool,
    decided: bool,
    high: bool,
    /// What people said found it.
    asked: bool,
    /// A survey said the same later.
    survey: bool,
    sent_back: bool,
    follow_up: bool,
    in_time: bool,
    again: bool,
}

/// The things of a month with what becomes of each.
fn fates(plan: &Plan) -> Vec<Fate> {
    let mut fates = vec![Fate::default(); plan.others];
    let rest = plan.others - plan.carried[0];
    for (i, fate) in fates.iter_mut().enumerate() {
        let of_carried = i.checked_sub(rest);
        fate.carried = of_carried.is_some();
        fate.late = fate.carried || i < plan.late[0];
        fate.decided = of_carried.map_or(i < plan.late[1], |i| i < plan.carried[1]);
        // what people said stands at the end, what came back in the middle
        let from_end = plan.others - 1 - i;
        fate.asked = from_end < plan.said[1];
        fate.survey = !fate.asked && from_end < plan.said[0];
    }
    // high risks: as many decided as the plan says, and of the others none
    let (mut known, mut unknown) = (plan.high[1], plan.high[0] - plan.high[1]);
    for fate in fates.iter_mut().filter(|fate| !fate.carried && fate.late) {
        let left = if fate.decided { &mut known } else { &mut unknown };
        fate.high = *left > 0;
        *left = left.saturating_sub(1);
    }
    for fate in fates.iter_mut().filter(|fate| !fate.carried && !fate.late) {
        (fate.high, fate.decided) = (known + unknown > 0, known > 0);
        if known > 0 {
            known -= 1;
        } else {
            unknown = unknown.saturating_sub(1);
        }
    }
    // spread over the month by a step that shares no factor with how many there are
    let step = if plan.others.is_multiple_of(7) { 5 } else { 7 };
    for i in 0..plan.sent_back.min(plan.others) {
        if let Some(fate) = fates.get_mut((i * step + 1) % plan.others) {
            fate.sent_back = true;
        }
    }
    let again = fates.iter_mut().filter(|fate| !fate.asked && !fate.survey && !fate.carried);
    again.take(plan.again).for_each(|fate| fate.again = true);
    let follow_up = Fate { follow_up: true, ..Fate::default() };
    fates.extend((0..plan.follow_ups[0]).map(|i| Fate {
        in_time: i < plan.follow_ups[1],
        sent_back: plan.others == 0 && i < plan.sent_back,
        ..follow_up
    }));
    fates
}

/// The history until today, and its deeds.
#[must_use]
pub fn story(days: &WorkingDays) -> (History, Vec<Deed>) {
    let mut history = History::default();
    let mut deeds = Vec::new();
    for plan in &PLANS {
        for (i, fate) in fates(plan).into_iter().enumerate() {
            if let Some(index) = history.add(days, plan.month, i, fate) {
                deeds.extend(history.lives(days, plan.month, (index, i), fate));
            }
        }
    }
    deeds.extend(history.reviews(days));
    (history, deeds)
}

impl History {
    /// Adds a thing, unless it is yet to be found.
    fn add(&mut self, days: &WorkingDays, month: i32, i: usize, fate: Fate) -> Option<usize> {
        let seed = usize::try_from(month + 1).unwrap_or(0) * 5 + i * 3;
        let (found_on, due_on) = steps::found_and_due(days, month, i, fate);
        if found_on >= days.today() {
            return None;
        }
        let earlier = if fate.again { self.earlier(found_on, seed) } else { None };
        let (phrase, place) = match earlier.and_then(|earlier| self.items.get(earlier)) {
            Some(earlier) => (earlier.phrase, earlier.place),
            None => words(fate, seed, usize::try_from(month + 1).unwrap_or(0) + i)?,
        };
        let whole = 8 + u32::try_from(seed % 9).unwrap_or(0);
        let part = 2 + u32::try_from(seed % 3).unwrap_or(0);
        let item = Item {
            phrase,
            place,
            unit: seed % place.units.len().max(1),
            numbers: [part, whole],
            risk: match (fate.high, seed % 3) {
                (true, _) => Risk::High,
                (false, 0) => Risk::Low,
                (false, _) if fate.follow_up => Risk::Low,
                (false, _) => Risk::Medium,
            },
            review: self.review_for(place, phrase.review, found_on),
            survey: fate.survey.then(|| {
                let kind = (ReviewKind::FeedbackRound, "People's and families' survey");
                self.review_for(place, kind, found_on)
            }),
            owner: seed % team(place).owners.len(),
            found_on,
            due_on,
            earlier,
            left_until: None,
        };
        self.items.push(item);
        Some(self.items.len() - 1)
    }

    /// One that was found between one and eleven months before.
    fn earlier(&self, found_on: NaiveDate, seed: usize) -> Option<usize> {
        let fits = |item: &Item| {
            let days = (found_on - item.found_on).num_days();
            (40..330).contains(&days)
                && item.phrase.topic != Topic::MissedFollowUp
                && item.survey.is_none()
                && !item.phrase.review.0.is_feedback()
        };
        let all: Vec<usize> =
            self.items.iter().enumerate().filter(|(_, i)| fits(i)).map(|(at, _)| at).collect();
        all.get(seed % all.len().max(1)).copied()
    }

    /// The review of this kind in this month at this place, which is held on the day its first finding is found.
    fn review_for(
        &mut self,
        place: &'static Place,
        kind: (ReviewKind, &'static str),
        on: NaiveDate,
    ) -> usize {
        use crate::domain::figure::Month;
        let same =
            |r: &Review| r.kind == kind && r.place.key == place.key && Month::of(r.held_on) == Month::of(on);
        let at = self.reviews.iter().position(same).unwrap_or(self.reviews.len());
        match self.reviews.get_mut(at) {
            Some(review) => review.held_on = review.held_on.min(on),
            None => self.reviews.push(Review { kind, place, held_on: on }),
        }
        at
    }

    /// Reviews are begun before the first of what they find, and audits signed off on the day after the last.
    fn reviews(&self, days: &WorkingDays) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for (at, review) in self.reviews.iter().enumerate() {
            let Team { finds, manages, .. } = team(review.place);
            deeds.extend(days.at(review.held_on, 8, 40).map(|when| deed(when, finds, What::Held(at))));
            let last = self
                .items
                .iter()
                .filter(|i| i.review == at || i.survey == Some(at))
                .map(|i| i.found_on)
                .max();
            if let (true, Some(last)) = (review.kind.0.is_signed_off(), last) {
                let next = steps::plus(last, 1);
                deeds.extend(days.at(next, 16, 30).map(|when| deed(when, manages, What::Signed(at))));
            }
        }
        deeds
    }
}

/// The words of a thing, and where it is found.
fn words(fate: Fate, seed: usize, turn: usize) -> Option<(&'static Phrase, &'static Place)> {
    let place = ROWAN.places.get(turn % ROWAN.places.len())?;
    let all = match fate {
        Fate { follow_up: true, .. } => MISSED,
        Fate { asked: true, .. } => SAID,
        _ => SEEN,
    };
    let fits: Vec<&'static Phrase> = all.iter().filter(|phrase| phrase.fits(place)).collect();
    Some((fits.get((seed + turn / 4) % fits.len().max(1))?, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_has_what_its_plan_says() {
        for plan in &PLANS {
            let fates = fates(plan);
            let count = |is: fn(&Fate) -> bool| fates.iter().filter(|fate| is(fate)).count();
            let month = plan.month;
            assert_eq!(count(|f| f.late && !f.carried), plan.late[0], "{month}: late");
            assert_eq!(
                count(|f| f.late && !f.carried && f.decided),
                plan.late[1],
                "{month}: late and decided"
            );
            assert_eq!(count(|f| f.carried), plan.carried[0], "{month}: carried");
            assert_eq!(count(|f| f.carried && f.decided), plan.carried[1], "{month}: carried and decided");
            assert_eq!(count(|f| f.high), plan.high[0], "{month}: high");
            assert_eq!(count(|f| f.high && f.decided), plan.high[1], "{month}: high and decided");
            assert_eq!(count(|f| f.asked), plan.said[1], "{month}: asked");
            assert_eq!(count(|f| f.asked || f.survey), plan.said[0], "{month}: said");
            assert_eq!(count(|f| f.sent_back), plan.sent_back, "{month}: sent back");
            assert_eq!(count(|f| f.again), plan.again, "{month}: again");
            assert_eq!(count(|f| f.follow_up), plan.follow_ups[0], "{month}: follow-ups");
            assert_eq!(count(|f| f.in_time), plan.follow_ups[1], "{month}: in time");
        }
    }
}
