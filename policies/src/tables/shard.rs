//! A part of a table: an index of entries by their keys, and their order by the time they are filed under.

use std::collections::BTreeSet;

use hashbrown::HashTable;
use portero_api::tables::Row;

use super::layout::{place, set_place, touched, uses};

/// Entries whose keys have a hash in common, as far as the shard goes.
#[derive(Debug, Default)]
pub(super) struct Shard {
    /// Places in `rows`, by the hashes of the keys.
    index: HashTable<u32>,
    rows: Vec<Option<Row>>,
    free: Vec<u32>,
    /// When each was changed last as of the moment it was filed, and its place: the first may be the next to go.
    order: BTreeSet<u64>,
}

/// Bits of an element of `order` that are the place.
const PLACE_BITS: u32 = 24;
const PLACE_MASK: u64 = (1 << PLACE_BITS) - 1;

impl Shard {
    /// The most entries of one.
    pub(super) const MOST: usize = 1 << PLACE_BITS;

    /// The entry of a key.
    pub(super) fn find(&self, hash: u64, is: impl Fn(&Row) -> bool) -> Option<&Row> {
        let place = self.index.find(hash, |&place| self.row(place).is_some_and(&is))?;
        self.row(*place)
    }

    /// Adds an entry. The caller makes sure that its key is not there, and that the shard is not full.
    pub(super) fn insert(&mut self, hash: u64, row: Row, tick: u64, hash_of: impl Fn(&Row) -> u64) {
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.rows.push(None);
                self.rows.len() as u32 - 1
            }
        };
        self.file(&row, tick, place);
        self.rows[place as usize] = Some(row);
        let rows = &self.rows;
        self.index.insert_unique(hash, place, |&place| rows[place as usize].as_ref().map_or(0, &hash_of));
    }

    /// Takes an entry away.
    pub(super) fn remove(&mut self, hash: u64, row: &Row) {
        let at = place(row);
        let number = (at & PLACE_MASK) as u32;
        if let Ok(found) = self.index.find_entry(hash, |&place| place == number) {
            found.remove();
            self.order.remove(&at);
            self.rows[number as usize] = None;
            self.free.push(number);
        }
        if self.index.is_empty() {
            // what a burst has taken is given back behind it
            *self = Shard::default();
        }
    }

    /// Takes away the entry that was changed longest ago, if nobody tracks it, and only if that was at `until` or before. Those in
    /// front of it that were changed or are tracked are filed anew, `budget` of them at the most. True when one went.
    pub(super) fn remove_oldest(
        &mut self,
        until: u64,
        now: u64,
        budget: &mut usize,
        hash_of: impl Fn(&Row) -> u64,
    ) -> bool {
        while *budget > 0 {
            let Some(&first) = self.order.first().filter(|first| *first >> PLACE_BITS <= until) else {
                return false;
            };
            *budget -= 1;
            let number = (first & PLACE_MASK) as u32;
            let Some(row) = self.row(number).cloned() else { return false };
            let due = if uses(&row) > 0 { now } else { touched(&row) };
            if due <= first >> PLACE_BITS && uses(&row) == 0 {
                self.remove(hash_of(&row), &row);
                return true;
            }
            self.order.remove(&first);
            self.file(&row, due, number);
        }
        false
    }

    /// Whether the first in the order was filed at `until` or before.
    pub(super) fn is_due(&self, until: u64) -> bool {
        self.order.first().is_some_and(|first| first >> PLACE_BITS <= until)
    }

    /// Copies of the handles of the entries at these places, for a visit without the lock.
    pub(super) fn some(&self, from: usize, count: usize) -> Option<Vec<Row>> {
        let rows = self.rows.get(from..)?;
        (!rows.is_empty()).then(|| rows.iter().take(count).flatten().cloned().collect())
    }

    fn row(&self, place: u32) -> Option<&Row> {
        self.rows.get(place as usize)?.as_ref()
    }

    fn file(&mut self, row: &Row, tick: u64, number: u32) {
        let at = tick << PLACE_BITS | u64::from(number);
        set_place(row, at);
        self.order.insert(at);
    }
}
