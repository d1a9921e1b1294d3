//! The exchange: one request and its response, with all that hooks share of them.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::tables::{Entry, Event, Trackers};
use crate::{
    Attached, Captures, ConnError, ProxyState, Request, Response, Room, Scope, ServerState, Sockets, Timeout,
    Trace, Tuning, UniqueId, Vars,
};

/// One request and its response (or, in TCP mode, one session). Made once per connection and reused.
#[derive(Debug)]
pub struct Exchange {
    /// What holds for the whole connection.
    pub conn: Conn,
    /// The request head; rules rewrite it in place.
    pub request: Request,
    /// The response head; its status is 0 while there is none.
    pub response: Response,
    /// How far rules may let the heads grow.
    pub room: Room,
    /// What has arrived of the body, as far as a rule asked to wait for it; in TCP mode the bytes before the relay.
    pub payload: Payload,
    /// The same of the response.
    pub response_payload: Payload,
    /// Variables of scope txn, req and res.
    pub vars: Vars,
    /// The table entries that this exchange tracks.
    pub trackers: Trackers,
    /// The backend, once it is chosen.
    pub backend: Option<Arc<ProxyState>>,
    /// The server, once it is chosen.
    pub server: Option<Arc<ServerState>>,
    /// What rules changed of how it is handled.
    pub tuning: Option<Box<Tuning>>,
    /// What the log will say.
    pub log: LogFacts,
    /// The sockets, where an expression looks at them.
    pub sockets: Sockets,
    /// What rules saw and did, where somebody wants to know.
    pub trace: Option<Rc<Trace>>,
    /// What plugins keep with it.
    pub attached: Attached,
}

/// What holds for the whole connection.
#[derive(Debug)]
pub struct Conn {
    /// The frontend.
    pub frontend: Arc<ProxyState>,
    /// The client as rules may have changed it (`set-src`); none for unix sockets.
    pub src: Option<SocketAddr>,
    /// The address it connected to, as rules may have changed it.
    pub dst: Option<SocketAddr>,
    /// The client as the socket knows it (`fc_src`).
    pub peer: Option<SocketAddr>,
    /// The address it connected to as the socket knows it (`fc_dst`).
    pub local: Option<SocketAddr>,
    /// The name of the listening socket (`so_name`).
    pub listener: Rc<str>,
    /// Its number in the frontend, from 1 (`so_id`).
    pub listener_id: u32,
    /// How the client speaks.
    pub transport: Transport,
    /// Variables of scope sess.
    pub vars: Vars,
    /// The table entries that it tracks.
    pub trackers: Trackers,
    /// When the connection was accepted, by the wall clock.
    pub accepted_at: SystemTime,
    /// When it was accepted.
    pub accepted: Instant,
    /// Requests begun on it.
    pub requests: u64,
    /// Why it failed before its first request.
    pub error: ConnError,
}

/// How bytes come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Transport {
    #[default]
    Tcp,
    Unix,
}

/// Bytes that arrived before a decision.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    /// The bytes, transfer coding taken away.
    pub data: Vec<u8>,
    /// True when no more will come.
    pub complete: bool,
}

/// What the log and the statistics will say of the exchange.
#[derive(Debug, Default)]
pub struct LogFacts {
    /// When the parts of it happened.
    pub timers: Timers,
    /// How it ended.
    pub term: Term,
    /// The status sent to the client; 0 when none was.
    pub status: u16,
    /// The request line as received, for `%r`; empty when no valid line came.
    pub request_line: Vec<u8>,
    /// Bytes sent to the client, heads included.
    pub bytes_out: u64,
    /// Bytes received from the client, heads included.
    pub bytes_in: u64,
    /// The status that the server sent, whatever rules made of it; 0 when it sent none.
    pub server_status: u16,
    /// Why the connection to the server failed; none while there is none.
    pub server_error: Option<ConnError>,
    /// Bytes sent to the server, heads included.
    pub bytes_to_server: u64,
    /// Bytes received from the server, heads included.
    pub bytes_from_server: u64,
    /// True when the connection to the server had carried another request before.
    pub reused: bool,
    /// Further tries of a server.
    pub retries: u32,
    /// True when a try went to another server than the first.
    pub redispatched: bool,
    /// Requests that waited before this one in the server's queue.
    pub server_queue: u32,
    /// And in the backend's.
    pub backend_queue: u32,
    /// The address of the server that was connected to (`%si:%sp`).
    pub server_address: Option<SocketAddr>,
    /// The address that the proxy connected from (`%bi:%bp`).
    pub server_source: Option<SocketAddr>,
    /// The number of the request (or TCP session) in the process (`%rt`).
    pub request_number: u64,
    /// The number of the log line in the frontend (`%lc`).
    pub line_number: u64,
    /// True when the line is written before the end (`option logasap`): what still grows is marked with a plus.
    pub early: bool,
    /// What is captured of the request.
    pub request_captures: Captures,
    /// And of the response.
    pub response_captures: Captures,
    /// The unique id.
    pub unique_id: UniqueId,
    /// The name of the service that answered instead of a server (`<STATS>`).
    pub service: Option<Rc<str>>,
    /// File and line of the rule that ended evaluation (`last_rule_file`, `last_rule_line`).
    pub last_rule: Option<(Rc<str>, u32)>,
    /// File and line of the rule that waits for something (`waiting_entity`).
    pub waiting: Option<(Rc<str>, u32)>,
    /// True when a rule asked for no log line (`set-log-level silent`).
    pub silent: bool,
    /// The log level that a rule asked for, 0 (emerg) to 7 (debug).
    pub level: Option<u8>,
}

