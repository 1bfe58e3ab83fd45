//! How long a session lasts, and the cookie that carries it.
//!
//! Two limits: *idle* (nothing done for so long) and *absolute* (so long since signing in, however busy).
//! They are a balance struck per standing, because the phones and the stakes differ:
//! - Care staff share phones on a unit and are interrupted all day. Two idle hours let a half-written update survive
//!   a medicines round; thirteen hours are a long day and its handover, so that no shift ever inherits
//!   the session, and with it the name on the record, of the one before.
//! - Those who decide for a service or a provider verify, close and escalate: half an hour idle, half a day at most.
//! - Administrators can let people in, and readers are guests: half an hour idle, a working day at most.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use super::codes::HALFWAY;
use super::token::Token;
use crate::domain::member::Role;

/// What a session lets its owner do, as far as its length is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Care staff and team leaders: own actions, on a phone that may be shared.
    Staff,
    /// Managers, safeguarding lead, quality lead, nominated individual: decide for a service or the provider.
    Manager,
    /// Provider administrators, who manage people, and external readers, who are guests.
    Guarded,
}

impl From<Role> for Standing {
    fn from(role: Role) -> Self {
        match role {
            Role::CareStaff | Role::TeamLeader => Self::Staff,
            Role::DeputyManager
            | Role::RegisteredManager
            | Role::SafeguardingLead
            | Role::QualityLead
            | Role::NominatedIndividual => Self::Manager,
            Role::Administrator | Role::ExternalReader => Self::Guarded,
        }
    }
}

/// How long a session may last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The longest time without a request.
    pub idle: TimeDelta,
    /// The longest time since signing in.
    pub absolute: TimeDelta,
}

impl Limits {
    /// The limits of one standing.
    #[must_use]
    pub const fn of(standing: Standing) -> Self {
        match standing {
            Standing::Staff => Self { idle: TimeDelta::hours(2), absolute: TimeDelta::hours(13) },
            Standing::Manager => Self { idle: TimeDelta::minutes(30), absolute: TimeDelta::hours(12) },
            Standing::Guarded => Self { idle: TimeDelta::minutes(30), absolute: TimeDelta::hours(8) },
        }
    }

    /// The limits of a person with these standings, one for each membership: the strictest of them.
    /// A person without any membership gets the strictest there are.
    #[must_use]
    pub fn strictest(standings: impl IntoIterator<Item = Standing>) -> Self {
        standings
            .into_iter()
            .map(Self::of)
            .reduce(|a, b| Self { idle: a.idle.min(b.idle), absolute: a.absolute.min(b.absolute) })
            .unwrap_or(Self::of(Standing::Guarded))
    }

    /// The instant at which a session ends unless something is done before.
    #[must_use]
    pub fn ends_at(self, signed_in: DateTime<Utc>, last_seen: DateTime<Utc>) -> DateTime<Utc> {
        (signed_in + self.absolute).min(last_seen + self.idle)
    }

    /// Whether a session is still good at `now`.
    #[must_use]
    pub fn alive(self, signed_in: DateTime<Utc>, last_seen: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        now < self.ends_at(signed_in, last_seen)
    }
}

/// Whether `last_seen` is worth writing again: once a minute, so that reading pages does not write a row each.
#[must_use]
pub fn touch_due(last_seen: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - last_seen >= TimeDelta::minutes(1)
}

/// The session cookie of one installation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionCookie {
    secure: bool,
    halfway: bool,
}

impl SessionCookie {
    /// The cookie for pages served at `public_url`: over https it is `Secure` and named `__Host-session`, which
    /// browsers refuse to take from plain http, from a subdomain or for a part of the site.
    #[must_use]
    pub fn for_public_url(public_url: &str) -> Self {
        let secure = public_url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        Self { secure, halfway: false }
    }

    /// The cookie of somebody whose password was right, until they have entered their code; it opens no page.
    #[must_use]
    pub fn halfway(public_url: &str) -> Self {
        Self { halfway: true, ..Self::for_public_url(public_url) }
    }

