//! Stick tables. Each call is one operation on one entry.

use proxy_wasm::hostcalls::call_foreign_function;
use proxy_wasm::types::Status;

use crate::items::{number, Items, List};
use crate::Sample;

/// A stick table, by its name.
#[derive(Clone, Debug)]
pub struct Table(String);

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Sample,
    /// How many track it.
    pub trackers: i64,
    /// Milliseconds that it has left; none where it has no end.
    pub expires: Option<i64>,
    /// Its values by name; a text that is not set is none.
    pub values: Vec<(String, Option<Sample>)>,
}

impl Entry {
    fn read(item: &[u8]) -> Option<Entry> {
        let mut items = Items::new(item);
        let key = Sample::read(items.next()?)?;
        let (trackers, expires) = (items.number(), items.next().and_then(number));
        let mut values = Vec::new();
        while let Some(field) = items.next() {
            values.push((String::from_utf8_lossy(field).into_owned(), Sample::read(items.next()?)));
        }
        Some(Entry { key, trackers, expires, values })
    }

    /// A value of it.
    pub fn get(&self, field: &str) -> Option<&Sample> {
        self.values.iter().find(|(name, _)| name == field)?.1.as_ref()
    }
}

impl Table {
    /// The table of that name. Whether it is there shows when it is used.
    pub fn named(name: impl Into<String>) -> Table {
        Table(name.into())
    }

    /// What is stored under a key.
    ///
    /// # Errors
    ///
    /// `NotFound`: there is no such table, or nothing under the key.
    pub fn entry(&self, key: &Sample) -> Result<Entry, Status> {
        let answer = self.call("portero.table_get", self.list(key))?;
        Entry::read(&answer).ok_or(Status::SerializationFailure)
    }

    /// A value that is stored under a key.
    ///
    /// # Errors
    ///
    /// As [`Table::entry`]; or the table does not store such a value.
    pub fn get(&self, key: &Sample, field: &str) -> Result<Sample, Status> {
        self.value("portero.table_get", self.list(key).add(field))?.ok_or(Status::NotFound)
    }

    /// Sets a value and gives the one before.
    ///
    /// # Errors
    ///
    /// `NotFound`: there is no such table or field. `InternalFailure`: the table is full.
    pub fn set(&self, key: &Sample, field: &str, value: impl Into<Sample>) -> Result<Option<Sample>, Status> {
        self.value("portero.table_set", self.list(key).add(field).add(value.into().bytes()))
    }

    /// Adds to a number, which stays at 0 or above, and gives the new one.
    ///
    /// # Errors
    ///
    /// As [`Table::set`].
    pub fn add(&self, key: &Sample, field: &str, by: i64) -> Result<i64, Status> {
        match self.value("portero.table_add", self.list(key).add(field).number(by))? {
            Some(Sample::Int(number)) => Ok(number),
            _ => Err(Status::SerializationFailure),
        }
    }

    /// Takes an entry away, and says whether it is gone: one that is tracked stays.
    ///
    /// # Errors
    ///
    /// `NotFound`: there is no such table.
    pub fn remove(&self, key: &Sample) -> Result<bool, Status> {
        let answer = self.call("portero.table_remove", self.list(key))?;
        Ok(Items::new(&answer).bool())
    }

    /// All entries, in no order.
    ///
    /// # Errors
    ///
    /// `NotFound`: there is no such table.
    pub fn walk(&self, mut visit: impl FnMut(Entry)) -> Result<(), Status> {
        let mut from = 0;
        loop {
            let answer = self.call("portero.table_walk", List::new().add(&self.0).number(from))?;
            let mut items = Items::new(&answer);
            match items.next().and_then(number) {
                Some(next) => from = next,
                None => return Ok(()),
            }
            items.filter_map(Entry::read).for_each(&mut visit);
        }
    }

    fn list(&self, key: &Sample) -> List {
        List::new().add(&self.0).add(key.bytes())
    }

    fn value(&self, function: &str, argument: List) -> Result<Option<Sample>, Status> {
        let answer = self.call(function, argument)?;
        Ok(Items::new(&answer).next().and_then(Sample::read))
    }

    fn call(&self, function: &str, argument: List) -> Result<Vec<u8>, Status> {
        Ok(call_foreign_function(function, Some(argument.bytes()))?.unwrap_or_default())
    }
}
