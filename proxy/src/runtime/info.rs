//! `show info`: facts of the process under HAProxy's names (management manual, section 9.3).

use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Instant, SystemTime};

use portero_api::ProxyState;

use super::call::{Answer, Call};
use crate::cli::HAPROXY;
use crate::daemon::Daemon;
use crate::{log, privileges};

/// A fact: its place in HAProxy's list, name, tags (origin, nature, scope), value, meaning.
struct Fact(u32, &'static str, [&'static str; 3], fn(&Daemon) -> Value, &'static str);

enum Value {
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
const FACTS: &[Fact] = &[
    Fact(0, "Name", PRODUCT, |_| Text("HAProxy".into()), "Product name"),
    Fact(1, "Version", PRODUCT, |_| Text(version()), "Product version"),
    Fact(3, "Nbthread", CONFIG, |d| U32(d.threads() as u32), "Number of started threads (global.nbthread)"),
    Fact(4, "Nbproc", CONFIG, |_| U32(1), "Number of started worker processes (historical, always 1)"),
    Fact(5, "Process_num", ["Key", "Gauge", "Process"], |_| U32(1), "Relative worker process number (1)"),
    Fact(6, "Pid", ["Status", "Gauge", "Process"], |d| U32(d.shared.process.pid()), "Number of this process"),
    Fact(7, "Uptime", TIME, |d| Text(uptime(seconds(d))), "Time since the start"),
    Fact(8, "Uptime_sec", TIME, |d| U32(seconds(d) as u32), "Time since the start, in seconds"),
    Fact(13, "Ulimit-n", LIMIT, |_| U32(files()), "Hard limit on the number of per-process file descriptors"),
    Fact(14, "Maxsock", LIMIT, |_| U32(files()), "Hard limit on the number of per-process sockets"),
    Fact(15, "Maxconn", LIMIT, |d| U32(d.shared.clients.max()), "Client connections at the most"),
    Fact(
        16,
        "Hard_maxconn",
        LIMIT,
        |d| U32(d.shared.default_maxconn.load(Relaxed)),
        "As many as open files allow",
    ),
    Fact(17, "CurrConns", GAUGE, |d| U32(d.shared.process.connections()), "Client connections now"),
    Fact(
        18,
        "CumConns",
        COUNT,
        |d| U64(d.shared.process.total_connections()),
        "Client connections since the start",
    ),
    Fact(19, "CumReq", COUNT, |d| U64(d.requests()), "Requests since the start"),
    Fact(
        26,
        "ConnRate",
        RATE,
        |d| U32(rate(d, |p| &p.connection_rate)),
        "Client connections in the last second",
    ),
    Fact(28, "MaxConnRate", MAX, |d| U32(most(d, |p| &p.connection_rate)), "The most of them in a second"),
    Fact(29, "SessRate", RATE, |d| U32(rate(d, |p| &p.session_rate)), "Sessions in the last second"),
    Fact(31, "MaxSessRate", MAX, |d| U32(most(d, |p| &p.session_rate)), "The most of them in a second"),
    Fact(50, "node", ["Config", "Output", "Service"], |d| Text(d.shared.process.node()), "Name of the node"),
    Fact(
        51,
        "description",
        CONFIG,
        |d| Text(d.shared.process.description()),
        "What the process is there for",
    ),
    Fact(52, "Stopping", GAUGE, |d| U32(d.shared.is_stopping().into()), "1 once a soft stop has begun"),
    Fact(55, "Listeners", GAUGE, |d| U32(d.listening().len() as u32), "Listening sockets of frontends"),
    Fact(58, "DroppedLogs", GAUGE, |_| U64(log::dropped()), "Log lines that could not be sent"),
    Fact(61, "TotalBytesOut", GAUGE, |d| U64(d.bytes_out()), "Bytes that clients were sent"),
    Fact(66, "Build info", PRODUCT, |_| Text(version()), "Build information"),
    Fact(70, "Start_time_sec", TIME, |d| U32(started(d) as u32), "Time of the start, in seconds since 1970"),
];

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, String> {
    let (mut typed, mut json, mut desc) = (false, false, false);
    for arg in call.args {
        match arg.as_str() {
            "typed" => typed = true,
            "json" => json = true,
            "desc" => desc = true,
            // numbers are whole here in any case
            "float" => {}
            other => return Err(format!("'show info {other}' is not supported.\n")),
        }
    }
    let text = match (json, typed) {
        (true, _) => as_json(call.daemon),
        (_, true) => lines(call.daemon, desc, typed_line),
        _ => lines(call.daemon, desc, |Fact(_, name, ..), value| format!("{name}: {value}")),
    };
    Ok(text.into())
}

fn lines(daemon: &Daemon, desc: bool, line: impl Fn(&Fact, &Value) -> String) -> String {
    let mut text = String::new();
    for fact in FACTS {
        text.push_str(&line(fact, &(fact.3)(daemon)));
        if desc {
            text.extend([":\"", fact.4, "\""]);
        }
        text.push('\n');
    }
    text
}

/// `15.Maxconn.1:CLPV:u32:2000`
fn typed_line(fact: &Fact, value: &Value) -> String {
    let Fact(place, name, tags, ..) = fact;
    let tags: String = tags.iter().filter_map(|tag| tag.chars().next()).collect();
    format!("{place}.{name}.1:{tags}V:{}:{value}", value.kind())
}

fn as_json(daemon: &Daemon) -> String {
    let mut text = "[".to_owned();
    for fact in FACTS {
        let Fact(place, name, [origin, nature, scope], value, _) = fact;
        let value = value(daemon);
        let shown = match &value {
            Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            number => number.to_string(),
        };
        // writing into a string cannot fail
        let _ = write!(
            text,
            "{}{{\"field\":{{\"pos\":{place},\"name\":\"{name}\"}},\"processNum\":1,\
             \"tags\":{{\"origin\":\"{origin}\",\"nature\":\"{nature}\",\"scope\":\"{scope}\"}},\
             \"value\":{{\"type\":\"{}\",\"value\":{shown}}}}}",
            if text.len() > 1 { "," } else { "" },
            value.kind(),
        );
    }
    text.push_str("]\n");
    text
}

impl Value {
    fn kind(&self) -> &'static str {
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

fn seconds(daemon: &Daemon) -> u64 {
    daemon.shared.process.uptime().as_secs()
}

/// `0d 0h02m07s`
fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    format!("{days}d {hours}h{minutes:02}m{:02}s", seconds % 60)
}

fn started(daemon: &Daemon) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(daemon.shared.process.uptime()).as_secs()
}

fn files() -> u32 {
    privileges::descriptor_limit().min(u32::MAX.into()) as u32
}

fn rate(daemon: &Daemon, rate: impl Fn(&ProxyState) -> &portero_api::Rate) -> u32 {
    let now = Instant::now();
    daemon.shared.directory.all().iter().map(|p| rate(p).per_second(now) as u32).sum()
}

/// The highest rate of any frontend: those of all together are not kept.
fn most(daemon: &Daemon, rate: impl Fn(&ProxyState) -> &portero_api::Rate) -> u32 {
    let now = Instant::now();
    daemon.shared.directory.all().iter().map(|p| rate(p).max(now) as u32).max().unwrap_or(0)
}
