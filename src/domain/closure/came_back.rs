//! What came back closes when its cause is known, and on more than telling people again (R22).

use super::{Case, Item, Step, done};
use crate::domain::action::{SubmissionRefusal, can_submit};
use crate::domain::recurrence::Setback;
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

    /// The finding whose open root-cause review holds it up.
    #[must_use]
    pub fn unreviewed(&self) -> Option<i32> {
        let came_back = self.recurrence.as_ref().filter(|r| r.reviewed.is_none()).map(|r| r.finding);
        came_back.or_else(|| self.failed.as_ref().filter(|f| f.reviewed.is_none()).map(|f| f.finding))
    }

    pub(super) fn came_back(&self) -> Vec<Item> {
        let mut items: Vec<Item> = self.cause().into_iter().collect();
        items.extend(self.recurrence.as_ref().map(|_| self.more()));
        items
    }

    /// The line about why it came back, was lost or did not work.
    fn cause(&self) -> Option<Item> {
        let has_to = |why: String| format!("{why}: its root-cause review has to be complete");
        let found = self
            .recurrence
            .as_ref()
            .map(|r| (&r.reviewed, has_to(format!("{} was found before", Reference::finding(r.finding)))));
        let failed = self.failed.as_ref().map(|f| {
            let (setback, finding) = (words::capital(&f.by.sentence()), Reference::finding(f.finding));
            (&f.reviewed, format!("{setback}: the root-cause review of {finding} has to be complete"))
        });
        let never_worked =
            found.is_none() && self.failed.as_ref().is_some_and(|f| f.by == Setback::Ineffective);
        let mut both: Vec<_> = found.into_iter().chain(failed).collect();
        // what is missing first, then what was completed last
        both.sort_by_key(|(reviewed, _)| reviewed.as_ref().map(|(_, at)| std::cmp::Reverse(*at)));
        let (reviewed, missing) = both.into_iter().next()?;
        Some(Item {
            step: Step::RootCause,
            met: reviewed.is_some(),
            title: if never_worked { "Why it did not work" } else { "Why it came back" },
            detail: reviewed.as_ref().map_or(missing, |(_, at)| format!("Complete, {}", words::instant(*at))),
            aside: reviewed.as_ref().map_or_else(|| done(false), |(by, _)| by.clone()),
        })
    }

    fn more(&self) -> Item {
        let told = !self.only_reminds();
        let more = if told {
            "Something is done differently from last time"
        } else {
            "Telling people again did not last: agree an action that changes how things are done, or reword this one"
        };
        Item {
            step: Step::MoreThanReminding,
            met: told,
            title: "More than a reminder",
            detail: more.into(),
            aside: done(told),
        }
    }

    /// The line about what the measures show, when its closure standard asks for improvement (M9).
    pub(super) fn improved(&self) -> Option<Item> {
        let of = self.improvement.as_ref()?;
        Some(Item {
            step: Step::Improved,
            met: of.shown(),
            title: "Measured improvement",
            detail: of.sentence(),
            aside: done(of.shown()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::closure::{ClosureRefusal, gate};
    use crate::domain::improvement::Improvement;
    use crate::domain::recurrence::{Failed, Recurrence};
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
    fn what_was_lost_or_did_not_work_closes_when_its_cause_is_known() {
        let at = |day: &str| format!("{day}T10:00:00Z").parse().unwrap();
        let by = |day: Option<&str>| day.map(|day| ("Daniel Osei".to_owned(), at(day)));
        let found_before = "F-0103 was found before: its root-cause review has to be complete";
        let was_lost = "The 28-day check was lost: the root-cause review of F-0104 has to be complete";
        let no_use = "It was verified as ineffective: the root-cause review of F-0104 has to be complete";
        let (lost, ineffective) = (Setback::Lost(28), Setback::Ineffective);
        for (came_back, by_what, was, detail, holds) in [
            (None, lost, None, was_lost, Some(104)),
            (None, lost, Some("2026-12-03"), "Complete, 3 December 2026 at 10:00am", None),
            (None, ineffective, None, no_use, Some(104)),
            (None, ineffective, Some("2026-12-03"), "Complete, 3 December 2026 at 10:00am", None),
            (Some(None), lost, Some("2026-12-03"), found_before, Some(103)),
            (Some(Some("2026-11-03")), lost, None, was_lost, Some(104)),
            (
                Some(Some("2026-11-03")),
                lost,
                Some("2026-12-03"),
                "Complete, 3 December 2026 at 10:00am",
                None,
            ),
        ] {
            let cast = Cast::new();
            let mut case = cast.verified();
            case.recurrence =
                came_back.map(|day| Recurrence { finding: 103, reviewed: by(day), others: vec![] });
            case.failed = Some(Failed { finding: 104, by: by_what, reviewed: by(was) });
            let items = case.came_back();
            assert_eq!(items[0].detail, detail);
            let worked_once = came_back.is_some() || by_what == lost;
            assert_eq!(items[0].title == "Why it came back", worked_once);
            assert_eq!((items[0].met, case.unreviewed()), (holds.is_none(), holds), "{detail}");
            assert_eq!(gate(&cast.manager, &case).is_ok(), holds.is_none(), "{detail}");
            // the words of what was lost were accepted once: only what was found again has to be answered otherwise
            assert_eq!(items.len(), 1 + usize::from(came_back.is_some()));
        }
    }

    #[test]
    fn an_action_whose_standard_asks_for_it_closes_with_measured_improvement() {
        let said = |shows| (shows, "Falls a month: 3 falls for November 2026".to_owned());
        for (asked, wanted) in [
            (None, Ok(())),
            (Some(vec![said(true)]), Ok(())),
            (Some(vec![said(false), said(true)]), Ok(())),
            (Some(vec![said(false)]), Err("Falls a month: 3 falls for November 2026")),
            (Some(vec![]), Err("No measure names this action yet: name it at the measure it should move")),
        ] {
            let cast = Cast::new();
            let mut case = cast.verified();
            case.improvement = asked.map(|measures| Improvement { measures });
            match (gate(&cast.manager, &case), wanted) {
                (Ok(_), Ok(())) => {}
                (Err(ClosureRefusal::Missing(items)), Err(sentence)) => {
                    let only: Vec<_> = items.iter().map(|i| (i.step, i.detail.as_str())).collect();
                    assert_eq!(only, [(Step::Improved, sentence)]);
                }
                other => panic!("{other:?}"),
            }
        }
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
