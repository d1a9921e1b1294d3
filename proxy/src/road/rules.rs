//! Runs a set of rules: evaluation itself never waits, this does.

use std::time::{Duration, Instant};

use portero_api::{Answer, Timeout, Wait, clock};
use portero_policies::{RuleSet, Run};

use super::deeds::Hints;
use super::{Fail, Fault, Road, payload, phase, service, work};

/// The side of the exchange that rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The request: what a rule denies is the client's request.
    Request,
    /// The response: what a rule denies is the server's.
    Response,
}

/// Whether there are rules in any of the sets. Asked before a wait that would be over at once: even that has its cost, on
/// a road where most sets are empty.
#[inline]
pub fn any<const N: usize>(sets: [&RuleSet; N]) -> bool {
    sets.iter().any(|rules| !rules.is_empty())
}

/// Evaluates sets of rules in order; those without rules cost nothing.
pub async fn run_all<const N: usize>(
    road: &mut Road<'_>,
    sets: [&RuleSet; N],
    side: Side,
) -> Result<(), Fail> {
    for rules in sets {
        if !rules.is_empty() {
            run(road, rules, side).await?;
        }
    }
    Ok(())
}

/// Evaluates rules from the first to the last, waits where one asks to, and ends the exchange where one says so.
pub async fn run(road: &mut Road<'_>, rules: &RuleSet, side: Side) -> Result<(), Fail> {
    run_within(road, rules, side, Duration::ZERO).await
}

/// `tcp-request content` rules: they may wait for more of the body as long as `delay` from now.
pub async fn content(road: &mut Road<'_>, rules: &RuleSet, delay: Duration) -> Result<(), Fail> {
    match rules.is_empty() {
        true => Ok(()),
        false => run_within(road, rules, Side::Request, delay).await,
    }
}

async fn run_within(road: &mut Road<'_>, rules: &RuleSet, side: Side, delay: Duration) -> Result<(), Fail> {
    let until = (!delay.is_zero()).then(|| clock::now() + delay);
    match rules.run(road.ex, 0) {
        Run::Answer(rule, answer) => go_on(road, (rules, side), Run::Answer(rule, answer), until).await,
        _ => Ok(()),
    }
}

/// Goes on behind the first answer of a rule.
async fn go_on(
    road: &mut Road<'_>,
    (rules, side): (&RuleSet, Side),
    mut run: Run,
    until: Option<Instant>,
) -> Result<(), Fail> {
    let mut hints = Hints::default();
    while let Run::Answer(rule, answer) = run {
        let answer = match answer {
            Answer::Wait(Wait::For(work)) => {
                hints.send(road).await?;
                Box::pin(work::wait(road, (rules, rule), side, work, None)).await?
            }
            answer => answer,
        };
        run = match answer {
            Answer::Continue => rules.run(road.ex, rule + 1),
            Answer::Do(deed) => {
                hints.take(road, deed);
                rules.run(road.ex, rule + 1)
            }
            Answer::Wait(Wait::Data) if until.is_some() && payload::more(road, until).await? => {
                rules.run(road.ex, rule)
            }
            // the head is there already: what more may come is no reason to wait, and the same rule decides now
            Answer::Wait(Wait::Data) => as_it_is(road, rules, rule, side),
            Answer::Serve(serve) if side == Side::Request => {
                hints.send(road).await?;
                Box::pin(service::answer(road, serve)).await?;
                rules.run(road.ex, rule + 1)
            }
            Answer::Wait(wait) => {
                hints.send(road).await?;
                self::wait(road, side, wait).await?;
                rules.run(road.ex, rule + 1)
            }
            answer => {
                hints.send(road).await?;
                return end(answer, side);
            }
        };
    }
    hints.send(road).await
}

async fn wait(road: &mut Road<'_>, side: Side, wait: Wait) -> Result<(), Fail> {
    match (wait, side) {
        (Wait::Pause(time), _) => crate::net::pause(time).await,
        (Wait::Body { at_least, time }, Side::Request) => {
            payload::of_request(road, at_least, Some(time)).await?;
        }
        (Wait::Tarpit(time, reply), _) => {
            crate::net::pause(road.time(Timeout::Tarpit).unwrap_or(time)).await;
            return Err(Fail::reply(reply, b'P', phase::TARPIT, Fault::DeniedRequest));
        }
        // rules behind the response have no body to wait for: see [`super::incoming`] for those before
        (Wait::Body { .. }, Side::Response) | (Wait::Data | Wait::For(_), _) => {}
    }
    Ok(())
}

/// Runs the rules from one that would wait for data, as if all data had come.
pub fn as_it_is(road: &mut Road<'_>, rules: &RuleSet, from: usize, side: Side) -> Run {
    let complete = |road: &mut Road<'_>, now| {
        let payload = match side {
            Side::Request => &mut road.ex.payload,
            Side::Response => &mut road.ex.response_payload,
        };
        std::mem::replace(&mut payload.complete, now)
    };
    let before = complete(road, true);
    let run = rules.run(road.ex, from);
    complete(road, before);
    run
}

/// What an answer that ends the rules means for the exchange.
pub fn end(answer: Answer, side: Side) -> Result<(), Fail> {
    let denied = match side {
        Side::Request => Fault::DeniedRequest,
        Side::Response => Fault::DeniedResponse,
    };
    let at = if side == Side::Request { phase::REQUEST } else { phase::HEADERS };
    match answer {
        Answer::Continue | Answer::Stop | Answer::Wait(_) | Answer::Do(_) => Ok(()),
        Answer::Deny(reply) => Err(Fail::reply(reply, b'P', at, denied)),
        Answer::Fail => Err(Fail::status(500, b'P', at, Fault::Internal)),
        Answer::Reply(reply) => Err(Fail::reply(reply, b'L', at, Fault::Intercepted)),
        // a response is not answered with another one: see [`super::service`] for requests
        Answer::Serve(_) => Ok(()),
        Answer::Close(close) => Err(Fail::close(close, at)),
    }
}
