//! A section while it is read: every setting as written last. A proxy starts as a copy of its defaults.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portero_api::Message;
use portero_grammar::rules as tree;
use portero_grammar::{Span, Word};
use portero_policies::{BandwidthFilter, MadePage};

use super::checked::{
    Bind, Check, Cookie, Explain, ForwardFor, Forwarded, LogStyle, LogTarget, Mode, OnError, Options,
    PluginUse, ProxyHeader, ProxyValues, RetryOn, Reuse, Timeouts,
};
use super::keywords::Place;
use super::tables::TableDraft;

/// A `defaults`, `frontend`, `backend` or `listen` section.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) name: Option<Word>,
    /// Which kind of section it is.
    pub(super) section: Place,
    pub(super) span: Span,
    pub(super) id: Option<(u32, Span)>,
    pub(super) mode: Option<Mode>,
    /// The first word of its own that means something in HTTP mode only.
    pub(super) http_word: Option<(String, Span)>,
    pub(super) disabled: bool,
    pub(super) binds: Vec<Bind>,
    pub(super) maxconn: u32,
    pub(super) backlog: Option<u32>,
    pub(super) default_backend: Option<Word>,
    pub(super) acls: Vec<tree::Acl>,
    pub(super) rules: BTreeMap<tree::Family, Vec<tree::Rule>>,
    pub(super) inspect_delay: Duration,
    pub(super) response_inspect_delay: Duration,
    pub(super) timeouts: Timeouts,
    pub(super) options: Options,
    pub(super) balance: Option<PluginUse>,
    pub(super) hash_lines: Inherited<Vec<Word>>,
    pub(super) default_server: ServerDraft,
    pub(super) servers: Vec<ServerDraft>,
    pub(super) check: Option<PluginUse>,
    pub(super) check_lines: Inherited<Vec<Word>>,
    /// True while the kind of check is what the defaults say.
    pub(super) check_is_inherited: bool,
    pub(super) retries: u32,
    pub(super) redispatch: i32,
    pub(super) retry_on: RetryOn,
    pub(super) error_pages: Vec<ErrorPage>,
    pub(super) logs: Vec<LogLine>,
    pub(super) log_style: Option<(LogStyle, Span)>,
    pub(super) error_log_format: Option<Word>,
    pub(super) log_tag: Option<Arc<str>>,
    pub(super) stats: StatsDraft,
    pub(super) unpublished: bool,
    pub(super) forwardfor: Option<ForwardFor>,
    pub(super) forwarded: Option<Forwarded>,
    pub(super) bandwidth: BTreeMap<String, BandwidthFilter>,
    pub(super) filters: Vec<PluginUse>,
    pub(super) filter_order: FilterOrder,
    pub(super) originalto: Option<ForwardFor>,
    pub(super) monitor_uri: Option<Vec<u8>>,
    pub(super) explain: Vec<Explain>,
    pub(super) request_captures: Vec<(Vec<u8>, usize)>,
    pub(super) response_captures: Vec<(Vec<u8>, usize)>,
    pub(super) unique_id_format: Option<Word>,
    pub(super) unique_id_header: Option<Vec<u8>>,
    pub(super) cookie: Option<Cookie>,
    pub(super) reuse: Reuse,
    pub(super) description: Option<Arc<str>>,
    pub(super) source: Option<std::net::SocketAddr>,
    pub(super) table: Option<TableDraft>,
}

/// Lines that a section's own ones replace as a whole, once there is one.
#[derive(Clone, Default)]
pub(super) struct Inherited<T> {
    lines: Vec<T>,
    inherited: bool,
}

impl<T> Inherited<T> {
    /// Adds a line of the section's own.
    pub(super) fn push(&mut self, line: T) {
        if std::mem::take(&mut self.inherited) {
            self.lines.clear();
        }
        self.lines.push(line);
    }

    /// Drops lines of the defaults, as long as the section has none of its own.
    pub(super) fn disinherit(&mut self, unwanted: impl Fn(&T) -> bool) {
        if self.inherited {
            self.lines.retain(|line| !unwanted(line));
        }
    }

    pub(super) fn lines(&self) -> &[T] {
        &self.lines
    }

    fn inherit(&mut self) {
        self.inherited = true;
    }
}

/// Where an error page comes from.
#[derive(Clone)]
pub(super) enum ErrorPage {
    /// `errorfile`, `errorloc`, `http-error`
    One(u16, Arc<Message>),
    /// `errorfiles SECTION [STATUS ...]`
    Section(Word, Vec<u16>),
    /// `http-error` with formats
    Made(u16, Arc<MadePage>),
    /// Back to the built-in page.
    Builtin(u16),
}

/// A `log` line.
#[derive(Clone)]
pub(super) enum LogLine {
    /// `log global`
    Global,
    /// A target, and whether its header was written or is the default.
    Target(LogTarget, bool),
}

/// `filter-sequence`: names with commas between them.
#[derive(Clone, Default)]
pub(super) struct FilterOrder {
    pub(super) request: Option<Word>,
    pub(super) response: Option<Word>,
}

/// `stats ...` lines.
#[derive(Clone, Default)]
pub(super) struct StatsDraft {
    /// The first line that asks for statistics.
    pub(super) wanted: Option<Span>,
    pub(super) uri: Option<Vec<u8>>,
    pub(super) lines: Vec<Vec<Word>>,
    pub(super) rules: Vec<tree::Rule>,
    pub(super) admin: Vec<tree::Condition>,
}

