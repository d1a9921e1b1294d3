//! Entries of lists, and the entries that have one key.

use std::sync::Arc;

/// One entry: an id, a key and (in maps) a value, in one piece of memory that versions and indexes share.
#[derive(Clone)]
pub struct Entry(Arc<[u8]>);

/// In front of the key: the id, then the length of the key, both in four bytes.
const HEAD: usize = 8;

/// Set in the length of the key where there is a value.
const HAS_VALUE: u32 = 1 << 31;

/// The longest key, in bytes.
pub(super) const MAX_KEY: usize = (HAS_VALUE - 1) as usize;

impl Entry {
    /// An entry. Keys longer than 2 GB are cut.
    pub(super) fn new(id: u32, key: &[u8], value: Option<&[u8]>) -> Entry {
        let key = &key[..key.len().min(MAX_KEY)];
        let flag = if value.is_some() { HAS_VALUE } else { 0 };
        let length = key.len() as u32 | flag;
        let parts = [&id.to_ne_bytes()[..], &length.to_ne_bytes(), key, value.unwrap_or_default()];
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        Entry(bytes.into())
    }

    /// Its number in the list: the line of an entry that came from the file; those added later count on.
    pub fn id(&self) -> u32 {
        self.word(0)
    }

    /// The pattern.
    pub fn key(&self) -> &[u8] {
        &self.0[HEAD..self.end()]
    }

    /// What a map gives for it; none in a plain list.
    pub fn value(&self) -> Option<&[u8]> {
        (self.word(4) & HAS_VALUE != 0).then(|| &self.0[self.end()..])
    }

    fn end(&self) -> usize {
        HEAD + (self.word(4) & !HAS_VALUE) as usize
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_ne_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.id(), String::from_utf8_lossy(self.key()))
    }
}

/// The entries that stand at one place of an index, in the order of their ids: nearly always one.
#[derive(Clone, Debug)]
pub(super) enum Hits {
    One(Entry),
    Many(Arc<[Entry]>),
}

impl Hits {
    /// The entry that counts: the first that was added.
    pub(super) fn first(&self) -> &Entry {
        &self.all()[0]
    }

    pub(super) fn all(&self) -> &[Entry] {
        match self {
            Hits::One(entry) => std::slice::from_ref(entry),
            Hits::Many(entries) => entries,
        }
    }

    /// With one more.
    pub(super) fn add(&mut self, entry: Entry) {
        let mut all = self.all().to_vec();
        let place = all.partition_point(|other| other.id() <= entry.id());
        all.insert(place, entry);
        *self = Hits::Many(all.into());
    }

    /// Without the entry of that id; none when it was the last.
    pub(super) fn without(&self, id: u32) -> Option<Hits> {
        let mut left: Vec<Entry> = self.all().iter().filter(|entry| entry.id() != id).cloned().collect();
        match left.len() {
            0 => None,
            1 => left.pop().map(Hits::One),
            _ => Some(Hits::Many(left.into())),
        }
    }
}

/// The earlier of two entries.
pub(super) fn earlier<'e>(a: Option<&'e Entry>, b: Option<&'e Entry>) -> Option<&'e Entry> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.id() < a.id() { b } else { a }),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_gives_back_what_it_was_made_of() {
        let entry = Entry::new(7, b"key", Some(b"a value"));
        assert_eq!((entry.id(), entry.key(), entry.value()), (7, &b"key"[..], Some(&b"a value"[..])));
        assert_eq!(Entry::new(1, b"k", Some(b"")).value(), Some(&b""[..]));
        assert_eq!(Entry::new(1, b"k", None).value(), None);
    }

    #[test]
    fn of_entries_at_one_place_the_earliest_counts() {
        let mut hits = Hits::One(Entry::new(5, b"a", None));
        hits.add(Entry::new(2, b"a", None));
        hits.add(Entry::new(9, b"a", None));
        assert_eq!(hits.first().id(), 2);
        let left = hits.without(2).and_then(|hits| hits.without(9)).unwrap();
        assert_eq!(left.first().id(), 5);
        assert!(left.without(5).is_none());
    }
}
