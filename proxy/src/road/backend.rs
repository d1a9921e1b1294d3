//! The backend's part of the road: its rules, and the choice of a server. What follows a failed try is in `retry`.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use portero_api::{Counter, Message, Method, Priority, Reply, Timeout, clock};

use super::abort::{self, Watch};
use super::rules::{self, Side};
use super::tell::{self, By};
use super::{Client, Fail, Fault, Road, frontend, names, persistence, phase};
use crate::net::Deadline;
use crate::queue::Call;
use crate::snapshot::{Proxy, Rules, Server};

/// A place at a server, given back when dropped.
pub struct Place {
    /// The server.
    pub server: Rc<Server>,
    /// Its place in the backend.
    pub index: usize,
    /// True when persistence or a hash chose the server: the request belongs there.
    pub bound: bool,
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
    state.back_sessions.enter();
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
    if rules::any([tcp_content, http_request, redirect]) {
        rules::content(road, tcp_content, be.conf.inspect_delay).await?;
        rules::run_all(road, [http_request, redirect], Side::Request).await?;
    }
    names::restrict(road, be.conf.options.unusual_names)
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
    let until = road.time(Timeout::Queue).map(|time| road.now + time);
    loop {
        let persistent = match wanted(road, &be)? {
            Some(index) => Some((By::Plugin, index)),
            None => persistent(road, &be),
        };
        let bound = match persistent {
            Some((By::Plugin, _)) => wants_strictly(road),
            Some(_) => true,
            None => be.balance.is_deterministic(),
        };
        let (by, chosen) = match persistent {
            Some((by, index)) => (by, Some(index)),
            None => chosen(road, &be)?,
        };
        tell::choice(road, &be, by, chosen);
        let place = match chosen {
            Some(index) if be.servers[index].state.try_enter() => Some(take(road, &be, index)),
            _ => wait_in_queue(road, &be, chosen, until).await?,
        };
        if let Some(mut place) = place {
            place.bound = bound;
            if persistent.is_none() {
                place.server.state.counters.inc(Counter::Selected);
            }
            return Ok(place);
        }
    }
}

/// `redir` of a server: who only wants to read is sent there.
pub fn redirect(road: &Road<'_>, place: &Place) -> Result<(), Fail> {
    let request = &road.ex.request;
    let Some(prefix) = &place.server.conf.redirect else { return Ok(()) };
    if !matches!(request.method, Method::Get | Method::Head) {
        return Ok(());
    }
    let location = [prefix, request.path_and_query()].concat();
    let found = Message::new(302).header("location", location).header("cache-control", "no-cache");
    Err(Fail::reply(Reply::Message(Box::new(found)), b'L', phase::REQUEST, Fault::Intercepted))
}

/// The server that a plugin wants for the exchange.
fn wanted(road: &mut Road<'_>, be: &Rc<Proxy>) -> Result<Option<usize>, Fail> {
    let Some(wanted) = road.ex.tuning.as_ref().and_then(|tuning| tuning.server.clone()) else {
        return Ok(None);
    };
    let can_take = |(index, server): (usize, &Rc<Server>)| {
        let fits = wanted.is(&server.state) && server.state.reachable() && !road.tried.contains(&index);
        fits.then_some(index)
    };
    let chosen = be.servers.iter().enumerate().find_map(can_take);
    if chosen.is_some() {
        persistence::overruled(road);
    } else if wanted.strict {
        tell::choice(road, be, By::Plugin, None);
        return Err(Fail::status(503, b'S', phase::CONNECT, Fault::Connect));
    }
    Ok(chosen)
}

/// True when a plugin wants one server and no other.
pub fn wants_strictly(road: &Road<'_>) -> bool {
    road.ex.tuning.as_ref().and_then(|tuning| tuning.server.as_ref()).is_some_and(|wanted| wanted.strict)
}

/// The server that a `use-server` rule, the client's cookie or a stick table names.
fn persistent(road: &mut Road<'_>, be: &Rc<Proxy>) -> Option<(By, usize)> {
    if road.ex.log.redispatched {
        return None;
    }
    if let Some(index) = ruled(road, be) {
        persistence::overruled(road);
        return Some((By::Rule, index));
    }
    // whether it is up was asked where the cookie was read (`option persist`)
    let server = road.sticky.server.or(road.sticky.stuck).filter(|index| !road.tried.contains(index))?;
    Some((By::Persistence, server))
}

