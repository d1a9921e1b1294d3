//! Entries that a connection or an exchange tracks (HAProxy manual, action `track-sc0`).

use std::sync::Arc;

use super::{Data, Entry, Event, Key, Table};

/// A tracked entry: a connection is counted for as long as it is held, and it does not end meanwhile.
#[derive(Debug)]
pub struct Tracked {
    entry: Entry,
    released: bool,
}

impl Tracked {
    /// Begins to track the entry of a key, which is made when it is not there; none when it cannot be.
    pub fn begin(table: &Arc<dyn Table>, key: Key<'_>) -> Option<Tracked> {
        let row = table.track_row(key)?;
        let entry = Entry::new(table.clone(), row);
        entry.count(Event::Connection, 1);
        entry.add(Data::ConnCur, 1);
        Some(Tracked { entry, released: false })
    }

    /// The entry.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Ends the tracking ahead of the drop: what is counted from now on still counts, but nothing keeps the entry in its table.
    pub fn release(&mut self) {
        if !std::mem::replace(&mut self.released, true) {
            self.entry.add(Data::ConnCur, -1);
            self.entry.touch();
            self.entry.table().untrack(self.entry.row());
        }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.release();
    }
}

/// The entries that are tracked, by the number of the counter (`sc0`).
#[derive(Debug, Default)]
pub struct Trackers(Vec<(u8, Tracked)>);

impl Trackers {
    /// The entry that a counter tracks.
    pub fn get(&self, number: u8) -> Option<&Entry> {
        self.0.iter().find(|(n, _)| *n == number).map(|(_, tracked)| tracked.entry())
    }

    /// Sets a counter that tracks nothing yet.
    pub fn set(&mut self, number: u8, tracked: Tracked) {
        self.0.push((number, tracked));
    }

    /// True when nothing is tracked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts an event in all that is tracked.
    pub fn count(&self, event: Event, by: u64) {
        self.0.iter().for_each(|(_, tracked)| tracked.entry().count(event, by));
    }

    /// Ends all tracking and keeps the entries at hand, for the log.
    pub fn release(&mut self) {
        self.0.iter_mut().for_each(|(_, tracked)| tracked.release());
    }

    /// Ends all tracking; memory is kept.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
