//! The facts of a connection while nothing is under way on it: packed, for there may be very many.

use std::net::{SocketAddr, SocketAddrV4};
use std::time::{Instant, SystemTime};

use portero_api::{Conn, ConnError, Transport, Vars};

use crate::listener::Slot;
use crate::snapshot::Proxy;

/// What [`Conn`] holds, as small as it can be.
#[derive(Debug)]
pub enum Facts {
    /// An exchange has them.
    Taken,
    /// An ordinary connection over IPv4.
    Plain(Plain),
    /// One whose facts rules or a PROXY header have changed, or that is not over IPv4.
    Whole(Box<Conn>),
}

/// The facts that the listener does not know.
#[derive(Debug)]
pub struct Plain {
    peer: SocketAddrV4,
    local: SocketAddrV4,
    accepted_at: SystemTime,
    accepted: Instant,
    requests: u64,
}

impl Facts {
    /// Packs the facts.
    pub fn pack(conn: Conn) -> Facts {
        let untouched = conn.src == conn.peer
            && conn.dst == conn.local
            && conn.vars.is_empty()
            && conn.trackers.is_empty();
        match (conn.peer, conn.local) {
            (Some(SocketAddr::V4(peer)), Some(SocketAddr::V4(local))) if untouched => {
                let Conn { accepted_at, accepted, requests, .. } = conn;
                Facts::Plain(Plain { peer, local, accepted_at, accepted, requests })
            }
            _ => Facts::Whole(Box::new(conn)),
        }
    }

    /// When an ordinary connection was accepted, of which there is nothing else to know; none for any other.
    pub fn plain_since(&self) -> Option<Instant> {
        match self {
            Facts::Plain(plain) => Some(plain.accepted),
            Facts::Taken | Facts::Whole(_) => None,
        }
    }

    /// Requests begun on the connection.
    pub fn requests(&self) -> u64 {
        match self {
            Facts::Taken => 0,
            Facts::Plain(plain) => plain.requests,
            Facts::Whole(conn) => conn.requests,
        }
    }

    /// The facts of a connection that came in through a slot to a frontend.
    pub fn unpack(self, fe: &Proxy, slot: &Slot) -> Conn {
        let (ends, times, requests) = match self {
            Facts::Whole(mut conn) => {
                conn.frontend = fe.state.clone();
                return *conn;
            }
            Facts::Plain(p) => {
                let ends = (Some(SocketAddr::V4(p.peer)), Some(SocketAddr::V4(p.local)));
                (ends, (p.accepted_at, p.accepted), p.requests)
            }
            Facts::Taken => ((None, None), (SystemTime::UNIX_EPOCH, Instant::now()), 0),
        };
        Conn {
            frontend: fe.state.clone(),
            src: ends.0,
            dst: ends.1,
            peer: ends.0,
            local: ends.1,
            listener: slot.name(),
            listener_id: slot.id(),
            transport: Transport::Tcp,
            vars: Vars::default(),
            trackers: Default::default(),
            accepted_at: times.0,
            accepted: times.1,
            requests,
            error: ConnError::None,
        }
    }
}
