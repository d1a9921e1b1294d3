//! The hook `Filter`.

use portero_api::{Direction, Exchange, Filter, Framing, Moment, Pass, Plugin};

use crate::rig::{Bench, Way, bare, exchange};

/// A filter under test.
pub struct Filtering<'a> {
    /// The plugin.
    pub plugin: &'a Plugin,
    /// Its setup.
    pub bench: Bench,
    /// Prepares the exchange that it looks at.
    pub prepare: &'a dyn Fn(&mut Exchange),
    /// Lets time go by, where the filter may wait for that.
    pub idle: &'a dyn Fn(),
    /// Bodies, and what becomes of them behind it, in both directions.
    pub bodies: &'a [(&'a [u8], &'a [u8])],
}

/// What every filter keeps to that lets messages pass, whatever it makes of them.
pub fn filter(filtering: &Filtering<'_>) {
    let make = || {
        let maker = filtering.plugin.filter.as_ref().expect("the plugin gives the hook");
        maker(&filtering.bench.setup()).expect("the setup is good")
    };
    let (one, other): (Box<dyn Filter>, Box<dyn Filter>) = (make(), make());
    for (body, expected) in filtering.bodies {
        for cut in [body.len().max(1), 1, 7] {
            for filter in [&one, &other] {
                let passed = pass(filtering, &**filter, body, cut);
                let [request, response] = passed.map(|passed| String::from_utf8_lossy(&passed).into_owned());
                let expected = String::from_utf8_lossy(expected);
                assert_eq!(request, expected, "a request in pieces of {cut}");
                assert_eq!(response, expected, "a response in pieces of {cut}");
            }
        }
    }
    an_exchange_may_end_anywhere(filtering, &*one);
}

/// A request and a response with that body, one after the other, in pieces of that size.
fn pass(filtering: &Filtering<'_>, filter: &dyn Filter, body: &[u8], cut: usize) -> [Vec<u8>; 2] {
    let mut exchange = exchange("/");
    let framing = if body.is_empty() { Framing::None } else { Framing::Chunked };
    (exchange.request.framing, exchange.response.framing) = (framing, framing);
    exchange.response.status = 200;
    (filtering.prepare)(&mut exchange);
    let Some(mut attached) = filter.attach(&mut exchange) else { return [body.to_vec(), body.to_vec()] };
    let passed = [Direction::Request, Direction::Response].map(|direction| {
        let mut way = Way::new(&mut *attached, direction).with_time(filtering.idle);
        let passed = way.whole(&mut exchange, body, cut);
        passed.unwrap_or_else(|pass| panic!("the message ends with {pass:?}"))
    });
    attached.end(&mut exchange);
    passed
}

/// The client leaves, the server never answers, or there is next to nothing to look at.
fn an_exchange_may_end_anywhere(filtering: &Filtering<'_>, filter: &dyn Filter) {
    let at_end = |exchange: &mut Exchange, steps: usize| {
        let Some(mut attached) = filter.attach(exchange) else { return };
        let mut way = Way::new(&mut *attached, Direction::Request);
        let moments = [Moment::Head(Direction::Request, false), Moment::Body(Direction::Request)];
        for moment in &moments[..steps] {
            if way.once(exchange, *moment, b"begun").is_pending() {
                break;
            }
        }
        attached.end(exchange);
    };
    for steps in 0..=2 {
        let mut exchange = exchange("/");
        (filtering.prepare)(&mut exchange);
        at_end(&mut exchange, steps);
    }
    let mut session = bare();
    if let Some(mut attached) = filter.attach(&mut session) {
        let mut way = Way::new(&mut *attached, Direction::Request).with_time(filtering.idle);
        match way.tunnel(&mut session, b"hello") {
            Ok(_) | Err(Pass::Close(_) | Pass::Fail | Pass::Reply(_)) => {}
            Err(pass) => panic!("a session does not end with {pass:?}"),
        }
        attached.end(&mut session);
    }
}
