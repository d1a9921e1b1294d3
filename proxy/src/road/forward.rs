//! Moves an exchange through a server: the request out, the response back, bodies both ways at once.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use portero_api::{Counter, Framing, Method, Outcome, Version};

use super::backend::Place;
use super::rules::{self, Side};
use super::upstream::{Upstream, from_now};
use super::{Client, Fail, Fault, Pump, PumpFail, Road, payload, persistence, phase, retry, tunnel};
use crate::config::checked::Reuse;
use crate::http1::{self, Connection};
use crate::health::Seen;
use crate::net::Deadline;
use crate::snapshot::Server;

/// Sends the request to a server and its response to the client. A failure says whether another try is safe.
pub async fn to_server(road: &mut Road<'_>, place: &mut Place) -> Result<(), Fail> {
    payload::take_arrived(road.client, road.ex, road.snapshot.checked.global.bufsize)?;
    let may_reuse = may_reuse(road, &place.server);
    let mut up = connect(road, &place.server, may_reuse).await?;
    let ended = place.server.pool.until_ended(talk(road, &mut up, place)).await;
    let result = ended.unwrap_or_else(|why| Err(Fail::ended(why, road.response_begun)));
    let reusable = matches!(result, Ok(true));
    up.release(reusable, road.now, &road.worker.buffers);
    result.map(|_| ())
}

/// Whether an idle connection may carry this request: the first one of a client gets its own unless told otherwise
/// (`http-reuse safe`), and so does one that could not be sent a second time.
fn may_reuse(road: &Road<'_>, server: &Server) -> bool {
    let whole = road.ex.payload.complete || road.client.body.is_none();
    let policy = match road.be.conf.reuse {
        Reuse::Never => false,
        Reuse::Safe => road.ex.conn.requests > 1,
        Reuse::Aggressive | Reuse::Always => true,
    };
    policy && whole && road.ex.log.retries == 0 && server.conf.source.is_none()
}

/// A connection to a server: an idle one where that is allowed, else a new one within the connect time.
pub async fn connect(road: &mut Road<'_>, server: &Rc<Server>, may_reuse: bool) -> Result<Upstream, Fail> {
    if may_reuse && let Some(up) = Upstream::pooled(server, &road.worker.buffers) {
        road.ex.log.timers.connected = Some(road.now);
        return Ok(up);
    }
    let until = from_now(road.be.conf.timeouts.connect);
    let buffers = &road.worker.buffers;
    let up = {
        let mut dial = std::pin::pin!(Upstream::dial(server, road.ex, buffers));
        let deadline = &mut *road.server_deadline;
        poll_fn(|cx| {
            if let Poll::Ready(up) = dial.as_mut().poll(cx) {
                return Poll::Ready(up);
            }
            let late = || Fail::status(503, b's', phase::CONNECT, Fault::Connect).may_retry(true);
            deadline.poll(until, cx).map(|()| Err(late()))
        })
        .await?
    };
    server.saw(Seen::Connected);
    if road.be.conf.options.server_keepalive {
        super::upstream::keepalive(&up.stream);
    }
    road.now = Instant::now();
    road.ex.log.timers.connected = Some(road.now);
    Ok(up)
}

/// One request and its response on a connection. True when the connection can carry another.
async fn talk(road: &mut Road<'_>, up: &mut Upstream, place: &Place) -> Result<bool, Fail> {
    let mut request = compose(road, up);
    let again = request.is_none();
    let head = await_response(road, up, &mut request).await.map_err(|fail| match again {
        true => retry::by_event(fail, &road.be.conf.retry_on, up.buffer.is_empty()),
        false => fail,
    })?;
    if again {
        check_retry_status(road, place)?;
    }
    note_response(road, place);
    let be = road.be.clone();
    rules::run_all(road, [&be.rules.http_response], Side::Response).await?;
    if !Rc::ptr_eq(&road.fe, &road.be) {
        let fe = road.fe.clone();
        rules::run_all(road, [&fe.rules.http_response], Side::Response).await?;
    }
    persistence::write(road, place.index);
    after_response_rules(road).await;
    respond(road, up, request, head).await
}

