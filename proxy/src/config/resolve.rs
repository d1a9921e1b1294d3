//! Names to addresses, when the configuration is read.

use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Mutex;

/// Resolves host names. Tests put a table in the place of the system.
pub trait Resolve: Send + Sync {
    /// The addresses of a host, in the order of preference; an error says why there are none.
    fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String>;
}

/// The resolver of the system (`/etc/hosts`, DNS). Each name is asked for once.
#[derive(Debug, Default)]
pub struct System {
    known: Mutex<HashMap<String, Result<Vec<IpAddr>, String>>>,
}

impl Resolve for System {
    fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let mut known = self.known.lock().unwrap_or_else(|e| e.into_inner());
        known.entry(host.to_owned()).or_insert_with(|| ask(host)).clone()
    }
}

fn ask(host: &str) -> Result<Vec<IpAddr>, String> {
    let found = (host, 0).to_socket_addrs().map_err(|e| e.to_string())?;
    Ok(found.map(|a| a.ip()).collect())
}

/// Which addresses of a host will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Ip {
    #[default]
    Any,
    V4,
    V6,
}

impl Ip {
    /// True when the address is of this family.
    pub(super) fn takes(self, ip: IpAddr) -> bool {
        match self {
            Ip::Any => true,
            Ip::V4 => ip.is_ipv4(),
            Ip::V6 => ip.is_ipv6(),
        }
    }
}
