//! Where the logs of a proxy go, and how its lines are made.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use portero_grammar::Word;

/// Where the logs of a proxy go, and how its lines are made.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Targets, `log global` already resolved.
    pub targets: Vec<LogTarget>,
    /// The format of a line; none: HAProxy's short default.
    pub format: Option<LogStyle>,
    /// `error-log-format`
    pub error_format: Option<Word>,
    /// `log-tag`
    pub tag: Option<Arc<str>>,
}

/// A log format by name or as written.
#[derive(Clone, Debug, PartialEq)]
pub enum LogStyle {
    /// `option httplog`
    Http,
    /// `option httplog clf`
    Clf,
    /// `option tcplog`
    Tcp,
    /// `log-format json`: our own word for all fields as one JSON object.
    Json,
    /// `log-format ...`
    Written(Word),
}

/// One place that log lines go to.
#[derive(Clone, Debug, PartialEq)]
pub struct LogTarget {
    /// Where.
    pub sink: LogSink,
    /// Bytes of a line at the most (`len`).
    pub max_len: usize,
    /// The header in front of each line (`format`).
    pub header: LogHeader,
    /// One line in so many is sent: ranges of `sample`, and the size of the round. Empty: all.
    pub sample: Option<(Vec<(u32, u32)>, u32)>,
    /// The facility, 0 (kern) to 23 (local7).
    pub facility: u8,
    /// Lines above this level are not sent, 0 (emerg) to 7 (debug).
    pub level: u8,
    /// Lines below this level are raised to it.
    pub min_level: u8,
}

/// Where log lines go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum LogSink {
    Udp(SocketAddr),
    Unix(PathBuf),
    Stdout,
    Stderr,
    Descriptor(i32),
}

/// The header of a log line (HAProxy manual, `log ... format`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum LogHeader {
    Local,
    #[default]
    Rfc3164,
    Rfc5424,
    Priority,
    Short,
    Timed,
    Iso,
    Raw,
}
