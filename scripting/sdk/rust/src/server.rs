//! Servers, and the choice of one.

use proxy_wasm::hostcalls::call_foreign_function;
use proxy_wasm::types::Status;

use crate::items::{Items, List};

/// A server as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Its name in its backend.
    pub name: String,
    /// Its address and port.
    pub address: String,
    /// Its weight.
    pub weight: u32,
    /// Sessions on it.
    pub sessions: u32,
    /// Sessions that wait for it.
    pub queue: u32,
    /// Sessions that it may have; 0 for no limit.
    pub max_sessions: u32,
    /// `up`, `down`, `maint`, `drain` or `stopping`.
    pub state: String,
    /// Whether it is a backup.
    pub backup: bool,
}

impl Server {
    pub(crate) fn read(item: &[u8]) -> Server {
        let mut items = Items::new(item);
        let count = |items: &mut Items<'_>| u32::try_from(items.number()).unwrap_or(u32::MAX);
        Server {
            name: items.text(),
            address: items.text(),
            weight: count(&mut items),
            sessions: count(&mut items),
            queue: count(&mut items),
            max_sessions: count(&mut items),
            state: items.text(),
            backup: items.bool(),
        }
    }
}

/// The servers of a backend; of that which the exchange has, where no name is given.
///
/// # Errors
///
/// There is no such backend.
pub fn servers(backend: Option<&str>) -> Result<Vec<Server>, Status> {
    let argument = backend.map_or_else(List::new, |name| List::new().add(name));
    let answer = call_foreign_function("portero.servers", Some(argument.bytes()))?;
    Ok(Items::new(&answer.unwrap_or_default()).map(Server::read).collect())
}

/// Wants a server for the exchange, by its name or address: this one or none, or only at first.
///
/// # Errors
///
/// The backend has no such server, or it is too late to choose one.
pub fn use_server(server: &str, strict: bool) -> Result<(), Status> {
    call_foreign_function("portero.use_server", Some(List::new().add(server).bool(strict).bytes())).map(drop)
}

/// Wants a backend for the exchange.
///
/// # Errors
///
/// There is no such backend, or it is too late to choose one.
pub fn use_backend(backend: &str) -> Result<(), Status> {
    call_foreign_function("portero.use_backend", Some(List::new().add(backend).bytes())).map(drop)
}
