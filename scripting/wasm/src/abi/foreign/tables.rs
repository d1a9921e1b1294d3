//! `portero.table_*`: stick tables. Each call is one operation on one entry, and those on one value are atomic.
//!
//! | function | argument | answer |
//! |---|---|---|
//! | `portero.table_get` | table, key | the entry: see below |
//! | | table, key, field | the value |
//! | `portero.table_set` | table, key, field, value | the value before; makes the entry |
//! | `portero.table_add` | table, key, field, number | the new value; makes the entry |
//! | `portero.table_remove` | table, key | a bool: whether it is gone |
//! | `portero.table_walk` | table, number to go on from (0 at first) | the next number, or an empty item at the end; then entries |
//!
//! Keys and values are samples, fields are names (`gpc0`, `gpc[1]`). An entry is a list: its key, how many track it, how many
//! milliseconds it has left (an empty item: no end), then a field and its value by turns. NOT_FOUND stands for a table, an
//! entry or a field that is not there, INTERNAL_FAILURE for a table that is full.

use std::sync::Arc;

use portero_api::Sample;
use portero_api::tables::{DataKind, Entry, KeyBuf, KeyType, Removed, Slot, Table};

use super::Row;
use super::portero::items;
use crate::abi::Status;
use crate::items::{Items, List, read_sample};
use crate::memory::Calling;

/// The functions.
pub(super) const ROWS: &[Row] = &[
    Row { name: "portero.table_get", call: get },
    Row { name: "portero.table_set", call: set },
    Row { name: "portero.table_add", call: add },
    Row { name: "portero.table_remove", call: remove },
    Row { name: "portero.table_walk", call: walk },
];

type Answer = Result<Vec<u8>, Status>;

fn get(caller: &mut Calling<'_>, argument: &[u8]) -> Answer {
    let mut items = items(argument)?;
    let (table, key) = entry_of(caller, &mut items)?;
    let entry = table.find(key.as_key()).ok_or(Status::NotFound)?;
    let mut answer = List::new();
    match items.text() {
        Some(field) => {
            answer.add_sample(Some(&value(&entry, slot(&*table, field)?).ok_or(Status::NotFound)?))
        }
        None => shown(&entry, &mut answer),
    }
    Ok(answer.into_bytes())
}

fn set(caller: &mut Calling<'_>, argument: &[u8]) -> Answer {
    let mut items = items(argument)?;
    let (table, key) = entry_of(caller, &mut items)?;
    let slot = slot(&*table, items.text().ok_or(Status::BadArgument)?)?;
    let given = items.next().and_then(read_sample).ok_or(Status::BadArgument)?;
    let enter = || table.enter(key.as_key()).ok_or(Status::InternalFailure);
    let mut answer = List::new();
    match (slot.data.kind(), given) {
        (DataKind::Text, Sample::Str(text)) => {
            let entry = enter()?;
            let before = value(&entry, slot);
            entry.set_text(slot, &String::from_utf8_lossy(&text));
            answer.add_sample(before.as_ref());
        }
        (DataKind::Text, _) => return Err(Status::BadArgument),
        (_, Sample::Int(number)) => {
            let number = u64::try_from(number).map_err(|_| Status::BadArgument)?;
            answer.add_sample(enter()?.set(slot, number).map(int).as_ref());
        }
        _ => return Err(Status::BadArgument),
    }
    Ok(answer.into_bytes())
}

fn add(caller: &mut Calling<'_>, argument: &[u8]) -> Answer {
    let mut items = items(argument)?;
    let (table, key) = entry_of(caller, &mut items)?;
    let slot = slot(&*table, items.text().ok_or(Status::BadArgument)?)?;
    let by = items.number().ok_or(Status::BadArgument)?;
    let entry = table.enter(key.as_key()).ok_or(Status::InternalFailure)?;
    let mut answer = List::new();
    answer.add_sample(Some(&int(entry.add(slot, by).ok_or(Status::BadArgument)?)));
    Ok(answer.into_bytes())
}

fn remove(caller: &mut Calling<'_>, argument: &[u8]) -> Answer {
    let (table, key) = entry_of(caller, &mut items(argument)?)?;
    let mut answer = List::new();
    answer.add(&[u8::from(table.remove(key.as_key()) == Removed::Gone)]);
    Ok(answer.into_bytes())
}

fn walk(caller: &mut Calling<'_>, argument: &[u8]) -> Answer {
    let mut items = items(argument)?;
    let table = table(caller, &mut items)?;
    let from = items.number().and_then(|from| u64::try_from(from).ok()).ok_or(Status::BadArgument)?;
    let mut answer = List::new();
    match table.some(from) {
        None => answer.add(b""),
        Some((entries, next)) => {
            answer.add_number(i64::try_from(next).map_err(|_| Status::InternalFailure)?);
            entries.iter().for_each(|entry| answer.add_with(|item| shown(entry, item)));
        }
    }
    Ok(answer.into_bytes())
}

/// The table that the first item names.
fn table(caller: &Calling<'_>, items: &mut Items<'_>) -> Result<Arc<dyn Table>, Status> {
    let name = items.text().ok_or(Status::BadArgument)?;
    caller.data().plan.common.tables.get(name).ok_or(Status::NotFound)
}

/// The table that the first item names, and the key that the second is.
fn entry_of(caller: &Calling<'_>, items: &mut Items<'_>) -> Result<(Arc<dyn Table>, KeyBuf), Status> {
    let table = table(caller, items)?;
    let given = items.next().and_then(read_sample).ok_or(Status::BadArgument)?;
    let key = key(table.schema().key, &given).ok_or(Status::BadArgument)?;
    Ok((table, key))
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

/// A field that the table stores.
fn slot(table: &dyn Table, field: &str) -> Result<Slot, Status> {
    Slot::parse(field).filter(|slot| table.schema().stores(*slot)).ok_or(Status::NotFound)
}

fn value(entry: &Entry, slot: Slot) -> Option<Sample<'static>> {
    match slot.data.kind() {
        DataKind::Text => entry.text(slot).map(|text| Sample::text(text.as_bytes())),
        _ => entry.get(slot).map(int),
    }
}

fn int(value: u64) -> Sample<'static> {
    Sample::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn shown(entry: &Entry, list: &mut List) {
    let key = match entry.key() {
        KeyBuf::Ip(address) => Sample::Ip(address),
        KeyBuf::Integer(number) => Sample::Int(number.into()),
        KeyBuf::String(text) => Sample::text(text),
        KeyBuf::Binary(bytes) => Sample::bytes(bytes),
    };
    list.add_sample(Some(&key));
    list.add_number(entry.trackers().into());
    match entry.expires_in() {
        Some(left) => list.add_number(i64::try_from(left.as_millis()).unwrap_or(i64::MAX)),
        None => list.add(b""),
    }
    for slot in entry.slots() {
        list.add(slot.to_string().as_bytes());
        list.add_sample(value(entry, slot).as_ref());
    }
}
