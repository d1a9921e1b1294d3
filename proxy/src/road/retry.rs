//! What follows a failed try of a server: what is counted, and whether, where and when there is another.
//!
//! A request that belongs to its server (persistence, hashing) stays there unless `option redispatch` says otherwise. Any
//! other goes to another server at once; HAProxy wants `option redispatch` for that as well.

use std::time::Duration;

use portero_api::{Counter, Outcome, Timeout};

use super::backend::{Place, wants_strictly};
use super::{Fail, Fault, Retry, Road, Tell, persistence};
use crate::config::checked::RetryOn;
use crate::health::Seen;

/// Tells the balancer and `observe` of a failed try.
pub fn note_failure(road: &Road<'_>, place: &Place, fail: &Fail) {
    let outcome = match fail.fault {
        Fault::Connect => Outcome::ConnectFailed,
        Fault::BadResponse | Fault::ServerAbort => Outcome::ResponseFailed,
        Fault::ClientAbort => Outcome::Aborted,
        _ => return,
    };
    if fail.retry != Retry::Stale
        && let Some(seen) = seen(fail)
    {
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
        // a status that is tried again: it was seen as a response
        (Fault::BadResponse, b'-') => None,
        (Fault::BadResponse, _) => Some(Seen::Closed),
        (Fault::ServerAbort, b'S') => Some(Seen::ReadError),
        _ => None,
    }
}

/// Makes a failure after the request went out one that may be tried again, where `retry-on` names it. For requests that
/// can be sent a second time.
pub fn by_event(fail: Fail, on: &RetryOn, silent: bool) -> Fail {
    let named = match (fail.fault, fail.cause) {
        (Fault::BadResponse, b's') => on.response_timeout,
        (Fault::BadResponse, b'P') => on.junk_response,
        (Fault::BadResponse, b'S') => on.empty_response && silent,
        _ => false,
    };
    if fail.retry == Retry::No { fail.may_retry(named) } else { fail }
}

/// Whether another try may follow once a server was reached (`disable-l7-retry`).
pub fn may_follow(road: &Road<'_>) -> bool {
    road.ex.tuning.as_ref().is_none_or(|tuning| !tuning.no_l7_retry)
}

/// Whether there is another try after this failure, and after which pause; the failure itself when there is none.
pub fn next_try(road: &mut Road<'_>, place: &Place, fail: Fail) -> Result<Option<Duration>, Fail> {
    let conf = road.be.conf.clone();
    let tries_are_left = match fail.retry {
        Retry::No => false,
        // the server has had no try yet
        Retry::Stale => true,
        Retry::Yes => road.ex.log.retries < road.retries(),
    };
    let refused = fail.fault == Fault::Connect && !conf.retry_on.conn_failure;
    if !tries_are_left || refused || road.response_begun {
        count(place, &fail);
        return Err(fail);
    }
    debug_assert!(!matches!(fail.answer, Tell::Close(_)));
    road.ex.log.retries += 1;
    road.ex.response.clear();
    road.ex.response_payload.clear();
    let forced = road.sticky.forced && road.sticky.server.or(road.sticky.stuck) == Some(place.index);
    let stays = forced || wants_strictly(road);
    let leaves = fail.retry != Retry::Stale && !stays && has_others(road, place);
    if leaves && (!place.bound || redispatches(conf.redispatch, road.ex.log.retries, road.retries())) {
        redispatch(road, place);
        return Ok(None);
    }
    road.be.state.back.inc(Counter::Retries);
    place.server.state.counters.inc(Counter::Retries);
    // the same server again: one that could not be reached may be restarting
    let pause = road.time(Timeout::Connect).unwrap_or(TURN_AROUND).min(TURN_AROUND);
    Ok((fail.fault == Fault::Connect).then_some(pause))
}

/// The turn-around of a retry on the same server (HAProxy manual, `retries`).
const TURN_AROUND: Duration = Duration::from_secs(1);

/// Counts a failure that ends the exchange at its server.
fn count(place: &Place, fail: &Fail) {
    let counter = match fail.fault {
        Fault::Connect => Counter::ConnectErrors,
        Fault::BadResponse => Counter::ResponseErrors,
        Fault::ServerAbort => Counter::ServerAborts,
        Fault::ClientAbort => Counter::ClientAborts,
        _ => return,
    };
    place.server.state.counters.inc(counter);
}

/// True when another server is in rotation.
fn has_others(road: &Road<'_>, place: &Place) -> bool {
    road.be.candidates(&[]).rotation().any(|(index, _)| index != place.index)
}

/// Leaves a server for another one; once all were tried, only the last is avoided.
fn redispatch(road: &mut Road<'_>, place: &Place) {
    let be = road.be.clone();
    road.tried.push(place.index);
    if be.candidates(&[]).rotation().all(|(index, _)| road.tried.contains(&index)) {
        road.tried.clear();
        road.tried.push(place.index);
    }
    road.ex.log.redispatched = true;
    persistence::redispatched(&mut road.ex.log.term);
    be.state.back.inc(Counter::Redispatches);
    place.server.state.counters.inc(Counter::Redispatches);
}

/// Whether try number `retry` goes to another server though the request is bound to one (`option redispatch N`): every
/// Nth try, or the Nth before the end where it is negative.
fn redispatches(interval: i32, retry: u32, retries: u32) -> bool {
    match interval {
        0 => false,
        n if n > 0 => retry.is_multiple_of(n.unsigned_abs()),
        n => retry + n.unsigned_abs() == retries + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::road::phase;

    #[test]
    fn a_redispatch_comes_at_the_interval_or_before_the_last_try() {
        let tries = |interval| (1..=3).map(|r| redispatches(interval, r, 3)).collect::<Vec<_>>();
        assert_eq!(tries(0), [false, false, false]);
        assert_eq!(tries(1), [true, true, true]);
        assert_eq!(tries(2), [false, true, false]);
        assert_eq!(tries(-1), [false, false, true]);
        assert_eq!(tries(-3), [true, false, false]);
    }

    #[test]
    fn an_event_is_tried_again_where_it_is_named() {
        let fail = |cause| Fail::status(502, cause, phase::HEADERS, Fault::BadResponse);
        let empty = RetryOn { empty_response: true, ..RetryOn::default() };
        let again = |fail, on: &RetryOn, silent| by_event(fail, on, silent).retry == Retry::Yes;
        assert!(again(fail(b'S'), &empty, true));
        assert!(!again(fail(b'S'), &empty, false), "half a response");
        assert!(!again(fail(b'P'), &empty, true) && !again(fail(b's'), &empty, true));
        let junk = RetryOn { junk_response: true, ..RetryOn::default() };
        assert!(again(fail(b'P'), &junk, false));
        assert_eq!(by_event(fail(b'S').stale(), &junk, true).retry, Retry::Stale);
    }
}
