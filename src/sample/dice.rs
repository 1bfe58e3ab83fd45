//! Chance that falls the same way every time: the same seed gives the same sample, on every machine.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A sequence of numbers made from a seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `n` - 1; 0 when `n` is 0.
    pub const fn below(&mut self, n: u64) -> u64 {
        let thrown = self.next();
        if n == 0 { 0 } else { thrown % n }
    }

    /// True in `percent` of 100 throws.
    pub const fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several; none of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let n = self.below(of.len() as u64);
        of.get(usize::try_from(n).unwrap_or(0))
    }

    /// One of several phrases.
    pub fn phrase(&mut self, of: &[&'static str]) -> &'static str {
        self.pick(of).copied().unwrap_or_default()
    }

    /// An id as one made `at` that instant would be: ordered by time.
    pub fn id(&mut self, at: DateTime<Utc>) -> Uuid {
        let (a, b) = (self.next().to_le_bytes(), self.next().to_le_bytes());
        let [a0, a1, a2, a3, a4, a5, a6, a7] = a;
        let [b0, b1, ..] = b;
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &[a0, a1, a2, a3, a4, a5, a6, a7, b0, b1])
            .into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_falls_the_same_way_and_another_does_not() {
        let throw = |seed| {
            let mut dice = Dice::new(seed);
            (0..20).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(throw(7), throw(7));
        assert_ne!(throw(7), throw(8));
        assert!(throw(7).iter().any(|n| *n > 500) && throw(7).iter().any(|n| *n < 500));
    }

    #[test]
    fn ids_are_ordered_by_their_time() {
        let (mut dice, at) = (Dice::new(1), DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let (early, late) = (dice.id(at), dice.id(at + chrono::TimeDelta::seconds(1)));
        assert!(early < late && early.get_version_num() == 7);
    }
}
