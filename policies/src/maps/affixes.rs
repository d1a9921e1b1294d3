//! Texts by their beginnings or by their ends: a hash table, asked once for each length that a key has.
//!
//! Lists have keys of a few lengths, and a question for a key that is not there looks at eight bytes which tell so nearly
//! always; the questions do not wait for each other. So a look-up among a million keys waits for memory as often as one for
//! a whole key does, where each step through a tree would wait once.

use super::entry::{Entry, Hits, earlier};
use super::hash::{Hash, Reading};
use super::table::Table;

/// Entries by keys that texts begin or end with.
#[derive(Clone)]
pub(super) struct Affixes {
    reading: Reading,
    hash: Hash,
    lengths: Counted,
    table: Table,
}

/// Numbers in ascending order, and how many have each.
#[derive(Clone, Default)]
pub(super) struct Counted(Vec<(usize, usize)>);

impl Affixes {
    pub(super) fn new(reading: Reading) -> Affixes {
        Affixes { reading, hash: Hash::new(reading), lengths: Counted::default(), table: Table::default() }
    }

    /// The first entry of the longest key that a text begins with, as it is read.
    pub(super) fn longest(&self, text: &[u8]) -> Option<&Entry> {
        self.found(text, self.lengths.iter().rev()).next().map(Hits::first)
    }

    /// The first entry whose key a text begins with, as it is read.
    pub(super) fn first(&self, text: &[u8]) -> Option<&Entry> {
        self.found(text, self.lengths.iter()).fold(None, |best, hits| earlier(best, Some(hits.first())))
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        let (bytes, reading) = (entry.clone(), self.reading);
        let key = bytes.key();
        self.lengths.add(key.len());
        self.table.insert(self.hash.of(key), |other| reading.same(other.key(), key), entry);
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, entry: &Entry) {
        let (key, reading) = (entry.key(), self.reading);
        if self.table.remove(self.hash.of(key), |other| reading.same(other.key(), key), entry.id()) {
            self.lengths.remove(key.len());
        }
    }

    /// The entries of the keys of some lengths that a text begins with.
    fn found<'s>(
        &'s self,
        text: &[u8],
        lengths: impl Iterator<Item = usize>,
    ) -> impl Iterator<Item = &'s Hits> {
        let mut hashes = self.hash.beginnings(text);
        lengths.filter(|&length| length <= text.len()).filter_map(move |length| {
            let beginning = self.reading.beginning(text, length);
            self.table.get(hashes.upto(length), |entry| self.reading.same(entry.key(), beginning))
        })
    }
}

impl Counted {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.0.iter().map(|&(number, _)| number)
    }

    pub(super) fn add(&mut self, number: usize) {
        match self.0.binary_search_by_key(&number, |&(number, _)| number) {
            Ok(place) => self.0[place].1 += 1,
            Err(place) => self.0.insert(place, (number, 1)),
        }
    }

    pub(super) fn remove(&mut self, number: usize) {
        if let Ok(place) = self.0.binary_search_by_key(&number, |&(number, _)| number) {
            self.0[place].1 -= 1;
            if self.0[place].1 == 0 {
                self.0.remove(place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_beginning_is_found_and_a_removed_one_is_not() {
        let keys = ["", "/api", "/api/v1", "/apix", "/b", "/api/v1/users"];
        let entry = |id: usize| Entry::new(id as u32, keys[id].as_bytes(), None);
        let mut affixes = Affixes::new(Reading::default());
        (0..keys.len()).for_each(|id| affixes.insert(entry(id)));
        let found = |affixes: &Affixes, text: &str| {
            let all = affixes.found(text.as_bytes(), affixes.lengths.iter());
            all.map(|hits| hits.first().id()).collect::<Vec<_>>()
        };
        let before = affixes.clone();
        assert_eq!(found(&affixes, "/api/v1/users/7"), [0, 1, 2, 5]);
        affixes.remove(&entry(2));
        affixes.remove(&entry(3));
        affixes.remove(&Entry::new(3, b"/nothere", None));
        assert_eq!(found(&affixes, "/api/v1/users/7"), [0, 1, 5]);
        assert_eq!((found(&affixes, "/apix"), found(&before, "/apix")), (vec![0, 1], vec![0, 1, 3]));
        (0..keys.len()).for_each(|id| affixes.remove(&entry(id)));
        assert!(affixes.lengths.is_empty() && affixes.table.len() == 0);
    }
}