/// Moments of an exchange (HAProxy manual, section 8.4).
#[derive(Clone, Copy, Debug, Default)]
pub struct Timers {
    /// The start: the accept, or the end of the exchange before on the same connection.
    pub start: Option<Instant>,
    /// Start by the wall clock: of the connection for the first request, else of the first byte of the request.
    pub date: Option<SystemTime>,
    /// The end of the handshakes (PROXY protocol, TLS).
    pub handshake: Option<Instant>,
    /// The first byte of the request.
    pub first_byte: Option<Instant>,
    /// The whole request head.
    pub request: Option<Instant>,
    /// A place at a server.
    pub queued: Option<Instant>,
    /// The connection to the server.
    pub connected: Option<Instant>,
    /// The whole response head.
    pub response: Option<Instant>,
    /// The end.
    pub end: Option<Instant>,
}

/// How an exchange ended: two letters (HAProxy manual, section 8.5), `-` for the ordinary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// What ended it: `C`lient, `S`erver, `P`roxy, `R`esource, `I`nternal, `c`/`s` time-out, `L`ocal, `D`own, `K`illed.
    pub cause: u8,
    /// Where it was: `R`equest, `Q`ueue, `C`onnect, `H`eaders of the response, `D`ata, `L`ast data, `T`arpit.
    pub phase: u8,
    /// What persistence found in the client's cookie.
    pub cookie_seen: u8,
    /// What it did with the server's.
    pub cookie_set: u8,
}

impl Default for Term {
    fn default() -> Self {
        Term { cause: b'-', phase: b'-', cookie_seen: b'-', cookie_set: b'-' }
    }
}

impl Conn {
    /// A connection of nobody's: what expressions see of it where there is no client (health checks, variables of the
    /// process).
    pub fn of_nobody(frontend: Arc<ProxyState>) -> Conn {
        Conn {
            frontend,
            src: None,
            dst: None,
            peer: None,
            local: None,
            listener: Rc::from(""),
            listener_id: 0,
            transport: Transport::Tcp,
            vars: Vars::default(),
            trackers: Trackers::default(),
            accepted_at: SystemTime::now(),
            accepted: Instant::now(),
            requests: 0,
            error: ConnError::None,
        }
    }
}

impl Exchange {
    /// An exchange for a new connection.
    pub fn new(conn: Conn) -> Exchange {
        Exchange {
            conn,
            request: Request::default(),
            response: Response::default(),
            room: Room::default(),
            payload: Payload::default(),
            response_payload: Payload::default(),
            vars: Vars::default(),
            trackers: Trackers::default(),
            backend: None,
            server: None,
            tuning: None,
            log: LogFacts::default(),
            sockets: Sockets::default(),
            trace: None,
            attached: Attached::default(),
        }
    }

    /// Gets ready for the next request of the same connection; memory is kept.
    pub fn clear(&mut self) {
        self.request.clear();
        self.response.clear();
        self.room.waiting = 0;
        self.payload.clear();
        self.response_payload.clear();
        self.vars.clear();
        self.trackers.clear();
        self.backend = None;
        self.server = None;
        self.tuning = None;
        self.log.clear();
        self.sockets.server = None;
        self.trace = None;
        self.attached.clear();
    }

    /// The variables that a scope lives in; none for those of the process, see [`crate::process_vars`].
    pub fn vars_of(&self, scope: Scope) -> Option<&Vars> {
        match scope {
            Scope::Proc => None,
            Scope::Sess => Some(&self.conn.vars),
            Scope::Txn | Scope::Req | Scope::Res | Scope::Check => Some(&self.vars),
        }
    }

    /// The table entry that a counter tracks (`sc0`): the exchange's, else the connection's.
    pub fn tracked(&self, counter: u8) -> Option<&Entry> {
        self.trackers.get(counter).or_else(|| self.conn.trackers.get(counter))
    }

    /// Whether any entry is tracked.
    pub fn tracks(&self) -> bool {
        !(self.trackers.is_empty() && self.conn.trackers.is_empty())
    }

    /// Counts an event in all entries that are tracked.
    pub fn count(&self, event: Event, by: u64) {
        self.conn.trackers.count(event, by);
        self.trackers.count(event, by);
    }

    /// What rules change of how it is handled, to change more.
    pub fn tune(&mut self) -> &mut Tuning {
        self.tuning.get_or_insert_default()
    }

    /// A time-out as rules have left it; none: no limit.
    pub fn timeout(&self, which: Timeout) -> Option<Duration> {
        let tuned = self.tuning.as_ref().and_then(|tuning| tuning.time(which));
        tuned.or_else(|| match which {
            Timeout::Client => self.conn.frontend.timeout(which),
            _ => self.proxy().timeout(which),
        })
    }

    /// The backend, or the frontend itself while none is chosen.
    pub fn proxy(&self) -> &Arc<ProxyState> {
        self.backend.as_ref().unwrap_or(&self.conn.frontend)
    }
}

impl Payload {
    /// Forgets the bytes and keeps the memory.
    pub fn clear(&mut self) {
        self.data.clear();
        self.complete = false;
    }
}

impl LogFacts {
    /// True while nothing went wrong: no failure, no status of a server error, no further try of a server
    /// (HAProxy manual, "option dontlog-normal").
    pub fn is_normal(&self) -> bool {
        self.term.cause == b'-' && self.status < 500 && self.retries == 0
    }

    /// Gets ready for the next exchange; memory is kept.
    pub fn clear(&mut self) {
        let mut request_line = std::mem::take(&mut self.request_line);
        let mut request_captures = std::mem::take(&mut self.request_captures);
        let mut response_captures = std::mem::take(&mut self.response_captures);
        request_line.clear();
        request_captures.clear();
        response_captures.clear();
        *self = LogFacts { request_line, request_captures, response_captures, ..LogFacts::default() };
    }
}
