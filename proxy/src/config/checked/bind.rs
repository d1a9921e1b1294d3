//! Listening sockets.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use portero_grammar::Span;

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
    /// `transparent`.
    pub transparent: bool,
    /// `interface`.
    pub interface: Option<String>,
    /// `mss`.
    pub mss: Option<u32>,
    /// `tcp-ss`: 1 to keep first packets, 2 with their link header, 0 not to.
    pub save_syn: i32,
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
