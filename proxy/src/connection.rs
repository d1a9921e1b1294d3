//! One client's connection from accept to close. While nothing is under way it is no more than a socket and the facts
//! of the connection: buffers, exchange and timers are there only while a request is.

use std::cell::Cell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use portero_api::tables::Event;
use portero_api::{Answer, Close, Conn, ConnError, Counter, Deed, Exchange, Socket, Transport, Vars, clock};
use portero_policies::{RuleSet, Run};

use crate::config::checked::Mode;
use crate::facts::Facts;
use crate::listener::{Seat, Slot};
use crate::log::Level;
use crate::net::{Alarm, Buffer, ClientSocket, Deadline, Stream};
use crate::road::Bonds;
use crate::snapshot::{Proxy, Snapshot};
use crate::worker::Worker;
use crate::{http, proxy_protocol, road, tcp};

/// A connection between two requests.
pub struct Session {
    /// The socket.
    pub stream: Rc<Stream>,
    /// The configuration it uses; the next request takes the newest.
    pub snapshot: Rc<Snapshot>,
    /// The frontend.
    pub fe: Rc<Proxy>,
    /// Where it came in.
    pub slot: Rc<Slot>,
    /// Bytes that came before any request: with the handshake, or behind a PROXY header.
    pub early: Option<Box<Buffer>>,
    /// Connections to servers that are this client's own.
    pub bonds: Bonds,
    facts: Facts,
    /// A rule wants a PROXY header to come first.
    expects_proxy: Cell<bool>,
    /// What a PROXY header said beside addresses.
    proxy_values: Option<Rc<Vec<u8>>>,
    inside: Inside,
}

impl Session {
    /// The worker that serves it.
    pub fn worker(&self) -> &Rc<Worker> {
        &self.inside.worker
    }

    /// The facts of the connection, for an exchange; [`Session::put`] takes them back.
    pub fn take(&mut self) -> Conn {
        std::mem::replace(&mut self.facts, Facts::Taken).unpack(&self.fe, &self.slot)
    }

    /// The socket as expressions see it, where one looks at it.
    pub fn socket(&self) -> Option<Rc<dyn Socket>> {
        self.fe.uses.sockets.then(|| {
            let (stream, slot) = (self.stream.clone(), self.slot.clone());
            Rc::new(ClientSocket { stream, slot, proxy_values: self.proxy_values.clone() }) as Rc<dyn Socket>
        })
    }

    /// Takes the facts back.
    pub fn put(&mut self, conn: Conn) {
        self.facts = Facts::pack(conn);
    }
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
///
/// This is all that an idle connection is, and there may be very many: what only one that works needs is kept out of
/// this frame, in plain calls and boxes.
#[allow(clippy::manual_async_fn)] // an `async fn` would hold its argument twice
pub fn serve(mut session: Session) -> impl Future<Output = ()> {
    async move {
        let announced = session.slot.accept_proxy() || session.expects_proxy.get();
        if announced && let Err(error) = Box::pin(read_proxy_header(&mut session)).await {
            return log_failure(&mut session, error);
        }
        if !admitted(&mut session) {
            return;
        }
        if session.fe.conf.mode == Mode::Tcp {
            return Box::pin(tcp::session(&mut session)).await;
        }
        read_early(&mut session);
        while session.early.is_some() || wait_for_bytes(&session).await {
            refresh(&mut session);
            if Box::pin(http::active(&mut session)).await == Next::Close {
                break;
            }
        }
        if session.fe.conf.options.nolinger {
            session.stream.reset_on_close();
        }
    }
}

/// Takes what the client sent along with its handshake: no wait, and no timer for one.
fn read_early(session: &mut Session) {
    let worker = &session.inside.worker;
    if session.early.is_some() {
        return;
    }
    let mut buffer = worker.buffers.take();
    match session.stream.read_early(buffer.room()) {
        Some(n) => {
            buffer.fill(n);
            session.early = Some(Box::new(buffer));
        }
        None => worker.buffers.give(buffer),
    }
}

/// Waits until the client sends something. False when it closed, or its time is over.
fn wait_for_bytes(session: &Session) -> Silence<'_> {
    let first = session.facts.requests() == 0;
    let until = idle_limit(&session.fe, first).map(|t| clock::now() + t);
    Silence { session, until, alarm: session.inside.worker.alarms.alarm(), woken: false, first }
}

