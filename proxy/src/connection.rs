//! One client's connection from accept to close. While nothing is under way it is no more than a socket and the facts
//! of the connection: buffers, exchange and timers are there only while a request is.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use portero_api::{Answer, Close, Conn, Counter, Exchange, Transport, Vars};
use portero_policies::{RuleSet, Run};

use crate::config::checked::Mode;
use crate::listener::{Seat, Slot};
use crate::road::Bonds;
use crate::net::{Buffer, Deadline, Stream};
use crate::snapshot::{Proxy, Snapshot};
use crate::worker::Worker;
use crate::{http, proxy_protocol, tcp};

/// A connection between two requests.
pub struct Session {
    /// The socket.
    pub stream: Rc<Stream>,
    /// The facts that hold for all its requests.
    pub conn: Conn,
    /// The configuration it uses; the next request takes the newest.
    pub snapshot: Rc<Snapshot>,
    /// The frontend.
    pub fe: Rc<Proxy>,
    /// Bytes that came before any request: what followed a PROXY header.
    pub early: Option<Buffer>,
    /// Connections to servers that are this client's own.
    pub bonds: Bonds,
}

/// What follows a stretch of activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing is under way: wait as cheaply as possible.
    Idle,
    /// The connection is to be closed.
    Close,
}

/// Serves a connection until it closes.
pub async fn serve(worker: Rc<Worker>, slot: Rc<Slot>, stream: Stream, ends: Ends, seat: Seat) {
    let _inside = Inside::enter(&worker, slot.frontend(), seat);
    let mut session = open(&worker, &slot, stream, ends);
    if !admit(&worker, &slot, &mut session).await {
        return;
    }
    match session.fe.conf.mode {
        Mode::Tcp => Box::pin(tcp::session(&worker, session)).await,
        Mode::Http => serve_http(&worker, &mut session).await,
    }
}

async fn serve_http(worker: &Rc<Worker>, session: &mut Session) {
    read_early(worker, session);
    loop {
        if session.early.is_none() && !wait_for_bytes(worker, session).await {
            return;
        }
        refresh(worker, session);
        // boxed, so that a connection that waits does not hold the memory of one that works
        if Box::pin(http::active(worker, session)).await == Next::Close {
            return;
        }
    }
}

/// Takes what the client sent along with its handshake: no wait, and no timer for one.
fn read_early(worker: &Rc<Worker>, session: &mut Session) {
    if session.early.is_some() {
        return;
    }
    let mut buffer = worker.buffers.take();
    match session.stream.read_early(buffer.room()) {
        Some(n) => {
            buffer.fill(n);
            session.early = Some(buffer);
        }
        None => worker.buffers.give(buffer),
    }
}

/// Waits until the client sends something. False when it closed, or its time is over.
async fn wait_for_bytes(worker: &Rc<Worker>, session: &Session) -> bool {
    let first = session.conn.requests == 0;
    let until = idle_limit(session, first).map(|t| Instant::now() + t);
    let mut deadline = Deadline::default();
    let mut stop = std::pin::pin!(worker.stop.notified());
    if !first && worker.shared.is_stopping() {
        return false;
    }
    poll_fn(|cx| {
        if session.stream.poll_readable(cx).is_ready() {
            return Poll::Ready(true);
        }
        if !first && stop.as_mut().poll(cx).is_ready() {
            return Poll::Ready(false);
        }
        // a client that never said a word is told so where the request is read
        deadline.poll(until, cx).map(|()| first)
    })
    .await
}

/// How long a client may be silent: before its first request, or between two.
pub fn idle_limit(session: &Session, first: bool) -> Option<Duration> {
    let times = &session.fe.conf.timeouts;
    let request = times.http_request.or(times.client);
    if first { request } else { times.http_keep_alive.or(request) }
}

/// Takes the newest configuration, unless the frontend is not in it any more.
fn refresh(worker: &Rc<Worker>, session: &mut Session) {
    let newest = worker.snapshot();
    if Rc::ptr_eq(&newest, &session.snapshot) {
        return;
    }
    if let Some(fe) = newest.frontend(&session.fe.conf.name) {
        session.fe = fe;
        session.snapshot = newest;
    }
}

/// The addresses of a connection: the client's, and the one that it connected to.
pub type Ends = (Option<SocketAddr>, Option<SocketAddr>);

