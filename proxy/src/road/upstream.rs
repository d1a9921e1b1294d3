//! A connection to a server while it carries an exchange.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use portero_api::{Address, ConnError, Counter, Exchange, LogFacts, Packets, clock};
use portero_policies::Format;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::UnixStream;

use super::fail::{Fail, Fault, conn_error, phase};
use crate::config::checked::{self, ProxyHeader};
use crate::net::{Buffer, Buffers, Lead, Stream, Tcp};
use crate::pool::{Aim, Pooled};
use crate::proxy_protocol;
use crate::snapshot::Server;
use crate::worker::Worker;

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
    /// True when no other client may ever use it.
    pub private: bool,
    /// True when rules have marked its packets: it carries one request.
    marked: bool,
    /// Bytes of this exchange that the server was sent, but for those of a body that is under way.
    pub sent: u64,
    /// Bytes of this exchange that came from the server.
    pub received: u64,
    requests: u32,
    aim: Aim,
    server: Rc<Server>,
}

impl Upstream {
    /// An idle connection from the pool, when there is a live one, and one as new as `newest` says.
    pub fn pooled(
        server: &Rc<Server>,
        aim: Aim,
        newest: Option<Duration>,
        buffers: &Buffers,
    ) -> Option<Upstream> {
        Some(Upstream::resumed(server, server.pool.take(aim, newest)?, false, buffers))
    }

    /// A connection that is one client's own.
    pub fn bound(server: &Rc<Server>, bound: Pooled, buffers: &Buffers) -> Upstream {
        Upstream::resumed(server, bound, true, buffers)
    }

    fn resumed(server: &Rc<Server>, pooled: Pooled, private: bool, buffers: &Buffers) -> Upstream {
        server.pool.lend();
        server.state.counters.inc(Counter::Reuses);
        Upstream {
            stream: pooled.stream,
            buffer: buffers.take(),
            lead: Lead::default(),
            reused: true,
            private,
            marked: false,
            sent: 0,
            received: 0,
            requests: pooled.requests,
            aim: pooled.aim,
            server: server.clone(),
        }
    }

    /// A new connection. The caller holds the time.
    pub async fn dial(worker: &Worker, server: &Rc<Server>, exchange: &Exchange) -> Result<Upstream, Fail> {
        let buffers = &worker.buffers;
        server.state.counters.inc(Counter::ConnectAttempts);
        let aim = aim(server, exchange);
        let stream = match &worker.outside {
            None => connect(&server.conf, &server.state.address(), aim.to, exchange).await,
            Some(outside) => outside.connect(&server.state),
        };
        let stream = stream.map_err(|e| connect_failure(conn_error(&e, server.conf.source.is_some())))?;
        let marked = exchange.tuning.as_ref().is_some_and(|tuning| !tuning.server_packets.is_plain());
        let mut lead = Lead::default();
        if let Some(header) = server.conf.send_proxy {
            match header {
                ProxyHeader::V2 if !server.conf.proxy_values.is_empty() => {
                    proxy_protocol::write_with(&exchange.conn, &values(server, exchange), lead.head());
                }
                header => proxy_protocol::write(header, &exchange.conn, lead.head()),
            }
        }
        server.pool.lend();
        Ok(Upstream {
            stream,
            buffer: buffers.take(),
            lead,
            reused: false,
            private: false,
            marked,
            sent: 0,
            received: 0,
            requests: 0,
            aim,
            server: server.clone(),
        })
    }

    /// Writes what is to be written before anything else: a PROXY header.
    pub async fn send_lead(&mut self) -> Result<(), Fail> {
        let Upstream { stream, lead, .. } = self;
        let sent = std::future::poll_fn(|cx| lead.poll(cx, stream)).await;
        sent.map_err(|_| Fail::silent(b'S', phase::CONNECT, Fault::Connect))
    }

    /// Notes how many bytes went to the server and came from it so far.
    pub fn note_bytes(&self, log: &mut LogFacts) {
        log.bytes_to_server = self.sent.saturating_sub(self.lead.before().len() as u64);
        log.bytes_from_server = self.received;
    }

