//! The configuration as it is meant: every name resolved, every default applied. Built from the written model, and the
//! only thing that the daemon reads. Plain data: each worker compiles its own snapshot from it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::files::{DefaultPath, ProxyFiles};
use portero_api::{Address, Kind, Message};
use portero_grammar::rules as tree;
use portero_grammar::{Sources, Span, Word};

/// A whole configuration that can be run.
#[derive(Debug)]
pub struct Checked {
    /// The texts it came from: rules still point into them.
    pub sources: Sources,
    /// What holds for the process.
    pub global: Global,
    /// All proxies that are not disabled, in the order of the configuration; a proxy's id is its place plus what the
    /// configuration says with `id`.
    pub proxies: Vec<Arc<Proxy>>,
    /// `http-errors` sections: name, status, page.
    pub http_errors: BTreeMap<String, BTreeMap<u16, Arc<Message>>>,
    /// What relative paths in the configuration start from.
    pub default_path: DefaultPath,
}

impl Checked {
    /// The files that the rules of a proxy name: paths relative as `default-path` says, pages of `http-errors`.
    pub fn files(&self, proxy: &Proxy) -> ProxyFiles {
        ProxyFiles {
            default_path: self.default_path.clone(),
            sources: self.sources.clone(),
            at: proxy.span,
            pages: self.http_errors.clone(),
        }
    }
}

/// Section `global`.
#[derive(Clone, Debug)]
pub struct Global {
    /// Worker threads; the number of cores where absent.
    pub nbthread: Option<usize>,
    /// Client connections of the whole process at the most; 0: as the descriptors allow.
    pub maxconn: u32,
    /// User and group to become once the sockets are open, by number.
    pub uid: Option<u32>,
    /// See `uid`.
    pub gid: Option<u32>,
    /// The folder to lock the process into.
    pub chroot: Option<PathBuf>,
    /// Where the process number is written.
    pub pidfile: Option<PathBuf>,
    /// Go to the background (`daemon`).
    pub daemon: bool,
    /// The longest soft stop.
    pub hard_stop_after: Option<Duration>,
    /// Where `log global` goes.
    pub logs: Vec<LogTarget>,
    /// `log-tag`.
    pub log_tag: Arc<str>,
    /// `log-send-hostname`: the host name in syslog headers; none: not sent.
    pub log_hostname: Option<Arc<str>>,
    /// `node`, shown by the statistics.
    pub node: Option<Arc<str>>,
    /// `description`.
    pub description: Option<Arc<str>>,
    /// `stats socket`: where the runtime API listens.
    pub stats_sockets: Vec<Bind>,
    /// `stats timeout`.
    pub stats_timeout: Duration,
    /// `spread-checks`, in percent of the interval.
    pub spread_checks: u32,
    /// `max-spread-checks`.
    pub max_spread_checks: Option<Duration>,
    /// `tune.bufsize`: bytes of a head or a buffered body at the most.
    pub bufsize: usize,
    /// `tune.maxrewrite`: bytes of `bufsize` kept for rules that add headers.
    pub maxrewrite: usize,
    /// `tune.http.maxhdr`: header fields of a message at the most.
    pub max_headers: usize,
    /// `set-var` and `set-var-fmt` lines: evaluated at start. Name, format text as a word.
    pub set_vars: Vec<(Word, SetVar)>,
}

/// What a global variable is set to.
#[derive(Clone, Debug)]
pub enum SetVar {
    /// An expression (`set-var`).
    Expr(tree::Expr),
    /// A format (`set-var-fmt`).
    Format(tree::LogFormat),
}