fn open(worker: &Rc<Worker>, slot: &Rc<Slot>, stream: Stream, (peer, local): Ends) -> Session {
    let snapshot = worker.snapshot();
    let fe = slot.frontend();
    let conn = Conn {
        frontend: fe.state.clone(),
        src: peer,
        dst: local,
        peer,
        local,
        listener: slot.name(),
        listener_id: slot.id(),
        transport: if matches!(stream, Stream::Unix(_)) { Transport::Unix } else { Transport::Tcp },
        vars: Vars::default(),
        accepted_at: SystemTime::now(),
        accepted: Instant::now(),
        requests: 0,
    };
    Session { stream: Rc::new(stream), conn, snapshot, fe, early: None, bonds: Bonds::default() }
}

/// PROXY header and connection rules. False when the connection is refused.
async fn admit(worker: &Rc<Worker>, slot: &Rc<Slot>, session: &mut Session) -> bool {
    let fe = session.fe.clone();
    fe.state.connection_rate.hit(session.conn.accepted);
    fe.state.front.inc(Counter::Connections);
    if !allowed(session, &fe.rules.tcp_connection, Counter::DeniedConnections) {
        return false;
    }
    if slot.accept_proxy() && read_proxy_header(worker, session).await.is_err() {
        return false;
    }
    if !allowed(session, &fe.rules.tcp_session, Counter::DeniedSessions) {
        return false;
    }
    fe.state.session_rate.hit(session.conn.accepted);
    fe.state.front.inc(Counter::Sessions);
    true
}

fn allowed(session: &mut Session, rules: &RuleSet, counter: Counter) -> bool {
    if rules.is_empty() {
        return true;
    }
    let conn = std::mem::replace(&mut session.conn, placeholder(&session.fe));
    let mut exchange = Exchange::new(conn);
    let run = rules.run(&mut exchange, 0);
    let Exchange { conn, .. } = exchange;
    session.conn = conn;
    let Run::Answer(_, Answer::Close(close)) = run else { return true };
    session.fe.state.front.inc(counter);
    if close == Close::Silent {
        session.stream.reset_on_close();
    }
    false
}

/// Stands where the facts of a connection stood while an exchange has them.
pub fn placeholder(fe: &Proxy) -> Conn {
    Conn {
        frontend: fe.state.clone(),
        src: None,
        dst: None,
        peer: None,
        local: None,
        listener: fe.nameless.clone(),
        listener_id: 0,
        transport: Transport::Tcp,
        vars: Vars::default(),
        accepted_at: SystemTime::UNIX_EPOCH,
        accepted: Instant::now(),
        requests: 0,
    }
}

async fn read_proxy_header(worker: &Rc<Worker>, session: &mut Session) -> io::Result<()> {
    let mut buffer = worker.buffers.take();
    let mut deadline = Deadline::default();
    let until = session.fe.conf.timeouts.client.map(|t| Instant::now() + t);
    let said = loop {
        match proxy_protocol::parse(buffer.filled()) {
            Ok(Some(said)) => break said,
            Ok(None) if !buffer.is_full() => {}
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
        let n = poll_fn(|cx| {
            if let Poll::Ready(read) = session.stream.poll_read(cx, buffer.room()) {
                return Poll::Ready(read);
            }
            deadline.poll(until, cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
        });
        match n.await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => buffer.fill(n),
        }
    };
    buffer.consume(said.len);
    if let Some((src, dst)) = said.addresses {
        (session.conn.src, session.conn.dst) = (Some(src), Some(dst));
    }
    match buffer.is_empty() {
        true => worker.buffers.give(buffer),
        false => session.early = Some(buffer),
    }
    Ok(())
}

/// Counts a connection in, and out when it ends.
struct Inside {
    worker: Rc<Worker>,
    fe: Rc<Proxy>,
    _seat: Seat,
}

impl Inside {
    fn enter(worker: &Rc<Worker>, fe: Rc<Proxy>, seat: Seat) -> Inside {
        fe.state.enter_front();
        worker.connections.set(worker.connections.get() + 1);
        Inside { worker: worker.clone(), fe, _seat: seat }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.fe.state.leave_front();
        self.worker.connections.set(self.worker.connections.get() - 1);
    }
}
