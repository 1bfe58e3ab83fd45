//! What may be changed about an action after it was agreed, with a reason and never silently (R6, R7): its owner, its
//! words, its date; and calling it off.
//!
//! What is being judged keeps still: words and date do not change between submission and closure. The owner may (people
//! leave), but then the new owner has to submit it again, because nobody answers for work somebody else declared done.

use chrono::NaiveDate;

use super::access::{self, Denial, Verb};
use super::action::{Action, Person, Status};
use super::closure::Case;
use super::member::Member;
use super::wording::{self, Context};
use super::words;
use crate::ids::MemberId;

/// Why a change is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeRefusal {
    /// The person may not do this.
    Denied(Denial),
    /// It is closed or cancelled.
    NotOpen(Status),
    /// It is between submission and closure.
    BeingJudged(Status),
    /// It is not closed, so it cannot be reopened.
    NotClosed(Status),
    /// No reason was given.
    NoReason,
    /// The owner chosen owns it already.
    SameOwner(String),
    /// The owner chosen has left, or does not see the service.
    CannotOwn,
    /// The words are the same.
    SameWords,
    /// The date is the one it has.
    SameDate(NaiveDate),
    /// The date has passed.
    PastDate,
    /// Vague words on a high or critical finding, without a reason for keeping them (R2): what to say about them.
    Vague(Vec<String>),
}

impl ChangeRefusal {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Denied(denial) => denial.sentence().into(),
            Self::NotOpen(status) => {
                format!("It stays as it is: it is {}.", status.label().to_lowercase())
            }
            Self::BeingJudged(status) => format!(
                "It is {}. What is being checked keeps its words and its date; change them if it comes back.",
                status.label().to_lowercase()
            ),
            Self::NotClosed(status) => {
                format!("It cannot be reopened: it is {}.", status.label().to_lowercase())
            }
            Self::NoReason => "Say why".into(),
            Self::SameOwner(name) => format!("{name} owns it already. Choose someone else"),
            Self::CannotOwn => "Choose someone who works in this service".into(),
            Self::SameWords => "Change the words, or go back: these are the same".into(),
            Self::SameDate(date) => {
                format!("It is due on {} already. Choose another date", words::date(*date))
            }
            Self::PastDate => "Set a date that is today or later".into(),
            Self::Vague(remarks) => format!(
                "Reword it, or say below why these words are kept: the finding is high risk. {}",
                remarks.join(" ")
            ),
        }
    }
}

/// What a new owner changes besides the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// The status stays.
    Stays,
    /// A submission no longer stands: the new owner submits it again.
    TakesSubmissionBack,
    /// A passed verification no longer stands: the new owner submits it again.
    VoidsVerification,
}

impl Handover {
    /// What a change of owner does to an action in this status.
    #[must_use]
    pub const fn of(status: Status) -> Self {
        match status {
            Status::Submitted => Self::TakesSubmissionBack,
            Status::Verified => Self::VoidsVerification,
            _ => Self::Stays,
        }
    }
}

/// Whether the person may do `verb` to this action, which is open.
///
/// # Errors
/// Why not.
pub fn may_change(member: &Member, verb: Verb, case: &Case) -> Result<(), ChangeRefusal> {
    access::may(member.role, verb, case.relation(member)).map_err(ChangeRefusal::Denied)?;
    let status = case.action.status;
    match verb {
        Verb::Reopen if status != Status::Closed => Err(ChangeRefusal::NotClosed(status)),
        Verb::Reopen => Ok(()),
        _ if !status.open() => Err(ChangeRefusal::NotOpen(status)),
        Verb::Reword | Verb::Extend | Verb::Merge if !status.with_owner() => {
            Err(ChangeRefusal::BeingJudged(status))
        }
        _ => Ok(()),
    }
}

