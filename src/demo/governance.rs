//! The governance meeting of the demo: the month that ended last is talked about on the fourth working day, the quality lead
//! writes the minutes and the nominated individual signs.

use chrono::{Datelike as _, Days, NaiveDate};

use super::script::What;
use super::stage::{Stage, Trouble, find, moment, trouble};
use crate::domain::calendar::{self, Nation};
use crate::domain::figure::{Figure, Month};
use crate::domain::governance::Said;
use crate::ids::ServiceId;
use crate::store::figure::Over;
use crate::store::governance::Written;
use crate::workflow::governance::{self, Given, Item, On};
use crate::workflow::{Actor, Stop};
use crate::workflow::{figure, figure_limits};

/// What was talked about, meeting after meeting.
const MINUTES: [&str; 3] = [
    "The figures were read one by one, with the rows behind those that missed their target. High-risk findings come first \
     next month. The branch and the homes compare how they check before they close.",
    "The rows behind each figure were opened in the meeting. What came back was read beside what had been closed before, and \
     each manager said what is different now. Late actions were gone through by name.",
    "What had been decided last month was read first: all of it is done or has a date. The figures were compared with the six \
     months before. Two services visit each other before the next meeting and look at what was closed.",
];

/// How many months ago every overdue action began to get its decision (the tenth before: `history/plan.rs`).
const DECIDED_SINCE: u32 = 10;
const WHY_ANEW: &str = "Since then each manager opens what is late every Monday and records the decision there. The months before say \
    nothing about how it runs now.";

const SAID: [[(Figure, Said, &str); 3]; 2] = [
    [
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
    ],
    [
        (
            Figure::Feedback,
            Said::Challenge,
            "What people told us is closed on what people say now. The one that was not is asked about before the month is out.",
        ),
        (
            Figure::Overdue,
            Said::Support,
            "A bank senior for two mornings a week until the late actions of the home are done, paid from the quality budget.",
        ),
        (
            Figure::Evidence,
            Said::Assurance,
            "Four closures were opened with their evidence: dates, samples and wording fit, and somebody else had looked.",
        ),
    ],
];

/// Whether a meeting is held on a day: on the fourth working day of a month, and of the last so many before `today`.
pub(super) fn is_meeting(day: NaiveDate, today: NaiveDate, meetings: u32) -> bool {
    let last = last_meeting(today);
    let first = Month::of(last).before(meetings.saturating_sub(1));
    day == fourth(Month::of(day)) && day <= last && Month::of(day) >= first
}

/// The fourth working day of a month.
fn fourth(month: Month) -> NaiveDate {
    let eve = month.first().checked_sub_days(Days::new(1)).unwrap_or(month.first());
    calendar::add_working_days(eve, 4, Nation::England)
}

/// The day of the last meeting before `today`, which has not happened yet.
fn last_meeting(today: NaiveDate) -> NaiveDate {
    let this = fourth(Month::of(today));
    if this < today { this } else { fourth(Month::of(today).before(1)) }
}

impl Stage<'_> {
    /// Holds the meeting on the month before `date`, and signs it off.
    pub(super) async fn govern(&self, date: NaiveDate) -> Result<(), Trouble> {
        let (Ok(quality), Ok(nominated)) = (find(&self.actors, "helen"), find(&self.actors, "marcus")) else {
            return Ok(());
        };
        let on = self.last_month(date);
        let failed = |stop| trouble("the meeting", "govern", stop);
        self.set_clock(moment(date, 7, 15));
        // another agenda each month, the same in the same month
        let turn = usize::try_from(date.month0()).unwrap_or(0);
        let said = SAID.get(turn % SAID.len()).into_iter().flatten().copied();
        let minutes = MINUTES.get(turn % MINUTES.len()).copied().unwrap_or_default();
        for (figure, said, note) in said {
            let given = Given { item: Item::Figure(figure), said, note: note.into(), follows: None };
            governance::decide(self.app, &quality, &on, &given).await.map_err(failed)?;
        }
        let present = vec![quality.member.id, nominated.member.id];
        let written = Written { held_on: date, minutes: minutes.into(), present, others: String::new() };
        governance::write(self.app, &quality, &on, 0, &written).await.map_err(failed)?;
        self.set_clock(moment(date, 7, 40));
        // as the worker would have by then: the signed month keeps its line
        figure::sweep(self.app, self.provider).await.map_err(failed)?;
        // only two years have months enough
        if date == last_meeting(self.today) && self.meetings > 1 {
            self.judge_anew(&quality, &on).await.map_err(failed)?;
        }
        governance::sign(self.app, &nominated, &on, 1).await.map_err(failed)
    }

    /// What was reached with the decisions on overdue actions (S5, M2) is judged by itself from then on.
    async fn judge_anew(&self, quality: &Actor, on: &On) -> Result<(), Stop> {
        let on = On { month: Month::of(self.today).before(DECIDED_SINCE), ..on.clone() };
        figure_limits::recalculate(self.app, quality, &on, (Figure::Decided, true), WHY_ANEW).await
    }

    /// What the meeting of a day is about: the whole provider in the month before.
    fn last_month(&self, day: NaiveDate) -> On {
        let services: Vec<ServiceId> = self.services.values().map(|(id, _)| *id).collect();
        let over = Over::whole(self.provider, &services);
        On { over, service: None, month: Month::of(day).before(1) }
    }

    /// Says something about an action in the meeting on the month before.
    pub(super) async fn say_in_meeting(&self, by: &Actor, what: &What) -> Result<(), Stop> {
        let What::InMeeting { action, said, note } = what else { return Ok(()) };
        let action = find(&self.actions, action).map_err(|trouble| Stop::refused(trouble.to_string()))?;
        let on = self.last_month(self.app.clock.today());
        let given = Given { item: Item::Reference(action), said: *said, note: (*note).into(), follows: None };
        governance::decide(self.app, by, &on, &given).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("2026-11-21", "2026-11-05")]
    #[case("2026-11-06", "2026-11-05")]
    #[case("2026-11-05", "2026-10-06")]
    #[case("2027-01-02", "2026-12-04")]
    fn the_meeting_is_on_the_fourth_working_day(#[case] today: &str, #[case] wanted: &str) {
        let (today, wanted): (NaiveDate, NaiveDate) = (today.parse().unwrap(), wanted.parse().unwrap());
        let held: Vec<NaiveDate> =
            (today - Days::new(60)).iter_days().take(80).filter(|day| is_meeting(*day, today, 1)).collect();
        assert_eq!(held, [wanted]);
    }
}
