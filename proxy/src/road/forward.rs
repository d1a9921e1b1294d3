//! Moves an exchange through a server: the request out, the response back, bodies both ways at once.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use portero_api::{Counter, Direction, Framing, Outcome, Timeout, Version, clock};

use super::abort::Watch;
use super::backend::Place;
use super::fail::conn_error;
use super::filters::{self, Passage, Patience, Through};
use super::incoming::Incoming;
use super::respond::respond;
use super::rules::{self, Side};
use super::throttle::Throttle;
use super::upstream::{Upstream, from_now};
use super::{
    Client, Fail, Fault, Pump, PumpFail, Road, bonds, payload, persistence, phase, reach, retry, tables, tell,
};
use crate::health::Seen;
use crate::http1::{self, Connection};
use crate::net::Deadline;

/// Sends the request to a server and its response to the client. A failure says whether another try is safe.
pub async fn to_server(road: &mut Road<'_>, place: &mut Place) -> Result<(), Fail> {
    match filters::want(road, Direction::Request) {
        true => filters::arrived(road).await?,
        false => payload::take_arrived(road.client, road.ex, road.snapshot.checked.global.bufsize)?,
    }
    let mut up = reach::for_request(road, &place.server).await?;
    tables::store(road, place);
    let ended = place.server.pool.sessions.until_ended(pin!(talk(road, &mut up, place))).await;
    let result = ended.unwrap_or_else(|why| Err(Fail::ended(why, road.response_begun)));
    up.note_bytes(&mut road.ex.log);
    let reusable = matches!(result, Ok(true));
    reach::leave(road, up, reusable);
    result.map(|_| ())
}

/// One request and its response on a connection. True when the connection can carry another.
async fn talk(road: &mut Road<'_>, up: &mut Upstream, place: &Place) -> Result<bool, Fail> {
    let mut request = compose(road, up);
    let result = converse(road, up, place, &mut request).await;
    // a body that is still on its way must not be taken for the next request
    road.keep_alive &= request.is_none();
    result
}

async fn converse(
    road: &mut Road<'_>,
    up: &mut Upstream,
    place: &Place,
    request: &mut Option<Passage>,
) -> Result<bool, Fail> {
    let again = request.is_none();
    let head = await_response(road, up, request).await.map_err(|fail| match again {
        true if retry::may_follow(road) => {
            retry::by_event(fail, &road.be.conf.retry_on, up.buffer.is_empty())
        }
        true => fail,
        // a part of the body has gone, and cannot be sent a second time
        false => fail.may_retry(false),
    })?;
    if again {
        check_retry_status(road, place)?;
    }
    up.private |= bonds::are_asked_for(&road.ex.response);
    note_response(road, place);
    up.note_bytes(&mut road.ex.log);
    count_status(road);
    filters::begin_response(road);
    let mut incoming = Incoming::new(up, request, road.ex.response.framing);
    response_rules(road, &mut incoming).await?;
    tell::step(road, "cookie", "what the client is to remember", |road| {
        persistence::write(road, place.index)
    });
    tables::store_response(road, place);
    if rules::any([&road.be.rules.http_after_response, &road.fe.rules.http_after_response]) {
        after_response_rules(road).await?;
    }
    if road.filters.is_some() {
        filters::response(road, &mut incoming).await?;
    }
    respond(road, incoming, head).await
}

/// `tcp-response content` rules, then `http-response` rules: of the backend, then of the frontend.
async fn response_rules(road: &mut Road<'_>, incoming: &mut Incoming<'_>) -> Result<(), Fail> {
    let be = road.be.clone();
    road.ex.room.waiting = incoming.up.buffer.filled().len();
    if rules::any([&be.rules.tcp_response, &be.rules.http_response]) {
        incoming.run(road, &be.rules.tcp_response, be.conf.response_inspect_delay).await?;
        incoming.run(road, &be.rules.http_response, Duration::ZERO).await?;
    }
    if !Rc::ptr_eq(&road.fe, &be) && rules::any([&road.fe.rules.http_response]) {
        let fe = road.fe.clone();
        incoming.run(road, &fe.rules.http_response, Duration::ZERO).await?;
    }
    Ok(())
}

