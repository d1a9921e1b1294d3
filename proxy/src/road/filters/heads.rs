//! Heads on their way through filters, with as much of a body as a head has to wait for.

use std::future::poll_fn;
use std::task::{Context, Poll};

use portero_api::{Direction, Exchange, Framing, Method, Timeout, clock};

use super::line::Stop;
use super::passage::feed;
use super::{Filters, held_too_long, stopped};
use crate::http1::BodyReader;
use crate::net::Buffer;
use crate::road::abort::{self, Watch};
use crate::road::incoming::{self, Incoming};
use crate::road::{Client, Fail, Fault, Road, forward, payload, phase, tell};

/// How far a head got.
enum Step {
    /// All filters have let it pass.
    Passed,
    /// It waits for more of the body.
    More,
    /// A filter asked for another turn, which comes at once.
    Again,
    /// It waits for a filter.
    Held,
}

/// Why it gets no further.
enum Bad {
    /// A filter said so.
    Stop(Stop),
    /// What came is no body.
    Malformed,
}

/// Lets the head of the request pass its filters.
pub async fn request(road: &mut Road<'_>) -> Result<(), Fail> {
    let mut seen = look(road).await;
    // nearly always it passes at once, and nothing is to be known of how long it may take
    if !matches!(seen, None | Some(Ok(Step::Passed))) {
        while !request_passes(road, seen.take()).await? {
            payload::say_continue(road).await?;
        }
        road.now = clock::now();
    }
    Ok(())
}

/// Moves the head of the request as far as it gets now, with what has arrived of the body; none where nobody looks.
async fn look(road: &mut Road<'_>) -> Option<Result<Step, Bad>> {
    let filters = road.filters.as_mut()?;
    let (ex, Client { buffer, body, .. }) = (&mut *road.ex, &mut *road.client);
    Some(poll_fn(|cx| Poll::Ready(push(cx, (filters, ex), Direction::Request, (body, buffer)))).await)
}

/// Waits until it has passed, after the first look. False when a filter wants a body that the client sends only once it
/// was told to.
async fn request_passes(road: &mut Road<'_>, mut seen: Option<Result<Step, Bad>>) -> Result<bool, Fail> {
    let (client_time, held_time) = (road.time(Timeout::Client), road.time(Timeout::Server));
    let on = abort::is_watched(road);
    let waits_for_word = road.head.expects_continue;
    let Some(filters) = &mut road.filters else { return Ok(true) };
    let (ex, server_deadline) = (&mut *road.ex, &mut *road.server_deadline);
    let Client { stream, buffer, deadline, body, heard, .. } = &mut *road.client;
    let mut since = None;
    poll_fn(|cx| {
        loop {
            let step = seen.take();
            match step.unwrap_or_else(|| push(cx, (filters, ex), Direction::Request, (body, buffer))) {
                Ok(Step::Passed) => return Poll::Ready(Ok(true)),
                Ok(Step::More) if waits_for_word => return Poll::Ready(Ok(false)),
                Ok(Step::More) => {}
                Ok(Step::Again) => return Poll::Pending,
                Ok(Step::Held) => break,
                Err(bad) => return Poll::Ready(Err(bad.fail(Direction::Request, phase::REQUEST))),
            }
            match stream.poll_read(cx, buffer.room()) {
                Poll::Ready(Ok(n)) if n > 0 => {
                    buffer.fill(n);
                    *heard = clock::now();
                    ex.log.bytes_in += n as u64;
                }
                Poll::Ready(_) => return Poll::Ready(Err(left_early())),
                Poll::Pending => {
                    let late = || Fail::status(408, b'c', phase::REQUEST, Fault::BadRequest);
                    return deadline.poll(client_time.map(|t| *heard + t), cx).map(|()| Err(late()));
                }
            }
        }
        if Watch::new(stream, buffer, on).poll(cx).is_ready() {
            return Poll::Ready(Err(abort::left(phase::REQUEST)));
        }
        let late = || Err(held_too_long(phase::REQUEST, false));
        let since = *since.get_or_insert_with(clock::now);
        server_deadline.poll(held_time.map(|t| since + t), cx).map(|()| late())
    })
    .await
}

/// Shows what has arrived of the request's body to the filters that want it.
pub async fn arrived(road: &mut Road<'_>) -> Result<(), Fail> {
    match look(road).await {
        Some(Err(bad)) => Err(bad.fail(Direction::Request, phase::REQUEST)),
        _ => Ok(()),
    }
}

/// Lets the head of the response pass its filters, while the rest of the request goes out.
pub async fn response(road: &mut Road<'_>, incoming: &mut Incoming<'_>) -> Result<(), Fail> {
    let mut unsent = false;
    let seen = poll_fn(|cx| {
        let (ex, through, Client { stream, buffer, .. }) =
            (&mut *road.ex, &mut road.filters, &mut *road.client);
        let Incoming { up, request, body } = &mut *incoming;
        forward::send(cx, up, request, (stream, buffer), &mut unsent, (through, ex))?;
        let Some(filters) = through else { return Poll::Ready(Ok(Ok(Step::Passed))) };
        Poll::Ready(Ok(push(cx, (filters, ex), Direction::Response, (body, &mut up.buffer))))
    })
    .await?;
    if !matches!(seen, Ok(Step::Passed)) {
        response_passes(road, incoming, unsent, seen).await?;
        road.now = clock::now();
    }
    forget_length(road);
    Ok(())
}

