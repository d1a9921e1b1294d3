//! A connected socket of either kind, used by one task through a shared reference: both directions at once. What stands
//! in its place offline is a third kind.

use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::UnixStream;

use super::{Memory, Tcp};

/// A connected socket.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Tcp(Tcp),
    /// A unix stream socket.
    Unix(UnixStream),
    /// No socket at all.
    Memory(Memory),
}

/// The same method of whichever socket it is, and what stands for it in memory.
macro_rules! either {
    ($stream:expr, $socket:ident => $body:expr, $memory:pat => $other:expr) => {
        match $stream {
            Stream::Tcp($socket) => $body,
            Stream::Unix($socket) => $body,
            Stream::Memory($memory) => $other,
        }
    };
}

impl Stream {
    /// Reads into `room`; 0 at the end of the stream, or when there is no room.
    pub fn poll_read(&self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(either!(self, s => s.poll_read_ready(cx), _ => Poll::Ready(Ok(()))))?;
            match self.try_read(room) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    /// The same for a read that is followed by a wait: what the event loop has told of is taken without asking whether
    /// it is the turn of other tasks.
    pub fn poll_read_told(&self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.try_read(room) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => self.poll_read(cx, room),
            result => Poll::Ready(result),
        }
    }

    /// Reads into `room` what the event loop has told of; [`io::ErrorKind::WouldBlock`] when that is nothing. Nobody is
    /// woken for what comes later.
    pub fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        let len = room.len();
        let n = either!(
            self,
            s => s.try_io(Interest::READABLE, || Ok(recv(s, &mut *room, RecvFlags::empty())?.0)),
            memory => return Ok(memory.read(room))
        )?;
        if n > 0 && n < len {
            self.note_drained();
        }
        Ok(n)
    }

    /// A read that did not fill its room took all there was: the next one would only be told so by the system. The
    /// event loop hears of what comes later, the end of the stream included.
    fn note_drained(&self) {
        let drained = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        // the error is the message
        let _ = either!(self, s => s.try_io(Interest::READABLE, drained), _ => Ok(()));
    }

    /// Reads what is there already, without waiting to be told so: data often comes with the handshake.
    pub fn read_early(&self, room: &mut [u8]) -> Option<usize> {
        let read = either!(
            self,
            s => recv(s, room, RecvFlags::empty()).ok().map(|(n, _)| n),
            memory => Some(memory.read(room))
        );
        read.filter(|&n| n > 0)
    }

    /// Ready when there is something to read, the end of the stream included.
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        either!(self, s => s.poll_read_ready(cx).map(|_| ()), _ => Poll::Ready(()))
    }

    /// Writes some of the pieces, in order.
    pub fn poll_write(&self, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.write(cx, pieces, SendFlags::NOSIGNAL)
    }

    /// The same for the last that is written before the stream is closed, or ends in this direction: one piece leaves
    /// in one packet with the end.
    pub fn poll_write_last(&self, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.write(cx, pieces, SendFlags::NOSIGNAL | SendFlags::MORE)
    }

    fn write(
        &self,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
        flags: SendFlags,
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.try_write(pieces, flags) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
            ready!(either!(self, s => s.poll_write_ready(cx), _ => Poll::Ready(Ok(()))))?;
        }
    }

    fn try_write(&self, pieces: &[IoSlice<'_>], flags: SendFlags) -> io::Result<usize> {
        match pieces {
            [one] => either!(
                self,
                s => s.try_io(Interest::WRITABLE, || Ok(send(s, one, flags)?)),
                memory => memory.write(pieces)
            ),
            many => either!(self, s => s.try_write_vectored(many), memory => memory.write(many)),
        }
    }

    /// True when the peer has neither sent anything nor closed, as far as is known without asking the system:
    /// what makes an idle connection fit for another request.
    pub fn is_quiet(&self) -> bool {
        let mut byte = [0; 1];
        // a peer in memory has said all that it will
        match either!(self, s => s.try_io(Interest::READABLE, || Ok(())), _ => return false) {
            Err(_) => true,
            // readiness may be left over from the last read: only the socket itself knows
            Ok(()) => matches!(self.try_read(&mut byte), Err(e) if e.kind() == io::ErrorKind::WouldBlock),
        }
    }

    /// Says to the peer that no more will come.
    pub fn shutdown_write(&self) -> io::Result<()> {
        either!(self, s => SockRef::from(s).shutdown(Shutdown::Write), _ => Ok(()))
    }

    /// Makes the close that follows a reset, so that the peer does not take what it has for the whole.
    pub fn reset_on_close(&self) {
        // a socket that refuses the option is closed in order: nothing else to be done
        let _ = either!(
            self,
            s => SockRef::from(s).set_linger(Some(std::time::Duration::ZERO)),
            memory => {
                memory.reset();
                Ok(())
            }
        );
    }

    /// Switches TCP keep-alive probes on.
    pub fn keep_alive(&self) {
        if let Stream::Tcp(tcp) = self {
            // an old connection that dies unnoticed is what the option would have spared: no reason to refuse traffic
            let _ = SockRef::from(tcp).set_keepalive(true);
        }
    }

    /// The address on our side; none for unix sockets.
    pub fn local(&self) -> Option<SocketAddr> {
        match self {
            Stream::Tcp(s) => s.local_addr().ok(),
            Stream::Unix(_) => None,
            Stream::Memory(memory) => memory.local(),
        }
    }
}