/// Writes the request as it goes to the server: the head anew, then what is there of the body. What is still to come
/// of it is the pump's.
fn compose(road: &mut Road<'_>, up: &mut Upstream) -> Option<Passage> {
    let options = &road.be.conf.options;
    let close = options.httpclose || options.http_server_close && !options.pretend_keepalive;
    let connection = match () {
        () if road.head.upgrade => Connection::Upgrade,
        () if close => Connection::Close,
        () => Connection::KeepAlive,
    };
    if filters::want(road, Direction::Request) {
        return filters::compose(road, up, connection);
    }
    let chunked = road.ex.request.framing == Framing::Chunked;
    let trailers = road.client.body.as_ref().and_then(http1::BodyReader::trailers);
    let out = up.lead.head();
    http1::request_head(&road.ex.request, road.ex.request.framing, connection, out);
    let whole = payload::write(&road.ex.payload, chunked, trailers, out);
    let reader = if whole { None } else { road.client.body.take() };
    let Some(reader) = reader else {
        up.sent += up.lead.before().len() as u64;
        return None;
    };
    let throttle = Throttle::new(road.ex, true);
    let pump = Pump::resume(reader, chunked, throttle, road.ex.payload.data.len());
    Some(Passage::Straight(pump))
}

/// Sends the request and waits for the head of the final response; interim ones go to the client as they come.
async fn await_response(
    road: &mut Road<'_>,
    up: &mut Upstream,
    request: &mut Option<Passage>,
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
    write_lead(road.client, road.time(Timeout::Client)).await.map_err(|_| client_gone(phase::HEADERS))?;
    // a server that sends nothing else, and fast, would leave the other connections no time
    tokio::task::coop::consume_budget().await;
    Ok(())
}

