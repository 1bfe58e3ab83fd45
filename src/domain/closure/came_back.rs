//! What came back closes when its cause is known, and on more than telling people again (R22).

use super::{Case, Item, Step, done};
use crate::domain::action::{SubmissionRefusal, can_submit};
use crate::domain::reference::Reference;
use crate::domain::words;

impl Case {
    /// Whether its owner can send it for verification (R9, R10, R16, R22).
    ///
    /// # Errors
    /// What stands against it, first things first.
    pub fn ready(&self) -> Result<(), SubmissionRefusal> {
        let (required, pieces) = (&self.required, &self.pieces);
        can_submit(&self.action, required, pieces, self.updates, self.sent_back_rev())?;
        if self.only_reminds() { Err(SubmissionRefusal::OnlyReminds) } else { Ok(()) }
    }

    /// Whether all there is to be done about what came back is to tell people again.
    #[must_use]
    pub fn only_reminds(&self) -> bool {
        self.recurrence.as_ref().is_some_and(|r| r.only_reminds(&self.action.what))
    }

    pub(super) fn came_back(&self) -> Vec<Item> {
        let Some(r) = &self.recurrence else { return Vec::new() };
        let (met, told) = (r.reviewed.is_some(), !self.only_reminds());
        let detail = match &r.reviewed {
            Some((_, at)) => format!("Complete, {}", words::instant(*at)),
            None => format!(
                "{} was found before: its root-cause review has to be complete",
                Reference::finding(r.finding)
            ),
        };
        let more = if told {
            "Something is done differently from last time"
        } else {
            "Telling people again did not last: agree an action that changes how things are done, or reword this one"
        };
        vec![
            Item {
                step: Step::RootCause,
                met,
                title: "Why it came back",
                detail,
                aside: r.reviewed.as_ref().map_or_else(|| done(false), |(by, _)| by.clone()),
            },
            Item {
                step: Step::MoreThanReminding,
                met: told,
                title: "More than a reminder",
                detail: more.into(),
                aside: done(told),
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::closure::{ClosureRefusal, gate};
    use crate::domain::recurrence::Recurrence;
    use crate::domain::samples::Cast;

    const REMINDER: &str = "Remind staff about PRN protocols";
    const DEED: &str = "Put the maximum dose on the admission form for all 12 protocols";

    fn came_back(reviewed: bool, what: &str, others: &[&str]) -> (Cast, Case) {
        let cast = Cast::new();
        let mut case = cast.verified();
        case.action.what = what.into();
        case.recurrence = Some(Recurrence {
            finding: 103,
            reviewed: reviewed.then(|| ("Daniel Osei".into(), "2026-12-03T10:00:00Z".parse().unwrap())),
            others: others.iter().map(|o| (*o).to_owned()).collect(),
        });
        (cast, case)
    }

    #[test]
    fn what_came_back_closes_with_its_cause_and_more_than_a_reminder() {
        use Step::{MoreThanReminding, RootCause};
        for (what, reviewed, words, others, lacks) in [
            ("all there", true, DEED, &[][..], &[][..]),
            ("no review", false, DEED, &[], &[RootCause]),
            ("only a reminder", true, REMINDER, &[], &[MoreThanReminding]),
            ("two reminders", true, REMINDER, &["Be more careful with protocols"], &[MoreThanReminding]),
            ("a reminder beside a deed", true, REMINDER, &[DEED], &[]),
            ("neither", false, REMINDER, &[], &[RootCause, MoreThanReminding]),
        ] {
            let (cast, case) = came_back(reviewed, words, others);
            match gate(&cast.manager, &case) {
                Ok(_) => assert_eq!(lacks, [], "{what}"),
                Err(ClosureRefusal::Missing(items)) => {
                    assert_eq!(items.iter().map(|i| i.step).collect::<Vec<_>>(), lacks, "{what}");
                }
                Err(other) => panic!("{what}: {other:?}"),
            }
        }
        let (_, case) = came_back(false, REMINDER, &[]);
        let said: Vec<String> = case.came_back().into_iter().map(|i| i.detail).collect();
        assert!(said[0].contains("F-0103 was found before"), "{said:?}");
    }

    #[test]
    fn a_reminder_alone_is_not_sent_for_verification() {
        let (cast, mut case) = came_back(false, REMINDER, &[]);
        case.action.status = crate::domain::action::Status::InProgress;
        assert_eq!(case.ready(), Err(SubmissionRefusal::OnlyReminds));
        case.action.what = DEED.into();
        case.verification = None;
        assert_eq!(case.ready(), Ok(()), "the review is asked for at closure, not before");
        case.action.what = REMINDER.into();
        case.recurrence = None;
        assert_eq!(case.ready(), Ok(()), "what did not come back may be a reminder");
        let _ = cast;
    }
}
