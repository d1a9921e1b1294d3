//! `Dial`: how a plugin reaches the network, so that limits and logs hold for all.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use crate::Address;

/// A future that stays on its thread.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Where a plugin wants to go, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// The address.
    pub address: Address,
    /// The longest wait for the connection.
    pub timeout: Duration,
}

/// Makes connections.
pub trait Dial {
    /// A connection to the target. The error's kind says why not: `TimedOut`, `ConnectionRefused`, ...;
    /// its text is what logs say.
    fn connect<'a>(&'a self, target: &'a Target) -> LocalFuture<'a, io::Result<Box<dyn Wire>>>;
}

/// A byte stream to a peer.
pub trait Wire {
    /// Reads some bytes, at most the room in `into`; 0 at the end of the stream.
    fn read<'a>(&'a mut self, into: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>>;

    /// Writes all bytes.
    fn write_all<'a>(&'a mut self, bytes: &'a [u8]) -> LocalFuture<'a, io::Result<()>>;

    /// The other end, where that is a socket.
    fn peer(&self) -> Option<Address> {
        None
    }

    /// This end, where it is a socket.
    fn local(&self) -> Option<Address> {
        None
    }
}
