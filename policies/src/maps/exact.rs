//! Exact keys: a hash table in pages, so that a change copies one page and not a million entries.
//!
//! It is extendible hashing: a directory of page numbers, doubled when a page that no second entry of the directory
//! names must be split. A copy of the table shares all pages; who changes a shared page copies that one first.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;

use super::entry::{Entry, Hits};

/// How keys are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// Without regard to case.
    Folded,
    /// Written in hexadecimal digits, meant as bytes (`-m bin`).
    Hex,
}

/// Entries by their whole key.
#[derive(Clone)]
pub(super) struct Exact {
    form: Form,
    hasher: RandomState,
    directory: Vec<u32>,
    pages: Vec<Page>,
    len: usize,
}

#[derive(Clone, Default)]
struct Page {
    /// How many bits of the hash all its keys share.
    depth: u32,
    slots: Arc<HashTable<Hits>>,
}

/// Keys of a page at the most: what a change copies.
const PAGE: usize = 1024;

impl Exact {
    pub(super) fn new(form: Form) -> Exact {
        let pages = vec![Page::default()];
        Exact { form, hasher: RandomState::new(), directory: vec![0], pages, len: 0 }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The entries of a key in its form: lower case where case does not matter, bytes where hexadecimal was written.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Hits> {
        let hash = self.hasher.hash_one(key);
        self.pages[self.page(hash)].slots.find(hash, self.same(key))
    }

    /// All entries, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.pages.iter().flat_map(|page| page.slots.iter()).flat_map(Hits::all)
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        let key = in_form(self.form, entry.key()).into_owned();
        let hash = self.hasher.hash_one(&key[..]);
        self.len += 1;
        let page = self.page_with_room(hash);
        let same = self.same(&key);
        let slots = Arc::make_mut(&mut self.pages[page].slots);
        match slots.find_mut(hash, same) {
            Some(hits) => hits.add(entry),
            None => {
                let (form, hasher) = (self.form, &self.hasher);
                slots.insert_unique(hash, Hits::One(entry), |hits| hash_of(form, hasher, hits));
            }
        }
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, entry: &Entry) {
        let key = in_form(self.form, entry.key()).into_owned();
        let hash = self.hasher.hash_one(&key[..]);
        let page = self.page(hash);
        let same = self.same(&key);
        let slots = Arc::make_mut(&mut self.pages[page].slots);
        let Ok(mut slot) = slots.find_entry(hash, same) else { return };
        let before = slot.get().all().len();
        match slot.get().without(entry.id()) {
            Some(left) => {
                self.len -= before - left.all().len();
                *slot.get_mut() = left;
            }
            None => {
                self.len -= before;
                slot.remove();
            }
        }
    }

    fn page(&self, hash: u64) -> usize {
        self.directory[place(hash, self.directory.len())] as usize
    }

    fn same<'k>(&self, key: &'k [u8]) -> impl Fn(&Hits) -> bool + use<'k> {
        let form = self.form;
        move |hits| match form {
            Form::Plain => hits.first().key() == key,
            Form::Folded => hits.first().key().eq_ignore_ascii_case(key),
            Form::Hex => in_form(form, hits.first().key()) == key,
        }
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
        let (form, hasher) = (self.form, &self.hasher);
        for hits in self.pages[page].slots.iter() {
            let hash = hash_of(form, hasher, hits);
            let half = if place(hash, 2 << depth) >> depth == 0 { &mut low } else { &mut high };
            half.insert_unique(hash, hits.clone(), |hits| hash_of(form, hasher, hits));
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

/// A key in the form that it is compared in. What is no hexadecimal was refused before it came here.
pub(super) fn in_form(form: Form, key: &[u8]) -> Cow<'_, [u8]> {
    match form {
        Form::Plain => Cow::Borrowed(key),
        Form::Folded => Cow::Owned(key.to_ascii_lowercase()),
        Form::Hex => Cow::Owned(hex(key).unwrap_or_default()),
    }
}

/// The bytes that an even number of hexadecimal digits means.
pub(super) fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let digits: Vec<u8> = text.iter().map(digit).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn hash_of(form: Form, hasher: &RandomState, hits: &Hits) -> u64 {
    hasher.hash_one(&in_form(form, hits.first().key())[..])
}

/// The place in a directory of so many entries: bits of the hash that the tables of the pages do not look at.
fn place(hash: u64, directory: usize) -> usize {
    (hash >> 24) as usize & (directory - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_keys_are_found_and_forgotten() {
        let mut table = Exact::new(Form::Plain);
        let entry = |i: u32| Entry::new(i, format!("key{i}").as_bytes(), None);
        (0..5000).for_each(|i| table.insert(entry(i)));
        let copy = table.clone();
        (0..5000).step_by(2).for_each(|i| table.remove(&entry(i)));
        for i in 0..5000 {
            let found = table.get(format!("key{i}").as_bytes()).map(|hits| hits.first().id());
            assert_eq!(found, (i % 2 == 1).then_some(i));
        }
        assert_eq!((table.len(), copy.len(), copy.iter().count()), (2500, 5000, 5000));
    }

    #[test]
    fn forms_say_what_is_equal() {
        let mut folded = Exact::new(Form::Folded);
        folded.insert(Entry::new(1, b"AbC", None));
        assert!(folded.get(b"abc").is_some());
        let mut bytes = Exact::new(Form::Hex);
        bytes.insert(Entry::new(1, b"0aFF", None));
        assert!(bytes.get(&[10, 255]).is_some() && bytes.get(b"0aFF").is_none());
    }
}