/// A frontend, a backend, or both.
#[derive(Debug)]
pub struct Proxy {
    /// Its name.
    pub name: Arc<str>,
    /// Its number, from 1.
    pub id: u32,
    /// What it can do.
    pub kind: Kind,
    /// HTTP or bare TCP.
    pub mode: Mode,
    /// The header line, for messages.
    pub span: Span,
    /// Sockets of the frontend side.
    pub binds: Vec<Bind>,
    /// Client connections at the most; 0: no limit but the global one.
    pub maxconn: u32,
    /// The frontend's `default_backend`: a place in `Checked::proxies`.
    pub default_backend: Option<usize>,
    /// Named ACLs, those of the defaults first.
    pub acls: Vec<tree::Acl>,
    /// All rules but the checks' own, those of the defaults first, by family in the order written.
    pub rules: BTreeMap<tree::Family, Vec<tree::Rule>>,
    /// `tcp-request inspect-delay`.
    pub inspect_delay: Duration,
    /// `tcp-response inspect-delay`.
    pub response_inspect_delay: Duration,
    /// Time-outs; none: wait for ever.
    pub timeouts: Timeouts,
    /// Switches.
    pub options: Options,
    /// `balance` with its arguments, and the lines that belong to it (`hash-type`).
    pub balance: PluginUse,
    /// Servers in the order written.
    pub servers: Vec<Arc<Server>>,
    /// The kind of check that `check` on a server means, with its arguments and the `http-check` or `tcp-check` lines.
    pub check: PluginUse,
    /// `retries`.
    pub retries: u32,
    /// `option redispatch`: every how many tries another server is taken; 0 never, -1 at the last try.
    pub redispatch: i32,
    /// What may be tried again (`retry-on`).
    pub retry_on: RetryOn,
    /// `fullconn`; 0 when not set.
    pub fullconn: u32,
    /// Error pages by status (`errorfile`, `errorloc`, `errorfiles`). A page of status 0 (an empty file): the connection
    /// is closed without a word.
    pub error_pages: BTreeMap<u16, Arc<Message>>,
    /// Where logs go, and how a line is made.
    pub log: Log,
    /// `stats ...` lines, when statistics are shown here.
    pub stats: Option<Stats>,
    /// `option forwardfor` and its kin.
    pub forwardfor: Option<ForwardFor>,
    /// `option originalto`; `if_none` is never set.
    pub originalto: Option<ForwardFor>,
    /// `monitor-uri`.
    pub monitor_uri: Option<Vec<u8>>,
    /// `capture request header` slots: name and length.
    pub request_captures: Vec<(Vec<u8>, usize)>,
    /// `capture response header` slots.
    pub response_captures: Vec<(Vec<u8>, usize)>,
    /// `unique-id-format`.
    pub unique_id_format: Option<Word>,
    /// `unique-id-header`.
    pub unique_id_header: Option<Vec<u8>>,
    /// `cookie NAME ...` persistence.
    pub cookie: Option<Cookie>,
    /// `http-reuse`.
    pub reuse: Reuse,
    /// `email-alert`, `description` and the like that only statistics show.
    pub description: Option<Arc<str>>,
}

/// How a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Mode {
    Tcp,
    Http,
}

/// A listening socket of a frontend.
#[derive(Clone, Debug, PartialEq)]
pub struct Bind {
    /// Where to listen; one entry per port of a range.
    pub address: Listen,
    /// `name`, else none: logs show the frontend's name.
    pub name: Option<Arc<str>>,
    /// `id`, else its place in the frontend from 1.
    pub id: u32,
    /// `maxconn`; 0: no limit of its own.
    pub maxconn: u32,
    /// `backlog`.
    pub backlog: Option<u32>,
    /// `accept-proxy`: a PROXY protocol header must come first.
    pub accept_proxy: bool,
    /// `v6only` (true), `v4v6` (false), or as the system has it.
    pub v6only: Option<bool>,
    /// `transparent`, `defer-accept`, `tfo`.
    pub transparent: bool,
    /// See `transparent`.
    pub defer_accept: bool,
    /// See `transparent`.
    pub tcp_fast_open: bool,
    /// `interface`.
    pub interface: Option<String>,
    /// `mss`.
    pub mss: Option<i32>,
    /// `mode`, `uid`/`user`, `gid`/`group` of a unix socket.
    pub unix_mode: Option<u32>,
    /// See `unix_mode`.
    pub unix_uid: Option<u32>,
    /// See `unix_mode`.
    pub unix_gid: Option<u32>,
    /// `level` of a statistics socket.
    pub level: Level,
    /// Where it was written.
    pub span: Span,
}

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Listen {
    /// An IP address and a port.
    Ip(SocketAddr),
    /// A unix socket by path.
    Unix(PathBuf),
    /// A unix socket in the abstract name space.
    Abstract(Vec<u8>),
    /// An inherited descriptor that listens already (`fd@3`).
    Descriptor(i32),
}