/// Writes the request as it goes to the server: the head anew, then what is there of the body. What is still to come
/// of it is the pump's.
fn compose(road: &mut Road<'_>, up: &mut Upstream) -> Option<Pump> {
    let options = &road.be.conf.options;
    let close = options.httpclose || options.http_server_close && !options.pretend_keepalive;
    let connection = match () {
        () if road.head.upgrade => Connection::Upgrade,
        () if close => Connection::Close,
        () => Connection::KeepAlive,
    };
    let chunked = road.ex.request.framing == Framing::Chunked;
    let trailers = road.client.body.as_ref().and_then(http1::BodyReader::trailers);
    let out = up.lead.head();
    http1::request_head(&road.ex.request, road.ex.request.framing, connection, out);
    let data = &road.ex.payload.data;
    match (chunked, data.is_empty()) {
        (true, false) => {
            let mut digits = [0; 18];
            out.extend_from_slice(http1::chunk_head(data.len(), &mut digits));
            out.extend_from_slice(data);
            out.extend_from_slice(b"\r\n");
        }
        (_, _) => out.extend_from_slice(data),
    }
    if road.ex.payload.complete {
        if chunked {
            http1::last_chunk(trailers, out);
        }
        return None;
    }
    let reader = road.client.body.take()?;
    Some(Pump::resume(reader, chunked))
}

/// Sends the request and waits for the head of the final response; interim ones go to the client as they come.
async fn await_response(
    road: &mut Road<'_>,
    up: &mut Upstream,
    request: &mut Option<Pump>,
) -> Result<http1::Head, Fail> {
    loop {
        let head = response_head(road, up, request).await?;
        up.buffer.consume(head.len);
        match road.ex.response.status {
            101 if road.head.upgrade => return Ok(head),
            101 => return Err(Fail::status(502, b'P', phase::HEADERS, Fault::BadResponse)),
            100..=199 => forward_interim(road).await?,
            _ => return Ok(head),
        }
    }
}

/// Interim responses are of no use to HTTP/1.0 clients (RFC 9110, 15.2).
async fn forward_interim(road: &mut Road<'_>) -> Result<(), Fail> {
    if road.ex.request.version == Version::Http10 {
        return Ok(());
    }
    let out = road.client.lead.head();
    http1::response_head(&road.ex.response, Framing::None, Connection::KeepAlive, out);
    write_lead(road.client, road.fe.conf.timeouts.client).await.map_err(|_| client_gone(phase::HEADERS))
}

/// Waits for a whole response head while the request body goes out.
async fn response_head(
    road: &mut Road<'_>,
    up: &mut Upstream,
    request: &mut Option<Pump>,
) -> Result<http1::Head, Fail> {
    let limits = road.snapshot.response_limits(&road.be);
    let server_time = road.be.conf.timeouts.server;
    let client_time = road.fe.conf.timeouts.client;
    let abort = road.be.conf.options.abortonclose;
    let safe = road.ex.request.method.is_idempotent();
    let Client { stream, buffer, deadline, heard, .. } = &mut *road.client;
    let mut scan = http1::Scan::default();
    let mut until = server_time.map(|t| road.now + t);
    let mut unsent = false;
    let (ex, server_deadline) = (&mut *road.ex, &mut *road.server_deadline);
    let method = ex.request.method.clone();
    poll_fn(|cx| {
        if let Err(fail) = send(cx, up, request, (stream, buffer), &mut unsent) {
            return Poll::Ready(Err(fail));
        }
        loop {
            if !up.buffer.is_empty() {
                match http1::response(up.buffer.filled(), &mut scan, &limits, &method, &mut ex.response) {
                    Ok(Some(head)) => return Poll::Ready(Ok(head)),
                    Ok(None) if up.buffer.is_full() => return Poll::Ready(Err(bad_response())),
                    Ok(None) => {}
                    Err(_) => return Poll::Ready(Err(bad_response())),
                }
            }
            match up.stream.poll_read(cx, up.buffer.room()) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(no_response(up, safe, unsent))),
                Poll::Ready(Ok(n)) => up.buffer.fill(n),
                Poll::Ready(Err(_)) => return Poll::Ready(Err(no_response(up, safe, unsent))),
                Poll::Pending => break,
            }
        }
        if abort && request.is_none() && buffer.is_empty() && client_left(stream, buffer, cx) {
            return Poll::Ready(Err(client_gone(phase::HEADERS)));
        }
        // the server's time runs from the end of the request, the client's while its body is awaited
        let sending = request.as_ref().is_some_and(|p| !p.is_decoded());
        let waits_for_client = sending && up.lead.is_empty();
        if sending {
            until = from_now(server_time);
        }
        if waits_for_client && deadline.poll(client_time.map(|t| *heard + t), cx).is_ready() {
            return Poll::Ready(Err(Fail::status(408, b'c', phase::DATA, Fault::BadRequest)));
        }
        if !waits_for_client && server_deadline.poll(until, cx).is_ready() {
            return Poll::Ready(Err(Fail::status(504, b's', phase::HEADERS, Fault::BadResponse)));
        }
        Poll::Pending
    })
    .await
}

