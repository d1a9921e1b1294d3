//! Services: a plugin answers in the place of a server (`use-service`).

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use portero_api::{
    Answer, Body, Client as _, Close, Counter, Message, Reply, Serve, Served, Timeout, Work, clock,
};

use super::client_side::{Talk, Trouble};
use super::rules::{self, Side};
use super::{Fail, Fault, Road, Tell, abort, forward, phase, replies, work};

/// The most that is read of a body that a service has left, so that the connection can go on.
const DISCARD: usize = 1 << 18;

/// Lets a service answer a request: then the exchange ends here, which is the error. One that passes changes nothing.
pub async fn answer(road: &mut Road<'_>, serve: Serve) -> Result<(), Fail> {
    match serve {
        Serve::Pass => return Ok(()),
        Serve::Reply(Served { head, body }) => {
            begin(road);
            reply(road, head, body).await?;
        }
        Serve::Talk(work) => {
            begin(road);
            converse(road, work).await?;
        }
    }
    Err(Fail::served())
}

/// The same for a session in TCP mode: the service speaks with the client until it ends.
pub async fn take_over(road: &mut Road<'_>, serve: Serve) -> Result<(), Fail> {
    let answer = match serve {
        Serve::Pass => return Ok(()),
        // a head has no place here
        Serve::Reply(Served { body, .. }) => {
            begin(road);
            replies::send_body(road, body, false).await?;
            Answer::Continue
        }
        Serve::Talk(mut work) => {
            begin(road);
            let mut talk = Talk::of_service(road, false);
            turn(road, &mut *work, &mut talk).await?.unwrap_or(Answer::Continue)
        }
    };
    flush(road).await?;
    match answer {
        Answer::Close(close) => return Err(Fail::close(close, phase::REQUEST)),
        Answer::Fail => road.ex.count_everywhere(Counter::InternalErrors),
        _ => {}
    }
    replies::linger(road.client).await;
    Err(Fail { cause: b'-', phase: b'-', ..Fail::served() })
}

/// The service stands for a server that is reached at once.
fn begin(road: &mut Road<'_>) {
    let now = clock::now();
    road.now = now;
    let timers = &mut road.ex.log.timers;
    timers.request.get_or_insert(now);
    (timers.queued, timers.connected) = (Some(now), Some(now));
}

/// Sends a response that is ready, behind the rules for responses.
async fn reply(road: &mut Road<'_>, head: Message, body: Body) -> Result<(), Fail> {
    let head = replies::prepare(road, head, &body);
    response_rules(road).await?;
    replies::send(road, head, body).await
}

/// Lets a service speak with the client, from its first word to the end of its response.
async fn converse(road: &mut Road<'_>, mut work: Box<dyn Work>) -> Result<(), Fail> {
    let mut talk = Talk::of_service(road, true);
    let mut ended = turn(road, &mut *work, &mut talk).await?;
    if talk.has_begun() {
        send_head(road, &mut talk).await?;
        if ended.is_none() {
            ended = turn(road, &mut *work, &mut talk).await?;
        }
    }
    let answer = ended.unwrap_or(Answer::Continue);
    match talk.is_silent() {
        true => nothing_said(road, answer, talk.trouble()).await,
        false => end(road, talk, answer).await,
    }
}

/// Polls a service until it ends, or has begun a response whose head the rules are to see: then without an answer.
async fn turn(road: &mut Road<'_>, work: &mut dyn Work, talk: &mut Talk) -> Result<Option<Answer>, Fail> {
    let at = if road.response_begun { phase::DATA } else { phase::REQUEST };
    poll_fn(|cx| {
        if let Poll::Ready(answer) = work.poll(cx, road.ex, &mut talk.side(road.client)) {
            return Poll::Ready(Ok(Some(answer)));
        }
        if talk.has_begun() {
            return Poll::Ready(Ok(None));
        }
        // what it has said so far goes out while it works on; there is no way to tell it more than that the client left
        if let Poll::Ready(Err(_)) = talk.side(road.client).poll_out(cx) {
            return Poll::Ready(Err(lost(talk.trouble())));
        }
        work::poll_left(road, cx).map(|()| Err(abort::left(at)))
    })
    .await
}

