//! Converters that look a sample up in a table (HAProxy manual, section 7.3.1, `table_*`, `in_table`).

use std::time::Duration;

use portero_api::tables::{Data, Entry, Slot};
use portero_api::{Sample, SampleType::*};

use super::{Made, by, row};
use crate::tables::ask::{self, Ask, values, with_key};
use crate::vocabulary::{Args, ConvertKind};

macro_rules! rows {
    ($($name:literal, $ask:expr, $summary:literal);*) => {
        &[$(row(concat!("table_", $name), (0, 1), Any, Int, $summary, |a| read(a, 0, $ask)),)*]
    };
}

/// The values that are read by the same name elsewhere.
pub(super) static VALUES: &[ConvertKind] = values!(rows);

/// Those that have a name of their own here.
#[rustfmt::skip] // a row a line
pub(super) static ROWS: &[ConvertKind] = rows! {
    "gpc0", Ask::Get(Data::Gpc0.into()), "the first general purpose counter";
    "gpc1", Ask::Get(Data::Gpc1.into()), "the second general purpose counter";
    "gpt0", Ask::Get(Data::Gpt0.into()), "the first general purpose tag";
    "server_id", Ask::Get(Data::ServerId.into()), "the number of the server that 'stick' rules noted";
    "trackers", Ask::Trackers, "how many track the entry"
};

/// Elements of arrays, times, and whether there is an entry.
pub(super) static OTHERS: &[ConvertKind] = &[
    row("in_table", (0, 1), Any, Bool, "whether the table has the sample as a key", |a| {
        let table = ask::table(a, 0)?;
        let kind = table.schema().key;
        by(move |s, _| Some(Sample::Bool(with_key(s, kind, |key| table.find(key)).flatten().is_some())))
    }),
    row("table_expire", (0, 2), Any, Int, "milliseconds until the entry ends", |a| {
        time(a, |entry| entry.expires_in().unwrap_or_default())
    }),
    row("table_idle", (0, 2), Any, Int, "milliseconds since the entry was changed", |a| time(a, Entry::idle)),
    row("table_gpc", (1, 2), Any, Int, "a general purpose counter by its index", |a| {
        read(a, 1, Ask::Get(Slot::at(Data::Gpc, ask::element(a, 0)?)))
    }),
    row("table_gpt", (1, 2), Any, Int, "a general purpose tag by its index", |a| {
        read(a, 1, Ask::Get(Slot::at(Data::Gpt, ask::element(a, 0)?)))
    }),
    row("table_gpc_rate", (1, 2), Any, Int, "increments of such a counter in the period", |a| {
        read(a, 1, Ask::Get(Slot::at(Data::GpcRate, ask::element(a, 0)?)))
    }),
    row("table_inc_gpc", (1, 2), Any, Int, "adds 1 to such a counter: its new value", |a| {
        read(a, 1, Ask::Increment(Slot::gpc(ask::element(a, 0)?)))
    }),
    row("table_clr_gpc", (1, 2), Any, Int, "sets such a counter to 0: its value before", |a| {
        read(a, 1, Ask::Clear(Slot::at(Data::Gpc, ask::element(a, 0)?)))
    }),
];

/// `at`: the place of the argument that names the table.
fn read(args: &Args<'_>, at: usize, ask: Ask) -> Made {
    let table = ask::table(args, at)?;
    let kind = table.schema().key;
    by(move |s, _| with_key(s, kind, |key| ask.at(&table, key)).flatten().map(Sample::Int))
}

/// A time of an entry; the second argument where there is none.
fn time(args: &Args<'_>, of: fn(&Entry) -> Duration) -> Made {
    let table = ask::table(args, 0)?;
    let (kind, otherwise) = (table.schema().key, args.int(1)?);
    by(move |s, _| {
        let entry = with_key(s, kind, |key| table.find(key)).flatten();
        entry.map(|entry| of(&entry).as_millis() as i64).or(otherwise).map(Sample::Int)
    })
}
