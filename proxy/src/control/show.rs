//! What `show info` says: facts of the process under HAProxy's names (management manual, section 9.3).

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Instant, SystemTime};

use portero_api::{Counter, ProxyState, Sample, shard};

use crate::cli::HAPROXY;
use crate::config::checked::Bind;
use crate::shared::Shared;
use crate::{log, privileges};

/// A fact of the process.
pub struct Fact {
    /// Its place in HAProxy's list.
    pub place: u32,
    /// HAProxy's name.
    pub name: &'static str,
    /// Origin, nature and scope.
    pub tags: [&'static str; 3],
    /// What it is now.
    pub value: fn(&Shared) -> Value,
    /// What it means.
    pub meaning: &'static str,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Value {
    Text(String),
    U32(u32),
    U64(u64),
}
use Value::{Text, U32, U64};

const PRODUCT: [&str; 3] = ["Product", "Output", "Service"];
const CONFIG: [&str; 3] = ["Config", "Gauge", "Service"];
const LIMIT: [&str; 3] = ["Config", "Limit", "Process"];
const GAUGE: [&str; 3] = ["Metric", "Gauge", "Process"];
const COUNT: [&str; 3] = ["Metric", "Counter", "Process"];
const RATE: [&str; 3] = ["Metric", "Rate", "Process"];
const MAX: [&str; 3] = ["Metric", "Max", "Process"];
const TIME: [&str; 3] = ["Metric", "Duration", "Process"];

/// What there is to say; facts of parts that Portero does not have are left out, and positions stay HAProxy's.
pub const FACTS: &[Fact] = &[
    fact(0, "Name", PRODUCT, |_| Text("HAProxy".into()), "Product name"),
    fact(1, "Version", PRODUCT, |_| Text(version()), "Product version"),
    fact(
        3,
        "Nbthread",
        CONFIG,
        |_| U32(shard::count() as u32 - 1),
        "Number of started threads (global.nbthread)",
    ),
    fact(4, "Nbproc", CONFIG, |_| U32(1), "Number of started worker processes (historical, always 1)"),
    fact(5, "Process_num", ["Key", "Gauge", "Process"], |_| U32(1), "Relative worker process number (1)"),
    fact(6, "Pid", ["Status", "Gauge", "Process"], |d| U32(d.process.pid()), "Number of this process"),
    fact(7, "Uptime", TIME, |d| Text(uptime(seconds(d))), "Time since the start"),
    fact(8, "Uptime_sec", TIME, |d| U32(seconds(d) as u32), "Time since the start, in seconds"),
    fact(13, "Ulimit-n", LIMIT, |_| U32(files()), "Hard limit on the number of per-process file descriptors"),
    fact(14, "Maxsock", LIMIT, |_| U32(files()), "Hard limit on the number of per-process sockets"),
    fact(15, "Maxconn", LIMIT, |d| U32(d.clients.max()), "Client connections at the most"),
    fact(16, "Hard_maxconn", LIMIT, |d| U32(d.default_maxconn.load(Relaxed)), "As many as open files allow"),
    fact(17, "CurrConns", GAUGE, |d| U32(d.process.connections()), "Client connections now"),
    fact(18, "CumConns", COUNT, |d| U64(d.process.total_connections()), "Client connections since the start"),
    fact(19, "CumReq", COUNT, |d| U64(total(d, Counter::Requests)), "Requests since the start"),
    fact(
        26,
        "ConnRate",
        RATE,
        |d| U32(rate(d, |p| &p.connection_rate)),
        "Client connections in the last second",
    ),
    fact(28, "MaxConnRate", MAX, |d| U32(most(d, |p| &p.connection_rate)), "The most of them in a second"),
    fact(29, "SessRate", RATE, |d| U32(rate(d, |p| &p.session_rate)), "Sessions in the last second"),
    fact(31, "MaxSessRate", MAX, |d| U32(most(d, |p| &p.session_rate)), "The most of them in a second"),
    fact(50, "node", ["Config", "Output", "Service"], |d| Text(d.process.node()), "Name of the node"),
    fact(51, "description", CONFIG, |d| Text(d.process.description()), "What the process is there for"),
    fact(52, "Stopping", GAUGE, |d| U32(d.is_stopping().into()), "1 once a soft stop has begun"),
    fact(55, "Listeners", GAUGE, |d| U32(sockets(d)), "Listening sockets of frontends"),
    fact(58, "DroppedLogs", GAUGE, |_| U64(log::dropped()), "Log lines that could not be sent"),
    fact(61, "TotalBytesOut", GAUGE, |d| U64(total(d, Counter::BytesOut)), "Bytes that clients were sent"),
    fact(66, "Build info", PRODUCT, |_| Text(version()), "Build information"),
    fact(70, "Start_time_sec", TIME, |d| U32(started(d) as u32), "Time of the start, in seconds since 1970"),
];

/// All facts as plugins see them.
pub(super) fn info(shared: &Shared) -> Vec<(&'static str, Sample<'static>)> {
    let sample = |value| match value {
        Text(text) => Sample::text(text),
        U32(number) => Sample::Int(number.into()),
        U64(number) => Sample::Int(number.try_into().unwrap_or(i64::MAX)),
    };
    FACTS.iter().map(|fact| (fact.name, sample((fact.value)(shared)))).collect()
}

/// The names of sockets: those of `name`, else `sock-1` and so on.
pub fn listeners(binds: &[Bind]) -> Vec<Arc<str>> {
    let name = |(bind, number): (&Bind, u32)| match &bind.name {
        Some(name) => name.clone(),
        None => format!("sock-{number}").into(),
    };
    binds.iter().zip(1..).map(name).collect()
}

const fn fact(
    place: u32,
    name: &'static str,
    tags: [&'static str; 3],
    value: fn(&Shared) -> Value,
    meaning: &'static str,
) -> Fact {
    Fact { place, name, tags, value, meaning }
}

impl Value {
    /// How typed output calls its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Text(_) => "str",
            U32(_) => "u32",
            U64(_) => "u64",
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Text(text) => f.write_str(text),
            U32(number) => number.fmt(f),
            U64(number) => number.fmt(f),
        }
    }
}

fn version() -> String {
    format!("{HAPROXY}-portero-{}", env!("CARGO_PKG_VERSION"))
}

fn seconds(shared: &Shared) -> u64 {
    shared.process.uptime().as_secs()
}

/// `0d 0h02m07s`
fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    format!("{days}d {hours}h{minutes:02}m{:02}s", seconds % 60)
}

fn started(shared: &Shared) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(shared.process.uptime()).as_secs()
}

fn files() -> u32 {
    privileges::descriptor_limit().min(u32::MAX.into()) as u32
}

fn rate(shared: &Shared, rate: impl Fn(&ProxyState) -> &portero_api::Rate) -> u32 {
    let now = Instant::now();
    shared.directory.all().iter().map(|p| rate(p).per_second(now) as u32).sum()
}

/// The highest rate of any frontend: those of all together are not kept.
fn most(shared: &Shared, rate: impl Fn(&ProxyState) -> &portero_api::Rate) -> u32 {
    let now = Instant::now();
    shared.directory.all().iter().map(|p| rate(p).max(now) as u32).max().unwrap_or(0)
}

fn total(shared: &Shared, counter: Counter) -> u64 {
    shared.directory.all().iter().map(|p| p.front.get(counter)).sum()
}

fn sockets(shared: &Shared) -> u32 {
    shared.directory.all().iter().map(|p| p.listeners().len() as u32).sum()
}
