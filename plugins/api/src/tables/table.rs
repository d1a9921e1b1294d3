//! The contract `Table`: what keeps entries.

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::{Entry, Key, KeyBuf, Limits, Schema, Slot};

/// A table. Those who use one do so through [`Entry`], see [`dyn Table::find`](trait.Table.html#method.find).
pub trait Table: Debug + Send + Sync {
    /// What it is.
    fn schema(&self) -> &Schema;

    /// What may change about it.
    fn limits(&self) -> Limits;

    /// Changes its limits. Entries beyond a smaller size leave as new ones come.
    fn set_limits(&self, limits: &Limits);

    /// Entries in it; those whose time is over count until they are swept.
    fn len(&self) -> usize;

    /// True when there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry of a key.
    fn find_row(&self, key: Key<'_>) -> Option<Row>;

    /// The entry of a key, made when it is not there; its time begins anew. None when the key is none of this table's type,
    /// or the table is full and nothing may leave.
    fn enter_row(&self, key: Key<'_>) -> Option<Row>;

    /// The same for one who tracks it: until [`Table::untrack`] it neither ends nor makes room.
    fn track_row(&self, key: Key<'_>) -> Option<Row>;

    /// Ends what `track_row` began.
    fn untrack(&self, row: &Row);

    /// How many track an entry.
    fn trackers(&self, row: &Row) -> u32;

    /// The key of an entry.
    fn key(&self, row: &Row) -> KeyBuf;

    /// A value; none when it is not stored. A text has none.
    fn get(&self, row: &Row, slot: Slot) -> Option<u64>;

    /// Adds to a value, which stays within its bits, and gives the new one; none when it is not stored. A rate counts so many
    /// events more.
    fn add(&self, row: &Row, slot: Slot, by: i64) -> Option<u64>;

    /// Sets a value and gives the one before; none when it is not stored. A rate is as if so many events had come now.
    fn set(&self, row: &Row, slot: Slot, value: u64) -> Option<u64>;

    /// A text (`server_key`); none when it is not stored or not set.
    fn text(&self, row: &Row, slot: Slot) -> Option<Arc<str>>;

    /// Sets a text, and says whether it is stored.
    fn set_text(&self, row: &Row, slot: Slot, text: &str) -> bool;

    /// Begins the time of an entry anew.
    fn touch(&self, row: &Row);

    /// Time since an entry was last changed.
    fn idle(&self, row: &Row) -> Duration;

    /// Takes the entry of a key away.
    fn remove(&self, key: Key<'_>) -> Removed;

    /// Some entries from a place on, 0 at first, and the place to go on from; none at the end. In no order; nobody waits
    /// between two calls: what comes and goes may be missed.
    fn some_rows(&self, from: u64) -> Option<(Vec<Row>, u64)>;

    /// Takes away some of the entries whose time is over, and says whether there are more.
    fn sweep(&self) -> bool;
}

/// An entry as its table keeps it: some words, whose meaning is the table's alone.
#[derive(Clone, Debug)]
pub struct Row(pub Arc<[AtomicU64]>);

/// What [`Table::remove`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Gone,
    /// There was none.
    Absent,
    /// It is tracked, and stays.
    InUse,
}

impl dyn Table {
    /// The entry of a key.
    pub fn find(self: &Arc<Self>, key: Key<'_>) -> Option<Entry> {
        self.find_row(key).map(|row| Entry::new(self.clone(), row))
    }

    /// The entry of a key, made when it is not there; its time begins anew. None when the key is none of this table's type,
    /// or the table is full and nothing may leave.
    pub fn enter(self: &Arc<Self>, key: Key<'_>) -> Option<Entry> {
        self.enter_row(key).map(|row| Entry::new(self.clone(), row))
    }

    /// Visits entries until the visitor breaks, in no order. Nobody waits meanwhile: what comes and goes may be missed.
    pub fn walk(self: &Arc<Self>, visit: &mut dyn FnMut(&Entry) -> ControlFlow<()>) {
        let mut from = 0;
        while let Some((entries, next)) = self.some(from) {
            if entries.iter().try_for_each(&mut *visit).is_break() {
                return;
            }
            from = next;
        }
    }

    /// Some entries from a place on, 0 at first, and the place to go on from: for a walk that others must not wait for.
    pub fn some(self: &Arc<Self>, from: u64) -> Option<(Vec<Entry>, u64)> {
        let (rows, next) = self.some_rows(from)?;
        Some((rows.into_iter().map(|row| Entry::new(self.clone(), row)).collect(), next))
    }
}
