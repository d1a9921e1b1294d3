//! A hash table of entries in pages, so that a change copies one page and not a million entries.
//!
//! It is extendible hashing: a directory of page numbers, doubled when a page that no second entry of the directory
//! names must be split. A copy of the table shares all pages; who changes a shared page copies that one first. Hashes lie
//! beside the entries: what has another one is passed over without a look at its key, which lies elsewhere in memory.

use std::sync::Arc;

use hashbrown::HashTable;

use super::entry::{Entry, Hits};
use super::filter::Filter;

/// Entries by hashes that who uses the table makes, and by what `same` says of two keys with the same hash.
#[derive(Clone)]
pub(super) struct Table {
    directory: Vec<u32>,
    pages: Vec<Page>,
    len: usize,
    /// Knows most hashes that are not there without a look at the pages.
    filter: Filter,
}

#[derive(Clone, Default)]
struct Page {
    /// How many bits of the hash all its keys share.
    depth: u32,
    slots: Arc<HashTable<Slot>>,
}

#[derive(Clone)]
struct Slot {
    hash: u64,
    hits: Hits,
}

/// Keys of a page at the most: what a change copies. So many fill 1,024 places of a hash table.
const PAGE: usize = 896;

impl Table {
    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The entries of a key.
    #[inline]
    pub(super) fn get(&self, hash: u64, same: impl Fn(&Entry) -> bool) -> Option<&Hits> {
        if !self.filter.may_have(hash) {
            return None;
        }
        let slots = &self.pages[self.page(hash)].slots;
        slots.find(hash, |slot| slot.is(hash, &same)).map(|slot| &slot.hits)
    }

    /// All entries, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.pages.iter().flat_map(|page| page.slots.iter()).flat_map(|slot| slot.hits.all())
    }

    /// Adds an entry to those of its key.
    pub(super) fn insert(&mut self, hash: u64, same: impl Fn(&Entry) -> bool, entry: Entry) {
        self.len += 1;
        self.filter_hash(hash);
        let page = self.page_with_room(hash);
        let slots = Arc::make_mut(&mut self.pages[page].slots);
        match slots.find_mut(hash, |slot| slot.is(hash, &same)) {
            Some(slot) => slot.hits.add(entry),
            None => drop(slots.insert_unique(hash, Slot { hash, hits: Hits::One(entry) }, |slot| slot.hash)),
        }
    }

    /// Takes the entry of a key and an id out; false when it is not there.
    pub(super) fn remove(&mut self, hash: u64, same: impl Fn(&Entry) -> bool, id: u32) -> bool {
        let page = self.page(hash);
        let slots = Arc::make_mut(&mut self.pages[page].slots);
        let Ok(mut slot) = slots.find_entry(hash, |slot| slot.is(hash, &same)) else { return false };
        if slot.get().hits.all().iter().all(|entry| entry.id() != id) {
            return false;
        }
        match slot.get().hits.without(id) {
            Some(left) => slot.get_mut().hits = left,
            None => drop(slot.remove()),
        }
        self.len -= 1;
        true
    }

    fn filter_hash(&mut self, hash: u64) {
        if self.filter.is_full() {
            self.filter = Filter::new(self.len * 2);
            let slots = self.pages.iter().flat_map(|page| page.slots.iter());
            slots.for_each(|slot| self.filter.add(slot.hash));
        }
        self.filter.add(hash);
    }

    fn page(&self, hash: u64) -> usize {
        self.directory[place(hash, self.directory.len())] as usize
    }

    /// The page of a hash, split where it is full. A page whose keys all agree in many bits may grow instead.
    fn page_with_room(&mut self, hash: u64) -> usize {
        loop {
            let page = self.page(hash);
            if self.pages[page].slots.len() < PAGE || self.pages[page].depth >= 24 {
                return page;
            }
            self.split(page);
        }
    }

    fn split(&mut self, page: usize) {
        let depth = self.pages[page].depth;
        if 1 << depth == self.directory.len() {
            self.directory.extend_from_within(..);
        }
        let (mut low, mut high) = (HashTable::with_capacity(PAGE), HashTable::with_capacity(PAGE));
        for slot in self.pages[page].slots.iter() {
            let half = if place(slot.hash, 2 << depth) >> depth == 0 { &mut low } else { &mut high };
            half.insert_unique(slot.hash, slot.clone(), |slot| slot.hash);
        }
        let new = self.pages.len() as u32;
        self.pages[page] = Page { depth: depth + 1, slots: Arc::new(low) };
        self.pages.push(Page { depth: depth + 1, slots: Arc::new(high) });
        for (at, number) in self.directory.iter_mut().enumerate() {
            if *number as usize == page && at >> depth & 1 == 1 {
                *number = new;
            }
        }
    }
}

impl Default for Table {
    fn default() -> Table {
        Table { directory: vec![0], pages: vec![Page::default()], len: 0, filter: Filter::new(1) }
    }
}

impl Slot {
    fn is(&self, hash: u64, same: impl Fn(&Entry) -> bool) -> bool {
        self.hash == hash && same(self.hits.first())
    }
}

/// The place in a directory of so many entries: bits of the hash that the tables of the pages do not look at.
fn place(hash: u64, directory: usize) -> usize {
    (hash >> 24) as usize & (directory - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_one_hash_are_told_apart_and_entries_by_their_ids() {
        let mut table = Table::default();
        let entry = |id: u32, key: &str| Entry::new(id, key.as_bytes(), None);
        let is = |key: &'static str| move |entry: &Entry| entry.key() == key.as_bytes();
        for (id, key) in [(1, "a"), (2, "b"), (3, "a")] {
            table.insert(7, is(key), entry(id, key));
        }
        let found = |table: &Table, key| table.get(7, is(key)).map(|hits| hits.first().id());
        assert_eq!((found(&table, "a"), found(&table, "b"), found(&table, "c")), (Some(1), Some(2), None));
        let copy = table.clone();
        assert!(table.remove(7, is("a"), 1) && !table.remove(7, is("a"), 2) && table.remove(7, is("b"), 2));
        assert_eq!((found(&table, "a"), found(&table, "b"), table.len()), (Some(3), None, 1));
        assert_eq!((found(&copy, "a"), copy.len(), copy.iter().count()), (Some(1), 3, 3));
    }
}
