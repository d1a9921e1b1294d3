//! Filters on the road (`filter` of a proxy): who looks at an exchange, and how far they let it go.
//!
//! [`line`] is one direction with no socket in it, [`stage`] a filter's part in that; [`heads`] lets the heads pass, and
//! as much of a body as a head has to wait for; [`passage`] is a body that is pumped through filters. As in HAProxy all
//! filters see a request in the order of the frontend and then of the backend, behind the rules of both, and a response
//! in the same order.

mod bell;
mod heads;
mod line;
mod passage;
mod stage;

use std::rc::Rc;
use std::task::Context;

use portero_api::{Close, Direction, Exchange, Filtering, Framing, Held, Version};

use super::throttle::Throttle;
use super::{Fail, Fault, Pump, Road, Tell, Upstream, payload, phase};
use crate::http1::{self, BodyReader, Connection};
use crate::snapshot::Proxy;

pub use heads::{arrived, request, response};
pub use line::{Line, Stop};
pub use passage::{Passage, Patience};

/// The filters of an exchange, and how far they are.
pub struct Filters {
    all: Vec<Box<dyn Filtering>>,
    request: Line,
    response: Line,
    /// Of the proxy whose filters are attached: where each of them stands in `all`.
    places: Vec<Option<usize>>,
}

/// What the exchange before has left on a connection, for the next to use its memory again.
#[derive(Default)]
pub struct Spare(Option<Box<Filters>>);

/// What a body meets on its way: the filters, where there are any, and the exchange they look at.
pub type Through<'a> = (&'a mut Option<Box<Filters>>, &'a mut Exchange);

impl Filters {
    fn new(limit: usize) -> Filters {
        Filters {
            all: Vec::new(),
            request: Line::new(Direction::Request, limit),
            response: Line::new(Direction::Response, limit),
            places: Vec::new(),
        }
    }

    fn clear(&mut self, limit: usize) {
        self.all.clear();
        self.request.clear(limit);
        self.response.clear(limit);
    }

    /// One direction of them.
    pub fn line(&mut self, direction: Direction) -> &mut Line {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    /// Lets a direction go as far as the filters let it.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        direction: Direction,
        ex: &mut Exchange,
    ) -> Result<(), Stop> {
        let Filters { all, request, response, .. } = self;
        match direction {
            Direction::Request => request.poll(cx, all, ex),
            Direction::Response => response.poll(cx, all, ex),
        }
    }

    /// From now on both directions are content without a frame.
    pub fn become_tunnel(&mut self) {
        self.request.become_tunnel(&self.all);
        self.response.become_tunnel(&self.all);
    }

    fn attach(&mut self, proxy: &Proxy, ex: &mut Exchange) {
        self.places.clear();
        for filter in &proxy.filters {
            let place = filter.attach(ex).map(|filtering| {
                self.all.push(filtering);
                self.all.len() - 1
            });
            self.places.push(place);
        }
        let [request, response] = &proxy.conf.filter_order;
        for who in request.iter().filter_map(|&i| self.places[i]) {
            self.request.add(who);
            self.all[who].begin(Direction::Request, ex);
        }
        response.iter().filter_map(|&i| self.places[i]).for_each(|who| self.response.add(who));
    }
}

impl Spare {
    fn take(&mut self, limit: usize) -> Box<Filters> {
        match self.0.take() {
            Some(mut filters) => {
                filters.clear(limit);
                filters
            }
            None => Box::new(Filters::new(limit)),
        }
    }

    fn give(&mut self, mut filters: Box<Filters>) {
        filters.all.clear();
        self.0 = Some(filters);
    }
}

/// Lets the filters of the frontend look at the exchange.
pub fn attach_frontend(road: &mut Road<'_>) {
    if !road.fe.filters.is_empty() {
        let fe = road.fe.clone();
        attach(road, &fe);
    }
}

/// Lets those of the backend look at it, where it is another proxy.
pub fn attach_backend(road: &mut Road<'_>) {
    if !road.be.filters.is_empty() && !Rc::ptr_eq(&road.fe, &road.be) {
        let be = road.be.clone();
        attach(road, &be);
    }
}

fn attach(road: &mut Road<'_>, proxy: &Proxy) {
    let limit = payload::limit(road);
    let spare = &mut *road.spare;
    road.filters.get_or_insert_with(|| spare.take(limit)).attach(proxy, road.ex);
}

/// Tells them that a response begins.
pub fn begin_response(road: &mut Road<'_>) {
    if let Some(filters) = &mut road.filters {
        for who in filters.response.places() {
            filters.all[who].begin(Direction::Response, road.ex);
        }
    }
}

/// Tells them that the exchange is over.
pub fn end(road: &mut Road<'_>) {
    if let Some(mut filters) = road.filters.take() {
        filters.all.iter_mut().for_each(|filtering| filtering.end(road.ex));
        road.spare.give(filters);
    }
}

