//! Takes the body of a request in before it is forwarded: for rules that look at it, and so that a small one can be
//! sent a second time.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::{Client, Fail, Fault, Road, from_now, phase};
use portero_api::{Exchange, Payload};

/// Waits until `at_least` bytes of the body (0: all, or a full buffer) are there, at most for `time`.
pub async fn of_request(road: &mut Road<'_>, at_least: usize, time: Option<Duration>) -> Result<(), Fail> {
    let limit = road.snapshot.checked.global.bufsize - road.snapshot.checked.global.maxrewrite;
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

/// Moves what has arrived of the body from the client's buffer to the payload.
pub fn take_arrived(client: &mut Client, ex: &mut Exchange, limit: usize) -> Result<(), Fail> {
    let Some(body) = &mut client.body else {
        ex.payload.complete = true;
        return Ok(());
    };
    let Payload { data, complete } = &mut ex.payload;
    while !client.buffer.is_empty() && data.len() < limit {
        let input = client.buffer.filled();
        let room = limit - data.len();
        let step = body.next(&input[..input.len().min(room)]).map_err(|_| malformed())?;
        data.extend_from_slice(step.data);
        let (consumed, ended) = (step.consumed, step.end);
        client.buffer.consume(consumed);
        if ended {
            *complete = true;
            break;
        }
        if consumed == 0 {
            break;
        }
    }
    if *complete && body.trailers().is_none_or(portero_api::Headers::is_empty) {
        client.body = None;
    }
    Ok(())
}

fn malformed() -> Fail {
    Fail::status(400, b'P', phase::DATA, Fault::BadRequest)
}

async fn read_more(road: &mut Road<'_>, until: Option<Instant>) -> Result<(), Fail> {
    let idle = road.fe.conf.timeouts.client.map(|t| Instant::now() + t);
    let until = match (until, idle) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
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
            Ok(())
        }
        Some(_) => Err(Fail::status(400, b'C', phase::DATA, Fault::ClientAbort)),
        None => Err(Fail::status(408, b'c', phase::DATA, Fault::BadRequest)),
    }
}

/// Tells a client that waits for it to send its body (RFC 9110, 10.1.1).
async fn say_continue(road: &mut Road<'_>) -> Result<(), Fail> {
    road.ex.request.headers.remove(b"expect");
    road.client.lead.head().extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
    super::forward::write_lead(road.client, road.fe.conf.timeouts.client)
        .await
        .map_err(|_| Fail::silent(b'C', phase::DATA, Fault::ClientAbort))
}
