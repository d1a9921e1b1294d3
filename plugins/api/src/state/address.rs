//! Addresses of servers.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// An IP address and a port.
    Ip(SocketAddr),
    /// A unix socket by path.
    Unix(PathBuf),
    /// A unix socket in the abstract name space (Linux).
    Abstract(Vec<u8>),
    /// Not known: the name could not be resolved.
    Unresolved(String),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(addr) => addr.fmt(f),
            Address::Unix(path) => write!(f, "unix@{}", path.display()),
            Address::Abstract(name) => {
                write!(f, "abns@{}", String::from_utf8_lossy(name).trim_end_matches('\0'))
            }
            Address::Unresolved(name) => write!(f, "{name}"),
        }
    }
}
