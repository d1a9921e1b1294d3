//! What is surely not there: three bits of a word for each hash (a Bloom filter in words).
//!
//! All versions of a list share the bits, and they are only ever set: a bit that a version has no key for costs a look-up
//! a question more, no answer. So a change sets three bits, where a copy would be megabytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A set of hashes that now and then takes one in which it does not hold.
#[derive(Clone)]
pub(super) struct Filter {
    words: Arc<[AtomicU64]>,
    /// How many hashes set bits.
    added: usize,
}

/// Bits for each hash: when the filter is full, one hash in a hundred is taken for another.
const BITS: usize = 16;

impl Filter {
    /// A filter with room for at least so many hashes.
    pub(super) fn new(hashes: usize) -> Filter {
        let words = (hashes * BITS).div_ceil(64).next_power_of_two();
        Filter { words: (0..words).map(|_| AtomicU64::new(0)).collect(), added: 0 }
    }

    /// True when a larger one should take its place.
    pub(super) fn is_full(&self) -> bool {
        self.added * BITS >= self.words.len() * 64
    }

    pub(super) fn add(&mut self, hash: u64) {
        let (place, bits) = self.bits(hash);
        // who sees the version with the key sees the bits too: its pointer is stored after them
        let before = self.words[place].fetch_or(bits, Ordering::Relaxed);
        self.added += usize::from(before & bits != bits);
    }

    /// False when a hash was not added.
    #[inline]
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let (place, bits) = self.bits(hash);
        self.words[place].load(Ordering::Relaxed) & bits == bits
    }

    fn bits(&self, hash: u64) -> (usize, u64) {
        let place = (hash >> 18) as usize & (self.words.len() - 1);
        (place, 1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_there_and_little_else() {
        let hash = |i: u64| {
            (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xd6e8_feb8_6659_fd93)
        };
        let mut filter = Filter::new(1000);
        let older = filter.clone();
        (0..1000).chain(0..1000).for_each(|i| filter.add(hash(i)));
        assert!((0..1000).all(|i| filter.may_have(hash(i)) && older.may_have(hash(i))));
        let wrong = (1000..11_000).filter(|&i| filter.may_have(hash(i))).count();
        assert!(wrong < 200 && !filter.is_full(), "{wrong} of 10,000");
        (1000..2000).for_each(|i| filter.add(hash(i)));
        assert!(filter.is_full());
    }
}
