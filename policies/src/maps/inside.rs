//! Many substrings: a text is asked at each of its bytes for keys that begin there.
//!
//! Nearly always a filter says from the next bytes (seven, or three or one where there are shorter keys) that none does; where it does not, a hash table is asked for each length that keys have, as for a prefix. A million keys so take
//! a hundred bytes each and can be changed one by one, where an automaton of them takes seconds to build.

use super::affixes::Counted;
use super::entry::{Entry, Hits, earlier};
use super::filter::Filter;
use super::hash::{Hash, Reading};
use super::table::Table;

/// Entries by keys that stand anywhere in a text.
#[derive(Clone)]
pub(super) struct Inside {
    reading: Reading,
    hash: Hash,
    /// The lengths of keys that the filter knows by so many bytes: by 0, 1, 3 and 7.
    lengths: [Counted; GRAMS.len()],
    /// How keys begin.
    grams: Filter,
    table: Table,
}

/// How many bytes the filter knows keys by. Up to seven are hashed in one step.
const GRAMS: [usize; 4] = [0, 1, 3, 7];

impl Inside {
    pub(super) fn new(folded: bool) -> Inside {
        let reading = Reading { folded, backwards: false };
        let (lengths, table) = (Default::default(), Table::default());
        Inside { reading, hash: Hash::new(reading), lengths, grams: Filter::new(1), table }
    }

    /// The first entry whose key stands in a text.
    pub(super) fn first(&self, text: &[u8]) -> Option<&Entry> {
        let grams = (0..GRAMS.len()).filter(|&gram| !self.lengths[gram].is_empty());
        grams.fold(None, |best, gram| earlier(best, self.first_of(gram, text)))
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        if self.grams.is_full() {
            self.grams = Filter::new(self.table.len() * 2);
            self.table.iter().for_each(|entry| self.grams.add(gram_hash(self.hash, entry.key())));
        }
        let (bytes, reading) = (entry.clone(), self.reading);
        let key = bytes.key();
        self.grams.add(gram_hash(self.hash, key));
        self.lengths[gram_of(key)].add(key.len());
        self.table.insert(self.hash.of(key), |other| reading.same(other.key(), key), entry);
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, entry: &Entry) {
        let (key, reading) = (entry.key(), self.reading);
        if self.table.remove(self.hash.of(key), |other| reading.same(other.key(), key), entry.id()) {
            self.lengths[gram_of(key)].remove(key.len());
        }
    }

    /// The first entry that stands in a text of those that the filter knows by one number of bytes.
    fn first_of(&self, gram: usize, text: &[u8]) -> Option<&Entry> {
        let width = GRAMS[gram];
        let mut best = None;
        for start in 0..(text.len() + 1).saturating_sub(width) {
            let rest = &text[start..];
            if self.grams.may_have(self.hash.beginnings(rest).upto(width)) {
                best = self.beginning(gram, rest).fold(best, |best, hits| earlier(best, Some(hits.first())));
            }
        }
        best
    }

    /// The entries whose keys a text begins with.
    fn beginning<'s>(&'s self, gram: usize, text: &[u8]) -> impl Iterator<Item = &'s Hits> {
        let mut hashes = self.hash.beginnings(text);
        let lengths = self.lengths[gram].iter().take_while(|&length| length <= text.len());
        lengths.filter_map(move |length| {
            let same = |entry: &Entry| self.reading.same(entry.key(), &text[..length]);
            self.table.get(hashes.upto(length), same)
        })
    }
}

/// The place in [`GRAMS`] of how many bytes the filter knows a key by.
fn gram_of(key: &[u8]) -> usize {
    GRAMS.partition_point(|&width| width <= key.len()) - 1
}

fn gram_hash(hash: Hash, key: &[u8]) -> u64 {
    hash.of(&key[..GRAMS[gram_of(key)]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_any_length_are_found_anywhere_until_they_are_gone() {
        let key = |i: u32| match i % 4 {
            0 => format!("{i:03}"),
            1 => format!("k{i:04}"),
            2 => format!("key-{i:05}"),
            _ => format!("a long key with the number {i:06}."),
        };
        let entries: Vec<Entry> = (0..2000).map(|i| Entry::new(i, key(i).as_bytes(), None)).collect();
        let mut inside = Inside::new(true);
        entries.iter().for_each(|entry| inside.insert(entry.clone()));
        let find = |inside: &Inside, i: u32| {
            inside.first(format!("<{}>", key(i).to_uppercase()).as_bytes()).map(Entry::id)
        };
        let longs = (0..2000).filter(|i| i % 4 == 2);
        assert!(longs.clone().all(|i| find(&inside, i).is_some_and(|found| found <= i)));
        assert!(inside.first(b"no number").is_none() && inside.first(b"").is_none());
        entries.iter().filter(|entry| entry.id() % 4 == 0).for_each(|entry| inside.remove(entry));
        assert!(longs.clone().all(|i| find(&inside, i) == Some(i)));
        entries.iter().for_each(|entry| inside.remove(entry));
        assert!(inside.lengths.iter().all(Counted::is_empty) && inside.table.len() == 0);
    }

    #[test]
    fn an_empty_key_stands_everywhere() {
        let mut inside = Inside::new(false);
        inside.insert(Entry::new(2, b"", None));
        inside.insert(Entry::new(1, b"x", None));
        let found = |text: &[u8]| inside.first(text).map(Entry::id);
        assert_eq!((found(b""), found(b"y"), found(b"yx")), (Some(2), Some(2), Some(1)));
    }
}
