//! Fetches of the process and the machine it runs on.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::time::Instant;

use portero_api::{BadArg, Sample, SampleType::*, shard};

use super::constants::constant;
use super::{Made, by, int, row};
use crate::vocabulary::{Args, FetchKind, Needs::Nothing};

pub(super) static ROWS: &[FetchKind] = &[
    row("act_conn", &[], (0, 0), Int, Nothing, "client connections of the whole process", connections),
    row(
        "env",
        &[],
        (1, 1),
        Str,
        Nothing,
        "an environment variable, as `setenv` and its like left it",
        environment,
    ),
    row("hostname", &[], (0, 0), Str, Nothing, "the name of the machine", |_| {
        constant(Sample::text(rustix::system::uname().nodename().to_bytes()))
    }),
    row("pid", &[], (0, 0), Int, Nothing, "the number of the process", |_| constant(int(std::process::id()))),
    row("stopping", &[], (0, 0), Bool, Nothing, "whether a soft stop has begun", |a| {
        let process = a.context.common.process.clone();
        by(move |_| Some(Sample::Bool(process.is_stopping())))
    }),
    row("thread", &[], (0, 0), Int, Nothing, "the number of the worker, from 0", |_| {
        by(|_| Some(int(shard::current())))
    }),
    row("uptime", &[], (0, 0), Int, Nothing, "seconds since the start", uptime),
    row("rand", &[], (0, 1), Int, Nothing, "a random number below the argument (2^32 by default)", random),
    row("uuid", &[], (0, 1), Str, Nothing, "a UUID of version 4 or 7 (RFC 9562)", uuid),
];

fn connections(args: &Args<'_>) -> Made {
    let proxies = args.context.directory.all();
    by(move |_| Some(int(proxies.iter().map(|p| i64::from(p.front_sessions.now())).sum::<i64>())))
}

fn environment(args: &Args<'_>) -> Made {
    let name = args.required(0, "the name of an environment variable")?;
    match args.context.files.variable(name) {
        Some(value) => constant(Sample::text(value)),
        None => by(|_| None),
    }
}

/// The start of the process, kept over reloads.
#[derive(Default)]
struct Start(OnceLock<Instant>);

fn uptime(args: &Args<'_>) -> Made {
    let start = *args.context.common.get::<Start>("process/start").0.get_or_init(Instant::now);
    by(move |_| Some(int(start.elapsed().as_secs())))
}

fn random(args: &Args<'_>) -> Made {
    let range = match args.int(0)? {
        None => 1 << 32,
        Some(range) if range >= 0 => range as u64,
        Some(range) => return Err(BadArg::at(0, format!("'{range}' is no range: it must not be negative"))),
    };
    by(move |_| Some(int(random_bits().checked_rem(range).unwrap_or(0))))
}

fn uuid(args: &Args<'_>) -> Made {
    match args.int(0)? {
        None | Some(4) => by(|_| Some(Sample::text(format_uuid(uuid_bits(random_bits(), 4))))),
        Some(7) => by(|_| {
            let millis = super::time::since_epoch(portero_api::clock::date()).as_millis() as u64;
            Some(Sample::text(format_uuid(uuid_bits(millis << 16 | random_bits() >> 48, 7))))
        }),
        Some(other) => {
            Err(BadArg::at(0, format!("'{other}' is no UUID version that can be made: 4 and 7 are")))
        }
    }
}

/// Sets the version in these upper bits, draws the lower ones and sets the variant (RFC 9562, 4).
fn uuid_bits(upper: u64, version: u64) -> u128 {
    let upper = upper & !0xf000 | version << 12;
    let lower = random_bits() & (u64::MAX >> 2) | 1 << 63;
    u128::from(upper) << 64 | u128::from(lower)
}

fn format_uuid(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Random bits, good enough for choices and names, not for secrets: a counter mixed with keys that the system
/// seeded for this thread.
fn random_bits() -> u64 {
    thread_local! {
        static STATE: (RandomState, std::cell::Cell<u64>) = (RandomState::new(), std::cell::Cell::new(0));
    }
    STATE.with(|(keys, count)| {
        count.set(count.get().wrapping_add(1));
        keys.hash_one(count.get())
    })
}
