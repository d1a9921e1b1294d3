//! Listening sockets: made once, kept over reloads, accepted from by every worker.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{TcpListener, UnixListener};

use crate::config::checked::{Bind, Listen};
use crate::connection;
use crate::inherit;
use crate::net::Stream;
use crate::shared::{Gate, Shared};
use crate::snapshot::Proxy;
use crate::worker::Worker;

/// The sockets of the process by address: one per worker where the system spreads connections itself (SO_REUSEPORT),
/// else one that all workers share.
#[derive(Debug, Default)]
pub struct Sockets {
    open: HashMap<Listen, Vec<OwnedFd>>,
}

impl Sockets {
    /// Opens the sockets of a bind line unless they are open already.
    pub fn open(&mut self, bind: &Bind, workers: usize) -> io::Result<()> {
        if self.open.contains_key(&bind.address) {
            return Ok(());
        }
        let sockets = match &bind.address {
            Listen::Ip(addr) => open_ip(*addr, bind, workers)?,
            Listen::Unix(path) => vec![open_unix(path, bind)?],
            Listen::Abstract(name) => vec![open_abstract(name, bind)?],
            Listen::Descriptor(fd) => vec![inherit::take(*fd)?],
        };
        self.open.insert(bind.address.clone(), sockets);
        Ok(())
    }

    /// A descriptor of the socket for a worker.
    pub fn for_worker(&self, address: &Listen, worker: usize) -> io::Result<OwnedFd> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "the socket is not open");
        let sockets = self.open.get(address).ok_or_else(missing)?;
        sockets[worker % sockets.len()].try_clone()
    }

    /// The address that was really bound, for ports that the system chose.
    pub fn local(&self, address: &Listen) -> Option<SocketAddr> {
        let socket = socket2::Socket::from(self.open.get(address)?.first()?.try_clone().ok()?);
        socket.local_addr().ok()?.as_socket()
    }

    /// Closes the sockets that no bind line of the new configuration names.
    pub fn retain(&mut self, keep: impl Fn(&Listen) -> bool) {
        self.open.retain(|address, _| keep(address));
    }
}

fn open_ip(addr: SocketAddr, bind: &Bind, workers: usize) -> io::Result<Vec<OwnedFd>> {
    let first = ip_socket(addr, bind)?;
    // port 0: the system chooses for the first socket, the others follow
    let real = first.local_addr()?.as_socket().unwrap_or(addr);
    let mut sockets = vec![first];
    for _ in 1..workers {
        sockets.push(ip_socket(real, bind)?);
    }
    Ok(sockets.into_iter().map(OwnedFd::from).collect())
}

fn ip_socket(addr: SocketAddr, bind: &Bind) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    if addr.is_ipv6()
        && let Some(only) = bind.v6only
    {
        socket.set_only_v6(only)?;
    }
    if let Some(name) = &bind.interface {
        socket.bind_device(Some(name.as_bytes()))?;
    }
    if let Some(mss) = bind.mss {
        socket.set_tcp_mss(mss.unsigned_abs())?;
    }
    if bind.transparent {
        socket.set_ip_transparent_v4(true)?;
    }
    socket.bind(&addr.into())?;
    socket.listen(backlog(bind))?;
    Ok(socket)
}

fn backlog(bind: &Bind) -> i32 {
    bind.backlog.map_or(4096, |b| b.min(65_535) as i32)
}

