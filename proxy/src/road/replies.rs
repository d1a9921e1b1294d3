//! The one place where a failure, a refusal or a service becomes a reply.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use portero_api::tables::Event;
use portero_api::{
    Body, Close, Counter, Exchange, Framing, Headers, Message, Method, Reply, Timeout, Version, clock,
};

use super::{Client, Fail, Fault, Road, Tell, deeds, forward, tell};
use crate::http1::{self, Connection};

/// Ends an exchange that failed: tells the client what is left to tell, and notes why.
pub async fn rescue(road: &mut Road<'_>, fail: Fail) {
    tell::ended(road, &fail);
    note(road, &fail);
    match fail.answer {
        Tell::Nothing if road.response_begun && fail.fault != Fault::Intercepted => {
            // the client must not take what it has for the whole
            road.client.stream.reset_on_close();
            road.keep_alive = false;
        }
        Tell::Nothing if fail.fault == Fault::Intercepted => {}
        Tell::Nothing => road.keep_alive = false,
        Tell::Close(close) => {
            road.keep_alive = false;
            if let Close::Silent(ttl) = close {
                deeds::vanish(&road.client.stream, ttl);
            }
        }
        Tell::Reply(reply) => {
            let asked = match reply {
                Reply::Status(status) | Reply::StatusWith(status, _) => status,
                Reply::Message(_) => 0,
            };
            let message = page(road, reply);
            if message.status == 0 {
                // an empty error file: the connection is closed without a word
                road.ex.log.status = asked;
                road.keep_alive = false;
                return;
            }
            let keeps =
                matches!(fail.fault, Fault::DeniedRequest | Fault::DeniedResponse | Fault::Intercepted);
            road.keep_alive &= keeps && !message.close;
            // who does not read the reply has had it all the same
            let _ = serve(road, message, Body::Whole(Default::default())).await;
        }
    }
}

/// The message of a reply: the error page of the backend, of the frontend, or the built-in one.
pub fn page(road: &Road<'_>, reply: Reply) -> Message {
    let (status, field) = match reply {
        Reply::Message(message) => return *message,
        Reply::Status(status) => (status, None),
        Reply::StatusWith(status, field) => (status, Some(*field)),
    };
    let mut message = own_page(road, status).unwrap_or_else(|| default_page(status));
    if let Some((name, value)) = field {
        message.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        message.headers.push((name, value));
    }
    message
}

/// The page that backend or frontend have for a status.
pub fn own_page(road: &Road<'_>, status: u16) -> Option<Message> {
    [&road.be, &road.fe].into_iter().find_map(|proxy| match proxy.conf.error_pages.get(&status) {
        Some(message) => Some(Message::clone(message)),
        None => proxy.made_pages.get(&status).map(|page| page.message(road.ex)),
    })
}

/// The built-in page of a status.
pub fn default_page(status: u16) -> Message {
    let reason = http1::reason(status);
    let text = match status {
        400 => "The request could not be understood.",
        401 => "A user and a password are needed here.",
        403 => "A rule of this proxy refuses this request.",
        404 => "There is nothing here.",
        405 => "This method is not allowed here.",
        407 => "A user and a password are needed by this proxy.",
        408 => "The request took too long to arrive.",
        410 => "What was here is gone for good.",
        413 => "The request is larger than what is taken here.",
        414 => "The first line of the request is too long.",
        417 => "What the request expects cannot be met.",
        421 => "This request belongs to another server.",
        422 => "The request cannot be worked on.",
        425 => "The request came too early to be safe.",
        429 => "Too many requests came in too short a time.",
        431 => "The head of the request is too long.",
        500 => "The proxy met an error of its own.",
        501 => "The request asks for what this proxy does not know.",
        502 => "The server gave an answer that is of no use.",
        503 => "No server can take this request now.",
        504 => "The server took too long to answer.",
        505 => "This version of HTTP is not spoken here.",
        _ => "",
    };
    let html = format!("<html><body><h1>{status} {reason}</h1>\n{text}\n</body></html>\n");
    Message::new(status).header("cache-control", "no-cache").body("text/html", html)
}

