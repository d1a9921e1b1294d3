//! Fetches of dates.

use std::time::{Duration, SystemTime};

use portero_api::{BadArg, Exchange, Sample, SampleType::*, clock};

use super::{Made, by, int, row};
use crate::vocabulary::{Args, FetchKind, Needs::*};

pub(super) static ROWS: &[FetchKind] = &[
    row("date", &[], (0, 2), Int, Nothing, "the date since 1970, moved by an offset, in s, ms or us", date),
    row("date_us", &[], (0, 0), Int, Nothing, "the microseconds of the date", |_| {
        by(|_| Some(int(since_epoch(clock::date()).subsec_micros())))
    }),
    row(
        "accept_date",
        &[],
        (0, 1),
        Int,
        Connection,
        "when the connection or request began, in s, ms or us",
        |a| moment(a, |x| Some(x.log.timers.date.unwrap_or(x.conn.accepted_at))),
    ),
    row(
        "request_date",
        &[],
        (0, 1),
        Int,
        RequestKept,
        "when the first byte of the request came, in s, ms or us",
        |a| moment(a, request_date),
    ),
];

/// The unit of a time as a number (HAProxy manual, section 7.3.2, `date`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Micros,
}

impl Unit {
    /// The unit that an argument names; seconds when it is absent.
    pub(crate) fn from_arg(args: &Args<'_>, index: usize) -> Result<Unit, BadArg> {
        match args.text(index) {
            None | Some("s") => Ok(Unit::Seconds),
            Some("ms") => Ok(Unit::Millis),
            Some("us") => Ok(Unit::Micros),
            Some(other) => Err(BadArg::at(index, format!("'{other}' is no unit: 's', 'ms' and 'us' are"))),
        }
    }

    /// How many of it a second has.
    pub(crate) fn per_second(self) -> i64 {
        match self {
            Unit::Seconds => 1,
            Unit::Millis => 1_000,
            Unit::Micros => 1_000_000,
        }
    }

    fn count(self, time: Duration) -> i64 {
        (time.as_micros() as i64) / (1_000_000 / self.per_second())
    }
}

/// The time since 1970; nothing before it.
pub(super) fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn date(args: &Args<'_>) -> Made {
    let offset = args.int(0)?.unwrap_or(0);
    let unit = Unit::from_arg(args, 1)?;
    by(move |_| Some(Sample::Int(unit.count(since_epoch(clock::date())).saturating_add(offset))))
}

fn moment(args: &Args<'_>, at: fn(&Exchange) -> Option<SystemTime>) -> Made {
    let unit = Unit::from_arg(args, 0)?;
    by(move |x| Some(Sample::Int(unit.count(since_epoch(at(x)?)))))
}

/// The accept date moved by handshake and idle time.
fn request_date(x: &Exchange) -> Option<SystemTime> {
    let timers = &x.log.timers;
    let waited = timers.first_byte?.saturating_duration_since(timers.start?);
    Some(timers.date.unwrap_or(x.conn.accepted_at) + waited)
}
