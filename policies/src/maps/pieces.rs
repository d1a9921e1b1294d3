//! Texts by what stands in them between delimiters: directories of a path, domains of a host name.
//!
//! A hash table of keys, and how many parts the keys have: nearly always one or two. A text is asked for each run of so
//! many of its parts, and it has but a few.

use super::affixes::Counted;
use super::entry::{Entry, Hits, earlier};
use super::hash::{Hash, Reading};
use super::table::Table;
use crate::matching::{Method, is_delimiter, strip};

/// Entries by keys that stand between delimiters.
#[derive(Clone)]
pub(super) struct Pieces {
    method: Method,
    reading: Reading,
    hash: Hash,
    /// How many parts keys have.
    parts: Counted,
    table: Table,
}

impl Pieces {
    /// Pieces as `dir` or `dom` cuts them; `folded`: without regard to case.
    pub(super) fn new(method: Method, folded: bool) -> Pieces {
        let reading = Reading { folded, backwards: false };
        Pieces {
            method,
            reading,
            hash: Hash::new(reading),
            parts: Counted::default(),
            table: Table::default(),
        }
    }

    /// The first entry that stands in a text between delimiters or the ends.
    pub(super) fn first(&self, text: &[u8]) -> Option<&Entry> {
        let starts = self.starts(text);
        let mut best = None;
        for parts in self.parts.iter() {
            // one delimiter lies between the end of a run and the start behind it
            for run in starts.windows(parts + 1) {
                let hits = self.get(&text[run[0]..], run[parts] - 1 - run[0]);
                best = earlier(best, hits.map(Hits::first));
            }
        }
        best
    }

    /// Adds an entry. A key of nothing but delimiters stands nowhere.
    pub(super) fn insert(&mut self, entry: Entry) {
        let (bytes, same) = (entry.clone(), self.same());
        let key = strip(bytes.key(), self.method);
        if !key.is_empty() {
            self.parts.add(self.parts_of(key));
            self.table.insert(self.hash.of(key), |other| same(other, key), entry);
        }
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, entry: &Entry) {
        let (key, same) = (strip(entry.key(), self.method), self.same());
        if self.table.remove(self.hash.of(key), |other| same(other, key), entry.id()) {
            self.parts.remove(self.parts_of(key));
        }
    }

    /// The entries of the key that the first bytes of a text are.
    fn get(&self, text: &[u8], length: usize) -> Option<&Hits> {
        let (hash, same) = (self.hash.beginnings(text).upto(length), self.same());
        self.table.get(hash, |entry| same(entry, &text[..length]))
    }

    fn same(&self) -> impl Fn(&Entry, &[u8]) -> bool + use<> {
        let (method, reading) = (self.method, self.reading);
        move |entry, piece| reading.same(strip(entry.key(), method), piece)
    }

    /// Where the parts of a text start, and where one behind the last would.
    fn starts(&self, text: &[u8]) -> Vec<usize> {
        let mut starts = Vec::with_capacity(16);
        starts.push(0);
        starts.extend((0..text.len()).filter(|&at| is_delimiter(self.method, text[at])).map(|at| at + 1));
        starts.push(text.len() + 1);
        starts
    }

    fn parts_of(&self, key: &[u8]) -> usize {
        1 + key.iter().filter(|&&byte| is_delimiter(self.method, byte)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_start_at_the_beginning_and_behind_each_delimiter() {
        assert_eq!(Pieces::new(Method::Dir, false).starts(b"/a/b.c"), [0, 1, 3, 7]);
        assert_eq!(Pieces::new(Method::Dom, false).starts(b"b.c:"), [0, 2, 4, 5]);
        assert_eq!(Pieces::new(Method::Dom, false).starts(b""), [0, 1]);
    }

    #[test]
    fn parts_of_keys_that_are_gone_are_not_asked_for() {
        let mut pieces = Pieces::new(Method::Dom, true);
        let entries = [(1, "Example.org"), (2, ".example.ORG."), (3, "..."), (4, "www")];
        let entries = entries.map(|(id, key)| Entry::new(id, key.as_bytes(), None));
        entries.iter().for_each(|entry| pieces.insert(entry.clone()));
        assert_eq!(pieces.parts.iter().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(pieces.first(b"www.EXAMPLE.org:80").map(Entry::id), Some(1));
        pieces.remove(&entries[0]);
        assert_eq!(pieces.first(b"example.org/www").map(Entry::id), Some(2));
        entries.iter().for_each(|entry| pieces.remove(entry));
        assert_eq!((pieces.parts.iter().count(), pieces.table.len()), (0, 0));
    }
}
