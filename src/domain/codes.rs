//! One-time codes beside the password: who needs them, and who takes them away from somebody who lost their telephone.

use chrono::{DateTime, TimeDelta, Utc};

use super::member::Role;
use crate::ids::MemberId;

/// How long a request for a reset waits for the second administrator.
pub const RESET_WAITS: TimeDelta = TimeDelta::days(3);

/// For whom a new provider asks for codes: those who decide, look after people, or are guests.
#[must_use]
pub fn by_default() -> Vec<Role> {
    let plain = |role: &Role| matches!(role, Role::CareStaff | Role::TeamLeader);
    Role::ALL.iter().copied().filter(|role| !plain(role)).collect()
}

/// What a page of the rule showed, to notice that it changed meanwhile.
#[must_use]
pub fn fingerprint(roles: &[Role]) -> String {
    let mut words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    words.sort_unstable();
    words.join("+")
}

/// A request that codes be taken away, as far as the rules look at it.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Whose codes.
    pub about: MemberId,
    /// The administrator who asked.
    pub by: MemberId,
    /// Whether they are an administrator still.
    pub by_stays: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a reset is not to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetRefusal {
    /// Nobody takes part in the reset of their own codes.
    Themselves,
    /// Whoever asked does not confirm.
    AskedAlready,
    /// It waited too long.
    TooLate,
    /// Whoever asked is no administrator any more.
    AskerGone,
}

impl ResetRefusal {
    /// The sentence for the page.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Themselves => "These are your own codes: two other administrators reset them",
            Self::AskedAlready => "You asked for this, so another administrator has to confirm it",
            Self::TooLate => "This was asked for more than three days ago. Ask again if it still holds",
            Self::AskerGone => {
                "Whoever asked for this is no administrator any more. Ask again if it still holds"
            }
        }
    }
}

/// Whether `by` may ask for a reset of the codes of `about`.
///
/// # Errors
/// Why not.
pub fn may_ask(by: MemberId, about: MemberId) -> Result<(), ResetRefusal> {
    if by == about { Err(ResetRefusal::Themselves) } else { Ok(()) }
}

/// Whether `by` may confirm at `now` what was asked.
///
/// # Errors
/// Why not.
pub fn may_confirm(by: MemberId, asked: &Asked, now: DateTime<Utc>) -> Result<(), ResetRefusal> {
    if by == asked.about {
        Err(ResetRefusal::Themselves)
    } else if by == asked.by {
        Err(ResetRefusal::AskedAlready)
    } else if now - asked.at >= RESET_WAITS {
        Err(ResetRefusal::TooLate)
    } else if !asked.by_stays {
        Err(ResetRefusal::AskerGone)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_decides_needs_codes_and_who_cares_does_not() {
        let needed = by_default();
        for role in Role::ALL {
            assert_eq!(needed.contains(role), !matches!(role, Role::CareStaff | Role::TeamLeader), "{role}");
        }
        assert_eq!(fingerprint(&[Role::TeamLeader, Role::CareStaff]), "care_staff+team_leader");
        assert_ne!(fingerprint(&needed), fingerprint(&[]));
    }

    #[test]
    fn a_reset_takes_two_others() {
        let (about, one, two) = (MemberId::new(), MemberId::new(), MemberId::new());
        let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let asked = Asked { about, by: one, by_stays: true, at };
        assert_eq!(may_ask(one, about), Ok(()));
        assert_eq!(may_ask(about, about), Err(ResetRefusal::Themselves));
        assert_eq!(may_confirm(two, &asked, at), Ok(()));
        assert_eq!(may_confirm(one, &asked, at), Err(ResetRefusal::AskedAlready));
        assert_eq!(may_confirm(about, &asked, at), Err(ResetRefusal::Themselves));
        let almost = at + RESET_WAITS - TimeDelta::seconds(1);
        assert_eq!(may_confirm(two, &asked, almost), Ok(()));
        assert_eq!(may_confirm(two, &asked, at + RESET_WAITS), Err(ResetRefusal::TooLate));
        assert_eq!(may_confirm(two, &Asked { by_stays: false, ..asked }, at), Err(ResetRefusal::AskerGone));
    }
}
