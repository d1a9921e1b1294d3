//! A connection that is no socket: what a peer sends is there from the beginning, and what is sent to it is kept. The
//! offline road (`crate::offline`) runs on such connections.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::rc::Rc;

/// One end of a connection in memory.
#[derive(Clone, Debug)]
pub struct Memory(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    local: Option<SocketAddr>,
    /// What the peer sends, and how much of it was read.
    incoming: Vec<u8>,
    read: Cell<usize>,
    outgoing: RefCell<Vec<u8>>,
    reset: Cell<bool>,
}

impl Memory {
    /// A connection whose peer sends these bytes and then ends its direction.
    pub fn new(incoming: Vec<u8>, local: Option<SocketAddr>) -> Memory {
        Memory(Rc::new(Inner {
            local,
            incoming,
            read: Cell::new(0),
            outgoing: RefCell::default(),
            reset: Cell::new(false),
        }))
    }

    /// Reads what the peer sends; 0 behind the last byte.
    pub(super) fn read(&self, room: &mut [u8]) -> usize {
        let from = self.0.read.get();
        let rest = &self.0.incoming[from..];
        let n = rest.len().min(room.len());
        room[..n].copy_from_slice(&rest[..n]);
        self.0.read.set(from + n);
        n
    }

    /// Takes everything: there is always room.
    pub(super) fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut outgoing = self.0.outgoing.borrow_mut();
        pieces.iter().for_each(|piece| outgoing.extend_from_slice(piece));
        Ok(pieces.iter().map(|piece| piece.len()).sum())
    }

    pub(super) fn local(&self) -> Option<SocketAddr> {
        self.0.local
    }

    pub(super) fn reset(&self) {
        self.0.reset.set(true);
    }

    /// What was sent to the peer so far.
    pub fn sent(&self) -> Vec<u8> {
        self.0.outgoing.borrow().clone()
    }

    /// True when the connection ends with a reset, as the peer would see it.
    pub fn is_reset(&self) -> bool {
        self.0.reset.get()
    }
}
