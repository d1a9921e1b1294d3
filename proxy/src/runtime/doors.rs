//! Where the runtime API listens: `stats socket` lines, and `-S` for the master's.

use std::cell::Cell;
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::{Rc, Weak};
use std::time::Duration;

use tokio::task::{AbortHandle, spawn_local};

use super::call::Target;
use super::session;
use crate::config::checked::{Bind, Level, Listen};
use crate::daemon::Daemon;
use crate::listener::Listener;

/// The sockets of the runtime API.
#[derive(Debug, Default)]
pub struct Doors {
    open: HashMap<Listen, Door>,
    master: Option<Listen>,
}

/// One of them. Dropped, it accepts no more; connections go on.
#[derive(Debug)]
struct Door {
    level: Rc<Cell<Level>>,
    task: AbortHandle,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Doors {
    /// Listens where a configuration says and nowhere else; `socket` gives a descriptor of a socket that is open.
    pub fn serve(
        &mut self,
        daemon: &Rc<Daemon>,
        binds: &[Bind],
        socket: impl Fn(&Bind) -> io::Result<OwnedFd>,
    ) -> io::Result<()> {
        let master = &self.master;
        self.open.retain(|address, _| {
            master.as_ref() == Some(address) || binds.iter().any(|bind| bind.address == *address)
        });
        for bind in binds {
            match self.open.get(&bind.address) {
                Some(door) => door.level.set(bind.level),
                None => {
                    let door = open(daemon, bind, socket(bind)?, None)?;
                    self.open.insert(bind.address.clone(), door);
                }
            }
        }
        Ok(())
    }

    /// Listens for the master's commands, whatever configurations say.
    pub fn open_master(&mut self, daemon: &Rc<Daemon>, bind: &Bind, socket: OwnedFd) -> io::Result<()> {
        let door = open(daemon, bind, socket, Some(Target::Master))?;
        self.open.insert(bind.address.clone(), door);
        self.master = Some(bind.address.clone());
        Ok(())
    }

    /// True for the socket of the master's commands.
    pub fn is_master(&self, address: &Listen) -> bool {
        self.master.as_ref() == Some(address)
    }

    /// The sockets with their levels.
    pub fn list(&self) -> impl Iterator<Item = (&Listen, Level)> {
        self.open.iter().map(|(address, door)| (address, door.level.get()))
    }
}

fn open(daemon: &Rc<Daemon>, bind: &Bind, socket: OwnedFd, target: Option<Target>) -> io::Result<Door> {
    let listener = Listener::new(socket)?;
    let level = Rc::new(Cell::new(bind.level));
    let task = spawn_local(accept(Rc::downgrade(daemon), listener, level.clone(), target));
    Ok(Door { level, task: task.abort_handle() })
}

async fn accept(daemon: Weak<Daemon>, listener: Listener, level: Rc<Cell<Level>>, target: Option<Target>) {
    loop {
        let accepted = poll_fn(|cx| listener.poll_accept(cx)).await;
        let Some(daemon) = daemon.upgrade() else { return };
        match accepted {
            Ok((stream, _)) => drop(spawn_local(session::serve(daemon, stream, level.get(), target))),
            Err(error) => {
                tracing::warn!(%error, "the runtime API cannot accept connections, trying again");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
