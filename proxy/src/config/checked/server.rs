//! Servers, and how they are checked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use portero_api::Address;
use portero_grammar::{Span, Word};

use super::PluginUse;

/// A server of a backend.
#[derive(Debug)]
pub struct Server {
    /// Its name.
    pub name: Arc<str>,
    /// `id`, else its place from 1.
    pub id: u32,
    /// True when `id` was written.
    pub id_is_written: bool,
    /// `rise` where it was written: a server that is not checked is shown with it.
    pub written_rise: Option<u32>,
    /// Where it is. A port of 0 in an `Ip`: the port the client connected to (`server s 1.2.3.4`), see `port_offset`.
    pub address: Address,
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
    /// What its header of version 2 says beside addresses.
    pub proxy_values: ProxyValues,
    /// `source`
    pub source: Option<SocketAddr>,
    /// `pool-max-conn`; none: no limit
    pub pool_max: Option<usize>,
    /// `pool-purge-delay`
    pub pool_purge: Duration,
    /// `max-reuse`: requests on one connection; none: no limit
    pub max_reuse: Option<u32>,
    /// `on-marked-down shutdown-sessions`
    pub shutdown_sessions: bool,
    /// `on-marked-up shutdown-backup-sessions`
    pub shutdown_backups: bool,
    /// `non-stick`: tables do not note it.
    pub non_stick: bool,
    /// `redir PREFIX`
    pub redirect: Option<Vec<u8>>,
    /// Where it was written.
    pub span: Span,
}

impl Server {
    /// True when address or port are those that the client connected to: each client may get another server.
    pub fn goes_by_client(&self) -> bool {
        self.port_offset.is_some() || matches!(self.address, Address::Ip(addr) if addr.ip().is_unspecified())
    }
}

/// Which PROXY protocol header is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ProxyHeader {
    V1,
    V2,
}

/// `proxy-v2-options`, `set-proxy-v2-tlv-fmt`
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ProxyValues {
    /// The unique id of the request or session.
    pub unique_id: bool,
    /// A checksum.
    pub checksum: bool,
    /// Types, and the log formats of their values.
    pub formats: Vec<(u8, Word)>,
}

impl ProxyValues {
    /// True when nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == ProxyValues::default()
    }
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
