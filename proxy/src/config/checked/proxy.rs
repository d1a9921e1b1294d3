//! Proxies: a frontend, a backend, or both.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use portero_api::{Captures, Kind, Message};
use portero_grammar::rules as tree;
use portero_grammar::{Span, Word};
use portero_policies::{BandwidthFilter, MadePage};

use super::{Bind, Explain, Log, Server};

/// A frontend, a backend, or both.
#[derive(Debug)]
pub struct Proxy {
    /// Its name.
    pub name: Arc<str>,
    /// Its number, from 1.
    pub id: u32,
    /// True when `id` was written.
    pub id_is_written: bool,
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
    /// Where its name is written.
    pub default_backend_span: Option<Span>,
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
    /// Error pages by status (`errorfile`, `errorloc`, `errorfiles`). A page of status 0 (an empty file): the connection
    /// is closed without a word.
    pub error_pages: BTreeMap<u16, Arc<Message>>,
    /// Those with something to evaluate in them (`http-error` with a format).
    pub made_pages: BTreeMap<u16, MadePage>,
    /// Where logs go, and how a line is made.
    pub log: Log,
    /// `stats ...` lines, when statistics are shown here.
    pub stats: Option<Stats>,
    /// `option forwardfor` and its kin.
    pub forwardfor: Option<ForwardFor>,
    /// `option forwarded`
    pub forwarded: Option<Forwarded>,
    /// `filter bwlim-in`, `filter bwlim-out`, by name
    pub bandwidth: BTreeMap<String, BandwidthFilter>,
    /// `filter`, where a plugin is named
    pub filters: Vec<PluginUse>,
    /// Which of them see requests, and which responses, in their order (`filter-sequence`).
    pub filter_order: [Vec<usize>; 2],
    /// `option originalto`; `if_none` is never set.
    pub originalto: Option<ForwardFor>,
    /// `monitor-uri`.
    pub monitor_uri: Option<Vec<u8>>,
    /// `explain` lines.
    pub explain: Vec<Explain>,
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
    /// `be-unpublished`: no rule of another proxy chooses it at first.
    pub unpublished: bool,
    /// `description`, shown by the statistics page.
    pub description: Option<Arc<str>>,
}

impl Proxy {
    /// The capture slots of an exchange that begins here: of its request, and of its response.
    pub fn capture_slots(&self) -> (Captures, Captures) {
        let slots = |list: &[(Vec<u8>, usize)]| Captures::of_lengths(list.iter().map(|(_, length)| *length));
        (slots(&self.request_captures), slots(&self.response_captures))
    }
}

/// How a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Mode {
    Tcp,
    Http,
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
    /// `http-pretend-keepalive`
    pub pretend_keepalive: bool,
    /// `independent-streams`
    pub independent_streams: bool,
    /// `idle-close-on-response`
    pub idle_close_on_response: bool,
    /// `prefer-last-server`
    pub prefer_last_server: bool,
    /// `http-restrict-req-hdr-names`
    pub unusual_names: UnusualNames,
}

/// What becomes of request fields whose names hold other than letters, digits and hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum UnusualNames {
    /// They are forwarded.
    #[default]
    Preserve,
    /// They are taken out.
    Delete,
    /// The request is refused with 403.
    Reject,
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

/// `option forwarded`: the parameters of the field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forwarded {
    /// `proto`
    pub proto: bool,
    /// `host`, `host-expr`
    pub host: Option<ForwardedBy>,
    /// `by`, `by-expr`
    pub by: Option<ForwardedBy>,
    /// `by_port`, `by_port-expr`
    pub by_port: Option<ForwardedBy>,
    /// `for`, `for-expr`
    pub for_: Option<ForwardedBy>,
    /// `for_port`, `for_port-expr`
    pub for_port: Option<ForwardedBy>,
}

/// Where the value of such a parameter comes from.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum ForwardedBy {
    Own,
    Expr(tree::Expr),
}

/// `option forwardfor`.
#[derive(Clone, Debug, PartialEq)]
pub struct ForwardFor {
    /// The header, `X-Forwarded-For` unless `header` says otherwise.
    pub header: Vec<u8>,
    /// True when `header` names it.
    pub named: bool,
    /// `except`: networks whose clients add nothing, address and prefix length.
    pub except: Vec<(IpAddr, u8)>,
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

/// The statistics of a proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// `stats uri`, with the default applied.
    pub uri: Vec<u8>,
    /// The other `stats` lines without that first word (`refresh 5s`), for the service plugin.
    pub lines: Vec<Vec<Word>>,
    /// `stats http-request` rules.
    pub rules: Vec<tree::Rule>,
    /// `stats admin`: any of these.
    pub admin: Vec<tree::Condition>,
}
