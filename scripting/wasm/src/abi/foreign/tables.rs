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

use portero_api::tables::{Entry, KeyBuf};
use portero_api::{Common, Sample};

use super::Row;
use super::portero::items;
use crate::abi::Status;
use crate::items::{Items, List, read_sample};
use crate::memory::Calling;
use crate::tables::{self, Spot, table};

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
    let spot = spot(&caller.data().plan.common, &mut items)?;
    let mut answer = List::new();
    match items.text() {
        Some(field) => answer.add_sample(Some(&spot.get(field)?)),
        None => shown(&spot.entry()?, &mut answer),
    }
    Ok(answer.into_bytes())
}

fn set(caller: &mut Calling<'_>, argument: &[u8]) -> Answer {
    let mut items = items(argument)?;
    let spot = spot(&caller.data().plan.common, &mut items)?;
    let field = items.text().ok_or(Status::BadArgument)?;
    let given = items.next().and_then(read_sample).ok_or(Status::BadArgument)?;
    let mut answer = List::new();
    answer.add_sample(spot.set(field, &given)?.as_ref());
    Ok(answer.into_bytes())
}

fn add(caller: &mut Calling<'_>, argument: &[u8]) -> Answer {
    let mut items = items(argument)?;
    let spot = spot(&caller.data().plan.common, &mut items)?;
    let field = items.text().ok_or(Status::BadArgument)?;
    let by = items.number().ok_or(Status::BadArgument)?;
    let mut answer = List::new();
    answer.add_sample(Some(&Sample::Int(spot.add(field, by)?)));
    Ok(answer.into_bytes())
}

fn remove(caller: &mut Calling<'_>, argument: &[u8]) -> Answer {
    let spot = spot(&caller.data().plan.common, &mut items(argument)?)?;
    let mut answer = List::new();
    answer.add(&[u8::from(spot.remove())]);
    Ok(answer.into_bytes())
}

fn walk(caller: &mut Calling<'_>, argument: &[u8]) -> Answer {
    let mut items = items(argument)?;
    let table = table(&caller.data().plan.common, items.text().ok_or(Status::BadArgument)?)?;
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

/// The place that the first two items name: a table, and a key.
fn spot(common: &Common, items: &mut Items<'_>) -> Result<Spot, Status> {
    let table = table(common, items.text().ok_or(Status::BadArgument)?)?;
    let key = items.next().and_then(read_sample).ok_or(Status::BadArgument)?;
    Spot::new(table, &key)
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
        list.add_sample(tables::value(entry, slot).as_ref());
    }
}
