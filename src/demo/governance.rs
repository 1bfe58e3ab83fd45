//! The governance meeting of the demo: the month that ended last is talked about on the fourth working day, the quality lead
//! writes the minutes and the nominated individual signs.

use chrono::{Days, NaiveDate};

use super::stage::{Stage, Trouble, find, moment, trouble};
use crate::domain::calendar::{self, Nation};
use crate::domain::figure::{Figure, Month};
use crate::domain::governance::Said;
use crate::ids::ServiceId;
use crate::store::figure::Over;
use crate::store::governance::Written;
use crate::workflow::figure;
use crate::workflow::governance::{self, Given, Item, On};

const MINUTES: &str = "The figures were read one by one, with the rows behind those that missed their target. High-risk \
findings come first next month. The branch and the homes compare how they check before they close.";

const SAID: [(Figure, Said, &str); 3] = [
    (
        Figure::HighDecided,
        Said::Challenge,
        "At this risk every finding has a recorded decision. Each that lacks one gets it this week, or the reason why none is needed.",
    ),
    (
        Figure::Improved,
        Said::Action,
        "Every manager names the measure or the sample by which each closed action is looked at again, by the 20th.",
    ),
    (
        Figure::Window,
        Said::Assurance,
        "Three verdicts were read with their samples. They were given in time and say what was looked at.",
    ),
];

/// The day of the last meeting before `today`: the fourth working day of a month.
pub(super) fn meets_on(today: NaiveDate) -> NaiveDate {
    let of = |month: Month| {
        let eve = month.first().checked_sub_days(Days::new(1)).unwrap_or(month.first());
        calendar::add_working_days(eve, 4, Nation::England)
    };
    let this = of(Month::of(today));
    if this <= today { this } else { of(Month::of(today).before(1)) }
}

impl Stage<'_> {
    /// Holds the meeting on the month before `date`, and signs it off.
    pub(super) async fn govern(&self, date: NaiveDate) -> Result<(), Trouble> {
        let (Ok(quality), Ok(nominated)) = (find(&self.actors, "helen"), find(&self.actors, "marcus")) else {
            return Ok(());
        };
        let services: Vec<ServiceId> = self.services.values().map(|(id, _)| *id).collect();
        let over = Over::whole(self.provider, &services);
        let on = On { over, service: None, month: Month::of(date).before(1) };
        let failed = |stop| trouble("the meeting", "govern", stop);
        self.set_clock(moment(date, 7, 15));
        for (figure, said, note) in SAID {
            let given = Given { item: Item::Figure(figure), said, note: note.into(), follows: None };
            governance::decide(self.app, &quality, &on, &given).await.map_err(failed)?;
        }
        let present = vec![quality.member.id, nominated.member.id];
        let written = Written { held_on: date, minutes: MINUTES.into(), present, others: String::new() };
        governance::write(self.app, &quality, &on, 0, &written).await.map_err(failed)?;
        self.set_clock(moment(date, 7, 40));
        // as the worker would have by then: the signed month keeps its line
        figure::sweep(self.app, self.provider).await.map_err(failed)?;
        governance::sign(self.app, &nominated, &on, 1).await.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("2026-11-21", "2026-11-05")]
    #[case("2026-11-05", "2026-11-05")]
    #[case("2026-11-04", "2026-10-06")]
    #[case("2027-01-02", "2026-12-04")]
    fn the_meeting_is_on_the_fourth_working_day(#[case] today: &str, #[case] wanted: &str) {
        assert_eq!(meets_on(today.parse().unwrap()), wanted.parse::<NaiveDate>().unwrap());
    }
}
