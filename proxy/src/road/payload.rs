//! Takes the body of a request in before it is forwarded: for rules that look at it, and so that a small one can be
//! sent a second time.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::{Client, Fail, Fault, Road, from_now, phase};
use crate::http1::{self, BadBody, BodyReader};
use crate::net::Buffer;
use portero_api::{Exchange, Headers, Payload, Timeout, clock};

/// Waits until `at_least` bytes of the body (0: all, or a full buffer) are there, at most for `time`.
pub async fn of_request(road: &mut Road<'_>, at_least: usize, time: Option<Duration>) -> Result<(), Fail> {
    let limit = limit(road);
    let enough = if at_least == 0 { limit } else { at_least.min(limit) };
    let until = from_now(time);
    take_arrived(road.client, road.ex, limit)?;
    if !road.ex.payload.complete && road.head.expects_continue {
        say_continue(road).await?;
    }
    while !road.ex.payload.complete && road.ex.payload.data.len() < enough {
        read_more(road, until).await?;
        take_arrived(road.client, road.ex, limit)?;
    }
    Ok(())
}

/// How much of a body may be held (`tune.bufsize` less `tune.maxrewrite`).
pub fn limit(road: &Road<'_>) -> usize {
    let global = &road.snapshot.checked.global;
    global.bufsize - global.maxrewrite
}

/// Moves what has arrived of the body from the client's buffer to the payload.
pub fn take_arrived(client: &mut Client, ex: &mut Exchange, limit: usize) -> Result<(), Fail> {
    take(&mut client.body, &mut client.buffer, &mut ex.payload, limit).map_err(|_| malformed())
}

/// Moves what is in a buffer of a body to a payload, up to `limit` bytes in all. A body whose end was read is forgotten
/// unless it has trailers.
pub fn take(
    body: &mut Option<BodyReader>,
    buffer: &mut Buffer,
    payload: &mut Payload,
    limit: usize,
) -> Result<(), BadBody> {
    let Payload { data, complete } = payload;
    let Some(reader) = body else {
        *complete = true;
        return Ok(());
    };
    while !buffer.is_empty() && data.len() < limit {
        let input = buffer.filled();
        let room = limit - data.len();
        let step = reader.next(&input[..input.len().min(room)])?;
        data.extend_from_slice(step.data);
        let (consumed, ended) = (step.consumed, step.end);
        buffer.consume(consumed);
        if ended {
            *complete = true;
            break;
        }
        if consumed == 0 {
            break;
        }
    }
    if *complete && reader.trailers().is_none_or(Headers::is_empty) {
        *body = None;
    }
    Ok(())
}

/// Appends a payload as it goes on the wire; true when that is the whole body.
pub fn write(payload: &Payload, chunked: bool, trailers: Option<&Headers>, out: &mut Vec<u8>) -> bool {
    write_piece(&payload.data, chunked, out);
    if payload.complete && chunked {
        http1::last_chunk(trailers, out);
    }
    payload.complete
}

/// Appends a whole body as it goes on the wire.
pub fn write_all(data: &[u8], chunked: bool, trailers: Option<&Headers>, out: &mut Vec<u8>) {
    write_piece(data, chunked, out);
    if chunked {
        http1::last_chunk(trailers, out);
    }
}

fn write_piece(data: &[u8], chunked: bool, out: &mut Vec<u8>) {
    match chunked && !data.is_empty() {
        true => http1::chunk(data, out),
        false => out.extend_from_slice(data),
    }
}

fn malformed() -> Fail {
    Fail::status(400, b'P', phase::REQUEST, Fault::BadRequest)
}

/// Waits for more of the body; false when there is none to come, no room for it, or the time is over.
pub async fn more(road: &mut Road<'_>, until: Option<Instant>) -> Result<bool, Fail> {
    let limit = limit(road);
    let before = road.ex.payload.data.len();
    take_arrived(road.client, road.ex, limit)?;
    let payload = &road.ex.payload;
    if payload.data.len() > before {
        return Ok(true);
    }
    if payload.complete || payload.data.len() >= limit || !read(road, until).await? {
        return Ok(false);
    }
    take_arrived(road.client, road.ex, limit)?;
    Ok(true)
}

async fn read_more(road: &mut Road<'_>, until: Option<Instant>) -> Result<(), Fail> {
    let idle = road.time(Timeout::Client).map(|t| clock::now() + t);
    let until = match (until, idle) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    match read(road, until).await? {
        true => Ok(()),
        false => Err(Fail::status(408, b'c', phase::REQUEST, Fault::BadRequest)),
    }
}

/// Reads from the client; false when the time is over.
async fn read(road: &mut Road<'_>, until: Option<Instant>) -> Result<bool, Fail> {
    let Client { stream, buffer, deadline, .. } = &mut *road.client;
    let read = poll_fn(|cx| {
        if let Poll::Ready(read) = stream.poll_read(cx, buffer.room()) {
            return Poll::Ready(Some(read));
        }
        deadline.poll(until, cx).map(|()| None)
    });
    match read.await {
        Some(Ok(n)) if n > 0 => {
            road.client.buffer.fill(n);
            road.ex.log.bytes_in += n as u64;
            Ok(true)
        }
        Some(_) => Err(Fail::status(400, b'C', phase::REQUEST, Fault::ClientAbort)),
        None => Ok(false),
    }
}

/// Writes to a client that waits for it that it may send its body (RFC 9110, 10.1.1).
pub fn promise(client: &mut Client, ex: &mut Exchange) {
    ex.request.headers.remove(b"expect");
    client.lead.head().extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
}

/// Shows what a client has sent in TCP mode; it stays in the buffer for the tunnel.
pub fn show(buffer: &Buffer, ex: &mut Exchange) {
    ex.payload.data.clear();
    ex.payload.data.extend_from_slice(buffer.filled());
}

/// Tells it so at once.
pub async fn say_continue(road: &mut Road<'_>) -> Result<(), Fail> {
    road.head.expects_continue = false;
    promise(road.client, road.ex);
    super::forward::write_lead(road.client, road.time(Timeout::Client))
        .await
        .map_err(|_| Fail::silent(b'C', phase::REQUEST, Fault::ClientAbort))
}
