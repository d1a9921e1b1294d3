//! Rules that wait for work of a plugin: the road polls it, and lends it the exchange and the client.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Instant;

use portero_api::{Answer, NoClient, Timeout, Wait, Work, clock};
use portero_policies::RuleSet;

use super::abort::{self, Watch};
use super::client_side::Talk;
use super::rules::Side;
use super::{Client, Fail, Fault, Road, forward, phase};
use crate::config::checked::Mode;

/// Waits for the work that a rule began, and for what that begins in its turn. The answer takes the place of the rule's.
///
/// It has no limit of its own: whoever made the work has. A client that leaves ends it where `option abortonclose` says
/// so. Behind `until` (in TCP mode) no more of what the client sends is waited for: what is there is all that the work is shown.
pub async fn wait(
    road: &mut Road<'_>,
    (rules, rule): (&RuleSet, usize),
    side: Side,
    work: Box<dyn Work>,
    until: Option<Instant>,
) -> Result<Answer, Fail> {
    let mut next = work;
    loop {
        let working = rules.begin_work(road.ex);
        let answer = done(road, side, next, until).await?;
        rules.end_work(road.ex, rule, working, &answer);
        match answer {
            Answer::Wait(Wait::For(work)) => next = work,
            answer => return Ok(answer),
        }
    }
}

async fn done(
    road: &mut Road<'_>,
    side: Side,
    mut work: Box<dyn Work>,
    until: Option<Instant>,
) -> Result<Answer, Fail> {
    let http = road.fe.conf.mode == Mode::Http;
    // behind the response the client has nothing more to say to a rule
    let mut talk = (side == Side::Request || !http).then(|| Talk::of_rules(road, http));
    let at = if side == Side::Request { phase::REQUEST } else { phase::HEADERS };
    let polled = poll_fn(|cx| {
        loop {
            let answer = match &mut talk {
                Some(talk) => work.poll(cx, road.ex, &mut talk.side(road.client)),
                None => work.poll(cx, road.ex, &mut NoClient),
            };
            if let Poll::Ready(answer) = answer {
                return Poll::Ready(Ok(answer));
            }
            if road.ex.payload.complete || road.server_deadline.poll(until, cx).is_pending() {
                break;
            }
            road.ex.payload.complete = true;
        }
        if let Some(talk) = &mut talk
            && let Poll::Ready(Err(_)) = talk.side(road.client).poll_out(cx)
        {
            return Poll::Ready(Err(abort::left(at)));
        }
        poll_left(road, cx).map(|()| Err(abort::left(at)))
    });
    let answer = polled.await?;
    road.now = clock::now();
    if let Some(talk) = talk {
        road.head.expects_continue = talk.expects_continue;
    }
    if !road.client.lead.is_empty() {
        let time = road.time(Timeout::Client);
        let sent = forward::write_lead(road.client, time).await;
        sent.map_err(|_| Fail::silent(b'C', at, Fault::ClientAbort))?;
    }
    Ok(answer)
}

/// Ready when the client has left and that is to end the exchange.
pub fn poll_left(road: &mut Road<'_>, cx: &mut Context<'_>) -> Poll<()> {
    // offline the client has said all that it will, and is there all the same
    let on = abort::is_watched(road) && road.worker.outside.is_none();
    let Client { stream, buffer, .. } = &mut *road.client;
    Watch::new(stream, buffer, on).poll(cx)
}