fn open_unix(path: &Path, bind: &Bind) -> io::Result<OwnedFd> {
    use std::os::unix::fs::PermissionsExt;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    socket.bind(&SockAddr::unix(path)?)?;
    if let Some(mode) = bind.unix_mode {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    if bind.unix_uid.is_some() || bind.unix_gid.is_some() {
        std::os::unix::fs::chown(path, bind.unix_uid, bind.unix_gid)?;
    }
    socket.listen(backlog(bind))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn open_abstract(name: &[u8], bind: &Bind) -> io::Result<OwnedFd> {
    use std::os::linux::net::SocketAddrExt;
    let addr = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
    let listener = std::os::unix::net::UnixListener::bind_addr(&addr)?;
    listener.set_nonblocking(true)?;
    let socket = Socket::from(listener);
    socket.listen(backlog(bind))?;
    Ok(socket.into())
}

/// A listener on one worker. Its frontend changes with a reload, its socket does not.
pub struct Slot {
    bind: RefCell<Bind>,
    fe: RefCell<Rc<Proxy>>,
    name: RefCell<Rc<str>>,
    /// The frontend's limit, and the socket's own.
    gates: RefCell<[Arc<Gate>; 2]>,
    stopped: Cell<bool>,
    waker: RefCell<Option<std::task::Waker>>,
}

impl Slot {
    /// The slot of a bind line of a frontend.
    pub fn new(bind: &Bind, fe: Rc<Proxy>, gates: [Arc<Gate>; 2]) -> Rc<Slot> {
        let name = listener_name(bind);
        Rc::new(Slot {
            bind: RefCell::new(bind.clone()),
            fe: RefCell::new(fe),
            name: RefCell::new(name),
            gates: RefCell::new(gates),
            stopped: Cell::new(false),
            waker: RefCell::default(),
        })
    }

    /// Hands the slot to the frontend of a new configuration.
    pub fn update(&self, bind: &Bind, fe: Rc<Proxy>, gates: [Arc<Gate>; 2]) {
        *self.name.borrow_mut() = listener_name(bind);
        *self.bind.borrow_mut() = bind.clone();
        *self.fe.borrow_mut() = fe;
        *self.gates.borrow_mut() = gates;
    }

    /// Ends accepting.
    pub fn stop(&self) {
        self.stopped.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// The frontend now.
    pub fn frontend(&self) -> Rc<Proxy> {
        self.fe.borrow().clone()
    }

    /// The name of the socket.
    pub fn name(&self) -> Rc<str> {
        self.name.borrow().clone()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.bind.borrow().id
    }

    /// Whether a PROXY header must come first.
    pub fn accept_proxy(&self) -> bool {
        self.bind.borrow().accept_proxy
    }

    /// Takes a place for a connection.
    fn enter(&self, shared: &Arc<Shared>) -> Seat {
        let seat = Seat { shared: shared.clone(), gates: self.gates.borrow().clone() };
        shared.process.enter();
        shared.clients.enter();
        seat.gates.iter().for_each(|gate| gate.enter());
        seat
    }

    /// Waits until process and frontend take another connection.
    fn poll_open(&self, worker: &Worker, cx: &mut Context<'_>) -> Poll<()> {
        let shut = worker.shared.clients.is_shut(cx.waker())
            || self.gates.borrow().iter().any(|gate| gate.is_shut(cx.waker()));
        if shut { Poll::Pending } else { Poll::Ready(()) }
    }
}

/// A connection's place within the limits of process, frontend and socket, whatever a reload makes of them. Given
/// back when dropped.
#[derive(Debug)]
pub struct Seat {
    shared: Arc<Shared>,
    gates: [Arc<Gate>; 2],
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.process.leave();
        self.shared.clients.leave();
        self.gates.iter().for_each(|gate| gate.leave());
    }
}

fn listener_name(bind: &Bind) -> Rc<str> {
    bind.name.as_deref().unwrap_or_default().into()
}

/// A socket that connections come from.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
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
        Ok(Listener::Tcp(TcpListener::from_std(socket.into())?))
    }

    /// The next connection.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, _) = ready!(listener.poll_accept(cx))?;
                // a connection that is gone already is found out when it is read
                let _ = stream.set_nodelay(true);
                Poll::Ready(Ok(Stream::Tcp(stream)))
            }
            Listener::Unix(listener) => listener.poll_accept(cx).map_ok(|(stream, _)| Stream::Unix(stream)),
        }
    }
}

/// Accepts connections until the slot is stopped.
pub async fn accept_loop(worker: Rc<Worker>, slot: Rc<Slot>, listener: Listener) {
    loop {
        let next = poll_fn(|cx| {
            if slot.stopped.get() {
                return Poll::Ready(None);
            }
            *slot.waker.borrow_mut() = Some(cx.waker().clone());
            ready!(slot.poll_open(&worker, cx));
            listener.poll_accept(cx).map(Some)
        });
        match next.await {
            None => return,
            Some(Ok(stream)) => {
                let seat = slot.enter(&worker.shared);
                worker.spawn(connection::serve(worker.clone(), slot.clone(), stream, seat));
            }
            Some(Err(error)) => after_accept_error(&error).await,
        }
    }
}

/// A connection that was gone before it was taken is nothing; a want of descriptors or memory is waited out, for
/// trying at once again would only spin.
async fn after_accept_error(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        return;
    }
    tracing::warn!(%error, "cannot accept connections, trying again");
    tokio::time::sleep(Duration::from_millis(100)).await;
}