/// Writes what is to be written to the server. A server that takes no more may still answer: then only reading counts.
fn send(
    cx: &mut Context<'_>,
    up: &mut Upstream,
    request: &mut Option<Pump>,
    (stream, buffer): (&crate::net::Stream, &mut crate::net::Buffer),
    unsent: &mut bool,
) -> Result<(), Fail> {
    if *unsent {
        return Ok(());
    }
    let polled = match request {
        Some(pump) => pump.poll(cx, (stream, buffer), &up.stream, &mut up.lead),
        None => up.lead.poll(cx, &up.stream).map_err(PumpFail::To),
    };
    match polled {
        Poll::Pending => Ok(()),
        Poll::Ready(Ok(())) => {
            *request = None;
            Ok(())
        }
        Poll::Ready(Err(PumpFail::To(_))) => {
            *unsent = true;
            Ok(())
        }
        // a client that ends its direction in the middle of its body can still be told
        Poll::Ready(Err(PumpFail::From(_))) => Err(Fail::status(400, b'C', phase::DATA, Fault::ClientAbort)),
        Poll::Ready(Err(PumpFail::Malformed)) => Err(Fail::status(400, b'P', phase::DATA, Fault::BadRequest)),
    }
}

/// True when the client has closed. What it sends before that (pipelined requests) is kept.
fn client_left(stream: &crate::net::Stream, buffer: &mut crate::net::Buffer, cx: &mut Context<'_>) -> bool {
    match stream.poll_read(cx, buffer.room()) {
        Poll::Ready(Ok(0) | Err(_)) => true,
        Poll::Ready(Ok(n)) => {
            buffer.fill(n);
            false
        }
        Poll::Pending => false,
    }
}

/// The server closed without a word. On a connection that had waited idle this is the race that reuse brings: the
/// request goes to another connection, unless it may have been acted upon and must not be repeated (RFC 9110, 9.2.2). A
/// reset does not tell: a server that has read the request and falls over resets as well.
fn no_response(up: &Upstream, idempotent: bool, unsent: bool) -> Fail {
    let retry = up.buffer.is_empty() && up.reused && (idempotent || unsent);
    Fail::status(502, b'S', phase::HEADERS, Fault::BadResponse).may_retry(retry)
}

fn bad_response() -> Fail {
    Fail::status(502, b'P', phase::HEADERS, Fault::BadResponse)
}

fn client_gone(at: u8) -> Fail {
    Fail::silent(b'C', at, Fault::ClientAbort)
}

fn note_response(road: &mut Road<'_>, place: &Place) {
    road.now = Instant::now();
    road.ex.log.timers.response = Some(road.now);
    let status = road.ex.response.status;
    place.server.state.counters.inc(Counter::of_status(status));
    place.server.saw(Seen::response(status));
    road.be.balance.finished(&place.server.state, Outcome::Response(status));
    for (slot, (name, len)) in road.fe.conf.response_captures.iter().enumerate() {
        let value = road.ex.response.headers.all(name).last().map(|v| v[..v.len().min(*len)].to_vec());
        if let Some(place) = road.ex.log.response_captures.get_mut(slot) {
            *place = value;
        }
    }
}

/// `retry-on` with status codes, for a request that can be sent a second time.
fn check_retry_status(road: &Road<'_>, place: &Place) -> Result<(), Fail> {
    let (status, conf) = (road.ex.response.status, &road.be.conf);
    if conf.retry_on.statuses.contains(&status) && road.ex.log.retries < conf.retries {
        place.server.saw(Seen::response(status));
        return Err(Fail::status(status, b'-', phase::HEADERS, Fault::BadResponse).may_retry(true));
    }
    Ok(())
}

/// `http-after-response` rules: of the backend, then of the frontend. They cannot refuse.
pub async fn after_response_rules(road: &mut Road<'_>) {
    let (fe, be) = (road.fe.clone(), road.be.clone());
    let _ = rules::run_all(road, [&be.rules.http_after_response], Side::Response).await;
    if !Rc::ptr_eq(&fe, &be) {
        let _ = rules::run_all(road, [&fe.rules.http_after_response], Side::Response).await;
    }
}

