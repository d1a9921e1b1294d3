//! What scripts of all threads share: counters and dictionaries by name, which outlive reloads.
//!
//! Everything has a bound: so many names, so many entries of a dictionary, so many bytes.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use portero_api::clock;

/// Names of counters, and of dictionaries, at the most.
const NAMES: usize = 1024;

/// Entries of a dictionary where a script says nothing.
pub(crate) const ENTRIES: usize = 65_536;

/// Entries that a script may ask for.
pub(crate) const MOST_ENTRIES: usize = 4 << 20;

/// Bytes of keys and texts in one dictionary.
const BYTES: usize = 64 << 20;

/// Parts of a dictionary with a lock of their own.
const SHARDS: usize = 16;

/// Counters and dictionaries of the process.
#[derive(Default)]
pub(crate) struct Store {
    counters: Mutex<HashMap<String, Arc<AtomicI64>>>,
    dicts: Mutex<HashMap<String, Arc<Dict>>>,
}

/// A dictionary whose entries may expire.
pub(crate) struct Dict {
    shards: [Mutex<Shard>; SHARDS],
    entries: AtomicUsize,
    bytes: AtomicUsize,
    max: AtomicUsize,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Held {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(Arc<[u8]>),
}

/// Why a value was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no room, even without the entries that have expired.
    Full,
    /// There is one already.
    Exists,
    /// It is no number.
    NoNumber,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Arc<[u8]>, Entry>,
    /// Those that expire, in the order in which they do.
    until: BTreeSet<(Instant, Arc<[u8]>)>,
}

struct Entry {
    value: Held,
    until: Option<Instant>,
}

impl Store {
    /// The counter of a name; none when there are too many.
    pub(crate) fn counter(&self, name: &str) -> Option<Arc<AtomicI64>> {
        named(&self.counters, name)
    }

    /// The dictionary of a name; none when there are too many.
    pub(crate) fn dict(&self, name: &str) -> Option<Arc<Dict>> {
        named(&self.dicts, name)
    }
}

