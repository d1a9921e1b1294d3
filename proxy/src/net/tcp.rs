//! A TCP connection that enters the event loop only when it has to be waited for. One that is served at once, as a client
//! is that brings its request along and leaves with the response, never does.

use std::cell::OnceCell;
use std::io::{self, IoSlice, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, Ready};

/// A connected socket, or one that is being connected.
#[derive(Debug)]
pub struct Tcp {
    socket: Rc<TcpStream>,
    /// Its place in the event loop.
    place: OnceCell<AsyncFd<Rc<TcpStream>>>,
    /// What was asked of it.
    known: OnceCell<Rc<Known>>,
}

/// What is known of a connection, for who looks at it beside its user.
#[derive(Debug)]
pub struct Known {
    /// The socket.
    pub socket: Rc<TcpStream>,
    /// The addresses of our end and of the peer's, where they can be told.
    pub ends: (Option<SocketAddr>, Option<SocketAddr>),
}

impl Tcp {
    /// Takes a socket that does not block.
    pub fn new(socket: TcpStream) -> Tcp {
        Tcp { socket: Rc::new(socket), place: OnceCell::new(), known: OnceCell::new() }
    }

    /// Runs an operation unless the event loop has said that it would block. Reading is left to the event loop's word
    /// from the beginning; a write is tried, for a socket that nothing was written to yet has room.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`], or what the operation says.
    pub fn try_io<R>(&self, interest: Interest, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        match self.place.get() {
            Some(place) => place.try_io(interest, |_| operation()),
            None if interest.is_readable() => Err(io::ErrorKind::WouldBlock.into()),
            None => operation(),
        }
    }

    /// Writes several pieces, in the way of [`Tcp::try_io`].
    ///
    /// # Errors
    /// The same.
    pub fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_io(Interest::WRITABLE, || (&*self.socket).write_vectored(pieces))
    }

    /// Ready when there may be something to read, the end of the stream included.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.place()?.poll_read_ready(cx)).map(|_| ()).into()
    }

    /// Ready when there may be room to write.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.place()?.poll_write_ready(cx)).map(|_| ()).into()
    }

    /// Waits until one of these is the case.
    ///
    /// # Errors
    /// Those of the event loop.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        Ok(self.place()?.ready(interest).await?.ready())
    }

    /// The error that a connection attempt ended with.
    ///
    /// # Errors
    /// That it cannot be asked for.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }

    /// The address on our side.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The peer's address.
    ///
    /// # Errors
    /// The system's; above all that there is none as long as nobody is connected.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.peer_addr()
    }

    /// What is known of a connection that is there. The system is asked once.
    pub fn known(&self) -> &Rc<Known> {
        self.known.get_or_init(|| {
            let ends = (self.local_addr().ok(), self.peer_addr().ok());
            Rc::new(Known { socket: self.socket.clone(), ends })
        })
    }

    fn place(&self) -> io::Result<&AsyncFd<Rc<TcpStream>>> {
        if let Some(place) = self.place.get() {
            return Ok(place);
        }
        let place = watch(self.socket.clone())?;
        Ok(self.place.get_or_init(|| place))
    }
}

impl AsFd for Tcp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Takes a socket into the event loop.
///
/// # Errors
/// That the event loop cannot take it.
// tokio calls this constructor deprecated because a type may give another descriptor each time it is asked, or close
// what it gave; sockets that own theirs do not, and the constructor that is to follow is unsafe to call
#[allow(deprecated)]
pub fn watch<T: AsFd + AsRawFd>(socket: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::new(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::io::Read;
    use std::net::TcpListener;

    fn pair() -> (Tcp, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        socket.set_nonblocking(true).unwrap();
        (Tcp::new(socket), listener.accept().unwrap().0)
    }

    #[test]
    fn the_ends_of_a_connection_are_told_alike_each_time() {
        let (tcp, peer) = pair();
        let ends = (Some(peer.peer_addr().unwrap()), Some(peer.local_addr().unwrap()));
        assert_eq!((tcp.known().ends, tcp.known().ends), (ends, ends));
    }

    #[test]
    fn a_write_needs_no_event_loop_and_a_read_waits_for_it() {
        let (tcp, mut peer) = pair();
        assert_eq!(tcp.try_write_vectored(&[IoSlice::new(b"ping")]).unwrap(), 4);
        let mut bytes = [0; 4];
        peer.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"ping");
        let read = tcp.try_io(Interest::READABLE, || Ok(()));
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(tcp.place.get().is_none());
    }

    #[tokio::test]
    async fn what_came_before_the_wait_is_heard_of() {
        let (tcp, mut peer) = pair();
        peer.write_all(b"pong").unwrap();
        poll_fn(|cx| tcp.poll_read_ready(cx)).await.unwrap();
        assert!(tcp.try_io(Interest::READABLE, || Ok(())).is_ok());
    }
}