/// R7: whether `new` can take the action over from its owner. `possible` are those who see the service and are here.
///
/// # Errors
/// Why not.
pub fn reassign<'a>(
    action: &Action,
    new: MemberId,
    possible: &'a [Person],
) -> Result<&'a Person, ChangeRefusal> {
    if let Some(owner) = action.owner.as_ref().filter(|o| o.id == new && !o.left) {
        return Err(ChangeRefusal::SameOwner(owner.name.clone()));
    }
    possible.iter().find(|p| p.id == new).ok_or(ChangeRefusal::CannotOwn)
}

/// R2, R6: whether the new words may stand. `kept` is why vague words are kept.
///
/// # Errors
/// Why not.
pub fn reword(
    action: &Action,
    what: &str,
    success_test: &str,
    kept: Option<&str>,
) -> Result<(), ChangeRefusal> {
    if action.what == what && action.success_test == success_test {
        return Err(ChangeRefusal::SameWords);
    }
    let context = Context {
        has_owner: !action.unowned(),
        has_due_date: action.due_on.is_some(),
        has_success_test: !success_test.trim().is_empty(),
    };
    let said = wording::check(what, context);
    if said.must_reword(action.risk.is_high()) && kept.is_none_or(|k| k.trim().is_empty()) {
        let vague = said.vague.iter().map(wording::VagueTerm::sentence);
        let missing =
            said.missing.iter().filter(|m| **m == wording::Missing::What).map(|m| m.sentence().into());
        return Err(ChangeRefusal::Vague(vague.chain(missing).collect()));
    }
    Ok(())
}

/// R2: the reason for keeping vague words, as far as there are any to keep.
#[must_use]
pub fn kept<'a>(what: &str, kept: Option<&'a str>) -> Option<&'a str> {
    let context = Context { has_owner: true, has_due_date: true, has_success_test: true };
    kept.filter(|_| !wording::check(what, context).is_clear())
}

