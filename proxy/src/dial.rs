//! [`Dial`] and [`Wire`] on tokio: how plugins reach the network.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

use portero_api::{Address, Dial, LocalFuture, Target, Wire};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// Connects from whichever address the system chooses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direct;

/// The same for targets by name as well (`host:port`): those that plugins write.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named;

/// A connected socket of whatever kind.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin {
    /// The other end.
    fn peer(&self) -> Option<Address>;

    /// This end.
    fn local(&self) -> Option<Address>;
}

/// Connects to an address. There is no limit to the wait.
pub async fn open(address: &Address) -> io::Result<Box<dyn Duplex>> {
    match address {
        Address::Ip(addr) => {
            let stream = TcpStream::connect(addr).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        Address::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        Address::Abstract(name) => {
            // a path that starts with a NUL is how tokio and the system write an abstract name
            let path = [b"\0", &name[..]].concat();
            Ok(Box::new(UnixStream::connect(OsStr::from_bytes(&path)).await?))
        }
        Address::Unresolved(name) => {
            Err(io::Error::new(io::ErrorKind::NotFound, format!("the name '{name}' could not be resolved")))
        }
    }
}

/// The same for names as well (`host:port`), whose addresses are tried in the order that the system gives them.
pub async fn open_named(address: &Address) -> io::Result<Box<dyn Duplex>> {
    let Address::Unresolved(name) = address else { return open(address).await };
    let unknown = |why: &dyn std::fmt::Display| {
        io::Error::new(io::ErrorKind::NotFound, format!("the name '{name}' could not be resolved: {why}"))
    };
    let mut last = unknown(&"it has no address");
    for address in tokio::net::lookup_host(name.as_str()).await.map_err(|e| unknown(&e))? {
        match open(&Address::Ip(address)).await {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Dial for Direct {
    fn connect<'a>(&'a self, target: &'a Target) -> LocalFuture<'a, io::Result<Box<dyn Wire>>> {
        Box::pin(wire(target, open(&target.address)))
    }
}

impl Dial for Named {
    fn connect<'a>(&'a self, target: &'a Target) -> LocalFuture<'a, io::Result<Box<dyn Wire>>> {
        Box::pin(wire(target, open_named(&target.address)))
    }
}

/// What was opened within the time of the target.
async fn wire(
    target: &Target,
    opening: impl Future<Output = io::Result<Box<dyn Duplex>>>,
) -> io::Result<Box<dyn Wire>> {
    let opened = tokio::time::timeout(target.timeout, opening).await;
    let socket = opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    Ok(Box::new(Socket(socket)))
}

impl Duplex for TcpStream {
    fn peer(&self) -> Option<Address> {
        self.peer_addr().ok().map(Address::Ip)
    }

    fn local(&self) -> Option<Address> {
        self.local_addr().ok().map(Address::Ip)
    }
}

impl Duplex for UnixStream {
    fn peer(&self) -> Option<Address> {
        self.peer_addr().ok()?.as_pathname().map(|path| Address::Unix(path.into()))
    }

    fn local(&self) -> Option<Address> {
        self.local_addr().ok()?.as_pathname().map(|path| Address::Unix(path.into()))
    }
}

/// A socket as a [`Wire`].
struct Socket(Box<dyn Duplex>);

impl Wire for Socket {
    fn read<'a>(&'a mut self, into: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.read(into))
    }

    fn write_all<'a>(&'a mut self, bytes: &'a [u8]) -> LocalFuture<'a, io::Result<()>> {
        Box::pin(self.0.write_all(bytes))
    }

    fn peer(&self) -> Option<Address> {
        self.0.peer()
    }

    fn local(&self) -> Option<Address> {
        self.0.local()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::net::TcpListener;

    fn target(address: Address) -> Target {
        Target { address, timeout: Duration::from_secs(5) }
    }

    #[tokio::test]
    async fn bytes_go_both_ways() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::Ip(listener.local_addr().unwrap());
        let target = target(address.clone());
        let (wire, accepted) = tokio::join!(Direct.connect(&target), listener.accept());
        let (mut wire, mut peer) = (wire.unwrap(), accepted.unwrap().0);
        assert_eq!((wire.peer(), wire.local()), (Some(address), peer.peer_addr().ok().map(Address::Ip)));
        wire.write_all(b"ping").await.unwrap();
        let mut buffer = [0; 4];
        peer.read_exact(&mut buffer).await.unwrap();
        peer.write_all(&buffer).await.unwrap();
        assert_eq!(wire.read(&mut buffer).await.unwrap(), 4);
        assert_eq!(&buffer, b"ping");
    }

    #[tokio::test]
    async fn abstract_sockets_are_reached() {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::{SocketAddr, UnixListener};
        let name = format!("portero-dial-{}", std::process::id()).into_bytes();
        let _listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        assert!(Direct.connect(&target(Address::Abstract(name))).await.is_ok());
    }

    #[tokio::test]
    async fn the_kind_of_the_error_says_why_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::Ip(listener.local_addr().unwrap());
        drop(listener);
        let refused = Direct.connect(&target(address)).await.err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let unknown = Direct.connect(&target(Address::Unresolved("web1".into()))).await.err().unwrap();
        assert_eq!(unknown.kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn names_are_resolved_for_plugins() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let named = target(Address::Unresolved(format!("localhost:{port}")));
        let (wire, accepted) = tokio::join!(Named.connect(&named), listener.accept());
        assert_eq!(wire.unwrap().local(), Some(Address::Ip(accepted.unwrap().1)));
        let portless = Named.connect(&target(Address::Unresolved("localhost".into()))).await;
        assert_eq!(portless.err().unwrap().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_for_a_connection_ends() {
        // a listener whose queue is full answers no further handshake
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let addr = listener.local_addr().unwrap();
        let connect = || std::net::TcpStream::connect_timeout(&addr, Duration::from_millis(100));
        let _queued: Vec<_> = std::iter::from_fn(|| connect().ok()).take(16).collect();
        let error = Direct.connect(&target(Address::Ip(addr))).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