/// Waits until the head of the response has passed, after the first look.
async fn response_passes(
    road: &mut Road<'_>,
    incoming: &mut Incoming<'_>,
    mut unsent: bool,
    seen: Result<Step, Bad>,
) -> Result<(), Fail> {
    let time = road.time(Timeout::Server);
    let on = road.be.conf.options.abortonclose;
    let (ex, server_deadline, through) = (&mut *road.ex, &mut *road.server_deadline, &mut road.filters);
    let Client { stream, buffer, .. } = &mut *road.client;
    let Incoming { up, request, body } = incoming;
    let (mut since, mut seen) = (None, Some(seen));
    poll_fn(|cx| {
        if seen.is_none() {
            forward::send(cx, up, request, (stream, buffer), &mut unsent, (through, ex))?;
        }
        let Some(filters) = through else { return Poll::Ready(Ok(())) };
        loop {
            let step = seen.take();
            match step.unwrap_or_else(|| push(cx, (filters, ex), Direction::Response, (body, &mut up.buffer)))
            {
                Ok(Step::Passed) => return Poll::Ready(Ok(())),
                Ok(Step::More) => {}
                Ok(Step::Again) => return Poll::Pending,
                Ok(Step::Held) => break,
                Err(bad) => return Poll::Ready(Err(bad.fail(Direction::Response, phase::HEADERS))),
            }
            match up.stream.poll_read(cx, up.buffer.room()) {
                Poll::Ready(Ok(n)) if n > 0 => {
                    up.fill(n);
                    since = Some(clock::now());
                }
                Poll::Ready(Ok(_)) if body.take().is_none_or(|body| body.is_complete(true)) => {
                    filters.line(Direction::Response).end(None);
                }
                Poll::Ready(_) => return Poll::Ready(Err(incoming::broken())),
                Poll::Pending => {
                    let late = || Fail::status(504, b's', phase::HEADERS, Fault::BadResponse);
                    let since = *since.get_or_insert_with(clock::now);
                    return server_deadline.poll(time.map(|t| since + t), cx).map(|()| Err(late()));
                }
            }
        }
        if Watch::new(stream, buffer, on && request.is_none()).poll(cx).is_ready() {
            return Poll::Ready(Err(abort::left(phase::HEADERS)));
        }
        let late = || Err(held_too_long(phase::HEADERS, false));
        let since = *since.get_or_insert_with(clock::now);
        server_deadline.poll(time.map(|t| since + t), cx).map(|()| late())
    })
    .await
}

/// The answer to HEAD tells no length of a body that filters would change.
fn forget_length(road: &mut Road<'_>) {
    let bodyless = road.head_only || road.ex.request.method == Method::Head;
    if bodyless && road.filters.as_mut().is_some_and(|f| f.line(Direction::Response).changes()) {
        road.ex.response.headers.remove(b"content-length");
    }
}

/// Moves a head as far as it gets, with what is there of its body.
fn push(
    cx: &mut Context<'_>,
    (filters, ex): (&mut Filters, &mut Exchange),
    direction: Direction,
    (reader, buffer): (&mut Option<BodyReader>, &mut Buffer),
) -> Result<Step, Bad> {
    let has_body = direction == Direction::Request || ex.response.framing != Framing::Tunnel;
    let mut wanted = filters.line(direction).is_wanted() && has_body;
    loop {
        if wanted {
            let line = filters.line(direction);
            let payload = match direction {
                Direction::Request => &ex.payload,
                Direction::Response => &ex.response_payload,
            };
            line.open(payload, reader);
            feed(reader, buffer, line).map_err(|_| Bad::Malformed)?;
        }
        let what = if direction == Direction::Request { "the request" } else { "the response" };
        tell::filters(ex, what, |ex| filters.poll(cx, direction, ex)).map_err(Bad::Stop)?;
        let line = filters.line(direction);
        let more = wanted && reader.is_some() && !buffer.is_empty() && line.room() > 0;
        let before = std::mem::replace(&mut wanted, line.is_wanted() && has_body);
        if more || before != wanted {
            // there is room again, or somebody has seen the head and wants the body
            continue;
        }
        return Ok(match () {
            () if line.head_has_passed() => Step::Passed,
            () if wanted && reader.is_some() && line.room() > 0 => Step::More,
            () if line.is_rung() => Step::Again,
            () => Step::Held,
        });
    }
}

impl Bad {
    fn fail(self, direction: Direction, at: u8) -> Fail {
        match (self, direction) {
            (Bad::Stop(stop), direction) => stopped(stop, direction, at, false),
            (Bad::Malformed, Direction::Request) => Fail::status(400, b'P', at, Fault::BadRequest),
            (Bad::Malformed, Direction::Response) => Fail::status(502, b'P', at, Fault::BadResponse),
        }
    }
}

/// The client ended in the middle of its body.
fn left_early() -> Fail {
    Fail::status(400, b'C', phase::REQUEST, Fault::ClientAbort)
}