/// R6, R11: whether the date may move there.
///
/// # Errors
/// Why not.
pub fn new_date(current: Option<NaiveDate>, new: NaiveDate, today: NaiveDate) -> Result<(), ChangeRefusal> {
    if new < today {
        return Err(ChangeRefusal::PastDate);
    }
    if current == Some(new) {
        return Err(ChangeRefusal::SameDate(new));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Cast, day, today};
    use super::super::topic::Risk;
    use super::*;

    #[test]
    fn what_is_being_judged_keeps_still() {
        use Status::{Cancelled, Closed, InProgress, Ineffective, NotStarted, SentBack, Submitted, Verified};
        let cast = Cast::new();
        for status in [NotStarted, InProgress, Submitted, SentBack, Ineffective, Verified, Closed, Cancelled]
        {
            let mut case = cast.verified();
            case.action.status = status;
            let may = |verb| may_change(&cast.manager, verb, &case);
            let open = !matches!(status, Closed | Cancelled);
            let judged = matches!(status, Submitted | Verified);
            let shut = Err(ChangeRefusal::NotOpen(status));
            let still = Err(ChangeRefusal::BeingJudged(status));
            for verb in [Verb::Reassign, Verb::Cancel] {
                assert_eq!(may(verb), if open { Ok(()) } else { shut.clone() }, "{verb:?} {status}");
            }
            for verb in [Verb::Reword, Verb::Extend, Verb::Merge] {
                let wanted = if judged {
                    still.clone()
                } else if open {
                    Ok(())
                } else {
                    shut.clone()
                };
                assert_eq!(may(verb), wanted, "{verb:?} {status}");
            }
            let reopen = if status == Closed { Ok(()) } else { Err(ChangeRefusal::NotClosed(status)) };
            assert_eq!(may(Verb::Reopen), reopen, "{status}");
        }
    }

    #[test]
    fn who_changes_it() {
        let cast = Cast::new();
        let case = {
            let mut c = cast.submitted();
            c.action.status = Status::InProgress;
            c
        };
        let may = |who: &Member, verb| may_change(who, verb, &case).is_ok();
        // reassign, reword, extend, cancel
        for (who, wanted) in [
            (&cast.owner, [false; 4]),
            (&cast.leader, [true, false, false, false]),
            (&cast.deputy, [true; 4]),
            (&cast.manager, [true; 4]),
            (&cast.other_manager, [false; 4]),
            (&cast.safeguarding, [true; 4]),
            (&cast.quality, [true; 4]),
            (&cast.nominated, [true; 4]),
            (&cast.administrator, [true, false, false, false]),
            (&cast.reader, [false; 4]),
        ] {
            let got = [Verb::Reassign, Verb::Reword, Verb::Extend, Verb::Cancel].map(|verb| may(who, verb));
            assert_eq!(got, wanted, "{}", who.name);
        }
    }

    #[test]
    fn a_new_owner_is_somebody_else_who_works_here() {
        let cast = Cast::new();
        let case = cast.submitted();
        let person = |m: &Member| Person {
            id: m.id,
            name: m.name.clone(),
            role: m.role,
            job_title: String::new(),
            left: false,
        };
        let possible = [person(&cast.owner), person(&cast.deputy)];
        assert_eq!(reassign(&case.action, cast.deputy.id, &possible).unwrap().id, cast.deputy.id);
        assert!(matches!(reassign(&case.action, cast.owner.id, &possible), Err(ChangeRefusal::SameOwner(_))));
        assert_eq!(reassign(&case.action, cast.other_deputy.id, &possible), Err(ChangeRefusal::CannotOwn));
        let mut back = cast.submitted();
        back.action.owner.as_mut().unwrap().left = true;
        assert!(
            reassign(&back.action, cast.owner.id, &possible).is_ok(),
            "somebody who came back takes it again"
        );
        assert_eq!(Handover::of(Status::Submitted), Handover::TakesSubmissionBack);
        assert_eq!(Handover::of(Status::Verified), Handover::VoidsVerification);
        for status in [Status::NotStarted, Status::InProgress, Status::SentBack, Status::Ineffective] {
            assert_eq!(Handover::of(status), Handover::Stays);
        }
    }

    #[test]
    fn vague_words_on_a_high_risk_need_a_reason() {
        let cast = Cast::new();
        let vague = "Remind staff about PRN protocols";
        let clear = "Rewrite the PRN protocols of all 12 people on Ash with a maximum dose";
        for (risk, what, kept, refused) in [
            (Risk::Medium, vague, None, false),
            (Risk::High, vague, None, true),
            (Risk::High, vague, Some("  "), true),
            (Risk::High, vague, Some("The regulator's own words"), false),
            (Risk::Critical, vague, None, true),
            (Risk::High, clear, None, false),
        ] {
            let mut action = cast.submitted().action;
            action.risk = risk;
            let got = reword(&action, what, "10 of 10 sampled", kept);
            assert_eq!(
                matches!(got, Err(ChangeRefusal::Vague(_))),
                refused,
                "{risk} {what} {kept:?}: {got:?}"
            );
        }
        let action = cast.submitted().action;
        assert_eq!(reword(&action, &action.what, &action.success_test, None), Err(ChangeRefusal::SameWords));
        assert!(reword(&action, &action.what, "12 of 12 sampled", None).is_ok());
    }

    #[test]
    fn a_date_moves_forward_from_today() {
        for (current, new, wanted) in [
            (Some("2026-11-16"), "2026-11-21", Ok(())),
            (Some("2026-11-16"), "2026-11-20", Err(ChangeRefusal::PastDate)),
            (Some("2026-12-01"), "2026-12-01", Err(ChangeRefusal::SameDate(day("2026-12-01")))),
            (Some("2026-12-01"), "2026-11-25", Ok(())),
            (None, "2026-11-25", Ok(())),
        ] {
            assert_eq!(new_date(current.map(day), day(new), today()), wanted, "{current:?} {new}");
        }
    }
}
