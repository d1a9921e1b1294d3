//! A response on its way in: rules that look at its body can wait for more of it.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use portero_api::{Answer, Deed, Framing, Wait, clock};
use portero_policies::{RuleSet, Run};

use super::filters::Passage;
use super::rules::{self, Side};
use super::{Client, Fail, Fault, Road, Upstream, forward, from_now, payload, phase, work};
use crate::http1::BodyReader;

/// A response whose head was read, while the end of the request may still have to be sent.
pub struct Incoming<'a> {
    /// The connection it comes from.
    pub up: &'a mut Upstream,
    /// What is left of the request.
    pub request: &'a mut Option<Passage>,
    /// The body, as long as its end has not been read; none when there is no body to be waited for.
    pub body: Option<BodyReader>,
}

impl<'a> Incoming<'a> {
    /// The response of the exchange, from `up`.
    pub fn new(up: &'a mut Upstream, request: &'a mut Option<Passage>, framing: Framing) -> Incoming<'a> {
        let body = match framing {
            Framing::None | Framing::Length(0) | Framing::Tunnel => None,
            framing => Some(BodyReader::new(framing)),
        };
        Incoming { up, request, body }
    }

    /// Evaluates rules on the response; those that look at the body may wait for it as long as `delay` from now.
    pub async fn run(&mut self, road: &mut Road<'_>, rules: &RuleSet, delay: Duration) -> Result<(), Fail> {
        let mut until = None;
        let mut run = rules.run(road.ex, 0);
        while let Run::Answer(rule, answer) = run {
            let answer = match answer {
                Answer::Wait(Wait::For(work)) => {
                    Box::pin(work::wait(road, (rules, rule), Side::Response, work, None)).await?
                }
                answer => answer,
            };
            run = match answer {
                Answer::Continue => rules.run(road.ex, rule + 1),
                Answer::Wait(Wait::Data) => {
                    let until = *until.get_or_insert_with(|| clock::now() + delay);
                    match self.more(road, Some(until)).await {
                        Ok(true) => rules.run(road.ex, rule),
                        _ => rules::as_it_is(road, rules, rule, Side::Response),
                    }
                }
                Answer::Wait(Wait::Body { at_least, time }) => {
                    self.wait_for_body(road, at_least, time).await?;
                    rules.run(road.ex, rule + 1)
                }
                Answer::Wait(Wait::Pause(time)) => {
                    crate::net::pause(time).await;
                    rules.run(road.ex, rule + 1)
                }
                Answer::Do(Deed::Mark(packets)) => {
                    super::mark(&road.client.stream, packets);
                    rules.run(road.ex, rule + 1)
                }
                Answer::Do(Deed::Log) => {
                    super::log_now(road);
                    rules.run(road.ex, rule + 1)
                }
                // the final response is there: nothing comes before it any more
                Answer::Do(Deed::Hint(..) | Deed::ExpectProxy) => rules.run(road.ex, rule + 1),
                // nobody is made to wait for a response that is there
                Answer::Wait(Wait::Tarpit(_, reply)) => {
                    return rules::end(Answer::Deny(reply), Side::Response);
                }
                answer => return rules::end(answer, Side::Response),
            };
        }
        Ok(())
    }

    /// Waits until `at_least` bytes of the body (0: all, or a full buffer) are there, at most for `time`.
    async fn wait_for_body(
        &mut self,
        road: &mut Road<'_>,
        at_least: usize,
        time: Duration,
    ) -> Result<(), Fail> {
        let limit = payload::limit(road);
        let enough = if at_least == 0 { limit } else { at_least.min(limit) };
        let until = from_now(Some(time));
        self.take_arrived(road)?;
        while !road.ex.response_payload.complete && road.ex.response_payload.data.len() < enough {
            if !self.more(road, until).await? {
                return Err(Fail::status(504, b's', phase::DATA, Fault::BadResponse));
            }
        }
        Ok(())
    }

    /// Waits for more of the body; false when there is none to come, no room for it, or the time is over.
    async fn more(&mut self, road: &mut Road<'_>, until: Option<Instant>) -> Result<bool, Fail> {
        let before = road.ex.response_payload.data.len();
        self.take_arrived(road)?;
        let payload = &road.ex.response_payload;
        if payload.data.len() > before {
            return Ok(true);
        }
        if payload.complete || payload.data.len() >= payload::limit(road) {
            return Ok(false);
        }
        match self.read(road, until).await? {
            None => return Ok(false),
            Some(0) => self.end_of_stream(road)?,
            Some(n) => self.up.fill(n),
        }
        self.take_arrived(road)?;
        Ok(true)
    }

    /// Reads from the server while the rest of the request goes out; none when the time is over.
    async fn read(&mut self, road: &mut Road<'_>, until: Option<Instant>) -> Result<Option<usize>, Fail> {
        let Client { stream, buffer, .. } = &mut *road.client;
        let (deadline, ex, filters) = (&mut *road.server_deadline, &mut *road.ex, &mut road.filters);
        let mut unsent = false;
        poll_fn(|cx| {
            forward::send(cx, self.up, self.request, (stream, buffer), &mut unsent, (filters, ex))?;
            match self.up.stream.poll_read(cx, self.up.buffer.room()) {
                Poll::Ready(Ok(n)) => Poll::Ready(Ok(Some(n))),
                Poll::Ready(Err(_)) => Poll::Ready(Err(broken())),
                Poll::Pending => deadline.poll(until, cx).map(|()| Ok(None)),
            }
        })
        .await
    }

    fn take_arrived(&mut self, road: &mut Road<'_>) -> Result<(), Fail> {
        let limit = payload::limit(road);
        let taken = payload::take(&mut self.body, &mut self.up.buffer, &mut road.ex.response_payload, limit);
        road.ex.room.waiting = self.up.buffer.filled().len();
        taken.map_err(|_| Fail::status(502, b'P', phase::DATA, Fault::BadResponse))
    }

    fn end_of_stream(&mut self, road: &mut Road<'_>) -> Result<(), Fail> {
        if self.body.as_ref().is_some_and(|body| !body.is_complete(true)) {
            return Err(broken());
        }
        road.ex.response_payload.complete = true;
        Ok(())
    }
}

/// The server broke off in the middle of a body of which the client has not seen anything yet.
pub fn broken() -> Fail {
    Fail::status(502, b'S', phase::DATA, Fault::ServerAbort)
}
