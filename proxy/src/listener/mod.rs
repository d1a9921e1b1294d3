//! Listening sockets: made once, kept over reloads, accepted from by every worker.

mod open;
mod slot;
mod sockets;

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rustix::net::{SocketFlags, acceptfrom_with};
use socket2::{Domain, SockRef, Socket};
use tokio::io::unix::AsyncFd;
use tokio::net::UnixListener;

pub use slot::{Seat, Slot};
pub use sockets::Sockets;

use crate::connection;
use crate::net::{Stream, Tcp, watch};
use crate::worker::Worker;

/// A socket that connections come from.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(AsyncFd<TcpListener>),
    /// A unix stream socket.
    Unix(UnixListener),
}

impl Listener {
    /// Takes a descriptor of a listening socket into the worker's event loop.
    pub fn new(fd: OwnedFd) -> io::Result<Listener> {
        let socket = Socket::from(fd);
        socket.set_nonblocking(true)?;
        if socket.domain()? == Domain::UNIX {
            return Ok(Listener::Unix(UnixListener::from_std(socket.into())?));
        }
        // the connections that it accepts inherit the option
        socket.set_tcp_nodelay(true)?;
        Ok(Listener::Tcp(watch(socket.into())?))
    }

    /// From now on the first bytes of a client are acknowledged with the answer, not in a packet of their own (HAProxy 4.2,
    /// `option tcp-smart-accept`): for protocols in which an answer follows at once.
    pub fn spare_acknowledgements(&self) {
        if let Listener::Tcp(listener) = self {
            // the connections inherit it; a system that does not know the option sends that packet
            let _ = SockRef::from(listener.get_ref()).set_tcp_quickack(false);
        }
    }

    /// The next connection, with the address of its client; none for unix sockets.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Stream, Option<SocketAddr>)>> {
        match self {
            Listener::Tcp(listener) => loop {
                let mut told = ready!(listener.poll_read_ready(cx))?;
                if let Ok(accepted) = told.try_io(|listener| accept(listener.get_ref())) {
                    let (stream, peer) = accepted?;
                    return Poll::Ready(Ok((Stream::Tcp(stream), peer)));
                }
            },
            Listener::Unix(listener) => {
                listener.poll_accept(cx).map_ok(|(stream, _)| (Stream::Unix(stream), None))
            }
        }
    }

    /// The address that all its connections were made to; none when it is one of several, or not an IP address.
    fn fixed_address(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(listener) => {
                listener.get_ref().local_addr().ok().filter(|a| !a.ip().is_unspecified())
            }
            Listener::Unix(_) => None,
        }
    }
}

/// The next connection of a TCP socket, outside the event loop as yet.
fn accept(listener: &TcpListener) -> io::Result<(Tcp, Option<SocketAddr>)> {
    let (socket, peer) = acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    Ok((Tcp::new(socket.into()), peer.and_then(|peer| peer.try_into().ok())))
}

/// The pause after a failure to accept, and the time between two complaints about it.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const COMPLAINTS: Duration = Duration::from_secs(10);

/// Accepts connections until the slot is stopped.
pub async fn accept_loop(worker: Rc<Worker>, slot: Rc<Slot>, listener: Listener) {
    let fixed = listener.fixed_address().filter(|_| !slot.is_transparent());
    let mut complained: Option<Instant> = None;
    loop {
        let next = poll_fn(|cx| match ready!(slot.poll_open(&worker, cx)) {
            false => Poll::Ready(None),
            true => listener.poll_accept(cx).map(Some),
        });
        match next.await {
            None => return,
            Some(Ok((stream, peer))) => {
                let seat = slot.enter(&worker.shared);
                let local = fixed.or_else(|| stream.local());
                let session = connection::open(&worker, slot.clone(), stream, (peer, local), seat);
                if let Some(session) = session {
                    worker.spawn(connection::serve(session));
                }
            }
            Some(Err(error)) => after_accept_error(&error, &mut complained).await,
        }
    }
}

/// A connection that was gone before it was taken is nothing; a want of descriptors or memory is waited out, for
/// trying at once again would only spin.
async fn after_accept_error(error: &io::Error, complained: &mut Option<Instant>) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        return;
    }
    if complained.is_none_or(|when| when.elapsed() > COMPLAINTS) {
        *complained = Some(Instant::now());
        tracing::warn!(%error, "cannot accept connections, trying again");
    }
    tokio::time::sleep(ACCEPT_PAUSE).await;
}
