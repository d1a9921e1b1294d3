//! The backend's part of the road: its rules, and the choice of a server.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use portero_api::{Candidates, Counter, Outcome};

use super::rules::{self, Side};
use super::{Fail, Fault, Road, Tell, frontend, from_now, persistence, phase};
use crate::health::Seen;
use crate::net::Deadline;
use crate::queue::Call;
use crate::snapshot::{Proxy, Rules, Server};

/// A place at a server, given back when dropped.
pub struct Place {
    /// The server.
    pub server: Rc<Server>,
    /// Its place in the backend.
    pub index: usize,
    backend: Rc<Proxy>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.backend.queue.leave(&self.backend.state, &self.server.state);
    }
}

/// Counts the request in at the backend.
pub fn enter(road: &Road<'_>) {
    let state = &road.be.state;
    state.enter_back();
    if let Some(now) = road.ex.log.timers.request {
        state.back_rate.hit(now);
    }
}

/// `tcp-request content`, `http-request` and `redirect` rules of the backend; those of a `listen` ran already.
pub async fn request_rules(road: &mut Road<'_>) -> Result<(), Fail> {
    if Rc::ptr_eq(&road.fe, &road.be) {
        return Ok(());
    }
    let be = road.be.clone();
    if be.conf.options.http_buffer_request {
        super::payload::of_request(road, 0, road.fe.conf.timeouts.http_request).await?;
    }
    let Rules { tcp_content, http_request, redirect, .. } = &be.rules;
    rules::run_all(road, [tcp_content, http_request, redirect], Side::Request).await
}

/// The statistics page of a backend.
pub async fn service(road: &mut Road<'_>) -> Result<(), Fail> {
    if Rc::ptr_eq(&road.fe, &road.be) {
        return Ok(());
    }
    let be = road.be.clone();
    frontend::serve(road, &be).await
}

/// A server for this try, with a place at it: the one persistence names, else the balancer's pick, else the first
/// that gets free.
pub async fn place(road: &mut Road<'_>) -> Result<Place, Fail> {
    let be = road.be.clone();
    loop {
        let chosen = match persistent(road, &be) {
            Some(index) => Some(index),
            None => pick(road, &be)?,
        };
        if let Some(index) = chosen
            && be.servers[index].state.try_enter()
        {
            return Ok(take(road, &be, index));
        }
        if let Some(place) = wait_in_queue(road, &be, chosen).await? {
            return Ok(place);
        }
    }
}

/// The server that a `use-server` rule or the client's cookie names.
fn persistent(road: &mut Road<'_>, be: &Rc<Proxy>) -> Option<usize> {
    let usable = |i: &usize| be.servers[*i].state.reachable() && !road.tried.contains(i);
    if let Some(name) = be.use_server.pick(road.ex)
        && let Some(index) = be.servers.iter().position(|s| *s.conf.name == *name)
        && usable(&index)
    {
        persistence::overruled(road);
        return Some(index);
    }
    // whether it is up was asked where the cookie was read (`option persist`)
    road.sticky.server.filter(|index| !road.tried.contains(index))
}

/// The balancer's pick. None when every server that is usable is full; an error when none is usable.
fn pick(road: &Road<'_>, be: &Rc<Proxy>) -> Result<Option<usize>, Fail> {
    let version = be.state.version();
    let mut candidates = Candidates::new(&be.states, road.tried, version);
    if !road.tried.is_empty() && candidates.rotation().all(|(i, _)| road.tried.contains(&i)) {
        // all were tried: better the same again than none
        candidates = Candidates::new(&be.states, &[], version);
    }
    if let Some(index) = be.balance.pick(road.ex, &candidates) {
        be.state.back.inc(Counter::Selected);
        return Ok(Some(index));
    }
    match candidates.rotation().next() {
        Some(_) => Ok(None),
        None => Err(Fail::status(503, b'S', phase::CONNECT, Fault::Connect)),
    }
}

