//! Invitations: by mail, or by a code on paper for those without mail. Each opens one place, once, for some days.

use chrono::{DateTime, TimeDelta, Utc};

use super::text_enum::text_enum;

text_enum! {
    /// How somebody is invited.
    pub enum Way {
        /// A link by mail.
        Mail => "mail", "By mail";
        /// A code on paper, handed over in person.
        Code => "code", "By a printed code";
    }
}

impl Way {
    /// How long it can be accepted.
    #[must_use]
    pub const fn lasts(self) -> TimeDelta {
        match self {
            Self::Mail => TimeDelta::days(3),
            // paper waits for the next shift
            Self::Code => TimeDelta::days(7),
        }
    }
}

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be accepted.
    Open,
    /// Somebody has accepted it.
    Accepted,
    /// It was withdrawn.
    Withdrawn,
    /// Its time is over.
    Expired,
    /// Whoever answered for it is no administrator any more.
    Unvouched,
}

impl Standing {
    /// Where it stands at `now`.
    #[must_use]
    pub fn of(
        accepted_at: Option<DateTime<Utc>>,
        withdrawn_at: Option<DateTime<Utc>>,
        expires_at: DateTime<Utc>,
        vouched: bool,
        now: DateTime<Utc>,
    ) -> Self {
        if accepted_at.is_some() {
            Self::Accepted
        } else if withdrawn_at.is_some() {
            Self::Withdrawn
        } else if expires_at <= now {
            Self::Expired
        } else if !vouched {
            Self::Unvouched
        } else {
            Self::Open
        }
    }

    /// Whether it can be made anew: everything but what has opened its place.
    #[must_use]
    pub const fn renewable(self) -> bool {
        !matches!(self, Self::Accepted)
    }

    /// Whether it can be withdrawn: whatever could open a place, now or once its maker is an administrator again.
    #[must_use]
    pub const fn can_be_withdrawn(self) -> bool {
        matches!(self, Self::Open | Self::Unvouched)
    }

    /// The word for the list.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "Waiting",
            Self::Accepted => "Accepted",
            Self::Withdrawn => "Withdrawn",
            Self::Expired => "Out of date",
            Self::Unvouched => "Stopped: whoever invited them is no administrator any more",
        }
    }
}

/// Said to whoever brings a secret that opens nothing, whatever the reason.
pub const OPENS_NOTHING: &str =
    "This invitation cannot be used. It may have been used, replaced or withdrawn, or its time is over";

/// What somebody without mail signs in with: 3 to 60 small letters, figures, dots and hyphens, as typed.
#[must_use]
pub fn sign_in_name(typed: &str) -> Option<String> {
    let name = typed.trim().to_lowercase();
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-'));
    let ends = name.starts_with(['.', '-']) || name.ends_with(['.', '-']);
    ((3..=60).contains(&name.len()) && plain && !ends).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text_enum::assert_words;

    #[test]
    fn an_invitation_opens_once_and_not_for_ever() {
        assert_words::<Way>();
        let at = |hour: i64| DateTime::from_timestamp(hour * 3600, 0).unwrap();
        let end = at(72);
        for (accepted, withdrawn, vouched, now, standing) in [
            (None, None, true, at(71), Standing::Open),
            (None, None, true, at(72), Standing::Expired),
            (None, None, false, at(71), Standing::Unvouched),
            (Some(at(1)), None, false, at(2), Standing::Accepted),
            (Some(at(1)), None, true, at(100), Standing::Accepted),
            (None, Some(at(1)), true, at(2), Standing::Withdrawn),
            (None, Some(at(1)), true, at(100), Standing::Withdrawn),
        ] {
            let got = Standing::of(accepted, withdrawn, end, vouched, now);
            assert_eq!(got, standing);
            assert_eq!(got.renewable(), got != Standing::Accepted);
            assert_eq!(got.can_be_withdrawn(), matches!(got, Standing::Open | Standing::Unvouched));
        }
        assert_eq!((Way::Mail.lasts().num_days(), Way::Code.lasts().num_days()), (3, 7));
    }

    #[test]
    fn a_name_to_sign_in_with() {
        assert_eq!(sign_in_name(" Amara.Bello "), Some("amara.bello".into()));
        for wrong in ["", "ab", "amara bello", "amara@rowan", ".amara", "amara-", "amará", &"a".repeat(61)] {
            assert_eq!(sign_in_name(wrong), None, "{wrong}");
        }
    }
}
