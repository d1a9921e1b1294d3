//! The listening sockets of the process: opened once, kept over reloads.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use socket2::SockRef;

use super::open;
use crate::config::checked::{Bind, Listen};
use crate::inherit;

/// The sockets of the process by address: one per worker where the system spreads connections itself (SO_REUSEPORT),
/// else one that all workers share.
#[derive(Debug, Default)]
pub struct Sockets {
    open: HashMap<Listen, Opened>,
}

#[derive(Debug)]
struct Opened {
    bind: Bind,
    sockets: Vec<OwnedFd>,
    /// False while they refuse connections.
    listens: bool,
}

impl Sockets {
    /// Opens the sockets of a bind line. Those that are open already stay; what has changed of their options takes
    /// effect as far as the system allows it, and a note names the rest.
    pub fn open(&mut self, bind: &Bind, workers: usize) -> io::Result<Option<String>> {
        if let Some(opened) = self.open.get_mut(&bind.address) {
            return opened.change(bind);
        }
        let sockets = match &bind.address {
            Listen::Ip(addr) => open::ip(*addr, bind, workers)?,
            Listen::Unix(path) => vec![open::unix(path, bind)?],
            Listen::Abstract(name) => vec![open::abstract_name(name, bind)?],
            Listen::Descriptor(fd) => vec![inherit::take(*fd)?],
        };
        self.open.insert(bind.address.clone(), Opened { bind: bind.clone(), sockets, listens: true });
        Ok(None)
    }

    /// A descriptor of the socket for a worker.
    pub fn for_worker(&self, address: &Listen, worker: usize) -> io::Result<OwnedFd> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "the socket is not open");
        let sockets = &self.open.get(address).ok_or_else(missing)?.sockets;
        sockets[worker % sockets.len()].try_clone()
    }

    /// How a client names the socket; with the port that the system chose, where it did.
    pub fn name(&self, address: &Listen) -> String {
        match address {
            Listen::Unix(path) => path.display().to_string(),
            Listen::Abstract(name) => {
                format!("abns@{}", String::from_utf8_lossy(name).trim_end_matches('\0'))
            }
            ip => self.local(ip).map_or_else(|| "?".to_owned(), |a| a.to_string()),
        }
    }

    fn local(&self, address: &Listen) -> Option<SocketAddr> {
        let opened = self.open.get(address)?.sockets.first()?;
        SockRef::from(opened).local_addr().ok()?.as_socket()
    }

    /// Makes TCP sockets refuse connections, or listen again.
    pub fn set_listening(&mut self, bind: &Bind, on: bool) -> io::Result<()> {
        let (Listen::Ip(_), Some(opened)) = (&bind.address, self.open.get_mut(&bind.address)) else {
            return Ok(());
        };
        if opened.listens == on {
            return Ok(());
        }
        let change = |socket: &OwnedFd| match on {
            true => SockRef::from(socket).listen(open::backlog(bind)),
            // what a listening socket would read is connections
            false => SockRef::from(socket).shutdown(std::net::Shutdown::Read),
        };
        opened.sockets.iter().try_for_each(change)?;
        // one that failed is tried again with the next reload
        opened.listens = on;
        Ok(())
    }

    /// Closes the sockets that no bind line of the new configuration names.
    pub fn retain(&mut self, keep: impl Fn(&Listen) -> bool) {
        self.open.retain(|address, _| keep(address));
    }
}

impl Opened {
    /// Takes over changed options.
    fn change(&mut self, bind: &Bind) -> io::Result<Option<String>> {
        let old = std::mem::replace(&mut self.bind, bind.clone());
        let inherited = matches!(bind.address, Listen::Descriptor(_));
        if open::backlog(&old) != open::backlog(bind) && !inherited && self.listens {
            self.sockets.iter().try_for_each(|s| SockRef::from(s).listen(open::backlog(bind)))?;
        }
        if let Listen::Unix(path) = &bind.address
            && rights(&old) != rights(bind)
        {
            open::set_rights(path, bind)?;
        }
        let kept: Vec<_> = [
            ("interface", old.interface != bind.interface),
            ("mss", old.mss != bind.mss),
            ("tcp-ss", old.save_syn != bind.save_syn),
            ("transparent", old.transparent != bind.transparent),
            ("v4v6/v6only", old.v6only != bind.v6only),
        ]
        .into_iter()
        .filter_map(|(name, changed)| changed.then_some(name))
        .collect();
        let note = || format!("the socket stays open: a change of {} takes a restart", kept.join(", "));
        Ok((!kept.is_empty()).then(note))
    }
}

fn rights(bind: &Bind) -> [Option<u32>; 3] {
    [bind.unix_mode, bind.unix_uid, bind.unix_gid]
}