    /// Reads the beginning of a response, which is waited for.
    pub fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let read = self.stream.poll_read_told(cx, self.buffer.room());
        match read {
            Poll::Ready(Ok(n)) => self.fill(n),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.buffer.rest(),
        }
        read
    }

    /// Takes what the server sent.
    pub fn fill(&mut self, n: usize) {
        self.buffer.fill(n);
        self.received += n as u64;
    }

    /// The server.
    pub fn server(&self) -> &Rc<Server> {
        &self.server
    }

    /// The addresses of our end and of the server's; none for unix sockets.
    pub fn ends(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        match &self.stream {
            Stream::Tcp(tcp) => tcp.known().ends,
            Stream::Unix(_) | Stream::Memory(_) => (self.stream.local(), None),
        }
    }

    /// Gives the connection back to the pool when it can carry another request, and closes it otherwise.
    pub fn release(self, reusable: bool, now: Instant, buffers: &Buffers) {
        let server = self.server.clone();
        let Some(Pooled { stream, requests, aim, .. }) = self.idle(reusable, now, buffers) else {
            return;
        };
        let unwanted = match server.conf.send_proxy {
            None => server.pool.give(stream, requests, aim, now, server.conf.pool_max),
            Some(_) => Some(stream),
        };
        if let Some(stream) = unwanted {
            // nothing is under way: no farewell is needed, and no port is kept waiting for one
            stream.reset_on_close();
        }
    }

    /// Ends the exchange on it, for another of the same client.
    pub fn unbind(self, now: Instant, buffers: &Buffers) -> Option<Pooled> {
        self.idle(true, now, buffers)
    }

    /// The connection between two exchanges; none when it can carry no other.
    fn idle(mut self, reusable: bool, now: Instant, buffers: &Buffers) -> Option<Pooled> {
        self.requests += 1;
        let Upstream { stream, buffer, lead, marked, requests, aim, server, .. } = self;
        server.pool.unlend();
        let worn = server.conf.max_reuse.is_some_and(|max| requests > max);
        let fit = reusable && !worn && !marked && buffer.is_empty() && lead.is_empty();
        buffers.give(buffer);
        fit.then(|| Pooled::new(stream, requests, aim, now))
    }
}

/// What the header for a server says beside addresses.
fn values(server: &Server, exchange: &Exchange) -> proxy_protocol::Values {
    const UNIQUE_ID: u8 = 0x05;
    let render = |(kind, format): &(u8, Format)| {
        let mut value = Vec::new();
        format.write(exchange, &mut value);
        (*kind, value)
    };
    let mut list: Vec<_> = server.proxy_values.iter().map(render).collect();
    let conf = &server.conf.proxy_values;
    if let Some(id) = exchange.log.unique_id.get(exchange).filter(|_| conf.unique_id) {
        list.push((UNIQUE_ID, id.to_vec()));
    }
    proxy_protocol::Values { list, checksum: conf.checksum }
}

fn connect_failure(error: ConnError) -> Fail {
    let fail = Fail::status(503, b'S', phase::CONNECT, Fault::Connect).may_retry(true);
    Fail { connection: Some(error), ..fail }
}

/// Where a connection to the server for this exchange leads.
pub fn aim(server: &Server, exchange: &Exchange) -> Aim {
    let address_version = server.state.address_version();
    let by_client = server.conf.goes_by_client();
    Aim { address_version, to: by_client.then(|| by_client_to(server, exchange)).flatten() }
}

/// The server's address with what it leaves open filled in: the address or the port that the client connected to.
fn by_client_to(server: &Server, exchange: &Exchange) -> Option<SocketAddr> {
    let Address::Ip(mut addr) = server.state.address() else { return None };
    if let (true, Some(wanted)) = (addr.ip().is_unspecified(), exchange.conn.dst) {
        addr.set_ip(wanted.ip());
    }
    if let Some(offset) = server.conf.port_offset {
        let client_port = exchange.conn.dst.map_or(0, |d| i32::from(d.port()));
        addr.set_port((client_port + offset) as u16);
    }
    Some(addr)
}

async fn connect(
    conf: &checked::Server,
    address: &Address,
    to: Option<SocketAddr>,
    exchange: &Exchange,
) -> io::Result<Stream> {
    match address {
        Address::Ip(addr) => {
            let addr = to.unwrap_or(*addr);
            let packets = exchange.tuning.as_ref().map(|tuning| tuning.server_packets);
            Ok(Stream::Tcp(connect_tcp(conf.source, addr, packets.unwrap_or_default()).await?))
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

async fn connect_tcp(source: Option<SocketAddr>, to: SocketAddr, packets: Packets) -> io::Result<Tcp> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(to), kind, Some(Protocol::TCP))?;
    if !packets.is_plain() {
        super::deeds::mark_socket(&SockRef::from(&socket), to, packets);
    }
    if let Some(source) = source {
        if source.port() != 0 {
            socket.set_reuse_address(true)?;
        }
        socket.bind(&source.into())?;
    }
    socket.set_tcp_nodelay(true)?;
    // the end of the handshake goes out with the request that follows at once, not in a packet of its own; who does
    // not know the option sends that packet
    let _ = socket.set_tcp_quickack(false);
    match socket.connect(&to.into()) {
        Err(e) if e.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => return Err(e),
        _ => {}
    }
    let stream = Tcp::new(socket.into());
    // the event itself says whether it went well: the system is asked only for the reason why not
    let ready = stream.ready(Interest::WRITABLE | Interest::ERROR).await?;
    if ready.is_error() || ready.is_write_closed() {
        return Err(stream.take_error()?.unwrap_or_else(|| io::ErrorKind::ConnectionAborted.into()));
    }
    Ok(stream)
}

/// When a wait that begins now has to end.
pub fn from_now(time: Option<std::time::Duration>) -> Option<Instant> {
    time.map(|t| clock::now() + t)
}
