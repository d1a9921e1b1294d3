//! An entry that many hold together, and that nobody counts in by holding it.

use std::sync::Arc;

use super::{Entry, Key, Table};

/// A held entry: as long as it is, the entry does not end, and [`Entry::trackers`] counts this holder.
#[derive(Debug)]
pub struct Held(Entry);

impl Held {
    /// Holds the entry of a key, which is made when it is not there; none when it cannot be.
    pub fn begin(table: &Arc<dyn Table>, key: Key<'_>) -> Option<Held> {
        Some(Held(Entry::new(table.clone(), table.track_row(key)?)))
    }

    /// The entry.
    pub fn entry(&self) -> &Entry {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.touch();
        self.0.table().untrack(self.0.row());
    }
}