/// The server that nothing but the proxy chooses; none when the request is to wait for one.
fn chosen(road: &Road<'_>, be: &Rc<Proxy>) -> Result<(By, Option<usize>), Fail> {
    match held(road, be) {
        Some(index) => Ok((By::Connection, Some(index))),
        None => pick(road, be).map(|index| (By::Balance, index)),
    }
}

/// The server of the first `use-server` rule that applies and whose server is up: one that is down leaves the choice to
/// the rules behind it.
fn ruled(road: &Road<'_>, be: &Proxy) -> Option<usize> {
    let usable = |i: &usize| be.servers[*i].state.reachable() && !road.tried.contains(i);
    let mut from = 0;
    while let Some((rule, name)) = be.use_server.pick_from(road.ex, from) {
        let named = be.servers.iter().position(|s| *s.conf.name == *name);
        if let Some(index) = named.filter(usable) {
            return Some(index);
        }
        from = rule + 1;
    }
    None
}

/// The server that the client's connection was with last: one that it holds an authenticated connection to, or, with
/// `option prefer-last-server`, any that a connection to is at hand.
fn held(road: &Road<'_>, be: &Rc<Proxy>) -> Option<usize> {
    let last = road.client.bonds.last(be.conf.options.prefer_last_server)?;
    let index = be.servers.iter().position(|server| Arc::ptr_eq(&server.state, last))?;
    let can_take = be.candidates(road.tried).free(index);
    (can_take && !be.balance.is_deterministic()).then_some(index)
}

/// The balancer's pick. None when every server that is usable is full; an error when none is usable.
fn pick(road: &Road<'_>, be: &Rc<Proxy>) -> Result<Option<usize>, Fail> {
    let mut candidates = be.candidates(road.tried);
    if !road.tried.is_empty() && candidates.rotation().all(|(i, _)| road.tried.contains(&i)) {
        // all were tried: better the same again than none
        candidates = be.candidates(&[]);
    }
    if let Some(index) = be.balance.pick(road.ex, &candidates) {
        be.state.back.inc(Counter::Selected);
        return Ok(Some(index));
    }
    match candidates.rotation().next() {
        Some(_) => Ok(None),
        None => {
            tell::choice(road, be, By::Balance, None);
            Err(Fail::status(503, b'S', phase::CONNECT, Fault::Connect))
        }
    }
}

/// Waits for a place; none when servers have changed and another choice is due.
async fn wait_in_queue(
    road: &mut Road<'_>,
    be: &Rc<Proxy>,
    bound: Option<usize>,
    until: Option<Instant>,
) -> Result<Option<Place>, Fail> {
    let server = bound.map(|i| be.servers[i].state.clone());
    if let Some(index) = bound {
        let conf = &be.servers[index].conf;
        if conf.maxqueue > 0 && be.servers[index].state.queue.now() >= conf.maxqueue {
            road.tried.push(index);
            return Ok(None);
        }
    }
    let priority = road.ex.tuning.as_ref().map_or_else(Priority::default, |tuning| tuning.priority);
    road.client.buffer.rest();
    let mut ticket = be.queue.wait(&be.state, server, priority);
    match bound {
        Some(_) => road.ex.log.server_queue = ticket.ahead,
        None => road.ex.log.backend_queue = ticket.ahead,
    }
    let mut deadline = Deadline::default();
    let on = abort::is_watched(road);
    let Client { stream, buffer, .. } = &mut *road.client;
    let mut watch = Watch::new(stream, buffer, on);
    let call = poll_fn(|cx| {
        if let Poll::Ready(call) = Pin::new(&mut ticket).poll(cx) {
            return Poll::Ready(Ok(call));
        }
        if watch.poll(cx).is_ready() {
            return Poll::Ready(Err(abort::left(phase::QUEUE)));
        }
        let late = || Fail::status(503, b's', phase::QUEUE, Fault::Connect);
        deadline.poll(until, cx).map(|()| Err(late()))
    });
    let call = call.await;
    road.now = clock::now();
    road.ex.log.timers.queued = Some(road.now);
    match call? {
        Call::Place(state) => {
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
        Call::Again => Ok(None),
    }
}

fn take(road: &mut Road<'_>, be: &Rc<Proxy>, index: usize) -> Place {
    let server = be.servers[index].clone();
    let now = road.now;
    road.ex.log.timers.queued = Some(now);
    road.ex.server = Some(server.state.clone());
    server.state.counters.inc(Counter::Sessions);
    server.state.rate.hit(now);
    Place { server, index, bound: false, backend: be.clone() }
}
