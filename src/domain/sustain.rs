//! Sustain checks: some time after closure somebody other than the owner looks whether the improvement has lasted (R19).

use chrono::{Days, NaiveDate};

use super::access::{self, Denial, Verb};
use super::action::Status;
use super::closure::Case;
use super::member::Member;
use super::spc::Kind;
use super::text_enum::text_enum;
use super::verification::Method;
use super::wording::is_vague_note;
use super::words;
use crate::ids::MeasureId;

text_enum! {
    /// What a sustain check found.
    pub enum Lasting {
        /// Practice is as good as it was when the action was closed.
        Held => "held", "It has held";
        /// It begins to go back.
        Slipping => "slipping", "It is slipping";
        /// It is as it was before: the action opens again.
        Lost => "lost", "It is lost";
    }
}

/// How many days before its day a check may be done.
pub const EARLY_DAYS: u64 = 7;
/// After how many days what slips is looked at again.
pub const AGAIN_DAYS: u64 = 14;

/// A small sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How many were looked at; at least 1.
    pub size: u32,
    /// How many of them met the standard.
    pub met: u32,
}

/// A measure, as it stood when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Which.
    pub measure: MeasureId,
    /// What its chart said of the newest reading; none when nothing was read since the closure.
    pub kind: Option<Kind>,
    /// The same as a sentence.
    pub said: String,
}

/// What somebody found who looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Held, slipping or lost.
    pub lasting: Lasting,
    /// How they looked.
    pub method: Method,
    /// What they sampled.
    pub sample: Option<Sample>,
    /// The measure they looked at.
    pub shown: Option<Shown>,
    /// What they saw.
    pub note: String,
}

/// Why a sustain check is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The person may not do it.
    Denied(Denial),
    /// The action is not closed.
    NotClosed(Status),
    /// No check is planned.
    NonePlanned,
    /// It is not due before this day.
    TooEarly(NaiveDate),
    /// Neither a sample nor a measure was looked at.
    Nothing,
    /// More met the standard than were looked at.
    MoreMetThanSampled,
    /// Held, although half of the sample or more did not meet the standard.
    HeldAgainstSample,
    /// Lost, although everything in the sample met the standard.
    LostAgainstSample,
    /// Held, although the measure got worse, and not by chance.
    HeldAgainstMeasure,
    /// Only a measure was looked at, and it was not read since the closure.
    MeasureNotRead,
    /// The note says nothing.
    Vague,
}

impl Refusal {
    /// The field of the form it belongs to; none for the whole form.
    #[must_use]
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::Denied(_) | Self::NotClosed(_) | Self::NonePlanned | Self::TooEarly(_) => None,
            Self::Nothing => Some("sample"),
            Self::MoreMetThanSampled => Some("met"),
            Self::HeldAgainstSample | Self::LostAgainstSample | Self::HeldAgainstMeasure => Some("lasting"),
            Self::MeasureNotRead => Some("measure"),
            Self::Vague => Some("note"),
        }
    }

    /// The sentence for the page.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Denied(denial) => denial.sentence().into(),
            Self::NotClosed(status) => format!(
                "Only a closed action is looked at again: this one is {}.",
                status.label().to_lowercase()
            ),
            Self::NonePlanned => "No sustain check is planned for this action.".into(),
            Self::TooEarly(from) => {
                format!("It is too early to say whether it lasts. Look again from {} on.", words::date(from))
            }
            Self::Nothing => "Say how many you looked at, or choose the measure you looked at".into(),
            Self::MoreMetThanSampled => {
                "The number that met the standard cannot be more than the number you looked at".into()
            }
            Self::HeldAgainstSample => {
                "It has not held when half of what you looked at, or more, did not meet the standard".into()
            }
            Self::LostAgainstSample => "It is not lost when everything you looked at met the standard".into(),
            Self::HeldAgainstMeasure => {
                "It has not held when the measure got worse, and not by chance".into()
            }
            Self::MeasureNotRead => {
                "This measure was not read since the closure: look at a sample, or record a reading first"
                    .into()
            }
            Self::Vague => "Say what you saw, so that somebody else could look again".into(),
        }
    }
}

/// Whether `member` may look now at the check planned for `due_on`, if one is planned.
///
/// # Errors
/// Why not.
pub fn may_look(
    member: &Member,
    case: &Case,
    due_on: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<(), Refusal> {
    access::may(member.role, Verb::CheckSustained, case.relation(member)).map_err(Refusal::Denied)?;
    if case.action.status != Status::Closed {
        return Err(Refusal::NotClosed(case.action.status));
    }
    let from = due_on.map(opens_on).ok_or(Refusal::NonePlanned)?;
    if today < from { Err(Refusal::TooEarly(from)) } else { Ok(()) }
}

/// The first day on which a check may be done.
#[must_use]
pub fn opens_on(due_on: NaiveDate) -> NaiveDate {
    due_on.checked_sub_days(Days::new(EARLY_DAYS)).unwrap_or(due_on)
}

/// What stands against a look: everything at once.
#[must_use]
pub fn lacks(look: &Look) -> Vec<Refusal> {
    let mut lacking = Vec::new();
    match look.sample {
        None if look.shown.is_none() => lacking.push(Refusal::Nothing),
        None => {}
        Some(Sample { size, met }) if met > size => lacking.push(Refusal::MoreMetThanSampled),
        Some(Sample { size, met }) => match look.lasting {
            Lasting::Held if u64::from(met) * 2 <= u64::from(size) => {
                lacking.push(Refusal::HeldAgainstSample);
            }
            Lasting::Lost if met == size => lacking.push(Refusal::LostAgainstSample),
            _ => {}
        },
    }
    if let Some(shown) = &look.shown {
        match shown.kind {
            None if look.sample.is_none() => lacking.push(Refusal::MeasureNotRead),
            Some(Kind::Concern) if look.lasting == Lasting::Held => {
                lacking.push(Refusal::HeldAgainstMeasure);
            }
            _ => {}
        }
    }
    if is_vague_note(&look.note) {
        lacking.push(Refusal::Vague);
    }
    lacking
}

/// When to look again at what slips: in a fortnight, unless a check is planned before.
#[must_use]
pub fn again(today: NaiveDate, planned: Option<NaiveDate>) -> Option<NaiveDate> {
    let fortnight = today.checked_add_days(Days::new(AGAIN_DAYS))?;
    if planned.is_some_and(|day| day <= fortnight) { None } else { Some(fortnight) }
}

/// Whether the impact of a closed action is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impact {
    /// Nobody has looked yet; when they will.
    NotYet(Option<NaiveDate>),
    /// It held when somebody looked; when they look again.
    HeldSoFar(NaiveDate),
    /// It held at every check.
    Shown,
    /// It slips.
    NotShown,
}

