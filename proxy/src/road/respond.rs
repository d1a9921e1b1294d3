//! The response on its way to the client: its head written anew, its body pumped.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use portero_api::{Direction, Framing, Method, Timeout, Version, clock};

use super::filters::{self, Passage};
use super::incoming::Incoming;
use super::throttle::Throttle;
use super::upstream::{Upstream, from_now};
use super::{Client, Fail, Fault, Pump, PumpFail, Road, forward, payload, phase, tunnel};
use crate::http1::{self, BodyReader, Connection};

/// A body that nobody is to see is read to its end when it is no longer than this, so that the connection can go on.
const DISCARD: usize = 1 << 18;

/// Sends the response to the client. True when the server's connection can carry another exchange.
pub async fn respond(road: &mut Road<'_>, incoming: Incoming<'_>, head: http1::Head) -> Result<bool, Fail> {
    let Incoming { up, request, body } = incoming;
    let tunnel = road.ex.response.framing == Framing::Tunnel;
    let filtered = filters::want(road, Direction::Response) && !tunnel;
    let framing = client_framing(road, filtered);
    road.keep_alive &= framing != Framing::UntilClose && !tunnel && !head.suspect;
    write_head(road, framing, tunnel || head.upgrade && road.ex.response.status == 426);
    // a reset that follows would throw away what waits for the end
    road.client.lead.set_last(!road.keep_alive && !tunnel && !road.fe.conf.options.nolinger);
    super::log_early(road);
    if tunnel {
        tunnel::run(road, up).await?;
        return Ok(false);
    }
    let reusable = head.keep_alive && !head.suspect && !road.be.conf.options.http_server_close;
    if road.head_only && road.ex.response.framing != Framing::None {
        return Ok(without_body(road, up, body).await? && reusable && request.is_none());
    }
    if road.ex.response.framing.is_large() {
        road.worker.buffers.enlarge(&mut up.buffer);
    }
    let chunked = framing == Framing::Chunked;
    let mut response = match filtered {
        true => filters::response_body(road, body, framing),
        false => Passage::Straight(body_pump(road, body, chunked)),
    };
    let result = relay(road, up, request, &mut response).await;
    road.ex.log.bytes_out += response.written();
    up.received += response.read();
    response.retire(&road.worker.buffers);
    if let Some(passage) = &*request {
        up.sent += passage.written();
        road.ex.log.bytes_in += passage.read();
        // the server has answered and no longer listens: what the client still sends has no reader
        road.keep_alive = false;
    }
    result?;
    Ok(reusable && request.is_none())
}

fn write_head(road: &mut Road<'_>, framing: Framing, upgrade: bool) {
    let connection = match Connection::for_peer(road.ex.request.version, road.keep_alive) {
        _ if road.ex.response.framing == Framing::Tunnel => Connection::Upgrade,
        Connection::Silent if upgrade => Connection::Upgrade,
        other => other,
    };
    road.ex.log.status = road.ex.response.status;
    let out = road.client.lead.head();
    http1::response_head(&road.ex.response, framing, connection, out);
    road.response_begun = true;
}

/// How the body goes to the client: as it came, except that one without a known end is chunked for who understands it.
fn client_framing(road: &mut Road<'_>, filtered: bool) -> Framing {
    let old = road.ex.request.version == Version::Http10;
    let asked = &road.ex.request.method;
    let framing = match road.ex.response.framing {
        Framing::UntilClose if !old && *asked != Method::Connect => Framing::Chunked,
        Framing::Chunked if old => Framing::UntilClose,
        // a rule made HEAD of the client's method: to the client this is a response whose body is empty
        Framing::None if *asked == Method::Head && !road.head_only && has_body(road.ex.response.status) => {
            Framing::Length(0)
        }
        framing => framing,
    };
    match filtered {
        true => filters::framing(road, Direction::Response, framing),
        false => framing,
    }
}

fn has_body(status: u16) -> bool {
    !matches!(status, 100..200 | 204 | 304)
}

/// The body, of which a beginning may have been looked at by rules already.
fn body_pump(road: &mut Road<'_>, body: Option<BodyReader>, chunked: bool) -> Pump {
    let out = road.client.lead.head();
    let trailers = body.as_ref().and_then(BodyReader::trailers);
    let whole = payload::write(&road.ex.response_payload, chunked, trailers, out);
    match body {
        Some(body) if !whole => {
            let sent = road.ex.response_payload.data.len();
            Pump::resume(body, chunked, Throttle::new(road.ex, false), sent)
        }
        _ => Pump::new(Framing::None, false),
    }
}

