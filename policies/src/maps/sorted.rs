//! Keys in order, in pages: the nearest key below a value is one search among pages and one in a page.
//!
//! A copy shares all pages; who changes a shared page copies that one first.

use std::sync::Arc;

use super::entry::{Entry, Hits};

/// Entries by keys that have an order.
#[derive(Clone)]
pub(super) struct Sorted<K> {
    /// The first key of each page.
    firsts: Vec<K>,
    pages: Vec<Arc<Page<K>>>,
}

#[derive(Clone)]
struct Page<K> {
    keys: Vec<K>,
    hits: Vec<Hits>,
}

/// Keys of a page at the most.
const PAGE: usize = 512;

impl<K> Default for Sorted<K> {
    fn default() -> Self {
        Sorted { firsts: Vec::new(), pages: Vec::new() }
    }
}

impl<K: Copy + Ord> Sorted<K> {
    /// The greatest key that is not above a value.
    pub(super) fn floor(&self, value: K) -> Option<(K, &Hits)> {
        let page = &self.pages[self.page(value)?];
        let place = page.keys.partition_point(|&key| key <= value).checked_sub(1)?;
        Some((page.keys[place], &page.hits[place]))
    }

    /// The entries of a key.
    pub(super) fn get(&self, key: K) -> Option<&Hits> {
        self.floor(key).filter(|&(found, _)| found == key).map(|(_, hits)| hits)
    }

    pub(super) fn insert(&mut self, key: K, entry: Entry) {
        if self.pages.is_empty() {
            self.firsts.push(key);
            self.pages.push(Arc::new(Page { keys: vec![key], hits: vec![Hits::One(entry)] }));
            return;
        }
        let at = self.page(key).unwrap_or(0);
        let page = Arc::make_mut(&mut self.pages[at]);
        match page.keys.binary_search(&key) {
            Ok(place) => page.hits[place].add(entry),
            Err(place) => {
                page.keys.insert(place, key);
                page.hits.insert(place, Hits::One(entry));
            }
        }
        self.firsts[at] = page.keys[0];
        if page.keys.len() > PAGE {
            let half = Page { keys: page.keys.split_off(PAGE / 2), hits: page.hits.split_off(PAGE / 2) };
            self.firsts.insert(at + 1, half.keys[0]);
            self.pages.insert(at + 1, Arc::new(half));
        }
    }

    /// Takes the entry of a key and an id out.
    pub(super) fn remove(&mut self, key: K, id: u32) {
        let Some(at) = self.page(key) else { return };
        let page = Arc::make_mut(&mut self.pages[at]);
        let Ok(place) = page.keys.binary_search(&key) else { return };
        if let Some(left) = page.hits[place].without(id) {
            page.hits[place] = left;
            return;
        }
        page.keys.remove(place);
        page.hits.remove(place);
        match page.keys.first() {
            Some(&first) => self.firsts[at] = first,
            None => {
                self.firsts.remove(at);
                self.pages.remove(at);
            }
        }
    }

    /// The page that would hold a key; none when it lies before all pages.
    fn page(&self, key: K) -> Option<usize> {
        self.firsts.partition_point(|&first| first <= key).checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_below_is_found_through_many_pages() {
        let mut sorted = Sorted::default();
        let order = (0..3000u32).map(|i| i * 7919 % 3000);
        for key in order.clone() {
            sorted.insert(key * 2, Entry::new(key, b"", None));
        }
        let copy = sorted.clone();
        for key in order.filter(|key| key % 3 != 0) {
            sorted.remove(key * 2, key);
        }
        for value in 0..6000 {
            assert_eq!(copy.floor(value).map(|(key, _)| key), Some(value / 2 * 2));
            assert_eq!(sorted.floor(value).map(|(key, _)| key), Some(value / 6 * 6));
        }
        assert!(sorted.get(6).is_some() && sorted.get(8).is_none());
        assert!(Sorted::<u32>::default().floor(3).is_none());
    }
}