    /// The cookie's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match (self.secure, self.halfway) {
            (true, false) => "__Host-session",
            (false, false) => "session",
            (true, true) => "__Host-halfway",
            (false, true) => "halfway",
        }
    }

    /// The `Set-Cookie` value that hands `token` to the browser for as long as the session may last.
    #[must_use]
    pub fn set(self, token: &Token, limits: Limits) -> String {
        self.value(&token.text(), limits.absolute.num_seconds())
    }

    /// The `Set-Cookie` value that hands the browser `token` for as long as a code may take.
    #[must_use]
    pub fn set_halfway(self, token: &Token) -> String {
        self.value(&token.text(), HALFWAY.num_seconds())
    }

    /// The `Set-Cookie` value that takes the token away again.
    #[must_use]
    pub fn clear(self) -> String {
        self.value("", 0)
    }

    fn value(self, value: &str, max_age: i64) -> String {
        let mut text = String::with_capacity(128);
        let _ = write!(text, "{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax", self.name());
        if self.secure {
            text.push_str("; Secure");
        }
        text
    }

    /// The token in a `Cookie` header, if there is one that could be ours.
    #[must_use]
    pub fn read(self, header: &str) -> Option<Token> {
        header
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name())
            .find_map(|(_, value)| Token::parse(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use rstest::rstest;

    fn at(hour: u32, minute: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 21, hour, minute, 0).unwrap()
    }

    #[rstest]
    #[case::busy_all_shift(Standing::Staff, at(19, 50), at(19, 59), true)]
    #[case::shift_is_over(Standing::Staff, at(20, 0), at(20, 0), false)]
    #[case::medicines_round(Standing::Staff, at(9, 0), at(10, 59), true)]
    #[case::phone_left_lying(Standing::Staff, at(9, 0), at(11, 0), false)]
    #[case::manager_reads(Standing::Manager, at(9, 0), at(9, 29), true)]
    #[case::manager_went_out(Standing::Manager, at(9, 0), at(9, 30), false)]
    #[case::manager_all_day(Standing::Manager, at(18, 59), at(19, 0), false)]
    #[case::reader_all_day(Standing::Guarded, at(14, 59), at(15, 0), false)]
    fn a_session_ends_idle_or_old(
        #[case] standing: Standing,
        #[case] last_seen: DateTime<Utc>,
        #[case] now: DateTime<Utc>,
        #[case] alive: bool,
    ) {
        assert_eq!(Limits::of(standing).alive(at(7, 0), last_seen, now), alive);
    }

    #[test]
    fn several_memberships_get_the_strictest_limits() {
        let both = Limits::strictest([Standing::Staff, Standing::Manager]);
        assert_eq!(both, Limits::of(Standing::Manager));
        assert_eq!(Limits::strictest([]), Limits::of(Standing::Guarded));
    }

    #[test]
    fn last_seen_is_written_once_a_minute() {
        assert!(!touch_due(at(9, 0), at(9, 0)));
        assert!(touch_due(at(9, 0), at(9, 1)));
    }

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host() {
        let token = Token::random();
        let cookie = SessionCookie::for_public_url("https://care.example");
        let value = cookie.set(&token, Limits::of(Standing::Manager));
        assert_eq!(
            value,
            format!("__Host-session={}; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure", token.text())
        );
        assert_eq!(cookie.clear(), "__Host-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
        assert!(SessionCookie::for_public_url("HTTPS://care.example").secure);
    }

    #[test]
    fn over_http_on_ones_own_machine_it_still_works() {
        let cookie = SessionCookie::for_public_url("http://127.0.0.1:8080");
        let value = cookie.set(&Token::random(), Limits::of(Standing::Staff));
        assert!(value.starts_with("session=") && !value.contains("Secure"), "{value}");
    }

    #[test]
    fn the_token_is_found_among_other_cookies_and_only_under_its_own_name() {
        let (token, cookie) = (Token::random(), SessionCookie::for_public_url("https://care.example"));
        let text = token.text();
        assert_eq!(cookie.read(&format!("theme=dark; __Host-session={text}")), Some(token.clone()));
        assert_eq!(cookie.read(&format!("__Host-session=; __Host-session={text}")), Some(token));
        assert_eq!(cookie.read(&format!("session={text}; x__Host-session={text}")), None);
        assert_eq!(cookie.read(""), None);
        assert_eq!(cookie.read(";;=;a"), None);
    }
}
