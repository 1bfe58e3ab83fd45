//! What members are told: by a notice in the program, by mail, or both; and what is no longer worth saying.

use chrono::NaiveDate;

use super::access::{self, Relation, Verb};
use super::action::Status;
use super::calendar::Nation;
use super::member::Role;
use super::reminder;
use super::text_enum::text_enum;

text_enum! {
    /// What a message is about.
    pub enum MessageKind {
        /// You own an action now (R8).
        Assigned => "assigned", "Assigned to you";
        /// Your action came back from verification (R16).
        SentBack => "sent_back", "Sent back to you";
        /// Your action is due in three working days (R8).
        DueSoon => "due_soon", "Due soon";
        /// What the week brings, on Monday morning.
        Digest => "digest", "Your week";
        /// An action needs your decision (R12, R13).
        Escalated => "escalated", "Escalated to you";
        /// An action has waited for verification past its window (R14, R15).
        VerificationLate => "verification_late", "Verification is late";
        /// An action waits for you to check it (R15).
        ToVerify => "to_verify", "Waiting for your verification";
        /// Somebody else moved the date of your action (R6).
        DateMoved => "date_moved", "New due date";
        /// Somebody else reworded your action (R6).
        Reworded => "reworded", "Reworded";
        /// Somebody else called your action off (R6).
        CalledOff => "called_off", "Called off";
        /// What keeps people safe while an action is late is to be checked today (R13).
        ControlCheck => "control_check", "Interim control to check";
        /// What was closed is to be looked at again (R19).
        SustainCheck => "sustain_check", "Sustain check due";
    }
}

/// Whether a kind goes out by mail. In the program everything is told but the digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Post {
    /// Always: an escalation waits for a decision, and nobody can choose not to hear of it (R12).
    Always,
    /// Unless its reader switched it off.
    UnlessSwitchedOff,
    /// Only if its reader switched it on: they find it when they open the program.
    WhenSwitchedOn,
    /// Never.
    Never,
}

impl MessageKind {
    /// How this kind is posted.
    #[must_use]
    pub const fn post(self) -> Post {
        match self {
            Self::Escalated | Self::VerificationLate => Post::Always,
            Self::Assigned | Self::SentBack | Self::DueSoon | Self::Digest => Post::UnlessSwitchedOff,
            Self::ToVerify | Self::DateMoved | Self::Reworded | Self::CalledOff => Post::WhenSwitchedOn,
            Self::ControlCheck | Self::SustainCheck => Post::Never,
        }
    }

    /// Whether its reader can choose to get it by mail or not.
    #[must_use]
    pub const fn can_be_chosen(self) -> bool {
        matches!(self.post(), Post::UnlessSwitchedOff | Post::WhenSwitchedOn)
    }

    /// Whether it is mailed to somebody who chose so, or chose nothing.
    #[must_use]
    pub const fn is_mailed(self, chosen: Option<bool>) -> bool {
        match (self.post(), chosen) {
            (Post::Always, _) | (Post::UnlessSwitchedOff, None) => true,
            (Post::Never, _) | (Post::WhenSwitchedOn, None) => false,
            (Post::UnlessSwitchedOff | Post::WhenSwitchedOn, Some(chosen)) => chosen,
        }
    }

    /// Whether it asks its reader to decide on an escalation.
    #[must_use]
    pub const fn is_escalation(self) -> bool {
        matches!(self, Self::Escalated | Self::VerificationLate)
    }

    /// What somebody has to be able to do to be told of an action.
    const fn needs(self) -> Verb {
        match self {
            Self::Escalated | Self::VerificationLate | Self::ControlCheck => Verb::SeeEscalations,
            Self::ToVerify => Verb::SeeQueue,
            Self::SustainCheck => Verb::CheckSustained,
            Self::Assigned
            | Self::SentBack
            | Self::DueSoon
            | Self::Digest
            | Self::DateMoved
            | Self::Reworded
            | Self::CalledOff => Verb::SeeAction,
        }
    }
}

/// How an action and its reader stand when a message about it is about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The reader's role now.
    pub role: Role,
    /// How the reader stands to the action now.
    pub relation: Relation,
    /// Where the action stands.
    pub status: Status,
    /// Its due date.
    pub due_on: Option<NaiveDate>,
    /// The nation of its service.
    pub nation: Nation,
    /// Whether the escalation the message tells of still waits for a decision.
    pub undecided: bool,
}

