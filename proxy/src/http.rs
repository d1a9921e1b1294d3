//! A client's HTTP/1 connection while requests are under way: reads a head, walks the road, reads the next.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use portero_api::{Exchange, Framing, Method, clock};
use portero_policies::Stores;

use crate::connection::{Next, Session, idle_limit};
use crate::http1::{self, BodyReader, Refusal};
use crate::net::{Deadline, Lead};
use crate::road::exchange::exchange;
use crate::road::filters::Spare;
use crate::road::{self, Client, Road};
use crate::worker::Worker;

/// After so long without a byte a connection gives its memory back and waits as an idle one: soon while it has made
/// but one request, later when it has shown that requests follow each other.
const PARK_AFTER: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(100)];

/// Serves requests as long as they follow each other closely.
pub async fn active(session: &mut Session) -> Next {
    let worker = &session.worker().clone();
    let mut active = Active::new(worker, session);
    let next = active.run(worker, session).await;
    session.bonds = active.client.bonds;
    session.put(active.ex.conn);
    worker.buffers.take_heads((active.ex.request, active.ex.response));
    worker.buffers.give(active.client.buffer);
    next
}

/// What only a connection with a request under way has.
struct Active {
    client: Client,
    ex: Exchange,
    server_deadline: Deadline,
    tried: Vec<usize>,
    stores: Stores,
    spare: Spare,
}

/// What the wait for a head ended with.
enum Head {
    Whole(http1::Head),
    Refused(Refusal),
    /// The client closed or broke.
    Left,
    /// Its time is over.
    Late,
    Park,
}

impl Active {
    fn new(worker: &Rc<Worker>, session: &mut Session) -> Active {
        let conn = session.take();
        let buffer = session.early.take().map_or_else(|| worker.buffers.take(), |early| *early);
        let mut ex = Exchange::new(conn);
        worker.buffers.lend_heads(&mut ex);
        ex.sockets.client = session.socket();
        ex.log.bytes_in = buffer.len() as u64;
        (ex.log.request_captures, ex.log.response_captures) = session.fe.conf.capture_slots();
        let client = Client {
            stream: session.stream.clone(),
            buffer,
            lead: Lead::default(),
            deadline: Deadline::default(),
            body: None,
            bonds: std::mem::take(&mut session.bonds),
            heard: clock::now(),
        };
        Active {
            client,
            ex,
            server_deadline: Deadline::default(),
            tried: Vec::new(),
            stores: Stores::default(),
            spare: Spare::default(),
        }
    }

    async fn run(&mut self, worker: &Rc<Worker>, session: &mut Session) -> Next {
        loop {
            let first = self.ex.conn.requests == 0;
            self.begin(first);
            match self.read_head(session, first).await {
                Head::Whole(head) => {
                    if !self.walk(worker, session, head).await {
                        return self.end(&head).await;
                    }
                }
                Head::Refused(refusal) => {
                    self.refuse(worker, session, refusal.status, (b'P', b'R')).await;
                    return self.close().await;
                }
                Head::Left => {
                    self.left(worker, session, first);
                    return Next::Close;
                }
                Head::Late if self.is_probe(session) => return Next::Close,
                Head::Late if first || !self.client.buffer.is_empty() => {
                    self.refuse(worker, session, 408, (b'c', b'R')).await;
                    return self.close().await;
                }
                Head::Late => return Next::Close,
                Head::Park => return Next::Idle,
            }
            self.ex.clear();
        }
    }

    fn begin(&mut self, first: bool) {
        let timers = &mut self.ex.log.timers;
        if first {
            timers.start = Some(self.ex.conn.accepted);
            timers.date = Some(self.ex.conn.accepted_at);
            timers.handshake = Some(self.ex.conn.accepted);
        } else {
            timers.start = Some(self.client.heard);
            timers.handshake = Some(self.client.heard);
        }
    }

    /// Reads until a whole head is there. The time for the first byte is that of an idle connection, the time for the
    /// rest that of `timeout http-request`.
    async fn read_head(&mut self, session: &Session, first: bool) -> Head {
        let limits = session.snapshot.request_limits(&session.fe);
        let begun = self.client.heard;
        let idle =
            idle_limit(&session.fe, first).map(|t| if first { self.ex.conn.accepted } else { begun } + t);
        let times = &session.fe.conf.timeouts;
        let request = times.http_request.or(times.client);
        let patience = PARK_AFTER[usize::from(self.ex.conn.requests > 1)];
        let park = (!first).then(|| begun + patience);
        let mut scan = http1::Scan::default();
        let Active { client, ex, .. } = self;
        poll_fn(|cx| {
            loop {
                if !client.buffer.is_empty() {
                    ex.log.timers.first_byte.get_or_insert(client.heard);
                    match http1::request(client.buffer.filled(), &mut scan, &limits, &mut ex.request) {
                        Ok(Some(head)) => return Poll::Ready(Head::Whole(head)),
                        Ok(None) if client.buffer.is_full() => {
                            let why = "head larger than the buffer";
                            return Poll::Ready(Head::Refused(Refusal { status: 400, why }));
                        }
                        Ok(None) => {}
                        Err(refusal) => return Poll::Ready(Head::Refused(refusal)),
                    }
                }
                if client.stream.poll_readable(cx).is_pending() {
                    break;
                }
                match client.stream.try_read(client.buffer.room()) {
                    Ok(n @ 1..) => {
                        client.buffer.fill(n);
                        client.heard = clock::now();
                        ex.log.bytes_in += n as u64;
                    }
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                    Ok(_) | Err(_) => return Poll::Ready(Head::Left),
                }
            }
            client.buffer.rest();
            let until = match ex.log.timers.first_byte {
                Some(at) => request.map(|t| at + t),
                None => {
                    if let Some(park) = park
                        && idle.is_none_or(|idle| park < idle)
                    {
                        return client.deadline.poll(Some(park), cx).map(|()| Head::Park);
                    }
                    idle
                }
            };
            client.deadline.poll(until, cx).map(|()| Head::Late)
        })
        .await
    }

