//! Shared data: values by key, with a number that says whether one has changed.

use std::array;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use super::{Full, held};

/// The data of one space.
pub(crate) struct Data {
    shards: [Mutex<HashMap<Box<[u8]>, Value>>; SHARDS],
    hasher: RandomState,
    /// The number of the last change.
    changes: AtomicU32,
    /// Bytes of all keys and values.
    bytes: AtomicUsize,
    keys: AtomicUsize,
}

/// A value, and the number of the change that has made it.
type Value = (Arc<[u8]>, u32);

/// Why a value was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unset {
    /// It is another one than the guest believes.
    Changed,
    Full,
}

/// Threads that set values at the same time seldom meet.
const SHARDS: usize = 16;

/// Keys of one space, at most.
const MOST_KEYS: usize = 1_000_000;

/// Bytes of all keys and values of one space, at most.
const MOST_BYTES: usize = 64 << 20;

impl Default for Data {
    fn default() -> Data {
        Data {
            shards: array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            changes: AtomicU32::new(0),
            bytes: AtomicUsize::new(0),
            keys: AtomicUsize::new(0),
        }
    }
}

impl Data {
    /// A value and its number, which is never 0.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Value> {
        held(self.shard(key)).get(key).cloned()
    }

    /// Sets a value: whatever there was when `number` is 0, else only over the one of that number. What is not there yet
    /// is set in any case.
    ///
    /// # Errors
    ///
    /// [`Unset`].
    pub(crate) fn set(&self, key: &[u8], value: &[u8], number: u32) -> Result<(), Unset> {
        let mut shard = held(self.shard(key));
        match shard.get_mut(key) {
            Some((_, held)) if number != 0 && number != *held => Err(Unset::Changed),
            Some(place) => {
                let before = place.0.len();
                self.take(value.len(), before).map_err(|Full| Unset::Full)?;
                *place = (value.into(), self.next());
                Ok(())
            }
            None => {
                if self.keys.load(Relaxed) >= MOST_KEYS {
                    return Err(Unset::Full);
                }
                self.take(key.len() + value.len(), 0).map_err(|Full| Unset::Full)?;
                self.keys.fetch_add(1, Relaxed);
                shard.insert(key.into(), (value.into(), self.next()));
                Ok(())
            }
        }
    }

    /// Takes room for so many bytes in the place of others.
    fn take(&self, more: usize, less: usize) -> Result<(), Full> {
        let change =
            |bytes: usize| Some(bytes - less + more).filter(|&bytes| bytes <= MOST_BYTES || more <= less);
        self.bytes.fetch_update(Relaxed, Relaxed, change).map(drop).map_err(|_| Full)
    }

    /// The number of a change: each is another one, and none is 0.
    fn next(&self) -> u32 {
        loop {
            match self.changes.fetch_add(1, Relaxed).wrapping_add(1) {
                0 => {}
                number => return number,
            }
        }
    }

    fn shard(&self, key: &[u8]) -> &Mutex<HashMap<Box<[u8]>, Value>> {
        &self.shards[self.hasher.hash_one(key) as usize % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_replaced_only_by_who_has_seen_it() {
        let data = Data::default();
        assert!(data.get(b"a").is_none());
        assert_eq!(data.set(b"a", b"1", 7), Ok(()), "what is not there yet is set");
        let (value, first) = data.get(b"a").expect("it was set");
        assert_eq!(&*value, b"1");
        assert_eq!(data.set(b"a", b"2", first), Ok(()));
        assert_eq!(data.set(b"a", b"3", first), Err(Unset::Changed));
        assert_eq!(data.set(b"a", b"4", 0), Ok(()));
        let (value, last) = data.get(b"a").expect("it is still there");
        assert!(&*value == b"4" && last > first);
    }

    #[test]
    fn counters_of_many_threads_come_out_right() {
        let data = Data::default();
        let count = || {
            for _ in 0..500 {
                loop {
                    let (value, number) = data.get(b"n").expect("it is there");
                    let next = u32::from_le_bytes(value[..].try_into().expect("four bytes")) + 1;
                    if data.set(b"n", &next.to_le_bytes(), number).is_ok() {
                        break;
                    }
                }
            }
        };
        data.set(b"n", &0u32.to_le_bytes(), 0).expect("there is room");
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(count))));
        assert_eq!(data.get(b"n").map(|(value, _)| value), Some(2000u32.to_le_bytes()[..].into()));
    }

    #[test]
    fn bytes_are_bounded_and_counted_once() {
        let data = Data::default();
        let large = vec![0; MOST_BYTES / 2];
        assert_eq!(data.set(b"a", &large, 0), Ok(()));
        assert_eq!(data.set(b"b", &large, 0), Err(Unset::Full));
        assert_eq!(data.set(b"a", &large, 0), Ok(()), "it takes the place of its own");
        assert_eq!(data.set(b"a", b"", 0), Ok(()));
        assert_eq!(data.set(b"b", &large, 0), Ok(()));
    }
}
