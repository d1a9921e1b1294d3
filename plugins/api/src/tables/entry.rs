//! An entry in hand.

use std::sync::Arc;
use std::time::Duration;

use super::{Data, Event, KeyBuf, Row, Slot, Table};

/// An entry of a table, held: looking at it and counting in it take neither a look-up nor a lock. One that has left its table
/// meanwhile still counts, for nobody.
#[derive(Clone, Debug)]
pub struct Entry {
    table: Arc<dyn Table>,
    row: Row,
}

impl Entry {
    pub(super) fn new(table: Arc<dyn Table>, row: Row) -> Entry {
        Entry { table, row }
    }

    /// The table that it is in.
    pub fn table(&self) -> &Arc<dyn Table> {
        &self.table
    }

    pub(super) fn row(&self) -> &Row {
        &self.row
    }

    /// Its key.
    pub fn key(&self) -> KeyBuf {
        self.table.key(&self.row)
    }

    /// A value; none when the table does not store it.
    pub fn get(&self, slot: impl Into<Slot>) -> Option<u64> {
        self.table.get(&self.row, slot.into())
    }

    /// Adds to a value and gives the new one; none when the table does not store it.
    pub fn add(&self, slot: impl Into<Slot>, by: i64) -> Option<u64> {
        self.table.add(&self.row, slot.into(), by)
    }

    /// Sets a value and gives the one before; none when the table does not store it.
    pub fn set(&self, slot: impl Into<Slot>, value: u64) -> Option<u64> {
        self.table.set(&self.row, slot.into(), value)
    }

    /// A text; none when it is not stored or not set.
    pub fn text(&self, slot: impl Into<Slot>) -> Option<Arc<str>> {
        self.table.text(&self.row, slot.into())
    }

    /// Sets a text, and says whether the table stores it.
    pub fn set_text(&self, slot: impl Into<Slot>, text: &str) -> bool {
        self.table.set_text(&self.row, slot.into(), text)
    }

    /// Counts an event where the table stores its number or its rate.
    pub fn count(&self, event: Event, by: u64) {
        let by = i64::try_from(by).unwrap_or(i64::MAX);
        for data in event.data() {
            self.add(data, by);
        }
    }

    /// Adds to a general purpose counter and its rate, as far as they are stored. The new value of the counter, else of the
    /// rate; none when the table stores neither.
    pub fn count_gpc(&self, [counter, rate]: [Slot; 2], by: u32) -> Option<u64> {
        let rated = self.add(rate, i64::from(by));
        self.add(counter, i64::from(by)).or(rated)
    }

    /// Begins its time anew.
    pub fn touch(&self) {
        self.table.touch(&self.row);
    }

    /// Time since it was last changed.
    pub fn idle(&self) -> Duration {
        self.table.idle(&self.row)
    }

    /// What is left of its time; none when it has no end.
    pub fn expires_in(&self) -> Option<Duration> {
        Some(self.table.limits().expire?.saturating_sub(self.idle()))
    }

    /// How many track it.
    pub fn trackers(&self) -> u32 {
        self.table.trackers(&self.row)
    }

    /// A number that tells it from all other entries that there are now (`ptr` of the runtime API).
    pub fn id(&self) -> usize {
        self.row.0.as_ptr().addr()
    }

    /// The values that it holds, in the order of their types.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        let columns = self.table.schema().columns.clone();
        columns.into_iter().flat_map(|c| (0..c.len).map(move |index| Slot::at(c.data, index)))
    }
}

impl Slot {
    /// The general purpose counter of that index in the array, and its rate.
    pub fn gpc(index: u8) -> [Slot; 2] {
        [Slot::at(Data::Gpc, index), Slot::at(Data::GpcRate, index)]
    }

    /// `gpc0` or `gpc1`, and its rate.
    pub fn old_gpc(first: bool) -> [Slot; 2] {
        let data = if first { [Data::Gpc0, Data::Gpc0Rate] } else { [Data::Gpc1, Data::Gpc1Rate] };
        data.map(Slot::from)
    }
}