    async fn walk(&mut self, worker: &Rc<Worker>, session: &Session, head: http1::Head) -> bool {
        self.note_head(session, &head);
        let Active { client, ex, server_deadline, tried, stores, spare } = self;
        tried.clear();
        let now = client.heard;
        let head_only = ex.request.method == Method::Head;
        let mut road = Road {
            worker,
            snapshot: session.snapshot.clone(),
            fe: session.fe.clone(),
            be: session.fe.clone(),
            client,
            head,
            ex,
            server_deadline,
            now,
            response_begun: false,
            keep_alive: head.keep_alive && !head.suspect,
            head_only,
            sticky: road::Sticky::default(),
            explained: None,
            filters: None,
            tried,
            stores,
            spare,
        };
        // rules change the addresses of a request (`set-src`), not of the next one on the connection
        let ends = (road.ex.conn.src, road.ex.conn.dst);
        let goes_on = exchange(&mut road).await;
        (road.ex.conn.src, road.ex.conn.dst) = ends;
        goes_on
    }

    fn note_head(&mut self, session: &Session, head: &http1::Head) {
        let (client, ex) = (&mut self.client, &mut self.ex);
        client.buffer.consume(head.len);
        ex.conn.requests += 1;
        ex.log.timers.request = Some(client.heard);
        if ex.log.timers.date.is_none() {
            ex.log.timers.date = Some(clock::date());
        }
        if session.fe.needs_request_line {
            let line = &mut ex.log.request_line;
            line.extend_from_slice(ex.request.method.as_bytes());
            line.push(b' ');
            line.extend_from_slice(&ex.request.target);
            line.extend_from_slice(b" HTTP/");
            line.extend_from_slice(ex.request.version.digits().as_bytes());
        }
        client.body = match ex.request.framing {
            Framing::None | Framing::Length(0) => None,
            framing => Some(BodyReader::new(framing)),
        };
    }

    /// Answers what never became a request.
    async fn refuse(&mut self, worker: &Rc<Worker>, session: &Session, status: u16, term: (u8, u8)) {
        let log = &mut self.ex.log;
        (log.term.cause, log.term.phase) = term;
        log.status = status;
        if log.timers.date.is_none() {
            log.timers.date = Some(clock::date());
        }
        let out = self.client.lead.head();
        road::write_page(&session.fe, status, out);
        log.bytes_out += out.len() as u64;
        let _ = road::write_lead(&mut self.client, session.fe.conf.timeouts.client).await;
        road::log_refused(worker, &session.fe, &mut self.ex);
    }

    /// A connection without a word that is neither answered nor logged (`option http-ignore-probes`).
    fn is_probe(&self, session: &Session) -> bool {
        session.fe.conf.options.http_ignore_probes && self.client.buffer.is_empty()
    }

    /// The client closed before a whole request had come.
    fn left(&mut self, worker: &Rc<Worker>, session: &Session, first: bool) {
        let nothing = self.client.buffer.is_empty();
        if self.is_probe(session) || nothing && (!first || session.fe.conf.options.dontlognull) {
            return;
        }
        let log = &mut self.ex.log;
        log.status = 400;
        (log.term.cause, log.term.phase) = (b'C', b'R');
        if log.timers.date.is_none() {
            log.timers.date = Some(clock::date());
        }
        road::log_refused(worker, &session.fe, &mut self.ex);
    }

    /// Ends the connection behind a response. A client that has sent all it said it would, and itself asked for the
    /// end, needs no more than the close.
    async fn end(&mut self, head: &http1::Head) -> Next {
        let finished = !head.keep_alive && self.client.body.is_none() && self.client.buffer.is_empty();
        if !finished {
            return self.close().await;
        }
        if self.client.lead.is_last() {
            // the last piece waits for the end to leave with it: a close that finds unread bytes would throw it away
            let _ = self.client.stream.shutdown_write();
        }
        Next::Close
    }

    async fn close(&mut self) -> Next {
        road::linger(&mut self.client).await;
        Next::Close
    }
}
