//! Fetches of what a connection or a request tracks (HAProxy manual, section 7.3.3, `sc_*`).
//!
//! `sc_NAME(N)` and `sc0_NAME` to `sc2_NAME` are the same. With a table, the tracked key is looked up in that.

use std::sync::Arc;

use portero_api::tables::{Data, Entry, Slot, Table};
use portero_api::{BadArg, Exchange, Sample, SampleType::*};

use super::{Made, by, row};
use crate::tables::ask::{self, Ask, values};
use crate::vocabulary::{Args, FetchKind, Needs::*};

macro_rules! rows {
    ($($name:literal, $ask:expr, $summary:literal);*) => {
        &[
            $(
                row(concat!("sc_", $name), &[], (1, 2), Int, Connection, $summary, |a| read(a, Counter::First, $ask)),
                row(concat!("sc0_", $name), &[], (0, 1), Int, Connection, $summary, |a| read(a, Counter::Fixed(0), $ask)),
                row(concat!("sc1_", $name), &[], (0, 1), Int, Connection, $summary, |a| read(a, Counter::Fixed(1), $ask)),
                row(concat!("sc2_", $name), &[], (0, 1), Int, Connection, $summary, |a| read(a, Counter::Fixed(2), $ask)),
            )*
        ]
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
    "trackers", Ask::Trackers, "how many track the same entry"
};

/// Elements of arrays, keys, and whether there is anything.
pub(super) static OTHERS: &[FetchKind] = &[
    row("sc_get_gpc", &[], (2, 3), Int, Connection, "a general purpose counter by its index", |a| {
        element(a, |index| Ask::Get(Slot::at(Data::Gpc, index)))
    }),
    row("sc_get_gpt", &[], (2, 3), Int, Connection, "a general purpose tag by its index", |a| {
        element(a, |index| Ask::Get(Slot::at(Data::Gpt, index)))
    }),
    row("sc_gpc_rate", &[], (2, 3), Int, Connection, "increments of such a counter in the period", |a| {
        element(a, |index| Ask::Get(Slot::at(Data::GpcRate, index)))
    }),
    row("sc_inc_gpc", &[], (2, 3), Int, Connection, "adds 1 to such a counter: its new value", |a| {
        element(a, |index| Ask::Increment(Slot::gpc(index)))
    }),
    row("sc_clr_gpc", &[], (2, 3), Int, Connection, "sets such a counter to 0: its value before", |a| {
        element(a, |index| Ask::Clear(Slot::at(Data::Gpc, index)))
    }),
    row("sc_key", &[], (1, 1), Any, Connection, "the key that is tracked", |a| key(a, Counter::First)),
    row("sc0_key", &[], (0, 0), Any, Connection, "the key that is tracked", |a| key(a, Counter::Fixed(0))),
    row("sc1_key", &[], (0, 0), Any, Connection, "the key that is tracked", |a| key(a, Counter::Fixed(1))),
    row("sc2_key", &[], (0, 0), Any, Connection, "the key that is tracked", |a| key(a, Counter::Fixed(2))),
    row("sc_tracked", &[], (1, 2), Bool, Connection, "whether anything is tracked", |a| {
        tracked(a, Counter::First)
    }),
    row("sc0_tracked", &[], (0, 1), Bool, Connection, "whether anything is tracked", |a| {
        tracked(a, Counter::Fixed(0))
    }),
    row("sc1_tracked", &[], (0, 1), Bool, Connection, "whether anything is tracked", |a| {
        tracked(a, Counter::Fixed(1))
    }),
    row("sc2_tracked", &[], (0, 1), Bool, Connection, "whether anything is tracked", |a| {
        tracked(a, Counter::Fixed(2))
    }),
];

/// Where the number of the counter stands.
#[derive(Clone, Copy)]
enum Counter {
    /// It is the first argument.
    First,
    /// It is the second: an index stands in front of it.
    Second,
    /// The name says it.
    Fixed(u8),
}

/// The entry that a counter tracks, or that of its key in another table.
struct Place {
    number: u8,
    table: Option<Arc<dyn Table>>,
}

impl Place {
    fn new(args: &Args<'_>, counter: Counter) -> Result<Place, BadArg> {
        let (number, at) = match counter {
            Counter::Fixed(number) => (number, 0),
            Counter::First => (self::number(args, 0)?, 1),
            Counter::Second => (self::number(args, 1)?, 2),
        };
        let named = args.text(at).is_some();
        Ok(Place { number, table: named.then(|| ask::table(args, at)).transpose()? })
    }

    /// Asks the entry; none where nothing is tracked.
    fn ask<R>(&self, exchange: &Exchange, ask: impl FnOnce(&Entry) -> Option<R>) -> Option<R> {
        let entry = exchange.tracked(self.number)?;
        match self.table.as_ref().filter(|table| !Arc::ptr_eq(table, entry.table())) {
            Some(other) => ask(&other.find(entry.key().as_key())?),
            None => ask(entry),
        }
    }
}

fn number(args: &Args<'_>, at: usize) -> Result<u8, BadArg> {
    let text = args.required(at, "the number of a counter")?;
    let counters = args.context.common.tables.counters();
    text.parse().ok().filter(|number| *number < counters).ok_or_else(|| {
        BadArg::at(
            at,
            format!("'{text}' is no counter: there are {counters} ('tune.stick-counters'), from 0"),
        )
    })
}

fn read(args: &Args<'_>, counter: Counter, ask: Ask) -> Made {
    let place = Place::new(args, counter)?;
    by(move |x| place.ask(x, |entry| ask.of(entry)).map(Sample::Int))
}

fn element(args: &Args<'_>, ask: fn(u8) -> Ask) -> Made {
    read(args, Counter::Second, ask(ask::element(args, 0)?))
}

fn key(args: &Args<'_>, counter: Counter) -> Made {
    let place = Place::new(args, counter)?;
    by(move |x| place.ask(x, |entry| Some(ask::key_sample(entry.key()))))
}

fn tracked(args: &Args<'_>, counter: Counter) -> Made {
    let place = Place::new(args, counter)?;
    by(move |x| Some(Sample::Bool(place.ask(x, |_| Some(())).is_some())))
}