fn named<T: Default>(all: &Mutex<HashMap<String, Arc<T>>>, name: &str) -> Option<Arc<T>> {
    let mut all = lock(all);
    match all.get(name) {
        Some(there) => Some(there.clone()),
        None if all.len() >= NAMES => None,
        None => Some(all.entry(name.to_owned()).or_default().clone()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

impl Default for Dict {
    fn default() -> Dict {
        Dict {
            shards: Default::default(),
            entries: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            max: AtomicUsize::new(ENTRIES),
        }
    }
}

impl Dict {
    /// Sets how many entries it may have.
    pub(crate) fn set_max(&self, max: usize) {
        self.max.store(max, Relaxed);
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Held> {
        let shard = self.shard(key);
        let entry = shard.entries.get(key)?;
        entry.until.is_none_or(|until| until > clock::now()).then(|| entry.value.clone())
    }

    /// Sets a value; one that is there keeps its place.
    pub(crate) fn set(&self, key: &[u8], value: Held, ttl: Option<Duration>) -> Result<(), Refused> {
        self.change(key, |_| Ok((value, Some(ttl))))
    }

    /// Sets a value where there is none.
    pub(crate) fn add(&self, key: &[u8], value: Held, ttl: Option<Duration>) -> Result<(), Refused> {
        self.change(key, |before| match before {
            Some(_) => Err(Refused::Exists),
            None => Ok((value, Some(ttl))),
        })
    }

    /// Adds to a whole number, which is `first` where there is none and then lives for `ttl`. The new one.
    pub(crate) fn incr(
        &self,
        key: &[u8],
        by: i64,
        first: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, Refused> {
        let mut sum = 0;
        self.change(key, |before| {
            let (old, ttl) = match before {
                None => (first, Some(ttl)),
                Some(Held::Int(number)) => (*number, None),
                Some(_) => return Err(Refused::NoNumber),
            };
            sum = old.wrapping_add(by);
            Ok((Held::Int(sum), ttl))
        })?;
        Ok(sum)
    }

    /// Removes an entry; whether there was one.
    pub(crate) fn delete(&self, key: &[u8]) -> bool {
        let mut shard = self.shard(key);
        let was = shard.entries.get(key).is_some_and(|entry| entry.until.is_none_or(|u| u > clock::now()));
        self.remove(&mut shard, key);
        was
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.expire();
        self.entries.load(Relaxed)
    }

    /// Keys, so many at the most, in no order.
    pub(crate) fn keys(&self, most: usize) -> Vec<Arc<[u8]>> {
        self.expire();
        let mut keys = Vec::new();
        for shard in &self.shards {
            keys.extend(lock(shard).entries.keys().take(most - keys.len()).cloned());
        }
        keys
    }

    fn shard(&self, key: &[u8]) -> MutexGuard<'_, Shard> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        lock(&self.shards[hash as usize % SHARDS])
    }

    /// Puts a value where another may be; a lifetime of none leaves that which it has.
    fn change(
        &self,
        key: &[u8],
        make: impl FnOnce(Option<&Held>) -> Result<(Held, Option<Option<Duration>>), Refused>,
    ) -> Result<(), Refused> {
        if self.is_full(key.len()) {
            self.expire();
        }
        let mut shard = self.shard(key);
        let now = clock::now();
        let live = shard.entries.get(key).filter(|entry| entry.until.is_none_or(|until| until > now));
        let (value, ttl) = make(live.map(|entry| &entry.value))?;
        let until = match ttl {
            Some(ttl) => ttl.and_then(|ttl| now.checked_add(ttl)),
            None => live.and_then(|entry| entry.until),
        };
        let replaced = shard.entries.get(key).map(|entry| key.len() + entry.value.weight());
        let no_place = replaced.is_none() && self.entries.load(Relaxed) >= self.max.load(Relaxed);
        let others = self.bytes.load(Relaxed).saturating_sub(replaced.unwrap_or(0));
        if no_place || others + key.len() + value.weight() > BYTES {
            return Err(Refused::Full);
        }
        self.remove(&mut shard, key);
        let key: Arc<[u8]> = key.into();
        self.entries.fetch_add(1, Relaxed);
        self.bytes.fetch_add(key.len() + value.weight(), Relaxed);
        if let Some(until) = until {
            shard.until.insert((until, key.clone()));
        }
        shard.entries.insert(key, Entry { value, until });
        Ok(())
    }

    fn is_full(&self, more: usize) -> bool {
        self.entries.load(Relaxed) >= self.max.load(Relaxed) || self.bytes.load(Relaxed) + more > BYTES / 2
    }

    fn remove(&self, shard: &mut Shard, key: &[u8]) {
        let Some((key, entry)) = shard.entries.remove_entry(key) else { return };
        self.entries.fetch_sub(1, Relaxed);
        self.bytes.fetch_sub(key.len() + entry.value.weight(), Relaxed);
        if let Some(until) = entry.until {
            shard.until.remove(&(until, key));
        }
    }

    /// Removes what has expired.
    fn expire(&self) {
        let now = clock::now();
        for shard in &self.shards {
            let mut shard = lock(shard);
            while let Some((_, key)) = shard.until.first().filter(|(until, _)| *until <= now).cloned() {
                self.remove(&mut shard, &key);
            }
        }
    }
}

impl Held {
    /// Bytes beside those of every entry.
    fn weight(&self) -> usize {
        match self {
            Held::Text(text) => text.len(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Option<Duration> = Some(Duration::from_secs(1));

    #[test]
    fn entries_expire_and_make_room() {
        let dict = Dict::default();
        dict.set_max(2);
        assert_eq!(dict.set(b"a", Held::Int(1), SECOND), Ok(()));
        assert_eq!(dict.add(b"a", Held::Int(2), None), Err(Refused::Exists));
        assert_eq!(dict.set(b"b", Held::Bool(true), None), Ok(()));
        assert_eq!(dict.set(b"c", Held::Int(3), None), Err(Refused::Full));
        assert_eq!(dict.set(b"b", Held::Bool(false), None), Ok(()), "it has its place");
        clock::advance(Duration::from_secs(1));
        assert_eq!((dict.get(b"a"), dict.delete(b"a")), (None, false));
        assert_eq!(dict.set(b"c", Held::Int(3), None), Ok(()));
        assert_eq!((dict.len(), dict.keys(1).len()), (2, 1));
        clock::reset();
    }

    #[test]
    fn a_number_keeps_the_lifetime_that_it_began_with() {
        let dict = Dict::default();
        assert_eq!(dict.incr(b"n", 2, 10, SECOND), Ok(12));
        clock::advance(Duration::from_millis(900));
        assert_eq!(dict.incr(b"n", 1, 0, SECOND), Ok(13));
        clock::advance(Duration::from_millis(100));
        assert_eq!(dict.incr(b"n", 1, 0, None), Ok(1));
        assert_eq!(dict.set(b"n", Held::Text(b"x"[..].into()), None), Ok(()));
        assert_eq!(dict.incr(b"n", 1, 0, None), Err(Refused::NoNumber));
        clock::reset();
    }

    #[test]
    fn what_is_replaced_or_removed_weighs_nothing() {
        let dict = Dict::default();
        let big = Held::Text(vec![0; BYTES / 2].into());
        for _ in 0..4 {
            assert_eq!(dict.set(b"a", big.clone(), None), Ok(()));
        }
        assert_eq!(dict.set(b"b", Held::Text(vec![0; BYTES / 2].into()), None), Err(Refused::Full));
        assert!(dict.delete(b"a"));
        assert_eq!((dict.len(), dict.bytes.load(Relaxed)), (0, 0));
        assert_eq!(dict.set(b"b", big, None), Ok(()));
    }

    #[test]
    fn names_are_bounded_and_give_the_same_thing() {
        let store = Store::default();
        for number in 0..NAMES {
            assert!(store.counter(&number.to_string()).is_some());
        }
        assert!(store.counter("one more").is_none());
        store.counter("7").expect("it is there").fetch_add(5, Relaxed);
        assert_eq!(store.counter("7").expect("it is there").load(Relaxed), 5);
    }

    #[test]
    fn threads_count_together() {
        let dict = Dict::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).try_for_each(|_| dict.incr(b"n", 1, 0, None).map(|_| ())));
            }
        });
        assert_eq!(dict.get(b"n"), Some(Held::Int(4000)));
    }
}
