//! A session in TCP mode: rules that may look at the first bytes, a server, a tunnel.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use portero_api::{Answer, Close, Counter, Deed, Exchange, Outcome, Wait, clock};
use portero_policies::{RuleSet, Run, Stores};

use crate::connection::Session;
use crate::http1;
use crate::net::{Deadline, Lead};
use crate::road::filters::Spare;
use crate::road::{
    self, Client, Fail, Fault, Place, Road, Side, Tell, Upstream, dial, from_now, phase, place, tunnel,
};

/// Serves a session from its first byte to its line in the log.
pub async fn session(session: &mut Session) {
    let worker = &session.worker().clone();
    let conn = session.take();
    let buffer = session.early.take().map_or_else(|| worker.buffers.take(), |early| *early);
    let mut ex = Exchange::new(conn);
    ex.sockets.client = session.socket();
    (ex.log.request_captures, ex.log.response_captures) = session.fe.conf.capture_slots();
    if let Some(format) = &session.fe.unique_id {
        ex.log.unique_id.begin(format.clone());
    }
    let timers = &mut ex.log.timers;
    timers.start = Some(ex.conn.accepted);
    timers.date = Some(ex.conn.accepted_at);
    (timers.handshake, timers.first_byte) = (Some(ex.conn.accepted), Some(ex.conn.accepted));
    let mut client = Client {
        stream: session.stream.clone(),
        buffer,
        lead: Lead::default(),
        deadline: Deadline::default(),
        body: None,
        bonds: road::Bonds::default(),
        heard: clock::now(),
    };
    let mut road = Road {
        worker,
        snapshot: session.snapshot.clone(),
        fe: session.fe.clone(),
        be: session.fe.clone(),
        client: &mut client,
        head: http1::Head {
            len: 0,
            keep_alive: false,
            suspect: false,
            upgrade: false,
            expects_continue: false,
        },
        ex: &mut ex,
        server_deadline: &mut Deadline::default(),
        now: clock::now(),
        response_begun: false,
        keep_alive: false,
        head_only: false,
        sticky: road::Sticky::default(),
        explained: None,
        filters: None,
        tried: &mut Vec::new(),
        stores: &mut Stores::default(),
        spare: &mut Spare::default(),
    };
    if let Err(fail) = inner(&mut road).await {
        end(&mut road, fail);
    }
    if session.fe.conf.options.dontlognull && road.ex.log.bytes_in == 0 {
        road.ex.log.silent = true;
    }
    if session.fe.conf.options.nolinger {
        session.stream.reset_on_close();
    }
    road::filters::end(&mut road);
    road::finish(&mut road);
}

/// The straight road of a session.
async fn inner(road: &mut Road<'_>) -> Result<(), Fail> {
    let fe = road.fe.clone();
    road::begin_trace(road);
    road::filters::attach_frontend(road);
    road::number(road);
    content_rules(road, &fe.rules.tcp_content, fe.conf.inspect_delay).await?;
    road.ex.log.timers.request = Some(clock::now());
    road::choose_backend(road)?;
    road::enter_backend(road);
    let result = placed(road).await;
    road.be.state.back_sessions.leave();
    result
}

async fn placed(road: &mut Road<'_>) -> Result<(), Fail> {
    let be = road.be.clone();
    road::filters::attach_backend(road);
    if !Rc::ptr_eq(&road.fe, &be) {
        content_rules(road, &be.rules.tcp_content, be.conf.inspect_delay).await?;
    }
    road::hold(road);
    loop {
        let place = place(road).await?;
        let fail = match dial(road, &place.server).await {
            Ok(up) => {
                road::tables::store(road, &place);
                return relay(road, up, &place).await;
            }
            Err(fail) => fail,
        };
        road::note_failure(road, &place, &fail);
        let pause = road::next_try(road, &place, fail)?;
        drop(place);
        if let Some(pause) = pause {
            crate::net::pause(pause).await;
        }
    }
}

/// `tcp-request content` rules: what they look at may still have to arrive, up to the inspect delay.
async fn content_rules(road: &mut Road<'_>, rules: &RuleSet, delay: Duration) -> Result<(), Fail> {
    if rules.is_empty() {
        return Ok(());
    }
    let until = (!delay.is_zero()).then(|| clock::now() + delay);
    let mut from = 0;
    if until.is_none() {
        road.ex.payload.complete = true;
    }
    road::show(&road.client.buffer, road.ex);
    while let Run::Answer(rule, answer) = rules.run(road.ex, from) {
        match worked(road, (rules, rule), (Side::Request, until), answer).await? {
            Answer::Continue => from = rule + 1,
            Answer::Stop => break,
            Answer::Wait(Wait::Data) => {
                from = rule;
                read_more(road, until).await;
            }
            Answer::Serve(serve) => {
                Box::pin(road::take_over(road, serve)).await?;
                from = rule + 1;
            }
            Answer::Wait(Wait::Pause(time)) => {
                crate::net::pause(time).await;
                from = rule + 1;
            }
            Answer::Do(Deed::Mark(packets)) => {
                road::mark(&road.client.stream, packets);
                from = rule + 1;
            }
            Answer::Do(Deed::Log) => {
                road::log_now(road);
                from = rule + 1;
            }
            Answer::Do(_) | Answer::Wait(_) => from = rule + 1,
            Answer::Close(close) => return Err(Fail::close(close, phase::REQUEST)),
            _ => return Err(Fail::silent(b'P', phase::REQUEST, Fault::DeniedRequest)),
        }
    }
    Ok(())
}

