//! When each step of an everyday thing is taken, and by whom.

use chrono::{Days, NaiveDate};

use super::{Fate, History, Step, Team, team};
use crate::demo::days::WorkingDays;
use crate::demo::script::{Deed, What, deed};
use crate::domain::calendar::{self, Nation};
use crate::domain::topic::Topic;

/// A step: the day, hour and minute, who, and what.
type Planned = (NaiveDate, u32, u32, &'static str, Step);

/// The month in which one thing that was closed is lost at its sustain check.
const LOST_IN: i32 = 9;

/// So many working days later.
pub(super) fn plus(day: NaiveDate, n: u16) -> NaiveDate {
    calendar::add_working_days(day, n, Nation::England)
}

fn small(i: usize, of: usize) -> u16 {
    u16::try_from(i % of).unwrap_or(0)
}

/// When it is found, and the first due date. What is late is due before the end of the month it was found in.
pub(super) fn found_and_due(days: &WorkingDays, month: i32, i: usize, fate: Fate) -> (NaiveDate, NaiveDate) {
    if fate.follow_up {
        let found = days.nth(month, 2 + small(i * 3, 14));
        return (found, plus(found, 1));
    }
    let found_in = month + 1 + i32::from(fate.carried);
    let found = days.nth(found_in, 3 + small(i * 2, 9));
    let due = if fate.late { days.nth(found_in, 14 + small(i, 4)) } else { days.nth(month, 4 + small(i, 3)) };
    (found, due)
}

/// When its owner says that it is done.
fn done_on(days: &WorkingDays, month: i32, i: usize, fate: Fate, found: NaiveDate) -> NaiveDate {
    match fate {
        Fate { follow_up: true, in_time: true, .. } => plus(found, 1),
        Fate { follow_up: true, .. } => plus(found, 3),
        _ => days.nth(month, 2 + small(i, 3)),
    }
}

/// Whether whoever checks takes longer than they may: every second at first, few later.
const fn is_slow(month: i32, i: usize, fate: Fate) -> bool {
    !fate.follow_up && if month >= 12 { i % 2 == 1 } else { !fate.sent_back && i % 8 == 2 }
}

impl History {
    /// The deeds of a thing, as far as they are before today.
    pub(super) fn lives(
        &mut self,
        days: &WorkingDays,
        month: i32,
        (index, i): (usize, usize),
        fate: Fate,
    ) -> Vec<Deed> {
        let Some(item) = self.items.get(index) else { return Vec::new() };
        let (found, due, Team { finds, owners, checks, manages, .. }) =
            (item.found_on, item.due_on, team(item.place));
        let owner = owners.get(item.owner).copied().unwrap_or(finds);
        let minute = u32::from(small(i * 7, 12));
        let mut steps: Vec<Planned> = vec![
            (found, 9 + u32::from(small(i, 3)), minute, finds, Step::Found),
            (found, 13, minute, finds, Step::Agreed),
        ];
        if item.earlier.is_some() {
            steps.push((found, 12, minute, finds, Step::CameBack));
            steps.push((plus(found, 3), 15, minute, manages, Step::Cause));
        }
        if item.survey.is_some() {
            steps.push((plus(found, 2), 10, minute, finds, Step::AlsoSaid));
        }
        if fate.late && fate.decided {
            steps.push((plus(due, 1), 11, minute, manages, Step::Decided));
        } else if fate.decided || month < 0 {
            steps.push((plus(found, 2), 11, minute, manages, Step::Stays));
        }
        let done = done_on(days, month, i, fate, found);
        steps.push((done, 14, minute, owner, Step::Done));
        let slow = is_slow(month, i, fate);
        let checked = if fate.sent_back {
            let (back, again) = match fate.follow_up {
                true => (1, 2),
                false if slow => (6, 8),
                false => (2, 5),
            };
            steps.push((plus(done, back), 10, minute, checks, Step::SentBack));
            steps.push((plus(done, again), 14, minute, owner, Step::DoneAgain));
            plus(done, again + if fate.follow_up { 1 } else { 2 })
        } else if slow {
            plus(done, 7)
        } else {
            plus(done, 1 + if fate.follow_up { 0 } else { small(i, 3) })
        };
        steps.push((checked, 9, 30 + minute, checks, Step::Checked));
        if fate.high {
            steps.push((plus(checked, 1), 12, minute, "marcus", Step::Assured));
        }
        let closed = plus(checked, if fate.follow_up { 0 } else { 1 + u16::from(fate.high) });
        let closes = if fate.asked { "helen" } else { manages };
        steps.push((closed, 15, 45, closes, Step::Closed));
        if month == LOST_IN && !fate.high && !fate.asked && !fate.follow_up {
            steps.extend(self.lost(index, (closed, minute), owner));
        }
        let told = |(day, hour, minute, who, step)| {
            Some(deed(days.at(day, hour, minute)?, who, What::Step(index, step)))
        };
        steps.into_iter().filter_map(told).collect()
    }
    /// One thing of the month is lost a month after it was closed, and is done again.
    fn lost(
        &mut self,
        index: usize,
        (closed, minute): (NaiveDate, u32),
        owner: &'static str,
    ) -> Vec<Planned> {
        if self.items.iter().any(|item| item.left_until.is_some()) {
            return Vec::new();
        }
        let Some(item) = self.items.get_mut(index) else { return Vec::new() };
        // its first check is planned for later than a month on
        if item.phrase.topic == Topic::Environment {
            return Vec::new();
        }
        let Team { checks, manages, looks, .. } = team(item.place);
        let lost = plus(closed + Days::new(29), 1);
        item.left_until = Some(lost);
        vec![
            (lost, 10, minute, looks, Step::Lost),
            (plus(lost, 2), 15, minute, manages, Step::Cause),
            (plus(lost, 4), 14, minute, owner, Step::DoneAgain),
            (plus(lost, 6), 9, minute, checks, Step::Checked),
            (plus(lost, 7), 15, minute, manages, Step::Closed),
        ]
    }
}