/// Shows the head of a response to the rules, and puts it in front of the body.
async fn send_head(road: &mut Road<'_>, talk: &mut Talk) -> Result<(), Fail> {
    road.ex.log.timers.response = Some(clock::now());
    response_rules(road).await?;
    if forward::after_response_rules(road).await.is_err() {
        // the page says so, and is not shown to the rule that failed
        return Err(Fail::status(500, b'P', phase::HEADERS, Fault::Intercepted));
    }
    // who has not been asked for its body may send it, or not
    road.keep_alive &= !talk.expects_continue;
    let framing = replies::write_head(road);
    talk.open(framing);
    super::log_early(road);
    Ok(())
}

/// `tcp-response content` and `http-response` rules: of the backend, then of the frontend.
async fn response_rules(road: &mut Road<'_>) -> Result<(), Fail> {
    let (fe, be) = (road.fe.clone(), road.be.clone());
    rules::run_all(road, [&be.rules.tcp_response, &be.rules.http_response], Side::Response).await?;
    if !Rc::ptr_eq(&fe, &be) {
        rules::run_all(road, [&fe.rules.http_response], Side::Response).await?;
    }
    Ok(())
}

/// The service has ended without a response: with another answer, or because something failed.
async fn nothing_said(road: &mut Road<'_>, answer: Answer, trouble: Option<Trouble>) -> Result<(), Fail> {
    let failed = match (answer, trouble) {
        (Answer::Close(close), _) => return Err(Fail::close(close, phase::REQUEST)),
        (Answer::Reply(reply) | Answer::Deny(reply), _) => {
            return Err(Fail::reply(reply, b'L', phase::REQUEST, Fault::Intercepted));
        }
        (_, Some(Trouble::Left)) => (400, b'C', Fault::ClientAbort),
        (_, Some(Trouble::Late)) => (408, b'c', Fault::BadRequest),
        (_, Some(Trouble::Malformed)) => (400, b'P', Fault::BadRequest),
        (_, None) => {
            road.ex.count_everywhere(Counter::InternalErrors);
            let page = replies::page(road, Reply::Status(500));
            return reply(road, page, Body::Whole(Default::default())).await;
        }
    };
    let (status, cause, fault) = failed;
    Err(Fail::status(status, cause, phase::REQUEST, fault))
}

/// Ends a response that was begun.
async fn end(road: &mut Road<'_>, mut talk: Talk, answer: Answer) -> Result<(), Fail> {
    let broken = match answer {
        Answer::Fail => {
            road.ex.count_everywhere(Counter::InternalErrors);
            true
        }
        Answer::Close(_) => true,
        _ => false,
    };
    if broken || !talk.close(road.client, road.ex) {
        flush(road).await?;
        // elsewhere the client sees that something is missing
        if talk.is_open_ended() {
            road.client.stream.reset_on_close();
        }
        return Err(Fail { answer: Tell::Close(Close::Reject), ..Fail::served() });
    }
    // who has the whole response finds that nothing is under way any more
    road.ex.trackers.release();
    flush(road).await?;
    let mut left = DISCARD;
    road.keep_alive = road.keep_alive && poll_fn(|cx| poll_drain(road, cx, &mut talk, &mut left)).await;
    Ok(())
}

async fn flush(road: &mut Road<'_>) -> Result<(), Fail> {
    let time = road.time(Timeout::Client);
    forward::write_lead(road.client, time).await.map_err(|error| {
        lost(Some(match error.kind() {
            std::io::ErrorKind::TimedOut => Trouble::Late,
            _ => Trouble::Left,
        }))
    })
}

fn lost(trouble: Option<Trouble>) -> Fail {
    let cause = if trouble == Some(Trouble::Late) { b'c' } else { b'C' };
    Fail::silent(cause, phase::DATA, Fault::ClientAbort)
}

/// Reads what the service has left of the body; false when that is too much, or never comes.
fn poll_drain(road: &mut Road<'_>, cx: &mut Context<'_>, talk: &mut Talk, left: &mut usize) -> Poll<bool> {
    loop {
        match ready!(talk.side(road.client).poll_read(cx, road.ex, usize::MAX)) {
            Ok(Some(piece)) if piece.len() <= *left => *left -= piece.len(),
            Ok(None) => return Poll::Ready(true),
            Ok(Some(_)) | Err(_) => return Poll::Ready(false),
        }
    }
}