/// A `server` line, or what `default-server` says for those below it.
#[derive(Clone)]
pub(super) struct ServerDraft {
    pub(super) name: Option<Word>,
    pub(super) address: Option<Word>,
    pub(super) span: Option<Span>,
    pub(super) id: Option<u32>,
    pub(super) weight: u32,
    pub(super) backup: bool,
    pub(super) disabled: bool,
    pub(super) maxconn: u32,
    pub(super) maxqueue: u32,
    pub(super) cookie: Option<Vec<u8>>,
    /// `check` was said.
    pub(super) checked: bool,
    /// `rise` as written.
    pub(super) rise: Option<u32>,
    pub(super) check: Check,
    pub(super) observe: Option<bool>,
    pub(super) error_limit: u32,
    pub(super) on_error: OnError,
    pub(super) track: Option<Word>,
    pub(super) slowstart: Option<Duration>,
    pub(super) send_proxy: Option<ProxyHeader>,
    pub(super) proxy_values: ProxyValues,
    pub(super) source: Option<std::net::SocketAddr>,
    pub(super) pool_max: Option<usize>,
    pub(super) pool_purge: Duration,
    pub(super) max_reuse: Option<u32>,
    pub(super) shutdown_sessions: bool,
    pub(super) shutdown_backups: bool,
    pub(super) redirect: Option<Vec<u8>>,
    pub(super) non_stick: bool,
    pub(super) init_addr: Vec<InitAddr>,
    pub(super) prefer: super::resolve::Ip,
}

/// One way to find a server's address at start (`init-addr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InitAddr {
    /// From the state file. There is none, so the next way is tried.
    Last,
    /// Ask the system.
    Libc,
    /// Start without one.
    None,
    /// This one.
    Ip(std::net::IpAddr),
}

impl Draft {
    /// A section where nothing has been said.
    pub(super) fn new(section: Place, name: Option<Word>, span: Span) -> Draft {
        Draft {
            name,
            section,
            span,
            id: None,
            mode: None,
            http_word: None,
            disabled: false,
            binds: Vec::new(),
            maxconn: 0,
            backlog: None,
            default_backend: None,
            acls: Vec::new(),
            rules: BTreeMap::new(),
            inspect_delay: Duration::ZERO,
            response_inspect_delay: Duration::ZERO,
            timeouts: Timeouts::default(),
            options: Options::default(),
            balance: None,
            hash_lines: Inherited { lines: Vec::new(), inherited: false },
            default_server: ServerDraft::default(),
            servers: Vec::new(),
            check: None,
            check_lines: Inherited { lines: Vec::new(), inherited: false },
            check_is_inherited: false,
            retries: 3,
            redispatch: 0,
            retry_on: RetryOn { conn_failure: true, ..RetryOn::default() },
            error_pages: Vec::new(),
            logs: Vec::new(),
            log_style: None,
            error_log_format: None,
            log_tag: None,
            stats: StatsDraft::default(),
            unpublished: false,
            forwardfor: None,
            forwarded: None,
            bandwidth: BTreeMap::new(),
            filters: Vec::new(),
            filter_order: FilterOrder::default(),
            originalto: None,
            monitor_uri: None,
            explain: Vec::new(),
            request_captures: Vec::new(),
            response_captures: Vec::new(),
            unique_id_format: None,
            unique_id_header: None,
            cookie: None,
            reuse: Reuse::default(),
            description: None,
            source: None,
            table: None,
        }
    }

    /// A section that starts with what its defaults say.
    pub(super) fn heir(&self, section: Place, name: Option<Word>, span: Span) -> Draft {
        let mut draft = Draft { name, section, span, id: None, http_word: None, ..self.clone() };
        draft.disabled = self.disabled;
        draft.hash_lines.inherit();
        draft.check_lines.inherit();
        draft.check_is_inherited = true;
        draft
    }

    /// The name, for messages; anonymous defaults have none.
    pub(super) fn name(&self) -> &str {
        self.name.as_ref().map_or("", |n| &n.text)
    }
}

impl Default for ServerDraft {
    fn default() -> Self {
        ServerDraft {
            name: None,
            address: None,
            span: None,
            id: None,
            weight: 1,
            backup: false,
            disabled: false,
            maxconn: 0,
            maxqueue: 0,
            cookie: None,
            checked: false,
            rise: None,
            check: Check {
                inter: Duration::from_secs(2),
                fastinter: None,
                downinter: None,
                rise: 2,
                fall: 3,
                port: None,
                addr: None,
                send_proxy: false,
                observe: None,
                probe: None,
            },
            observe: None,
            error_limit: 10,
            on_error: OnError::default(),
            track: None,
            slowstart: None,
            send_proxy: None,
            proxy_values: ProxyValues::default(),
            source: None,
            pool_max: None,
            pool_purge: Duration::from_secs(5),
            max_reuse: None,
            shutdown_sessions: false,
            shutdown_backups: false,
            redirect: None,
            non_stick: false,
            init_addr: vec![InitAddr::Last, InitAddr::Libc],
            prefer: super::resolve::Ip::Any,
        }
    }
}
