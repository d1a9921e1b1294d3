//! Fetches of what a table has for the address of the client (HAProxy manual, section 7.3.3, `src_*`): each is short for `src` and a
//! converter. And the size of tables.

use portero_api::tables::{Data, Key, Slot};
use portero_api::{Exchange, Sample, SampleType::*};

use super::{Made, by, int, row};
use crate::tables::ask::{self, Ask, values};
use crate::vocabulary::{Args, FetchKind, Needs::*};

macro_rules! rows {
    ($($name:literal, $ask:expr, $summary:literal);*) => {
        &[$(row(concat!("src_", $name), &[], (0, 1), Int, Connection, $summary, |a| read(a, 0, $ask)),)*]
    };
}

/// The values that are read by the same name elsewhere.
pub(super) static VALUES: &[FetchKind] = values!(rows);

/// Those that have a name of their own here.
#[rustfmt::skip] // a row a line
pub(super) static ROWS: &[FetchKind] = rows! {
    "get_gpc0", Ask::Get(Data::Gpc0.into()), "the first general purpose counter";
    "get_gpc1", Ask::Get(Data::Gpc1.into()), "the second general purpose counter";
    "get_gpt0", Ask::Get(Data::Gpt0.into()), "the first general purpose tag";
    "updt_conn_cnt", Ask::Connect, "counts a connection: the new number"
};

/// Elements of arrays, and the size of tables.
pub(super) static OTHERS: &[FetchKind] = &[
    row("src_get_gpc", &[], (1, 2), Int, Connection, "a general purpose counter by its index", |a| {
        read(a, 1, Ask::Get(Slot::at(Data::Gpc, ask::element(a, 0)?)))
    }),
    row("src_get_gpt", &[], (1, 2), Int, Connection, "a general purpose tag by its index", |a| {
        read(a, 1, Ask::Get(Slot::at(Data::Gpt, ask::element(a, 0)?)))
    }),
    row("src_gpc_rate", &[], (1, 2), Int, Connection, "increments of such a counter in the period", |a| {
        read(a, 1, Ask::Get(Slot::at(Data::GpcRate, ask::element(a, 0)?)))
    }),
    row("src_inc_gpc", &[], (1, 2), Int, Connection, "adds 1 to such a counter: its new value", |a| {
        read(a, 1, Ask::Increment(Slot::gpc(ask::element(a, 0)?)))
    }),
    row("src_clr_gpc", &[], (1, 2), Int, Connection, "sets such a counter to 0: its value before", |a| {
        read(a, 1, Ask::Clear(Slot::at(Data::Gpc, ask::element(a, 0)?)))
    }),
    row("table_cnt", &[], (0, 1), Int, Nothing, "entries in a table", |a| {
        let table = ask::table(a, 0)?;
        by(move |_| Some(int(table.len())))
    }),
    row("table_avl", &[], (0, 1), Int, Nothing, "entries that a table still has room for", |a| {
        let table = ask::table(a, 0)?;
        by(move |_| Some(int(table.limits().size.saturating_sub(table.len()))))
    }),
];

/// `at`: the place of the argument that names the table.
fn read(args: &Args<'_>, at: usize, ask: Ask) -> Made {
    let table = ask::table(args, at)?;
    by(move |x: &Exchange| {
        let source = Key::Ip(x.conn.src?.ip());
        ask.at(&table, source).map(Sample::Int)
    })
}
