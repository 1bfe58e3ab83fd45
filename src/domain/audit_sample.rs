//! The sample of a closure audit (R26): drawn by lot, and so that anybody can draw it again from the same closures with the
//! same number.

use sha2::{Digest, Sha256};

use super::topic::Theme;
use crate::ids::{ClosureId, ServiceId};

/// A closure that can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// It.
    pub closure: ClosureId,
    /// Where it was.
    pub service: ServiceId,
    /// The theme of its finding.
    pub theme: Theme,
}

/// Draws `size` of `closed`, in the order in which they are drawn. One service after the other, in an order drawn by lot;
/// in each service one theme after the other; in each theme one closure after the other: so that the sample reaches as
/// many services and themes as it can. The lot of a thing is the hash of the number and its id, so that the order in
/// which `closed` comes says nothing.
#[must_use]
pub fn sample(seed: u32, closed: &[Closed], size: usize) -> Vec<ClosureId> {
    let mut tickets: Vec<Ticket> = closed.iter().map(|one| Ticket::of(seed, one)).collect();
    tickets.sort_unstable();
    let places = tickets.chunk_by(|a, b| a.service == b.service).map(|here| {
        let themes = here.chunk_by(|a, b| a.theme == b.theme);
        in_turn(themes.map(|about| about.iter().map(|ticket| ticket.closure.1).collect()).collect())
    });
    let mut drawn = in_turn(places.collect());
    drawn.truncate(size);
    drawn
}

/// The lots of a closure, in the order in which they count.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ticket {
    service: (Lot, ServiceId),
    theme: (Lot, Theme),
    closure: (Lot, ClosureId),
}

impl Ticket {
    fn of(seed: u32, one: &Closed) -> Self {
        let (service, theme) = (one.service.uuid(), one.theme.as_str());
        Self {
            service: (lot(seed, &[service.as_bytes()]), one.service),
            theme: (lot(seed, &[service.as_bytes(), theme.as_bytes()]), one.theme),
            closure: (lot(seed, &[one.closure.uuid().as_bytes()]), one.closure),
        }
    }
}

/// What a sample was drawn from, in 64 letters: the hash of the ids in order.
#[must_use]
pub fn digest(closed: &[Closed]) -> String {
    let mut ids: Vec<ClosureId> = closed.iter().map(|one| one.closure).collect();
    ids.sort_unstable();
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id.uuid().as_bytes());
    }
    hex::encode(hash.finalize())
}

type Lot = [u8; 32];

fn lot(seed: u32, parts: &[&[u8]]) -> Lot {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The first of each, then the second of each, and so on.
fn in_turn<T>(lists: Vec<Vec<T>>) -> Vec<T> {
    let mut rest: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut all = Vec::new();
    while !rest.is_empty() {
        rest.retain_mut(|list| list.next().map(|one| all.push(one)).is_some());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    /// `n` closures over so many services and the first themes.
    fn closures(n: u128, services: u128, themes: usize) -> Vec<Closed> {
        (0..n)
            .map(|i| Closed {
                closure: Uuid::from_u128(1000 + i).into(),
                service: Uuid::from_u128(1 + i % services).into(),
                theme: Theme::ALL[usize::try_from(i / services).unwrap() % themes],
            })
            .collect()
    }

    fn of<'a>(all: &'a [Closed], id: &ClosureId) -> &'a Closed {
        all.iter().find(|one| one.closure == *id).unwrap()
    }

    #[test]
    fn the_same_number_and_closures_draw_the_same_sample_whatever_their_order() {
        let all = closures(120, 5, 4);
        let drawn = sample(4_000_000_007, &all, 20);
        let mut turned = all.clone();
        turned.reverse();
        assert_eq!(sample(4_000_000_007, &turned, 20), drawn);
        assert_ne!(sample(4_000_000_008, &all, 20), drawn, "another number draws another");
        assert_eq!(digest(&turned), digest(&all));
        assert_ne!(digest(&all[1..]), digest(&all));
    }

    /// It never changes: a sample of long ago can be drawn again.
    #[test]
    fn a_sample_drawn_once_and_for_all() {
        let drawn: Vec<u128> =
            sample(7, &closures(12, 3, 2), 5).iter().map(|id| id.uuid().as_u128() - 1000).collect();
        assert_eq!(drawn, DRAWN);
        assert_eq!(digest(&closures(2, 1, 1)).len(), 64);
    }
    const DRAWN: [u128; 5] = [0, 7, 11, 9, 10];

    #[test]
    fn every_service_comes_before_a_second_turn_and_every_theme_of_it() {
        let all = closures(240, 6, 4);
        let drawn = sample(1, &all, 24);
        for n in 1..=6 {
            let here = Uuid::from_u128(n).into();
            let of_service = drawn.iter().map(|id| of(&all, id)).filter(|one| one.service == here);
            let mut themes: Vec<_> = of_service.map(|one| one.theme).collect();
            assert_eq!(themes.len(), 4, "service {n}");
            themes.sort_unstable();
            themes.dedup();
            assert_eq!(themes.len(), 4, "service {n} shows each theme once");
        }
    }

    proptest! {
        #[test]
        fn a_sample_is_of_those_closed_each_once_and_as_large_as_asked(
            seed: u32, n in 0_u128..60, services in 1_u128..8, themes in 1_usize..6, size in 0_usize..80,
        ) {
            let all = closures(n, services, themes);
            let mut drawn = sample(seed, &all, size);
            prop_assert_eq!(drawn.len(), size.min(all.len()));
            prop_assert!(drawn.iter().all(|id| all.iter().any(|one| one.closure == *id)));
            // a smaller sample is the beginning of a larger one
            prop_assert_eq!(&sample(seed, &all, size / 2)[..], &drawn[..(size / 2).min(drawn.len())]);
            drawn.sort_unstable();
            drawn.dedup();
            prop_assert_eq!(drawn.len(), size.min(all.len()));
        }
    }
}