/// Sends the response to the client. True when the server's connection can carry another exchange.
async fn respond(
    road: &mut Road<'_>,
    up: &mut Upstream,
    mut request: Option<Pump>,
    head: http1::Head,
) -> Result<bool, Fail> {
    let tunnel = road.ex.response.framing == Framing::Tunnel;
    let framing = client_framing(road);
    road.keep_alive &= framing != Framing::UntilClose && !tunnel && !head.suspect;
    let connection = match tunnel {
        true => Connection::Upgrade,
        false => Connection::for_peer(road.ex.request.version, road.keep_alive),
    };
    road.ex.log.status = road.ex.response.status;
    let out = road.client.lead.head();
    http1::response_head(&road.ex.response, framing, connection, out);
    road.response_begun = true;
    if tunnel {
        tunnel::run(road, up).await?;
        return Ok(false);
    }
    if road.ex.response.framing.is_large() {
        road.worker.buffers.enlarge(&mut up.buffer);
    }
    let mut response = Pump::new(road.ex.response.framing, framing == Framing::Chunked);
    let result = relay(road, up, &mut request, &mut response).await;
    road.ex.log.bytes_out += response.written;
    if let Some(pump) = &request {
        road.ex.log.bytes_in += pump.read;
        // the server has answered and no longer listens: what the client still sends has no reader
        road.keep_alive = false;
    }
    result?;
    Ok(head.keep_alive && !head.suspect && request.is_none() && !road.be.conf.options.http_server_close)
}

/// How the body goes to the client: as it came, except that one without a known end is chunked for who understands it.
fn client_framing(road: &Road<'_>) -> Framing {
    let old = road.ex.request.version == Version::Http10;
    match road.ex.response.framing {
        Framing::UntilClose if !old && road.ex.request.method != Method::Connect => Framing::Chunked,
        Framing::Chunked if old => Framing::UntilClose,
        framing => framing,
    }
}

/// Pumps the response, and what is left of the request, until the response is written.
async fn relay(
    road: &mut Road<'_>,
    up: &mut Upstream,
    request: &mut Option<Pump>,
    response: &mut Pump,
) -> Result<(), Fail> {
    let server_time = road.be.conf.timeouts.server;
    let client_time = road.fe.conf.timeouts.client;
    let Client { stream, buffer, lead, deadline, .. } = &mut *road.client;
    let server_deadline = &mut *road.server_deadline;
    let mut seen = (0, 0);
    let mut since = road.now;
    poll_fn(|cx| {
        if let Some(pump) = request
            && let Poll::Ready(done) = pump.poll(cx, (stream, buffer), &up.stream, &mut up.lead)
            && done.is_ok()
        {
            *request = None;
        }
        match response.poll(cx, (&up.stream, &mut up.buffer), stream, lead) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(fail)) => return Poll::Ready(Err(cut_short(&fail))),
            Poll::Pending => {}
        }
        if seen != (response.read, response.written) {
            seen = (response.read, response.written);
            since = Instant::now();
        }
        let at = |time: Option<Duration>| time.map(|t| since + t);
        if response.is_writing() || !lead.is_empty() {
            let late = || Err(Fail::silent(b'c', phase::DATA, Fault::ClientAbort));
            return deadline.poll(at(client_time), cx).map(|()| late());
        }
        let late = || Err(Fail::silent(b's', phase::DATA, Fault::ServerAbort));
        server_deadline.poll(at(server_time), cx).map(|()| late())
    })
    .await
}

fn cut_short(fail: &PumpFail) -> Fail {
    match fail {
        PumpFail::From(_) => Fail::silent(b'S', phase::DATA, Fault::ServerAbort),
        PumpFail::Malformed => Fail::silent(b'P', phase::DATA, Fault::ServerAbort),
        PumpFail::To(_) => Fail::silent(b'C', phase::DATA, Fault::ClientAbort),
    }
}

/// Writes what is to be written to the client, each part within the client's time.
pub async fn write_lead(client: &mut Client, time: Option<Duration>) -> std::io::Result<()> {
    let Client { stream, lead, deadline, .. } = client;
    write_all(stream, lead, deadline, time).await
}

async fn write_all(
    stream: &crate::net::Stream,
    lead: &mut crate::net::Lead,
    deadline: &mut Deadline,
    time: Option<Duration>,
) -> std::io::Result<()> {
    let until = from_now(time);
    poll_fn(|cx| {
        if let Poll::Ready(done) = lead.poll(cx, stream) {
            return Poll::Ready(done);
        }
        deadline.poll(until, cx).map(|()| Err(std::io::ErrorKind::TimedOut.into()))
    })
    .await
}