/// Rights on the runtime API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
#[allow(missing_docs)]
pub enum Level {
    User,
    #[default]
    Operator,
    Admin,
}

/// Time-outs of a proxy (HAProxy manual, section 4.2, `timeout ...`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Timeouts {
    pub client: Option<Duration>,
    pub client_fin: Option<Duration>,
    pub server: Option<Duration>,
    pub server_fin: Option<Duration>,
    pub connect: Option<Duration>,
    pub queue: Option<Duration>,
    pub tunnel: Option<Duration>,
    pub tarpit: Option<Duration>,
    pub check: Option<Duration>,
    pub http_request: Option<Duration>,
    pub http_keep_alive: Option<Duration>,
}

/// `option ...` switches that the road looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Options {
    /// `httpclose`
    pub httpclose: bool,
    /// `http-server-close`
    pub http_server_close: bool,
    /// `http-buffer-request`
    pub http_buffer_request: bool,
    /// `http-no-delay`
    pub http_no_delay: bool,
    /// `http-ignore-probes`
    pub http_ignore_probes: bool,
    /// `dontlognull`
    pub dontlognull: bool,
    /// `dontlog-normal`
    pub dontlog_normal: bool,
    /// `logasap`
    pub logasap: bool,
    /// `log-separate-errors`
    pub log_separate_errors: bool,
    /// `log-health-checks`
    pub log_health_checks: bool,
    /// `socket-stats`
    pub socket_stats: bool,
    /// `abortonclose`
    pub abortonclose: bool,
    /// `allbackups`
    pub allbackups: bool,
    /// `persist`
    pub persist: bool,
    /// `accept-unsafe-violations-in-http-request` (`accept-invalid-http-request`)
    pub unsafe_requests: bool,
    /// `accept-unsafe-violations-in-http-response`
    pub unsafe_responses: bool,
    /// `tcpka`, `clitcpka`
    pub client_keepalive: bool,
    /// `tcpka`, `srvtcpka`
    pub server_keepalive: bool,
    /// `nolinger`
    pub nolinger: bool,
    /// `splice-request`, `splice-response`, `splice-auto` in TCP mode and for bodies; never changes what is sent.
    pub splice: bool,
    /// `http-pretend-keepalive`
    pub pretend_keepalive: bool,
    /// `independent-streams`
    pub independent_streams: bool,
    /// `idle-close-on-response`
    pub idle_close_on_response: bool,
    /// `prefer-last-server`
    pub prefer_last_server: bool,
    /// `transparent`: connect where the client wanted to go when there is no server.
    pub transparent: bool,
    /// `dispatch` address, the old form of one server without a name.
    pub dispatch: Option<SocketAddr>,
}

/// What may be tried again on another server (`retry-on`).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct RetryOn {
    pub conn_failure: bool,
    pub empty_response: bool,
    pub junk_response: bool,
    pub response_timeout: bool,
    /// Status codes.
    pub statuses: Vec<u16>,
}

/// When idle server connections are used again (`http-reuse`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Reuse {
    Never,
    #[default]
    Safe,
    Aggressive,
    Always,
}

/// A plugin by its short name, with its words.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginUse {
    /// The name in the registry.
    pub name: Word,
    /// The words behind it.
    pub args: Vec<Word>,
    /// Further lines that belong to it.
    pub lines: Vec<Vec<Word>>,
}