/// Why a message is not sent any more, as administrators read it; none when it still holds.
#[must_use]
pub fn overtaken(kind: MessageKind, now: &Standing, today: NaiveDate) -> Option<&'static str> {
    let owns = now.relation.own;
    if matches!(kind.needs(), Verb::SeeAction) && !owns && kind != MessageKind::Digest {
        return Some("Somebody else owns it now");
    }
    if access::may(now.role, kind.needs(), now.relation).is_err() {
        return Some("They no longer see it");
    }
    match kind {
        MessageKind::Escalated | MessageKind::VerificationLate => {
            (!now.undecided).then_some("It has been decided, or is settled")
        }
        MessageKind::ToVerify => {
            (now.status != Status::Submitted).then_some("It does not wait for verification any more")
        }
        MessageKind::DueSoon => reminder::overtaken(now.status, owns, now.due_on, now.nation, today),
        MessageKind::Digest | MessageKind::ControlCheck | MessageKind::SustainCheck => None,
        MessageKind::Assigned if !now.status.open() => Some("It is done with already"),
        MessageKind::SentBack if !now.status.with_owner() => Some("It is not with its owner any more"),
        MessageKind::DateMoved | MessageKind::Reworded if !now.status.open() => {
            Some("It is done with already")
        }
        MessageKind::Assigned
        | MessageKind::SentBack
        | MessageKind::DateMoved
        | MessageKind::Reworded
        | MessageKind::CalledOff => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text_enum::assert_words;
    use rstest::rstest;

    #[test]
    fn the_kinds_are_words() {
        assert_words::<MessageKind>();
    }

    #[test]
    fn escalations_always_come_and_what_can_wait_only_if_asked_for() {
        for &kind in MessageKind::ALL {
            let mailed = [None, Some(true), Some(false)].map(|chosen| kind.is_mailed(chosen));
            let wanted = match kind.post() {
                Post::Always => [true, true, true],
                Post::UnlessSwitchedOff => [true, true, false],
                Post::WhenSwitchedOn => [false, true, false],
                Post::Never => [false, false, false],
            };
            assert_eq!(mailed, wanted, "{kind}");
            assert_eq!(kind.is_escalation(), kind.post() == Post::Always, "{kind}");
        }
    }

    fn owner() -> Standing {
        Standing {
            role: Role::CareStaff,
            relation: Relation { own: true, in_service: true, ..Relation::default() },
            status: Status::InProgress,
            due_on: "2026-11-19".parse().ok(),
            nation: Nation::England,
            undecided: true,
        }
    }

    fn manager() -> Standing {
        let relation = Relation { in_service: true, ..Relation::default() };
        Standing { role: Role::RegisteredManager, relation, ..owner() }
    }

    #[rstest]
    #[case::owner(MessageKind::Assigned, owner(), None)]
    #[case::done(MessageKind::Assigned, Standing { status: Status::Closed, ..owner() }, Some("It is done with already"))]
    #[case::still_news(MessageKind::CalledOff, Standing { status: Status::Cancelled, ..owner() }, None)]
    #[case::sent_again(MessageKind::SentBack, Standing { status: Status::Submitted, ..owner() }, Some("It is not with its owner any more"))]
    #[case::handed_over(MessageKind::SentBack, Standing { relation: Relation { in_service: true, ..Relation::default() }, role: Role::TeamLeader, ..owner() }, Some("Somebody else owns it now"))]
    #[case::not_seen(MessageKind::Assigned, Standing { role: Role::ExternalReader, ..owner() }, Some("They no longer see it"))]
    #[case::decides(MessageKind::Escalated, manager(), None)]
    #[case::decided(MessageKind::Escalated, Standing { undecided: false, ..manager() }, Some("It has been decided, or is settled"))]
    #[case::stepped_down(MessageKind::Escalated, Standing { role: Role::TeamLeader, ..manager() }, Some("They no longer see it"))]
    #[case::other_service(MessageKind::VerificationLate, Standing { relation: Relation::default(), ..manager() }, Some("They no longer see it"))]
    #[case::checked(MessageKind::ToVerify, manager(), Some("It does not wait for verification any more"))]
    #[case::waits(MessageKind::ToVerify, Standing { status: Status::Submitted, ..manager() }, None)]
    #[case::passed(MessageKind::DueSoon, owner(), Some("The due date has passed"))]
    fn what_is_no_longer_true_is_not_sent(
        #[case] kind: MessageKind,
        #[case] now: Standing,
        #[case] why: Option<&str>,
    ) {
        assert_eq!(overtaken(kind, &now, "2026-11-21".parse().unwrap()), why);
    }
}
