//! Maps and ACL lists, as plugins use them.

use std::sync::Arc;

use crate::Sample;

/// All lists of the process by name.
pub trait Maps: Send + Sync {
    /// The list of that name, where the configuration has one.
    fn find(&self, name: &str) -> Option<Arc<dyn Map>>;

    /// The list in the file of that name, matched in that way (`str`, `beg`, `ip`, ...); read when nobody has it yet.
    ///
    /// # Errors
    ///
    /// A sentence: the file cannot be read, or there is no such way of matching.
    fn open(&self, name: &str, matched: &str) -> Result<Arc<dyn Map>, String>;
}

/// A list: a map has values, an ACL has none.
pub trait Map: Send + Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// True for a map.
    fn is_map(&self) -> bool;

    /// What a key finds in the version that counts: the value; of an ACL the pattern that matches. A list that was found by
    /// its name alone is asked for whole keys.
    fn look_up(&self, key: &Sample<'_>) -> Option<Sample<'static>>;

    /// The entries of a version (none: the one that counts), in order.
    fn entries(&self, version: Option<u64>) -> Vec<MapEntry>;

    /// The first entry with that very key in a version (none: the one that counts).
    fn entry(&self, key: &str, version: Option<u64>) -> Option<MapEntry>;

    /// The version that counts, 0 while the file's own one does.
    fn version(&self) -> u64;

    /// A new version to be filled beside the one that counts.
    fn prepare(&self) -> u64;

    /// Lets a version count; false when a newer one does already.
    fn commit(&self, version: u64) -> bool;

    /// Forgets a version that was prepared.
    fn give_up(&self, version: u64);

    /// Adds an entry to a version (none: the one that counts).
    ///
    /// # Errors
    ///
    /// A sentence: key or value cannot be understood.
    fn add(&self, key: &str, value: Option<&str>, version: Option<u64>) -> Result<(), String>;

    /// Changes the value of all entries with that key; false when there is none.
    ///
    /// # Errors
    ///
    /// A sentence: the value cannot be understood.
    fn set(&self, key: &str, value: &str, version: Option<u64>) -> Result<bool, String>;

    /// Takes the entries with that key away; false when there is none.
    fn remove(&self, key: &str, version: Option<u64>) -> bool;

    /// Takes all entries away.
    fn clear(&self, version: Option<u64>);
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapEntry {
    /// The key, or the pattern.
    pub key: Box<[u8]>,
    /// The value; none in an ACL.
    pub value: Option<Box<[u8]>>,
}

/// A process without lists.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMaps;

impl Maps for NoMaps {
    fn find(&self, _: &str) -> Option<Arc<dyn Map>> {
        None
    }

    fn open(&self, name: &str, _: &str) -> Result<Arc<dyn Map>, String> {
        Err(format!("there is no list '{name}' here"))
    }
}
