//! Stick tables as guests use them: a place in a table, and one step on it.

use std::sync::Arc;

use portero_api::tables::{DataKind, Entry, KeyBuf, KeyType, Removed, Slot, Table};
use portero_api::{Common, Sample};

use crate::abi::Status;

/// A place in a table, whether there is an entry or not.
pub(crate) struct Spot {
    table: Arc<dyn Table>,
    key: KeyBuf,
}

impl Spot {
    /// The place of a key.
    ///
    /// # Errors
    ///
    /// The key is none for that table.
    pub(crate) fn new(table: Arc<dyn Table>, given: &Sample<'_>) -> Result<Spot, Status> {
        let key = key(table.schema().key, given).ok_or(Status::BadArgument)?;
        Ok(Spot { table, key })
    }

    /// The entry.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn entry(&self) -> Result<Entry, Status> {
        self.table.find(self.key.as_key()).ok_or(Status::NotFound)
    }

    /// A value of the entry.
    ///
    /// # Errors
    ///
    /// There is no entry, or no such field, or a text that is not set.
    pub(crate) fn get(&self, field: &str) -> Result<Sample<'static>, Status> {
        let entry = self.entry()?;
        value(&entry, self.slot(field)?).ok_or(Status::NotFound)
    }

    /// Sets a value, and gives the one before; makes the entry.
    ///
    /// # Errors
    ///
    /// There is no such field, it takes no such value, or the table is full.
    pub(crate) fn set(&self, field: &str, given: &Sample<'_>) -> Result<Option<Sample<'static>>, Status> {
        let slot = self.slot(field)?;
        match (slot.data.kind(), given) {
            (DataKind::Text, Sample::Str(text)) => {
                let entry = self.enter()?;
                let before = value(&entry, slot);
                entry.set_text(slot, &String::from_utf8_lossy(text));
                Ok(before)
            }
            (DataKind::Text, _) => Err(Status::BadArgument),
            (_, Sample::Int(number)) => {
                let number = u64::try_from(*number).map_err(|_| Status::BadArgument)?;
                Ok(self.enter()?.set(slot, number).map(|before| Sample::Int(int(before))))
            }
            _ => Err(Status::BadArgument),
        }
    }

    /// Adds to a value, and gives the new one; makes the entry.
    ///
    /// # Errors
    ///
    /// There is no such field, it is no number, or the table is full.
    pub(crate) fn add(&self, field: &str, by: i64) -> Result<i64, Status> {
        let slot = self.slot(field)?;
        self.enter()?.add(slot, by).map(int).ok_or(Status::BadArgument)
    }

    /// Takes the entry out, and says whether it is gone.
    pub(crate) fn remove(&self) -> bool {
        self.table.remove(self.key.as_key()) == Removed::Gone
    }

    fn enter(&self) -> Result<Entry, Status> {
        self.table.enter(self.key.as_key()).ok_or(Status::InternalFailure)
    }

    /// A field that the table stores.
    fn slot(&self, field: &str) -> Result<Slot, Status> {
        Slot::parse(field).filter(|slot| self.table.schema().stores(*slot)).ok_or(Status::NotFound)
    }
}

/// A table by its name.
///
/// # Errors
///
/// There is none.
pub(crate) fn table(common: &Common, name: &str) -> Result<Arc<dyn Table>, Status> {
    common.tables.get(name).ok_or(Status::NotFound)
}

/// A value of an entry.
pub(crate) fn value(entry: &Entry, slot: Slot) -> Option<Sample<'static>> {
    match slot.data.kind() {
        DataKind::Text => entry.text(slot).map(|text| Sample::text(text.as_bytes())),
        _ => entry.get(slot).map(|value| Sample::Int(int(value))),
    }
}

fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A key of the type that the table has.
fn key(kind: KeyType, given: &Sample<'_>) -> Option<KeyBuf> {
    let mut bytes = Vec::new();
    match given {
        Sample::Int(number) => bytes.extend_from_slice(number.to_string().as_bytes()),
        Sample::Ip(address) => bytes.extend_from_slice(address.to_string().as_bytes()),
        Sample::Str(text) | Sample::Bin(text) | Sample::Method(text) => bytes.extend_from_slice(text),
        Sample::Bool(_) => return None,
    }
    let text = || std::str::from_utf8(&bytes).ok();
    match kind {
        KeyType::Ip | KeyType::Ipv6 => text()?.parse().ok().map(KeyBuf::Ip),
        KeyType::Integer => text()?.parse().ok().map(KeyBuf::Integer),
        KeyType::String(_) => Some(KeyBuf::String(bytes)),
        KeyType::Binary(_) => Some(KeyBuf::Binary(bytes)),
    }
}