/// The wait of a silent client. By hand, for an `async fn` would hold all of it twice.
struct Silence<'a> {
    session: &'a Session,
    until: Option<Instant>,
    alarm: Alarm<'a>,
    woken: bool,
    /// It has not made a request yet.
    first: bool,
}

impl Future for Silence<'_> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let (session, until) = (self.session, self.until);
        if session.stream.poll_readable(cx).is_ready() {
            return Poll::Ready(true);
        }
        // with this option a connection ends behind a response, never before a request
        let stays = self.first || session.fe.conf.options.idle_close_on_response;
        if !stays && session.inside.worker.shared.is_stopping() {
            return Poll::Ready(false);
        }
        if self.woken && until.is_some_and(|until| clock::now() >= until) {
            // a client that never said a word is told so where the request is read
            return Poll::Ready(self.first);
        }
        self.woken = true;
        self.alarm.set(until, cx.waker());
        Poll::Pending
    }
}

/// How long a client may be silent: before its first request, or between two.
pub fn idle_limit(fe: &Proxy, first: bool) -> Option<Duration> {
    let times = &fe.conf.timeouts;
    let request = times.http_request.or(times.client);
    if first { request } else { times.http_keep_alive.or(request) }
}

/// Takes the newest configuration, unless the frontend is not in it any more.
fn refresh(session: &mut Session) {
    let newest = session.inside.worker.snapshot();
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

/// A session, unless `tcp-request connection` rules refuse it before any byte is read.
pub fn open(
    worker: &Rc<Worker>,
    slot: Rc<Slot>,
    stream: Stream,
    (peer, local): Ends,
    seat: Seat,
) -> Option<Session> {
    let snapshot = worker.snapshot();
    let fe = slot.frontend();
    if fe.conf.options.client_keepalive {
        stream.keep_alive();
    }
    let mut conn = Conn {
        frontend: fe.state.clone(),
        src: peer,
        dst: local,
        peer,
        local,
        listener: slot.name(),
        listener_id: slot.id(),
        transport: if matches!(stream, Stream::Unix(_)) { Transport::Unix } else { Transport::Tcp },
        vars: Vars::default(),
        trackers: Default::default(),
        accepted_at: clock::date(),
        accepted: clock::now(),
        requests: 0,
        error: ConnError::None,
    };
    let (facts, bonds) = (Facts::Taken, Bonds::default());
    let inside = Inside::enter(worker, fe.clone(), seat);
    let mut session = Session {
        stream: Rc::new(stream),
        snapshot,
        fe,
        slot,
        early: None,
        bonds,
        facts,
        expects_proxy: Cell::new(false),
        proxy_values: None,
        inside,
    };
    let state = &session.fe.state;
    state.connection_rate.hit(conn.accepted);
    state.front.inc(Counter::Connections);
    let allowed = allowed(&session, &mut conn, &session.fe.rules.tcp_connection, Counter::DeniedConnections);
    // what these rules made of the addresses is what the socket is said to have (`fc_src`, `fc_dst`)
    (conn.peer, conn.local) = (conn.src, conn.dst);
    session.put(conn);
    allowed.then_some(session)
}

/// `tcp-request session` rules, once it is known who the client is. False when the connection is refused.
fn admitted(session: &mut Session) -> bool {
    if session.fe.rules.tcp_session.is_empty()
        && let Some(accepted) = session.facts.plain_since()
    {
        count_session(session, accepted);
        return true;
    }
    let mut conn = session.take();
    let allowed = allowed(session, &mut conn, &session.fe.rules.tcp_session, Counter::DeniedSessions);
    if allowed {
        count_session(session, conn.accepted);
        conn.trackers.count(Event::Session, 1);
    }
    session.put(conn);
    allowed
}

fn count_session(session: &Session, accepted: Instant) {
    session.fe.state.session_rate.hit(accepted);
    session.fe.state.front.inc(Counter::Sessions);
}

fn allowed(session: &Session, conn: &mut Conn, rules: &RuleSet, counter: Counter) -> bool {
    if rules.is_empty() {
        return true;
    }
    let facts = std::mem::replace(conn, Facts::Taken.unpack(&session.fe, &session.slot));
    let mut exchange = Exchange::new(facts);
    exchange.sockets.client = session.socket();
    exchange.trace = session.worker().outside.as_ref().and_then(|outside| outside.trace());
    let mut run = rules.run(&mut exchange, 0);
    while let Run::Answer(rule, Answer::Do(deed)) = run {
        match deed {
            Deed::Mark(packets) => road::mark(&session.stream, packets),
            Deed::Log if !session.fe.logger.is_empty() => {
                road::write_line(session.worker(), &session.fe, &mut exchange);
            }
            Deed::ExpectProxy => session.expects_proxy.set(true),
            Deed::Log | Deed::Hint(..) => {}
        }
        run = rules.run(&mut exchange, rule + 1);
    }
    let Exchange { conn: facts, .. } = exchange;
    *conn = facts;
    let Run::Answer(_, answer) = run else { return true };
    session.fe.state.front.inc(counter);
    match answer {
        Answer::Close(Close::Silent(ttl)) => road::vanish(&session.stream, ttl),
        Answer::Close(Close::Reject) => {}
        answer => out_of_place(session, &answer),
    }
    false
}

/// A plugin answered what has no meaning before there is a session: the connection is closed, and the log says why.
#[cold]
fn out_of_place(session: &Session, answer: &Answer) {
    session.fe.state.front.inc(Counter::InternalErrors);
    let what = match answer {
        Answer::Wait(_) => "wants to wait",
        Answer::Fail => "has failed",
        _ => "wants to answer",
    };
    let line = format!("{}: a connection is refused: a rule of it {what}", session.fe.conf.name);
    session.fe.logger.send(Level::Error, line.as_bytes());
}

async fn read_proxy_header(session: &mut Session) -> Result<(), ConnError> {
    let worker = session.inside.worker.clone();
    let mut buffer = worker.buffers.take();
    let mut deadline = Deadline::default();
    let until = session.fe.conf.timeouts.client.map(|t| clock::now() + t);
    let said = loop {
        match proxy_protocol::parse(buffer.filled()) {
            Ok(Some(said)) => break said,
            Ok(None) if !buffer.is_full() => {}
            Ok(None) => return Err(ConnError::ProxyInvalid),
            Err(error) => return Err(error),
        }
        let n = poll_fn(|cx| {
            if let Poll::Ready(read) = session.stream.poll_read(cx, buffer.room()) {
                return Poll::Ready(read.map_err(|_| ConnError::ProxyAborted));
            }
            deadline.poll(until, cx).map(|()| Err(ConnError::ProxyLate))
        });
        match n.await? {
            0 if buffer.is_empty() => return Err(ConnError::ProxyEmpty),
            0 => return Err(ConnError::ProxyTruncated),
            n => buffer.fill(n),
        }
    };
    session.proxy_values = Some(Rc::new(buffer.filled()[said.values..said.len].to_vec()));
    buffer.consume(said.len);
    if let Some((src, dst)) = said.addresses {
        let mut conn = session.take();
        (conn.src, conn.dst) = (Some(src), Some(dst));
        session.put(conn);
    }
    match buffer.is_empty() {
        true => worker.buffers.give(buffer),
        false => session.early = Some(Box::new(buffer)),
    }
    Ok(())
}

/// Logs a connection that failed before it was a session.
#[cold]
fn log_failure(session: &mut Session, error: ConnError) {
    let mut exchange = Exchange::new(session.take());
    exchange.conn.error = error;
    road::log_failed(session.worker(), &session.fe, &mut exchange);
}

/// Counts a connection in, and out when it ends.
struct Inside {
    worker: Rc<Worker>,
    fe: Rc<Proxy>,
    _seat: Seat,
}

impl Inside {
    fn enter(worker: &Rc<Worker>, fe: Rc<Proxy>, seat: Seat) -> Inside {
        fe.state.front_sessions.enter();
        worker.connections.set(worker.connections.get() + 1);
        Inside { worker: worker.clone(), fe, _seat: seat }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.fe.state.front_sessions.leave();
        self.worker.connections.set(self.worker.connections.get() - 1);
    }
}