/// What the checks of this cycle say: the answers in order of time, and the next day planned.
#[must_use]
pub fn impact(answers: &[Lasting], next: Option<NaiveDate>) -> Impact {
    match (answers.last(), next) {
        (None, next) => Impact::NotYet(next),
        (Some(Lasting::Held), None) => Impact::Shown,
        (Some(Lasting::Held), Some(next)) => Impact::HeldSoFar(next),
        (Some(_), _) => Impact::NotShown,
    }
}

#[cfg(test)]
mod tests {
    use super::super::text_enum::assert_words;
    use super::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn words_are_kept() {
        assert_words::<Lasting>();
    }

    #[rstest]
    #[case(Lasting::Held, Some((8, 7)), None, &[])]
    #[case(Lasting::Held, Some((8, 5)), None, &[])]
    #[case(Lasting::Held, Some((8, 4)), None, &[Refusal::HeldAgainstSample])]
    #[case(Lasting::Slipping, Some((8, 4)), None, &[])]
    #[case(Lasting::Slipping, Some((8, 8)), None, &[])]
    #[case(Lasting::Lost, Some((8, 7)), None, &[])]
    #[case(Lasting::Lost, Some((8, 8)), None, &[Refusal::LostAgainstSample])]
    #[case(Lasting::Lost, Some((1, 0)), None, &[])]
    #[case(Lasting::Held, Some((4, 5)), None, &[Refusal::MoreMetThanSampled])]
    #[case(Lasting::Held, None, None, &[Refusal::Nothing])]
    #[case(Lasting::Held, None, Some(Some(Kind::Improvement)), &[])]
    #[case(Lasting::Held, None, Some(Some(Kind::Common)), &[])]
    #[case(Lasting::Held, None, Some(Some(Kind::Concern)), &[Refusal::HeldAgainstMeasure])]
    #[case(Lasting::Lost, None, Some(Some(Kind::Concern)), &[])]
    #[case(Lasting::Held, None, Some(None), &[Refusal::MeasureNotRead])]
    #[case(Lasting::Held, Some((4, 4)), Some(None), &[])]
    #[case(Lasting::Held, Some((4, 4)), Some(Some(Kind::Concern)), &[Refusal::HeldAgainstMeasure])]
    fn what_was_found_has_to_fit_what_was_looked_at(
        #[case] lasting: Lasting,
        #[case] sample: Option<(u32, u32)>,
        #[case] measure: Option<Option<Kind>>,
        #[case] wanted: &[Refusal],
    ) {
        let look = Look {
            lasting,
            method: Method::RecordSample,
            sample: sample.map(|(size, met)| Sample { size, met }),
            shown: measure.map(|kind| Shown { measure: MeasureId::new(), kind, said: String::new() }),
            note: "Seven of eight protocols show a maximum dose".into(),
        };
        assert_eq!(lacks(&look), wanted);
        assert_eq!(
            lacks(&Look { note: "Done".into(), ..look }),
            [wanted, &[Refusal::Vague]].concat(),
            "a note that says nothing"
        );
    }

    #[test]
    fn what_slips_is_looked_at_in_a_fortnight_or_when_it_is_planned_before() {
        let today = day("2026-11-21");
        assert_eq!(again(today, None), Some(day("2026-12-05")));
        assert_eq!(again(today, Some(day("2026-12-05"))), None);
        assert_eq!(again(today, Some(day("2026-12-06"))), Some(day("2026-12-05")));
        assert_eq!(opens_on(day("2026-12-05")), day("2026-11-28"));
    }

    #[rstest]
    #[case(&[], None, Impact::NotYet(None))]
    #[case(&[], Some("2026-12-01"), Impact::NotYet(Some(day("2026-12-01"))))]
    #[case(&[Lasting::Held], Some("2026-12-01"), Impact::HeldSoFar(day("2026-12-01")))]
    #[case(&[Lasting::Held, Lasting::Held], None, Impact::Shown)]
    #[case(&[Lasting::Held, Lasting::Slipping], Some("2026-12-01"), Impact::NotShown)]
    #[case(&[Lasting::Slipping, Lasting::Held], None, Impact::Shown)]
    fn impact_is_shown_when_it_held_at_the_last_check(
        #[case] answers: &[Lasting],
        #[case] next: Option<&str>,
        #[case] wanted: Impact,
    ) {
        assert_eq!(impact(answers, next.map(day)), wanted);
    }
}
