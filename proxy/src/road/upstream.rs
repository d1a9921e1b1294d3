//! A connection to a server while it carries an exchange.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use portero_api::{Address, Counter, Exchange};
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream, UnixStream};

use super::fail::{Fail, Fault, phase};
use crate::config::checked;
use crate::net::{Buffer, Buffers, Lead, Stream};
use crate::proxy_protocol;
use crate::snapshot::Server;

/// A connection to a server, taken from the pool or made.
#[derive(Debug)]
pub struct Upstream {
    /// The socket.
    pub stream: Stream,
    /// What the server has sent and nobody has taken yet.
    pub buffer: Buffer,
    /// What is to be written to it.
    pub lead: Lead,
    /// True when it has carried a request before: a close without an answer is then no fault of the server.
    pub reused: bool,
    requests: u32,
    address_version: u32,
    server: Rc<Server>,
}

impl Upstream {
    /// An idle connection from the pool, when there is a live one.
    pub fn pooled(server: &Rc<Server>, buffers: &Buffers) -> Option<Upstream> {
        let pooled = server.pool.take()?;
        server.pool.lend();
        server.state.counters.inc(Counter::Reuses);
        Some(Upstream {
            stream: pooled.stream,
            buffer: buffers.take(),
            lead: buffers.take_lead(),
            reused: true,
            requests: pooled.requests,
            address_version: pooled.address_version,
            server: server.clone(),
        })
    }

    /// A new connection. The caller holds the time.
    pub async fn dial(server: &Rc<Server>, exchange: &Exchange, buffers: &Buffers) -> Result<Upstream, Fail> {
        server.state.counters.inc(Counter::ConnectAttempts);
        let address_version = server.state.address_version();
        let stream = connect(&server.conf, &server.state.address(), exchange).await;
        let stream = stream.map_err(|e| connect_failure(&e))?;
        let mut lead = buffers.take_lead();
        if let Some(header) = server.conf.send_proxy {
            proxy_protocol::write(header, &exchange.conn, lead.head());
        }
        server.pool.lend();
        Ok(Upstream {
            stream,
            buffer: buffers.take(),
            lead,
            reused: false,
            requests: 0,
            address_version,
            server: server.clone(),
        })
    }

    /// Writes what is to be written before anything else: a PROXY header.
    pub async fn send_lead(&mut self) -> Result<(), Fail> {
        let Upstream { stream, lead, .. } = self;
        let sent = std::future::poll_fn(|cx| lead.poll(cx, stream)).await;
        sent.map_err(|_| Fail::silent(b'S', phase::CONNECT, Fault::Connect))
    }

    /// Gives the connection back to the pool when it can carry another request, and closes it otherwise.
    pub fn release(mut self, reusable: bool, now: Instant, buffers: &Buffers) {
        self.requests += 1;
        let server = self.server;
        server.pool.unlend();
        let worn = server.conf.max_reuse.is_some_and(|max| self.requests > max);
        let clean = self.buffer.is_empty() && self.lead.is_empty();
        buffers.give(self.buffer);
        buffers.give_lead(self.lead);
        let unwanted = if reusable && clean && !worn && server.conf.send_proxy.is_none() {
            server.pool.give(self.stream, self.requests, self.address_version, now, server.conf.pool_max)
        } else {
            Some(self.stream)
        };
        if let Some(stream) = unwanted.filter(|_| reusable) {
            // nothing is under way: no farewell is needed, and no port is kept waiting for one
            stream.reset_on_close();
        }
    }
}

fn connect_failure(_error: &io::Error) -> Fail {
    Fail::status(503, b'S', phase::CONNECT, Fault::Connect).may_retry(true)
}

async fn connect(conf: &checked::Server, address: &Address, exchange: &Exchange) -> io::Result<Stream> {
    match address {
        Address::Ip(addr) => {
            let mut addr = *addr;
            if let Some(offset) = conf.port_offset {
                let client_port = exchange.conn.dst.map_or(0, |d| i32::from(d.port()));
                addr.set_port((client_port + offset) as u16);
            }
            let stream = match conf.source {
                Some(source) => from_source(source, addr).await?,
                None => TcpStream::connect(addr).await?,
            };
            stream.set_nodelay(true)?;
            Ok(Stream::Tcp(stream))
        }
        Address::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path).await?)),
        Address::Abstract(name) => {
            use std::os::linux::net::SocketAddrExt;
            let addr = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
            let stream = std::os::unix::net::UnixStream::connect_addr(&addr)?;
            stream.set_nonblocking(true)?;
            Ok(Stream::Unix(UnixStream::from_std(stream)?))
        }
        Address::Unresolved(name) => {
            Err(io::Error::new(io::ErrorKind::AddrNotAvailable, format!("'{name}' is not resolved")))
        }
    }
}

async fn from_source(source: std::net::SocketAddr, to: std::net::SocketAddr) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if source.port() != 0 {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(source)?;
    socket.connect(to).await
}

/// Switches TCP keep-alive probes on.
pub fn keepalive(stream: &Stream) {
    if let Stream::Tcp(tcp) = stream {
        // an old connection that dies unnoticed is what the option would have spared: no reason to refuse traffic
        let _ = SockRef::from(tcp).set_keepalive(true);
    }
}

/// When a wait that begins now has to end.
pub fn from_now(time: Option<std::time::Duration>) -> Option<Instant> {
    time.map(|t| Instant::now() + t)
}