/// Waits for a place; none when servers have changed and another choice is due.
async fn wait_in_queue(
    road: &mut Road<'_>,
    be: &Rc<Proxy>,
    bound: Option<usize>,
) -> Result<Option<Place>, Fail> {
    let server = bound.map(|i| be.servers[i].state.clone());
    if let Some(index) = bound {
        let conf = &be.servers[index].conf;
        if conf.maxqueue > 0 && be.servers[index].state.queued() >= conf.maxqueue {
            road.tried.push(index);
            return Ok(None);
        }
    }
    let mut ticket = be.queue.wait(&be.state, server);
    match bound {
        Some(_) => road.ex.log.server_queue = ticket.ahead,
        None => road.ex.log.backend_queue = ticket.ahead,
    }
    let until = from_now(be.conf.timeouts.queue.or(be.conf.timeouts.connect));
    let mut deadline = Deadline::default();
    let call = poll_fn(|cx| {
        if let Poll::Ready(call) = Pin::new(&mut ticket).poll(cx) {
            return Poll::Ready(Some(call));
        }
        deadline.poll(until, cx).map(|()| None)
    });
    let call = call.await;
    road.now = Instant::now();
    match call {
        Some(Call::Place(state)) => {
            let index = be.states.iter().position(|s| Arc::ptr_eq(s, &state));
            match index {
                Some(index) => Ok(Some(take(road, be, index))),
                // a server of an older configuration
                None => {
                    be.queue.leave(&be.state, &state);
                    Ok(None)
                }
            }
        }
        Some(Call::Again) => Ok(None),
        None => Err(Fail::status(503, b's', phase::QUEUE, Fault::Connect)),
    }
}

fn take(road: &mut Road<'_>, be: &Rc<Proxy>, index: usize) -> Place {
    let server = be.servers[index].clone();
    let now = road.now;
    road.ex.log.timers.queued = Some(now);
    road.ex.server = Some(server.state.clone());
    server.state.counters.inc(Counter::Sessions);
    server.state.counters.inc(Counter::Selected);
    server.state.rate.hit(now);
    Place { server, index, backend: be.clone() }
}

/// Counts a failed try at its server, and tells the balancer.
pub fn note_failure(road: &Road<'_>, place: &Place, fail: &Fail) {
    let (counter, outcome) = match fail.fault {
        Fault::Connect => (Counter::ConnectErrors, Outcome::ConnectFailed),
        Fault::BadResponse => (Counter::ResponseErrors, Outcome::ResponseFailed),
        Fault::ServerAbort => (Counter::ServerAborts, Outcome::ResponseFailed),
        Fault::ClientAbort => (Counter::ClientAborts, Outcome::Aborted),
        _ => return,
    };
    place.server.state.counters.inc(counter);
    if let Some(seen) = seen(fail) {
        place.server.saw(seen);
    }
    road.be.balance.finished(&place.server.state, outcome);
}

/// What `observe` makes of a failure.
fn seen(fail: &Fail) -> Option<Seen> {
    match (fail.fault, fail.cause) {
        (Fault::Connect, _) => Some(Seen::ConnectFailed),
        (Fault::BadResponse, b's') => Some(Seen::ReadTimeout),
        (Fault::BadResponse, b'P') => Some(Seen::InvalidResponse),
        (Fault::BadResponse, _) => Some(Seen::Closed),
        (Fault::ServerAbort, b'S') => Some(Seen::ReadError),
        _ => None,
    }
}

/// Whether there is another try after this failure, and after which pause; the failure itself when there is none.
pub fn next_try(road: &mut Road<'_>, place: &Place, fail: Fail) -> Result<Option<Duration>, Fail> {
    let conf = &road.be.conf;
    if !fail.retry || road.response_begun || road.ex.log.retries >= conf.retries {
        return Err(fail);
    }
    debug_assert!(!matches!(fail.answer, Tell::Close(_)));
    road.ex.log.retries += 1;
    road.ex.response.clear();
    road.be.state.back.inc(Counter::Retries);
    place.server.state.counters.inc(Counter::Retries);
    if redispatches(conf.redispatch, road.ex.log.retries, conf.retries) {
        road.tried.push(place.index);
        road.ex.log.redispatched = true;
        road.be.state.back.inc(Counter::Redispatches);
        place.server.state.counters.inc(Counter::Redispatches);
        return Ok(None);
    }
    // the same server again: it may be restarting
    Ok(Some(conf.timeouts.connect.unwrap_or(RETRY_PAUSE).min(RETRY_PAUSE)))
}

/// The turn-around of a retry on the same server (HAProxy manual, `retries`).
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Whether try number `retry` goes to another server (`option redispatch N`).
fn redispatches(interval: i32, retry: u32, retries: u32) -> bool {
    match interval {
        0 => false,
        n if n > 0 => retry.is_multiple_of(n as u32),
        n => (retries + 1).saturating_sub(retry).is_multiple_of(n.unsigned_abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redispatch_comes_at_the_interval_or_before_the_last_try() {
        let tries = |interval| (1..=3).map(|r| redispatches(interval, r, 3)).collect::<Vec<_>>();
        assert_eq!(tries(0), [false, false, false]);
        assert_eq!(tries(1), [true, true, true]);
        assert_eq!(tries(-1), [true, true, true]);
        assert_eq!(tries(2), [false, true, false]);
    }
}