/// Appends the error page of a frontend for a request that never was one, with the end of the connection; nothing when
/// the page is an empty file.
pub fn write_page(fe: &crate::snapshot::Proxy, status: u16, out: &mut Vec<u8>) {
    let message = match fe.conf.error_pages.get(&status) {
        Some(message) => Message::clone(message),
        None => default_page(status),
    };
    if message.status == 0 {
        return;
    }
    let mut response = portero_api::Response { status: message.status, ..Default::default() };
    response.reason.extend_from_slice(message.reason.as_deref().unwrap_or(http1::reason(status)).as_bytes());
    message.headers.iter().for_each(|(name, value)| response.headers.add(name, value));
    let framing = Framing::Length(message.body.len() as u64);
    http1::response_head(&response, framing, Connection::Close, out);
    out.extend_from_slice(&message.body);
}

/// Sends a message that was made here, as the response of the exchange.
pub async fn serve(road: &mut Road<'_>, message: Message, body: Body) -> Result<(), Fail> {
    let message = prepare(road, message, &body);
    send(road, message, body).await
}

/// Makes a message and its body the response of the exchange, for rules to look at.
pub fn prepare(road: &mut Road<'_>, mut message: Message, body: &Body) -> Message {
    if let Body::Whole(bytes) = body
        && !bytes.is_empty()
    {
        message.body = bytes.clone();
    }
    finish_request(road);
    let framing = match body {
        // what comes as a stream has no length
        Body::Stream(_) => Framing::Chunked,
        Body::Whole(_) => Framing::Length(message.body.len() as u64),
    };
    put(road.ex, &message, framing);
    message
}

/// Sends the response that was prepared.
pub async fn send(road: &mut Road<'_>, mut message: Message, mut body: Body) -> Result<(), Fail> {
    if forward::after_response_rules(road).await.is_err() {
        road.ex.count_everywhere(Counter::InternalErrors);
        // no rule sees this page: it would only fail again
        (message, body) = (default_page(500), Body::Whole(Default::default()));
        put(road.ex, &message, Framing::Length(message.body.len() as u64));
    }
    let framing = write_head(road);
    let bodyless = road.ex.request.method == Method::Head;
    if !bodyless {
        road.client.lead.head().extend_from_slice(&message.body);
        road.ex.log.bytes_out += message.body.len() as u64;
    }
    if matches!(body, Body::Whole(_)) {
        // who has the whole reply finds that nothing is under way any more
        road.ex.trackers.release();
    }
    write(road).await?;
    match body {
        Body::Stream(_) if !bodyless => send_body(road, body, framing == Framing::Chunked).await,
        _ => Ok(()),
    }
}

/// Writes the head of the exchange's response, and says how its body ends for this client.
pub fn write_head(road: &mut Road<'_>) -> Framing {
    road.ex.log.status = road.ex.response.status;
    let old = road.ex.request.version == Version::Http10;
    let framing = match road.ex.response.framing {
        Framing::Chunked if old => Framing::UntilClose,
        framing => framing,
    };
    road.keep_alive &= framing != Framing::UntilClose;
    let connection = Connection::for_peer(road.ex.request.version, road.keep_alive);
    let out = road.client.lead.head();
    let before = out.len();
    http1::response_head(&road.ex.response, framing, connection, out);
    road.ex.log.bytes_out += (out.len() - before) as u64;
    road.response_begun = true;
    framing
}

/// Makes a message the response of an exchange.
pub fn put(ex: &mut Exchange, message: &Message, framing: Framing) {
    let response = &mut ex.response;
    response.clear();
    response.status = message.status;
    let reason = message.reason.as_deref().unwrap_or(http1::reason(message.status));
    response.reason.extend_from_slice(reason.as_bytes());
    message.headers.iter().for_each(|(name, value)| response.headers.add(name, value));
    response.framing = framing;
    ex.room.waiting = 0;
}

