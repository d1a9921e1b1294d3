//! One version of a list: its entries, and an index for each way that it is asked.
//!
//! A copy costs little: everything below is shared until it is changed.

use super::entry::{Entry, Hits};
use super::exact::{Exact, Form};
use super::index::{Index, Kind, Match, Query};
use crate::matching::Method;

/// The entries of one version.
#[derive(Clone)]
pub(super) struct View {
    /// All of them by key: what changes look at, and what whole keys are looked up in.
    entries: Exact,
    /// One for each kind, in the same places in all versions of a list.
    indexes: Vec<(Kind, Option<Index>)>,
}

impl View {
    /// A version without entries that can be asked in these ways.
    pub(super) fn new(kinds: &[Kind]) -> View {
        let mut view = View { entries: Exact::new(Form::Plain), indexes: Vec::new() };
        kinds.iter().for_each(|&kind| view.add_index(kind));
        view
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry that counts for what is asked.
    pub(super) fn find(&self, slot: usize, query: Query<'_>) -> Option<Match<'_>> {
        match (self.indexes.get(slot)?, query) {
            ((kind, Some(index)), query) => index.find(*kind, query),
            ((_, None), Query::Text(text)) => {
                let hits = self.entries.get(text)?;
                Some(Match { entry: hits.first(), regex: None })
            }
            ((_, None), _) => None,
        }
    }

    /// All entries of a key.
    pub(super) fn of_key(&self, key: &[u8]) -> &[Entry] {
        self.entries.get(key).map_or(&[], Hits::all)
    }

    /// The entry of an id. It is searched for among all.
    pub(super) fn of_id(&self, id: u32) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id() == id)
    }

    /// All entries in the order they were added.
    pub(super) fn in_order(&self) -> Vec<Entry> {
        let mut all: Vec<Entry> = self.entries.iter().cloned().collect();
        all.sort_unstable_by_key(Entry::id);
        all
    }

    /// Adds entries with new ids, whose keys were checked.
    pub(super) fn extend(&mut self, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.entries.insert(entry.clone()));
        self.indexes().for_each(|index| index.extend(entries));
    }

    pub(super) fn remove(&mut self, entry: &Entry) {
        self.entries.remove(entry);
        self.indexes().for_each(|index| index.remove(entry));
    }

    /// Puts an entry in the place of the one with its id and key.
    pub(super) fn replace(&mut self, entry: &Entry) {
        self.entries.remove(entry);
        self.entries.insert(entry.clone());
        self.indexes().for_each(|index| index.replace(entry));
    }

    /// Makes it answer in one more way. Whole keys need no index of their own.
    pub(super) fn add_index(&mut self, kind: Kind) {
        let plain = kind == Kind { method: Method::Str, ignore_case: false };
        let index = (!plain).then(|| {
            let mut index = Index::new(kind);
            index.extend(&self.in_order());
            index
        });
        self.indexes.push((kind, index));
    }

    fn indexes(&mut self) -> impl Iterator<Item = &mut Index> {
        self.indexes.iter_mut().filter_map(|(_, index)| index.as_mut())
    }
}
