//! A hash tree over the lines of a trail, as RFC 6962 builds it (section 2.1): with its root, some lines can be shown to
//! stand where they stand although the others are kept back.
//!
//! The hash of a leaf is that of a zero byte and the line, that of a node of a one byte and the hashes of its two halves; the left
//! half has the greatest power of two of lines that is smaller than the whole. What is kept back is told by as few hashes
//! as can be: one for each largest part of the tree in which nothing is shown.

use sha2::{Digest, Sha256};

/// A hash of the tree.
pub type Hash = [u8; 32];

/// The hash of a line.
#[must_use]
pub fn leaf(line: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(line).finalize().into()
}

fn node(left: Hash, right: Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// How many of `count` lines the left half has; `count` is at least two.
const fn half(count: usize) -> usize {
    let mut left = 1;
    while left * 2 < count {
        left *= 2;
    }
    left
}

/// The root over these leaves; for none, the hash of nothing.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(half(more.len()));
            node(root(left), root(right))
        }
    }
}

/// The hashes that stand for what is not shown: `shown` are places from 0, in order.
#[must_use]
pub fn left_out(leaves: &[Hash], shown: &[usize]) -> Vec<Hash> {
    let mut hashes = Vec::new();
    prune(leaves, 0, shown, &mut hashes);
    hashes
}

fn prune(leaves: &[Hash], from: usize, shown: &[usize], hashes: &mut Vec<Hash>) {
    if leaves.is_empty() || (shown.len() == leaves.len()) {
        return;
    }
    if shown.is_empty() {
        hashes.push(root(leaves));
        return;
    }
    let left = half(leaves.len());
    let (before, after) = leaves.split_at(left);
    let (in_left, in_right) = shown.split_at(shown.partition_point(|at| *at < from + left));
    prune(before, from, in_left, hashes);
    prune(after, from + left, in_right, hashes);
}

/// The root of a tree of `count` lines of which these are shown (place from 0 and hash, in order), when the hashes of
/// [`left_out`] stand for the others. None when they are too many or too few.
#[must_use]
pub fn root_of(count: usize, shown: &[(usize, Hash)], left_out: &[Hash]) -> Option<Hash> {
    let mut rest = left_out.iter();
    let root = rebuild(0, count, shown, &mut rest)?;
    rest.next().is_none().then_some(root)
}

fn rebuild(
    from: usize,
    count: usize,
    shown: &[(usize, Hash)],
    rest: &mut std::slice::Iter<'_, Hash>,
) -> Option<Hash> {
    match (count, shown) {
        (0, []) => Some(root(&[])),
        (_, []) => rest.next().copied(),
        (1, [(at, hash)]) if *at == from => Some(*hash),
        (0 | 1, _) => None,
        (count, shown) => {
            let left = half(count);
            let (in_left, in_right) = shown.split_at(shown.partition_point(|(at, _)| *at < from + left));
            let left_hash = rebuild(from, left, in_left, rest)?;
            Some(node(left_hash, rebuild(from + left, count - left, in_right, rest)?))
        }
    }
}

/// The tree while lines are added: the roots of its whole parts, from the largest. A trail of any length needs some twenty.
#[derive(Clone, Debug, Default)]
pub struct Growing {
    /// Height and root of each part.
    parts: Vec<(u32, Hash)>,
}

impl Growing {
    /// Adds a line.
    pub fn push(&mut self, line: &[u8]) {
        let (mut height, mut hash) = (0, leaf(line));
        while let Some((_, left)) = self.parts.pop_if(|(of, _)| *of == height) {
            hash = node(left, hash);
            height += 1;
        }
        self.parts.push((height, hash));
    }

    /// The root over the lines so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        let whole = self.parts.iter().rev().map(|(_, hash)| *hash).reduce(|right, left| node(left, right));
        whole.unwrap_or_else(|| root(&[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|n| leaf(format!("line {n}").as_bytes())).collect()
    }

    /// The example of RFC 6962 as the certificate logs publish it: the roots over the first of eight given leaves.
    #[test]
    fn roots_are_those_of_the_standard() {
        let inputs = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let leaves: Vec<Hash> = inputs.iter().map(|hex| leaf(&hex::decode(hex).unwrap())).collect();
        for (count, wanted) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(hex::encode(root(&leaves[..count])), wanted, "{count} leaves");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_gives_the_root_of_the_whole(count in 0_usize..70, seed in any::<u64>(), share in 1_u64..5) {
            let all = leaves(count);
            let shown: Vec<usize> = (0..count).filter(|n| (seed >> (n % 64)) % share == 0).collect();
            let with: Vec<(usize, Hash)> = shown.iter().map(|at| (*at, all[*at])).collect();
            let rest = left_out(&all, &shown);
            prop_assert_eq!(root_of(count, &with, &rest), Some(root(&all)));
            let mut growing = Growing::default();
            (0..count).for_each(|n| growing.push(format!("line {n}").as_bytes()));
            prop_assert_eq!(growing.root(), root(&all));
            // another line, one line fewer, one hash fewer or more: another root, or none
            for at in 0..with.len() {
                let mut other = with.clone();
                other[at].1[0] ^= 1;
                prop_assert_ne!(root_of(count, &other, &rest), Some(root(&all)));
                other.remove(at);
                prop_assert_ne!(root_of(count, &other, &rest), Some(root(&all)));
            }
            for at in 0..rest.len() {
                let mut other = rest.clone();
                other.remove(at);
                prop_assert_ne!(root_of(count, &with, &other), Some(root(&all)));
                let mut other = rest.clone();
                other.push(rest[at]);
                prop_assert_eq!(root_of(count, &with, &other), None);
            }
        }
    }
}