/// Sends a body, piece by piece.
pub async fn send_body(road: &mut Road<'_>, mut body: Body, chunked: bool) -> Result<(), Fail> {
    while let Some(piece) = next_piece(&mut body).await {
        if piece.is_empty() {
            continue;
        }
        let out = road.client.lead.head();
        let before = out.len();
        match chunked {
            true => http1::chunk(&piece, out),
            false => out.extend_from_slice(&piece),
        }
        road.ex.log.bytes_out += (out.len() - before) as u64;
        write(road).await?;
    }
    if chunked {
        http1::last_chunk(None::<&Headers>, road.client.lead.head());
        write(road).await?;
    }
    Ok(())
}

async fn next_piece(body: &mut Body) -> Option<Bytes> {
    match body {
        Body::Stream(chunks) => chunks.next().await,
        Body::Whole(bytes) => Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
    }
}

async fn write(road: &mut Road<'_>) -> Result<(), Fail> {
    forward::write_lead(road.client, road.time(Timeout::Client)).await.map_err(|_| {
        road.keep_alive = false;
        Fail::silent(b'C', super::phase::DATA, Fault::ClientAbort)
    })
}

/// Takes the rest of the request body that has arrived already; when more is still to come the connection cannot be
/// used again.
fn finish_request(road: &mut Road<'_>) {
    let limit = usize::MAX;
    let taken = super::payload::take_arrived(road.client, road.ex, limit);
    if taken.is_err() || !(road.ex.payload.complete || road.client.body.is_none()) {
        road.keep_alive = false;
    }
}

/// Notes in log and counters whose fault it was.
pub fn note(road: &mut Road<'_>, fail: &Fail) {
    let term = &mut road.ex.log.term;
    (term.cause, term.phase) = (fail.cause, fail.phase);
    let (fe, be) = (&road.fe.state.front, &road.be.state.back);
    let backend = !std::rc::Rc::ptr_eq(&road.fe, &road.be) || road.ex.backend.is_some();
    let count = |front: bool, counter: Counter| {
        if front {
            fe.inc(counter);
        }
        if backend {
            be.inc(counter);
        }
    };
    match fail.fault {
        Fault::DeniedRequest | Fault::BadRequest => road.ex.count(Event::Error, 1),
        Fault::BadResponse | Fault::ServerAbort => road.ex.count(Event::Failure, 1),
        _ => {}
    }
    match fail.fault {
        Fault::DeniedRequest => count(true, Counter::DeniedRequests),
        Fault::DeniedResponse => count(true, Counter::DeniedResponses),
        Fault::Internal => road.ex.count_everywhere(Counter::InternalErrors),
        Fault::Intercepted => count(true, Counter::Intercepted),
        Fault::BadRequest => count(true, Counter::RequestErrors),
        Fault::ClientAbort => count(false, Counter::ClientAborts),
        Fault::Connect => count(false, Counter::ConnectErrors),
        Fault::BadResponse => count(false, Counter::ResponseErrors),
        Fault::ServerAbort => count(false, Counter::ServerAborts),
    }
}

/// Ends a connection whose client may still be sending: what it sends is read and thrown away for a moment, so that
/// the reply is not destroyed by a reset (RFC 9112, 9.6).
pub async fn linger(client: &mut Client) {
    if client.stream.shutdown_write().is_err() {
        return;
    }
    let until = Some(clock::now() + LINGER);
    let mut left: usize = LINGER_BYTES;
    let Client { stream, buffer, deadline, .. } = client;
    poll_fn(|cx| {
        loop {
            buffer.clear();
            match stream.poll_read(cx, buffer.room()) {
                Poll::Ready(Ok(n)) if n > 0 && left > n => left -= n,
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return deadline.poll(until, cx),
            }
        }
    })
    .await;
}

const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;
