//! Guesses at secrets are counted before they are known to be wrong, and held up with growing waits (auth/throttle).

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::auth::throttle::{Attempt, Failures, Scope, attempt};
use crate::store::SystemTx;
use crate::store::system;

/// Counts this try as a failure before it is known to be one, so that a burst of guesses sent at once is held up like
/// guesses sent one by one; a right one is taken back. Answers the failures before, or the seconds to wait; while
/// waiting nothing is counted. The caller commits.
pub(super) async fn count(
    tx: &mut SystemTx,
    keys: [[u8; 32]; 2],
    first: Scope,
) -> Result<Result<[Failures; 2], u32>, sqlx::Error> {
    let now = tx.now();
    let failures = system::lock_failures(tx, keys).await?;
    let [one, address] = failures;
    match attempt(first, one, now).and(attempt(Scope::Address, address, now)) {
        Attempt::WaitUntil(until) => Ok(Err(seconds_until(until, now))),
        Attempt::Allowed => {
            for (key, failures) in keys.into_iter().zip(failures) {
                system::store_failures(tx, key, failures.after_failure(now)).await?;
            }
            Ok(Ok(failures))
        }
    }
}

pub(super) fn seconds_until(until: DateTime<Utc>, now: DateTime<Utc>) -> u32 {
    let millis = (until - now).num_milliseconds().max(1);
    u32::try_from(millis.saturating_add(999) / 1000).unwrap_or(u32::MAX)
}

/// One house usually has one IPv4 address, but a whole /64 of IPv6 ones to change between.
pub(super) fn address_key(address: Option<IpAddr>) -> [u8; 32] {
    let text = match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("address:{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Some(v4) => format!("address:{v4}"),
        None => "address:unknown".to_owned(),
    };
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_is_one_address() {
        let key = |text: &str| address_key(Some(text.parse().unwrap()));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.2"), key("192.0.2.1"));
    }

    #[test]
    fn part_of_a_second_is_a_whole_second_to_wait() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        for (millis, seconds) in [(1, 1), (1000, 1), (1001, 2), (900_000, 900)] {
            assert_eq!(seconds_until(now + chrono::TimeDelta::milliseconds(millis), now), seconds);
        }
    }
}