/// A server of a backend.
#[derive(Debug)]
pub struct Server {
    /// Its name.
    pub name: Arc<str>,
    /// `id`, else its place from 1.
    pub id: u32,
    /// Where it is. A port of 0 in an `Ip`: the port the client connected to (`server s 1.2.3.4`), see `port_offset`.
    pub address: Address,
    /// What was written, for statistics and messages (`web1:5000`).
    pub written: Arc<str>,
    /// `+N`/`-N` or no port: the client's port with this offset.
    pub port_offset: Option<i32>,
    /// `weight`
    pub weight: u32,
    /// `backup`
    pub backup: bool,
    /// `disabled`
    pub disabled: bool,
    /// `maxconn`; 0: no limit
    pub maxconn: u32,
    /// `maxqueue`; 0: no limit
    pub maxqueue: u32,
    /// `cookie`
    pub cookie: Option<Vec<u8>>,
    /// `check` and what belongs to it; none: not checked.
    pub check: Option<Check>,
    /// `track BACKEND/SERVER`: takes its state from another server.
    pub track: Option<(String, String)>,
    /// `slowstart`
    pub slowstart: Option<Duration>,
    /// `send-proxy`
    pub send_proxy: Option<ProxyHeader>,
    /// `source`
    pub source: Option<SocketAddr>,
    /// `pool-max-conn`; none: no limit
    pub pool_max: Option<usize>,
    /// `pool-purge-delay`
    pub pool_purge: Duration,
    /// `max-reuse`: requests on one connection; none: no limit
    pub max_reuse: Option<u32>,
    /// `tfo`
    pub tcp_fast_open: bool,
    /// `on-marked-down shutdown-sessions`
    pub shutdown_sessions: bool,
    /// `on-marked-up shutdown-backup-sessions`
    pub shutdown_backups: bool,
    /// `redir PREFIX`
    pub redirect: Option<Vec<u8>>,
    /// Where it was written.
    pub span: Span,
}

/// Which PROXY protocol header is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ProxyHeader {
    V1,
    V2,
}

/// How a server is checked. The proxy owns the timers; the probe is a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// `inter`
    pub inter: Duration,
    /// `fastinter`; `inter` where absent
    pub fastinter: Option<Duration>,
    /// `downinter`; `inter` where absent
    pub downinter: Option<Duration>,
    /// `rise`
    pub rise: u32,
    /// `fall`
    pub fall: u32,
    /// `port`
    pub port: Option<u16>,
    /// `addr`
    pub addr: Option<Address>,
    /// `check-send-proxy`
    pub send_proxy: bool,
    /// `observe layer4|layer7` with `error-limit` and `on-error`
    pub observe: Option<Observe>,
    /// The probe, when this server has another than its backend (`healthcheck NAME`, `check lua.x`).
    pub probe: Option<PluginUse>,
}

/// Traffic counts as checks (`observe`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observe {
    /// True for `layer7`.
    pub layer7: bool,
    /// Errors in a row before `on_error`.
    pub limit: u32,
    /// What then.
    pub on_error: OnError,
}

/// `on-error` of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum OnError {
    Fastinter,
    #[default]
    FailCheck,
    SuddenDeath,
    MarkDown,
}

/// `option forwardfor`.
#[derive(Clone, Debug, PartialEq)]
pub struct ForwardFor {
    /// The header, `X-Forwarded-For` unless `header` says otherwise.
    pub header: Vec<u8>,
    /// `except`: networks whose clients add nothing, address and prefix length.
    pub except: Vec<(std::net::IpAddr, u8)>,
    /// `if-none`
    pub if_none: bool,
}

/// `cookie NAME [insert|rewrite|prefix] ...`
#[derive(Clone, Debug, PartialEq)]
pub struct Cookie {
    /// The cookie's name.
    pub name: Vec<u8>,
    /// How it is set.
    pub mode: CookieMode,
    /// `indirect`
    pub indirect: bool,
    /// `nocache`
    pub nocache: bool,
    /// `postonly`
    pub postonly: bool,
    /// `preserve`
    pub preserve: bool,
    /// `httponly`
    pub httponly: bool,
    /// `secure`
    pub secure: bool,
    /// `domain`
    pub domains: Vec<Vec<u8>>,
    /// `attr`
    pub attributes: Vec<Vec<u8>>,
    /// `maxidle`
    pub maxidle: Option<Duration>,
    /// `maxlife`
    pub maxlife: Option<Duration>,
}

/// How a persistence cookie is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CookieMode {
    /// Only read what the server sets.
    Passive,
    Insert,
    Rewrite,
    Prefix,
}

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

/// The statistics of a proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// `stats uri`, with the default applied.
    pub uri: Vec<u8>,
    /// The other `stats` lines without that first word (`refresh 5s`), for the service plugin.
    pub lines: Vec<Vec<Word>>,
    /// `stats http-request` rules.
    pub rules: Vec<tree::Rule>,
    /// `stats admin if ...`
    pub admin: Option<tree::Condition>,
}