/// Whether somebody wants the body of that direction.
pub fn want(road: &mut Road<'_>, direction: Direction) -> bool {
    road.filters.as_mut().is_some_and(|filters| filters.line(direction).is_wanted())
}

/// Whether the whole request has arrived, and passed the filters that look at its body.
pub fn has_whole_request(road: &Road<'_>) -> bool {
    match &road.filters {
        Some(filters) if filters.request.is_wanted() => filters.request.is_over(),
        _ => road.ex.payload.complete || road.client.body.is_none(),
    }
}

/// How a message that went with `framing` goes behind the filters of its body: with the length that it has now where
/// the whole of it is there, else in a way that tells no length.
pub fn framing(road: &mut Road<'_>, direction: Direction, framing: Framing) -> Framing {
    let old = direction == Direction::Response && road.ex.request.version == Version::Http10;
    let Some(filters) = &mut road.filters else { return framing };
    let line = filters.line(direction);
    let length = || Framing::Length(line.passed().data.len() as u64);
    match framing {
        Framing::Length(_) if !line.changes() => framing,
        // a request may get a body on its way; a response that has none was asked for without
        Framing::None if line.is_over() && direction == Direction::Request => match length() {
            Framing::Length(0) => framing,
            length => length,
        },
        Framing::Length(_) | Framing::UntilClose if line.is_over() => length(),
        Framing::Length(_) if old => Framing::UntilClose,
        Framing::Length(_) => Framing::Chunked,
        other => other,
    }
}

/// Writes the request as it goes to the server, as its filters have left it: the head, and the body where all of it has
/// passed. Else the rest is still to be pumped.
pub fn compose(road: &mut Road<'_>, up: &mut Upstream, connection: Connection) -> Option<Passage> {
    let framing = framing(road, Direction::Request, road.ex.request.framing);
    let chunked = framing == Framing::Chunked;
    let out = up.lead.head();
    http1::request_head(&road.ex.request, framing, connection, out);
    let line = road.filters.as_mut()?.line(Direction::Request);
    if line.is_over() {
        let Held { data, trailers, .. } = line.passed();
        payload::write_all(data, chunked, Some(trailers), out);
        up.sent += up.lead.before().len() as u64;
        return None;
    }
    let body = road.client.body.take();
    let throttle = Throttle::new(road.ex, true);
    Some(Passage::filtered(Direction::Request, body, framing, throttle, road.worker.buffers.take()))
}

/// The body of a response that filters look at, on its way out; behind the head, where all of it has passed them.
pub fn response_body(road: &mut Road<'_>, body: Option<BodyReader>, framing: Framing) -> Passage {
    let throttle = Throttle::new(road.ex, false);
    if let Some(filters) = &mut road.filters
        && filters.response.is_over()
        && throttle.is_none()
    {
        let Held { data, trailers, .. } = filters.response.passed();
        if framing != Framing::None {
            payload::write_all(data, framing == Framing::Chunked, Some(trailers), road.client.lead.head());
        }
        return Passage::Straight(Pump::new(Framing::None, false));
    }
    Passage::filtered(Direction::Response, body, framing, throttle, road.worker.buffers.take())
}

/// The end of an exchange that filters do not let go on.
pub fn stopped(stop: Stop, direction: Direction, at: u8, response_begun: bool) -> Fail {
    let denied = match direction {
        Direction::Request => Fault::DeniedRequest,
        Direction::Response => Fault::DeniedResponse,
    };
    match stop {
        Stop::Fail if response_begun => Fail::silent(b'P', phase::DATA, Fault::Internal),
        // the client has half a response: no other can follow
        _ if response_begun => Fail::silent(b'P', phase::DATA, Fault::DeniedResponse),
        Stop::Reply(reply) => Fail::reply(reply, b'L', at, Fault::Intercepted),
        Stop::Close(close) => closed(close, at, denied),
        Stop::Fail => Fail::status(500, b'P', at, Fault::Internal),
        Stop::TooLarge if direction == Direction::Request => Fail::status(413, b'P', at, Fault::BadRequest),
        Stop::TooLarge => Fail::status(502, b'P', at, Fault::BadResponse),
    }
}

fn closed(close: Close, at: u8, fault: Fault) -> Fail {
    Fail { answer: Tell::Close(close), fault, ..Fail::close(close, at) }
}

/// The end of an exchange that a filter has held up for longer than a server may take.
pub fn held_too_long(at: u8, response_begun: bool) -> Fail {
    match response_begun {
        true => Fail::silent(b'P', phase::DATA, Fault::Internal),
        false => Fail::status(504, b'P', at, Fault::Internal),
    }
}

#[cfg(test)]
mod tests;