/// Sends the head alone, to a client that asked for no more (a rule made GET of its HEAD). True when the body that came
/// all the same was read to its end.
async fn without_body(
    road: &mut Road<'_>,
    up: &mut Upstream,
    body: Option<BodyReader>,
) -> Result<bool, Fail> {
    road.ex.log.bytes_out += road.client.lead.before().len() as u64;
    forward::write_lead(road.client, road.time(Timeout::Client))
        .await
        .map_err(|_| Fail::silent(b'C', phase::DATA, Fault::ClientAbort))?;
    match body {
        None => Ok(true),
        Some(BodyReader::UntilClose) => Ok(false),
        Some(body) => Ok(discard(road, up, body).await),
    }
}

async fn discard(road: &mut Road<'_>, up: &mut Upstream, mut body: BodyReader) -> bool {
    let until = from_now(road.time(Timeout::Server));
    let deadline = &mut *road.server_deadline;
    let mut left = DISCARD;
    poll_fn(|cx| {
        loop {
            while !up.buffer.is_empty() {
                let Ok(step) = body.next(up.buffer.filled()) else { return Poll::Ready(false) };
                let (consumed, end) = (step.consumed, step.end);
                up.buffer.consume(consumed);
                if end {
                    return Poll::Ready(true);
                }
            }
            match up.stream.poll_read(cx, up.buffer.room()) {
                Poll::Ready(Ok(n)) if n > 0 && n <= left => {
                    left -= n;
                    up.fill(n);
                }
                Poll::Ready(_) => return Poll::Ready(false),
                Poll::Pending => return deadline.poll(until, cx).map(|()| false),
            }
        }
    })
    .await
}

/// Pumps the response, and what is left of the request, until the response is written.
async fn relay(
    road: &mut Road<'_>,
    up: &mut Upstream,
    request: &mut Option<Passage>,
    response: &mut Passage,
) -> Result<(), Fail> {
    let server_time = road.time(Timeout::Server);
    let client_time = road.time(Timeout::Client);
    let Client { stream, buffer, lead, deadline, .. } = &mut *road.client;
    let (ex, server_deadline, through) = (&mut *road.ex, &mut *road.server_deadline, &mut road.filters);
    let mut seen = (0, 0);
    let mut since = road.now;
    poll_fn(|cx| {
        if let Some(passage) = request
            && let Poll::Ready(done) =
                passage.poll(cx, (stream, buffer), &up.stream, &mut up.lead, (through, ex))
        {
            match done {
                Ok(()) => up.sent += request.take().map_or(0, |passage| passage.written()),
                Err(fail @ PumpFail::Filter(..)) => return Poll::Ready(Err(cut_short(fail))),
                // what has become of the rest of the request is of no concern to the response
                Err(_) => {}
            }
        }
        match response.poll(cx, (&up.stream, &mut up.buffer), stream, lead, (through, ex)) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(fail)) => return Poll::Ready(Err(cut_short(fail))),
            Poll::Pending => {}
        }
        up.buffer.rest();
        buffer.rest();
        let moved = (response.read(), response.written());
        if seen != moved {
            seen = moved;
            since = clock::now();
        }
        if response.is_held() || response.is_rung() {
            since = clock::now();
            return Poll::Pending;
        }
        let at = |time: Option<Duration>| time.map(|t| since + t);
        if response.is_writing() || !lead.is_empty() {
            let late = || Err(Fail::silent(b'c', phase::DATA, Fault::ClientAbort));
            return deadline.poll(at(client_time), cx).map(|()| late());
        }
        let late = || match response.waits_for_filter() {
            true => Err(filters::held_too_long(phase::DATA, true)),
            false => Err(Fail::silent(b's', phase::DATA, Fault::ServerAbort)),
        };
        server_deadline.poll(at(server_time), cx).map(|()| late())
    })
    .await
}

fn cut_short(fail: PumpFail) -> Fail {
    match fail {
        PumpFail::Filter(stop, at) => filters::stopped(stop, at, phase::DATA, true),
        PumpFail::From => Fail::silent(b'S', phase::DATA, Fault::ServerAbort),
        PumpFail::Malformed => Fail::silent(b'P', phase::DATA, Fault::ServerAbort),
        PumpFail::To => Fail::silent(b'C', phase::DATA, Fault::ClientAbort),
    }
}
