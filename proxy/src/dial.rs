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

impl Dial for Direct {
    fn connect<'a>(&'a self, target: &'a Target) -> LocalFuture<'a, io::Result<Box<dyn Wire>>> {
        Box::pin(async {
            let timeout = tokio::time::timeout(target.timeout, open(&target.address));
            timeout.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        })
    }
}

async fn open(address: &Address) -> io::Result<Box<dyn Wire>> {
    match address {
        Address::Ip(addr) => {
            let stream = TcpStream::connect(addr).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(Socket(stream)))
        }
        Address::Unix(path) => Ok(Box::new(Socket(UnixStream::connect(path).await?))),
        Address::Abstract(name) => {
            // a path that starts with a NUL is how tokio and the system write an abstract name
            let path = [b"\0", &name[..]].concat();
            Ok(Box::new(Socket(UnixStream::connect(OsStr::from_bytes(&path)).await?)))
        }
        Address::Unresolved(name) => {
            Err(io::Error::new(io::ErrorKind::NotFound, format!("the name '{name}' could not be resolved")))
        }
    }
}

/// A tokio stream as a [`Wire`].
struct Socket<S>(S);

impl<S: AsyncRead + AsyncWrite + Unpin> Wire for Socket<S> {
    fn read<'a>(&'a mut self, into: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.read(into))
    }

    fn write_all<'a>(&'a mut self, bytes: &'a [u8]) -> LocalFuture<'a, io::Result<()>> {
        Box::pin(self.0.write_all(bytes))
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
        let target = target(address);
        let (wire, accepted) = tokio::join!(Direct.connect(&target), listener.accept());
        let (mut wire, mut peer) = (wire.unwrap(), accepted.unwrap().0);
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