/// Waits for more bytes; when there will be none in time, marks what is there as all there is.
async fn read_more(road: &mut Road<'_>, until: Option<Instant>) {
    let Client { stream, buffer, deadline, .. } = &mut *road.client;
    if buffer.is_full() {
        road.ex.payload.complete = true;
        return;
    }
    let read = poll_fn(|cx| {
        if let Poll::Ready(read) = stream.poll_read(cx, buffer.room()) {
            return Poll::Ready(read.unwrap_or(0));
        }
        deadline.poll(until, cx).map(|()| 0)
    });
    match read.await {
        0 => road.ex.payload.complete = true,
        n => buffer.fill(n),
    }
    road::show(&road.client.buffer, road.ex);
}

/// The answer of a rule, or of the work that it waits for.
async fn worked(
    road: &mut Road<'_>,
    rule: (&RuleSet, usize),
    (side, until): (Side, Option<Instant>),
    answer: Answer,
) -> Result<Answer, Fail> {
    match answer {
        Answer::Wait(Wait::For(work)) => Box::pin(road::wait_for(road, rule, side, work, until)).await,
        answer => Ok(answer),
    }
}

async fn relay(road: &mut Road<'_>, mut up: Upstream, place: &Place) -> Result<(), Fail> {
    let work = async {
        up.send_lead().await?;
        road::log_early(road);
        road::filters::begin_response(road);
        response_rules(road, &mut up).await?;
        road::tables::store_response(road, place);
        tunnel::run(road, &mut up).await
    };
    let ended = place.server.pool.sessions.until_ended(pin!(work)).await;
    let result = ended.unwrap_or_else(|why| Err(Fail::ended(why, true)));
    up.note_bytes(&mut road.ex.log);
    up.release(false, road.now, &road.worker.buffers);
    let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Aborted };
    road.be.balance.finished(&place.server.state, outcome);
    result
}

/// `tcp-response content` rules on the first bytes of the server.
async fn response_rules(road: &mut Road<'_>, up: &mut Upstream) -> Result<(), Fail> {
    let be = road.be.clone();
    let rules = &be.rules.tcp_response;
    if rules.is_empty() {
        return Ok(());
    }
    let until =
        from_now((!be.conf.response_inspect_delay.is_zero()).then_some(be.conf.response_inspect_delay));
    road.ex.response_payload.complete = until.is_none();
    let mut from = 0;
    while let Run::Answer(rule, answer) = rules.run(road.ex, from) {
        match worked(road, (rules, rule), (Side::Response, None), answer).await? {
            Answer::Continue => from = rule + 1,
            Answer::Stop => break,
            Answer::Wait(Wait::Data) => {
                from = rule;
                read_response(road, up, until).await;
            }
            Answer::Do(Deed::Mark(packets)) => {
                road::mark(&road.client.stream, packets);
                from = rule + 1;
            }
            Answer::Do(Deed::Log) => {
                road::log_now(road);
                from = rule + 1;
            }
            Answer::Do(_) | Answer::Wait(_) => from = rule + 1,
            _ => return Err(Fail::silent(b'P', phase::DATA, Fault::DeniedResponse)),
        }
    }
    Ok(())
}

/// Waits for more of the server's bytes; the client's go to the server meanwhile, for it may speak second.
async fn read_response(road: &mut Road<'_>, up: &mut Upstream, until: Option<Instant>) {
    let Client { stream, buffer, .. } = &mut *road.client;
    let deadline = &mut *road.server_deadline;
    let read = poll_fn(|cx| {
        tunnel::push_once(cx, (stream, buffer), &up.stream);
        if let Poll::Ready(read) = up.stream.poll_read(cx, up.buffer.room()) {
            return Poll::Ready(read.unwrap_or(0));
        }
        deadline.poll(until, cx).map(|()| 0)
    });
    match read.await {
        0 => road.ex.response_payload.complete = true,
        n => up.fill(n),
    }
    let data = &mut road.ex.response_payload.data;
    data.clear();
    data.extend_from_slice(up.buffer.filled());
}

/// Notes why a session ended before its time; there is nobody to be told in words.
fn end(road: &mut Road<'_>, fail: Fail) {
    road::note(road, &fail);
    if let Tell::Close(Close::Silent(ttl)) = fail.answer {
        road::vanish(&road.client.stream, ttl);
    }
    if fail.fault == Fault::DeniedRequest {
        road.fe.state.front.inc(Counter::DeniedConnections);
    }
}
