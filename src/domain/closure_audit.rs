//! Closure audits (R26): which quarter, who audits, and what an answer has to say.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate};

use super::access::{self, Denial, Verb};
use super::closure::Case;
use super::member::Member;
use super::wording::is_vague_note;
use crate::ids::MemberId;

/// How many closures are drawn when nobody says otherwise.
pub const USUAL_SIZE: u16 = 20;
/// The most that can be drawn.
pub const MOST: u16 = 200;

/// Three months, from January, April, July or October on. Written "2026-q3".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    first: NaiveDate,
}

impl Quarter {
    /// The quarter a day is in.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        let first = day.month0() / 3 * 3 + 1;
        Self { first: NaiveDate::from_ymd_opt(day.year(), first, 1).unwrap_or(day) }
    }

    /// Its first day.
    #[must_use]
    pub const fn first(self) -> NaiveDate {
        self.first
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> NaiveDate {
        self.next().checked_sub_days(Days::new(1)).unwrap_or(self.first)
    }

    /// The first day of the next one.
    fn next(self) -> NaiveDate {
        self.first.checked_add_months(Months::new(3)).unwrap_or(NaiveDate::MAX)
    }

    /// The one before.
    #[must_use]
    pub fn before(self) -> Self {
        Self::of(self.first.checked_sub_days(Days::new(1)).unwrap_or(self.first))
    }

    /// Whether it is over on `today`.
    #[must_use]
    pub fn over(self, today: NaiveDate) -> bool {
        self.next() <= today
    }

    /// "July to September 2026".
    #[must_use]
    pub fn words(self) -> String {
        format!("{} to {}", self.first.format("%B"), self.last().format("%B %Y"))
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-q{}", self.first.year(), self.first.month0() / 3 + 1)
    }
}

impl FromStr for Quarter {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (year, quarter) = text.split_once("-q").ok_or(())?;
        let (year, quarter): (i32, u32) = (year.parse().map_err(drop)?, quarter.parse().map_err(drop)?);
        let first = quarter.checked_sub(1).filter(|q| *q < 4).ok_or(())? * 3 + 1;
        let quarter = Self { first: NaiveDate::from_ymd_opt(year, first, 1).ok_or(())? };
        // one address for each
        if (2000..=2999).contains(&year) && quarter.to_string() == text { Ok(quarter) } else { Err(()) }
    }
}

/// Who judged a closure: who checked, who approved, who assured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judges(pub Vec<MemberId>);

/// Why a closure is not audited, or not by this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditRefusal {
    /// The person does not audit this.
    Denied(Denial),
    /// They verified, assured or approved it.
    Judged,
    /// It was not drawn, was audited already, or has opened again.
    NotDrawn,
    /// The reason says nothing.
    Vague,
}

impl AuditRefusal {
    /// The sentence for the page.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Denied(denial) => denial.sentence(),
            Self::Judged => "You checked, assured or approved this, so somebody else has to audit it.",
            Self::NotDrawn => {
                "It does not wait for an audit: it was not drawn, was audited already, or has opened again."
            }
            Self::Vague => {
                "Say what you looked at and what you found, so that somebody else could look again"
            }
        }
    }
}

/// Whether this person may audit what was drawn and judged by `judges`; none when it does not wait.
///
/// # Errors
/// Why not.
pub fn may_audit(member: &Member, case: &Case, judges: Option<&Judges>) -> Result<(), AuditRefusal> {
    access::may(member.role, Verb::AuditClosures, case.relation(member)).map_err(AuditRefusal::Denied)?;
    let judges = judges.ok_or(AuditRefusal::NotDrawn)?;
    if judges.0.contains(&member.id) { Err(AuditRefusal::Judged) } else { Ok(()) }
}

/// Whether a reason is accepted.
///
/// # Errors
/// It says nothing.
pub fn weigh(reason: &str) -> Result<(), AuditRefusal> {
    if is_vague_note(reason) { Err(AuditRefusal::Vague) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Cast, day};
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("2026-01-01", "2026-q1", "2026-01-01", "2026-03-31", "January to March 2026")]
    #[case("2026-11-21", "2026-q4", "2026-10-01", "2026-12-31", "October to December 2026")]
    #[case("2028-06-30", "2028-q2", "2028-04-01", "2028-06-30", "April to June 2028")]
    fn quarters(
        #[case] on: &str,
        #[case] name: &str,
        #[case] first: &str,
        #[case] last: &str,
        #[case] said: &str,
    ) {
        let quarter = Quarter::of(day(on));
        assert_eq!(quarter.to_string(), name);
        assert_eq!(name.parse(), Ok(quarter));
        assert_eq!((quarter.first(), quarter.last()), (day(first), day(last)));
        assert_eq!(quarter.words(), said);
        assert!(!quarter.over(day(last)) && quarter.over(day(last).succ_opt().unwrap()));
        assert_eq!(quarter.before().last(), quarter.first().pred_opt().unwrap());
    }

    #[test]
    fn an_address_that_is_no_quarter_is_none() {
        for wrong in
            ["", "2026", "2026-q0", "2026-q5", "2026-q01", "02026-q1", "1999-q1", "2026-q1 ", "q1-2026"]
        {
            assert_eq!(wrong.parse::<Quarter>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn who_audits_has_not_owned_or_judged_it() {
        let cast = Cast::new();
        let mut case = cast.verified();
        let judges = Judges(vec![cast.deputy.id, cast.manager.id]);
        assert_eq!(may_audit(&cast.quality, &case, Some(&judges)), Ok(()));
        assert_eq!(may_audit(&cast.nominated, &case, Some(&judges)), Ok(()));
        assert_eq!(may_audit(&cast.quality, &case, None), Err(AuditRefusal::NotDrawn));
        let approved = Judges(vec![cast.deputy.id, cast.quality.id]);
        assert_eq!(may_audit(&cast.quality, &case, Some(&approved)), Err(AuditRefusal::Judged));
        for who in [&cast.manager, &cast.deputy, &cast.safeguarding, &cast.administrator, &cast.owner] {
            assert_eq!(
                may_audit(who, &case, Some(&judges)),
                Err(AuditRefusal::Denied(Denial::NotYours)),
                "{}",
                who.name
            );
        }
        case.owners.push((cast.quality.id, cast.quality.role));
        assert_eq!(may_audit(&cast.quality, &case, Some(&judges)), Err(AuditRefusal::Denied(Denial::Owner)));
    }

    #[test]
    fn a_reason_says_something() {
        assert_eq!(weigh("Done"), Err(AuditRefusal::Vague));
        assert_eq!(
            weigh("Eight of ten protocols carry the maximum dose; two were rewritten in March"),
            Ok(())
        );
    }
}
