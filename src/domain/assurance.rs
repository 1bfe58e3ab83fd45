//! The nominated individual's assurance: who gives it, when, and what a challenge has to say (R18).

use chrono::NaiveDate;

use super::access::{self, Denial, Verb};
use super::action::Status;
use super::closure::{AssuranceDecision, Case};
use super::member::Member;

/// The word as it is given.
#[derive(Clone, Debug)]
pub struct Word {
    /// Assured or challenged.
    pub decision: AssuranceDecision,
    /// What they looked at and why they are satisfied or not.
    pub note: String,
    /// The new due date, for a challenge: the action goes back to its owner.
    pub new_due_on: Option<NaiveDate>,
}

/// Why it is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssuranceRefusal {
    /// The person does not give assurance here.
    Denied(Denial),
    /// Only high and critical findings ask for it.
    NotNeeded,
    /// It is not waiting for closure.
    NotVerified(Status),
    /// Nothing was written.
    NoNote,
    /// A challenge sends the action back, so it needs a date that is not past.
    NoNewDate,
}

impl AssuranceRefusal {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Denied(Denial::NotYours) => "The nominated individual records assurance.".into(),
            Self::Denied(denial) => denial.sentence().into(),
            Self::NotNeeded => {
                "Only actions on high and critical findings need the nominated individual’s assurance.".into()
            }
            Self::NotVerified(status) => {
                format!("It is not waiting for assurance: it is {}.", status.label().to_lowercase())
            }
            Self::NoNote => "Say what you looked at and why you are satisfied, or not.".into(),
            Self::NoNewDate => {
                "Set a new due date, today or later: the action goes back to its owner.".into()
            }
        }
    }
}

/// Whether this person can record assurance on this action now.
///
/// # Errors
/// Why not.
pub fn may_assure(member: &Member, case: &Case) -> Result<(), AssuranceRefusal> {
    access::may(member.role, Verb::Assure, case.relation(member)).map_err(AssuranceRefusal::Denied)?;
    if !case.action.needs_assurance() {
        return Err(AssuranceRefusal::NotNeeded);
    }
    if case.action.status != Status::Verified {
        return Err(AssuranceRefusal::NotVerified(case.action.status));
    }
    Ok(())
}

/// What the word lacks.
///
/// # Errors
/// Every reason why it is not accepted, in the order of the form.
pub fn weigh(word: &Word, today: NaiveDate) -> Result<(), Vec<AssuranceRefusal>> {
    let mut refusals = Vec::new();
    if word.note.trim().is_empty() {
        refusals.push(AssuranceRefusal::NoNote);
    }
    if word.decision == AssuranceDecision::Challenged && word.new_due_on.is_none_or(|d| d < today) {
        refusals.push(AssuranceRefusal::NoNewDate);
    }
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Cast, day, today};
    use super::super::topic::Risk;
    use super::*;

    #[test]
    fn the_nominated_individual_and_nobody_else() {
        let cast = Cast::new();
        let case = cast.assured();
        assert_eq!(may_assure(&cast.nominated, &case), Ok(()));
        for who in [
            &cast.owner,
            &cast.leader,
            &cast.deputy,
            &cast.manager,
            &cast.safeguarding,
            &cast.quality,
            &cast.administrator,
        ] {
            assert_eq!(
                may_assure(who, &case),
                Err(AssuranceRefusal::Denied(Denial::NotYours)),
                "{}",
                who.name
            );
        }
        let mut owned = cast.assured();
        owned.owners.push((cast.nominated.id, cast.nominated.role));
        assert_eq!(may_assure(&cast.nominated, &owned), Err(AssuranceRefusal::Denied(Denial::Owner)));
    }

    #[test]
    fn only_high_and_critical_findings_that_were_verified() {
        let cast = Cast::new();
        for risk in Risk::ALL {
            for status in Status::ALL {
                let mut case = cast.verified();
                (case.action.risk, case.action.status) = (*risk, *status);
                let wanted = match (risk.is_high(), status) {
                    (false, _) => Err(AssuranceRefusal::NotNeeded),
                    (true, Status::Verified) => Ok(()),
                    (true, other) => Err(AssuranceRefusal::NotVerified(*other)),
                };
                assert_eq!(may_assure(&cast.nominated, &case), wanted, "{risk} {status}");
            }
        }
    }

    #[test]
    fn a_challenge_names_a_date() {
        use AssuranceDecision::{Assured, Challenged};
        use AssuranceRefusal::{NoNewDate, NoNote};
        for (decision, note, date, wanted) in [
            (Assured, "Looked at 4 protocols", None, vec![]),
            (Assured, " ", None, vec![NoNote]),
            (Challenged, "Only day shifts were sampled", Some("2026-11-21"), vec![]),
            (Challenged, "Only day shifts were sampled", Some("2026-11-20"), vec![NoNewDate]),
            (Challenged, "Only day shifts were sampled", None, vec![NoNewDate]),
            (Challenged, "", None, vec![NoNote, NoNewDate]),
        ] {
            let word = Word { decision, note: note.into(), new_due_on: date.map(day) };
            assert_eq!(weigh(&word, today()).err().unwrap_or_default(), wanted, "{decision} {note} {date:?}");
        }
    }
}