/// Waits for a whole response head while the request body goes out.
async fn response_head(
    road: &mut Road<'_>,
    up: &mut Upstream,
    request: &mut Option<Passage>,
) -> Result<http1::Head, Fail> {
    let limits = road.snapshot.response_limits(&road.be);
    let server_time = road.time(Timeout::Server);
    let client_time = road.time(Timeout::Client);
    let abort = road.be.conf.options.abortonclose;
    let safe = road.ex.request.method.is_idempotent();
    let Client { stream, buffer, deadline, heard, .. } = &mut *road.client;
    let mut scan = http1::Scan::default();
    let mut until = server_time.map(|t| road.now + t);
    let mut unsent = false;
    let (ex, server_deadline, through) = (&mut *road.ex, &mut *road.server_deadline, &mut road.filters);
    let mut patience = Patience::default();
    let method = ex.request.method.clone();
    poll_fn(|cx| {
        if let Err(fail) = send(cx, up, request, (stream, buffer), &mut unsent, (through, ex)) {
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
            match up.poll_read(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(no_response(up, safe, unsent))),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(e)) => {
                    ex.log.server_error = Some(conn_error(&e, false));
                    return Poll::Ready(Err(no_response(up, safe, unsent)));
                }
                Poll::Pending => break,
            }
        }
        if Watch::new(stream, buffer, abort && request.is_none()).poll(cx).is_ready() {
            return Poll::Ready(Err(Fail::status(400, b'C', phase::HEADERS, Fault::ClientAbort)));
        }
        buffer.rest();
        if request.as_ref().is_some_and(Passage::is_rung) {
            return Poll::Pending;
        }
        // the server's time runs from the end of the request, the client's while its body is awaited
        let sending = request.as_ref().is_some_and(|p| !p.is_decoded());
        let held = request.as_ref().is_some_and(|p| p.is_held() || p.waits_for_filter());
        let waits_for_client = sending && up.lead.is_empty() && !held;
        if patience.poll(cx, request.as_ref(), server_time).is_ready() {
            return Poll::Ready(Err(filters::held_too_long(phase::DATA, false)));
        }
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
pub fn send(
    cx: &mut Context<'_>,
    up: &mut Upstream,
    request: &mut Option<Passage>,
    (stream, buffer): (&crate::net::Stream, &mut crate::net::Buffer),
    unsent: &mut bool,
    through: Through<'_>,
) -> Result<(), Fail> {
    if *unsent {
        return Ok(());
    }
    let polled = match request {
        Some(passage) => passage.poll(cx, (stream, buffer), &up.stream, &mut up.lead, through),
        None => up.lead.poll(cx, &up.stream).map_err(|_| PumpFail::To),
    };
    match polled {
        Poll::Pending => Ok(()),
        Poll::Ready(Ok(())) => {
            up.sent += request.take().map_or(0, |passage| passage.written());
            Ok(())
        }
        Poll::Ready(Err(PumpFail::To)) => {
            *unsent = true;
            Ok(())
        }
        // a client that ends its direction in the middle of its body can still be told
        Poll::Ready(Err(PumpFail::From)) => Err(Fail::status(400, b'C', phase::DATA, Fault::ClientAbort)),
        Poll::Ready(Err(PumpFail::Filter(stop, at))) => Err(filters::stopped(stop, at, phase::DATA, false)),
        Poll::Ready(Err(PumpFail::Malformed)) => Err(Fail::status(400, b'P', phase::DATA, Fault::BadRequest)),
    }
}

/// The server closed without a word. On a connection that had waited idle this is the race that reuse brings: the
/// request goes to another connection, unless it may have been acted upon and must not be repeated (RFC 9110, 9.2.2). A
/// reset does not tell: a server that has read the request and falls over resets as well.
fn no_response(up: &Upstream, idempotent: bool, unsent: bool) -> Fail {
    let fail = Fail::status(502, b'S', phase::HEADERS, Fault::BadResponse);
    let stale = up.buffer.is_empty() && up.reused && (idempotent || unsent);
    if stale { fail.stale() } else { fail }
}

fn bad_response() -> Fail {
    Fail::status(502, b'P', phase::HEADERS, Fault::BadResponse)
}

fn client_gone(at: u8) -> Fail {
    Fail::silent(b'C', at, Fault::ClientAbort)
}

fn note_response(road: &mut Road<'_>, place: &Place) {
    tell::did(road, "response", || format!("{} from {}", road.ex.response.status, place.server.conf.name));
    road.now = clock::now();
    road.ex.log.timers.response = Some(road.now);
    let status = road.ex.response.status;
    road.ex.log.server_status = status;
    place.server.state.counters.inc(Counter::of_status(status));
    place.server.saw(Seen::response(status));
    road.be.balance.finished(&place.server.state, Outcome::Response(status));
    for (slot, (name, _)) in road.fe.conf.response_captures.iter().enumerate() {
        match road.ex.response.headers.all(name).last() {
            Some(value) => road.ex.log.response_captures.set(slot, value),
            None => road.ex.log.response_captures.unset(slot),
        }
    }
}

/// Counts the server's answer in what is tracked, before rules look at it.
fn count_status(road: &Road<'_>) {
    if road.ex.tracks() {
        let statuses = &road.snapshot.checked.global.statuses;
        statuses.events(road.ex.response.status).for_each(|event| road.ex.count(event, 1));
    }
}

/// `retry-on` with status codes, for a request that can be sent a second time.
fn check_retry_status(road: &Road<'_>, place: &Place) -> Result<(), Fail> {
    let (status, conf) = (road.ex.response.status, &road.be.conf);
    if conf.retry_on.statuses.contains(&status)
        && road.ex.log.retries < road.retries()
        && retry::may_follow(road)
    {
        place.server.saw(Seen::response(status));
        return Err(Fail::status(status, b'-', phase::HEADERS, Fault::BadResponse).may_retry(true));
    }
    Ok(())
}

/// `http-after-response` rules: of the backend, then of the frontend. They cannot refuse, only fail.
pub async fn after_response_rules(road: &mut Road<'_>) -> Result<(), Fail> {
    let (fe, be) = (road.fe.clone(), road.be.clone());
    rules::run_all(road, [&be.rules.http_after_response], Side::Response).await?;
    if !Rc::ptr_eq(&fe, &be) {
        rules::run_all(road, [&fe.rules.http_after_response], Side::Response).await?;
    }
    Ok(())
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
