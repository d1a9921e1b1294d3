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
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use tokio::net::{TcpListener, UnixListener};

use crate::config::checked::{Bind, Listen};
use crate::connection;
use crate::inherit;
use crate::net::Stream;
use crate::net::keep_first_packets;
use crate::shared::{Gate, Shared};
use crate::snapshot::Proxy;
use crate::worker::Worker;

/// The sockets of the process by address: one per worker where the system spreads connections itself (SO_REUSEPORT),
/// else one that all workers share.
#[derive(Debug, Default)]
pub struct Sockets {
    open: HashMap<Listen, Opened>,
}

#[derive(Debug)]
struct Opened {
    bind: Bind,
    sockets: Vec<OwnedFd>,
}

impl Sockets {
    /// Opens the sockets of a bind line. Those that are open already stay; what has changed of their options takes
    /// effect as far as the system allows it, and a note names the rest.
    pub fn open(&mut self, bind: &Bind, workers: usize) -> io::Result<Option<String>> {
        if let Some(opened) = self.open.get_mut(&bind.address) {
            return opened.change(bind);
        }
        let sockets = match &bind.address {
            Listen::Ip(addr) => open_ip(*addr, bind, workers)?,
            Listen::Unix(path) => vec![open_unix(path, bind)?],
            Listen::Abstract(name) => vec![open_abstract(name, bind)?],
            Listen::Descriptor(fd) => vec![inherit::take(*fd)?],
        };
        self.open.insert(bind.address.clone(), Opened { bind: bind.clone(), sockets });
        Ok(None)
    }

    /// A descriptor of the socket for a worker.
    pub fn for_worker(&self, address: &Listen, worker: usize) -> io::Result<OwnedFd> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "the socket is not open");
        let sockets = &self.open.get(address).ok_or_else(missing)?.sockets;
        sockets[worker % sockets.len()].try_clone()
    }

    /// How a client names the socket; with the port that the system chose, where it did.
    pub fn name(&self, address: &Listen) -> String {
        match address {
            Listen::Unix(path) => path.display().to_string(),
            Listen::Abstract(name) => {
                format!("abns@{}", String::from_utf8_lossy(name).trim_end_matches('\0'))
            }
            ip => self.local(ip).map_or_else(|| "?".to_owned(), |a| a.to_string()),
        }
    }

    fn local(&self, address: &Listen) -> Option<SocketAddr> {
        let opened = self.open.get(address)?.sockets.first()?;
        SockRef::from(opened).local_addr().ok()?.as_socket()
    }

    /// Makes TCP sockets refuse connections, or listen again.
    pub fn set_listening(&self, bind: &Bind, on: bool) -> io::Result<()> {
        let (Listen::Ip(_), Some(opened)) = (&bind.address, self.open.get(&bind.address)) else {
            return Ok(());
        };
        let change = |socket: &OwnedFd| match on {
            true => SockRef::from(socket).listen(backlog(bind)),
            // what a listening socket would read is connections
            false => SockRef::from(socket).shutdown(std::net::Shutdown::Read),
        };
        opened.sockets.iter().try_for_each(change)
    }

    /// Closes the sockets that no bind line of the new configuration names.
    pub fn retain(&mut self, keep: impl Fn(&Listen) -> bool) {
        self.open.retain(|address, _| keep(address));
    }
}

impl Opened {
    /// Takes over changed options.
    fn change(&mut self, bind: &Bind) -> io::Result<Option<String>> {
        let old = std::mem::replace(&mut self.bind, bind.clone());
        let inherited = matches!(bind.address, Listen::Descriptor(_));
        if backlog(&old) != backlog(bind) && !inherited {
            self.sockets.iter().try_for_each(|s| SockRef::from(s).listen(backlog(bind)))?;
        }
        if let Listen::Unix(path) = &bind.address
            && rights(&old) != rights(bind)
        {
            set_rights(path, bind)?;
        }
        let kept: Vec<_> = [
            ("interface", old.interface != bind.interface),
            ("mss", old.mss != bind.mss),
            ("tcp-ss", old.save_syn != bind.save_syn),
            ("transparent", old.transparent != bind.transparent),
            ("v4v6/v6only", old.v6only != bind.v6only),
        ]
        .into_iter()
        .filter_map(|(name, changed)| changed.then_some(name))
        .collect();
        let note = || format!("the socket stays open: a change of {} takes a restart", kept.join(", "));
        Ok((!kept.is_empty()).then(note))
    }
}

fn rights(bind: &Bind) -> [Option<u32>; 3] {
    [bind.unix_mode, bind.unix_uid, bind.unix_gid]
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
        socket.set_tcp_mss(mss)?;
    }
    if bind.save_syn > 0 {
        keep_first_packets(&socket, bind.save_syn)?;
    }
    if bind.transparent {
        match addr {
            SocketAddr::V4(_) => socket.set_ip_transparent_v4(true)?,
            SocketAddr::V6(_) => socket.set_ip_transparent_v6(true)?,
        }
    }
    socket.bind(&addr.into())?;
    socket.listen(backlog(bind))?;
    Ok(socket)
}

fn backlog(bind: &Bind) -> i32 {
    bind.backlog.map_or(4096, |b| b.min(65_535) as i32)
}

fn open_unix(path: &Path, bind: &Bind) -> io::Result<OwnedFd> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    socket.bind(&SockAddr::unix(path)?)?;
    set_rights(path, bind)?;
    socket.listen(backlog(bind))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn set_rights(path: &Path, bind: &Bind) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if let Some(mode) = bind.unix_mode {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    if bind.unix_uid.is_some() || bind.unix_gid.is_some() {
        std::os::unix::fs::chown(path, bind.unix_uid, bind.unix_gid)?;
    }
    Ok(())
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

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("id", &self.id()).finish_non_exhaustive()
    }
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

    /// Connections that came in here and are there now.
    pub fn inside(&self) -> u32 {
        self.gates.borrow()[1].inside()
    }

    /// Whether a PROXY header must come first.
    pub fn accept_proxy(&self) -> bool {
        self.bind.borrow().accept_proxy
    }

    /// Takes a place for a connection.
    pub fn enter(&self, shared: &Arc<Shared>) -> Seat {
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
        // the connections that it accepts inherit the option
        socket.set_tcp_nodelay(true)?;
        Ok(Listener::Tcp(TcpListener::from_std(socket.into())?))
    }

    /// The next connection, with the address of its client; none for unix sockets.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Stream, Option<SocketAddr>)>> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, peer) = ready!(listener.poll_accept(cx))?;
                Poll::Ready(Ok((Stream::Tcp(stream), Some(peer))))
            }
            Listener::Unix(listener) => {
                listener.poll_accept(cx).map_ok(|(stream, _)| (Stream::Unix(stream), None))
            }
        }
    }

    /// The address that all its connections were made to; none when it is one of several, or not an IP address.
    fn fixed_address(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().ok().filter(|a| !a.ip().is_unspecified()),
            Listener::Unix(_) => None,
        }
    }
}

/// The pause after a failure to accept, and the time between two complaints about it.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const COMPLAINTS: Duration = Duration::from_secs(10);

/// Accepts connections until the slot is stopped.
pub async fn accept_loop(worker: Rc<Worker>, slot: Rc<Slot>, listener: Listener) {
    let fixed = listener.fixed_address().filter(|_| !slot.bind.borrow().transparent);
    let mut complained: Option<Instant> = None;
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
